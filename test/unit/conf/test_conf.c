/* SPDX-License-Identifier: Apache-2.0 */
/* conf - documented defaults, every source of values, every refusal with its words */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "conf/settings.h"
#include "lib/fault.h"
#include "lib/tmpdir.h"
#include "os/os.h"

static const struct conf_table *const tables[] = { &conf_site_table, &conf_dp_table };

static void documented_defaults(void **state)
{
        _cleanup_(conf_site_freep) struct conf_site *c = NULL;
        _cleanup_(conf_dp_freep) struct conf_dp *d = NULL;
        struct err e = { 0 };

        tmpdir_write(*state, "empty.conf", "", 0);
        _cleanup_(freep) char *file = tmpdir_path(*state, "empty.conf");

        assert_int_equal(conf_site_load(&c, &(struct conf_input){ .file = file }, &e), 0);
        assert_int_equal(c->max_packages, 3);
        assert_int_equal(c->max_dps_per_package, 5);
        assert_int_equal(c->retries, 100);
        assert_int_equal(c->retry_delay_s, 1800);
        assert_int_equal(c->clock_skew_limit_s, 300);
        assert_int_equal(c->https_port, 8443);
        assert_int_equal(c->plain_dp_port, 0);
        assert_true(c->refuse_case_collisions);
        assert_int_equal(c->log_level, LOG_LEVEL_INFO);
        assert_int_equal(c->address.n, 1);
        assert_string_equal(c->address.items[0], "127.0.0.1");
        assert_string_equal(c->socket_path, "/var/lib/tallyman/tallymand.sock");
        assert_string_equal(conf_scheme_text(c->offers_url_scheme), "https");
        assert_int_equal(conf_dp_load(&d, &(struct conf_input){ .file = file }, &e), 0);
        assert_int_equal(d->https_port, 8444);
        assert_int_equal(d->http_port, 8530);
}

/* What a table must be for all else to hold. */
static void tables_are_sound(void **state)
{
        for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
                for (size_t i = 0; i < tables[t]->n; i++) {
                        const struct conf_setting *s = &tables[t]->settings[i];

                        assert_true(strlen(s->name) < 50 && strlen(s->section) < 50);   /* inih keeps no more */
                        assert_ptr_equal(conf_find(tables[t], str_of(s->name)), s);
                        assert_true(s->doc[0] && s->doc[strlen(s->doc) - 1] == '.');
                        assert_true(s->kind != CONF_CHOICE || s->words);
                        assert_true(s->min <= s->max);
                        assert_true(s->kind != CONF_INT || (s->min >= INT32_MIN && s->max <= INT32_MAX));
                        assert_null(strchr(s->doc, '\n'));
                }
                assert_null(conf_find(tables[t], STR("no_such_setting")));
        }
}

static void check_text(const struct conf_table *t, const char *text, const char *want)
{
        _cleanup_(freep) void *cfg = calloc(1, t->size);
        struct err e = { 0 };
        int r;

        assert_int_equal(conf_defaults(t, cfg, &e), 0);
        r = conf_parse(t, cfg, "F", str_of(text), &e);
        if (!want) {
                assert_string_equal(e.text, "");
                assert_int_equal(r, 0);
        } else {
                assert_int_equal(r, -EINVAL);
                assert_int_equal(e.kind, ERR_INVALID);
                assert_non_null(strstr(e.text, want));
        }
        conf_fini(t, cfg);
}

