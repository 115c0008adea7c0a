/* SPDX-License-Identifier: Apache-2.0 */
/* Facts: one pair is logged in short, anything more by images, and the log says the same either way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"
#include "model/fact.h"

static struct fixture f;

enum { ROW_OF_A_PAIR = 1, ROW_OF_A_MESSAGE, ROW_OF_AN_IMAGE };

/* Rows of the log of a kind, behind a sequence. */
static int64_t n_rows(int kind, int64_t from)
{
        static const char *const kinds[] = { [ROW_OF_A_PAIR] = "substr(fact, 2, 1) = x'01'",
                                             [ROW_OF_A_MESSAGE] = "substr(fact, 2, 1) = x'02'",
                                             [ROW_OF_AN_IMAGE] = "fact IS NULL" };

        return number(&f, where("(SELECT count(*) AS n FROM change WHERE seq > %lld AND %s)", (long long)from, kinds[kind]), "n",
                      NULL);
}

static int64_t last(void)
{
        int64_t seq = 0;

        assert_int_equal(model_changes_last(f.db, &seq, &f.err), 0);
        return seq;
}

static void log_agrees(void)
{
        const char *differs = replay(&f);

        if (differs)
                fail_msg("%s", differs);
}

struct site {
        const char *package;
        int64_t dp[2];
};

static struct site settled(void)
{
        struct site s;

        fixture_again(&f);
        s.package = add_package(&f, "Office");
        s.dp[0] = add_dp(&f, "PAR01", "P01");
        s.dp[1] = add_dp(&f, "LYO01", "S01");
        for (int i = 0; i < 2; i++)
                assert_int_equal(assign(&f, s.package, s.dp[i]), 0);
        settle(&f, s.package);
        return s;
}

static void a_report_is_a_fact_and_a_message(void **state)
{
        const struct site s = settled();
        int64_t before = last();

        /* The first trouble turns how the site fares: those two instances are logged by image. */
        assert_int_equal(invalid(&f, s.package, s.dp[0], 1, 0, "a/file"), 0);
        assert_int_equal(n_rows(ROW_OF_A_PAIR, before), 1);
        assert_int_equal(n_rows(ROW_OF_AN_IMAGE, before), 2);
        before = last();
        assert_int_equal(invalid(&f, s.package, s.dp[0], 1, 0, "another/file"), 0);
        assert_int_equal(n_rows(ROW_OF_A_PAIR, before), 1);
        assert_int_equal(n_rows(ROW_OF_A_MESSAGE, before), 1);
        assert_int_equal(n_rows(ROW_OF_AN_IMAGE, before), 0);
        assert_int_equal(last() - before, fact_n_slots(FACT_PAIR) + fact_n_slots(FACT_MESSAGE));
        log_agrees();
}

static void a_report_that_changes_nothing_logs_nothing(void **state)
{
        const struct site s = settled();
        const int64_t before = last();

        assert_int_equal(installed(&f, s.package, s.dp[0], 1, 0), 0);
        assert_int_equal(last(), before);
}

/* ---- a fact beside something else ---- */

static int report_damage(struct tx *t, const struct site *s, int dp, struct err *e)
{
        const struct str file = STR("a/file");
        const struct model_report in = { .dp_id = s->dp[dp], .package_id = str_of(s->package), .version = 1,
                                         .manifest = manifest_of(s->package, 1) };

        return model_report_invalid(t, &in, &file, 1, e);
}

static int damage_both(struct tx *t, void *arg, struct err *e)
{
        int r = report_damage(t, arg, 0, e);

        return r ? r : report_damage(t, arg, 1, e);
}

static int damage_and_rename(struct tx *t, void *arg, struct err *e)
{
        const struct site *s = arg;
        int r = report_damage(t, s, 0, e);

        return r ? r : model_package_put(t, str_of(s->package), instance(&f, "SMS_Package", "{\"Name\":\"Another\"}"), e);
}

static int rename_and_damage(struct tx *t, void *arg, struct err *e)
{
        const struct site *s = arg;
        int r = model_package_put(t, str_of(s->package), instance(&f, "SMS_Package", "{\"Name\":\"Another\"}"), e);

        return r ? r : report_damage(t, s, 0, e);
}

static int damage_and_remove(struct tx *t, void *arg, struct err *e)
{
        const struct site *s = arg;
        int r = report_damage(t, s, 0, e);

        return r ? r : model_unassign(t, str_of(s->package), s->dp[0], e);
}

