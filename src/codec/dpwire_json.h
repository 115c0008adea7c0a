/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * dpwire_json - reading and writing the JSON of dpwire; private to it
 *
 * A reader remembers its first failure and answers zeros after it, so a message
 * is decoded member by member and checked once.  Texts are copied into the
 * arena; the jansson tree dies with jreader_close().
 */
#include <jansson.h>
#include "codec/dpwire.h"

struct jreader {
        struct arena *a;                /* may be NULL when no text is read */
        const char *what;               /* name of the message, for errors */
        struct err *e;
        json_t *root;
        int r;                          /* 0 or the failure */
};

/* Parse an object of at most limit bytes and DPWIRE_JSON_DEPTH levels. */
MUST int jreader_open(struct jreader *j, struct arena *a, const char *what, struct str body, size_t limit,
                      struct err *e);
/* Closes and answers the first failure. */
MUST int jreader_close(struct jreader *j);
void jreader_fail(struct jreader *j, const char *member, const char *why);

/* Members of an object. Required unless the name says otherwise. */
/*
 * An array of at most max objects, each read into its element of size bytes, which
 * begins as zeros.  In the arena; *n_out is 0 after a failure.
 */
void *j_objects(struct jreader *j, const char *member, size_t max, size_t size,
                void (*each)(struct jreader *j, json_t *o, void *element), size_t *n_out);
uint64_t j_u64(struct jreader *j, json_t *o, const char *member, uint64_t max);
uint64_t j_opt_u64(struct jreader *j, json_t *o, const char *member, uint64_t max);     /* absent: 0 */
bool j_opt_bool(struct jreader *j, json_t *o, const char *member);                      /* absent: false */
struct str j_text(struct jreader *j, json_t *o, const char *member, size_t max);
struct str j_opt_text(struct jreader *j, json_t *o, const char *member, size_t max);    /* absent: n 0 */
/* A text that is one of n names; answers its number. */
int j_name(struct jreader *j, json_t *o, const char *member, const char *const *names, int n);
void j_package(struct jreader *j, json_t *o, bool required, char out[DPWIRE_PACKAGE_LEN + 1]);
/* True when it was there. */
bool j_hash(struct jreader *j, json_t *o, const char *member, bool required, struct hash_id *out);

/* Writing: "text" with escapes; bytes that are not UTF-8 become the text \xHH. */
void jw_text(struct buf *b, struct str s);
/* ,"member": and the value; the comma only when something stands before it in this object. */
void jw_member(struct buf *b, const char *member);
void jw_member_text(struct buf *b, const char *member, struct str s);
void jw_member_u64(struct buf *b, const char *member, uint64_t v);
void jw_member_bool(struct buf *b, const char *member, bool v);
void jw_member_hash(struct buf *b, const char *member, const struct hash_id *id);
