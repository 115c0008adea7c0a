/* SPDX-License-Identifier: Apache-2.0 */
#include "event/filter.h"

#include <errno.h>
#include "event/image.h"

enum { FILTER_BYTES = 4 << 20, CLASSES_MAX = 512 };

struct event_filters {
        struct map by_text;
        struct event_reading reading;
};

struct event_filter {
        struct event_filters *all;
        char *text;
        unsigned n_refs;
        struct arena arena;             /* tree, binding, program */
        struct wql_binding *binding;
        struct wql_program *program;
        const struct cim_class **classes;
        size_t n_classes;
        struct str key, key_value;
        /* What it said last, of the reading of that generation. */
        uint64_t generation;
        size_t wanted[EVENTS_OF_A_CHANGE];      /* which of the reading's events */
        size_t n_wanted;
        struct buf texts[EVENTS_OF_A_CHANGE];   /* empty: not written yet */
};

int event_filters_new(struct event_filters **out)
{
        *out = calloc(1, sizeof(**out));
        if (!*out)
                return -ENOMEM;
        map_init(&(*out)->by_text, false);
        return 0;
}

void event_filters_free(struct event_filters *f)
{
        if (!f)
                return;
        map_fini(&f->by_text, NULL);
        event_reading_fini(&f->reading);
        free(f);
}

size_t event_filters_count(const struct event_filters *all)
{
        return all->by_text.n;
}

/* ---- which changes ---- */

static bool add_class(struct event_filter *f, const struct cim_class *c)
{
        for (size_t i = 0; i < f->n_classes; i++) {
                if (f->classes[i] == c)
                        return true;
        }
        if (f->n_classes == CLASSES_MAX)
                return false;
        f->classes[f->n_classes++] = c;
        return true;
}

/* Instances are of classes with rows; a target may be a class above them. */
static bool add_target(struct event_filter *f, const struct wql_target *t)
{
        bool room = true;

        for (size_t i = 0; i < n_cim_classes && room; i++) {
                const struct cim_class *c = cim_classes[i];

                if (c->view && (t->exact ? c == t->class : cim_class_isa(c, t->class)))
                        room = add_class(f, c);
        }
        return room;
}

static int find_classes(struct event_filter *f, struct wql_error *e)
{
        const struct wql_binding *b = f->binding;
        bool about_instances = b->intrinsic || cim_class_isa(event_class("__InstanceOperationEvent"), b->event);
        bool about_packages = cim_class_isa(event_class("TM_PackageReady"), b->event) ||
                              cim_class_isa(event_class("TM_PackageNotReady"), b->event);
        bool about_timers = cim_class_isa(event_class("__TimerEvent"), b->event);
        bool about_failures = cim_class_isa(event_class("__ConsumerFailureEvent"), b->event);
        bool room = true;

        f->classes = arena_array(&f->arena, CLASSES_MAX, sizeof(*f->classes));
        if (!f->classes)
                return wql_fail(e, WBEM_E_QUOTA_VIOLATION, 0, "the query needs too much memory");
        for (size_t i = 0; i < b->n_targets && room; i++)
                room = add_target(f, &b->targets[i]);
        for (size_t i = 0; about_instances && !b->n_targets && i < n_cim_classes && room; i++)
                room = !cim_classes[i]->view || add_class(f, cim_classes[i]);
        if (about_packages)
                room = room && add_class(f, event_class("TM_PackageCondition"));
        if (about_failures)
                room = room && add_class(f, event_class("TM_EventFailure"));
        if (about_timers)               /* they are not in the log; their instructions give the subscription a place there */
                room = room && add_class(f, event_class("__IntervalTimerInstruction"));
        if (!about_instances && !about_packages && !about_timers && !about_failures)    /* never raised: any place will do */
                room = room && add_class(f, event_class("__NAMESPACE"));
        if (!room)
                return wql_fail(e, WBEM_E_QUOTA_VIOLATION, 0, "the query is about too many classes");
        return 0;
}

/* Text keys only: how other types look in a path is not the index's business. */
static void find_key(struct event_filter *f)
{
        const struct wql_binding *b = f->binding;

        for (size_t i = 0; i < b->n_terms && f->n_classes == 1 && !f->key.n; i++) {
                const struct cim_property *p = &b->targets[0].class->properties[b->terms[i].property];

                if (p->type != CIM_STRING || b->terms[i].domain != WQL_AS_TEXT || f->classes[0] != b->targets[0].class)
                        continue;
                f->key = str_of(p->name);
                f->key_value = b->terms[i].s;
        }
}

