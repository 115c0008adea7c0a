/* SPDX-License-Identifier: Apache-2.0 */
/* value - one setting's text to its field and back */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include "base/time.h"
#include "conf/conf.h"

static void *field_of(const struct conf_setting *s, void *cfg)
{
        return (char *)cfg + s->offset;
}

static const void *field_in(const struct conf_setting *s, const void *cfg)
{
        return (const char *)cfg + s->offset;
}

static const struct {
        char unit;
        int shift;
} byte_units[] = { { 'T', 40 }, { 'G', 30 }, { 'M', 20 }, { 'K', 10 } };

static const struct {
        char unit;
        int64_t seconds;
} time_units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

static void format_bytes(int64_t v, struct buf *out)
{
        for (size_t i = 0; v > 0 && i < ARRAY_SIZE(byte_units); i++) {
                if (v % (INT64_C(1) << byte_units[i].shift) == 0) {
                        buf_printf(out, "%lld%c", (long long)(v >> byte_units[i].shift), byte_units[i].unit);
                        return;
                }
        }
        buf_printf(out, "%lld", (long long)v);
}

static void format_duration(int64_t v, struct buf *out)
{
        for (size_t i = 0; v > 0 && i < ARRAY_SIZE(time_units); i++) {
                if (v % time_units[i].seconds == 0) {
                        buf_printf(out, "%lld%c", (long long)(v / time_units[i].seconds), time_units[i].unit);
                        return;
                }
        }
        buf_printf(out, "%lld", (long long)v);
}

static void format_number(const struct conf_setting *s, int64_t v, struct buf *out)
{
        if (s->kind == CONF_BYTES)
                format_bytes(v, out);
        else if (s->kind == CONF_DURATION)
                format_duration(v, out);
        else
                buf_printf(out, "%lld", (long long)v);
}

static int parse_bytes(struct str text, int64_t *out)
{
        int shift = 0, r;

        for (size_t i = 0; text.n && i < ARRAY_SIZE(byte_units); i++) {
                if (text.p[text.n - 1] == byte_units[i].unit) {
                        shift = byte_units[i].shift;
                        text.n--;
                        break;
                }
        }
        r = str_to_i64(text, out);
        if (r < 0)
                return r;
        return __builtin_mul_overflow(*out, INT64_C(1) << shift, out) ? -ERANGE : 0;
}

/* "1 to 50 packages", "1m to 1d" */
static void bounds_words(const struct conf_setting *s, struct buf *out)
{
        format_number(s, s->min, out);
        if (s->kind == CONF_BYTES && s->max == INT64_MAX) {
                buf_addz(out, " or more");
        } else {
                buf_addz(out, " to ");
                format_number(s, s->max, out);
        }
        if (s->unit[0])
                buf_printf(out, " %s", s->unit);
}

static int refuse(struct err *e, const struct conf_setting *s, struct str text, const char *right)
{
        return err_set(e, ERR_INVALID, "%s = %.*s: wants %s", s->name, (int)MIN(text.n, 80), text.p ? text.p : "", right);
}

static int refuse_number(struct err *e, const struct conf_setting *s, struct str text)
{
        static const char *const forms[] = {
                [CONF_INT] = "a whole number", [CONF_BYTES] = "a number of bytes such as 256M",
                [CONF_DURATION] = "a time such as 90s, 30m, 2h or 1d",
        };
        struct buf b;
        int r;

        buf_init(&b, 256);
        buf_printf(&b, "%s, ", forms[s->kind]);
        bounds_words(s, &b);
        r = refuse(e, s, text, b.failed ? forms[s->kind] : b.p);
        buf_fini(&b);
        return r;
}

