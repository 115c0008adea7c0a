/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * pair - our server and our client with nothing between them but buffers
 *
 * The server has "echo" (interface 1, PKT_INTEGRITY, opnums 0 echo, 1 kept for later, 2 fault 0x1234) and "open"
 * (interface 2, no logon needed, opnum 0 echo); one account, "admin" with password "secret".
 */
#include "rpc/client.h"
#include "rpc/mech.h"
#include "rpc/rpc.h"

extern const struct uuid pair_echo, pair_open;

struct pair {
        struct rpc_mech *ntlm;
        struct rpc_mech *mechs[2];
        struct rpc_server *server;
        struct rpc_conn *conn;
        struct rpc_client *client;
        unsigned n_logons, n_refused, n_notes_wrong, n_cancelled, n_results;
        struct rpc_call *kept[100];
        unsigned n_kept;
        struct rpc_result last;         /* its stub is in text */
        struct buf text;
        char account[64], display[64];
};
/* limits may be NULL; password NULL: level is NONE and there are no credentials. */
void pair_init(struct pair *p, const struct rpc_limits *limits, enum rpc_level level, const char *user, const char *password);
void pair_fini(struct pair *p);
/* Octets both ways, at most chunk at once, until nobody has any. */
void pair_run(struct pair *p, size_t chunk);
void pair_call(struct pair *p, const struct uuid *iface, const struct uuid *object, uint16_t opnum, struct str stub);
