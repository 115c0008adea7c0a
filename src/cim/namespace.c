/* SPDX-License-Identifier: Apache-2.0 */
/* namespace - names of namespaces, and which classes are where */
#include <errno.h>
#include <stdio.h>
#include "cim/namespace.h"

static const char *const names[CIM_NS_MAX_] = {
        [CIM_NS_ROOT] = "ROOT",
        [CIM_NS_SMS] = "ROOT\\SMS",
        [CIM_NS_SITE] = "ROOT\\SMS\\site_",
        [CIM_NS_SUBSCRIPTION] = "ROOT\\subscription",
};

struct str cim_namespace_name(enum cim_namespace ns, struct str site_code, char out[CIM_NS_MAX])
{
        (void)snprintf(out, CIM_NS_MAX, "%s%.*s", names[ns], ns == CIM_NS_SITE ? (int)MIN(site_code.n, (size_t)3) : 0,
                       ns == CIM_NS_SITE && site_code.p ? site_code.p : "");
        return str_of(out);
}

static bool is_slash(char c)
{
        return c == '\\' || c == '/';
}

static struct str without_slashes(struct str s)
{
        while (s.n && is_slash(s.p[0]))
                s = str_from(s, 1);
        while (s.n && is_slash(s.p[s.n - 1]))
                s.n--;
        return s;
}

/* What is left of \\server\root\...: without the server, the closing colon, slashes at the ends. */
static struct str bare(struct str text)
{
        size_t at = 2;

        if (text.n && text.p[text.n - 1] == ':')
                text.n--;
        if (text.n < 2 || !is_slash(text.p[0]) || !is_slash(text.p[1]))
                return without_slashes(text);
        while (at < text.n && !is_slash(text.p[at]))
                at++;
        return without_slashes(str_from(text, at));
}

static bool is_name(struct str text, const char *name)
{
        struct str want = str_of(name);

        if (text.n != want.n)
                return false;
        for (size_t i = 0; i < text.n; i++) {
                struct str a = { text.p + i, 1 }, b = { want.p + i, 1 };

                if (!(is_slash(*a.p) && is_slash(*b.p)) && !str_eq_nocase(a, b))
                        return false;
        }
        return true;
}

int cim_namespace_find(struct str text, struct str site_code, enum cim_namespace *out)
{
        char name[CIM_NS_MAX];

        text = bare(text);
        for (size_t ns = 0; ns < CIM_NS_MAX_; ns++) {
                cim_namespace_name((enum cim_namespace)ns, site_code, name);
                if (is_name(text, name)) {
                        *out = (enum cim_namespace)ns;
                        return 0;
                }
        }
        return -ENOENT;
}

/* What @name has behind @above and a slash. n 0: it is not below. */
static struct str behind(struct str name, struct str above)
{
        if (name.n <= above.n || !is_slash(name.p[above.n]) ||
            !str_eq_nocase((struct str){ name.p, above.n }, above))
                return STR_NULL;
        return without_slashes(str_from(name, above.n));
}

int cim_namespace_below(enum cim_namespace at, struct str name, struct str site_code, enum cim_namespace *out)
{
        char space[CIM_NS_MAX], mine[CIM_NS_MAX];
        struct str above = cim_namespace_name(at, site_code, mine);

        name = bare(name);
        for (int ns = 0; ns < CIM_NS_MAX_; ns++) {
                struct str full = cim_namespace_name((enum cim_namespace)ns, site_code, space);
                struct str rest = behind(full, above);

                if (rest.n && (is_name(name, full.p) || is_name(name, rest.p))) {
                        *out = (enum cim_namespace)ns;
                        return 0;
                }
        }
        return -ENOENT;
}

/* Permanent subscriptions' filters, consumers and bindings are system classes but for the consumers' own. */
static bool is_consumer(const struct cim_class *c)
{
        return cim_class_isa(c, cim_class_find(STR("__EventConsumer")));
}

bool cim_namespace_has(enum cim_namespace ns, const struct cim_class *c)
{
        if (strncmp(c->name, "__", 2) == 0)
                return true;
        if (is_consumer(c))
                return ns == CIM_NS_SUBSCRIPTION;
        if (strcmp(c->name, "SMS_ProviderLocation") == 0)
                return ns == CIM_NS_SMS || ns == CIM_NS_SITE;
        if (strcmp(c->name, "SMS_ExtendedStatus") == 0)
                return ns == CIM_NS_SMS || ns == CIM_NS_SITE;
        return ns == CIM_NS_SITE;
}

const struct cim_class *cim_namespace_class(enum cim_namespace ns, struct str name)
{
        const struct cim_class *c = cim_class_find(name);

        return c && cim_namespace_has(ns, c) ? c : NULL;
}
