/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers: cut into fragments, signed and sealed in the order in which they leave
 *
 * Every fragment repeats the 24 octets of the head and carries a trailer of its
 * own; stub and padding together are a multiple of 16 ([MS-RPCE] 2.2.2.11).
 */
#include "rpc/internal.h"

enum { ALIGN = 16 };

struct sending {
        struct rpc_conn *c;
        enum rpc_ptype type;
        uint32_t call_id;
        uint16_t context;
        struct rpc_security *s;         /* NULL: in the clear */
        size_t signature;
};

/* Room for a signature at the end of out, and the signature in it. */
static int protect(struct sending *q, struct buf *out, size_t begin, size_t trailer)
{
        static const uint8_t zeros[64];
        size_t n = out->n - begin;
        struct rpc_pdu pdu;

        rpc_pdu_end(out, begin, q->signature, q->signature);
        for (size_t left = q->signature; left > 0; left -= MIN(left, sizeof(zeros)))
                buf_add(out, zeros, MIN(left, sizeof(zeros)));
        if (out->failed)
                return -1;
        pdu = (struct rpc_pdu){ .p = (uint8_t *)out->p + begin, .stub = RPC_CALL_HEAD_LEN, .trailer = trailer, .n = n };
        return q->s->sec->ops->protect(q->s->sec, q->s->level, &pdu, pdu.p + n);
}

static void send_fragment(struct sending *q, struct str part, size_t total, uint8_t flags)
{
        struct buf *out = &q->c->out;
        size_t begin = rpc_pdu_begin(out, q->type, flags, q->call_id);

        buf_le32(out, (uint32_t)total);
        buf_le16(out, q->context);
        buf_le16(out, 0);
        buf_adds(out, part);
        if (q->s) {
                rpc_pdu_trailer(out, begin, RPC_CALL_HEAD_LEN, ALIGN, (uint8_t)q->s->auth, (uint8_t)q->s->level, q->s->id);
                if (!out->failed && protect(q, out, begin, out->n - begin - RPC_TRAILER_LEN) < 0)
                        rpc_conn_end(q->c, "an answer could not be signed");
        } else {
                rpc_pdu_end(out, begin, 0, 0);
        }
}

void rpc_send(struct rpc_conn *c, enum rpc_ptype type, uint8_t flags, uint32_t call_id, uint16_t context,
              struct rpc_security *s, struct str stub)
{
        struct sending q = { .c = c, .type = type, .call_id = call_id, .context = context };
        size_t room = c->max_xmit - RPC_CALL_HEAD_LEN, at = 0;

        if (c->why[0])
                return;
        if (s && s->state == RPC_SECURITY_ESTABLISHED && rpc_is_protected(s->level)) {
                q.s = s;
                q.signature = s->sec->ops->signature_size(s->sec, s->level);
                room -= RPC_TRAILER_LEN + q.signature;
        }
        room &= ~(size_t)(ALIGN - 1);
        do {
                size_t n = MIN(room, stub.n - at);
                uint8_t f = flags | (at == 0 ? RPC_FIRST : 0) | (at + n == stub.n ? RPC_LAST : 0);

                send_fragment(&q, (struct str){ stub.p + at, n }, stub.n, f);
                at += n;
        } while (at < stub.n && !c->why[0]);
        if (c->out.failed)
                rpc_conn_end(c, "the client does not take its answers: more than %zu octets wait", c->out.limit);
        rpc_conn_wake(c);
}

/* In the clear at every level, as Windows and Samba send them: clients look for the status before they decrypt. */
void rpc_send_fault(struct rpc_conn *c, uint32_t call_id, uint16_t context, uint32_t status, bool executed)
{
        char body[8] = { 0 };

        put_le32(body, status);
        rpc_send(c, RPC_FAULT, executed ? 0 : RPC_NOT_EXECUTED, call_id, context, NULL, (struct str){ body, sizeof(body) });
}
