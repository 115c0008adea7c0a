/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope - the condition of a class
 *
 * Conditions are put together from the words below.  In them $Name is the value
 * of a property (a column of the view, or a parameter), # the account's number,
 * and % the expression for what the row is about.
 */
#include "model/scope.h"
#include "model/sql_site.h"

enum about { ABOUT_PACKAGE, ABOUT_SITE, ABOUT_GROUP, ABOUT_DP };

#define IN_A_SCOPE_OF_MINE(type) \
        "EXISTS (SELECT 1 FROM SMS_SecuredCategoryMembership m JOIN TM_AccountScope a ON a.category_row = m.category_row " \
        "WHERE a.account_id = # AND m.ObjectTypeID = " type " AND m.ObjectKey = %)"
#define IN_SOME_SCOPE(type) \
        "EXISTS (SELECT 1 FROM SMS_SecuredCategoryMembership m WHERE m.ObjectTypeID = " type " AND m.ObjectKey = %)"
static const struct {
        const char *mine, *somebodys;           /* it is in a scope of the account's; in any scope */
} tests[] = {
        [ABOUT_PACKAGE] = { IN_A_SCOPE_OF_MINE("2"), IN_SOME_SCOPE("2") },
        [ABOUT_SITE] = { IN_A_SCOPE_OF_MINE("6"), IN_SOME_SCOPE("6") },
        [ABOUT_GROUP] = { IN_A_SCOPE_OF_MINE("43"), IN_SOME_SCOPE("43") },
        [ABOUT_DP] = { "EXISTS (SELECT 1 FROM TM_DPScope m JOIN TM_AccountScope a ON a.category_row = m.category_row "
                       "WHERE a.account_id = # AND m.NALPath = % COLLATE NOCASE)",
                       "EXISTS (SELECT 1 FROM TM_DPScope m WHERE m.NALPath = % COLLATE NOCASE)" },
};

/* Properties that name what a row is about. */
static const struct {
        const char *property;
        enum about about;
} names[] = {
        { "PackageID", ABOUT_PACKAGE },    { "PkgID", ABOUT_PACKAGE }, { "ServerNALPath", ABOUT_DP }, { "NALPath", ABOUT_DP },
        { "DPNALPath", ABOUT_DP },         { "PkgServer", ABOUT_DP },  { "GroupID", ABOUT_GROUP },    { "SiteCode", ABOUT_SITE },
};

#define PACKAGE_OF_ADVERT(reference) \
        "(SELECT v.PackageID FROM SMS_Advertisement v WHERE v.AdvertisementID = substr(" reference ", 36, 8))"
#define DP_NAMED(name) "(SELECT d.NALPath FROM TM_DistributionPoint d WHERE d.Name = " name ")"
#define PACKAGE_OF_MESSAGE "(SELECT x.PackageID FROM TM_StatusMessage x WHERE x.RecordID = $RecordID)"
#define DP_OF_MESSAGE \
        "(SELECT x.AttributeValue FROM SMS_StatMsgAttributes x WHERE x.RecordID = $RecordID AND x.AttributeID = 404)"

#define OF_TYPE(type) "CASE WHEN $ObjectTypeID = " type " THEN $ObjectKey END"

