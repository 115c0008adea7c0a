/* SPDX-License-Identifier: Apache-2.0 */
#include "dcom/dualstring.h"

#include <errno.h>
#include "base/utf16.h"

enum { NO_AUTHZ = 0xffff };             /* [MS-DCOM] 2.2.19.4: wAuthzSvc is not used */

static uint16_t word(struct str words, size_t i)
{
        const uint8_t *p = (const uint8_t *)words.p + 2 * i;

        return (uint16_t)(p[0] | p[1] << 8);
}

/* The text from word *at up to a zero before @end, and *at behind that zero. False: there is none. */
static bool take_text(struct str words, size_t end, size_t *at, struct arena *a, struct str *out)
{
        size_t from = *at;

        while (*at < end && word(words, *at))
                (*at)++;
        if (*at == end)
                return false;
        *out = utf16_decode(words.p + 2 * from, *at - from, a);
        (*at)++;
        return out->p != NULL;
}

static bool take_strings(struct str words, size_t end, struct arena *a, struct dcom_dualstring *out)
{
        struct dcom_string_binding b;

        for (size_t at = 0; at < end && word(words, at);) {
                b.tower = word(words, at++);
                if (!take_text(words, end, &at, a, &b.address))
                        return false;
                if (out->n_strings < DCOM_BINDINGS_MAX)
                        out->strings[out->n_strings++] = b;
        }
        return true;
}

static bool take_security(struct str words, size_t at, struct arena *a, struct dcom_dualstring *out)
{
        size_t end = words.n / 2;
        struct dcom_security_binding b;

        while (at < end && word(words, at)) {
                b.authn = word(words, at);
                at += 2;
                if (at > end || !take_text(words, end, &at, a, &b.principal))
                        return false;
                if (out->n_security < DCOM_BINDINGS_MAX)
                        out->security[out->n_security++] = b;
        }
        return true;
}

void dcom_dualstring_read(struct cursor *c, struct arena *a, struct dcom_dualstring *out)
{
        uint16_t n = cursor_le16(c), security = cursor_le16(c);
        struct str words = { 0 };

        out->n_strings = out->n_security = 0;
        if (n > DCOM_DUALSTRING_WORDS_MAX || security > n)
                c->bad = true;
        if (!c->bad)
                words = cursor_bytes(c, 2 * (size_t)n);
        if (!c->bad && n && (!take_strings(words, security, a, out) || !take_security(words, security, a, out)))
                c->bad = true;
}

static size_t string_words(const struct dcom_dualstring *d)
{
        size_t n = 1;

        for (size_t i = 0; i < d->n_strings; i++)
                n += 2 + utf16_units(d->strings[i].address);
        return n;
}

size_t dcom_dualstring_words(const struct dcom_dualstring *d)
{
        size_t n = string_words(d) + 1;

        for (size_t i = 0; i < d->n_security; i++)
                n += 3 + utf16_units(d->security[i].principal);
        return n;
}

void dcom_dualstring_write(const struct dcom_dualstring *d, struct buf *out)
{
        buf_le16(out, (uint16_t)dcom_dualstring_words(d));
        buf_le16(out, (uint16_t)string_words(d));
        for (size_t i = 0; i < d->n_strings; i++) {
                buf_le16(out, d->strings[i].tower);
                utf16_encode(d->strings[i].address, out);
                buf_le16(out, 0);
        }
        buf_le16(out, 0);
        for (size_t i = 0; i < d->n_security; i++) {
                buf_le16(out, d->security[i].authn);
                buf_le16(out, NO_AUTHZ);
                utf16_encode(d->security[i].principal, out);
                buf_le16(out, 0);
        }
        buf_le16(out, 0);
}

int dcom_address_split(struct str address, uint16_t otherwise, struct str *host_out, uint16_t *port_out)
{
        struct str host, rest;
        uint64_t port;

        if (address.n == 0 || memchr(address.p, 0, address.n))
                return -EINVAL;
        *port_out = otherwise;
        *host_out = address;
        if (address.p[address.n - 1] != ']')
                return 0;
        rest = str_cut(address, '[', &host);
        if (!rest.p || host.n == 0 || rest.n < 2)
                return -EINVAL;
        if (str_to_u64((struct str){ rest.p, rest.n - 1 }, &port) < 0 || port == 0 || port > UINT16_MAX)
                return -EINVAL;
        *host_out = host;
        *port_out = (uint16_t)port;
        return 0;
}
