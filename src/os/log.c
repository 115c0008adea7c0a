/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log - one write(2) a line, so that lines of threads do not mix
 *
 * Under systemd (JOURNAL_STREAM names our stderr) a line begins with its
 * sd-daemon(3) priority and the journal keeps the time; elsewhere with time and
 * level in words.  Control characters become '?': a peer's text can neither
 * forge a line nor move a terminal's cursor.
 *
 * Threads: any.  The level is read and written atomically.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/time.h"
#include "os/os.h"

enum { LINE_MAX_BYTES = 2048 };

static int level_at_most = LOG_LEVEL_INFO;

void log_level_set(enum log_level at_most)
{
        __atomic_store_n(&level_at_most, (int)at_most, __ATOMIC_RELAXED);
}

static bool journal_bound(void)
{
        static int known;               /* 0 not asked yet, 1 no, 2 yes */
        int k = __atomic_load_n(&known, __ATOMIC_RELAXED);

        if (k == 0) {
                const char *want = getenv("JOURNAL_STREAM");
                char have[64];
                struct stat st;

                k = 1;
                if (want && fstat(STDERR_FILENO, &st) == 0) {
                        (void)snprintf(have, sizeof have, "%llu:%llu", (unsigned long long)st.st_dev,
                                       (unsigned long long)st.st_ino);
                        k = strcmp(have, want) == 0 ? 2 : 1;
                }
                __atomic_store_n(&known, k, __ATOMIC_RELAXED);
        }
        return k == 2;
}

static const char *level_word(enum log_level level)
{
        switch (level) {
        case LOG_LEVEL_ERROR:
                return "error";
        case LOG_LEVEL_WARN:
                return "warning";
        case LOG_LEVEL_INFO:
                return "info";
        case LOG_LEVEL_DEBUG:
                return "debug";
        }
        return "info";
}

static size_t line_head(char *line, size_t cap, enum log_level level, const char *module)
{
        char when[RFC3339_LEN + 1];
        int n;

        if (journal_bound()) {
                n = snprintf(line, cap, "<%d>%s: ", (int)level, module);
        } else {
                time_format_rfc3339(os_now_us(), when);
                n = snprintf(line, cap, "%s %s %s: ", when, level_word(level), module);
        }
        return n < 0 ? 0 : MIN((size_t)n, cap - 1);
}

void log_line(enum log_level level, const char *module, const char *fmt, ...)
{
        char line[LINE_MAX_BYTES];
        size_t n;
        va_list ap;
        int r;

        if ((int)level > __atomic_load_n(&level_at_most, __ATOMIC_RELAXED))
                return;
        n = line_head(line, sizeof line - 1, level, module);
        va_start(ap, fmt);
        r = vsnprintf(line + n, sizeof line - 1 - n, fmt, ap);
        va_end(ap);
        if (r > 0)
                n += MIN((size_t)r, sizeof line - 2 - n);
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
                        line[i] = '?';
        line[n++] = '\n';
        while (write(STDERR_FILENO, line, n) < 0 && errno == EINTR)
                ;
}
