/* SPDX-License-Identifier: Apache-2.0 */
/* time - the proleptic Gregorian calendar, in whole numbers; text forms are in time_text.c */
#include <errno.h>
#include "base/time.h"

enum { DAYS_PER_ERA = 146097, DAYS_TO_1970 = 719468 };  /* 400 years; 0000-03-01 .. 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
        return a / b - (a % b < 0);
}

/*
 * Years are counted from March, so that the leap day is a year's last day;
 * then month m of 0..11 begins on day (153 m + 2) / 5.
 */
static int64_t days_from_civil(int year, int month, int day)
{
        int64_t y = (int64_t)year - (month <= 2);
        int64_t era = floor_div(y, 400), of_era = y - era * 400;
        int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

        return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

void civil_from_us(int64_t us, struct civil *out)
{
        int64_t day = floor_div(us, 86400 * US_PER_SECOND);
        int64_t rest = us - day * 86400 * US_PER_SECOND;
        int64_t since = day + DAYS_TO_1970, era = floor_div(since, DAYS_PER_ERA), doe = since - era * DAYS_PER_ERA;
        int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / (DAYS_PER_ERA - 1)) / 365;
        int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), m = (5 * doy + 2) / 153;

        out->day = (int)(doy - (153 * m + 2) / 5 + 1);
        out->month = (int)(m < 10 ? m + 3 : m - 9);
        out->year = (int)(yoe + era * 400 + (out->month <= 2));
        out->us = (int)(rest % US_PER_SECOND);
        rest /= US_PER_SECOND;
        out->second = (int)(rest % 60);
        out->minute = (int)(rest / 60 % 60);
        out->hour = (int)(rest / 3600);
}

int64_t civil_to_us(const struct civil *c)
{
        int64_t s = days_from_civil(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 + c->second;

        return s * US_PER_SECOND + c->us;
}

int time_parse_duration(struct str s, int64_t *out_s)
{
        static const struct {
                char unit;
                int64_t seconds;
        } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
        int64_t scale = 1, n;
        int r;

        for (size_t i = 0; s.n && i < ARRAY_SIZE(units); i++) {
                if (s.p[s.n - 1] == units[i].unit) {
                        scale = units[i].seconds;
                        s.n--;
                        break;
                }
        }
        if (s.n && s.p[0] == '-')
                return -EINVAL;
        r = str_to_i64(s, &n);
        if (r < 0)
                return r;
        return __builtin_mul_overflow(n, scale, out_s) ? -ERANGE : 0;
}
