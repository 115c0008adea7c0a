/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifest files: one a version, named by its own SHA-256, written whole under
 * a temporary name, synced, renamed.  Read through a mapping, whose pages are
 * given back behind a scan, so that a long manifest costs no memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include "cas/store.h"

enum { STEP = 256 << 10, CHECK_ENTRIES = 4096, TRIM_FROM = 1 << 20, TEMP_NAME_LEN = 21 };
#define MANIFEST_BYTES_MAX (INT64_C(16) << 30)

void manifest_name(const struct hash_id *id, char out[HASH_HEX_LEN + 1])
{
        hash_id_hex(id, out);
}

static int temp_file(struct cas *c, char name[TEMP_NAME_LEN], int *fd_out, struct err *e)
{
        (void)snprintf(name, TEMP_NAME_LEN, ".tmp%016" PRIx64, os_random_u64());
        *fd_out = os.openat(c->manifests_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
        if (*fd_out < 0)
                return err_sys(e, errno, "content library %s: create a temporary file", c->dir);
        return 0;
}

int cas_manifest_temp(struct cas *c, int *fd_out, struct err *e)
{
        char name[TEMP_NAME_LEN];
        int r = temp_file(c, name, fd_out, e);

        if (r == 0)
                (void)os.unlinkat(c->manifests_fd, name, 0);    /* when it stays, garbage collection takes it */
        return r;
}

/* ---- mapping ---- */

static int map(int fd, struct cas_manifest *out, struct err *e)
{
        struct stat st;
        int r;

        memset(out, 0, sizeof(*out));
        if (os.fstat(fd, &st) < 0)
                return err_sys(e, errno, "examine manifest");
        if (st.st_size < MANIFEST_HEADER_LEN || st.st_size > MANIFEST_BYTES_MAX)
                return err_set(e, ERR_CORRUPT, "manifest: %" PRIi64 " bytes is no possible length",
                               (int64_t)st.st_size);
        out->map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (out->map == MAP_FAILED) {
                out->map = NULL;
                return err_sys(e, errno, "map manifest");
        }
        out->map_len = (size_t)st.st_size;
        (void)madvise(out->map, out->map_len, MADV_SEQUENTIAL);
        r = manifest_open(&out->m, out->map, out->map_len, e);
        if (r < 0)
                cas_manifest_close(out);
        return r;
}

void cas_manifest_close(struct cas_manifest *m)
{
        if (m->map)
                (void)munmap(m->map, m->map_len);
        m->map = NULL;
}

static void forget_pages(const struct cas_manifest *m, size_t from, size_t to)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE);

        from -= from % page;
        to -= to % page;
        if (m->map_len >= TRIM_FROM && to > from)
                (void)madvise((char *)m->map + from, to - from, MADV_DONTNEED);
}

void cas_manifest_trim(const struct cas_manifest *m)
{
        (void)madvise(m->map, m->map_len, MADV_DONTNEED);
}

void manifest_behind(const struct cas_manifest *m, uint64_t piece, const uint8_t *at)
{
        forget_pages(m, 0, MANIFEST_HEADER_LEN + piece * MANIFEST_PIECE_LEN);
        if (at)
                forget_pages(m, (size_t)m->m.entries_at, (size_t)(at - m->m.p));
}

static int hash_map(const struct cas_manifest *m, struct hash_id *out, struct err *e)
{
        _cleanup_(hasher_freep) struct hasher *h = hasher_new();

        if (!h)
                return err_set(e, ERR_NOMEM, "manifest: out of memory");
        hasher_begin(h);
        for (size_t at = 0; at < m->map_len; at += STEP) {
                hasher_add(h, (const char *)m->map + at, MIN((size_t)STEP, m->map_len - at));
                forget_pages(m, 0, at);
        }
        hasher_end(h, out);
        return 0;
}

static int check_map(const struct cas_manifest *m, struct err *e)
{
        struct manifest_checker k;
        int r;

        manifest_check_begin(&m->m, &k);
        while ((r = manifest_check_some(&k, CHECK_ENTRIES, e)) > 0)
                manifest_behind(m, k.c.piece, k.c.c.p);
        return r;
}

/* ---- publishing ---- */

static int copy_to(int fd, const struct cas_manifest *m, struct err *e)
{
        for (size_t at = 0; at < m->map_len; at += STEP) {
                int r = os_write_all(fd, (const char *)m->map + at, MIN((size_t)STEP, m->map_len - at));

                if (r < 0)
                        return err_sys(e, -r, "write manifest");
                forget_pages(m, 0, at);
        }
        if (os.fsync(fd) < 0)
                return err_sys(e, errno, "sync manifest");
        return 0;
}

