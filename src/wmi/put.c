/* SPDX-License-Identifier: Apache-2.0 */
/*
 * put - PutInstance and DeleteInstance
 *
 * Whether an instance is created or changed is decided by whether it is there:
 * one whose keys are all given is looked up first.  In a change what came as NULL
 * in a lazy property is passed over: whoever got the instance from a query never
 * had its value.
 *
 * Source: [MS-WMI] 3.1.4.3.12 to 3.1.4.3.15.
 */
#include "wmi/private.h"

struct put {                            /* wmi_request.detail */
        struct cim_instance *in;
        uint32_t flags;
};

/* ---- the end: the path ---- */

static void put_done(struct wmi_request *r)
{
        const struct wmio_decoration *d = &r->reply.wmi->decorations[r->reply.ns];
        struct wmi_outcome o = { 0 };
        struct buf path;

        buf_init(&path, CIM_PATH_MAX);
        buf_printf(&path, "\\\\%.*s\\%.*s:", STR_ARG(d->server), STR_ARG(d->ns));
        if (cim_path_format(r->q.result, &path) == 0 && !path.failed)
                o.path = buf_str(&path);
        wmi_request_end(r, &o);
        buf_fini(&path);
}

/* ---- creating or changing ---- */

static void submit(struct wmi_request *r, enum provider_op op)
{
        const struct put *p = r->detail;

        r->q.op = op;
        r->q.object = p->in;
        r->q.strict = false;
        r->done = put_done;
        wmi_request_submit(r);
}

static void pass_over_lazy(struct cim_instance *i)
{
        for (size_t k = 0; i->given && k < i->class->n_properties; k++) {
                if (i->class->properties[k].lazy && i->values[k].null)
                        i->given[k] = false;
        }
}

/* __PUT_EXT_PROPERTIES: what is not listed is not given; [MS-WMI] 3.1.4.3.12. */
static void keep_listed(struct cim_instance *i, const struct wmi_context *x)
{
        for (size_t k = 0; i->given && k < i->class->n_properties; k++) {
                bool listed = i->class->properties[k].key;

                for (size_t n = 0; !listed && n < x->n_properties; n++)
                        listed = str_eqz_nocase(x->properties[n], i->class->properties[k].name);
                i->given[k] = i->given[k] && listed;
        }
}

static void create(struct wmi_request *r)
{
        const struct put *p = r->detail;

        if (p->flags & WMI_UPDATE_ONLY) {
                (void)wmi_fail(&r->failure, (uint32_t)WBEM_E_NOT_FOUND, "there is no such instance to update");
                wmi_request_end(r, NULL);
                return;
        }
        submit(r, PROVIDER_CREATE);
}

/* The instance is there, or is not. */
static void looked_up(struct provider_request *q)
{
        struct wmi_request *r = q->ctx;
        const struct put *p = r->detail;

        if (q->r < 0 && q->err.kind == ERR_NOT_FOUND) {
                q->err = (struct err){ 0 };
                create(r);
        } else if (q->r < 0) {
                (void)wmi_fail_err(&r->failure, &q->err);
                wmi_request_end(r, NULL);
        } else if (p->flags & WMI_CREATE_ONLY) {
                (void)wmi_fail(&r->failure, (uint32_t)WBEM_E_ALREADY_EXISTS, "there is such an instance already");
                wmi_request_end(r, NULL);
        } else {
                if (r->context->partial)
                        keep_listed(p->in, r->context);
                else
                        pass_over_lazy(p->in);
                submit(r, PROVIDER_PUT);
        }
}

static bool has_keys(const struct cim_instance *i)
{
        for (size_t k = 0; k < i->class->n_keys; k++) {
                const struct cim_property *p = &i->class->properties[i->class->keys[k]];
                const struct cim_value *v = &i->values[i->class->keys[k]];

                if (v->null || (p->type == CIM_STRING && v->s.n == 0))
                        return false;
        }
        return i->class->n_keys > 0;
}

