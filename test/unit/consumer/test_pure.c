/* SPDX-License-Identifier: Apache-2.0 */
/* Templates, command lines, mail, addresses, pauses: what an event says stays where it belongs. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "consumer/cmdline.h"
#include "consumer/mail.h"
#include "consumer/private.h"
#include "consumer/template.h"

static json_t *event;

static int set_up(void **state)
{
        static const char text[] =
                "{\"__CLASS\":\"__InstanceCreationEvent\",\"CPU\":90,\"On\":true,\"None\":null,\"Load\":0.5,"
                "\"Many\":[1,5,10,1024],\"One\":[7],\"Empty\":[],\"Disks\":[\"C:\",\"D:\"],"
                "\"TargetInstance\":{\"__CLASS\":\"SMS_Package\",\"Name\":\"a \\\"b\\\" c\",\"Bad\":\"x\\r\\nBcc: e@f.example\",\"Evil\":\"y@z.example, <e@f.example>;\","
                "\"SourceVersion\":3,\"Inner\":{\"__CLASS\":\"X\",\"Y\":\"z\"}},"
                "\"Events\":[{\"Target\":{\"Letter\":\"C:\"}},{\"Target\":{\"Letter\":\"D:\"}}]}";

        event = json_loads(text, 0, NULL);
        return event ? 0 : -1;
}

static int tear_down(void **state)
{
        json_decref(event);
        return 0;
}

/* ---- templates ---- */

static void expands(const char *template, unsigned flags, const char *wanted)
{
        struct buf b;

        buf_init(&b, 0);
        template_expand(str_of(template), event, flags, &b);
        buf_addc(&b, 0);
        assert_string_equal(b.p, wanted);
        buf_fini(&b);
}

/* The examples of "Using Standard String Templates", and what lies beside them. */
static void templates(void **state)
{
        static const struct {
                const char *template, *wanted;
        } t[] = {
                { "Some text here", "Some text here" },
                { "%CPU%", "90" },
                { "%cpu%", "90" },
                { "The CPU utilization of this processor is %CPU% at this time", "The CPU utilization of this processor is 90 at this time" },
                { "%TargetInstance.SourceVersion%", "3" },
                { "%targetinstance.NAME%!", "a \"b\" c!" },
                { "100%%", "100%" },
                { "%%CPU%%", "%CPU%" },
                { "%Many%", "(1,5,10,1024)" },
                { "%One%", "7" },
                { "%Empty%", "()" },
                { "%Disks%", "(\"C:\",\"D:\")" },
                { "%Events.Target.Letter%", "(\"C:\",\"D:\")" },
                { "%On% %Load% [%None%] [%No_Such%] [%CPU.Name%]", "TRUE 0.5 [] [] []" },
                { "CPU utilization is \"%CPU%\"", "CPU utilization is \"%CPU%\"" },
                { "50% of %CPU%", "50% of 90" },
                { "%", "%" },
                { "%CPU", "%CPU" },
                { "%CPU.%", "%CPU.%" },
                { "%.CPU%", "%.CPU%" },
                { "%9%", "%9%" },
                { "% CPU%", "% CPU%" },
                { "%TargetInstance.Inner%", "instance of X\n{\n\tY = \"z\";\n};\n" },
                { "", "" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(t); i++)
                expands(t[i].template, 0, t[i].wanted);
        expands("%TargetInstance.Bad%", TEMPLATE_ONE_LINE, "x  Bcc: e@f.example");
        expands("x <%TargetInstance.Bad%>, %TargetInstance.Name% %TargetInstance.Evil%", TEMPLATE_ADDRESS,
                "x <x  Bcc: e@f.example>, a  b  c y@z.example   e@f.example  ");
        expands("a\n%TargetInstance.Inner%", TEMPLATE_ONE_LINE, "a\ninstance of X { Y = \"z\"; }; ");
}

static void templates_are_bounded(void **state)
{
        struct buf b;

        buf_init(&b, 64);
        for (int i = 0; i < 100; i++)
                template_expand(STR("%TargetInstance% and more"), event, 0, &b);
        assert_true(b.failed);
        buf_fini(&b);
}

/* ---- command lines ---- */

static int split(const char *template, char ***argv, struct arena *a, struct err *e)
{
        arena_init(a, 0);
        *e = (struct err){ 0 };
        return cmdline_split(str_of(template), event, a, argv, e);
}

static void command_lines(void **state)
{
        static const struct {
                const char *template;
                const char *argv[6];
        } t[] = {
                { "/bin/x", { "/bin/x" } },
                { "  /bin/x \t a\nb ", { "/bin/x", "a", "b" } },
                { "x %TargetInstance.Name% y", { "x", "a \"b\" c", "y" } },
                { "x \"%CPU% %%\" 100%%", { "x", "%CPU% %%", "100%" } },
                { "x v%CPU%.\"a b\"c \"\" %None%", { "x", "v90.a bc", "", "" } },
                { "x \\\"q\\\" \"a \\\" b\" c\\d", { "x", "\"q\"", "a \" b", "c\\d" } },
                { "x %TargetInstance.Bad%", { "x", "x\r\nBcc: e@f.example" } },
        };
        char **argv;
        struct arena a;
        struct err e;

        for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
                size_t n = 0;

                assert_int_equal(split(t[i].template, &argv, &a, &e), 0);
                for (; t[i].argv[n]; n++)
                        assert_string_equal(argv[n], t[i].argv[n]);
                assert_null(argv[n]);
                arena_fini(&a);
        }
        assert_true(split("x \"open", &argv, &a, &e) < 0 && e.kind == ERR_INVALID);
        arena_fini(&a);
        assert_true(split(" \t ", &argv, &a, &e) < 0 && e.kind == ERR_INVALID);
        arena_fini(&a);
}

