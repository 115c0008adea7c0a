/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/private.h"

#include <errno.h>
#include <pwd.h>
#include <sys/eventfd.h>
#include "os/os.h"

#define LOG "consumer"
enum { POSITION_MS = 60000 };

/* ---- places ---- */

static bool has_place(const struct consumers *c, const struct delivery *d)
{
        unsigned half = MAX(c->o.max_deliveries / 2, 1);

        return c->running[d->sink] < c->o.max_deliveries && (!d->tries || c->retrying[d->sink] < half);
}

static void pump(struct consumers *c)
{
        struct list *at, *tmp;

        for (unsigned s = 0; s < SINKS && !c->ending; s++) {
                list_for_each(at, &c->ready[s], tmp) {
                        struct binding *b = list_entry(at, struct binding, ready);

                        if (!has_place(c, b->hand))
                                continue;
                        list_del(&b->ready);
                        delivery_start(b->hand);
                }
        }
}

static void on_soon(void *arg)
{
        struct consumers *c = arg;
        struct list *at, *tmp;

        if (c->ended)
                return;
        list_for_each(at, &c->bindings, tmp)
                binding_go_on(list_entry(at, struct binding, link));
        pump(c);
        store_cursors(c);
}

void consumers_soon(struct consumers *c)
{
        if (!c->ended)
                loop_soon_ask(c->soon);
}

static void on_minute(void *arg)
{
        struct consumers *c = arg;
        struct list *at, *tmp;

        list_for_each(at, &c->bindings, tmp)
                binding_position(list_entry(at, struct binding, link));
        store_cursors(c);
}

/* ---- definitions ---- */

static struct binding *binding_of(struct consumers *c, int64_t id)
{
        struct list *at, *tmp;

        list_for_each(at, &c->bindings, tmp) {
                struct binding *b = list_entry(at, struct binding, link);

                if (b->def->id == id)
                        return b;
        }
        return NULL;
}

/* What a worker does, or has just done, is not in vain. */
static bool is_at_work(const struct binding *b)
{
        return b->hand && (b->ended || (b->hand->running && !b->hand->fetch));
}

/* The same binding stays as it is; one that was changed begins anew where the old one was. */
static bool adopt_one(struct consumers *c, const struct model_subscription *s)
{
        struct definition *def = definition_new(s);
        struct binding *b = binding_of(c, s->id);
        int64_t cursor = b ? MAX(b->cursor, s->cursor) : s->cursor;
        int r = def ? 0 : -1;

        if (b && def && str_eq(def->print, b->def->print)) {
                b->marked = true;
        } else if (b && def && is_at_work(b)) {
                b->marked = b->stale = true;
        } else if (def) {
                if (b)
                        binding_free(b);
                r = binding_new(&b, c, def, cursor, s->failed);
                if (r == 0)
                        b->marked = true;
        }
        definition_unref(def);
        return r == 0;
}

static void adopt(struct consumers *c, struct model_subscription *s, size_t n)
{
        struct list *at, *tmp;

        list_for_each(at, &c->bindings, tmp)
                list_entry(at, struct binding, link)->marked = false;
        for (size_t i = 0; i < n; i++) {
                if (!adopt_one(c, &s[i]))
                        log_error(LOG, "subscription of %.*s: out of memory; restart tallymand", STR_ARG(s[i].filter));
        }
        list_for_each(at, &c->bindings, tmp) {
                struct binding *b = list_entry(at, struct binding, link);

                if (!b->marked)
                        binding_free(b);
        }
}

static void read_done(struct consumers *c, struct model_subscription *s, size_t n, const struct err *e)
{
        c->reading = false;
        if (e->kind)
                log_error(LOG, "permanent subscriptions: %s", e->text);
        else if (!c->ended)
                adopt(c, s, n);
        if (!c->ended && c->again)
                consumers_read(c);
}

void consumers_read(struct consumers *c)
{
        c->again = c->reading;
        if (c->reading)
                return;
        c->reading = true;
        store_read(c, read_done);
}

static bool on_change(void *ctx, const struct model_change *ch)
{
        consumers_read(ctx);
        return true;
}

static void on_caught_up(void *ctx, int64_t seq)
{
        consumers_read(ctx);
}

static void on_gone(void *ctx, const struct err *e)
{
        log_error(LOG, "permanent subscriptions written from now on run after a restart: %s", e->text);
}

static int subscribe(struct consumers *c, struct err *e)
{
        static const char *const names[] = { "__EventFilter", "__FilterToConsumerBinding", "CommandLineEventConsumer",
                                             "LogFileEventConsumer", "SMTPEventConsumer", "TM_WebhookEventConsumer" };
        const struct cim_class *classes[ARRAY_SIZE(names)];
        struct event_sub_opts so = { .classes = classes, .n_classes = ARRAY_SIZE(names), .from = EVENT_FROM_NOW,
                                     .deliver = on_change, .caught_up = on_caught_up, .gone = on_gone, .ctx = c };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                classes[i] = cim_class_find(str_of(names[i]));
        return event_subscribe(&c->sub, c->o.hub, &so, e);
}

/* ---- settings ---- */

static int keep_texts(struct consumers *c, struct err *e)
{
        const char **texts[] = { &c->o.site_code, &c->o.server_name, &c->o.log_folder, &c->o.command_user, &c->o.smtp_server,
                                 &c->o.ca_file };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                c->texts[i] = str_dup(str_of(*texts[i] ? *texts[i] : ""));
                if (!c->texts[i])
                        return err_set(e, ERR_NOMEM, "out of memory");
                *texts[i] = c->texts[i];
        }
        return 0;
}

