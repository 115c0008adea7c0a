/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine - the model and its change log by themselves, without processes and sockets
 *
 *      engine fill   FILE PACKAGES DPS                      packages with a published version, and DPs
 *      engine change FILE PACKAGES DPS random|burst N BATCH N reports, each its own change, BATCH to a commit
 *      engine scan   FILE RUNS                              SMS_PackageStatusRootSummarizer read bare, as JSON
 *
 * engine.py calls them and assigns in between.  A change is a report of damage or
 * the report that mends it: the pair moves, four counters, the status message
 * and what is logged of all that (src/model/fact.h).  It runs as in
 * the daemon: a savepoint and a struct tx a report, one durable commit a batch.
 * Random: a pair anywhere.  Burst: all DPs of a package in order, then the next
 * package.  The last DP of each package stays out of it, so that Ready rests.
 * Each prints one JSON object.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model/model.h"
#include "model/sql_site.h"
#include "os/os.h"

enum { NEWEST_ORDER = 1000000000, BASE = 10, MAX_BATCH = 10000, NAME_MAX_ = 64 };

typedef int bench_fn(struct tx *t, void *arg, struct err *e);

static int64_t cpu_us(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
        return ts.tv_sec * US_PER_SECOND + ts.tv_nsec / 1000;
}

/* As the daemon's writer runs one job of a group. */
static int one(struct db_conn *c, bench_fn *fn, void *arg, struct err *e)
{
        static const struct actor actor = { "bench", "", "internal" };
        struct tx t;
        int r = db_savepoint(c, e);

        if (r < 0)
                return r;
        tx_begin(&t, c, &actor);
        r = fn(&t, arg, e);
        if (r >= 0) {
                int end = tx_end(&t, e);

                r = end < 0 ? end : r;
        } else {
                tx_abort(&t);
        }
        if (r < 0) {
                db_rollback_to(c);
                return r;
        }
        return db_release(c, e) < 0 ? -1 : r;
}

/* ---- fill ---- */

static int init(struct tx *t, void *arg, struct err *e)
{
        const struct model_site_opts o = { "P01", "Primary", "SITE", "/opt/tallyman" };

        return model_init(t, &o, e);
}

static int add_package(struct tx *t, void *arg, struct err *e)
{
        const struct cim_class *c = cim_class_find(STR("SMS_Package"));
        struct cim_instance *in;
        char json[200], id[PACKAGE_ID_LEN + 1];

        snprintf(json, sizeof(json), "{\"Name\":\"Package %d\",\"PkgSourceFlag\":2,\"PkgSourcePath\":\"/src\"}", *(int *)arg);
        if (cim_json_read(c, str_of(json), &t->arena, &in, e) < 0)
                return -1;
        return model_package_create(t, in, id, e);
}

static int add_dp(struct tx *t, void *arg, struct err *e)
{
        char name[NAME_MAX_];
        struct model_dp_new in = { .site_code = STR("P01"), .url = STR("https://dp.example.com") };
        const struct hash_id token = { { 1 } };

        snprintf(name, sizeof(name), "DP%05d.example.com", *(int *)arg);
        in.name = str_of(name);
        return model_dp_create(t, &in, &token, t->now_us + 1, NULL, e);
}

static struct hash_id manifest_of(const char *package_id)
{
        struct hash_id id = { { 0 } };

        snprintf((char *)id.b, sizeof(id.b), "%s", package_id);
        return id;
}

struct snapshots {
        struct model_job *v;
        size_t n, max;
};

static bool note_snapshot(void *ctx, const struct model_job *j)
{
        struct snapshots *s = ctx;

        if (j->action == JOB_SNAPSHOT && s->n < s->max)
                s->v[s->n++] = *j;
        return true;
}

static int publish(struct tx *t, void *arg, struct err *e)
{
        const struct model_job *j = arg;
        const struct hash_id manifest = manifest_of(j->package_id);

        return model_snapshot_done(t, j->job_id, &manifest, 1 << 20, 3, e);
}

