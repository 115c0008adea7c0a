/* SPDX-License-Identifier: Apache-2.0 */
/* print - the settings as a file that reads back, each with its doc */
#include "conf/conf.h"

static void print_number(const struct conf_setting *s, int64_t v, struct buf *out)
{
        int small = (int)v;

        conf_format(&(struct conf_setting){ .kind = s->kind }, s->kind == CONF_INT ? (void *)&small : (void *)&v, out);
}

/* "# packages, 1 to 50" */
static void print_bounds(const struct conf_setting *s, struct buf *out)
{
        bool open = s->kind == CONF_BYTES && s->max == INT64_MAX;

        switch (s->kind) {
        case CONF_INT:
        case CONF_BYTES:
        case CONF_DURATION:
                buf_addz(out, "# Allowed: ");
                print_number(s, s->min, out);
                buf_addz(out, open ? " or more" : " to ");
                if (!open)
                        print_number(s, s->max, out);
                buf_printf(out, s->unit[0] ? " %s.\n" : "%s.\n", s->unit);
                break;
        case CONF_BOOL:
                buf_addz(out, "# Allowed: yes, no.\n");
                break;
        case CONF_CHOICE:
                for (const struct conf_word *w = s->words; w->word; w++)
                        buf_printf(out, "%s%s", w == s->words ? "# Allowed: " : ", ", w->word);
                buf_addz(out, ".\n");
                break;
        case CONF_LIST:
        case CONF_ADDRESSES:
                buf_addz(out, "# Items are parted by commas; the line may be repeated.\n");
                break;
        case CONF_STRING:
        case CONF_PATH:
                break;
        }
}

/* A list goes item by item, for a line is short. */
static void print_value(const struct conf_setting *s, const void *cfg, const char *comment, struct buf *out)
{
        const struct conf_list *l = (const void *)((const char *)cfg + s->offset);

        if ((s->kind == CONF_LIST || s->kind == CONF_ADDRESSES) && l->n > 0) {
                for (size_t i = 0; i < l->n; i++)
                        buf_printf(out, "%s%s = %s\n", comment, s->name, l->items[i]);
                return;
        }
        buf_printf(out, "%s%s = ", comment, s->name);
        conf_format(s, cfg, out);
        buf_addc(out, '\n');
}

static bool is_default(const struct conf_setting *s, const void *cfg, const void *defaults)
{
        struct buf a, b;
        bool same;

        buf_init(&a, 0);
        buf_init(&b, 0);
        conf_format(s, cfg, &a);
        conf_format(s, defaults, &b);
        same = !a.failed && !b.failed && str_eq(buf_str(&a), buf_str(&b));
        buf_fini(&a);
        buf_fini(&b);
        return same;
}

void conf_print(const struct conf_table *t, const void *cfg, struct buf *out)
{
        _cleanup_(freep) void *defaults = calloc(1, t->size);
        const char *section = "";

        if (!defaults || conf_defaults(t, defaults, NULL) < 0) {
                out->failed = true;
                return;
        }
        buf_printf(out, "# Settings of %s, see tallyman.conf(5).  What has its default is commented out.\n", t->program);
        for (size_t i = 0; i < t->n; i++) {
                const struct conf_setting *s = &t->settings[i];

                if (strcmp(section, s->section) != 0)
                        buf_printf(out, "\n[%s]\n", s->section);
                section = s->section;
                buf_printf(out, "\n# %s\n", s->doc);
                print_bounds(s, out);
                print_value(s, cfg, is_default(s, cfg, defaults) ? "#" : "", out);
        }
        conf_fini(t, defaults);
}
