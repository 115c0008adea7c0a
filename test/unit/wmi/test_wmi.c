/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_wmi - WMI's interfaces over a site database, with a client of our own and nothing but buffers between
 */
#include "fixture.h"

#include "dcom/dcom.h"
#include "dcom/ids.h"
#include "pair.h"
#include "tests.h"
#include "wmi/ids.h"
#include "wmi/wmi.h"
#include "wmio/wmio.h"

static struct {
        struct fixture *f;
        struct event_engine *engine;
        struct users users, *users_now;
        struct wmi *wmi;
        struct dcom *dcom;
        struct pair pair;
        struct uuid rem_unknown, login, services;
        struct arena arena;
        unsigned n_answers;
} t;

/* ---- calls ---- */

static void done(void *arg, const struct rpc_result *r)
{
        t.n_answers++;
        t.pair.last = *r;
        buf_reset(&t.pair.text);
        buf_adds(&t.pair.text, r->stub);
}

static void run(void)
{
        for (int i = 0; i < 5; i++) {
                pair_run(&t.pair, 1 << 20);
                loop_run_once(t.f->loop);
        }
        pair_run(&t.pair, 1 << 20);
}

/* A reader behind ORPCTHAT of what was answered last. */
static struct ndr_in answer(void)
{
        struct ndr_in in = ndr_in_of(buf_str(&t.pair.text));

        assert_int_equal(t.pair.last.kind, RPC_RESULT_OK);
        dcom_that_read(&in);
        return in;
}

static struct ndr_out begin(struct buf *b)
{
        struct uuid causality = { { 3 } };
        struct ndr_out o;

        buf_init(b, 0);
        o = ndr_out_to(b);
        dcom_this_write(&o, &causality);
        return o;
}

static void post(const struct uuid *iface, const struct uuid *ipid, uint16_t opnum, struct buf *b)
{
        assert_int_equal(rpc_client_call(t.pair.client, iface, 0, 0, ipid, opnum, buf_str(b), done, NULL), 0);
        buf_fini(b);
        run();
}

static void add_bstr(struct ndr_out *o, const char *z)
{
        uint32_t n = (uint32_t)strlen(z);

        ndr_out_ptr(o, true);
        ndr_out_u32(o, n);
        ndr_out_u32(o, 2 * n);
        ndr_out_u32(o, n);
        for (uint32_t i = 0; i < n; i++)
                ndr_out_u16(o, (uint16_t)z[i]);
}

static struct uuid ipid_of(struct str objref)
{
        struct dcom_objref *r = arena_alloc(&t.arena, sizeof *r);

        assert_true(r && dcom_objref_read(objref, &t.arena, r) == 0 && r->kind == DCOM_OBJREF_STANDARD);
        return r->std.ipid;
}

/* IActivation, then NTLMLogin. */
static void log_in(void)
{
        struct ndr_in in;
        struct ndr_out o;
        uint32_t n_words;
        struct buf b;

        o = begin(&b);
        ndr_out_uuid(&o, &wmi_clsid_level1_login);
        for (int i = 0; i < 4; i++)
                ndr_out_u32(&o, 0);
        ndr_out_u32(&o, 1);
        ndr_out_ptr(&o, true);
        ndr_out_u32(&o, 1);
        ndr_out_uuid(&o, &wmi_iid_level1_login);
        post(&dcom_if_activation, NULL, 0, &b);
        in = answer();
        (void)ndr_in_u64(&in);
        (void)ndr_in_ptr(&in);
        n_words = ndr_in_u32(&in);
        (void)ndr_in_bytes(&in, 4 + 2 * (size_t)n_words);
        t.rem_unknown = ndr_in_uuid(&in);
        (void)ndr_in_u32(&in);
        (void)ndr_in_u32(&in);
        assert_int_equal(ndr_in_u32(&in), 0);
        (void)ndr_in_u32(&in);
        assert_int_not_equal(ndr_in_ptr(&in), 0);
        t.login = ipid_of(dcom_interface_body_read(&in));

        o = begin(&b);
        ndr_out_ptr(&o, true);
        ndr_out_wstring(&o, STR("//./root/sms/site_P01"));
        ndr_out_align(&o, 4);
        ndr_out_u32(&o, 0);
        ndr_out_u32(&o, 0);
        ndr_out_u32(&o, 0);
        post(&wmi_iid_level1_login, &t.login, 6, &b);
        in = answer();
        t.services = ipid_of(dcom_interface_read(&in));
        assert_int_equal(ndr_in_u32(&in), 0);
}

