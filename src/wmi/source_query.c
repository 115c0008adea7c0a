/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_query - rows of a WQL query, page by page
 *
 * A page is read on a database thread, where each row is copied into the page's
 * arena and gets its image.  While a client looks at one page the next is read;
 * there are never more than these two.  Going back, or a clone, reads again.
 */
#include "wmi/private.h"
#include "provider/wql.h"
#include "wmi/query_row.h"

enum { FIRST_PAGE = 64 << 10, LAST_PAGE = 1 << 20, PAGE_MEMORY = 64 << 20 };

struct page {
        struct arena arena;
        struct query_row *first, *last;
        size_t limit;
};

struct query_source {
        struct wmi_source source;       /* first */
        struct wmi_query_opts o;
        char *text;
        struct arena copies;            /* of the context's texts */
        struct provider_context context;
        struct provider_wql_request q;
        struct query_images images;
        struct page now, next;          /* looked at; being read, or read */
        struct query_row *at;           /* in now */
        size_t page_bytes;
        uint64_t position;              /* rows of the query that were given away */
        bool begun, reading, read, more;
        bool stale;                     /* what is being read is not wanted any more */
        bool dead;                      /* freed while reading */
};

static const struct wmi_source_class query_rows;

static void page_fini(struct page *p)
{
        arena_fini(&p->arena);
        *p = (struct page){ .limit = 0 };
        arena_init(&p->arena, PAGE_MEMORY);
}

static void really_free(struct query_source *s)
{
        page_fini(&s->now);
        page_fini(&s->next);
        query_images_fini(&s->images);
        arena_fini(&s->copies);
        free(s->text);
        free(s);
}

/* Database thread. */
static bool add_row(void *ctx, const struct provider_wql_row *row, bool *full_out)
{
        struct query_source *s = ctx;
        struct page *p = &s->next;
        struct query_row *copy = query_row_copy(&s->images, row, &p->arena);

        if (!copy)
                return false;
        if (p->last)
                p->last->next = copy;
        else
                p->first = copy;
        p->last = copy;
        *full_out = p->arena.used >= p->limit;
        return true;
}

static void page_done(struct provider_wql_request *q);

static void read_page(struct query_source *s, uint64_t skip)
{
        s->begun = s->reading = true;
        s->read = s->stale = false;
        page_fini(&s->next);
        s->next.limit = s->page_bytes;
        s->q = (struct provider_wql_request){
                .caller = s->o.caller, .text = str_of(s->text), .dialect = WQL_DIALECT_EXTENDED, .skip = skip,
                .ns = s->source.wmi->decorations[s->source.ns].ns, .server = s->source.wmi->decorations[s->source.ns].server,
                .context = s->o.context, .row = add_row, .done = page_done, .ctx = s,
        };
        provider_wql_submit(s->source.wmi->o.provider, &s->q);
}

static void page_done(struct provider_wql_request *q)
{
        struct query_source *s = q->ctx;

        buf_fini(&q->json);
        s->reading = false;
        if (s->dead) {
                really_free(s);
                return;
        }
        if (s->stale) {                 /* the consumer went back: it will ask */
                s->begun = false;
                page_fini(&s->next);
        } else if (q->r < 0 && q->why.status) {
                (void)wmi_fail_wql(&s->source.failure, &q->why);
        } else if (q->r < 0) {
                (void)wmi_fail_err(&s->source.failure, &q->err);
        }
        s->read = !s->stale;
        s->more = q->more;
        wmi_source_wake(&s->source);
}

/* The page that was read becomes the one that is looked at, and the one behind it is asked for. */
static void turn_page(struct query_source *s)
{
        page_fini(&s->now);
        s->now = s->next;
        arena_init(&s->next.arena, PAGE_MEMORY);
        s->next.first = s->next.last = NULL;
        s->at = s->now.first;
        s->read = false;
        if (!s->source.wmi->o.page_bytes)
                s->page_bytes = MIN(s->page_bytes * 2, (size_t)LAST_PAGE);
        if (s->more)
                read_page(s, s->q.skip + s->q.n_rows);
}

static enum wmi_next query_next(struct wmi_source *source, struct wmi_row *out)
{
        struct query_source *s = container_of(source, struct query_source, source);

        for (;;) {
                while (s->at && (!s->at->class || !cim_namespace_has(source->ns, s->at->class))) {
                        s->at = s->at->next;
                        s->position++;
                }
                if (s->at) {
                        *out = s->at->row;
                        s->at = s->at->next;
                        s->position++;
                        return WMI_ROW;
                }
                if (source->failure.hr)
                        return WMI_FAILED;
                if (s->reading)
                        return WMI_WAIT;
                if (!s->begun)
                        read_page(s, s->position);
                else if (s->read)
                        turn_page(s);
                else
                        return WMI_END;
        }
}

static void query_free(struct wmi_source *source)
{
        struct query_source *s = container_of(source, struct query_source, source);

        if (s->reading) {
                s->dead = true;
                provider_wql_abandon(&s->q);
        } else {
                really_free(s);
        }
}

static bool query_reset(struct wmi_source *source)
{
        struct query_source *s = container_of(source, struct query_source, source);

        page_fini(&s->now);
        s->at = NULL;
        s->position = 0;
        if (s->reading) {
                s->stale = true;
        } else {
                s->begun = s->read = false;
                page_fini(&s->next);
        }
        source->failure = (struct wmi_failure){ 0 };
        return true;
}

static struct wmi_source *query_clone(const struct wmi_source *source, unsigned back)
{
        const struct query_source *s = container_of(source, struct query_source, source);
        struct wmi_query_opts o = s->o;
        struct wmi_source *copy;

        o.text = str_of(s->text);
        copy = wmi_query_source(source->wmi, source->ns, &o);
        if (copy)
                container_of(copy, struct query_source, source)->position = s->position - back;
        return copy;
}

static const struct wmi_source_class query_rows = { query_next, query_clone, query_reset, query_free };

static bool copy_context(struct query_source *s, const struct provider_context *from)
{
        struct str *texts[] = { &s->context.application, &s->context.machine, &s->context.locale, &s->context.collection,
                                &s->context.handle };

        s->context = *from;
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                if (texts[i]->p && !(*texts[i] = arena_str(&s->copies, *texts[i])).p)
                        return false;
        }
        s->o.context = &s->context;
        return true;
}

struct wmi_source *wmi_query_source(struct wmi *w, enum cim_namespace ns, const struct wmi_query_opts *o)
{
        struct query_source *s = calloc(1, sizeof *s);

        if (!s || !(s->text = str_dup(o->text))) {
                free(s);
                return NULL;
        }
        wmi_source_init(&s->source, &query_rows, w, ns);
        s->o = *o;
        s->o.text = STR_NULL;
        s->page_bytes = w->o.page_bytes ? w->o.page_bytes : FIRST_PAGE;
        s->images.all = w->images;
        s->images.locatable = o->locatable;
        s->images.of_class.amended = o->amended;
        arena_init(&s->now.arena, PAGE_MEMORY);
        arena_init(&s->next.arena, PAGE_MEMORY);
        arena_init(&s->images.arena, PAGE_MEMORY);
        arena_init(&s->copies, 0);
        wmi_failure_about(&s->source.failure, o->text);
        if (o->context && !copy_context(s, o->context)) {
                really_free(s);
                return NULL;
        }
        return &s->source;
}
