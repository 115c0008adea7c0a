/* SPDX-License-Identifier: Apache-2.0 */
/* datetime - texts of instants and intervals */
#include "wql/datetime.h"

#include <errno.h>
#include <stdio.h>

#define US_PER_DAY (INT64_C(86400) * US_PER_SECOND)

/* ---- CIM text ---- */

/* "00000001000000.000000:000": days, hours, minutes, seconds, microseconds */
static int parse_interval(struct str s, struct wql_time *out)
{
        static const struct {
                uint8_t at, n;
                int64_t unit_us, limit;
        } fields[] = { { 0, 8, US_PER_DAY, 100000000 }, { 8, 2, 3600 * US_PER_SECOND, 24 }, { 10, 2, 60 * US_PER_SECOND, 60 },
                       { 12, 2, US_PER_SECOND, 60 }, { 15, 6, 1, US_PER_SECOND } };
        int64_t v;

        if (s.p[14] != '.' || memcmp(s.p + 22, "000", 3) != 0)
                return -EINVAL;
        *out = (struct wql_time){ .kind = WQL_TIME_INTERVAL };
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                if (s.p[fields[i].at] == '+' || s.p[fields[i].at] == '-' ||
                    str_to_i64((struct str){ s.p + fields[i].at, fields[i].n }, &v) < 0 || v >= fields[i].limit)
                        return -EINVAL;
                out->us += v * fields[i].unit_us;
        }
        return 0;
}

/* A field is all digits or all asterisks. */
static bool fields_are_whole(struct str s)
{
        static const uint8_t lengths[] = { 4, 2, 2, 2, 2, 2, 1, 6, 1, 3 };      /* .mmmmmm and +UUU */
        size_t at = 0;

        for (size_t i = 0; i < ARRAY_SIZE(lengths); at += lengths[i++]) {
                size_t stars = 0;

                if (lengths[i] == 1)
                        continue;
                for (size_t k = 0; k < lengths[i]; k++) {
                        stars += s.p[at + k] == '*';
                        if (s.p[at + k] != '*' && (s.p[at + k] < '0' || s.p[at + k] > '9'))
                                return false;
                }
                if (stars && stars != lengths[i])
                        return false;
        }
        return s.p[14] == '.' && (s.p[21] == '+' || s.p[21] == '-');
}

static int parse_cim(struct str s, struct wql_time *out)
{
        int32_t offset;
        int r;

        if (s.p[21] == ':')
                return parse_interval(s, out);
        if (!fields_are_whole(s))
                return -EINVAL;
        if (memchr(s.p, '*', 21)) {
                *out = (struct wql_time){ .kind = WQL_TIME_TEXT };
                return 0;
        }
        if (s.p[22] == '*') {
                char utc[CIM_DATETIME_LEN];

                memcpy(utc, s.p, 21);
                memcpy(utc + 21, "+000", 4);
                out->kind = WQL_TIME_UNZONED;
                r = time_parse_cim((struct str){ utc, sizeof(utc) }, &out->us, &offset);
        } else {
                out->kind = WQL_TIME_POINT;
                r = time_parse_cim(s, &out->us, &offset);
        }
        return r;
}

/* ---- what people write ---- */

struct word {
        enum { NUMBER, MONTH, MARK, MERIDIEM, LAST } what;
        int64_t n;                      /* number; month; 1 PM */
        size_t digits;
        char mark;
        bool glued;                     /* no blank in front */
};

static int month_of(struct str s)
{
        static const char *const months[] = { "january", "february", "march", "april", "may", "june", "july", "august",
                                              "september", "october", "november", "december" };

        for (int i = 0; i < 12; i++) {
                if ((s.n == 3 || s.n == strlen(months[i])) && str_eq_nocase(s, (struct str){ months[i], s.n }))
                        return i + 1;
        }
        return 0;
}

static bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int next_word(struct str *s, struct word *w)
{
        struct str before = *s, t = *s = str_trim(*s);
        size_t n = 0;

        *w = (struct word){ .what = LAST, .glued = before.n == t.n || before.p == t.p };
        if (!t.n)
                return 0;
        if (t.p[0] >= '0' && t.p[0] <= '9') {
                while (n < t.n && t.p[n] >= '0' && t.p[n] <= '9')
                        n++;
                w->what = NUMBER;
                w->digits = n;
                if (n > 9 || str_to_i64((struct str){ t.p, n }, &w->n) < 0)
                        return -EINVAL;
        } else if (is_letter(t.p[0])) {
                while (n < t.n && is_letter(t.p[n]))
                        n++;
                t.n = n;
                w->n = month_of(t);
                w->what = MONTH;
                if (n == 1 && (t.p[0] == 'T' || t.p[0] == 't' || t.p[0] == 'Z' || t.p[0] == 'z')) {
                        w->what = MARK;
                        w->mark = 'T';
                } else if (!w->n) {
                        w->what = MERIDIEM;
                        w->n = str_eqz_nocase(t, "PM");
                        if (!w->n && !str_eqz_nocase(t, "AM"))
                                return -EINVAL;
                }
        } else {
                w->what = MARK;
                w->mark = t.p[0];
                n = 1;
        }
        *s = str_from(*s, n);
        return 0;
}