/* ExecQuery (20) or ExecNotificationQuery (22). The HRESULT. */
static uint32_t ask(uint16_t opnum, const char *text, uint32_t flags, struct uuid *rows_out)
{
        struct ndr_in in;
        struct ndr_out o;
        struct str objref;
        struct buf b;

        o = begin(&b);
        add_bstr(&o, "WQL");
        add_bstr(&o, text);
        ndr_out_u32(&o, flags);
        ndr_out_u32(&o, 0);
        post(&wmi_iid_services, &t.services, opnum, &b);
        in = answer();
        objref = dcom_interface_read(&in);
        if (objref.p)
                *rows_out = ipid_of(objref);
        return ndr_in_u32(&in);
}

static void ask_next(const struct uuid *rows, uint32_t timeout_ms, uint32_t want)
{
        struct ndr_out o;
        struct buf b;

        o = begin(&b);
        ndr_out_u32(&o, timeout_ms);
        ndr_out_u32(&o, want);
        post(&wmi_iid_enum, rows, 4, &b);
}

/* What Next answered: how many, the first of them, and the HRESULT. */
static uint32_t took(uint32_t *n_out, struct wmio_decoded **first_out)
{
        struct ndr_in in = answer();
        struct err e = { 0 };

        (void)ndr_in_u32(&in);
        (void)ndr_in_u32(&in);
        *n_out = ndr_in_count(&in, 4, 1000);
        for (uint32_t i = 0; i < *n_out; i++)
                assert_int_not_equal(ndr_in_ptr(&in), 0);
        for (uint32_t i = 0; i < *n_out; i++) {
                struct str objref = arena_str(&t.arena, dcom_interface_body_read(&in)), unit;
                struct wmio_decoded *d;

                assert_int_equal(wmio_objref_unit(objref, &unit, &e), 0);
                assert_int_equal(wmio_decode(unit, &t.arena, &d, &e), 0);
                if (i == 0)
                        *first_out = d;
        }
        assert_int_equal(ndr_in_u32(&in), *n_out);
        return ndr_in_u32(&in);
}

static uint32_t release(const struct uuid *ipid)
{
        struct ndr_in in;
        struct ndr_out o;
        struct buf b;

        o = begin(&b);
        ndr_out_u16(&o, 1);
        ndr_out_u32(&o, 1);
        ndr_out_uuid(&o, ipid);
        ndr_out_u32(&o, 5);
        ndr_out_u32(&o, 0);
        post(&dcom_iid_rem_unknown, &t.rem_unknown, 5, &b);
        in = answer();
        return ndr_in_u32(&in);
}

/* ---- a site ---- */

static int setup(void **state)
{
        static const char *const bindings[] = { "*" };
        static const uint16_t authn[] = { 10 };
        struct dcom_opts o = { .bindings = bindings, .n_bindings = 1, .authn = authn, .n_authn = 1, .resolver_port = 135,
                               .port = 49700 };
        struct user admin = { .name = "admin", .role = USER_ADMINISTRATOR };
        struct err e = { 0 };

        memset(&t, 0, sizeof t);
        if (fixture_setup(state))
                return -1;
        t.f = *state;
        fixture_fill(t.f);
        assert_int_equal(users_put(&t.users, &admin), 0);
        t.users_now = &t.users;
        struct event_engine_opts eo = { .loop = t.f->loop, .hub = t.f->hub, .spacing_us = 1000 };
        struct wmi_opts wo = { .loop = t.f->loop, .provider = t.f->provider, .users = &t.users_now, .site_code = "P01",
                               .server = "SITE" };

        assert_int_equal(event_engine_new(&t.engine, &eo, &e), 0);
        wo.events = t.engine;
        assert_int_equal(wmi_new(&t.wmi, &wo, &e), 0);
        pair_init(&t.pair, NULL, RPC_LEVEL_PRIVACY, "admin", "secret");
        o.rpc = t.pair.server;
        o.factories = wmi_factories(t.wmi, &o.n_factories);
        o.interfaces = wmi_interfaces(&o.n_interfaces);
        assert_int_equal(dcom_new(&t.dcom, &o, &e), 0);
        arena_init(&t.arena, 0);
        log_in();
        return 0;
}

