/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * namespace - root, root\sms, root\sms\site_CODE, root\subscription
 *
 * All classes of the schema are one table; a namespace shows some of them, as on
 * a Windows site server: the site's holds everything, root\sms where the site's
 * provider is, root\subscription the consumers.  System classes are in each.
 *
 * Threads: pure; any thread.
 * Source: [MS-WMI] 2.2.2 (names), 3.1.4.18; Configuration Manager SDK, "SMS_ProviderLocation".
 */
#include "cim/cim.h"

enum wmi_namespace { WMI_NS_ROOT, WMI_NS_SMS, WMI_NS_SITE, WMI_NS_SUBSCRIPTION, WMI_NS_MAX_ };

/*
 * A resource as clients write it: \\server\root\sms\site_P01, //./root/sms/site_P01, root\sms\site_P01, any case,
 * slashes mixed.  The server's name is the client's affair.  0, or -ENOENT.
 */
MUST int wmi_namespace_find(struct str resource, const char *site_code, enum wmi_namespace *out);
/* A namespace below another one: "sms", "sms\site_P01", or written in full. 0, or -ENOENT. */
MUST int wmi_namespace_below(enum wmi_namespace at, struct str name, const char *site_code, enum wmi_namespace *out);
/* "ROOT\SMS\site_P01", as objects say it. */
struct str wmi_namespace_name(enum wmi_namespace ns, const char *site_code, char out[32]);
bool wmi_namespace_shows(enum wmi_namespace ns, const struct cim_class *c);
/* By name, any case; NULL: unknown, or not shown. */
const struct cim_class *wmi_namespace_class(enum wmi_namespace ns, struct str name);
