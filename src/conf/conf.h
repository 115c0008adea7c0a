/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * conf - one table of settings: name, default, unit, bounds, doc
 *
 * A program has one table (settings.h) and one struct of plain typed fields;
 * code reads cfg->retry_delay_s and never a text.  The table is the only place
 * that knows a setting: reading, checking, printing and the manual's list all
 * walk it.
 *
 * Where values come from, later ones winning:
 *
 *      the table's defaults
 *      FILE                            (tallymand.conf(5))
 *      conf.d/X.conf beside FILE       in order of their names
 *      NAME=VALUE of the command line
 *
 * A file of conf.d that begins with the other daemon's name is not ours, so
 * that both share the folder.  The syntax is INI, read by inih: [section],
 * name = value, comments behind ; or #.  A line holds at most 198 characters; a
 * list may be given several times in one file and grows.
 *
 * An unknown section or name, a value that does not parse or is out of bounds,
 * and a scalar given twice in one file are errors: "FILE:LINE: what is wrong;
 * what would be right".  Nothing is guessed and nothing ignored.
 *
 * Threads: none of its own; a loaded struct is read-only and may be shared.
 */
#include "base/buf.h"
#include "base/err.h"

enum conf_kind {                /* field type */
        CONF_STRING,            /* char *, never NULL; min and max are lengths in bytes; no ';' */
        CONF_PATH,              /* char *, never NULL; in files absolute or empty */
        CONF_INT,               /* int */
        CONF_BYTES,             /* int64_t; "256M", K M G T are powers of 1024 */
        CONF_DURATION,          /* int64_t seconds; "90", "90s", "30m", "2h", "1d" */
        CONF_BOOL,              /* bool; yes no, true false, on off */
        CONF_CHOICE,            /* int; one of words[], as its number */
        CONF_LIST,              /* struct conf_list; items parted by commas or blanks, min and max are counts */
        CONF_ADDRESSES,         /* struct conf_list of IPv4 and IPv6 literals */
};

struct conf_list {
        char **items;           /* NUL-terminated, owned by the settings */
        size_t n;
};

struct conf_word {
        const char *word;       /* NULL ends the array */
        int number;
};

struct conf_setting {
        const char *name;       /* unique in the table */
        const char *section;
        enum conf_kind kind;
        size_t offset;          /* of the field */
        const char *default_text;
        const char *unit;       /* of a number, in words; "" when the kind says it */
        int64_t min, max;       /* seconds, bytes, counts or lengths */
        const struct conf_word *words;          /* CONF_CHOICE */
        const char *(*check)(const char *text); /* NULL, or what would be right when text is not */
        const char *doc;        /* one sentence or two */
};

struct conf_table {
        const char *program;
        const char *other;      /* the daemon whose files in conf.d are skipped */
        const char *file;       /* where the settings are unless told */
        size_t size;            /* of the struct the offsets are in */
        const struct conf_setting *settings;
        size_t n;
        /* Fill what is derived from other settings, check what needs two; may be NULL. */
        int (*finish)(void *cfg, struct err *e);
};

struct conf_input {
        const char *file;               /* NULL: table's; that one may be absent */
        const char *const *overrides;   /* "name=value" */
        size_t n_overrides;
};

/*
 * conf_load - read all of it into a zeroed struct of table->size bytes.
 * On failure @cfg holds nothing to free.  Returns 0 or a failure described in @e.
 */
MUST int conf_load(const struct conf_table *t, void *cfg, const struct conf_input *in, struct err *e);
void conf_fini(const struct conf_table *t, void *cfg);

/* --check-config: load and forget. */
MUST int conf_check(const struct conf_table *t, const struct conf_input *in, struct err *e);

/*
 * --print-config: every setting with its doc, unit and bounds; what has its
 * default is commented out.  Reading the text back gives the same settings.
 */
void conf_print(const struct conf_table *t, const void *cfg, struct buf *out);

/* ---- the parts, for tests and the fuzzer ---- */

/* Defaults into a zeroed struct. */
MUST int conf_defaults(const struct conf_table *t, void *cfg, struct err *e);
/* One file's text over what is there. @name stands in messages. Any bytes may come. */
MUST int conf_parse(const struct conf_table *t, void *cfg, const char *name, struct str text, struct err *e);
/* One value; list items are added when @append. The failure's text says what would be right. */
MUST int conf_set(const struct conf_setting *s, void *cfg, struct str text, bool append, struct err *e);
/* The value as text that conf_set() takes. */
void conf_format(const struct conf_setting *s, const void *cfg, struct buf *out);
/* NULL when there is none. */
const struct conf_setting *conf_find(const struct conf_table *t, struct str name);
