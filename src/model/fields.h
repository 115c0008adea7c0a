/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fields - a caller's instance becomes the stored one, checked
 *
 * Each class of the model lists the properties it stores, in the order in which
 * its statements bind them.  fields_merge() puts what the caller gave over what
 * is stored (or over the documented defaults), with the limits of the class
 * (length, range, enumeration), and with those marks:
 */
#include "model/tx.h"

enum {
        FIELD_FIXED = 1,        /* cannot change after creation */
        FIELD_NEEDED = 2,       /* must not be empty; no control characters */
};
struct field {
        const char *property;
        unsigned marks;
};

/*
 * @current  the stored instance, NULL for a new object
 * @out      whole instance in the transaction's arena
 *
 * Properties that are not stored: when the caller named them (given[]) and they
 * differ from what is there, ERR_READ_ONLY; in a whole instance (given NULL), as
 * WMI clients put back what they got, they are passed over.  SedoObjectVersion
 * that differs is ERR_CONFLICT: somebody else wrote in between.
 */
MUST int fields_merge(struct tx *t, const struct field *f, size_t n, const struct cim_instance *current,
                      const struct cim_instance *in, struct cim_instance **out, struct err *e);
/* Binds the listed properties from parameter @first on; arrays as JSON. */
MUST int fields_bind(struct db_stmt *s, int first, const struct field *f, size_t n, const struct cim_instance *i,
                     struct err *e);
/* The instance that a view shows for these keys: 0, or 1 when there is none. */
MUST int fields_load(struct tx *t, const char *class_name, const struct tx_key *keys, size_t n_keys,
                     struct cim_instance **out, struct err *e);
/* The text of a property, empty when NULL or not given. */
struct str field_text(const struct cim_instance *i, const char *property);
int64_t field_number(const struct cim_instance *i, const char *property);       /* 0 when NULL */
/* Not given, or what is stored (any case): ERR_READ_ONLY when a key would change. */
MUST int field_same_key(const struct cim_instance *in, const char *property, struct str stored, struct err *e);
