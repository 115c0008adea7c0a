/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identify - which DP is this, and may it be here?
 *
 * The SHA-256 of the client certificate is the DP's identity.  It must be the
 * one on record, issued by the site's authority and valid now.  A session that
 * was checked within the hour, and whose row has not changed since, answers
 * without the database.  A refusal whose certificate bears the name of a known
 * DP is remembered with its reason, so that the jobs that wait for it say why.
 */
#include "auth/pki.h"
#include "distmgr/internal.h"
#include <stdio.h>

enum { CHECK_AGAIN_S = 3600, BETWEEN_POLLS_S = 2 };

struct who {
        struct dm_read r;
        struct http_exchange *x;
        void (*fn)(struct distmgr *d, struct http_exchange *x, struct session *s);
        struct hash_id cert;
        bool plain;                     /* by name only, on the loopback listener of benchmarks */
        char cn[DM_NAME];
        char why[640];                  /* refused already, before the database was asked; "": not */
        bool found;
        struct model_dp row;
};

static void refuse(struct http_exchange *x, const char *why)
{
        struct err e = { 0 };

        (void)err_set(&e, ERR_DENIED, "%s", why);
        http_reply_err(x, &e);
}

static bool is_zero(const struct hash_id *h)
{
        static const struct hash_id none;

        return hash_id_eq(h, &none);
}

static int who_fn(struct dm_read *r, struct db_conn *c, struct err *e)
{
        struct who *w = container_of(r, struct who, r);
        int got = model_dp_find(c, str_of(w->cn), &w->row, e);

        w->found = got == 0;
        return got < 0 ? got : 0;
}

/* The reason it may not be here, or "". */
static void judge(struct who *w, const struct session *s)
{
        if (w->why[0])
                return;
        if (!w->found)
                snprintf(w->why, sizeof(w->why), "no distribution point is named %s here (tallyman dp add %s)", w->cn, w->cn);
        else if (is_zero(&w->row.cert))
                snprintf(w->why, sizeof(w->why), "%s is not enrolled; enrol it with a token (tallyman-dp enroll)", w->cn);
        else if (!w->plain && !hash_id_eq(&w->cert, &w->row.cert) && !(s && hash_id_eq(&w->cert, &s->old_cert)))
                snprintf(w->why, sizeof(w->why),
                         "this is not the certificate of %s: it was revoked or replaced; enrol again with a new token", w->cn);
}

static void note_refusal(struct distmgr *d, const struct who *w)
{
        struct session *s = dm_session_put(d, &w->row, w->r.news);
        bool first;

        /* The right one is connected, or between two polls; whoever this is, it harms nothing. */
        if (!s || (s->online && (s->poll || os_mono_us() < s->gone_mono_us + BETWEEN_POLLS_S * US_PER_SECOND)))
                return;
        first = !s->refused[0];
        memcpy(s->refused, w->why, sizeof(s->refused));
        if (!first)
                return;
        log_warn(LOG, "DP %s was refused: %s", s->name, s->refused);
        dm_session_refused(s);
}

static void who_then(struct dm_read *r)
{
        struct who *w = container_of(r, struct who, r);
        struct distmgr *d = r->d;
        struct session *s;

        if (r->job.r < 0) {
                http_reply_err(w->x, &r->job.err);
                free(w);
                return;
        }
        judge(w, w->found ? dm_session(d, w->row.dp_id) : NULL);
        if (w->why[0]) {
                if (w->found)
                        note_refusal(d, w);
                refuse(w->x, w->why);
                free(w);
                return;
        }
        s = dm_session_put(d, &w->row, w->r.news);
        if (!s) {
                http_reply_empty(w->x, 503);
        } else {
                if (hash_id_eq(&w->cert, &w->row.cert) && !hash_id_eq(&w->cert, &s->old_cert))
                        s->old_cert = (struct hash_id){ 0 };    /* the new one is in use */
                s->checked_mono_us = os_mono_us();
                w->fn(d, w->x, s);
        }
        free(w);
}

static void ask(struct distmgr *d, const struct who *in)
{
        struct who *w = malloc(sizeof(*w));

        if (!w) {
                http_reply_empty(in->x, 503);
                return;
        }
        *w = *in;
        w->r.fn = who_fn;
        w->r.then = who_then;
        dm_read(d, &w->r);
}

/* Checked within the hour, and its row has not changed since. */
static bool is_known(const struct session *s)
{
        return s && s->fresh && os_mono_us() < s->checked_mono_us + CHECK_AGAIN_S * US_PER_SECOND;
}

static void by_certificate(struct distmgr *d, struct who *w, struct str der)
{
        struct session *s;
        struct err e = { 0 };

        pki_sha256(der, w->cert.b);
        s = dm_session_by_cert(d, &w->cert);
        if (is_known(s)) {
                s->old_cert = (struct hash_id){ 0 };    /* the new one is in use */
                w->fn(d, w->x, s);
                return;
        }
        if (pki_check_client(d->o.ca->cert_pem, der, w->cn, sizeof(w->cn), &e) < 0)
                snprintf(w->why, sizeof(w->why), "%s", e.text);
        if (w->cn[0])
                ask(d, w);
        else
                refuse(w->x, w->why);
}

/* Benchmarks have few DPs: what they measure is what a DP with a certificate costs. */
static void by_name(struct distmgr *d, struct who *w, struct str name)
{
        size_t it = 0;
        void *v;

        while (map_next(&d->by_dp, &it, NULL, &v)) {
                struct session *s = v;

                if (is_known(s) && str_eqz_nocase(name, s->name)) {
                        w->fn(d, w->x, s);
                        return;
                }
        }
        memcpy(w->cn, name.p, name.n);
        w->plain = true;
        ask(d, w);
}

void dm_identify(struct distmgr *d, struct http_exchange *x,
                 void (*fn)(struct distmgr *d, struct http_exchange *x, struct session *s))
{
        const struct http_peer *p = http_request(x)->peer;
        struct who w = { .x = x, .fn = fn };
        struct str name;

        if (p->kind == HTTP_PEER_TLS && p->cert_der.p) {
                by_certificate(d, &w, p->cert_der);
                return;
        }
        name = http_header(x, "X-Tallyman-DP");
        if (p->kind == HTTP_PEER_PLAIN && d->o.plain_peers && name.p && name.n < sizeof(w.cn)) {
                by_name(d, &w, name);
                return;
        }
        refuse(x, "no client certificate was shown; a distribution point enrols first (tallyman-dp enroll)");
}
