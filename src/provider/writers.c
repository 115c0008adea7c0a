/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writers - creating, changing and deleting instances, a row a class
 *
 * A class that is not in the table below is read-only: summaries, ledger, queue
 * and conditions come from what happens, not from what somebody writes.
 */
#include "model/user.h"
#include "provider/private.h"
#include "provider/writers_event.h"

static struct str text_of(const struct cim_instance *i, const char *name)
{
        const struct cim_value *v = cim_get(i, name);

        return v ? v->s : STR_NULL;
}

static bool true_of(const struct cim_instance *i, const char *name)
{
        const struct cim_value *v = cim_get(i, name);

        return v && v->i;
}

/* ERR_NOT_SUPPORTED unless every given property is a key or one of the NULL-terminated names. */
static int only(const struct cim_instance *in, const char *const *names, struct err *e)
{
        for (size_t k = 0; k < in->class->n_properties; k++) {
                const struct cim_property *p = &in->class->properties[k];
                size_t n = 0;

                if (!in->given[k] || p->key)
                        continue;
                while (names[n] && strcmp(names[n], p->name) != 0)
                        n++;
                if (!names[n])
                        return err_set(e, ERR_NOT_SUPPORTED, "%s.%s cannot be set this way", in->class->name, p->name);
        }
        return 0;
}

/* ---- SMS_Site: sites below this one ---- */

static int site_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        struct cim_instance *there;
        int r = provider_find(t->db, in, &t->arena, &there, e);

        if (r < 0)
                return r;
        if (r == 0)
                return err_set(e, ERR_EXISTS, "site %.*s exists already", STR_ARG(text_of(in, "SiteCode")));
        return model_site_put(t, in, e);
}

static int site_put(struct tx *t, struct cim_instance *in, struct err *e)
{
        return model_site_put(t, in, e);
}

static int site_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        return model_site_delete(t, text_of(keys, "SiteCode"), e);
}

/* ---- SMS_Package ---- */

static int package_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        char id[PACKAGE_ID_LEN + 1];
        int r = model_package_create(t, in, id, e);

        if (r < 0)
                return r;
        cim_set_str(in, "PackageID", arena_str(&t->arena, str_of(id)));
        return 0;
}

static int package_put(struct tx *t, struct cim_instance *in, struct err *e)
{
        struct str id = text_of(in, "PackageID");
        uint32_t version;
        int r = model_package_put(t, id, in, e);

        if (r == 0 && true_of(in, "RefreshPkgSourceFlag"))
                r = model_package_update(t, id, &version, e);
        return r;
}

static int package_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        return model_package_delete(t, text_of(keys, "PackageID"), e);
}

/* ---- SMS_Program ---- */

static int program_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        return model_program_put(t, in, true, false, e);
}

static int program_put(struct tx *t, struct cim_instance *in, struct err *e)
{
        return model_program_put(t, in, false, true, e);
}

static int program_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        return model_program_delete(t, text_of(keys, "PackageID"), text_of(keys, "ProgramName"), e);
}

/* ---- SMS_Collection, SMS_Advertisement, SMS_DistributionPointGroup: the model gives the id ---- */

static int collection_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        struct str id;
        int r = model_collection_put(t, in, true, &id, e);

        if (r == 0)
                cim_set_str(in, "CollectionID", id);
        return r;
}

static int collection_put(struct tx *t, struct cim_instance *in, struct err *e)
{
        struct str id;

        return model_collection_put(t, in, false, &id, e);
}

static int collection_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        return model_collection_delete(t, text_of(keys, "CollectionID"), e);
}

static int advert_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        struct str id;
        int r = model_advert_put(t, in, true, &id, e);

        if (r == 0)
                cim_set_str(in, "AdvertisementID", id);
        return r;
}

static int advert_put(struct tx *t, struct cim_instance *in, struct err *e)
{
        struct str id;

        return model_advert_put(t, in, false, &id, e);
}

