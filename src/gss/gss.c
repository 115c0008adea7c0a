/* SPDX-License-Identifier: Apache-2.0 */
/* MIT's GSSAPI, used as DCE RPC uses it. */
#include <errno.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdio.h>
#include "gss/gss.h"

struct gss_keys {
        gss_cred_id_t cred;
};
struct gss_dce {
        struct gss_keys *keys;
        gss_ctx_id_t ctx;
        char client[256];
        bool done;
};

static void words(OM_uint32 code, int kind, char *out, size_t cap)
{
        gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
        OM_uint32 minor, more = 0;

        out[0] = '\0';
        if (gss_display_status(&minor, code, kind, GSS_C_NO_OID, &more, &text) == GSS_S_COMPLETE)
                (void)snprintf(out, cap, "%.*s", (int)text.length, (const char *)text.value);
        (void)gss_release_buffer(&minor, &text);
}

static int failed(struct err *e, enum err_kind kind, const char *what, OM_uint32 major, OM_uint32 minor)
{
        char a[160], b[200];

        words(major, GSS_C_GSS_CODE, a, sizeof(a));
        words(minor, GSS_C_MECH_CODE, b, sizeof(b));
        return err_set(e, kind, "%s: %s: %s", what, a, b);
}

int gss_keys_open(struct gss_keys **out, const char *keytab, struct err *e)
{
        gss_key_value_element_desc element = { "keytab", keytab };
        gss_key_value_set_desc store = { 1, &element };
        gss_OID_set_desc mechs = { 1, (gss_OID)gss_mech_krb5 };
        struct gss_keys *k = calloc(1, sizeof(*k));
        OM_uint32 major, minor;

        *out = NULL;
        if (!k)
                return err_set(e, ERR_NOMEM, "out of memory for a keytab");
        major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechs, GSS_C_ACCEPT, &store, &k->cred, NULL,
                                      NULL);
        if (GSS_ERROR(major)) {
                free(k);
                return failed(e, ERR_NOT_FOUND, keytab, major, minor);
        }
        *out = k;
        return 0;
}

void gss_keys_free(struct gss_keys *k)
{
        OM_uint32 minor;

        if (k)
                (void)gss_release_cred(&minor, &k->cred);
        free(k);
}

int gss_dce_new(struct gss_dce **out, struct gss_keys *k)
{
        *out = calloc(1, sizeof(**out));
        if (!*out)
                return -ENOMEM;
        (*out)->keys = k;
        (*out)->ctx = GSS_C_NO_CONTEXT;
        return 0;
}

void gss_dce_free(struct gss_dce *c)
{
        OM_uint32 minor;

        if (c && c->ctx != GSS_C_NO_CONTEXT)
                (void)gss_delete_sec_context(&minor, &c->ctx, GSS_C_NO_BUFFER);
        free(c);
}

static bool name_text(gss_name_t name, char *out, size_t cap)
{
        gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
        OM_uint32 minor;
        bool ok = name != GSS_C_NO_NAME && gss_display_name(&minor, name, &text, NULL) == GSS_S_COMPLETE &&
                  text.length < cap && !memchr(text.value, '\0', text.length);

        out[0] = '\0';
        if (ok)
                (void)snprintf(out, cap, "%.*s", (int)text.length, (const char *)text.value);
        (void)gss_release_buffer(&minor, &text);
        return ok;
}

/* Who it is, and that he is of our realm. */
static int identify(struct gss_dce *c, OM_uint32 flags, struct err *e)
{
        gss_name_t client = GSS_C_NO_NAME, server = GSS_C_NO_NAME;
        char service[256];
        const char *ours, *his;
        OM_uint32 minor;
        bool ok;

        if (!(flags & GSS_C_DCE_STYLE))
                return err_set(e, ERR_NOT_SUPPORTED, "the Kerberos client does not ask for DCE style, which RPC needs");
        ok = gss_inquire_context(&minor, c->ctx, &client, &server, NULL, NULL, NULL, NULL, NULL) == GSS_S_COMPLETE &&
             name_text(client, c->client, sizeof(c->client)) && name_text(server, service, sizeof(service));
        (void)gss_release_name(&minor, &client);
        (void)gss_release_name(&minor, &server);
        if (!ok)
                return err_set(e, ERR_DENIED, "the Kerberos client's name cannot be read");
        his = strrchr(c->client, '@');
        ours = strrchr(service, '@');
        if (!his || !ours || strcmp(his, ours) != 0)
                return err_set(e, ERR_DENIED, "%s is of another realm than %s", c->client, service);
        return 0;
}

