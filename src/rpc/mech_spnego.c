/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SPNEGO behind the seam of sec.h, around the other mechanisms
 *
 * The first of the client's mechanisms that we have is taken.  When that is not
 * the client's first, its token was for another one and is passed over, and the
 * client must prove with a MIC that the list is the one it sent (RFC 4178
 * section 5).  [MS-SPNG] 3.2.5, 3.3.5.
 */
#include <errno.h>
#include <stdio.h>
#include "rpc/mech.h"
#include "spnego/spnego.h"

struct spnego_mechs {
        struct rpc_mech base;
        struct rpc_mech *kerberos, *ntlm;
};
struct spnego_sec {
        struct rpc_sec base;
        struct spnego_mechs *mechs;
        char peer[64];
        struct rpc_sec *inner;          /* once chosen */
        enum spnego_mech mech;
        bool first_choice, said;        /* the client's first; the answer has named it */
        struct buf list, token, mic;    /* the client's mechanism list, the inner answer, the client's MIC */
        struct buf *out;
        void (*later)(void *arg, int r, const struct err *e);
        void *arg;
};

static struct rpc_mech *have(const struct spnego_mechs *m, enum spnego_mech k)
{
        return k == SPNEGO_NTLM ? m->ntlm : k != SPNEGO_OTHER ? m->kerberos : NULL;
}

/* The MICs of both sides over the list. */
static int exchange_mics(struct spnego_sec *s, struct spnego_resp *answer, struct buf *mic, struct err *e)
{
        const struct rpc_sec_ops *ops = s->inner->ops;

        if (s->mic.n == 0)
                return s->first_choice ? 0 : err_set(e, ERR_DENIED, "SPNEGO chose another mechanism than the client's "
                                                                    "first, and the client does not confirm it");
        if (ops->check(s->inner, buf_str(&s->list), buf_str(&s->mic)) < 0)
                return err_set(e, ERR_DENIED, "the list of SPNEGO's mechanisms was changed on its way");
        if (ops->sign(s->inner, buf_str(&s->list), mic) < 0)
                return err_set(e, ERR_NOMEM, "out of memory for SPNEGO");
        ops->restart(s->inner);
        answer->mic = buf_str(mic);
        return 0;
}

static int take_names(struct spnego_sec *s, struct err *e)
{
        s->base.account = s->inner->account ? str_dup(str_of(s->inner->account)) : NULL;
        return s->base.account ? 0 : err_set(e, ERR_NOMEM, "out of memory for a logon");
}

/* After the inner step: the answer around its token. */
static int finish(struct spnego_sec *s, int r, struct err *e)
{
        struct spnego_resp answer = { .state = SPNEGO_INCOMPLETE, .mech = s->said ? SPNEGO_OTHER : s->mech };
        struct buf mic;

        free(s->base.display);
        s->base.display = s->inner->display ? str_dup(str_of(s->inner->display)) : NULL;
        if (r < 0)
                return r;
        buf_init(&mic, 4096);
        if (r == RPC_STEP_DONE) {
                answer.state = SPNEGO_COMPLETED;
                r = exchange_mics(s, &answer, &mic, e);
                if (r == 0)
                        r = take_names(s, e);
        }
        if (s->token.n > 0)
                answer.token = buf_str(&s->token);
        if (r >= 0)
                spnego_encode_resp(s->out, &answer);
        s->said = true;
        buf_reset(&s->token);
        buf_fini(&mic);
        return r;
}

static void inner_later(void *arg, int r, const struct err *e)
{
        struct spnego_sec *s = arg;
        struct err own = e ? *e : (struct err){ 0 };

        r = finish(s, r, &own);
        s->later(s->arg, r, &own);
}

static int step_inner(struct spnego_sec *s, struct str token, struct err *e)
{
        int r = s->inner->ops->step(s->inner, token, &s->token, inner_later, s, e);

        s->inner->header_sign = s->base.header_sign;
        return r == RPC_STEP_LATER ? r : finish(s, r, e);
}

