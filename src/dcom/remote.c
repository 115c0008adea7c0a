/* SPDX-License-Identifier: Apache-2.0 */
#include "dcom/remote_private.h"

#include <errno.h>
#include "os/os.h"

#define LOG "dcom"
enum { OP_RELEASE = 5, TIMEOUT_S = 30, STUB_MAX = 32 << 20 };

/* ---- calls ---- */

void remote_begin_stub(struct buf *b)
{
        struct ndr_out o = ndr_out_to(b);
        struct uuid causality;

        os_random(causality.b, sizeof causality.b);
        dcom_this_write(&o, &causality);
}

static void call_free(struct remote_call *c)
{
        list_del(&c->link);
        buf_fini(&c->stub);
        free(c);
}

static void call_end(struct remote_call *c, struct ndr_in *in, const char *why)
{
        void (*done)(void *arg, struct ndr_in *in, const char *why) = c->done;
        void *arg = c->arg;

        call_free(c);
        if (done)
                done(arg, in, why);
}

/* What is with rpc is freed when rpc has ended it; nobody hears of it. */
static void let_fly(struct remote_exporter *x)
{
        struct list *l;

        while ((l = list_pop_front(&x->flying)))
                list_entry(l, struct remote_call, link)->exporter = NULL;
        x->n_flying = x->n_abandoned = 0;
}

static void exporter_free(struct remote_exporter *x)
{
        let_fly(x);
        remote_link_drop(x->all, &x->resolver);
        remote_link_drop(x->all, &x->conn);
        remote_link_drop(x->all, &x->ping);
        list_del(&x->link);
        list_del(&x->due);
        x->all->n_exporters--;
        arena_fini(&x->arena);
        free(x->host);
        free(x);
}

/* When the last object is let go and the last call has ended. */
static void free_when_idle(struct remote_exporter *x)
{
        if (!x->refs && list_empty(&x->waiting) && list_empty(&x->flying))
                exporter_free(x);
}

/* Ends of calls may let objects go, or make new calls, which find the exporter anew. */
static void fail_all(struct remote_exporter *x, const char *why)
{
        struct list waiting = LIST_INIT(waiting), flying = LIST_INIT(flying), *l;

        while ((l = list_pop_front(&x->waiting)))
                list_push_back(&waiting, l);
        while ((l = list_pop_front(&x->flying)))
                list_push_back(&flying, l);
        x->n_flying = x->n_abandoned = 0;
        x->refs++;
        while ((l = list_pop_front(&flying))) {
                struct remote_call *c = list_entry(l, struct remote_call, link);

                c->exporter = NULL;
                if (c->done)
                        c->done(c->arg, NULL, why);
        }
        while (!list_empty(&waiting))
                call_end(list_entry(waiting.next, struct remote_call, link), NULL, why);
        x->refs--;
}

void remote_dead(struct remote_exporter *x, const char *why)
{
        log_info(LOG, "a client's object exporter %s: %s", x->host ? x->host : "", why);
        x->state = REMOTE_IDLE;
        remote_link_drop(x->all, &x->resolver);
        remote_link_drop(x->all, &x->conn);
        fail_all(x, why);
        free_when_idle(x);
}

static void answered(void *arg, const struct rpc_result *r)
{
        struct remote_call *c = arg;
        struct remote_exporter *x = c->exporter;
        struct ndr_in in = ndr_in_of(r->stub);
        const char *why = r->kind == RPC_RESULT_OK ? NULL : r->why;

        if (!x) {
                call_free(c);
                return;
        }
        if (r->kind == RPC_RESULT_LOST || r->kind == RPC_RESULT_CANCELLED) {
                remote_dead(x, why);    /* ends this call, too, and leaves it to us */
                call_free(c);
                return;
        }
        if (!why) {
                dcom_that_read(&in);
                why = ndr_in_ok(&in) ? NULL : "the answer is broken";
        }
        x->n_flying--;
        x->n_abandoned -= c->abandoned;
        x->refs++;
        call_end(c, &in, why);
        x->refs--;
        if (x->refs || !list_empty(&x->waiting))
                remote_go_on(x);
        else
                free_when_idle(x);
}

static void start_ticking(struct dcom_remotes *all)
{
        if (!all->ticking)
                loop_timer_start(all->tick, REMOTE_TICK_MS, REMOTE_TICK_MS);
        all->ticking = true;
}

void remote_go_on(struct remote_exporter *x)
{
        while (x->state == REMOTE_READY && x->n_flying - x->n_abandoned < REMOTE_IN_FLIGHT_MAX && !list_empty(&x->waiting)) {
                struct remote_call *c = list_entry(x->waiting.next, struct remote_call, link);

                c->since_us = os_mono_us();
                if (rpc_client_call(x->conn->client, c->iid, 0, 0, &c->ipid, c->opnum, buf_str(&c->stub), answered, c) < 0) {
                        remote_dead(x, "the connection has ended");
                        return;
                }
                list_del(&c->link);
                list_push_back(&x->flying, &c->link);
                x->n_flying++;
        }
}

