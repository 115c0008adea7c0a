/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "base/hex.h"
#include "base/time.h"
#include "dp/serve.h"

void serve_etag(struct hasher *h, const struct manifest *m, const struct manifest_entry *en, char out[SERVE_ETAG_LEN])
{
        struct hash_id id;

        hash_bytes_id(h, m->p + MANIFEST_HEADER_LEN + en->first_piece * MANIFEST_PIECE_LEN,
                      (size_t)(en->n_pieces * MANIFEST_PIECE_LEN), &id);
        out[0] = '"';
        hex_encode(id.b, 16, out + 1);
        out[33] = '"';
        out[34] = 0;
}

void serve_date(int64_t us, char out[SERVE_DATE_LEN])
{
        static const char days[] = "ThuFriSatSunMonTueWed";     /* 1970-01-01 was a Thursday */
        static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        int64_t day;
        struct civil c;

        us = MIN(MAX(us, INT64_C(0)), INT64_C(253402300799) * US_PER_SECOND);   /* 9999 */
        day = us / (86400 * US_PER_SECOND);
        civil_from_us(us, &c);
        snprintf(out, SERVE_DATE_LEN, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * (day % 7),
                 (unsigned)c.day % 100, months + 3 * (c.month - 1), (unsigned)c.year % 10000, (unsigned)c.hour % 100,
                 (unsigned)c.minute % 100, (unsigned)c.second % 100);
}

bool serve_none_match(struct str header, const char *etag)
{
        while (header.n) {
                struct str tag;

                header = str_cut(header, ',', &tag);
                tag = str_trim(tag);
                if (str_starts(tag, "W/"))
                        tag = str_from(tag, 2);
                if (str_eqz(tag, "*") || str_eqz(tag, etag))
                        return true;
        }
        return false;
}

bool serve_if_range(struct str header, const char *etag, const char *date)
{
        header = str_trim(header);
        return header.n == 0 || str_eqz(header, etag) || str_eqz(header, date);
}
