/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requests: checked, put together, handed out; cancelled and orphaned
 *
 * Every fragment is decrypted and checked before anything else is asked of it,
 * so the streams of its security context stay in step even when the call is
 * refused.  A refused call of several fragments is faulted at its first one and
 * stays, doomed, until its last.
 *
 * [C706] 12.6.4.9, 9.5; [MS-RPCE] 3.3.1.5.4.
 */
#include <stdio.h>
#include "rpc/internal.h"

/* Octets of unfinished requests, of the connection and of all. */
static void count_partial(struct rpc_conn *c, size_t less, size_t more)
{
        c->partial = c->partial - less + more;
        c->server->partial = c->server->partial - less + more;
}

void rpc_call_free(struct rpc_call *call)
{
        struct rpc_conn *c = call->conn;

        list_del(&call->link);
        if (c) {
                c->n_calls--;
                if (call->unfinished)
                        count_partial(c, call->stub.n, 0);
        }
        rpc_caller_unref((struct rpc_caller *)(uintptr_t)call->request.caller);
        buf_fini(&call->stub);
        free(call);
}

void rpc_call_abandon(struct rpc_call *call)
{
        void (*cancel)(struct rpc_call *, void *) = call->cancel;

        if (!call->dispatched) {
                rpc_call_free(call);
                return;
        }
        list_del(&call->link);
        call->conn->n_calls--;
        call->conn = NULL;
        call->security = NULL;
        call->cancel = NULL;
        if (cancel)
                cancel(call, call->cancel_arg);
}

static struct rpc_call *call_of(const struct rpc_conn *c, uint32_t id)
{
        struct list *l, *tmp;

        list_for_each(l, &c->calls, tmp) {
                struct rpc_call *call = list_entry(l, struct rpc_call, link);

                if (call->id == id)
                        return call;
        }
        return NULL;
}

static const struct rpc_registered *context_of(const struct rpc_conn *c, uint16_t id)
{
        for (unsigned i = 0; i < c->n_contexts; i++)
                if (c->contexts[i].id == id)
                        return c->contexts[i].to;
        return NULL;
}

/* A fragment as it is after its security context has had it. */
struct fragment {
        struct rpc_head h;
        struct rpc_request_head rq;
        struct rpc_security *security;
        struct str stub;
        bool denied;
};

/* Whoever logged on at CONNECT is the caller of requests without a trailer ([MS-RPCE] 2.2.1.1.8). */
static struct rpc_security *connect_level(const struct rpc_conn *c)
{
        struct list *l, *tmp;

        list_for_each(l, &c->securities, tmp) {
                struct rpc_security *s = list_entry(l, struct rpc_security, link);

                if (s->state == RPC_SECURITY_ESTABLISHED && s->level == RPC_LEVEL_CONNECT)
                        return s;
        }
        return NULL;
}

/* Decrypt and check a PDU's octets [body, trailer).  False: nothing of it may be believed. */
static bool check(struct rpc_conn *c, struct str pdu, size_t body, const struct rpc_trailer *t, struct rpc_security *s)
{
        struct rpc_pdu p = { .p = (uint8_t *)(uintptr_t)pdu.p, .stub = body, .trailer = t->at,
                             .n = t->at + RPC_TRAILER_LEN };

        if (s->state != RPC_SECURITY_ESTABLISHED)
                return false;
        if (!rpc_is_protected(s->level))
                return true;
        if (s->sec->ops->unprotect(s->sec, s->level, &p, t->token) == 0)
                return true;
        s->state = RPC_SECURITY_FAILED;
        c->n_refused++;
        return false;
}

