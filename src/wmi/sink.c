/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink - IWbemObjectSink of clients: results of asynchronous calls, in order
 *
 * One call at a time: Indicate by Indicate, then SetStatus, each when the one
 * before was answered.  What is to be told next is taken from the source only
 * then, so a slow sink holds a source and nothing more.  A sink that answers with
 * an error is told that its call is cancelled; one that cannot be reached, or does
 * not answer in time, is let go.
 *
 * Source: [MS-WMI] 3.1.1.1.3, 3.1.4.2, 3.2.4.1.
 */
#include <errno.h>
#include "dcom/remote.h"
#include "os/os.h"
#include "wmi/private.h"

#define LOG "wmi"
enum { OP_INDICATE = 3, OP_SET_STATUS = 4, STATUS_COMPLETE = 0, ROWS_AT_ONCE = 100, BYTES_AT_ONCE = 64 << 10,
       INDICATE_MAX = 24 << 20 };

struct wmi_sink {
        struct list link;               /* wmi->sinks */
        struct wmi *wmi;
        enum cim_namespace ns;
        const char *operation;
        struct dcom_remote *remote;
        struct rpc_caller *owner;
        struct wmi_source *source;      /* NULL: none, or none any more */
        struct buf objrefs, ends;       /* to be indicated before anything of the source */
        bool finishing;                 /* SetStatus is to come */
        bool calling, final;            /* a call is under way; it is SetStatus */
        bool broken;                    /* nothing can be told any more */
        bool owed;                      /* somebody will call wmi_sink_finish() */
        bool dead;                      /* freed but for this struct, which is owed that call */
        struct wmi_failure status;
        char *text;                     /* strParam of SetStatus */
};

static void go_on(struct wmi_sink *k);

static void sink_free(struct wmi_sink *k)
{
        list_del(&k->link);
        k->wmi->n_sinks--;
        wmi_source_free(k->source);
        k->source = NULL;
        dcom_remote_free(k->remote);
        rpc_caller_unref(k->owner);
        buf_fini(&k->objrefs);
        buf_fini(&k->ends);
        free(k->text);
        k->dead = true;
        if (!k->owed)
                free(k);
}

static void end(struct wmi_sink *k, const struct wmi_failure *f)
{
        wmi_source_free(k->source);
        k->source = NULL;
        if (k->finishing)
                return;
        k->finishing = true;
        if (f)
                k->status = *f;
}

/* ---- calls ---- */

static void answered(void *arg, struct ndr_in *in, const char *why)
{
        struct wmi_sink *k = arg;
        uint32_t hr = in ? ndr_in_u32(in) : 0;

        k->calling = false;
        if (why || (in && !ndr_in_ok(in)) || k->final) {
                if (why)
                        log_info(LOG, "%s of %s: the client's sink is lost: %s", k->operation, k->owner->account, why);
                sink_free(k);
                return;
        }
        if (hr & 0x80000000) {
                struct wmi_failure f = { .hr = (uint32_t)WBEM_E_CALL_CANCELLED };

                buf_reset(&k->objrefs);
                buf_reset(&k->ends);
                end(k, &f);
        }
        go_on(k);
}

static void call(struct wmi_sink *k, uint16_t opnum, struct buf *b)
{
        k->calling = true;
        if (b->failed || dcom_remote_call(k->remote, opnum, buf_str(b), answered, k) < 0) {
                log_warn(LOG, "%s of %s: out of memory for the client's sink, which hears no more", k->operation, k->owner->account);
                k->broken = true;
                end(k, NULL);
        }
        buf_fini(b);
}

static void indicate(struct wmi_sink *k)
{
        uint32_t n = (uint32_t)(k->ends.n / 4), from = 0;
        struct ndr_out o;
        struct buf b;

        buf_init(&b, INDICATE_MAX + (64 << 10));
        o = ndr_out_to(&b);
        ndr_out_u32(&o, n);
        ndr_out_u32(&o, n);
        for (uint32_t i = 0; i < n; i++)
                ndr_out_ptr(&o, true);
        for (uint32_t i = 0; i < n; i++) {
                uint32_t to = get_le32(k->ends.p + 4 * (size_t)i);

                dcom_interface_body_write(&o, (struct str){ k->objrefs.p + from, to - from });
                from = to;
        }
        buf_fini(&k->objrefs);
        buf_fini(&k->ends);
        call(k, OP_INDICATE, &b);
}

static void set_status(struct wmi_sink *k)
{
        struct ndr_out o;
        struct buf b, object;
        bool has;

        buf_init(&b, 0);
        buf_init(&object, 0);
        has = k->status.text[0] && wmi_failure_objref(k->wmi, k->ns, k->operation, &k->status, &wmi_iid_class_object, &object);
        o = ndr_out_to(&b);
        ndr_out_u32(&o, STATUS_COMPLETE);
        ndr_out_u32(&o, k->status.hr);
        wmi_add_bstr(&o, str_of(k->text));
        dcom_interface_write(&o, has ? buf_str(&object) : STR_NULL);
        k->final = true;
        call(k, OP_SET_STATUS, &b);
        buf_fini(&object);
}

/* ---- what comes next ---- */

static int add_row(struct wmi_sink *k, const struct wmi_row *row, struct err *e)
{
        struct wmio_object o = { .image = row->image, .values = row->values, .objects = row->objects };
        const struct wmio_decoration *d = &k->wmi->decorations[k->ns];
        int r = row->values ? wmio_encode_instance(&o, d, WMIO_OBJREF, &k->objrefs, e)
                            : wmio_encode_class(row->image, d, row->class_flags, WMIO_OBJREF, &k->objrefs, e);

        if (r == 0)
                buf_le32(&k->ends, (uint32_t)k->objrefs.n);
        return r;
}