/* In the loop's next turn, so that no end of a call is told before its maker knows of it. */
static void make_due(struct remote_exporter *x)
{
        list_del(&x->due);
        list_push_back(&x->all->due, &x->due);
        loop_soon_ask(x->all->soon);
}

static void on_soon(void *arg)
{
        struct dcom_remotes *all = arg;
        struct list *l;

        remote_reap(all);
        while ((l = list_pop_front(&all->due))) {
                struct remote_exporter *x = list_entry(l, struct remote_exporter, due);

                if (x->state == REMOTE_READY)
                        remote_go_on(x);
                else if (x->state == REMOTE_IDLE && !list_empty(&x->waiting))
                        remote_find(x);
        }
}

static struct remote_call *call_new(struct remote_exporter *x, const struct uuid *iid, const struct uuid *ipid, uint16_t opnum)
{
        struct remote_call *c = calloc(1, sizeof *c);

        if (!c)
                return NULL;
        *c = (struct remote_call){ .exporter = x, .iid = iid, .ipid = *ipid, .opnum = opnum };
        buf_init(&c->stub, STUB_MAX);
        remote_begin_stub(&c->stub);
        list_push_back(&x->waiting, &c->link);
        c->since_us = os_mono_us();
        start_ticking(x->all);
        make_due(x);
        return c;
}

int dcom_remote_call(struct dcom_remote *r, uint16_t opnum, struct str args,
                      void (*done)(void *arg, struct ndr_in *in, const char *why), void *arg)
{
        struct remote_exporter *x = r->exporter;
        struct remote_call *c = call_new(x, &r->iid, &r->std.ipid, opnum);

        if (!c)
                return -ENOMEM;
        c->remote = r;
        c->done = done;
        c->arg = arg;
        buf_adds(&c->stub, args);
        return 0;
}

/* ---- time ---- */

static void abandon(struct remote_exporter *x, struct remote_call *c)
{
        void (*done)(void *arg, struct ndr_in *in, const char *why) = c->done;

        c->abandoned = true;
        c->done = NULL;
        x->n_abandoned++;
        if (done)
                done(c->arg, NULL, "did not answer in time");
}

static void look_at(struct remote_exporter *x, int64_t now)
{
        int64_t limit = (int64_t)x->all->o.timeout_s * 1000000;
        struct list *l, *tmp;

        x->refs++;
        if ((x->state == REMOTE_RESOLVING || x->state == REMOTE_PROBING) && now - x->since_us > limit)
                remote_dead(x, "did not answer in time");
        list_for_each(l, &x->flying, tmp) {
                struct remote_call *c = list_entry(l, struct remote_call, link);

                if (!c->abandoned && now - c->since_us > limit) {
                        abandon(x, c);
                        break;          /* what it did to the list is not known; the next second has another look */
                }
        }
        if (x->n_abandoned > REMOTE_ABANDONED_MAX)
                remote_dead(x, "answers nothing any more");
        if (x->state == REMOTE_READY && now - x->pinged_us > (int64_t)REMOTE_PING_S * 1000000)
                remote_ping(x);
        x->refs--;
        if (!x->refs && x->n_abandoned == x->n_flying && list_empty(&x->waiting) && !list_empty(&x->flying))
                remote_dead(x, "nobody waits for it any more");
        else
                free_when_idle(x);
}

static void on_tick(void *arg)
{
        struct dcom_remotes *all = arg;
        int64_t now = os_mono_us();
        struct list *l, *tmp;

        list_for_each(l, &all->exporters, tmp)
                look_at(list_entry(l, struct remote_exporter, link), now);
        if (list_empty(&all->exporters)) {
                loop_timer_stop(all->tick);
                all->ticking = false;
        }
}

/* ---- objects ---- */

/* Its addresses; those it calls from come first. */
static void take_addresses(struct remote_exporter *x, const struct dcom_dualstring *d, const char *peer)
{
        for (int pass = 0; pass < 2; pass++) {
                for (size_t i = 0; i < d->n_strings && x->n_resolvers < REMOTE_ADDRESSES_MAX; i++) {
                        struct str host;
                        uint16_t port;

                        if (d->strings[i].tower != DCOM_TOWER_TCP ||
                            dcom_address_split(d->strings[i].address, REMOTE_RESOLVER_PORT, &host, &port) < 0 ||
                            str_eqz(host, peer) != (pass == 0))
                                continue;
                        host = arena_str(&x->arena, host);
                        if (!host.p)
                                return;
                        x->resolvers[x->n_resolvers].host = host;
                        x->resolvers[x->n_resolvers++].port = port;
                }
        }
}

static struct remote_exporter *exporter_get(struct dcom_remotes *all, const struct dcom_objref *ref, const char *peer)
{
        struct remote_exporter *x;
        struct list *l, *tmp;

