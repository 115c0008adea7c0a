/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cli - what the verbs of tallyman share
 *
 * A verb is a row of verbs[] (verbs.c) and a function that takes the parsed
 * command line and returns an exit code.  Functions below print their own error
 * and return its exit code, so a verb reads
 *
 *      r = cli_list(c, "SMS_Package", NULL, NULL, &rows, NULL);
 *      return r ? r : print_rows(c, &package_view, rows);
 *
 * Data goes to stdout, words and progress to stderr.
 */
#include <jansson.h>
#include "args.h"
#include "base/buf.h"
#include "tallyman/tallyman.h"

enum exit_code {
        EXIT_DONE = 0,
        EXIT_ERROR = 1,
        EXIT_USAGE = 2,
        EXIT_NOT_FOUND = 3,
        EXIT_FAILED_FOR_GOOD = 4,
        EXIT_TIMED_OUT = 5,
        EXIT_ACCESS_DENIED = 6,
        EXIT_NO_CONNECTION = 7,
        EXIT_INTERRUPTED = 130,
};

enum output { OUT_TABLE, OUT_WIDE, OUT_JSON, OUT_JSONL, OUT_CSV, OUT_MOF, OUT_NAME };

struct cli {
        struct args args;
        const struct verb *verb;
        enum output output;
        bool quiet;
        bool colour;                    /* stdout is a terminal and NO_COLOR is not set */
        bool tty_out, tty_err;
        bool utf8;
        int width;                      /* columns a table may take */
        struct tallyman_options connect;
        char *settings[4];              /* owns what connect points to when it came from a file */
        struct tallyman *site;          /* opened by the first call */
};

struct verb {
        const char *noun;               /* NULL: the verb stands alone */
        const char *name;
        const char *usage;              /* what follows, "ID... [--failed]" */
        const char *help;               /* one sentence, then more lines when needed */
        size_t min_words, max_words;    /* SIZE_MAX: any number */
        const struct opt *options;      /* ends with a nameless row; NULL: none of its own */
        int (*run)(struct cli *c);
};
extern const struct verb verbs[];
extern const size_t n_verbs;
extern const struct opt global_options[];

/* help.c */
void help_all(void);
void help_noun(const char *noun);
void help_verb(const struct verb *v);

/* conf.c: options, then TALLYMAN_* variables, then the user's file, then the machine's */
int conf_load(struct cli *c);

/* call.c: the one way from a verb to the site. Results are new references, the caller's to json_decref(). */
int cli_open(struct cli *c);
int cli_list(struct cli *c, const char *class_name, const char *filter, const char *orderby, json_t **rows_out,
             int64_t *seq_out);
int cli_get(struct cli *c, const char *path, json_t **out);
int cli_create(struct cli *c, const char *class_name, json_t *in, json_t **out);        /* consumes in */
int cli_put(struct cli *c, const char *path, json_t *in);                               /* consumes in */
int cli_delete(struct cli *c, const char *path);
int cli_method(struct cli *c, const char *path, const char *method, json_t *in, json_t **out);  /* consumes in */
int cli_fetch(struct cli *c, const char *url, json_t **out);
/* Class.K1="v1",K2="v2"; pairs end with NULL. The caller frees. */
char *cli_path(const char *class_name, ...) __attribute__((sentinel));
/* "Property eq 'value'", quotes doubled. The caller frees. */
char *cli_equals(const char *property, const char *value);
const char *member(const json_t *object, const char *name);                             /* text, "" when absent */
int64_t member_int(const json_t *object, const char *name);                             /* 0 when absent */
bool member_bool(const json_t *object, const char *name);

/* report.c: words for people (or JSON on stderr with -o json) */
int fail(struct cli *c, const struct tallyman_error *e);                                /* returns its exit code */
int failf(struct cli *c, int exit_code, const char *code, const char *fmt, ...) PRINTF_LIKE(4, 5);
int usage_error(struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
void say(struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);                        /* nothing with -q */

/* targets.c: patterns of --dp, --site and --group as names */
struct names {
        char **v;
        size_t n;
};
void names_add(struct names *n, const char *name);        /* unless it is there, any case */
void names_fini(struct names *n);
json_t *names_json(const struct names *n);
/* DPs meant by --dp and --site and, if asked for, --group together, each once. */
int target_dps(struct cli *c, bool groups_too, struct names *out);
/* Groups meant by --group, as GroupIDs or (ids false) as names. */
int target_groups(struct cli *c, bool ids, struct names *out);
/* The GroupID of a group by name or id. The caller frees. */
int group_id(struct cli *c, const char *name, char **out);
/* The NAL paths of DPs, for methods that want these. */
int dp_nal_paths(struct cli *c, const struct names *dps, json_t **out);
/* DPs whose name matches one of the words [from, to), or --dp. */
int target_word_dps(struct cli *c, size_t from, size_t to, struct names *out);
json_t *package_words(struct cli *c);                                                   /* every word, as an array */

/* A request object from options: the property, the option it comes from, and how to read it. */
enum setting_kind { SET_TEXT, SET_NUMBER, SET_TIME, SET_WORD };
struct setting {
        const char *option;
        const char *property;
        enum setting_kind kind;
        const char *words;              /* SET_WORD: "high=1 normal=2 low=3" */
};
/* Adds what was given to @into. Settings end with a NULL option. */
int settings_read(struct cli *c, const struct setting *s, json_t *into);
