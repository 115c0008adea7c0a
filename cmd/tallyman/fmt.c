/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "base/str.h"
#include "base/time.h"
#include "fmt.h"

static const struct {
        const char *name;
        enum status status;
} states[N_STATES] = {
        [STATE_INSTALLED] = { "INSTALLED", STATUS_SUCCESS },
        [STATE_INSTALL_PENDING] = { "INSTALL_PENDING", STATUS_PROGRESS },
        [STATE_INSTALL_RETRYING] = { "INSTALL_RETRYING", STATUS_PROGRESS },
        [STATE_INSTALL_FAILED] = { "INSTALL_FAILED", STATUS_ERROR },
        [STATE_REMOVAL_PENDING] = { "REMOVAL_PENDING", STATUS_PROGRESS },
        [STATE_REMOVAL_RETRYING] = { "REMOVAL_RETRYING", STATUS_PROGRESS },
        [STATE_REMOVAL_FAILED] = { "REMOVAL_FAILED", STATUS_ERROR },
        [STATE_CONTENT_UPDATING] = { "CONTENT_UPDATING", STATUS_PROGRESS },
        [STATE_CONTENT_MONITORING] = { "CONTENT_MONITORING", STATUS_ERROR },    /* failed validation: needs attention */
};

static const struct {
        const char *word, *joined;
} status_words[] = {
        [STATUS_SUCCESS] = { "Success", "success" },
        [STATUS_PROGRESS] = { "In progress", "in-progress" },
        [STATUS_ERROR] = { "Error", "error" },
        [STATUS_UNKNOWN] = { "Unknown", "unknown" },
};

const char *fmt_state(int64_t state)
{
        return state >= 0 && state < N_STATES ? states[state].name : "?";
}

enum status fmt_status(int64_t state)
{
        return state >= 0 && state < N_STATES ? states[state].status : STATUS_UNKNOWN;
}

const char *fmt_status_word(enum status s)
{
        return status_words[s].word;
}

enum status fmt_status_of_word(const char *word)
{
        for (int s = 0; s < STATUS_UNKNOWN; s++)
                if (str_eqz_nocase(str_of(word), status_words[s].word))
                        return (enum status)s;
        return STATUS_UNKNOWN;
}

unsigned fmt_state_set(const char *word)
{
        struct str w = str_of(word);
        unsigned set = 0;
        int64_t n;

        if (str_to_i64(w, &n) == 0)
                return n >= 0 && n < N_STATES ? 1u << n : 0;
        for (int i = 0; i < N_STATES; i++) {
                enum status s = states[i].status;

                if (str_eqz_nocase(w, states[i].name) || str_eqz_nocase(w, status_words[s].word) ||
                    str_eqz_nocase(w, status_words[s].joined) || (s == STATUS_ERROR && str_eqz_nocase(w, "failed")))
                        set |= 1u << i;
        }
        return set;
}

void fmt_bytes(uint64_t n, char out[FMT_LEN])
{
        static const char *const units[] = { "B", "KB", "MB", "GB", "TB", "PB", "EB" };
        double v = (double)n;
        size_t u = 0;

        while (v >= 999.5 && u + 1 < ARRAY_SIZE(units)) {
                v /= 1024;
                u++;
        }
        snprintf(out, FMT_LEN, u && v < 9.95 ? "%.1f %s" : "%.0f %s", v, units[u]);
}

static void span(int64_t s, char out[FMT_LEN])
{
        if (s < 120)
                snprintf(out, FMT_LEN, "%lld s", (long long)s);
        else if (s < 120 * 60)
                snprintf(out, FMT_LEN, "%lld min", (long long)(s / 60));
        else if (s < 48 * 3600)
                snprintf(out, FMT_LEN, "%lld h", (long long)(s / 3600));
        else
                snprintf(out, FMT_LEN, "%lld days", (long long)(s / 86400));
}

void fmt_relative(int64_t now_us, int64_t then_us, char out[FMT_LEN])
{
        int64_t s = (now_us - then_us) / US_PER_SECOND;
        char text[FMT_LEN];

        span(s < 0 ? -s : s, text);
        if (s < 0)
                snprintf(out, FMT_LEN, "in %.30s", text);
        else if (s == 0)
                snprintf(out, FMT_LEN, "now");
        else
                snprintf(out, FMT_LEN, "%.30s ago", text);
}

void fmt_duration(int64_t s, char out[FMT_LEN])
{
        if (s < 60)
                snprintf(out, FMT_LEN, "%lld s", (long long)s);
        else if (s < 3600)
                snprintf(out, FMT_LEN, "%lld min %lld s", (long long)(s / 60), (long long)(s % 60));
        else
                snprintf(out, FMT_LEN, "%lld h %lld min", (long long)(s / 3600), (long long)(s / 60 % 60));
}

struct str fmt_nal_host(struct str nal)
{
        struct str s = nal;

        while (s.n && s.p[s.n - 1] == '\\')
                s.n--;
        for (size_t i = s.n; i > 1; i--)
                if (s.p[i - 1] == '\\' && s.p[i - 2] == '\\') {
                        struct str host;

                        str_cut(str_from(s, i), '\\', &host);
                        return host;
                }
        return nal;
}

struct str fmt_word(const char *words, const char *value)
{
        struct str rest = str_of(words);

        while (rest.n) {
                struct str pair, key;
                struct str word;

                rest = str_cut(rest, ' ', &pair);
                word = str_cut(pair, '=', &key);
                if (str_eqz(key, value))
                        return word;
        }
        return STR_NULL;
}

/* One character of UTF-8: its bytes and terminal columns. Control and broken bytes: *ok false. */
static size_t character(struct str s, int *columns, bool *ok)
{
        mbstate_t st = { 0 };
        wchar_t wc;
        size_t n = mbrtowc(&wc, s.p, s.n, &st);

        if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
                *ok = false;
                *columns = 1;
                return 1;
        }
        *columns = wcwidth(wc);
        *ok = *columns >= 0;
        if (!*ok)
                *columns = 1;
        return n;
}

size_t fmt_columns(struct str s)
{
        size_t sum = 0;

        while (s.n) {
                int columns;
                bool ok;

                s = str_from(s, character(s, &columns, &ok));
                sum += (size_t)columns;
        }
        return sum;
}

void fmt_clean(struct str s, size_t columns, bool utf8, struct buf *out)
{
        bool cut = fmt_columns(s) > columns;
        size_t left = cut && columns ? columns - 1 : columns;

        while (s.n) {
                int width;
                bool ok;
                size_t n = character(s, &width, &ok);

                if ((size_t)width > left)
                        break;
                left -= (size_t)width;
                if (ok)
                        buf_add(out, s.p, n);
                else
                        buf_addc(out, '?');
                s = str_from(s, n);
        }
        if (cut && columns)
                buf_addz(out, utf8 ? "\xe2\x80\xa6" : "~");
}
