/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"
#include "accounts.h"
#include <stdio.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include "auth/token.h"
#include "consumer/consumer.h"
#include "dcom_wire.h"
#include "distmgr/distmgr.h"
#include "event/timers.h"
#include "httpd/httpd.h"
#include "model/sql_site.h"
#include "os/os.h"
#include "provider/provider.h"
#include "rest/rest.h"
#include "wql/sql.h"

#define LOG "tallymand"
enum { MAX_LISTENERS = 20, TOKEN_DAYS = 7, STOP_TICK_MS = 10, STOP_PATIENCE_MS = 5000 };

struct daemon {
        const struct conf_site *cfg;
        struct setup *setup;
        struct loop *loop;
        struct db *db;
        struct cas *cas;
        struct event_hub *events;
        struct event_engine *engine;
        struct event_timers *timers;
        struct consumers *consumers;
        struct event_sub *sub;
        struct distmgr *distmgr;
        struct provider *provider;
        struct accounts *accounts;
        struct rest *rest;
        struct dcom_wire *dcom;
        struct http_route *routes;
        struct http_router router;
        struct httpd *listeners[MAX_LISTENERS];
        size_t n_listeners;
        struct site_actions actions;
        uint8_t ca_sha256[PKI_SHA256_LEN];
        struct loop_timer *stop_timer;
        unsigned stop_ms;
};

/* ---- actions ---- */

static int new_token(void *ctx, struct str dp_name, struct arena *a, struct str *token_out, struct hash_id *hash_out,
                     int64_t *expires_us_out, struct err *e)
{
        struct daemon *d = ctx;
        char text[TOKEN_TEXT_MAX];
        struct token t;
        int r = token_make(&t, dp_name, d->ca_sha256, e);

        if (r < 0)
                return r;
        token_format(&t, text);
        token_hash(&t, hash_out->b);
        *token_out = arena_str(a, str_of(text));
        *expires_us_out = os_now_us() + TOKEN_DAYS * 86400 * US_PER_SECOND;
        return token_out->p ? 0 : err_set(e, ERR_NOMEM, "out of memory");
}

static void verify(void *ctx, bool deep, site_verify_done done, void *arg)
{
        struct daemon *d = ctx;

        distmgr_verify(d->distmgr, deep, done, arg);
}

static bool ready(void *ctx, struct err *e)
{
        struct daemon *d = ctx;
        struct distmgr_status s;

        distmgr_status(d->distmgr, &s);
        if (s.n_differences)
                (void)err_set(e, ERR_CORRUPT, "the background audit found %llu differences, the first: %s; run tallyman verify",
                              (unsigned long long)s.n_differences, s.difference);
        return s.n_differences == 0;
}

static void on_rest_logon(void *ctx, const char *name, const char *address, bool right)
{
        accounts_note_logon(((struct daemon *)ctx)->accounts, "rest", name, address, right);
}

/* ---- changes reach the Distribution Manager ---- */

static bool on_change(void *ctx, const struct model_change *c)
{
        struct daemon *d = ctx;

        distmgr_changed(d->distmgr, c);
        if (str_eqz(c->class_name, "TM_User"))
                accounts_changed(d->accounts);
        return true;
}

static int subscribe(struct daemon *d, struct err *e);

static void resubscribe(void *arg)
{
        struct daemon *d = arg;
        struct err e = { 0 };

        event_unsubscribe(d->sub);
        d->sub = NULL;
        if (subscribe(d, &e) < 0)
                log_error(LOG, "changes no longer reach the Distribution Manager: %s; restart tallymand", e.text);
        distmgr_changed(d->distmgr, NULL);
        accounts_changed(d->accounts);
}

static void on_gone(void *ctx, const struct err *e)
{
        struct daemon *d = ctx;

        log_warn(LOG, "change log: %s", e->text);
        loop_post(d->loop, resubscribe, d);
}

