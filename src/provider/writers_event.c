/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/writers_event.h"

#include <stdio.h>
#include "event/filter.h"
#include "model/fields.h"
#include "model/model.h"
#include "model/sql_site.h"
#include "os/os.h"

enum { GUID_LEN = 38, FIELDS_MAX = 48 };

static int taken(struct err *e, const char *class_name, struct str name)
{
        err_clear(e);
        return err_set(e, ERR_EXISTS, "there is a %s %.*s already", class_name, STR_ARG(name));
}

/* Bindings that name it show whether it is there. */
static void touch_filter(struct tx *t, struct str name)
{
        tx_touch_where(t, "TM_Subscription", &(struct tx_key)TX_TEXT("Filter", name), 1);
}

static void touch_consumer(struct tx *t, const struct cim_class *c, struct str name)
{
        tx_touch_where(t, "TM_Subscription",
                       (const struct tx_key[]){ TX_TEXT("ConsumerClass", str_of(c->name)), TX_TEXT("ConsumerName", name) }, 2);
}

static int run_texts(struct tx *t, int statement, struct str a, struct str b, struct str c, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, statement, e);

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, a);
        if (b.p)
                db_bind_text(s, 2, b);
        if (c.p)
                db_bind_text(s, 3, c);
        return db_run(s, e);
}

/* ---- __EventFilter ---- */

static const struct field filter_fields[] = {
        { "Name", FIELD_FIXED | FIELD_NEEDED }, { "Query", 0 }, { "QueryLanguage", 0 }, { "EventNamespace", 0 },
        { "EventAccess", 0 },
};

static int check_query(struct str query, struct err *e)
{
        struct event_filters *all;
        struct event_filter *f = NULL;
        struct wql_error w = { 0 };

        if (event_filters_new(&all) < 0)
                return err_set(e, ERR_NOMEM, "out of memory");
        if (event_filter_get(all, query, &f, &w) < 0) {
                if (w.column)
                        (void)err_set(e, ERR_INVALID, "__EventFilter.Query: %s (%s, column %u)", w.text, wbem_name(w.status),
                                      w.column);
                else
                        (void)err_set(e, ERR_INVALID, "__EventFilter.Query: %s (%s)", w.text, wbem_name(w.status));
        }
        event_filter_put(f);
        event_filters_free(all);
        return e->kind ? err_number(e->kind) : 0;
}

/* root\subscription, root\sms and below; events of all our classes come in each of them. */
static bool has_events(struct str ns)
{
        char flat[64];
        struct str s = { flat, MIN(ns.n, sizeof(flat)) };

        for (size_t i = 0; i < s.n; i++)
                flat[i] = ns.p[i] == '/' ? '\\' : ns.p[i];
        if (ns.n > sizeof(flat))
                return false;
        if (str_eqz_nocase(s, "root\\subscription") || str_eqz_nocase(s, "root\\sms"))
                return true;
        return s.n == 17 && str_eqz_nocase((struct str){ s.p, 14 }, "root\\sms\\site_");
}

static int check_filter(const struct cim_instance *i, struct err *e)
{
        struct str ns = field_text(i, "EventNamespace");

        if (!str_eqz_nocase(field_text(i, "QueryLanguage"), "WQL"))
                return err_set(e, ERR_INVALID, "__EventFilter.QueryLanguage is \"%.*s\": give WQL, the only one there is",
                               (int)MIN(field_text(i, "QueryLanguage").n, 40), field_text(i, "QueryLanguage").p);
        if (ns.n && !has_events(ns))
                return err_set(e, ERR_INVALID, "__EventFilter.EventNamespace %.*s raises no events here: leave it NULL, or give "
                               "root\\sms\\site_ and the site code", (int)MIN(ns.n, 100), ns.p);
        if (field_text(i, "EventAccess").n)
                return err_set(e, ERR_NOT_SUPPORTED, "__EventFilter.EventAccess: all events are raised by the site itself; "
                               "leave it NULL");
        return check_query(field_text(i, "Query"), e);
}