static int read_fragment(struct rpc_conn *c, struct str pdu, const struct rpc_head *h, struct fragment *f, struct err *e)
{
        struct rpc_trailer t;
        int r = rpc_request_decode(pdu, h, &f->rq, e);

        f->h = *h;
        if (r < 0)
                return r;
        if (h->auth_len == 0) {
                f->security = connect_level(c);
                f->stub = (struct str){ pdu.p + f->rq.stub, h->frag_len - f->rq.stub };
                return 0;
        }
        r = rpc_trailer_decode(pdu, h, f->rq.stub, &t, e);
        if (r < 0)
                return r;
        f->security = rpc_security_find(c, t.context);
        if (f->security) {              /* the one that was not used for longest goes first, when one must */
                list_del(&f->security->link);
                list_push_back(&c->securities, &f->security->link);
        }
        f->denied = !f->security || !check(c, pdu, f->rq.stub, &t, f->security);
        f->stub = (struct str){ pdu.p + f->rq.stub, t.at - t.pad - f->rq.stub };
        return 0;
}

static struct rpc_call *new_call(struct rpc_conn *c, const struct fragment *f)
{
        const struct rpc_registered *to = context_of(c, f->rq.context);
        struct rpc_call *call = calloc(1, sizeof(*call));

        if (!call)
                return NULL;
        call->conn = c;
        call->id = f->h.call_id;
        call->context = f->rq.context;
        call->security = f->security;
        call->arg = to ? to->arg : NULL;
        call->unfinished = true;
        buf_init(&call->stub, (size_t)c->server->limits.max_stub + 1);
        (void)snprintf(call->peer, sizeof(call->peer), "%s", c->peer);
        (void)snprintf(call->local, sizeof(call->local), "%s", c->local);
        call->request = (struct rpc_request){
                .interface = to ? to->iface : NULL, .opnum = f->rq.opnum, .has_object = f->rq.has_object,
                .object = f->rq.object, .peer = call->peer, .local = call->local, .local_port = c->local_port,
                .connection = c->number,
                .caller = rpc_caller_ref(f->security && f->security->caller ? f->security->caller : c->server->nobody),
        };
        list_push_back(&c->calls, &call->link);
        c->n_calls++;
        return call;
}

/* Why a call cannot be, from its first fragment; 0 when it can. */
static uint32_t refusal(const struct rpc_call *call, const struct fragment *f)
{
        const struct rpc_interface *i = call->request.interface;

        if (f->denied)
                return RPC_S_ACCESS_DENIED;
        if (!i)
                return RPC_S_UNKNOWN_IF;
        if (call->request.caller->level < i->min_level)
                return RPC_S_ACCESS_DENIED;
        return i->n_ops > 0 && call->request.opnum >= i->n_ops ? RPC_S_OP_RANGE : 0;
}

static void doom(struct rpc_call *call, uint32_t status)
{
        struct rpc_conn *c = call->conn;

        count_partial(c, call->stub.n, 0);
        buf_fini(&call->stub);
        call->doomed = true;
        rpc_send_fault(c, call->id, call->context, status, false);
}

static void append(struct rpc_call *call, struct str stub)
{
        struct rpc_conn *c = call->conn;

        if (call->doomed)
                return;
        if (call->stub.n + stub.n <= c->server->limits.max_stub)
                buf_adds(&call->stub, stub);
        else
                call->stub.failed = true;
        if (!call->stub.failed)
                count_partial(c, 0, stub.n);
        if (call->stub.failed || c->partial > c->server->limits.max_partial ||
            c->server->partial > c->server->limits.max_partial_total)
                doom(call, RPC_S_OUT_OF_MEMORY);
}

static void dispatch(struct rpc_call *call)
{
        call->unfinished = false;
        count_partial(call->conn, call->stub.n, 0);
        if (call->doomed) {
                rpc_call_free(call);
                return;
        }
        call->dispatched = true;
        call->request.stub = (struct str){ call->stub.n ? call->stub.p : "", call->stub.n };
        call->request.interface->call(call, call->arg);
}

static struct rpc_call *begin_call(struct rpc_conn *c, const struct fragment *f, struct err *e)
{
        struct rpc_call *call;
        uint32_t status;

