/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_status - SMS_StatusMessage: raising and deleting status messages
 *
 * Who raises a message says who it is by context values: ApplicationName becomes
 * the component, MachineName the machine; without both the call fails.
 *
 * Source: Configuration Manager SDK, "RaiseInformationalStatusMsg", "RaiseWarningStatusMsg", "RaiseErrorStatusMsg",
 *         "RaiseRawStatusMsg", "DeleteByID", "DeleteByQuery" Method in Class SMS_StatusMessage; "Context Qualifiers".
 */
#include "provider/private.h"
#include "provider/wql.h"

enum { ATTRIBUTES_MAX = 64, TEXT_MAX = 4000, IDS_AT_ONCE = 256, QUERY_ROWS_MAX = 100000 };

static int check_type(uint32_t type, struct err *e)
{
        if (type == 256 || type == 512 || type == 768 || type == 1024)
                return 0;
        return err_set(e, ERR_INVALID, "MessageType %u: 256 milestone, 512 detail, 768 audit or 1024 NT event", type);
}

/* Parameters that all four methods have. */
static int common(struct call *c, struct model_user_status *m, struct err *e)
{
        const struct provider_context *x = c->context;
        size_t n_values;

        if (!x || !x->application.n || !x->machine.n)
                return err_set(e, ERR_INVALID, "%s wants the context values ApplicationName and MachineName", c->m->name);
        m->component = x->application;
        m->machine = x->machine;
        m->type = call_u32(c, "MessageType");
        m->win32_error = call_u32(c, "Win32Error");
        m->process_id = call_u32(c, "ProcessID");
        m->thread_id = call_u32(c, "ThreadID");
        m->when_us = call_time(c, "Time", c->t->now_us);
        (void)call_list(c, "AttrIDs", &m->attributes, &m->n_attributes);
        (void)call_list(c, "AttrValues", &m->values, &n_values);
        if (m->n_attributes != n_values)
                return err_set(e, ERR_INVALID, "AttrIDs has %zu items and AttrValues has %zu: they go in parallel",
                               m->n_attributes, n_values);
        if (n_values > ATTRIBUTES_MAX)
                return err_set(e, ERR_INVALID, "%zu attributes are more than the %d allowed", n_values, ATTRIBUTES_MAX);
        return check_type(m->type, e);
}

static int raise_message(struct call *c, uint32_t id, uint32_t severity, struct err *e)
{
        struct model_user_status m = { .message_id = id, .severity = severity, .module = STR("SMS Provider"),
                                       .text = call_str(c, "MessageText") };
        int r = common(c, &m, e);

        if (r == 0 && (m.text.n > TEXT_MAX || !str_is_utf8(m.text)))
                r = err_set(e, ERR_INVALID, "MessageText is longer than %d bytes", TEXT_MAX);
        return r < 0 ? r : model_status_user(c->t, &m, e);
}

static int raise_informational(struct call *c, struct err *e)
{
        return raise_message(c, 39997, MODEL_STATUS_INFORMATIONAL, e);
}

static int raise_warning(struct call *c, struct err *e)
{
        return raise_message(c, 39998, MODEL_STATUS_WARNING, e);
}

static int raise_error(struct call *c, struct err *e)
{
        return raise_message(c, 39999, MODEL_STATUS_ERROR, e);
}

/* Its text is in somebody else's module; what is known of the id here is severity at most. */
static int raise_raw(struct call *c, struct err *e)
{
        struct model_user_status m = { .message_id = call_u32(c, "MessageID"), .severity = MODEL_STATUS_INFORMATIONAL,
                                       .module = call_str(c, "ModuleName") };
        int r = common(c, &m, e);

        if (r == 0 && m.message_id > UINT16_MAX)
                r = err_set(e, ERR_INVALID, "MessageID %u is not 0 to 65535", m.message_id);
        return r < 0 ? r : model_status_user(c->t, &m, e);
}

/* ---- deleting ---- */

/* What the caller does not see, he does not delete. */
static int delete_one(struct call *c, int64_t id, struct err *e)
{
        struct cim_instance *keys = cim_instance_new(c->class, &c->t->arena), *now;
        int r;

        if (!keys)
                return err_set(e, ERR_NOMEM, "out of memory");
        cim_set_i64(keys, "RecordID", id);
        r = provider_find(c->t->db, keys, &c->t->arena, &now, e);
        if (r)
                return r < 0 ? r : 0;
        r = model_status_delete(c->t, id, e);
        c->return_value += r == 0;
        return r;
}

static int delete_by_id(struct call *c, struct err *e)
{
        const struct cim_value *ids;
        size_t n;
        int r = 0;

        (void)call_list(c, "RecordIDs", &ids, &n);
        if (n > IDS_AT_ONCE)
                return err_set(e, ERR_INVALID, "RecordIDs: %zu are more than the %d allowed", n, IDS_AT_ONCE);
        for (size_t i = 0; i < n && r == 0; i++)
                r = delete_one(c, ids[i].i, e);
        if (r == 0)
                tx_audit(c->t, "status delete", "%lld messages", (long long)c->return_value);
        return r;
}

struct ids {
        struct arena *a;
        int64_t *v;
        size_t n;
        bool wrong, full;
};

static bool take_id(void *ctx, const struct provider_wql_row *row)
{
        struct ids *ids = ctx;
        const struct cim_instance *i = row->row ? row->row->objects[0] : NULL;

        ids->wrong = !i || strcmp(i->class->name, "SMS_StatusMessage") != 0 || !cim_get(i, "RecordID");
        ids->full = ids->n == QUERY_ROWS_MAX;
        if (ids->wrong || ids->full)
                return false;
        ids->v[ids->n++] = cim_get(i, "RecordID")->i;
        return true;
}

static int delete_by_query(struct call *c, struct err *e)
{
        struct provider_wql_opts o = { .dialect = WQL_DIALECT_EXTENDED };
        struct wql_error why = { 0 };
        struct ids ids = { .a = c->a };
        int r;

        ids.v = arena_array(&c->t->arena, QUERY_ROWS_MAX, sizeof *ids.v);
        if (!ids.v)
                return err_set(e, ERR_NOMEM, "out of memory");
        r = provider_wql_run(c->t->db, call_str(c, "WQLSelect"), &o, take_id, &ids, &why, e);
        if (r == 0 && ids.wrong)
                r = err_set(e, ERR_INVALID, "WQLSelect: SELECT RecordID FROM SMS_StatusMessage WHERE ...");
        if (r == 0 && ids.full)
                r = err_set(e, ERR_TOO_LARGE, "WQLSelect: more than %d messages: delete them in parts", QUERY_ROWS_MAX);
        for (size_t i = 0; i < ids.n && r == 0; i++)
                r = delete_one(c, ids.v[i], e);
        if (r == 0)
                tx_audit(c->t, "status delete", "%lld messages by query", (long long)c->return_value);
        return r;
}

const struct provider_method provider_status_methods[] = {
        { "SMS_StatusMessage", "DeleteByID", delete_by_id },
        { "SMS_StatusMessage", "DeleteByQuery", delete_by_query },
        { "SMS_StatusMessage", "RaiseErrorStatusMsg", raise_error },
        { "SMS_StatusMessage", "RaiseInformationalStatusMsg", raise_informational },
        { "SMS_StatusMessage", "RaiseRawStatusMsg", raise_raw },
        { "SMS_StatusMessage", "RaiseWarningStatusMsg", raise_warning },
        { 0 },
};