static int set_number(const struct conf_setting *s, void *cfg, struct str text, struct err *e)
{
        int64_t v;
        int r = s->kind == CONF_BYTES    ? parse_bytes(text, &v)
              : s->kind == CONF_DURATION ? time_parse_duration(text, &v)
                                         : str_to_i64(text, &v);

        if (r < 0 || v < s->min || v > s->max)
                return refuse_number(e, s, text);
        if (s->kind == CONF_INT)
                *(int *)field_of(s, cfg) = (int)v;
        else
                *(int64_t *)field_of(s, cfg) = v;
        return 0;
}

static int set_bool(const struct conf_setting *s, void *cfg, struct str text, struct err *e)
{
        static const struct {
                const char *word;
                bool value;
        } words[] = { { "yes", true }, { "no", false }, { "true", true }, { "false", false }, { "on", true }, { "off", false } };

        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                if (str_eqz(text, words[i].word)) {
                        *(bool *)field_of(s, cfg) = words[i].value;
                        return 0;
                }
        }
        return refuse(e, s, text, "yes or no");
}

static int set_choice(const struct conf_setting *s, void *cfg, struct str text, struct err *e)
{
        struct buf b;
        int r;

        buf_init(&b, 256);
        for (const struct conf_word *w = s->words; w->word; w++) {
                if (str_eqz(text, w->word)) {
                        *(int *)field_of(s, cfg) = w->number;
                        buf_fini(&b);
                        return 0;
                }
                buf_printf(&b, "%s%s", w == s->words ? "one of " : ", ", w->word);
        }
        r = refuse(e, s, text, b.failed ? "a word of the manual" : b.p);
        buf_fini(&b);
        return r;
}

/* Text that reads back as itself: no control character, and no ';', which begins a comment. */
static bool plain(struct str text)
{
        for (size_t i = 0; i < text.n; i++)
                if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f || text.p[i] == ';')
                        return false;
        return str_is_utf8(text);
}

static int set_string(const struct conf_setting *s, void *cfg, struct str text, struct err *e)
{
        char **field = field_of(s, cfg), *copy;
        const char *right;
        char bounds[96];

        if (!plain(text))
                return refuse(e, s, STR("..."), "UTF-8 text without control characters and semicolons");
        if ((int64_t)text.n < s->min || (int64_t)text.n > s->max) {
                (void)snprintf(bounds, sizeof bounds, s->min == s->max ? "%lld characters" : "%lld to %lld characters",
                               (long long)s->min, (long long)s->max);
                return refuse(e, s, text, bounds);
        }
        copy = str_dup(text);
        if (!copy)
                return err_sys(e, ENOMEM, "%s", s->name);
        right = s->check ? s->check(copy) : NULL;
        if (right) {
                free(copy);
                return refuse(e, s, text, right);
        }
        free(*field);
        *field = copy;
        return 0;
}

static void list_fini(struct conf_list *l)
{
        for (size_t i = 0; i < l->n; i++)
                free(l->items[i]);
        free(l->items);
        *l = (struct conf_list){ 0 };
}

static int list_add(struct conf_list *l, struct str item)
{
        char **items = realloc(l->items, (l->n + 1) * sizeof *items);

        if (!items)
                return -ENOMEM;
        l->items = items;
        items[l->n] = str_dup(item);
        if (!items[l->n])
                return -ENOMEM;
        l->n++;
        return 0;
}

static bool is_address(const char *item)
{
        unsigned char space[sizeof(struct in6_addr)];

        return inet_pton(AF_INET, item, space) == 1 || inet_pton(AF_INET6, item, space) == 1;
}

/* The next item, up to a comma or blank; false at the end. */
static bool next_item(struct str *rest, struct str *item)
{
        size_t n = 0;

        while (rest->n && strchr(", \t", rest->p[0]))
                *rest = str_from(*rest, 1);
        while (n < rest->n && !strchr(", \t", rest->p[n]))
                n++;
        *item = (struct str){ rest->p, n };
        *rest = str_from(*rest, n);
        return n > 0;
}

