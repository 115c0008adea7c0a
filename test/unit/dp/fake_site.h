/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fake_site - the site's side of the DP wire, in the test's own process and loop
 *
 * Plain HTTP on a port of the kernel's choice.  It hands out the orders put into
 * it until active= names them or a report came, serves one version made of a few
 * files, and writes down what it is told.  The knobs make it misbehave.
 */
#include "codec/dpwire.h"
#include "httpd/httpd.h"

enum { FAKE_MAX_ORDERS = 160, FAKE_MAX_REPORTS = 400, FAKE_MAX_PIECES = 4096, FAKE_PIECE = 100000 };

struct fake_report {
        struct dpwire_report m;         /* text and files are copies below */
        char text[512];
        char file[512];                 /* the first one */
};

struct fake_site {
        struct loop *loop;
        struct httpd *httpd;
        uint16_t port;
        struct http_route routes[8];
        struct http_router router;
        /* the version */
        uint8_t *manifest;
        size_t manifest_len;
        struct hash_id manifest_id;
        struct {
                struct hash_id id;
                uint8_t *p;
                uint32_t n;
        } pieces[FAKE_MAX_PIECES];
        size_t n_pieces;
        uint64_t total_bytes;
        /* orders */
        struct dpwire_order orders[FAKE_MAX_ORDERS];
        bool settled[FAKE_MAX_ORDERS];          /* reported */
        size_t n_orders;
        struct http_exchange *parked;
        uint64_t parked_active[DPWIRE_MAX_ORDERS];
        size_t n_parked_active;
        /* knobs */
        size_t cut_after;               /* content answers break after so many bytes; 0: never */
        unsigned cuts;                  /* ... that many times */
        int flip;                       /* a byte of this piece is wrong; -1: none */
        int swap;                       /* this piece comes where it was not asked for; -1: none */
        int content_status;             /* answer content with that; 0: 200 */
        int report_status;              /* answer reports with that; 0: 200 */
        bool junk;                      /* content is no content */
        bool hold_content;              /* say the head, send nothing */
        /* what was seen */
        struct fake_report reports[FAKE_MAX_REPORTS];
        size_t n_reports;
        unsigned n_refused;             /* reports answered with report_status */
        unsigned n_polls, n_content, n_inventories, n_progress, n_manifests;
        uint64_t bytes_sent;            /* of content */
        uint64_t last_offset;
        size_t held_packages;           /* of the last inventory */
        bool held_sound;
};

void fake_site_start(struct fake_site *s, struct loop *l, uint16_t port);       /* aborts when it cannot */
void fake_site_stop(struct fake_site *s);       /* the listener only: content and records stay */
void fake_site_free(struct fake_site *s);
char *fake_site_url(const struct fake_site *s); /* heap */

/* A version of n files "f000000"..., file i of sizes[i] bytes that depend on seed and i. */
void fake_site_version(struct fake_site *s, const size_t *sizes, size_t n, unsigned seed);
/* Queue an order on the version; returns its id. */
uint64_t fake_site_order(struct fake_site *s, enum dpwire_kind kind, const char *package, uint32_t version);
void fake_site_cancel(struct fake_site *s, uint64_t id);
/* The last report on an order; NULL when there is none. */
const struct fake_report *fake_site_report(const struct fake_site *s, uint64_t order);