static int advert_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        return model_advert_delete(t, text_of(keys, "AdvertisementID"), e);
}

static int group_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        struct str id;
        int r = model_group_put(t, in, true, &id, e);

        if (r == 0)
                cim_set_str(in, "GroupID", id);
        return r;
}

static int group_put(struct tx *t, struct cim_instance *in, struct err *e)
{
        struct str id;

        return model_group_put(t, in, false, &id, e);
}

static int group_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        return model_group_delete(t, text_of(keys, "GroupID"), e);
}

/* ---- SMS_DistributionPoint: a package on a DP ---- */

/* The DP of ServerNALPath; SiteCode must be its site's, as documented. */
static int assigned_dp(struct tx *t, const struct cim_instance *i, struct model_dp *dp, struct err *e)
{
        struct str site = text_of(i, "SiteCode");
        int r = provider_dp(t->db, text_of(i, "ServerNALPath"), dp, e);

        if (r < 0)
                return r;
        if (site.p && !str_eqz_nocase(site, dp->site_code))
                return err_set(e, ERR_INVALID, "distribution point %s belongs to site %s, not to %.*s", dp->name,
                               dp->site_code, (int)MIN(site.n, 20), site.p);
        return 0;
}

static int assignment_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        struct model_dp dp;
        int r = assigned_dp(t, in, &dp, e);

        if (r == 0)
                r = model_assign(t, text_of(in, "PackageID"), dp.dp_id, e);
        if (r < 0)
                return r;
        cim_set_str(in, "ServerNALPath", arena_str(&t->arena, str_of(dp.nal_path)));
        cim_set_str(in, "SiteCode", arena_str(&t->arena, str_of(dp.site_code)));
        return 0;
}

static int assignment_put(struct tx *t, struct cim_instance *in, struct err *e)
{
        static const char *const names[] = { "RefreshNow", NULL };
        struct model_dp dp;
        int r = only(in, names, e);

        if (r == 0)
                r = assigned_dp(t, in, &dp, e);
        if (r == 0 && true_of(in, "RefreshNow"))
                r = model_refresh(t, text_of(in, "PackageID"), dp.dp_id, e);
        return r;
}

static int assignment_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        struct model_dp dp;
        int r = assigned_dp(t, keys, &dp, e);

        return r < 0 ? r : model_unassign(t, text_of(keys, "PackageID"), dp.dp_id, e);
}

/* ---- SMS_DistributionPointInfo: created by TM_Site.AddDistributionPoint, for it takes a token ---- */

static int dp_put(struct tx *t, struct cim_instance *in, struct err *e)
{
        return model_dp_put(t, in, e);
}

static int dp_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        struct model_dp dp;
        int r = provider_dp(t->db, text_of(keys, "NALPath"), &dp, e);

        return r < 0 ? r : model_dp_delete(t, str_of(dp.name), false, e);
}

/* ---- TM_CollectionMember ---- */

static int member_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        return model_collection_member(t, text_of(in, "CollectionID"), text_of(in, "Name"), true, e);
}

static int member_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        return model_collection_member(t, text_of(keys, "CollectionID"), text_of(keys, "Name"), false, e);
}

/* ---- __TimerInstruction ---- */

static int instruction_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        return model_timer_put(t, in, true, e);
}

static int instruction_put(struct tx *t, struct cim_instance *in, struct err *e)
{
        return model_timer_put(t, in, false, e);
}

/* ---- TM_User: what is not a password ---- */

static int user_put(struct tx *t, struct cim_instance *in, struct err *e)
{
        static const char *const names[] = { "Role", "Disabled", NULL };
        struct cim_instance *was;
        const struct cim_value *role = cim_get(in, "Role"), *disabled = cim_get(in, "Disabled");
        int r = only(in, names, e);

        if (r == 0)
                r = provider_get(t->db, in, &t->arena, &was, e);
        if (r < 0)
                return r;
        role = role ? role : cim_get(was, "Role");
        disabled = disabled ? disabled : cim_get(was, "Disabled");
        if (!role || role->i < USER_ANALYST || role->i > USER_ADMINISTRATOR)
                return err_set(e, ERR_INVALID, "a Role is 0 (analyst), 1 (operator) or 2 (administrator)");
        return model_user_set(t, text_of(was, "UserName"), (enum user_role)role->i, disabled && disabled->i, e);
}

