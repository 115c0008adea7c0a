/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the DP has to say, one letter after the other, until the site says 200.
 * Letters that tell of a change on disk are files of outbox/ before they are
 * sent and until they were acknowledged, so they survive us.  An inventory's body
 * is made when its turn comes, on the worker that commits: so no report of a
 * later commit can overtake an inventory that does not know it.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include "dp/internal.h"
#include "os/os.h"

struct letter {
        struct list link;
        struct dp *dp;
        uint64_t seq;
        uint64_t order;
        bool inventory;
        bool ready;                     /* written down, if it is to be */
        bool stored;                    /* a file bears it */
        struct buf body;
        struct job job;
        int r;
        struct err err;
};

static void letter_name(const struct letter *l, char out[32])
{
        snprintf(out, 32, "%020" PRIu64 ".json", l->seq);
}

static void letter_free(struct letter *l)
{
        list_del(&l->link);
        buf_fini(&l->body);
        free(l);
}

static struct letter *letter_new(struct dp *d, uint64_t order)
{
        struct letter *l = calloc(1, sizeof(*l));

        if (!l)
                return NULL;
        l->dp = d;
        l->seq = d->mail.next_seq++;
        l->order = order;
        buf_init(&l->body, DPWIRE_INVENTORY_BODY);
        list_push_back(&d->mail.letters, &l->link);
        return l;
}

static struct letter *first(const struct dp *d)
{
        return list_empty(&d->mail.letters) ? NULL : list_entry(d->mail.letters.next, struct letter, link);
}

/* ---- store worker ---- */

static void write_work(struct job *j)
{
        struct letter *l = container_of(j, struct letter, job);
        char name[32];

        letter_name(l, name);
        l->r = os_write_file(l->dp->outbox_fd, name, l->body.p, l->body.n, 0600, &l->err);
}

static void remove_work(struct job *j)
{
        struct letter *l = container_of(j, struct letter, job);
        char name[32];

        letter_name(l, name);
        if (os.unlinkat(l->dp->outbox_fd, name, 0) < 0 && errno != ENOENT)
                log_warn("dp", "outbox/%s: %s; it will be sent again after a restart", name, strerror(errno));
}

static void inventory_work(struct job *j)
{
        struct letter *l = container_of(j, struct letter, job);

        buf_reset(&l->body);
        l->r = inventory_body(l->dp, l->order, &l->body, &l->err);
}

/* ---- sending ---- */

static void pump(struct dp *d);

static void write_done(struct job *j)
{
        struct letter *l = container_of(j, struct letter, job);
        struct dp *d = l->dp;

        d->mail.jobs--;
        l->stored = l->r >= 0;
        l->ready = true;
        if (!l->stored)
                log_warn("dp", "a report is not written down and would be lost with this process: %s", l->err.text);
        pump(d);
}

static void remove_done(struct job *j)
{
        struct letter *l = container_of(j, struct letter, job);

        l->dp->mail.jobs--;
        letter_free(l);
}

static void inventory_done(struct job *j)
{
        struct letter *l = container_of(j, struct letter, job);
        struct dp *d = l->dp;

        d->mail.jobs--;
        d->mail.preparing = false;
        if (l->r < 0) {
                log_error("dp", "inventory: %s", l->err.text);
                err_clear(&l->err);
                loop_timer_start(d->mail.timer, (uint64_t)backoff_next(&d->mail.backoff), 0);
                return;
        }
        l->ready = true;
        pump(d);
}

static void submit(struct letter *l, void (*work)(struct job *), void (*done)(struct job *))
{
        l->job.work = work;
        l->job.done = done;
        l->dp->mail.jobs++;
        workers_submit(l->dp->store, &l->job);
}

static void delivered(struct dp *d, struct letter *l)
{
        uint64_t order = l->order;

        backoff_reset(&d->mail.backoff);
        list_del(&l->link);             /* remove_done() frees it wherever it is */
        if (l->stored)
                submit(l, remove_work, remove_done);
        else
                letter_free(l);
        orders_acked(d, order);
        pump(d);
}

static void posted(void *ctx, int status, struct str body, const struct err *e)
{
        struct dp *d = ctx;
        struct letter *l = first(d);
        bool applied, inventory = l && l->inventory;
        struct err ignored = { 0 };

        d->mail.post = NULL;
        if (!l)
                return;
        if (e->kind == ERR_NONE && status / 100 == 2) {
                if (!inventory && dpwire_reported_decode(body, &applied, &ignored) == 0 && !applied)
                        log_info("dp", "the site has no more use for the report on order %" PRIu64, l->order);
                delivered(d, l);
                return;
        }
        if (e->kind == ERR_NONE && (status == 400 || status == 404 || status == 409 || status == 413 || status == 422)) {
                log_error("dp", "the site refuses %s with %d: %.*s", inventory ? "an inventory" : "a report", status,
                          (int)MIN(body.n, (size_t)400), body.p ? body.p : "");
                delivered(d, l);
                return;
        }
        if (inventory)
                l->ready = false;       /* what is held may have changed when it is sent again */
        loop_timer_start(d->mail.timer, (uint64_t)backoff_next(&d->mail.backoff), 0);
}

static void post(struct dp *d, struct letter *l)
{
        static const char *const headers[] = { "Content-Type: " DPWIRE_TYPE_JSON, NULL };
        struct fetch_req q = {
                .method = "POST", .headers = headers, .body = buf_str(&l->body), .done = posted, .ctx = d,
                .body_limit = DPWIRE_SMALL_BODY,
        };
        char *url = dp_url(d, "%s", l->inventory ? DPWIRE_PATH_INVENTORY : DPWIRE_PATH_REPORT);
        struct err e = { 0 };

        q.url = url;
        if (!url || fetch_start(&d->mail.post, d->pool, &q, &e) < 0)
                loop_timer_start(d->mail.timer, (uint64_t)backoff_next(&d->mail.backoff), 0);
        free(url);
}

