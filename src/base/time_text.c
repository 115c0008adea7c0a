/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_text - RFC 3339 and CIM datetime
 *
 * Both forms have four digits of year; an instant outside 0001..9999 is
 * printed as the nearest that can be.
 */
#include <errno.h>
#include <stdio.h>
#include "base/time.h"

#define YEAR_MIN_US INT64_C(-62135596800000000)         /* 0001-01-01T00:00:00Z */
#define YEAR_MAX_US INT64_C(253402300799999999)         /* 9999-12-31T23:59:59.999999Z */

static int64_t printable(int64_t us)
{
        return MAX(YEAR_MIN_US, MIN(us, YEAR_MAX_US));
}

/* Exactly n digits from p; -1 when one is none. */
static int digits(const char *p, size_t n)
{
        int v = 0;

        for (size_t i = 0; i < n; i++) {
                if (p[i] < '0' || p[i] > '9')
                        return -1;
                v = v * 10 + (p[i] - '0');
        }
        return v;
}

static int days_in_month(int year, int month)
{
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        return days[month - 1] + (month == 2 && leap);
}

/* A leap second (60) is read as the second that follows. */
static bool civil_valid(const struct civil *c)
{
        return c->year >= 1 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
               c->day <= days_in_month(c->year, c->month) && c->hour >= 0 && c->hour <= 23 && c->minute >= 0 &&
               c->minute <= 59 && c->second >= 0 && c->second <= 60 && c->us >= 0;
}

/* Format into the whole of out; the fields are in range, so nothing is ever cut. */
static void print_date(char *out, size_t cap, const char *fmt, const struct civil *c)
{
        (void)snprintf(out, cap, fmt, (unsigned)c->year % 10000, (unsigned)c->month % 100, (unsigned)c->day % 100,
                       (unsigned)c->hour % 100, (unsigned)c->minute % 100, (unsigned)c->second % 100,
                       (unsigned)c->us % 1000000);
}

/* A number of n digits and what follows it. */
static char *put_part(char *out, int v, size_t n, char follows)
{
        for (size_t i = n; i-- > 0; v /= 10)
                out[i] = (char)('0' + v % 10);
        out[n] = follows;
        return out + n + 1;
}

/* By hand: every image in the change log has some. */
void time_format_rfc3339(int64_t us, char out[RFC3339_LEN + 1])
{
        struct civil c;

        civil_from_us(printable(us), &c);
        out = put_part(out, c.year, 4, '-');
        out = put_part(out, c.month, 2, '-');
        out = put_part(out, c.day, 2, 'T');
        out = put_part(out, c.hour, 2, ':');
        out = put_part(out, c.minute, 2, ':');
        out = put_part(out, c.second, 2, c.us ? '.' : 'Z');
        if (c.us)
                out = put_part(out, c.us, 6, 'Z');
        *out = '\0';
}

/* "Z" or "+hh:mm": minutes east of UTC. */
static int parse_zone(struct str s, int *minutes_out)
{
        int h, m;

        if (s.n == 1 && (s.p[0] == 'Z' || s.p[0] == 'z')) {
                *minutes_out = 0;
                return 0;
        }
        if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':')
                return -EINVAL;
        h = digits(s.p + 1, 2);
        m = digits(s.p + 4, 2);
        if (h < 0 || h > 23 || m < 0 || m > 59)
                return -EINVAL;
        *minutes_out = (h * 60 + m) * (s.p[0] == '-' ? -1 : 1);
        return 0;
}

/* RFC 3339 section 5.6 time-secfrac: one digit or more; what is finer than 1 us is cut. */
static int parse_fraction(struct str *s, int *us_out)
{
        size_t n = 1;
        int us = 0;

        while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
                n++;
        if (n == 1)
                return -EINVAL;
        for (size_t i = 1; i <= 6; i++)
                us = us * 10 + (i < n ? s->p[i] - '0' : 0);
        *s = str_from(*s, n);
        *us_out = us;
        return 0;
}

