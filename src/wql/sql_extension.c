/* SPDX-License-Identifier: Apache-2.0 */
/* sql_extension - what the engine lacks: folded comparison, LIKE, paths into objects, dates */
#include "base/fold.h"
#include "wql/compare.h"
#include "wql/datetime.h"
#include "wql/like.h"
#include "wql/sql.h"

static void give_text(struct db_arg *out, struct str s)
{
        *out = (struct db_arg){ .type = s.p ? DB_TEXT : DB_NULL, .s = s };
}

static void give_int(struct db_arg *out, int64_t i)
{
        *out = (struct db_arg){ .type = DB_INT, .i = i };
}

static void like(const struct db_arg *args, struct db_arg *out, struct arena *a)
{
        if (args[0].type == DB_TEXT)
                give_int(out, wql_like(args[0].s, args[1].s));
}

/* ---- objects and arrays as JSON ---- */

static struct wql_variant member(const struct db_arg *json, const struct db_arg *path, struct arena *a)
{
        struct str parts[WQL_MAX_PARTS], rest = path->s;
        size_t n = 0;

        if (json->type != DB_TEXT)
                return (struct wql_variant){ 0 };
        while (path->type == DB_TEXT && rest.p && n < WQL_MAX_PARTS)
                rest = str_cut(rest, '.', &parts[n++]);
        return wql_member(json->s, parts, n, a);
}

static void member_of(const struct db_arg *args, struct db_arg *out, struct arena *a)
{
        struct wql_variant v = member(&args[0], &args[1], a);

        switch (v.type) {
        case WQL_IS_BOOL:
        case WQL_IS_INT:
                give_int(out, v.i);
                break;
        case WQL_IS_REAL:
                *out = (struct db_arg){ .type = DB_REAL, .d = v.d };
                break;
        case WQL_IS_NULL_VALUE:
                break;
        default:
                give_text(out, v.s);
        }
}

static void class_of(const struct db_arg *args, struct db_arg *out, struct arena *a)
{
        struct wql_variant v = { .type = WQL_IS_OBJECT, .s = args[0].s };

        if (args[0].type == DB_TEXT)
                give_text(out, wql_class_of(&v, a));
}

static void read_const(enum wql_const_type type, struct str s, struct wql_const *out)
{
        struct str digits = s;
        char text[64] = "";

        *out = (struct wql_const){ .type = type, .s = s, .b = s.n > 0 };
        if (type != WQL_INT && type != WQL_REAL)
                return;
        memcpy(text, s.p, MIN(s.n, sizeof(text) - 1));
        out->d = strtod(text, NULL);
        out->negative = s.n && s.p[0] == '-';
        if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
                digits = str_from(s, 1);
        if (type == WQL_INT && str_to_u64(digits, &out->magnitude) < 0)
                out->type = WQL_REAL;
}

/* wql_holds(json, path, any, test, op, type, text): as the bytecode would say of the same value */
static void holds(const struct db_arg *args, struct db_arg *out, struct arena *a)
{
        struct wql_variant v = member(&args[0], &args[1], a);
        struct wql_bound b = { .test = (enum wql_test)args[3].i, .op = (enum wql_op)args[4].i, .domain = WQL_AS_FOUND };
        struct wql_const c;

        read_const((enum wql_const_type)args[5].i, args[6].type == DB_TEXT ? args[6].s : STR(""), &c);
        b.from = &c;
        give_int(out, args[2].i ? wql_any_holds(&b, &v) : wql_holds(&b, &v));
}

/* ---- dates and texts ---- */

static bool has_null(const struct db_arg *args, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (args[i].type == DB_NULL)
                        return true;
        }
        return false;
}

static void dateadd(const struct db_arg *args, struct db_arg *out, struct arena *a)
{
        int64_t us;

        if (!has_null(args, 3) && wql_time_add((enum wql_datepart)args[0].i, args[1].i, args[2].i, &us))
                give_int(out, us);
}

static void datediff(const struct db_arg *args, struct db_arg *out, struct arena *a)
{
        if (!has_null(args, 3))
                give_int(out, wql_time_diff((enum wql_datepart)args[0].i, args[1].i, args[2].i));
}

static void datepart(const struct db_arg *args, struct db_arg *out, struct arena *a)
{
        if (!has_null(args, 2))
                give_int(out, wql_time_part((enum wql_datepart)args[0].i, args[1].i));
}

static void change(const struct db_arg *arg, void (*to)(struct str s, struct buf *out), struct db_arg *out, struct arena *a)
{
        struct buf b;

        if (arg->type == DB_NULL)
                return;
        buf_init(&b, 0);
        to(arg->s, &b);
        if (!b.failed)
                give_text(out, arena_str(a, buf_str(&b)));
        buf_fini(&b);
}

static void upper(const struct db_arg *args, struct db_arg *out, struct arena *a)
{
        change(&args[0], fold_upper_text, out, a);
}

static void lower(const struct db_arg *args, struct db_arg *out, struct arena *a)
{
        change(&args[0], fold_lower_text, out, a);
}

static void substring(const struct db_arg *args, struct db_arg *out, struct arena *a)
{
        if (!has_null(args, 3))
                give_text(out, wql_substring(args[0].s, args[1].i, args[2].i));
}

static const struct db_function functions[] = {
        { "wql_like", 2, like },           { "wql_member", 2, member_of },  { "wql_class", 1, class_of },
        { "wql_holds", 7, holds },         { "wql_dateadd", 3, dateadd },   { "wql_datediff", 3, datediff },
        { "wql_datepart", 2, datepart },   { "wql_upper", 1, upper },       { "wql_lower", 1, lower },
        { "wql_substring", 3, substring },
};
static const struct db_collation collations[] = { { "WQL", fold_cmp } };

const struct db_extension wql_sql_extension = { functions, ARRAY_SIZE(functions), collations, ARRAY_SIZE(collations) };
