/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse - one file's text, through inih
 *
 * inih asks for line after line and calls back for each name.  It keeps 200
 * bytes a line, joins indented lines to the one before, and does not say which
 * line a callback is about.  So our reader counts lines, and refuses what inih
 * would take in silence: long lines, indented lines, control characters.
 */
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include "conf/conf.h"

enum { LINE_LIMIT = 198 };      /* INI_MAX_LINE 200: text, newline, NUL */

struct parser {
        const struct conf_table *table;
        void *cfg;
        const char *name;
        struct str rest;
        unsigned line;
        bool *seen;             /* by setting: given in this file */
        int r;                  /* the first failure; nothing is taken after it */
        struct err *e;
};

static int fail(struct parser *p, const char *what)
{
        if (p->r == 0)
                p->r = err_set(p->e, ERR_INVALID, "%s:%u: %s", p->name, p->line, what);
        return p->r;
}

static const char *line_fault(struct str line)
{
        struct str text = str_trim(line);

        if (line.n > LINE_LIMIT)
                return "the line is longer than 198 characters; give lists in several lines";
        for (size_t i = 0; i < line.n; i++)
                if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
                        return "the line holds a control character; the file must be text";
        if (text.n && (line.p[0] == ' ' || line.p[0] == '\t') && text.p[0] != ';' && text.p[0] != '#')
                return "the line begins with a blank; begin it in the first column";
        return NULL;
}

/* ini_reader: the next line, like fgets(3). */
static char *read_line(char *space, int size, void *arg)
{
        struct parser *p = arg;
        const char *fault;
        struct str line;

        if (p->rest.n == 0 || p->r < 0)
                return NULL;
        p->line++;
        p->rest = str_cut(p->rest, '\n', &line);
        if (str_ends(line, "\r"))
                line.n--;
        fault = line_fault(line);
        if (!fault && line.n + 2 > (size_t)size)
                fault = "the line is too long";
        if (fault) {
                (void)fail(p, fault);
                return NULL;
        }
        if (line.n)
                memcpy(space, line.p, line.n);
        space[line.n] = '\n';
        space[line.n + 1] = '\0';
        return space;
}

static bool section_known(const struct conf_table *t, const char *section)
{
        for (size_t i = 0; i < t->n; i++)
                if (strcmp(t->settings[i].section, section) == 0)
                        return true;
        return false;
}

/* How many characters must be added, dropped or changed; both are short. */
static size_t distance(struct str a, struct str b)
{
        size_t row[64];

        if (a.n >= ARRAY_SIZE(row) || b.n >= ARRAY_SIZE(row))
                return SIZE_MAX;
        for (size_t j = 0; j <= b.n; j++)
                row[j] = j;
        for (size_t i = 1; i <= a.n; i++) {
                size_t diagonal = row[0];

                row[0] = i;
                for (size_t j = 1; j <= b.n; j++) {
                        size_t change = diagonal + (a.p[i - 1] != b.p[j - 1]);

                        diagonal = row[j];
                        row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
                }
        }
        return row[b.n];
}

static const char *nearest(const struct conf_table *t, struct str name)
{
        const char *best = NULL;
        size_t least = 4;

        for (size_t i = 0; i < t->n; i++) {
                size_t d = distance(name, str_of(t->settings[i].name));

                if (d < least) {
                        least = d;
                        best = t->settings[i].name;
                }
        }
        return best;
}

static int unknown(struct parser *p, const char *section, const char *name)
{
        const struct conf_setting *s = conf_find(p->table, str_of(name));
        const char *near = nearest(p->table, str_of(name));
        char what[320];

        if (s)
                (void)snprintf(what, sizeof what, "%.49s belongs in section [%s]", name, s->section);
        else if (section[0] && !section_known(p->table, section))
                (void)snprintf(what, sizeof what, "%s has no section [%.49s]; --print-config shows all", p->table->program,
                               section);
        else if (near)
                (void)snprintf(what, sizeof what, "%s has no setting \"%.49s\"; did you mean %s?", p->table->program, name,
                               near);
        else
                (void)snprintf(what, sizeof what, "%s has no setting \"%.49s\"; --print-config shows all",
                               p->table->program, name);
        return fail(p, what);
}

static int set_from_file(struct parser *p, const struct conf_setting *s, struct str value)
{
        bool list = s->kind == CONF_LIST || s->kind == CONF_ADDRESSES;
        bool *seen = &p->seen[s - p->table->settings];
        int r;

        if (*seen && !list)
                return fail(p, "the setting is given twice in this file; keep one");
        if (s->kind == CONF_PATH && value.n && value.p[0] != '/')
                return fail(p, "the path must begin with /, for the service has no folder of its own");
        r = conf_set(s, p->cfg, value, *seen, p->e);
        *seen = true;
        if (r < 0)
                p->r = err_prefix(p->e, "%s:%u", p->name, p->line);
        return r;
}

/* ini_handler: 0 tells inih that the line is wrong; the text is ours. */
static int on_value(void *arg, const char *section, const char *name, const char *value)
{
        struct parser *p = arg;
        const struct conf_setting *s = conf_find(p->table, str_of(name));

        if (p->r < 0)
                return 0;
        if (!s || strcmp(s->section, section) != 0)
                return unknown(p, section, name) == 0;
        return set_from_file(p, s, str_of(value)) == 0;
}

int conf_parse(const struct conf_table *t, void *cfg, const char *name, struct str text, struct err *e)
{
        struct err own = { 0 };
        struct parser p = { .table = t, .cfg = cfg, .name = name, .rest = text, .e = e ? e : &own };
        _cleanup_(freep) bool *seen = calloc(t->n, sizeof *seen);
        int line;

        if (!seen)
                return err_sys(e, ENOMEM, "%s", name);
        p.seen = seen;
        line = ini_parse_stream(read_line, &p, on_value, &p);
        if (line > 0 && p.r == 0) {
                p.line = (unsigned)line;
                (void)fail(&p, "neither a [section] nor a name = value; comments begin with # or ;");
        }
        if (line < 0 && p.r == 0)
                p.r = err_sys(e, ENOMEM, "%s", name);
        return p.r;
}