static int write_filter(struct tx *t, int statement, const struct cim_instance *now, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, statement, e);
        int r;

        if (!s)
                return err_number(e->kind);
        r = fields_bind(s, 1, filter_fields, ARRAY_SIZE(filter_fields), now, e);
        return r < 0 ? r : db_run(s, e);
}

/* "Name ... if NULL or empty WMI generates a GUID", as the class's page says. */
static int name_filter(struct tx *t, struct cim_instance *in, struct err *e)
{
        uint8_t b[16];
        char *text = arena_alloc(&t->arena, GUID_LEN + 1);

        if (field_text(in, "Name").n)
                return 0;
        if (!text)
                return err_set(e, ERR_NOMEM, "out of memory");
        os_random(b, sizeof(b));
        b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
        b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
        snprintf(text, GUID_LEN + 1, "{%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X}", b[0], b[1], b[2],
                 b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
        cim_set_str(in, "Name", str_of(text));
        in->given[cim_property_find(in->class, STR("Name"))] = true;
        return 0;
}

static int filter_put(struct tx *t, struct cim_instance *in, bool create, struct err *e)
{
        struct str name = field_text(in, "Name");
        const struct tx_key key = TX_TEXT("Name", name);
        struct cim_instance *was = NULL, *now;
        int r = create ? 0 : fields_load(t, "__EventFilter", &key, 1, &was, e);

        if (r > 0)
                return err_set(e, ERR_NOT_FOUND, "there is no __EventFilter %.*s", STR_ARG(name));
        if (!r)
                r = fields_merge(t, filter_fields, ARRAY_SIZE(filter_fields), was, in, &now, e);
        if (!r)
                r = check_filter(now, e);
        if (r)
                return r;
        tx_touch_where(t, "__EventFilter", &key, 1);
        touch_filter(t, name);
        r = write_filter(t, create ? SQL_SITE_FILTER_INSERT : SQL_SITE_FILTER_UPDATE, now, e);
        if (r < 0 && e->kind == ERR_EXISTS)
                return taken(e, "__EventFilter", name);
        if (!r)
                tx_audit(t, create ? "filter create" : "filter set", "%.*s", STR_ARG(name));
        return r;
}

int provider_filter_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        int r = name_filter(t, in, e);

        return r < 0 ? r : filter_put(t, in, true, e);
}

int provider_filter_change(struct tx *t, struct cim_instance *in, struct err *e)
{
        return filter_put(t, in, false, e);
}

int provider_filter_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        struct str name = field_text(keys, "Name");
        int r;

        tx_touch_where(t, "__EventFilter", &(struct tx_key)TX_TEXT("Name", name), 1);
        touch_filter(t, name);
        tx_audit(t, "filter delete", "%.*s", STR_ARG(name));
        r = run_texts(t, SQL_SITE_FILTER_DELETE, name, STR_NULL, STR_NULL, e);
        return r < 0 ? r : run_texts(t, SQL_SITE_BINDING_FORGET_FILTER, name, STR_NULL, STR_NULL, e);
}

/* ---- consumers ---- */

static bool is_stored(const struct cim_property *p)
{
        return !p->read_only && !p->key && strcmp(p->name, "Secret") != 0;
}

static int consumer_merge(struct tx *t, const struct cim_instance *in, const struct cim_instance *was,
                          struct cim_instance **now, struct err *e)
{
        struct field f[FIELDS_MAX];
        size_t n = 0;

        for (size_t i = 0; i < in->class->n_properties && n < FIELDS_MAX; i++) {
                const struct cim_property *p = &in->class->properties[i];

                if (p->key || is_stored(p) || strcmp(p->name, "Secret") == 0)
                        f[n++] = (struct field){ p->name, p->key ? FIELD_FIXED | FIELD_NEEDED : 0 };
        }
        return fields_merge(t, f, n, was, in, now, e);
}

