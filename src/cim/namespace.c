/* SPDX-License-Identifier: Apache-2.0 */
/* namespace - names of namespaces, and which classes are where */
#include <errno.h>
#include <stdio.h>
#include "cim/namespace.h"

static const char *const names[] = {
        [CIM_NS_ROOT] = "root",
        [CIM_NS_SMS] = "root\\sms",
        [CIM_NS_SITE] = "root\\sms\\site_",
        [CIM_NS_SUBSCRIPTION] = "root\\subscription",
};

void cim_namespace_name(enum cim_namespace ns, struct str site_code, char out[CIM_NS_MAX])
{
        (void)snprintf(out, CIM_NS_MAX, "%s%.*s", names[ns], ns == CIM_NS_SITE ? (int)MIN(site_code.n, (size_t)3) : 0,
                       ns == CIM_NS_SITE && site_code.p ? site_code.p : "");
}

static bool is_slash(char c)
{
        return c == '\\' || c == '/';
}

/* What is left of \\server\root\...: without the server and the closing colon. */
static struct str bare(struct str text)
{
        size_t at = 2;

        if (text.n && text.p[text.n - 1] == ':')
                text.n--;
        if (text.n < 2 || !is_slash(text.p[0]) || !is_slash(text.p[1]))
                return text;
        while (at < text.n && !is_slash(text.p[at]))
                at++;
        return str_from(text, MIN(at + 1, text.n));
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
        for (size_t ns = 0; ns < ARRAY_SIZE(names); ns++) {
                cim_namespace_name((enum cim_namespace)ns, site_code, name);
                if (is_name(text, name)) {
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
