/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet - ObjectArray: many objects, each class once
 *
 * Three headers, each with the length of all that follows its own length; then
 * the objects, each with a kind.  The first instance of a class carries it,
 * later ones name it by the GUID it was sent under.
 *
 * Source: [MS-WMI] 2.2.14, 3.1.4.7.1.
 */
#include "wmio/private.h"

enum { HEADER1 = 0x1a, HEADER2 = 8, HEADER3 = 12, HEADERS = HEADER1 + HEADER2 + HEADER3 };
enum { OBJECT_HEADER = 9, CLASS_HEADER = 8, INSTANCE_HEADER = 0x18 };
enum kind { A_CLASS = 1, AN_INSTANCE = 2, NO_CLASS = 3 };
static const char signature[12] = "\0\0\0\0WBEMDATA";          /* with the order of bytes before */

/* ---- writing ---- */

void wmio_sent_init(struct wmio_sent *s, const uint8_t random[16])
{
        *s = (struct wmio_sent){ 0 };
        memcpy(s->base, random, sizeof s->base);
}

void wmio_sent_fini(struct wmio_sent *s)
{
        free(s->images);
        *s = (struct wmio_sent){ 0 };
}

/* Which of them it is; s->n when it was not sent. */
static size_t sent_at(const struct wmio_sent *s, const struct wmio_image *i)
{
        size_t k = 0;

        while (k < s->n && s->images[k] != i)
                k++;
        return k;
}

static bool remember(struct wmio_sent *s, const struct wmio_image *i)
{
        if (s->n == s->cap) {
                size_t cap = s->cap ? 2 * s->cap : 4;
                const struct wmio_image **images = realloc(s->images, cap * sizeof(struct wmio_image *));

                if (!images)
                        return false;
                s->images = images;
                s->cap = cap;
        }
        s->images[s->n++] = i;
        return true;
}

static void put_class_id(struct buf *b, const struct wmio_sent *s, size_t at)
{
        uint8_t id[16] = { 0 };

        if (s)
                memcpy(id, s->base, sizeof id);
        put_le32(id, get_le32(id) + (uint32_t)at);
        buf_add(b, id, sizeof id);
}

void wmio_packet_begin(struct wmio_packet *p, enum wmio_packet_type type, struct wmio_sent *sent, struct buf *out)
{
        *p = (struct wmio_packet){ .out = out, .at = out->n, .sent = sent };
        buf_add(out, signature, sizeof signature);
        buf_le32(out, HEADER1);
        buf_le32(out, 0);
        buf_le32(out, 0);               /* flags */
        buf_addc(out, 1);               /* version */
        buf_addc(out, (char)type);
        buf_le32(out, HEADER2);
        buf_le32(out, 0);
        buf_le32(out, HEADER3);
        buf_le32(out, 0);
        buf_le32(out, 0);
}

/* Headers of an object; returns where its data begin. */
static size_t object_begin(struct wmio_packet *p, enum kind kind)
{
        buf_le32(p->out, OBJECT_HEADER);
        buf_le32(p->out, 0);
        buf_addc(p->out, (char)kind);
        buf_le32(p->out, kind == A_CLASS ? CLASS_HEADER : INSTANCE_HEADER);
        buf_le32(p->out, 0);
        return p->out->n;
}

static int object_end(struct wmio_packet *p, struct wmio_enc *x, size_t start, size_t data)
{
        size_t n = p->out->n;

        wmio_patch_le32(p->out, start + 4, (uint32_t)(n - start - OBJECT_HEADER));
        wmio_patch_le32(p->out, start + OBJECT_HEADER + 4, (uint32_t)(n - data));
        if (p->out->failed || x->r < 0)
                return wmio_finish(x, start);
        p->n_objects++;
        return 0;
}

static int no_room(struct err *e)
{
        return err_set(e, ERR_TOO_LARGE, "the answer has no room left");
}

int wmio_packet_class(struct wmio_packet *p, const struct wmio_image *i, const struct wmio_decoration *d, struct err *e)
{
        struct wmio_enc x = { .b = p->out, .all = i->all, .d = d, .e = e };
        size_t start = p->out->n, data;

        if (p->out->failed)
                return no_room(e);
        data = object_begin(p, A_CLASS);
        wmio_put_class(&x, i, 0);
        return object_end(p, &x, start, data);
}

int wmio_packet_instance(struct wmio_packet *p, const struct wmio_object *o, const struct wmio_decoration *d,
                         struct err *e)
{
        struct wmio_enc x = { .b = p->out, .all = o->image->all, .d = d, .e = e };
        size_t start = p->out->n, data, at = p->sent ? sent_at(p->sent, o->image) : 0;
        bool known = p->sent && at < p->sent->n;
        int r;

