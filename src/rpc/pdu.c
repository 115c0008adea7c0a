/* SPDX-License-Identifier: Apache-2.0 */
/* Packets taken apart and put together. */
#include <stdio.h>
#include "rpc/pdu.h"

enum { SYNTAX_LEN = 20, OFFER_LEN = 24, BIND_LEN = 12, DREP_LITTLE_ENDIAN = 0x10 };

static uint16_t get_le16(const uint8_t *p)
{
        return (uint16_t)(p[0] | p[1] << 8);
}

static void put_le16(char *p, size_t v)
{
        p[0] = (char)(v & 0xff);
        p[1] = (char)(v >> 8 & 0xff);
}

int rpc_head_decode(struct str octets, size_t max_frag, struct rpc_head *out, struct err *e)
{
        const uint8_t *p = (const uint8_t *)octets.p;

        if (octets.n < RPC_HEAD_LEN)
                return 1;
        *out = (struct rpc_head){ .type = p[2], .flags = p[3], .frag_len = get_le16(p + 8), .auth_len = get_le16(p + 10),
                                  .call_id = get_le32(p + 12) };
        if (p[0] != 5 || p[1] > 1)
                return err_set(e, ERR_INVALID, "RPC version %u.%u; 5.0 and 5.1 are spoken here", p[0], p[1]);
        if (p[4] != DREP_LITTLE_ENDIAN)
                return err_set(e, ERR_INVALID, "data representation 0x%02x; only little-endian ASCII is spoken here", p[4]);
        if (out->frag_len < RPC_HEAD_LEN || out->frag_len > max_frag)
                return err_set(e, ERR_INVALID, "a fragment of %u octets; %zu are offered", out->frag_len, max_frag);
        if (out->auth_len > 0 && out->auth_len + RPC_TRAILER_LEN + RPC_HEAD_LEN > out->frag_len)
                return err_set(e, ERR_INVALID, "%u octets of authentication in a fragment of %u", out->auth_len,
                               out->frag_len);
        return 0;
}

int rpc_trailer_decode(struct str pdu, const struct rpc_head *h, size_t body, struct rpc_trailer *out, struct err *e)
{
        size_t at = (size_t)h->frag_len - h->auth_len - RPC_TRAILER_LEN;
        const uint8_t *p = (const uint8_t *)pdu.p + at;

        if (at < body || p[2] > at - body)
                return err_set(e, ERR_INVALID, "a security trailer that reaches into the body");
        *out = (struct rpc_trailer){ .at = at, .type = p[0], .level = p[1], .pad = p[2], .context = get_le32(p + 4),
                                     .token = { pdu.p + at + RPC_TRAILER_LEN, h->auth_len } };
        return 0;
}

int rpc_bind_decode(struct str body, struct rpc_bind *out, struct err *e)
{
        struct cursor c = cursor_of(body.p, body.n);

        *out = (struct rpc_bind){ .max_xmit = cursor_le16(&c) };
        out->max_recv = cursor_le16(&c);
        out->group = cursor_le32(&c);
        out->n_offers = cursor_u8(&c);
        (void)cursor_bytes(&c, 3);
        out->offers = c;
        return c.bad ? err_set(e, ERR_INVALID, "a bind of %zu octets", body.n) : 0;
}

static struct rpc_syntax syntax_at(const char *p)
{
        struct rpc_syntax s;
        uint32_t version = get_le32(p + sizeof(s.uuid.b));

        memcpy(s.uuid.b, p, sizeof(s.uuid.b));
        s.major = (uint16_t)version;
        s.minor = (uint16_t)(version >> 16);
        return s;
}

int rpc_offer_next(struct rpc_bind *b, struct rpc_offer *out, struct err *e)
{
        struct str abstract;

        *out = (struct rpc_offer){ .id = cursor_le16(&b->offers) };
        out->n_transfer = cursor_u8(&b->offers);
        (void)cursor_u8(&b->offers);
        abstract = cursor_bytes(&b->offers, SYNTAX_LEN);
        out->transfer = cursor_bytes(&b->offers, (size_t)out->n_transfer * SYNTAX_LEN);
        if (b->offers.bad)
                return err_set(e, ERR_INVALID, "a bind that ends within its %u contexts", b->n_offers);
        out->abstract = syntax_at(abstract.p);
        return 0;
}

