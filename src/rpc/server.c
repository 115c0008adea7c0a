/* SPDX-License-Identifier: Apache-2.0 */
/* What all connections share: interfaces, limits, association groups; and who calls. */
#include <errno.h>
#include "os/os.h"
#include "rpc/internal.h"

static uint32_t or_default(uint32_t v, uint32_t standard)
{
        return v ? v : standard;
}

static struct rpc_limits with_defaults(const struct rpc_limits *l)
{
        static const struct rpc_limits none;
        struct rpc_limits r = l ? *l : none;

        r.max_frag = (uint16_t)MAX(or_default(r.max_frag, RPC_FRAG_DEFAULT), (uint32_t)RPC_FRAG_MIN);
        r.max_stub = or_default(r.max_stub, 4 << 20);
        r.max_reply = or_default(r.max_reply, 16 << 20);
        r.max_partial = or_default(r.max_partial, 8 << 20);
        r.max_partial_total = or_default(r.max_partial_total, 64 << 20);
        r.max_queued = or_default(r.max_queued, 16 << 20);
        r.max_contexts = (uint16_t)or_default(r.max_contexts, 64);
        r.max_security = (uint16_t)or_default(r.max_security, 64);
        r.max_calls = (uint16_t)or_default(r.max_calls, 64);
        return r;
}

int rpc_server_new(struct rpc_server **out, const struct rpc_limits *limits, struct rpc_mech *const *mechs,
                   const struct rpc_server_ops *ops)
{
        struct rpc_server *s = calloc(1, sizeof(*s));
        struct rpc_caller *nobody = calloc(1, sizeof(*nobody));

        *out = s;
        if (!s || !nobody) {
                free(s);
                free(nobody);
                *out = NULL;
                return -ENOMEM;
        }
        *nobody = (struct rpc_caller){ .refs = 1, .auth = RPC_AUTH_NONE, .level = RPC_LEVEL_NONE };
        s->nobody = nobody;
        s->limits = with_defaults(limits);
        s->mechs = mechs;
        if (ops)
                s->ops = *ops;
        list_init(&s->groups);
        return 0;
}

void rpc_server_free(struct rpc_server *s)
{
        if (!s)
                return;
        rpc_caller_unref(s->nobody);
        free(s->v);
        free(s);
}

int rpc_server_add(struct rpc_server *s, const struct rpc_interface *iface, void *arg, struct err *e)
{
        struct rpc_registered *v;

        for (size_t i = 0; i < s->n; i++)
                if (uuid_eq(&s->v[i].iface->uuid, &iface->uuid) && s->v[i].iface->major == iface->major)
                        return err_set(e, ERR_EXISTS, "RPC interface %s is registered already", iface->name);
        v = realloc(s->v, (s->n + 1) * sizeof(*v));
        if (!v)
                return err_set(e, ERR_NOMEM, "out of memory for RPC interface %s", iface->name);
        s->v = v;
        v[s->n++] = (struct rpc_registered){ iface, arg };
        return 0;
}

const struct rpc_interface *rpc_server_interface(const struct rpc_server *s, size_t i)
{
        return i < s->n ? s->v[i].iface : NULL;
}

/* [C706] 6.3.3: same major version, the minor one not above ours */
const struct rpc_registered *rpc_server_find(const struct rpc_server *s, const struct rpc_syntax *syntax)
{
        for (size_t i = 0; i < s->n; i++) {
                const struct rpc_interface *f = s->v[i].iface;

                if (uuid_eq(&f->uuid, &syntax->uuid) && f->major == syntax->major && syntax->minor <= f->minor)
                        return &s->v[i];
        }
        return NULL;
}

static struct rpc_group *group_of(struct rpc_server *s, uint32_t id)
{
        struct list *l, *tmp;

        list_for_each(l, &s->groups, tmp) {
                struct rpc_group *g = list_entry(l, struct rpc_group, link);

                if (g->id == id)
                        return g;
        }
        return NULL;
}

struct rpc_group *rpc_group_join(struct rpc_server *s, uint32_t id)
{
        struct rpc_group *g = id ? group_of(s, id) : NULL;

        if (!g) {
                g = calloc(1, sizeof(*g));
                if (!g)
                        return NULL;
                do {
                        g->id = (uint32_t)os_random_u64();
                } while (g->id == 0 || group_of(s, g->id));
                list_push_back(&s->groups, &g->link);
        }
        g->refs++;
        return g;
}

void rpc_group_leave(struct rpc_group *g)
{
        if (!g || --g->refs > 0)
                return;
        list_del(&g->link);
        free(g);
}

struct rpc_caller *rpc_caller_ref(const struct rpc_caller *c)
{
        struct rpc_caller *m = (struct rpc_caller *)(uintptr_t)c;

        m->refs++;
        return m;
}

void rpc_caller_unref(struct rpc_caller *c)
{
        if (!c || --c->refs > 0)
                return;
        free(c->account);
        free(c->display);
        free(c);
}
