/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse_assoc - ASSOCIATORS OF and REFERENCES OF
 *
 * Terms stand beside each other without AND or comma, in any order, each at most
 * once.  Source: win32 WmiSdk associators-of-statement, references-of-statement.
 */
#include "wql/parser.h"

struct term {
        const char *word;
        size_t offset;                  /* into struct wql_terms: a str, or a bool */
        bool flag;
        bool associators_only;
};
#define VALUE(word, member, only) { word, offsetof(struct wql_terms, member), false, only }
#define FLAG(word, member) { word, offsetof(struct wql_terms, member), true, false }
static const struct term terms[] = {
        VALUE("AssocClass", assoc_class, true),
        VALUE("RequiredAssocQualifier", required_assoc_qualifier, true),
        VALUE("RequiredQualifier", required_qualifier, false),
        VALUE("ResultClass", result_class, false),
        VALUE("ResultRole", result_role, true),
        VALUE("Role", role, false),
        FLAG("ClassDefsOnly", class_defs_only),
        FLAG("KeysOnly", keys_only),
        FLAG("SchemaOnly", schema_only),
};
#undef VALUE
#undef FLAG

static int parse_term(struct wql_parser *p)
{
        struct wql_query *q = p->q;
        const struct term *t = NULL;
        uint32_t at = p->lex.at;
        void *slot;

        for (size_t i = 0; i < ARRAY_SIZE(terms) && !t; i++)
                t = wql_at_word(p, terms[i].word) ? &terms[i] : NULL;
        if (!t)
                return wql_expected(p, "a term such as ResultClass = NAME (terms are separated by blanks only)");
        if (t->associators_only && q->kind == WQL_REFERENCES)
                return wql_grammar(p, at, "%s belongs to ASSOCIATORS OF", t->word);
        wql_lex_next(&p->lex);
        slot = (char *)&q->terms + t->offset;
        if (t->flag ? *(bool *)slot : ((struct str *)slot)->n != 0)
                return wql_grammar(p, at, "%s is there twice", t->word);
        if (t->flag) {
                *(bool *)slot = true;
                return 0;
        }
        if (!wql_take(p, TOK_EQ))
                return wql_expected(p, "'='");
        if (p->lex.token != TOK_IDENT || p->lex.text.n > WQL_MAX_NAME)
                return wql_expected(p, "a name");
        *(struct str *)slot = p->lex.text;
        wql_lex_next(&p->lex);
        return 0;
}

/* A class path has no key: no '.' or '=' behind the class, outside the namespace. */
static bool is_class_path(struct str path)
{
        for (size_t i = 0; i < path.n; i++)
                if (path.p[i] == '=')
                        return false;
        return true;
}

static int check(struct wql_parser *p)
{
        struct wql_query *q = p->q;

        if (q->terms.class_defs_only && q->terms.schema_only)
                return wql_grammar(p, q->path_at, "ClassDefsOnly and SchemaOnly do not go together");
        if (q->terms.class_defs_only && q->terms.result_class.n)
                return wql_grammar(p, q->path_at, "ClassDefsOnly and ResultClass do not go together");
        if (q->terms.schema_only && !is_class_path(q->path))
                return wql_grammar(p, q->path_at, "SchemaOnly needs a class between the braces, not an instance");
        return 0;
}

int wql_parse_association(struct wql_parser *p, struct wql_query **out)
{
        struct wql_query *q = *out = p->q = wql_alloc(p, 1, sizeof(*q));
        int r = 0;

        if (!q)
                return -1;
        q->kind = wql_at_word(p, "ASSOCIATORS") ? WQL_ASSOCIATORS : WQL_REFERENCES;
        wql_lex_next(&p->lex);
        if (!wql_take_word(p, "OF"))
                return wql_expected(p, "OF");
        if (p->lex.token != TOK_LBRACE)
                return wql_expected(p, "'{' and an object path");
        if (!wql_lex_braces(&p->lex, &q->path, &q->path_at))
                return wql_grammar(p, q->path_at, "the brace is not closed");
        if (q->path.n == 0)
                return wql_grammar(p, q->path_at, "expected an object path between the braces");
        if (q->path.n > WQL_MAX_PATH)
                return wql_fail(p->e, WBEM_E_QUOTA_VIOLATION, q->path_at, "an object path may have %d characters", WQL_MAX_PATH);
        wql_lex_next(&p->lex);
        if (wql_take_word(p, "WHERE")) {
                do
                        r = parse_term(p);
                while (!r && p->lex.token != TOK_END);
        }
        return r < 0 ? r : check(p);
}
