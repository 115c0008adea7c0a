/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our certificate, renewed when less than a third of its life is left.  The site
 * takes the old one until it has seen the new one, so an answer that is lost, or
 * a crash before it is stored, costs another renewal and nothing else.
 */
#include "auth/pki.h"
#include "base/time.h"
#include "dp/identity.h"
#include "dp/internal.h"
#include "os/os.h"

enum { CHECK_EVERY_S = 3600, CHECK_FIRST_MS = 200 };

struct renew {
        struct dp *dp;
        struct loop_timer *timer;
        struct fetch *post;
        char *key_pem;                  /* of the request under way */
        void (*renewed)(void *ctx);
        void *ctx;
};

static int due(struct dp *d, char **cert_out, struct err *e)
{
        int64_t from, until;
        char *pem = NULL;
        size_t n = 0;
        int r = os_read_file(d->dir_fd, "dp.pem", 64 << 10, &pem, &n, e);

        *cert_out = NULL;
        if (r == 0)
                r = pki_validity_pem((struct str){ pem, n }, &from, &until, e);
        if (r == 0 && until - os_now_us() < (until - from) / 3)
                *cert_out = steal(&pem);
        free(pem);
        return r;
}

static int store(struct renew *w, struct str body, struct err *e)
{
        struct dp *d = w->dp;
        struct str cert;
        struct arena a;
        char *pem = NULL;
        int r;

        arena_init(&a, 1 << 20);
        r = dpwire_renewed_decode(&a, body, &cert, e);
        if (r == 0) {
                pem = str_dup(cert);
                r = pem ? pki_match(&(struct pki_pair){ pem, w->key_pem }, e) : err_set(e, ERR_NOMEM, "out of memory");
        }
        if (r == 0)
                r = identity_store_pair(d->dir_fd, &(struct pki_pair){ pem, w->key_pem }, e);
        free(pem);
        arena_fini(&a);
        return r < 0 ? r : dp_reload_identity(d, e);
}

static void posted(void *ctx, int status, struct str body, const struct err *e)
{
        struct renew *w = ctx;
        struct err why = { 0 };

        w->post = NULL;
        if (e->kind != ERR_NONE)
                log_warn("dp", "certificate renewal: %s; trying again within the hour", e->text);
        else if (status != 200)
                log_warn("dp", "certificate renewal: the site answered %d; trying again within the hour", status);
        else if (store(w, body, &why) < 0)
                log_error("dp", "certificate renewal: %s", why.text);
        else {
                log_info("dp", "certificate renewed");
                if (w->renewed)
                        w->renewed(w->ctx);
        }
        free(w->key_pem);
        w->key_pem = NULL;
}

static int request(struct renew *w, struct err *e)
{
        static const char *const headers[] = { "Content-Type: " DPWIRE_TYPE_JSON, NULL };
        _cleanup_(freep) char *csr = NULL;
        _cleanup_(freep) char *url = dp_url(w->dp, DPWIRE_PATH_RENEW);
        char *host = w->dp->public_host;
        const char *names[] = { w->dp->name, host && strcmp(host, w->dp->name) != 0 ? host : NULL, NULL };
        struct fetch_req q = { .method = "POST", .url = url, .headers = headers, .done = posted, .ctx = w };
        struct buf b;
        int r = pki_make_csr(&w->key_pem, &csr, w->dp->name, names, e);

        if (r < 0)
                return r;
        buf_init(&b, DPWIRE_SMALL_BODY);
        dpwire_renew_encode(&b, str_of(csr));
        q.body = buf_str(&b);
        r = url && !b.failed ? fetch_start(&w->post, w->dp->pool, &q, e) : err_set(e, ERR_NOMEM, "out of memory");
        buf_fini(&b);
        return r;
}

static void tick(void *arg)
{
        struct renew *w = arg;
        _cleanup_(freep) char *cert = NULL;
        struct err e = { 0 };

        loop_timer_start(w->timer, CHECK_EVERY_S * 1000, 0);
        if (w->post || w->dp->stopping)
                return;
        if (due(w->dp, &cert, &e) < 0 || (cert && request(w, &e) < 0)) {
                log_error("dp", "certificate: %s", e.text);
                free(w->key_pem);
                w->key_pem = NULL;
        }
}

int renew_start(struct dp *d, void (*renewed)(void *ctx), void *ctx, struct err *e)
{
        struct renew *w;
        int r;

        if (!d->cert_file)
                return 0;
        w = calloc(1, sizeof(*w));
        if (!w)
                return err_set(e, ERR_NOMEM, "out of memory");
        w->dp = d;
        w->renewed = renewed;
        w->ctx = ctx;
        d->renew = w;
        r = loop_timer_new(&w->timer, d->loop, tick, w);
        if (r < 0)
                return err_sys(e, -r, "start a timer");
        loop_timer_start(w->timer, CHECK_FIRST_MS, 0);
        return 0;
}

void renew_stop(struct dp *d)
{
        struct renew *w = d->renew;

        if (!w)
                return;
        if (w->post)
                fetch_cancel(w->post);
        loop_timer_free(w->timer);
        free(w->key_pem);
        free(w);
        d->renew = NULL;
}