static int write_properties(struct tx *t, const struct cim_instance *now, struct err *e)
{
        bool *only = arena_array(&t->arena, now->class->n_properties + 1, sizeof(*only));
        struct buf json;
        int r;

        if (!only)
                return err_set(e, ERR_NOMEM, "out of memory");
        for (size_t i = 0; i < now->class->n_properties; i++)
                only[i] = is_stored(&now->class->properties[i]);
        buf_init(&json, 0);
        cim_json_write_some(now, only, &json);
        r = json.failed ? err_set(e, ERR_NOMEM, "out of memory")
                        : run_texts(t, SQL_SITE_CONSUMER_PROPERTIES, str_of(now->class->name), field_text(now, "Name"),
                                    buf_str(&json), e);
        buf_fini(&json);
        return r;
}

static int write_consumer(struct tx *t, bool create, const struct cim_instance *now, struct err *e)
{
        const struct cim_value *secret = cim_property_find(now->class, STR("Secret")) < 0 ? NULL : cim_get(now, "Secret");
        struct str text = secret && secret->s.n ? secret->s : STR_NULL;
        int r = 0;

        if (create || secret)
                r = run_texts(t, create ? SQL_SITE_CONSUMER_INSERT : SQL_SITE_CONSUMER_SECRET, str_of(now->class->name),
                              field_text(now, "Name"), text, e);
        return r < 0 ? r : write_properties(t, now, e);
}

static struct str path_of(struct tx *t, const char *class_name, struct str name)
{
        const struct cim_class *c = cim_class_find(str_of(class_name));
        struct cim_instance *i = cim_instance_new(c, &t->arena);
        struct str path = STR_NULL;
        struct buf b;

        if (!i)
                return path;
        cim_set_str(i, "Name", name);
        buf_init(&b, CIM_PATH_MAX);
        if (cim_path_format(i, &b) == 0)
                path = arena_str(&t->arena, buf_str(&b));
        buf_fini(&b);
        return path;
}

static int consumer_put(struct tx *t, struct cim_instance *in, bool create, struct err *e)
{
        struct str name = field_text(in, "Name");
        const struct tx_key key = TX_TEXT("Name", name);
        struct cim_instance *was = NULL, *now;
        int r = create ? 0 : fields_load(t, in->class->name, &key, 1, &was, e);

        if (r > 0)
                return err_set(e, ERR_NOT_FOUND, "there is no %s %.*s", in->class->name, STR_ARG(name));
        if (!r)
                r = consumer_merge(t, in, was, &now, e);
        if (!r)
                r = provider_consumer_check(now, e);
        if (r)
                return r;
        tx_touch_where(t, in->class->name, &key, 1);
        touch_consumer(t, in->class, name);
        r = write_consumer(t, create, now, e);
        if (r < 0 && e->kind == ERR_EXISTS)
                return taken(e, in->class->name, name);
        if (!r)
                tx_audit(t, create ? "consumer create" : "consumer set", "%s %.*s", in->class->name, STR_ARG(name));
        return r;
}

int provider_consumer_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        return consumer_put(t, in, true, e);
}

int provider_consumer_change(struct tx *t, struct cim_instance *in, struct err *e)
{
        return consumer_put(t, in, false, e);
}

int provider_consumer_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        struct str name = field_text(keys, "Name"), class_name = str_of(keys->class->name);
        int r;

        tx_touch_where(t, keys->class->name, &(struct tx_key)TX_TEXT("Name", name), 1);
        touch_consumer(t, keys->class, name);
        tx_audit(t, "consumer delete", "%s %.*s", keys->class->name, STR_ARG(name));
        r = run_texts(t, SQL_SITE_CONSUMER_DELETE, class_name, name, STR_NULL, e);
        return r < 0 ? r : run_texts(t, SQL_SITE_BINDING_FORGET_CONSUMER, class_name, name, STR_NULL, e);
}

