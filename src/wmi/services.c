/* SPDX-License-Identifier: Apache-2.0 */
/*
 * services - IWbemServices: a namespace, and its methods by opnum
 *
 * Source: [MS-WMI] 3.1.4.3.
 */
#include "wmi/private.h"

static void services_free(struct dcom_object *o)
{
        free(container_of(o, struct wmi_services, object));
}

static const struct dcom_interface *const interfaces[] = { &wmi_services_interface };
static const struct dcom_class services_class = { interfaces, ARRAY_SIZE(interfaces), NULL, services_free };

int wmi_services_new(struct wmi_services **out, struct wmi *w, enum cim_namespace ns, const struct dcom_call *c)
{
        struct wmi_services *s = calloc(1, sizeof *s);
        int r = s ? dcom_object_init(&s->object, &services_class, c) : -1;

        if (r < 0) {
                free(s);
                return r;
        }
        s->wmi = w;
        s->ns = ns;
        *out = s;
        return 0;
}

/* 3.1.4.3.1: BSTR name, flags, context, [in, out] namespace, [in, out] result. What is asked for is there at once. */
void wmi_open_namespace(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        struct str name = wmi_take_bstr(c);
        uint32_t flags = ndr_in_u32(&c->in);
        struct wmi_reply reply = { .operation = "OpenNamespace", .has_object = true };
        struct wmi_services *opened = NULL;
        struct wmi_failure f = { 0 };
        enum cim_namespace ns;

        (void)dcom_interface_read(&c->in);
        wmi_failure_about(&f, name);
        if (!name.p)
                (void)wmi_fail(&f, (uint32_t)WBEM_E_INVALID_PARAMETER, "no namespace is named");
        else if (cim_namespace_below(s->ns, name, str_of(s->wmi->o.site_code), &ns) < 0)
                (void)wmi_fail(&f, (uint32_t)WBEM_E_INVALID_NAMESPACE, "there is no namespace %.*s in this one",
                               (int)MIN(name.n, 100), name.p);
        else if (wmi_services_new(&opened, s->wmi, ns, c) < 0)
                (void)wmi_fail(&f, (uint32_t)WBEM_E_OUT_OF_MEMORY, "out of memory, or too many objects are in use");
        if (!wmi_reply_begin(&reply, s, c, form, flags, 0)) {
                dcom_object_unref(opened ? &opened->object : NULL);
                return;
        }
        if (opened)
                wmi_reply_done(&reply, &(struct wmi_outcome){ .services = &opened->object }, NULL);
        else
                wmi_reply_done(&reply, NULL, &f);
}

/* 3.1.4.3.2 */
static void cancel_async(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        struct str sink = dcom_interface_read(&c->in);
        uint32_t hr = WBEM_NO_ERROR;

        if (!ndr_in_ok(&c->in)) {
                dcom_call_fault(c, RPC_S_BAD_STUB_DATA);
                return;
        }
        if (!sink.p)
                hr = (uint32_t)WBEM_E_INVALID_PARAMETER;
        else if (wmi_sink_cancel(s->wmi, sink, c->rq->caller) == 0)
                hr = (uint32_t)WBEM_E_NOT_FOUND;
        dcom_call_end_hresult(c, hr);
}

/* 3.1.4.3.3: nobody raises events here but the site. */
static void query_object_sink(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        dcom_interface_write(dcom_call_answer(c), STR_NULL);
        dcom_call_end_hresult(c, (uint32_t)WBEM_E_NOT_SUPPORTED);
}

/* 3.1.4.3.6, 3.1.4.3.8: (object or name), flags, context, then as every method with one result. */
static void write_class(struct wmi_services *s, struct dcom_call *c, enum wmi_form form, const char *operation, struct str about)
{
        struct wmi_reply reply = { .operation = operation };
        struct wmi_failure f = { 0 };
        uint32_t flags = ndr_in_u32(&c->in);

        (void)dcom_interface_read(&c->in);
        if (!wmi_reply_begin(&reply, s, c, form, flags, UINT32_MAX))
                return;
        wmi_failure_about(&f, about);
        (void)wmi_fail(&f, (uint32_t)WBEM_E_ACCESS_DENIED, "the classes of this site are fixed: nobody may change them");
        wmi_reply_done(&reply, NULL, &f);
}

static void put_class(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        (void)dcom_interface_read(&c->in);
        write_class(s, c, form, "PutClass", STR_NULL);
}

static void delete_class(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        char name[128] = "";
        struct str given = wmi_take_bstr(c);

        memcpy(name, given.p ? given.p : "", MIN(given.n, sizeof name - 1));
        write_class(s, c, form, "DeleteClass", str_of(name));
}

static const struct {
        void (*call)(struct wmi_services *s, struct dcom_call *c, enum wmi_form form);
        enum wmi_form form;
} methods[] = {
        [3] = { wmi_open_namespace, WMI_FORM_SYNC },
        [4] = { cancel_async, WMI_FORM_SYNC },
        [5] = { query_object_sink, WMI_FORM_SYNC },
        [6] = { wmi_get_object, WMI_FORM_SYNC },
        [7] = { wmi_get_object, WMI_FORM_ASYNC },
        [8] = { put_class, WMI_FORM_SYNC },
        [9] = { put_class, WMI_FORM_ASYNC },
        [10] = { delete_class, WMI_FORM_SYNC },
        [11] = { delete_class, WMI_FORM_ASYNC },
        [12] = { wmi_class_enum, WMI_FORM_SYNC },
        [13] = { wmi_class_enum, WMI_FORM_ASYNC },
        [14] = { wmi_put_instance, WMI_FORM_SYNC },
        [15] = { wmi_put_instance, WMI_FORM_ASYNC },
        [16] = { wmi_delete_instance, WMI_FORM_SYNC },
        [17] = { wmi_delete_instance, WMI_FORM_ASYNC },
        [18] = { wmi_instance_enum, WMI_FORM_SYNC },
        [19] = { wmi_instance_enum, WMI_FORM_ASYNC },
        [20] = { wmi_exec_query, WMI_FORM_SYNC },
        [21] = { wmi_exec_query, WMI_FORM_ASYNC },
        [22] = { wmi_exec_notification_query, WMI_FORM_SYNC },
        [23] = { wmi_exec_notification_query, WMI_FORM_ASYNC },
        [24] = { wmi_exec_method, WMI_FORM_SYNC },
        [25] = { wmi_exec_method, WMI_FORM_ASYNC },
};

static void call_services(struct dcom_call *c)
{
        if (c->opnum >= ARRAY_SIZE(methods) || !methods[c->opnum].call)
                dcom_call_fault(c, RPC_S_OP_RANGE);
        else
                methods[c->opnum].call(container_of(c->object, struct wmi_services, object), c, methods[c->opnum].form);
}
const struct dcom_interface wmi_services_interface = { &wmi_iid_services, "IWbemServices", call_services };
