/* SPDX-License-Identifier: Apache-2.0 */
#include "dcom/objref.h"

#include <errno.h>

enum { SIGNATURE = 0x574f454d };        /* "MEOW" */

static struct uuid take_uuid(struct cursor *c)
{
        struct str s = cursor_bytes(c, sizeof(struct uuid));
        struct uuid u = { { 0 } };

        if (!c->bad)
                memcpy(u.b, s.p, sizeof u.b);
        return u;
}

static void add_uuid(const struct uuid *u, struct buf *out)
{
        buf_add(out, u->b, sizeof u->b);
}

static void take_std(struct cursor *c, struct dcom_stdobjref *s)
{
        s->flags = cursor_le32(c);
        s->public_refs = cursor_le32(c);
        s->oxid = cursor_le64(c);
        s->oid = cursor_le64(c);
        s->ipid = take_uuid(c);
}

/* The length that stands there is only an upper bound: activation blobs say 8 more than there are. */
static void take_custom(struct cursor *c, struct dcom_objref *out)
{
        uint32_t extension, size;

        out->clsid = take_uuid(c);
        extension = cursor_le32(c);
        size = cursor_le32(c);
        (void)cursor_bytes(c, extension);
        if (!c->bad)
                out->data = cursor_bytes(c, MIN((size_t)size, (size_t)(c->end - c->p)));
}

int dcom_objref_read(struct str octets, struct arena *a, struct dcom_objref *out)
{
        struct cursor c = cursor_of(octets.p, octets.n);
        uint32_t signature = cursor_le32(&c);

        *out = (struct dcom_objref){ .kind = (enum dcom_objref_kind)cursor_le32(&c) };
        out->iid = take_uuid(&c);
        if (c.bad || signature != SIGNATURE)
                return -EINVAL;
        switch (out->kind) {
        case DCOM_OBJREF_STANDARD:
        case DCOM_OBJREF_HANDLER:
                take_std(&c, &out->std);
                if (out->kind == DCOM_OBJREF_HANDLER)
                        out->clsid = take_uuid(&c);
                dcom_dualstring_read(&c, a, &out->resolver);
                break;
        case DCOM_OBJREF_CUSTOM:
                take_custom(&c, out);
                break;
        default:
                return -EINVAL;
        }
        return c.bad ? -EINVAL : 0;
}

void dcom_stdobjref_write(const struct dcom_stdobjref *s, struct buf *out)
{
        buf_le32(out, s->flags);
        buf_le32(out, s->public_refs);
        buf_le64(out, s->oxid);
        buf_le64(out, s->oid);
        add_uuid(&s->ipid, out);
}

void dcom_objref_write(const struct dcom_objref *o, struct buf *out)
{
        buf_le32(out, SIGNATURE);
        buf_le32(out, (uint32_t)o->kind);
        add_uuid(&o->iid, out);
        if (o->kind == DCOM_OBJREF_CUSTOM) {
                add_uuid(&o->clsid, out);
                buf_le32(out, 0);
                buf_le32(out, o->said_size ? o->said_size : (uint32_t)o->data.n);
                buf_adds(out, o->data);
        } else {
                dcom_stdobjref_write(&o->std, out);
                dcom_dualstring_write(&o->resolver, out);
        }
}
