/* SPDX-License-Identifier: Apache-2.0 */
/* batch - one reading of the change log, on a database thread */
#include "event/hub.h"

/* What was seen, or is. */
static bool is_seen(struct batch *b, const struct model_change *ch)
{
        const struct cim_class *c = cim_class_find(ch->class_name);
        const struct str images[] = { ch->before, ch->after };
        bool seen = false;
        struct arena a;

        arena_init(&a, BATCH_BYTES);
        for (size_t i = 0; c && i < ARRAY_SIZE(images) && !seen && b->r == 0; i++) {
                struct cim_instance *in;

                if (!images[i].p)
                        continue;
                b->r = cim_json_read(c, images[i], &a, &in, b->err);
                if (b->r == 0) {
                        b->r = scope_sees(b->db, &b->scope, in, b->err);
                        seen = b->r == 0;
                        b->r = MIN(b->r, 0);
                }
        }
        arena_fini(&a);
        return seen;
}

static bool collect(void *ctx, const struct model_change *ch)
{
        struct batch *b = ctx;
        struct model_change *copy = &b->rows[b->n];

        if (b->scope.account && !is_seen(b, ch))
                return b->r == 0;
        *copy = *ch;
        copy->class_name = arena_str(&b->arena, ch->class_name);
        copy->path = arena_str(&b->arena, ch->path);
        copy->before = ch->before.p ? arena_str(&b->arena, ch->before) : STR_NULL;
        copy->after = ch->after.p ? arena_str(&b->arena, ch->after) : STR_NULL;
        if (!copy->class_name.p || !copy->path.p || (ch->before.p && !copy->before.p) || (ch->after.p && !copy->after.p))
                return false;           /* the batch's memory is used up: the rest comes with the next one */
        b->last = ch->seq;
        return ++b->n < BATCH_ROWS;
}

static bool batch_wants(void *ctx, struct str class_name)
{
        const struct batch *b = ctx;

        return b->all || map_get(&b->wanted, class_name);
}

static int batch_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct batch *b = container_of(j, struct batch, job);
        const struct model_changes_query q = { .from = b->from, .max = BATCH_ROWS, .wanted = batch_wants, .fn = collect, .ctx = b };
        struct model_changes_end end;
        int r;

        r = b->who ? scope_load(c, b->who, &b->scope, e) : 0;
        if (r < 0 || b->from == EVENT_FROM_NOW)
                return r < 0 ? r : model_changes_last(c, &b->last, e);
        b->last = b->from;
        b->db = c;
        b->err = e;
        r = model_changes(c, &q, &end, e);
        if (r == 0 && b->r < 0)
                r = b->r;
        if (r < 0)
                return r;
        b->last = MAX(b->last, end.last);
        b->full = end.stopped || end.n_rows == BATCH_ROWS;
        if (r == CHANGE_E_GONE) {
                b->gone = true;
                return 0;
        }
        if (r == 0 && end.stopped && b->n == 0)
                return err_set(e, ERR_TOO_LARGE, "change %lld is too large to deliver", (long long)b->from + 1);
        return r;
}

void batch_free(struct batch *b)
{
        b->hub->n_jobs--;
        arena_fini(&b->arena);
        map_fini(&b->wanted, NULL);
        free(b->who);
        free(b);
}

/* Only what somebody asks for is read: the classes of one subscription, or of all. False: memory is out. */
static bool batch_ask(struct batch *b)
{
        const struct event_sub *s = b->sub;
        struct str name;
        size_t it = 0;
        void *node;

        map_init(&b->wanted, true);
        if (s && s->who && !(b->who = str_dup(str_of(s->who))))
                return false;
        b->all = s ? !s->n_classes : !list_empty(&b->hub->index.any);
        for (size_t i = 0; s && i < s->n_classes; i++)
                if (map_put(&b->wanted, str_of(s->classes[i]), b, NULL) < 0)
                        return false;
        if (!s && map_put(&b->wanted, STR("TM_AccountScope"), b, NULL) < 0)
                return false;           /* whom it concerns must look again */
        while (!s && !b->all && map_next(&b->hub->index.classes, &it, &name, &node))
                if (map_put(&b->wanted, name, b, NULL) < 0)
                        return false;
        return true;
}

int batch_start(struct event_hub *h, struct event_sub *s, int64_t from, void (*done)(struct db_job *j))
{
        struct batch *b = calloc(1, sizeof(*b));

        if (!b)
                return -1;
        arena_init(&b->arena, BATCH_BYTES);
        b->hub = h;
        b->sub = s;
        b->from = from;
        b->job.work = batch_work;
        b->job.done = done;
        h->n_jobs++;
        if (!batch_ask(b)) {
                batch_free(b);
                return -1;
        }
        db_read(h->db, &b->job);
        return 0;
}
