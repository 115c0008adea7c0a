/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * context - IWbemContext: named values that a client sends along with a call
 *
 * What they mean is the provider's (provider/context.h); here they are read, and
 * of PutInstance's own ones it is learned which properties it is about.
 *
 * Threads: pure; any thread.
 * Source: [MS-WMI] 2.2.13, 3.1.4.3.12; memdocs "Configuration Manager Context Qualifiers".
 */
#include "provider/context.h"

enum { WMI_CONTEXT_PROPERTIES_MAX = 1024, WMI_CONTEXT_ITEMS_MAX = 4096 };

struct wmi_context {
        struct provider_context values;
        bool partial;                   /* __PUT_EXTENSIONS: properties are the ones to put */
        const struct str *properties;   /* __PUT_EXT_PROPERTIES */
        size_t n_properties;
};
/* From an OBJREF; p NULL: an empty one. Texts live in @a. ERR_INVALID says what is broken. */
MUST int wmi_context_read(struct str objref, struct arena *a, struct wmi_context *out, struct err *e);
