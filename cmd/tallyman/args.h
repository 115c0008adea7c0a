/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * args - the words and options of one command line
 *
 * GNU long options (also abbreviated while unique, also --name=value), the short
 * forms of the frequent ones, options anywhere, `--` ends them.  An option of
 * kind OPT_LIST takes every word that follows it up to the next option, so that
 * `--dp A B C` says what it looks like; it leaves out words that look like a
 * PackageID, for those are what the verb is about.
 *
 * Pure but for memory.  Words are borrowed from argv.
 */
#include "base/err.h"

enum opt_kind {
        OPT_FLAG,
        OPT_VALUE,              /* the last one counts */
        OPT_LIST,               /* may be repeated; each takes one word or more; commas separate too */
};

struct opt {
        const char *name;       /* without "--" */
        char letter;            /* 0: none */
        enum opt_kind kind;
        const char *meta;       /* what the value is, in capitals */
        const char *help;
};

struct arg {
        const struct opt *opt;  /* NULL: a word */
        const char *value;      /* NULL for a flag */
};

struct args {
        struct arg *v;
        size_t n;
};

/*
 * Take a command line apart against two tables (both end with a nameless row; NULL is empty).  A name in the
 * second, the verb's own, hides one in the first.
 * @only_before_words  stop at the first word; *used_out says how many of argv were taken
 * Returns 0, or ERR_INVALID in @e in the form "unknown option --x".
 */
MUST int args_parse(struct args *a, int argc, char *const *argv, const struct opt *const tables[2],
                    bool only_before_words, int *used_out, struct err *e);
void args_fini(struct args *a);

bool arg_flag(const struct args *a, const char *name);
const char *arg_value(const struct args *a, const char *name);          /* NULL when not given */
const char *arg_word(const struct args *a, size_t i);                   /* NULL past the last */
size_t arg_words(const struct args *a);
/* The i-th element of a list option, commas taken apart by the parser; NULL past the last. */
const char *arg_item(const struct args *a, const char *name, size_t i);
size_t arg_items(const struct args *a, const char *name);
/* Three of A-Z0-9 and five upper-case hexadecimal digits. */
bool looks_like_package_id(const char *z);
