/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After any history of orders, failures, reports (late and doubled ones too),
 * cancellations and deletions: the counters are what a recount gives, the change
 * log replayed from 0 gives the rows of every view, and no DP shows INSTALLED
 * that has told us otherwise and not been mended since.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"
#include "lib/fault.h"
#include "lib/prop.h"

enum { N_DPS = 3, N_PACKAGES = 2, N_STEPS = 80, N_PAST = 8 };

/* What a simulated DP really has, and whether it told us that it is bad. */
struct truth {
        uint32_t version;
        bool sound, told;
};

/* An order a DP once answered; its report may come again at any time. */
struct past {
        size_t package, dp;
        uint32_t version;
        int64_t order;
        bool removal;
};

struct world {
        struct fixture f;               /* one database for all histories */
        struct prop *p;
        int64_t dp[N_DPS];              /* 0: gone */
        const char *package[N_PACKAGES];
        struct truth truth[N_DPS][N_PACKAGES];
        struct past past[N_PAST];
        size_t n_past;
        const char *group;
        char problem[2000];
};

static size_t draw(struct world *w, size_t n)
{
        return (size_t)prop_u64(w->p, n - 1);
}

static void broken(struct world *w, const char *fmt, ...)
{
        va_list ap;

        if (w->problem[0])
                return;
        va_start(ap, fmt);
        vsnprintf(w->problem, sizeof(w->problem), fmt, ap);
        va_end(ap);
}

/* An order may be refused in words; it must not find an invariant broken. */
static int took(struct world *w, const char *what, int r)
{
        prop_note(w->p, "%s: %d %s", what, r, r < 0 ? w->f.err.text : "");
        if (r < 0 && (w->f.err.kind == ERR_INTERNAL || w->f.err.kind == ERR_NOMEM || w->f.err.kind == ERR_IO))
                broken(w, "%s: %s", what, w->f.err.text);
        return r;
}

/* ---- simulated DPs ---- */

static void remember(struct world *w, size_t package, size_t dp, uint32_t version, int64_t order, bool removal)
{
        w->past[w->n_past++ % N_PAST] = (struct past){ package, dp, version, order, removal };
}

struct jobs {
        struct model_job v[64];
        size_t n;
};

static bool collect(void *ctx, const struct model_job *j)
{
        struct jobs *l = ctx;

        l->v[l->n++] = *j;
        return l->n < ARRAY_SIZE(l->v);
}

static size_t index_of(const struct world *w, const struct model_job *j, size_t *dp)
{
        size_t package = 0;

        for (size_t i = 0; i < N_PACKAGES; i++)
                if (w->package[i] && strcmp(w->package[i], j->package_id) == 0)
                        package = i;
        for (size_t i = 0; i < N_DPS; i++)
                if (w->dp[i] == j->dp_id)
                        *dp = i;
        return package;
}

static void do_install(struct world *w, const struct model_job *j)
{
        size_t dp = 0, package = index_of(w, j, &dp);
        struct truth *truth = &w->truth[dp][package];

        if (!j->has_manifest)
                return;
        *truth = (struct truth){ j->version, true, false };
        remember(w, package, dp, j->version, j->job_id, false);
        if (!prop_one_in(w->p, 5))      /* else the report is late */
                (void)!took(w, "report installed", installed(&w->f, j->package_id, j->dp_id, j->version, j->job_id));
}

static void do_remove(struct world *w, const struct model_job *j)
{
        size_t dp = 0, package = index_of(w, j, &dp);

        w->truth[dp][package] = (struct truth){ 0, false, true };
        remember(w, package, dp, 0, j->job_id, true);
        if (!prop_one_in(w->p, 5))
                (void)!took(w, "report removed", removed(&w->f, j->package_id, j->dp_id, j->job_id));
}

static void do_validate(struct world *w, const struct model_job *j)
{
        size_t dp = 0, package = index_of(w, j, &dp);
        struct truth *truth = &w->truth[dp][package];

        if (prop_one_in(w->p, 2)) {
                truth->sound = false;
                truth->told = true;
                (void)!took(w, "report invalid",
                            invalid(&w->f, j->package_id, j->dp_id, truth->version, j->job_id, draw(w, 2) ? "a/file" : NULL));
        } else if (truth->sound) {
                (void)!took(w, "report valid", valid(&w->f, j->package_id, j->dp_id, truth->version, j->job_id));
        }
}

static int do_start(struct tx *t, void *arg, struct err *e)
{
        return model_job_started(t, *(int64_t *)arg, e);
}

