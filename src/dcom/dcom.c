/* SPDX-License-Identifier: Apache-2.0 */
/* dcom - an exporter's life */
#include "dcom/private.h"
#include "os/os.h"

static void on_timer(void *arg)
{
        dcom_collect(arg);
}

static int add_interface(struct dcom *d, const char *name, const struct uuid *iid, enum rpc_level min_level,
                         void (*call)(struct rpc_call *rpc, void *arg), struct err *e)
{
        struct rpc_interface *i = &d->rpc[d->n_rpc];

        if (d->n_rpc == INTERFACES_MAX)
                return err_set(e, ERR_TOO_LARGE, "dcom: at most %d interfaces", INTERFACES_MAX);
        d->n_rpc++;
        *i = (struct rpc_interface){ .name = name, .uuid = *iid, .min_level = min_level, .call = call };
        return rpc_server_add(d->o.rpc, i, d, e);
}

static int add_interfaces(struct dcom *d, struct err *e)
{
        int r = add_interface(d, "IObjectExporter", &dcom_if_object_exporter, RPC_LEVEL_NONE, dcom_object_exporter, e);

        if (r == 0)
                r = add_interface(d, "IRemoteSCMActivator", &dcom_if_scm_activator, RPC_LEVEL_INTEGRITY,
                                  dcom_scm_activator, e);
        if (r == 0)
                r = add_interface(d, "IActivation", &dcom_if_activation, RPC_LEVEL_INTEGRITY, dcom_activation, e);
        if (r == 0)
                r = add_interface(d, "IRemUnknown", &dcom_iid_rem_unknown, RPC_LEVEL_INTEGRITY, dcom_orpc, e);
        if (r == 0)
                r = add_interface(d, "IRemUnknown2", &dcom_iid_rem_unknown2, RPC_LEVEL_INTEGRITY, dcom_orpc, e);
        if (r == 0)
                r = add_interface(d, "IUnknown", &dcom_iid_unknown, RPC_LEVEL_INTEGRITY, dcom_orpc, e);
        for (size_t i = 0; r == 0 && i < d->o.n_interfaces; i++)
                r = add_interface(d, d->o.interfaces[i]->name, d->o.interfaces[i]->iid, RPC_LEVEL_INTEGRITY, dcom_orpc, e);
        return r;
}

int dcom_new(struct dcom **out, const struct dcom_opts *o, struct err *e)
{
        struct dcom *d = calloc(1, sizeof *d);
        int r;

        if (!d)
                return err_set(e, ERR_NOMEM, "out of memory");
        d->o = *o;
        d->o.max_objects = o->max_objects ? o->max_objects : OBJECTS_MAX;
        d->o.ping_timeout_us = o->ping_timeout_us ? o->ping_timeout_us : (int64_t)PING_TIMEOUT_S * 1000000;
        d->o.now_us = o->now_us ? o->now_us : os_mono_us;
        map_init(&d->ipids, false);
        map_init(&d->oids, false);
        map_init(&d->connections, false);
        map_init(&d->sets, false);
        list_init(&d->adrift);
        d->oxid = os_random_u64() | 1;
        os_random(d->ipid_rem_unknown.b, sizeof d->ipid_rem_unknown.b);
        r = add_interfaces(d, e);
        if (r == 0 && o->loop && loop_timer_new(&d->timer, o->loop, on_timer, d) < 0)
                r = err_set(e, ERR_NOMEM, "out of memory");
        if (r < 0) {
                dcom_free(d);
                return r;
        }
        if (d->timer)
                loop_timer_start(d->timer, COLLECT_MS, COLLECT_MS);
        *out = d;
        return 0;
}

static void drop_all(struct list *objects)
{
        struct list *l, *tmp;
        bool any = true;

        while (any) {                   /* dropping one may drop others */
                any = false;
                list_for_each(l, objects, tmp) {
                        struct dcom_object *o = list_entry(l, struct dcom_object, link);

                        if (o->ipids) {
                                dcom_object_drop(o);
                                any = true;
                                break;
                        }
                }
        }
}

void dcom_really_free(struct dcom *d)
{
        dcom_ping_fini(d);
        map_fini(&d->ipids, NULL);
        map_fini(&d->oids, NULL);
        map_fini(&d->connections, NULL);
        free(d);
}

void dcom_free(struct dcom *d)
{
        if (!d)
                return;
        loop_timer_free(d->timer);
        while (d->connections.n) {
                size_t it = 0;
                struct str key;
                void *k;

                (void)map_next(&d->connections, &it, &key, &k);
                dcom_connection_closed(d, ((struct dcom_connection *)k)->number);
        }
        drop_all(&d->adrift);
        d->closed = true;
        if (!d->oids.n)
                dcom_really_free(d);
}

size_t dcom_objects(const struct dcom *d)
{
        return d->oids.n;
}

uint64_t dcom_oxid(const struct dcom *d)
{
        return d->oxid;
}
