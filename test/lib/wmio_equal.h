/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* wmio_equal - whether what came of [MS-WMIO] is what was sent; for tests */
#include "wmio/wmio.h"

bool wmio_value_eq(enum cim_type t, bool array, const struct cim_value *a, const struct cim_value *b);
bool wmio_class_eq(const struct wmio_class *a, const struct wmio_class *b, bool methods);      /* both NULL too */
/* The instance that came has these values; those of objects are compared by wmio_object_eq(). */
bool wmio_object_eq(const struct wmio_object *sent, const struct wmio_decoded *came);
