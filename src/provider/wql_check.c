/* SPDX-License-Identifier: Apache-2.0 */
/* wql_check - whether a query would be accepted, and what kind it is */
#include "provider/wql_private.h"
#include "wql/lex.h"

const char *provider_wql_kind_name(const struct wql_query *q)
{
        static const char *const names[] = { [WQL_DATA] = "data", [WQL_SCHEMA] = "schema", [WQL_ASSOCIATORS] = "associators",
                                             [WQL_REFERENCES] = "references", [WQL_EVENT] = "event" };

        return names[q->kind];
}

/* Whether the first class after FROM is an event class, or a WITHIN follows it. */
static bool looks_like_event(struct str text, struct arena *a)
{
        struct wql_lexer l;
        const struct cim_class *c;

        wql_lex_init(&l, text, a);
        do
                wql_lex_next(&l);
        while (l.token != TOK_END && l.token != TOK_BAD && !(l.token == TOK_IDENT && str_eqz_nocase(l.text, "FROM")));
        if (l.token == TOK_IDENT)
                wql_lex_next(&l);
        if (l.token != TOK_IDENT)
                return false;
        c = cim_class_find(l.text);
        if (c && cim_class_isa(c, cim_class_find(STR("__IndicationRelated"))))
                return true;
        wql_lex_next(&l);
        return l.token == TOK_IDENT && str_eqz_nocase(l.text, "WITHIN");
}

int provider_wql_check(struct str text, enum provider_wql_kind kind, struct arena *a, struct wql_binding **out,
                       enum provider_wql_kind *kind_out, struct wql_error *why)
{
        if (kind == PROVIDER_WQL_ANY)
                kind = looks_like_event(text, a) ? PROVIDER_WQL_EVENT : PROVIDER_WQL_DATA;
        *kind_out = kind;
        return wql_prepare(text, &wql_schema_site, kind == PROVIDER_WQL_EVENT ? WQL_DIALECT_EVENT : WQL_DIALECT_EXTENDED, a,
                           out, why);
}
