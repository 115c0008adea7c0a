/* SPDX-License-Identifier: Apache-2.0 */
/* fit - constants made to fit a property's type */
#include <math.h>
#include <string.h>
#include "wql/compare.h"
#include "wql/datetime.h"
#include "wql/like.h"

struct wql_fit_to wql_fit_to(const struct cim_property *p, bool extended)
{
        struct wql_fit_to to = { .type = p->type, .no_offset = p->no_offset, .extended = extended };

        for (size_t i = 0; i < p->n_qualifiers; i++)
                to.interval |= str_eqz_nocase(str_of(p->qualifiers[i].name), "SubType") &&
                               str_eqz_nocase(str_of(p->qualifiers[i].value), "\"interval\"");
        return to;
}

static int wrong(const char **why_out, const char *why)
{
        *why_out = why;
        return -1;
}

static int decided(struct wql_bound *out, enum wql_test test)
{
        out->test = test;
        return 0;
}

/* ---- numbers ---- */

static bool is_int(struct str s, struct wql_const *out)
{
        struct str digits = s;

        if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
                digits = str_from(s, 1);
        if (!digits.n || digits.p[0] == '+' || digits.p[0] == '-' || str_to_u64(digits, &out->magnitude) < 0)
                return false;
        out->type = WQL_INT;
        out->negative = s.p[0] == '-';
        return true;
}

static bool is_real(struct str s, struct wql_const *out)
{
        char text[64], *end;

        if (!s.n || s.n >= sizeof(text))
                return false;
        for (size_t i = 0; i < s.n; i++) {
                if (!strchr("0123456789+-.eE", s.p[i]))
                        return false;
        }
        memcpy(text, s.p, s.n);
        text[s.n] = '\0';
        out->type = WQL_REAL;
        out->d = strtod(text, &end);
        return *end == '\0';
}

/* The constant as WQL_INT or WQL_REAL; quoted numbers are numbers, TRUE is 1. */
static bool as_number(const struct wql_const *c, struct wql_const *out)
{
        *out = *c;
        switch (c->type) {
        case WQL_INT:
        case WQL_REAL:
                return true;
        case WQL_BOOL:
                *out = (struct wql_const){ .type = WQL_INT, .magnitude = c->b, .d = c->b };
                return true;
        case WQL_STRING:
                return is_int(str_trim(c->s), out) || is_real(str_trim(c->s), out);
        default:
                return false;
        }
}

/* The constant lies beyond all values: above (or below, when @below) them. */
static int beyond(enum wql_op op, bool below, struct wql_bound *out)
{
        switch (op) {
        case WQL_EQ:
                return decided(out, WQL_TEST_FALSE);
        case WQL_NE:
                return decided(out, WQL_TEST_TRUE);
        case WQL_LT:
        case WQL_LE:
                return decided(out, below ? WQL_TEST_FALSE : WQL_TEST_NOT_NULL);
        default:
                return decided(out, below ? WQL_TEST_NOT_NULL : WQL_TEST_FALSE);
        }
}

/* A fraction lies between two whole numbers: = never, < and <= mean <= the lower one. */
static int fraction(enum wql_op *op)
{
        switch (*op) {
        case WQL_EQ:
                return WQL_TEST_FALSE;
        case WQL_NE:
                return WQL_TEST_TRUE;
        case WQL_LT:
                *op = WQL_LE;
                break;
        case WQL_GE:
                *op = WQL_GT;
                break;
        default:
                break;
        }
        return WQL_TEST_CONST;
}

static int fit_integer(bool is_unsigned, enum wql_op op, struct wql_const c, struct wql_bound *out)
{
        if (c.type == WQL_REAL) {
                double whole = floor(c.d);

                if (isnan(c.d) || whole >= 0x1p64 || whole < -0x1p63)
                        return beyond(op, c.d < 0, out);
                if (whole != c.d && fraction(&op) != WQL_TEST_CONST)
                        return decided(out, op == WQL_EQ ? WQL_TEST_FALSE : WQL_TEST_TRUE);
                c.negative = whole < 0;
                c.magnitude = (uint64_t)fabs(whole);
        }
        out->op = op;
        if (c.magnitude == 0)
                c.negative = false;
        if (is_unsigned) {
                out->domain = WQL_AS_UINT;
                out->u = c.magnitude;
                return c.negative ? beyond(op, true, out) : 0;
        }
        out->domain = WQL_AS_INT;
        if (c.magnitude > (uint64_t)INT64_MAX + c.negative)
                return beyond(op, c.negative, out);
        out->i = c.negative ? (int64_t)(0 - c.magnitude) : (int64_t)c.magnitude;
        return 0;
}

static int fit_real(const struct wql_const *c, struct wql_bound *out)
{
        out->domain = WQL_AS_REAL;
        if (c->type == WQL_REAL)
                out->d = c->d;
        else
                out->d = c->negative ? -(double)c->magnitude : (double)c->magnitude;
        return 0;
}

