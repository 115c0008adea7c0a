/* SPDX-License-Identifier: Apache-2.0 */
/* test_users - TM_User: accounts made, changed, allowed NTLM; what is stored of a password; the last administrator */
#include "fixture.h"
#include "model/user.h"
#include "ntlm/ntlm.h"

struct load {
        struct db_job job;
        struct users users;
};

static int load_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        return model_users_load(c, &container_of(j, struct load, job)->users, e);
}

static void load_done(struct db_job *j)
{
        assert_int_equal(j->r, 0);
}

static struct users load(struct fixture *f)
{
        struct load l = { .job = { .work = load_work, .done = load_done } };

        db_read(f->db, &l.job);
        return l.users;
}

static void create(struct fixture *f, const char *json)
{
        if (fixture_call(f, "TM_User", "Create", json) < 0)
                fail_msg("%s", f->q.err.text);
}

static void two(struct fixture *f)
{
        create(f, "{\"UserName\":\"anna\",\"Password\":\"secret\",\"Role\":2}");
        create(f, "{\"UserName\":\"Olga\",\"Password\":\"other\",\"Role\":1,\"Ntlm\":true}");
}

static void what_is_stored(void **state)
{
        struct fixture *f = *state;
        uint8_t nt[NTLM_HASH_LEN];
        struct users u;

        two(f);
        u = load(f);
        assert_int_equal(u.n, 2);
        assert_true(users_verify(users_find(&u, STR("ANNA"))->hash, STR("secret")));
        assert_false(users_find(&u, STR("anna"))->ntlm);
        assert_true(users_find(&u, STR("olga"))->ntlm);
        ntlm_hash(STR("other"), nt);
        assert_memory_equal(users_find(&u, STR("olga"))->nt_hash, nt, sizeof(nt));
        users_fini(&u);
        assert_int_equal(fixture_get(f, "TM_User.UserName=\"olga\""), 0);
        assert_int_equal(cim_get(f->q.result, "NtlmEnabled")->i, 1);
}

static void ntlm_comes_and_goes(void **state)
{
        struct fixture *f = *state;
        struct users u;

        two(f);
        assert_true(fixture_call(f, "TM_User.UserName=\"anna\"", "EnableNtlm", "{\"Password\":\"wrong\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
        assert_int_equal(fixture_call(f, "TM_User.UserName=\"anna\"", "EnableNtlm", "{\"Password\":\"secret\"}"), 0);
        assert_int_equal(fixture_call(f, "TM_User.UserName=\"olga\"", "DisableNtlm", "{}"), 0);
        u = load(f);
        assert_true(users_find(&u, STR("anna"))->ntlm);
        assert_false(users_find(&u, STR("olga"))->ntlm);
        users_fini(&u);
        /* another password, another NT hash; none for who has none */
        assert_int_equal(fixture_call(f, "TM_User.UserName=\"anna\"", "SetPassword", "{\"Password\":\"new one\"}"), 0);
        assert_int_equal(fixture_call(f, "TM_User.UserName=\"olga\"", "SetPassword", "{}"), 0);
        u = load(f);
        assert_true(users_find(&u, STR("anna"))->ntlm);
        assert_true(users_verify(users_find(&u, STR("anna"))->hash, STR("new one")));
        assert_false(users_find(&u, STR("olga"))->ntlm);
        assert_false(users_verify(users_find(&u, STR("olga"))->hash, STR("other")));
        users_fini(&u);
}

static void refused(void **state)
{
        struct fixture *f = *state;

        two(f);
        assert_true(fixture_call(f, "TM_User", "Create", "{\"UserName\":\"OLGA\",\"Password\":\"x\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_EXISTS);
        assert_true(fixture_call(f, "TM_User", "Create", "{\"UserName\":\"a b\",\"Password\":\"x\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_INVALID);
        assert_true(fixture_call(f, "TM_User", "Create", "{\"UserName\":\"c\",\"Password\":\"x\",\"Role\":3}") < 0);
        assert_int_equal(f->q.err.kind, ERR_INVALID);
        fixture_role(f, USER_OPERATOR);
        assert_true(fixture_call(f, "TM_User", "Create", "{\"UserName\":\"c\",\"Password\":\"x\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
        assert_true(fixture_call(f, "TM_User.UserName=\"anna\"", "SetPassword", "{\"Password\":\"x\"}") < 0);
        assert_int_equal(f->q.err.kind, ERR_DENIED);
}

static void the_last_administrator_stays(void **state)
{
        struct fixture *f = *state;

        two(f);
        assert_true(fixture_delete(f, "TM_User.UserName=\"anna\"") < 0);
        assert_int_equal(f->q.err.kind, ERR_CONFLICT);
        assert_true(fixture_change(f, "TM_User.UserName=\"anna\"", "{\"Disabled\":true}", true) < 0);
        assert_int_equal(f->q.err.kind, ERR_CONFLICT);
        assert_true(fixture_change(f, "TM_User.UserName=\"anna\"", "{\"Role\":0}", true) < 0);
        assert_int_equal(f->q.err.kind, ERR_CONFLICT);
        assert_int_equal(fixture_change(f, "TM_User.UserName=\"olga\"", "{\"Role\":2}", true), 0);
        assert_int_equal(fixture_change(f, "TM_User.UserName=\"anna\"", "{\"Disabled\":true}", true), 0);
        assert_true(fixture_delete(f, "TM_User.UserName=\"olga\"") < 0);
        assert_int_equal(f->q.err.kind, ERR_CONFLICT);
        assert_int_equal(fixture_delete(f, "TM_User.UserName=\"anna\""), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
        const struct CMUnitTest tests[] = {
                T(what_is_stored), T(ntlm_comes_and_goes), T(refused), T(the_last_administrator_stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
