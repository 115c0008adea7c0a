/* SPDX-License-Identifier: Apache-2.0 */
/* The client's bind, its logon, and what the server said to it. */
#include "os/os.h"
#include "rpc/client_internal.h"

static void offer(struct rpc_client *c, struct rpc_client_context *x)
{
        const struct rpc_syntax ndr = { ndr_syntax, NDR_SYNTAX_VERSION, 0 };

        buf_le16(&c->out, x->id);
        buf_le16(&c->out, 1);
        rpc_syntax_encode(&c->out, &x->iface);
        rpc_syntax_encode(&c->out, &ndr);
        x->state = RPC_OFFERED;
}

/* NEGOTIATE in the first bind; later ones carry nothing, the context is there already. */
static size_t add_token(struct rpc_client *c, size_t begin)
{
        struct buf token;
        size_t n;

        if (c->opts.level == RPC_LEVEL_NONE || c->bound)
                return 0;
        buf_init(&token, NTLM_MESSAGE_MAX);
        ntlm_initiator_negotiate(&c->initiator, &token);
        rpc_pdu_trailer(&c->out, begin, 0, 4, RPC_AUTH_NTLM, (uint8_t)c->opts.level, RPC_CLIENT_SECURITY_ID);
        buf_adds(&c->out, buf_str(&token));
        n = token.n;
        buf_fini(&token);
        return n;
}

void rpc_client_send_bind(struct rpc_client *c)
{
        uint8_t n = 0, flags = RPC_FIRST | RPC_LAST | (c->bound ? 0 : RPC_HEADER_SIGN | RPC_MULTIPLEX);
        struct list *l, *tmp;
        size_t begin;

        list_for_each(l, &c->contexts, tmp)
                n += list_entry(l, struct rpc_client_context, link)->state == RPC_WANTED;
        c->busy = true;
        c->bind_id = ++c->last_id;
        begin = rpc_pdu_begin(&c->out, c->bound ? RPC_ALTER : RPC_BIND, flags, c->bind_id);
        rpc_bind_encode(&c->out, c->opts.max_frag, c->opts.max_frag, c->group, n);
        list_for_each(l, &c->contexts, tmp) {
                struct rpc_client_context *x = list_entry(l, struct rpc_client_context, link);

                if (x->state == RPC_WANTED)
                        offer(c, x);
        }
        rpc_pdu_end(&c->out, begin, add_token(c, begin), 0);
}

static void end_calls_of(struct rpc_client *c, const struct rpc_client_context *x, const struct rpc_result *r)
{
        struct list *l, *tmp, ended = LIST_INIT(ended);

        list_for_each(l, &c->calls, tmp) {
                struct rpc_client_call *call = list_entry(l, struct rpc_client_call, link);

                if (call->context != x || call->sent)
                        continue;
                list_del(l);
                list_push_back(&ended, l);
        }
        while (!list_empty(&ended))             /* those that their makers make meanwhile are for the next bind */
                rpc_client_finish(c, list_entry(ended.next, struct rpc_client_call, link), r);
}

static void settle(struct rpc_client *c, struct rpc_client_context *x, bool accepted, uint32_t status, const char *why)
{
        x->state = accepted ? RPC_HAVE : RPC_WANTED;
        if (!accepted)
                end_calls_of(c, x, &(struct rpc_result){ .kind = RPC_RESULT_REFUSED, .status = status, .why = why });
}

void rpc_client_refused(struct rpc_client *c, uint32_t status, const char *why)
{
        struct list *l, *tmp;

        list_for_each(l, &c->contexts, tmp) {
                struct rpc_client_context *x = list_entry(l, struct rpc_client_context, link);

                if (x->state == RPC_OFFERED)
                        settle(c, x, false, status, why);
        }
        c->busy = false;
}

/* The third leg.  False: the server's challenge is none. */
static bool answer_challenge(struct rpc_client *c, struct str token, uint32_t call_id)
{
        struct ntlm_secrets secrets = { .now_us = os_now_us() };
        struct err e = { 0 };
        struct buf answer;
        size_t begin;
        int r;

        os_random(secrets.nonce, sizeof(secrets.nonce));
        os_random(secrets.key, sizeof(secrets.key));
        buf_init(&answer, NTLM_MESSAGE_MAX);
        r = ntlm_initiator_respond(&c->initiator, token, &c->logon, &secrets, &answer, &c->session, &e);
        explicit_bzero(&secrets, sizeof(secrets));
        explicit_bzero(c->logon.nt_hash, sizeof(c->logon.nt_hash));
        if (r < 0) {
                rpc_client_end(c, RPC_RESULT_REFUSED, "%s", e.text);
        } else {
                begin = rpc_pdu_begin(&c->out, RPC_AUTH3, RPC_FIRST | RPC_LAST, call_id);
                buf_le32(&c->out, 0);
                rpc_pdu_trailer(&c->out, begin, 0, 4, RPC_AUTH_NTLM, (uint8_t)c->opts.level, RPC_CLIENT_SECURITY_ID);
                buf_adds(&c->out, buf_str(&answer));
                rpc_pdu_end(&c->out, begin, answer.n, 0);
        }
        buf_fini(&answer);
        return r == 0;
}

/* Results stand in the order of the offers, which is that of the list. */
static void read_results(struct rpc_client *c, struct cursor *b)
{
        struct list *l, *tmp;
        uint8_t n = cursor_u8(b);

        (void)cursor_bytes(b, 3);
        list_for_each(l, &c->contexts, tmp) {
                struct rpc_client_context *x = list_entry(l, struct rpc_client_context, link);
                uint16_t result, reason;

                if (x->state != RPC_OFFERED)
                        continue;
                result = n > 0 ? cursor_le16(b) : RPC_PROVIDER_REJECTED;
                reason = n > 0 ? cursor_le16(b) : 0;
                (void)cursor_bytes(b, n > 0 ? 20 : 0);
                n -= n > 0;
                settle(c, x, !b->bad && result == RPC_ACCEPTED, reason, "the server does not have the interface");
        }
}

void rpc_client_on_ack(struct rpc_client *c, struct str pdu, const struct rpc_head *h)
{
        struct rpc_trailer t = { .at = h->frag_len };
        struct err e = { 0 };
        struct cursor b;
        uint16_t max_recv, n;

        if (!c->busy || h->call_id != c->bind_id || (h->type == RPC_BIND_ACK) == c->bound ||
            (h->auth_len && rpc_trailer_decode(pdu, h, RPC_HEAD_LEN, &t, &e) < 0)) {
                rpc_client_end(c, RPC_RESULT_LOST, "an answer to a bind that was not asked for");
                return;
        }
        b = cursor_of(pdu.p, t.at);
        (void)cursor_bytes(&b, RPC_HEAD_LEN + 2);
        max_recv = cursor_le16(&b);
        c->group = cursor_le32(&b);
        n = cursor_le16(&b);
        (void)cursor_bytes(&b, n);
        (void)cursor_bytes(&b, -(size_t)(b.p - (const uint8_t *)pdu.p) & 3);
        if (b.bad || (!c->bound && c->opts.level != RPC_LEVEL_NONE && t.token.n == 0)) {
                rpc_client_end(c, RPC_RESULT_LOST, "the answer to the bind is incomplete");
                return;
        }
        if (!c->bound && c->opts.level != RPC_LEVEL_NONE && !answer_challenge(c, t.token, h->call_id))
                return;
        c->max_xmit = MAX(MIN(max_recv, c->opts.max_frag), (uint16_t)RPC_FRAG_MIN);
        c->bound = true;
        read_results(c, &b);
        c->busy = false;
}