static int fit_boolean(enum wql_op op, const struct wql_const *c, struct wql_bound *out, const char **why)
{
        struct wql_const n;

        out->domain = WQL_AS_INT;
        if (op != WQL_EQ && op != WQL_NE)
                return wrong(why, "a boolean is only = or <>");
        if (c->type == WQL_STRING && (str_eqz_nocase(c->s, "TRUE") || str_eqz_nocase(c->s, "FALSE"))) {
                out->i = str_eqz_nocase(c->s, "TRUE");
                return 0;
        }
        if (!as_number(c, &n) || n.type != WQL_INT || n.magnitude > 1)
                return wrong(why, "a boolean is TRUE or FALSE");
        out->i = n.magnitude != 0;      /* -1 is VARIANT_TRUE */
        return 0;
}

static int fit_char(enum wql_op op, const struct wql_const *c, struct wql_bound *out, const char **why)
{
        struct wql_const n = *c;

        if (c->type == WQL_STRING) {
                if (c->s.n != 1)
                        return wrong(why, "a char16 is one character or its number");
                n = (struct wql_const){ .type = WQL_INT, .magnitude = (unsigned char)c->s.p[0] };
        } else if (c->type != WQL_INT) {
                return wrong(why, "a char16 is one character or its number");
        }
        return fit_integer(false, op, n, out);
}

/* ---- datetimes ---- */

static int fit_time(struct wql_fit_to to, enum wql_op op, const struct wql_const *c, struct wql_bound *out,
                    const char **why)
{
        struct wql_time t;

        if (c->type != WQL_STRING || wql_time_parse(c->s, &t) < 0)
                return wrong(why, "it is no datetime (yyyymmddHHMMSS.mmmmmm+000)");
        if (to.interval != (t.kind == WQL_TIME_INTERVAL))
                return wrong(why, to.interval ? "the property is an interval (ddddddddHHMMSS.mmmmmm:000)"
                                              : "an interval is no point in time");
        out->domain = WQL_AS_TIME;
        out->i = t.us;
        if (t.kind == WQL_TIME_POINT || t.kind == WQL_TIME_INTERVAL)
                return 0;
        if (t.kind == WQL_TIME_UNZONED && (to.no_offset || to.extended))
                return 0;
        if (op != WQL_EQ && op != WQL_NE)
                return wrong(why, "a datetime with asterisks is only = or <>");
        out->domain = WQL_AS_RAW;
        out->s = str_trim(c->s);
        return 0;
}

/* ---- all ---- */

static bool is_plain_integer(enum cim_type t)
{
        switch (t) {
        case CIM_SINT8:
        case CIM_UINT8:
        case CIM_SINT16:
        case CIM_UINT16:
        case CIM_SINT32:
        case CIM_UINT32:
        case CIM_SINT64:
        case CIM_UINT64:
                return true;
        default:
                return false;
        }
}

int wql_fit(struct wql_fit_to to, enum wql_op op, const struct wql_const *c, struct wql_bound *out, const char **why_out)
{
        struct wql_const n;

        *out = (struct wql_bound){ .test = WQL_TEST_CONST, .op = op, .from = c };
        if (c->type == WQL_NULL)
                return decided(out, op == WQL_EQ ? WQL_TEST_NULL : WQL_TEST_NOT_NULL);
        switch (to.type) {
        case CIM_STRING:
        case CIM_REFERENCE:
                if (c->type != WQL_STRING)
                        return wrong(why_out, "text needs quotes");
                if (to.type == CIM_REFERENCE && op != WQL_EQ && op != WQL_NE)
                        return wrong(why_out, "a reference is only = or <>");
                out->domain = WQL_AS_TEXT;
                out->s = c->s;
                return 0;
        case CIM_BOOLEAN:
                return fit_boolean(op, c, out, why_out);
        case CIM_DATETIME:
                return fit_time(to, op, c, out, why_out);
        case CIM_CHAR16:
                return fit_char(op, c, out, why_out);
        case CIM_OBJECT:
                return wrong(why_out, "an object is only IS NULL or ISA");
        default:
                break;
        }
        if (!as_number(c, &n))
                return wrong(why_out, "it is no number");
        if (is_plain_integer(to.type))
                return fit_integer(to.type == CIM_UINT64, op, n, out);
        return fit_real(&n, out);
}

int wql_fit_like(struct wql_fit_to to, const struct wql_const *c, struct wql_bound *out, const char **why_out)
{
        if (to.type == CIM_STRING) {
                *out = (struct wql_bound){ .test = WQL_TEST_LIKE, .domain = WQL_AS_TEXT, .s = c->s, .from = c };
                return 0;
        }
        if (to.type == CIM_REFERENCE || to.type == CIM_OBJECT)
                return wrong(why_out, "LIKE is for text");
        if (!wql_like_is_plain(c->s))
                return wrong(why_out, "patterns are for text");
        return wql_fit(to, WQL_EQ, c, out, why_out);
}
