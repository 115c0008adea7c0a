/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* hex - hexadecimal and base64url text of bytes */
#include "base/str.h"

void hex_encode(const void *p, size_t n, char *out);            /* 2n characters and NUL, lower case */
MUST int hex_decode(struct str s, void *out, size_t n);         /* exactly n bytes; 0 or -EINVAL */
/* RFC 4648 section 5, no padding. out holds base64url_len(n) + 1. */
static inline size_t base64url_len(size_t n)
{
        return (n * 4 + 2) / 3;
}
void base64url_encode(const void *p, size_t n, char *out);
MUST int base64url_decode(struct str s, void *out, size_t cap, size_t *n_out);
MUST int base64_decode(struct str s, void *out, size_t cap, size_t *n_out);     /* section 4, padded; HTTP Basic */
void base64_encode(const void *p, size_t n, char *out);         /* 4*((n+2)/3) and NUL */
