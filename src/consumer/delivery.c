/* SPDX-License-Identifier: Apache-2.0 */
/* delivery - one event on its way to one consumer */
#include "consumer/private.h"
#include "base/hex.h"

static void (*const starts[SINKS])(struct delivery *d) = {
        [SINK_COMMAND] = sink_command, [SINK_LOG] = sink_log, [SINK_MAIL] = sink_mail, [SINK_WEBHOOK] = sink_webhook,
};

static void delivery_free(struct delivery *d)
{
        json_decref(d->event);
        free(d->json);
        definition_unref(d->def);
        free(d);
}

/* What the receiver knows the event by again, when it comes twice. */
static bool name_it(struct delivery *d)
{
        struct hasher *h = hasher_new();
        struct hash_id id;

        if (!h)
                return false;
        hasher_begin(h);
        hasher_add(h, d->def->filter.p, d->def->filter.n + 1);
        hasher_add(h, d->def->path.p, d->def->path.n + 1);
        hasher_add(h, d->json, d->n_json);
        hasher_end(h, &id);
        hasher_free(h);
        hex_encode(id.b, DELIVERY_ID_LEN / 2, d->id);
        return true;
}

struct delivery *delivery_new(struct consumers *c, struct binding *b, struct definition *def, enum sink_class sink,
                              const struct event_notice *n)
{
        struct delivery *d = calloc(1, sizeof(*d));

        if (!d)
                return NULL;
        d->owner = c;
        d->binding = b;
        d->def = definition_ref(def);
        d->sink = sink;
        d->event_class = n->class;
        d->sequence = n->sequence;
        d->json = str_dup(n->json);
        d->n_json = n->json.n;
        d->event = d->json ? json_loadb(d->json, d->n_json, 0, NULL) : NULL;
        if (!d->event || !name_it(d)) {
                delivery_free(d);
                return NULL;
        }
        return d;
}

void delivery_start(struct delivery *d)
{
        d->running = true;
        d->retrying = d->tries > 0;
        d->tries++;
        d->err = (struct err){ 0 };
        d->owner->running[d->sink]++;
        d->owner->retrying[d->sink] += d->retrying;
        starts[d->sink](d);
}

void delivery_ended(struct delivery *d, enum delivery_end how, const struct err *e)
{
        d->owner->running[d->sink]--;
        d->owner->retrying[d->sink] -= d->retrying;
        d->running = false;
        d->fetch = NULL;
        d->how = how;
        if (e)
                d->err = *e;
        consumers_soon(d->owner);
        if (d->binding)
                d->binding->ended = true;
        else
                delivery_free(d);
}

void delivery_abandon(struct delivery *d)
{
        if (!d)
                return;
        d->binding = NULL;
        if (!d->running) {
                delivery_free(d);
                return;
        }
        if (d->fetch) {
                fetch_cancel(d->fetch);
                delivery_ended(d, DELIVERY_AGAIN, NULL);
        }
}

struct str delivery_text(const struct delivery *d, const char *property)
{
        const struct cim_value *v = cim_get(d->def->instance, property);

        return v ? v->s : STR("");
}
