/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * ndr - Network Data Representation 2.0, read and written by hand
 *
 * A stub is a run of primitives, each at a multiple of its own size counted from
 * the start of the stub.  There is no compiler here: a method's parameters are
 * read and written by calls in wire order, so that what stands in the code is
 * what stands on the wire.
 *
 * Reading never fails at once.  The first read that passes the end, breaks a
 * limit or contradicts itself sets `bad`; later reads give zeros and empty
 * slices; the caller checks once, at the end, with ndr_in_ok().  A count is
 * believed only when its elements fit into what is left, so a loop over a count
 * is bounded by the size of the stub.  Octets behind the last parameter are
 * nobody's business (clients leave some).
 *
 * Writing appends to a struct buf; buf's own `failed` tells of limits.
 *
 * Only little-endian ASCII IEEE data is spoken; the PDU codec refuses others.
 *
 * Ownership  Slices that reads return point into the stub.
 * Threads    Pure; any thread.
 * Source     [C706] chapter 14; [MS-RPCE] 2.2.4 (transfer syntax NDR 2.0).
 */
#include "base/arena.h"
#include "base/buf.h"
#include "ndr/uuid.h"

/* 8a885d04-1ceb-11c9-9fe8-08002b104860 version 2.0 */
extern const struct uuid ndr_syntax;
enum { NDR_SYNTAX_VERSION = 2 };

/* ---- reading ---- */

struct ndr_in {
        const uint8_t *p;
        size_t n, at;
        bool bad;
};

struct ndr_in ndr_in_of(struct str stub);
/* True when everything read so far was there and made sense. */
static inline bool ndr_in_ok(const struct ndr_in *i)
{
        return !i->bad;
}
static inline size_t ndr_in_left(const struct ndr_in *i)
{
        return i->bad ? 0 : i->n - i->at;
}
void ndr_in_align(struct ndr_in *i, size_t to);         /* 1, 2, 4 or 8 */
uint8_t ndr_in_u8(struct ndr_in *i);
uint16_t ndr_in_u16(struct ndr_in *i);                  /* each aligned to its size */
uint32_t ndr_in_u32(struct ndr_in *i);
uint64_t ndr_in_u64(struct ndr_in *i);
struct uuid ndr_in_uuid(struct ndr_in *i);              /* aligned to 4 */
/* A unique or full pointer's referent id; 0 is NULL, anything else says the referent follows. */
uint32_t ndr_in_ptr(struct ndr_in *i);
/* A u32 that says how many elements of at least `size` octets follow; bad when more than limit, or than can be there. */
uint32_t ndr_in_count(struct ndr_in *i, size_t size, uint32_t limit);
struct str ndr_in_bytes(struct ndr_in *i, size_t n);    /* exactly n octets, unaligned */
/*
 * The conformant octet array [size_is(n)]: u32 max, then max octets.
 * want  the length said elsewhere, which max must equal; UINT32_MAX when it stands here only
 */
struct str ndr_in_octets(struct ndr_in *i, uint32_t want, uint32_t limit);
/*
 * The conformant varying string of 16-bit characters ([string] wchar_t *): u32 max, u32 offset 0, u32 actual,
 * the characters with a terminating NUL, which must be there and is left off.
 * limit  in characters.  Returns UTF-16LE octets.
 */
struct str ndr_in_wstring(struct ndr_in *i, uint32_t limit);
/* The same as UTF-8 in the arena (base/utf16.h); bad, too, when the arena is full. */
struct str ndr_in_wstring_utf8(struct ndr_in *i, struct arena *a, uint32_t limit);

/* ---- writing ---- */

struct ndr_out {
        struct buf *b;          /* borrowed */
        size_t base;            /* where the stub begins in b; alignment counts from here */
        uint32_t n_ptrs;        /* referent ids given */
};

struct ndr_out ndr_out_to(struct buf *b);               /* a stub that begins at b's end */
void ndr_out_align(struct ndr_out *o, size_t to);       /* zeros */
void ndr_out_u8(struct ndr_out *o, uint8_t v);
void ndr_out_u16(struct ndr_out *o, uint16_t v);
void ndr_out_u32(struct ndr_out *o, uint32_t v);
void ndr_out_u64(struct ndr_out *o, uint64_t v);
void ndr_out_uuid(struct ndr_out *o, const struct uuid *u);
/* A pointer: a fresh referent id (0x20000, 0x20004, ... as MIDL's), or 0 when it points at nothing. */
void ndr_out_ptr(struct ndr_out *o, bool present);
void ndr_out_bytes(struct ndr_out *o, struct str s);    /* as they are, unaligned */
void ndr_out_octets(struct ndr_out *o, struct str s);   /* u32 max, then the octets */
/* max, offset, actual, UTF-16LE characters and NUL. */
void ndr_out_wstring(struct ndr_out *o, struct str utf8);
/* Put a u32 at a place that was kept for it; at counts from base and is aligned. */
void ndr_out_patch_u32(struct ndr_out *o, size_t at, uint32_t v);
static inline size_t ndr_out_at(const struct ndr_out *o)
{
        return o->b->n - o->base;
}