/* The content of a DER element with that tag at the front of *s, which moves behind it; p NULL: it is not there. */
static struct str element(struct str *s, uint8_t tag)
{
        struct cursor c = cursor_of(s->p ? s->p : "", s->n);
        struct str content;
        uint8_t found = cursor_u8(&c), first = cursor_u8(&c);
        size_t n = first & 0x80 ? 0 : first;

        for (unsigned more = first & 0x80 ? first & 0x7f : 0; more > 0 && more <= 3; more--)
                n = n << 8 | cursor_u8(&c);
        content = cursor_bytes(&c, n);
        if (c.bad || found != tag || first > 0x83)
                return STR_NULL;
        *s = (struct str){ (const char *)c.p, (size_t)(c.end - c.p) };
        return content;
}

/*
 * DCE style has no frame around the AP-REQ (RFC 2743 3.1), and MIT's library insists on that; impacket sends one,
 * which Windows accepts.  What is inside of it, or the token as it is.
 */
static struct str without_frame(struct str token)
{
        struct str rest = token, body = element(&rest, 0x60);

        if (!body.p || !element(&body, 0x06).p || body.n < 2 || body.p[0] != 1 || body.p[1] != 0)
                return token;
        return str_from(body, 2);
}

int gss_dce_step(struct gss_dce *c, struct str token, struct buf *out, struct err *e)
{
        struct str inner = without_frame(token);
        gss_buffer_desc in = { inner.n, (void *)(uintptr_t)inner.p }, answer = GSS_C_EMPTY_BUFFER;
        OM_uint32 major, minor, flags = 0, unused;
        int r;

        if (c->done)
                return err_set(e, ERR_INVALID, "a Kerberos token after the last one");
        major = gss_accept_sec_context(&minor, &c->ctx, c->keys->cred, &in, GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &answer,
                                       &flags, NULL, NULL);
        buf_add(out, answer.value, answer.length);
        (void)gss_release_buffer(&unused, &answer);
        if (GSS_ERROR(major))
                return failed(e, ERR_DENIED, "Kerberos logon", major, minor);
        if (out->failed)
                return err_set(e, ERR_NOMEM, "out of memory for a Kerberos token");
        if (major & GSS_S_CONTINUE_NEEDED)
                return GSS_STEP_MORE;
        r = identify(c, flags, e);
        c->done = r == 0;
        return r;
}

struct str gss_dce_client(const struct gss_dce *c)
{
        return str_of(c->client);
}

enum { IOV_HEADER, IOV_BEFORE, IOV_DATA, IOV_AFTER, IOV_N };

static void fill(gss_iov_buffer_desc iov[IOV_N], bool header_sign, const struct gss_pdu *pdu)
{
        OM_uint32 around = header_sign ? GSS_IOV_BUFFER_TYPE_SIGN_ONLY : GSS_IOV_BUFFER_TYPE_EMPTY;

        memset(iov, 0, IOV_N * sizeof(iov[0]));
        iov[IOV_HEADER].type = GSS_IOV_BUFFER_TYPE_HEADER;
        iov[IOV_BEFORE].type = iov[IOV_AFTER].type = around;
        iov[IOV_DATA].type = GSS_IOV_BUFFER_TYPE_DATA;
        if (!pdu)
                return;
        iov[IOV_DATA].buffer = (gss_buffer_desc){ pdu->data_end - pdu->data, pdu->p + pdu->data };
        if (!header_sign)
                return;
        iov[IOV_BEFORE].buffer = (gss_buffer_desc){ pdu->data, pdu->p };
        iov[IOV_AFTER].buffer = (gss_buffer_desc){ pdu->n - pdu->data_end, pdu->p + pdu->data_end };
}

