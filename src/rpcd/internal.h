/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* internal - sockets of rpcd; for its own files */
#include "rpcd/rpcd.h"

enum {
        RPCD_ADDRESS_MAX = 64,
        RPCD_READ_MAX = 64 << 10,
        RPCD_LINES_MAX = 10,            /* a minute, in the log, of connections that ended badly */
        RPCD_WAITING_SMALL = 256 << 10, /* octets of waiting output that are never too much of it */
        RPCD_CHUNK_MAX = 256 << 10,     /* octets handed to the kernel by one write that waits */
};

struct rpcd_listener {
        struct list link;
        uv_tcp_t tcp;
        struct rpcd *d;
};
struct rpcd {
        struct loop *loop;
        struct rpc_server *server;
        struct rpcd_limits limits;      /* no zeros */
        struct list listeners, conns, dirty;
        size_t n_conns;
        size_t waiting;                 /* octets of output of all connections that nobody took yet */
        struct loop_timer *sweep;       /* runs while there are connections */
        struct loop_soon *soon;         /* for the dirty ones */
        int64_t said_us;                /* the minute of the lines below */
        unsigned n_said, n_unsaid;
        char *read;                     /* RPCD_READ_MAX octets that a read fills and hands on at once */
};
struct rpcd_conn {
        struct list link, dirty;
        uv_tcp_t tcp;
        struct rpcd *d;
        struct rpc_conn *rpc;
        char peer[RPCD_ADDRESS_MAX], local[RPCD_ADDRESS_MAX];
        uint16_t local_port;
        uv_write_t write;
        char *chunk;                    /* being written; NULL when none is */
        bool reading;
        size_t waiting;                 /* its part of rpcd.waiting */
        int64_t last_us;                /* octets came */
        int64_t handshake_us;           /* not established since; 0: established */
        int64_t pdu_us;                 /* a PDU is unfinished since; 0: none is */
        int64_t send_us;                /* output waits since without progress; 0: none waits */
        uint64_t n_pdus;
};

void rpcd_accept(struct rpcd *d, uv_stream_t *listener);
void rpcd_conn_pump(struct rpcd_conn *c);
void rpcd_conn_close(struct rpcd_conn *c, const char *why);
/* What is over its time by now; NULL when nothing is. */
const char *rpcd_conn_overdue(const struct rpcd_conn *c, int64_t now_us);
/* Address text without zone or mapping, and port, of one end of a socket. */
void rpcd_address(const struct sockaddr_storage *a, char out[RPCD_ADDRESS_MAX], uint16_t *port_out);
