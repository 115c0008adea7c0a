/* SPDX-License-Identifier: Apache-2.0 */
/* fact - facts to bytes and back */
#include "model/fact.h"

enum { VERSION = 1, BITS = 8 };
enum tag { TAG_NULL, TAG_TEXT, TAG_AGAIN, TAG_NUMBER, TAG_NEGATIVE };

/* Numbers beyond this are nobody's: sums of a few of them stay within 64 bits. */
#define NUMBER_MAX (INT64_C(1) << 59)

/* The columns of fact.h: i numbers, t texts. */
static const char pair_types[] = "iitttiiiiiitittitittiiiiiiiittiiiitiiiiiiiitiiiiiiiiiiit";
static const char message_types[] = "ittiitittitttttt";
_Static_assert(sizeof(pair_types) - 1 == N_PAIR_COLUMNS && sizeof(message_types) - 1 == N_MESSAGE_COLUMNS, "types");

/* Texts of the record so far. */
struct texts {
        struct str v[2 * FACT_COLUMNS_MAX];
        size_t n;
};

size_t fact_n_columns(enum fact_kind kind)
{
        return kind == FACT_PAIR ? N_PAIR_COLUMNS : N_MESSAGE_COLUMNS;
}

static const char *types_of(enum fact_kind kind)
{
        return kind == FACT_PAIR ? pair_types : message_types;
}

bool fact_is_text(enum fact_kind kind, size_t column)
{
        return types_of(kind)[column] == 't';
}

bool fact_value_eq(const struct fact_value *a, const struct fact_value *b)
{
        if (a->null || b->null || !a->s.p || !b->s.p)
                return a->null == b->null && !a->s.p == !b->s.p && (a->null || a->i == b->i);
        return str_eq(a->s, b->s);
}

/* ---- writing ---- */

static void write_text(struct texts *t, struct str s, struct buf *out)
{
        size_t i = 0;

        while (i < t->n && !str_eq(t->v[i], s))
                i++;
        if (i < t->n) {
                buf_addc(out, TAG_AGAIN);
                buf_varint(out, i);
                return;
        }
        t->v[t->n++] = s;
        buf_addc(out, TAG_TEXT);
        buf_varint(out, s.n);
        buf_adds(out, s);
}

static void write_value(struct texts *t, const struct fact_value *v, struct buf *out)
{
        if (v->null) {
                buf_addc(out, TAG_NULL);
        } else if (v->s.p) {
                write_text(t, v->s, out);
        } else {
                buf_addc(out, v->i < 0 ? TAG_NEGATIVE : TAG_NUMBER);
                buf_varint(out, v->i < 0 ? ~(uint64_t)v->i : (uint64_t)v->i);
        }
}

void fact_encode(const struct fact *f, struct buf *out)
{
        const size_t n = fact_n_columns(f->kind);
        uint8_t differs[(FACT_COLUMNS_MAX + BITS - 1) / BITS] = { 0 };
        struct texts texts;

        texts.n = 0;
        buf_addc(out, VERSION);
        buf_addc(out, (char)f->kind);
        buf_addc(out, (char)n);
        for (size_t i = 0; f->kind == FACT_PAIR && i < n; i++)
                write_value(&texts, &f->before[i], out);
        for (size_t i = 0; i < n; i++)
                if (f->kind != FACT_PAIR || !fact_value_eq(&f->before[i], &f->after[i]))
                        differs[i / BITS] |= (uint8_t)(1u << i % BITS);
        buf_add(out, differs, (n + BITS - 1) / BITS);
        for (size_t i = 0; i < n; i++)
                if (differs[i / BITS] & 1u << i % BITS)
                        write_value(&texts, &f->after[i], out);
}

/* ---- reading ---- */

static bool read_text(struct cursor *in, struct texts *t, bool again, struct fact_value *v)
{
        const uint64_t n = cursor_varint(in);

        if (again) {
                if (n >= t->n)
                        return false;
                v->s = t->v[n];
                return true;
        }
        if (in->bad || n > (uint64_t)(in->end - in->p) || t->n == ARRAY_SIZE(t->v))
                return false;
        v->s = cursor_bytes(in, (size_t)n);
        if (!v->s.n)
                v->s = STR("");
        t->v[t->n++] = v->s;
        return true;
}

static bool read_value(struct cursor *in, struct texts *t, bool is_text, struct fact_value *v)
{
        const uint8_t tag = cursor_u8(in);
        uint64_t u;

        *v = (struct fact_value){ .null = tag == TAG_NULL };
        switch (tag) {
        case TAG_NULL:
                break;
        case TAG_TEXT:
        case TAG_AGAIN:
                if (!read_text(in, t, tag == TAG_AGAIN, v))
                        return false;
                break;
        case TAG_NUMBER:
        case TAG_NEGATIVE:
                u = cursor_varint(in);
                if (u > NUMBER_MAX)
                        return false;
                v->i = tag == TAG_NEGATIVE ? (int64_t)~u : (int64_t)u;
                break;
        default:
                return false;
        }
        return !in->bad && (v->null || !v->s.p == !is_text);
}

static bool read_sides(struct cursor *in, size_t n, struct fact *out)
{
        const size_t n_bytes = (n + BITS - 1) / BITS;
        struct texts texts;
        struct str differs;

        texts.n = 0;
        for (size_t i = 0; out->kind == FACT_PAIR && i < n; i++)
                if (!read_value(in, &texts, fact_is_text(out->kind, i), &out->before[i]))
                        return false;
        if ((size_t)(in->end - in->p) < n_bytes)
                return false;
        differs = cursor_bytes(in, n_bytes);
        for (size_t i = 0; i < n; i++) {
                if (!((uint8_t)differs.p[i / BITS] & 1u << i % BITS))
                        out->after[i] = out->before[i];
                else if (!read_value(in, &texts, fact_is_text(out->kind, i), &out->after[i]))
                        return false;
        }
        return in->p == in->end;
}

int fact_decode(struct str in, struct fact *out, struct err *e)
{
        struct cursor c = cursor_of(in.p, in.n);
        const uint8_t version = cursor_u8(&c), kind = cursor_u8(&c), n = cursor_u8(&c);

        out->kind = kind == FACT_PAIR ? FACT_PAIR : FACT_MESSAGE;
        for (size_t i = 0; i < FACT_COLUMNS_MAX; i++)
                out->before[i] = out->after[i] = (struct fact_value){ .null = true };
        if (c.bad || version != VERSION || (kind != FACT_PAIR && kind != FACT_MESSAGE) || n > fact_n_columns(out->kind) ||
            !read_sides(&c, n, out))
                return err_set(e, ERR_CORRUPT, "change log: a fact of %zu bytes cannot be read", in.n);
        return 0;
}
