/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_read - strings, values and qualifiers of what came
 *
 * Source: [MS-WMIO] 2.2.59 to 2.2.72, 2.2.78 to 2.2.82.
 */
#include <stdarg.h>
#include <stdio.h>
#include "base/utf16.h"
#include "wmio/private.h"

int (wmio_bad)(const struct wmio_part *p, const char *fmt, ...)
{
        char text[300];
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        return err_set(p->x->e, ERR_INVALID, "%s: %s", p->name, text);
}

int wmio_no_memory(struct err *e)
{
        return err_set(e, ERR_TOO_LARGE, "the object takes more memory than one may");
}

int wmio_spend(struct wmio_dec *x, size_t octets)
{
        if (octets > x->work)
                return err_set(x->e, ERR_TOO_LARGE, "the object refers to the same octets again and again");
        x->work -= octets;
        return 0;
}

/* ---- text ---- */

static struct str latin1(struct str s, struct arena *a)
{
        char *z = arena_alloc(a, 2 * s.n + 1);
        size_t n = 0;

        if (!z)
                return STR_NULL;
        for (size_t i = 0; i < s.n; i++) {
                uint8_t c = (uint8_t)s.p[i];

                if (c >= 0x80) {
                        z[n++] = (char)(0xc0 | c >> 6);
                        c = 0x80 | (c & 0x3f);
                }
                z[n++] = (char)c;
        }
        return (struct str){ z, n };
}

static bool is_ascii(struct str s)
{
        for (size_t i = 0; i < s.n; i++) {
                if ((uint8_t)s.p[i] >= 0x80)
                        return false;
        }
        return true;
}

/* How many octets up to the NUL of two; SIZE_MAX: there is none. */
static size_t utf16_length(struct str s)
{
        for (size_t i = 0; i + 1 < s.n; i += 2) {
                if (s.p[i] == 0 && s.p[i + 1] == 0)
                        return i;
        }
        return SIZE_MAX;
}

int wmio_get_text(const struct wmio_part *p, struct str bytes, const char *what, struct str *out, size_t *used)
{
        struct str rest = bytes.n ? str_from(bytes, 1) : STR_NULL;
        const char *nul;
        size_t n;

        if (bytes.n == 0 || (uint8_t)bytes.p[0] > 1)
                return wmio_bad(p, "%s is no Encoded-String", what);
        if (bytes.p[0]) {
                n = utf16_length(rest);
                *used = n + 3;
        } else {
                nul = rest.n ? memchr(rest.p, 0, rest.n) : NULL;
                n = nul ? (size_t)(nul - rest.p) : SIZE_MAX;
                *used = n + 2;
        }
        if (n == SIZE_MAX)
                return wmio_bad(p, "%s has no end", what);
        rest.n = n;
        if (bytes.p[0])
                *out = utf16_decode(rest.p, n / 2, p->x->a);
        else
                *out = is_ascii(rest) ? rest : latin1(rest, p->x->a);
        return out->p ? wmio_spend(p->x, *used) : wmio_no_memory(p->x->e);
}

int wmio_get_heap(const struct wmio_part *p, uint32_t ref, size_t n, const char *what, struct str *out)
{
        if (ref > p->heap.n || p->heap.n - ref < n)
                return wmio_bad(p, "%s is at 0x%x, its heap ends at 0x%zx", what, ref, p->heap.n);
        *out = str_from(p->heap, ref);
        return 0;
}

int wmio_get_string(const struct wmio_part *p, uint32_t ref, const char *what, struct str *out)
{
        struct str bytes;
        size_t used;
        int r;

        if (ref != WMIO_NO_REF && ref & WMIO_HIGH) {
                ref &= ~WMIO_HIGH;
                if (ref >= WMIO_N_DICTIONARY)
                        return wmio_bad(p, "%s is word %u of a dictionary of %d", what, ref, WMIO_N_DICTIONARY);
                *out = str_of(wmio_dictionary[ref]);
                return 0;
        }
        r = wmio_get_heap(p, ref, 1, what, &bytes);
        return r < 0 ? r : wmio_get_text(p, bytes, what, out, &used);
}

/* ---- values ---- */

int wmio_get_type(const struct wmio_part *p, uint32_t type, enum cim_type *t, bool *array)
{
        *t = type & 0xffff & ~(WMIO_ARRAY | WMIO_INHERITED);
        *array = type & WMIO_ARRAY;
        if (wmio_slot_size(*t, *array) == 0)
                return wmio_bad(p, "0x%x is no CIM type", type);
        return 0;
}

