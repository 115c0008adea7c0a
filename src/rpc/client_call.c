/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of a client: sent in fragments, answers put together. */
#include <errno.h>
#include "rpc/client_internal.h"
#include "rpc/ntlm_sec.h"

enum { ALIGN = 16, CONTEXTS_MAX = 64 };

static struct rpc_client_context *context_for(struct rpc_client *c, const struct rpc_syntax *s)
{
        struct rpc_client_context *x;
        struct list *l, *tmp;

        list_for_each(l, &c->contexts, tmp) {
                x = list_entry(l, struct rpc_client_context, link);
                if (uuid_eq(&x->iface.uuid, &s->uuid) && x->iface.major == s->major && x->iface.minor == s->minor)
                        return x;
        }
        if (c->n_contexts >= CONTEXTS_MAX)
                return NULL;
        x = calloc(1, sizeof(*x));
        if (!x)
                return NULL;
        x->iface = *s;
        x->id = (uint16_t)c->n_contexts++;
        list_push_back(&c->contexts, &x->link);
        return x;
}

int rpc_client_call(struct rpc_client *c, const struct uuid *iface, uint16_t major, uint16_t minor,
                    const struct uuid *object, uint16_t opnum, struct str stub,
                    void (*done)(void *arg, const struct rpc_result *r), void *arg)
{
        const struct rpc_syntax s = { *iface, major, minor };
        struct rpc_client_call *call;

        if (c->why[0])
                return -ENOTCONN;
        if (c->n_calls >= c->opts.max_calls)
                return -EAGAIN;
        call = calloc(1, sizeof(*call));
        if (!call)
                return -ENOMEM;
        buf_init(&call->stub, 0);
        buf_adds(&call->stub, stub);
        call->context = context_for(c, &s);
        if (call->stub.failed || !call->context) {
                buf_fini(&call->stub);
                free(call);
                return -ENOMEM;
        }
        call->has_object = object != NULL;
        if (object)
                call->object = *object;
        call->opnum = opnum;
        call->done = done;
        call->arg = arg;
        list_push_back(&c->calls, &call->link);
        c->n_calls++;
        rpc_client_go_on(c);
        return 0;
}

void rpc_client_finish(struct rpc_client *c, struct rpc_client_call *call, const struct rpc_result *r)
{
        list_del(&call->link);
        c->n_calls--;
        call->done(call->arg, r);
        buf_fini(&call->stub);
        free(call);
}

static void send_fragment(struct rpc_client *c, const struct rpc_client_call *call, struct str part, uint8_t flags)
{
        struct buf *out = &c->out;
        uint8_t sig[NTLM_SIGNATURE_LEN];
        size_t head = RPC_CALL_HEAD_LEN + (call->has_object ? sizeof(call->object.b) : 0);
        size_t begin = rpc_pdu_begin(out, RPC_REQUEST, flags | (call->has_object ? RPC_HAS_OBJECT : 0), call->id);
        struct rpc_pdu pdu;

        buf_le32(out, (uint32_t)call->stub.n);
        buf_le16(out, call->context->id);
        buf_le16(out, call->opnum);
        if (call->has_object)
                buf_add(out, call->object.b, sizeof(call->object.b));
        buf_adds(out, part);
        if (!rpc_client_is_protected(c)) {
                rpc_pdu_end(out, begin, 0, 0);
                return;
        }
        rpc_pdu_trailer(out, begin, head, ALIGN, RPC_AUTH_NTLM, (uint8_t)c->opts.level, RPC_CLIENT_SECURITY_ID);
        rpc_pdu_end(out, begin, sizeof(sig), sizeof(sig));
        if (out->failed)
                return;
        pdu = (struct rpc_pdu){ .p = (uint8_t *)out->p + begin, .stub = head, .n = out->n - begin };
        pdu.trailer = pdu.n - RPC_TRAILER_LEN;
        if (ntlm_sec_protect(&c->session, c->opts.level, &pdu, sig) < 0)
                out->failed = true;
        buf_add(out, sig, sizeof(sig));
}

