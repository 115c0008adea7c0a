/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * memory - what a distribution point does to stay small (20 MB resident, whatever it holds)
 *
 * memory_tune   before anything is allocated: one heap for all threads, and large
 *               or freed memory goes back to the system at once.
 * memory_trim   forget pages that are not in use now: the heap's free tail, and
 *               code of libraries.  Starting touches some 10 MB of OpenSSL, GnuTLS
 *               and SQLite once; what of it is needed again comes back from the
 *               page cache by itself.  Called after the start and when work ends.
 */
void memory_tune(void);
void memory_trim(void);
