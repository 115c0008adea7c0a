/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * harness - a site in one process: database, library, Distribution Manager, and fake distribution points
 *
 * Threads are the real ones; tests wait by running the loop until a condition
 * holds, and a guard fails the test instead of hanging.  A fake DP speaks to the
 * handlers through exchanges of its own (http/server.h), with the certificate it
 * got by enrolling.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "codec/dpwire.h"
#include "distmgr/distmgr.h"
#include "event/event.h"
#include "http/server.h"
#include "lib/tmpdir.h"
#include "os/os.h"

struct site {
        char *dir, *source;
        struct loop *loop;
        struct db *db;
        struct cas *cas;
        struct event_hub *events;
        struct event_sub *sub;
        struct pki_pair ca;
        struct distmgr_opts opts;       /* change before site_start() */
        struct distmgr *d;
};

void site_open(struct site *s);         /* a new folder, site P01, not started */
void site_start(struct site *s);
void site_stop(struct site *s);         /* the Distribution Manager alone; what is stored stays */
void site_close(struct site *s);
void site_spin(struct site *s);

/* Runs the loop until the expression holds. */
#define SITE_WAIT(s, expr)                                                              \
        do {                                                                            \
                int64_t until_ = os_mono_us() + 20 * US_PER_SECOND;                     \
                while (!(expr)) {                                                       \
                        if (os_mono_us() > until_)                                      \
                                fail_msg("%s:%d: %s never came", __FILE__, __LINE__, #expr); \
                        site_spin(s);                                                   \
                }                                                                       \
        } while (0)

/* One change of the model, waited for. */
void site_do(struct site *s, int (*fn)(struct tx *t, void *arg, struct err *e), void *arg);
void site_package(struct site *s, const char *name, char id_out[PACKAGE_ID_LEN + 1]);   /* of s->source */
void site_assign(struct site *s, const char *package, int64_t dp_id);
void site_cancel(struct site *s, const char *package, int64_t dp_id);
void site_update(struct site *s, const char *package);
/* A property of the first instance of a class whose property `where` is `is` (text or digits); "" when there is none. */
const char *site_get(struct site *s, const char *class_name, const char *where, const char *is, const char *property);
bool site_is(struct site *s, const char *class_name, const char *where, const char *is, const char *property, const char *value);
unsigned site_differences(struct site *s);      /* of counters */

struct answer {                         /* one exchange */
        struct http_exchange x;
        struct http_peer peer;
        bool done, aborted;
        int status;
        struct buf body;
        struct http_stream *stream;
};

struct fake_dp {
        struct site *s;
        int64_t dp_id;
        char name[64];
        char *cert_der;
        size_t cert_len;
        int64_t clock_off_us;
        struct answer poll;
        bool polling;
};
void fake_dp_enrol(struct fake_dp *f, struct site *s, const char *name);
/* The certificate it shows from now on; the one before is not freed. */
void fake_dp_certificate(struct fake_dp *f, struct str pem);
void fake_dp_fini(struct fake_dp *f);
/* Any request; the answer is waited for unless it is the long poll. */
void fake_start(struct fake_dp *f, struct answer *a, const char *method, const char *path, const char *query, struct str body);
void fake_call(struct fake_dp *f, struct answer *a, const char *method, const char *path, const char *query, struct str body);
void answer_fini(struct answer *a);
/* The long poll. */
void fake_poll(struct fake_dp *f, const uint64_t *active, size_t n);
void fake_hang_up(struct fake_dp *f);
/* Waits for its answer; the orders live until the next poll. */
struct dpwire_orders fake_orders(struct fake_dp *f);
/* Polls (not held) until there is an order of that kind. */
struct dpwire_order fake_next(struct fake_dp *f, enum dpwire_kind kind, const uint64_t *active, size_t n);
/* A report on an order; returns the status. */
int fake_report(struct fake_dp *f, const struct dpwire_order *o, enum dpwire_result r, const char *text);

/* ---- the usual beginning: a source folder, a DP PAR01, a package assigned to it ---- */
struct fixture {
        struct site s;
        struct fake_dp dp;
        char package[PACKAGE_ID_LEN + 1];
};
void open_fixture(struct fixture *f);   /* nothing is started: settings may still be changed */
void begin(struct fixture *f);
void end(struct fixture *f);            /* the counters must agree */
/* A property of TM_DistributionCondition of the package. */
const char *condition(struct fixture *f, const char *property);
bool condition_is(struct fixture *f, const char *property, const char *value);
void content_path(const struct hash_id *id, const char *prefix, char out[128]);
struct str want_all(const struct manifest *m, struct buf *b);
