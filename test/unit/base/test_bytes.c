/* SPDX-License-Identifier: Apache-2.0 */
/* buf, cursor, arena, map, list */
#include "tests.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"

static void buf_grows_and_reads_back(void **state)
{
        struct buf b;
        struct cursor c;

        buf_init(&b, 0);
        buf_le16(&b, 0x1234);
        buf_le32(&b, 0x89abcdef);
        buf_le64(&b, UINT64_C(0x0123456789abcdef));
        buf_varint(&b, 0);
        buf_varint(&b, 127);
        buf_varint(&b, 128);
        buf_varint(&b, UINT64_MAX);
        buf_addz(&b, "text");
        buf_addc(&b, '!');
        buf_printf(&b, "%d", 42);
        assert_false(b.failed);
        c = cursor_of(b.p, b.n);
        assert_int_equal(cursor_le16(&c), 0x1234);
        assert_int_equal(cursor_le32(&c), 0x89abcdef);
        assert_true(cursor_le64(&c) == UINT64_C(0x0123456789abcdef));
        assert_int_equal(cursor_varint(&c), 0);
        assert_int_equal(cursor_varint(&c), 127);
        assert_int_equal(cursor_varint(&c), 128);
        assert_true(cursor_varint(&c) == UINT64_MAX);
        assert_true(str_eqz(cursor_bytes(&c, 7), "text!42"));
        assert_false(c.bad);
        assert_true(c.p == c.end);
        buf_fini(&b);
}

static void buf_keeps_its_limit(void **state)
{
        struct buf b;

        buf_init(&b, 10);
        buf_addz(&b, "0123456789");
        assert_false(b.failed);
        buf_addc(&b, 'x');
        assert_true(b.failed);
        buf_consume(&b, 5);
        buf_addc(&b, 'x');
        assert_string_equal(b.p, "56789");      /* failed stays failed, nothing more is taken */
        assert_null(buf_steal(&b));
        buf_addz(&b, "again");
        buf_printf(&b, "%s", "too long");
        assert_true(b.failed);
        buf_reset(&b);
        buf_addz(&b, "short");
        assert_string_equal(b.p, "short");
        assert_false(buf_reserve(&b, SIZE_MAX));
        buf_fini(&b);
}

static void buf_steal_gives_text(void **state)
{
        struct buf b;
        char *p;

        buf_init(&b, 0);
        p = buf_steal(&b);
        assert_string_equal(p, "");
        free(p);
        buf_addz(&b, "abc");
        p = buf_steal(&b);
        assert_string_equal(p, "abc");
        assert_int_equal(b.n, 0);
        free(p);
        buf_consume(&b, 3);
        buf_fini(&b);
}

static void cursor_stops_at_the_end(void **state)
{
        struct cursor c = cursor_of("\x01\x02\x03", 3);

        assert_int_equal(cursor_le16(&c), 0x0201);
        assert_int_equal(cursor_le16(&c), 0);
        assert_true(c.bad);
        assert_int_equal(cursor_u8(&c), 0);     /* the third byte is there, but bad stays */
        c = cursor_of(NULL, 0);
        assert_int_equal(cursor_u8(&c), 0);
        assert_true(c.bad);
}

static void varint_refuses(void **state)
{
        static const struct {
                const char *p;
                size_t n;
        } bad[] = { { "\x80", 1 },
                    { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 },
                    { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 } };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                struct cursor c = cursor_of(bad[i].p, bad[i].n);

                assert_int_equal(cursor_varint(&c), 0);
                assert_true(c.bad);
        }
}

static void arena_aligns_zeroes_and_bounds(void **state)
{
        struct arena a;
        char *small, *big;

        arena_init(&a, 1 << 20);
        for (size_t n = 0; n < 3000; n += 7) {
                char *p = arena_alloc(&a, n);

                assert_non_null(p);
                assert_int_equal((uintptr_t)p % 16, 0);
                for (size_t i = 0; i < n; i++)
                        assert_int_equal(p[i], 0);
                memset(p, 0xaa, n);
        }
        assert_null(arena_alloc(&a, 1 << 20));
        assert_null(arena_array(&a, SIZE_MAX / 2, 3));
        small = arena_printf(&a, "%d files", 12);
        assert_string_equal(small, "12 files");
        assert_string_equal(arena_strz(&a, "x"), "x");
        assert_true(str_eqz(arena_str(&a, STR("slice")), "slice"));
        arena_fini(&a);
        assert_int_equal(a.used, 0);
        big = arena_alloc(&a, 1 << 19);         /* usable again, with the same limit */
        assert_non_null(big);
        assert_null(arena_alloc(&a, (1 << 19) + 1));
        arena_fini(&a);
}