static int fill(struct db_conn *c, int packages, int dps, struct err *e)
{
        struct snapshots s = { calloc((size_t)packages, sizeof(struct model_job)), 0, (size_t)packages };
        int r = s.v ? db_begin(c, e) : -1;

        if (!r)
                r = one(c, init, NULL, e);
        for (int i = 0; i < packages && r >= 0; i++)
                r = one(c, add_package, &i, e);
        for (int i = 0; i < dps && r >= 0; i++)
                r = one(c, add_dp, &i, e);
        if (r >= 0)
                r = model_jobs_each(c, note_snapshot, &s, e);
        for (size_t i = 0; i < s.n && r >= 0; i++)
                r = one(c, publish, &s.v[i], e);
        if (r >= 0)
                r = db_commit(c, e);
        if (r >= 0)
                printf("{\"packages\":%d,\"dps\":%d,\"published\":%zu}\n", packages, dps, s.n);
        free(s.v);
        return r;
}

/* ---- change ---- */

struct target {
        char package_id[PACKAGE_ID_LEN + 1];
        int64_t dp_id;
        bool damaged;                           /* it is: the report mends it */
};

static int report(struct tx *t, void *arg, struct err *e)
{
        const struct target *g = arg;
        const struct str file = STR("setup.exe");
        const struct model_report r = { g->dp_id, NEWEST_ORDER, str_of(g->package_id), 1, manifest_of(g->package_id), 0, 0 };

        return g->damaged ? model_report_valid(t, &r, e) : model_report_invalid(t, &r, &file, 1, e);
}

struct names {
        char (*packages)[PACKAGE_ID_LEN + 1];
        int64_t *dps;
        size_t n_packages, n_dps;
};

/* PackageIDs and DPs in the order of their numbers: they were given out in that order from 1. */
static int read_names(struct db_conn *c, struct names *n, size_t packages, size_t dps, struct err *e)
{
        n->packages = calloc(packages, sizeof(*n->packages));
        n->dps = calloc(dps, sizeof(*n->dps));
        if (!n->packages || !n->dps)
                return err_set(e, ERR_NOMEM, "out of memory");
        for (; n->n_packages < packages; n->n_packages++)
                snprintf(n->packages[n->n_packages], sizeof(n->packages[0]), "P01%05X", (unsigned)(n->n_packages + 1) & 0xfffff);
        for (size_t i = 0; i < dps; i++) {
                char name[NAME_MAX_];
                struct model_dp dp;

                snprintf(name, sizeof(name), "DP%05zu.example.com", i);
                if (model_dp_find(c, str_of(name), &dp, e))
                        return err_set(e, ERR_NOT_FOUND, "there is no DP %s", name);
                n->dps[n->n_dps++] = dp.dp_id;
        }
        return 0;
}

static int run_batch(struct db_conn *c, struct target *v, size_t n, size_t *applied, struct err *e)
{
        int r = db_begin(c, e);

        for (size_t i = 0; i < n && r >= 0; i++) {
                r = one(c, report, &v[i], e);
                *applied += r == 0;
        }
        return r < 0 ? r : db_commit(c, e);
}

static uint64_t next_random(uint64_t *state)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

/* A pair is damaged by its odd reports: a bit a pair. */
static int change(struct db_conn *c, size_t packages, size_t dps, bool burst, size_t count, size_t batch, struct err *e)
{
        struct names names = { 0 };
        struct target v[MAX_BATCH];
        const size_t usable = dps - 1;          /* the last one is never reported on */
        uint8_t *damaged = calloc(packages * dps, 1);
        uint64_t seed = UINT64_C(88172645463325252);
        size_t applied = 0, done = 0, at = 0;
        int64_t cpu, wall;
        int r = damaged ? read_names(c, &names, packages, dps, e) : -1;

        cpu = cpu_us();
        wall = os_mono_us();
        while (r >= 0 && done < count) {
                size_t n = MIN(batch, count - done);

                for (size_t i = 0; i < n; i++, at++) {
                        size_t p = burst ? at / usable % packages : next_random(&seed) % packages;
                        size_t d = burst ? at % usable : next_random(&seed) % usable;

                        memcpy(v[i].package_id, names.packages[p], sizeof(v[i].package_id));
                        v[i].dp_id = names.dps[d];
                        v[i].damaged = damaged[p * dps + d];
                        damaged[p * dps + d] ^= 1;
                }
                r = run_batch(c, v, n, &applied, e);
                done += n;
        }
        cpu = cpu_us() - cpu;
        wall = os_mono_us() - wall;
        if (r >= 0 && applied != count)
                r = err_set(e, ERR_INTERNAL, "only %zu of %zu reports were applied", applied, count);
        if (r >= 0)
                printf("{\"cpu_us\":%.2f,\"wall_us\":%.2f}\n", (double)cpu / (double)count, (double)wall / (double)count);
        free(damaged);
        free(names.packages);
        free(names.dps);
        return r;
}

