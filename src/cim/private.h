/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* private - what the files of cim share */
#include <jansson.h>
#include "cim/cim.h"

enum { CIM_EMBED_DEPTH = 4 };           /* embedded objects within embedded objects */

static inline bool cim_is_integer(enum cim_type t)
{
        return (t >= CIM_SINT8 && t <= CIM_UINT64) || t == CIM_SINT16 || t == CIM_SINT32 || t == CIM_CHAR16;
}

/* Least and greatest number of an integer type of at most 32 bits, or of sint64. */
static inline void cim_integer_range(enum cim_type t, int64_t *low, int64_t *high)
{
        switch (t) {
        case CIM_SINT8: *low = INT8_MIN; *high = INT8_MAX; return;
        case CIM_UINT8: *low = 0; *high = UINT8_MAX; return;
        case CIM_SINT16: *low = INT16_MIN; *high = INT16_MAX; return;
        case CIM_UINT16:
        case CIM_CHAR16: *low = 0; *high = UINT16_MAX; return;
        case CIM_SINT32: *low = INT32_MIN; *high = INT32_MAX; return;
        case CIM_UINT32: *low = 0; *high = UINT32_MAX; return;
        default: *low = INT64_MIN; *high = INT64_MAX; return;
        }
}

/* One value from a parsed tree; texts go to @a. @depth: how many embedded objects it is within. */
int cim_from_json(const struct cim_property *p, const json_t *j, struct arena *a, int depth, struct cim_value *out,
                  struct err *e);
/* "SMS_Package.Name", for errors. */
int cim_bad(const struct cim_property *p, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
