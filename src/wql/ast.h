/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * ast - a query as a tree in an arena
 *
 * What the parser makes, and what binding, printing and both compilers (SQL,
 * bytecode) read.  Names and texts borrow from the arena the query was parsed
 * into.  Every node knows its column, so that a later mistake can be pointed at.
 *
 * Source  WQL (SQL for WMI), win32 WmiSdk; [MS-WMI] 2.2.1; Extended WQL,
 *         memdocs develop/core/understand/extended-wmi-query-language.
 */
#include "base/arena.h"
#include "cim/cim.h"
#include "cim/wbem.h"

enum {
        WQL_MAX_TEXT = 0x4000,          /* WBEM_MAX_QUERY, characters */
        WQL_MAX_PATH = 0x2000,          /* WBEM_MAX_PATH */
        WQL_MAX_NAME = 255,             /* WBEM_E_PROPERTY_NAME_TOO_WIDE and its like */
        WQL_MAX_DEPTH = 100,            /* of parentheses, NOT and sub-selects; ours */
        WQL_MAX_PARTS = 8,              /* of a dotted name; ours (64 objects may nest) */
        WQL_MAX_CLASSES = 16,           /* of a FROM; ours */
};
#define WQL_MAX_WITHIN_S 4294967.295    /* 32 bits of milliseconds, as Windows keeps it */
#define WQL_MAX_GROUP_S 4294967295.0

/* [SDK] WMI System Properties */
enum wql_system {
        WQL_SYS_NONE, WQL_SYS_CLASS, WQL_SYS_SUPERCLASS, WQL_SYS_DYNASTY, WQL_SYS_DERIVATION, WQL_SYS_GENUS,
        WQL_SYS_NAMESPACE, WQL_SYS_SERVER, WQL_SYS_PATH, WQL_SYS_RELPATH, WQL_SYS_PROPERTY_COUNT, WQL_SYS_THIS,
};

/* Which object a name begins at. */
enum wql_root { WQL_ROOT_SELF, WQL_ROOT_TARGET, WQL_ROOT_PREVIOUS };

/* A.b.c: the property path, or alias and property. */
struct wql_name {
        struct str parts[WQL_MAX_PARTS];
        size_t n;
        uint32_t at;                    /* column of its first character, from 1 */
        /* what wql_bind() found */
        enum wql_root root;
        uint16_t source;                /* of the query's sources */
        uint8_t first;                  /* part that names a property of the root; n: the name is the root itself */
        int16_t property;               /* its ordinal in class and its subclasses; -1: looked up by name, or system */
        enum wql_system system;
        const struct cim_class *class;  /* NULL: not known before the object is seen */
        const struct cim_property *type;        /* of the whole path; NULL: not known, or system */
};
/* Parts behind first: the path inside an embedded object. */
static inline bool wql_is_embedded(const struct wql_name *n)
{
        return n->first + 1u < n->n;
}

enum wql_const_type { WQL_NULL, WQL_BOOL, WQL_INT, WQL_REAL, WQL_STRING };
struct wql_const {
        enum wql_const_type type;
        bool b;                         /* WQL_BOOL */
        bool negative;                  /* WQL_INT: sign and magnitude, so that no 64-bit value wraps */
        uint64_t magnitude;
        double d;                       /* WQL_REAL; for WQL_INT too, for comparing with reals */
        struct str s;                   /* WQL_STRING, unescaped; else the number's text */
};

enum wql_op {
        WQL_AND, WQL_OR, WQL_NOT,       /* children; NOT has one */
        WQL_EQ, WQL_NE, WQL_LT, WQL_LE, WQL_GT, WQL_GE,
        WQL_LIKE, WQL_IS_NULL, WQL_ISA, WQL_IN, WQL_IN_SELECT,
};

/*
 * A predicate as the compilers read it, made by wql_bind(): the constant has the property's own type, and what can
 * be decided without a row is decided.  NULL makes every test false but WQL_TEST_NULL and a comparison by WQL_NE.
 */
enum wql_test {
        WQL_TEST_FALSE, WQL_TEST_TRUE, WQL_TEST_NULL, WQL_TEST_NOT_NULL,
        WQL_TEST_CONST,                 /* left op constant */
        WQL_TEST_LIKE,                  /* left LIKE s */
        WQL_TEST_ISA,                   /* left is of one of node.classes */
        WQL_TEST_PAIR,                  /* left op right, both operands */
        WQL_TEST_IN,                    /* any of node.bounds */
        WQL_TEST_IN_SELECT,
        WQL_TEST_SELECT,                /* left op the first value of the sub-select */
};
enum wql_domain {
        WQL_AS_INT,                     /* sint8 to sint64, uint8 to uint32, boolean, char16: i */
        WQL_AS_UINT,                    /* uint64: u */
        WQL_AS_REAL,                    /* d */
        WQL_AS_TEXT,                    /* string, reference: s, case folded */
        WQL_AS_TIME,                    /* datetime: i, microseconds since 1970 or of an interval */
        WQL_AS_RAW,                     /* datetime with asterisks: s, character by character */
        WQL_AS_FOUND,                   /* as the value turns out to be: from */
        WQL_AS_OBJECT,
};
struct wql_bound {
        enum wql_test test;
        enum wql_op op;                 /* WQL_EQ .. WQL_GE */
        enum wql_domain domain;
        union {
                int64_t i;
                uint64_t u;
                double d;
        };
        struct str s;
        const struct wql_const *from;
};

