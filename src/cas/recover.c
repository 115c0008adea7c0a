/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an earlier life left behind, found out at cas_open().
 *
 *      pack longer than its checkpoint   records behind it are read one by one;
 *                                        whole ones with the right hash go into
 *                                        the index, a torn tail is cut off
 *      pack the index does not know      the same from its beginning
 *      pack shorter than its checkpoint, its pieces there are marked damaged, and
 *      or missing                        it takes no more
 *      pack being removed                is removed
 */
#include <errno.h>
#include <inttypes.h>
#include "cas/store.h"

enum { BATCH = 1024 };

struct found {
        struct hash_id id;
        uint64_t at;
        uint32_t len;
};

struct scan {
        struct cas *c;
        struct hasher *h;
        uint32_t pack;
        int fd;
        uint64_t at, size;              /* next record, end of the file */
        uint8_t *window;                /* RECORD_MAX bytes of the file from window_at */
        uint64_t window_at;
        size_t window_n;
        struct found *batch;
        size_t n;
        uint64_t kept;                  /* records, for the log */
};

/* n bytes at offset at, or NULL when the file ends before or cannot be read (*sys). */
static const uint8_t *view(struct scan *s, uint64_t at, size_t n, int *sys)
{
        *sys = 0;
        if (n > s->size - at)
                return NULL;
        if (at < s->window_at || at + n > s->window_at + s->window_n) {
                size_t want = (size_t)MIN((uint64_t)RECORD_MAX, s->size - at);
                int r = os_pread_all(s->fd, s->window, want, (off_t)at);

                if (r < 0) {
                        *sys = -r;
                        s->window_n = 0;
                        return NULL;
                }
                s->window_at = at;
                s->window_n = want;
        }
        return s->window + (at - s->window_at);
}

/* The batch and the offset behind it, in one transaction, once its bytes are safe. */
static int flush(struct scan *s, struct err *e)
{
        struct cas *c = s->c;
        uint64_t live = 0, pieces = 0;
        struct db_stmt *st;
        int r;

        if (os.fdatasync(s->fd) < 0)
                return err_sys(e, errno, "sync pack %08x", (unsigned)s->pack);
        r = db_begin(c->db, e);
        if (r < 0)
                return r;
        for (size_t i = 0; r == 0 && i < s->n; i++)
                r = index_adopt(c, &s->batch[i].id, place_of(s->pack, s->batch[i].at), s->batch[i].len, &live, &pieces,
                                e);
        if (r == 0) {
                st = index_stmt(c, SQL_LIBRARY_PACK_GROW, e);
                if (!st)
                        return index_end(c, err_number(ERR_INTERNAL), e);
                db_bind_i64(st, 1, s->pack);
                db_bind_i64(st, 2, (int64_t)s->at);
                db_bind_i64(st, 3, (int64_t)live);
                db_bind_i64(st, 4, (int64_t)pieces);
                r = db_run(st, e);
        }
        s->kept += pieces;
        s->n = 0;
        return index_end(c, r, e);
}

/* One record: 1 kept or skipped, 0: here begins what is torn (or unreadable: *sys). */
static int one(struct scan *s, int *sys)
{
        const uint8_t *p = view(s, s->at, PIECE_HEADER_LEN, sys);
        struct piece_header head;
        struct hash_id id;

        if (!p || piece_header_decode(p, &head) < 0)
                return 0;
        p = view(s, s->at, PIECE_HEADER_LEN + head.n, sys);
        if (!p)
                return 0;
        hash_bytes_id(s->h, p + PIECE_HEADER_LEN, head.n, &id);
        if (hash_id_eq(&id, &head.id))
                s->batch[s->n++] = (struct found){ .id = id, .at = s->at, .len = head.n };
        s->at += PIECE_HEADER_LEN + head.n;
        return 1;
}

static int scan_tail(struct scan *s, struct err *e)
{
        uint64_t from = s->at;
        int sys = 0, r = 0;

        while (r == 0 && one(s, &sys) > 0) {
                if (s->n == BATCH)
                        r = flush(s, e);
        }
        if (r == 0)
                r = flush(s, e);
        if (r < 0)
                return r;
        if (sys) {
                log_warn("cas", "%s: pack %08x cannot be read behind %" PRIu64 ": %s", s->c->dir, (unsigned)s->pack,
                         s->at, strerror(sys));
                return index_pack_state(s->c, s->pack, PACK_STATE_SEALED, e);
        }
        if (s->at < s->size && os.ftruncate(s->fd, (off_t)s->at) < 0)
                return err_sys(e, errno, "cut pack %08x", (unsigned)s->pack);
        log_info("cas", "%s: pack %08x: %" PRIu64 " pieces in %" PRIu64 " bytes recovered, %" PRIu64 " bytes cut off",
                 s->c->dir, (unsigned)s->pack, s->kept, s->at - from, s->size - s->at);
        return 0;
}

