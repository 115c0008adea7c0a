/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * compare - constants made to fit a property, and values compared with them
 *
 * wql_fit() decides once, when a query is bound, what a comparison means: the
 * constant takes the property's type, and what no value can change (a uint32
 * that is to be less than 2^40) becomes a test for NULL.  Both compilers read
 * the outcome, so they cannot disagree about conversions.
 *
 * A value that is seen only when the object is there (inside an embedded object,
 * or of a class the filter does not name) is a wql_variant; the constant is then
 * fitted to what the value turns out to be.
 *
 * Source: [MS-WMI] 2.2.1; win32 WmiSdk "WHERE Clause".
 */
#include "wql/ast.h"

enum wql_variant_type {
        WQL_IS_NULL_VALUE, WQL_IS_BOOL, WQL_IS_INT, WQL_IS_UINT, WQL_IS_REAL, WQL_IS_TEXT, WQL_IS_TIME,
        WQL_IS_RAW_TIME,                /* a datetime with asterisks: s */
        WQL_IS_OBJECT,                  /* s: JSON text, or instance */
        WQL_IS_ARRAY,                   /* s: JSON text, or items */
};
struct wql_variant {
        enum wql_variant_type type;
        union {
                int64_t i;              /* BOOL, INT, TIME */
                uint64_t u;             /* UINT */
                double d;               /* REAL */
        };
        struct str s;                   /* TEXT, RAW_TIME; OBJECT, ARRAY: JSON, p NULL when it is the other form */
        const struct cim_instance *instance;
        const struct cim_value *items;
        size_t n_items;
        const struct cim_property *of;  /* whose items they are */
};

/* How a constant is to be fitted. */
struct wql_fit_to {
        enum cim_type type;
        bool interval, no_offset;       /* of a datetime */
        bool extended;                  /* dialect: datetimes without offset are instants as any */
};
struct wql_fit_to wql_fit_to(const struct cim_property *p, bool extended);
/*
 * wql_fit - "value op constant" for a value of that type.
 * @why_out  set on failure: what the constant should have been
 * Returns 0 or -1.  A NULL constant makes WQL_TEST_NULL or WQL_TEST_NOT_NULL.
 */
MUST int wql_fit(struct wql_fit_to to, enum wql_op op, const struct wql_const *c, struct wql_bound *out, const char **why_out);
/* The same for LIKE: a pattern for text, an equality for the other types. */
MUST int wql_fit_like(struct wql_fit_to to, const struct wql_const *c, struct wql_bound *out, const char **why_out);

struct wql_variant wql_variant_of(const struct cim_property *p, const struct cim_value *v);
/* Whether the test holds for the value; two-valued. CONST, LIKE, NULL, NOT_NULL, TRUE, FALSE. */
bool wql_holds(const struct wql_bound *b, const struct wql_variant *v);
/* The same, but for any element of an array. */
bool wql_any_holds(const struct wql_bound *b, const struct wql_variant *v);
/* Two values of a row: op, and false when either is NULL or they are of different kinds; WQL_NE is the opposite of WQL_EQ. */
bool wql_pair_holds(enum wql_op op, const struct wql_variant *a, const struct wql_variant *b);
/* A member of JSON text (an embedded object) by its path, names in any case; texts go to @a. */
struct wql_variant wql_member(struct str json, const struct str *path, size_t n, struct arena *a);
/* The class an object says it is of ("__CLASS"), into @a; p NULL when it does not. */
struct str wql_class_of(const struct wql_variant *object, struct arena *a);
/* SUBSTRING: @length characters from the @start-th, which counts from 1. */
struct str wql_substring(struct str s, int64_t start, int64_t length);
