/* SPDX-License-Identifier: Apache-2.0 */
/*
 * advert - SMS_Advertisement: a program offered to a collection
 *
 * PackageID and ProgramName are fixed after creation.  CollectionID is
 * documented as fixed too, but a published how-to ("How to Assign an
 * Advertisement to a Collection of Computers") changes it: we let it change.
 */
#include <stdio.h>

#include "model/fields.h"
#include "model/pair.h"
#include "model/sql_site.h"

enum { ADVERT_NUMBER_MAX = 0xFFFFF };

/* In the order of advert_insert and advert_update. */
static const struct field fields[] = {
        { "ProgramName", FIELD_NEEDED | FIELD_FIXED },
        { "AdvertisementName", FIELD_NEEDED },
        { "Comment", 0 },
        { "AdvertFlags", 0 },
        { "RemoteClientFlags", 0 },
        { "DeviceFlags", 0 },
        { "PresentTime", 0 },
        { "PresentTimeEnabled", 0 },
        { "PresentTimeIsGMT", 0 },
        { "ExpirationTime", 0 },
        { "ExpirationTimeEnabled", 0 },
        { "ExpirationTimeIsGMT", 0 },
        { "AssignedScheduleEnabled", 0 },
        { "AssignedScheduleIsGMT", 0 },
        { "IncludeSubCollection", 0 },
        { "Priority", 0 },
        { "OfferType", 0 },
        { "MandatoryCountdown", 0 },
        { "HierarchyPath", 0 },
        { "ISVDataSize", 0 },
        { "ISVString", 0 },
        { "AssignedSchedule", 0 },
        { "ISVData", 0 },
};

struct advert {
        char id[9];
        int64_t row, site_id, collection_row;
        struct pkg p;
};

static int new_id(struct tx *t, struct advert *a, struct err *e)
{
        char code[SITE_CODE_LEN + 1];
        int64_t number;
        int r = site_own(t->db, &a->site_id, code, e);

        if (!r)
                r = counter_next(t, "advert", &number, e);
        if (r)
                return r;
        if (number > ADVERT_NUMBER_MAX)
                return err_set(e, ERR_QUOTA, "all AdvertisementIDs of site %s were given out", code);
        snprintf(a->id, sizeof(a->id), "%.3s%05X", code, (unsigned)number & ADVERT_NUMBER_MAX);
        return 0;
}

static int find_collection(struct tx *t, struct str id, int64_t *row, struct err *e)
{
        int r;

        if (!id.n)
                return err_set(e, ERR_INVALID, "SMS_Advertisement.CollectionID is missing: name the collection");
        r = row_of(t->db, SQL_SITE_COLLECTION_ROW, id, row, e);
        return r > 0 ? err_set(e, ERR_NOT_FOUND, "SMS_Advertisement.CollectionID: there is no collection %.*s", STR_ARG(id)) : r;
}

static int find_program(struct tx *t, const struct pkg *p, struct str name, struct err *e)
{
        struct db_stmt *s;
        int r;

        if (!name.n)
                return err_set(e, ERR_INVALID, "SMS_Advertisement.ProgramName is missing: name the program");
        s = db_stmt(t->db, SQL_SITE_PROGRAM_ROW, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p->pkg_id);
        db_bind_text(s, 2, name);
        r = db_step(s, e);
        db_reset(s);
        if (r == 0)
                return err_set(e, ERR_NOT_FOUND, "SMS_Advertisement.ProgramName: package %s has no program \"%.*s\": create it first",
                               p->package_id, STR_ARG(name));
        return r < 0 ? r : 0;
}

/* What the instance refers to must be there. */
static int find_targets(struct tx *t, const struct cim_instance *in, struct advert *a, struct err *e)
{
        struct str package_id = field_text(in, "PackageID");
        int r;

        if (!package_id.n)
                return err_set(e, ERR_INVALID, "SMS_Advertisement.PackageID is missing: name the package");
        r = pkg_find(t->db, package_id, &a->p, e);
        if (r)
                return err_prefix(e, "SMS_Advertisement.PackageID");
        if (a->p.action == ACTION_DELETE)
                return err_set(e, ERR_CONFLICT, "package %s is being deleted and cannot be advertised", a->p.package_id);
        r = find_program(t, &a->p, field_text(in, "ProgramName"), e);
        return r ? r : find_collection(t, field_text(in, "CollectionID"), &a->collection_row, e);
}

/* The properties behind which rows of other tables stand are looked up, not merged. */
static int merge(struct tx *t, const struct cim_instance *was, const struct cim_instance *in, struct cim_instance **out,
                 struct err *e)
{
        static const char *const references[] = { "PackageID", "CollectionID", "AdvertisementID" };
        struct cim_instance *copy = cim_instance_new(in->class, &t->arena);

        if (!copy)
                return err_set(e, ERR_NOMEM, "write advertisement: out of memory");
        memcpy(copy->values, in->values, in->class->n_properties * sizeof(*copy->values));
        copy->given = in->given;
        for (size_t i = 0; i < ARRAY_SIZE(references); i++)
                copy->values[cim_property_find(in->class, str_of(references[i]))].null = true;
        return fields_merge(t, fields, ARRAY_SIZE(fields), was, copy, out, e);
}

