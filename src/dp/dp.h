/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * dp - a distribution point: does what the site orders, says what it truly holds
 *
 * The DP dials the site and keeps one long poll open, on which orders arrive;
 * everything it has to say goes out as letters (mail.h), one after the other, and
 * those that tell of a change on disk are written down before they are sent.  An
 * install passes order_state.h's table; INSTALLED is said only after the library
 * took every byte through a hash check, synced, and committed the version.
 *
 * The same process serves what it holds over HTTP (serve.h): dp_router() is for
 * whoever owns listeners, since httpd is a peer of this module.
 *
 * Threads    Everything here is the loop thread's.  Three workers of one thread
 *            each: `store` writes (hash, packs, index, letters), strictly in
 *            order; `verify` reads whole versions for validation and is the only
 *            one that may take minutes; `read` looks things up for HTTP clients.
 * Memory     At most DP_BLOCKS pieces between wire and disk, a few cached pieces
 *            for readers, and lists bounded by limits of the wire; nothing grows
 *            with content.
 */
#include "base/err.h"
#include "http/http.h"
#include "loop/loop.h"

struct dp_settings {
        unsigned max_orders;            /* installs at once */
        uint64_t reserve_bytes;         /* of the file system, kept free */
        uint64_t pack_bytes;            /* 0: the library's default */
        int64_t validate_interval_s;    /* read everything again every so often; 0: never by itself */
        uint64_t validate_rate_Bps;     /* 0: as fast as the disk is */
        int64_t unfinished_keep_s;      /* pieces of an unfinished version stay that long */
        int64_t retry_min_ms, retry_max_ms;     /* connection back-off */
        int64_t gc_delay_ms;            /* of idleness before unreferenced pieces go */
};
/* Documented defaults. */
void dp_settings_default(struct dp_settings *s);

struct dp_opts {
        const char *dir;                /* holds library/ and outbox/; must exist */
        const char *name;               /* as the site knows us */
        const char *url;                /* where clients reach us; NULL or "": nowhere special */
        const char *site_url;           /* "https://HOST:8443", without a slash at the end */
        const char *ca_file, *cert_file, *key_file;     /* all NULL: plain HTTP, for tests */
        struct dp_settings settings;
        void (*renewed)(void *ctx);     /* dp.pem and dp.key are new; may be NULL */
        void (*idle)(void *ctx);        /* the last order was done; may be NULL */
        void *ctx;
};

struct dp;
/* Opens (and recovers) the library and begins to dial.  All of @o is copied. */
MUST int dp_new(struct dp **out, struct loop *l, const struct dp_opts *o, struct err *e);
/* Stops what runs, waits for the workers, closes the library.  Not from a callback of dp. */
void dp_free(struct dp *d);
DEFINE_FREEP(struct dp *, dp_free)

/* Routes of the content service; borrowed until dp_free(). */
const struct http_router *dp_router(struct dp *d);

struct dp_stats {
        bool connected;
        size_t orders, letters;         /* that wait or are worked on; not acknowledged yet */
        uint64_t bytes_received;        /* piece bytes over the wire since start */
        uint64_t polls;
};
void dp_get_stats(const struct dp *d, struct dp_stats *out);

/* The certificate files changed: connections made from now on use them. */
MUST int dp_reload_identity(struct dp *d, struct err *e);
