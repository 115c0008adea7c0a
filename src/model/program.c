/* SPDX-License-Identifier: Apache-2.0 */
/* program - SMS_Program: command lines of a package */
#include "model/fields.h"
#include "model/pair.h"
#include "model/sql_site.h"

/* Program flag bits (SMS_Program, ProgramFlags). */
enum { PROGRAM_USERCONTEXT = 1 << 14, PROGRAM_NOUSERLOGGEDIN = 1 << 17 };

/* In the order of program_insert and program_update. */
static const struct field fields[] = {
        { "ProgramName", FIELD_NEEDED | FIELD_FIXED },
        { "CommandLine", 0 },
        { "WorkingDirectory", 0 },
        { "Comment", 0 },
        { "Description", 0 },
        { "Requirements", 0 },
        { "ApplicationHierarchy", 0 },
        { "MSIFilePath", 0 },
        { "MSIProductID", 0 },
        { "DependentProgram", 0 },
        { "DiskSpaceReq", 0 },
        { "DriveLetter", 0 },
        { "Duration", 0 },
        { "ProgramFlags", 0 },
        { "DeviceFlags", 0 },
        { "RemovalKey", 0 },
        { "IconSize", 0 },
        { "ExtendedDataSize", 0 },
        { "ISVDataSize", 0 },
        { "ISVString", 0 },
        { "TransformAnalysisDate", 0 },
        { "TransformReadiness", 0 },
        { "TransformDtID", 0 },
        { "SupportedOperatingSystems", 0 },
        { "Icon", 0 },
        { "ExtendedData", 0 },
        { "ISVData", 0 },
};

/* 0, or 1 when there is no such program. */
static int find(struct tx *t, const struct pkg *p, struct str name, int64_t *row, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_PROGRAM_ROW, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p->pkg_id);
        db_bind_text(s, 2, name);
        r = db_step(s, e);
        if (r > 0)
                *row = db_col_i64(s, 0);
        db_reset(s);
        return r < 0 ? r : !r;
}

static int check(const struct cim_instance *m, struct err *e)
{
        const int64_t flags = field_number(m, "ProgramFlags");
        struct str letter = field_text(m, "DriveLetter");

        if ((flags & PROGRAM_USERCONTEXT) && (flags & PROGRAM_NOUSERLOGGEDIN))
                return err_set(e, ERR_INVALID,
                               "SMS_Program.ProgramFlags: USERCONTEXT (0x4000) and NOUSERLOGGEDIN (0x20000) exclude each other: "
                               "clear one");
        if (letter.n && !((letter.p[0] | 0x20) >= 'a' && (letter.p[0] | 0x20) <= 'z'))
                return err_set(e, ERR_INVALID, "SMS_Program.DriveLetter: %.*s is not a letter from a to z", STR_ARG(letter));
        return 0;
}

/* Package fields that a program repeats are the package's. */
static int merge(struct tx *t, const struct pkg *p, const struct cim_instance *was, const struct cim_instance *in,
                 struct cim_instance **out, struct err *e)
{
        static const char *const repeated[] = { "PackageName", "PackageType", "PackageVersion", "SecuredTypeID" };
        struct cim_instance *copy = cim_instance_new(in->class, &t->arena);
        int r;

        if (!copy)
                return err_set(e, ERR_NOMEM, "write program: out of memory");
        memcpy(copy->values, in->values, in->class->n_properties * sizeof(*copy->values));
        copy->given = in->given;
        for (size_t i = 0; i < ARRAY_SIZE(repeated); i++)
                copy->values[cim_property_find(in->class, str_of(repeated[i]))].null = true;
        if (!was)
                copy->values[cim_property_find(in->class, STR("PackageID"))].null = true;
        r = fields_merge(t, fields, ARRAY_SIZE(fields), was, copy, out, e);
        if (!r)
                cim_set_str(*out, "PackageID", str_of(p->package_id));
        return r ? r : check(*out, e);
}

