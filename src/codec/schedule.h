/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * schedule - interval strings: schedule tokens as ConfigMgr writes them into texts
 *
 * An interval string is 16 hexadecimal digits a token, tokens one after the
 * other: two 32-bit numbers, the most significant digit first.
 *
 *   first   31-26 start minute, 25-21 hour, 20-16 day, 15-12 month,
 *           11-6 year - 1970, 5-0 minutes of duration
 *   second  31-27 hours and 26-22 days of duration, 21-19 kind, bit 0 UTC, and
 *           interval   18-13 minutes, 12-8 hours, 7-3 days
 *           weekly     18-16 day (1 Sunday), 15-13 weeks
 *           by weekday 18-16 day, 15-12 months, 11-9 which of the month
 *           by date    18-14 day (0: the last), 13-10 months
 *
 * Source: Configuration Manager SDK, "ReadFromString Method in Class
 * SMS_ScheduleMethods"; the numbers of the kinds are not printed there, they are
 * those of the documented strings ("About Configuration Manager Tally
 * Intervals").  Ranges are those of the classes SMS_ST_*.
 */
#include "base/buf.h"
#include "base/err.h"

enum schedule_kind {
        SCHEDULE_ONCE = 1,              /* SMS_ST_NonRecurring */
        SCHEDULE_INTERVAL = 2,          /* SMS_ST_RecurInterval */
        SCHEDULE_WEEKLY = 3,            /* SMS_ST_RecurWeekly */
        SCHEDULE_MONTHLY_WEEKDAY = 4,   /* SMS_ST_RecurMonthlyByWeekday */
        SCHEDULE_MONTHLY_DATE = 5,      /* SMS_ST_RecurMonthlyByDate */
};

struct schedule_token {
        enum schedule_kind kind;
        uint16_t year;                  /* 1970 to 2033 */
        uint8_t month, day, hour, minute;       /* of the start; month and day from 1 */
        uint8_t duration_days, duration_hours, duration_minutes;        /* at most 31, 23, 59 */
        bool gmt;                       /* the start is UTC, else local time */
        uint8_t span_days, span_hours, span_minutes;    /* INTERVAL: at most 31, 23, 59 */
        uint8_t weekday;                /* WEEKLY, MONTHLY_WEEKDAY: 1 Sunday to 7 */
        uint8_t weeks;                  /* WEEKLY: 1 to 4 */
        uint8_t months;                 /* MONTHLY_*: 1 to 12 */
        uint8_t order;                  /* MONTHLY_WEEKDAY: 0 the last, 1 to 4 */
        uint8_t month_day;              /* MONTHLY_DATE: 0 the last day, 1 to 31 */
};

enum { SCHEDULE_TOKEN_DIGITS = 16, SCHEDULE_MAX_TOKENS = 64 };

/*
 * Digits in either case; bits that mean nothing for the kind are passed over.  ERR_INVALID names token and field.
 * @out has room for SCHEDULE_MAX_TOKENS; an empty text is no token.
 */
MUST int schedule_decode(struct str text, struct schedule_token *out, size_t *n_out, struct err *e);
/* Appends capitals.  ERR_INVALID names the field that is out of its range. */
MUST int schedule_encode(const struct schedule_token *tokens, size_t n, struct buf *out, struct err *e);
