/* SPDX-License-Identifier: Apache-2.0 */
/*
 * security contexts of a connection, and the legs that establish them
 *
 * A context is named by the auth_context_id of the trailer; several live side by
 * side.  A leg may wait for the mechanism; then no further PDU is looked at
 * until it has ended.
 */
#include "rpc/internal.h"

struct rpc_security *rpc_security_find(const struct rpc_conn *c, uint32_t id)
{
        struct list *l, *tmp;

        list_for_each(l, &c->securities, tmp) {
                struct rpc_security *s = list_entry(l, struct rpc_security, link);

                if (s->id == id)
                        return s;
        }
        return NULL;
}

void rpc_security_free(struct rpc_security *s)
{
        list_del(&s->link);
        if (s->sec)
                s->sec->ops->free(s->sec);
        rpc_caller_unref(s->caller);
        free(s);
}

static struct rpc_mech *mech_of(const struct rpc_server *s, uint8_t auth)
{
        for (struct rpc_mech *const *m = s->mechs; m && *m; m++)
                if ((*m)->auth == auth)
                        return *m;
        return NULL;
}

static struct rpc_security *new_security(struct rpc_conn *c, const struct rpc_trailer *t, struct rpc_mech *m)
{
        struct rpc_security *s = calloc(1, sizeof(*s));

        if (!s)
                return NULL;
        list_init(&s->link);
        s->id = t->context;
        s->auth = m->auth;
        s->level = t->level;
        if (m->new_acceptor(m, &s->sec, c->peer) < 0) {
                free(s);
                return NULL;
        }
        list_push_back(&c->securities, &s->link);
        c->n_securities++;
        return s;
}

static bool in_use(const struct rpc_conn *c, const struct rpc_security *s)
{
        struct list *l, *tmp;

        if (c->leg.security == s)
                return true;
        list_for_each(l, &c->calls, tmp) {
                if (list_entry(l, struct rpc_call, link)->security == s)
                        return true;
        }
        return false;
}

/* Some clients (impacket) log on anew for each interface and never come back to the old contexts. False: all are in use. */
static bool forget_oldest(struct rpc_conn *c)
{
        struct list *l, *tmp;

        list_for_each(l, &c->securities, tmp) {
                struct rpc_security *s = list_entry(l, struct rpc_security, link);

                if (in_use(c, s))
                        continue;
                rpc_security_free(s);
                c->n_securities--;
                return true;
        }
        return false;
}

struct rpc_security *rpc_security_for(struct rpc_conn *c, const struct rpc_trailer *t, const struct rpc_head *h)
{
        struct rpc_security *s = rpc_security_find(c, t->context);
        struct rpc_mech *m = mech_of(c->server, t->type);

        if (s && s->state == RPC_SECURITY_STEPPING && s->auth == t->type && s->level == t->level)
                return s;
        if (!m || t->level < RPC_LEVEL_CONNECT || t->level > RPC_LEVEL_PRIVACY)
                rpc_refuse_bind(c, h, RPC_NAK_AUTH_TYPE, "authentication type or level not known here");
        else if (s)
                rpc_refuse_bind(c, h, RPC_NAK_UNSPECIFIED, "a security context offered twice");
        else if (c->n_securities >= c->server->limits.max_security && !forget_oldest(c))
                rpc_refuse_bind(c, h, RPC_NAK_LIMIT, "too many security contexts");
        else if (!(s = new_security(c, t, m)))
                rpc_refuse_bind(c, h, RPC_NAK_LIMIT, "out of memory for a security context");
        else
                return s;
        return NULL;
}

static struct rpc_caller *new_caller(const struct rpc_security *s)
{
        struct rpc_caller *c = calloc(1, sizeof(*c));

        if (!c)
                return NULL;
        *c = (struct rpc_caller){ .refs = 1, .auth = s->auth, .level = s->level };
        c->account = s->sec->account ? str_dup(str_of(s->sec->account)) : NULL;
        c->display = s->sec->display ? str_dup(str_of(s->sec->display)) : NULL;
        return c;
}