/* ---- scan ---- */

static void add_number(struct buf *out, int64_t v)
{
        char text[24], *p = text + sizeof(text);
        uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

        do {
                *--p = (char)('0' + u % BASE);
                u /= BASE;
        } while (u);
        if (v < 0)
                *--p = '-';
        buf_add(out, p, (size_t)(text + sizeof(text) - p));
}

static void add_column(struct db_stmt *s, int i, const struct cim_property *p, struct buf *out)
{
        char when[RFC3339_LEN + 1];

        buf_addc(out, i ? ',' : '{');
        buf_addc(out, '"');
        buf_addz(out, p->name);
        buf_addz(out, "\":");
        if (db_col_is_null(s, i)) {
                buf_addz(out, "null");
        } else if (p->type == CIM_STRING) {
                cim_json_string(out, db_col_text(s, i));
        } else if (p->type == CIM_DATETIME) {
                time_format_rfc3339(db_col_i64(s, i), when);
                buf_addc(out, '"');
                buf_addz(out, when);
                buf_addc(out, '"');
        } else {
                add_number(out, db_col_i64(s, i));
        }
}

static int scan(struct db_conn *c, int runs, struct err *e)
{
        const struct cim_class *class = cim_class_find(STR("SMS_PackageStatusRootSummarizer"));
        struct db_stmt *s;
        struct buf out;
        size_t rows = 0, bytes = 0;
        int64_t best = INT64_MAX;
        int r = db_stmt_dynamic(&s, c, str_of(class->select), e);

        buf_init(&out, 0);
        for (int k = 0; k < runs && r >= 0; k++) {
                int64_t cpu = cpu_us();

                buf_reset(&out);
                for (rows = 0; (r = db_step(s, e)) > 0; rows++) {
                        for (size_t i = 0; i < class->n_properties; i++)
                                add_column(s, (int)i, &class->properties[i], &out);
                        buf_addz(&out, "}\n");
                }
                db_reset(s);
                bytes = out.n;
                best = MIN(best, cpu_us() - cpu);
        }
        if (r >= 0 && !out.failed)
                printf("{\"rows\":%zu,\"bytes\":%zu,\"cpu_us\":%" PRId64 "}\n", rows, bytes, best);
        buf_fini(&out);
        if (r >= 0)
                db_stmt_free(s);
        return r;
}

static int usage(void)
{
        fputs("usage: engine fill FILE PACKAGES DPS | change FILE PACKAGES DPS random|burst N BATCH | scan FILE RUNS\n", stderr);
        return 2;
}

int main(int argc, char **argv)
{
        struct db_conn *c;
        struct err e = { 0 };
        int r;

        if (argc < 4)
                return usage();
        r = db_conn_open(&c, argv[2], &sql_site, strcmp(argv[1], "scan") == 0 ? 0 : DB_WRITER | DB_FULL_SYNC, &e);
        if (!r && strcmp(argv[1], "fill") == 0 && argc == 5)
                r = fill(c, atoi(argv[3]), atoi(argv[4]), &e);
        else if (!r && strcmp(argv[1], "scan") == 0)
                r = scan(c, atoi(argv[3]), &e);
        else if (!r && strcmp(argv[1], "change") == 0 && argc == 8 && atoi(argv[3]) > 0 && atoi(argv[4]) > 1 &&
                 atoi(argv[6]) > 0 && atoi(argv[7]) > 0 && atoi(argv[7]) <= MAX_BATCH)
                r = change(c, (size_t)atoi(argv[3]), (size_t)atoi(argv[4]), strcmp(argv[5], "burst") == 0,
                           (size_t)atoi(argv[6]), (size_t)atoi(argv[7]), &e);
        else if (!r)
                r = usage();
        if (r < 0)
                fprintf(stderr, "engine: %s\n", e.text);
        db_conn_close(c);
        return r == 0 ? 0 : 1;
}
