/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * tmpdir - a folder of one test, gone afterwards
 *
 *      _cleanup_(tmpdir_freep) char *dir = tmpdir_new();
 *
 * or as cmocka fixtures: cmocka_unit_test_setup_teardown(f, tmpdir_setup,
 * tmpdir_teardown), then *state is the path.  Under $TMPDIR, else /tmp.  A test
 * that cannot have its folder aborts.
 */
#include "base/str.h"

char *tmpdir_new(void);                 /* absolute path; heap */
void tmpdir_free(char *dir);            /* removes the tree; NULL is harmless */
DEFINE_FREEP(char *, tmpdir_free)
int tmpdir_setup(void **state);
int tmpdir_teardown(void **state);

/* "dir/name" on the heap; never NULL. */
char *tmpdir_path(const char *dir, const char *name);
/* Write a whole file; folders on the way are made. */
void tmpdir_write(const char *dir, const char *name, const void *p, size_t n);
/* The whole file, NUL-terminated; NULL when there is none. Caller frees. */
char *tmpdir_read(const char *dir, const char *name, size_t *n_out);