static void touch(struct tx *t, struct str id)
{
        const struct tx_key key = TX_TEXT("AdvertisementID", id);

        tx_touch_where(t, "SMS_Advertisement", &key, 1);
        tx_touch_where(t, "SMS_PackageToAdvert_a", &key, 1);
        tx_touch_where(t, "SMS_AdvertToSourceSite_a", &key, 1);
        tx_touch_where(t, "SMS_CollectionToPkgAdvert_a", &key, 1);
        tx_touch_where(t, "SMS_AdvertisementInfo", &key, 1);
}

static int create_one(struct tx *t, const struct cim_instance *in, struct advert *a, struct err *e)
{
        struct cim_instance *m;
        struct db_stmt *s;
        int r = find_targets(t, in, a, e);

        if (!r)
                r = merge(t, NULL, in, &m, e);
        if (!r)
                r = new_id(t, a, e);
        if (r)
                return r;
        touch(t, str_of(a->id));
        s = db_stmt(t->db, SQL_SITE_ADVERT_INSERT, e);
        if (!s)
                return err_number(e->kind);
        db_bind_textz(s, 1, a->id);
        db_bind_i64(s, 2, a->p.pkg_id);
        db_bind_i64(s, 3, a->collection_row);
        db_bind_i64(s, 4, a->site_id);
        r = fields_bind(s, 5, fields, ARRAY_SIZE(fields), m, e);
        return r ? r : db_run(s, e);
}

/* 0, or ERR_NOT_FOUND. */
static int load(struct tx *t, struct str id, struct advert *a, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_ADVERT_ROW, e);
        int64_t pkg_id = 0;
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_text(s, 1, id);
        r = db_step(s, e);
        if (r > 0) {
                a->row = db_col_i64(s, 0);
                pkg_id = db_col_i64(s, 1);
                copy_text(db_col_text(s, 2), a->id, sizeof(a->id));
        }
        db_reset(s);
        if (r == 0)
                return err_set(e, ERR_NOT_FOUND, "there is no advertisement %.*s; \"tallyman advert list\" shows them", STR_ARG(id));
        return r < 0 ? r : pkg_get(t->db, pkg_id, &a->p, e);
}

static int change_one(struct tx *t, const struct cim_instance *in, struct advert *a, struct err *e)
{
        struct cim_instance *was, *now;
        struct str collection;
        struct db_stmt *s;
        int r = load(t, field_text(in, "AdvertisementID"), a, e);
        const struct tx_key key = TX_TEXT("AdvertisementID", str_of(a->id));

        if (!r)
                r = fields_load(t, "SMS_Advertisement", &key, 1, &was, e);
        if (!r)
                r = field_same_key(in, "PackageID", str_of(a->p.package_id), e);
        if (!r)
                r = merge(t, was, in, &now, e);
        if (r)
                return r;
        collection = field_text(in, "CollectionID");
        r = find_collection(t, collection.n ? collection : field_text(was, "CollectionID"), &a->collection_row, e);
        if (r)
                return r;
        touch(t, key.text);
        tx_touch_where(t, "TM_Offer", &key, 1);
        s = db_stmt(t->db, SQL_SITE_ADVERT_UPDATE, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, a->row);
        r = fields_bind(s, 2, fields, ARRAY_SIZE(fields), now, e);
        db_bind_i64(s, (int)ARRAY_SIZE(fields) + 2, a->collection_row);
        return r ? r : db_run(s, e);
}

int model_advert_put(struct tx *t, const struct cim_instance *in, bool create, struct str *id_out, struct err *e)
{
        struct advert a = { 0 };
        int r = create ? create_one(t, in, &a, e) : change_one(t, in, &a, e);

        if (!r)
                r = offer_sync_package(t, a.p.pkg_id, e);
        if (r)
                return r;
        tx_audit(t, create ? "advert create" : "advert set", "%s: %s", a.id, a.p.package_id);
        if (id_out)
                *id_out = arena_str(&t->arena, str_of(a.id));
        return 0;
}

int model_advert_delete(struct tx *t, struct str id, struct err *e)
{
        struct advert a = { 0 };
        int r = load(t, id, &a, e);

        if (!r)
                r = offer_withdraw(t, a.row, a.id, e);
        if (r)
                return r;
        touch(t, str_of(a.id));
        r = RUN(t, e, SQL_SITE_ADVERT_DELETE, a.row);
        if (!r)
                tx_audit(t, "advert delete", "%s", a.id);
        return r;
}

int model_advert_next(struct db_conn *c, int64_t *out, struct err *e)
{
        int64_t last;
        int r = row_of(c, SQL_SITE_COUNTER_VALUE, STR("advert"), &last, e);

        if (r > 0)
                return err_set(e, ERR_INTERNAL, "counter advert is missing: the site was not set up");
        if (r == 0)
                *out = last + 1;
        return r;
}

int model_advert_set_next(struct tx *t, int64_t next, struct err *e)
{
        struct db_stmt *s;
        int64_t lowest;
        int r = model_advert_next(t->db, &lowest, e);

        if (r < 0)
                return r;
        if (next < lowest || next > ADVERT_NUMBER_MAX)
                return err_set(e, ERR_CONFLICT, "NextID %lld: from %lld to %d are free", (long long)next, (long long)lowest,
                               ADVERT_NUMBER_MAX);
        s = db_stmt(t->db, SQL_SITE_COUNTER_SET, e);
        if (!s)
                return err_number(e->kind);
        db_bind_textz(s, 1, "advert");
        db_bind_i64(s, 2, next - 1);
        r = db_run(s, e);
        if (r == 0)
                tx_audit(t, "advert next", "%lld", (long long)next);
        return r;
}
