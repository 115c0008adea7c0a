/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_order - TM_Site: orders over many packages and distribution points
 *
 * One call is one transaction: all of it or nothing.  Packages and DPs that are
 * named must exist, and a pair that is named must fit the order, else the whole
 * call is refused with the pair named; where a list is left out, the order is
 * for every pair that it fits.
 */
#include "provider/private.h"
#include "provider/view.h"

enum { PAIRS_MAX = 100000 };            /* of one call, so that one order cannot hold the writer for minutes */

struct target {
        struct str nal;
        int64_t dp_id;
};
struct pair {
        struct str package;
        int64_t dp_id;
};
/* What a call names, resolved.  n_packages 0 with all_packages: the list was left out. */
struct order {
        struct call *c;
        struct str *packages;
        size_t n_packages;
        bool all_packages;
        struct target *dps;
        size_t n_dps;
        bool all_dps;
        struct map ids;                 /* NAL path -> dp_id of DPs met */
        uint32_t states;                /* where nothing is named: bit per dp_state that fits */
        struct pair *pairs;
        size_t n_pairs;
        struct arena rows;              /* of one query at a time */
        bool too_many;
        bool full;                      /* memory */
        struct err *e;
};

static int no_memory(struct err *e)
{
        return err_set(e, ERR_NOMEM, "out of memory");
}

static int too_many(struct err *e)
{
        return err_set(e, ERR_TOO_LARGE, "the order is for more than %d pairs of package and distribution point: give it in parts",
                       PAIRS_MAX);
}

/* ---- names to rows ---- */

