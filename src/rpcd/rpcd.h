/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * rpcd - carries RPC over TCP
 *
 * Listens, accepts, moves octets between sockets and rpc_conn; dials out and
 * moves octets between a socket and rpc_client.  It owns every clock of RPC:
 *
 *      handshake   a connection that has not bound by then is closed
 *      fragment    a PDU that was begun must be whole by then (slow senders)
 *      idle        a connection without a call and without octets is closed
 *      send        output nobody takes
 *
 * and the numbers a stranger can drive up: connections in all and an address.
 * Accepting never stops: past a limit a connection is closed at once, so one
 * address cannot keep others out; past the limit of all, the one that has not
 * bound for longest goes first.
 *
 * Threads    The loop thread.
 */
#include "base/err.h"
#include "loop/loop.h"
#include "rpc/client.h"
#include "rpc/rpc.h"

struct rpcd;
struct rpcd_listener;
struct rpcd_dialled;

struct rpcd_limits {                    /* 0: the default */
        unsigned max_connections;       /* 2000 */
        unsigned max_per_address;       /* 256 */
        unsigned handshake_s;           /* 20 */
        unsigned fragment_s;            /* 30 */
        unsigned idle_s;                /* 900; DCOM clients ping every 120 s on connections of their own */
        unsigned send_s;                /* 60 */
        unsigned max_waiting_mib;       /* 256: output of all connections that nobody took yet; hogs are closed beyond */
};

MUST int rpcd_new(struct rpcd **out, struct loop *l, struct rpc_server *s, const struct rpcd_limits *limits);
void rpcd_free(struct rpcd *d);         /* closes all; before the rpc_server and the loop.  NULL is harmless */
DEFINE_FREEP(struct rpcd *, rpcd_free)
/*
 * Listen on address (IPv4 or IPv6 text) and port (0: any).  *port_out, which may be NULL, receives the port.
 * ERR_DENIED for a port below 1024 without the capability; ERR_CONFLICT when it is taken: both say what to do.
 */
MUST int rpcd_listen(struct rpcd *d, const char *address, uint16_t port, uint16_t *port_out, struct err *e);
/* A listening socket that is there already (systemd's); taken over. */
MUST int rpcd_listen_fd(struct rpcd *d, int fd, struct err *e);
size_t rpcd_connections(const struct rpcd *d);

/*
 * rpcd_dial - connect out and carry an rpc_client.
 * @address   IPv4 or IPv6 text or a host name; looked up without blocking the loop
 * @local     address to dial from, or NULL
 * @client    a client whose wake and arg are set by this function; borrowed: end with rpcd_hang_up(), then
 *            rpc_client_free()
 * Calls may be made on the client at once; when the connection cannot be made within timeout_ms they end with
 * RPC_RESULT_LOST.
 */
MUST int rpcd_dial(struct rpcd_dialled **out, struct loop *l, const char *address, uint16_t port, const char *local,
                   struct rpc_client *client, unsigned timeout_ms);
void rpcd_hang_up(struct rpcd_dialled *d);      /* NULL is harmless; nothing is called after */