static void command_lines_are_bounded(void **state)
{
        struct buf b;
        char **argv;
        struct arena a;
        struct err e;

        buf_init(&b, 0);
        for (int i = 0; i <= CMDLINE_ARGS; i++)
                buf_addz(&b, "x ");
        buf_addc(&b, 0);
        assert_true(split(b.p, &argv, &a, &e) < 0 && e.kind == ERR_TOO_LARGE);
        arena_fini(&a);
        buf_reset(&b);
        for (int i = 0; i < CMDLINE_BYTES; i++)
                buf_addz(&b, "x%CPU%");
        buf_addc(&b, 0);
        assert_true(split(b.p, &argv, &a, &e) < 0 && e.kind == ERR_TOO_LARGE);
        arena_fini(&a);
        buf_fini(&b);
}

/* ---- mail ---- */

static struct mail simple(void)
{
        return (struct mail){ .from = STR("Site <site@a.example>"), .to = STR("x@b.example"), .subject = STR("s"), .text = STR("t"),
                              .id = STR("0123"), .host = STR("host.example"), .now_us = INT64_C(1700000000000000) };
}

static void mail_is(const struct mail *m, const char *const *lines, const char *const *recipients)
{
        struct mail_out out = { 0 };
        struct err e = { 0 };
        struct arena a;
        size_t n = 0;

        arena_init(&a, 0);
        if (mail_compose(m, &a, &out, &e) < 0)
                fail_msg("%s", e.text);
        buf_addc(&out.message, 0);
        for (; *lines; lines++) {
                if (!strstr(out.message.p, *lines))
                        fail_msg("\"%s\" is not in:\n%s", *lines, out.message.p);
        }
        for (; recipients[n]; n++)
                assert_string_equal(out.recipients[n], recipients[n]);
        assert_null(out.recipients[n]);
        assert_string_equal(out.from, "site@a.example");
        buf_fini(&out.message);
        arena_fini(&a);
}

#define LIST(...) (const char *const[]){ __VA_ARGS__, NULL }

