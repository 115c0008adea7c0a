/* SPDX-License-Identifier: Apache-2.0 */
/* test_pdus - octets of clients as they were captured or are documented, and our answers to them, octet by octet */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/hex.h"
#include "pair.h"
#include "rpc/pdu.h"
#include "tests.h"

#define ECHO "01000000 0200 0300 04 05 06 07 08 09 0a 0b 01000000 "
#define NDR "045d888a eb1c c911 9fe8 08002b104860 02000000 "
#define NDR64 "33057171 babe 3749 8319 b5dbef9ccc36 01000000 "
#define FEATURES "2c1cb76c 1298 4045 0300 000000000000 01000000 "
#define NONE "00000000 0000 0000 0000 000000000000 00000000 "

static struct pair p;

static int setup(void **state)
{
        pair_init(&p, NULL, RPC_LEVEL_NONE, NULL, NULL);
        return 0;
}

static int teardown(void **state)
{
        pair_fini(&p);
        return 0;
}

static size_t octets(const char *text, char *out)
{
        size_t n = 0;

        for (; *text; text++) {
                if (*text == ' ')
                        continue;
                assert_int_equal(hex_decode((struct str){ text++, 2 }, out + n++, 1), 0);
        }
        return n;
}

static void send(const char *text)
{
        char b[1024];

        rpc_conn_input(p.conn, (struct str){ b, octets(text, b) });
}

/* What came back; "....": any octets (association groups are random). */
static void comes(const char *text)
{
        struct str got = rpc_conn_output(p.conn);
        size_t at = 0;

        for (; *text; text++) {
                uint8_t want;

                if (*text == ' ')
                        continue;
                assert_true(at < got.n);
                if (*text != '.') {
                        assert_int_equal(hex_decode((struct str){ text, 2 }, &want, 1), 0);
                        assert_int_equal((uint8_t)got.p[at], want);
                }
                text++;
                at++;
        }
        assert_int_equal(got.n, at);
        rpc_conn_taken(p.conn, got.n);
}

static void bind_results(void **state)
{
        send("05000b17 10000000 cc00 0000 07000000  d016 d016 00000000 04000000 "
             "0000 0100 " ECHO NDR "0100 0100 " ECHO NDR64 "0200 0100 " ECHO FEATURES
             "0300 0100 99999999 0000 0000 0000 000000000000 01000000 " NDR);
        comes("05000c17 10000000 8400 0000 07000000  d016 d016 ........ 0400 31333500 0000 04000000 "
              "0000 0000 " NDR "0200 0200 " NONE "0300 0300 " NONE "0200 0100 " NONE);
        assert_true(rpc_conn_established(p.conn));
        assert_null(rpc_conn_ended(p.conn));
}

static const char bind_open[] = "05000b03 10000000 4800 0000 01000000  d016 d016 00000000 01000000 0500 0100 "
                                "02000000 0200 0300 04 05 06 07 08 09 0a 0b 01000000 " NDR;

static void a_call_and_its_fault(void **state)
{
        send(bind_open);
        rpc_conn_taken(p.conn, rpc_conn_output(p.conn).n);
        send("05000003 10000000 1c00 0000 02000000  04000000 0500 0000 61626364");
        comes("05000203 10000000 1c00 0000 02000000  04000000 0500 0000 61626364");
        send("05000003 10000000 1800 0000 03000000  00000000 0500 0200");
        comes("05000303 10000000 2000 0000 03000000  08000000 0500 0000 34120000 00000000");
        send("05000003 10000000 1800 0000 04000000  00000000 0700 0000");       /* no such context */
        comes("05000323 10000000 2000 0000 04000000  08000000 0700 0000 0300011c 00000000");
        assert_null(rpc_conn_ended(p.conn));
}