static int subscribe(struct daemon *d, struct err *e)
{
        /* What on_change() looks at; of other classes nothing is read on its account. */
        static const char *const names[] = { "SMS_DistributionJob", "TM_DistributionPoint", "SMS_Advertisement", "SMS_Package",
                                             "TM_User" };
        const struct cim_class *classes[ARRAY_SIZE(names)];
        struct event_sub_opts o = { .classes = classes, .n_classes = ARRAY_SIZE(names), .from = EVENT_FROM_NOW,
                                    .deliver = on_change, .gone = on_gone, .ctx = d };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                classes[i] = cim_class_find(str_of(names[i]));
        return event_subscribe(&d->sub, d->events, &o, e);
}

static void committed(void *ctx, struct db_conn *c)
{
        event_hub_committed(((struct daemon *)ctx)->events);
}

/* ---- construction ---- */

static int make_storage(struct daemon *d, struct err *e)
{
        struct cas_opts co = {
                .pack_bytes = (uint64_t)d->cfg->pack_size_bytes, .reserve_bytes = (uint64_t)d->cfg->library_reserve_bytes,
        };
        struct db_opts o = {
                .path = d->setup->database, .schema = &sql_site, .readers = (unsigned)d->cfg->db_readers,
                .extension = &wql_sql_extension, .after_commit = committed, .ctx = d,
        };
        int r = cas_open(&d->cas, d->setup->library, &co, e);

        if (r < 0)
                return err_prefix(e, "content library %s", d->setup->library);
        r = db_open(&d->db, d->loop, &o, e);
        if (r < 0)
                return err_prefix(e, "site database %s", d->setup->database);
        r = event_hub_new(&d->events, d->loop, d->db, e);
        return r < 0 ? r : accounts_new(&d->accounts, d->db, &d->setup->users, e);
}

static int make_events(struct daemon *d, struct err *e)
{
        struct event_engine_opts o = {
                .loop = d->loop, .hub = d->events, .spacing_us = d->cfg->event_spacing_s * US_PER_SECOND,
                .interval = d->cfg->event_delivery == CONF_DELIVERY_INTERVAL,
        };
        int r = event_engine_new(&d->engine, &o, e);
        struct event_timers_opts to = { .loop = d->loop, .db = d->db, .hub = d->events, .engine = d->engine };

        return r < 0 ? r : event_timers_new(&d->timers, &to, e);
}

static int make_consumers(struct daemon *d, struct err *e)
{
        static const enum fetch_tls tls[] = { [CONF_TLS_NO] = FETCH_TLS_NO, [CONF_TLS_TRY] = FETCH_TLS_TRY,
                                              [CONF_TLS_REQUIRE] = FETCH_TLS_REQUIRED };
        const struct conf_site *c = d->cfg;
        char host[256] = "localhost";
        struct consumer_opts o = {
                .loop = d->loop, .db = d->db, .hub = d->events, .engine = d->engine,
                .site_code = c->site_code, .server_name = c->server_name.n ? c->server_name.items[0] : host,
                .retry = { (unsigned)c->consumer_tries, c->consumer_retry_first_s * US_PER_SECOND,
                           c->consumer_retry_longest_s * US_PER_SECOND },
                .max_deliveries = (unsigned)c->consumer_max, .log_folder = c->consumer_log_folder,
                .command_user = c->command_user, .command_timeout_s = c->command_timeout_s,
                .smtp_server = c->smtp_server, .smtp_tls = tls[c->smtp_tls], .ca_file = c->consumer_ca_file,
                .webhook_http = c->webhook_http,
                .webhook_networks = (const char *const *)c->webhook_networks.items, .n_webhook_networks = c->webhook_networks.n,
                .smtp_networks = (const char *const *)c->smtp_networks.items, .n_smtp_networks = c->smtp_networks.n,
        };

        (void)gethostname(host, sizeof(host) - 1);
        return consumers_new(&d->consumers, &o, e);
}

