/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * private - what the files of provider share
 *
 * Writers and methods are rows of two tables.  Each row is a function that takes
 * apart what the caller gave, asks the model, and says in words what is wrong.
 */
#include "provider/provider.h"

struct provider {
        struct loop *loop;
        struct db *db;
        const struct site_actions *actions;
        struct provider_contexts *contexts;     /* loop thread */
        struct workers *workers;        /* looks at source folders, which may hang on a dead mount */
        int64_t query_timeout_us;       /* of a page of WQL; 0: none */
};

/* access.c */
bool provider_is_secured(const struct cim_class *c);            /* access needs rights: the qualifier Secured */

/* ---- writers.c ---- */
struct provider_writer {
        const char *class;
        /* Sets generated keys in @in.  NULL: instances cannot be created. */
        int (*create)(struct tx *t, struct cim_instance *in, struct err *e);
        /* @in->given: only what differs from the stored instance, and the keys. */
        int (*put)(struct tx *t, struct cim_instance *in, struct err *e);
        int (*delete_)(struct tx *t, const struct cim_instance *keys, struct err *e);
};
const struct provider_writer *provider_writer_find(const struct cim_class *c);  /* NULL: read-only class */

/* ---- methods ---- */
struct call {
        struct provider *p;
        struct tx *t;
        const struct cim_class *class;
        const struct cim_method *m;
        const struct cim_instance *self;
        const struct cim_value *args;
        const struct provider_context *context;         /* NULL: none */
        enum user_role role;
        struct arena *a;                /* results outlive the transaction here */
        struct cim_value *out;
        int64_t return_value;           /* where a method counts something; else 0 */
};
struct provider_method {
        const char *class, *method;
        int (*run)(struct call *c, struct err *e);
};
extern const struct provider_method provider_package_methods[], provider_dp_methods[], provider_group_methods[],
        provider_site_methods[], provider_order_methods[], provider_text_methods[], provider_advert_methods[],
        provider_collection_methods[], provider_status_methods[], provider_system_methods[],
        provider_user_methods[];        /* each ends with class NULL */

/* Parameters by name (asserted to exist): STR_NULL, n 0 or false when not given. */
struct str call_str(const struct call *c, const char *name);
bool call_bool(const struct call *c, const char *name, bool absent);
uint32_t call_u32(const struct call *c, const char *name);
int64_t call_time(const struct call *c, const char *name, int64_t absent);
/* An embedded object of a class derived of @base, from its text. */
MUST int call_embedded(const struct call *c, struct str text, const char *base, struct cim_instance **out, struct err *e);
bool call_list(const struct call *c, const char *name, const struct cim_value **items, size_t *n);       /* false: not given */
void call_out_str(const struct call *c, const char *name, struct str s);
void call_out_i64(const struct call *c, const char *name, int64_t v);
void call_out_list(const struct call *c, const char *name, const struct cim_value *items, size_t n);   /* in c->a */
struct str self_str(const struct call *c, const char *property);        /* of the instance the method is called on */

/* methods_package.c: ERR_NOT_SUPPORTED unless that is this site. */
MUST int provider_own_site(struct call *c, struct str code, struct err *e);

/* ---- lookup.c: names in words of people to rows ---- */
/* By name, NAL path or id; ERR_NOT_FOUND with the next step. */
MUST int provider_dp(struct db_conn *c, struct str name, struct model_dp *out, struct err *e);
/* The package's id as stored (any case given), in @a; ERR_NOT_FOUND. */
MUST int provider_package(struct db_conn *c, struct str id, struct arena *a, struct str *out, struct err *e);
/* GroupID of a group given by id or name, in @a; ERR_NOT_FOUND. */
MUST int provider_group(struct db_conn *c, struct str name, struct arena *a, struct str *out, struct err *e);
/* A key as it is stored: a reference may come in every form of an object path, stored it is the relative one. */
struct cim_value provider_key(const struct cim_instance *i, uint16_t property, struct arena *a);
/* Comparison of a text property with a text. */
struct provider_expr provider_text_is(const struct cim_class *c, const char *property, struct str text);
struct provider_expr provider_number_is(const struct cim_class *c, const char *property, int64_t v);
const struct cim_class *provider_class(const char *name);       /* asserted to exist */

/* Packages with source files: does the folder stand up to it?  0 also when there is nothing to look at. */
MUST int provider_check_source(const struct provider_request *q, struct err *e);
bool provider_wants_source_check(const struct provider_request *q);
