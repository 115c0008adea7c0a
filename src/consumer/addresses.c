/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
static const uint8_t nat64[12] = { 0, 0x64, 0xff, 0x9b };

/* IPv4 and what leads to it, in one form. */
static void flatten(uint8_t a[16])
{
        if (memcmp(a, nat64, sizeof(nat64)) == 0) {
                memcpy(a, mapped, sizeof(mapped));
        } else if (a[0] == 0x20 && a[1] == 0x02) {      /* 6to4 */
                memcpy(a + 12, a + 2, 4);
                memcpy(a, mapped, sizeof(mapped));
        }
}

static bool within(const uint8_t a[16], const uint8_t net[16], unsigned bits)
{
        if (memcmp(a, net, bits / 8) != 0)
                return false;
        return bits % 8 == 0 || ((a[bits / 8] ^ net[bits / 8]) >> (8 - bits % 8)) == 0;
}

int networks_add(struct networks *n, struct str text, struct err *e)
{
        struct network *out = &n->item[n->n];
        struct str address, bits = str_cut(text, '/', &address);
        char z[INET6_ADDRSTRLEN];
        uint64_t given = 128;
        bool v4;

        if (n->n == NETWORKS_MAX)
                return err_set(e, ERR_TOO_LARGE, "more than %d networks", NETWORKS_MAX);
        if (address.n >= sizeof(z) || (bits.p && str_to_u64(bits, &given) < 0))
                goto wrong;
        memcpy(z, address.p, address.n);
        z[address.n] = 0;
        memcpy(out->address, mapped, sizeof(mapped));
        v4 = inet_pton(AF_INET, z, out->address + 12) == 1;
        if (!v4 && inet_pton(AF_INET6, z, out->address) != 1)
                goto wrong;
        if (bits.p && given > (v4 ? 32 : 128))
                goto wrong;
        out->bits = (unsigned)(bits.p && v4 ? given + 96 : given);
        n->n++;
        return 0;
wrong:
        return err_set(e, ERR_INVALID, "\"%.*s\" is no network: write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32",
                       (int)MIN(text.n, 60), text.p ? text.p : "");
}

/* Back to this machine or its link. */
static bool is_near(const uint8_t a[16])
{
        static const uint8_t loopback6[16] = { [15] = 1 }, none[16] = { 0 };

        if (memcmp(a, mapped, sizeof(mapped)) == 0)
                return a[12] == 127 || a[12] == 0 || a[12] >= 224 || (a[12] == 169 && a[13] == 254);
        return memcmp(a, loopback6, 16) == 0 || memcmp(a, none, 16) == 0 || a[0] == 0xff || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
}

bool networks_allow(const struct networks *n, const struct sockaddr *to)
{
        uint8_t a[16];

        if (to->sa_family == AF_INET) {
                memcpy(a, mapped, sizeof(mapped));
                memcpy(a + 12, &((const struct sockaddr_in *)to)->sin_addr, 4);
        } else if (to->sa_family == AF_INET6) {
                memcpy(a, &((const struct sockaddr_in6 *)to)->sin6_addr, 16);
        } else {
                return false;
        }
        flatten(a);
        for (size_t i = 0; i < n->n; i++) {
                if (within(a, n->item[i].address, n->item[i].bits))
                        return true;
        }
        return n->n == 0 && !is_near(a);
}