/* ---- life ---- */

static void filter_destroy(struct event_filter *f)
{
        arena_fini(&f->arena);
        for (size_t i = 0; i < EVENTS_OF_A_CHANGE; i++)
                buf_fini(&f->texts[i]);
        free(f->text);
        free(f);
}

static int filter_make(struct event_filter *f, struct str query, struct wql_error *e)
{
        arena_init(&f->arena, FILTER_BYTES);
        for (size_t i = 0; i < EVENTS_OF_A_CHANGE; i++)
                buf_init(&f->texts[i], 0);
        f->n_refs = 1;
        f->text = str_dup(query);
        if (!f->text)
                return wql_fail(e, WBEM_E_OUT_OF_MEMORY, 0, "out of memory");
        if (wql_prepare(query, &wql_schema_site, WQL_DIALECT_EVENT, &f->arena, &f->binding, e) < 0 ||
            wql_compile(f->binding, f->binding->query->where, 0, &f->arena, &f->program, e) < 0 || find_classes(f, e) < 0)
                return -1;
        find_key(f);
        return 0;
}

int event_filter_get(struct event_filters *all, struct str query, struct event_filter **out, struct wql_error *e)
{
        struct event_filter *f;

        if (!query.n)
                return wql_fail(e, WBEM_E_INVALID_PARAMETER, 0, "there is no query");
        f = map_get(&all->by_text, query);
        if (f) {
                f->n_refs++;
                *out = f;
                return 0;
        }
        f = calloc(1, sizeof(*f));
        if (!f)
                return wql_fail(e, WBEM_E_OUT_OF_MEMORY, 0, "out of memory");
        if (filter_make(f, query, e) < 0) {
                filter_destroy(f);
                return -1;
        }
        if (map_put(&all->by_text, str_of(f->text), f, NULL) < 0) {
                filter_destroy(f);
                return wql_fail(e, WBEM_E_OUT_OF_MEMORY, 0, "out of memory");
        }
        f->all = all;
        *out = f;
        return 0;
}

void event_filter_put(struct event_filter *f)
{
        if (!f || --f->n_refs)
                return;
        (void)map_del(&f->all->by_text, str_of(f->text));
        filter_destroy(f);
}

const struct wql_query *event_filter_query(const struct event_filter *f)
{
        return f->binding->query;
}

const struct wql_binding *event_filter_binding(const struct event_filter *f)
{
        return f->binding;
}

const struct cim_class *const *event_filter_classes(const struct event_filter *f, size_t *n_out)
{
        *n_out = f->n_classes;
        return f->classes;
}

struct str event_filter_key(const struct event_filter *f, struct str *value_out)
{
        *value_out = f->key_value;
        return f->key;
}

/* ---- deciding ---- */

static bool wants(const struct event_filter *f, const struct event_images *m, size_t i)
{
        struct wql_object o;

        if (!m->events[i] || !cim_class_isa(m->events[i], f->binding->event))
                return false;
        o = event_object(m, i);
        return wql_match(f->program, &o);
}

/* Decides once a difference, however many subscriptions ask. NULL: it cannot be read. */
static const struct event_images *decide(struct event_filter *f, const struct event_diff *d)
{
        struct event_reading *r = &f->all->reading;
        const struct event_images *m = event_reading_of(r, d);

        if (m && f->generation == r->generation)
                return m;
        f->generation = r->generation;
        f->n_wanted = 0;
        for (size_t i = 0; m && i < EVENTS_OF_A_CHANGE; i++) {
                buf_reset(&f->texts[i]);
                if (wants(f, m, i))
                        f->wanted[f->n_wanted++] = i;
        }
        return m;
}

size_t event_filter_match(struct event_filter *f, const struct event_diff *d, const struct cim_class *events[EVENTS_OF_A_CHANGE])
{
        const struct event_images *m = decide(f, d);

        for (size_t i = 0; m && i < f->n_wanted; i++)
                events[i] = m->events[f->wanted[i]];
        return m ? f->n_wanted : 0;
}

bool event_filter_object(struct event_filter *f, const struct event_diff *d, size_t i, struct wql_object *out)
{
        const struct event_images *m = decide(f, d);

        if (!m || i >= f->n_wanted)
                return false;
        *out = event_object(m, f->wanted[i]);
        return true;
}

