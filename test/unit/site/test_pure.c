/* SPDX-License-Identifier: Apache-2.0 */
/* The parts without a socket: object paths, server-sent events, command lines, texts for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "args.h"
#include "fmt.h"
#include "site/path.h"
#include "site/rows.h"
#include "site/sse.h"

/* ---- paths ---- */

static void url_is(const char *path, const char *url)
{
        struct err e = { 0 };
        struct buf b;

        buf_init(&b, 0);
        assert_int_equal(site_path_url(str_of(path), &b, NULL, &e), 0);
        assert_string_equal(b.p, url);
        buf_fini(&b);
}

static void paths_become_urls(void **state)
{
        url_is("SMS_Package.PackageID=\"P0100001\"", "SMS_Package(PackageID='P0100001')");
        url_is("SMS_Package=\"P0100001\"", "SMS_Package('P0100001')");
        url_is("SMS_DistributionJob.JobID=12", "SMS_DistributionJob(JobID=12)");
        url_is("\\\\HOST\\root\\sms\\site_P01:SMS_Package=\"P0100001\"", "SMS_Package('P0100001')");
        url_is("SMS_Program.PackageID=\"P0100001\",ProgramName=\"O'Neil: a, b\"",
               "SMS_Program(PackageID='P0100001',ProgramName='O''Neil%3A%20a%2C%20b')");
        url_is("A.K=\"[\\\"Display=\\\\\\\\H\\\\\\\"]\"", "A(K='%5B%22Display%3D%5C%5CH%5C%22%5D')");
        url_is("SMS_Package('P0100001')", "SMS_Package('P0100001')");
        url_is("A(K='a/b',L='c')", "A(K='a%2Fb',L='c')");
        url_is("SMS_Identification=@", "SMS_Identification()");
}

