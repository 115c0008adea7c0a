/* SPDX-License-Identifier: Apache-2.0 */
/* init - the first start of a site's database */
#include <stdio.h>

#include "model/fields.h"
#include "model/pair.h"
#include "model/site.h"
#include "model/sql_site.h"

/* Numbers begin behind these; advertisements are documented to begin at 20000h. */
static const struct {
        const char *name;
        int64_t behind;
} counters[] = {
        { "package", 0 }, { "collection", 0 }, { "advert", 0x20000 - 1 }, { "dp", 0 }, { "category", 0 }, { "change_floor", 0 },
};

static int init_counters(struct tx *t, struct err *e)
{
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(counters) && !r; i++) {
                struct db_stmt *s = db_stmt(t->db, SQL_SITE_COUNTER_INIT, e);

                if (!s)
                        return err_number(e->kind);
                db_bind_textz(s, 1, counters[i].name);
                db_bind_i64(s, 2, counters[i].behind);
                r = db_run(s, e);
        }
        return r;
}

static int create_site(struct tx *t, const struct model_site_opts *o, struct err *e)
{
        struct cim_instance *in = cim_instance_new(cim_class_find(STR("SMS_Site")), &t->arena), *m;
        const struct tx_key key = TX_TEXT("SiteCode", str_of(o->site_code));
        const struct tx_key this = TX_TEXT("ThisSiteCode", str_of(o->site_code));
        int r = site_code_check(str_of(o->site_code), e);

        if (r || !in)
                return r ? r : err_set(e, ERR_NOMEM, "set up site: out of memory");
        cim_set_str(in, "SiteName", str_of(o->site_name));
        cim_set_str(in, "ServerName", str_of(o->server_name));
        cim_set_str(in, "InstallDir", str_of(o->install_dir ? o->install_dir : ""));
        cim_set_str(in, "Version", STR(TALLYMAN_VERSION));
        cim_set_i64(in, "Type", 2);
        r = site_merge(t, NULL, in, &m, e);
        if (r)
                return r;
        tx_touch_where(t, "SMS_Site", &key, 1);
        tx_touch_where(t, "SMS_SiteAndSubsites", &key, 1);
        tx_touch_where(t, "TM_Site", &key, 1);
        tx_touch_where(t, "SMS_SystemResourceList", &key, 1);
        tx_touch_where(t, "SMS_ProviderLocation", &key, 1);
        tx_touch_where(t, "SMS_Identification", &this, 1);
        tx_touch_where(t, "SMS_SCI_SysResUse", &key, 1);
        tx_touch_where(t, "SMS_SummarizerStatus", &key, 1);
        tx_touch_where(t, "SMS_SummarizerSiteStatus", &key, 1);
        tx_touch_where(t, "SMS_SiteToSiteID_a", &key, 1);
        tx_touch_where(t, "__NAMESPACE", &(struct tx_key)TX_TEXT("Parent", STR("root")), 1);
        tx_touch_where(t, "__NAMESPACE", &(struct tx_key)TX_TEXT("Parent", STR("root\\sms")), 1);
        tx_touchz(t, "SMS_StatMsgModuleNames", "SMS Server", NULL, NULL);
        return site_write(t, str_of(o->site_code), true, 0, m, e);
}

/* SMS00001, All Systems. */
static int create_collection(struct tx *t, struct err *e)
{
        struct db_stmt *s;

        tx_touchz(t, "SMS_Collection", "SMS00001", NULL, NULL);
        s = db_stmt(t->db, SQL_SITE_COLLECTION_INSERT, e);
        if (!s)
                return err_number(e->kind);
        db_bind_textz(s, 1, "SMS00001");
        db_bind_i64(s, 2, 1);
        db_bind_i64(s, 3, t->now_us);
        db_bind_i64(s, 4, t->now_us);
        db_bind_textz(s, 5, "All Systems");
        db_bind_textz(s, 6, "");
        db_bind_i64(s, 7, 2);
        db_bind_textz(s, 8, "");
        db_bind_textz(s, 9, "");
        db_bind_i64(s, 10, 1);
        return db_run(s, e);
}

int model_init(struct tx *t, const struct model_site_opts *o, struct err *e)
{
        char code[SITE_CODE_LEN + 1];
        struct err none = { 0 };
        int64_t id;
        int r = init_counters(t, e);

        if (r)
                return r;
        r = site_own(t->db, &id, code, &none);
        if (r == 0)
                return str_eqz(str_of(o->site_code), code)
                               ? 0
                               : err_set(e, ERR_CONFLICT,
                                         "the database belongs to site %s, not to %s: use its code, or another data folder", code,
                                         o->site_code);
        if (none.kind != ERR_INTERNAL) {
                *e = none;
                return r;
        }
        r = create_site(t, o, e);
        if (!r)
                r = create_collection(t, e);
        if (!r)
                r = category_init(t, e);
        if (!r)
                tx_audit(t, "site create", "%s", o->site_code);
        return r;
}