static int user_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        return model_user_delete(t, text_of(keys, "UserName"), e);
}

/* ---- security scopes ---- */

static int category_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        struct str id;
        int r = model_category_create(t, in, &id, e);

        if (r == 0)
                cim_set_str(in, "CategoryID", id);
        return r;
}

static int category_put(struct tx *t, struct cim_instance *in, struct err *e)
{
        return model_category_put(t, in, e);
}

static int category_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        return model_category_delete(t, text_of(keys, "CategoryID"), e);
}

static int membership(struct tx *t, const struct cim_instance *i, bool add, struct err *e)
{
        const struct cim_value *type = cim_get(i, "ObjectTypeID");

        return model_membership(t, text_of(i, "CategoryID"), type ? type->i : 0, text_of(i, "ObjectKey"), add, e);
}

static int membership_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        return membership(t, in, true, e);
}

static int membership_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        return membership(t, keys, false, e);
}

static int account_scope_create(struct tx *t, struct cim_instance *in, struct err *e)
{
        return model_account_scope(t, text_of(in, "LogonName"), text_of(in, "CategoryID"), true, e);
}

static int account_scope_delete(struct tx *t, const struct cim_instance *keys, struct err *e)
{
        return model_account_scope(t, text_of(keys, "LogonName"), text_of(keys, "CategoryID"), false, e);
}

static const struct provider_writer writers[] = {
        { "ActiveScriptEventConsumer", provider_consumer_refuse, NULL, NULL },
        { "CommandLineEventConsumer", provider_consumer_create, provider_consumer_change, provider_consumer_delete },
        { "LogFileEventConsumer", provider_consumer_create, provider_consumer_change, provider_consumer_delete },
        { "NTEventLogEventConsumer", provider_consumer_refuse, NULL, NULL },
        { "SMS_Advertisement", advert_create, advert_put, advert_delete },
        { "SMS_Collection", collection_create, collection_put, collection_delete },
        { "SMS_DistributionPoint", assignment_create, assignment_put, assignment_delete },
        { "SMS_DistributionPointGroup", group_create, group_put, group_delete },
        { "SMS_DistributionPointInfo", NULL, dp_put, dp_delete },
        { "SMS_Package", package_create, package_put, package_delete },
        { "SMS_Program", program_create, program_put, program_delete },
        { "SMS_SecuredCategory", category_create, category_put, category_delete },
        { "SMS_SecuredCategoryMembership", membership_create, NULL, membership_delete },
        { "SMS_Site", site_create, site_put, site_delete },
        { "SMTPEventConsumer", provider_consumer_create, provider_consumer_change, provider_consumer_delete },
        { "TM_AccountScope", account_scope_create, NULL, account_scope_delete },
        { "TM_CollectionMember", member_create, NULL, member_delete },
        { "TM_User", NULL, user_put, user_delete },
        { "TM_WebhookEventConsumer", provider_consumer_create, provider_consumer_change, provider_consumer_delete },
        { "__AbsoluteTimerInstruction", instruction_create, instruction_put, model_timer_delete },
        { "__EventFilter", provider_filter_create, provider_filter_change, provider_filter_delete },
        { "__FilterToConsumerBinding", provider_binding_create, provider_binding_change, provider_binding_delete },
        { "__IntervalTimerInstruction", instruction_create, instruction_put, model_timer_delete },
};

const struct provider_writer *provider_writer_find(const struct cim_class *c)
{
        for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
                if (strcmp(writers[i].class, c->name) == 0)
                        return &writers[i];
        }
        return NULL;
}