static void bad_paths_say_where(void **state)
{
        static const struct {
                const char *path, *says;
        } bad[] = {
                { "", "character 1" },          { ".K=\"v\"", "class name" }, { "A.K=\"v", "quote" },
                { "A.K=", "value is missing" }, { "A.=\"v\"", "Key=value" },  { "A.K=\"v\"x", "comma" },
                { "A=\"v\",\"w\"", "follow" },  { "A(K='v'", "bracket" },     { "A/B", "dot" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                struct err e = { 0 };
                struct buf b;

                buf_init(&b, 0);
                assert_true(site_path_url(str_of(bad[i].path), &b, NULL, &e) < 0);
                assert_int_equal(e.kind, ERR_INVALID);
                assert_non_null(strstr(e.text, bad[i].says));
                buf_fini(&b);
        }
}

static void class_of_a_path(void **state)
{
        assert_true(str_eqz(site_path_class(str_of("\\\\H\\root:SMS_Site=\"P01\"")), "SMS_Site"));
        assert_true(str_eqz(site_path_class(str_of("SMS_Site('P01')")), "SMS_Site"));
        assert_int_equal(site_path_class(str_of("=")).n, 0);
}

/* ---- server-sent events ---- */

struct seen {
        struct buf text;
        int stop_after;
};

static int collect(void *ctx, const struct sse_event *ev)
{
        struct seen *s = ctx;

        buf_printf(&s->text, "%.*s|%.*s|%.*s;", STR_ARG(ev->id), STR_ARG(ev->type), STR_ARG(ev->data));
        return s->stop_after && --s->stop_after == 0 ? 7 : 0;
}

static void fed_in_pieces(const char *stream, size_t piece, const char *want)
{
        size_t n = strlen(stream);
        struct seen s = { .stop_after = 0 };
        struct sse sse;

        sse_init(&sse, 0);
        for (size_t at = 0; at < n; at += piece)
                assert_int_equal(sse_feed(&sse, stream + at, MIN(piece, n - at), collect, &s), 0);
        buf_addz(&s.text, "");
        assert_string_equal(s.text.p ? s.text.p : "", want);
        buf_fini(&s.text);
        sse_fini(&sse);
}

static void events_whatever_the_pieces(void **state)
{
        static const char stream[] = ": hello\n\nid: 5\nevent: creation\ndata: {\"a\":1}\n\n"
                                     "id:6\r\ndata: one\r\ndata:two\r\n\r\n"
                                     "event: lost\n\ndata\rretry: 3\r\rdata: open";

        for (size_t piece = 1; piece < sizeof(stream); piece++)
                fed_in_pieces(stream, piece, "5|creation|{\"a\":1};6|message|one\ntwo;6|message|;");
}

static void an_endless_event_is_refused(void **state)
{
        struct seen s = { .stop_after = 0 };
        struct sse sse;
        int r = 0;

        sse_init(&sse, 1000);
        for (int i = 0; i < 2000 && r == 0; i++)
                r = sse_feed(&sse, "data: x\n", 8, collect, &s);
        assert_int_equal(r, -EMSGSIZE);
        sse_fini(&sse);
        sse_init(&sse, 1000);
        for (r = 0; r == 0;)
                r = sse_feed(&sse, "xxxxxxxx", 8, collect, &s);
        assert_int_equal(r, -EMSGSIZE);
        sse_fini(&sse);
}

static void a_reader_may_stop(void **state)
{
        struct seen s = { .stop_after = 1 };
        struct sse sse;

        sse_init(&sse, 0);
        assert_int_equal(sse_feed(&sse, "data:1\n\ndata:2\n\n", 16, collect, &s), 7);
        assert_string_equal(s.text.p, "|message|1;");
        buf_fini(&s.text);
        sse_fini(&sse);
}

/* ---- command lines ---- */

static const struct opt options[] = {
        { "dp", 0, OPT_LIST, "NAME...", "" },    { "failed", 'f', OPT_FLAG, NULL, "" },
        { "for", 0, OPT_VALUE, "WHAT", "" },     { "output", 'o', OPT_VALUE, "FORMAT", "" },
        { "min-ready", 0, OPT_VALUE, "P", "" },  { "min-size", 0, OPT_VALUE, "P", "" },
        { 0 },
};

/* Words separated by blanks, parsed; the result as words. */
static void parsed(const char *line, bool before, const char *want)
{
        const struct opt *tables[2] = { options, NULL };
        char copy[200], *argv[40];
        struct err e = { 0 };
        struct args a;
        struct buf out;
        int argc = 0;

        snprintf(copy, sizeof(copy), "%s", line);
        for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
                argv[argc++] = w;
        buf_init(&out, 0);
        if (args_parse(&a, argc, argv, tables, before, NULL, &e) < 0)
                buf_printf(&out, "%s", e.text);
        else
                for (size_t i = 0; i < a.n; i++)
                        buf_printf(&out, "%s%s%s%s", i ? " " : "", a.v[i].opt ? a.v[i].opt->name : "", a.v[i].opt ? ":" : "",
                                   a.v[i].value ? a.v[i].value : "");
        buf_addz(&out, "");
        assert_string_equal(out.p, want);
        buf_fini(&out);
        args_fini(&a);
}

static void command_lines(void **state)
{
        parsed("P0100001 --dp A B,C --failed", false, "P0100001 dp:A dp:B dp:C failed:");
        parsed("--dp A P0100001 P0100002", false, "dp:A P0100001 P0100002");
        parsed("--for=ready x -ojson -fo csv", false, "for:ready x output:json failed: output:csv");
        parsed("--out json --min-r 5", false, "output:json min-ready:5");
        parsed("--min 5", false, "option --min may be --min-ready or --min-size");
        parsed("--bogus", false, "unknown option --bogus");
        parsed("-x", false, "unknown option -x");
        parsed("--failed=1", false, "option --failed takes no value");
        parsed("a --for", false, "option --for needs WHAT");
        parsed("-- --failed -", false, "--failed -");
        parsed("-f status -f", true, "failed:");
        parsed("--dp *", false, "dp:*");
}

static void values_of_options(void **state)
{
        const struct opt *tables[2] = { options, NULL };
        char for1[] = "--for=a", for2[] = "--for=b", dp[] = "--dp", list[] = "A,,B", word[] = "-", word2[] = "P0100001";
        char *argv[] = { for1, dp, list, word2, for2, word };
        struct err e = { 0 };
        struct args a;

        assert_int_equal(args_parse(&a, ARRAY_SIZE(argv), argv, tables, false, NULL, &e), 0);
        assert_string_equal(arg_value(&a, "for"), "b");
        assert_null(arg_value(&a, "output"));
        assert_int_equal(arg_items(&a, "dp"), 2);
        assert_string_equal(arg_item(&a, "dp", 1), "B");
        assert_int_equal(arg_words(&a), 2);
        assert_string_equal(arg_word(&a, 0), "P0100001");
        assert_null(arg_word(&a, 2));
        assert_false(arg_flag(&a, "failed"));
        args_fini(&a);
        assert_true(looks_like_package_id("P0100A1F"));
        assert_false(looks_like_package_id("P0100A1g"));
        assert_false(looks_like_package_id("p0100001"));
}

/* ---- texts ---- */

static void numbers_for_people(void **state)
{
        static const struct {
                uint64_t n;
                const char *text;
        } bytes[] = {
                { 0, "0 B" }, { 999, "999 B" }, { 1000, "1.0 KB" }, { 1536, "1.5 KB" }, { 10240, "10 KB" },
                { 1048064, "1.0 MB" }, { UINT64_MAX, "16 EB" },
        };
        char text[FMT_LEN];

        for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
                fmt_bytes(bytes[i].n, text);
                assert_string_equal(text, bytes[i].text);
        }
        fmt_relative(0, 0, text);
        assert_string_equal(text, "now");
        fmt_relative(INT64_C(185000000), 0, text);
        assert_string_equal(text, "3 min ago");
        fmt_relative(0, INT64_C(7200000000), text);
        assert_string_equal(text, "in 2 h");
        fmt_duration(3900, text);
        assert_string_equal(text, "1 h 5 min");
}