static int resolve_packages(struct order *o, struct err *e)
{
        const struct cim_value *ids;

        o->all_packages = !call_list(o->c, "PackageIDs", &ids, &o->n_packages);
        o->packages = arena_array(o->c->a, o->n_packages + 1, sizeof *o->packages);
        if (!o->packages)
                return no_memory(e);
        for (size_t i = 0; i < o->n_packages; i++) {
                int r = provider_package(o->c->t->db, ids[i].s, o->c->a, &o->packages[i], e);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int resolve_dps(struct order *o, struct err *e)
{
        const struct cim_value *names;
        struct model_dp dp;

        o->all_dps = !call_list(o->c, "DPs", &names, &o->n_dps);
        o->dps = arena_array(o->c->a, o->n_dps + 1, sizeof *o->dps);
        if (!o->dps)
                return no_memory(e);
        for (size_t i = 0; i < o->n_dps; i++) {
                int r = provider_dp(o->c->t->db, names[i].s, &dp, e);

                if (r < 0)
                        return r;
                o->dps[i] = (struct target){ arena_str(o->c->a, str_of(dp.nal_path)), dp.dp_id };
                if (!o->dps[i].nal.p)
                        return no_memory(e);
        }
        return 0;
}

static int order_init(struct order *o, struct call *c, struct err *e)
{
        int r;

        *o = (struct order){ .c = c, .e = e };
        map_init(&o->ids, true);
        arena_init(&o->rows, 0);
        r = resolve_packages(o, e);
        if (r == 0)
                r = resolve_dps(o, e);
        if (r < 0)
                return r;
        o->pairs = arena_array(c->a, PAIRS_MAX, sizeof *o->pairs);
        return o->pairs ? 0 : no_memory(e);
}

static void order_fini(struct order *o)
{
        map_fini(&o->ids, NULL);
        arena_fini(&o->rows);
}

/* ---- which pairs there are ---- */

/* Rows come package by package, so one copy of its id serves the run. */
static struct str package_of(struct order *o, const struct cim_instance *i)
{
        struct str id = cim_get(i, "PackageID")->s;

        if (o->n_pairs && str_eq(o->pairs[o->n_pairs - 1].package, id))
                return o->pairs[o->n_pairs - 1].package;
        return arena_str(o->c->a, id);
}

/* DPs repeat from row to row, so each is looked up once. */
static int64_t dp_id_of(struct order *o, struct str nal)
{
        intptr_t id = (intptr_t)map_get(&o->ids, nal);
        struct err ignored = { 0 };
        struct model_dp dp;
        void *old;

        if (id)
                return id;
        if (model_dp_find(o->c->t->db, nal, &dp, &ignored) != 0)
                return 0;
        if (map_put(&o->ids, nal, (void *)(intptr_t)dp.dp_id, &old) < 0)
                old = NULL;             /* only a cache: what is not kept is looked up again */
        return dp.dp_id;
}

static bool add_pair(void *ctx, struct cim_instance *i)
{
        struct order *o = ctx;
        const struct cim_value *state = cim_get(i, "State");
        struct str nal = cim_get(i, "ServerNALPath")->s;

        if (!state || state->i < 0 || state->i >= N_DP_STATES || !(o->states & 1u << state->i))
                return true;
        o->too_many = o->n_pairs == PAIRS_MAX;
        if (o->too_many)
                return false;
        o->pairs[o->n_pairs] = (struct pair){ package_of(o, i), dp_id_of(o, nal) };
        o->full = !o->pairs[o->n_pairs].package.p;
        if (o->full)
                return false;
        o->n_pairs++;
        return true;
}

/* Rows of the summarizer for a package, a DP, both, or all: at most those in o->states. */
static int find_pairs(struct order *o, const struct str *package, const struct target *dp)
{
        const struct cim_class *c = provider_class("SMS_PackageStatusDistPointsSummarizer");
        struct provider_expr p = provider_text_is(c, "PackageID", package ? *package : STR(""));
        struct provider_expr d = provider_text_is(c, "ServerNALPath", dp ? dp->nal : STR(""));
        struct provider_expr both = { .node = PROVIDER_AND, .left = &p, .right = &d };
        struct provider_query q = { .class = c, .where = package && dp ? &both : package ? &p : dp ? &d : NULL,
                                    .passing = true };
        int r = provider_query_run(o->c->t->db, &q, &o->rows, add_pair, o, o->e);

        if (r == 0 && o->full)
                r = no_memory(o->e);
        return r == 0 && o->too_many ? too_many(o->e) : r;
}

static int named_pair(struct order *o, struct str package, const struct target *dp)
{
        size_t before = o->n_pairs;
        int r;

        o->states = UINT32_MAX;
        r = find_pairs(o, &package, dp);
        if (r == 0 && o->n_pairs == before)
                r = err_set(o->e, ERR_NOT_FOUND, "%.*s is not on %.*s: distribute it first", STR_ARG(package),
                            STR_ARG(dp->nal));
        return r;
}

/* @states  of pairs that are not named both ways */
static int collect(struct order *o, uint32_t states)
{
        int r = 0;

        if (o->n_packages * MAX(o->n_dps, (size_t)1) > PAIRS_MAX)
                return too_many(o->e);
        o->states = states;
        if (o->all_packages && o->all_dps)
                return find_pairs(o, NULL, NULL);
        for (size_t d = 0; o->all_packages && d < o->n_dps && r == 0; d++)
                r = find_pairs(o, NULL, &o->dps[d]);
        for (size_t p = 0; p < o->n_packages && r == 0; p++) {
                if (o->all_dps)
                        r = find_pairs(o, &o->packages[p], NULL);
                for (size_t d = 0; d < o->n_dps && r == 0; d++)
                        r = named_pair(o, o->packages[p], &o->dps[d]);
        }
        return r;
}

static int on_each(struct order *o, int (*fn)(struct tx *, struct str, int64_t, struct err *))
{
        for (size_t i = 0; i < o->n_pairs; i++) {
                int r = fn(o->c->t, o->pairs[i].package, o->pairs[i].dp_id, o->e);

                if (r < 0)
                        return r;
        }
        call_out_i64(o->c, "Count", (int64_t)o->n_pairs);
        return 0;
}

static int simple_order(struct call *c, uint32_t states, int (*fn)(struct tx *, struct str, int64_t, struct err *),
                        struct err *e)
{
        struct order o;
        int r = order_init(&o, c, e);

        if (r == 0)
                r = collect(&o, states);
        if (r == 0)
                r = on_each(&o, fn);
        order_fini(&o);
        return r;
}

/* ---- Remove, Cancel, Validate ---- */

static int remove_(struct call *c, struct err *e)
{
        return simple_order(c, UINT32_MAX, model_unassign, e);
}

static int cancel(struct call *c, struct err *e)
{
        return simple_order(c, 1u << STATE_INSTALL_PENDING | 1u << STATE_INSTALL_RETRYING | 1u << STATE_CONTENT_UPDATING,
                            model_cancel, e);
}

static int validate(struct call *c, struct err *e)
{
        return simple_order(c, 1u << STATE_INSTALLED | 1u << STATE_CONTENT_MONITORING, model_validate, e);
}

/* ---- Redistribute ---- */

static int retry_failed(struct order *o)
{
        uint64_t count = 0;
        int r = 0;

        for (size_t p = 0; p < MAX(o->n_packages, (size_t)o->all_packages) && r == 0; p++) {
                for (size_t d = 0; d < MAX(o->n_dps, (size_t)o->all_dps) && r == 0; d++) {
                        uint64_t n = 0;

                        r = model_retry_failed(o->c->t, o->all_packages ? STR_NULL : o->packages[p],
                                               o->all_dps ? 0 : o->dps[d].dp_id, &n, o->e);
                        count += n;
                }
        }
        call_out_i64(o->c, "Count", (int64_t)count);
        return r;
}

static int redistribute(struct call *c, struct err *e)
{
        const uint32_t leaving = 1u << STATE_REMOVAL_PENDING | 1u << STATE_REMOVAL_RETRYING | 1u << STATE_REMOVAL_FAILED;
        const uint32_t trouble = 1u << STATE_INSTALL_FAILED | 1u << STATE_CONTENT_MONITORING;
        struct order o;
        int r;

        if (!call_bool(c, "FailedOnly", false))
                return simple_order(c, ~leaving, model_refresh, e);
        if (view_is_restricted())       /* pair by pair: only those that are seen */
                return simple_order(c, trouble, model_refresh, e);
        r = order_init(&o, c, e);
        if (r == 0)
                r = retry_failed(&o);
        order_fini(&o);
        return r;
}

/* ---- Distribute ---- */

static bool add_target(void *ctx, struct cim_instance *i)
{
        struct order *o = ctx;

        o->too_many = o->n_dps == PAIRS_MAX;
        if (o->too_many)
                return false;
        o->dps[o->n_dps++] = (struct target){ cim_get(i, "NALPath")->s, dp_id_of(o, cim_get(i, "NALPath")->s) };
        return true;
}

static int every_dp(struct order *o)
{
        struct provider_query q = { .class = provider_class("TM_DistributionPoint") };
        int r;

        o->n_dps = 0;
        o->dps = arena_array(o->c->a, PAIRS_MAX, sizeof *o->dps);
        if (!o->dps)
                return no_memory(o->e);
        r = provider_query_run(o->c->t->db, &q, o->c->a, add_target, o, o->e);
        return r == 0 && o->too_many ? too_many(o->e) : r;
}

/* Already there is as good as ordered now; everything else that is wrong refuses the call. */
static int assign(struct order *o, struct str package, int64_t dp_id, int64_t *count)
{
        struct err why = { 0 };
        int r = model_assign(o->c->t, package, dp_id, &why);

        if (r < 0 && why.kind == ERR_EXISTS)
                return 0;
        if (r < 0)
                *o->e = why;
        else
                ++*count;
        return r;
}

static bool count_row(void *ctx, struct cim_instance *i)
{
        const struct cim_value *status = cim_get(i, "Status");

        *(int64_t *)ctx += !status || status->i != 3;
        return true;
}

/* How many DPs are told to hold the package. */
static int n_assigned(struct order *o, struct str package, int64_t *n)
{
        const struct cim_class *c = provider_class("SMS_DistributionPoint");
        struct provider_expr mine = provider_text_is(c, "PackageID", package);
        struct provider_query q = { .class = c, .where = &mine, .passing = true };

        *n = 0;
        return provider_query_run(o->c->t->db, &q, &o->rows, count_row, n, o->e);
}

static int to_groups(struct order *o, const struct cim_value *groups, size_t n, struct str package, int64_t *count)
{
        int64_t before, after;
        int r = n ? n_assigned(o, package, &before) : 0;

        for (size_t g = 0; g < n && r == 0; g++) {
                struct err why = { 0 };
                struct str id;

                r = provider_group(o->c->t->db, groups[g].s, o->c->a, &id, o->e);
                if (r < 0)
                        return r;
                r = model_group_package(o->c->t, id, package, true, false, &why);
                if (r < 0 && why.kind == ERR_EXISTS)
                        r = 0;
                else if (r < 0)
                        *o->e = why;
        }
        if (r == 0 && n) {
                r = n_assigned(o, package, &after);
                *count += after - before;
        }
        return r;
}

static int distribute(struct call *c, struct err *e)
{
        const struct cim_value *groups;
        int64_t count = 0;
        struct order o;
        size_t n_groups;
        int r = order_init(&o, c, e);

        (void)call_list(c, "Groups", &groups, &n_groups);
        if (r == 0 && o.n_packages == 0)
                r = err_set(e, ERR_INVALID, "Distribute: name at least one package in PackageIDs");
        if (r == 0 && call_bool(c, "All", false))
                r = every_dp(&o);
        if (r == 0 && o.n_dps == 0 && n_groups == 0)
                r = err_set(e, ERR_INVALID, "Distribute: there is no distribution point to distribute to: name DPs or Groups");
        if (r == 0 && o.n_packages * MAX(o.n_dps, (size_t)1) > PAIRS_MAX)
                r = too_many(e);
        for (size_t p = 0; p < o.n_packages && r == 0; p++) {
                for (size_t d = 0; d < o.n_dps && r == 0; d++)
                        r = assign(&o, o.packages[p], o.dps[d].dp_id, &count);
                if (r == 0)
                        r = to_groups(&o, groups, n_groups, o.packages[p], &count);
        }
        order_fini(&o);
        if (r == 0)
                call_out_i64(c, "Count", count);
        return r;
}

const struct provider_method provider_order_methods[] = {
        { "TM_Site", "Distribute", distribute },
        { "TM_Site", "Redistribute", redistribute },
        { "TM_Site", "Remove", remove_ },
        { "TM_Site", "Cancel", cancel },
        { "TM_Site", "Validate", validate },
        { 0 },
};
