/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "auth/pki.h"
#include "auth/token.h"
#include "codec/dpwire.h"
#include "dp/enrol.h"
#include "dp/identity.h"
#include "fetch/fetch.h"
#include "os/os.h"

/* ---- one question, waited for ---- */

struct question {
        struct loop *loop;
        int status;
        struct buf body;
        struct err err;
};

static void answered(void *ctx, int status, struct str body, const struct err *e)
{
        struct question *q = ctx;

        q->status = status;
        q->err = *e;
        buf_adds(&q->body, body);
        loop_stop(q->loop);
}

static int ask(struct question *q, struct loop *l, const struct fetch_pool_opts *po, struct fetch_req *req, struct err *e)
{
        struct fetch_pool *pool = NULL;
        struct fetch *f;
        int r = fetch_pool_new(&pool, l, po, e);

        *q = (struct question){ .loop = l };
        buf_init(&q->body, DPWIRE_SMALL_BODY);
        req->body_limit = DPWIRE_SMALL_BODY;
        req->done = answered;
        req->ctx = q;
        if (r == 0)
                r = fetch_start(&f, pool, req, e);
        if (r == 0) {
                loop_run(l);
                if (q->err.kind != ERR_NONE) {
                        *e = q->err;
                        r = err_number(e->kind);
                } else if (q->body.failed) {
                        r = err_set(e, ERR_NOMEM, "out of memory");
                }
        }
        fetch_pool_free(pool);
        return r;
}

/* The site's own words for a refusal. */
static int refused(const struct question *q, const char *what, struct err *e)
{
        struct str code, message;
        struct arena a;
        int r;

        arena_init(&a, 1 << 20);
        if (dpwire_error_decode(&a, buf_str(&q->body), &code, &message) == 0)
                r = err_set(e, ERR_DENIED, "the site refuses %s: %.*s", what, STR_ARG(message));
        else
                r = err_set(e, ERR_UNAVAILABLE, "the site answered %s with %d; is this a Tallyman site?", what, q->status);
        arena_fini(&a);
        return r;
}

/* ---- urls ---- */

static struct str host_of(const char *url)
{
        const char *p = url ? strstr(url, "://") : NULL;
        size_t n;

        if (!p)
                return STR_NULL;
        p += 3;
        if (*p == '[') {
                p++;
                n = strcspn(p, "]/");
                return p[n] == ']' ? (struct str){ p, n } : STR_NULL;
        }
        return (struct str){ p, strcspn(p, ":/") };
}

char *enrol_url_host(const char *url)
{
        struct str h = host_of(url);

        return h.n ? str_dup(h) : NULL;
}

const char *enrol_site_url_problem(const char *url)
{
        size_t n = strlen(url);

        if (strncmp(url, "https://", 8) != 0)
                return "the site's address must begin with https://";
        if (host_of(url).n == 0 || n > DPWIRE_MAX_URL)
                return "the site's address must be https://HOST:PORT";
        if (strchr(url + 8, '/'))
                return "the site's address is https://HOST:PORT without a path behind it";
        for (size_t i = 0; i < n; i++)
                if (url[i] <= ' ' || url[i] == 0x7f)
                        return "the site's address holds blanks or control characters";
        return NULL;
}

/* ---- steps ---- */

static int fetch_ca(const struct enrol_opts *o, struct loop *l, const struct token *t, char **pem_out, struct err *e)
{
        struct fetch_pool_opts po = { .insecure = true };
        char *url = str_printf("%s" DPWIRE_PATH_CA, o->site_url);
        struct fetch_req req = { .method = "GET", .url = url };
        uint8_t digest[PKI_SHA256_LEN];
        struct question q;
        int r = url ? ask(&q, l, &po, &req, e) : err_set(e, ERR_NOMEM, "out of memory");

        free(url);
        if (r < 0)
                return r;
        if (q.status != 200)
                r = refused(&q, "to show its authority", e);
        if (r == 0)
                r = pki_sha256_pem(buf_str(&q.body), digest, e);
        if (r == 0 && !secret_eq(digest, t->ca_sha256, sizeof(digest)))
                r = err_set(e, ERR_DENIED, "%s is not the site this token is for; check the address and the token", o->site_url);
        if (r == 0 && !(*pem_out = buf_steal(&q.body)))
                r = err_set(e, ERR_NOMEM, "out of memory");
        buf_fini(&q.body);
        return r;
}

/* malloc'ed; "" when clients cannot reach us */
static char *public_url(const struct enrol_opts *o, const char *name)
{
        if (o->url && *o->url)
                return str_dup(str_of(o->url));
        return o->default_port ? str_printf("https://%s:%d", name, o->default_port) : str_dup(STR(""));
}

