/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "hash/cut_gear.h"
#include "hash/hash.h"

/* FIPS 180-4 example values, published by NIST. */
static void known_answers(void **state)
{
        static const struct {
                const char *in, *hex;
        } v[] = {
                { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
                { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
                { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        };
        _cleanup_(hasher_freep) struct hasher *h = hasher_new();

        for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
                char hex[HASH_HEX_LEN + 1];
                struct hash_id id, back;

                hash_bytes_id(h, v[i].in, strlen(v[i].in), &id);
                hash_id_hex(&id, hex);
                assert_string_equal(hex, v[i].hex);
                assert_int_equal(hash_id_parse(str_of(hex), &back), 0);
                assert_true(hash_id_eq(&id, &back));
        }
}

static void parts_make_the_whole(void **state)
{
        _cleanup_(hasher_freep) struct hasher *h = hasher_new();
        struct hash_id whole, parts;
        uint8_t p[1000];

        for (size_t i = 0; i < sizeof(p); i++)
                p[i] = (uint8_t)(i * 7);
        hash_bytes_id(h, p, sizeof(p), &whole);
        hasher_begin(h);
        hasher_add(h, p, 1);
        hasher_add(h, p + 1, 0);
        hasher_add(h, p + 1, sizeof(p) - 1);
        hasher_end(h, &parts);
        assert_true(hash_id_eq(&whole, &parts));
}

static void bad_names_are_refused(void **state)
{
        struct hash_id id;

        assert_true(hash_id_parse(STR("abc"), &id) < 0);
        assert_true(hash_id_parse(STR("zz16bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad00"), &id) < 0);
        assert_true(hash_id_parse(STR_NULL, &id) < 0);
}

static uint64_t splitmix64(uint64_t *seed)
{
        uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

static void gear_table_is_what_it_says(void **state)
{
        uint64_t seed = UINT64_C(0x54414c4c594d414e);

        for (size_t i = 0; i < ARRAY_SIZE(cut_gear); i++)
                assert_int_equal(cut_gear[i], splitmix64(&seed));
}

enum { N = 24 << 20 };

static uint8_t *noise(void)
{
        uint8_t *p = malloc(N + 1000);
        uint64_t seed = 5;

        assert_non_null(p);
        for (size_t i = 0; i < N + 1000; i += 8) {
                uint64_t v = splitmix64(&seed);

                memcpy(p + i, &v, 8);
        }
        return p;
}

/* Offsets of the cuts; returns how many. */
static size_t cuts(const uint8_t *p, size_t n, size_t *at, size_t max)
{
        size_t k = 0, pos = 0;

        while (pos < n) {
                size_t len = cut_next(p + pos, n - pos, true);

                assert_true(len > 0 && len <= PIECE_MAX);
                assert_true(len > PIECE_MIN || pos + len == n);
                pos += len;
                assert_true(k < max);
                at[k++] = pos;
        }
        return k;
}

static void pieces_are_of_a_size(void **state)
{
        _cleanup_(freep) uint8_t *p = noise();
        size_t at[1000], n = cuts(p, N, at, 1000);

        assert_true(N / n > PIECE_AVG * 2 / 3);
        assert_true(N / n < PIECE_AVG * 3 / 2);
        memset(p, 0, N);
        n = cuts(p, N, at, 1000);
        assert_int_equal(n, N / PIECE_MAX);
}

/* More bytes in sight than PIECE_MAX never move a cut. */
static void cuts_do_not_depend_on_what_is_in_sight(void **state)
{
        _cleanup_(freep) uint8_t *p = noise();

        for (size_t pos = 0; pos + 2 * PIECE_MAX < (4 << 20); pos += 100003)
                assert_int_equal(cut_next(p + pos, PIECE_MAX, false), cut_next(p + pos, 2 * PIECE_MAX, false));
}

static void an_insertion_moves_few_cuts(void **state)
{
        _cleanup_(freep) uint8_t *p = noise();
        size_t before[1000], after[1000], n, m, same = 0;

        n = cuts(p, N, before, 1000);
        memmove(p + 5000000 + 777, p + 5000000, N - 5000000);
        m = cuts(p, N + 777, after, 1000);
        for (size_t i = 0, j = 0; i < n; i++) {
                size_t want = before[i] > 5000000 ? before[i] + 777 : before[i];

                while (j < m && after[j] < want)
                        j++;
                same += j < m && after[j] == want;
        }
        assert_true(same + 8 >= n);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(known_answers),
                cmocka_unit_test(parts_make_the_whole),
                cmocka_unit_test(bad_names_are_refused),
                cmocka_unit_test(gear_table_is_what_it_says),
                cmocka_unit_test(pieces_are_of_a_size),
                cmocka_unit_test(cuts_do_not_depend_on_what_is_in_sight),
                cmocka_unit_test(an_insertion_moves_few_cuts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
