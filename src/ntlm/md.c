/* SPDX-License-Identifier: Apache-2.0 */
/* MD4, MD5 and HMAC: two compressions, one way to feed them. */
#include "base/buf.h"
#include "ntlm/crypt.h"

static uint32_t rol(uint32_t v, unsigned by)
{
        return v << by | v >> (32 - by);
}

static void load(uint32_t x[16], const uint8_t block[MD_BLOCK])
{
        for (unsigned i = 0; i < 16; i++)
                x[i] = get_le32(block + 4 * i);
}

/* a becomes what its step made, and the four change places. */
static void turn(uint32_t v[4], uint32_t made)
{
        v[0] = v[3];
        v[3] = v[2];
        v[2] = v[1];
        v[1] = made;
}

/* RFC 1320 section 3.4 */
static void md4_compress(uint32_t s[4], const uint8_t block[MD_BLOCK])
{
        static const uint8_t order[3][16] = {
                { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
                { 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 },
                { 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15 },
        };
        static const uint8_t by[3][4] = { { 3, 7, 11, 19 }, { 3, 5, 9, 13 }, { 3, 9, 11, 15 } };
        static const uint32_t add[3] = { 0, 0x5a827999, 0x6ed9eba1 };
        uint32_t x[16], v[4] = { s[0], s[1], s[2], s[3] };

        load(x, block);
        for (unsigned i = 0; i < 48; i++) {
                unsigned r = i / 16, k = i % 16;
                uint32_t b = v[1], c = v[2], d = v[3];
                uint32_t f = r == 0 ? (b & c) | (~b & d) : r == 1 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;

                turn(v, rol(v[0] + f + x[order[r][k]] + add[r], by[r][k % 4]));
        }
        for (unsigned i = 0; i < 4; i++)
                s[i] += v[i];
}

/* RFC 1321 section 3.4: the integer part of 2^32 * abs(sin(i + 1)) */
static const uint32_t sines[64] = {
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
        0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
        0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
        0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
        0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
        0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
        0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
        0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static void md5_compress(uint32_t s[4], const uint8_t block[MD_BLOCK])
{
        static const uint8_t by[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 } };
        static const uint8_t step[4] = { 1, 5, 3, 7 }, first[4] = { 0, 1, 5, 0 };
        uint32_t x[16], v[4] = { s[0], s[1], s[2], s[3] };

        load(x, block);
        for (unsigned i = 0; i < 64; i++) {
                unsigned r = i / 16, k = (first[r] + step[r] * (i % 16)) % 16;
                uint32_t b = v[1], c = v[2], d = v[3];
                uint32_t f = r == 0   ? (b & c) | (~b & d)
                             : r == 1 ? (b & d) | (c & ~d)
                             : r == 2 ? b ^ c ^ d
                                      : c ^ (b | ~d);

                turn(v, b + rol(v[0] + f + x[k] + sines[i], by[r][i % 4]));
        }
        for (unsigned i = 0; i < 4; i++)
                s[i] += v[i];
}

static void begin(struct md *m, void (*compress)(uint32_t s[4], const uint8_t block[MD_BLOCK]))
{
        *m = (struct md){ .s = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 }, .compress = compress };
}

void md4_init(struct md *m)
{
        begin(m, md4_compress);
}

void md5_init(struct md *m)
{
        begin(m, md5_compress);
}

void md_add(struct md *m, const void *p, size_t n)
{
        const uint8_t *at = p;

        while (n > 0) {
                size_t have = m->n % MD_BLOCK, take = MIN(n, MD_BLOCK - have);

                memcpy(m->block + have, at, take);
                m->n += take;
                at += take;
                n -= take;
                if (have + take == MD_BLOCK)
                        m->compress(m->s, m->block);
        }
}

void md_end(struct md *m, uint8_t out[MD_LEN])
{
        static const uint8_t fill[MD_BLOCK] = { 0x80 };
        uint8_t bits[8];

        put_le64(bits, m->n * 8);
        md_add(m, fill, 1 + (MD_BLOCK - 1 - 8 - m->n) % MD_BLOCK);
        md_add(m, bits, sizeof(bits));
        for (unsigned i = 0; i < 4; i++)
                put_le32(out + 4 * i, m->s[i]);
        explicit_bzero(m, sizeof(*m));
}

static void add_all(struct md *m, const struct str *v, size_t n)
{
        for (size_t i = 0; i < n; i++)
                md_add(m, v[i].p, v[i].n);
}

void md4_of(const struct str *v, size_t n, uint8_t out[MD_LEN])
{
        struct md m;

        md4_init(&m);
        add_all(&m, v, n);
        md_end(&m, out);
}

void md5_of(const struct str *v, size_t n, uint8_t out[MD_LEN])
{
        struct md m;

        md5_init(&m);
        add_all(&m, v, n);
        md_end(&m, out);
}

/* RFC 2104 section 2; one of the two passes. */
static void keyed(struct md *m, const uint8_t pad[MD_BLOCK], uint8_t with)
{
        uint8_t k[MD_BLOCK];

        for (unsigned i = 0; i < MD_BLOCK; i++)
                k[i] = pad[i] ^ with;
        md5_init(m);
        md_add(m, k, sizeof(k));
        explicit_bzero(k, sizeof(k));
}

void hmac_md5(const void *key, size_t key_n, const struct str *v, size_t n, uint8_t out[MD_LEN])
{
        uint8_t pad[MD_BLOCK] = { 0 }, inner[MD_LEN];
        struct md m;

        if (key_n > MD_BLOCK)
                md5_of(&(struct str){ key, key_n }, 1, pad);
        else
                memcpy(pad, key, key_n);
        keyed(&m, pad, 0x36);
        add_all(&m, v, n);
        md_end(&m, inner);
        keyed(&m, pad, 0x5c);
        md_add(&m, inner, sizeof(inner));
        md_end(&m, out);
        explicit_bzero(pad, sizeof(pad));
        explicit_bzero(inner, sizeof(inner));
}
