/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/buf.h"
#include "dp/order_state.h"
#include "dp/piece_stream.h"

enum { N_RECORDS = 5 };
static const uint32_t lengths[N_RECORDS] = { 1, 40, 4096, 3, 70000 };

/* Records whose bytes are their number. */
static void make(struct buf *b)
{
        for (uint32_t i = 0; i < N_RECORDS; i++) {
                struct piece_header h = { .n = lengths[i] };
                uint8_t raw[PIECE_HEADER_LEN];

                h.id.b[0] = (uint8_t)i;
                piece_header_encode(&h, raw);
                buf_add(b, raw, sizeof(raw));
                for (uint32_t k = 0; k < lengths[i]; k++)
                        buf_addc(b, (char)i);
        }
}

/* Feeds one portion, checks the bytes; returns how many records ended, -1 when bad. */
static int feed(struct piece_stream *s, const uint8_t *p, size_t n, uint64_t *bytes)
{
        struct str got;
        int ended = 0;

        for (;;) {
                switch (piece_stream_step(s, &p, &n, &got)) {
                case PIECE_STREAM_MORE:
                        return ended;
                case PIECE_STREAM_HEADER:
                        break;
                case PIECE_STREAM_BYTES:
                        for (size_t i = 0; i < got.n; i++)
                                if ((uint8_t)got.p[i] != s->h.id.b[0])
                                        return -1;
                        *bytes += got.n;
                        break;
                case PIECE_STREAM_END:
                        ended++;
                        break;
                case PIECE_STREAM_BAD:
                        return -1;
                }
        }
}

static void any_portions(void **state)
{
        static const size_t portions[] = { 1, 7, 39, 40, 41, 4096, 1 << 20 };
        struct buf b;

        buf_init(&b, 0);
        make(&b);
        for (size_t k = 0; k < ARRAY_SIZE(portions); k++) {
                struct piece_stream s;
                uint64_t bytes = 0;
                int ended = 0;

                piece_stream_init(&s);
                for (size_t at = 0; at < b.n; at += portions[k])
                        ended += feed(&s, (const uint8_t *)b.p + at, MIN(portions[k], b.n - at), &bytes);
                assert_int_equal(ended, N_RECORDS);
                assert_int_equal(bytes, b.n - N_RECORDS * PIECE_HEADER_LEN);
                assert_int_equal(piece_stream_offset(&s), 0);
        }
        buf_fini(&b);
}

/* Broken off after any byte, the rest follows as the wire says: header again, bytes from the offset. */
static void broken_anywhere(void **state)
{
        struct buf b;

        buf_init(&b, 0);
        make(&b);
        for (size_t cut = 0; cut < 4300; cut++) {
                struct piece_stream s;
                uint64_t bytes = 0;
                int ended;
                size_t begin = 0;

                piece_stream_init(&s);
                ended = feed(&s, (const uint8_t *)b.p, cut, &bytes);
                for (int i = 0; i < ended; i++)
                        begin += PIECE_HEADER_LEN + lengths[i];
                piece_stream_resume(&s);
                ended += feed(&s, (const uint8_t *)b.p + begin, PIECE_HEADER_LEN, &bytes);
                begin += PIECE_HEADER_LEN + (s.open ? s.done : 0);
                ended += feed(&s, (const uint8_t *)b.p + begin, b.n - begin, &bytes);
                assert_int_equal(ended, N_RECORDS);
                assert_int_equal(bytes, b.n - N_RECORDS * PIECE_HEADER_LEN);
        }
        buf_fini(&b);
}

static void another_record_is_no_resumption(void **state)
{
        struct piece_stream s;
        uint64_t bytes = 0;
        struct buf b;

        buf_init(&b, 0);
        make(&b);
        piece_stream_init(&s);
        assert_int_equal(feed(&s, (const uint8_t *)b.p, PIECE_HEADER_LEN * 2 + 1 + 20, &bytes), 1);
        assert_int_equal(piece_stream_offset(&s), 20);
        piece_stream_resume(&s);
        assert_int_equal(feed(&s, (const uint8_t *)b.p, PIECE_HEADER_LEN, &bytes), -1);
        buf_fini(&b);
}

static void garbage(void **state)
{
        struct piece_stream s;
        uint64_t bytes = 0;
        uint8_t junk[64] = "HTTP/1.1 200 OK\r\n";

        piece_stream_init(&s);
        assert_int_equal(feed(&s, junk, sizeof(junk), &bytes), -1);
        assert_int_equal(feed(&s, junk, 0, &bytes), -1);
        assert_int_equal(bytes, 0);
}

/* ---- the table of an order's states ---- */

static void nothing_leaves_the_end(void **state)
{
        for (int ev = 0; ev < N_ORDER_EVENTS; ev++)
                assert_int_equal(order_next(ORDER_DONE, (enum order_event)ev), ORDER_ILLEGAL);
}

static void failure_is_reported_and_cancel_is_not(void **state)
{
        for (int s = 0; s < ORDER_REPORTING; s++) {
                assert_int_equal(order_next((enum order_state)s, ORDER_EV_FAILED), ORDER_REPORTING);
                assert_int_equal(order_next((enum order_state)s, ORDER_EV_CANCELLED), ORDER_DONE);
        }
        assert_int_equal(order_next(ORDER_REPORTING, ORDER_EV_CANCELLED), ORDER_ILLEGAL);
        assert_int_equal(order_next(ORDER_REPORTING, ORDER_EV_FAILED), ORDER_ILLEGAL);
}

/* The only ways to a report of success are: found sound, committed, or worked. */
static void reporting_is_earned(void **state)
{
        for (int s = 0; s < N_ORDER_STATES; s++)
                for (int ev = 0; ev < N_ORDER_EVENTS; ev++)
                        if (ev != ORDER_EV_FAILED && order_next((enum order_state)s, (enum order_event)ev) == ORDER_REPORTING)
                                assert_true((s == ORDER_CHECKING && ev == ORDER_EV_HELD) ||
                                            (s == ORDER_COMMITTING && ev == ORDER_EV_COMMITTED) ||
                                            (s == ORDER_WORKING && ev == ORDER_EV_WORKED));
}

static void every_state_is_reached(void **state)
{
        bool seen[N_ORDER_STATES] = { [ORDER_RECEIVED] = true };

        for (int round = 0; round < N_ORDER_STATES; round++)
                for (int s = 0; s < N_ORDER_STATES; s++)
                        for (int ev = 0; ev < N_ORDER_EVENTS && seen[s]; ev++) {
                                int to = order_next((enum order_state)s, (enum order_event)ev);

                                if (to != ORDER_ILLEGAL)
                                        seen[to] = true;
                        }
        for (int s = 0; s < N_ORDER_STATES; s++) {
                assert_true(seen[s]);
                assert_string_not_equal(order_state_name((enum order_state)s), "?");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_portions),
                cmocka_unit_test(broken_anywhere),
                cmocka_unit_test(another_record_is_no_resumption),
                cmocka_unit_test(garbage),
                cmocka_unit_test(nothing_leaves_the_end),
                cmocka_unit_test(failure_is_reported_and_cancel_is_not),
                cmocka_unit_test(reporting_is_earned),
                cmocka_unit_test(every_state_is_reached),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