size_t gss_dce_signature_size(struct gss_dce *c, bool seal, bool header_sign)
{
        uint8_t some[16] = { 0 };
        struct gss_pdu pdu = { .p = some, .data_end = sizeof(some), .n = sizeof(some) };
        gss_iov_buffer_desc iov[IOV_N];
        OM_uint32 major, minor;

        fill(iov, header_sign, &pdu);
        if (seal) {
                major = gss_wrap_iov_length(&minor, c->ctx, 1, GSS_C_QOP_DEFAULT, NULL, iov, IOV_N);
        } else {
                iov[IOV_HEADER].type = GSS_IOV_BUFFER_TYPE_MIC_TOKEN;
                major = gss_get_mic_iov_length(&minor, c->ctx, GSS_C_QOP_DEFAULT, iov, IOV_N);
        }
        return GSS_ERROR(major) ? 0 : iov[IOV_HEADER].buffer.length;
}

/* What a signature without sealing is over: the whole PDU, or its data alone. */
static struct str signed_part(bool header_sign, const struct gss_pdu *pdu)
{
        if (header_sign)
                return (struct str){ (const char *)pdu->p, pdu->n };
        return (struct str){ (const char *)pdu->p + pdu->data, pdu->data_end - pdu->data };
}

int gss_dce_protect(struct gss_dce *c, bool seal, bool header_sign, struct gss_pdu *pdu, uint8_t *sig)
{
        size_t n = gss_dce_signature_size(c, seal, header_sign);
        gss_iov_buffer_desc iov[IOV_N];
        struct buf mic;
        OM_uint32 minor;
        int conf = 0, r;

        if (seal) {
                fill(iov, header_sign, pdu);
                iov[IOV_HEADER].buffer = (gss_buffer_desc){ n, sig };
                if (GSS_ERROR(gss_wrap_iov(&minor, c->ctx, 1, GSS_C_QOP_DEFAULT, &conf, iov, IOV_N)) || !conf)
                        return -EBADMSG;
                return iov[IOV_HEADER].buffer.length == n ? 0 : -EBADMSG;
        }
        buf_init(&mic, 4096);
        r = gss_dce_sign(c, signed_part(header_sign, pdu), &mic);
        if (r == 0 && mic.n == n)
                memcpy(sig, mic.p, n);
        else
                r = -EBADMSG;
        buf_fini(&mic);
        return r;
}

int gss_dce_unprotect(struct gss_dce *c, bool seal, bool header_sign, struct gss_pdu *pdu, struct str sig)
{
        gss_iov_buffer_desc iov[IOV_N];
        OM_uint32 major, minor;
        gss_qop_t qop;
        int conf = 0;

        if (!seal)
                return gss_dce_check(c, signed_part(header_sign, pdu), sig);
        fill(iov, header_sign, pdu);
        iov[IOV_HEADER].buffer = (gss_buffer_desc){ sig.n, (void *)(uintptr_t)sig.p };
        major = gss_unwrap_iov(&minor, c->ctx, &conf, &qop, iov, IOV_N);
        return major == GSS_S_COMPLETE && conf ? 0 : -EBADMSG;
}

int gss_dce_sign(struct gss_dce *c, struct str message, struct buf *out)
{
        gss_buffer_desc in = { message.n, (void *)(uintptr_t)message.p }, mic = GSS_C_EMPTY_BUFFER;
        OM_uint32 minor, major = gss_get_mic(&minor, c->ctx, GSS_C_QOP_DEFAULT, &in, &mic);

        if (!GSS_ERROR(major))
                buf_add(out, mic.value, mic.length);
        (void)gss_release_buffer(&minor, &mic);
        return GSS_ERROR(major) || out->failed ? -EBADMSG : 0;
}

int gss_dce_check(struct gss_dce *c, struct str message, struct str mic)
{
        gss_buffer_desc in = { message.n, (void *)(uintptr_t)message.p }, token = { mic.n, (void *)(uintptr_t)mic.p };
        OM_uint32 minor;
        gss_qop_t qop;

        return gss_verify_mic(&minor, c->ctx, &in, &token, &qop) == GSS_S_COMPLETE ? 0 : -EBADMSG;
}
