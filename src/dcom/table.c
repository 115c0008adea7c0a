/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table - objects, their IPIDs, and who may use them
 *
 * Source: [MS-DCOM] 3.1.1.1 (OID table, IPID table), 3.1.1.5.4.
 */
#include <errno.h>
#include "dcom/private.h"
#include "os/os.h"

static int64_t now(const struct dcom *d)
{
        return d->o.now_us();
}

/* ---- which connection keeps an object ---- */

static struct dcom_connection *connection_get(struct dcom *d, uint64_t number)
{
        struct dcom_connection *k = map_get(&d->connections, key64(&number));

        if (k)
                return k;
        k = calloc(1, sizeof *k);
        if (!k)
                return NULL;
        k->number = number;
        list_init(&k->objects);
        if (map_put(&d->connections, key64(&number), k, NULL) < 0) {
                free(k);
                return NULL;
        }
        return k;
}

void dcom_object_seen(struct dcom_object *o, uint64_t connection)
{
        struct dcom *d = o->dcom;

        o->seen_us = now(d);
        if (o->connection && o->connection->number == connection)
                return;
        o->connection = connection_get(d, connection);
        list_del(&o->link);
        list_push_back(o->connection ? &o->connection->objects : &d->adrift, &o->link);
}

void dcom_connection_closed(struct dcom *d, uint64_t connection)
{
        struct dcom_connection *k = map_del(&d->connections, key64(&connection));
        struct list *l;

        if (!k)
                return;
        while ((l = list_pop_front(&k->objects))) {
                struct dcom_object *o = list_entry(l, struct dcom_object, link);

                o->connection = NULL;
                o->seen_us = now(d);
                list_push_back(&d->adrift, &o->link);
        }
        free(k);
}

/* ---- objects ---- */

int dcom_object_init(struct dcom_object *o, const struct dcom_class *class, const struct dcom_call *c)
{
        struct dcom *d = c->dcom;

        if (d->closed || d->oids.n >= d->o.max_objects)
                return -ENOSPC;
        *o = (struct dcom_object){ .class = class, .dcom = d, .refs = 1 };
        do
                o->oid = os_random_u64();
        while (!o->oid || map_get(&d->oids, key64(&o->oid)));
        if (map_put(&d->oids, key64(&o->oid), o, NULL) < 0)
                return -ENOSPC;
        o->owner = rpc_caller_ref(c->rq->caller);
        list_init(&o->link);
        if (c->cancelled) {             /* its connection may be one that has gone */
                o->seen_us = now(d);
                list_push_back(&d->adrift, &o->link);
        } else {
                dcom_object_seen(o, c->rq->connection);
        }
        return 0;
}

struct dcom_object *dcom_object_ref(struct dcom_object *o)
{
        o->refs++;
        return o;
}

void dcom_object_unref(struct dcom_object *o)
{
        struct dcom *d;

        if (!o || --o->refs)
                return;
        d = o->dcom;
        (void)map_del(&d->oids, key64(&o->oid));
        list_del(&o->link);
        rpc_caller_unref(o->owner);
        o->class->free(o);
        if (d->closed && !d->oids.n)
                dcom_really_free(d);
}

bool dcom_owned_by(const struct dcom_object *o, const struct rpc_caller *caller)
{
        return o->owner->account && caller->account && strcmp(o->owner->account, caller->account) == 0;
}

/* ---- IPIDs ---- */

struct dcom_ipid *dcom_ipid_find(const struct dcom *d, const struct uuid *ipid)
{
        return map_get(&d->ipids, key_uuid(ipid));
}

static const struct dcom_interface *interface_of(const struct dcom_class *c, const struct uuid *iid)
{
        static const struct dcom_interface unknown = { &dcom_iid_unknown, "IUnknown", NULL };

        for (size_t i = 0; i < c->n_interfaces; i++) {
                if (uuid_eq(c->interfaces[i]->iid, iid))
                        return c->interfaces[i];
        }
        return uuid_eq(iid, &dcom_iid_unknown) ? &unknown : NULL;
}

