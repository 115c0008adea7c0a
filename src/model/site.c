/* SPDX-License-Identifier: Apache-2.0 */
/* site - SMS_Site: this site, and those below it */
#include "model/fields.h"
#include "model/pair.h"
#include "model/site.h"
#include "model/sql_site.h"

enum { SITE_SECONDARY = 1, SITE_NAME_MAX = 255 };

/* In the order of site_insert and site_update. */
static const struct field fields[] = {
        { "SiteName", FIELD_NEEDED },
        { "ServerName", FIELD_NEEDED },
        { "InstallDir", 0 },
        { "ReportingSiteCode", 0 },
        { "Type", FIELD_FIXED },
        { "Mode", 0 },
        { "Version", 0 },
        { "TimeZoneInfo", 0 },
        { "Features", 0 },
        { "RequestedStatus", 0 },
        { "SecondarySiteCMUpdateStatus", 0 },
};

int site_code_check(struct str code, struct err *e)
{
        static const char *const reserved[] = { "AUX", "CON", "NUL", "PRN", "SMS", "ENV" };
        bool good = code.n == SITE_CODE_LEN;

        for (size_t i = 0; good && i < code.n; i++)
                good = (code.p[i] >= 'A' && code.p[i] <= 'Z') || (code.p[i] >= '0' && code.p[i] <= '9');
        if (!good)
                return err_set(e, ERR_INVALID, "site code \"%.*s\": a site code is three of A-Z and 0-9", STR_ARG(code));
        for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
                if (str_eqz(code, reserved[i]))
                        return err_set(e, ERR_INVALID, "site code %s is reserved: choose another", reserved[i]);
        return 0;
}

/* A-Z a-z 0-9, hyphen and blank; as documented for site names, and a blank as consoles show them. */
static int check_name(struct str name, struct err *e)
{
        for (size_t i = 0; i < name.n; i++) {
                char c = name.p[i], l = (char)(c | 0x20);

                if (!(l >= 'a' && l <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != ' ')
                        return err_set(e, ERR_INVALID, "SMS_Site.SiteName \"%.*s\": use letters, digits, blanks and hyphens",
                                       STR_ARG(name));
        }
        return 0;
}

struct site_row {
        int64_t id;
        bool own;
        struct str code;
};

/* 0, or 1 when there is none. */
static int find(struct tx *t, struct str code, struct site_row *out, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_SITE_ROW, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, code);
        r = db_step(s, e);
        if (r > 0) {
                out->id = db_col_i64(s, 0);
                out->own = db_col_i64(s, 1);
                out->code = arena_str(&t->arena, db_col_text(s, 2));
        }
        db_reset(s);
        return r < 0 ? r : !r;
}

/* The parent is there, and the tree stays a tree. */
static int check_parent(struct tx *t, struct str code, const struct cim_instance *m, struct err *e)
{
        struct str at = field_text(m, "ReportingSiteCode");
        struct cim_instance *parent;

        if (!at.n)
                return field_number(m, "Type") == SITE_SECONDARY
                               ? err_set(e, ERR_INVALID, "SMS_Site.ReportingSiteCode is missing: a secondary site has a parent")
                               : 0;
        for (int depth = 0; at.n; depth++) {
                const struct tx_key key = TX_TEXT("SiteCode", at);
                int r;

                if (str_eq_nocase(at, code) || depth > 16)
                        return err_set(e, ERR_INVALID, "SMS_Site.ReportingSiteCode: site %.*s would be above itself", STR_ARG(code));
                r = fields_load(t, "SMS_Site", &key, 1, &parent, e);
                if (r > 0)
                        return err_set(e, ERR_NOT_FOUND, "SMS_Site.ReportingSiteCode: there is no site %.*s: create it first", STR_ARG(at));
                if (r < 0)
                        return r;
                at = field_text(parent, "ReportingSiteCode");
        }
        return 0;
}

/* Rows of other classes show a site's names. */
static int touch_names(struct tx *t, const struct site_row *site, struct err *e)
{
        struct numbers packages;
        const struct tx_key code = TX_TEXT("SiteCode", site->code), this = TX_TEXT("ThisSiteCode", site->code);
        int r = READ(t, e, &packages, SQL_SITE_SITE_PACKAGES, site->id);

        tx_touch_where(t, "SMS_SystemResourceList", &code, 1);
        tx_touch_where(t, "SMS_SCI_SysResUse", &code, 1);
        tx_touch_where(t, "SMS_DistributionPointInfo", &code, 1);
        tx_touch_where(t, "SMS_DistributionPoint", &code, 1);
        tx_touch_where(t, "SMS_PackageStatusDetailSummarizer", &code, 1);
        tx_touch_where(t, "SMS_PackageStatus", &code, 1);
        if (site->own) {
                tx_touch_where(t, "TM_Site", &code, 1);
                tx_touch_where(t, "SMS_Identification", &this, 1);
                tx_touch_where(t, "SMS_ProviderLocation", &code, 1);
        }
        return r;
}

