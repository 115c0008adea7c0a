/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * sec - the seam between RPC and authentication
 *
 * A mechanism (NTLM, SPNEGO, Kerberos) makes security contexts.  A context is a
 * transcript machine: tokens of the peer in, tokens for the peer out, until it
 * is established; then it protects and checks one PDU after another, in order.
 * rpc knows nothing of tokens, mechanisms know nothing of PDUs.
 *
 * rpc/mech.h makes the mechanisms we have; another one (winbind, say) is
 * another struct rpc_mech.
 *
 * Threads    One thread.  A step that must wait (a keytab, a domain controller)
 *            answers RPC_STEP_LATER and calls back on that thread.
 * Source     [MS-RPCE] 2.2.2.11, 3.3.1.5.2; [MS-SPNG], [MS-NLMP], RFC 4121.
 */
#include "base/buf.h"
#include "base/err.h"
#include "rpc/level.h"

struct rpc_sec;

enum {
        RPC_STEP_DONE = 0,      /* established; the answer token may be empty */
        RPC_STEP_MORE,          /* send the answer token, another one will come */
        RPC_STEP_LATER,         /* later() will be called, with 0, RPC_STEP_MORE or a failure */
};

/* The place of a PDU that is protected: octets [stub, trailer) are stub and padding, [trailer, n) the trailer's head. */
struct rpc_pdu {
        uint8_t *p;
        size_t stub, trailer, n;        /* n: without the signature */
};

struct rpc_sec_ops {
        /*
         * Take a token.  out receives the answer.  < 0: refused, e says why for the log; the peer is told nothing.
         * later(arg, r, e) ends a step that was put off; out stays valid until then.
         */
        int (*step)(struct rpc_sec *s, struct str token, struct buf *out,
                    void (*later)(void *arg, int r, const struct err *e), void *arg, struct err *e);
        /* Octets of a signature over a PDU at this level.  header_sign as agreed. */
        size_t (*signature_size)(struct rpc_sec *s, enum rpc_level level);
        /* Sign (and at PRIVACY encrypt the stub of) the PDU; sig has signature_size() octets. 0 or a failure. */
        int (*protect)(struct rpc_sec *s, enum rpc_level level, struct rpc_pdu *pdu, uint8_t *sig);
        /* Decrypt in place and check.  0, or a failure: then the PDU must not be looked at. */
        int (*unprotect)(struct rpc_sec *s, enum rpc_level level, struct rpc_pdu *pdu, struct str sig);
        /* For SPNEGO, once established: a MIC over its mechanism list, and to go on after it as the mechanism does. */
        int (*sign)(struct rpc_sec *s, struct str message, struct buf *out);
        int (*check)(struct rpc_sec *s, struct str message, struct str mic);
        void (*restart)(struct rpc_sec *s);
        void (*free)(struct rpc_sec *s);        /* also while a step is put off: later is then not called */
};

struct rpc_sec {
        const struct rpc_sec_ops *ops;
        bool header_sign;       /* set by rpc when it was negotiated; NTLM signs the header in any case */
        char *account;          /* once established: the site's account; malloc'ed, freed by ops->free */
        char *display;          /* as the client said it; may be set although the logon failed */
};

struct rpc_mech {
        enum rpc_auth auth;
        /* A context for a client at an address.  0 or -ENOMEM. */
        int (*new_acceptor)(struct rpc_mech *m, struct rpc_sec **out, const char *peer);
};
