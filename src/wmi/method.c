/* SPDX-License-Identifier: Apache-2.0 */
/*
 * method - ExecMethod: parameters in, parameters and ReturnValue out
 *
 * Source: [MS-WMI] 3.1.4.3.22, 3.1.4.3.23; [MS-WMIO] 2.3.3.
 */
#include "wmi/private.h"

/* The out parameters as an instance of __PARAMETERS. */
static int encode(struct wmi_request *r, struct buf *out, struct err *e)
{
        const struct wmi *w = r->reply.wmi;
        const struct cim_method *m = r->q.method;
        struct wmio_image *image;
        struct cim_value *values;
        int k = wmio_image_new_parameters(&image, w->images, m, true, e);

        if (k < 0)
                return k;
        values = arena_array(&r->q.arena, wmio_image_n_values(image) + 1, sizeof *values);
        if (values) {
                struct wmio_object o = { .image = image, .values = values };

                memcpy(values, r->q.out_args, m->n_parameters * sizeof *values);
                values[m->n_parameters].i = r->q.return_value;
                k = wmio_encode_instance(&o, &w->decorations[r->reply.ns], WMIO_OBJREF, out, e);
        } else {
                k = err_set(e, ERR_NOMEM, "out of memory");
        }
        wmio_image_free(image);
        return k;
}

static void invoked(struct wmi_request *r)
{
        struct wmi_outcome o = { 0 };
        struct err e = { 0 };
        struct buf b;
        int k;

        buf_init(&b, 0);
        k = encode(r, &b, &e);
        if (k < 0)
                (void)wmi_fail_err(&r->failure, &e);
        o.objref = buf_str(&b);
        wmi_request_end(r, k < 0 ? NULL : &o);
        buf_fini(&b);
}

static int take_arguments(struct wmi_request *r, struct str objref)
{
        struct wmio_decoded *d = NULL;
        struct err e = { 0 };
        struct str unit;
        int k = 0;

        r->q.args = arena_array(&r->q.arena, r->q.method->n_parameters + 1, sizeof *r->q.args);
        if (!r->q.args)
                return wmi_fail(&r->failure, (uint32_t)WBEM_E_OUT_OF_MEMORY, "out of memory");
        for (size_t i = 0; i < r->q.method->n_parameters; i++)
                r->q.args[i].null = true;
        if (objref.n)
                k = wmio_objref_unit(objref, &unit, &e);
        if (k == 0 && objref.n)
                k = wmio_decode(unit, &r->q.arena, &d, &e);
        if (k == 0)
                k = wmio_to_arguments(d, r->q.class, r->q.method, &r->q.arena, r->q.args, &e);
        return k < 0 ? wmi_fail(&r->failure, (uint32_t)WBEM_E_INVALID_METHOD_PARAMETERS, "%s", e.text) : 0;
}

/* The object, the method, and whether the one goes with the other. */
static int take_target(struct wmi_request *r, struct str path, struct str name)
{
        int k = wmi_path(r->reply.wmi, r->reply.ns, path, &r->q.arena, &r->q.class, &r->q.object, &r->failure);

        if (k < 0)
                return k;
        r->q.method = cim_method_find(r->q.class, name);
        if (!r->q.method)
                return wmi_fail(&r->failure, (uint32_t)WBEM_E_INVALID_METHOD, "class %s has no method %.*s", r->q.class->name,
                                STR_ARG(name));
        if (k == 1 && !r->q.method->static_)
                return wmi_fail(&r->failure, (uint32_t)WBEM_E_INVALID_OBJECT_PATH, "%s.%s is a method of instances: name one",
                                r->q.class->name, r->q.method->name);
        if (r->q.method->static_)
                r->q.object = NULL;
        return 0;
}

void wmi_exec_method(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        const struct wmi_reply reply = { .operation = "ExecMethod", .has_object = true, .result_too = true };
        struct str path = wmi_take_bstr(c), name = wmi_take_bstr(c), objref;
        uint32_t flags = ndr_in_u32(&c->in);
        struct wmi_context *context;
        struct err broken = { 0 };
        struct wmi_request *r;

        context = wmi_take_context(c, &broken);
        objref = dcom_interface_read(&c->in);
        if (objref.p)
                objref = arena_str(&c->arena, objref);  /* the stub may go before we end */
        r = wmi_request_begin(s, c, &reply, form, flags, 0, path, context, &broken);
        if (!r)
                return;
        if (!path.n || !name.n)
                (void)wmi_fail(&r->failure, (uint32_t)WBEM_E_INVALID_PARAMETER, "no object, or no method, is named");
        else if (take_target(r, path, name) == 0 && take_arguments(r, objref) == 0) {
                r->q.op = PROVIDER_INVOKE;
                r->done = invoked;
                wmi_request_submit(r);
                return;
        }
        wmi_request_end(r, NULL);
}