struct rpc_syntax rpc_transfer_at(const struct rpc_offer *o, unsigned i)
{
        return syntax_at(o->transfer.p + (size_t)i * SYNTAX_LEN);
}

bool rpc_syntax_is_features(const struct rpc_syntax *s, uint16_t *bits_out)
{
        static const uint8_t prefix[8] = { 0x2c, 0x1c, 0xb7, 0x6c, 0x12, 0x98, 0x40, 0x45 };

        if (memcmp(s->uuid.b, prefix, sizeof(prefix)) != 0)
                return false;
        *bits_out = get_le16(s->uuid.b + 8);
        return true;
}

int rpc_request_decode(struct str pdu, const struct rpc_head *h, struct rpc_request_head *out, struct err *e)
{
        struct cursor c = cursor_of(pdu.p, h->frag_len);
        struct str object;

        (void)cursor_bytes(&c, RPC_HEAD_LEN);
        *out = (struct rpc_request_head){ .alloc_hint = cursor_le32(&c), .stub = RPC_CALL_HEAD_LEN };
        out->context = cursor_le16(&c);
        out->opnum = cursor_le16(&c);
        if (h->flags & RPC_HAS_OBJECT) {
                object = cursor_bytes(&c, sizeof(out->object.b));
                out->has_object = true;
                out->stub += sizeof(out->object.b);
                if (!c.bad)
                        memcpy(out->object.b, object.p, object.n);
        }
        return c.bad ? err_set(e, ERR_INVALID, "a request of %u octets", h->frag_len) : 0;
}

size_t rpc_pdu_begin(struct buf *b, enum rpc_ptype type, uint8_t flags, uint32_t call_id)
{
        const char head[12] = { 5, 0, (char)type, (char)flags, DREP_LITTLE_ENDIAN };
        size_t begin = b->n;

        buf_add(b, head, sizeof(head));
        buf_le32(b, call_id);
        return begin;
}

void rpc_pdu_trailer(struct buf *b, size_t begin, size_t body, size_t to, uint8_t type, uint8_t level, uint32_t context)
{
        static const char zeros[16];
        size_t pad = -(b->n - begin - body) & (to - 1);

        buf_add(b, zeros, pad);
        buf_addc(b, (char)type);
        buf_addc(b, (char)level);
        buf_addc(b, (char)pad);
        buf_addc(b, 0);
        buf_le32(b, context);
}

void rpc_pdu_end(struct buf *b, size_t begin, size_t auth_len, size_t missing)
{
        if (b->failed)
                return;
        put_le16(b->p + begin + 8, b->n - begin + missing);
        put_le16(b->p + begin + 10, auth_len);
}

void rpc_syntax_encode(struct buf *b, const struct rpc_syntax *s)
{
        buf_add(b, s->uuid.b, sizeof(s->uuid.b));
        buf_le16(b, s->major);
        buf_le16(b, s->minor);
}

void rpc_bind_encode(struct buf *b, uint16_t max_xmit, uint16_t max_recv, uint32_t group, uint8_t n_offers)
{
        buf_le16(b, max_xmit);
        buf_le16(b, max_recv);
        buf_le32(b, group);
        buf_le32(b, n_offers);
}

void rpc_ack_encode(struct buf *b, size_t begin, uint16_t max_xmit, uint16_t max_recv, uint32_t group, uint16_t port,
                    uint8_t n_results)
{
        static const char zeros[4];
        char address[8];
        int n = port ? snprintf(address, sizeof(address), "%u", port) + 1 : 0;

        buf_le16(b, max_xmit);
        buf_le16(b, max_recv);
        buf_le32(b, group);
        buf_le16(b, (uint16_t)n);
        buf_add(b, address, (size_t)n);
        buf_add(b, zeros, -(b->n - begin) & 3);
        buf_le32(b, n_results);
}

void rpc_result_encode(struct buf *b, uint16_t result, uint16_t reason, bool ndr)
{
        const struct rpc_syntax none = { 0 }, yes = { ndr_syntax, NDR_SYNTAX_VERSION, 0 };

        buf_le16(b, result);
        buf_le16(b, reason);
        rpc_syntax_encode(b, ndr ? &yes : &none);
}
