/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote_find - where an exporter is, and how it wants to be called
 *
 *      for each address of its reference: ResolveOxid2 at the resolver there
 *      for each level that is left:       a connection, RemAddRef of nothing
 *
 * Source: [MS-DCOM] 3.2.4.1.2.2 (ResolveOxid2), 3.2.4.4.1 (pinging).
 */
#include "dcom/remote_private.h"
#include "os/os.h"

#define LOG "dcom"
enum { OP_COMPLEX_PING = 2, OP_RESOLVE2 = 4, OP_ADD_REF = 4, WORDS_MAX = DCOM_DUALSTRING_WORDS_MAX };

static void resolve(struct remote_exporter *x);
static void probe(struct remote_exporter *x);

/* ---- levels ---- */

static enum rpc_level lower(const struct remote_exporter *x, enum rpc_level level)
{
        if (!x->all->o.account || level == RPC_LEVEL_INTEGRITY)
                return RPC_LEVEL_NONE;
        return level == RPC_LEVEL_PRIVACY ? RPC_LEVEL_INTEGRITY : RPC_LEVEL_PRIVACY;
}

static void probed(void *arg, const struct rpc_result *r)
{
        struct remote_exporter *x = ((struct remote_link *)arg)->exporter;
        struct ndr_in in = ndr_in_of(r->stub);

        if (!x)
                return;
        if (r->kind == RPC_RESULT_OK) {
                dcom_that_read(&in);
                if (ndr_in_ok(&in)) {
                        log_debug(LOG, "%s port %u takes calls at level %d", x->host, x->port, (int)x->level);
                        x->state = REMOTE_READY;
                        remote_go_on(x);
                        return;
                }
        }
        log_debug(LOG, "%s port %u refuses level %d: %s", x->host, x->port, (int)x->level, r->why);
        remote_link_drop(x->all, &x->conn);
        if (x->level == RPC_LEVEL_NONE) {
                remote_dead(x, r->why);
                return;
        }
        x->level = lower(x, x->level);
        probe(x);
}

/* IRemUnknown2::RemAddRef of no references at all: says nothing but that we may call. */
static void probe(struct remote_exporter *x)
{
        struct ndr_out o;
        struct buf b;
        int r = -1;

        x->state = REMOTE_PROBING;
        x->since_us = os_mono_us();
        buf_init(&b, 0);
        remote_begin_stub(&b);
        o = ndr_out_to(&b);
        ndr_out_u16(&o, 0);
        ndr_out_u32(&o, 0);
        x->conn = remote_link_new(x, x->host, x->port, x->level);
        if (x->conn)
                r = rpc_client_call(x->conn->client, &dcom_iid_rem_unknown2, 0, 0, &x->ipid_rem_unknown, OP_ADD_REF,
                                    buf_str(&b), probed, x->conn);
        buf_fini(&b);
        if (r < 0)
                remote_dead(x, "cannot be dialled");
}

/* ---- addresses ---- */

static bool take_binding(struct remote_exporter *x, const struct dcom_dualstring *d)
{
        for (size_t i = 0; i < d->n_strings; i++) {
                struct str host;

                if (d->strings[i].tower != DCOM_TOWER_TCP || dcom_address_split(d->strings[i].address, 0, &host, &x->port) < 0 ||
                    x->port == 0)
                        continue;
                free(x->host);
                x->host = str_dup(host);
                return x->host != NULL;
        }
        return false;
}

/* False: this resolver does not know, or cannot be understood. */
static bool take_resolution(struct remote_exporter *x, struct str stub)
{
        struct ndr_in in = ndr_in_of(stub);
        struct dcom_dualstring *d;
        struct cursor c;
        struct arena a;
        bool good = false;

        if (!ndr_in_ptr(&in))
                return false;
        (void)ndr_in_count(&in, 2, WORDS_MAX);
        if (!ndr_in_ok(&in))
                return false;
        arena_init(&a, 1 << 20);
        c = cursor_of(in.p + in.at, in.n - in.at);
        d = arena_alloc(&a, sizeof *d);
        if (d)
                dcom_dualstring_read(&c, &a, d);
        if (d && !c.bad) {
                in.at = (size_t)(c.p - in.p);
                x->ipid_rem_unknown = ndr_in_uuid(&in);
                good = ndr_in_ok(&in) && take_binding(x, d);
        }
        arena_fini(&a);
        return good;
}

static void next_resolver(struct remote_exporter *x, const char *why)
{
        remote_link_drop(x->all, &x->resolver);
        log_debug(LOG, "%.*s does not know where the object is: %s", STR_ARG(x->resolvers[x->at].host), why);
        if (++x->at < x->n_resolvers)
                resolve(x);
        else
                remote_dead(x, "no resolver of the client's addresses knows the object");
}

