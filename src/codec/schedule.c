/* SPDX-License-Identifier: Apache-2.0 */
/* schedule - interval strings; each field is a row of a table, so reading and writing cannot disagree */
#include <stddef.h>

#include "codec/schedule.h"

enum { YEAR_ZERO = 1970 };

/* Where a field lies, in which of the two numbers, what it may be, and for which kind (0: all). */
struct field {
        const char *name;
        size_t member;
        uint8_t word, shift, bits, low, high, kind;
};

#define FIELD(name, member, word, shift, bits, low, high, kind) \
        { name, offsetof(struct schedule_token, member), word, shift, bits, low, high, kind }

static const struct field fields[] = {
        FIELD("minute", minute, 0, 26, 6, 0, 59, 0),
        FIELD("hour", hour, 0, 21, 5, 0, 23, 0),
        FIELD("day", day, 0, 16, 5, 1, 31, 0),
        FIELD("month", month, 0, 12, 4, 1, 12, 0),
        FIELD("MinuteDuration", duration_minutes, 0, 0, 6, 0, 59, 0),
        FIELD("HourDuration", duration_hours, 1, 27, 5, 0, 23, 0),
        FIELD("DayDuration", duration_days, 1, 22, 5, 0, 31, 0),
        FIELD("MinuteSpan", span_minutes, 1, 13, 6, 0, 59, SCHEDULE_INTERVAL),
        FIELD("HourSpan", span_hours, 1, 8, 5, 0, 23, SCHEDULE_INTERVAL),
        FIELD("DaySpan", span_days, 1, 3, 5, 0, 31, SCHEDULE_INTERVAL),
        FIELD("Day", weekday, 1, 16, 3, 1, 7, SCHEDULE_WEEKLY),
        FIELD("ForNumberOfWeeks", weeks, 1, 13, 3, 1, 4, SCHEDULE_WEEKLY),
        FIELD("Day", weekday, 1, 16, 3, 1, 7, SCHEDULE_MONTHLY_WEEKDAY),
        FIELD("ForNumberOfMonths", months, 1, 12, 4, 1, 12, SCHEDULE_MONTHLY_WEEKDAY),
        FIELD("WeekOrder", order, 1, 9, 3, 0, 4, SCHEDULE_MONTHLY_WEEKDAY),
        FIELD("MonthDay", month_day, 1, 14, 5, 0, 31, SCHEDULE_MONTHLY_DATE),
        FIELD("ForNumberOfMonths", months, 1, 10, 4, 1, 12, SCHEDULE_MONTHLY_DATE),
};
enum { KIND_SHIFT = 19, KIND_BITS = 3, YEAR_SHIFT = 6, YEAR_BITS = 6 };

static uint8_t days_in(const struct schedule_token *t)
{
        static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        const bool leap = t->year % 4 == 0;     /* none of 1970 to 2033 is a century that is no leap year */

        return (uint8_t)(days[t->month - 1] + (t->month == 2 && leap));
}

static int check(const struct schedule_token *t, size_t i, struct err *e)
{
        if (t->kind < SCHEDULE_ONCE || t->kind > SCHEDULE_MONTHLY_DATE)
                return err_set(e, ERR_INVALID, "schedule token %zu: there is no kind %d", i + 1, (int)t->kind);
        if (t->year < YEAR_ZERO || t->year >= YEAR_ZERO + (1 << YEAR_BITS))
                return err_set(e, ERR_INVALID, "schedule token %zu: an interval string holds years 1970 to 2033, not %u", i + 1,
                               t->year);
        for (size_t k = 0; k < ARRAY_SIZE(fields); k++) {
                const struct field *f = &fields[k];
                const uint8_t v = *((const uint8_t *)t + f->member);

                if ((!f->kind || f->kind == t->kind) && (v < f->low || v > f->high))
                        return err_set(e, ERR_INVALID, "schedule token %zu: %s is %u, allowed are %u to %u", i + 1, f->name, v,
                                       f->low, f->high);
        }
        if (t->day > days_in(t))
                return err_set(e, ERR_INVALID, "schedule token %zu: month %u of %u has no day %u", i + 1, t->month, t->year,
                               t->day);
        return 0;
}

static uint32_t bits_of(uint32_t word, unsigned shift, unsigned bits)
{
        return word >> shift & ((1u << bits) - 1);
}

static struct schedule_token unpack(const uint32_t words[2])
{
        struct schedule_token t = {
                .kind = (enum schedule_kind)bits_of(words[1], KIND_SHIFT, KIND_BITS),
                .year = (uint16_t)(YEAR_ZERO + bits_of(words[0], YEAR_SHIFT, YEAR_BITS)),
                .gmt = words[1] & 1,
        };

        for (size_t k = 0; k < ARRAY_SIZE(fields); k++) {
                const struct field *f = &fields[k];

                if (!f->kind || f->kind == t.kind)
                        *((uint8_t *)&t + f->member) = (uint8_t)bits_of(words[f->word], f->shift, f->bits);
        }
        return t;
}

static void pack(const struct schedule_token *t, uint32_t words[2])
{
        words[0] = (uint32_t)(t->year - YEAR_ZERO) << YEAR_SHIFT;
        words[1] = (uint32_t)t->kind << KIND_SHIFT | t->gmt;
        for (size_t k = 0; k < ARRAY_SIZE(fields); k++) {
                const struct field *f = &fields[k];

                if (!f->kind || f->kind == t->kind)
                        words[f->word] |= (uint32_t)*((const uint8_t *)t + f->member) << f->shift;
        }
}

static int digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int schedule_decode(struct str text, struct schedule_token *out, size_t *n_out, struct err *e)
{
        const size_t n = text.n / SCHEDULE_TOKEN_DIGITS;

        if (text.n % SCHEDULE_TOKEN_DIGITS)
                return err_set(e, ERR_INVALID, "an interval string has 16 digits a token, this one has %zu characters", text.n);
        if (n > SCHEDULE_MAX_TOKENS)
                return err_set(e, ERR_INVALID, "an interval string of %zu tokens: at most %d are allowed", n, SCHEDULE_MAX_TOKENS);
        for (size_t i = 0; i < n; i++) {
                uint32_t words[2] = { 0 };
                int r;

                for (size_t k = 0; k < SCHEDULE_TOKEN_DIGITS; k++) {
                        const int d = digit(text.p[i * SCHEDULE_TOKEN_DIGITS + k]);

                        if (d < 0)
                                return err_set(e, ERR_INVALID, "interval string: character %zu is no hexadecimal digit",
                                               i * SCHEDULE_TOKEN_DIGITS + k + 1);
                        words[k / 8] = words[k / 8] << 4 | (uint32_t)d;
                }
                out[i] = unpack(words);
                r = check(&out[i], i, e);
                if (r < 0)
                        return r;
        }
        *n_out = n;
        return 0;
}

int schedule_encode(const struct schedule_token *tokens, size_t n, struct buf *out, struct err *e)
{
        if (n > SCHEDULE_MAX_TOKENS)
                return err_set(e, ERR_INVALID, "%zu schedule tokens: at most %d are allowed", n, SCHEDULE_MAX_TOKENS);
        for (size_t i = 0; i < n; i++) {
                uint32_t words[2];
                int r = check(&tokens[i], i, e);

                if (r < 0)
                        return r;
                pack(&tokens[i], words);
                buf_printf(out, "%08X%08X", words[0], words[1]);
        }
        return out->failed ? err_set(e, ERR_NOMEM, "write interval string: out of memory") : 0;
}
