/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/retry.h"

#include <sysexits.h>

int64_t retry_pause_us(const struct retry_policy *p, unsigned n, uint64_t chance)
{
        int64_t pause = p->first_us;
        uint64_t spread;

        for (unsigned i = 1; i < n && pause < p->longest_us; i++)
                pause = pause > INT64_MAX / 2 ? p->longest_us : pause * 2;
        pause = MIN(pause, p->longest_us);
        spread = (uint64_t)pause / 4;   /* from 3/4 to 5/4, then bounded */
        pause += (int64_t)(chance % (2 * spread + 1)) - (int64_t)spread;
        return MAX(MIN(pause, p->longest_us), 1);
}

enum delivery_end retry_of_http(int status)
{
        if (status >= 200 && status < 300)
                return DELIVERY_DONE;
        return status == 408 || status == 429 || status >= 500 || status < 200 ? DELIVERY_AGAIN : DELIVERY_REFUSED;
}

enum delivery_end retry_of_smtp(int status)
{
        if (status >= 200 && status < 300)
                return DELIVERY_DONE;
        return status >= 500 && status < 600 ? DELIVERY_REFUSED : DELIVERY_AGAIN;
}

enum delivery_end retry_of_exit(int status)
{
        return status == 0 ? DELIVERY_DONE : status == EX_TEMPFAIL ? DELIVERY_AGAIN : DELIVERY_REFUSED;
}
