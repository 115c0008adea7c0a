/* SPDX-License-Identifier: Apache-2.0 */
/* verify - counting again everything that is counted by differences */
#include <stdarg.h>
#include <stdio.h>

#include "model/believed.h"
#include "model/pair.h"
#include "model/sql_site.h"

struct verifier {
        void (*fn)(void *ctx, const struct model_difference *d);
        void *ctx;
};

static void tell(const struct verifier *v, const char *kind, const char *object, const char *fmt, ...) PRINTF_LIKE(4, 5);
static void tell(const struct verifier *v, const char *kind, const char *object, const char *fmt, ...)
{
        struct model_difference d;
        va_list ap;

        snprintf(d.kind, sizeof(d.kind), "%s", kind);
        snprintf(d.object, sizeof(d.object), "%s", object);
        va_start(ap, fmt);
        vsnprintf(d.text, sizeof(d.text), fmt, ap);
        va_end(ap);
        v->fn(v->ctx, &d);
}

/* ---- one function a kind of difference: a row becomes words ---- */

static long long n(struct db_stmt *s, int i)
{
        return (long long)db_col_i64(s, i);
}

static void counters(const struct verifier *v, struct db_stmt *s, const char *kind, const char *object)
{
        tell(v, kind, object,
             "Targeted %lld is %lld, Installed %lld is %lld, Retrying %lld is %lld, Failed %lld is %lld, rows %lld are %lld", n(s, 1),
             n(s, 6), n(s, 2), n(s, 7), n(s, 3), n(s, 8), n(s, 4), n(s, 9), n(s, 5), n(s, 10));
}

static void root(const struct verifier *v, struct db_stmt *s)
{
        char object[16];

        copy_text(db_col_text(s, 0), object, sizeof(object));
        counters(v, s, "RootCounter", object);
}

static void detail(const struct verifier *v, struct db_stmt *s)
{
        char object[64];

        snprintf(object, sizeof(object), "%.*s on site %.*s", STR_ARG(db_col_text(s, 0)), STR_ARG(db_col_text(s, 11)));
        counters(v, s, "DetailCounter", object);
}

static void detail_missing(const struct verifier *v, struct db_stmt *s)
{
        char object[64];

        snprintf(object, sizeof(object), "%.*s on site %.*s", STR_ARG(db_col_text(s, 0)), STR_ARG(db_col_text(s, 1)));
        tell(v, "DetailMissing", object, "the site's summary row is missing");
}

static void states(const struct verifier *v, struct db_stmt *s)
{
        char object[300];

        snprintf(object, sizeof(object), "%.*s on %.*s", STR_ARG(db_col_text(s, 0)), STR_ARG(db_col_text(s, 1)));
        tell(v, "State", object, "%.*s", STR_ARG(db_col_text(s, 2)));
}

static void jobs(const struct verifier *v, struct db_stmt *s)
{
        char object[300];

        snprintf(object, sizeof(object), "%.*s %.*s", STR_ARG(db_col_text(s, 0)), STR_ARG(db_col_text(s, 1)));
        tell(v, "Job", object, "%.*s", STR_ARG(db_col_text(s, 2)));
}

static void ready(const struct verifier *v, struct db_stmt *s)
{
        char object[16];

        copy_text(db_col_text(s, 0), object, sizeof(object));
        tell(v, "Ready", object, "Ready %lld is %lld", n(s, 1), n(s, 2));
}

static void groups(const struct verifier *v, struct db_stmt *s)
{
        char object[300];

        copy_text(db_col_text(s, 0), object, sizeof(object));
        tell(v, "GroupCounter", object, "members %lld are %lld, packages %lld are %lld, out of sync %lld are %lld", n(s, 1), n(s, 4),
             n(s, 2), n(s, 5), n(s, 3), n(s, 6));
}

static void counts(const struct verifier *v, struct db_stmt *s)
{
        char object[300];

        copy_text(db_col_text(s, 0), object, sizeof(object));
        tell(v, "Count", object, "%lld is %lld", n(s, 1), n(s, 2));
}

static void content(const struct verifier *v, struct db_stmt *s)
{
        char object[300];

        copy_text(db_col_text(s, 0), object, sizeof(object));
        tell(v, "ContentStatus", object, "the content status classes count what is not there, or miss what is");
}

static const struct {
        int statement;
        void (*tell)(const struct verifier *v, struct db_stmt *s);
} checks[] = {
        { SQL_SITE_VERIFY_ROOT, root },     { SQL_SITE_VERIFY_DETAIL, detail }, { SQL_SITE_VERIFY_DETAIL_MISSING, detail_missing },
        { SQL_SITE_VERIFY_STATES, states }, { SQL_SITE_VERIFY_JOBS, jobs },     { SQL_SITE_VERIFY_READY, ready },
        { SQL_SITE_VERIFY_GROUPS, groups }, { SQL_SITE_VERIFY_COUNTS, counts },
        { SQL_SITE_VERIFY_CONTENT, content },
};

int model_verify_counters(struct db_conn *c, void (*fn)(void *ctx, const struct model_difference *d), void *ctx,
                          struct err *e)
{
        const struct verifier v = { fn, ctx };
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(checks) && !r; i++) {
                struct db_stmt *s = db_stmt(c, checks[i].statement, e);

                if (!s)
                        return err_number(e->kind);
                while ((r = db_step(s, e)) > 0)
                        checks[i].tell(&v, s);
                db_reset(s);
        }
        return r;
}

/* ---- one DP ---- */

static void dp_difference(const struct verifier *v, const char *package, const char *dp, const struct believed *b)
{
        char object[300];

        snprintf(object, sizeof(object), "%s on %s", package, dp);
        switch (b->verdict) {
        case BELIEVED_MISSING:
                tell(v, "DpMissing", object, "we believe version %u, the distribution point does not hold the package", b->held);
                break;
        case BELIEVED_DAMAGED:
                tell(v, "DpDamaged", object, "version %u is damaged on the distribution point", b->held);
                break;
        case BELIEVED_OTHER:
                tell(v, "DpVersion", object, "we believe version %u, the distribution point holds another version or other content",
                     b->held);
                break;
        case BELIEVED_RIGHT:
                break;
        }
}

int model_verify_dp(struct db_conn *c, int64_t dp_id, const struct model_held *held, size_t n_held,
                    void (*fn)(void *ctx, const struct model_difference *d), void *ctx, struct err *e)
{
        const struct verifier v = { fn, ctx };
        struct model_dp dp;
        struct believed *b;
        struct arena a;
        char number[24];
        bool *strange;
        size_t n_believed;
        int r;

        snprintf(number, sizeof(number), "%lld", (long long)dp_id);
        r = model_dp_find(c, str_of(number), &dp, e);
        if (r)
                return r < 0 ? r : err_set(e, ERR_NOT_FOUND, "there is no distribution point number %s", number);
        arena_init(&a, 0);
        r = believed_compare(c, &a, dp_id, held, n_held, &b, &n_believed, &strange, e);
        for (size_t i = 0; !r && i < n_believed; i++)
                dp_difference(&v, b[i].package_id, dp.name, &b[i]);
        for (size_t i = 0; !r && i < n_held; i++)
                if (strange[i]) {
                        char object[300];

                        snprintf(object, sizeof(object), "%.*s on %s", (int)MIN(held[i].package_id.n, (size_t)40), held[i].package_id.p,
                                 dp.name);
                        tell(&v, "DpStranger", object, "the distribution point holds version %u of a package that is not assigned to it",
                             held[i].version);
                }
        arena_fini(&a);
        return r;
}