static void get_number(const char *slot, enum cim_type t, struct cim_value *out)
{
        uint8_t octets[8] = { 0 };
        uint64_t bits;
        uint32_t low;
        float f;

        memcpy(octets, slot, wmio_slot_size(t, false));
        bits = get_le64(octets);
        low = (uint32_t)bits;
        *out = (struct cim_value){ .u = bits };
        switch (t) {
        case CIM_SINT8: out->i = (int8_t)bits; return;
        case CIM_SINT16: out->i = (int16_t)bits; return;
        case CIM_SINT32: out->i = (int32_t)bits; return;
        case CIM_BOOLEAN: out->i = bits != 0; return;
        case CIM_REAL64: memcpy(&out->d, &bits, sizeof out->d); return;
        case CIM_REAL32:
                memcpy(&f, &low, sizeof f);
                out->d = f;
                return;
        default: return;
        }
}

/* A datetime with asterisks stays as it came: it is no instant. */
static bool is_instant(struct str s, int64_t *us)
{
        return !memchr(s.p, '*', CIM_DATETIME_LEN - 4) && time_parse_cim(s, us, NULL) == 0 && wmio_can_print(*us);
}

static int get_text_value(const struct wmio_part *p, uint32_t ref, enum cim_type t, bool instant, struct cim_value *out)
{
        int64_t us;
        int r;

        *out = (struct cim_value){ .null = ref == WMIO_NO_REF };
        if (out->null)
                return 0;
        r = wmio_get_string(p, ref, "a value", &out->s);
        if (r < 0 || t != CIM_DATETIME)
                return r;
        if (out->s.n != CIM_DATETIME_LEN)
                return wmio_bad(p, "\"%.*s\" is no datetime of 25 characters", (int)MIN(out->s.n, 40), out->s.p);
        out->text = true;
        if (instant && is_instant(out->s, &us))
                *out = (struct cim_value){ .i = us };
        return 0;
}

static int get_object(const struct wmio_part *p, uint32_t ref, struct wmio_decoded **out)
{
        struct str bytes;
        uint32_t n;
        int r;

        r = wmio_get_heap(p, ref, 4, "an object", &bytes);
        if (r < 0)
                return r;
        n = get_le32(bytes.p);
        if (n > bytes.n - 4)
                return wmio_bad(p, "an object of %u octets is longer than the %zu that are left of its heap", n,
                                bytes.n - 4);
        return wmio_get_block(p->x, (struct str){ bytes.p + 4, n }, NULL, out);
}

static int get_items(const struct wmio_part *p, struct str bytes, enum cim_type t, bool instant, size_t n,
                     struct cim_value *out, struct wmio_decoded **objects)
{
        size_t size = wmio_slot_size(t, false);
        struct cim_value *items = NULL;
        int r = 0;

        if (t != CIM_OBJECT) {
                items = arena_array(p->x->a, n + 1, sizeof *items);
                if (!items)
                        return wmio_no_memory(p->x->e);
        }
        for (size_t i = 0; i < n && r == 0; i++) {
                if (t == CIM_OBJECT)
                        r = get_object(p, get_le32(bytes.p + i * size), &objects[i]);
                else
                        r = wmio_get_value(p, bytes.p + i * size, t, false, instant, &items[i], NULL);
        }
        *out = (struct cim_value){ .array = { items, n } };
        return r;
}

static int get_array(const struct wmio_part *p, uint32_t ref, enum cim_type t, bool instant, struct cim_value *out,
                     struct wmio_decoded ***objects)
{
        struct str bytes;
        size_t n;
        int r;

        *out = (struct cim_value){ .null = ref == WMIO_NO_REF };
        if (out->null)
                return 0;
        r = wmio_get_heap(p, ref, 4, "an array", &bytes);
        if (r < 0)
                return r;
        n = get_le32(bytes.p);
        bytes = str_from(bytes, 4);
        if (n > bytes.n / wmio_slot_size(t, false))
                return wmio_bad(p, "an array of %zu items is longer than its heap", n);
        r = wmio_spend(p->x, n * wmio_slot_size(t, false));
        if (r == 0 && t == CIM_OBJECT) {
                *objects = arena_array(p->x->a, n + 1, sizeof **objects);
                if (!*objects)
                        return wmio_no_memory(p->x->e);
        }
        return r < 0 ? r : get_items(p, bytes, t, instant, n, out, objects ? *objects : NULL);
}

