/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind, alter_context and auth3: presentation contexts and the legs of logons
 *
 * [C706] 12.6.4.3-7; [MS-RPCE] 3.3.1.5.2, 3.3.1.5.3.
 */
#include "rpc/internal.h"

enum { FEATURES = 3 };          /* security context multiplexing, keep the connection on orphan */

struct verdict {
        uint16_t result, reason;
};

static int add_context(struct rpc_conn *c, uint16_t id, const struct rpc_registered *to)
{
        struct rpc_context *v;

        for (unsigned i = 0; i < c->n_contexts; i++) {
                if (c->contexts[i].id != id)
                        continue;
                c->contexts[i].to = to;
                return 0;
        }
        if (c->n_contexts >= c->server->limits.max_contexts) {         /* the oldest goes: see forget_oldest() of security.c */
                v = c->contexts;
                memmove(v, v + 1, (c->n_contexts - 1) * sizeof(*v));
                v[c->n_contexts - 1] = (struct rpc_context){ id, to };
                return 0;
        }
        v = realloc(c->contexts, (c->n_contexts + 1) * sizeof(*v));
        if (!v)
                return -1;
        c->contexts = v;
        v[c->n_contexts++] = (struct rpc_context){ id, to };
        return 0;
}

static struct verdict judge(struct rpc_conn *c, const struct rpc_offer *o)
{
        const struct rpc_registered *to = rpc_server_find(c->server, &o->abstract);
        bool ndr = false;

        for (unsigned i = 0; i < o->n_transfer; i++) {
                struct rpc_syntax t = rpc_transfer_at(o, i);
                uint16_t bits;

                if (rpc_syntax_is_features(&t, &bits))
                        return (struct verdict){ RPC_NEGOTIATE_ACK, bits & FEATURES };
                ndr |= uuid_eq(&t.uuid, &ndr_syntax) && t.major == NDR_SYNTAX_VERSION && t.minor == 0;
        }
        if (!to)
                return (struct verdict){ RPC_PROVIDER_REJECTED, RPC_REASON_ABSTRACT };
        if (!ndr)
                return (struct verdict){ RPC_PROVIDER_REJECTED, RPC_REASON_TRANSFER };
        if (add_context(c, o->id, to) < 0)
                return (struct verdict){ RPC_PROVIDER_REJECTED, RPC_REASON_LIMIT };
        return (struct verdict){ RPC_ACCEPTED, RPC_REASON_NONE };
}

/* The ack, header and body. */
static int make_ack(struct rpc_conn *c, const struct rpc_head *h, struct rpc_bind *b, struct buf *out, struct err *e)
{
        bool first = h->type == RPC_BIND;
        uint8_t flags = RPC_FIRST | RPC_LAST | (h->flags & (RPC_HEADER_SIGN | RPC_MULTIPLEX));
        size_t begin = rpc_pdu_begin(out, first ? RPC_BIND_ACK : RPC_ALTER_RESP, flags, h->call_id);

        rpc_ack_encode(out, begin, c->max_xmit, c->max_recv, c->group->id, first ? c->local_port : 0, b->n_offers);
        for (unsigned i = 0; i < b->n_offers; i++) {
                struct rpc_offer o;
                struct verdict v;
                int r = rpc_offer_next(b, &o, e);

                if (r < 0)
                        return r;
                v = judge(c, &o);
                rpc_result_encode(out, v.result, v.reason, v.result == RPC_ACCEPTED);
        }
        rpc_pdu_end(out, begin, 0, 0);
        return out->failed ? err_set(e, ERR_NOMEM, "out of memory for a bind") : 0;
}

/* What a bind settles for the life of the connection. */
static bool settle(struct rpc_conn *c, const struct rpc_head *h, const struct rpc_bind *b)
{
        uint16_t most = c->server->limits.max_frag;

        if (h->type != RPC_BIND)
                return true;
        c->max_xmit = MIN(MAX(b->max_recv, (uint16_t)RPC_FRAG_MIN), most);
        c->max_recv = MIN(MAX(b->max_xmit, (uint16_t)RPC_FRAG_MIN), most);
        c->header_sign = h->flags & RPC_HEADER_SIGN;
        c->group = rpc_group_join(c->server, b->group);
        return c->group != NULL;
}

void rpc_refuse_bind(struct rpc_conn *c, const struct rpc_head *h, uint16_t nak_reason, const char *why)
{
        static const char versions[] = { 1, 5, 0 };
        size_t begin;

        if (h->type != RPC_BIND) {
                if (h->type == RPC_ALTER)
                        rpc_send_fault(c, h->call_id, 0, RPC_S_ACCESS_DENIED, false);
                return;
        }
        begin = rpc_pdu_begin(&c->out, RPC_BIND_NAK, RPC_FIRST | RPC_LAST, h->call_id);
        buf_le16(&c->out, nak_reason);
        buf_add(&c->out, versions, sizeof(versions));
        rpc_pdu_end(&c->out, begin, 0, 0);
        rpc_conn_end(c, "bind refused: %s", why);
}

static void take_bind(struct rpc_conn *c, const struct rpc_head *h, struct rpc_bind *b, const struct rpc_trailer *t)
{
        struct rpc_security *s = NULL;
        struct buf ack;
        struct err e = { 0 };

        if (t) {
                s = rpc_security_for(c, t, h);
                if (!s)
                        return;
        }
        if (!settle(c, h, b)) {
                rpc_conn_end(c, "out of memory for an association group");
                return;
        }
        buf_init(&ack, RPC_HEAD_LEN + 64 + 256 * 24);
        if (make_ack(c, h, b, &ack, &e) < 0) {
                rpc_conn_end(c, "%s", e.text);
        } else {
                c->bound = true;
                if (s) {
                        rpc_leg_begin(c, s, t->token, h, &ack);
                } else {
                        buf_adds(&c->out, buf_str(&ack));
                        rpc_conn_wake(c);
                }
        }
        buf_fini(&ack);
}

void rpc_on_bind(struct rpc_conn *c, struct str pdu, const struct rpc_head *h)
{
        struct rpc_trailer t = { .at = h->frag_len };
        struct rpc_bind b;
        struct err e = { 0 };
        int r = h->auth_len ? rpc_trailer_decode(pdu, h, RPC_HEAD_LEN, &t, &e) : 0;

        if (r == 0)
                r = rpc_bind_decode((struct str){ pdu.p + RPC_HEAD_LEN, t.at - RPC_HEAD_LEN }, &b, &e);
        if (r == 0 && (h->type == RPC_BIND) == c->bound)
                r = err_set(&e, ERR_INVALID, c->bound ? "a second bind on one connection" : "alter_context before bind");
        if (r < 0)
                rpc_conn_end(c, "%s", e.text);
        else
                take_bind(c, h, &b, h->auth_len ? &t : NULL);
}

void rpc_on_auth3(struct rpc_conn *c, struct str pdu, const struct rpc_head *h)
{
        struct rpc_trailer t;
        struct rpc_security *s;
        struct buf none;
        struct err e = { 0 };

        if (h->auth_len == 0 || rpc_trailer_decode(pdu, h, RPC_HEAD_LEN, &t, &e) < 0) {
                rpc_conn_end(c, "an auth3 without a token");
                return;
        }
        s = rpc_security_find(c, t.context);
        if (!s || s->state != RPC_SECURITY_STEPPING || s->auth != t.type) {
                rpc_conn_end(c, "an auth3 for security context %u, which awaits none", t.context);
                return;
        }
        buf_init(&none, 0);
        rpc_leg_begin(c, s, t.token, h, &none);
}
