/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "dp/dp.h"
#include "dp/identity.h"
#include "httpd/httpd.h"
#include "memory.h"
#include "notify.h"
#include "os/os.h"
#include "run.h"

enum { MAX_LISTENERS = 32, IDLE_TIMEOUT_S = 60, MAX_CONNECTIONS = 512, STREAM_BLOCK = 32 << 10 };

struct daemon {
        const struct conf_dp *cfg;
        struct loop *loop;
        struct dp *dp;
        struct identity id;
        int dirfd, lockfd;
        struct httpd *plain[MAX_LISTENERS], *tls[MAX_LISTENERS];
        size_t n_plain, n_tls;
};

static void on_terminate(void *arg)
{
        struct daemon *d = arg;

        log_info("dp", "stopping");
        notify_state("STOPPING=1");
        loop_stop(d->loop);
}

/* ---- listeners ---- */

static int listen_on(struct daemon *d, int port, const char *cert, const char *key, struct httpd **v, size_t *n, struct err *e)
{
        const struct conf_list *a = &d->cfg->address;

        for (size_t i = 0; i < a->n && port; i++) {
                struct httpd_opts o = {
                        .address = a->items[i],
                        .port = (uint16_t)port,
                        .cert_pem = cert,
                        .key_pem = key,
                        .max_connections = MAX_CONNECTIONS,
                        .idle_timeout_s = IDLE_TIMEOUT_S,
                        .stream_block = STREAM_BLOCK,
                        .router = dp_router(d->dp),
                };
                int r = *n < MAX_LISTENERS ? httpd_new(&v[*n], d->loop, &o, e) : 0;

                if (r < 0)
                        return r;
                log_info("dp", "content is served at %s://%s:%d/SMS_DP_SMSPKG$/", cert ? "https" : "http", a->items[i], port);
                ++*n;
        }
        return 0;
}

static int listen_tls(struct daemon *d, struct err *e)
{
        _cleanup_(freep) char *cert = NULL;
        _cleanup_(freep) char *key = NULL;
        size_t n;
        int r = os_read_file(d->dirfd, "dp.pem", 64 << 10, &cert, &n, e);

        if (r == 0)
                r = os_read_file(d->dirfd, "dp.key", 64 << 10, &key, &n, e);
        return r < 0 ? r : listen_on(d, d->cfg->https_port, cert, key, d->tls, &d->n_tls, e);
}

static void close_all(struct httpd **v, size_t *n)
{
        for (size_t i = 0; i < *n; i++)
                httpd_free(v[i]);
        *n = 0;
}

/* The certificate is new: connections made from now on see it. */
static void on_renewed(void *arg)
{
        struct daemon *d = arg;
        struct err e = { 0 };

        close_all(d->tls, &d->n_tls);
        if (listen_tls(d, &e) < 0)
                log_error("dp", "HTTPS with the new certificate: %s", e.text);
}

static void on_idle(void *arg)
{
        memory_trim();
}

/* ---- construction ---- */

static int who_am_i(struct daemon *d, struct err *e)
{
        int r = identity_lock(d->cfg->data_dir, &d->lockfd, e);

        if (r < 0)
                return r;
        d->dirfd = os.openat(AT_FDCWD, d->cfg->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (d->dirfd < 0)
                return err_sys(e, errno, "open %s", d->cfg->data_dir);
        r = identity_settle(d->dirfd, e);
        if (r == 0)
                r = identity_load(&d->id, d->dirfd, e);
        if (r > 0)
                return err_set(e, ERR_CONFLICT, "%s belongs to no site yet; run tallyman-dp enroll with a token of \"tallyman dp add\"",
                               d->cfg->data_dir);
        return r;
}

static int start(struct daemon *d, struct err *e)
{
        const struct conf_dp *c = d->cfg;
        _cleanup_(freep) char *ca = str_printf("%s/ca.pem", c->data_dir);
        _cleanup_(freep) char *cert = str_printf("%s/dp.pem", c->data_dir);
        _cleanup_(freep) char *key = str_printf("%s/dp.key", c->data_dir);
        struct dp_opts o = {
                .dir = c->data_dir,
                .name = d->id.name,
                .url = *c->public_url ? c->public_url : d->id.url,
                .site_url = *c->site_url ? c->site_url : d->id.site_url,
                .ca_file = ca,
                .cert_file = cert,
                .key_file = key,
                .renewed = on_renewed,
                .idle = on_idle,
                .ctx = d,
        };
        int r;

        if (!ca || !cert || !key)
                return err_set(e, ERR_NOMEM, "out of memory");
        dp_settings_default(&o.settings);
        o.settings.max_orders = (unsigned)c->concurrent_orders;
        o.settings.reserve_bytes = (uint64_t)c->library_reserve_bytes;
        o.settings.pack_bytes = (uint64_t)c->pack_size_bytes;
        o.settings.validate_interval_s = c->validate_interval_s;
        o.settings.validate_rate_Bps = (uint64_t)c->validate_rate_bytes;
        o.settings.unfinished_keep_s = c->unfinished_keep_s;
        r = dp_new(&d->dp, d->loop, &o, e);
        if (r == 0)
                r = listen_on(d, c->http_port, NULL, NULL, d->plain, &d->n_plain, e);
        return r < 0 ? r : listen_tls(d, e);
}

int run_daemon(const struct conf_dp *cfg, struct err *e)
{
        struct daemon d = { .cfg = cfg, .dirfd = -1, .lockfd = -1 };
        int r;

        memory_tune();
        r = who_am_i(&d, e);
        if (r == 0) {
                r = loop_new(&d.loop);
                r = r < 0 ? err_sys(e, -r, "start a loop") : 0;
        }
        if (r == 0)
                loop_on_terminate(d.loop, on_terminate, &d);
        if (r == 0)
                r = start(&d, e);
        if (r == 0) {
                log_info("dp", "tallyman-dp " TALLYMAN_VERSION ": %s of site %s", d.id.name, d.id.site_code);
                notify_state("READY=1");
                memory_trim();
                loop_run(d.loop);
        }
        close_all(d.plain, &d.n_plain);
        close_all(d.tls, &d.n_tls);
        dp_free(d.dp);
        loop_free(d.loop);
        identity_fini(&d.id);
        closep(&d.dirfd);
        closep(&d.lockfd);
        return r;
}
