/* SPDX-License-Identifier: Apache-2.0 */
/* string - Encoded-String and what else everything is made of; [MS-WMIO] 2.2.78 */
#include "base/utf16.h"
#include "wmio/private.h"

const char *const wmio_dictionary[WMIO_N_DICTIONARY] = { "\"",       "key",      "",         "read",
                                                         "write",    "volatile", "provider", "dynamic",
                                                         "cimwin32", "DWORD",    "CIMTYPE" };

size_t wmio_slot_size(enum cim_type t, bool array)
{
        switch (t) {
        case CIM_SINT8:
        case CIM_UINT8: return array ? 4 : 1;
        case CIM_SINT16:
        case CIM_UINT16:
        case CIM_CHAR16:
        case CIM_BOOLEAN: return array ? 4 : 2;
        case CIM_SINT64:
        case CIM_UINT64:
        case CIM_REAL64: return array ? 4 : 8;
        case CIM_SINT32:
        case CIM_UINT32:
        case CIM_REAL32:
        case CIM_STRING:
        case CIM_DATETIME:
        case CIM_REFERENCE:
        case CIM_OBJECT: return 4;
        }
        return 0;
}

enum form { ASCII, LATIN1, UTF16 };

/* The shortest form a text fits; one with a NUL within, or that is no UTF-8, is written with U+FFFD there. */
static enum form form_of(struct str s)
{
        enum form f = ASCII;

        for (size_t i = 0; i < s.n; i++) {
                uint8_t c = (uint8_t)s.p[i];

                if (c > 0 && c < 0x80)
                        continue;
                if ((c != 0xc2 && c != 0xc3) || i + 1 == s.n || ((uint8_t)s.p[i + 1] & 0xc0) != 0x80)
                        return UTF16;
                f = LATIN1;
                i++;
        }
        return f;
}

static void put_latin1(struct buf *b, struct str s)
{
        for (size_t i = 0; i < s.n; i++) {
                uint8_t c = (uint8_t)s.p[i];

                if (c >= 0x80)
                        c = (uint8_t)(c << 6 | ((uint8_t)s.p[++i] & 0x3f));
                buf_addc(b, (char)c);
        }
}

static void put_utf16(struct buf *b, struct str s)
{
        for (;;) {
                const char *nul = s.n ? memchr(s.p, 0, s.n) : NULL;
                size_t n = nul ? (size_t)(nul - s.p) : s.n;

                utf16_encode((struct str){ s.p, n }, b);
                if (!nul)
                        return;
                buf_le16(b, 0xfffd);
                s = str_from(s, n + 1);
        }
}

void wmio_put_string(struct buf *b, struct str s)
{
        enum form f = form_of(s);

        buf_addc(b, f == UTF16);
        if (f == ASCII)
                buf_adds(b, s);
        else if (f == LATIN1)
                put_latin1(b, s);
        else
                put_utf16(b, s);
        buf_addc(b, 0);
        if (f == UTF16)
                buf_addc(b, 0);
}

void wmio_put_zeros(struct buf *b, size_t n, uint8_t fill)
{
        if (!buf_reserve(b, n))
                return;
        memset(b->p + b->n, fill, n);
        b->n += n;
        b->p[b->n] = 0;
}

void wmio_patch_le32(struct buf *b, size_t at, uint32_t v)
{
        if (!b->failed)
                put_le32(b->p + at, v);
}

int wmio_finish(struct wmio_enc *x, size_t start)
{
        int r = x->r;

        if (r == 0 && !x->b->failed && x->b->n - start <= WMIO_MAX_UNIT)
                return 0;
        if (r == 0)
                r = err_set(x->e, ERR_TOO_LARGE, "the object takes more than the %zu bytes that an answer may have",
                            MIN(x->b->limit ? x->b->limit : BUF_DEFAULT_LIMIT, (size_t)WMIO_MAX_UNIT));
        x->b->failed = false;
        x->b->n = start;
        if (x->b->p)
                x->b->p[start] = 0;
        return r;
}
