/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * time - arithmetic and text forms of instants; reads no clock (os/os.h does)
 *
 * An instant is int64_t microseconds since 1970-01-01T00:00:00Z, named *_us.
 * Text forms: RFC 3339 for JSON, CIM datetime ([DSP0004] 5.2.4; 25 characters
 * yyyymmddHHMMSS.mmmmmm+UUU, or +*** for "no offset given") for WMI.
 */
#include "base/buf.h"

enum { CIM_DATETIME_LEN = 25, RFC3339_LEN = 27 };       /* 2026-11-22T22:01:05.123456Z */

#define US_PER_SECOND INT64_C(1000000)
#define TIME_NONE_US INT64_MIN                          /* SQL NULL, "never" */
/* 19900101000000.000000+***, the SDK's "not set" (SMS_Advertisement.PresentTime and others) */
#define TIME_CIM_EPOCH_US INT64_C(631152000000000)

struct civil {
        int year, month, day, hour, minute, second, us;
};

void civil_from_us(int64_t us, struct civil *out);
int64_t civil_to_us(const struct civil *c);             /* fields must be in range */

void time_format_rfc3339(int64_t us, char out[RFC3339_LEN + 1]);        /* always Z; no fraction when 0 */
MUST int time_parse_rfc3339(struct str s, int64_t *out_us);             /* 0 or -EINVAL */
/* offset_min: minutes east of UTC to print in; TIME_CIM_NO_OFFSET prints +*** */
#define TIME_CIM_NO_OFFSET INT32_MIN
void time_format_cim(int64_t us, int32_t offset_min, char out[CIM_DATETIME_LEN + 1]);
MUST int time_parse_cim(struct str s, int64_t *out_us, int32_t *offset_min_out);
/* "90", "90s", "5m", "2h", "1d" -> seconds. 0, -EINVAL or -ERANGE. */
MUST int time_parse_duration(struct str s, int64_t *out_s);