        list_for_each(l, &all->exporters, tmp) {
                x = list_entry(l, struct remote_exporter, link);
                if (x->oxid == ref->std.oxid)
                        return x;
        }
        x = all->n_exporters < REMOTE_EXPORTERS_MAX ? calloc(1, sizeof *x) : NULL;
        if (!x)
                return NULL;
        x->all = all;
        x->oxid = ref->std.oxid;
        list_init(&x->remotes);
        list_init(&x->due);
        list_init(&x->waiting);
        list_init(&x->flying);
        arena_init(&x->arena, 0);
        take_addresses(x, &ref->resolver, peer);
        x->pinged_us = os_mono_us();
        list_push_back(&all->exporters, &x->link);
        all->n_exporters++;
        return x;
}

int dcom_remote_new(struct dcom_remote **out, struct dcom_remotes *all, struct str objref, const struct uuid *iid,
                    const char *peer)
{
        struct dcom_objref *ref;
        struct dcom_remote *r;
        struct arena a;
        int k = -ENOMEM;

        arena_init(&a, 1 << 20);
        ref = arena_alloc(&a, sizeof *ref);
        r = calloc(1, sizeof *r);
        if (ref && r)
                k = dcom_objref_read(objref, &a, ref) < 0 || ref->kind != DCOM_OBJREF_STANDARD || !uuid_eq(&ref->iid, iid) ? -EINVAL : 0;
        if (k == 0 && !(r->exporter = exporter_get(all, ref, peer)))
                k = -ENOMEM;
        if (k == 0) {
                r->iid = *iid;
                r->std = ref->std;
                r->exporter->refs++;
                list_push_back(&r->exporter->remotes, &r->link);
                *out = r;
        } else {
                free(r);
        }
        arena_fini(&a);
        return k;
}

/* RemRelease of what the reference gave us; nobody waits for the answer. */
static void release(struct dcom_remote *r)
{
        struct remote_call *c = call_new(r->exporter, &dcom_iid_rem_unknown2, &r->exporter->ipid_rem_unknown, OP_RELEASE);
        struct ndr_out o;

        if (!c)
                return;
        o = (struct ndr_out){ .b = &c->stub };
        ndr_out_u16(&o, 1);
        ndr_out_u32(&o, 1);
        ndr_out_uuid(&o, &r->std.ipid);
        ndr_out_u32(&o, r->std.public_refs);
        ndr_out_u32(&o, 0);
}

void dcom_remote_free(struct dcom_remote *r)
{
        struct remote_exporter *x;
        struct list *lists[2], *l, *tmp;

        if (!r)
                return;
        x = r->exporter;
        lists[0] = &x->waiting;
        lists[1] = &x->flying;
        for (int i = 0; i < 2; i++) {
                list_for_each(l, lists[i], tmp) {
                        struct remote_call *c = list_entry(l, struct remote_call, link);

                        if (c->remote != r)
                                continue;
                        c->remote = NULL;
                        c->done = NULL;
                        if (i == 0)
                                call_free(c);
                }
        }
        list_del(&r->link);
        x->refs--;
        if (x->state == REMOTE_READY)
                release(r);
        else
                free_when_idle(x);
        free(r);
}

bool dcom_remote_is(const struct dcom_remote *r, uint64_t oxid, uint64_t oid)
{
        return r->std.oxid == oxid && r->std.oid == oid;
}

enum rpc_level dcom_remote_level(const struct dcom_remote *r)
{
        return r->exporter->state == REMOTE_READY ? r->exporter->level : 0;
}

/* ---- life ---- */

int dcom_remotes_new(struct dcom_remotes **out, const struct dcom_remotes_opts *o, struct err *e)
{
        struct dcom_remotes *all = calloc(1, sizeof *all);

        if (!all)
                return err_set(e, ERR_NOMEM, "out of memory");
        all->o = *o;
        all->o.timeout_s = o->timeout_s ? o->timeout_s : TIMEOUT_S;
        list_init(&all->exporters);
        list_init(&all->broken);
        list_init(&all->due);
        if (loop_soon_new(&all->soon, o->loop, on_soon, all) < 0 || loop_timer_new(&all->tick, o->loop, on_tick, all) < 0) {
                dcom_remotes_free(all);
                return err_set(e, ERR_NOMEM, "out of memory");
        }
        *out = all;
        return 0;
}

void dcom_remotes_free(struct dcom_remotes *all)
{
        if (!all)
                return;
        while (!list_empty(&all->exporters)) {
                struct remote_exporter *x = list_entry(all->exporters.next, struct remote_exporter, link);

                while (!list_empty(&x->waiting))
                        call_free(list_entry(x->waiting.next, struct remote_call, link));
                exporter_free(x);
        }
        remote_reap(all);
        loop_soon_free(all->soon);
        loop_timer_free(all->tick);
        free(all);
}
