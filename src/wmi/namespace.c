/* SPDX-License-Identifier: Apache-2.0 */
#include "wmi/namespace.h"

#include <errno.h>
#include <stdio.h>

enum { NAME_MAX_BYTES = 64 };

static const char *const names[WMI_NS_MAX_] = {
        [WMI_NS_ROOT] = "root", [WMI_NS_SMS] = "root\\sms", [WMI_NS_SITE] = "root\\sms\\site_",
        [WMI_NS_SUBSCRIPTION] = "root\\subscription",
};

static bool is_slash(char c)
{
        return c == '\\' || c == '/';
}

/* The part behind \\server\, backslashes only, none at the ends. n 0: too long, or nothing. */
static struct str normal(struct str s, char out[NAME_MAX_BYTES])
{
        size_t n = 0;

        if (s.n >= 2 && is_slash(s.p[0]) && is_slash(s.p[1])) {
                size_t at = 2;

                while (at < s.n && !is_slash(s.p[at]))
                        at++;
                s = str_from(s, MIN(at + 1, s.n));
        }
        while (s.n && is_slash(s.p[0]))
                s = str_from(s, 1);
        while (s.n && is_slash(s.p[s.n - 1]))
                s.n--;
        if (s.n > NAME_MAX_BYTES)
                return STR_NULL;
        for (; n < s.n; n++)
                out[n] = is_slash(s.p[n]) ? '\\' : s.p[n];
        return (struct str){ out, n };
}

static int find(struct str name, const char *site_code, enum wmi_namespace *out)
{
        char full[NAME_MAX_BYTES];

        for (int i = 0; i < WMI_NS_MAX_; i++) {
                (void)snprintf(full, sizeof full, "%s%s", names[i], i == WMI_NS_SITE ? site_code : "");
                if (str_eqz_nocase(name, full)) {
                        *out = (enum wmi_namespace)i;
                        return 0;
                }
        }
        return -ENOENT;
}

int wmi_namespace_find(struct str resource, const char *site_code, enum wmi_namespace *out)
{
        char space[NAME_MAX_BYTES];

        return find(normal(resource, space), site_code, out);
}

int wmi_namespace_below(enum wmi_namespace at, struct str name, const char *site_code, enum wmi_namespace *out)
{
        char space[NAME_MAX_BYTES], full[2 * NAME_MAX_BYTES], mine[32];
        struct str below = normal(name, space);

        if (below.n == 0)
                return -ENOENT;
        (void)snprintf(full, sizeof full, "%s\\%.*s", wmi_namespace_name(at, site_code, mine).p, STR_ARG(below));
        if (find(str_of(full), site_code, out) == 0)
                return 0;
        if (find(below, site_code, out) < 0)
                return -ENOENT;
        (void)wmi_namespace_name(*out, site_code, space);
        return strncasecmp(space, mine, strlen(mine)) == 0 ? 0 : -ENOENT;
}

struct str wmi_namespace_name(enum wmi_namespace ns, const char *site_code, char out[32])
{
        static const char *const shown[WMI_NS_MAX_] = {
                [WMI_NS_ROOT] = "ROOT", [WMI_NS_SMS] = "ROOT\\SMS", [WMI_NS_SITE] = "ROOT\\SMS\\site_",
                [WMI_NS_SUBSCRIPTION] = "ROOT\\subscription",
        };

        (void)snprintf(out, 32, "%s%s", shown[ns], ns == WMI_NS_SITE ? site_code : "");
        return str_of(out);
}

bool wmi_namespace_shows(enum wmi_namespace ns, const struct cim_class *c)
{
        const struct cim_class *consumer;

        if (ns == WMI_NS_SITE || strncmp(c->name, "__", 2) == 0)
                return true;
        if (ns == WMI_NS_SMS)
                return strcmp(c->name, "SMS_ProviderLocation") == 0;
        consumer = cim_class_find(STR("__EventConsumer"));
        return ns == WMI_NS_SUBSCRIPTION && consumer && cim_class_isa(c, consumer);
}

const struct cim_class *wmi_namespace_class(enum wmi_namespace ns, struct str name)
{
        const struct cim_class *c = cim_class_find(name);

        return c && wmi_namespace_shows(ns, c) ? c : NULL;
}
