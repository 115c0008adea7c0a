/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include "cas/store.h"
#include "unit/cas/store_help.h"

static struct {
        struct cas *c;
        struct cas_writer *w;
} abandoned[4096];
static unsigned n_abandoned;

void on_memory(void)
{
        if (access("/dev/shm", W_OK) == 0)
                (void)setenv("TMPDIR", "/dev/shm", 0);
}

void fill(void *p, size_t n, uint64_t seed)
{
        uint8_t *b = p;
        uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

        for (size_t i = 0; i < n; i++) {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                b[i] = (uint8_t)(x >> 32);
        }
}

void id_of(const void *p, size_t n, struct hash_id *out)
{
        _cleanup_(hasher_freep) struct hasher *h = hasher_new();

        assert_non_null(h);
        hash_bytes_id(h, p, n, out);
}

struct cas *lib_open(const char *dir, const struct cas_opts *o)
{
        struct err e = { 0 };
        struct cas *c = NULL;

        if (cas_open(&c, dir, o, &e) != 0)
                fail_msg("%s", e.text);
        return c;
}

void lib_abandon(struct cas *c, struct cas_writer *w)
{
        assert_true(n_abandoned < ARRAY_SIZE(abandoned));
        db_conn_close(c->db);           /* its lock is the process's, which goes on */
        c->db = NULL;
        abandoned[n_abandoned].c = c;
        abandoned[n_abandoned++].w = w;
}

static void add_pieces(struct manifest_builder *b, const struct tfile *f, struct manifest_entry *en)
{
        struct err e = { 0 };

        for (size_t at = 0; at < f->n;) {
                size_t n = MIN(f->n - at, (size_t)PIECE_WHOLE);
                struct hash_id id;

                id_of((const char *)f->p + at, n, &id);
                assert_int_equal(manifest_builder_piece(b, &id, (uint32_t)n, &e), 0);
                en->n_pieces++;
                at += n;
        }
}

static struct manifest_entry entry_of(const struct tfile *f)
{
        struct manifest_entry en = { .type = MANIFEST_FILE, .mode = 0640, .mtime_ns = 1700000000123456789,
                                     .path = str_of(f->path), .size = f->n };

        if (f->target) {
                en.type = MANIFEST_SYMLINK;
                en.target = str_of(f->target);
                en.mode = 0777;
        } else if (!f->p) {
                en.type = MANIFEST_DIR;
                en.mode = 0755;
        }
        return en;
}

uint8_t *manifest_bytes(const struct tfile *files, size_t n, size_t *len_out, struct hash_id *id_out)
{
        struct manifest_entry root = { .type = MANIFEST_DIR, .mode = 0750, .path = STR("") };
        struct manifest_builder b;
        struct err e = { 0 };
        uint8_t *p;

        manifest_builder_init(&b);
        assert_int_equal(manifest_builder_entry(&b, &root, &e), 0);
        for (size_t i = 0; i < n; i++) {
                struct manifest_entry en = entry_of(&files[i]);

                add_pieces(&b, &files[i], &en);
                if (manifest_builder_entry(&b, &en, &e) != 0)
                        fail_msg("%s", e.text);
        }
        *len_out = MANIFEST_HEADER_LEN + b.pieces.n + b.entries.n + b.restarts.n;
        p = malloc(*len_out);
        assert_non_null(p);
        manifest_builder_header(&b, p);
        if (b.pieces.n)
                memcpy(p + MANIFEST_HEADER_LEN, b.pieces.p, b.pieces.n);
        memcpy(p + MANIFEST_HEADER_LEN + b.pieces.n, b.entries.p, b.entries.n);
        memcpy(p + MANIFEST_HEADER_LEN + b.pieces.n + b.entries.n, b.restarts.p, b.restarts.n);
        manifest_builder_fini(&b);
        if (id_out)
                id_of(p, *len_out, id_out);
        return p;
}

void put_files(struct cas_writer *w, const struct tfile *files, size_t n)
{
        struct err e = { 0 };

        for (size_t i = 0; i < n; i++) {
                for (size_t at = 0; at < files[i].n;) {
                        size_t k = MIN(files[i].n - at, (size_t)PIECE_WHOLE);
                        struct hash_id id;
                        int r;

                        id_of((const char *)files[i].p + at, k, &id);
                        r = cas_put(w, &id, (const char *)files[i].p + at, (uint32_t)k, &e);
                        if (r < 0)
                                fail_msg("%s", e.text);
                        at += k;
                }
        }
}

