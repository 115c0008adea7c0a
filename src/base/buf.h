/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * buf - a growable run of bytes with a hard limit
 *
 * Appending past the limit or out of memory sets `failed` and changes nothing
 * more, so a writer may append freely and check once at the end.  The bytes are
 * kept NUL-terminated behind their end, so p may be read as text.
 */
#include "base/str.h"

struct buf {
        char *p;
        size_t n;
        size_t cap;
        size_t limit;           /* 0: BUF_DEFAULT_LIMIT */
        bool failed;
};

enum { BUF_DEFAULT_LIMIT = 64 << 20 };

void buf_init(struct buf *b, size_t limit);
void buf_fini(struct buf *b);           /* frees; may be init'ed again */
void buf_reset(struct buf *b);          /* empty, keeps its memory */
bool buf_reserve(struct buf *b, size_t more);   /* false: failed is set */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, struct str s);
void buf_addz(struct buf *b, const char *z);
void buf_addc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_i64(struct buf *b, int64_t v);         /* decimal, without printf */
void buf_le16(struct buf *b, uint16_t v);
void buf_le32(struct buf *b, uint32_t v);
void buf_le64(struct buf *b, uint64_t v);
void buf_varint(struct buf *b, uint64_t v);     /* LEB128, at most 10 bytes */
void buf_consume(struct buf *b, size_t n);      /* drop n bytes from the front */
char *buf_steal(struct buf *b);                 /* malloc'ed text, NULL when failed; b is empty after */
static inline struct str buf_str(const struct buf *b)
{
        return (struct str){ b->p, b->n };
}

/* Reading: a cursor over bytes that never passes their end. */
struct cursor {
        const uint8_t *p;
        const uint8_t *end;
        bool bad;               /* set by the first read past the end; later reads give 0 */
};
struct cursor cursor_of(const void *p, size_t n);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_le16(struct cursor *c);
uint32_t cursor_le32(struct cursor *c);
uint64_t cursor_le64(struct cursor *c);
uint64_t cursor_varint(struct cursor *c);       /* bad on more than 10 bytes or overflow */
struct str cursor_bytes(struct cursor *c, size_t n);

static inline uint32_t get_le32(const void *p)
{
        const uint8_t *b = p;

        return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}
static inline uint64_t get_le64(const void *p)
{
        return (uint64_t)get_le32(p) | (uint64_t)get_le32((const uint8_t *)p + 4) << 32;
}
static inline void put_le32(void *p, uint32_t v)
{
        uint8_t *b = p;

        b[0] = (uint8_t)v;
        b[1] = (uint8_t)(v >> 8);
        b[2] = (uint8_t)(v >> 16);
        b[3] = (uint8_t)(v >> 24);
}
static inline void put_le64(void *p, uint64_t v)
{
        put_le32(p, (uint32_t)v);
        put_le32((uint8_t *)p + 4, (uint32_t)(v >> 32));
}