static void mail_has_its_parts(void **state)
{
        static const struct str headers[] = { { "X-One: 1", 8 }, { "X-Two: 2", 8 } };
        struct mail m = simple();

        m.to = STR("x@b.example; \"Doe, Jo\" <jo@c.example>,, y@b.example");
        m.cc = STR("cc@b.example");
        m.bcc = STR("hidden@b.example");
        m.reply_to = STR("back@a.example");
        m.headers = headers;
        m.n_headers = 2;
        m.text = STR("one\ntwo\r\n.\n");
        mail_is(&m, LIST("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n", "\r\nFrom: \"Site\" <site@a.example>\r\n",
                         "\r\nTo: <x@b.example>,\r\n \"Doe, Jo\" <jo@c.example>,\r\n <y@b.example>\r\n", "\r\nCc: <cc@b.example>\r\n",
                         "\r\nReply-To: <back@a.example>\r\n", "\r\nSubject: s\r\n", "\r\nMessage-ID: <0123@host.example>\r\n",
                         "\r\nX-One: 1\r\nX-Two: 2\r\n", "7bit\r\n\r\none\r\ntwo\r\n.\r\n"),
                LIST("x@b.example", "jo@c.example", "y@b.example", "cc@b.example", "hidden@b.example"));
}

/* Lines that were made of an event add no header and no recipient. */
static void mail_is_not_injected(void **state)
{
        struct mail_out out = { 0 };
        struct mail m = simple();
        struct err e = { 0 };
        struct arena a;

        m.subject = STR("x\r\nBcc: e@f.example\r\n\r\nbody");
        m.from = STR("\"a\r\nBcc: e@f.example\" <site@a.example>");
        mail_is(&m, LIST("\r\nSubject: x  Bcc: e@f.example    body\r\n", "From: \"a  Bcc: e@f.example\" <site@a.example>\r\n"),
                LIST("x@b.example"));
        static const char *const bad[] = { "x@b.example> SIZE=1", "<x@b.example", "a b@c", "a@b@c",
                                           "x@b.example>\r\nDATA", "-oQ/tmp", "\xc3\xa4@b.example", "@b", "a@", "<>" };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                struct str address;

                m = simple();
                m.to = str_of(bad[i]);
                e = (struct err){ 0 };
                arena_init(&a, 0);
                if (mail_compose(&m, &a, &out, &e) == 0) {      /* "<x@b.example" is read as what it means */
                        address = str_of(out.recipients[0]);
                        assert_true(str_eqz(address, "x@b.example"));
                        assert_null(out.recipients[1]);
                }
                buf_fini(&out.message);
                arena_fini(&a);
        }
}

static void mail_encodes(void **state)
{
        struct mail m = simple();

        m.subject = STR("Gr\xc3\xbc\xc3\x9f" "e");
        m.to = STR("M\xc3\xbcller <m@b.example>");
        m.text = STR("Gr\xc3\xbc\xc3\x9f" "e");
        mail_is(&m, LIST("Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n", "To: =?utf-8?B?TcO8bGxlcg==?= <m@b.example>\r\n",
                         "base64\r\n\r\nR3LDvMOfZQ==\r\n"), LIST("m@b.example"));
}

static void mail_needs_people(void **state)
{
        struct mail_out out = { 0 };
        struct mail m = simple();
        struct err e = { 0 };
        struct arena a;

        arena_init(&a, 0);
        m.to = STR(" ; ,");
        assert_true(mail_compose(&m, &a, &out, &e) < 0 && strstr(e.text, "no recipient"));
        buf_fini(&out.message);
        m = simple();
        m.from = STR("a@b.example, c@d.example");
        e = (struct err){ 0 };
        assert_true(mail_compose(&m, &a, &out, &e) < 0 && strstr(e.text, "FromLine"));
        buf_fini(&out.message);
        arena_fini(&a);
}

/* ---- addresses ---- */

static bool allows(const struct networks *n, const char *address)
{
        struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
        struct sockaddr_in four = { .sin_family = AF_INET };

        if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
                return networks_allow(n, (struct sockaddr *)&four);
        assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
        return networks_allow(n, (struct sockaddr *)&six);
}

