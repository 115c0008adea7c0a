/* SPDX-License-Identifier: Apache-2.0 */
/* request - a request of the provider on behalf of one call; object paths */
#include "wmi/private.h"

static void request_free(struct wmi_request *r)
{
        arena_fini(&r->q.arena);
        free(r);
}

struct wmi_request *wmi_request_begin(struct wmi_services *s, struct dcom_call *c, const struct wmi_reply *reply,
                                      enum wmi_form form, uint32_t flags, uint32_t allowed, struct str parameter,
                                      const struct wmi_context *context, const struct err *broken)
{
        struct wmi_request *r = calloc(1, sizeof *r);
        uint32_t hr;

        if (!r) {
                dcom_call_fault(c, RPC_S_OUT_OF_MEMORY);
                return NULL;
        }
        hr = wmi_caller(s->wmi, c, &r->q.caller);
        if (hr) {
                dcom_call_fault(c, RPC_S_ACCESS_DENIED);
                free(r);
                return NULL;
        }
        r->reply = *reply;
        r->q.arena = c->arena;
        arena_init(&c->arena, 0);
        r->context = context;
        r->q.context = context ? &context->values : NULL;
        r->q.ns = s->wmi->decorations[s->ns].ns;
        wmi_failure_about(&r->failure, parameter);
        if (!wmi_reply_begin(&r->reply, s, c, form, flags, allowed)) {
                request_free(r);
                return NULL;
        }
        if (!broken->kind)
                return r;
        (void)wmi_fail(&r->failure, (uint32_t)WBEM_E_INVALID_CONTEXT, "%s", broken->text);
        wmi_request_end(r, NULL);
        return NULL;
}

static void on_done(struct provider_request *q)
{
        struct wmi_request *r = q->ctx;

        if (q->r < 0) {
                (void)wmi_fail_err(&r->failure, &q->err);
                wmi_request_end(r, NULL);
        } else {
                r->done(r);
        }
}

void wmi_request_submit(struct wmi_request *r)
{
        r->q.ctx = r;
        r->q.done = on_done;
        provider_submit(r->reply.wmi->o.provider, &r->q);
}

void wmi_request_end(struct wmi_request *r, const struct wmi_outcome *o)
{
        wmi_reply_done(&r->reply, o, &r->failure);
        request_free(r);
}

/* ---- paths ---- */

int wmi_path(const struct wmi *w, enum cim_namespace ns, struct str text, struct arena *a,
             const struct cim_class **class_out, struct cim_instance **keys_out, struct wmi_failure *f)
{
        enum cim_namespace there = ns;
        struct err e = { 0 };
        struct cim_path p;

        if (cim_path_parse(text, a, &p, &e) < 0)
                return wmi_fail(f, (uint32_t)WBEM_E_INVALID_OBJECT_PATH, "%s", e.text);
        if (p.ns.n && cim_namespace_find(p.ns, str_of(w->o.site_code), &there) < 0)
                return wmi_fail(f, (uint32_t)WBEM_E_INVALID_NAMESPACE, "there is no namespace %.*s", STR_ARG(p.ns));
        *class_out = cim_namespace_class(there, p.class_name);
        if (!*class_out)
                return wmi_fail(f, (uint32_t)WBEM_E_NOT_FOUND, "there is no class %.*s", STR_ARG(p.class_name));
        if (!p.n_keys && !p.singleton)
                return 1;
        if (cim_path_bind(&p, a, keys_out, &e) < 0)
                return wmi_fail(f, (uint32_t)WBEM_E_INVALID_OBJECT_PATH, "%s", e.text);
        return 0;
}
