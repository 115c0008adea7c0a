/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * howto - the SDK's how-to pages, done with libtallyman against a running site
 *
 * Each function does what a page's sample does: the same calls on the same
 * classes in the same order, then looks whether it came out.  The site is
 * TALLYMAN_SERVER, and one with a DP of its own (script/site); a package's
 * source files are made in HOWTO_FOLDER.
 *
 * A failed call gives NULL or false and is kept in the error that the next
 * ok() prints; every function below takes NULL objects as failures.
 *
 * Source: Configuration Manager SDK, "How to ..." of software distribution,
 * status and the SMS Provider; each function names its page.
 */
#include <jansson.h>
#include <stdbool.h>
#include <tallyman/tallyman.h>

struct howto {
        struct tallyman *site;
        struct tallyman_error e;        /* of the last call that failed */
        unsigned n_failed;
        const char *folder;
        char package[16];               /* the package that several pages speak of, and its program */
};

/* Prints "ok - NAME" or "not ok - NAME: error". */
void ok(struct howto *h, bool good, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The last call failed with that kind and, unless NULL, that documented status. */
bool failed_with(const struct howto *h, enum tallyman_kind kind, const char *wbem);

/* ---- the calls of the samples; objects are the caller's to json_decref() ---- */
json_t *get_object(struct howto *h, const char *path);
json_t *exec_query(struct howto *h, const char *wql);           /* array of rows */
json_t *first_of(struct howto *h, const char *wql);             /* its first row; NULL: none */
json_t *put_new(struct howto *h, const char *class_name, json_t *object);       /* SpawnInstance_, Put_: as stored; takes @object */
bool put_back(struct howto *h, const char *path, const json_t *object);         /* Put_ of what get_object() gave */
bool put_some(struct howto *h, const char *path, json_t *changes);              /* takes @changes */
bool delete_object(struct howto *h, const char *path);
json_t *exec_method(struct howto *h, const char *path, const char *method, json_t *in);         /* takes @in */

/* ---- looking at objects ---- */
const char *text_of(const json_t *object, const char *name);    /* "" when there is none */
int64_t number_of(const json_t *object, const char *name);      /* -1 when there is none */
bool has_text(const json_t *object, const char *name, const char *value);
char *path_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));      /* to free() */
bool has_class(struct howto *h, const char *class_name);
/* Until the query has a row, up to half a minute; by the events of @class_name, nothing polls. */
bool wait_for(struct howto *h, const char *class_name, const char *wql);

/* ---- the pages, by theme ---- */
void howtos_of_packages(struct howto *h);
void howtos_of_content(struct howto *h);
void howtos_of_programs(struct howto *h);
void howtos_of_advertisements(struct howto *h);
void howtos_of_status(struct howto *h);
void howtos_of_messages(struct howto *h);
void howtos_of_the_provider(struct howto *h);
void howtos_of_other_content(struct howto *h);
