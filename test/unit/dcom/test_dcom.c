/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_dcom - an exporter as its client sees it, with nothing between them but buffers and a clock of the test's
 */
#include "tests.h"

#include "dcom/activation.h"
#include "dcom/dcom.h"
#include "dcom/ids.h"
#include "pair.h"

static const struct uuid thing_class = UUID_INIT(0x11111111, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
static const struct uuid thing_iid = UUID_INIT(0x22222222, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
static const struct uuid other_iid = UUID_INIT(0x33333333, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

struct thing {
        struct dcom_object object;
};
static struct {
        struct pair pair;
        struct dcom *dcom;
        unsigned made, unreferenced, freed;
        struct dcom_call *parked;
        int64_t now_us;
        struct uuid ipid, rem_unknown;
        uint64_t oid;
} t;

static int64_t now_us(void)
{
        return t.now_us;
}

/* Opnum 3 answers with twice what it is asked, 4 is answered later. */
static void call_thing(struct dcom_call *c)
{
        uint32_t v = ndr_in_u32(&c->in);

        if (c->opnum == 4) {
                t.parked = c;
        } else if (c->opnum != 3) {
                dcom_call_fault(c, RPC_S_OP_RANGE);
        } else {
                ndr_out_u32(dcom_call_answer(c), 2 * v);
                dcom_call_end_hresult(c, DCOM_S_OK);
        }
}
static const struct dcom_interface thing_interface = { &thing_iid, "IThing", call_thing };
static const struct dcom_interface other_interface = { &other_iid, "IOther", call_thing };
static const struct dcom_interface *const interfaces[] = { &thing_interface, &other_interface };

static void unreferenced(struct dcom_object *o)
{
        t.unreferenced++;
        if (t.parked)
                dcom_call_end_hresult(t.parked, 7);
        t.parked = NULL;
}

static void thing_free(struct dcom_object *o)
{
        t.freed++;
        free(container_of(o, struct thing, object));
}
static const struct dcom_class thing_class_table = { interfaces, 2, unreferenced, thing_free };

static uint32_t create(void *ctx, struct dcom_call *c, struct dcom_object **out)
{
        struct thing *x = calloc(1, sizeof *x);

        assert_int_equal(dcom_object_init(&x->object, &thing_class_table, c), 0);
        t.made++;
        *out = &x->object;
        return DCOM_S_OK;
}

static int setup(void **state)
{
        static const struct dcom_factory factory = { .clsid = UUID_INIT(0x11111111, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), .create = create };
        static const char *const bindings[] = { "*", "SITE" };
        static const uint16_t authn[] = { 10 };
        struct dcom_opts o = { .factories = &factory, .n_factories = 1, .interfaces = interfaces, .n_interfaces = 2,
                               .bindings = bindings, .n_bindings = 2, .authn = authn, .n_authn = 1, .resolver_port = 135,
                               .port = 49700, .now_us = now_us };
        struct err e = { 0 };

        memset(&t, 0, sizeof t);
        t.now_us = 1;
        pair_init(&t.pair, NULL, RPC_LEVEL_PRIVACY, "admin", "secret");
        o.rpc = t.pair.server;
        assert_int_equal(dcom_new(&t.dcom, &o, &e), 0);
        return 0;
}

static int teardown(void **state)
{
        dcom_free(t.dcom);
        pair_fini(&t.pair);
        assert_int_equal(t.made, t.freed);
        return 0;
}

static void done(void *arg, const struct rpc_result *r)
{
        t.pair.last = *r;
        buf_reset(&t.pair.text);
        buf_adds(&t.pair.text, r->stub);
}

static void call(const struct uuid *iface, const struct uuid *object, uint16_t opnum, struct str stub)
{
        assert_int_equal(rpc_client_call(t.pair.client, iface, 0, 0, object, opnum, stub, done, NULL), 0);
        pair_run(&t.pair, 1 << 20);
}

/* A call; its answer is in t.pair.last, a reader of it behind ORPCTHAT comes back. */
static struct ndr_in orpc(const struct uuid *iface, const struct uuid *ipid, uint16_t opnum, struct buf *args)
{
        struct uuid causality = { { 9 } };
        struct ndr_in in;
        struct ndr_out o;
        struct buf b;

        buf_init(&b, 0);
        o = ndr_out_to(&b);
        dcom_this_write(&o, &causality);
        if (args) {
                buf_adds(&b, buf_str(args));
                buf_fini(args);
        }
        call(iface, ipid, opnum, buf_str(&b));
        buf_fini(&b);
        in = ndr_in_of(buf_str(&t.pair.text));
        if (t.pair.last.kind == RPC_RESULT_OK)
                dcom_that_read(&in);
        return in;
}

static struct ndr_out args_begin(struct buf *b)
{
        buf_init(b, 0);
        return ndr_out_to(b);
}

/* IActivation::RemoteActivation of a class, for one interface. The HRESULT of the activation. */
static uint32_t activate(const struct uuid *clsid, const struct uuid *iid)
{
        struct dcom_dualstring d;
        struct dcom_objref ref;
        uint32_t hr, n_words;
        struct ndr_in in;
        struct ndr_out o;
        struct cursor c;
        struct arena a;
        struct buf b;

        o = args_begin(&b);
        ndr_out_uuid(&o, clsid);
        ndr_out_u32(&o, 0);
        ndr_out_u32(&o, 0);
        ndr_out_u32(&o, 2);
        ndr_out_u32(&o, 0);
        ndr_out_u32(&o, 1);
        ndr_out_ptr(&o, true);
        ndr_out_u32(&o, 1);
        ndr_out_uuid(&o, iid);
        in = orpc(&dcom_if_activation, NULL, 0, &b);
        assert_int_equal(t.pair.last.kind, RPC_RESULT_OK);
        arena_init(&a, 0);
        assert_true(ndr_in_u64(&in) == dcom_oxid(t.dcom));
        assert_int_not_equal(ndr_in_ptr(&in), 0);
        n_words = ndr_in_u32(&in);
        c = cursor_of(in.p + in.at, in.n - in.at);
        dcom_dualstring_read(&c, &a, &d);
        assert_true(!c.bad && str_eqz(d.strings[0].address, "192.0.2.2[49700]") && str_eqz(d.strings[1].address, "SITE[49700]"));
        in.at += 4 + 2 * (size_t)n_words;
        t.rem_unknown = ndr_in_uuid(&in);
        assert_int_equal(ndr_in_u32(&in), 5);
        (void)ndr_in_u32(&in);
        hr = ndr_in_u32(&in);
        assert_int_equal(ndr_in_u32(&in), 1);
        if (ndr_in_ptr(&in)) {
                assert_int_equal(dcom_objref_read(dcom_interface_body_read(&in), &a, &ref), 0);
                t.ipid = ref.std.ipid;
                t.oid = ref.std.oid;
                assert_int_equal(ref.std.public_refs, 5);
        }
        arena_fini(&a);
        return hr;
}

static uint32_t release(const struct uuid *ipid, uint32_t refs)
{
        struct ndr_in in;
        struct ndr_out o;
        struct buf b;

        o = args_begin(&b);
        ndr_out_u16(&o, 1);
        ndr_out_u32(&o, 1);
        ndr_out_uuid(&o, ipid);
        ndr_out_u32(&o, refs);
        ndr_out_u32(&o, 0);
        in = orpc(&dcom_iid_rem_unknown, &t.rem_unknown, 5, &b);
        return ndr_in_u32(&in);
}

static uint32_t twice(uint32_t v)
{
        struct ndr_in in;
        struct ndr_out o;
        struct buf b;

        o = args_begin(&b);
        ndr_out_u32(&o, v);
        in = orpc(&thing_iid, &t.ipid, 3, &b);
        return t.pair.last.kind == RPC_RESULT_OK ? ndr_in_u32(&in) : t.pair.last.status;
}

static void life(void **state)
{
        assert_int_equal(activate(&thing_class, &thing_iid), DCOM_S_OK);
        assert_int_equal(twice(21), 42);
        assert_int_equal(release(&t.ipid, 4), DCOM_S_OK);
        assert_int_equal(twice(4), 8);
        assert_int_equal(t.unreferenced, 0);
        assert_int_equal(release(&t.ipid, 1), DCOM_S_OK);
        assert_int_equal(t.unreferenced, 1);
        assert_int_equal(t.freed, 1);
        assert_int_equal(twice(1), RPC_E_DISCONNECTED);
        assert_int_equal(release(&t.ipid, 1), DCOM_S_OK);       /* once more does no harm */
        assert_int_equal(dcom_objects(t.dcom), 0);
}

static void not_here(void **state)
{
        assert_int_equal(activate(&thing_iid, &thing_iid), DCOM_E_CLASSNOTREG);
        assert_int_equal(activate(&thing_class, &dcom_if_activation), DCOM_S_OK);      /* but no such interface: no IPID */
        assert_int_equal(t.made, t.freed);
        assert_int_equal(twice(1), RPC_E_DISCONNECTED);
}

/* RemQueryInterface for two interfaces, one of which there is not. */
static void asking(void **state)
{
        struct uuid other;
        struct ndr_in in;
        struct ndr_out o;
        struct buf b;

        assert_int_equal(activate(&thing_class, &thing_iid), DCOM_S_OK);
        o = args_begin(&b);
        ndr_out_uuid(&o, &t.ipid);
        ndr_out_u32(&o, 5);
        ndr_out_u16(&o, 2);
        ndr_out_u32(&o, 2);
        ndr_out_uuid(&o, &other_iid);
        ndr_out_uuid(&o, &dcom_if_activation);
        in = orpc(&dcom_iid_rem_unknown, &t.rem_unknown, 3, &b);
        assert_int_not_equal(ndr_in_ptr(&in), 0);
        assert_int_equal(ndr_in_u32(&in), 2);
        ndr_in_align(&in, 8);
        assert_int_equal(ndr_in_u32(&in), DCOM_S_OK);
        (void)ndr_in_bytes(&in, 4 + 24);
        other = ndr_in_uuid(&in);
        assert_false(uuid_eq(&other, &t.ipid));
        ndr_in_align(&in, 8);
        assert_int_equal(ndr_in_u32(&in), DCOM_E_NOINTERFACE);
        (void)ndr_in_bytes(&in, 4 + 40);
        assert_int_equal(ndr_in_u32(&in), DCOM_S_FALSE);
        assert_int_equal(release(&t.ipid, 5), DCOM_S_OK);
        assert_int_equal(t.unreferenced, 0);                    /* the other one holds it */
        assert_int_equal(release(&other, 5), DCOM_S_OK);
        assert_int_equal(t.unreferenced, 1);
}

/* A call that waits keeps its object, and is told when the last reference goes. */
static void waiting(void **state)
{
        assert_int_equal(activate(&thing_class, &thing_iid), DCOM_S_OK);
        (void)orpc(&thing_iid, &t.ipid, 4, NULL);
        assert_non_null(t.parked);
        (void)release(&t.ipid, 5);
        assert_int_equal(t.unreferenced, 1);
        assert_null(t.parked);
        assert_int_equal(t.freed, 1);
}

static uint32_t simple_ping(uint64_t id)
{
        struct ndr_out o;
        struct buf b;
        struct ndr_in in;

        o = args_begin(&b);
        ndr_out_u64(&o, id);
        call(&dcom_if_object_exporter, NULL, 1, buf_str(&b));
        buf_fini(&b);
        in = ndr_in_of(buf_str(&t.pair.text));
        return ndr_in_u32(&in);
}

static uint64_t ping_set(uint64_t oid)
{
        struct ndr_out o;
        struct buf b;
        struct ndr_in in;

        o = args_begin(&b);
        ndr_out_u64(&o, 0);
        ndr_out_u16(&o, 1);
        ndr_out_u16(&o, 1);
        ndr_out_u16(&o, 0);
        ndr_out_ptr(&o, true);
        ndr_out_u32(&o, 1);
        ndr_out_u64(&o, oid);
        ndr_out_ptr(&o, false);
        call(&dcom_if_object_exporter, NULL, 2, buf_str(&b));
        buf_fini(&b);
        in = ndr_in_of(buf_str(&t.pair.text));
        return ndr_in_u64(&in);
}

/* Connections have numbers from 1 on; the first is ours. */
static void silence(void **state)
{
        const int64_t minute = 60000000;
        uint64_t set;

        assert_int_equal(activate(&thing_class, &thing_iid), DCOM_S_OK);
        set = ping_set(t.oid);
        t.now_us += 100 * minute;
        dcom_collect(t.dcom);
        assert_int_equal(dcom_objects(t.dcom), 1);              /* its connection lives */
        set = ping_set(t.oid);
        for (uint64_t k = 0; k < 10; k++)
                dcom_connection_closed(t.dcom, k);
        for (int i = 0; i < 5; i++) {
                t.now_us += 7 * minute;
                assert_int_equal(simple_ping(set), DCOM_S_OK);
                dcom_collect(t.dcom);
                assert_int_equal(dcom_objects(t.dcom), 1);      /* it is pinged */
        }
        t.now_us += 9 * minute;
        dcom_collect(t.dcom);
        assert_int_equal(dcom_objects(t.dcom), 0);
        assert_int_equal(t.unreferenced, 1);
        assert_int_equal(simple_ping(set), DCOM_OR_INVALID_SET);
}

static void strangers_sets(void **state)
{
        uint64_t set = ping_set(0x4711);

        assert_true(set != 0);
        assert_int_equal(simple_ping(set), DCOM_OR_INVALID_SET);        /* named nothing of ours: not kept */
}

static void broken_stubs(void **state)
{
        struct uuid nobody = { { 1 } };

        (void)orpc(&dcom_if_scm_activator, NULL, 4, NULL);
        assert_int_equal(t.pair.last.status, RPC_S_BAD_STUB_DATA);
        (void)orpc(&dcom_if_scm_activator, NULL, 5, NULL);
        assert_int_equal(t.pair.last.status, RPC_S_OP_RANGE);
        (void)orpc(&thing_iid, &nobody, 3, NULL);
        assert_int_equal(t.pair.last.status, RPC_E_DISCONNECTED);
        call(&dcom_if_activation, NULL, 0, STR("short"));
        assert_int_equal(t.pair.last.status, RPC_S_BAD_STUB_DATA);
        call(&dcom_if_object_exporter, NULL, 4, STR("short"));
        assert_int_equal(t.pair.last.status, RPC_S_BAD_STUB_DATA);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(life, setup, teardown),
                cmocka_unit_test_setup_teardown(not_here, setup, teardown),
                cmocka_unit_test_setup_teardown(asking, setup, teardown),
                cmocka_unit_test_setup_teardown(waiting, setup, teardown),
                cmocka_unit_test_setup_teardown(silence, setup, teardown),
                cmocka_unit_test_setup_teardown(strangers_sets, setup, teardown),
                cmocka_unit_test_setup_teardown(broken_stubs, setup, teardown),
        };

        return test_codecs() + cmocka_run_group_tests_name("exporter", tests, NULL, NULL);
}