        if (p->out->failed)
                return no_room(e);
        data = object_begin(p, known ? NO_CLASS : AN_INSTANCE);
        put_class_id(p->out, p->sent, at);
        data = p->out->n;
        wmio_put_instance(&x, o, !known);
        r = object_end(p, &x, start, data);
        if (r == 0 && p->sent && !known && !remember(p->sent, o->image)) {
                x.r = err_set(e, ERR_NOMEM, "out of memory");
                p->n_objects--;
                r = wmio_finish(&x, start);
        }
        return r;
}

int wmio_packet_end(struct wmio_packet *p, struct err *e)
{
        size_t n = p->out->n - p->at;

        if (p->out->failed)
                return no_room(e);
        wmio_patch_le32(p->out, p->at + 16, (uint32_t)(n - HEADER1));
        wmio_patch_le32(p->out, p->at + HEADER1 + 4, (uint32_t)(n - HEADER1 - HEADER2));
        wmio_patch_le32(p->out, p->at + HEADER1 + HEADER2 + 4, (uint32_t)(n - HEADERS));
        wmio_patch_le32(p->out, p->at + HEADER1 + HEADER2 + 8, p->n_objects);
        return 0;
}

/* ---- reading ---- */

static int bad(struct err *e, const char *what)
{
        return err_set(e, ERR_INVALID, "object array: %s", what);
}

static const struct wmio_class *received(const struct wmio_received *r, const char *id)
{
        for (const struct wmio_received_class *c = r->classes; c; c = c->next) {
                if (memcmp(c->id, id, sizeof c->id) == 0)
                        return c->class;
        }
        return NULL;
}

static int keep_class(struct wmio_received *r, const char *id, const struct wmio_class *class, struct err *e)
{
        struct wmio_received_class *c = arena_alloc(r->a, sizeof *c);

        if (!c)
                return wmio_no_memory(e);
        memcpy(c->id, id, sizeof c->id);
        c->class = class;
        c->next = r->classes;
        r->classes = c;
        return 0;
}

static int get_object(struct wmio_received *r, enum kind kind, struct str data, struct wmio_decoded **out,
                      struct err *e)
{
        size_t header = kind == A_CLASS ? CLASS_HEADER : INSTANCE_HEADER;
        const struct wmio_class *c;
        int rc;

        if (data.n < header || get_le32(data.p) != header || get_le32(data.p + 4) != data.n - header)
                return bad(e, "an object's header is wrong");
        if (kind != NO_CLASS) {
                rc = wmio_decode_block(str_from(data, header), r->a, out, e);
                if (rc == 0 && (*out)->is_class != (kind == A_CLASS))
                        return bad(e, "a class came as an instance, or the other way");
                return rc < 0 || kind == A_CLASS ? rc : keep_class(r, data.p + 8, (*out)->class, e);
        }
        c = received(r, data.p + 8);
        if (!c)
                return bad(e, "an instance is of a class that did not come");
        return wmio_decode_no_class(str_from(data, header), c, r->a, out, e);
}

static bool headers_are_right(struct str p, enum wmio_packet_type type)
{
        return p.n >= HEADERS && memcmp(p.p, signature, sizeof signature) == 0 && get_le32(p.p + 12) == HEADER1 &&
               get_le32(p.p + 16) == p.n - HEADER1 && p.p[24] == 1 && p.p[25] == (char)type &&
               get_le32(p.p + HEADER1) == HEADER2 && get_le32(p.p + HEADER1 + 4) == p.n - HEADER1 - HEADER2 &&
               get_le32(p.p + HEADER1 + HEADER2) == HEADER3 && get_le32(p.p + HEADER1 + HEADER2 + 4) == p.n - HEADERS;
}

int wmio_packet_decode(struct str packet, enum wmio_packet_type type, struct wmio_received *r,
                       struct wmio_decoded ***objects_out, size_t *n_out, struct err *e)
{
        struct wmio_decoded **objects;
        size_t n;

        if (!headers_are_right(packet, type))
                return bad(e, "its headers are wrong");
        n = get_le32(packet.p + HEADERS - 4);
        packet = str_from(packet, HEADERS);
        if (n > packet.n / OBJECT_HEADER)
                return bad(e, "it has fewer octets than objects");
        objects = arena_array(r->a, n + 1, sizeof *objects);
        if (!objects)
                return wmio_no_memory(e);
        for (size_t i = 0; i < n; i++) {
                size_t size = packet.n >= OBJECT_HEADER ? get_le32(packet.p + 4) : 0;
                int kind = packet.n >= OBJECT_HEADER ? packet.p[8] : 0, rc;

                if (kind < A_CLASS || kind > NO_CLASS || get_le32(packet.p) != OBJECT_HEADER ||
                    size > packet.n - OBJECT_HEADER)
                        return bad(e, "an object is cut off");
                rc = get_object(r, kind, (struct str){ packet.p + OBJECT_HEADER, size }, &objects[i], e);
                if (rc < 0)
                        return err_prefix(e, "object %zu", i);
                packet = str_from(packet, OBJECT_HEADER + size);
        }
        *objects_out = objects;
        *n_out = n;
        return 0;
}