static void work(struct world *w)
{
        struct jobs l = { .n = 0 };
        struct model_job *j;

        if (model_jobs_each(w->f.db, collect, &l, &w->f.err) < 0 || !l.n)
                return;
        j = &l.v[draw(w, l.n)];
        if (prop_bool(w->p))
                (void)!took(w, "start", fixture_do(&w->f, do_start, &j->job_id));
        if (prop_one_in(w->p, 8))
                (void)!took(w, "fail", fail_job(&w->f, j->job_id, prop_bool(w->p) ? "DpOffline" : "DiskFull",
                                                prop_one_in(w->p, 3), 2));
        else if (j->action == JOB_SNAPSHOT)
                (void)!took(w, "snapshot", snapshot_done(&w->f, j->package_id));
        else if (j->action == JOB_REMOVE)
                do_remove(w, j);
        else if (j->action == JOB_VALIDATE)
                do_validate(w, j);
        else
                do_install(w, j);
}

static void say_again(struct world *w)
{
        const struct past *past;

        if (!w->n_past)
                return;
        past = &w->past[draw(w, MIN(w->n_past, (size_t)N_PAST))];
        if (!w->dp[past->dp] || !w->package[past->package])
                return;
        if (past->removal)
                (void)!took(w, "late removed", removed(&w->f, w->package[past->package], w->dp[past->dp], past->order));
        else
                (void)!took(w, "late installed",
                            installed(&w->f, w->package[past->package], w->dp[past->dp], past->version, past->order));
}

/* A report that lies: another manifest, or a version that does not exist. */
static void lie(struct world *w)
{
        size_t dp = draw(w, N_DPS), package = draw(w, N_PACKAGES);
        uint32_t version = (uint32_t)draw(w, 5);
        int64_t before;

        if (!w->dp[dp] || !w->package[package])
                return;
        before = number(&w->f, "SMS_PackageStatusRootSummarizer", "Installed", where("PackageID = '%s'", w->package[package]));
        (void)!took(w, "lie", installed(&w->f, w->package[package], w->dp[dp], version + 1000, 0));
        if (before != number(&w->f, "SMS_PackageStatusRootSummarizer", "Installed", where("PackageID = '%s'", w->package[package])))
                broken(w, "a report of a version that does not exist was counted");
}

struct inventory_arg {
        int64_t dp;
        struct model_held held[N_PACKAGES];
        size_t n;
};

static int do_inventory(struct tx *t, void *arg, struct err *e)
{
        const struct inventory_arg *a = arg;

        return model_inventory(t, a->dp, a->held, a->n, e);
}

static void inventory(struct world *w)
{
        struct inventory_arg a = { .n = 0 };
        size_t dp = draw(w, N_DPS);

        if (!w->dp[dp])
                return;
        a.dp = w->dp[dp];
        for (size_t i = 0; i < N_PACKAGES; i++) {
                struct truth *truth = &w->truth[dp][i];

                if (prop_one_in(w->p, 6))
                        *truth = (struct truth){ 0, false, false };
                truth->told = !truth->sound;
                if (w->package[i] && truth->version)
                        a.held[a.n++] = (struct model_held){ str_of(w->package[i]), truth->version,
                                                             manifest_of(w->package[i], truth->version), truth->sound };
        }
        (void)!took(w, "inventory", fixture_do(&w->f, do_inventory, &a));
}

/* ---- orders ---- */

static int do_delete_package(struct tx *t, void *arg, struct err *e)
{
        return model_package_delete(t, str_of(arg), e);
}

static int do_retry(struct tx *t, void *arg, struct err *e)
{
        uint64_t n;

        return model_retry_failed(t, STR_NULL, 0, &n, e);
}

static int do_wake(struct tx *t, void *arg, struct err *e)
{
        return model_jobs_wake_dp(t, *(int64_t *)arg, e);
}

static int do_recover(struct tx *t, void *arg, struct err *e)
{
        return model_jobs_recover(t, e);
}

static int do_delete_dp(struct tx *t, void *arg, struct err *e)
{
        return model_dp_delete(t, str_of(arg), true, e);
}

struct group_arg {
        const char *group, *package;
        int64_t dp;
        bool add, with;
};

static int do_group(struct tx *t, void *arg, struct err *e)
{
        const struct group_arg *a = arg;

        if (a->package)
                return model_group_package(t, str_of(a->group), str_of(a->package), a->add, a->with, e);
        return model_group_member(t, str_of(a->group), a->dp, a->add, a->with, e);
}

static void group(struct world *w)
{
        struct group_arg a = { .group = w->group, .add = !prop_one_in(w->p, 3), .with = prop_bool(w->p) };

        a.dp = w->dp[draw(w, N_DPS)];
        if (prop_bool(w->p))
                a.package = w->package[draw(w, N_PACKAGES)];
        (void)!took(w, "group", fixture_do(&w->f, do_group, &a));
}