enum { MAX_WORDS = 20 };
struct words {
        struct word w[MAX_WORDS];
        size_t n, at;
};

static int split(struct str s, struct words *out)
{
        out->n = out->at = 0;
        do {
                if (out->n == MAX_WORDS || next_word(&s, &out->w[out->n]) < 0)
                        return -EINVAL;
        } while (out->w[out->n++].what != LAST);
        return 0;
}

static bool is_mark(const struct words *s, size_t ahead, char mark)
{
        return s->at + ahead < s->n && s->w[s->at + ahead].what == MARK && s->w[s->at + ahead].mark == mark;
}

static bool is_number(const struct words *s, size_t ahead)
{
        return s->at + ahead < s->n && s->w[s->at + ahead].what == NUMBER;
}

static int full_year(const struct word *w)
{
        if (w->digits <= 2)
                return (int)(w->n < 50 ? 2000 + w->n : 1900 + w->n);
        return (int)w->n;
}

/* 1998/03/05, 3/5/1998, with / - or . used twice */
static bool numeric_date(struct words *s, struct civil *c)
{
        const struct word *w = &s->w[s->at];
        char mark;

        if (!is_number(s, 0) || !is_number(s, 2) || !is_number(s, 4) || w[1].what != MARK)
                return false;
        mark = w[1].mark;
        if ((mark != '/' && mark != '-' && mark != '.') || !is_mark(s, 3, mark))
                return false;
        if (w[0].digits == 4) {
                c->year = (int)w[0].n;
                c->month = (int)w[2].n;
                c->day = (int)w[4].n;
        } else {
                c->month = (int)w[0].n;
                c->day = (int)w[2].n;
                c->year = full_year(&w[4]);
        }
        s->at += 5;
        return true;
}

/* 19980305, 980305, 1998 */
static bool packed_date(struct words *s, struct civil *c)
{
        const struct word *w = &s->w[s->at];
        struct word year = { .n = w->n / 10000, .digits = 2 };

        if (!is_number(s, 0) || is_mark(s, 1, ':'))
                return false;
        if (w->digits == 8 || w->digits == 6) {
                c->year = w->digits == 8 ? (int)(w->n / 10000) : full_year(&year);
                c->month = (int)(w->n / 100 % 100);
                c->day = (int)(w->n % 100);
        } else if (w->digits == 4 && s->w[s->at + 1].what != MONTH) {
                c->year = (int)w->n;
                c->month = c->day = 1;
        } else {
                return false;
        }
        s->at++;
        return true;
}

static void skip_comma(struct words *s)
{
        if (is_mark(s, 0, ',') || (is_mark(s, 0, '-') && s->at))
                s->at++;
}

/* March 5, 1998 - Mar 5 98 - 5 Mar98 - 1998 March 5 - Mar 1998 */
static bool named_date(struct words *s, struct civil *c)
{
        const struct word *numbers[2] = { 0 };
        size_t n = 0, start = s->at;

        c->month = 0;
        while (n < 2 || !c->month) {
                const struct word *w = &s->w[s->at];

                if (w->what == MONTH && !c->month)
                        c->month = (int)w->n;
                else if (w->what == NUMBER && n < 2 && !is_mark(s, 1, ':'))
                        numbers[n++] = w;
                else
                        break;
                s->at++;
                skip_comma(s);
        }
        if (!c->month || !n) {
                s->at = start;
                return false;
        }
        c->day = 1;
        if (n == 1) {
                c->year = full_year(numbers[0]);
        } else {
                bool year_first = numbers[0]->digits == 4;

                c->year = full_year(numbers[!year_first]);
                c->day = (int)numbers[year_first]->n;
        }
        return true;
}