static void more_than_a_pair_is_logged_by_images(void **state)
{
        static fixture_fn *const histories[] = { damage_both, damage_and_rename, rename_and_damage };

        for (size_t i = 0; i < ARRAY_SIZE(histories); i++) {
                struct site s = settled();
                const int64_t before = last();

                assert_int_equal(fixture_do(&f, histories[i], &s), 0);
                assert_int_equal(n_rows(ROW_OF_A_PAIR, before), 0);
                assert_true(n_rows(ROW_OF_AN_IMAGE, before) > 10);
                log_agrees();
        }
}

static void two_changes_of_a_pair_are_one_fact(void **state)
{
        struct site s = settled();
        const int64_t before = last();

        assert_int_equal(fixture_do(&f, damage_and_remove, &s), 0);
        assert_int_equal(n_rows(ROW_OF_A_PAIR, before), 1);
        log_agrees();
}

/* ---- reading ---- */

struct seen {
        int64_t seqs[64];
        size_t n, stop_at;
        const char *only;
};

static bool see(void *ctx, const struct model_change *ch)
{
        struct seen *s = ctx;

        assert_true(!s->only || str_eqz(ch->class_name, s->only));
        s->seqs[s->n++] = ch->seq;
        return s->n != s->stop_at;
}

static bool only(void *ctx, struct str class_name)
{
        const struct seen *s = ctx;

        return str_eqz(class_name, s->only);
}

static struct model_changes_end read_log(struct seen *s, int64_t from)
{
        const struct model_changes_query q = { .from = from, .max = 100, .wanted = s->only ? only : NULL, .fn = see, .ctx = s };
        struct model_changes_end end;

        assert_int_equal(model_changes(f.db, &q, &end, &f.err), 0);
        return end;
}

static void reading_goes_on_in_the_middle_of_a_fact(void **state)
{
        const struct site s = settled();
        const int64_t before = last();
        struct seen all = { .n = 0 };

        assert_int_equal(invalid(&f, s.package, s.dp[0], 1, 0, "a/file"), 0);
        assert_int_equal(read_log(&all, before).last, last());
        assert_true(all.n > 15);
        for (size_t i = 0; i < all.n; i++) {
                struct seen rest = { .n = 0 };

                (void)read_log(&rest, all.seqs[i]);
                assert_int_equal(rest.n, all.n - i - 1);
                assert_memory_equal(rest.seqs, all.seqs + i + 1, rest.n * sizeof(*rest.seqs));
        }
}

static void only_what_is_wanted_is_made(void **state)
{
        const struct site s = settled();
        const int64_t before = last();
        struct seen one = { .only = "SMS_PackageStatusRootSummarizer" }, none = { .only = "SMS_Program" };

        assert_int_equal(invalid(&f, s.package, s.dp[0], 1, 0, "a/file"), 0);
        assert_int_equal(read_log(&one, before).last, last());
        assert_int_equal(one.n, 1);
        assert_int_equal(read_log(&none, before).last, last());
        assert_int_equal(none.n, 0);
}

static void who_stops_in_a_fact_has_not_passed_it(void **state)
{
        const struct site s = settled();
        const int64_t before = last();
        struct seen first = { .stop_at = 1 };
        struct model_changes_end end;

        assert_int_equal(invalid(&f, s.package, s.dp[0], 1, 0, "a/file"), 0);
        end = read_log(&first, before);
        assert_true(end.stopped);
        assert_int_equal(end.last, before);
}

static void what_is_no_fact_is_refused(void **state)
{
        static const struct str bad[] = { { "", 0 }, { "\x02\x01", 2 }, { "\x01\x03\x01", 3 }, { "\x01\x02\xff", 3 },
                                          { "\x01\x02\x01\x01\x01", 5 },        /* a text where a number belongs */
                                          { "\x01\x02\x02\x02\x03\x01\x02\x07", 8 } };  /* a text that was not there before */
        struct fact fact;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                struct err e = { 0 };

                assert_true(fact_decode(bad[i], &fact, &e) < 0);
                assert_int_equal(e.kind, ERR_CORRUPT);
        }
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
                cmocka_unit_test(a_report_is_a_fact_and_a_message),
                cmocka_unit_test(a_report_that_changes_nothing_logs_nothing),
                cmocka_unit_test(more_than_a_pair_is_logged_by_images),
                cmocka_unit_test(two_changes_of_a_pair_are_one_fact),
                cmocka_unit_test(reading_goes_on_in_the_middle_of_a_fact),
                cmocka_unit_test(only_what_is_wanted_is_made),
                cmocka_unit_test(who_stops_in_a_fact_has_not_passed_it),
                cmocka_unit_test(what_is_no_fact_is_refused),
        };

        return cmocka_run_group_tests_name("model-fact", tests, open_site, close_site);
}
