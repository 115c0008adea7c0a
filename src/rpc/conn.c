/* SPDX-License-Identifier: Apache-2.0 */
/* A connection: octets in, PDUs to those who handle them, octets out. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "rpc/internal.h"

int rpc_conn_new(struct rpc_conn **out, struct rpc_server *s, const struct rpc_addresses *at,
                 const struct rpc_conn_ops *ops)
{
        struct rpc_conn *c = calloc(1, sizeof(*c));

        *out = c;
        if (!c)
                return -ENOMEM;
        c->server = s;
        c->ops = *ops;
        c->number = ++s->n_connections;
        (void)snprintf(c->peer, sizeof(c->peer), "%s", at->peer);
        (void)snprintf(c->local, sizeof(c->local), "%s", at->local);
        c->local_port = at->local_port;
        c->max_xmit = c->max_recv = s->limits.max_frag;
        buf_init(&c->in, 1 << 20);
        buf_init(&c->out, (size_t)s->limits.max_queued + s->limits.max_reply + s->limits.max_reply / 8);
        list_init(&c->securities);
        list_init(&c->calls);
        return 0;
}

void rpc_conn_free(struct rpc_conn *c)
{
        struct list *l, *tmp;

        if (!c)
                return;
        c->ops.wake = NULL;
        rpc_conn_end(c, "closed");
        rpc_leg_drop(c);
        while (!list_empty(&c->calls))
                rpc_call_abandon(list_entry(c->calls.next, struct rpc_call, link));
        if (c->server->ops.closed)
                c->server->ops.closed(c->server->ops.arg, c->number);
        list_for_each(l, &c->securities, tmp)
                rpc_security_free(list_entry(l, struct rpc_security, link));
        rpc_group_leave(c->group);
        free(c->contexts);
        buf_fini(&c->in);
        buf_fini(&c->out);
        free(c);
}

void rpc_conn_wake(struct rpc_conn *c)
{
        if (c->ops.wake)
                c->ops.wake(c->ops.arg);
}

void rpc_conn_end(struct rpc_conn *c, const char *fmt, ...)
{
        va_list ap;

        if (c->why[0])
                return;
        va_start(ap, fmt);
        (void)vsnprintf(c->why, sizeof(c->why), fmt, ap);
        va_end(ap);
        rpc_conn_wake(c);
}

static void on_pdu(struct rpc_conn *c, struct str pdu, const struct rpc_head *h)
{
        switch (h->type) {
        case RPC_BIND:
        case RPC_ALTER:
                rpc_on_bind(c, pdu, h);
                break;
        case RPC_AUTH3:
                rpc_on_auth3(c, pdu, h);
                break;
        case RPC_REQUEST:
                rpc_on_request(c, pdu, h);
                break;
        case RPC_CANCEL:
        case RPC_ORPHANED:
                rpc_on_cancel(c, pdu, h);
                break;
        default:
                rpc_conn_end(c, "a PDU of type %u from a client", h->type);
        }
}

static void shrink(struct buf *b)
{
        if (b->n == 0 && b->cap > RPC_KEEP_CAPACITY)
                buf_fini(b);
}

/* Whole PDUs, one after another, until one is missing octets or a step was put off. */
static void process(struct rpc_conn *c)
{
        size_t at = 0;

        if (c->in_input)
                return;
        c->in_input = true;
        while (!c->why[0] && !c->leg.security) {
                struct str rest = str_from(buf_str(&c->in), at);
                struct err e = { 0 };
                struct rpc_head h;
                int r = rpc_head_decode(rest, c->server->limits.max_frag, &h, &e);

                if (r < 0)
                        rpc_conn_end(c, "%s", e.text);
                if (r != 0 || rest.n < h.frag_len)
                        break;
                c->n_pdus++;
                on_pdu(c, (struct str){ rest.p, h.frag_len }, &h);
                at += h.frag_len;
        }
        if (c->why[0])
                at = c->in.n;
        buf_consume(&c->in, at);
        shrink(&c->in);
        c->in_input = false;
}

void rpc_conn_input(struct rpc_conn *c, struct str octets)
{
        if (c->why[0])
                return;
        buf_adds(&c->in, octets);
        if (c->in.failed)
                rpc_conn_end(c, "more octets than could be kept while a logon was looked up");
        else
                process(c);
}

void rpc_conn_resume(struct rpc_conn *c)
{
        process(c);
        rpc_conn_wake(c);
}

struct str rpc_conn_output(const struct rpc_conn *c)
{
        return str_from(buf_str(&c->out), c->out_from);
}

void rpc_conn_taken(struct rpc_conn *c, size_t n)
{
        c->out_from += n;
        if (c->out_from < c->out.n && c->out_from < c->out.n / 2)
                return;
        buf_consume(&c->out, c->out_from);
        c->out_from = 0;
        shrink(&c->out);
}

bool rpc_conn_wants_input(const struct rpc_conn *c)
{
        return !c->why[0] && !c->leg.security && c->out.n - c->out_from < c->server->limits.max_queued;
}

const char *rpc_conn_ended(const struct rpc_conn *c)
{
        return c->why[0] ? c->why : NULL;
}

bool rpc_conn_established(const struct rpc_conn *c)
{
        struct list *l, *tmp;

        list_for_each(l, &c->securities, tmp)
                if (list_entry(l, struct rpc_security, link)->state == RPC_SECURITY_STEPPING)
                        return false;
        return c->bound;
}

size_t rpc_conn_calls(const struct rpc_conn *c)
{
        return c->n_calls;
}

bool rpc_conn_in_pdu(const struct rpc_conn *c)
{
        return (c->in.n > 0 && !c->leg.security) || c->partial > 0;
}

uint64_t rpc_conn_pdus(const struct rpc_conn *c)
{
        return c->n_pdus;
}
