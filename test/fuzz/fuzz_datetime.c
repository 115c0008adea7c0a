/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_datetime - any text as each kind of time the product reads
 *
 * What is read must be written and read as the same instant.  In front of the text
 * stand a date part and a number, for the date functions: adding and
 * subtracting cross as many boundaries as were added.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/time.h"
#include "wql/datetime.h"

static const int64_t first_us = INT64_C(-62135596800000000), last_us = INT64_C(253402300799999999);     /* years 1 to 9999 */

static void functions(const uint8_t *head, int64_t us)
{
        enum wql_datepart part = (enum wql_datepart)(head[0] % N_WQL_DATEPARTS);
        int64_t sum, value = wql_time_part(part, us);
        int32_t n;

        memcpy(&n, head + 1, sizeof(n));
        assert(value >= 0 && value <= 9999);
        if (!wql_time_add(part, n, us, &sum))
                return;
        assert(sum >= first_us && sum <= last_us);
        assert(wql_time_diff(part, us, sum) == n && wql_time_diff(part, sum, us) == -(int64_t)n);
}

static void queried(const uint8_t *head, struct str text)
{
        char out[CIM_DATETIME_LEN + 1];
        struct wql_time t, again;

        if (wql_time_parse(text, &t) < 0 || t.kind == WQL_TIME_TEXT)
                return;
        if (t.kind == WQL_TIME_INTERVAL) {
                assert(t.us >= 0);
                return;
        }
        if (t.us < first_us || t.us > last_us)          /* an offset may lead out of the calendar */
                return;
        time_format_cim(t.us, 0, out);
        assert(wql_time_parse((struct str){ out, CIM_DATETIME_LEN }, &again) == 0);
        assert(again.kind == WQL_TIME_POINT && again.us == t.us);
        functions(head, t.us);
}

static void of_the_wires(struct str text)
{
        char out[RFC3339_LEN + 1], cim[CIM_DATETIME_LEN + 1];
        int64_t us, again;
        int32_t offset, offset_again;

        if (time_parse_rfc3339(text, &us) == 0 && us >= first_us && us <= last_us) {
                time_format_rfc3339(us, out);
                assert(time_parse_rfc3339(str_of(out), &again) == 0 && again == us);
        }
        if (time_parse_cim(text, &us, &offset) == 0 && us >= first_us && us <= last_us) {
                time_format_cim(us, 0, cim);
                assert(time_parse_cim((struct str){ cim, CIM_DATETIME_LEN }, &again, &offset_again) == 0);
                assert(again == us && offset_again == 0);
        }
        (void)!time_parse_duration(text, &us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (size < 5)
                return 0;
        queried(data, (struct str){ (const char *)data + 5, size - 5 });
        of_the_wires((struct str){ (const char *)data + 5, size - 5 });
        return 0;
}
