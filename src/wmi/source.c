/* SPDX-License-Identifier: Apache-2.0 */
/* source - what all sources share; and lists of classes */
#include "wmi/private.h"

void wmi_source_init(struct wmi_source *s, const struct wmi_source_class *class, struct wmi *w, enum cim_namespace ns)
{
        s->class = class;
        s->wmi = w;
        s->ns = ns;
        list_init(&s->woken);
}

void wmi_source_wake(struct wmi_source *s)
{
        list_del(&s->woken);
        list_push_back(&s->wmi->woken, &s->woken);
        loop_soon_ask(s->wmi->soon);
}

void wmi_source_free(struct wmi_source *s)
{
        if (!s)
                return;
        list_del(&s->woken);
        s->class->free(s);
}

/* ---- classes ---- */

struct class_source {
        struct wmi_source source;       /* first */
        const struct cim_class *super;
        bool deep;
        const struct cim_class *only;   /* this one alone: a prototype */
        bool *properties;               /* of only; NULL: all */
        size_t at;
        struct wmi_images images;
};

static bool belongs(const struct class_source *s, const struct cim_class *c)
{
        if (s->only)
                return c == s->only;
        if (!cim_namespace_has(s->source.ns, c))
                return false;
        if (!s->deep)
                return c->super == s->super;
        return !s->super || (c != s->super && cim_class_isa(c, s->super));
}

static enum wmi_next class_next(struct wmi_source *source, struct wmi_row *out)
{
        struct class_source *s = container_of(source, struct class_source, source);

        while (s->at < n_cim_classes) {
                const struct cim_class *c = cim_classes[s->at++];

                if (!belongs(s, c))
                        continue;
                *out = (struct wmi_row){ .image = wmi_images_get(&s->images, source->wmi->images, c, s->properties),
                                         .class_flags = s->only ? WMIO_PROTOTYPE : 0 };
                if (out->image)
                        return WMI_ROW;
                (void)wmi_fail(&source->failure, (uint32_t)WBEM_E_OUT_OF_MEMORY, "out of memory");
                return WMI_FAILED;
        }
        return WMI_END;
}

static void class_free(struct wmi_source *source)
{
        struct class_source *s = container_of(source, struct class_source, source);

        wmi_images_fini(&s->images);
        free(s->properties);
        free(s);
}

static bool class_reset(struct wmi_source *source)
{
        container_of(source, struct class_source, source)->at = 0;
        return true;
}

static struct wmi_source *class_clone(const struct wmi_source *source, unsigned back);

static const struct wmi_source_class class_rows = { class_next, class_clone, class_reset, class_free };

static struct class_source *class_new(struct wmi *w, enum cim_namespace ns)
{
        struct class_source *s = calloc(1, sizeof *s);

        if (s)
                wmi_source_init(&s->source, &class_rows, w, ns);
        return s;
}

struct wmi_source *wmi_class_source(struct wmi *w, enum cim_namespace ns, const struct cim_class *super, bool deep, bool amended)
{
        struct class_source *s = class_new(w, ns);

        if (!s)
                return NULL;
        s->super = super;
        s->deep = deep;
        s->images.amended = amended;
        return &s->source;
}

struct wmi_source *wmi_prototype_source(struct wmi *w, enum cim_namespace ns, const struct cim_class *c, const bool *only)
{
        struct class_source *s = class_new(w, ns);

        if (!s)
                return NULL;
        s->only = c;
        if (only) {
                s->properties = malloc(c->n_properties * sizeof *only + 1);
                if (!s->properties) {
                        class_free(&s->source);
                        return NULL;
                }
                memcpy(s->properties, only, c->n_properties * sizeof *only);
        }
        return &s->source;
}

static struct wmi_source *class_clone(const struct wmi_source *source, unsigned back)
{
        const struct class_source *s = container_of(source, struct class_source, source);
        struct wmi_source *copy = s->only ? wmi_prototype_source(source->wmi, source->ns, s->only, s->properties)
                                          : wmi_class_source(source->wmi, source->ns, s->super, s->deep, s->images.amended);

        if (copy)
                container_of(copy, struct class_source, source)->at = s->at - back;
        return copy;
}
