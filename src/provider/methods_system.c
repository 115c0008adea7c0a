/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_system - __SystemSecurity, SMS_SecuredCategoryMembership
 *
 * Source: Configuration Manager SDK "AddMemberships", "RemoveMemberships" Method in Class
 *         SMS_SecuredCategoryMembership; WmiSdk "__SystemSecurity class", "GetCallerAccessRights"; "Namespace Access Rights Constants".
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

static int memberships(struct call *c, bool add, struct err *e)
{
        const struct cim_value *keys, *types, *categories;
        size_t n, n_types, n_categories;
        int r = 0;

        (void)call_list(c, "ObjectIDs", &keys, &n);
        (void)call_list(c, "ObjectTypeIDs", &types, &n_types);
        (void)call_list(c, "CategoryIDs", &categories, &n_categories);
        if (n != n_types || n != n_categories)
                return err_set(e, ERR_INVALID, "ObjectIDs, ObjectTypeIDs and CategoryIDs go in parallel: %zu, %zu and %zu items", n,
                               n_types, n_categories);
        for (size_t i = 0; i < n && r == 0; i++)
                r = model_membership(c->t, categories[i].s, types[i].i, keys[i].s, add, e);
        return r;
}

static int add_memberships(struct call *c, struct err *e)
{
        return memberships(c, true, e);
}

static int remove_memberships(struct call *c, struct err *e)
{
        return memberships(c, false, e);
}

const struct provider_method provider_system_methods[] = {
        { "SMS_SecuredCategoryMembership", "AddMemberships", add_memberships },
        { "SMS_SecuredCategoryMembership", "RemoveMemberships", remove_memberships },
        { "__SystemSecurity", "GetCallerAccessRights", caller_rights },
        { 0 },
};
