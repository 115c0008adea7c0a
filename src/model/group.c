/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group - DP groups: members, packages, and how far they are in step
 *
 * A package of a group is out of step while a member does not hold it
 * installed.  n_installed counts the members that do; it moves with every
 * member's row, so nobody ever counts all of them.
 */
#include <stdio.h>

#include "model/fields.h"
#include "model/order.h"
#include "model/shown.h"
#include "model/sql_site.h"
#include "os/os.h"

/* In the order of group_insert and group_update. */
static const struct field fields[] = {
        { "Name", FIELD_NEEDED },
        { "Description", 0 },
};

static int find(struct tx *t, struct str id, int64_t *row, struct str *id_out, struct err *e)
{
        const int statements[] = { SQL_SITE_GROUP_ROW, SQL_SITE_GROUP_ROW_BY_NAME };
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(statements) && !r; i++) {
                struct db_stmt *s = db_stmt(t->db, statements[i], e);

                if (!s)
                        return err_number(e->kind);
                db_bind_text(s, 1, id);
                r = db_step(s, e);
                if (r > 0) {
                        *row = db_col_i64(s, 0);
                        *id_out = arena_str(&t->arena, db_col_text(s, 1));
                }
                db_reset(s);
        }
        if (r == 0)
                return err_set(e, ERR_NOT_FOUND, "there is no DP group %.*s; \"tallyman group list\" shows them", STR_ARG(id));
        return r < 0 ? r : 0;
}

static void touch(struct tx *t, struct str id)
{
        tx_touch_where(t, "SMS_DistributionPointGroup", &(struct tx_key)TX_TEXT("GroupID", id), 1);
        shown_group(t, id);
}

