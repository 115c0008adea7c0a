/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation: every byte of a version is read from the disk again.
 *
 * First the piece table is walked and neighbours in a pack are read together
 * (cached pages are dropped before, so that the disk answers); what is wrong is
 * marked in the index.  Then, only if anything at all is damaged, the entries
 * are walked and files with such pieces are named.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include "cas/store.h"

enum { BATCH = 128, NAP_US = 100000 };

struct verify {
        struct cas *c;
        struct hasher *h;
        uint8_t *buf;                   /* RECORD_MAX */
        uint64_t rate_Bps, bytes;
        int64_t started_us;
        bool (*stop)(void *ctx);
        void *ctx;
};

static bool record_ok(struct verify *v, const uint8_t *p, const struct hash_id *id, uint32_t len)
{
        struct piece_header head;
        struct hash_id got;

        if (piece_header_decode(p, &head) < 0 || head.n != len || !hash_id_eq(&head.id, id))
                return false;
        hash_bytes_id(v->h, p + PIECE_HEADER_LEN, len, &got);
        return hash_id_eq(&got, id);
}

/* One record by itself, where the index says it is now (it may have moved since the batch was looked up). */
static int check_again(struct verify *v, const struct hash_id *id, struct err *e)
{
        struct err ignored = { 0 };
        struct cas_extent x;
        int fd, r = cas_find(v->c, id, &x, e);

        if (r != CAS_OK)
                return r < 0 ? r : 0;
        r = cas_extent_open(v->c, x.pack, &fd, &ignored);
        if (r < 0 && ignored.kind != ERR_GONE)
                return err_set(e, ignored.kind, "%s", ignored.text);
        if (r == 0)
                r = os_pread_all(fd, v->buf, PIECE_HEADER_LEN + x.len, (off_t)x.at);
        if (r == 0 && record_ok(v, v->buf, id, x.len))
                return 0;
        log_warn("cas", "%s: pack %08x at %" PRIu64 ": a piece of %" PRIu32 " bytes is damaged", v->c->dir,
                 (unsigned)x.pack, x.at, x.len);
        return cas_mark_damaged(v->c, id, e);
}

static void drop_cached(int fd, uint64_t at, uint64_t n)
{
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        uint64_t from = at - at % page, to = (at + n + page - 1) / page * page;

        (void)posix_fadvise(fd, (off_t)from, (off_t)(to - from), POSIX_FADV_DONTNEED);
}

/* n neighbours that make up `bytes` in one pack. */
static int check_run(struct verify *v, const struct cas_extent *x, const struct hash_id *ids, size_t n, uint64_t bytes,
                     struct err *e)
{
        struct err ignored = { 0 };
        uint64_t done = 0;
        int fd, r = cas_extent_open(v->c, x->pack, &fd, &ignored);
        bool whole = false, all = true;