static void pump(struct dp *d)
{
        struct letter *l = first(d);

        if (!l || d->stopping || d->mail.post || d->mail.preparing || d->link.state != LINK_UP)
                return;
        loop_timer_stop(d->mail.timer);
        if (l->ready) {
                post(d, l);
        } else if (l->inventory) {
                d->mail.preparing = true;
                submit(l, inventory_work, inventory_done);
        }
}

static void retry(void *dp)
{
        pump(dp);
}

void mail_kick(struct dp *d)
{
        backoff_reset(&d->mail.backoff);
        pump(d);
}

/* ---- writing ---- */

void mail_report(struct dp *d, const struct dpwire_report *r, bool store)
{
        struct letter *l = letter_new(d, r->order);

        if (l)
                dpwire_report_encode(&l->body, r);
        if (!l || l->body.failed) {
                log_error("dp", "out of memory: a report on package %s is lost; the site will ask again", r->package);
                if (l)
                        letter_free(l);
                orders_acked(d, r->order);
                return;
        }
        l->ready = !store;
        if (store)
                submit(l, write_work, write_done);
        pump(d);
}

void mail_inventory(struct dp *d, uint64_t order)
{
        struct letter *l = letter_new(d, order);

        if (l)
                l->inventory = true;
        pump(d);
}

/* ---- what an earlier life left ---- */

static int by_name(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void take_over(struct dp *d, const char *name)
{
        struct dpwire_report r;
        struct err e = { 0 };
        struct arena a;
        char *text = NULL;
        struct letter *l;
        uint64_t seq = 0;
        size_t n = 0;

        arena_init(&a, 4 << 20);
        if (strlen(name) != 25 || str_to_u64((struct str){ name, 20 }, &seq) != 0 ||
            os_read_file(d->outbox_fd, name, DPWIRE_SMALL_BODY, &text, &n, &e) < 0 ||
            dpwire_report_decode(&a, (struct str){ text, n }, &r, &e) < 0) {
                log_warn("dp", "outbox/%s is no report and is left where it is: %s", name, e.text);
        } else {
                d->mail.next_seq = MAX(d->mail.next_seq, seq);
                l = letter_new(d, r.order);
                if (l) {
                        buf_add(&l->body, text, n);
                        l->ready = l->stored = true;
                }
        }
        free(text);
        arena_fini(&a);
}

static int read_outbox(struct dp *d, struct err *e)
{
        char **names = NULL;
        size_t n = 0, cap = 0;
        struct dirent *de;
        int fd = os.openat(d->outbox_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        DIR *dir = fd >= 0 ? os.fdopendir(fd) : NULL;

        if (!dir)
                return err_sys(e, errno, "read %s/outbox", d->dir);
        while ((de = os.readdir(dir))) {
                if (de->d_name[0] == '.' || !str_ends(str_of(de->d_name), ".json"))
                        continue;
                if (n == cap) {
                        char **more = realloc(names, (cap = cap ? cap * 2 : 64) * sizeof(*names));

                        if (!more)
                                break;
                        names = more;
                }
                names[n] = str_dup(str_of(de->d_name));
                n += names[n] != NULL;
        }
        (void)os.closedir(dir);
        if (n)
                qsort(names, n, sizeof(*names), by_name);
        for (size_t i = 0; i < n; i++) {
                take_over(d, names[i]);
                free(names[i]);
        }
        free(names);
        return 0;
}

int mail_start(struct dp *d, struct err *e)
{
        int r;

        list_init(&d->mail.letters);
        d->mail.next_seq = 1;
        d->mail.backoff = (struct backoff){ d->set.retry_min_ms, d->set.retry_max_ms, 0 };
        r = loop_timer_new(&d->mail.timer, d->loop, retry, d);
        if (r < 0)
                return err_sys(e, -r, "start a timer");
        r = read_outbox(d, e);
        if (r == 0 && !list_empty(&d->mail.letters))
                log_info("dp", "%zu reports of an earlier run are still to be acknowledged", mail_count(d));
        return r;
}

void mail_stop(struct dp *d)
{
        if (d->mail.post)
                fetch_cancel(d->mail.post);
        d->mail.post = NULL;
        if (d->mail.timer)
                loop_timer_stop(d->mail.timer);
}

void mail_free(struct dp *d)
{
        struct list *n, *tmp;

        loop_timer_free(d->mail.timer);
        if (!d->mail.letters.next)
                return;
        list_for_each(n, &d->mail.letters, tmp) letter_free(list_entry(n, struct letter, link));
}

size_t mail_orders(const struct dp *d, uint64_t *ids, size_t cap)
{
        size_t n_ids = 0;

        for (struct list *n = d->mail.letters.next; n != &d->mail.letters && n_ids < cap; n = n->next)
                if (list_entry(n, struct letter, link)->order)
                        ids[n_ids++] = list_entry(n, struct letter, link)->order;
        return n_ids;
}

bool mail_has(const struct dp *d, uint64_t order)
{
        for (struct list *n = d->mail.letters.next; n != &d->mail.letters; n = n->next)
                if (list_entry(n, struct letter, link)->order == order)
                        return true;
        return false;
}

size_t mail_count(const struct dp *d)
{
        size_t n_letters = 0;

        for (struct list *n = d->mail.letters.next; n != &d->mail.letters; n = n->next)
                n_letters++;
        return n_letters;
}
