/* SPDX-License-Identifier: Apache-2.0 */
/* take_answer - what a take brings, as each method says it */
#include "wmi/take.h"

int wmi_take_add(struct wmi_take *t, const struct wmi_row *row, struct wmi_failure *f)
{
        struct wmio_object o = { .image = row->image, .values = row->values, .objects = row->objects };
        const struct wmio_decoration *d = &t->e->wmi->decorations[t->e->ns];
        struct err e = { 0 };
        int r;

        if (t->kind == WMI_TAKE_SMART)
                r = row->values ? wmio_packet_instance(&t->packet, &o, d, &e) : wmio_packet_class(&t->packet, row->image, d, &e);
        else if (row->values)
                r = wmio_encode_instance(&o, d, WMIO_OBJREF, &t->out, &e);
        else
                r = wmio_encode_class(row->image, d, row->class_flags, WMIO_OBJREF, &t->out, &e);
        buf_le32(&t->ends, (uint32_t)t->out.n);
        if (r == 0 && (t->out.failed || t->ends.failed))
                return wmi_fail(f, (uint32_t)WBEM_E_OUT_OF_MEMORY, "out of memory");
        return r < 0 ? wmi_fail_err(f, &e) : 0;
}

/* size_is(uCount), length_is(*puReturned); each object aligned by its own counts. */
static void answer_next(struct wmi_take *t, struct ndr_out *o)
{
        uint32_t from = 0;

        ndr_out_u32(o, t->want);
        ndr_out_u32(o, 0);
        ndr_out_u32(o, t->got);
        for (uint32_t i = 0; i < t->got; i++)
                ndr_out_ptr(o, true);
        for (uint32_t i = 0; i < t->got; i++) {
                uint32_t to = get_le32(t->ends.p + 4 * (size_t)i);

                dcom_interface_body_write(o, (struct str){ t->out.p + from, to - from });
                from = to;
        }
        ndr_out_u32(o, t->got);
}

static void answer_smart(struct wmi_take *t, struct ndr_out *o)
{
        struct err e = { 0 };
        bool any = t->got && wmio_packet_end(&t->packet, &e) == 0;

        ndr_out_u32(o, any ? t->got : 0);
        ndr_out_u32(o, any ? (uint32_t)t->out.n : 0);
        ndr_out_ptr(o, any);
        if (any)
                ndr_out_octets(o, buf_str(&t->out));
}

static void tell_sink(struct wmi_take *t, uint32_t hr, const struct wmi_failure *f)
{
        struct wmi_failure status = f ? *f : (struct wmi_failure){ .hr = hr };

        if (t->got)
                wmi_sink_indicate(t->sink, buf_str(&t->out), buf_str(&t->ends));
        wmi_sink_finish(t->sink, STR_NULL, STR_NULL, &status);
}

void wmi_take_answer(struct wmi_take *t, uint32_t hr, const struct wmi_failure *f)
{
        if (t->kind == WMI_TAKE_ASYNC) {
                tell_sink(t, hr, f);
                return;
        }
        if (f && f->hr) {
                t->got = 0;
                wmi_failure_tell(t->e->wmi, t->e->ns, t->kind == WMI_TAKE_SKIP ? "Skip" : "Next", f, t->call);
        }
        if (t->kind == WMI_TAKE_NEXT)
                answer_next(t, dcom_call_answer(t->call));
        else if (t->kind == WMI_TAKE_SMART)
                answer_smart(t, dcom_call_answer(t->call));
        dcom_call_end_hresult(t->call, hr);
}