static int make_distmgr(struct daemon *d, struct err *e)
{
        const struct conf_site *c = d->cfg;
        struct distmgr_opts o = {
                .loop = d->loop, .db = d->db, .cas = d->cas, .ca = &d->setup->ca,
                .plain_peers = c->plain_dp_port != 0,
                .max_packages = (unsigned)c->max_packages,
                .max_dps_per_package = (unsigned)c->max_dps_per_package,
                .max_snapshots = (unsigned)c->max_snapshots,
                .snapshot_threads = (unsigned)c->snapshot_threads,
                .refuse_case_collisions = c->refuse_case_collisions,
                .library_keep_versions = (unsigned)c->library_keep_versions,
                .retry = { (uint32_t)c->retries, c->retry_delay_s * US_PER_SECOND, (uint32_t)c->retry_jitter_percent },
                .dp_offline_grace_us = c->dp_offline_grace_s * US_PER_SECOND,
                .job_stall_timeout_us = c->job_stall_timeout_s * US_PER_SECOND,
                .clock_skew_limit_us = c->clock_skew_limit_s * US_PER_SECOND,
                .audit_interval_us = c->audit_interval_s * US_PER_SECOND,
                .change_log_keep = c->change_log_keep,
                .verify_timeout_us = c->verify_timeout_s * US_PER_SECOND,
                .gc_interval_us = c->gc_interval_s * US_PER_SECOND,
                .order_wait_us = c->order_wait_s * US_PER_SECOND,
        };
        int r = distmgr_new(&d->distmgr, &o, e);

        return r < 0 ? r : subscribe(d, e);
}

static int make_rest(struct daemon *d, struct err *e)
{
        struct provider_opts po = { .loop = d->loop, .db = d->db, .actions = &d->actions,
                                    .query_timeout_s = d->cfg->query_timeout_s };
        struct rest_opts ro = {
                .loop = d->loop, .db = d->db, .events = d->events, .engine = d->engine, .users = accounts_list(d->accounts),
                .own_uid = geteuid(),
                .ready = ready, .logon = on_rest_logon, .ctx = d,
        };
        int r;

        d->actions = (struct site_actions){ .ctx = d, .new_token = new_token, .verify = verify };
        r = pki_sha256_pem(str_of(d->setup->ca.cert_pem), d->ca_sha256, e);
        if (r >= 0)
                r = provider_new(&d->provider, &po, e);
        if (r < 0)
                return r;
        ro.provider = d->provider;
        return rest_new(&d->rest, &ro, e);
}

static int make_dcom(struct daemon *d, struct err *e)
{
        struct dcom_wire_opts o = { .loop = d->loop, .cfg = d->cfg, .provider = d->provider, .engine = d->engine,
                                    .accounts = d->accounts };

        return dcom_wire_new(&d->dcom, &o, e);
}

static int make_router(struct daemon *d, struct err *e)
{
        size_t n_rest, n_dp;
        const struct http_route *rest = rest_routes(d->rest, &n_rest), *dp = distmgr_routes(d->distmgr, &n_dp);

        d->routes = calloc(n_rest + n_dp, sizeof(*d->routes));
        if (!d->routes)
                return err_set(e, ERR_NOMEM, "out of memory");
        memcpy(d->routes, rest, n_rest * sizeof(*rest));
        memcpy(d->routes + n_rest, dp, n_dp * sizeof(*dp));
        d->router = (struct http_router){ d->routes, n_rest + n_dp };
        return 0;
}

static int listen_on(struct daemon *d, const char *address, int port, bool tls, struct err *e)
{
        struct httpd_opts o = { .address = address, .port = (uint16_t)port, .router = &d->router };
        int r;

        if (d->n_listeners == MAX_LISTENERS)
                return err_set(e, ERR_INVALID, "too many addresses to listen on");
        if (tls) {
                o.cert_pem = d->setup->server.cert_pem;
                o.key_pem = d->setup->server.key_pem;
                o.client_ca_pem = d->setup->ca.cert_pem;
        }
        r = httpd_new(&d->listeners[d->n_listeners], d->loop, &o, e);
        if (r < 0)
                return r;
        d->n_listeners++;
        if (port)
                log_info(LOG, "listening on %s port %d", address, port);
        else
                log_info(LOG, "listening on %s", address);
        return 0;
}