/* ---- as JSON ---- */

/* Of TargetInstance or PreviousInstance: which properties the query selects; NULL: all. */
static const bool *selected_of(const struct event_filter *f, const char *object, const struct cim_instance *i, struct arena *a)
{
        const struct wql_query *q = f->binding->query;
        bool *only = arena_array(a, i->class->n_properties + 1, sizeof(*only));

        if (!only)
                return NULL;
        memset(only, 0, i->class->n_properties + 1);
        for (size_t k = 0; k < q->n_items; k++) {
                const struct wql_name *n = &q->items[k].operand.name;
                int p;

                if (q->items[k].kind != WQL_ITEM_OPERAND || !n->n || !str_eqz_nocase(n->parts[0], object))
                        continue;
                if (n->n == 1)
                        return NULL;
                p = cim_property_find(i->class, n->parts[1]);
                if (p >= 0)
                        only[p] = true;
        }
        return only;
}

/* Which properties of the event itself are asked for. */
static bool *selected(const struct event_filter *f, const struct cim_class *event, struct arena *a)
{
        const struct wql_query *q = f->binding->query;
        bool *only = arena_array(a, event->n_properties + 1, sizeof(*only));

        for (size_t p = 0; only && p < event->n_properties; p++) {
                only[p] = q->star;
                for (size_t k = 0; k < q->n_items; k++)
                        only[p] |= q->items[k].kind == WQL_ITEM_OPERAND && q->items[k].operand.name.n &&
                                   str_eqz_nocase(q->items[k].operand.name.parts[0], event->properties[p].name);
        }
        return only;
}

static void write_object(const struct cim_instance *i, const bool *only, struct buf *out)
{
        struct buf b;

        buf_init(&b, 0);
        cim_json_write_some(i, only, &b);
        buf_printf(out, "{\"__CLASS\":\"%s\"%s", i->class->name, b.n > 2 ? "," : "");
        buf_adds(out, str_from(buf_str(&b), 1));
        out->failed |= b.failed;
        buf_fini(&b);
}

static void put_object(const struct event_filter *f, struct cim_instance *event, const char *name,
                       const struct cim_instance *object, struct arena *a)
{
        int p = cim_property_find(event->class, str_of(name));
        struct buf b;

        if (p < 0 || !object)
                return;
        buf_init(&b, 0);
        write_object(object, f->binding->query->star ? NULL : selected_of(f, name, object, a), &b);
        event->values[p] = (struct cim_value){ .null = b.failed, .s = arena_str(a, buf_str(&b)) };
        event->values[p].null |= !event->values[p].s.p;
        buf_fini(&b);
}

bool event_filter_match_event(const struct event_filter *f, const struct cim_instance *event)
{
        return cim_class_isa(event->class, f->binding->event) &&
               wql_match(f->program, &(struct wql_object){ .self = event });
}

void event_filter_write_event(const struct event_filter *f, const struct cim_instance *event, struct buf *out)
{
        const bool *only;
        struct arena a;

        arena_init(&a, 0);
        only = selected(f, event->class, &a);
        if (only)
                write_object(event, only, out);
        out->failed |= !only;
        arena_fini(&a);
}

static void write_event(const struct event_filter *f, const struct event_images *m, size_t event, struct buf *out)
{
        struct cim_instance i = *m->selves[event];
        const bool *only;
        struct arena a;

        arena_init(&a, 0);
        i.values = arena_array(&a, i.class->n_properties, sizeof(*i.values));
        only = selected(f, i.class, &a);
        if (i.values && only) {
                memcpy(i.values, m->selves[event]->values, i.class->n_properties * sizeof(*i.values));
                put_object(f, &i, "TargetInstance", m->after ? m->after : m->before, &a);
                put_object(f, &i, "PreviousInstance", m->after ? m->before : NULL, &a);
                write_object(&i, only, out);
        } else {
                out->failed = true;
        }
        arena_fini(&a);
}

struct str event_filter_text(struct event_filter *f, const struct event_diff *d, size_t i)
{
        const struct event_images *m = decide(f, d);
        struct buf *text = &f->texts[i];

        if (!m || i >= f->n_wanted)
                return STR_NULL;
        if (!text->n)
                write_event(f, m, f->wanted[i], text);
        return text->failed ? STR_NULL : buf_str(text);
}
