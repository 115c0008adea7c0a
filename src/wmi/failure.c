/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include "cim/failure.h"
#include "wmi/private.h"

int wmi_fail(struct wmi_failure *f, uint32_t hr, const char *fmt, ...)
{
        va_list v;

        if (f->hr)
                return -1;
        f->hr = hr;
        va_start(v, fmt);
        (void)vsnprintf(f->text, sizeof f->text, fmt, v);
        va_end(v);
        return -1;
}

int wmi_fail_err(struct wmi_failure *f, const struct err *e)
{
        if (!f->hr)
                f->kind = e->kind;
        return wmi_fail(f, err_hresult(e->kind), "%s", e->text);
}

int wmi_fail_wql(struct wmi_failure *f, const struct wql_error *w)
{
        if (w->column)
                return wmi_fail(f, (uint32_t)w->status, "%s (column %u)", w->text, w->column);
        return wmi_fail(f, (uint32_t)w->status, "%s", w->text);
}

void wmi_failure_about(struct wmi_failure *f, struct str parameter)
{
        (void)snprintf(f->parameter, sizeof f->parameter, "%.*s", STR_ARG(parameter));
}

static struct cim_instance *status_instance(const struct wmi_failure *f, const char *operation, struct arena *a)
{
        struct cim_failure of = { .status = f->hr, .kind = f->kind, .operation = operation,
                                  .description = str_of(f->text), .parameter = str_of(f->parameter) };

        return cim_failure_instance(&of, a);
}

bool wmi_failure_objref(const struct wmi *w, enum cim_namespace ns, const char *operation,
                        const struct wmi_failure *f, const struct uuid *iid, struct buf *out)
{
        struct dcom_objref r = { .kind = DCOM_OBJREF_CUSTOM, .iid = *iid, .clsid = wmi_clsid_class_object };
        struct cim_instance *i;
        struct err e = { 0 };
        struct arena a;
        struct buf unit;
        bool good;

        arena_init(&a, 0);
        buf_init(&unit, 0);
        i = status_instance(f, operation, &a);
        good = i != NULL;
        if (good) {
                struct wmio_object o = { .image = wmio_images_get(w->images, i->class), .values = i->values };

                good = o.image && wmio_encode_instance(&o, &w->decorations[ns], WMIO_UNIT, &unit, &e) == 0;
        }
        r.data = buf_str(&unit);
        if (good)
                dcom_objref_write(&r, out);
        buf_fini(&unit);
        arena_fini(&a);
        return good && !out->failed;
}

void wmi_failure_tell(const struct wmi *w, enum cim_namespace ns, const char *operation, const struct wmi_failure *f,
                      struct dcom_call *c)
{
        struct buf b;

        buf_init(&b, 0);
        if (f->text[0] && wmi_failure_objref(w, ns, operation, f, &wmi_iid_error_info, &b))
                dcom_call_error_info(c, buf_str(&b));
        buf_fini(&b);
}
