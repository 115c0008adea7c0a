/* SPDX-License-Identifier: Apache-2.0 */
/* definition - a binding with its filter and consumer, as stored */
#include "consumer/private.h"

static void write_print(const struct model_subscription *s, struct buf *out)
{
        buf_adds(out, s->filter);
        buf_addc(out, 0);
        buf_adds(out, s->query);
        buf_addc(out, 0);
        buf_addz(out, s->consumer->class->name);
        buf_addc(out, 0);
        cim_json_write(s->consumer, out);
        buf_addc(out, 0);
        buf_adds(out, s->secret);
}

static int fill(struct definition *d, const struct model_subscription *s)
{
        struct err e = { 0 };
        struct buf b;
        int r = -1;

        buf_init(&b, 0);
        cim_json_write(s->consumer, &b);
        if (!b.failed)
                r = cim_json_read(s->consumer->class, buf_str(&b), &d->arena, &d->instance, &e);
        buf_reset(&b);
        if (r == 0)
                r = cim_path_format(d->instance, &b);
        d->path = arena_str(&d->arena, buf_str(&b));
        buf_reset(&b);
        write_print(s, &b);
        d->print = arena_str(&d->arena, buf_str(&b));
        r = b.failed ? -1 : r;
        buf_fini(&b);
        d->id = s->id;
        d->filter = arena_str(&d->arena, s->filter);
        d->query = arena_str(&d->arena, s->query);
        d->secret = s->secret.p ? arena_str(&d->arena, s->secret) : STR_NULL;
        if (r < 0 || !d->path.p || !d->print.p || !d->filter.p || !d->query.p || (s->secret.p && !d->secret.p))
                return -1;
        d->consumer = cim_get(d->instance, "Name")->s;
        return 0;
}

struct definition *definition_new(const struct model_subscription *s)
{
        struct definition *d = calloc(1, sizeof(*d));

        if (!d)
                return NULL;
        d->n_refs = 1;
        arena_init(&d->arena, 0);
        if (fill(d, s) < 0) {
                definition_unref(d);
                return NULL;
        }
        return d;
}

struct definition *definition_ref(struct definition *d)
{
        d->n_refs++;
        return d;
}

void definition_unref(struct definition *d)
{
        if (!d || --d->n_refs)
                return;
        arena_fini(&d->arena);
        free(d);
}
