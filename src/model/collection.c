/* SPDX-License-Identifier: Apache-2.0 */
/* collection - SMS_Collection with direct members */
#include <stdio.h>

#include "model/fields.h"
#include "model/pair.h"
#include "model/sql_site.h"

enum { COLLECTION_NUMBER_MAX = 0xFFFFF, MEMBER_NAME_MAX = 255 };

/* In the order of collection_insert and collection_update. */
static const struct field fields[] = {
        { "Name", FIELD_NEEDED },
        { "Comment", 0 },
        { "CollectionType", 0 },
        { "LimitToCollectionID", 0 },
        { "LimitToCollectionName", 0 },
        { "RefreshType", 0 },
        { "ISVDataSize", 0 },
        { "ISVString", 0 },
        { "CollectionRules", 0 },
        { "RefreshSchedule", 0 },
        { "ISVData", 0 },
};

static int no_such(struct str id, struct err *e)
{
        return err_set(e, ERR_NOT_FOUND, "there is no collection %.*s; \"tallyman collection list\" shows them", STR_ARG(id));
}

static int new_id(struct tx *t, char id[9], struct err *e)
{
        char code[SITE_CODE_LEN + 1];
        int64_t site_id, number;
        int r = site_own(t->db, &site_id, code, e);

        if (!r)
                r = counter_next(t, "collection", &number, e);
        if (r)
                return r;
        if (number > COLLECTION_NUMBER_MAX)
                return err_set(e, ERR_QUOTA, "all CollectionIDs of site %s were given out", code);
        snprintf(id, 9, "%.3s%05X", code, (unsigned)number & COLLECTION_NUMBER_MAX);
        return 0;
}

/* What views derive and clients may send back with a whole instance is no change. */
static struct cim_instance *stored_only(struct tx *t, const struct cim_instance *in)
{
        static const char *const derived[] = { "LastChangeTime", "LastMemberChangeTime", "LastRefreshTime", "OwnedByThisSite",
                                               "ReplicateToSubSites" };
        struct cim_instance *copy = cim_instance_new(in->class, &t->arena);

        if (!copy)
                return NULL;
        memcpy(copy->values, in->values, in->class->n_properties * sizeof(*copy->values));
        copy->given = in->given;
        for (size_t i = 0; i < ARRAY_SIZE(derived); i++)
                copy->values[cim_property_find(in->class, str_of(derived[i]))].null = true;
        return copy;
}

int model_collection_put(struct tx *t, const struct cim_instance *in, bool create, struct str *id_out, struct err *e)
{
        struct cim_instance *was = NULL, *now, *clean = stored_only(t, in);
        struct str id = field_text(in, "CollectionID");
        struct db_stmt *s;
        int64_t row = 0;
        char fresh[9];
        int r;

        if (!clean)
                return err_set(e, ERR_NOMEM, "write collection: out of memory");
        if (create) {
                r = new_id(t, fresh, e);
                clean->values[cim_property_find(in->class, STR("CollectionID"))].null = true;
                id = arena_str(&t->arena, str_of(fresh));
        } else {
                const struct tx_key key = TX_TEXT("CollectionID", id);

                r = row_of(t->db, SQL_SITE_COLLECTION_ROW, id, &row, e);
                if (r > 0)
                        return no_such(id, e);
                if (!r)
                        r = fields_load(t, "SMS_Collection", &key, 1, &was, e);
        }
        if (!r)
                r = fields_merge(t, fields, ARRAY_SIZE(fields), was, clean, &now, e);
        if (r)
                return r;
        tx_touch_where(t, "SMS_Collection", &(struct tx_key)TX_TEXT("CollectionID", id), 1);
        tx_touch_where(t, "SMS_DPGroupCollections", &(struct tx_key)TX_TEXT("CollectionID", id), 1);
        tx_touch_where(t, "SMS_AdvertisementInfo", &(struct tx_key)TX_TEXT("CollectionID", id), 1);
        s = db_stmt(t->db, create ? SQL_SITE_COLLECTION_INSERT : SQL_SITE_COLLECTION_UPDATE, e);
        if (!s)
                return err_number(e->kind);
        if (create) {
                db_bind_text(s, 1, id);
                db_bind_i64(s, 2, 0);
                db_bind_i64(s, 3, t->now_us);
                db_bind_i64(s, 4, t->now_us);
                r = fields_bind(s, 5, fields, ARRAY_SIZE(fields), now, e);
        } else {
                db_bind_i64(s, 1, row);
                r = fields_bind(s, 2, fields, ARRAY_SIZE(fields), now, e);
                db_bind_i64(s, (int)ARRAY_SIZE(fields) + 2, t->now_us);
        }
        if (!r)
                r = db_run(s, e);
        if (r)
                return r;
        tx_audit(t, create ? "collection create" : "collection set", "%.*s", STR_ARG(id));
        if (id_out)
                *id_out = arena_str(&t->arena, id);
        return 0;
}