/* What the last leg of a logon came to, for the audit. */
static int conclude(struct rpc_conn *c, struct rpc_security *s, int r, struct err *e)
{
        const struct rpc_server_ops *ops = &c->server->ops;
        struct rpc_caller *who = new_caller(s);

        if (!who)
                r = err_set(e, ERR_NOMEM, "out of memory for a logon");
        s->state = r < 0 ? RPC_SECURITY_FAILED : RPC_SECURITY_ESTABLISHED;
        c->n_refused += r < 0;
        if (who && ops->logon)
                ops->logon(ops->arg, who, c->peer, r < 0 ? e : NULL);
        if (r < 0)
                rpc_caller_unref(who);
        else
                s->caller = who;
        return r;
}

/* Append the mechanism's token to the ack that waits for it. */
static void send_ack(struct rpc_conn *c, struct rpc_leg *leg)
{
        struct buf *b = &leg->answer;

        if (leg->token.n > 0) {
                rpc_pdu_trailer(b, 0, 0, 4, (uint8_t)leg->security->auth, (uint8_t)leg->security->level,
                                leg->security->id);
                buf_adds(b, buf_str(&leg->token));
                rpc_pdu_end(b, 0, leg->token.n, 0);
        }
        c->out.failed |= b->failed || b->n > UINT16_MAX;
        buf_adds(&c->out, buf_str(b));
        if (c->out.failed)
                rpc_conn_end(c, "out of memory for the answer of a bind");
}

static void finish(struct rpc_conn *c, int r, struct err *e)
{
        struct rpc_leg leg = c->leg;
        struct rpc_security *s = leg.security;
        struct rpc_head h = { .type = leg.type, .flags = leg.flags, .call_id = leg.call_id };

        c->leg = (struct rpc_leg){ 0 };
        if (r == RPC_STEP_MORE && leg.type == RPC_AUTH3)
                r = err_set(e, ERR_DENIED, "the logon is not finished, yet auth3 was its last leg");
        if (r != RPC_STEP_MORE)
                r = conclude(c, s, r, e);
        leg.security = s;
        if (r < 0)
                rpc_refuse_bind(c, &h, RPC_NAK_AUTH_TYPE, e->text);
        else if (leg.type != RPC_AUTH3)
                send_ack(c, &leg);
        if (c->n_refused >= RPC_REFUSALS_MAX)
                rpc_conn_end(c, "%u logons refused", c->n_refused);
        buf_fini(&leg.answer);
        buf_fini(&leg.token);
        rpc_conn_wake(c);
}

static void finish_later(void *arg, int r, const struct err *e)
{
        struct rpc_conn *c = arg;
        struct err own = e ? *e : (struct err){ 0 };

        finish(c, r, &own);
        rpc_conn_resume(c);
}

void rpc_leg_begin(struct rpc_conn *c, struct rpc_security *s, struct str token, const struct rpc_head *h,
                   struct buf *answer)
{
        struct err e = { 0 };
        int r;

        c->leg = (struct rpc_leg){ .security = s, .type = h->type, .flags = h->flags, .call_id = h->call_id };
        c->leg.answer = *answer;
        buf_init(answer, 0);
        buf_init(&c->leg.token, 32 << 10);
        c->leg.answer.limit = 64 << 10;
        s->sec->header_sign = c->header_sign;
        r = s->sec->ops->step(s->sec, token, &c->leg.token, finish_later, c, &e);
        if (r != RPC_STEP_LATER)
                finish(c, r, &e);
}

void rpc_leg_drop(struct rpc_conn *c)
{
        if (!c->leg.security)
                return;
        c->leg.security = NULL;
        buf_fini(&c->leg.answer);
        buf_fini(&c->leg.token);
}