enum wql_function {
        WQL_FN_GETDATE, WQL_FN_DATEADD, WQL_FN_DATEDIFF, WQL_FN_DATEPART, WQL_FN_UPPER, WQL_FN_LOWER, WQL_FN_SUBSTRING,
        N_WQL_FUNCTIONS
};
enum wql_datepart {
        WQL_YEAR, WQL_MONTH, WQL_DAY, WQL_HOUR, WQL_MINUTE, WQL_SECOND, WQL_MILLISECOND, N_WQL_DATEPARTS
};

enum wql_operand_kind { WQL_NAME, WQL_CONST, WQL_CALL };
struct wql_operand {
        enum wql_operand_kind kind;
        uint32_t at;
        struct wql_name name;
        struct wql_const value;
        enum wql_function function;     /* WQL_CALL; args[0..n_args) behind the date part, if it has one */
        enum wql_datepart part;
        struct wql_operand *args[3];
        size_t n_args;
        struct wql_bound fitted;        /* WQL_CONST among args: what the function takes; by wql_bind() */
};

struct wql_node {
        enum wql_op op;
        uint32_t at;
        bool negated;                   /* IS NOT NULL, NOT LIKE, NOT IN */
        struct wql_node *child, *next;  /* AND, OR, NOT: first child; its siblings */
        struct wql_operand left, right; /* predicates; right of LIKE and ISA is a constant */
        struct wql_const *items;        /* IN */
        size_t n_items;
        struct wql_query *sub;          /* IN_SELECT, and = (SELECT ...) with op WQL_EQ .. WQL_GE */
        /* what wql_bind() found */
        struct wql_bound bound;
        struct wql_bound *bounds;       /* IN: n_items of them */
        bool any;                       /* left is an array: any element may be the one */
        const struct cim_class *const *classes; /* ISA: the class and those derived of it */
        size_t n_classes;
};

enum wql_join { WQL_JOIN_NONE, WQL_JOIN_COMMA, WQL_JOIN_INNER, WQL_JOIN_LEFT, WQL_JOIN_RIGHT, WQL_JOIN_FULL };
struct wql_source {
        struct str class_name;
        struct str alias;               /* n 0: none */
        enum wql_join join;             /* to what stands before */
        struct wql_node *on;
        uint32_t at;
        const struct cim_class *class;  /* by wql_bind() */
};

enum wql_item_kind { WQL_ITEM_OPERAND, WQL_ITEM_STAR_OF, WQL_ITEM_COUNT };
struct wql_item {
        enum wql_item_kind kind;
        struct wql_operand operand;     /* STAR_OF: name.parts[0] is the alias; COUNT: name.n 0 is COUNT(*) */
        uint32_t at;
};

struct wql_order {
        struct wql_name name;
        bool descending;
};

/* Terms of ASSOCIATORS OF and REFERENCES OF; n 0 or false when not given. */
struct wql_terms {
        struct str assoc_class, result_class, result_role, role, required_qualifier, required_assoc_qualifier;
        bool keys_only, class_defs_only, schema_only;
};

enum wql_kind { WQL_DATA, WQL_SCHEMA, WQL_ASSOCIATORS, WQL_REFERENCES, WQL_EVENT };

struct wql_query {
        enum wql_kind kind;
        bool extended;                  /* uses something core WQL does not have; extended_at: where */
        uint32_t extended_at;
        bool distinct;
        bool star;                      /* SELECT * */
        struct wql_item *items;
        size_t n_items;
        struct wql_source sources[WQL_MAX_CLASSES];
        size_t n_sources;
        struct wql_node *where;         /* NULL: none */
        struct wql_order *orders;
        size_t n_orders;
        /* events */
        bool has_within, has_group;
        double within_s, group_s;
        struct wql_name *by;
        size_t n_by;
        bool has_having;
        enum wql_op having_op;
        uint64_t having_count;
        /* associations */
        struct str path;                /* between the braces, as written */
        uint32_t path_at;
        struct wql_terms terms;
};
