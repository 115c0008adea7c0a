/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_text - methods of SMS_ScheduleMethods and SMS_NAL_Methods: texts taken apart and put together
 *
 * Source: Configuration Manager SDK, "ReadFromString", "WriteToString" Method in
 * Class SMS_ScheduleMethods; "PackNALPath", "UnPackNALPath" Method in Class
 * SMS_NAL_Methods.
 */
#include "codec/nal.h"
#include "codec/schedule.h"
#include "provider/private.h"

/* ---- schedules ---- */

static const char *const token_classes[] = {
        [SCHEDULE_ONCE] = "SMS_ST_NonRecurring",
        [SCHEDULE_INTERVAL] = "SMS_ST_RecurInterval",
        [SCHEDULE_WEEKLY] = "SMS_ST_RecurWeekly",
        [SCHEDULE_MONTHLY_WEEKDAY] = "SMS_ST_RecurMonthlyByWeekday",
        [SCHEDULE_MONTHLY_DATE] = "SMS_ST_RecurMonthlyByDate",
};

/* Where the classes' properties are in a token. */
static const struct {
        const char *property;
        size_t member;
        uint8_t kind;                   /* 0: all */
} members[] = {
        { "DayDuration", offsetof(struct schedule_token, duration_days), 0 },
        { "HourDuration", offsetof(struct schedule_token, duration_hours), 0 },
        { "MinuteDuration", offsetof(struct schedule_token, duration_minutes), 0 },
        { "DaySpan", offsetof(struct schedule_token, span_days), SCHEDULE_INTERVAL },
        { "HourSpan", offsetof(struct schedule_token, span_hours), SCHEDULE_INTERVAL },
        { "MinuteSpan", offsetof(struct schedule_token, span_minutes), SCHEDULE_INTERVAL },
        { "Day", offsetof(struct schedule_token, weekday), SCHEDULE_WEEKLY },
        { "ForNumberOfWeeks", offsetof(struct schedule_token, weeks), SCHEDULE_WEEKLY },
        { "Day", offsetof(struct schedule_token, weekday), SCHEDULE_MONTHLY_WEEKDAY },
        { "ForNumberOfMonths", offsetof(struct schedule_token, months), SCHEDULE_MONTHLY_WEEKDAY },
        { "WeekOrder", offsetof(struct schedule_token, order), SCHEDULE_MONTHLY_WEEKDAY },
        { "MonthDay", offsetof(struct schedule_token, month_day), SCHEDULE_MONTHLY_DATE },
        { "ForNumberOfMonths", offsetof(struct schedule_token, months), SCHEDULE_MONTHLY_DATE },
};

static int token_text(const struct call *c, const struct schedule_token *t, struct str *out, struct err *e)
{
        const struct civil start = { .year = t->year, .month = t->month, .day = t->day, .hour = t->hour, .minute = t->minute };
        struct cim_instance *in = cim_instance_new(provider_class(token_classes[t->kind]), c->a);
        const char *text;
        struct buf json;

        if (!in)
                return err_set(e, ERR_NOMEM, "out of memory");
        cim_set_i64(in, "StartTime", civil_to_us(&start));
        cim_set_i64(in, "IsGMT", t->gmt);
        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
                if (!members[i].kind || members[i].kind == t->kind)
                        cim_set_i64(in, members[i].property, *((const uint8_t *)t + members[i].member));
        buf_init(&json, 0);
        cim_json_write(in, &json);      /* "{...}" */
        text = json.failed ? NULL
                           : arena_printf(c->a, "{\"__CLASS\":\"%s\",%.*s", in->class->name, (int)(json.n - 1), json.p + 1);
        buf_fini(&json);
        *out = str_of(text);
        return text ? 0 : err_set(e, ERR_NOMEM, "out of memory");
}

static int read_from_string(struct call *c, struct err *e)
{
        struct schedule_token *tokens = arena_array(c->a, SCHEDULE_MAX_TOKENS, sizeof *tokens);
        struct cim_value *items = arena_array(c->a, SCHEDULE_MAX_TOKENS, sizeof *items);
        size_t n = 0;
        int r;

        if (!tokens || !items)
                return err_set(e, ERR_NOMEM, "out of memory");
        r = schedule_decode(call_str(c, "StringData"), tokens, &n, e);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = token_text(c, &tokens[i], &items[i].s, e);
        if (r == 0)
                call_out_list(c, "TokenData", items, n);
        return r;
}

/* The token's class stands first in its canonical text; it was checked when it was read. */
static enum schedule_kind kind_of(struct str text)
{
        const struct str head = STR("{\"__CLASS\":\"");

        for (size_t k = SCHEDULE_ONCE; k < ARRAY_SIZE(token_classes); k++) {
                const size_t n = strlen(token_classes[k]);

                if (text.n > head.n + n && memcmp(text.p + head.n, token_classes[k], n) == 0 && text.p[head.n + n] == '"')
                        return (enum schedule_kind)k;
        }
        return 0;
}

