/* SPDX-License-Identifier: Apache-2.0 */
/* NTLM behind the seam of sec.h; acceptor, and what signs for both ends. */
#include <errno.h>
#include <stdio.h>
#include "os/os.h"
#include "rpc/mech.h"
#include "rpc/ntlm_sec.h"

struct ntlm_mech {
        struct rpc_mech base;
        struct rpc_logon_ops ops;
        struct arena text;
        struct ntlm_names names;
};
struct ntlm_sec {
        struct rpc_sec base;
        struct ntlm_mech *mech;
        char peer[64];
        struct ntlm_acceptor acceptor;
        struct ntlm_session session, fresh;     /* fresh: as it was before the first message */
        bool challenged;
};

/* "DOMAIN\user", or the user alone. */
static char *display_of(const struct ntlm_claim *c)
{
        return c->domain.n > 0 ? str_printf("%.*s\\%.*s", STR_ARG(c->domain), STR_ARG(c->user)) : str_dup(c->user);
}

static int log_on(struct ntlm_sec *s, const struct ntlm_claim *claim, struct err *e)
{
        const struct rpc_logon_ops *ops = &s->mech->ops;
        uint8_t hash[NTLM_HASH_LEN];
        struct buf account;
        int r;

        buf_init(&account, 1024);
        r = ops->ntlm(ops->arg, claim->user, claim->domain, s->peer, &account, hash, e);
        if (r >= 0) {
                r = ntlm_acceptor_check(&s->acceptor, r == 0 ? hash : NULL, &s->session, NULL, e);
                ops->note(ops->arg, claim->user, s->peer, r == 0);
        }
        explicit_bzero(hash, sizeof(hash));
        if (r == 0) {
                s->fresh = s->session;
                s->base.account = buf_steal(&account);
                r = s->base.account ? 0 : err_set(e, ERR_NOMEM, "out of memory for a logon");
        }
        buf_fini(&account);
        return r;
}

static int authenticate(struct ntlm_sec *s, struct str token, struct err *e)
{
        struct ntlm_claim claim;
        struct arena mem;
        int r;

        arena_init(&mem, 64 << 10);
        r = ntlm_acceptor_claim(&s->acceptor, token, &mem, &claim, e);
        if (r == 0) {
                s->base.display = display_of(&claim);
                r = s->base.display ? log_on(s, &claim, e) : err_set(e, ERR_NOMEM, "out of memory for a logon");
        }
        arena_fini(&mem);
        ntlm_acceptor_fini(&s->acceptor);
        return r;
}

static int ntlm_step(struct rpc_sec *base, struct str token, struct buf *out,
                     void (*later)(void *arg, int r, const struct err *e), void *arg, struct err *e)
{
        struct ntlm_sec *s = container_of(base, struct ntlm_sec, base);
        int r;

        if (s->challenged)
                return authenticate(s, token, e);
        s->challenged = true;
        r = ntlm_acceptor_negotiate(&s->acceptor, token, &s->mech->names, os_now_us(), out, e);
        return r < 0 ? r : RPC_STEP_MORE;
}

size_t ntlm_sec_size(void)
{
        return NTLM_SIGNATURE_LEN;
}

int ntlm_sec_protect(struct ntlm_session *s, enum rpc_level level, struct rpc_pdu *pdu, uint8_t *sig)
{
        ntlm_seal(s, pdu->p, pdu->n, pdu->stub, level == RPC_LEVEL_PRIVACY ? pdu->trailer : pdu->stub, sig);
        return 0;
}

int ntlm_sec_unprotect(struct ntlm_session *s, enum rpc_level level, struct rpc_pdu *pdu, struct str sig)
{
        if (sig.n != NTLM_SIGNATURE_LEN)
                return -EBADMSG;
        return ntlm_unseal(s, pdu->p, pdu->n, pdu->stub, level == RPC_LEVEL_PRIVACY ? pdu->trailer : pdu->stub,
                           (const uint8_t *)sig.p);
}

static size_t signature_size(struct rpc_sec *s, enum rpc_level level)
{
        return ntlm_sec_size();
}