static int choose(struct spnego_sec *s, const struct spnego_init *init, struct err *e)
{
        struct rpc_mech *m = NULL;
        size_t i = 0;

        while (i < init->n_mechs && !(m = have(s->mechs, init->mechs[i])))
                i++;
        if (!m)
                return err_set(e, ERR_NOT_SUPPORTED, "SPNEGO offers none of the mechanisms there are here (%s)",
                               s->mechs->kerberos ? s->mechs->ntlm ? "Kerberos, NTLM" : "Kerberos" : "NTLM");
        s->mech = init->mechs[i];
        s->first_choice = i == 0;
        if (m->new_acceptor(m, &s->inner, s->peer) < 0)
                return err_set(e, ERR_NOMEM, "out of memory for a logon");
        buf_adds(&s->list, init->mech_list);
        return s->list.failed ? err_set(e, ERR_NOMEM, "out of memory for SPNEGO") : 0;
}

static int first_leg(struct spnego_sec *s, struct str token, struct err *e)
{
        struct spnego_resp answer = { .state = SPNEGO_REQUEST_MIC };
        struct spnego_init init;
        int r = spnego_decode_init(token, &init, e);

        if (r == 0)
                r = choose(s, &init, e);
        if (r < 0)
                return r;
        if (s->first_choice && init.token.p)
                return step_inner(s, init.token, e);
        if (s->first_choice)
                answer.state = SPNEGO_INCOMPLETE;
        answer.mech = s->mech;
        spnego_encode_resp(s->out, &answer);
        s->said = true;
        return RPC_STEP_MORE;
}

static int spnego_step(struct rpc_sec *base, struct str token, struct buf *out,
                       void (*later)(void *arg, int r, const struct err *e), void *arg, struct err *e)
{
        struct spnego_sec *s = container_of(base, struct spnego_sec, base);
        struct spnego_resp resp;
        int r;

        s->out = out;
        s->later = later;
        s->arg = arg;
        if (!s->inner)
                return first_leg(s, token, e);
        r = spnego_decode_resp(token, &resp, e);
        if (r < 0)
                return r;
        if (!resp.token.p)
                return err_set(e, ERR_INVALID, "a message of SPNEGO without a token");
        buf_adds(&s->mic, resp.mic);
        return step_inner(s, resp.token, e);
}

static struct rpc_sec *inner_of(struct rpc_sec *base)
{
        struct rpc_sec *inner = container_of(base, struct spnego_sec, base)->inner;

        inner->header_sign = base->header_sign;
        return inner;
}

static size_t signature_size(struct rpc_sec *base, enum rpc_level level)
{
        return inner_of(base)->ops->signature_size(inner_of(base), level);
}

static int protect(struct rpc_sec *base, enum rpc_level level, struct rpc_pdu *pdu, uint8_t *sig)
{
        return inner_of(base)->ops->protect(inner_of(base), level, pdu, sig);
}

static int unprotect(struct rpc_sec *base, enum rpc_level level, struct rpc_pdu *pdu, struct str sig)
{
        return inner_of(base)->ops->unprotect(inner_of(base), level, pdu, sig);
}

static void spnego_free(struct rpc_sec *base)
{
        struct spnego_sec *s = container_of(base, struct spnego_sec, base);

        if (s->inner)
                s->inner->ops->free(s->inner);
        buf_fini(&s->list);
        buf_fini(&s->token);
        buf_fini(&s->mic);
        free(base->account);
        free(base->display);
        free(s);
}

static const struct rpc_sec_ops spnego_ops = {
        .step = spnego_step, .signature_size = signature_size, .protect = protect, .unprotect = unprotect,
        .free = spnego_free,
};

static int new_acceptor(struct rpc_mech *m, struct rpc_sec **out, const char *peer)
{
        struct spnego_sec *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->base.ops = &spnego_ops;
        s->mechs = container_of(m, struct spnego_mechs, base);
        (void)snprintf(s->peer, sizeof(s->peer), "%s", peer);
        buf_init(&s->list, 4096);
        buf_init(&s->token, 32 << 10);
        buf_init(&s->mic, 4096);
        *out = &s->base;
        return 0;
}

int rpc_mech_spnego_new(struct rpc_mech **out, struct rpc_mech *kerberos, struct rpc_mech *ntlm)
{
        struct spnego_mechs *m = calloc(1, sizeof(*m));

        *out = NULL;
        if (!m)
                return -ENOMEM;
        m->base = (struct rpc_mech){ RPC_AUTH_SPNEGO, new_acceptor };
        m->kerberos = kerberos;
        m->ntlm = ntlm;
        *out = &m->base;
        return 0;
}

void rpc_mech_spnego_free(struct rpc_mech *base)
{
        free(base ? container_of(base, struct spnego_mechs, base) : NULL);
}
