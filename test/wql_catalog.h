/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * wql_catalog - classes of a file of vectors, and JSON objects as their instances
 *
 * A catalog is a schema of its own: classes made of "properties", keys and
 * superclasses as the file gives them.  Queries of the Extended kind speak of
 * classes no catalog lists; those are made up from the query itself, each
 * property with the type of what it is compared with.
 */
#include <jansson.h>
#include "wql/bind.h"

struct catalog {
        struct arena arena;
        struct wql_schema schema;
        struct catalog_class {
                struct cim_class c;
                struct cim_property *own;       /* as listed, without inherited ones */
                size_t n_own;
                bool dynamic, provider;
        } *classes;
        size_t n, cap;
};

/* False: the catalog is malformed. */
bool catalog_load(struct catalog *c, json_t *classes);
void catalog_fini(struct catalog *c);
/* Classes and properties a parsed query speaks of and the catalog does not have. */
void catalog_invent(struct catalog *c, const struct wql_query *q);
/* An instance of the object's "__CLASS", or of @c when it names none; text and structure in @a. NULL: malformed. */
struct cim_instance *catalog_instance(const struct catalog *c, const struct cim_class *k, json_t *object, struct arena *a);