void rpc_client_send_call(struct rpc_client *c, struct rpc_client_call *call)
{
        size_t head = RPC_CALL_HEAD_LEN + (call->has_object ? sizeof(call->object.b) : 0);
        size_t room = (c->max_xmit - head - RPC_TRAILER_LEN - NTLM_SIGNATURE_LEN) & ~(size_t)(ALIGN - 1), at = 0;

        call->id = ++c->last_id;
        call->sent = true;
        do {
                size_t n = MIN(room, call->stub.n - at);

                send_fragment(c, call, str_from((struct str){ call->stub.p, at + n }, at),
                              (at == 0 ? RPC_FIRST : 0) | (at + n == call->stub.n ? RPC_LAST : 0));
                at += n;
        } while (at < call->stub.n);
        buf_fini(&call->stub);
        call->stub.limit = (size_t)c->opts.max_stub + 1;
}

static struct rpc_client_call *call_of(const struct rpc_client *c, uint32_t id)
{
        struct list *l, *tmp;

        list_for_each(l, &c->calls, tmp) {
                struct rpc_client_call *call = list_entry(l, struct rpc_client_call, link);

                if (call->sent && call->id == id)
                        return call;
        }
        return NULL;
}

/* The stub of a response after its signature was checked. */
static int open_response(struct rpc_client *c, struct str pdu, const struct rpc_head *h, struct str *stub, struct err *e)
{
        struct rpc_trailer t = { .at = h->frag_len };
        struct rpc_pdu p = { .p = (uint8_t *)(uintptr_t)pdu.p, .stub = RPC_CALL_HEAD_LEN };
        int r = 0;

        if (h->frag_len < RPC_CALL_HEAD_LEN)
                return err_set(e, ERR_INVALID, "a response of %u octets", h->frag_len);
        if (h->auth_len > 0)
                r = rpc_trailer_decode(pdu, h, RPC_CALL_HEAD_LEN, &t, e);
        if (r < 0)
                return r;
        if (rpc_client_is_protected(c)) {
                p.trailer = t.at;
                p.n = t.at + RPC_TRAILER_LEN;
                if (t.context != RPC_CLIENT_SECURITY_ID || t.token.n == 0 ||
                    ntlm_sec_unprotect(&c->session, c->opts.level, &p, t.token) < 0)
                        return err_set(e, ERR_INVALID, "the signature of an answer is wrong");
        }
        *stub = (struct str){ pdu.p + RPC_CALL_HEAD_LEN, t.at - t.pad - RPC_CALL_HEAD_LEN };
        return 0;
}

static void on_response(struct rpc_client *c, struct str pdu, const struct rpc_head *h, struct rpc_client_call *call)
{
        struct err e = { 0 };
        struct str stub;

        if (open_response(c, pdu, h, &stub, &e) < 0) {
                rpc_client_end(c, RPC_RESULT_LOST, "%s", e.text);
                return;
        }
        if (!call)
                return;
        buf_adds(&call->stub, stub);
        if (call->stub.failed)
                rpc_client_end(c, RPC_RESULT_LOST, "an answer of more than %u octets", c->opts.max_stub);
        else if (h->flags & RPC_LAST)
                rpc_client_finish(c, call, &(struct rpc_result){ .kind = RPC_RESULT_OK, .why = "answered",
                                                                 .stub = { call->stub.n ? call->stub.p : "", call->stub.n } });
}

void rpc_client_on_answer(struct rpc_client *c, struct str pdu, const struct rpc_head *h)
{
        struct rpc_client_call *call = call_of(c, h->call_id);
        struct cursor b = cursor_of(pdu.p, h->frag_len);
        uint32_t status;

        if (h->type == RPC_RESPONSE) {
                on_response(c, pdu, h, call);
                return;
        }
        (void)cursor_bytes(&b, RPC_CALL_HEAD_LEN);
        status = cursor_le32(&b);
        if (b.bad)
                rpc_client_end(c, RPC_RESULT_LOST, "a fault of %u octets", h->frag_len);
        else if (call)
                rpc_client_finish(c, call, &(struct rpc_result){ .kind = RPC_RESULT_FAULT, .status = status,
                                                                 .why = "the server answered with a fault" });
        else if (c->busy && h->call_id == c->bind_id)
                rpc_client_refused(c, status, "the server refused to bind the interface");
}
