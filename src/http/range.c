/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Range header against a size, RFC 9110 14.1.2 and 14.2.
 *
 * One range is served; several, another unit or bad syntax is ignored, as a
 * server may, and the whole is sent.
 */
#include <errno.h>
#include "http/http.h"

/* Digits only; more than fit count as the largest, so "bytes=0-99999999999999999999" still means "to the end". */
static bool digits(struct str s, uint64_t *out)
{
        uint64_t v = 0;

        if (s.n == 0)
                return false;
        for (size_t i = 0; i < s.n; i++) {
                unsigned d = (unsigned)(s.p[i] - '0');

                if (d > 9)
                        return false;
                v = v > (UINT64_MAX - d) / 10 ? UINT64_MAX : v * 10 + d;
        }
        *out = v;
        return true;
}

static int suffix_range(uint64_t n, uint64_t size, uint64_t *first_out, uint64_t *last_out)
{
        if (n == 0 || size == 0)
                return HTTP_RANGE_UNSATISFIABLE;
        *first_out = n < size ? size - n : 0;
        *last_out = size - 1;
        return 0;
}

int http_range_parse(struct str header, uint64_t size, uint64_t *first_out, uint64_t *last_out)
{
        struct str unit, spec, first, last;
        uint64_t a, b = UINT64_MAX;

        spec = str_cut(header, '=', &unit);
        if (!spec.p || !str_eqz_nocase(str_trim(unit), "bytes"))
                return HTTP_RANGE_NONE;
        spec = str_trim(spec);
        if (memchr(spec.p, ',', spec.n) || !memchr(spec.p, '-', spec.n))
                return HTTP_RANGE_NONE;
        last = str_cut(spec, '-', &first);
        if (first.n == 0)
                return digits(last, &b) ? suffix_range(b, size, first_out, last_out) : HTTP_RANGE_NONE;
        if (!digits(first, &a) || (last.n > 0 && !digits(last, &b)) || b < a)
                return HTTP_RANGE_NONE;
        if (a >= size)
                return HTTP_RANGE_UNSATISFIABLE;
        *first_out = a;
        *last_out = MIN(b, size - 1);
        return 0;
}