int provider_consumer_refuse(struct tx *t, struct cim_instance *in, struct err *e)
{
        if (strcmp(in->class->name, "ActiveScriptEventConsumer") == 0)
                return err_set(e, ERR_NOT_SUPPORTED, "ActiveScriptEventConsumer: this site runs no scripts inside itself; "
                               "use a CommandLineEventConsumer that starts the script's interpreter");
        return err_set(e, ERR_NOT_SUPPORTED, "NTEventLogEventConsumer: this site server has no Windows event log; use a "
                       "LogFileEventConsumer, or a CommandLineEventConsumer that runs logger(1)");
}

/* ---- __FilterToConsumerBinding ---- */

/* What a reference names, by class and name, as stored; and the reference in the one form that is stored. */
static int resolve(struct tx *t, struct cim_instance *in, const char *property, const char *super,
                   const struct cim_class **class, struct str *name, struct err *e)
{
        struct str text = field_text(in, property);
        struct cim_instance *keys, *there;
        struct cim_path path;
        int r = cim_path_parse(text, &t->arena, &path, e);

        if (r == 0)
                r = cim_path_bind(&path, &t->arena, &keys, e);
        if (r < 0)
                return err_prefix(e, "__FilterToConsumerBinding.%s", property);
        if (!cim_class_isa(keys->class, cim_class_find(str_of(super))) || !keys->class->view)
                return err_set(e, ERR_INVALID, "__FilterToConsumerBinding.%s: %s is no %s", property, keys->class->name, super);
        r = fields_load(t, keys->class->name, &(struct tx_key)TX_TEXT("Name", field_text(keys, "Name")), 1, &there, e);
        if (r > 0)
                return err_set(e, ERR_NOT_FOUND, "__FilterToConsumerBinding.%s: there is no %.*s: create it first", property,
                               (int)MIN(text.n, 300), text.p);
        if (r < 0)
                return r;
        *class = keys->class;
        *name = field_text(there, "Name");
        cim_set_str(in, property, path_of(t, keys->class->name, *name));
        return 0;
}

static const struct field binding_fields[] = {
        { "DeliverSynchronously", 0 }, { "DeliveryQoS", 0 }, { "MaintainSecurityContext", 0 }, { "SlowDownProviders", 0 },
};

static int room_for_binding(struct tx *t, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_BINDING_COUNT, e);
        int64_t n;
        int r;

        if (!s)
                return err_number(e->kind);
        r = db_step(s, e);
        n = r > 0 ? db_col_i64(s, 0) : 0;
        db_reset(s);
        if (r > 0 && n >= PROVIDER_BINDINGS_MAX)
                return err_set(e, ERR_QUOTA, "there are %d permanent subscriptions: delete some first", PROVIDER_BINDINGS_MAX);
        return r < 0 ? r : 0;
}

static void touch_binding(struct tx *t, const struct cim_instance *i)
{
        const struct tx_key keys[] = { TX_TEXT("Consumer", field_text(i, "Consumer")), TX_TEXT("Filter", field_text(i, "Filter")) };

        tx_touch_where(t, "__FilterToConsumerBinding", keys, 2);
}

static int bind_binding(struct tx *t, struct db_stmt *s, const struct cim_class *class, struct str consumer, struct str filter,
                        const struct cim_instance *in, struct err *e)
{
        db_bind_textz(s, 1, class->name);
        db_bind_text(s, 2, consumer);
        db_bind_text(s, 3, filter);
        return fields_bind(s, 4, binding_fields, ARRAY_SIZE(binding_fields), in, e);
}

