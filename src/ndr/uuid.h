/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * uuid - 128-bit identifiers as they lie on the wire
 *
 * A struct uuid holds the 16 octets of the wire: the first three fields little-
 * endian, the rest as it is.  Comparing and copying is memcmp and assignment.
 *
 * Threads: pure; any thread.
 * Source: [C706] appendix A; [MS-DTYP] 2.3.4.2.
 */
#include "base/str.h"

struct uuid {
        uint8_t b[16];
};

enum { UUID_TEXT_LEN = 36 };

/* UUID_INIT(0x99fcfec4, 0x5260, 0x101b, 0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a) */
#define UUID_INIT(a, b, c, ...)                                                                                 \
        { { (uint8_t)((a) & 0xff), (uint8_t)((a) >> 8 & 0xff), (uint8_t)((a) >> 16 & 0xff), (uint8_t)((a) >> 24), \
            (uint8_t)((b) & 0xff), (uint8_t)((b) >> 8), (uint8_t)((c) & 0xff), (uint8_t)((c) >> 8), __VA_ARGS__ } }

static inline bool uuid_eq(const struct uuid *a, const struct uuid *b)
{
        return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}
bool uuid_is_nil(const struct uuid *u);
/* "99fcfec4-5260-101b-bbcb-00aa0021347a" and NUL, lower case. */
void uuid_format(const struct uuid *u, char out[UUID_TEXT_LEN + 1]);
/* 36 characters, either case, with or without braces.  0 or -EINVAL. */
MUST int uuid_parse(struct str s, struct uuid *out);
