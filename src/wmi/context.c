/* SPDX-License-Identifier: Apache-2.0 */
#include "wmi/context.h"

#include "base/utf16.h"
#include "dcom/objref.h"
#include "wmi/ids.h"

enum { VT_NULL = 1, VT_I2 = 2, VT_I4 = 3, VT_R4 = 4, VT_R8 = 5, VT_BSTR = 8, VT_BOOL = 11, VT_UNKNOWN = 13, VT_I1 = 16,
       VT_UI1 = 17, VT_UI2 = 18, VT_UI4 = 19, VT_ARRAY = 0x2000, GUIDS_MAX = 16 };

struct value {
        uint16_t type;
        uint32_t number;                /* of VT_I4 and the like */
        struct str text;                /* of VT_BSTR */
        struct str *items;              /* of VT_ARRAY | VT_BSTR */
        uint32_t n;
};

static struct str take_text(struct cursor *c, struct arena *a)
{
        uint32_t n = cursor_le32(c);
        struct str raw = cursor_bytes(c, n > UINT32_MAX / 2 ? SIZE_MAX : (size_t)n * 2), text;

        if (c->bad)
                return STR_NULL;
        text = utf16_decode(raw.p, n, a);
        if (!text.p)
                c->bad = true;
        return text;
}

/* IWbemContextArray: count, size of one, the elements. */
static void take_array(struct cursor *c, struct arena *a, struct value *v)
{
        uint32_t n = cursor_le32(c);

        (void)cursor_le32(c);
        if (n > WMI_CONTEXT_ITEMS_MAX)
                c->bad = true;
        if ((v->type & ~VT_ARRAY) == VT_BSTR)
                v->items = c->bad ? NULL : arena_array(a, n + 1, sizeof *v->items);
        for (uint32_t i = 0; i < n && !c->bad; i++) {
                switch (v->type & ~VT_ARRAY) {
                case VT_BSTR:
                        if (!v->items)
                                c->bad = true;
                        else
                                v->items[v->n++] = take_text(c, a);
                        break;
                case VT_NULL: break;
                case VT_I1:
                case VT_UI1: (void)cursor_bytes(c, 1); break;
                case VT_I2:
                case VT_UI2:
                case VT_BOOL: (void)cursor_bytes(c, 2); break;
                case VT_I4:
                case VT_UI4: (void)cursor_bytes(c, 4); break;
                case VT_R4:
                case VT_R8: (void)cursor_bytes(c, 8); break;
                default: c->bad = true;         /* objects: nobody sends them, and nothing says how long they are */
                }
        }
}

/* 2.2.13.2: numbers fill 8 bytes, whatever their size. */
static void take_value(struct cursor *c, struct arena *a, struct value *v)
{
        uint64_t raw;

        if (v->type & VT_ARRAY) {
                take_array(c, a, v);
                return;
        }
        switch (v->type) {
        case VT_BSTR: v->text = take_text(c, a); return;
        case VT_NULL: return;
        case VT_UNKNOWN: c->bad = true; return;
        default:
                raw = cursor_le64(c);
                v->number = v->type == VT_BOOL || v->type == VT_I2 || v->type == VT_UI2 ? (uint16_t)raw : (uint32_t)raw;
        }
}

/* In words, as the provider wants it; of an array its first element. */
static struct str words_of(const struct value *v, struct arena *a)
{
        if (v->type & VT_ARRAY)
                return v->n ? v->items[0] : STR_NULL;
        if (v->type == VT_BSTR)
                return v->text;
        return v->type == VT_NULL ? STR_NULL : str_of(arena_printf(a, "%u", v->number));
}

static int use(struct wmi_context *x, struct str name, const struct value *v, struct arena *a, struct err *e)
{
        struct str words;

        if (str_eqz_nocase(name, "__PUT_EXTENSIONS")) {
                x->partial = v->number != 0;
        } else if (str_eqz_nocase(name, "__PUT_EXT_PROPERTIES")) {
                x->properties = v->items;
                x->n_properties = v->n;
        } else {
                words = words_of(v, a);
                return words.p ? provider_context_set(&x->values, name, words, e) : 0;
        }
        return 0;
}

int wmi_context_read(struct str objref, struct arena *a, struct wmi_context *out, struct err *e)
{
        struct dcom_objref *r = arena_alloc(a, sizeof *r);
        uint32_t n_guids, n;
        struct cursor c;
        int k = 0;

        *out = (struct wmi_context){ .partial = false };
        if (!objref.p)
                return 0;
        if (!r || dcom_objref_read(objref, a, r) < 0 || r->kind != DCOM_OBJREF_CUSTOM || !uuid_eq(&r->clsid, &wmi_clsid_context))
                return err_set(e, ERR_INVALID, "the context is no IWbemContext");
        c = cursor_of(r->data.p, r->data.n);
        n_guids = cursor_le32(&c);
        (void)cursor_bytes(&c, n_guids > GUIDS_MAX ? SIZE_MAX : n_guids * sizeof(struct uuid));
        n = cursor_le32(&c);
        if (n > WMI_CONTEXT_PROPERTIES_MAX)
                c.bad = true;
        for (uint32_t i = 0; i < n && !c.bad && k == 0; i++) {
                struct str name = take_text(&c, a);
                struct value v = { .type = 0 };

                (void)cursor_le32(&c);
                v.type = cursor_le16(&c);
                take_value(&c, a, &v);
                if (!c.bad)
                        k = use(out, name, &v, a, e);
        }
        if (k < 0)
                return k;
        return c.bad ? err_set(e, ERR_INVALID, "the context's values are cut or of a type that is not known") : 0;
}
