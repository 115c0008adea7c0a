/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_schedule - any text as an interval string; what is read must be written and read to the same tokens */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include "codec/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct schedule_token tokens[SCHEDULE_MAX_TOKENS], again[SCHEDULE_MAX_TOKENS];
        size_t n = 0, n_again = 0;
        struct err e = { 0 };
        struct buf first, second;

        if (schedule_decode((struct str){ (const char *)data, size }, tokens, &n, &e) < 0)
                return 0;
        buf_init(&first, 0);
        buf_init(&second, 0);
        assert(schedule_encode(tokens, n, &first, &e) == 0);
        assert(schedule_decode(buf_str(&first), again, &n_again, &e) == 0 && n_again == n);
        assert(schedule_encode(again, n, &second, &e) == 0);
        assert(str_eq(buf_str(&first), buf_str(&second)));
        buf_fini(&first);
        buf_fini(&second);
        return 0;
}
