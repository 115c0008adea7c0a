/* SPDX-License-Identifier: Apache-2.0 */
/* A client's life: made, fed, ended. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "rpc/client_internal.h"

enum { QUEUE_MAX = 16 << 20 };

static int copy_logon(struct rpc_client *c, const struct rpc_credentials *from)
{
        if (!from)
                return 0;
        c->logon.user = arena_str(&c->text, from->user);
        c->logon.domain = arena_str(&c->text, from->domain);
        memcpy(c->logon.nt_hash, from->nt_hash, sizeof(from->nt_hash));
        return c->logon.user.p && c->logon.domain.p ? 0 : -ENOMEM;
}

int rpc_client_new(struct rpc_client **out, const struct rpc_client_opts *opts)
{
        struct rpc_client *c = calloc(1, sizeof(*c));

        *out = NULL;
        if (!c)
                return -ENOMEM;
        c->opts = *opts;
        c->opts.credentials = NULL;
        c->opts.max_frag = MAX(opts->max_frag ? opts->max_frag : (uint16_t)RPC_FRAG_DEFAULT, (uint16_t)RPC_FRAG_MIN);
        c->opts.max_stub = opts->max_stub ? opts->max_stub : 1 << 20;
        c->opts.max_calls = opts->max_calls ? opts->max_calls : 16;
        c->max_xmit = c->opts.max_frag;
        buf_init(&c->in, 1 << 20);
        buf_init(&c->out, QUEUE_MAX);
        arena_init(&c->text, 16 << 10);
        ntlm_initiator_init(&c->initiator);
        list_init(&c->contexts);
        list_init(&c->calls);
        if (opts->level != RPC_LEVEL_NONE && !opts->credentials)
                return rpc_client_free(c), -EINVAL;
        if (opts->level != RPC_LEVEL_NONE && copy_logon(c, opts->credentials) < 0)
                return rpc_client_free(c), -ENOMEM;
        *out = c;
        return 0;
}

void rpc_client_free(struct rpc_client *c)
{
        struct list *l;

        if (!c)
                return;
        c->opts.wake = NULL;
        rpc_client_end(c, RPC_RESULT_CANCELLED, "given up");
        while ((l = list_pop_front(&c->contexts)))
                free(list_entry(l, struct rpc_client_context, link));
        ntlm_initiator_fini(&c->initiator);
        ntlm_session_fini(&c->session);
        explicit_bzero(&c->logon, sizeof(c->logon));
        arena_fini(&c->text);
        buf_fini(&c->in);
        buf_fini(&c->out);
        free(c);
}

void rpc_client_on_wake(struct rpc_client *c, void (*wake)(void *arg), void *arg)
{
        c->opts.wake = wake;
        c->opts.arg = arg;
}

void rpc_client_wake(struct rpc_client *c)
{
        if (c->opts.wake)
                c->opts.wake(c->opts.arg);
}

void rpc_client_end(struct rpc_client *c, int kind, const char *fmt, ...)
{
        struct rpc_result r = { .kind = kind, .status = 0, .why = c->why };
        va_list ap;

        if (c->why[0])
                return;
        va_start(ap, fmt);
        (void)vsnprintf(c->why, sizeof(c->why), fmt, ap);
        va_end(ap);
        while (!list_empty(&c->calls))
                rpc_client_finish(c, list_entry(c->calls.next, struct rpc_client_call, link), &r);
        rpc_client_wake(c);
}

static void on_nak(struct rpc_client *c, struct str pdu)
{
        struct cursor b = cursor_of(pdu.p, pdu.n);

        (void)cursor_bytes(&b, RPC_HEAD_LEN);
        rpc_client_end(c, RPC_RESULT_REFUSED, "the bind was refused, reason %u", cursor_le16(&b));
}

static void on_pdu(struct rpc_client *c, struct str pdu, const struct rpc_head *h)
{
        switch (h->type) {
        case RPC_BIND_ACK:
        case RPC_ALTER_RESP:
                rpc_client_on_ack(c, pdu, h);
                break;
        case RPC_BIND_NAK:
                on_nak(c, pdu);
                break;
        case RPC_RESPONSE:
        case RPC_FAULT:
                rpc_client_on_answer(c, pdu, h);
                break;
        case RPC_SHUTDOWN:
                break;                  /* a wish; we close when we are done */
        default:
                rpc_client_end(c, RPC_RESULT_LOST, "a PDU of type %u from a server", h->type);
        }
}

void rpc_client_input(struct rpc_client *c, struct str octets)
{
        size_t at = 0;

        if (c->why[0])
                return;
        buf_adds(&c->in, octets);
        if (c->in.failed)
                rpc_client_end(c, RPC_RESULT_LOST, "out of memory");
        while (!c->why[0]) {
                struct str rest = str_from(buf_str(&c->in), at);
                struct err e = { 0 };
                struct rpc_head h;
                int r = rpc_head_decode(rest, c->opts.max_frag, &h, &e);

                if (r < 0)
                        rpc_client_end(c, RPC_RESULT_LOST, "%s", e.text);
                if (r != 0 || rest.n < h.frag_len)
                        break;
                on_pdu(c, (struct str){ rest.p, h.frag_len }, &h);
                at += h.frag_len;
        }
        buf_consume(&c->in, c->why[0] ? c->in.n : at);
        rpc_client_go_on(c);
}

struct str rpc_client_output(const struct rpc_client *c)
{
        return str_from(buf_str(&c->out), c->out_from);
}

void rpc_client_taken(struct rpc_client *c, size_t n)
{
        c->out_from += n;
        if (c->out_from < c->out.n)
                return;
        c->out_from = 0;
        buf_fini(&c->out);
}

const char *rpc_client_ended(const struct rpc_client *c)
{
        return c->why[0] ? c->why : NULL;
}

void rpc_client_lost(struct rpc_client *c, const char *why)
{
        rpc_client_end(c, RPC_RESULT_LOST, "%s", why);
}

static bool wants_context(const struct rpc_client *c)
{
        struct list *l, *tmp;

        list_for_each(l, &c->calls, tmp)
                if (list_entry(l, struct rpc_client_call, link)->context->state == RPC_WANTED)
                        return true;
        return false;
}

void rpc_client_go_on(struct rpc_client *c)
{
        struct list *l, *tmp;

        if (c->why[0])
                return;
        if (!c->busy && wants_context(c))
                rpc_client_send_bind(c);
        if (c->bound)
                list_for_each(l, &c->calls, tmp) {
                        struct rpc_client_call *call = list_entry(l, struct rpc_client_call, link);

                        if (!call->sent && call->context->state == RPC_HAVE)
                                rpc_client_send_call(c, call);
                }
        if (c->out.failed)
                rpc_client_end(c, RPC_RESULT_LOST, "more than %d octets wait to be sent", QUEUE_MAX);
        else if (c->out.n > c->out_from)
                rpc_client_wake(c);
}