int model_collection_member(struct tx *t, struct str collection_id, struct str name, bool add, struct err *e)
{
        const struct tx_key keys[] = { TX_TEXT("CollectionID", collection_id), TX_TEXT("Name", name) };
        struct db_stmt *s;
        int64_t row;
        int r = row_of(t->db, SQL_SITE_COLLECTION_ROW, collection_id, &row, e);

        if (r)
                return r < 0 ? r : no_such(collection_id, e);
        if (!str_trim(name).n || name.n > MEMBER_NAME_MAX || !str_is_utf8(name))
                return err_set(e, ERR_INVALID, "a member's name has 1 to %d bytes of UTF-8", MEMBER_NAME_MAX);
        tx_touch_where(t, "TM_CollectionMember", keys, 2);
        tx_touch_where(t, "SMS_FullCollectionMembership", keys, 2);
        tx_touch_where(t, "SMS_CollectionMember_a", keys, 2);
        tx_touch_where(t, "SMS_R_System", keys + 1, 1);
        tx_touch_where(t, "SMS_Collection", keys, 1);
        tx_touch_where(t, "SMS_DPGroupCollections", keys, 1);
        s = db_stmt(t->db, add ? SQL_SITE_MEMBER_INSERT : SQL_SITE_MEMBER_DELETE, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, row);
        db_bind_text(s, 2, name);
        r = db_run(s, e);
        if (r < 0 && e->kind == ERR_EXISTS) {
                err_clear(e);
                return err_set(e, ERR_EXISTS, "%.*s is a member of collection %.*s already", STR_ARG(name), STR_ARG(collection_id));
        }
        if (!r && !db_changes(t->db))
                return err_set(e, ERR_NOT_FOUND, "%.*s is not a member of collection %.*s", STR_ARG(name), STR_ARG(collection_id));
        if (!r)
                r = RUN(t, e, SQL_SITE_MEMBER_COUNT, row, add ? 1 : -1, t->now_us);
        if (!r)
                tx_audit(t, add ? "collection add" : "collection remove", "%.*s %.*s", STR_ARG(collection_id), STR_ARG(name));
        return r;
}

int model_collection_row(struct db_conn *c, struct str id, int64_t *row_out, struct err *e)
{
        return row_of(c, SQL_SITE_COLLECTION_ROW, id, row_out, e);
}

int model_collection_refresh(struct tx *t, struct str id, struct err *e)
{
        int64_t row;
        int r = row_of(t->db, SQL_SITE_COLLECTION_ROW, id, &row, e);

        if (r)
                return r < 0 ? r : no_such(id, e);
        tx_touch_where(t, "SMS_Collection", &(struct tx_key)TX_TEXT("CollectionID", id), 1);
        return RUN(t, e, SQL_SITE_COLLECTION_REFRESH, row, t->now_us);
}

int model_collection_delete(struct tx *t, struct str id, struct err *e)
{
        const struct tx_key key = TX_TEXT("CollectionID", id);
        struct numbers builtin;
        struct db_stmt *s;
        int64_t row;
        int r = row_of(t->db, SQL_SITE_COLLECTION_ROW, id, &row, e);

        if (r)
                return r < 0 ? r : no_such(id, e);
        r = READ(t, e, &builtin, SQL_SITE_COLLECTION_GET, row);
        if (r)
                return r;
        if (builtin.v[0])
                return err_set(e, ERR_CONFLICT, "collection %.*s is built in and cannot be deleted", STR_ARG(id));
        s = db_stmt(t->db, SQL_SITE_ADVERT_ANY_COLLECTION, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, row);
        r = db_step(s, e);
        if (r > 0)
                r = err_set(e, ERR_CONFLICT, "collection %.*s is the target of advertisement %.*s: delete the advertisement first",
                            STR_ARG(id), STR_ARG(db_col_text(s, 0)));
        db_reset(s);
        if (r < 0)
                return r;
        tx_touch_where(t, "TM_CollectionMember", &key, 1);
        tx_touch_where(t, "SMS_FullCollectionMembership", &key, 1);
        tx_touch_where(t, "SMS_CollectionMember_a", &key, 1);
        tx_touch_where(t, "SMS_Collection", &key, 1);
        tx_touch_where(t, "SMS_DPGroupCollections", &key, 1);
        r = group_collection_gone(t, row, e);
        if (!r)
                r = RUN(t, e, SQL_SITE_COLLECTION_DELETE, row);
        if (!r)
                tx_audit(t, "collection delete", "%.*s", STR_ARG(id));
        return r;
}