static void resolved(void *arg, const struct rpc_result *r)
{
        struct remote_exporter *x = ((struct remote_link *)arg)->exporter;

        if (!x)
                return;
        if (r->kind != RPC_RESULT_OK || !take_resolution(x, r->stub)) {
                next_resolver(x, r->kind == RPC_RESULT_OK ? "not its OXID" : r->why);
                return;
        }
        x->good = x->at;
        remote_link_drop(x->all, &x->resolver);
        x->level = x->all->o.account ? RPC_LEVEL_PRIVACY : RPC_LEVEL_NONE;
        probe(x);
}

static struct remote_link *dial_resolver(struct remote_exporter *x, size_t i)
{
        char *host = str_dup(x->resolvers[i].host);
        struct remote_link *l = host ? remote_link_new(x, host, x->resolvers[i].port, RPC_LEVEL_NONE) : NULL;

        free(host);
        return l;
}

static void resolve(struct remote_exporter *x)
{
        struct ndr_out o;
        struct buf b;
        int r = -1;

        x->state = REMOTE_RESOLVING;
        x->since_us = os_mono_us();
        buf_init(&b, 0);
        o = ndr_out_to(&b);
        ndr_out_u64(&o, x->oxid);
        ndr_out_u16(&o, 1);
        ndr_out_u32(&o, 1);
        ndr_out_u16(&o, DCOM_TOWER_TCP);
        x->resolver = dial_resolver(x, x->at);
        if (x->resolver)
                r = rpc_client_call(x->resolver->client, &dcom_if_object_exporter, 0, 0, NULL, OP_RESOLVE2, buf_str(&b),
                                    resolved, x->resolver);
        buf_fini(&b);
        if (r < 0)
                next_resolver(x, "cannot be dialled");
}

void remote_find(struct remote_exporter *x)
{
        x->at = 0;
        if (x->n_resolvers)
                resolve(x);
        else
                remote_dead(x, "the client's reference names no address");
}

/* ---- pings ---- */

static void pinged(void *arg, const struct rpc_result *r)
{
        struct remote_exporter *x = ((struct remote_link *)arg)->exporter;
        struct ndr_in in = ndr_in_of(r->stub);
        uint64_t id = ndr_in_u64(&in);
        uint32_t status;

        (void)ndr_in_u16(&in);
        status = ndr_in_u32(&in);
        if (!x)
                return;
        if (r->kind == RPC_RESULT_OK && ndr_in_ok(&in) && status == DCOM_S_OK) {
                x->ping_set = id;
        } else {                        /* its resolver began anew: so do we */
                struct list *l, *tmp;

                x->ping_set = 0;
                list_for_each(l, &x->remotes, tmp)
                        list_entry(l, struct dcom_remote, link)->told = false;
        }
        remote_link_drop(x->all, &x->ping);
}

static void write_added(struct remote_exporter *x, struct ndr_out *o, uint16_t n)
{
        struct list *l, *tmp;

        ndr_out_ptr(o, n != 0);
        if (n)
                ndr_out_u32(o, n);
        list_for_each(l, &x->remotes, tmp) {
                struct dcom_remote *r = list_entry(l, struct dcom_remote, link);

                if (n && !r->told && !(r->std.flags & DCOM_SORF_NOPING)) {
                        ndr_out_u64(o, r->std.oid);
                        r->told = true;
                        n--;
                }
        }
        ndr_out_ptr(o, false);
}

static uint16_t count_untold(struct remote_exporter *x)
{
        struct list *l, *tmp;
        uint16_t n = 0;

        list_for_each(l, &x->remotes, tmp) {
                const struct dcom_remote *r = list_entry(l, struct dcom_remote, link);

                n += !r->told && !(r->std.flags & DCOM_SORF_NOPING) && n < 1000;
        }
        return n;
}

/* ComplexPing of all that the client's resolver has not heard of yet. */
void remote_ping(struct remote_exporter *x)
{
        uint16_t n = count_untold(x);
        struct ndr_out o;
        struct buf b;
        int r = -1;

        x->pinged_us = os_mono_us();
        if (x->ping || (!n && !x->ping_set))
                return;
        buf_init(&b, 0);
        o = ndr_out_to(&b);
        ndr_out_u64(&o, x->ping_set);
        ndr_out_u16(&o, 0);
        ndr_out_u16(&o, n);
        ndr_out_u16(&o, 0);
        write_added(x, &o, n);
        x->ping = dial_resolver(x, x->good);
        if (x->ping)
                r = rpc_client_call(x->ping->client, &dcom_if_object_exporter, 0, 0, NULL, OP_COMPLEX_PING, buf_str(&b),
                                    pinged, x->ping);
        if (r < 0)
                remote_link_drop(x->all, &x->ping);
        buf_fini(&b);
}