/* 7:08:09.123, 7:08:09:123, 7 PM; nothing is midnight */
static int parse_clock(struct words *s, struct civil *c)
{
        int *fields[] = { &c->hour, &c->minute, &c->second };

        if (s->at && is_mark(s, 0, 'T'))
                s->at++;
        for (size_t i = 0; i < 3 && is_number(s, 0); i++) {
                *fields[i] = (int)s->w[s->at++].n;
                if (i == 0 && !is_mark(s, 0, ':') && s->w[s->at].what != MERIDIEM)
                        return -EINVAL;
                if (!is_mark(s, 0, ':'))
                        break;
                if (!is_number(s, 1))
                        return -EINVAL;
                s->at++;
        }
        if (is_mark(s, 0, '.') && is_number(s, 1))
                s->at++;
        if (is_number(s, 0) && s->at >= 2 && s->w[s->at - 1].what == MARK) {
                const struct word *w = &s->w[s->at++];

                if (w->digits > 6)
                        return -EINVAL;
                c->us = (int)w->n;
                for (size_t i = w->digits; i < 6; i++)
                        c->us *= 10;
        }
        if (s->w[s->at].what == MERIDIEM) {
                if (c->hour < 1 || c->hour > 12)
                        return -EINVAL;
                c->hour = c->hour % 12 + (s->w[s->at++].n ? 12 : 0);
        }
        if (is_mark(s, 0, 'T'))         /* the Z of RFC 3339 */
                s->at++;
        return s->w[s->at].what == LAST ? 0 : -EINVAL;
}

int wql_time_parse(struct str text, struct wql_time *out)
{
        struct civil c = { .year = 1, .month = 1, .day = 1 };
        char cim[CIM_DATETIME_LEN + 1];
        struct words s;
        int32_t offset;

        text = str_trim(text);
        if (text.n == CIM_DATETIME_LEN && text.p[14] == '.' && parse_cim(text, out) == 0)
                return 0;
        if (split(text, &s) < 0 || s.w[0].what == LAST)
                return -EINVAL;
        if (!numeric_date(&s, &c) && !packed_date(&s, &c) && !named_date(&s, &c))
                return -EINVAL;
        if (parse_clock(&s, &c) < 0 || c.year < 1 || c.year > 9999 || c.month > 99 || c.day > 99 || c.hour > 23 ||
            c.minute > 59 || c.second > 59 || c.month < 1 || c.day < 1)
                return -EINVAL;
        (void)snprintf(cim, sizeof(cim), "%04u%02u%02u%02u%02u%02u.%06u+000", (unsigned)c.year % 10000, (unsigned)c.month % 100,
                       (unsigned)c.day % 100, (unsigned)c.hour % 100, (unsigned)c.minute % 100, (unsigned)c.second % 100,
                       (unsigned)c.us % 1000000);
        out->kind = WQL_TIME_POINT;
        return time_parse_cim((struct str){ cim, CIM_DATETIME_LEN }, &out->us, &offset);
}

/* ---- functions ---- */

static const int64_t unit_us[N_WQL_DATEPARTS] = {
        [WQL_DAY] = US_PER_DAY, [WQL_HOUR] = 3600 * US_PER_SECOND, [WQL_MINUTE] = 60 * US_PER_SECOND,
        [WQL_SECOND] = US_PER_SECOND, [WQL_MILLISECOND] = 1000,
};

static int64_t floor_div(int64_t a, int64_t b)
{
        return a / b - (a % b < 0);
}

static int days_in(int64_t year, int month)
{
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        return days[month - 1] + (month == 2 && leap);
}

bool wql_time_add(enum wql_datepart part, int64_t n, int64_t us, int64_t *out_us)
{
        static const int64_t low = INT64_C(-62135596800000000), high = INT64_C(253402300799999999);
        struct civil c;
        int64_t months, add;

        if (n < -INT32_MAX || n > INT32_MAX || us < low || us > high)
                return false;
        if (part >= WQL_DAY) {
                if (__builtin_mul_overflow(n, unit_us[part], &add) || __builtin_add_overflow(us, add, out_us))
                        return false;
                return *out_us >= low && *out_us <= high;
        }
        civil_from_us(us, &c);
        months = (int64_t)c.year * 12 + c.month - 1 + (part == WQL_YEAR ? n * 12 : n);
        if (months < 12 || months >= 10000 * 12)
                return false;
        c.year = (int)(months / 12);
        c.month = (int)(months % 12) + 1;
        c.day = MIN(c.day, days_in(c.year, c.month));
        *out_us = civil_to_us(&c);
        return true;
}

int64_t wql_time_diff(enum wql_datepart part, int64_t from_us, int64_t to_us)
{
        struct civil a, b;

        if (part >= WQL_DAY)
                return floor_div(to_us, unit_us[part]) - floor_div(from_us, unit_us[part]);
        civil_from_us(from_us, &a);
        civil_from_us(to_us, &b);
        return part == WQL_YEAR ? b.year - a.year : (b.year - a.year) * INT64_C(12) + b.month - a.month;
}

int64_t wql_time_part(enum wql_datepart part, int64_t us)
{
        struct civil c;

        civil_from_us(us, &c);
        switch (part) {
        case WQL_YEAR: return c.year;
        case WQL_MONTH: return c.month;
        case WQL_DAY: return c.day;
        case WQL_HOUR: return c.hour;
        case WQL_MINUTE: return c.minute;
        case WQL_SECOND: return c.second;
        default: return c.us / 1000;
        }
}
