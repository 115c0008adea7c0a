/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, the gate before them, Basic headers, enrolment tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include "auth/token.h"
#include "auth/users.h"
#include "base/hex.h"
#include "os/os.h"

static int64_t shift_s;

static int shifted_clock(clockid_t id, struct timespec *ts)
{
        int r = os_real.clock_gettime(id, ts);

        ts->tv_sec += shift_s;
        return r;
}

static int setup(void **state)
{
        shift_s = 0;
        os.clock_gettime = shifted_clock;
        return 0;
}

static int teardown(void **state)
{
        os = os_real;
        return 0;
}

static void add(struct users *u, const char *name, enum user_role role, const char *password)
{
        struct err e = { 0 };
        struct user one;

        assert_int_equal(user_make(&one, str_of(name), role, str_of(password), &e), 0);
        assert_int_equal(users_put(u, &one), 0);
}

static void test_list(void **state)
{
        struct users u = { 0 };
        struct user one;
        struct err e = { 0 };

        add(&u, "admin", USER_ADMINISTRATOR, "secret");
        add(&u, "Olga", USER_OPERATOR, "other");
        assert_true(user_make(&one, STR("a:b"), USER_ANALYST, STR("x"), &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
        e = (struct err){ 0 };
        assert_true(user_make(&one, STR("anna"), USER_ANALYST, STR(""), &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
        assert_int_equal(u.n, 2);
        assert_true(users_verify(users_find(&u, STR("OLGA"))->hash, STR("other")));
        assert_false(users_verify(users_find(&u, STR("olga"))->hash, STR("Other")));
        assert_false(users_verify(NULL, STR("other")));
        assert_null(users_find(&u, STR("nobody")));
        u.v[1].disabled = true;
        assert_null(users_find(&u, STR("olga")));
        users_fini(&u);
        assert_int_equal(u.n, 0);
}

static void test_basic(void **state)
{
        char buf[BASIC_MAX + 1], coded[600], raw[400];
        struct str n, p;

        assert_int_equal(basic_parse(STR("Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ=="), buf, &n, &p), 0);
        assert_true(str_eqz(n, "Aladdin"));
        assert_true(str_eqz(p, "open:sesame"));
        assert_int_equal(basic_parse(STR("basic  QTo="), buf, &n, &p), 0);
        assert_int_equal(p.n, 0);
        assert_int_equal(basic_parse(STR_NULL, buf, &n, &p), 1);
        assert_int_equal(basic_parse(STR("Bearer abc"), buf, &n, &p), 1);
        assert_int_equal(basic_parse(STR("Basic"), buf, &n, &p), -EINVAL);
        assert_int_equal(basic_parse(STR("Basic QUJD"), buf, &n, &p), -EINVAL);        /* no colon */
        assert_int_equal(basic_parse(STR("Basic QTo*"), buf, &n, &p), -EINVAL);
        assert_int_equal(basic_parse(STR("Basic QQA6Qg=="), buf, &n, &p), -EINVAL);    /* a NUL */
        memset(raw, 'a', sizeof(raw));
        raw[USER_NAME_MAX + 1] = ':';
        memcpy(coded, "Basic ", 6);
        base64_encode(raw, 100, coded + 6);
        assert_int_equal(basic_parse(str_of(coded), buf, &n, &p), -EINVAL);
        base64_encode(raw, sizeof(raw), coded + 6);
        assert_int_equal(basic_parse(str_of(coded), buf, &n, &p), -EINVAL);
}

static void test_gate(void **state)
{
        const struct user *who;
        struct users u = { 0 };
        struct gate *g = gate_new();
        struct err e = { 0 };
        unsigned wait;

        add(&u, "admin", USER_ADMINISTRATOR, "secret");
        assert_int_equal(gate_recall(g, &u.v[0], STR("admin"), STR("secret"), STR("1.1.1.1"), &wait), GATE_UNKNOWN);
        assert_int_equal(gate_check(g, &u, STR("Admin"), STR("secret"), STR("1.1.1.1"), &who, &e), 0);
        assert_string_equal(who->name, "admin");
        assert_int_equal(gate_recall(g, &u.v[0], STR("admin"), STR("secret"), STR("2.2.2.2"), &wait), GATE_RIGHT);
        assert_int_equal(gate_recall(g, &u.v[0], STR("admin"), STR("secret "), STR("2.2.2.2"), &wait), GATE_UNKNOWN);
        /* It forgets in time, and when the password changes. */
        shift_s += GATE_REMEMBER_S + 1;
        assert_int_equal(gate_recall(g, &u.v[0], STR("admin"), STR("secret"), STR("1.1.1.1"), &wait), GATE_UNKNOWN);
        gate_note(g, &u.v[0], STR("admin"), STR("secret"), STR("1.1.1.1"), true);
        assert_int_equal(users_hash(STR("newer"), u.v[0].hash, &e), 0);
        assert_int_equal(gate_recall(g, &u.v[0], STR("admin"), STR("secret"), STR("1.1.1.1"), &wait), GATE_UNKNOWN);
        /* One text for a wrong name and a wrong password. */
        assert_true(gate_check(g, &u, STR("nobody"), STR("x"), STR("3.3.3.3"), &who, &e) < 0);
        assert_int_equal(e.kind, ERR_DENIED);
        assert_string_equal(e.text, "wrong user name or password");
        users_fini(&u);
        gate_free(g);
}

static void test_lock_out(void **state)
{
        struct gate *g = gate_new();
        struct user u = { .name = "admin", .hash = "$argon2id$none" };
        unsigned wait;

        for (unsigned i = 0; i < GATE_FREE_TRIES; i++) {
                assert_int_equal(gate_recall(g, &u, STR("admin"), STR("x"), STR("1.1.1.1"), &wait), GATE_UNKNOWN);
                gate_note(g, &u, STR("admin"), STR("x"), STR("1.1.1.1"), false);
        }
        gate_note(g, &u, STR("ADMIN"), STR("x"), STR("1.1.1.1"), false);
        assert_int_equal(gate_recall(g, &u, STR("admin"), STR("x"), STR("1.1.1.1"), &wait), GATE_WAIT);
        assert_true(wait >= 1 && wait <= 2);
        /* Others are not hit: another name, another address. */
        assert_int_equal(gate_recall(g, &u, STR("olga"), STR("x"), STR("1.1.1.1"), &wait), GATE_UNKNOWN);
        assert_int_equal(gate_recall(g, &u, STR("admin"), STR("x"), STR("2.2.2.2"), &wait), GATE_UNKNOWN);
        shift_s += 3;
        assert_int_equal(gate_recall(g, &u, STR("admin"), STR("x"), STR("1.1.1.1"), &wait), GATE_UNKNOWN);
        for (unsigned i = 0; i < 40; i++)
                gate_note(g, &u, STR("admin"), STR("x"), STR("1.1.1.1"), false);
        assert_int_equal(gate_recall(g, &u, STR("admin"), STR("x"), STR("1.1.1.1"), &wait), GATE_WAIT);
        assert_true(wait > 200 && wait <= GATE_WAIT_MAX_S);
        /* A right one is let in all the same when it is remembered, and a long quiet forgives. */
        gate_note(g, &u, STR("admin"), STR("right"), STR("9.9.9.9"), true);
        assert_int_equal(gate_recall(g, &u, STR("admin"), STR("right"), STR("1.1.1.1"), &wait), GATE_RIGHT);
        shift_s += 1000;
        assert_int_equal(gate_recall(g, &u, STR("admin"), STR("x"), STR("1.1.1.1"), &wait), GATE_UNKNOWN);
        /* Many names from one address are stopped, too. */
        for (unsigned i = 0; i < 60; i++) {
                char name[20];

                gate_note(g, NULL, (struct str){ name, (size_t)snprintf(name, sizeof(name), "n%u", i) }, STR("x"),
                          STR("5.5.5.5"), false);
        }
        assert_int_equal(gate_recall(g, NULL, STR("fresh"), STR("x"), STR("5.5.5.5"), &wait), GATE_WAIT);
        /* And one name from many addresses; a logon that shows no password (NTLM) counts alike. */
        for (unsigned i = 0; i < 60; i++) {
                char from[20];

                gate_count(g, STR("olga"), (struct str){ from, (size_t)snprintf(from, sizeof(from), "7.7.7.%u", i) }, false);
        }
        assert_true(gate_wait_s(g, STR("olga"), STR("8.8.8.8")) > 100);
        assert_int_equal(gate_wait_s(g, STR("anna"), STR("8.8.8.8")), 0);
        gate_count(g, STR("Olga"), STR("9.9.9.9"), true);       /* is known there, from now on */
        assert_int_equal(gate_wait_s(g, STR("olga"), STR("9.9.9.9")), 0);
        assert_true(gate_wait_s(g, STR("olga"), STR("8.8.8.8")) > 100);
        for (unsigned i = 0; i <= GATE_FREE_TRIES; i++)
                gate_count(g, STR("olga"), STR("9.9.9.9"), false);      /* and is stopped there as anybody is */
        assert_true(gate_wait_s(g, STR("olga"), STR("9.9.9.9")) > 0);
        gate_free(g);
}

static void test_token(void **state)
{
        uint8_t digest[32], a[32], b[32];
        struct token t, u;
        char text[TOKEN_TEXT_MAX + 10], name[TOKEN_NAME_MAX + 1];
        struct err e = { 0 };

        memset(digest, 0xab, sizeof(digest));
        assert_int_equal(token_make(&t, STR("dp-1.example.net"), digest, &e), 0);
        token_format(&t, text);
        assert_int_equal(strncmp(text, "tm1.ZHAtMS5leGFtcGxlLm5ldA.", 27), 0);
        memcpy(text + strlen(text), "\r\n", 3);
        assert_int_equal(token_parse(str_of(text), &u, &e), 0);
        assert_memory_equal(&t, &u, sizeof(t));
        token_hash(&t, a);
        token_hash(&u, b);
        assert_true(secret_eq(a, b, sizeof(a)));
        u.name[0] = 'D';
        token_hash(&u, b);
        assert_false(secret_eq(a, b, sizeof(a)));
        /* The longest name fits. */
        memset(name, 'x', sizeof(name));
        assert_int_equal(token_make(&t, (struct str){ name, TOKEN_NAME_MAX }, digest, &e), 0);
        token_format(&t, text);
        assert_true(strlen(text) < TOKEN_TEXT_MAX);
        assert_int_equal(token_parse(str_of(text), &u, &e), 0);
        assert_int_equal(strlen(u.name), TOKEN_NAME_MAX);
        assert_true(token_make(&t, (struct str){ name, TOKEN_NAME_MAX + 1 }, digest, &e) < 0);
        /* Every cut and every foreign character is refused. */
        for (size_t n = 0; n < strlen(text); n++) {
                e = (struct err){ 0 };
                assert_true(token_parse((struct str){ text, n }, &u, &e) < 0);
                assert_int_equal(e.kind, ERR_INVALID);
        }
        text[strlen(text) - 3] = '!';
        assert_true(token_parse(str_of(text), &u, &e) < 0);
}

static void test_password(void **state)
{
        char a[21], b[21];

        users_make_password(a);
        users_make_password(b);
        assert_int_equal(strlen(a), 20);
        assert_string_not_equal(a, b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_list, setup, teardown),
                cmocka_unit_test_setup_teardown(test_basic, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gate, setup, teardown),
                cmocka_unit_test_setup_teardown(test_lock_out, setup, teardown),
                cmocka_unit_test_setup_teardown(test_token, setup, teardown),
                cmocka_unit_test_setup_teardown(test_password, setup, teardown),
        };

        return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}