static int fill_list(const struct conf_setting *s, struct conf_list *l, struct str text, struct err *e)
{
        struct str rest = text, item;
        char bounds[64];

        while (next_item(&rest, &item)) {
                if ((int64_t)l->n >= s->max || item.n > 255)
                        break;
                if (list_add(l, item) < 0)
                        return err_sys(e, ENOMEM, "%s", s->name);
                if (s->kind == CONF_ADDRESSES && !is_address(l->items[l->n - 1]))
                        return refuse(e, s, item, "IP addresses such as 127.0.0.1, 0.0.0.0 or ::1");
        }
        if (item.n == 0 && (int64_t)l->n >= s->min)
                return 0;
        (void)snprintf(bounds, sizeof bounds, "%lld to %lld items of at most 255 characters", (long long)s->min,
                       (long long)s->max);
        return refuse(e, s, text, bounds);
}

static int set_list(const struct conf_setting *s, void *cfg, struct str text, bool append, struct err *e)
{
        struct conf_list *field = field_of(s, cfg), fresh = { 0 };
        int r = 0;

        if (!plain(text))
                return refuse(e, s, STR("..."), "UTF-8 text without control characters and semicolons");
        for (size_t i = 0; append && r == 0 && i < field->n; i++)
                r = list_add(&fresh, str_of(field->items[i]));
        r = r < 0 ? err_sys(e, -r, "%s", s->name) : fill_list(s, &fresh, text, e);
        if (r < 0) {
                list_fini(&fresh);
                return r;
        }
        list_fini(field);
        *field = fresh;
        return 0;
}

int conf_set(const struct conf_setting *s, void *cfg, struct str text, bool append, struct err *e)
{
        switch (s->kind) {
        case CONF_STRING:
        case CONF_PATH:
                return set_string(s, cfg, text, e);
        case CONF_INT:
        case CONF_BYTES:
        case CONF_DURATION:
                return set_number(s, cfg, text, e);
        case CONF_BOOL:
                return set_bool(s, cfg, text, e);
        case CONF_CHOICE:
                return set_choice(s, cfg, text, e);
        case CONF_LIST:
        case CONF_ADDRESSES:
                return set_list(s, cfg, text, append, e);
        }
        return err_set(e, ERR_INTERNAL, "%s has no kind", s->name);
}

static void format_list(const struct conf_list *l, struct buf *out)
{
        for (size_t i = 0; i < l->n; i++)
                buf_printf(out, "%s%s", i ? ", " : "", l->items[i]);
}

static void format_choice(const struct conf_setting *s, int number, struct buf *out)
{
        for (const struct conf_word *w = s->words; w->word; w++)
                if (w->number == number)
                        buf_addz(out, w->word);
}

void conf_format(const struct conf_setting *s, const void *cfg, struct buf *out)
{
        const void *field = field_in(s, cfg);

        switch (s->kind) {
        case CONF_STRING:
        case CONF_PATH:
                buf_addz(out, *(char *const *)field);
                break;
        case CONF_INT:
                format_number(s, *(const int *)field, out);
                break;
        case CONF_BYTES:
        case CONF_DURATION:
                format_number(s, *(const int64_t *)field, out);
                break;
        case CONF_BOOL:
                buf_addz(out, *(const bool *)field ? "yes" : "no");
                break;
        case CONF_CHOICE:
                format_choice(s, *(const int *)field, out);
                break;
        case CONF_LIST:
        case CONF_ADDRESSES:
                format_list(field, out);
                break;
        }
}

void conf_fini(const struct conf_table *t, void *cfg)
{
        for (size_t i = 0; i < t->n; i++) {
                const struct conf_setting *s = &t->settings[i];

                if (s->kind == CONF_STRING || s->kind == CONF_PATH)
                        free(*(char **)field_of(s, cfg));
                else if (s->kind == CONF_LIST || s->kind == CONF_ADDRESSES)
                        list_fini(field_of(s, cfg));
        }
        memset(cfg, 0, t->size);
}
