/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * mech - the authentication mechanisms of an RPC server
 *
 * NTLM asks its owner for accounts; SPNEGO wraps the others and lets the client
 * choose; Kerberos asks MIT's library and a keytab.
 *
 * Ownership  Mechanisms are freed after the server that borrows them.
 * Threads    The loop thread; Kerberos steps run on a worker of their own.
 */
#include "ntlm/ntlm.h"
#include "rpc/sec.h"

struct rpc_logon_ops {
        /*
         * NTLM: the account that `user` names (UTF-8, as the client typed it, without its domain).
         * account_out  its name in the site's spelling; nt_hash_out its NT hash
         * 0; 1: none, or not for NTLM (the client is then refused like one with a wrong password);
         * < 0: refused for a reason of the owner's (too many failures), said in e.
         */
        int (*ntlm)(void *arg, struct str user, struct str domain, const char *peer, struct buf *account_out,
                    uint8_t nt_hash_out[NTLM_HASH_LEN], struct err *e);
        /* The proof of such a logon was right or wrong: for lock-out and rate. */
        void (*note)(void *arg, struct str user, const char *peer, bool right);
        /* Kerberos: the account of a principal ("user@REALM").  As above, without hash. */
        int (*kerberos)(void *arg, struct str principal, const char *peer, struct buf *account_out, struct err *e);
        void *arg;
};

/* names and ops are copied; the texts of names, too. */
struct gss_keys;
struct loop;

MUST int rpc_mech_ntlm_new(struct rpc_mech **out, const struct ntlm_names *names, const struct rpc_logon_ops *ops);
void rpc_mech_ntlm_free(struct rpc_mech *m);    /* NULL is harmless */
/* keys is borrowed for the mechanism's life.  loop: where its worker's answers arrive. */
MUST int rpc_mech_kerberos_new(struct rpc_mech **out, struct loop *loop, struct gss_keys *keys,
                               const struct rpc_logon_ops *ops);
/* Waits for the worker; loop_run_once() after it, and before the loop goes.  NULL is harmless. */
void rpc_mech_kerberos_free(struct rpc_mech *m);
/* Either of the two may be NULL; they are borrowed for its life. */
MUST int rpc_mech_spnego_new(struct rpc_mech **out, struct rpc_mech *kerberos, struct rpc_mech *ntlm);
void rpc_mech_spnego_free(struct rpc_mech *m);  /* NULL is harmless */
