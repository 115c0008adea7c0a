/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * url - what a resource name below /AdminService/wmi/ means
 *
 *      CLASS                           the class
 *      CLASS('key')  CLASS(7)          an instance with one key
 *      CLASS(K1='a',K2=7)              with several
 *      CLASS(...)/AdminService.Method  a method of the instance
 *      CLASS.Method  CLASS/AdminService.Method         a static method
 *
 * Pure.  Texts are in single quotes, a quote within is doubled; OData 4.01 part 2, 4.3.1.
 */
#include "cim/cim.h"

struct url_target {
        const struct cim_class *class;
        struct cim_instance *keys;      /* NULL: no instance is named */
        const struct cim_method *method;        /* NULL: none */
};
/* ERR_INVALID with the place; ERR_NOT_FOUND for a class or method that there is not. */
MUST int url_parse(struct str path, struct arena *a, struct url_target *out, struct err *e);
