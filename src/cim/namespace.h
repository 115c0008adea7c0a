/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * namespace - which namespaces a site has, and which classes live where
 *
 *      root                     system classes
 *      root\sms                 SMS_ProviderLocation, so that a client finds the site
 *      root\sms\site_P01        everything else
 *      root\subscription        permanent subscriptions and their consumers
 *
 * System classes (two underscores) are in every namespace.  The instances of
 * __NAMESPACE are rows of the view of that name, of which the provider shows
 * those whose parent is connected.
 *
 * Threads: pure.
 * Source: Configuration Manager SDK "How to Connect to an SMS Provider in Configuration Manager by Using WMI";
 *         win32 WmiSdk "WMI System Classes", "__NAMESPACE class"; [MS-WMI] 2.2.1 (namespace names), 3.1.4.18.
 */
#include "cim/cim.h"

enum cim_namespace { CIM_NS_ROOT, CIM_NS_SMS, CIM_NS_SITE, CIM_NS_SUBSCRIPTION, CIM_NS_MAX_ };
enum { CIM_NS_MAX = 32 };               /* a name with its NUL */

/*
 * A namespace's name in any case, with either slash, with or without \\server in front and : behind;
 * slashes at the ends do no harm.
 * 0, or -ENOENT (WBEM_E_INVALID_NAMESPACE) when the site has no such namespace.
 */
MUST int cim_namespace_find(struct str text, struct str site_code, enum cim_namespace *out);
/* A namespace below another one: "sms", "sms\site_P01", or written in full. 0, or -ENOENT. */
MUST int cim_namespace_below(enum cim_namespace at, struct str name, struct str site_code, enum cim_namespace *out);
/* ROOT\SMS\site_P01, as objects say it: @out as a text. */
struct str cim_namespace_name(enum cim_namespace ns, struct str site_code, char out[CIM_NS_MAX]);
bool cim_namespace_has(enum cim_namespace ns, const struct cim_class *c);
/* By name, any case; NULL: unknown, or not there. */
const struct cim_class *cim_namespace_class(enum cim_namespace ns, struct str name);