static int write_row(struct tx *t, const struct pkg *p, int64_t row, bool new, const struct cim_instance *m, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, new ? SQL_SITE_PROGRAM_INSERT : SQL_SITE_PROGRAM_UPDATE, e);
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, new ? p->pkg_id : row);
        r = fields_bind(s, 2, fields, ARRAY_SIZE(fields), m, e);
        if (!r)
                r = db_run(s, e);
        if (!r && new)
                r = RUN(t, e, SQL_SITE_PROGRAM_COUNT, p->pkg_id, 1);
        return r;
}

static void touch(struct tx *t, const struct pkg *p, struct str name)
{
        const struct tx_key keys[] = { TX_TEXT("PackageID", str_of(p->package_id)), TX_TEXT("ProgramName", name) };

        tx_touch_where(t, "SMS_Program", keys, 2);
        tx_touch_where(t, "SMS_PkgToPkgProgram_a", keys, 2);
        tx_touch_where(t, "SMS_Package", keys, 1);
        tx_touch_where(t, "SMS_AdvertisementInfo", keys, 2);
        offer_touch_package(t, p);
}

int model_program_put(struct tx *t, const struct cim_instance *in, bool create, bool update, struct err *e)
{
        struct cim_instance *was = NULL, *now;
        struct str name = field_text(in, "ProgramName");
        struct pkg p;
        int64_t row = 0;
        int r = pkg_find(t->db, field_text(in, "PackageID"), &p, e);

        if (r)
                return err_prefix(e, "program \"%.*s\"", STR_ARG(name));
        if (p.action == ACTION_DELETE)
                return err_set(e, ERR_CONFLICT, "package %s is being deleted: its programs cannot be changed", p.package_id);
        r = find(t, &p, name, &row, e);
        if (r < 0)
                return r;
        if (r > 0 && !create)
                return err_set(e, ERR_NOT_FOUND, "package %s has no program \"%.*s\"", p.package_id, STR_ARG(name));
        if (r == 0 && !update)
                return err_set(e, ERR_EXISTS, "package %s has a program \"%.*s\" already: change it or choose another name",
                               p.package_id, STR_ARG(name));
        if (r == 0) {
                const struct tx_key keys[] = { TX_TEXT("PackageID", str_of(p.package_id)), TX_TEXT("ProgramName", name) };

                r = fields_load(t, "SMS_Program", keys, 2, &was, e);
                if (!r)         /* a name is the same in any case, and keeps the one it was created with */
                        r = field_same_key(in, "ProgramName", field_text(was, "ProgramName"), e);
        } else {
                r = 0;
        }
        if (!r)
                r = merge(t, &p, was, in, &now, e);
        if (r)
                return r;
        touch(t, &p, name);
        r = write_row(t, &p, row, !was, now, e);
        if (!r)
                r = offer_sync_package(t, p.pkg_id, e);
        if (!r)
                tx_audit(t, was ? "program set" : "program create", "%s \"%.*s\"", p.package_id, STR_ARG(name));
        return r;
}

int model_program_delete(struct tx *t, struct str package_id, struct str name, struct err *e)
{
        struct db_stmt *s;
        struct pkg p;
        int64_t row;
        int r = pkg_find(t->db, package_id, &p, e);

        if (!r)
                r = find(t, &p, name, &row, e);
        if (r)
                return r < 0 ? r : err_set(e, ERR_NOT_FOUND, "package %s has no program \"%.*s\"", p.package_id, STR_ARG(name));
        s = db_stmt(t->db, SQL_SITE_ADVERT_ANY_PROGRAM, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p.pkg_id);
        db_bind_text(s, 2, name);
        r = db_step(s, e);
        if (r > 0)
                r = err_set(e, ERR_CONFLICT, "program \"%.*s\" of package %s is advertised by %.*s: delete the advertisement first",
                            STR_ARG(name), p.package_id, STR_ARG(db_col_text(s, 0)));
        db_reset(s);
        if (r < 0)
                return r;
        touch(t, &p, name);
        r = RUN(t, e, SQL_SITE_PROGRAM_DELETE, row);
        if (!r)
                r = RUN(t, e, SQL_SITE_PROGRAM_COUNT, p.pkg_id, -1);
        if (!r)
                tx_audit(t, "program delete", "%s \"%.*s\"", p.package_id, STR_ARG(name));
        return r;
}