int time_parse_rfc3339(struct str s, int64_t *out_us)
{
        struct civil c = { 0 };
        int zone;

        if (s.n < sizeof "2026-11-22T22:01:05Z" - 1 || s.p[4] != '-' || s.p[7] != '-' ||
            (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' ') || s.p[13] != ':' || s.p[16] != ':')
                return -EINVAL;
        c.year = digits(s.p, 4);
        c.month = digits(s.p + 5, 2);
        c.day = digits(s.p + 8, 2);
        c.hour = digits(s.p + 11, 2);
        c.minute = digits(s.p + 14, 2);
        c.second = digits(s.p + 17, 2);
        s = str_from(s, 19);
        if (s.p[0] == '.' && parse_fraction(&s, &c.us) < 0)
                return -EINVAL;
        if (!civil_valid(&c) || parse_zone(s, &zone) < 0)
                return -EINVAL;
        *out_us = civil_to_us(&c) - zone * 60 * US_PER_SECOND;
        return 0;
}

void time_format_cim(int64_t us, int32_t offset_min, char out[CIM_DATETIME_LEN + 1])
{
        bool none = offset_min == TIME_CIM_NO_OFFSET;
        int64_t east = none ? 0 : MAX(-999, MIN(offset_min, 999));
        struct civil c;
        char sign = east < 0 ? '-' : '+';

        civil_from_us(printable(printable(us) + east * 60 * US_PER_SECOND), &c);
        print_date(out, CIM_DATETIME_LEN + 1, "%04u%02u%02u%02u%02u%02u.%06u", &c);
        if (none)
                memcpy(out + 21, "+***", 5);
        else
                (void)snprintf(out + 21, 5, "%c%03u", sign, (unsigned)(east < 0 ? -east : east) % 1000);
}

static bool all_stars(const char *p, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (p[i] != '*')
                        return false;
        return true;
}

/*
 * [DSP0004] 5.2.4: the least significant fields may be asterisks ("not
 * significant"); the value is then the earliest instant that fits.  Of the
 * microseconds, trailing digits alone may be.
 */
static int parse_cim_fields(const char *p, struct civil *c)
{
        struct {
                size_t at, n;
                int *to;
        } fields[] = { { 0, 4, &c->year },  { 4, 2, &c->month },   { 6, 2, &c->day },
                       { 8, 2, &c->hour },  { 10, 2, &c->minute }, { 12, 2, &c->second } };
        bool stars = false;
        size_t n = 0;

        *c = (struct civil){ .month = 1, .day = 1 };
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                int v = digits(p + fields[i].at, fields[i].n);

                stars = stars || (i > 0 && all_stars(p + fields[i].at, fields[i].n));
                if (stars ? !all_stars(p + fields[i].at, fields[i].n) : v < 0)
                        return -EINVAL;
                if (!stars)
                        *fields[i].to = v;
        }
        if (p[14] != '.')
                return -EINVAL;
        while (n < 6 && p[15 + n] != '*')
                n++;
        if ((stars && n > 0) || !all_stars(p + 15 + n, 6 - n) || digits(p + 15, n) < 0)
                return -EINVAL;
        for (size_t i = 0; i < 6; i++)
                c->us = c->us * 10 + (i < n ? p[15 + i] - '0' : 0);
        return 0;
}

int time_parse_cim(struct str s, int64_t *out_us, int32_t *offset_min_out)
{
        int32_t east = TIME_CIM_NO_OFFSET;
        struct civil c;

        if (s.n != CIM_DATETIME_LEN || parse_cim_fields(s.p, &c) < 0 || !civil_valid(&c))
                return -EINVAL;
        if (s.p[21] != '+' && s.p[21] != '-')           /* ':' would be an interval */
                return -EINVAL;
        if (!(s.p[21] == '+' && all_stars(s.p + 22, 3))) {
                east = digits(s.p + 22, 3);
                if (east < 0)
                        return -EINVAL;
                if (s.p[21] == '-')
                        east = -east;
        }
        *out_us = civil_to_us(&c) - (east == TIME_CIM_NO_OFFSET ? 0 : east) * 60 * US_PER_SECOND;
        if (offset_min_out)
                *offset_min_out = east;
        return 0;
}
