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

static void test_changes(void **state)
{
        struct users u = { 0 };
        struct err e = { 0 };

        assert_int_equal(users_add(&u, STR("admin"), USER_ADMINISTRATOR, STR("secret"), &e), 0);
        assert_int_equal(users_add(&u, STR("Olga"), USER_OPERATOR, STR("other"), &e), 0);
        assert_true(users_add(&u, STR("ADMIN"), USER_ANALYST, STR("x"), &e) < 0);
        assert_int_equal(e.kind, ERR_EXISTS);
        e = (struct err){ 0 };
        assert_true(users_add(&u, STR("a:b"), USER_ANALYST, STR("x"), &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
        e = (struct err){ 0 };
        assert_true(users_add(&u, STR("anna"), USER_ANALYST, STR(""), &e) < 0);
        assert_int_equal(e.kind, ERR_INVALID);
        assert_int_equal(u.n, 2);
        assert_true(users_verify(users_find(&u, STR("OLGA"))->hash, STR("other")));
        assert_false(users_verify(users_find(&u, STR("olga"))->hash, STR("Other")));
        assert_false(users_verify(NULL, STR("other")));
        e = (struct err){ 0 };
        assert_int_equal(users_set_password(&u, STR("olga"), STR("newer"), &e), 0);
        assert_true(users_verify(users_find(&u, STR("olga"))->hash, STR("newer")));
        e = (struct err){ 0 };
        assert_true(users_remove(&u, STR("admin"), &e) < 0);
        assert_int_equal(e.kind, ERR_CONFLICT);
        e = (struct err){ 0 };
        assert_true(users_set_role(&u, STR("admin"), USER_ANALYST, &e) < 0);
        assert_int_equal(e.kind, ERR_CONFLICT);
        assert_int_equal(users_set_role(&u, STR("olga"), USER_ADMINISTRATOR, &e), 0);
        assert_int_equal(users_remove(&u, STR("admin"), &e), 0);
        assert_null(users_find(&u, STR("admin")));
        e = (struct err){ 0 };
        assert_true(users_remove(&u, STR("nobody"), &e) < 0);
        assert_int_equal(e.kind, ERR_NOT_FOUND);
        users_fini(&u);
}

static void test_file(void **state)
{
        char dir[] = "/tmp/tallyman-users-XXXXXX";
        struct users u = { 0 }, v;
        struct err e = { 0 };
        struct stat st;
        int fd;

        assert_non_null(mkdtemp(dir));
        fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(users_load(&v, fd, "users", &e), 0);
        assert_int_equal(v.n, 0);
        assert_int_equal(users_add(&u, STR("admin"), USER_ADMINISTRATOR, STR("secret"), &e), 0);
        assert_int_equal(users_add(&u, STR("o.k_@-1"), USER_ANALYST, STR("other"), &e), 0);
        assert_int_equal(users_save(&u, fd, "users", &e), 0);
        assert_int_equal(fstatat(fd, "users", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(users_load(&v, fd, "users", &e), 0);
        assert_int_equal(v.n, 2);
        assert_string_equal(v.v[1].name, "o.k_@-1");
        assert_int_equal(v.v[1].role, USER_ANALYST);
        assert_true(users_verify(v.v[0].hash, STR("secret")));
        users_fini(&u);
        users_fini(&v);
        unlinkat(fd, "users", 0);
        close(fd);
        assert_int_equal(rmdir(dir), 0);
}

static void test_bad_files(void **state)
{
        static const struct {
                const char *text, *says;
        } bad[] = {
                { "", "line 1" },
                { "# tallyman users 2\n", "line 1" },
                { "# tallyman users 1\nadmin\n", "line 2" },
                { "# tallyman users 1\n\nadmin:king:$argon2id$x\n", "line 3 of the accounts: the role" },
                { "# tallyman users 1\nadmin:operator:plain\n", "not an argon2id hash" },
                { "# tallyman users 1\n:operator:$argon2id$x\n", "no name" },
                { "# tallyman users 1\na:operator:$argon2id$x\nA:operator:$argon2id$y\n", "twice" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                struct users u;
                struct err e = { 0 };

                assert_true(users_parse(&u, str_of(bad[i].text), &e) < 0);
                assert_int_equal(e.kind, ERR_CORRUPT);
                assert_non_null(strstr(e.text, bad[i].says));
                assert_null(u.v);
        }
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

        assert_int_equal(users_add(&u, STR("admin"), USER_ADMINISTRATOR, STR("secret"), &e), 0);
        assert_int_equal(gate_recall(g, &u.v[0], STR("admin"), STR("secret"), STR("1.1.1.1"), &wait), GATE_UNKNOWN);
        assert_int_equal(gate_check(g, &u, STR("Admin"), STR("secret"), STR("1.1.1.1"), &who, &e), 0);
        assert_string_equal(who->name, "admin");
        assert_int_equal(gate_recall(g, &u.v[0], STR("admin"), STR("secret"), STR("2.2.2.2"), &wait), GATE_RIGHT);
        assert_int_equal(gate_recall(g, &u.v[0], STR("admin"), STR("secret "), STR("2.2.2.2"), &wait), GATE_UNKNOWN);
        /* It forgets in time, and when the password changes. */
        shift_s += GATE_REMEMBER_S + 1;
        assert_int_equal(gate_recall(g, &u.v[0], STR("admin"), STR("secret"), STR("1.1.1.1"), &wait), GATE_UNKNOWN);
        gate_note(g, &u.v[0], STR("admin"), STR("secret"), STR("1.1.1.1"), true);
        assert_int_equal(users_set_password(&u, STR("admin"), STR("newer"), &e), 0);
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
                cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_file, setup, teardown),
                cmocka_unit_test_setup_teardown(test_bad_files, setup, teardown),
                cmocka_unit_test_setup_teardown(test_basic, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gate, setup, teardown),
                cmocka_unit_test_setup_teardown(test_lock_out, setup, teardown),
                cmocka_unit_test_setup_teardown(test_token, setup, teardown),
                cmocka_unit_test_setup_teardown(test_password, setup, teardown),
        };

        return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}