static struct dcom_ipid *ipid_new(struct dcom_object *o, const struct dcom_interface *interface)
{
        struct dcom_ipid *p = calloc(1, sizeof *p);

        if (!p)
                return NULL;
        *p = (struct dcom_ipid){ .object = o, .interface = interface };
        os_random(p->ipid.b, sizeof p->ipid.b);
        if (map_put(&o->dcom->ipids, key_uuid(&p->ipid), p, NULL) < 0) {
                free(p);
                return NULL;
        }
        if (!o->ipids)
                (void)dcom_object_ref(o);
        p->next = o->ipids;
        o->ipids = p;
        return p;
}

int dcom_ipid_get(struct dcom_object *o, const struct uuid *iid, uint32_t refs, struct dcom_ipid **out)
{
        const struct dcom_interface *interface = interface_of(o->class, iid);
        struct dcom_ipid *p = o->ipids;

        if (!interface)
                return -ENOENT;
        while (p && p->interface != interface)
                p = p->next;
        if (!p)
                p = ipid_new(o, interface);
        if (!p)
                return -ENOMEM;
        p->refs += refs;
        *out = p;
        return 0;
}

static void ipid_free(struct dcom_ipid *p)
{
        struct dcom_ipid **at = &p->object->ipids;

        while (*at != p)
                at = &(*at)->next;
        *at = p->next;
        (void)map_del(&p->object->dcom->ipids, key_uuid(&p->ipid));
        free(p);
}

/* The last client has gone. */
static void unreferenced(struct dcom_object *o)
{
        if (o->class->unreferenced)
                o->class->unreferenced(o);
        dcom_object_unref(o);
}

void dcom_ipid_release(struct dcom_ipid *p, uint64_t refs)
{
        struct dcom_object *o = p->object;

        p->refs -= MIN(refs, p->refs);
        if (p->refs)
                return;
        ipid_free(p);
        if (!o->ipids)
                unreferenced(o);
}

void dcom_object_drop(struct dcom_object *o)
{
        if (!o->ipids)
                return;
        while (o->ipids)
                ipid_free(o->ipids);
        unreferenced(o);
}

int dcom_object_marshal(struct dcom_object *o, const struct uuid *iid, const struct dcom_call *c, struct buf *out)
{
        struct dcom_objref r = { .kind = DCOM_OBJREF_STANDARD, .iid = *iid };
        struct dcom_ipid *p;
        struct arena a;
        bool told;
        int k;

        arena_init(&a, 0);
        told = dcom_bindings_resolver(o->dcom, c->rq->local, &a, &r.resolver);
        k = told ? dcom_ipid_get(o, iid, DCOM_PUBLIC_REFS, &p) : -ENOMEM;
        if (k == 0) {
                r.std = (struct dcom_stdobjref){ .public_refs = DCOM_PUBLIC_REFS, .oxid = o->dcom->oxid, .oid = o->oid,
                                                 .ipid = p->ipid };
                dcom_objref_write(&r, out);
        }
        arena_fini(&a);
        return k;
}

/* ---- the silent ---- */

void dcom_collect(struct dcom *d)
{
        int64_t before = now(d) - d->o.ping_timeout_us;
        struct list silent = LIST_INIT(silent), *l, *tmp;

        dcom_ping_collect(d, before);
        list_for_each(l, &d->adrift, tmp) {
                if (list_entry(l, struct dcom_object, link)->seen_us > before)
                        continue;
                list_del(l);
                list_push_back(&silent, l);
                (void)dcom_object_ref(list_entry(l, struct dcom_object, link));
        }
        while ((l = list_pop_front(&silent))) {
                struct dcom_object *o = list_entry(l, struct dcom_object, link);

                list_push_back(&d->adrift, l);
                dcom_object_drop(o);
                dcom_object_unref(o);
        }
}