static int teardown(void **state)
{
        dcom_free(t.dcom);
        wmi_close(t.wmi);
        run();
        wmi_free(t.wmi);
        pair_fini(&t.pair);
        event_engine_free(t.engine);
        users_fini(&t.users);
        arena_fini(&t.arena);
        return fixture_teardown(state);
}

/* ---- tests ---- */

static void rows(void **state)
{
        struct wmio_decoded *d;
        struct cim_instance *i;
        struct err e = { 0 };
        struct uuid query;
        uint32_t n;

        assert_int_equal(ask(20, "SELECT * FROM SMS_Package ORDER BY PackageID", 0x30, &query), 0);
        ask_next(&query, UINT32_MAX, 1);
        assert_int_equal(took(&n, &d), 0);
        assert_int_equal(n, 1);
        assert_true(str_eqz(d->ns, "ROOT\\SMS\\site_P01") && str_eqz(d->server, "SITE"));
        assert_int_equal(wmio_to_instance(d, &t.arena, &i, &e), 0);
        assert_true(str_eqz(cim_get(i, "PackageID")->s, "P0100001"));
        ask_next(&query, UINT32_MAX, 10);
        assert_int_equal(took(&n, &d), 1);              /* WBEM_S_FALSE: the rest */
        assert_int_equal(n, 1);
        ask_next(&query, 0, 10);
        assert_int_equal(took(&n, &d), 1);
        assert_int_equal(n, 0);
        assert_int_equal(release(&query), 0);
        ask_next(&query, 0, 1);
        assert_int_equal(t.pair.last.status, RPC_E_DISCONNECTED);
}

static void mistakes(void **state)
{
        struct uuid query = { { 0 } };
        struct wmio_decoded *d;
        uint32_t n;

        assert_int_equal(ask(20, "SELECT FROM", 0x30, &query), 0x80041017);
        assert_int_equal(ask(20, "SELECT * FROM Nope", 0, &query), 0x80041010);
        assert_int_equal(ask(20, "SELECT * FROM SMS_Site", 0x1000, &query), 0x80041008);
        assert_int_equal(ask(22, "SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'SMS_Site'", 0, &query), 0x80041008);
        assert_int_equal(ask(22, "SELECT * FROM SMS_Site", 0x30, &query), 0x80041059);
        assert_int_equal(ask(20, "SELECT * FROM Nope", 0x30, &query), 0);       /* it returns immediately */
        ask_next(&query, UINT32_MAX, 1);
        assert_int_equal(took(&n, &d), 0x80041010);
}

static void events(void **state)
{
        struct wmio_decoded *d;
        struct uuid query;
        unsigned before;
        uint32_t n;

        assert_int_equal(ask(22, "SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'SMS_Collection'", 0x30, &query), 0);
        before = t.n_answers;
        ask_next(&query, UINT32_MAX, 5);
        assert_int_equal(t.n_answers, before);          /* it waits */
        assert_int_equal(fixture_create(t.f, "SMS_Collection", "{\"Name\":\"Waited for\",\"CollectionType\":2}"), 0);
        while (t.n_answers == before)
                run();
        assert_int_equal(took(&n, &d), 0);
        assert_int_equal(n, 1);
        assert_true(str_eqz(d->class->name, "__InstanceCreationEvent"));
        ask_next(&query, 0, 1);
        assert_int_equal(took(&n, &d), 0x40004);        /* WBEM_S_TIMEDOUT */
        before = t.n_answers;
        ask_next(&query, UINT32_MAX, 1);
        assert_int_equal(t.n_answers, before);
        assert_int_equal(release(&query), 0);           /* ends who waits, and the subscription */
        assert_int_equal(t.n_answers, before + 2);
}

/* Whoever has no account any more reads nothing, with what it got before. */
static void account_gone(void **state)
{
        struct uuid query;

        t.users.n = 0;
        assert_int_equal(ask(20, "SELECT * FROM SMS_Package", 0x30, &query), 0x80041003);
        t.users.n = 1;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(rows, setup, teardown),
                cmocka_unit_test_setup_teardown(mistakes, setup, teardown),
                cmocka_unit_test_setup_teardown(events, setup, teardown),
                cmocka_unit_test_setup_teardown(account_gone, setup, teardown),
        };

        return test_parts() + cmocka_run_group_tests_name("site", tests, NULL, NULL);
}