/* "{8-4-4-4-12}" in capitals, version 4 of RFC 4122. */
static void new_guid(char out[39])
{
        uint8_t b[16];

        os_random(b, sizeof(b));
        b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
        b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
        snprintf(out, 39, "{%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X}", b[0], b[1], b[2], b[3], b[4],
                 b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static int write_row(struct tx *t, int64_t row, struct str id, const struct cim_instance *m, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, row ? SQL_SITE_GROUP_UPDATE : SQL_SITE_GROUP_INSERT, e);
        const int first = row ? 2 : 7;
        char code[SITE_CODE_LEN + 1];
        int64_t site_id;
        int r = site_own(t->db, &site_id, code, e);

        if (r || !s)
                return err_number(e->kind);
        if (row) {
                db_bind_i64(s, 1, row);
                db_bind_textz(s, 4, t->actor.who);
                db_bind_i64(s, 5, t->now_us);
        } else {
                db_bind_text(s, 1, id);
                db_bind_i64(s, 2, site_id);
                db_bind_textz(s, 3, t->actor.who);
                db_bind_i64(s, 4, t->now_us);
                db_bind_textz(s, 5, t->actor.who);
                db_bind_i64(s, 6, t->now_us);
        }
        r = fields_bind(s, first, fields, ARRAY_SIZE(fields), m, e);
        if (!r)
                r = db_run(s, e);
        if (r < 0 && e->kind == ERR_EXISTS) {
                err_clear(e);
                return err_set(e, ERR_EXISTS, "there is a DP group \"%.*s\" already: choose another name",
                               STR_ARG(field_text(m, "Name")));
        }
        return r;
}

int model_group_put(struct tx *t, const struct cim_instance *in, bool create, struct str *id_out, struct err *e)
{
        struct cim_instance *was = NULL, *now;
        struct str id = field_text(in, "GroupID");
        int64_t row = 0;
        char guid[39];
        int r;

        if (create) {
                new_guid(guid);
                id = arena_str(&t->arena, str_of(guid));
                r = 0;
        } else {
                r = find(t, id, &row, &id, e);
                if (!r)
                        r = fields_load(t, "SMS_DistributionPointGroup", &(struct tx_key)TX_TEXT("GroupID", id), 1, &was, e);
        }
        if (!r)
                r = fields_merge(t, fields, ARRAY_SIZE(fields), was, in, &now, e);
        if (r)
                return r;
        touch(t, id);
        if (!create)
                shown_group_links(t, id, NULL, NULL);
        r = write_row(t, row, id, now, e);
        if (r)
                return r;
        tx_audit(t, create ? "group create" : "group set", "%.*s \"%.*s\"", STR_ARG(id), STR_ARG(field_text(now, "Name")));
        if (id_out)
                *id_out = id;
        return 0;
}

/* Its members' rows count the groups that bring each package. */
static int touch_packages(struct tx *t, int64_t row, struct str id, struct err *e)
{
        struct numbers packages;
        int r = READ(t, e, &packages, SQL_SITE_GROUP_PACKAGES, row);

        for (size_t i = 0; !r && i < packages.n_rows; i++) {
                struct pkg p;

                r = pkg_get(t->db, packages.v[i], &p, e);
                if (!r)
                        shown_group_links(t, id, NULL, &p);
        }
        return r;
}

int model_group_delete(struct tx *t, struct str id, struct err *e)
{
        struct numbers members;
        struct tx_key key;
        int64_t row;
        int r = find(t, id, &row, &id, e);

        if (r)
                return r;
        key = (struct tx_key)TX_TEXT("GroupID", id);
        tx_touch_where(t, "SMS_DPGroupMembers", &key, 1);
        tx_touch_where(t, "SMS_DPGroupPackages", &key, 1);
        touch(t, id);
        shown_group_links(t, id, NULL, NULL);
        r = touch_packages(t, row, id, e);
        if (!r)
                r = READ(t, e, &members, SQL_SITE_GROUP_MEMBERS, row);
        for (size_t i = 0; !r && i < members.n_rows; i++) {
                tx_touch_where(t, "SMS_DistributionPointInfo", &(struct tx_key)TX_NUMBER("ID", members.v[i]), 1);
                r = RUN(t, e, SQL_SITE_DP_GROUPS, members.v[i], -1);
        }
        if (!r)
                r = RUN(t, e, SQL_SITE_GROUP_PACKAGES_DELETE, row);
        if (!r)
                r = RUN(t, e, SQL_SITE_GROUP_MEMBERS_DELETE, row);
        if (!r)
                r = RUN(t, e, SQL_SITE_GROUP_DELETE, row);
        if (!r)
                tx_audit(t, "group delete", "%.*s", STR_ARG(id));
        return r;
}

/* ---- members ---- */

static int join(struct tx *t, int64_t row, struct str id, const struct model_dp *dp, bool add, struct err *e)
{
        const struct tx_key keys[] = { TX_TEXT("GroupID", id), TX_TEXT("DPNALPath", str_of(dp->nal_path)) };
        int r;

        tx_touch_where(t, "SMS_DPGroupMembers", keys, 2);
        tx_touch_where(t, "SMS_DistributionPointInfo", &(struct tx_key)TX_NUMBER("ID", dp->dp_id), 1);
        touch(t, id);
        shown_group_links(t, id, dp, NULL);
        if (add) {
                r = RUN(t, e, SQL_SITE_GROUP_MEMBER_INSERT, row, dp->dp_id);
                if (r < 0 && e->kind == ERR_EXISTS) {
                        err_clear(e);
                        return err_set(e, ERR_EXISTS, "%s is in DP group %.*s already", dp->name, STR_ARG(id));
                }
        } else {
                r = RUN(t, e, SQL_SITE_GROUP_MEMBER_DELETE, row, dp->dp_id);
                if (!r && !db_changes(t->db))
                        return err_set(e, ERR_NOT_FOUND, "%s is not in DP group %.*s", dp->name, STR_ARG(id));
        }
        if (!r)
                r = RUN(t, e, SQL_SITE_DP_GROUPS, dp->dp_id, add ? 1 : -1);
        if (!r)
                r = RUN(t, e, SQL_SITE_GROUP_MEMBER_COUNTS, row, dp->dp_id, add ? 1 : -1);
        return r ? r : RUN(t, e, SQL_SITE_GROUP_RECOUNT, row);
}

/* Assign where it is not assigned, or remove where it is. */
static int order(struct tx *t, int64_t pkg_id, int64_t dp_id, bool add, struct err *e)
{
        struct pkg p;
        struct pair pair;
        int r = pkg_get(t->db, pkg_id, &p, e);

        if (!r)
                r = pair_load(t, &p, dp_id, &pair, e);
        if (r)
                return r;
        if (add && (pair.state == STATE_NONE || state_is_removal(pair.state)))
                return model_assign(t, str_of(p.package_id), dp_id, e);
        if (!add && pair.state != STATE_NONE && !state_is_removal(pair.state))
                return model_unassign(t, str_of(p.package_id), dp_id, e);
        return 0;
}

int model_group_member(struct tx *t, struct str group_id, int64_t dp_id, bool add, bool with_content, struct err *e)
{
        struct numbers packages;
        struct model_dp dp;
        char number[24];
        int64_t row;
        int r = find(t, group_id, &row, &group_id, e);

        if (r)
                return r;
        snprintf(number, sizeof(number), "%lld", (long long)dp_id);
        r = model_dp_find(t->db, str_of(number), &dp, e);
        if (r)
                return r < 0 ? r : err_set(e, ERR_NOT_FOUND, "there is no distribution point number %s", number);
        r = join(t, row, group_id, &dp, add, e);
        if (!r && with_content)
                r = READ(t, e, &packages, SQL_SITE_GROUP_PACKAGES, row);
        else
                packages.n_rows = 0;
        for (size_t i = 0; !r && i < packages.n_rows; i++)
                r = order(t, packages.v[i], dp_id, add, e);
        if (!r)
                tx_audit(t, add ? "group add" : "group remove", "%.*s %s", STR_ARG(group_id), dp.name);
        return r;
}

/* ---- packages ---- */

static int want(struct tx *t, int64_t row, struct str id, const struct pkg *p, bool add, struct err *e)
{
        const struct tx_key keys[] = { TX_TEXT("GroupID", id), TX_TEXT("PkgID", str_of(p->package_id)) };
        int r;

        tx_touch_where(t, "SMS_DPGroupPackages", keys, 2);
        touch(t, id);
        shown_group_links(t, id, NULL, p);
        if (add) {
                r = RUN(t, e, SQL_SITE_GROUP_PACKAGE_INSERT, row, p->pkg_id);
                if (r < 0 && e->kind == ERR_EXISTS) {
                        err_clear(e);
                        return err_set(e, ERR_EXISTS, "package %s is in DP group %.*s already", p->package_id, STR_ARG(id));
                }
        } else {
                r = RUN(t, e, SQL_SITE_GROUP_PACKAGE_DELETE, row, p->pkg_id);
                if (!r && !db_changes(t->db))
                        return err_set(e, ERR_NOT_FOUND, "package %s is not in DP group %.*s", p->package_id, STR_ARG(id));
        }
        return r ? r : RUN(t, e, SQL_SITE_GROUP_RECOUNT, row);
}

int model_group_package(struct tx *t, struct str group_id, struct str package_id, bool add, bool remove_from_dps,
                        struct err *e)
{
        struct numbers members = { 0 };
        struct pkg p;
        int64_t row;
        int r = find(t, group_id, &row, &group_id, e);

        if (!r)
                r = pkg_find(t->db, package_id, &p, e);
        if (!r && add)
                r = pkg_takes_orders(&p, e);
        if (!r)
                r = want(t, row, group_id, &p, add, e);
        if (!r && (add || remove_from_dps))
                r = READ(t, e, &members, SQL_SITE_GROUP_MEMBERS, row);
        for (size_t i = 0; !r && i < members.n_rows; i++)
                r = order(t, p.pkg_id, members.v[i], add, e);
        if (!r)
                tx_audit(t, add ? "group add" : "group remove", "%.*s %s", STR_ARG(group_id), p.package_id);
        return r;
}

int group_package_gone(struct tx *t, const struct pkg *p, struct err *e)
{
        struct numbers groups;
        int r = READ(t, e, &groups, SQL_SITE_GROUPS_OF_PACKAGE, p->pkg_id);

        for (size_t i = 0; !r && i < groups.n_rows; i++) {
                struct str id;

                r = group_id_of(t, groups.v[i], &id, e);
                if (!r)
                        r = want(t, groups.v[i], id, p, false, e);
        }
        return r;
}

int group_dp_gone(struct tx *t, const struct model_dp *dp, struct err *e)
{
        struct numbers groups;
        int r = READ(t, e, &groups, SQL_SITE_GROUPS_OF_DP, dp->dp_id);

        for (size_t i = 0; !r && i < groups.n_rows; i++) {
                struct str id;

                r = group_id_of(t, groups.v[i], &id, e);
                if (!r)
                        r = join(t, groups.v[i], id, dp, false, e);
        }
        return r;
}

/* ---- collections ---- */

int model_group_collection(struct tx *t, struct str group_id, struct str collection_id, bool add, struct err *e)
{
        const struct tx_key keys[] = { TX_TEXT("GroupID", group_id), TX_TEXT("CollectionID", collection_id) };
        int64_t row, collection;
        int r = find(t, group_id, &row, &group_id, e);

        if (!r)
                r = row_of(t->db, SQL_SITE_COLLECTION_ROW, collection_id, &collection, e);
        if (r)
                return r < 0 ? r
                             : err_set(e, ERR_NOT_FOUND, "there is no collection %.*s; \"tallyman collection list\" shows them",
                                       STR_ARG(collection_id));
        tx_touch_where(t, "SMS_DPGroupCollections", keys, 2);
        touch(t, group_id);
        r = RUN(t, e, add ? SQL_SITE_GROUP_COLLECTION_INSERT : SQL_SITE_GROUP_COLLECTION_DELETE, row, collection);
        if (r < 0 && e->kind == ERR_EXISTS) {
                err_clear(e);
                return err_set(e, ERR_EXISTS, "collection %.*s is associated with DP group %.*s already", STR_ARG(collection_id),
                               STR_ARG(group_id));
        }
        if (!r && !add && !db_changes(t->db))
                return err_set(e, ERR_NOT_FOUND, "collection %.*s is not associated with DP group %.*s", STR_ARG(collection_id),
                               STR_ARG(group_id));
        if (!r)
                tx_audit(t, add ? "group add" : "group remove", "%.*s %.*s", STR_ARG(group_id), STR_ARG(collection_id));
        return r;
}

int group_collection_gone(struct tx *t, int64_t collection_row, struct err *e)
{
        struct numbers groups;
        int r = READ(t, e, &groups, SQL_SITE_GROUPS_OF_COLLECTION, collection_row);

        for (size_t i = 0; !r && i < groups.n_rows; i++) {
                struct str id;

                r = group_id_of(t, groups.v[i], &id, e);
                if (!r)
                        touch(t, id);
                if (!r)
                        r = RUN(t, e, SQL_SITE_GROUP_COLLECTION_DELETE, groups.v[i], collection_row);
        }
        return r;
}

int group_id_of(struct tx *t, int64_t row, struct str *out, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_GROUP_ID, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, row);
        r = db_step(s, e);
        if (r > 0)
                *out = arena_str(&t->arena, db_col_text(s, 0));
        db_reset(s);
        return r > 0 ? 0 : r < 0 ? r : err_set(e, ERR_INTERNAL, "DP group number %lld is missing", (long long)row);
}

int group_installed(struct tx *t, const struct pkg *p, int64_t dp_id, int by, struct err *e)
{
        struct numbers groups;
        int r = READ(t, e, &groups, SQL_SITE_GROUPS_OF_PAIR, p->pkg_id, dp_id);

        for (size_t i = 0; !r && i < groups.n_rows; i++) {
                const int64_t *v = &groups.v[i * 3];
                const bool was = v[1] >= v[2], is = v[1] + by >= v[2];
                struct str id;

                r = RUN(t, e, SQL_SITE_GROUP_PACKAGE_ADD, v[0], p->pkg_id, by);
                if (r || was == is)
                        continue;
                r = group_id_of(t, v[0], &id, e);
                if (r)
                        break;
                touch(t, id);
                r = RUN(t, e, SQL_SITE_GROUP_SYNC_ADD, v[0], is ? -1 : 1);
        }
        return r;
}
