/* SPDX-License-Identifier: Apache-2.0 */
/* Views and statements: every class is shown, hot statements use indexes, planted corruption is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"
#include "model/status.h"

static struct fixture f;

static void every_class_has_its_view(void **state)
{
        size_t n = 0;

        for (size_t i = 0; i < n_cim_classes; i++) {
                const struct cim_class *c = cim_classes[i];
                _cleanup_(db_stmt_freep) struct db_stmt *s = NULL;

                if (!c->view)
                        continue;
                if (db_stmt_dynamic(&s, f.db, str_of(c->select), &f.err) < 0)
                        fail_msg("%s: %s", c->name, f.err.text);
                assert_int_equal(db_n_cols(s), c->n_properties);
                n++;
        }
        assert_true(n >= 25);
}

static void every_statement_prepares(void **state)
{
        for (size_t i = 0; i < sql_site.n_statements; i++)
                if (!db_stmt(f.db, (int)i, &f.err))
                        fail_msg("%s", f.err.text);
}

/* A plan line "SCAN t" without an index walks a table; the parts of offers_wrong are what it found by index. */
static bool walks_a_table(struct str detail)
{
        static const char *const found[] = { "SCAN w", "SCAN wanted", "SCAN offered", "SCAN CONSTANT ROW" };

        for (size_t i = 0; i < ARRAY_SIZE(found); i++)
                if (str_eqz(detail, found[i]))
                        return false;
        return str_starts(detail, "SCAN ") && !strstr(detail.p, "INDEX") && !str_starts(detail, "SCAN (");
}

static void check_plan(const struct db_statement *st, struct str plan)
{
        _cleanup_(db_stmt_freep) struct db_stmt *s = NULL;

        assert_int_equal(db_stmt_dynamic(&s, f.db, plan, &f.err), 0);
        while (db_step(s, &f.err) > 0)
                if (walks_a_table(db_col_text(s, 3)))
                        fail_msg("%s: %.*s", st->name, STR_ARG(db_col_text(s, 3)));
}

static void hot_statements_use_indexes(void **state)
{
        size_t n = 0;

        for (size_t i = 0; i < sql_site.n_statements; i++) {
                const struct db_statement *st = &sql_site.statements[i];
                struct buf text;

                if (!st->hot)
                        continue;
                n++;
                buf_init(&text, 0);
                buf_addz(&text, "EXPLAIN QUERY PLAN ");
                buf_addz(&text, st->text);
                check_plan(st, buf_str(&text));
                buf_fini(&text);
        }
        assert_true(n > 40);
}