static void map_keeps_and_forgets(void **state)
{
        enum { N = 2000 };
        static int values[N];
        struct map m;
        char key[16];
        void *old;

        map_init(&m, false);
        assert_null(map_get(&m, STR("nothing")));
        assert_null(map_del(&m, STR("nothing")));
        for (int i = 0; i < N; i++) {
                (void)snprintf(key, sizeof key, "key %d", i);
                assert_int_equal(map_put(&m, str_of(key), &values[i], &old), 0);
                assert_null(old);
        }
        assert_int_equal(m.n, N);
        for (int i = 0; i < N; i += 2) {
                (void)snprintf(key, sizeof key, "key %d", i);
                assert_ptr_equal(map_del(&m, str_of(key)), &values[i]);
        }
        for (int i = 0; i < N; i++) {
                (void)snprintf(key, sizeof key, "key %d", i);
                assert_ptr_equal(map_get(&m, str_of(key)), i % 2 ? &values[i] : NULL);
        }
        assert_int_equal(map_put(&m, STR("key 1"), &values[0], &old), 0);
        assert_ptr_equal(old, &values[1]);
        assert_int_equal(m.n, N / 2);
        map_fini(&m, NULL);
}

/* Many insertions and removals must not fill the table with the marks of removed keys. */
static void map_survives_churn(void **state)
{
        struct map m;
        char key[16];

        map_init(&m, false);
        for (int i = 0; i < 10000; i++) {
                (void)snprintf(key, sizeof key, "%d", i);
                assert_int_equal(map_put(&m, str_of(key), &m, NULL), 0);
                assert_ptr_equal(map_del(&m, str_of(key)), &m);
        }
        assert_int_equal(m.n, 0);
        assert_true(m.cap <= 64);
        map_fini(&m, NULL);
}

static void map_folds_and_walks(void **state)
{
        struct map m;
        struct str key;
        void *value;
        size_t it = 0, n = 0;

        map_init(&m, true);
        assert_int_equal(map_put(&m, STR("SMS_Package"), strdup("a"), NULL), 0);
        assert_int_equal(map_put(&m, STR("sms_program"), strdup("b"), NULL), 0);
        assert_string_equal(map_get(&m, STR("sms_PACKAGE")), "a");
        while (map_next(&m, &it, &key, &value)) {
                assert_true(str_eqz_nocase(key, "SMS_PACKAGE") || str_eqz_nocase(key, "SMS_PROGRAM"));
                n++;
        }
        assert_int_equal(n, 2);
        map_fini(&m, free);
}

static void hashing_is_seeded(void **state)
{
        assert_true(hash_bytes("abc", 3, 1) != hash_bytes("abc", 3, 2));
        assert_true(hash_bytes("abc", 3, 1) != hash_bytes("abd", 3, 1));
        assert_true(hash_bytes("a\0", 2, 1) != hash_bytes("a", 1, 1));
        assert_true(hash_bytes("12345678", 8, 1) == hash_bytes("12345678", 8, 1));
}

static void list_order(void **state)
{
        struct item {
                int v;
                struct list link;
        } items[3] = { { .v = 1 }, { .v = 2 }, { .v = 3 } };
        struct list head = LIST_INIT(head), *pos, *tmp;
        int want = 1;

        list_push_back(&head, &items[1].link);
        list_push_back(&head, &items[2].link);
        list_push_front(&head, &items[0].link);
        list_for_each(pos, &head, tmp) {
                assert_int_equal(list_entry(pos, struct item, link)->v, want++);
                list_del(pos);
        }
        assert_int_equal(want, 4);
        assert_true(list_empty(&head));
        list_del(&items[0].link);               /* twice is harmless */
        assert_null(list_pop_front(&head));
}

int test_bytes(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(buf_grows_and_reads_back), cmocka_unit_test(buf_keeps_its_limit),
                cmocka_unit_test(buf_steal_gives_text),     cmocka_unit_test(cursor_stops_at_the_end),
                cmocka_unit_test(varint_refuses),           cmocka_unit_test(arena_aligns_zeroes_and_bounds),
                cmocka_unit_test(map_keeps_and_forgets),    cmocka_unit_test(map_survives_churn),
                cmocka_unit_test(map_folds_and_walks),      cmocka_unit_test(hashing_is_seeded),
                cmocka_unit_test(list_order),
        };

        return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
