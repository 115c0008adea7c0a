/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * rest - the administration service: JSON over HTTP, over the provider
 *
 * The shape of ConfigMgr's AdminService (/AdminService/wmi/CLASS, OData's
 * $filter, $top, $skip, $orderby, $select) plus events as server-sent events.
 * docs/architecture.md, REST, is the contract.  Nothing is decided here: names
 * are parsed, the provider is asked, what comes back is written.
 *
 * Who asks: on the local socket the peer's credentials (root and the daemon's
 * own user are full administrators, others are refused), over TLS an account
 * (HTTP Basic, RFC 7617); plain HTTP is refused.
 *
 * A long list is not built in memory: it is read in pages of about a megabyte
 * and streamed.  X-Tallyman-Sequence is the position of the change log at which
 * the first page is true; events from there on carry everything later.
 *
 * Threads: the loop's.
 *
 * Source: memdocs "What is the administration service in Configuration
 * Manager?"; OData 4.01 part 2, 5.1.1; WHATWG HTML 9.2 (server-sent events).
 */
#include "auth/users.h"
#include "event/subscription.h"
#include "http/http.h"
#include "provider/provider.h"

struct rest;
struct rest_opts {
        struct loop *loop;
        struct db *db;
        struct provider *provider;
        struct event_hub *events;
        struct event_engine *engine;    /* event queries */
        struct users *const *users;     /* where the daemon keeps its accounts; the daemon may swap them on the loop.
                                         * NULL or *users NULL: no account, only the local socket */
        uid_t own_uid;
        /* May requests be served?  False: /readyz is 503 with what e says.  NULL: always. */
        bool (*ready)(void *ctx, struct err *e);
        /* A password was looked at, and right or wrong: for the audit.  address without port.  NULL: nobody cares. */
        void (*logon)(void *ctx, const char *name, const char *address, bool right);
        void *ctx;
        size_t page_bytes;              /* of a streamed list; 0: about a megabyte */
        bool inline_;                   /* unit tests: no worker of our own */
};
MUST int rest_new(struct rest **out, const struct rest_opts *o, struct err *e);
/* No exchange of ours may be open (httpd_free() first). */
void rest_free(struct rest *r);
DEFINE_FREEP(struct rest *, rest_free)
/* Rows for routers; they live as long as @r. */
const struct http_route *rest_routes(const struct rest *r, size_t *n_out);
