/* SPDX-License-Identifier: Apache-2.0 */
/* The distribution point put together, and taken apart again. */
#include <errno.h>
#include "base/time.h"
#include "dp/enrol.h"
#include "dp/serve_state.h"
#include "os/os.h"

enum { DP_BLOCKS = 8, DP_ORDERS_MAX = 16 };

void dp_settings_default(struct dp_settings *s)
{
        *s = (struct dp_settings){
                .max_orders = 2,
                .reserve_bytes = UINT64_C(1) << 30,
                .validate_interval_s = 7 * 86400,
                .validate_rate_Bps = 32 << 20,
                .unfinished_keep_s = 7 * 86400,
                .retry_min_ms = 200,
                .retry_max_ms = 30000,
                .gc_delay_ms = 1000,
        };
}

static int open_folder(const struct dp *d, const char *name, int *fd_out, struct err *e)
{
        if (os.mkdirat(d->dir_fd, name, 0700) < 0 && errno != EEXIST)
                return err_sys(e, errno, "make %s/%s", d->dir, name);
        *fd_out = os.openat(d->dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        return *fd_out < 0 ? err_sys(e, errno, "open %s/%s", d->dir, name) : 0;
}

static int open_folders(struct dp *d, struct err *e)
{
        d->dir_fd = os.openat(AT_FDCWD, d->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (d->dir_fd < 0)
                return err_sys(e, errno, "open %s", d->dir);
        return open_folder(d, "outbox", &d->outbox_fd, e);
}

static int open_library(struct dp *d, struct err *e)
{
        struct cas_opts o = {
                .pack_bytes = d->set.pack_bytes,
                .reserve_bytes = d->set.reserve_bytes,
                .small = true,
                .hold_us = d->set.unfinished_keep_s * US_PER_SECOND,
        };
        char *path = str_printf("%s/library", d->dir);
        int r = path ? cas_open(&d->cas, path, &o, e) : err_set(e, ERR_NOMEM, "out of memory");

        free(path);
        if (r < 0)
                return r;
        d->check_hasher = hasher_new();
        if (!d->check_hasher)
                return err_set(e, ERR_NOMEM, "out of memory");
        return cas_writer_new(&d->writer, d->cas, e);
}

static int open_pool(struct dp *d, struct fetch_pool **out, struct err *e)
{
        struct fetch_pool_opts o = { .ca_file = d->ca_file, .cert_file = d->cert_file, .key_file = d->key_file };
        char header[300];

        /* Without TLS there is no certificate to know us by; the site believes this on its benchmark port only. */
        snprintf(header, sizeof(header), "X-Tallyman-DP: %s", d->name);
        if (str_starts(str_of(d->site_url), "http://"))
                o.header = header;
        return fetch_pool_new(out, d->loop, &o, e);
}

static int start_workers(struct dp *d, struct err *e)
{
        int r = workers_new(&d->check, d->loop, "check", 1);

        if (r == 0)
                r = workers_new(&d->store, d->loop, "store", 1);
        if (r == 0)
                r = workers_new(&d->verify, d->loop, "verify", 1);
        if (r == 0)
                r = workers_new(&d->read, d->loop, "read", 1);
        return r < 0 ? err_sys(e, -r, "start workers") : 0;
}

static int copy_opts(struct dp *d, const struct dp_opts *o, struct err *e)
{
        d->set = o->settings;
        d->idle = o->idle;
        d->ctx = o->ctx;
        d->set.max_orders = MAX(MIN(d->set.max_orders, (unsigned)DP_ORDERS_MAX), 1u);
        d->dir = str_dup(str_of(o->dir));
        d->site_url = str_dup(str_of(o->site_url));
        d->ca_file = o->ca_file ? str_dup(str_of(o->ca_file)) : NULL;
        d->cert_file = o->cert_file ? str_dup(str_of(o->cert_file)) : NULL;
        d->key_file = o->key_file ? str_dup(str_of(o->key_file)) : NULL;
        d->name = str_dup(o->name ? str_of(o->name) : STR(""));
        d->public_host = o->url ? enrol_url_host(o->url) : NULL;
        if (!d->dir || !d->name || !d->site_url || (o->ca_file && !d->ca_file) || (o->cert_file && !d->cert_file) ||
            (o->key_file && !d->key_file))
                return err_set(e, ERR_NOMEM, "out of memory");
        return 0;
}

static int start(struct dp *d, const struct dp_opts *o, struct err *e)
{
        int r = open_folders(d, e);

        if (r == 0)
                r = open_library(d, e);
        if (r == 0)
                r = open_pool(d, &d->pool, e);
        if (r == 0)
                r = start_workers(d, e);
        if (r == 0)
                r = progress_init(d, e);
        if (r == 0)
                r = gc_start(d, e);
        if (r == 0)
                r = serve_start(d, e);
        if (r == 0)
                r = mail_start(d, e);
        if (r == 0)
                r = schedule_start(d, e);
        if (r == 0)
                r = renew_start(d, o->renewed, o->ctx, e);
        if (r == 0)
                r = link_start(d, e);
        return r;
}

int dp_new(struct dp **out, struct loop *l, const struct dp_opts *o, struct err *e)
{
        struct dp *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return err_set(e, ERR_NOMEM, "out of memory");
        d->loop = l;
        d->dir_fd = d->outbox_fd = -1;
        list_init(&d->orders);
        list_init(&d->unfinished);
        list_init(&d->mail.letters);
        r = copy_opts(d, o, e);
        blocks_init(&d->blocks, MAX(DP_BLOCKS, d->set.max_orders + 2));
        if (r == 0)
                r = start(d, o, e);
        if (r < 0) {
                dp_free(d);
                return r;
        }
        *out = d;
        return 0;
}

static bool outstanding(const struct dp *d)
{
        return !orders_idle(d) || d->mail.jobs || d->gc.running || (d->serve && d->serve->lookups);
}

/*
 * After this no job is on a worker, and all that came back was told.  What comes
 * back may give a worker more to do: a version that was just committed is reported,
 * and the report is written down.
 */
static void stop_workers(struct dp *d)
{
        for (int i = 0; i < 100 && d->check && d->store && d->verify && d->read && (outstanding(d) || i < 3); i++) {
                workers_drain(d->check);
                workers_drain(d->store);
                workers_drain(d->verify);
                workers_drain(d->read);
                loop_run_once(d->loop);
        }
        workers_free(d->check);
        workers_free(d->store);
        workers_free(d->verify);
        workers_free(d->read);
        d->check = d->store = d->verify = d->read = NULL;
        orders_stop(d);                 /* those whose reports wait on disk */
}

void dp_free(struct dp *d)
{
        if (!d)
                return;
        d->stopping = true;
        link_stop(d);
        mail_stop(d);
        schedule_stop(d);
        renew_stop(d);
        progress_stop(d);
        orders_stop(d);
        stop_workers(d);
        schedule_free(d);
        gc_stop(d);
        mail_free(d);
        unfinished_free(d);
        serve_free(d);
        loop_timer_free(d->link.timer);
        fetch_pool_free(d->pool);
        blocks_fini(&d->blocks);
        cas_writer_free(d->writer);
        cas_close(d->cas);
        hasher_free(d->check_hasher);
        closep(&d->outbox_fd);
        closep(&d->dir_fd);
        free(d->dir);
        free(d->site_url);
        free(d->ca_file);
        free(d->cert_file);
        free(d->key_file);
        free(d->name);
        free(d->public_host);
        free(d);
}

void dp_get_stats(const struct dp *d, struct dp_stats *out)
{
        *out = (struct dp_stats){
                .connected = d->link.state == LINK_UP,
                .letters = mail_count(d),
                .bytes_received = d->bytes_received,
                .polls = d->link.polls,
        };
        for (struct list *n = d->orders.next; n != &d->orders; n = n->next)
                out->orders++;
}

int dp_reload_identity(struct dp *d, struct err *e)
{
        struct fetch_pool *fresh = NULL, *old = d->pool;
        int r = open_pool(d, &fresh, e);

        if (r < 0)
                return r;
        link_stop(d);
        d->pool = fresh;
        fetch_pool_free(old);           /* what ran on it begins again on the new one */
        link_resume(d);
        return 0;
}