static int protect(struct rpc_sec *base, enum rpc_level level, struct rpc_pdu *pdu, uint8_t *sig)
{
        return ntlm_sec_protect(&container_of(base, struct ntlm_sec, base)->session, level, pdu, sig);
}

static int unprotect(struct rpc_sec *base, enum rpc_level level, struct rpc_pdu *pdu, struct str sig)
{
        return ntlm_sec_unprotect(&container_of(base, struct ntlm_sec, base)->session, level, pdu, sig);
}

static int sign(struct rpc_sec *base, struct str message, struct buf *out)
{
        struct ntlm_sec *s = container_of(base, struct ntlm_sec, base);
        uint8_t sig[NTLM_SIGNATURE_LEN];

        ntlm_seal(&s->session, (uint8_t *)(uintptr_t)message.p, message.n, 0, 0, sig);
        buf_add(out, sig, sizeof(sig));
        return out->failed ? -ENOMEM : 0;
}

static int check(struct rpc_sec *base, struct str message, struct str mic)
{
        struct ntlm_sec *s = container_of(base, struct ntlm_sec, base);

        if (mic.n != NTLM_SIGNATURE_LEN)
                return -EBADMSG;
        return ntlm_unseal(&s->session, (uint8_t *)(uintptr_t)message.p, message.n, 0, 0, (const uint8_t *)mic.p);
}

/* The streams begin anew, the numbers go on: so do Windows and Samba. */
static void restart(struct rpc_sec *base)
{
        struct ntlm_sec *s = container_of(base, struct ntlm_sec, base);

        s->session.in.stream = s->fresh.in.stream;
        s->session.out.stream = s->fresh.out.stream;
}

static void ntlm_sec_free(struct rpc_sec *base)
{
        struct ntlm_sec *s = container_of(base, struct ntlm_sec, base);

        ntlm_acceptor_fini(&s->acceptor);
        ntlm_session_fini(&s->session);
        ntlm_session_fini(&s->fresh);
        free(base->account);
        free(base->display);
        free(s);
}

static const struct rpc_sec_ops ntlm_ops = {
        .step = ntlm_step, .signature_size = signature_size, .protect = protect, .unprotect = unprotect,
        .sign = sign, .check = check, .restart = restart, .free = ntlm_sec_free,
};

static int new_acceptor(struct rpc_mech *m, struct rpc_sec **out, const char *peer)
{
        struct ntlm_sec *s = calloc(1, sizeof(*s));
        uint8_t nonce[NTLM_CHALLENGE_LEN];

        if (!s)
                return -ENOMEM;
        s->base.ops = &ntlm_ops;
        s->mech = container_of(m, struct ntlm_mech, base);
        (void)snprintf(s->peer, sizeof(s->peer), "%s", peer);
        os_random(nonce, sizeof(nonce));
        ntlm_acceptor_init(&s->acceptor, nonce);
        *out = &s->base;
        return 0;
}

int rpc_mech_ntlm_new(struct rpc_mech **out, const struct ntlm_names *names, const struct rpc_logon_ops *ops)
{
        struct ntlm_mech *m = calloc(1, sizeof(*m));

        *out = NULL;
        if (!m)
                return -ENOMEM;
        arena_init(&m->text, 16 << 10);
        m->base = (struct rpc_mech){ RPC_AUTH_NTLM, new_acceptor };
        m->ops = *ops;
        m->names = (struct ntlm_names){
                arena_str(&m->text, names->netbios_computer), arena_str(&m->text, names->netbios_domain),
                arena_str(&m->text, names->dns_computer), arena_str(&m->text, names->dns_domain),
        };
        if (!m->names.netbios_computer.p || !m->names.netbios_domain.p || !m->names.dns_computer.p ||
            !m->names.dns_domain.p) {
                rpc_mech_ntlm_free(&m->base);
                return -ENOMEM;
        }
        *out = &m->base;
        return 0;
}

void rpc_mech_ntlm_free(struct rpc_mech *base)
{
        struct ntlm_mech *m = base ? container_of(base, struct ntlm_mech, base) : NULL;

        if (!m)
                return;
        arena_fini(&m->text);
        free(m);
}