static int find_user(struct consumers *c, struct err *e)
{
        const struct passwd *p;

        c->must_refuse = geteuid() == 0 && !c->o.command_user[0];
        if (!c->o.command_user[0])
                return 0;
        p = getpwnam(c->o.command_user);
        if (!p)
                return err_set(e, ERR_INVALID, "setting command_user: there is no user %s", c->o.command_user);
        if (p->pw_uid == 0 || p->pw_gid == 0)
                return err_set(e, ERR_INVALID, "setting command_user: %s is root; name a user who may do nothing else", c->o.command_user);
        if (geteuid() != 0 && p->pw_uid != geteuid())
                return err_set(e, ERR_INVALID, "setting command_user: only root can become %s; leave it empty to run commands as "
                               "the user tallymand runs as", c->o.command_user);
        c->can_switch = geteuid() == 0;
        c->uid = p->pw_uid;
        c->gid = p->pw_gid;
        return 0;
}

static int read_networks(struct networks *out, const char *const *texts, size_t n, const char *setting, struct err *e)
{
        int r = 0;

        for (size_t i = 0; i < n && r == 0; i++)
                r = networks_add(out, str_of(texts[i]), e);
        return r < 0 ? err_prefix(e, "setting %s", setting) : 0;
}

static int find_networks(struct consumers *c, const struct consumer_opts *o, struct err *e)
{
        int r = read_networks(&c->web_networks, o->webhook_networks, o->n_webhook_networks, "webhook_networks", e);

        return r < 0 ? r : read_networks(&c->mail_networks, o->smtp_networks, o->n_smtp_networks, "smtp_networks", e);
}

static bool allow(void *ctx, const struct sockaddr *to)
{
        return networks_allow(ctx, to);
}

/* ---- life ---- */

static int make(struct consumers *c, struct err *e)
{
        const struct fetch_pool_opts fo = { .ca_file = c->o.ca_file, .connect_timeout_s = 10, .allow = allow,
                                            .allow_ctx = &c->web_networks };
        const struct fetch_pool_opts mo = { .ca_file = c->o.ca_file, .connect_timeout_s = 10, .allow = allow,
                                            .allow_ctx = &c->mail_networks };
        const struct fetch_pool_opts ro = { .ca_file = c->o.ca_file, .connect_timeout_s = 10 };
        int r;

        if (loop_soon_new(&c->soon, c->o.loop, on_soon, c) < 0 || loop_timer_new(&c->minute, c->o.loop, on_minute, c) < 0)
                return err_set(e, ERR_NOMEM, "out of memory");
        c->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (c->stop_fd < 0)
                return err_sys(e, errno, "make an event descriptor");
        r = workers_new(&c->files, c->o.loop, "eventlog", 1);
        if (r == 0)
                r = workers_new(&c->commands, c->o.loop, "eventcmd", MIN(c->o.max_deliveries, COMMAND_THREADS));
        if (r < 0)
                return err_sys(e, -r, "start threads");
        r = fetch_pool_new(&c->web, c->o.loop, &fo, e);
        if (r == 0)
                r = fetch_pool_new(&c->mail, c->o.loop, &mo, e);
        if (r == 0)
                r = fetch_pool_new(&c->relay, c->o.loop, &ro, e);
        return r < 0 ? r : subscribe(c, e);
}

int consumers_new(struct consumers **out, const struct consumer_opts *o, struct err *e)
{
        struct consumers *c = calloc(1, sizeof(*c));
        int r;

        *out = NULL;
        if (!c)
                return err_set(e, ERR_NOMEM, "out of memory");
        c->o = *o;
        c->o.webhook_networks = c->o.smtp_networks = NULL;
        c->stop_fd = -1;
        list_init(&c->bindings);
        for (unsigned s = 0; s < SINKS; s++)
                list_init(&c->ready[s]);
        r = keep_texts(c, e);
        if (r == 0)
                r = find_user(c, e);
        if (r == 0)
                r = find_networks(c, o, e);
        if (r == 0)
                r = make(c, e);
        if (r < 0) {
                consumers_free(c);
                return r;
        }
        loop_timer_start(c->minute, POSITION_MS, POSITION_MS);
        *out = c;
        return 0;
}

static bool is_idle(const struct consumers *c)
{
        for (unsigned s = 0; s < SINKS; s++) {
                if (c->running[s])
                        return false;
        }
        return !c->n_jobs;
}

/* Lines that are being written count as delivered; what takes longer comes again after the next start. */
static void settle(struct consumers *c)
{
        struct list *at, *tmp;

        while (c->running[SINK_LOG])
                loop_run_once(c->o.loop);
        while (c->n_jobs)
                loop_run_once(c->o.loop);
        list_for_each(at, &c->bindings, tmp)
                binding_go_on(list_entry(at, struct binding, link));
        store_cursors(c);
        while (c->n_jobs)
                loop_run_once(c->o.loop);
}

void consumers_free(struct consumers *c)
{
        if (!c)
                return;
        c->ending = true;
        settle(c);
        c->ended = true;
        event_unsubscribe(c->sub);
        while (!list_empty(&c->bindings))
                binding_free(list_entry(c->bindings.next, struct binding, link));
        if (c->stop_fd >= 0)
                (void)!eventfd_write(c->stop_fd, 1);
        workers_free(c->commands);
        workers_free(c->files);
        while (!is_idle(c))
                loop_run_once(c->o.loop);
        fetch_pool_free(c->web);
        fetch_pool_free(c->mail);
        fetch_pool_free(c->relay);
        loop_soon_free(c->soon);
        loop_timer_free(c->minute);
        closep(&c->stop_fd);
        for (size_t i = 0; i < ARRAY_SIZE(c->texts); i++)
                free(c->texts[i]);
        free(c);
}