int wmio_get_value(const struct wmio_part *p, const char *slot, enum cim_type t, bool array, bool instant,
                   struct cim_value *out, struct wmio_decoded ***objects)
{
        uint32_t ref = wmio_slot_size(t, array) == 4 ? get_le32(slot) : 0;

        if (t == CIM_OBJECT && !objects)
                return wmio_bad(p, "an object may not stand here");
        if (array)
                return get_array(p, ref, t, instant, out, objects);
        if (t == CIM_STRING || t == CIM_DATETIME || t == CIM_REFERENCE)
                return get_text_value(p, ref, t, instant, out);
        if (t != CIM_OBJECT) {
                get_number(slot, t, out);
                return 0;
        }
        *out = (struct cim_value){ .null = ref == WMIO_NO_REF };
        if (out->null)
                return 0;
        *objects = arena_alloc(p->x->a, sizeof **objects);
        return *objects ? get_object(p, ref, *objects) : wmio_no_memory(p->x->e);
}

/* ---- parts ---- */

int wmio_get_extent(const struct wmio_part *p, struct str bytes, size_t least, struct str *out)
{
        uint32_t n = bytes.n >= 4 ? get_le32(bytes.p) : 0;

        if (n < least || n > bytes.n)
                return wmio_bad(p, "says it has %u octets, where %zu to %zu can be", n, least, bytes.n);
        *out = (struct str){ bytes.p, n };
        return 0;
}

int wmio_get_heap_part(struct wmio_part *p, struct str bytes, size_t *used)
{
        uint32_t n = bytes.n >= 4 ? get_le32(bytes.p) : 0;

        if (!(n & WMIO_HIGH) || (n & ~WMIO_HIGH) > bytes.n - 4)
                return wmio_bad(p, "its heap of 0x%x octets is longer than the %zu that follow", n & ~WMIO_HIGH,
                                bytes.n >= 4 ? bytes.n - 4 : 0);
        p->heap = (struct str){ bytes.p + 4, n & ~WMIO_HIGH };
        *used = 4 + p->heap.n;
        return 0;
}

/* ---- qualifiers ---- */

enum { QUALIFIER_HEAD = 9 };            /* name, flavor, type */

static int get_qualifier(const struct wmio_part *p, struct str *set, struct wmio_qualifier *q)
{
        size_t size;
        int r;

        if (set->n < QUALIFIER_HEAD)
                return wmio_bad(p, "a qualifier is cut off");
        q->flavor = (uint8_t)set->p[4];
        r = wmio_get_type(p, get_le32(set->p + 5), &q->type, &q->array);
        if (r == 0)
                r = wmio_get_string(p, get_le32(set->p), "a qualifier's name", &q->name);
        if (r < 0)
                return r;
        size = wmio_slot_size(q->type, q->array);
        if (set->n - QUALIFIER_HEAD < size)
                return wmio_bad(p, "the value of qualifier %.*s is cut off", (int)MIN(q->name.n, 60), q->name.p);
        r = wmio_get_value(p, set->p + QUALIFIER_HEAD, q->type, q->array, false, &q->value, NULL);
        *set = str_from(*set, QUALIFIER_HEAD + size);
        return r;
}

int wmio_get_qualifiers(const struct wmio_part *p, struct str bytes, const struct wmio_qualifier **out, size_t *n,
                        size_t *used)
{
        struct wmio_qualifier *q;
        struct str set;
        size_t most;
        int r;

        r = wmio_get_extent(p, bytes, 4, &set);
        if (r < 0)
                return r;
        *used = set.n;
        r = wmio_spend(p->x, set.n);
        set = str_from(set, 4);
        most = MIN(set.n / (QUALIFIER_HEAD + 1), WMIO_MAX_QUALIFIERS);
        if (r < 0)
                return r;
        q = arena_array(p->x->a, most + 1, sizeof *q);
        if (!q)
                return wmio_no_memory(p->x->e);
        *out = q;
        for (*n = 0; set.n > 0 && r == 0; (*n)++) {
                if (*n == WMIO_MAX_QUALIFIERS)
                        return wmio_bad(p, "a set has more than %d qualifiers", WMIO_MAX_QUALIFIERS);
                r = get_qualifier(p, &set, &q[*n]);
        }
        return r;
}
