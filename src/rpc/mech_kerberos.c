/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kerberos behind the seam of sec.h
 *
 * A leg reads the keytab and writes the replay cache, so it runs on a worker; a
 * context that is freed meanwhile waits for it, out of everybody's sight.
 */
#include <errno.h>
#include <stdio.h>
#include "gss/gss.h"
#include "loop/loop.h"
#include "rpc/mech.h"

struct kerberos_mech {
        struct rpc_mech base;
        struct rpc_logon_ops ops;
        struct gss_keys *keys;
        struct workers *workers;
};
struct kerberos_sec {
        struct rpc_sec base;
        struct kerberos_mech *mech;
        char peer[64];
        struct gss_dce *context;
        struct job job;
        bool stepping, abandoned;
        struct buf token, answer;
        int r;
        struct err err;
        struct buf *out;
        void (*later)(void *arg, int r, const struct err *e);
        void *arg;
};

static void release(struct kerberos_sec *s)
{
        gss_dce_free(s->context);
        buf_fini(&s->token);
        buf_fini(&s->answer);
        free(s->base.account);
        free(s->base.display);
        free(s);
}

static void work(struct job *j)
{
        struct kerberos_sec *s = container_of(j, struct kerberos_sec, job);

        s->r = gss_dce_step(s->context, buf_str(&s->token), &s->answer, &s->err);
}

/* The ticket is genuine; is there an account for it? */
static int find_account(struct kerberos_sec *s, struct err *e)
{
        const struct rpc_logon_ops *ops = &s->mech->ops;
        struct str client = gss_dce_client(s->context);
        struct buf account;
        int r = 1;

        s->base.display = str_dup(client);
        buf_init(&account, 1024);
        if (ops->kerberos)
                r = ops->kerberos(ops->arg, client, s->peer, &account, e);
        if (r > 0)
                r = err_set(e, ERR_DENIED, "there is no account for %.*s", STR_ARG(client));
        if (r == 0) {
                s->base.account = buf_steal(&account);
                r = s->base.account && s->base.display ? 0 : err_set(e, ERR_NOMEM, "out of memory for a logon");
        }
        buf_fini(&account);
        return r;
}

static void done(struct job *j)
{
        struct kerberos_sec *s = container_of(j, struct kerberos_sec, job);

        s->stepping = false;
        if (s->abandoned) {
                release(s);
                return;
        }
        if (s->r == GSS_STEP_DONE)
                s->r = find_account(s, &s->err);
        else if (s->r == GSS_STEP_MORE)
                s->r = RPC_STEP_MORE;
        buf_adds(s->out, buf_str(&s->answer));
        s->later(s->arg, s->r, &s->err);
}

static int kerberos_step(struct rpc_sec *base, struct str token, struct buf *out,
                         void (*later)(void *arg, int r, const struct err *e), void *arg, struct err *e)
{
        struct kerberos_sec *s = container_of(base, struct kerberos_sec, base);

        buf_reset(&s->token);
        buf_reset(&s->answer);
        buf_adds(&s->token, token);
        if (s->token.failed)
                return err_set(e, ERR_INVALID, "a Kerberos token of %zu octets", token.n);
        s->out = out;
        s->later = later;
        s->arg = arg;
        s->err = (struct err){ 0 };
        s->stepping = true;
        s->job = (struct job){ .work = work, .done = done };
        workers_submit(s->mech->workers, &s->job);
        return RPC_STEP_LATER;
}

static size_t signature_size(struct rpc_sec *base, enum rpc_level level)
{
        struct kerberos_sec *s = container_of(base, struct kerberos_sec, base);

        return gss_dce_signature_size(s->context, level == RPC_LEVEL_PRIVACY, base->header_sign);
}

static struct gss_pdu pdu_of(const struct rpc_pdu *p)
{
        return (struct gss_pdu){ .p = p->p, .data = p->stub, .data_end = p->trailer, .n = p->n };
}

static int protect(struct rpc_sec *base, enum rpc_level level, struct rpc_pdu *pdu, uint8_t *sig)
{
        struct kerberos_sec *s = container_of(base, struct kerberos_sec, base);
        struct gss_pdu g = pdu_of(pdu);

        return gss_dce_protect(s->context, level == RPC_LEVEL_PRIVACY, base->header_sign, &g, sig);
}

static int unprotect(struct rpc_sec *base, enum rpc_level level, struct rpc_pdu *pdu, struct str sig)
{
        struct kerberos_sec *s = container_of(base, struct kerberos_sec, base);
        struct gss_pdu g = pdu_of(pdu);

        return gss_dce_unprotect(s->context, level == RPC_LEVEL_PRIVACY, base->header_sign, &g, sig);
}

static int sign(struct rpc_sec *base, struct str message, struct buf *out)
{
        return gss_dce_sign(container_of(base, struct kerberos_sec, base)->context, message, out);
}

static int check(struct rpc_sec *base, struct str message, struct str mic)
{
        return gss_dce_check(container_of(base, struct kerberos_sec, base)->context, message, mic);
}

/* Kerberos numbers on: a MIC is a message like others. */
static void restart(struct rpc_sec *base)
{
}

static void kerberos_free(struct rpc_sec *base)
{
        struct kerberos_sec *s = container_of(base, struct kerberos_sec, base);

        if (s->stepping)
                s->abandoned = true;
        else
                release(s);
}

static const struct rpc_sec_ops kerberos_ops = {
        .step = kerberos_step, .signature_size = signature_size, .protect = protect, .unprotect = unprotect,
        .sign = sign, .check = check, .restart = restart, .free = kerberos_free,
};

static int new_acceptor(struct rpc_mech *m, struct rpc_sec **out, const char *peer)
{
        struct kerberos_sec *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->base.ops = &kerberos_ops;
        s->mech = container_of(m, struct kerberos_mech, base);
        (void)snprintf(s->peer, sizeof(s->peer), "%s", peer);
        buf_init(&s->token, 64 << 10);
        buf_init(&s->answer, 64 << 10);
        if (gss_dce_new(&s->context, s->mech->keys) < 0) {
                release(s);
                return -ENOMEM;
        }
        *out = &s->base;
        return 0;
}

int rpc_mech_kerberos_new(struct rpc_mech **out, struct loop *loop, struct gss_keys *keys, const struct rpc_logon_ops *ops)
{
        struct kerberos_mech *m = calloc(1, sizeof(*m));

        *out = NULL;
        if (!m || workers_new(&m->workers, loop, "kerberos", 1) < 0) {
                free(m);
                return -ENOMEM;
        }
        m->base = (struct rpc_mech){ RPC_AUTH_KERBEROS, new_acceptor };
        m->keys = keys;
        m->ops = *ops;
        *out = &m->base;
        return 0;
}

void rpc_mech_kerberos_free(struct rpc_mech *base)
{
        struct kerberos_mech *m = base ? container_of(base, struct kerberos_mech, base) : NULL;

        if (!m)
                return;
        workers_free(m->workers);
        free(m);
}
