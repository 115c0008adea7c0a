/* SPDX-License-Identifier: Apache-2.0 */
/* access - which role may do what; one table */
#include "provider/private.h"

/* What an operator may do besides reading.  method NULL: creating, changing and deleting instances. */
static const struct {
        const char *class, *method;
} operators[] = {
        { "SMS_DistributionPoint", NULL },
        { "SMS_DistributionPoint", "CancelDistribution" },
        { "SMS_DistributionPoint", "VerifyPackage" },
        { "SMS_DistributionPointGroup", "ReDistributePackage" },
        { "SMS_DistributionPointGroup", "RefreshDPGroup" },
        { "SMS_Package", "AddChangeNotification" },
        { "SMS_Package", "AddDistributionPoints" },
        { "SMS_StatusMessage", "RaiseErrorStatusMsg" },
        { "SMS_StatusMessage", "RaiseInformationalStatusMsg" },
        { "SMS_StatusMessage", "RaiseRawStatusMsg" },
        { "SMS_StatusMessage", "RaiseWarningStatusMsg" },
        { "TM_Site", "Cancel" },
        { "TM_Site", "Distribute" },
        { "TM_Site", "Redistribute" },
        { "TM_Site", "Remove" },
        { "TM_Site", "Validate" },
};

/* Methods that change nothing. */
static const struct {
        const char *class, *method;
} readers[] = {
        { "SMS_Identification", "GetCurrentUser" },
        { "SMS_Identification", "GetProviderVersion" },
        { "SMS_Identification", "GetSiteID" },
        { "SMS_Identification", "GetFileBinary" },
        { "SMS_DistributionPointInfo", "GetChainedPullDPs" },
        { "SMS_ScheduleMethods", "ReadFromString" },
        { "SMS_ScheduleMethods", "WriteToString" },
        { "SMS_NAL_Methods", "PackNALPath" },
        { "SMS_NAL_Methods", "UnPackNALPath" },
        { "SMS_Advertisement", "GetAdvertisements" },
        { "SMS_Advertisement", "GetNextID" },
        { "SMS_Collection", "GetNumResults" },
        { "SMS_Collection", "GetTotalNumResults" },
        { "SMS_Collection", "VerifyNoCircularDependencies" },
        { "SMS_ContextMethods", "ClearContextHandle" },
        { "SMS_ContextMethods", "GetContextHandle" },
        { "SMS_Package", "CheckPackageShareForTaskSequenceDeployment" },
        { "__SystemSecurity", "GetCallerAccessRights" },
        { "SMS_Package", "CheckDuplicateShareName" },
        { "SMS_Package", "CheckDuplicateSourceName" },
        { "TM_Site", "Verify" },
};

static bool is_row(const char *class, const char *method, const struct cim_class *c, const struct cim_method *m)
{
        if (strcmp(class, c->name) != 0)
                return false;
        return m ? method && strcmp(method, m->name) == 0 : !method;
}

static enum user_role needed(enum provider_op op, const struct cim_class *c, const struct cim_method *m)
{
        if (op == PROVIDER_GET || op == PROVIDER_QUERY)
                return USER_ANALYST;
        for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
                if (m && is_row(readers[i].class, readers[i].method, c, m))
                        return USER_ANALYST;
        }
        for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
                if (is_row(operators[i].class, operators[i].method, c, m))
                        return USER_OPERATOR;
        }
        return USER_ADMINISTRATOR;
}

bool provider_is_secured(const struct cim_class *c)
{
        for (size_t i = 0; i < c->n_qualifiers; i++) {
                if (strcmp(c->qualifiers[i].name, "Secured") == 0)
                        return true;
        }
        return false;
}

int provider_allowed(const struct provider_caller *who, enum provider_op op, const struct cim_class *c,
                     const struct cim_method *m, struct err *e)
{
        static const char *const verbs[] = { "read", "query", "create", "change", "delete", "call" };
        enum user_role want = needed(op, c, m);

        if (who->role >= want)
                return 0;
        return err_set(e, ERR_DENIED, "%s is %s and may not %s %s%s%s: it takes the role %s", who->actor.who,
                       user_role_name(who->role), verbs[op], c->name, m ? "." : "", m ? m->name : "",
                       user_role_name(want));
}