static void begin(struct wmi_request *r, const struct put *p)
{
        r->q.class = p->in->class;
        r->detail = p;
        if (!cim_namespace_has(r->reply.ns, p->in->class)) {
                (void)wmi_fail(&r->failure, (uint32_t)WBEM_E_INVALID_CLASS, "there is no class %s", p->in->class->name);
                wmi_request_end(r, NULL);
                return;
        }
        if (!has_keys(p->in)) {
                create(r);
                return;
        }
        r->q.op = PROVIDER_GET;
        r->q.object = p->in;
        r->q.ctx = r;
        r->q.done = looked_up;
        provider_submit(r->reply.wmi->o.provider, &r->q);
}

/* What came, as an instance of ours. */
static int take_instance(struct wmi_request *r, struct str objref, struct put *p)
{
        struct wmio_decoded *d = NULL;
        struct err e = { 0 };
        struct str unit;
        int k = wmio_objref_unit(objref, &unit, &e);

        if (k == 0)
                k = wmio_decode(unit, &r->q.arena, &d, &e);
        if (k == 0 && d->is_class)
                return wmi_fail(&r->failure, (uint32_t)WBEM_E_INVALID_OBJECT, "PutInstance takes an instance, not a class");
        if (k == 0) {
                wmi_failure_about(&r->failure, d->class->name);
                k = wmio_to_instance(d, &r->q.arena, &p->in, &e);
        }
        if (k == 0)
                return 0;
        (void)wmi_fail(&r->failure, (uint32_t)(e.kind == ERR_NOT_FOUND ? WBEM_E_INVALID_CLASS : WBEM_E_INVALID_OBJECT), "%s", e.text);
        return -1;
}

void wmi_put_instance(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        const struct wmi_reply reply = { .operation = "PutInstance", .result_too = true };
        struct str objref = arena_str(&c->arena, dcom_interface_read(&c->in));  /* the stub may go before we end */
        uint32_t flags = ndr_in_u32(&c->in);
        struct wmi_context *context;
        struct err broken = { 0 };
        struct wmi_request *r;
        struct put *p;

        context = wmi_take_context(c, &broken);
        r = wmi_request_begin(s, c, &reply, form, flags, WMI_USE_AMENDED | WMI_UPDATE_ONLY | WMI_CREATE_ONLY, STR_NULL, context,
                              &broken);
        if (!r)
                return;
        p = arena_alloc(&r->q.arena, sizeof *p);
        if (!p)
                (void)wmi_fail(&r->failure, (uint32_t)WBEM_E_OUT_OF_MEMORY, "out of memory");
        else if (!objref.n || (flags & WMI_UPDATE_ONLY && flags & WMI_CREATE_ONLY))
                (void)wmi_fail(&r->failure, (uint32_t)WBEM_E_INVALID_PARAMETER, "no instance, or flags that exclude each other");
        else if (take_instance(r, objref, p) == 0) {
                p->flags = flags;
                begin(r, p);
                return;
        }
        wmi_request_end(r, NULL);
}

/* ---- deleting ---- */

static void deleted(struct wmi_request *r)
{
        wmi_request_end(r, &(struct wmi_outcome){ 0 });
}

void wmi_delete_instance(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        const struct wmi_reply reply = { .operation = "DeleteInstance", .result_too = true };
        struct str path = wmi_take_bstr(c);
        uint32_t flags = ndr_in_u32(&c->in);
        struct wmi_context *context;
        struct err broken = { 0 };
        struct wmi_request *r;
        int k;

        context = wmi_take_context(c, &broken);
        r = wmi_request_begin(s, c, &reply, form, flags, 0, path, context, &broken);
        if (!r)
                return;
        k = wmi_path(r->reply.wmi, r->reply.ns, path, &r->q.arena, &r->q.class, &r->q.object, &r->failure);
        if (k == 1)
                k = wmi_fail(&r->failure, (uint32_t)WBEM_E_INVALID_PARAMETER, "%.*s is a class, not an instance", STR_ARG(path));
        if (k < 0) {
                wmi_request_end(r, NULL);
                return;
        }
        r->q.op = PROVIDER_DELETE;
        r->done = deleted;
        wmi_request_submit(r);
}
