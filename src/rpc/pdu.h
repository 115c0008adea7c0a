/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * pdu - the packets of connection-oriented RPC, in and out
 *
 *      octets 0..15    header: version 5, minor, type, flags, drep, frag_len, auth_len, call_id
 *      body            by type; a request's begins with alloc_hint, context, opnum[, object]
 *      padding         pad octets
 *      trailer         type, level, pad, 0, auth_context_id   (when auth_len > 0)
 *      token           auth_len octets
 *
 * Pure: offsets are checked against frag_len, and nothing else is believed.
 *
 * Source: [C706] 12.6; [MS-RPCE] 2.2.2.
 */
#include "base/buf.h"
#include "base/err.h"
#include "ndr/ndr.h"
#include "rpc/level.h"

enum rpc_ptype {
        RPC_REQUEST = 0,
        RPC_RESPONSE = 2,
        RPC_FAULT = 3,
        RPC_BIND = 11,
        RPC_BIND_ACK = 12,
        RPC_BIND_NAK = 13,
        RPC_ALTER = 14,
        RPC_ALTER_RESP = 15,
        RPC_AUTH3 = 16,
        RPC_SHUTDOWN = 17,
        RPC_CANCEL = 18,
        RPC_ORPHANED = 19,
};

enum {
        RPC_FIRST = 0x01,
        RPC_LAST = 0x02,
        RPC_HEADER_SIGN = 0x04,         /* bind, alter and their answers; elsewhere "cancel pending" */
        RPC_MULTIPLEX = 0x10,
        RPC_NOT_EXECUTED = 0x20,
        RPC_HAS_OBJECT = 0x80,
};

enum {
        RPC_HEAD_LEN = 16,
        RPC_CALL_HEAD_LEN = 24,         /* of request, response and fault */
        RPC_TRAILER_LEN = 8,
        RPC_FRAG_MIN = 1432,            /* [C706] 12.6.3.1: everybody takes that */
        RPC_FRAG_DEFAULT = 5840,
};

/* Results of a presentation context, [C706] 12.6.3.1, [MS-RPCE] 2.2.2.4 */
enum { RPC_ACCEPTED = 0, RPC_PROVIDER_REJECTED = 2, RPC_NEGOTIATE_ACK = 3 };
enum { RPC_REASON_NONE = 0, RPC_REASON_ABSTRACT = 1, RPC_REASON_TRANSFER = 2, RPC_REASON_LIMIT = 3 };
/* Reasons of a bind_nak, [MS-RPCE] 2.2.2.5 */
enum { RPC_NAK_UNSPECIFIED = 0, RPC_NAK_LIMIT = 2, RPC_NAK_VERSION = 4, RPC_NAK_AUTH_TYPE = 8 };

struct rpc_head {
        uint8_t type, flags;
        uint16_t frag_len, auth_len;
        uint32_t call_id;
};
struct rpc_trailer {
        size_t at;                      /* where it begins in the PDU */
        uint8_t type, level, pad;
        uint32_t context;
        struct str token;
};

/*
 * Look at a header.  0; 1 when fewer than 16 octets are there; or ERR_INVALID: another version, big-endian data,
 * lengths that contradict each other or exceed max_frag.
 */
MUST int rpc_head_decode(struct str octets, size_t max_frag, struct rpc_head *out, struct err *e);
/* The trailer of a whole PDU with auth_len > 0, whose body has at least `body` octets (header included). */
MUST int rpc_trailer_decode(struct str pdu, const struct rpc_head *h, size_t body, struct rpc_trailer *out, struct err *e);

struct rpc_syntax {
        struct uuid uuid;
        uint16_t major, minor;
};
struct rpc_offer {                      /* one presentation context of a bind */
        uint16_t id;
        struct rpc_syntax abstract;
        uint8_t n_transfer;
        struct str transfer;            /* n_transfer x 20 octets */
};
struct rpc_bind {
        uint16_t max_xmit, max_recv;
        uint32_t group;
        uint8_t n_offers;
        struct cursor offers;           /* for rpc_offer_next() */
};
/* body: what stands between header and trailer, in a bind or alter_context. */
MUST int rpc_bind_decode(struct str body, struct rpc_bind *out, struct err *e);
/* To be called n_offers times.  ERR_INVALID when the body ends too early. */
MUST int rpc_offer_next(struct rpc_bind *b, struct rpc_offer *out, struct err *e);
struct rpc_syntax rpc_transfer_at(const struct rpc_offer *o, unsigned i);
/* Bind-time feature negotiation, [MS-RPCE] 2.2.2.14: true when the syntax is one; its feature bits. */
bool rpc_syntax_is_features(const struct rpc_syntax *s, uint16_t *bits_out);

struct rpc_request_head {
        uint32_t alloc_hint;
        uint16_t context, opnum;
        bool has_object;
        struct uuid object;
        size_t stub;                    /* where it begins in the PDU: 24 or 40 */
};
MUST int rpc_request_decode(struct str pdu, const struct rpc_head *h, struct rpc_request_head *out, struct err *e);

/* ---- writing: a PDU is begun, its body appended, and ended ---- */

/* Appends a header; returns where the PDU begins in b. */
size_t rpc_pdu_begin(struct buf *b, enum rpc_ptype type, uint8_t flags, uint32_t call_id);
/* Pads with zeros to a multiple of `to`, counted from the body's start at `body`; appends the trailer's head. */
void rpc_pdu_trailer(struct buf *b, size_t begin, size_t body, size_t to, uint8_t type, uint8_t level, uint32_t context);
/* Sets frag_len and auth_len; auth_len octets are or will be at the end and are counted in frag_len. */
void rpc_pdu_end(struct buf *b, size_t begin, size_t auth_len, size_t missing);

void rpc_syntax_encode(struct buf *b, const struct rpc_syntax *s);
/* The body of a bind or an alter_context up to its contexts. */
void rpc_bind_encode(struct buf *b, uint16_t max_xmit, uint16_t max_recv, uint32_t group, uint8_t n_offers);
/* The body of a bind_ack up to its results.  port 0: alter_context_resp, no secondary address. */
void rpc_ack_encode(struct buf *b, size_t begin, uint16_t max_xmit, uint16_t max_recv, uint32_t group, uint16_t port,
                    uint8_t n_results);
void rpc_result_encode(struct buf *b, uint16_t result, uint16_t reason, bool ndr);