static void states_and_their_words(void **state)
{
        assert_string_equal(fmt_state(8), "CONTENT_MONITORING");
        assert_string_equal(fmt_state(9), "?");
        assert_int_equal(fmt_status(-1), STATUS_UNKNOWN);
        assert_string_equal(fmt_status_word(fmt_status(7)), "In progress");
        assert_int_equal(fmt_state_set("install_failed"), 1u << 3);
        assert_int_equal(fmt_state_set("8"), 1u << 8);
        assert_int_equal(fmt_state_set("error"), 1u << 3 | 1u << 6 | 1u << 8);
        assert_int_equal(fmt_state_set("In progress"), fmt_state_set("in-progress"));
        assert_int_equal(fmt_state_set("9"), 0);
        assert_int_equal(fmt_state_set("nonsense"), 0);
}

static void hosts_and_words(void **state)
{
        assert_true(str_eqz(fmt_nal_host(str_of("[\"Display=\\\\DP1.x\\\"]MSWNET:[\"SMS_SITE=P01\"]\\\\DP1.x\\")), "DP1.x"));
        assert_true(str_eqz(fmt_nal_host(str_of("plain")), "plain"));
        assert_int_equal(fmt_nal_host(STR("")).n, 0);
        assert_true(str_eqz(fmt_word("1=high 2=normal", "2"), "normal"));
        assert_int_equal(fmt_word("1=high 2=normal", "3").n, 0);
}

static void text_from_the_site_is_tamed(void **state)
{
        struct buf b;

        buf_init(&b, 0);
        fmt_clean(STR("a\033[2Jb\nc"), SIZE_MAX, false, &b);
        assert_string_equal(b.p, "a?[2Jb?c");
        buf_reset(&b);
        fmt_clean(STR("abcdefgh"), 5, false, &b);
        assert_string_equal(b.p, "abcd~");
        buf_reset(&b);
        fmt_clean(STR("abcde"), 5, false, &b);
        assert_string_equal(b.p, "abcde");
        buf_fini(&b);
}

/* ---- rows ---- */

static bool join_rows(void *ctx, const char *json)
{
        struct buf *b = ctx;

        buf_addz(b, json);
        buf_addc(b, '|');
        return b->n < 100;
}

static int rows_in_pieces(const char *text, size_t piece, struct buf *b, bool *whole)
{
        size_t n = strlen(text);
        struct rows rows;
        int r = 0;

        buf_init(b, 0);
        rows_init(&rows, 60);
        for (size_t at = 0; at < n && r == 0; at += piece)
                r = rows_feed(&rows, text + at, MIN(piece, n - at), join_rows, b);
        *whole = rows_whole(&rows);
        rows_fini(&rows);
        return r;
}

static void rows_whatever_the_pieces(void **state)
{
        static const char text[] = "{ \"val[ue\" : [ {\"a\":\"]}\\\"[{\",\"b\":[[1],{}]} ,\n{} , 5]} trailing";
        struct buf b;
        bool whole;

        for (size_t piece = 1; piece <= sizeof(text); piece++) {
                assert_int_equal(rows_in_pieces(text, piece, &b, &whole), 0);
                assert_string_equal(b.p, "{\"a\":\"]}\\\"[{\",\"b\":[[1],{}]}|{}|5|");
                assert_true(whole);
                buf_fini(&b);
        }
        assert_int_equal(rows_in_pieces("{\"value\":[]}", 3, &b, &whole), 0);
        assert_true(whole && b.n == 0);
        buf_fini(&b);
        assert_int_equal(rows_in_pieces("{\"value\":[{\"a\":1},{\"b\"", 100, &b, &whole), 0);
        assert_string_equal(b.p, "{\"a\":1}|");
        assert_false(whole);
        buf_fini(&b);
}

static void rows_are_bounded(void **state)
{
        char text[5000] = "{\"value\":[\"";
        struct buf b;
        bool whole;

        memset(text + 11, 'x', 200);
        assert_int_equal(rows_in_pieces(text, 7, &b, &whole), -EMSGSIZE);
        buf_fini(&b);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(paths_become_urls),
                cmocka_unit_test(bad_paths_say_where),
                cmocka_unit_test(class_of_a_path),
                cmocka_unit_test(events_whatever_the_pieces),
                cmocka_unit_test(an_endless_event_is_refused),
                cmocka_unit_test(a_reader_may_stop),
                cmocka_unit_test(command_lines),
                cmocka_unit_test(values_of_options),
                cmocka_unit_test(numbers_for_people),
                cmocka_unit_test(states_and_their_words),
                cmocka_unit_test(hosts_and_words),
                cmocka_unit_test(text_from_the_site_is_tamed),
                cmocka_unit_test(rows_whatever_the_pieces),
                cmocka_unit_test(rows_are_bounded),
        };

        return cmocka_run_group_tests_name("site-pure", tests, NULL, NULL);
}