/* Classes that name it otherwise. All that is listed must be seen; ALWAYS and NEVER stand alone. */
#define ALWAYS "1"
#define NEVER "0"
static const struct special {
        const char *class, *condition;          /* of its own */
        const char *package, *dp, *group, *site;
} specials[] = {
        { .class = "SMS_AdvertToSourceSite_a", .package = PACKAGE_OF_ADVERT("$ownedAdvert") },
        { .class = "SMS_CollectionMember_a", .condition = ALWAYS },
        { .class = "SMS_CollectionToPkgAdvert_a", .package = PACKAGE_OF_ADVERT("$advert") },
        { .class = "SMS_DPGroupDistributionStatusDetails", .package = "$PackageID", .group = "$GroupID", .dp = DP_NAMED("$DPName") },
        { .class = "SMS_FullCollectionMembership", .condition = ALWAYS },
        { .class = "SMS_PackageContentServerInfo", .package = "$PackageID",
          .dp = "CASE WHEN $ContentServerType = 1 THEN $ContentServerID END",
          .group = "CASE WHEN $ContentServerType = 2 THEN $ContentServerID END" },
        { .class = "SMS_PackageToAdvert_a", .package = "substr($package, 24, 8)" },
        { .class = "SMS_PackageToSourceSite_a", .package = "substr($ownedPackage, 24, 8)" },
        { .class = "SMS_PkgToPkgProgram_a", .package = "substr($package, 24, 8)" },
        { .class = "SMS_PkgToPkgServer_a", .package = "substr($package, 24, 8)",
          .dp = "replace(replace(substr($pkgServer, instr($pkgServer, 'ServerNALPath=\"') + 15, instr($pkgServer, '\",SiteCode=\"') - "
                "instr($pkgServer, 'ServerNALPath=\"') - 15), '\\\"', '\"'), '\\\\', '\\')" },
        { .class = "SMS_ProviderLocation", .condition = ALWAYS },
        { .class = "SMS_SecuredCategoryMembership", .package = OF_TYPE("2"), .dp = OF_TYPE("42"), .group = OF_TYPE("43"),
          .site = OF_TYPE("6") },
        { .class = "SMS_SiteToSubSite_a", .site = "substr($childSite, 20, 3)" },
        { .class = "SMS_StatMsgAttributes", .package = PACKAGE_OF_MESSAGE,
          .dp = DP_OF_MESSAGE },
        { .class = "SMS_StatMsgInsStrings", .package = PACKAGE_OF_MESSAGE,
          .dp = DP_OF_MESSAGE },
        { .class = "SMS_StatusMessage", .package = PACKAGE_OF_MESSAGE,
          .dp = DP_OF_MESSAGE },
        { .class = "TM_AccountScope",
          .condition = "EXISTS (SELECT 1 FROM TM_AccountScope z WHERE z.account_id = # AND z.LogonName = $LogonName)" },
        { .class = "TM_Audit", .condition = "EXISTS (SELECT 1 FROM TM_AccountScope z WHERE z.account_id = # AND z.LogonName = $Who)" },
        { .class = "TM_EventFailure", .condition = NEVER },             /* holds events of others */
        { .class = "TM_Site", .condition = ALWAYS },
        { .class = "TM_StatusMessage", .package = "$PackageID", .dp = DP_NAMED("$ServerName") },
        { .class = "TM_Subscription", .condition = NEVER },
        { .class = "TM_User", .condition = "EXISTS (SELECT 1 FROM TM_AccountScope z WHERE z.account_id = # AND z.LogonName = $UserName)" },
};

struct writer {
        const struct scope *s;
        const struct cim_class *class;
        bool parameters;                /* else columns */
        struct buf *out;
};

static bool is_word(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* "$Name" of a template; how many characters the name has. */
static size_t write_property(struct writer *w, const char *name)
{
        struct str n = { name, 0 };
        int k;

        while (is_word(name[n.n]))
                n.n++;
        k = cim_property_find(w->class, n);
        if (k < 0)
                buf_addz(w->out, "NULL");
        else if (w->parameters)
                buf_printf(w->out, "?%d", k + 1);
        else                            /* with the view's name: those of the conditions have names of their own */
                buf_printf(w->out, "\"%s\".\"%s\"", w->class->view, w->class->properties[k].name);
        return n.n;
}

static void write_template(struct writer *w, const char *t, const char *about)
{
        for (; *t; t++) {
                if (*t == '$')
                        t += write_property(w, t + 1);
                else if (*t == '#')
                        buf_printf(w->out, "%lld", (long long)w->s->account);
                else if (*t == '%')
                        write_template(w, about, NULL);
                else
                        buf_addc(w->out, *t);
        }
}

/* What is about nothing (NULL, "") hides nothing. */
static void write_about(struct writer *w, const char *value, enum about about, const char **and)
{
        buf_addz(w->out, *and);
        *and = " AND ";
        buf_addz(w->out, "(coalesce(");
        write_template(w, value, NULL);
        buf_addz(w->out, ", '') = '' OR ");
        write_template(w, tests[about].mine, value);
        if (w->s->unassigned) {
                buf_addz(w->out, " OR NOT ");
                write_template(w, tests[about].somebodys, value);
        }
        buf_addc(w->out, ')');
}

static const struct special *special_of(const struct cim_class *c)
{
        for (size_t i = 0; i < ARRAY_SIZE(specials); i++) {
                if (strcmp(specials[i].class, c->name) == 0)
                        return &specials[i];
        }
        return NULL;
}

static void write_special(struct writer *w, const struct special *x, const char **and)
{
        if (x->condition && strcmp(x->condition, ALWAYS) != 0) {
                write_template(w, x->condition, NULL);
                *and = " AND ";
        }
        if (x->package)
                write_about(w, x->package, ABOUT_PACKAGE, and);
        if (x->dp)
                write_about(w, x->dp, ABOUT_DP, and);
        if (x->group)
                write_about(w, x->group, ABOUT_GROUP, and);
        if (x->site)
                write_about(w, x->site, ABOUT_SITE, and);
}

/* A DP's own scopes have its site's among them. */
static void write_by_name(struct writer *w, const char **and)
{
        bool has_dp = false;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                char value[40] = "$";

                if (cim_property_find(w->class, str_of(names[i].property)) < 0 || (names[i].about == ABOUT_SITE && has_dp))
                        continue;
                has_dp |= names[i].about == ABOUT_DP;
                strncat(value, names[i].property, sizeof(value) - 2);
                write_about(w, value, names[i].about, and);
        }
}