int provider_binding_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        const struct cim_class *class, *filter_class;
        struct str consumer, filter;
        struct db_stmt *s;
        int64_t last = 0;
        int r = resolve(t, in, "Consumer", "__EventConsumer", &class, &consumer, e);

        if (r == 0)
                r = resolve(t, in, "Filter", "__EventFilter", &filter_class, &filter, e);
        if (r == 0)
                r = room_for_binding(t, e);
        if (r == 0)
                r = model_changes_last(t->db, &last, e);
        if (r < 0)
                return r;
        touch_binding(t, in);
        s = db_stmt(t->db, SQL_SITE_BINDING_INSERT, e);
        r = s ? bind_binding(t, s, class, consumer, filter, in, e) : err_number(e->kind);
        if (r < 0)
                return r;
        db_bind_i64(s, 8, last);
        db_bind_i64(s, 9, t->now_us);
        r = db_run(s, e);
        if (r < 0 && e->kind == ERR_EXISTS)
                return taken(e, "__FilterToConsumerBinding of", field_text(in, "Consumer"));
        if (r < 0)
                return r;
        tx_touch_new(t, "TM_Subscription", &(struct tx_key)TX_NUMBER("SubscriptionID", db_last_rowid(t->db)), 1);
        tx_audit(t, "binding create", "%.*s to %.*s", STR_ARG(filter), STR_ARG(consumer));
        return 0;
}

/* The name in a reference of the stored form, whose object may have gone. */
static int named(struct tx *t, struct str path_text, const struct cim_class **class, struct str *name, struct err *e)
{
        struct cim_instance *keys;
        struct cim_path path;
        int r = cim_path_parse(path_text, &t->arena, &path, e);

        if (r == 0)
                r = cim_path_bind(&path, &t->arena, &keys, e);
        if (r < 0)
                return r;
        *class = keys->class;
        *name = field_text(keys, "Name");
        return 0;
}

static int binding_names(struct tx *t, const struct cim_instance *i, const struct cim_class **class, struct str *consumer,
                         struct str *filter, struct err *e)
{
        const struct cim_class *filter_class;
        int r = named(t, field_text(i, "Consumer"), class, consumer, e);

        return r < 0 ? r : named(t, field_text(i, "Filter"), &filter_class, filter, e);
}

int provider_binding_change(struct tx *t, struct cim_instance *in, struct err *e)
{
        const struct tx_key keys[] = { TX_TEXT("Consumer", field_text(in, "Consumer")), TX_TEXT("Filter", field_text(in, "Filter")) };
        const struct cim_class *class;
        struct str consumer, filter;
        struct cim_instance *was, *now;
        struct db_stmt *s;
        int r = binding_names(t, in, &class, &consumer, &filter, e);

        if (r == 0)
                r = fields_load(t, "__FilterToConsumerBinding", keys, 2, &was, e);
        if (r > 0)
                return err_set(e, ERR_NOT_FOUND, "there is no such __FilterToConsumerBinding");
        if (r == 0)
                r = fields_merge(t, binding_fields, ARRAY_SIZE(binding_fields), was, in, &now, e);
        if (r < 0)
                return r;
        tx_touch_where(t, "__FilterToConsumerBinding", keys, 2);
        s = db_stmt(t->db, SQL_SITE_BINDING_UPDATE, e);
        r = s ? bind_binding(t, s, class, consumer, filter, now, e) : err_number(e->kind);
        if (r < 0)
                return r;
        tx_audit(t, "binding set", "%.*s to %.*s", STR_ARG(filter), STR_ARG(consumer));
        return db_run(s, e);
}

int provider_binding_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        const struct tx_key gone[] = { TX_TEXT("Consumer", field_text(keys, "Consumer")), TX_TEXT("Filter", field_text(keys, "Filter")) };
        const struct cim_class *class;
        struct str consumer, filter;
        int r = binding_names(t, keys, &class, &consumer, &filter, e);

        if (r < 0)
                return r;
        tx_touch_where(t, "__FilterToConsumerBinding", gone, 2);
        tx_touch_where(t, "TM_Subscription", (const struct tx_key[]){ TX_TEXT("Consumer", gone[0].text),
                                                                      TX_TEXT("Filter", filter) }, 2);
        tx_audit(t, "binding delete", "%.*s to %.*s", STR_ARG(filter), STR_ARG(consumer));
        return run_texts(t, SQL_SITE_BINDING_DELETE, str_of(class->name), consumer, filter, e);
}