static void addresses(void **state)
{
        static const char *const near[] = { "127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::1", "::",
                                            "fe80::1", "ff02::1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::169.254.1.1" };
        static const char *const far[] = { "10.1.2.3", "192.0.2.1", "2001:db8::1", "fd00::1", "::ffff:192.0.2.1" };
        struct networks n = { 0 };
        struct err e = { 0 };

        for (size_t i = 0; i < ARRAY_SIZE(near); i++)
                assert_false(allows(&n, near[i]));
        for (size_t i = 0; i < ARRAY_SIZE(far); i++)
                assert_true(allows(&n, far[i]));
        assert_int_equal(networks_add(&n, STR("10.0.0.0/9"), &e), 0);
        assert_int_equal(networks_add(&n, STR("2001:db8::/33"), &e), 0);
        assert_int_equal(networks_add(&n, STR("127.0.0.1"), &e), 0);
        assert_true(allows(&n, "10.127.0.1") && allows(&n, "127.0.0.1") && allows(&n, "2001:db8:7fff::") && allows(&n, "::ffff:10.0.0.1"));
        assert_false(allows(&n, "10.128.0.1") || allows(&n, "127.0.0.2") || allows(&n, "2001:db8:8000::") || allows(&n, "192.0.2.1"));
        static const char *const bad[] = { "", "10.0.0.0/33", "x", "10.0.0/8", "::/129", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/8/8" };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                e = (struct err){ 0 };
                assert_true(networks_add(&n, str_of(bad[i]), &e) < 0 && e.kind == ERR_INVALID);
        }
}

/* ---- pauses ---- */

static void pauses(void **state)
{
        const struct retry_policy p = { .tries = 5, .first_us = 1000, .longest_us = 60000 };

        for (unsigned n = 1; n < 100; n++) {
                int64_t plain = n > 6 ? 60000 : MIN(1000 << (n - 1), 60000);

                assert_int_equal(retry_pause_us(&p, n, (uint64_t)plain / 4), plain);
                for (uint64_t chance = 0; chance < 100000; chance += 7001) {
                        int64_t us = retry_pause_us(&p, n, chance);

                        assert_true(us >= plain - plain / 4 && us <= MIN(plain + plain / 4, 60000));
                }
        }
        assert_true(retry_pause_us(&(struct retry_policy){ 1, 1, INT64_MAX }, 1000, UINT64_MAX) > 0);
        assert_false(retry_gives_up(&p, DELIVERY_AGAIN, 4));
        assert_true(retry_gives_up(&p, DELIVERY_AGAIN, 5));
        assert_true(retry_gives_up(&p, DELIVERY_REFUSED, 1));
        assert_false(retry_gives_up(&p, DELIVERY_DONE, 5));
        static const struct {
                int status;
                enum delivery_end how;
        } http[] = { { 200, DELIVERY_DONE }, { 204, DELIVERY_DONE }, { 301, DELIVERY_REFUSED }, { 400, DELIVERY_REFUSED },
                     { 404, DELIVERY_REFUSED }, { 408, DELIVERY_AGAIN }, { 429, DELIVERY_AGAIN }, { 500, DELIVERY_AGAIN },
                     { 503, DELIVERY_AGAIN }, { 0, DELIVERY_AGAIN } };

        for (size_t i = 0; i < ARRAY_SIZE(http); i++)
                assert_int_equal(retry_of_http(http[i].status), http[i].how);
        assert_true(retry_of_smtp(250) == DELIVERY_DONE && retry_of_smtp(451) == DELIVERY_AGAIN &&
                    retry_of_smtp(550) == DELIVERY_REFUSED && retry_of_smtp(0) == DELIVERY_AGAIN);
        assert_true(retry_of_exit(0) == DELIVERY_DONE && retry_of_exit(75) == DELIVERY_AGAIN && retry_of_exit(1) == DELIVERY_REFUSED);
}

/* Computed with: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key */
static void signature(void **state)
{
        char mac[65];

        webhook_sign(STR("key"), 1700000000, STR("{\"a\":1}"), mac);
        assert_string_equal(mac, "a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(templates), cmocka_unit_test(templates_are_bounded),
                cmocka_unit_test(command_lines), cmocka_unit_test(command_lines_are_bounded),
                cmocka_unit_test(mail_has_its_parts), cmocka_unit_test(mail_is_not_injected), cmocka_unit_test(mail_encodes),
                cmocka_unit_test(mail_needs_people), cmocka_unit_test(addresses), cmocka_unit_test(pauses), cmocka_unit_test(signature),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
