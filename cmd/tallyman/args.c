/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>
#include "args.h"
#include "base/str.h"

bool looks_like_package_id(const char *z)
{
        if (strlen(z) != 8)
                return false;
        for (int i = 0; i < 8; i++)
                if (i < 3 ? !(isdigit((unsigned char)z[i]) || isupper((unsigned char)z[i]))
                          : !strchr("0123456789ABCDEF", z[i]))
                        return false;
        return true;
}

struct parser {
        struct args *a;
        int argc, at;
        char *const *argv;
        const struct opt *const *tables;
        struct err *e;
};

static void add(struct parser *p, const struct opt *o, const char *value)
{
        p->a->v[p->a->n++] = (struct arg){ o, value };
}

/* "a,b,c" as three items; the words of argv may be written to, and are. */
static void add_items(struct parser *p, const struct opt *o, char *value)
{
        for (char *comma; (comma = strchr(value, ',')); value = comma + 1) {
                *comma = 0;
                if (*value)
                        add(p, o, value);
        }
        if (*value)
                add(p, o, value);
}

/* More than any command line can make: -qqq is three, a,b,c is three. */
static size_t room(int argc, char *const *argv)
{
        size_t n = 0;

        for (int i = 0; i < argc; i++)
                n += 1 + strlen(argv[i]);
        return n;
}

/* The verb's own options (the second table) come before those common to all. */
static int find_long(struct parser *p, struct str name, const struct opt **out)
{
        const struct opt *found = NULL;

        for (int t = 1; t >= 0; t--)
                for (const struct opt *o = p->tables[t]; o && o->name; o++) {
                        if (strncmp(o->name, name.p, name.n) != 0)
                                continue;
                        if (!o->name[name.n]) {
                                *out = o;
                                return 0;
                        }
                        if (found)
                                return err_set(p->e, ERR_INVALID, "option --%.*s may be --%s or --%s", STR_ARG(name),
                                               found->name, o->name);
                        found = o;
                }
        if (!found || !name.n)
                return err_set(p->e, ERR_INVALID, "unknown option --%.*s", STR_ARG(name));
        *out = found;
        return 0;
}

static const struct opt *find_short(struct parser *p, char letter)
{
        for (int t = 1; t >= 0; t--)
                for (const struct opt *o = p->tables[t]; o && o->name; o++)
                        if (o->letter == letter)
                                return o;
        return NULL;
}

static bool is_option(const char *z)
{
        return z[0] == '-' && z[1];
}

/* The option's value: `attached`, or the next word; a list goes on taking words. */
static int take_value(struct parser *p, const struct opt *o, char *attached)
{
        if (o->kind == OPT_FLAG && attached)
                return err_set(p->e, ERR_INVALID, "option --%s takes no value", o->name);
        if (o->kind == OPT_FLAG) {
                add(p, o, NULL);
                return 0;
        }
        if (!attached) {
                if (p->at >= p->argc)
                        return err_set(p->e, ERR_INVALID, "option --%s needs %s", o->name, o->meta);
                attached = p->argv[p->at++];
        }
        if (o->kind == OPT_VALUE) {
                add(p, o, attached);
                return 0;
        }
        add_items(p, o, attached);
        while (p->at < p->argc && !is_option(p->argv[p->at]) && !looks_like_package_id(p->argv[p->at]))
                add_items(p, o, p->argv[p->at++]);
        return 0;
}

static int take_long(struct parser *p, char *text)
{
        struct str name;
        struct str value = str_cut(str_of(text), '=', &name);
        const struct opt *o = NULL;
        int r = find_long(p, name, &o);

        return r < 0 ? r : take_value(p, o, value.p ? text + name.n + 1 : NULL);
}

/* -qo json, -ojson */
static int take_short(struct parser *p, char *text)
{
        for (; *text; text++) {
                const struct opt *o = find_short(p, *text);

                if (!o)
                        return err_set(p->e, ERR_INVALID, "unknown option -%c", *text);
                if (o->kind != OPT_FLAG)
                        return take_value(p, o, text[1] ? text + 1 : NULL);
                add(p, o, NULL);
        }
        return 0;
}

int args_parse(struct args *a, int argc, char *const *argv, const struct opt *const tables[2], bool only_before_words,
               int *used_out, struct err *e)
{
        struct parser p = { .a = a, .argc = argc, .argv = argv, .tables = tables, .e = e };
        bool options_ended = false;
        int r = 0;

        *a = (struct args){ .v = calloc(room(argc, argv), sizeof(*a->v)) };
        if (!a->v)
                return err_set(e, ERR_NOMEM, "out of memory");
        while (r == 0 && p.at < argc) {
                char *word = argv[p.at];

                if (options_ended || !is_option(word)) {
                        if (only_before_words)
                                break;
                        p.at++;
                        add(&p, NULL, word);
                        continue;
                }
                p.at++;
                if (strcmp(word, "--") == 0)
                        options_ended = true;
                else
                        r = word[1] == '-' ? take_long(&p, word + 2) : take_short(&p, word + 1);
        }
        if (used_out)
                *used_out = p.at;
        return r;
}

void args_fini(struct args *a)
{
        free(a->v);
        *a = (struct args){ 0 };
}

/* The i-th argument that belongs to `name` (NULL: the words). */
static const struct arg *nth(const struct args *a, const char *name, size_t i)
{
        for (size_t k = 0; k < a->n; k++) {
                const struct opt *o = a->v[k].opt;

                if (name ? o && strcmp(o->name, name) == 0 : !o)
                        if (i-- == 0)
                                return &a->v[k];
        }
        return NULL;
}

static size_t count(const struct args *a, const char *name)
{
        size_t n = 0;

        while (nth(a, name, n))
                n++;
        return n;
}

bool arg_flag(const struct args *a, const char *name)
{
        return nth(a, name, 0) != NULL;
}

const char *arg_value(const struct args *a, const char *name)
{
        size_t n = count(a, name);

        return n ? nth(a, name, n - 1)->value : NULL;
}

const char *arg_word(const struct args *a, size_t i)
{
        const struct arg *g = nth(a, NULL, i);

        return g ? g->value : NULL;
}

size_t arg_words(const struct args *a)
{
        return count(a, NULL);
}

const char *arg_item(const struct args *a, const char *name, size_t i)
{
        const struct arg *g = nth(a, name, i);

        return g ? g->value : NULL;
}

size_t arg_items(const struct args *a, const char *name)
{
        return count(a, name);
}
