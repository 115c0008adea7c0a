/* SPDX-License-Identifier: Apache-2.0 */
/* buf - growing by half, never past the limit; and the cursor that reads */
#include <stdarg.h>
#include <stdio.h>
#include "base/buf.h"

void buf_init(struct buf *b, size_t limit)
{
        *b = (struct buf){ .limit = limit ? limit : BUF_DEFAULT_LIMIT };
}

void buf_fini(struct buf *b)
{
        free(b->p);
        buf_init(b, b->limit);
}

void buf_reset(struct buf *b)
{
        b->n = 0;
        b->failed = false;
        if (b->p)
                b->p[0] = '\0';
}

static size_t limit_of(const struct buf *b)
{
        return b->limit ? b->limit : BUF_DEFAULT_LIMIT;
}

/* cap counts the NUL; so cap is at most limit + 1. */
bool buf_reserve(struct buf *b, size_t more)
{
        size_t limit = limit_of(b), cap;
        char *p;

        if (b->failed)
                return false;
        if (more > limit || b->n > limit - more) {
                b->failed = true;
                return false;
        }
        if (b->n + more < b->cap)
                return true;
        cap = MAX(b->n + more + 1, MIN(b->cap + b->cap / 2 + 64, limit + 1));
        p = realloc(b->p, cap);
        if (!p) {
                b->failed = true;
                return false;
        }
        if (!b->p)
                p[0] = '\0';
        b->p = p;
        b->cap = cap;
        return true;
}

/* There is room without asking. */
static bool fits(const struct buf *b, size_t n)
{
        return b->cap > b->n && n < b->cap - b->n && !b->failed;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
        if (!fits(b, n) && !buf_reserve(b, n))
                return;
        if (n)
                memcpy(b->p + b->n, p, n);
        b->n += n;
        b->p[b->n] = '\0';
}

void buf_adds(struct buf *b, struct str s)
{
        buf_add(b, s.p, s.n);
}

void buf_addz(struct buf *b, const char *z)
{
        buf_add(b, z, strlen(z));
}

void buf_addc(struct buf *b, char c)
{
        if (!fits(b, 1) && !buf_reserve(b, 1))
                return;
        b->p[b->n++] = c;
        b->p[b->n] = '\0';
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vsnprintf(NULL, 0, fmt, ap);
        va_end(ap);
        if (n < 0) {
                b->failed = true;
                return;
        }
        if (!buf_reserve(b, (size_t)n))
                return;
        va_start(ap, fmt);
        (void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
        va_end(ap);
        b->n += (size_t)n;
}

void buf_i64(struct buf *b, int64_t v)
{
        char text[sizeof("-9223372036854775808")], *p = text + sizeof(text);
        uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

        do
                *--p = (char)('0' + u % 10);
        while (u /= 10);
        if (v < 0)
                *--p = '-';
        buf_add(b, p, (size_t)(text + sizeof(text) - p));
}

void buf_le16(struct buf *b, uint16_t v)
{
        uint8_t w[2] = { (uint8_t)v, (uint8_t)(v >> 8) };

        buf_add(b, w, sizeof w);
}

void buf_le32(struct buf *b, uint32_t v)
{
        uint8_t w[4];

        put_le32(w, v);
        buf_add(b, w, sizeof w);
}

void buf_le64(struct buf *b, uint64_t v)
{
        uint8_t w[8];

        put_le64(w, v);
        buf_add(b, w, sizeof w);
}

void buf_varint(struct buf *b, uint64_t v)
{
        uint8_t w[10];
        size_t n = 0;

        while (v >= 0x80) {
                w[n++] = (uint8_t)(v | 0x80);
                v >>= 7;
        }
        w[n++] = (uint8_t)v;
        buf_add(b, w, n);
}

void buf_consume(struct buf *b, size_t n)
{
        if (n > b->n)
                n = b->n;
        if (n == 0)
                return;
        b->n -= n;
        memmove(b->p, b->p + n, b->n);
        b->p[b->n] = '\0';
}

char *buf_steal(struct buf *b)
{
        char *p = NULL;

        if (!b->failed && buf_reserve(b, 0))
                p = steal(&b->p);
        buf_fini(b);
        return p;
}

struct cursor cursor_of(const void *p, size_t n)
{
        return (struct cursor){ p, p ? (const uint8_t *)p + n : NULL, false };
}

struct str cursor_bytes(struct cursor *c, size_t n)
{
        struct str s;

        if (c->bad || (size_t)(c->end - c->p) < n) {
                c->bad = true;
                return STR_NULL;
        }
        s = (struct str){ (const char *)c->p, n };
        if (n)
                c->p += n;
        return s;
}

uint8_t cursor_u8(struct cursor *c)
{
        struct str s = cursor_bytes(c, 1);

        return s.n ? (uint8_t)s.p[0] : 0;
}

uint16_t cursor_le16(struct cursor *c)
{
        struct str s = cursor_bytes(c, 2);
        const uint8_t *b = (const uint8_t *)s.p;

        return s.n ? (uint16_t)(b[0] | b[1] << 8) : 0;
}

uint32_t cursor_le32(struct cursor *c)
{
        struct str s = cursor_bytes(c, 4);

        return s.n ? get_le32(s.p) : 0;
}

uint64_t cursor_le64(struct cursor *c)
{
        struct str s = cursor_bytes(c, 8);

        return s.n ? get_le64(s.p) : 0;
}

uint64_t cursor_varint(struct cursor *c)
{
        uint64_t v = 0;

        for (unsigned shift = 0; shift < 64; shift += 7) {
                uint8_t b = cursor_u8(c);

                if (c->bad || (shift == 63 && b > 1))
                        break;
                v |= (uint64_t)(b & 0x7f) << shift;
                if (!(b & 0x80))
                        return v;
        }
        c->bad = true;
        return 0;
}
