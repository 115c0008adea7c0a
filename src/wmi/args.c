/* SPDX-License-Identifier: Apache-2.0 */
#include "wmi/args.h"

#include "base/utf16.h"

enum { NO_BSTR = 0xffffffff };          /* cBytes of a BSTR that is NULL behind a pointer that is not */

struct str wmi_take_bstr(struct dcom_call *c)
{
        uint32_t max, n_bytes, n;
        struct str s, text;

        if (!ndr_in_ptr(&c->in))
                return STR_NULL;
        max = ndr_in_count(&c->in, 2, WMI_TEXT_MAX);
        n_bytes = ndr_in_u32(&c->in);
        n = ndr_in_u32(&c->in);
        if (n > max)
                c->in.bad = true;
        s = ndr_in_bytes(&c->in, (size_t)n * 2);
        if (!ndr_in_ok(&c->in) || n_bytes == NO_BSTR)
                return STR_NULL;
        if (n && !s.p[s.n - 1] && !s.p[s.n - 2])
                s.n -= 2;               /* some count the NUL */
        text = utf16_decode(s.p, s.n / 2, &c->arena);
        if (!text.p)
                c->in.bad = true;
        return text;
}

struct str wmi_take_wstr(struct dcom_call *c)
{
        return ndr_in_ptr(&c->in) ? ndr_in_wstring_utf8(&c->in, &c->arena, WMI_TEXT_MAX) : STR_NULL;
}

void wmi_add_bstr(struct ndr_out *o, struct str s)
{
        uint32_t n = (uint32_t)utf16_units(s);

        ndr_out_ptr(o, s.p != NULL);
        if (!s.p)
                return;
        ndr_out_u32(o, n);
        ndr_out_u32(o, 2 * n);
        ndr_out_u32(o, n);
        utf16_encode(s, o->b);
}

struct wmi_context *wmi_take_context(struct dcom_call *c, struct err *e)
{
        struct str objref = dcom_interface_read(&c->in);
        struct wmi_context *x = arena_alloc(&c->arena, sizeof *x);

        if (!x)
                (void)err_set(e, ERR_NOMEM, "out of memory");
        else if (ndr_in_ok(&c->in))
                (void)!wmi_context_read(objref, &c->arena, x, e);
        return x;
}

bool wmi_take_inout(struct dcom_call *c)
{
        if (ndr_in_left(&c->in) < 4 || !ndr_in_ptr(&c->in))
                return false;
        (void)dcom_interface_read(&c->in);
        return true;
}

void wmi_add_inout(struct ndr_out *o, bool wanted, struct str objref)
{
        ndr_out_ptr(o, wanted);
        if (wanted)
                dcom_interface_write(o, objref);
}