/* Touches find instances by key: no view may walk a table for one. */
static void keys_find_instances_by_index(void **state)
{
        static const struct {
                const char *view, *by;
        } touches[] = {
                { "SMS_PackageStatusRootSummarizer", "PackageID = ?1" },
                { "SMS_PackageStatusDetailSummarizer", "PackageID = ?1 AND SiteCode = ?2" },
                { "SMS_PackageStatusDistPointsSummarizer", "PackageID = ?1 AND ServerNALPath = ?2 AND SiteCode = ?3" },
                { "SMS_PackageStatusDistPointsSummarizer", "PackageID = ?1" },
                { "SMS_PackageStatus", "PackageID = ?1 AND SiteCode = ?2 AND PkgServer = ?3 AND Type = ?4" },
                { "SMS_PackageStatus", "PackageID = ?1 AND SiteCode = ?2 AND Type = ?3" },
                { "SMS_PackageStatus", "PackageID = ?1" },
                { "TM_DistributionCondition", "PackageID = ?1 AND ServerNALPath = ?2" },
                { "TM_DistributionCondition", "PackageID = ?1" },
                { "SMS_DistributionPoint", "PackageID = ?1 AND ServerNALPath = ?2 AND SiteCode = ?3" },
                { "SMS_DistributionPoint", "ServerNALPath = ?1" },
                { "TM_PackageCondition", "PackageID = ?1" },
                { "SMS_Package", "PackageID = ?1" },
                { "SMS_Program", "PackageID = ?1 AND ProgramName = ?2" },
                { "SMS_DistributionJob", "JobID = ?1" },
                { "SMS_DistributionJob", "PkgID = ?1" },
                { "SMS_StatusMessage", "RecordID = ?1" },
                { "TM_Audit", "RecordID = ?1" },
                { "TM_Offer", "PackageID = ?1" },
                { "TM_Offer", "AdvertisementID = ?1 AND SiteCode = ?2" },
                { "TM_DistributionPoint", "Name = ?1" },
                { "SMS_DistributionPointInfo", "NALPath = ?1" },
                { "SMS_DistributionPointGroup", "GroupID = ?1" },
                { "SMS_DPGroupMembers", "GroupID = ?1 AND DPNALPath = ?2" },
                { "SMS_Collection", "CollectionID = ?1" },
                { "TM_CollectionMember", "CollectionID = ?1 AND Name = ?2" },
                { "SMS_DistributionDPStatus", "ID = ?1" },
                { "SMS_DistributionDPStatus", "PackageID = ?1 AND NalPath = ?2" },
                { "SMS_DistributionDPStatus", "PackageID = ?1" },
                { "SMS_DistributionDPStatus", "NalPath = ?1" },
                { "SMS_DPStatusDetails", "ID = ?1" },
                { "SMS_DPStatusDetails", "PackageID = ?1 AND NALPath = ?2" },
                { "SMS_DPGroupDistributionStatusDetails", "PackageID = ?1 AND GroupID = ?2 AND DPName = ?3" },
                { "SMS_DPGroupDistributionStatusDetails", "PackageID = ?1" },
                { "SMS_DPGroupDistributionStatusDetails", "GroupID = ?1 AND DPName = ?2" },
                { "SMS_ObjectContentInfo", "ObjectID = ?1" },
                { "SMS_DistributionStatus", "ObjectID = ?1 AND MessageCategory = ?2" },
                { "SMS_DPStatusInfo", "NALPath = ?1" },
                { "SMS_DPContentInfo", "PackageID = ?1 AND NALPath = ?2" },
                { "SMS_DPContentInfo", "PackageID = ?1" },
                { "SMS_DPGroupContentInfo", "PackageID = ?1 AND GroupID = ?2" },
                { "SMS_DPGroupInfo", "GroupID = ?1" },
                { "SMS_PackageContentServerInfo", "PackageID = ?1 AND ContentServerID = ?2" },
                { "SMS_PackageContentServerInfo", "ContentServerID = ?1" },
                { "SMS_PkgToPkgServer_a", "PackageID = ?1 AND ServerNALPath = ?2" },
                { "SMS_PkgToPkgProgram_a", "PackageID = ?1 AND ProgramName = ?2" },
                { "SMS_PackageToAdvert_a", "AdvertisementID = ?1" },
                { "SMS_PackageToSourceSite_a", "PackageID = ?1" },
                { "SMS_AdvertToSourceSite_a", "AdvertisementID = ?1" },
                { "SMS_CollectionToPkgAdvert_a", "AdvertisementID = ?1" },
                { "SMS_AdvertisementInfo", "AdvertisementID = ?1" },
                { "SMS_AdvertisementInfo", "PackageID = ?1 AND ProgramName = ?2" },
                { "SMS_AdvertisementInfo", "PackageID = ?1" },
                { "SMS_AdvertisementInfo", "CollectionID = ?1" },
                { "SMS_FullCollectionMembership", "CollectionID = ?1 AND Name = ?2" },
                { "SMS_CollectionMember_a", "CollectionID = ?1 AND Name = ?2" },
                { "SMS_R_System", "Name = ?1" },
                { "SMS_DistributionPointDriveInfo", "NALPath = ?1" },
                { "SMS_SummarizerStatus", "SiteCode = ?1" },
                { "SMS_SummarizerSiteStatus", "SiteCode = ?1" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(touches); i++) {
                const struct db_statement st = { .name = touches[i].view };
                char text[400];

                snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN SELECT * FROM %s WHERE %s", touches[i].view, touches[i].by);
                check_plan(&st, str_of(text));
        }
}

static void corrupt(const char *sql)
{
        _cleanup_(db_stmt_freep) struct db_stmt *s = NULL;

        assert_int_equal(db_stmt_dynamic(&s, f.db, str_of(sql), &f.err), 0);
        assert_int_equal(db_run(s, &f.err), 0);
}

static void planted_corruption_is_found(void **state)
{
        static const struct {
                const char *sql, *kind;
        } plants[] = {
                { "UPDATE root_summary SET installed = installed + 1", "RootCounter" },
                { "UPDATE root_summary SET targeted = 0, ready = 0", "RootCounter" },
                { "UPDATE detail_summary SET failed = 3", "DetailCounter" },
                { "DELETE FROM detail_summary", "DetailMissing" },
                { "UPDATE assignment SET state = 3", "RootCounter" },
                { "UPDATE assignment SET held = 0", "State" },
                { "DELETE FROM version", "State" },
                { "UPDATE root_summary SET ready = 0", "Ready" },
                { "UPDATE dp SET n_groups = 4", "Count" },
                { "UPDATE dp_group SET n_members = 5", "GroupCounter" },
                { "UPDATE dp_summary SET installed = 0", "ContentStatus" },
                { "UPDATE group_summary SET failed = 1", "ContentStatus" },
                { "UPDATE package_category SET assets = 2", "ContentStatus" },
                { "DELETE FROM pair_status", "ContentStatus" },
                { "INSERT INTO job (pkg_id, dp_id, slot, action, version, next_try_us, created_us, updated_us)"
                  " VALUES (1, 1, 0, 2, 1, 0, 0, 0)", "State" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(plants); i++) {
                const char *package;
                bool found = false;
                int n;

                fixture_again(&f);
                package = add_package(&f, "Editor");
                assert_int_equal(assign(&f, package, add_dp(&f, "DP1", "P01")), 0);
                assert_int_equal(put(&f, "SMS_DistributionPointGroup", "{\"Name\":\"all\"}"), 0);
                settle(&f, package);
                assert_int_equal(n_differences(&f), 0);
                corrupt(plants[i].sql);
                n = n_differences(&f);
                found = n > 0 && (strncmp(fixture_difference, plants[i].kind, strlen(plants[i].kind)) == 0 || n > 1);
                if (!found)
                        fail_msg("%s: %d differences, the last: %s", plants[i].sql, n, fixture_difference);
        }
        fixture_again(&f);
}

static bool stop_at_second(void *ctx, const struct model_change *ch)
{
        int64_t *seqs = ctx;

        seqs[seqs[0] ? 1 : 0] = ch->seq;
        return seqs[1] == 0;
}

static int two_changes(int64_t from, int64_t seqs[2])
{
        const struct model_changes_query q = { .from = from, .max = 10, .fn = stop_at_second, .ctx = seqs };
        struct model_changes_end end;

        seqs[0] = seqs[1] = 0;
        return model_changes(f.db, &q, &end, &f.err);
}

static int do_trim(struct tx *t, void *arg, struct err *e)
{
        return model_changes_trim(t, 2, e);
}

static void the_log_says_what_it_no_longer_has(void **state)
{
        int64_t seqs[2] = { 0 }, last;

        fixture_again(&f);
        assert_int_equal(two_changes(0, seqs), 0);
        assert_int_equal(seqs[0], 1);
        assert_int_equal(seqs[1], 2);
        assert_int_equal(fixture_do(&f, do_trim, NULL), 0);
        assert_int_equal(model_changes_last(f.db, &last, &f.err), 0);
        assert_int_equal(two_changes(last - 3, seqs), CHANGE_E_GONE);
        assert_int_equal(two_changes(last - 2, seqs), 0);
        assert_int_equal(seqs[0], last - 1);
        fixture_again(&f);
}

static int do_trim_status(struct tx *t, void *arg, struct err *e)
{
        return model_status_trim(t, 1, e);
}

static void status_messages_are_trimmed_as_deletions(void **state)
{
        fixture_again(&f);
        add_package(&f, "a");
        add_package(&f, "b");
        assert_true(number(&f, "(SELECT count(*) AS n FROM status_message)", "n", NULL) > 1);
        assert_int_equal(fixture_do(&f, do_trim_status, NULL), 0);
        assert_int_equal(number(&f, "(SELECT count(*) AS n FROM status_message)", "n", NULL), 1);
        assert_null(replay(&f));
}

static void status_messages_say_why_and_what_next(void **state)
{
        const char *package, *failed = "MessageID = 8211";
        int64_t dp, record;

        fixture_again(&f);
        package = add_package(&f, "a");
        dp = add_dp(&f, "DP1", "P01");
        assert_int_equal(assign(&f, package, dp), 0);
        assert_int_equal(snapshot_done(&f, package), 0);
        assert_int_equal(fail_job(&f, order_of(&f, package, dp, false), "DiskFull", true, 1), 0);
        assert_string_equal(text(&f, "TM_StatusMessage", "PackageID", failed), package);
        assert_non_null(strstr(text(&f, "TM_StatusMessage", "Text", failed), " on DP1 failed for good: "));
        assert_non_null(strstr(text(&f, "TM_StatusMessage", "NextStep", failed), "redistribute"));
        assert_int_equal(number(&f, "SMS_StatusMessage", "Severity", failed), 0xC0000000);
        record = number(&f, "SMS_StatusMessage", "RecordID", failed);
        assert_string_equal(text(&f, "SMS_StatMsgInsStrings", "InsStrValue",
                                 where("RecordID = %lld AND InsStrIndex = 0", (long long)record)), package);
        assert_string_equal(text(&f, "SMS_StatMsgAttributes", "AttributeValue",
                                 where("RecordID = %lld AND AttributeID = 400", (long long)record)), package);
        assert_string_equal(text(&f, "SMS_StatMsgAttributes", "AttributeValue",
                                 where("RecordID = %lld AND AttributeID = 410", (long long)record)), "1");
        assert_null(replay(&f));
}

static void every_kind_of_message_has_its_words(void **state)
{
        const char *wanting = "text = '' OR cause NOT LIKE '%.' OR next_step NOT LIKE '%.' OR component NOT LIKE 'SMS_%'"
                              " OR severity NOT IN (0x40000000, 0x80000000, 0xC0000000)";

        assert_int_equal(number(&f, where("(SELECT count(*) AS n FROM status_kind WHERE %s)", wanting), "n", NULL), 0);
        assert_int_equal(number(&f, "status_kind", "severity", where("message_id = %d", STATUS_HASH_WRONG)), 0xC0000000);
}

static int open_site(void **state)
{
        fixture_open(&f);
        return 0;
}

static int close_site(void **state)
{
        fixture_close(&f);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_class_has_its_view),
                cmocka_unit_test(every_statement_prepares),
                cmocka_unit_test(hot_statements_use_indexes),
                cmocka_unit_test(keys_find_instances_by_index),
                cmocka_unit_test(planted_corruption_is_found),
                cmocka_unit_test(the_log_says_what_it_no_longer_has),
                cmocka_unit_test(status_messages_are_trimmed_as_deletions),
                cmocka_unit_test(status_messages_say_why_and_what_next),
                cmocka_unit_test(every_kind_of_message_has_its_words),
        };

        return cmocka_run_group_tests_name("model-views", tests, open_site, close_site);
}