static void refusals(void **state)
{
        static const struct {
                const char *text, *want;
        } v[] = {
                { "[distribution]\nmax_packages = 50 ; the most\n# a remark\n", NULL },
                { "\xef\xbb\xbf[log]\r\nlog_level = debug\r\n", NULL },
                { "[listen]\naddress = ::1, 127.0.0.1\naddress = 127.0.0.2\n", NULL },
                { "   ; an indented remark\n[site]\n", NULL },
                { "[distribution]\n\nmax_packages = 51\n", "F:3: max_packages = 51: wants a whole number, 1 to 50 packages" },
                { "[distribution]\nmax_packages = -1\n", "F:2: max_packages" },
                { "[distribution]\nmax_packages = three\n", "F:2: max_packages = three: wants a whole number" },
                { "[distribution]\nmax_packages =\n", "F:2: max_packages = : wants" },
                { "[distribution]\nmax_packages = 99999999999999999999\n", "F:2: max_packages" },
                { "[distribution]\nretry_delay = soon\n", "F:2: retry_delay = soon: wants a time such as 90s, 30m, 2h or 1d" },
                { "[distribution]\nretry_delay = 2d\n", "1s to 1d" },
                { "[library]\nlibrary_reserve = 1X\n", "a number of bytes such as 256M, 0 or more" },
                { "[library]\nlibrary_reserve = 9223372036854775807T\n", "F:2: library_reserve" },
                { "[library]\nrefuse_case_collisions = maybe\n", "wants yes or no" },
                { "[log]\nlog_level = loud\n", "wants one of error, warning, info, debug" },
                { "[listen]\naddress = localhost\n", "IP addresses such as" },
                { "[listen]\naddress =\n", "1 to 16 items" },
                { "[site]\nsite_code = P1\n", "wants 3 characters" },
                { "[site]\nsite_code = p01\n", "three of A to Z and 0 to 9" },
                { "[site]\nsite_code = SMS\n", "reserved" },
                { "[site]\nsite_name = \xff\n", "UTF-8" },
                { "[site]\ndata_dir = here\n", "F:2: the path must begin with /" },
                { "[site]\nsite_name = a\nsite_name = b\n", "F:3: the setting is given twice" },
                { "[distribution]\nmax_pakages = 3\n", "F:2: tallymand has no setting \"max_pakages\"; did you mean max_packages?" },
                { "[distribution]\nxyzzy = 3\n", "no setting \"xyzzy\"; --print-config shows all" },
                { "[library]\nmax_packages = 3\n", "F:2: max_packages belongs in section [distribution]" },
                { "max_packages = 3\n", "belongs in section [distribution]" },
                { "[nowhere]\nfoo = 3\n", "has no section [nowhere]" },
                { "[log]\n  log_level = debug\n", "F:2: the line begins with a blank" },
                { "[log]\nlog_level = info\n debug\n", "F:3: the line begins with a blank" },
                { "[log\n", "F:1: neither a [section] nor a name = value" },
                { "[log]\nnonsense\n", "F:2: neither a [section] nor a name = value" },
                { "[log]\nlog_level = \x01\n", "F:2: the line holds a control character" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(v); i++)
                check_text(&conf_site_table, v[i].text, v[i].want);
        check_text(&conf_dp_table, "[dp]\nsite_url = site.example\n", "begins with https:// or http://");
        check_text(&conf_dp_table, "[dp]\nsite_url = https://a b\n", "RFC 3986");
        check_text(&conf_dp_table, "[dp]\nsite_url = https://site.example:8443\n", NULL);
        check_text(&conf_dp_table, "[distribution]\nretries = 3\n", "tallyman-dp has no section [distribution]");
}

static void long_lines(void **state)
{
        char text[300] = "[listen]\nserver_name = ";

        memset(text + strlen(text), 'a', 190 - strlen("server_name = "));
        check_text(&conf_site_table, text, NULL);
        memset(text + 9 + strlen("server_name = "), 'a', 240);
        check_text(&conf_site_table, text, "F:2: the line is longer than 198 characters");
}

static void sources_in_order(void **state)
{
        _cleanup_(freep) char *file = tmpdir_path(*state, "tallymand.conf");
        _cleanup_(conf_site_freep) struct conf_site *c = NULL;
        const char *overrides[] = { "retries = 7", "log_level=debug", "data_dir=relative" };
        struct err e = { 0 };

#define WRITE(name, text) tmpdir_write(*state, name, text, strlen(text))
        WRITE("tallymand.conf", "[distribution]\nretries = 1\nmax_packages = 1\nmax_dps_per_package = 1\n"
                                "[listen]\naddress = 127.0.0.1, 127.0.0.2\n");
        WRITE("conf.d/20-b.conf", "[distribution]\nmax_packages = 20\nretries = 2\n");
        WRITE("conf.d/10-a.conf", "[distribution]\nmax_packages = 10\nmax_dps_per_package = 10\n[listen]\naddress = ::1\n");
        WRITE("conf.d/tallyman-dp-x.conf", "[dp]\nname = other\n");
        WRITE("conf.d/.hidden.conf", "nonsense\n");
        WRITE("conf.d/README", "nonsense\n");
        assert_int_equal(conf_site_load(&c, &(struct conf_input){ file, overrides, 3 }, &e), 0);
        assert_int_equal(c->max_dps_per_package, 10);
        assert_int_equal(c->max_packages, 20);
        assert_int_equal(c->retries, 7);
        assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
        assert_int_equal(c->address.n, 1);      /* another file replaces a list */
        assert_string_equal(c->address.items[0], "::1");
        assert_string_equal(c->data_dir, "relative");
        assert_string_equal(c->socket_path, "relative/tallymand.sock");
}

static void check_input(const struct conf_input *in, const char *want)
{
        struct err e = { 0 };

        assert_true(conf_check(&conf_site_table, in, &e) < 0);
        assert_non_null(strstr(e.text, want));
}

static void sources_refused(void **state)
{
        _cleanup_(freep) char *file = tmpdir_path(*state, "tallymand.conf"), *none = tmpdir_path(*state, "none.conf"),
                              *deep = tmpdir_path(*state, "conf.d/deep.conf");
        const char *no_equals[] = { "retries" }, *unknown[] = { "retrys=1" }, *bad[] = { "retries=0" },
                   *ports[] = { "plain_dp_port=8443" };
        char big[200] = "data_dir=/";

        memset(big + strlen(big), 'x', 150);
        const char *long_dir[] = { big };

        WRITE("tallymand.conf", "");
        check_input(&(struct conf_input){ .file = none }, "none.conf: No such file");
        check_input(&(struct conf_input){ file, no_equals, 1 }, "command line: \"retries\" is no NAME=VALUE");
        check_input(&(struct conf_input){ file, unknown, 1 }, "command line: tallymand has no setting \"retrys\"");
        check_input(&(struct conf_input){ file, bad, 1 }, "command line: retries = 0: wants");
        check_input(&(struct conf_input){ file, ports, 1 }, "plain_dp_port and https_port are both 8443");
        check_input(&(struct conf_input){ file, long_dir, 1 }, "set socket");
        WRITE("conf.d/deep.conf", "\n\n[log]\nlog_level = 3\n");
        check_input(&(struct conf_input){ .file = file }, deep);
        check_input(&(struct conf_input){ .file = file }, "deep.conf:4: log_level");
}

/* Settings, printed and read, are the same settings; and the same text again. */
static void print_reads_back(void **state)
{
        const char *overrides[] = { "max_packages=7", "address=127.0.0.5 ::1", "retry_delay=90", "library_reserve=5M",
                                    "site_name=M\xc3\xbcller & Co", "refuse_case_collisions=off", "offers_url_scheme=http" };
        _cleanup_(conf_site_freep) struct conf_site *c = NULL, *again = NULL;
        _cleanup_(freep) char *file = tmpdir_path(*state, "a.conf");
        struct err e = { 0 };
        struct buf first, second;

        WRITE("a.conf", "");
        assert_int_equal(conf_site_load(&c, &(struct conf_input){ file, overrides, ARRAY_SIZE(overrides) }, &e), 0);
        buf_init(&first, 0);
        buf_init(&second, 0);
        conf_print(&conf_site_table, c, &first);
        assert_non_null(strstr(first.p, "\n# Allowed: 1 to 50 packages.\nmax_packages = 7\n"));
        assert_non_null(strstr(first.p, "\n#retries = 100\n"));
        assert_non_null(strstr(first.p, "\naddress = 127.0.0.5\naddress = ::1\n"));
        assert_non_null(strstr(first.p, "\nlibrary_reserve = 5M\n"));
        for (size_t i = 0; i < conf_site_table.n; i++)
                assert_non_null(strstr(first.p, conf_site_table.settings[i].doc));
        WRITE("a.conf", first.p);
        assert_int_equal(conf_site_load(&again, &(struct conf_input){ .file = file }, &e), 0);
        conf_print(&conf_site_table, again, &second);
        assert_string_equal(first.p, second.p);
        assert_string_equal(again->site_name, "M\xc3\xbcller & Co");
        assert_int_equal(again->retry_delay_s, 90);
        assert_int_equal(again->library_reserve_bytes, 5 << 20);
        assert_false(again->refuse_case_collisions);
        assert_int_equal(again->offers_url_scheme, CONF_SCHEME_HTTP);
        buf_fini(&first);
        buf_fini(&second);
}

static void load_again(void *arg, unsigned k)
{
        _cleanup_(conf_site_freep) struct conf_site *c = NULL;
        struct err e = { 0 };
        int r = conf_site_load(&c, &(struct conf_input){ .file = arg }, &e);

        assert_true((r == 0) == (c != NULL) && (r == 0) == (e.kind == ERR_NONE));
        if (c)
                assert_int_equal(c->retries, 2);
}

/* A setting file that cannot be read must never be taken for an absent one. */
static void any_call_fails(void **state)
{
        _cleanup_(freep) char *file = tmpdir_path(*state, "a.conf");

        WRITE("a.conf", "[distribution]\nretries = 1\n");
        WRITE("conf.d/a.conf", "[distribution]\nretries = 2\n");
        assert_in_range(fault_sweep(&(struct fault_plan){ .mask = FAULT_ALL, .error = EIO }, 100, load_again, file), 8, 60);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(documented_defaults, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test(tables_are_sound),
                cmocka_unit_test(refusals),
                cmocka_unit_test(long_lines),
                cmocka_unit_test_setup_teardown(sources_in_order, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test_setup_teardown(sources_refused, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test_setup_teardown(print_reads_back, tmpdir_setup, tmpdir_teardown),
                cmocka_unit_test_setup_teardown(any_call_fails, tmpdir_setup, tmpdir_teardown),
        };

        return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