static int do_rename(struct tx *t, void *arg, struct err *e)
{
        struct cim_instance *in = arg;

        return model_package_put(t, cim_get(in, "PackageID")->s, in, e);
}

static void change_package(struct world *w, const char *id)
{
        char json[300];

        snprintf(json, sizeof(json), "{\"PackageID\":\"%s\",\"Name\":\"N%zu\",\"Version\":\"%zu\",\"PackageType\":%d,\"PkgSourceFlag\":%d}",
                 id, draw(w, 9), draw(w, 3), prop_one_in(w->p, 3) ? 257 : 0, prop_one_in(w->p, 4) ? 1 : 2);
        (void)!took(w, "package put", fixture_do(&w->f, do_rename, instance(&w->f, "SMS_Package", json)));
}

static int do_advert_put(struct tx *t, void *arg, struct err *e)
{
        return model_advert_put(t, arg, false, NULL, e);
}

static int do_refresh_offers(struct tx *t, void *arg, struct err *e)
{
        int64_t next;

        return model_offers_refresh(t, STR_NULL, &next, e);
}

static void advertise(struct world *w, const char *id)
{
        char json[400];

        if (prop_bool(w->p)) {
                snprintf(json, sizeof(json), "{\"PackageID\":\"%s\",\"ProgramName\":\"setup\",\"CommandLine\":\"x%zu\",\"ProgramFlags\":%d}",
                         id, draw(w, 5), prop_one_in(w->p, 4) ? 0x1000 : 0);
                (void)!took(w, "program", put(&w->f, "SMS_Program", json));
                return;
        }
        snprintf(json, sizeof(json),
                 "{\"AdvertisementName\":\"A\",\"PackageID\":\"%s\",\"ProgramName\":\"setup\",\"CollectionID\":\"SMS00001\","
                 "\"PresentTime\":\"2026-01-01T0%zu:00:00Z\",\"ExpirationTimeEnabled\":%s,\"ExpirationTime\":\"2026-01-01T0%zu:00:00Z\"}",
                 id, draw(w, 9), prop_bool(w->p) ? "true" : "false", draw(w, 9));
        if (took(w, "advert", put(&w->f, "SMS_Advertisement", json)) == 0 && prop_bool(w->p)) {
                snprintf(json, sizeof(json), "{\"AdvertisementID\":\"%s\",\"Comment\":\"again\"}", fixture_id);
                (void)!took(w, "advert set", fixture_do(&w->f, do_advert_put, instance(&w->f, "SMS_Advertisement", json)));
        }
}

static int do_delete_advert(struct tx *t, void *arg, struct err *e)
{
        return model_advert_delete(t, str_of(arg), e);
}

static void delete_package(struct world *w, size_t package)
{
        const char *advert = text(&w->f, "SMS_Advertisement", "AdvertisementID", where("PackageID = '%s'", w->package[package]));

        if (advert)
                (void)!took(w, "advert delete", fixture_do(&w->f, do_delete_advert, (void *)advert));
        (void)!took(w, "package delete", fixture_do(&w->f, do_delete_package, (void *)w->package[package]));
}

static void replace_dp(struct world *w, size_t dp)
{
        char name[16];

        if (w->dp[dp]) {
                snprintf(name, sizeof(name), "%lld", (long long)w->dp[dp]);
                if (took(w, "dp delete", fixture_do(&w->f, do_delete_dp, name)) == 0)
                        w->dp[dp] = 0;
                memset(w->truth[dp], 0, sizeof(w->truth[dp]));
        } else {
                snprintf(name, sizeof(name), "DP%zu", dp);
                w->dp[dp] = add_dp(&w->f, name, dp % 2 ? "S01" : "P01");
        }
}

