/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * addresses - which addresses a webhook or a message may go to
 *
 * A list of networks in CIDR notation.  An empty list means every address but
 * those that lead back to this machine or its link: loopback, link-local,
 * unspecified, multicast and broadcast.  IPv4 inside IPv6 (mapped, 6to4, NAT64's
 * well-known prefix) is judged as the IPv4 address it leads to.
 *
 * It is asked with the very address that is about to be connected to, so no name
 * that changes its address passes by it.
 *
 * Pure.  Source: RFC 4632 3.1, RFC 4291 2.5, RFC 6890, RFC 6052 2.1.
 */
#include <sys/socket.h>
#include "base/err.h"
#include "base/str.h"

enum { NETWORKS_MAX = 64 };

struct network {
        uint8_t address[16];            /* IPv4 as ::ffff:a.b.c.d */
        unsigned bits;                  /* of 128 */
};
struct networks {
        struct network item[NETWORKS_MAX];
        size_t n;
};

/* One of "10.0.0.0/8", "192.0.2.7", "2001:db8::/32". ERR_INVALID says what would be right. */
MUST int networks_add(struct networks *n, struct str text, struct err *e);
bool networks_allow(const struct networks *n, const struct sockaddr *to);