        if (r == 0) {
                drop_cached(fd, x->at, bytes);
                whole = os_pread_all(fd, v->buf, (size_t)bytes, (off_t)x->at) == 0;
        }
        for (size_t i = 0; whole && all && i < n; i++) {
                all = record_ok(v, v->buf + done, &ids[i], x[i].len);
                done += PIECE_HEADER_LEN + x[i].len;
        }
        v->bytes += bytes;
        if (whole && all)
                return 0;
        for (size_t i = 0; i < n; i++) {
                r = check_again(v, &ids[i], e);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int pause_or_stop(struct verify *v, struct err *e)
{
        for (;;) {
                int64_t due, now = os_mono_us();

                if (v->stop && v->stop(v->ctx))
                        return err_set(e, ERR_CANCELLED, "validation was stopped");
                due = v->rate_Bps ? v->started_us + (int64_t)((double)v->bytes * 1e6 / (double)v->rate_Bps) : now;
                if (due <= now)
                        return 0;
                (void)nanosleep(&(struct timespec){ .tv_nsec = MIN(due - now, (int64_t)NAP_US) * 1000 }, NULL);
        }
}

static int check_batch(struct verify *v, const struct hash_id *ids, const struct cas_extent *x, size_t n, struct err *e)
{
        int r = 0;

        for (size_t i = 0, next; r == 0 && i < n; i = next) {
                uint64_t bytes = PIECE_HEADER_LEN + x[i].len;

                next = i + 1;
                if (x[i].len == 0)              /* damaged already */
                        continue;
                while (next < n && x[next].len > 0 && x[next].pack == x[i].pack && x[next].at == x[i].at + bytes &&
                       bytes + PIECE_HEADER_LEN + x[next].len <= RECORD_MAX)
                        bytes += PIECE_HEADER_LEN + x[next++].len;
                r = check_run(v, x + i, ids + i, next - i, bytes, e);
                if (r == 0)
                        r = pause_or_stop(v, e);
        }
        return r;
}

static int check_pieces(struct verify *v, const struct cas_manifest *m, struct err *e)
{
        struct hash_id ids[BATCH];
        struct cas_extent x[BATCH];
        int r = pause_or_stop(v, e);

        for (uint64_t i = 0; r == 0 && i < m->m.n_pieces;) {
                size_t n = (size_t)MIN((uint64_t)BATCH, m->m.n_pieces - i);

                for (size_t k = 0; k < n; k++)
                        manifest_piece(&m->m, i + k, &ids[k], NULL);
                r = cas_find_many(v->c, ids, n, x, e);
                if (r == 0)
                        r = check_batch(v, ids, x, n, e);
                i += n;
                manifest_behind(m, i, NULL);
        }
        return r;
}

/* 1 sound, 0 not, < 0 */
static int file_sound(struct cas *c, const struct cas_manifest *m, const struct manifest_entry *en, struct err *e)
{
        for (uint64_t i = 0; i < en->n_pieces; i++) {
                struct cas_extent x;
                struct hash_id id;
                int r;

                manifest_piece(&m->m, en->first_piece + i, &id, NULL);
                r = cas_find(c, &id, &x, e);
                if (r != CAS_OK)
                        return r < 0 ? r : 0;
        }
        return 1;
}

static int name_files(struct cas *c, const struct cas_manifest *m, void (*bad)(void *ctx, struct str path), void *ctx,
                      struct err *e)
{
        struct manifest_cursor cur;
        struct manifest_entry en;
        int r;

        manifest_first(&m->m, &cur);
        while ((r = manifest_next(&cur, &en, e)) > 0) {
                r = file_sound(c, m, &en, e);
                if (r < 0)
                        return r;
                if (r == 0)
                        bad(ctx, en.path);
        }
        return r;
}

/* The manifest itself is wrong or gone: no file of the version can be vouched for. */
static int bad_manifest(struct cas *c, const struct cas_version *v, void (*bad)(void *ctx, struct str path), void *ctx,
                        struct err *e)
{
        char text[HASH_HEX_LEN + 16] = "manifest ";

        manifest_name(&v->manifest, text + strlen(text));
        bad(ctx, str_of(text));
        log_warn("cas", "%s: %s of package %s is missing or damaged", c->dir, text, v->package);
        return manifest_remove(c, &v->manifest, e);     /* so that it is seen to be missing */
}

static int verify_mapped(struct verify *v, const struct cas_manifest *m, void (*bad)(void *ctx, struct str path),
                         struct err *e)
{
        bool damaged;
        int r = check_pieces(v, m, e);

        if (r < 0)
                return r;
        (void)pthread_mutex_lock(&v->c->lock);
        r = index_any_damaged(v->c, &damaged, e);
        (void)pthread_mutex_unlock(&v->c->lock);
        return r < 0 || (!damaged && !v->c->recount) ? r : name_files(v->c, m, bad, v->ctx, e);
}

int cas_verify(struct cas *c, const struct cas_version *version, uint64_t rate_Bps,
               void (*bad)(void *ctx, struct str path), bool (*stop)(void *ctx), void *ctx, uint64_t *bytes_out,
               struct err *e)
{
        struct verify v = { .c = c, .rate_Bps = rate_Bps, .stop = stop, .ctx = ctx, .started_us = os_mono_us() };
        struct cas_manifest m;
        int r = manifest_open_checked(c, &version->manifest, &m, e);

        if (bytes_out)
                *bytes_out = 0;
        if (r != CAS_OK)
                return r < 0 ? r : bad_manifest(c, version, bad, ctx, e);
        v.h = hasher_new();
        v.buf = malloc(RECORD_MAX);
        if (!v.h || !v.buf)
                r = err_set(e, ERR_NOMEM, "validate package %s: out of memory", version->package);
        else
                r = verify_mapped(&v, &m, bad, e);
        if (bytes_out)
                *bytes_out = v.bytes;
        hasher_free(v.h);
        free(v.buf);
        cas_manifest_close(&m);
        return r;
}