void put_manifest(struct cas *c, const struct tfile *files, size_t n, struct hash_id *id_out)
{
        struct err e = { 0 };
        size_t len;
        _cleanup_(freep) uint8_t *p = manifest_bytes(files, n, &len, id_out);
        int fd;

        assert_int_equal(cas_manifest_temp(c, &fd, &e), 0);
        assert_int_equal(os_write_all(fd, p, len), 0);
        if (cas_manifest_put(c, fd, id_out, &e) != 0)
                fail_msg("%s", e.text);
}

int make_version(struct cas *c, const char *package, uint32_t version, const struct tfile *files, size_t n,
                 bool replace, struct err *e)
{
        struct cas_writer *w = NULL;
        struct hash_id id;

        assert_int_equal(cas_writer_new(&w, c, e), 0);
        put_manifest(c, files, n, &id);
        put_files(w, files, n);
        assert_int_equal(cas_checkpoint(w, e), 0);
        cas_writer_free(w);
        return cas_version_commit(c, package, version, &id, replace, e);
}

static void assert_bytes(struct cas *c, struct hasher *h, const struct manifest *m, const struct manifest_entry *en,
                         const struct tfile *f)
{
        _cleanup_(freep) uint8_t *p = malloc(PIECE_MAX);
        struct err e = { 0 };
        uint64_t at = 0;

        assert_int_equal(en->size, f->n);
        for (uint64_t i = 0; i < en->n_pieces; i++) {
                struct cas_extent x;
                struct hash_id id;
                uint32_t len;

                manifest_piece(m, en->first_piece + i, &id, &len);
                assert_int_equal(cas_find(c, &id, &x, &e), CAS_OK);
                assert_int_equal(x.len, len);
                assert_int_equal(cas_read(c, h, &x, &id, p, &e), CAS_OK);
                assert_memory_equal(p, (const char *)f->p + at, len);
                at += len;
        }
}

void assert_version(struct cas *c, const char *package, uint32_t version, const struct tfile *files, size_t n)
{
        _cleanup_(hasher_freep) struct hasher *h = hasher_new();
        struct manifest_cursor cur;
        struct manifest_entry en;
        struct cas_manifest m;
        struct cas_version v;
        struct err e = { 0 };

        assert_int_equal(cas_version_get(c, package, version, &v, &e), CAS_OK);
        assert_int_equal(cas_version_sound(c, &v, &e), CAS_OK);
        assert_int_equal(cas_manifest_open(c, &v.manifest, &m, &e), CAS_OK);
        assert_int_equal(manifest_check(&m.m, &e), 0);
        assert_int_equal(m.m.n_entries, n + 1);
        manifest_first(&m.m, &cur);
        assert_int_equal(manifest_next(&cur, &en, &e), 1);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(manifest_next(&cur, &en, &e), 1);
                assert_true(str_eqz(en.path, files[i].path));
                if (en.type == MANIFEST_FILE)
                        assert_bytes(c, h, &m.m, &en, &files[i]);
        }
        assert_int_equal(manifest_next(&cur, &en, &e), 0);
        cas_manifest_close(&m);
}

bool version_there(struct cas *c, const char *package, uint32_t version)
{
        struct cas_version v;
        struct err e = { 0 };
        int r = cas_version_get(c, package, version, &v, &e);

        assert_true(r == CAS_OK || r == CAS_E_ABSENT);
        return r == CAS_OK;
}

size_t count_found(struct cas *c, const struct tfile *files, size_t n)
{
        struct err e = { 0 };
        size_t found = 0;

        for (size_t i = 0; i < n; i++) {
                struct cas_extent x;
                struct hash_id id;

                id_of(files[i].p, MIN(files[i].n, (size_t)PIECE_WHOLE), &id);
                found += cas_find(c, &id, &x, &e) == CAS_OK;
        }
        return found;
}

void note_bad(void *ctx, struct str path)
{
        struct bad_names *b = ctx;

        b->n++;
        (void)snprintf(b->last, sizeof(b->last), "%.*s", STR_ARG(path));
}

char *only_file(const char *dir, const char *ending)
{
        DIR *d = opendir(dir);
        char *found = NULL;
        struct dirent *en;

        assert_non_null(d);
        while ((en = readdir(d))) {
                if (en->d_name[0] == '.' || !str_ends(str_of(en->d_name), ending))
                        continue;
                assert_null(found);
                found = tmpdir_path(dir, en->d_name);
        }
        (void)closedir(d);
        assert_non_null(found);
        return found;
}

void flip(const char *path, off_t at)
{
        uint8_t b;
        int fd = open(path, O_RDWR);

        assert_true(fd >= 0);
        assert_int_equal(pread(fd, &b, 1, at), 1);
        b ^= 0x10;
        assert_int_equal(pwrite(fd, &b, 1, at), 1);
        (void)close(fd);
}

off_t file_size(const char *path)
{
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        return st.st_size;
}