static void step(struct world *w)
{
        size_t dp = draw(w, N_DPS), package = draw(w, N_PACKAGES);
        const char *id = w->package[package];
        int64_t d = w->dp[dp];

        fault_clock_advance((int64_t)prop_u64(w->p, 3600) * US_PER_SECOND);
        /* The ends of a range are drawn most: there is the work of DPs. */
        switch (prop_u64(w->p, 40)) {
        case 0 ... 10: work(w); break;
        case 11 ... 13: (void)!took(w, "assign", assign(&w->f, id, d)); break;
        case 14: case 15: (void)!took(w, "refresh", refresh(&w->f, id, d)); break;
        case 16: (void)!took(w, "unassign", unassign(&w->f, id, d)); break;
        case 17: (void)!took(w, "cancel", cancel(&w->f, id, d)); break;
        case 18 ... 20: (void)!took(w, "validate", validate(&w->f, id, d)); break;
        case 21: (void)!took(w, "update", update(&w->f, id)); break;
        case 22 ... 24: say_again(w); break;
        case 25: lie(w); break;
        case 26: inventory(w); break;
        case 27: case 28: group(w); break;
        case 29: change_package(w, id); break;
        case 30: case 31: advertise(w, id); break;
        case 32: (void)!took(w, "offers", fixture_do(&w->f, do_refresh_offers, NULL)); break;
        case 33: (void)!took(w, "retry", fixture_do(&w->f, prop_bool(w->p) ? do_retry : do_recover, NULL)); break;
        case 34: (void)!took(w, "wake", fixture_do(&w->f, do_wake, &d)); break;
        case 35: if (prop_one_in(w->p, 3)) delete_package(w, package); break;
        case 36: if (prop_one_in(w->p, 3) || !d) replace_dp(w, dp); break;
        case 37: if (text(&w->f, "SMS_Package", "Name", where("PackageID = '%s'", id)) == NULL) {
                        w->package[package] = add_package(&w->f, "again");
                        for (size_t i = 0; i < N_DPS; i++)
                                w->truth[i][package] = (struct truth){ 0 };
                 }
                 break;
        default: work(w);
        }
}

/* ---- the laws ---- */

/* One row of TM_DistributionCondition against what that DP has and said. */
static void check_row(struct world *w, struct str package, struct str dp_name, int64_t state, int64_t target)
{
        const size_t d = (size_t)(dp_name.p[2] - '0');

        for (size_t i = 0; i < N_PACKAGES; i++) {
                const struct truth *truth = &w->truth[d][i];

                if (!str_eqz(package, w->package[i]) || state != STATE_INSTALLED)
                        continue;
                if (truth->told && !truth->sound)
                        broken(w, "%s on DP%zu is INSTALLED, and the DP told us that it is not", w->package[i], d);
                if (truth->sound && truth->version != target)
                        broken(w, "%s on DP%zu is INSTALLED at %d, and the DP has version %u", w->package[i], d, (int)target,
                               truth->version);
        }
}

static void check_truth(struct world *w)
{
        const struct str text = STR("SELECT PackageID, ServerName, State, TargetVersion FROM TM_DistributionCondition");
        struct db_stmt *s = db_kept(w->f.db, text);

        if (!s)
                s = db_keep(w->f.db, text, text, &w->f.err);
        while (db_step(s, &w->f.err) > 0)
                check_row(w, db_col_text(s, 0), db_col_text(s, 1), db_col_i64(s, 2), db_col_i64(s, 3));
        db_reset(s);
}

static void check(struct world *w)
{
        const char *differs;

        if (n_differences(&w->f))
                broken(w, "%s", fixture_difference);
        check_truth(w);
        differs = replay(&w->f);
        if (differs)
                broken(w, "%s", differs);
}

static struct fixture shared;

static bool history(struct prop *p)
{
        static struct world w;
        size_t n = (size_t)prop_u64(p, N_STEPS);
        char name[16];

        w = (struct world){ .p = p, .f = shared };
        fixture_again(&w.f);
        for (size_t i = 0; i < N_DPS; i++) {
                snprintf(name, sizeof(name), "DP%zu", i);
                w.dp[i] = add_dp(&w.f, name, i % 2 ? "S01" : "P01");
        }
        for (size_t i = 0; i < N_PACKAGES; i++) {
                snprintf(name, sizeof(name), "N%zu", i);
                w.package[i] = add_package(&w.f, name);
        }
        (void)!put(&w.f, "SMS_DistributionPointGroup", "{\"Name\":\"all\"}");
        w.group = arena_strz(&w.f.arena, fixture_id);
        for (size_t i = 0; i < N_DPS; i++)
                (void)!took(&w, "assign", assign(&w.f, w.package[0], w.dp[i]));
        (void)!took(&w, "snapshot", snapshot_done(&w.f, w.package[0]));
        for (size_t i = 0; i < n && !w.problem[0]; i++) {
                step(&w);
                check_truth(&w);
        }
        check(&w);
        if (w.problem[0])
                prop_note(p, "%s", w.problem);
        shared = w.f;
        return !w.problem[0];
}

static void histories(void **state)
{
        bool held;

        fixture_open(&shared);
        held = prop_check("model histories", 200, history);
        fixture_close(&shared);
        assert_true(held);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(histories) };

        return cmocka_run_group_tests_name("prop-model", tests, NULL, NULL);
}