int site_write(struct tx *t, struct str code, bool own, int64_t id, const struct cim_instance *m, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, id ? SQL_SITE_SITE_UPDATE : SQL_SITE_SITE_INSERT, e);
        int r;

        if (!s)
                return err_number(e->kind);
        if (id) {
                db_bind_i64(s, 1, id);
        } else {
                db_bind_text(s, 1, code);
                db_bind_i64(s, 2, own);
        }
        r = fields_bind(s, id ? 2 : 3, fields, ARRAY_SIZE(fields), m, e);
        return r ? r : db_run(s, e);
}

int site_merge(struct tx *t, const struct cim_instance *was, const struct cim_instance *in, struct cim_instance **out,
               struct err *e)
{
        struct cim_instance *copy = cim_instance_new(in->class, &t->arena);
        int r;

        if (!copy)
                return err_set(e, ERR_NOMEM, "write site: out of memory");
        memcpy(copy->values, in->values, in->class->n_properties * sizeof(*copy->values));
        copy->given = in->given;
        copy->values[cim_property_find(in->class, STR("SiteCode"))].null = true;
        r = fields_merge(t, fields, ARRAY_SIZE(fields), was, copy, out, e);
        return r ? r : check_name(field_text(*out, "SiteName"), e);
}

int model_site_put(struct tx *t, const struct cim_instance *in, struct err *e)
{
        struct str code = field_text(in, "SiteCode");
        const struct tx_key key = TX_TEXT("SiteCode", code);
        struct site_row site = { 0 };
        struct cim_instance *was = NULL, *now;
        int r = site_code_check(code, e), found;

        if (r)
                return r;
        found = find(t, code, &site, e);
        if (found < 0)
                return found;
        if (found == 0) {
                r = fields_load(t, "SMS_Site", &key, 1, &was, e);
                if (!r)
                        r = touch_names(t, &site, e);
        } else {
                site.code = code;
        }
        if (!r)
                r = site_merge(t, was, in, &now, e);
        if (!r)
                r = check_parent(t, code, now, e);
        if (r)
                return r;
        tx_touch_where(t, "SMS_Site", &key, 1);
        tx_touch_where(t, "SMS_SiteAndSubsites", &key, 1);
        tx_touch_where(t, "SMS_SystemResourceList", &key, 1);
        tx_touch_where(t, "SMS_SCI_SysResUse", &key, 1);
        tx_touch_where(t, "SMS_SiteToSubSite_a", &key, 1);
        tx_touch_where(t, "SMS_SummarizerStatus", &key, 1);
        tx_touch_where(t, "SMS_SummarizerSiteStatus", &key, 1);
        r = site_write(t, site.code, false, site.id, now, e);
        if (!r && !site.id)             /* packages without source files are offered on every site */
                r = offer_sync(t, 0, INT64_MAX, 0, INT64_MAX, e);
        if (!r)
                tx_audit(t, was ? "site set" : "site create", "%.*s", STR_ARG(code));
        return r;
}

int model_site_delete(struct tx *t, struct str site_code, struct err *e)
{
        const struct tx_key key = TX_TEXT("SiteCode", site_code);
        struct site_row site;
        struct numbers users, offers;
        int r = find(t, site_code, &site, e);

        if (r)
                return r < 0 ? r : err_set(e, ERR_NOT_FOUND, "there is no site %.*s", STR_ARG(site_code));
        if (site.own)
                return err_set(e, ERR_CONFLICT, "site %.*s is this site and cannot be deleted", STR_ARG(site.code));
        r = READ(t, e, &users, SQL_SITE_SITE_USERS, site.id);
        if (r)
                return r;
        if (users.v[0] || users.v[1] || users.v[2])
                return err_set(e, ERR_CONFLICT,
                               "site %.*s still has %lld distribution points, %lld child sites and %lld packages: remove them first",
                               STR_ARG(site.code), (long long)users.v[0], (long long)users.v[1], (long long)users.v[2]);
        r = touch_names(t, &site, e);
        tx_touch_where(t, "TM_Offer", &key, 1);
        tx_touch_where(t, "SMS_Site", &key, 1);
        tx_touch_where(t, "SMS_SiteAndSubsites", &key, 1);
        tx_touch_where(t, "SMS_SiteToSubSite_a", &key, 1);
        tx_touch_where(t, "SMS_SummarizerStatus", &key, 1);
        tx_touch_where(t, "SMS_SummarizerSiteStatus", &key, 1);
        if (!r)
                r = READ(t, e, &offers, SQL_SITE_OFFERS_OF_SITE, site.id);
        for (size_t i = 0; !r && i < offers.n_rows; i++)
                r = RUN(t, e, SQL_SITE_OFFER_DELETE, offers.v[i], site.id);
        if (!r)
                r = RUN(t, e, SQL_SITE_SITE_DELETE, site.id);
        if (!r)
                tx_audit(t, "site delete", "%.*s", STR_ARG(site.code));
        return r;
}
