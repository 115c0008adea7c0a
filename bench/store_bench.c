/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_bench - one operation of the content library, timed
 *
 *      store_bench snapshot LIBRARY SOURCE PACKAGE VERSION
 *      store_bench extract  LIBRARY PACKAGE TARGET
 *      store_bench verify   LIBRARY PACKAGE
 *      store_bench drop     LIBRARY PACKAGE
 *      store_bench gc       LIBRARY
 *      store_bench put      LIBRARY COUNT SIZE       (random pieces: cost of put, find and checkpoint)
 *
 * With TALLYMAN_BENCH_SMALL set the library is opened the way a distribution point does.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include "cas/cas.h"
#include "os/os.h"
#include "snapshot/snapshot.h"

static int64_t started_us;

static void lap(const char *what)
{
        struct rusage u;
        int64_t now = os_mono_us();

        (void)getrusage(RUSAGE_SELF, &u);
        printf("%s: %.3f s wall, %.3f s CPU (%.3f user), %ld KiB peak\n", what, (double)(now - started_us) / 1e6,
               (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6,
               (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6, u.ru_maxrss);
        started_us = os_mono_us();
}

static int take(struct cas *c, char **v, struct err *e)
{
        struct snapshot_opts o = { .source = v[0], .package = v[1], .version = (uint32_t)atoi(v[2]) };
        struct snapshot_result res;
        int r = snapshot_take(c, &o, &res, e);

        if (r == 0)
                printf("%" PRIu64 " entries, %" PRIu64 " files, %" PRIu64 " bytes, %" PRIu64 " new\n", res.n_entries,
                       res.n_files, res.total_bytes, res.new_bytes);
        return r;
}

static void name_bad(void *ctx, struct str path)
{
        printf("damaged: %.*s\n", STR_ARG(path));
}

static int put_many(struct cas *c, uint32_t count, uint32_t size, struct err *e)
{
        _cleanup_(cas_writer_freep) struct cas_writer *w = NULL;
        struct hash_id *ids = calloc(count, sizeof(*ids));
        uint8_t *p = calloc(1, size);
        struct hasher *h = hasher_new();
        struct cas_extent x;
        int r = ids && p && h ? cas_writer_new(&w, c, e) : -1;

        for (uint32_t i = 0; r >= 0 && i < count; i++) {
                uint64_t v = os_random_u64();

                memcpy(p, &v, MIN(sizeof(v), (size_t)size));
                hash_bytes_id(h, p, size, &ids[i]);
        }
        lap("hash");
        for (uint32_t i = 0; r >= 0 && i < count; i++)
                r = cas_put(w, &ids[i], p, size, e);
        lap("put");
        if (r >= 0)
                r = cas_checkpoint(w, e);
        lap("checkpoint");
        for (uint32_t i = 0; r >= 0 && i < count; i++)
                r = cas_find(c, &ids[i], &x, e);
        lap("find");
        hasher_free(h);
        free(ids);
        free(p);
        return r;
}

static int run(struct cas *c, int n, char **v, struct err *e)
{
        struct cas_version ver;
        struct cas_gc_stats g;
        uint64_t bytes;
        int r;

        if (strcmp(v[1], "snapshot") == 0 && n == 6)
                return take(c, v + 3, e);
        if (strcmp(v[1], "put") == 0 && n == 5)
                return put_many(c, (uint32_t)atoi(v[3]), (uint32_t)atoi(v[4]), e);
        if (strcmp(v[1], "gc") == 0) {
                r = cas_gc(c, false, &g, e);
                printf("%" PRIu64 " pieces dropped, %" PRIu64 " bytes freed, %" PRIu64 " packs removed, %" PRIu64 " rewritten\n",
                       g.pieces_dropped, g.bytes_freed, g.packs_removed, g.packs_rewritten);
                return r;
        }
        if (n < 4)
                return err_set(e, ERR_INVALID, "see the head of store_bench.c");
        if (strcmp(v[1], "drop") == 0)
                return cas_version_drop(c, v[3], 0, e);
        r = cas_version_find(c, v[3], &ver, e);
        if (r != CAS_OK)
                return r < 0 ? r : err_set(e, ERR_NOT_FOUND, "no package %s", v[3]);
        if (strcmp(v[1], "extract") == 0 && n == 5)
                return cas_extract(c, &ver, v[4], e);
        if (strcmp(v[1], "verify") == 0)
                return cas_verify(c, &ver, 0, name_bad, NULL, NULL, &bytes, e);
        return err_set(e, ERR_INVALID, "see the head of store_bench.c");
}

int main(int n, char **v)
{
        struct cas_opts o = { .small = getenv("TALLYMAN_BENCH_SMALL") != NULL };
        struct err e = { 0 };
        struct cas *c;
        int r;

        if (n < 3) {
                fputs("see the head of store_bench.c\n", stderr);
                return 2;
        }
        started_us = os_mono_us();
        r = cas_open(&c, v[2], &o, &e);
        if (r == 0) {
                lap("open");
                r = run(c, n, v, &e);
                lap(v[1]);
                cas_close(c);
                lap("close");
        }
        if (r < 0)
                fprintf(stderr, "%s\n", e.text);
        return r < 0;
}