static int make_csr(const char *public, const char *name, char **key, char **csr, struct err *e)
{
        char *host = enrol_url_host(public);
        const char *names[3] = { name, host && strcmp(host, name) != 0 ? host : NULL, NULL };
        int r = pki_make_csr(key, csr, name, names, e);

        free(host);
        return r;
}

static int post(const struct enrol_opts *o, struct loop *l, const char *ca_file, const struct dpwire_enroll *m,
                struct question *q, struct err *e)
{
        static const char *const headers[] = { "Content-Type: " DPWIRE_TYPE_JSON, NULL };
        struct fetch_pool_opts po = { .ca_file = ca_file };
        char *url = str_printf("%s" DPWIRE_PATH_ENROLL, o->site_url);
        struct fetch_req req = { .method = "POST", .url = url, .headers = headers };
        struct buf b;
        int r;

        buf_init(&b, DPWIRE_SMALL_BODY);
        dpwire_enroll_encode(&b, m);
        req.body = buf_str(&b);
        r = url && !b.failed ? ask(q, l, &po, &req, e) : err_set(e, ERR_NOMEM, "out of memory");
        buf_fini(&b);
        free(url);
        if (r == 0 && q->status != 200) {
                r = refused(q, "this enrolment", e);
                buf_fini(&q->body);
        }
        return r;
}

static int keep(const struct enrol_opts *o, int dirfd, const char *ca, char *key, const struct dpwire_enrolled *m,
                const char *name, const char *public, struct err *e)
{
        struct identity id = { 0 };
        char *cert = str_dup(m->certificate);
        struct pki_pair pair = { cert, key };
        int r = cert ? pki_match(&pair, e) : err_set(e, ERR_NOMEM, "out of memory");

        id.site_url = str_dup(str_of(o->site_url));
        id.name = str_dup(str_of(name));
        id.site_code = str_dup(m->site_code);
        id.nal_path = str_dup(m->nal_path);
        id.url = str_dup(str_of(public));
        if (r == 0)
                r = os_write_file(dirfd, "ca.pem", ca, strlen(ca), 0644, e);
        if (r == 0)
                r = identity_store_pair(dirfd, &pair, e);
        if (r == 0)
                r = identity_save(&id, dirfd, e);
        identity_fini(&id);
        free(cert);
        return r;
}

static int enrol(const struct enrol_opts *o, struct loop *l, int dirfd, const struct token *t, struct arena *a, struct err *e)
{
        _cleanup_(freep) char *ca = NULL;
        _cleanup_(freep) char *key = NULL;
        _cleanup_(freep) char *csr = NULL;
        _cleanup_(freep) char *ca_file = str_printf("%s/ca.new", o->dir);
        const char *name = o->name && *o->name ? o->name : t->name;
        _cleanup_(freep) char *public = public_url(o, name);
        struct dpwire_enrolled m;
        struct dpwire_enroll in;
        struct question q;
        int r = fetch_ca(o, l, t, &ca, e);

        if (r == 0 && (!ca_file || !public))
                r = err_set(e, ERR_NOMEM, "out of memory");
        if (r == 0)
                r = os_write_file(dirfd, "ca.new", ca, strlen(ca), 0644, e);
        if (r == 0)
                r = make_csr(public, name, &key, &csr, e);
        if (r < 0)
                return r;
        in = (struct dpwire_enroll){ str_of(name), str_trim(o->token), str_of(csr), str_of(public) };
        r = post(o, l, ca_file, &in, &q, e);
        (void)os.unlinkat(dirfd, "ca.new", 0);
        if (r < 0)
                return r;
        r = dpwire_enrolled_decode(a, buf_str(&q.body), &m, e);
        buf_fini(&q.body);
        return r < 0 ? r : keep(o, dirfd, ca, key, &m, name, public, e);
}

int enrol_run(const struct enrol_opts *o, struct err *e)
{
        struct loop *l = NULL;
        struct token t;
        struct arena a;
        int dirfd, r = token_parse(o->token, &t, e);
        const char *problem = enrol_site_url_problem(o->site_url);

        if (r < 0)
                return r;
        if (problem)
                return err_set(e, ERR_INVALID, "%s: %s", o->site_url, problem);
        dirfd = os.openat(AT_FDCWD, o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (dirfd < 0)
                return err_sys(e, errno, "open %s", o->dir);
        arena_init(&a, 4 << 20);
        r = loop_new(&l);
        r = r < 0 ? err_sys(e, -r, "start a loop") : enrol(o, l, dirfd, &t, &a, e);
        loop_free(l);
        arena_fini(&a);
        os.close(dirfd);
        return r;
}