static int make_listeners(struct daemon *d, struct err *e)
{
        char path[160];
        int r;

        snprintf(path, sizeof(path), "unix:%s", d->cfg->socket_path);
        r = listen_on(d, path, 0, false, e);
        for (size_t i = 0; r >= 0 && i < d->cfg->address.n; i++)
                r = listen_on(d, d->cfg->address.items[i], d->cfg->https_port, true, e);
        if (r >= 0 && d->cfg->plain_dp_port)
                r = listen_on(d, "127.0.0.1", d->cfg->plain_dp_port, false, e);
        return r;
}

/* ---- stopping ---- */

static void close_listeners(struct daemon *d)
{
        while (d->n_listeners)
                httpd_free(d->listeners[--d->n_listeners]);
}

/* First what was begun gets its answer, then the listeners close, then everything in flight comes home. */
static void stop_tick(void *arg)
{
        struct daemon *d = arg;

        d->stop_ms += STOP_TICK_MS;
        if (d->n_listeners && (distmgr_settled(d->distmgr) || d->stop_ms >= STOP_PATIENCE_MS))
                close_listeners(d);
        else if (!d->n_listeners && distmgr_idle(d->distmgr))
                loop_stop(d->loop);
}

static void on_terminate(void *arg)
{
        struct daemon *d = arg;

        (void)sd_notify(0, "STOPPING=1");
        distmgr_stop(d->distmgr);
        dcom_wire_stop(d->dcom);
        loop_timer_start(d->stop_timer, STOP_TICK_MS, STOP_TICK_MS);
}

/* As many connections as the hard limit allows, and nothing that was not asked for. */
static void raise_limits(void)
{
        struct rlimit l;

        if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
                l.rlim_cur = MIN(l.rlim_max, (rlim_t)262144);
                (void)setrlimit(RLIMIT_NOFILE, &l);
        }
}

int daemon_new(struct daemon **out, const struct conf_site *cfg, struct setup *s, struct err *e)
{
        struct daemon *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return err_set(e, ERR_NOMEM, "out of memory");
        d->cfg = cfg;
        d->setup = s;
        raise_limits();
        r = loop_new(&d->loop);
        if (r < 0 || loop_timer_new(&d->stop_timer, d->loop, stop_tick, d) < 0) {
                daemon_free(d);
                return err_set(e, ERR_NOMEM, "out of memory");
        }
        r = make_storage(d, e);
        if (r >= 0)
                r = make_events(d, e);
        if (r >= 0)
                r = make_distmgr(d, e);
        if (r >= 0)
                r = make_consumers(d, e);
        if (r >= 0)
                r = make_rest(d, e);
        if (r >= 0)
                r = make_router(d, e);
        if (r >= 0)
                r = make_listeners(d, e);
        if (r >= 0)
                r = make_dcom(d, e);
        if (r < 0) {
                daemon_free(d);
                return r;
        }
        *out = d;
        return 0;
}

void daemon_run(struct daemon *d)
{
        loop_on_terminate(d->loop, on_terminate, d);
        distmgr_start(d->distmgr);
        (void)sd_notify(0, "READY=1");
        log_info(LOG, "site %s is ready", d->cfg->site_code);
        loop_run(d->loop);
        log_info(LOG, "site %s has stopped", d->cfg->site_code);
}

/* Callbacks of jobs that ended while their owner waited for them. */
static void drain(struct daemon *d)
{
        for (int i = 0; d->loop && i < 8; i++)
                loop_run_once(d->loop);
}

void daemon_free(struct daemon *d)
{
        if (!d)
                return;
        close_listeners(d);
        dcom_wire_close(d->dcom);
        drain(d);
        event_unsubscribe(d->sub);
        consumers_free(d->consumers);
        event_timers_free(d->timers);
        event_engine_free(d->engine);
        event_hub_free(d->events);
        db_close(d->db);
        drain(d);
        rest_free(d->rest);
        dcom_wire_free(d->dcom);
        provider_free(d->provider);
        distmgr_free(d->distmgr);
        cas_close(d->cas);
        accounts_free(d->accounts);
        free(d->routes);
        if (d->stop_timer)
                loop_timer_free(d->stop_timer);
        loop_free(d->loop);
        free(d);
}
