/* SPDX-License-Identifier: Apache-2.0 */
/* DER of NegTokenInit and NegTokenResp. */
#include "spnego/spnego.h"

enum { TAG_OCTETS = 0x04, TAG_OID = 0x06, TAG_ENUM = 0x0a, TAG_SEQUENCE = 0x30, TAG_APPLICATION = 0x60, TAG_CONTEXT = 0xa0 };

static const struct {
        enum spnego_mech mech;
        struct str oid;                 /* content octets */
} oids[] = {
        { SPNEGO_KERBEROS, { "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", 9 } },
        { SPNEGO_MS_KERBEROS, { "\x2a\x86\x48\x82\xf7\x12\x01\x02\x02", 9 } },
        { SPNEGO_NTLM, { "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a", 10 } },
};
static const struct str spnego_oid = { "\x2b\x06\x01\x05\x05\x02", 6 };

static enum spnego_mech mech_of(struct str oid)
{
        for (size_t i = 0; i < ARRAY_SIZE(oids); i++)
                if (str_eq(oids[i].oid, oid))
                        return oids[i].mech;
        return SPNEGO_OTHER;
}

static struct str oid_of(enum spnego_mech m)
{
        for (size_t i = 0; i < ARRAY_SIZE(oids); i++)
                if (oids[i].mech == m)
                        return oids[i].oid;
        return STR_NULL;
}

/* ---- reading ---- */

/* The next element: its tag, its content; the cursor moves behind it.  bad when it reaches too far. */
static struct str element(struct cursor *c, uint8_t *tag)
{
        size_t n;
        uint8_t first;

        *tag = cursor_u8(c);
        first = cursor_u8(c);
        n = first;
        if (first & 0x80) {
                unsigned more = first & 0x7f;

                n = 0;
                if (more == 0 || more > 3)
                        c->bad = true;
                for (; !c->bad && more > 0; more--)
                        n = n << 8 | cursor_u8(c);
        }
        return cursor_bytes(c, n);
}

/* The content of the next element, which must have that tag. */
static struct str inside(struct cursor *c, uint8_t want)
{
        uint8_t tag;
        struct str s = element(c, &tag);

        c->bad |= tag != want;
        return s;
}

static struct cursor within(struct str s)
{
        return cursor_of(s.p ? s.p : "", s.n);
}

bool spnego_is_init(struct str token)
{
        struct cursor c = within(token), body;

        body = within(inside(&c, TAG_APPLICATION));
        return !c.bad && str_eq(inside(&body, TAG_OID), spnego_oid) && !body.bad;
}

static void read_mechs(struct str list, struct spnego_init *out, struct cursor *outer)
{
        struct cursor c = within(list), mechs;

        mechs = within(inside(&c, TAG_SEQUENCE));
        while (!c.bad && !mechs.bad && mechs.p < mechs.end) {
                struct str oid = inside(&mechs, TAG_OID);

                if (out->n_mechs < SPNEGO_MECHS_MAX)
                        out->mechs[out->n_mechs++] = mech_of(oid);
        }
        out->mech_list = list;
        outer->bad |= c.bad || mechs.bad || out->n_mechs == 0;
}

static struct str octets_in(struct str s, struct cursor *outer)
{
        struct cursor c = within(s);
        struct str content = inside(&c, TAG_OCTETS);

        outer->bad |= c.bad;
        return content;
}

int spnego_decode_init(struct str token, struct spnego_init *out, struct err *e)
{
        struct cursor c = within(token), fields;

        *out = (struct spnego_init){ 0 };
        if (token.n > SPNEGO_TOKEN_MAX || !spnego_is_init(token))
                return err_set(e, ERR_INVALID, "not the first message of SPNEGO");
        c = within(inside(&c, TAG_APPLICATION));
        (void)inside(&c, TAG_OID);
        fields = within(inside(&c, TAG_CONTEXT));
        fields = within(inside(&fields, TAG_SEQUENCE));
        while (!c.bad && !fields.bad && fields.p < fields.end) {
                uint8_t tag;
                struct str s = element(&fields, &tag);

                if (tag == TAG_CONTEXT)
                        read_mechs(s, out, &fields);
                else if (tag == TAG_CONTEXT + 2)
                        out->token = octets_in(s, &fields);
        }
        if (c.bad || fields.bad || out->n_mechs == 0)
                return err_set(e, ERR_INVALID, "a NegTokenInit that is no DER");
        return 0;
}

