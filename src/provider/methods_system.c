/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_system - __SystemSecurity
 *
 * Source: WmiSdk "__SystemSecurity class", "GetCallerAccessRights"; "Namespace Access Rights Constants".
 */
#include "provider/private.h"

enum { RIGHT_ENABLE = 0x1, RIGHT_METHODS = 0x2, RIGHT_WRITE = 0x10, RIGHT_REMOTE = 0x20, RIGHT_SUBSCRIBE = 0x40 };

/* What a role means in rights on a namespace; everybody may read, subscribe and call what changes nothing. */
static int caller_rights(struct call *c, struct err *e)
{
        int64_t rights = RIGHT_ENABLE | RIGHT_METHODS | RIGHT_REMOTE | RIGHT_SUBSCRIBE;

        if (c->role >= USER_OPERATOR)
                rights |= RIGHT_WRITE;
        call_out_i64(c, "rights", rights);
        return 0;
}

const struct provider_method provider_system_methods[] = {
        { "__SystemSecurity", "GetCallerAccessRights", caller_rights },
        { 0 },
};
