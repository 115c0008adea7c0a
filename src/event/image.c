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

bool event_images_read(struct event_images *m, const struct event_diff *d)
{
        struct err e = { 0 };

        arena_init(&m->arena, IMAGES_BYTES);
        if (read_one(m, d->class_name, d->before, &m->before, &e) == 0 &&
            read_one(m, d->class_name, d->after, &m->after, &e) == 0 && (m->before || m->after))
                return true;
        log_error(LOG, "change %lld of %.*s makes no events: %s", (long long)d->seq, STR_ARG(d->path), e.text);
        arena_fini(&m->arena);
        return false;
}

void event_images_fini(struct event_images *m)
{
        arena_fini(&m->arena);
}

static bool is_ready(const struct cim_instance *condition)
{
        const struct cim_value *v = condition ? cim_get(condition, "Ready") : NULL;

        return v && v->i;
}

const struct cim_class *event_of_change(const struct event_images *m, const struct event_diff *d, size_t i)
{
        if (i == 0)
                return event_class(!m->before ? "__InstanceCreationEvent" : m->after ? "__InstanceModificationEvent" :
                                   "__InstanceDeletionEvent");
        if (!str_eqz_nocase(d->class_name, "TM_PackageCondition") || is_ready(m->before) == is_ready(m->after))
                return NULL;
        return event_class(is_ready(m->after) ? "TM_PackageReady" : "TM_PackageNotReady");
}

/* Properties of TM_PackageEvent are those of the condition, by name. */
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

struct cim_instance *event_instance(struct event_images *m, const struct event_diff *d, const struct cim_class *event)
{
        struct cim_instance *i = cim_instance_new(event, &m->arena);

        if (!i)
                return NULL;
        if (cim_class_isa(event, event_class("TM_PackageEvent")))
                copy_same(i, m->after ? m->after : m->before);
        event_set_time(i, d->when_us);
        return i;
}

bool event_object(struct event_images *m, const struct event_diff *d, const struct cim_class *event, struct wql_object *out)
{
        *out = (struct wql_object){ .self = event_instance(m, d, event) };
        if (cim_class_isa(event, event_class("__InstanceOperationEvent"))) {
                out->target = m->after ? m->after : m->before;
                out->previous = m->after ? m->before : NULL;
        }
        return out->self != NULL;
}