static int read_tail(struct cas *c, uint32_t pack, uint64_t len, struct err *e)
{
        char name[PACK_NAME_LEN + 1];
        struct scan s = { .c = c, .pack = pack, .at = len };
        struct stat st;
        int r;

        pack_name(pack, name);
        s.fd = os.openat(c->packs_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
        if (s.fd < 0)
                return err_sys(e, errno, "open pack %s", name);
        s.h = hasher_new();
        s.window = malloc(RECORD_MAX);
        s.batch = malloc(BATCH * sizeof(*s.batch));
        if (!s.h || !s.window || !s.batch)
                r = err_set(e, ERR_NOMEM, "read pack %s: out of memory", name);
        else if (os.fstat(s.fd, &st) < 0)
                r = err_sys(e, errno, "examine pack %s", name);
        else {
                s.size = (uint64_t)st.st_size;
                r = scan_tail(&s, e);
        }
        hasher_free(s.h);
        free(s.window);
        free(s.batch);
        (void)os.close(s.fd);
        return r;
}

/* Pieces of the pack that end behind size are gone. */
static int shorter(struct cas *c, uint32_t pack, uint64_t size, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_PIECE_DAMAGE_BEHIND, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_i64(s, 1, place_of(pack, 0));
        db_bind_i64(s, 2, place_of(pack, UINT32_MAX));
        db_bind_i64(s, 3, place_of(pack, size));
        r = db_run(s, e);
        if (r == 0 && db_changes(c->db) > 0)
                log_error("cas", "%s: pack %08x is shorter than it was: %" PRIi64 " pieces are damaged; validate",
                          c->dir, (unsigned)pack, db_changes(c->db));
        return r < 0 ? r : index_pack_state(c, pack, PACK_STATE_SEALED, e);
}

static int one_known(struct cas *c, uint32_t pack, uint64_t len, int state, struct err *e)
{
        char name[PACK_NAME_LEN + 1];
        struct stat st = { 0 };

        pack_name(pack, name);
        if (os.fstatat(c->packs_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
                return err_sys(e, errno, "examine pack %s", name);
        if (state == PACK_STATE_REMOVING)
                return pack_remove(c, pack, e);
        if ((uint64_t)st.st_size < len)
                return shorter(c, pack, (uint64_t)st.st_size, e);
        if ((uint64_t)st.st_size > len && state == PACK_STATE_OPEN)
                return read_tail(c, pack, len, e);
        return 0;
}

static int known_packs(struct cas *c, struct err *e)
{
        struct {
                uint32_t pack;
                uint64_t len;
                int state;
        } rows[64];
        uint32_t last = 0;
        size_t n;
        int r;

        do {
                struct db_stmt *s = index_stmt(c, SQL_LIBRARY_PACK_LIST, e);

                if (!s)
                        return err_number(ERR_INTERNAL);
                db_bind_i64(s, 1, last);
                for (n = 0; n < ARRAY_SIZE(rows) && (r = db_step(s, e)) > 0; n++) {
                        rows[n].pack = last = (uint32_t)db_col_i64(s, 0);
                        rows[n].len = (uint64_t)db_col_i64(s, 1);
                        rows[n].state = (int)db_col_i64(s, 4);
                }
                db_reset(s);
                for (size_t i = 0; r >= 0 && i < n; i++)
                        r = one_known(c, rows[i].pack, rows[i].len, rows[i].state, e);
        } while (r >= 0 && n == ARRAY_SIZE(rows));
        return r < 0 ? r : 0;
}

/* A file that the index does not know: its row first, then its records. */
static int one_unknown(struct cas *c, uint32_t pack, struct err *e)
{
        struct db_stmt *s = index_stmt(c, SQL_LIBRARY_PACK_GET, e);
        int r;

        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_i64(s, 1, pack);
        r = db_step(s, e);
        db_reset(s);
        if (r != 0)
                return r < 0 ? r : 0;
        s = index_stmt(c, SQL_LIBRARY_PACK_ADD, e);
        if (!s)
                return err_number(ERR_INTERNAL);
        db_bind_i64(s, 1, pack);
        r = db_run(s, e);
        return r < 0 ? r : read_tail(c, pack, 0, e);
}

static int unknown_packs(struct cas *c, struct err *e)
{
        struct dirent *d;
        DIR *dir;
        int r = 0, fd = os.openat(c->packs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

        if (fd < 0)
                return err_sys(e, errno, "open packs");
        dir = os.fdopendir(fd);
        if (!dir) {
                r = err_sys(e, errno, "list packs");
                (void)os.close(fd);
                return r;
        }
        while (r == 0) {
                uint32_t pack;

                errno = 0;
                d = os.readdir(dir);
                if (!d) {
                        r = errno ? err_sys(e, errno, "list packs") : 0;
                        break;
                }
                if (pack_parse_name(d->d_name, &pack) == 0)
                        r = one_unknown(c, pack, e);
        }
        (void)os.closedir(dir);
        return r;
}

int recover_all(struct cas *c, struct err *e)
{
        int r = known_packs(c, e);

        return r < 0 ? r : unknown_packs(c, e);
}