static int token_from(const struct call *c, struct str text, struct schedule_token *t, struct err *e)
{
        const struct cim_value *at;
        struct cim_instance *in;
        struct civil start;
        int r;

        *t = (struct schedule_token){ .kind = kind_of(text) };
        if (!t->kind)
                return err_set(e, ERR_INVALID, "TokenData: a token is of a class SMS_ST_...");
        r = cim_json_read(provider_class(token_classes[t->kind]), text, c->a, &in, e);
        if (r == 0 && cim_instance_defaults(in, c->a) < 0)
                r = err_set(e, ERR_NOMEM, "out of memory");
        if (r < 0)
                return r;
        at = cim_get(in, "StartTime");
        if (!at || at->text)
                return err_set(e, ERR_INVALID, "TokenData: StartTime is no instant");
        civil_from_us(at->i, &start);
        t->year = (uint16_t)MAX(start.year, 0);
        t->month = (uint8_t)start.month;
        t->day = (uint8_t)start.day;
        t->hour = (uint8_t)start.hour;
        t->minute = (uint8_t)start.minute;
        t->gmt = cim_get(in, "IsGMT") && cim_get(in, "IsGMT")->i;
        for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
                const struct cim_value *v = cim_get(in, members[i].property);

                if (v && (!members[i].kind || members[i].kind == t->kind))
                        *((uint8_t *)t + members[i].member) = (uint8_t)v->i;
        }
        return 0;
}

static int write_to_string(struct call *c, struct err *e)
{
        struct schedule_token *tokens = arena_array(c->a, SCHEDULE_MAX_TOKENS, sizeof *tokens);
        const struct cim_value *items;
        struct buf out;
        size_t n;
        int r = 0;

        (void)call_list(c, "TokenData", &items, &n);
        if (n > SCHEDULE_MAX_TOKENS)
                return err_set(e, ERR_INVALID, "TokenData: %zu tokens are more than the %d allowed", n, SCHEDULE_MAX_TOKENS);
        if (!tokens)
                return err_set(e, ERR_NOMEM, "out of memory");
        for (size_t i = 0; r == 0 && i < n; i++)
                r = token_from(c, items[i].s, &tokens[i], e);
        buf_init(&out, 0);
        if (r == 0)
                r = schedule_encode(tokens, n, &out, e);
        if (r == 0)
                call_out_str(c, "StringData", buf_str(&out));
        buf_fini(&out);
        return r;
}

/* ---- NAL paths ---- */

static int qualifiers_in(const struct call *c, const char *name, struct str out[NAL_MAX_QUALIFIERS], size_t *n_out, struct err *e)
{
        const struct cim_value *items;

        (void)call_list(c, name, &items, n_out);
        if (*n_out > NAL_MAX_QUALIFIERS)
                return err_set(e, ERR_INVALID, "%s: %zu are more than the %d allowed", name, *n_out, NAL_MAX_QUALIFIERS);
        for (size_t i = 0; i < *n_out; i++)
                out[i] = items[i].null ? STR_NULL : items[i].s;
        return 0;
}

static int pack_nal_path(struct call *c, struct err *e)
{
        struct nal_path p = { .type = call_str(c, "NALType"), .path = call_str(c, "NetworkOSPath") };
        struct buf out;
        int r = qualifiers_in(c, "DisplayQualifiers", p.display, &p.n_display, e);

        if (r == 0)
                r = qualifiers_in(c, "NetworkConnectionQualifiers", p.connection, &p.n_connection, e);
        if (r < 0)
                return r;
        buf_init(&out, 0);
        r = nal_pack(&p, &out, e);
        if (r == 0)
                call_out_str(c, "NALPath", buf_str(&out));
        buf_fini(&out);
        return r;
}

static int qualifiers_out(const struct call *c, const char *name, const struct str *q, size_t n, struct err *e)
{
        struct cim_value *items = arena_array(c->a, n + 1, sizeof *items);

        if (!items)
                return err_set(e, ERR_NOMEM, "out of memory");
        for (size_t i = 0; i < n; i++)
                items[i] = (struct cim_value){ .s = arena_str(c->a, q[i]) };
        call_out_list(c, name, items, n);
        return 0;
}

static int unpack_nal_path(struct call *c, struct err *e)
{
        struct nal_path p;
        int r = nal_unpack(call_str(c, "NALPath"), &p, e);

        if (r == 0)
                r = qualifiers_out(c, "DisplayQualifiers", p.display, p.n_display, e);
        if (r == 0)
                r = qualifiers_out(c, "NetworkConnectionQualifiers", p.connection, p.n_connection, e);
        if (r < 0)
                return r;
        call_out_str(c, "NALType", p.type);
        call_out_str(c, "NetworkOSPath", p.path);
        return 0;
}

const struct provider_method provider_text_methods[] = {
        { "SMS_ScheduleMethods", "ReadFromString", read_from_string },
        { "SMS_ScheduleMethods", "WriteToString", write_to_string },
        { "SMS_NAL_Methods", "PackNALPath", pack_nal_path },
        { "SMS_NAL_Methods", "UnPackNALPath", unpack_nal_path },
        { 0 },
};