static void fragments_of_two_calls(void **state)
{
        send(bind_open);
        rpc_conn_taken(p.conn, rpc_conn_output(p.conn).n);
        send("05000001 10000000 1a00 0000 02000000  04000000 0500 0000 6162");
        send("05000001 10000000 1a00 0000 03000000  04000000 0500 0000 3132");
        assert_true(rpc_conn_in_pdu(p.conn));
        send("05000000 10000000 1900 0000 02000000  04000000 0500 0000 63");
        send("05000002 10000000 1a00 0000 03000000  04000000 0500 0000 3334");
        comes("05000203 10000000 1c00 0000 03000000  04000000 0500 0000 31323334");
        send("05000002 10000000 1900 0000 02000000  04000000 0500 0000 64");
        comes("05000203 10000000 1c00 0000 02000000  04000000 0500 0000 61626364");
        assert_int_equal(rpc_conn_calls(p.conn), 0);
        assert_false(rpc_conn_in_pdu(p.conn));
}

static void cancel_and_orphan(void **state)
{
        send(bind_open);
        rpc_conn_taken(p.conn, rpc_conn_output(p.conn).n);
        send("05000003 10000000 1800 0000 02000000  00000000 0500 0100");
        send("05001203 10000000 1000 0000 02000000");
        assert_int_equal(p.n_cancelled, 1);
        rpc_call_fault(steal(&p.kept[0]), RPC_S_CALL_CANCELLED);
        comes("05000303 10000000 2000 0000 02000000  08000000 0500 0000 0d00001c 00000000");
        send("05000003 10000000 1800 0000 03000000  00000000 0500 0100");
        send("05001303 10000000 1000 0000 03000000");
        assert_int_equal(p.n_cancelled, 2);
        rpc_call_reply(steal(&p.kept[1]), STR("nobody wants it"));
        comes("");
        send("05001203 10000000 1000 0000 77000000");   /* a call that is not there */
        assert_null(rpc_conn_ended(p.conn));
        assert_int_equal(rpc_conn_calls(p.conn), 0);
}

static void unknown_authentication(void **state)
{
        send("05000b03 10000000 5400 0400 01000000  d016 d016 00000000 01000000 0500 0100 "
             "02000000 0200 0300 04 05 06 07 08 09 0a 0b 01000000 " NDR "4406 0000 00000000 61626364");
        comes("05000d03 10000000 1500 0000 01000000  0800 010500");
        assert_non_null(rpc_conn_ended(p.conn));
}

static void nonsense_ends_the_connection(void **state)
{
        static const char *const texts[] = {
                "04000003 10000000 1800 0000 02000000",         /* version 4 */
                "05000003 00000000 0018 0000 02000000",         /* big-endian */
                "05000003 10000000 0f00 0000 02000000",         /* shorter than its header */
                "05000003 10000000 d116 0000 02000000",         /* longer than offered */
                "05000003 10000000 1800 0100 02000000 00000000 00000000",  /* no room for the trailer */
                "05000003 10000000 1800 0000 02000000  00000000 0500 0000",     /* a request before bind */
                "05000e03 10000000 1c00 0000 02000000  d016 d016 00000000 00000000",    /* alter_context before bind */
                "05001003 10000000 1000 0000 02000000",         /* auth3 without a token */
                "05000c03 10000000 1000 0000 02000000",         /* a server's PDU */
                "05000b03 10000000 1c00 0000 02000000  d016 d016 00000000 ff000000",    /* 255 contexts, none there */
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                pair_fini(&p);
                pair_init(&p, NULL, RPC_LEVEL_NONE, NULL, NULL);
                send(texts[i]);
                assert_non_null(rpc_conn_ended(p.conn));
                assert_false(rpc_conn_wants_input(p.conn));
        }
}

static void half_a_header_is_no_error(void **state)
{
        send("05000b03 1000");
        assert_null(rpc_conn_ended(p.conn));
        assert_true(rpc_conn_in_pdu(p.conn));
        assert_false(rpc_conn_established(p.conn));
}

int test_pdus(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(bind_results, setup, teardown),
                cmocka_unit_test_setup_teardown(a_call_and_its_fault, setup, teardown),
                cmocka_unit_test_setup_teardown(fragments_of_two_calls, setup, teardown),
                cmocka_unit_test_setup_teardown(cancel_and_orphan, setup, teardown),
                cmocka_unit_test_setup_teardown(unknown_authentication, setup, teardown),
                cmocka_unit_test_setup_teardown(nonsense_ends_the_connection, setup, teardown),
                cmocka_unit_test_setup_teardown(half_a_header_is_no_error, setup, teardown),
        };

        return cmocka_run_group_tests_name("pdus", tests, NULL, NULL);
}
