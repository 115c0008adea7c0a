/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrol - how a DP comes by its certificate, and by the next one
 *
 * GET ca and POST enroll are the only requests made without a certificate.  The
 * token says who enrols and is consumed in the transaction that puts the new
 * certificate on record; a certificate whose transaction failed is worth nothing.
 * A renewed certificate is on record before it is answered; for as long as the
 * new one has not been seen the old one still serves, in case the answer is lost.
 */
#include "auth/pki.h"
#include "auth/token.h"
#include "distmgr/internal.h"
#include <stdio.h>

#define PACKAGE_PATH "/SMS_DP_SMSPKG$/"

void dm_handle_ca(void *ctx, struct http_exchange *x)
{
        struct distmgr *d = ctx;

        http_reply(x, 200, "application/x-pem-file", str_of(d->o.ca->cert_pem));
}

struct enrol {
        struct dm_write w;
        struct http_exchange *x;
        char name[DM_NAME];
        struct hash_id token, cert;
        struct str url;                 /* in the exchange's arena */
        char *cert_pem;
        struct model_dp row;            /* as it is after */
};

static void enrol_free(struct enrol *n)
{
        free(n->cert_pem);
        free(n);
}

static int enrol_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        struct enrol *n = container_of(w, struct enrol, w);
        int r = model_dp_enrol(t, str_of(n->name), &n->token, &n->cert, n->url, e);

        if (r < 0)
                return r;
        r = model_dp_find(t->db, str_of(n->name), &n->row, e);
        return r > 0 ? err_set(e, ERR_NOT_FOUND, "no distribution point is named %s", n->name) : r;
}

static void enrol_then(struct dm_write *w)
{
        struct enrol *n = container_of(w, struct enrol, w);
        struct distmgr *d = w->d;
        struct dpwire_enrolled m;
        struct buf b;

        if (w->job.r < 0) {
                log_warn(LOG, "enrolment of DP %s from %s: %s", n->name, http_request(n->x)->peer->address, w->job.err.text);
                http_reply_err(n->x, &w->job.err);
                enrol_free(n);
                return;
        }
        log_info(LOG, "DP %s has enrolled", n->name);
        (void)dm_session_put(d, &n->row, w->news);
        m = (struct dpwire_enrolled){
                .certificate = str_of(n->cert_pem), .ca = str_of(d->o.ca->cert_pem), .nal_path = str_of(n->row.nal_path),
                .site_code = str_of(n->row.site_code), .package_path = STR(PACKAGE_PATH),
        };
        buf_init(&b, 0);
        dpwire_enrolled_encode(&b, &m);
        http_reply(n->x, 200, DPWIRE_TYPE_JSON, buf_str(&b));
        buf_fini(&b);
        enrol_free(n);
}

static int sign(struct distmgr *d, struct str csr, const char *name, char **pem, struct hash_id *id, struct err *e)
{
        int r = pki_issue_dp(pem, d->o.ca, csr, name, e);

        return r < 0 ? r : pki_sha256_pem(str_of(*pem), id->b, e);
}

static int enrol_prepare(struct distmgr *d, struct enrol *n, struct err *e)
{
        const struct http_request *q = http_request(n->x);
        struct dpwire_enroll m;
        struct token tok;
        int r;

        r = dpwire_enroll_decode(q->arena, q->body, &m, e);
        if (r >= 0)
                r = token_parse(m.token, &tok, e);
        if (r < 0)
                return r;
        if (m.name.n && !str_eqz_nocase(m.name, tok.name))
                return err_set(e, ERR_DENIED, "this token is for DP %s, not for %.*s", tok.name, STR_ARG(m.name));
        snprintf(n->name, sizeof(n->name), "%s", tok.name);
        token_hash(&tok, n->token.b);
        n->url = m.url;
        return sign(d, m.csr, n->name, &n->cert_pem, &n->cert, e);
}

void dm_handle_enroll(void *ctx, struct http_exchange *x)
{
        struct distmgr *d = ctx;
        struct enrol *n = calloc(1, sizeof(*n));
        struct err e = { 0 };

        if (!n) {
                http_reply_empty(x, 503);
                return;
        }
        n->x = x;
        if (enrol_prepare(d, n, &e) < 0) {
                http_reply_err(x, &e);
                enrol_free(n);
                return;
        }
        n->w.fn = enrol_fn;
        n->w.then = enrol_then;
        dm_write(d, &n->w, arena_printf(http_request(x)->arena, "dp:%s", n->name), http_request(x)->peer->address);
}

/* ---- renewal ---- */

struct renew {
        struct dm_write w;
        struct http_exchange *x;
        int64_t dp_id;
        char name[DM_NAME];
        struct hash_id before, cert;
        char *cert_pem;
};

static int renew_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        struct renew *n = container_of(w, struct renew, w);

        return model_dp_renew(t, str_of(n->name), &n->cert, e);
}

static void renew_then(struct dm_write *w)
{
        struct renew *n = container_of(w, struct renew, w);
        struct session *s = dm_session(w->d, n->dp_id);
        struct buf b;

        if (w->job.r < 0) {
                http_reply_err(n->x, &w->job.err);
        } else {
                if (s) {
                        s->old_cert = n->before;
                        dm_session_stale(s);
                        dm_wake(w->d);  /* reads the row again */
                }
                buf_init(&b, 0);
                dpwire_renewed_encode(&b, str_of(n->cert_pem));
                http_reply(n->x, 200, DPWIRE_TYPE_JSON, buf_str(&b));
                buf_fini(&b);
                log_info(LOG, "DP %s has a new certificate", n->name);
        }
        free(n->cert_pem);
        free(n);
}

static void renew(struct distmgr *d, struct http_exchange *x, struct session *s)
{
        const struct http_request *q = http_request(x);
        struct renew *n = calloc(1, sizeof(*n));
        struct err e = { 0 };
        struct str csr;

        if (!n) {
                http_reply_empty(x, 503);
                return;
        }
        n->x = x;
        n->dp_id = s->dp_id;
        n->before = s->cert;
        memcpy(n->name, s->name, sizeof(n->name));
        if (dpwire_renew_decode(q->arena, q->body, &csr, &e) || sign(d, csr, n->name, &n->cert_pem, &n->cert, &e) < 0) {
                http_reply_err(x, &e);
                free(n->cert_pem);
                free(n);
                return;
        }
        n->w.fn = renew_fn;
        n->w.then = renew_then;
        dm_write(d, &n->w, arena_printf(q->arena, "dp:%s", s->name), q->peer->address);
}

void dm_handle_renew(void *ctx, struct http_exchange *x)
{
        dm_identify(ctx, x, renew);
}
