/* SPDX-License-Identifier: Apache-2.0 */
#include "dcom/remote_private.h"

struct remote_link *remote_link_new(struct remote_exporter *x, const char *host, uint16_t port, enum rpc_level level)
{
        struct dcom_remotes *all = x->all;
        struct rpc_client_opts o = { .level = level, .credentials = level == RPC_LEVEL_NONE ? NULL : all->o.account,
                                     .max_calls = REMOTE_IN_FLIGHT_MAX + REMOTE_ABANDONED_MAX };
        struct remote_link *l = calloc(1, sizeof *l);

        if (!l)
                return NULL;
        list_init(&l->link);
        l->exporter = x;
        if (rpc_client_new(&l->client, &o) < 0 ||
            rpcd_dial(&l->dialled, all->o.loop, host, port, all->o.from, l->client, REMOTE_DIAL_MS) < 0) {
                rpc_client_free(l->client);
                free(l);
                return NULL;
        }
        return l;
}

void remote_link_drop(struct dcom_remotes *all, struct remote_link **l)
{
        if (!*l)
                return;
        (*l)->exporter = NULL;
        list_push_back(&all->broken, &(*l)->link);
        *l = NULL;
        loop_soon_ask(all->soon);
}

void remote_reap(struct dcom_remotes *all)
{
        struct list *n;

        while ((n = list_pop_front(&all->broken))) {
                struct remote_link *l = list_entry(n, struct remote_link, link);

                rpcd_hang_up(l->dialled);
                rpc_client_free(l->client);
                free(l);
        }
}
