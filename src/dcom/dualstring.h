/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * dualstring - DUALSTRINGARRAY: where an object exporter is reached, and how one authenticates there
 *
 * String bindings ("host[port]" by tower) and security bindings (authentication
 * service and principal), each list ended by a zero.  Clients take the entries
 * in order, so their order is what is configured.
 *
 * Threads: pure; any thread.
 * Source: [MS-DCOM] 2.2.19.
 */
#include "base/arena.h"
#include "base/buf.h"

enum { DCOM_TOWER_TCP = 7, DCOM_BINDINGS_MAX = 64, DCOM_DUALSTRING_WORDS_MAX = 8192 };

struct dcom_string_binding {
        uint16_t tower;
        struct str address;             /* UTF-8; "host" or "host[port]" */
};
struct dcom_security_binding {
        uint16_t authn;                 /* 9 SPNEGO, 10 NTLM, 16 Kerberos */
        struct str principal;           /* UTF-8, may be empty */
};
struct dcom_dualstring {
        struct dcom_string_binding strings[DCOM_BINDINGS_MAX];
        size_t n_strings;
        struct dcom_security_binding security[DCOM_BINDINGS_MAX];
        size_t n_security;
};

/*
 * dcom_dualstring_read - the packed form: u16 words, u16 offset of the security bindings, the words.
 * Entries beyond DCOM_BINDINGS_MAX are passed over.  @c ends behind the array; c->bad: cut or contradictory.
 * Texts live in @a.
 */
void dcom_dualstring_read(struct cursor *c, struct arena *a, struct dcom_dualstring *out);
/* The packed form. As a parameter of NDR, the number of words (dcom_dualstring_words) goes before it as a u32. */
void dcom_dualstring_write(const struct dcom_dualstring *d, struct buf *out);
size_t dcom_dualstring_words(const struct dcom_dualstring *d);

/* "host[135]" into its parts; @otherwise when no port is named. 0, or -EINVAL: no host, a port that is none. */
MUST int dcom_address_split(struct str address, uint16_t otherwise, struct str *host_out, uint16_t *port_out);
