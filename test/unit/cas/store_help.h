/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * store_help - a content library for tests: small versions in, contents out
 *
 * Everything here asserts; what is under test is called directly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "cas/cas.h"
#include "lib/tmpdir.h"
#include "os/os.h"

struct tfile {                          /* one file of a version; n 0 and p NULL: a folder; links by target */
        const char *path;
        const void *p;
        size_t n;
        const char *target;
};

/* Put test folders on a memory file system where there is one: these tests sync thousands of times. */
void on_memory(void);
/* n bytes that depend on the seed only. */
void fill(void *p, size_t n, uint64_t seed);
void id_of(const void *p, size_t n, struct hash_id *out);
struct cas *lib_open(const char *dir, const struct cas_opts *o);
/* As kill -9 leaves it: nothing is closed or written out. The memory stays reachable. */
void lib_abandon(struct cas *c, struct cas_writer *w);

/* Manifest bytes of these files (in tree order, the root is added). Caller frees. */
uint8_t *manifest_bytes(const struct tfile *files, size_t n, size_t *len_out, struct hash_id *id_out);
/* The steps of a version: pieces, manifest, commit. Answers the commit's. */
void put_files(struct cas_writer *w, const struct tfile *files, size_t n);
void put_manifest(struct cas *c, const struct tfile *files, size_t n, struct hash_id *id_out);
int make_version(struct cas *c, const char *package, uint32_t version, const struct tfile *files, size_t n,
                 bool replace, struct err *e);
/* Is that version there, sound, and do its bytes read back as these files? */
void assert_version(struct cas *c, const char *package, uint32_t version, const struct tfile *files, size_t n);
bool version_there(struct cas *c, const char *package, uint32_t version);
/* Pieces found as files say; counts how many of the files' first pieces are there. */
size_t count_found(struct cas *c, const struct tfile *files, size_t n);

struct bad_names {
        unsigned n;
        char last[256];
};
void note_bad(void *ctx, struct str path);      /* for cas_verify() */
/* The only file in a folder whose name ends so; asserts that there is one. Heap. */
char *only_file(const char *dir, const char *ending);
void flip(const char *path, off_t at);          /* one bit */
off_t file_size(const char *path);
