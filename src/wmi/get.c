/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get - GetObject: a class, or an instance with its lazy properties
 *
 * Source: [MS-WMI] 3.1.4.3.4, 3.1.4.3.5.
 */
#include "wmi/private.h"

static void end_with(struct wmi_request *r, int encoded, struct buf *b, const struct err *e)
{
        struct wmi_outcome o = { .objref = buf_str(b) };

        if (encoded < 0)
                (void)wmi_fail_err(&r->failure, e);
        wmi_request_end(r, encoded < 0 ? NULL : &o);
        buf_fini(b);
}

static void got(struct wmi_request *r)
{
        const struct wmi *w = r->reply.wmi;
        struct wmio_object o = { .image = wmio_images_get(w->images, r->q.class), .values = r->q.result->values };
        struct err e = { 0 };
        struct buf b;

        buf_init(&b, 0);
        end_with(r, wmio_encode_instance(&o, &w->decorations[r->reply.ns], WMIO_OBJREF, &b, &e), &b, &e);
}

/* A class; @c NULL: one without a name and properties, for a client that wants to make its own. */
static void give_class(struct wmi_request *r, const struct cim_class *c, bool amended)
{
        static const struct cim_class empty = { .name = "" };
        const struct wmi *w = r->reply.wmi;
        struct wmio_image_opts o = { .class = c ? c : &empty, .amended = amended };
        struct wmio_image *image = NULL;
        struct err e = { 0 };
        struct buf b;
        int k;

        buf_init(&b, 0);
        k = wmio_image_new(&image, w->images, &o, &e);
        if (k == 0)
                k = wmio_encode_class(image, &w->decorations[r->reply.ns], 0, WMIO_OBJREF, &b, &e);
        end_with(r, k, &b, &e);
        wmio_image_free(image);
}

void wmi_get_object(struct wmi_services *s, struct dcom_call *c, enum wmi_form form)
{
        const struct wmi_reply reply = { .operation = "GetObject", .has_object = true };
        struct str path = wmi_take_bstr(c);
        uint32_t flags = ndr_in_u32(&c->in);
        const struct cim_class *class;
        struct wmi_context *context;
        struct err broken = { 0 };
        struct wmi_request *r;
        int k;

        context = wmi_take_context(c, &broken);
        r = wmi_request_begin(s, c, &reply, form, flags, WMI_USE_AMENDED | WMI_DIRECT_READ, path, context, &broken);
        if (!r)
                return;
        if (path.n == 0) {
                give_class(r, NULL, false);
                return;
        }
        k = wmi_path(r->reply.wmi, r->reply.ns, path, &r->q.arena, &class, &r->q.object, &r->failure);
        if (k < 0) {
                wmi_request_end(r, NULL);
        } else if (k == 1) {
                give_class(r, class, flags & WMI_USE_AMENDED);
        } else {
                r->q.op = PROVIDER_GET;
                r->q.class = class;
                r->done = got;
                wmi_request_submit(r);
        }
}