/* False: nothing is hidden of this class. */
static bool write_condition(struct writer *w)
{
        const struct special *x = special_of(w->class);
        const char *and = "";

        if (x)
                write_special(w, x, &and);
        else
                write_by_name(w, &and);
        return *and;
}

bool scope_where(const struct scope *s, const struct cim_class *c, struct buf *out)
{
        struct writer w = { .s = s, .class = c, .out = out };

        return s->account && write_condition(&w);
}

/* ---- one instance ---- */

static void bind_instance(struct db_stmt *s, const struct cim_instance *i)
{
        for (size_t k = 0; k < i->class->n_properties; k++) {
                const struct cim_property *p = &i->class->properties[k];
                const struct cim_value *v = &i->values[k];

                if (v->null || p->array)
                        continue;
                if (p->type == CIM_STRING || p->type == CIM_REFERENCE)
                        db_bind_text(s, (int)k + 1, v->s);
                else if (p->type != CIM_OBJECT && p->type != CIM_REAL32 && p->type != CIM_REAL64 && !v->text)
                        db_bind_i64(s, (int)k + 1, v->i);
        }
}

/* Every property has its parameter, so that it is there to be bound. */
static void all_parameters(const struct cim_class *c, struct buf *out)
{
        buf_addz(out, " FROM (SELECT 1");
        for (size_t k = 0; k < c->n_properties; k++)
                buf_printf(out, ", ?%zu", k + 1);
        buf_addc(out, ')');
}

int scope_sees(struct db_conn *c, const struct scope *s, const struct cim_instance *i, struct err *e)
{
        _cleanup_(db_stmt_freep) struct db_stmt *st = NULL;
        struct buf text;
        struct writer w = { .s = s, .class = i->class, .parameters = true, .out = &text };
        int r = 0;

        if (!s->account)
                return 0;
        buf_init(&text, 0);
        buf_addz(&text, "SELECT ");
        if (write_condition(&w)) {
                all_parameters(i->class, &text);
                r = text.failed ? err_set(e, ERR_NOMEM, "out of memory") : db_stmt_dynamic(&st, c, buf_str(&text), e);
        }
        buf_fini(&text);
        if (r < 0 || !st)
                return r;
        bind_instance(st, i);
        r = db_step(st, e);
        if (r > 0)
                r = db_col_i64(st, 0) ? 0 : 1;
        else if (r == 0)
                r = 1;
        return r;
}

int scope_load(struct db_conn *c, const char *who, struct scope *out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_SCOPE_OF_ACCOUNT, e);
        int r;

        *out = (struct scope){ 0 };
        if (!s)
                return err_number(e->kind);
        db_bind_textz(s, 1, who);
        r = db_step(s, e);
        if (r > 0 && !db_col_i64(s, 1)) {
                out->account = db_col_i64(s, 0);
                out->unassigned = db_col_i64(s, 2) != 0;
        }
        db_reset(s);
        return r < 0 ? r : 0;
}

bool scope_guards(const struct cim_class *c)
{
        static const char *const guarded[] = { "SMS_SecuredCategory", "SMS_SecuredCategoryMembership", "TM_AccountScope",
                                               "TM_User", "__EventFilter", "__FilterToConsumerBinding" };

        for (size_t i = 0; i < ARRAY_SIZE(guarded); i++) {
                if (strcmp(c->name, guarded[i]) == 0)
                        return true;
        }
        return cim_class_isa(c, cim_class_find(STR("__EventConsumer")));
}
