/* SPDX-License-Identifier: Apache-2.0 */
#include "event/image.h"

#include <assert.h>
#include "os/os.h"

#define LOG "event"
enum { IMAGES_BYTES = 32 << 20 };
#define WIN32_EPOCH_US INT64_C(11644473600000000)       /* from 1601-01-01 to 1970-01-01 */

const struct cim_class *event_class(const char *name)
{
        const struct cim_class *c = cim_class_find(str_of(name));

        assert(c);
        return c;
}

static int read_one(struct event_images *m, struct str class_name, struct str json, struct cim_instance **out, struct err *e)
{
        const struct cim_class *c = cim_class_find(class_name);

        *out = NULL;
        if (!json.p)
                return 0;
        return c ? cim_json_read(c, json, &m->arena, out, e) : err_set(e, ERR_CORRUPT, "there is no such class");
}

static bool is_true(const struct cim_instance *i, const char *property)
{
        const struct cim_value *v = i ? cim_get(i, property) : NULL;

        return v && v->i;
}

static bool is_ready(const struct cim_instance *condition)
{
        return is_true(condition, "Ready");
}

static const struct cim_class *event_of(const struct event_images *m, const struct event_diff *d, size_t i)
{
        if (i == 0)
                return event_class(!m->before ? "__InstanceCreationEvent" : m->after ? "__InstanceModificationEvent" :
                                   "__InstanceDeletionEvent");
        if (str_eqz_nocase(d->class_name, "TM_EventFailure"))
                return m->before ? NULL : event_class(is_true(m->after, "Dropped") ? "__EventDroppedEvent" : "__ConsumerFailureEvent");
        if (!str_eqz_nocase(d->class_name, "TM_PackageCondition") || is_ready(m->before) == is_ready(m->after))
                return NULL;
        return event_class(is_ready(m->after) ? "TM_PackageReady" : "TM_PackageNotReady");
}

/* Properties of TM_PackageEvent are those of the condition, by name; those of a failure are __ConsumerFailureEvent's. */
static void copy_same(struct cim_instance *to, const struct cim_instance *from)
{
        for (size_t i = 0; i < to->class->n_properties; i++) {
                int k = cim_property_find(from->class, str_of(to->class->properties[i].name));

                if (k >= 0 && from->class->properties[k].type == to->class->properties[i].type)
                        to->values[i] = from->values[k];
        }
}

void event_set_time(struct cim_instance *event, int64_t when_us)
{
        int k = cim_property_find(event->class, STR("TIME_CREATED"));

        event->values[k] = (struct cim_value){ .u = (uint64_t)(when_us + WIN32_EPOCH_US) * 10 };
}

static struct cim_instance *self_of(struct event_images *m, const struct event_diff *d, const struct cim_class *event)
{
        struct cim_instance *i = cim_instance_new(event, &m->arena);

        if (!i)
                return NULL;
        if (cim_class_isa(event, event_class("TM_PackageEvent")) || cim_class_isa(event, event_class("__EventDroppedEvent")))
                copy_same(i, m->after ? m->after : m->before);
        if (cim_class_isa(event, event_class("__EventDroppedEvent")) && cim_get(m->after, "Consumer"))
                cim_set_str(i, "IntendedConsumer", cim_get(m->after, "Consumer")->s);
        event_set_time(i, d->when_us);
        return i;
}

struct wql_object event_object(const struct event_images *m, size_t i)
{
        struct wql_object o = { .self = m->selves[i] };

        if (cim_class_isa(m->events[i], event_class("__InstanceOperationEvent"))) {
                o.target = m->after ? m->after : m->before;
                o.previous = m->after ? m->before : NULL;
        }
        return o;
}

/* ---- reading, once ---- */

static int read_images(struct event_images *m, const struct event_diff *d, struct err *e)
{
        int r = read_one(m, d->class_name, d->before, &m->before, e);

        if (r == 0)
                r = read_one(m, d->class_name, d->after, &m->after, e);
        if (r == 0 && !m->before && !m->after)
                r = err_set(e, ERR_CORRUPT, "there is no image");
        for (size_t i = 0; r == 0 && i < EVENTS_OF_A_CHANGE; i++) {
                m->events[i] = event_of(m, d, i);
                if (m->events[i] && !(m->selves[i] = self_of(m, d, m->events[i])))
                        r = err_set(e, ERR_NOMEM, "out of memory");
        }
        return r;
}

static bool same_image(struct str a, struct str b)
{
        return !a.p || !b.p ? a.p == b.p : str_eq(a, b);
}

/* The reading keeps the texts it was made of. */
static bool keep_texts(struct event_reading *r, const struct event_diff *d)
{
        struct arena *a = &r->images.arena;

        r->seq = d->seq;
        r->class_name = arena_str(a, d->class_name);
        r->before = d->before.p ? arena_str(a, d->before) : STR_NULL;
        r->after = d->after.p ? arena_str(a, d->after) : STR_NULL;
        return r->class_name.p && !d->before.p == !r->before.p && !d->after.p == !r->after.p;
}

void event_reading_fini(struct event_reading *r)
{
        if (r->generation)
                arena_fini(&r->images.arena);
        r->images = (struct event_images){ 0 };
        r->generation = 0;
}

const struct event_images *event_reading_of(struct event_reading *r, const struct event_diff *d)
{
        struct err e = { 0 };

        if (r->generation && r->seq == d->seq && same_image(r->before, d->before) && same_image(r->after, d->after) &&
            str_eq(r->class_name, d->class_name))
                return &r->images;
        event_reading_fini(r);
        arena_init(&r->images.arena, IMAGES_BYTES);
        r->generation = ++r->last_generation;
        if (read_images(&r->images, d, &e) == 0 && keep_texts(r, d))
                return &r->images;
        log_error(LOG, "change %lld of %.*s makes no events: %s", (long long)d->seq, STR_ARG(d->path),
                  e.text[0] ? e.text : "out of memory");
        event_reading_fini(r);
        return NULL;
}