        if (call_of(c, f->h.call_id)) {
                (void)err_set(e, ERR_INVALID, "call %u begins while it is in progress", f->h.call_id);
                return NULL;
        }
        if (c->n_calls >= c->server->limits.max_calls) {
                (void)err_set(e, ERR_QUOTA, "more than %u calls at once", c->server->limits.max_calls);
                return NULL;
        }
        call = new_call(c, f);
        if (!call) {
                (void)err_set(e, ERR_NOMEM, "out of memory for a call");
                return NULL;
        }
        status = refusal(call, f);
        if (status)
                doom(call, status);
        return call;
}

static struct rpc_call *go_on(struct rpc_conn *c, const struct fragment *f, struct err *e)
{
        struct rpc_call *call = call_of(c, f->h.call_id);

        if (!call || !call->unfinished || call->context != f->rq.context || call->request.opnum != f->rq.opnum ||
            call->security != f->security || call->request.has_object != f->rq.has_object ||
            !uuid_eq(&call->request.object, &f->rq.object)) {
                (void)err_set(e, ERR_INVALID, "a fragment of call %u that does not belong to it", f->h.call_id);
                return NULL;
        }
        if (f->denied && !call->doomed)
                doom(call, RPC_S_ACCESS_DENIED);
        return call;
}

void rpc_on_request(struct rpc_conn *c, struct str pdu, const struct rpc_head *h)
{
        struct fragment f = { 0 };
        struct rpc_call *call = NULL;
        struct err e = { 0 };

        if (!c->bound)
                (void)err_set(&e, ERR_INVALID, "a request before bind");
        else if (read_fragment(c, pdu, h, &f, &e) == 0)
                call = h->flags & RPC_FIRST ? begin_call(c, &f, &e) : go_on(c, &f, &e);
        if (!call) {
                rpc_conn_end(c, "%s", e.text);
                return;
        }
        append(call, f.stub);
        if (h->flags & RPC_LAST)
                dispatch(call);
        if (c->n_refused >= RPC_REFUSALS_MAX)
                rpc_conn_end(c, "%u logons or signatures refused", c->n_refused);
}

void rpc_on_cancel(struct rpc_conn *c, struct str pdu, const struct rpc_head *h)
{
        struct rpc_call *call = call_of(c, h->call_id);
        struct rpc_trailer t;
        struct err e = { 0 };

        if (h->auth_len > 0) {
                struct rpc_security *s;

                if (rpc_trailer_decode(pdu, h, RPC_HEAD_LEN, &t, &e) < 0) {
                        rpc_conn_end(c, "%s", e.text);
                        return;
                }
                s = rpc_security_find(c, t.context);
                if (!s || !check(c, pdu, RPC_HEAD_LEN, &t, s))
                        return;
        }
        if (!call)
                return;
        if (h->type == RPC_ORPHANED || !call->dispatched) {
                rpc_call_abandon(call);
        } else if (call->cancel) {
                void (*cancel)(struct rpc_call *, void *) = call->cancel;

                call->cancel = NULL;
                cancel(call, call->cancel_arg);
        }
}

const struct rpc_request *rpc_call_request(const struct rpc_call *call)
{
        return &call->request;
}

void rpc_call_on_cancel(struct rpc_call *call, void (*fn)(struct rpc_call *c, void *arg), void *arg)
{
        call->cancel = fn;
        call->cancel_arg = arg;
}

void rpc_call_reply(struct rpc_call *call, struct str stub)
{
        struct rpc_conn *c = call->conn;

        if (c && stub.n > c->server->limits.max_reply)
                rpc_send_fault(c, call->id, call->context, RPC_S_OUT_OF_MEMORY, true);
        else if (c)
                rpc_send(c, RPC_RESPONSE, 0, call->id, call->context, call->security, stub);
        rpc_call_free(call);
}

void rpc_call_fault(struct rpc_call *call, uint32_t status)
{
        if (call->conn)
                rpc_send_fault(call->conn, call->id, call->context, status, true);
        rpc_call_free(call);
}
