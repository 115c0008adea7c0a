/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * source - objects one after another: of a query, of a list, of events
 *
 * Who consumes (an enumerator, a sink) asks for the next row until there is none
 * now; then ready() is called, once, when it is worth asking again.  Nothing is
 * called from inside next(), nor after wmi_source_free().
 *
 * Threads: the loop's.
 */
#include "base/list.h"
#include "provider/provider.h"
#include "wmi/failure.h"

enum wmi_next { WMI_ROW, WMI_WAIT, WMI_END, WMI_FAILED };

struct wmi_row {                        /* lives until the source is used again */
        const struct wmio_image *image; /* lives as long as the source */
        const struct cim_value *values; /* NULL: the row is the class */
        const struct wmio_object *const *objects;
        unsigned class_flags;           /* of a class: WMIO_PROTOTYPE */
};

struct wmi_source;
struct wmi_source_class {
        enum wmi_next (*next)(struct wmi_source *s, struct wmi_row *out);
        /* At the same place, or @back (0 or 1) rows before it; NULL result: out of memory. */
        struct wmi_source *(*clone)(const struct wmi_source *s, unsigned back);
        bool (*reset)(struct wmi_source *s);                            /* to the beginning */
        void (*free)(struct wmi_source *s);
};
struct wmi_source {
        const struct wmi_source_class *class;   /* clone, reset: NULL where there is no going back */
        struct wmi *wmi;
        enum cim_namespace ns;
        bool is_event;
        struct list woken;
        void (*ready)(void *arg);
        void *arg;
        struct wmi_failure failure;     /* behind WMI_FAILED */
};
void wmi_source_init(struct wmi_source *s, const struct wmi_source_class *class, struct wmi *w, enum cim_namespace ns);
void wmi_source_wake(struct wmi_source *s);             /* ready() in the loop's next turn */
void wmi_source_free(struct wmi_source *s);             /* NULL is harmless */

/* ---- the sources ---- */
struct wmi_query_opts {
        struct provider_caller caller;
        struct str text;                /* copied */
        bool locatable;                 /* key properties, whether asked for or not */
        bool amended;
        const struct provider_context *context;         /* copied; NULL: none */
};
struct wmi_source *wmi_query_source(struct wmi *w, enum cim_namespace ns, const struct wmi_query_opts *o);
/* Classes the namespace shows, by name. @super NULL: roots, or with @deep all. */
struct wmi_source *wmi_class_source(struct wmi *w, enum cim_namespace ns, const struct cim_class *super, bool deep, bool amended);
/* One class, as the rows of a query would be. @only is copied; NULL: all properties. */
struct wmi_source *wmi_prototype_source(struct wmi *w, enum cim_namespace ns, const struct cim_class *c, const bool *only);
/* -1 with @f: the query is refused. */
/* @who  the account, which hears of what it sees (event/event.h) */
MUST int wmi_event_source(struct wmi_source **out, struct wmi *w, enum cim_namespace ns, const char *who, struct str text,
                          struct wmi_failure *f);

/* ---- rows.c: images of a source's rows ---- */
struct wmi_images {                     /* of one source; { 0 } to begin with */
        struct wmi_image_row {
                const struct cim_class *class;
                bool *only;             /* NULL: all */
                struct wmio_image *image;
        } *v;
        size_t n, cap;
        bool amended;
};
/* NULL: memory is out. Any thread, one at a time. */
const struct wmio_image *wmi_images_get(struct wmi_images *m, const struct wmio_images *all, const struct cim_class *c,
                                        const bool *asked);
void wmi_images_fini(struct wmi_images *m);
/* Copies into @a; false: it is full. */
MUST bool wmi_copy_values(const struct cim_class *c, const struct cim_value *from, struct arena *a, struct cim_value **out);