int spnego_decode_resp(struct str token, struct spnego_resp *out, struct err *e)
{
        struct cursor c = within(token), fields, inner;

        *out = (struct spnego_resp){ .state = SPNEGO_NO_STATE };
        fields = within(token.n <= SPNEGO_TOKEN_MAX ? inside(&c, TAG_CONTEXT + 1) : STR_NULL);
        c.bad |= token.n == 0 || token.n > SPNEGO_TOKEN_MAX;
        fields = within(inside(&fields, TAG_SEQUENCE));
        while (!c.bad && !fields.bad && fields.p < fields.end) {
                uint8_t tag;
                struct str s = element(&fields, &tag), value;

                inner = within(s);
                if (tag == TAG_CONTEXT) {
                        value = inside(&inner, TAG_ENUM);
                        out->state = value.n == 1 ? (enum spnego_state)(value.p[0] & 0x7f) : SPNEGO_NO_STATE;
                } else if (tag == TAG_CONTEXT + 1) {
                        out->mech = mech_of(inside(&inner, TAG_OID));
                } else if (tag == TAG_CONTEXT + 2) {
                        out->token = octets_in(s, &fields);
                } else if (tag == TAG_CONTEXT + 3) {
                        out->mic = octets_in(s, &fields);
                }
                fields.bad |= inner.bad;
        }
        return c.bad || fields.bad ? err_set(e, ERR_INVALID, "a NegTokenResp that is no DER") : 0;
}

/* ---- writing: elements are made from the inside out ---- */

static void wrap(struct buf *out, uint8_t tag, struct str content)
{
        buf_addc(out, (char)tag);
        if (content.n < 0x80) {
                buf_addc(out, (char)content.n);
        } else {
                bool three = content.n > 0xffff;

                buf_addc(out, (char)(three ? 0x83 : 0x82));
                if (three)
                        buf_addc(out, (char)(content.n >> 16 & 0xff));
                buf_addc(out, (char)(content.n >> 8 & 0xff));
                buf_addc(out, (char)(content.n & 0xff));
        }
        buf_adds(out, content);
}

/* Everything in b becomes the content of one element. */
static void enclose(struct buf *b, uint8_t tag)
{
        struct buf outer;

        buf_init(&outer, SPNEGO_TOKEN_MAX);
        wrap(&outer, tag, buf_str(b));
        outer.failed |= b->failed;
        buf_fini(b);
        *b = outer;
}

/* [number] { tag content } */
static void add_field(struct buf *b, unsigned number, uint8_t tag, struct str content)
{
        struct buf inner;

        buf_init(&inner, SPNEGO_TOKEN_MAX);
        wrap(&inner, tag, content);
        wrap(b, (uint8_t)(TAG_CONTEXT + number), buf_str(&inner));
        b->failed |= inner.failed;
        buf_fini(&inner);
}

static void emit(struct buf *out, struct buf *b)
{
        buf_adds(out, buf_str(b));
        out->failed |= b->failed;
        buf_fini(b);
}

void spnego_encode_resp(struct buf *out, const struct spnego_resp *r)
{
        char state = (char)r->state;
        struct buf b;

        buf_init(&b, SPNEGO_TOKEN_MAX);
        if (r->state != SPNEGO_NO_STATE)
                add_field(&b, 0, TAG_ENUM, (struct str){ &state, 1 });
        if (r->mech != SPNEGO_OTHER)
                add_field(&b, 1, TAG_OID, oid_of(r->mech));
        if (r->token.p)
                add_field(&b, 2, TAG_OCTETS, r->token);
        if (r->mic.p)
                add_field(&b, 3, TAG_OCTETS, r->mic);
        enclose(&b, TAG_SEQUENCE);
        enclose(&b, TAG_CONTEXT + 1);
        emit(out, &b);
}

void spnego_encode_init(struct buf *out, const enum spnego_mech *mechs, size_t n, struct str token)
{
        struct buf b, list;

        buf_init(&b, SPNEGO_TOKEN_MAX);
        buf_init(&list, SPNEGO_TOKEN_MAX);
        for (size_t i = 0; i < n; i++)
                if (mechs[i] != SPNEGO_OTHER)
                        wrap(&list, TAG_OID, oid_of(mechs[i]));
        add_field(&b, 0, TAG_SEQUENCE, buf_str(&list));
        if (token.p)
                add_field(&b, 2, TAG_OCTETS, token);
        b.failed |= list.failed;
        buf_fini(&list);
        enclose(&b, TAG_SEQUENCE);
        enclose(&b, TAG_CONTEXT);
        buf_init(&list, SPNEGO_TOKEN_MAX);
        wrap(&list, TAG_OID, spnego_oid);
        buf_adds(&list, buf_str(&b));
        list.failed |= b.failed;
        buf_fini(&b);
        enclose(&list, TAG_APPLICATION);
        emit(out, &list);
}
