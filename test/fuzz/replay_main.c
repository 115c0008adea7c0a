/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay_main - a fuzz target as a plain test
 *
 * Linked in place of libFuzzer's main: gives every file named, or found in a
 * folder named, to LLVMFuzzerTestOneInput() once, and the empty input first.
 * Fails when it found no file, so that a lost corpus is noticed.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The bytes sit in memory of exactly their size, so that ASan sees the first one too far. */
static int replay_file(const char *path)
{
        FILE *f = fopen(path, "rb");
        uint8_t *p;
        long n;

        if (!f || fseek(f, 0, SEEK_END) < 0 || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) < 0) {
                perror(path);
                if (f)
                        (void)fclose(f);
                return -1;
        }
        p = malloc(n ? (size_t)n : 1);
        if (!p || fread(p, 1, (size_t)n, f) != (size_t)n) {
                perror(path);
                n = -1;
        } else {
                (void)LLVMFuzzerTestOneInput(p, (size_t)n);
        }
        free(p);
        (void)fclose(f);
        return n < 0 ? -1 : 1;
}

/* Returns how many inputs were replayed, or -1. */
static int replay(const char *path)
{
        DIR *d = opendir(path);
        struct dirent *entry;
        int n = 0;

        if (!d)
                return replay_file(path);
        while (n >= 0 && (entry = readdir(d))) {
                _cleanup_(freep) char *file = str_printf("%s/%s", path, entry->d_name);

                if (entry->d_name[0] == '.')
                        continue;
                n = file && replay_file(file) > 0 ? n + 1 : -1;
        }
        (void)closedir(d);
        return n;
}

int main(int argc, char **argv)
{
        int total = 0;

        (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
        for (int i = 1; i < argc; i++) {
                int n = replay(argv[i]);

                if (n <= 0) {
                        (void)fprintf(stderr, "%s: nothing to replay\n", argv[i]);
                        return 1;
                }
                total += n;
        }
        printf("%d inputs replayed\n", total);
        return total > 0 ? 0 : 1;
}