/* What the source has, up to a batch; its end is noted. */
static void gather(struct wmi_sink *k)
{
        while (k->source && k->ends.n / 4 < ROWS_AT_ONCE && k->objrefs.n < BYTES_AT_ONCE) {
                struct wmi_failure f = { 0 };
                struct err e = { 0 };
                struct wmi_row row;

                switch (k->source->class->next(k->source, &row)) {
                case WMI_WAIT:
                        return;
                case WMI_END:
                        end(k, NULL);
                        return;
                case WMI_FAILED:
                        f = k->source->failure;
                        end(k, &f);
                        return;
                case WMI_ROW:
                        if (add_row(k, &row, &e) == 0)
                                break;
                        (void)wmi_fail_err(&f, &e);
                        end(k, &f);
                        return;
                }
        }
}

static void go_on(struct wmi_sink *k)
{
        if (k->calling)
                return;
        if (!k->ends.n)
                gather(k);
        if (k->ends.n)
                indicate(k);
        else if (k->finishing)
                set_status(k);
}

static void ready(void *arg)
{
        go_on(arg);
}

/* ---- for those who have results ---- */

struct wmi_sink *wmi_sink_new(struct wmi *w, enum cim_namespace ns, const char *operation, struct str objref,
                              const struct dcom_call *c, struct wmi_failure *f)
{
        struct wmi_sink *k;
        int r;

        if (!objref.p) {
                (void)wmi_fail(f, (uint32_t)WBEM_E_INVALID_PARAMETER, "an asynchronous call needs a sink");
                return NULL;
        }
        k = w->n_sinks < WMI_SINKS_MAX ? calloc(1, sizeof *k) : NULL;
        if (!k) {
                (void)wmi_fail(f, (uint32_t)WBEM_E_QUOTA_VIOLATION, "%zu asynchronous calls are under way: end some first", w->n_sinks);
                return NULL;
        }
        r = dcom_remote_new(&k->remote, w->remotes, objref, &wmi_iid_object_sink, c->rq->peer);
        if (r < 0) {
                free(k);
                (void)wmi_fail(f, (uint32_t)(r == -EINVAL ? WBEM_E_INVALID_PARAMETER : WBEM_E_OUT_OF_MEMORY),
                               r == -EINVAL ? "the sink is no standard reference to an IWbemObjectSink" : "out of memory");
                return NULL;
        }
        k->wmi = w;
        k->ns = ns;
        k->operation = operation;
        k->owed = true;
        k->owner = rpc_caller_ref(c->rq->caller);
        buf_init(&k->objrefs, INDICATE_MAX);
        buf_init(&k->ends, 0);
        list_push_back(&w->sinks, &k->link);
        w->n_sinks++;
        return k;
}

void wmi_sink_feed(struct wmi_sink *k, struct wmi_source *s)
{
        k->owed = false;
        k->source = s;
        s->ready = ready;
        s->arg = k;
        go_on(k);
}

void wmi_sink_indicate(struct wmi_sink *k, struct str objrefs, struct str ends)
{
        if (k->dead || k->finishing)
                return;
        buf_adds(&k->objrefs, objrefs);
        buf_adds(&k->ends, ends);
}

void wmi_sink_finish(struct wmi_sink *k, struct str objref, struct str text, const struct wmi_failure *f)
{
        k->owed = false;
        if (k->dead) {
                free(k);
                return;
        }
        if (k->finishing)               /* it was cancelled meanwhile, and is told so */
                return;
        if (objref.n) {
                buf_adds(&k->objrefs, objref);
                buf_le32(&k->ends, (uint32_t)k->objrefs.n);
        }
        k->text = text.p ? str_dup(text) : NULL;
        end(k, f);
        go_on(k);
}

static void cancel(struct wmi_sink *k, uint32_t hr)
{
        struct wmi_failure f = { .hr = hr };

        if (k->broken) {
                sink_free(k);
                return;
        }
        buf_fini(&k->objrefs);
        buf_fini(&k->ends);
        end(k, &f);
        go_on(k);
}

size_t wmi_sink_cancel(struct wmi *w, struct str objref, const struct rpc_caller *who)
{
        struct dcom_objref *r;
        struct list *l, *tmp;
        struct arena a;
        size_t n = 0;

        arena_init(&a, 1 << 20);
        r = arena_alloc(&a, sizeof *r);
        if (r && dcom_objref_read(objref, &a, r) == 0 && r->kind == DCOM_OBJREF_STANDARD) {
                list_for_each(l, &w->sinks, tmp) {
                        struct wmi_sink *k = list_entry(l, struct wmi_sink, link);

                        if ((k->finishing && !k->broken) || !dcom_remote_is(k->remote, r->std.oxid, r->std.oid) ||
                            strcmp(k->owner->account, who->account) != 0)
                                continue;
                        cancel(k, (uint32_t)WBEM_E_CALL_CANCELLED);
                        n++;
                }
        }
        arena_fini(&a);
        return n;
}

void wmi_stop(struct wmi *w)
{
        struct list *l, *tmp;

        list_for_each(l, &w->sinks, tmp)
                cancel(list_entry(l, struct wmi_sink, link), (uint32_t)WBEM_E_SHUTTING_DOWN);
}

void wmi_sinks_free(struct wmi *w)
{
        while (!list_empty(&w->sinks))
                sink_free(list_entry(w->sinks.next, struct wmi_sink, link));
}