static int publish(struct cas *c, const struct cas_manifest *m, const struct hash_id *id, struct err *e)
{
        char temp[TEMP_NAME_LEN], name[HASH_HEX_LEN + 1];
        int fd, r = temp_file(c, temp, &fd, e);

        if (r < 0)
                return r;
        manifest_name(id, name);
        r = copy_to(fd, m, e);
        (void)os.close(fd);
        /* Over one that is there already, too: that one may be damaged, this one was just checked. */
        if (r == 0 && os.renameat(c->manifests_fd, temp, c->manifests_fd, name) < 0)
                r = err_sys(e, errno, "publish manifest %s", name);
        if (r < 0) {
                (void)os.unlinkat(c->manifests_fd, temp, 0);
                return r;
        }
        if (os.fsync(c->manifests_fd) < 0)
                return err_sys(e, errno, "sync manifests");
        return 0;
}

static int put_mapped(struct cas *c, const struct cas_manifest *m, const struct hash_id *id, struct err *e)
{
        struct hash_id got;
        int r = hash_map(m, &got, e);

        if (r < 0)
                return r;
        if (!hash_id_eq(&got, id))
                return CAS_E_MISMATCH;
        r = check_map(m, e);
        return r < 0 ? r : publish(c, m, id, e);
}

int cas_manifest_put(struct cas *c, int fd, const struct hash_id *id, struct err *e)
{
        struct cas_manifest m;
        int r = map(fd, &m, e);

        if (r == 0) {
                r = put_mapped(c, &m, id, e);
                cas_manifest_close(&m);
        }
        (void)os.close(fd);
        return r < 0 ? err_prefix(e, "content library %s", c->dir) : r;
}

int manifest_remove(struct cas *c, const struct hash_id *id, struct err *e)
{
        char name[HASH_HEX_LEN + 1];

        manifest_name(id, name);
        if (os.unlinkat(c->manifests_fd, name, 0) < 0 && errno != ENOENT)
                return err_sys(e, errno, "content library %s: remove manifest %s", c->dir, name);
        return 0;
}

int cas_manifest_drop(struct cas *c, const struct hash_id *id, struct err *e)
{
        struct db_stmt *s;
        int r;

        (void)pthread_mutex_lock(&c->lock);
        s = index_stmt(c, SQL_LIBRARY_VERSION_USES, e);
        if (s)
                db_bind_blob(s, 1, id->b, HASH_LEN);
        r = s ? db_step(s, e) : err_number(ERR_INTERNAL);
        if (r > 0)
                r = db_col_i64(s, 0) == 0 ? manifest_remove(c, id, e) : 0;
        if (s)
                db_reset(s);
        (void)pthread_mutex_unlock(&c->lock);
        return r;
}

/* ---- opening ---- */

int cas_manifest_fd(struct cas *c, const struct hash_id *id, int *fd_out, uint64_t *size_out, struct err *e)
{
        char name[HASH_HEX_LEN + 1];
        struct stat st;
        int fd;

        manifest_name(id, name);
        fd = os.openat(c->manifests_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
        if (fd < 0 && errno == ENOENT)
                return CAS_E_ABSENT;
        if (fd < 0)
                return err_sys(e, errno, "content library %s: open manifest %s", c->dir, name);
        if (os.fstat(fd, &st) < 0) {
                int sys = errno;

                (void)os.close(fd);
                return err_sys(e, sys, "content library %s: examine manifest %s", c->dir, name);
        }
        *fd_out = fd;
        if (size_out)
                *size_out = (uint64_t)st.st_size;
        return CAS_OK;
}

int cas_manifest_open(struct cas *c, const struct hash_id *id, struct cas_manifest *out, struct err *e)
{
        int fd, r = cas_manifest_fd(c, id, &fd, NULL, e);

        memset(out, 0, sizeof(*out));
        if (r != CAS_OK)
                return r;
        r = map(fd, out, e);
        (void)os.close(fd);
        out->id = *id;
        return r < 0 ? err_prefix(e, "content library %s", c->dir) : r;
}

int manifest_open_checked(struct cas *c, const struct hash_id *id, struct cas_manifest *out, struct err *e)
{
        struct err why = { 0 };
        struct hash_id got;
        int r = cas_manifest_open(c, id, out, &why);

        if (r < 0 && why.kind == ERR_CORRUPT)
                return CAS_E_MISMATCH;
        if (r < 0)
                return err_set(e, why.kind, "%s", why.text);
        if (r != CAS_OK)
                return r;
        r = hash_map(out, &got, e);
        if (r == 0 && !hash_id_eq(&got, id))
                r = CAS_E_MISMATCH;
        if (r != CAS_OK)
                cas_manifest_close(out);
        return r;
}
