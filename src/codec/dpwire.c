/* SPDX-License-Identifier: Apache-2.0 */
/* Words, identities, enrolment and orders; reports are in dpwire_report.c, want lists in dpwire_want.c. */
#include "codec/dpwire_json.h"

static const char *const kind_names[N_DPWIRE_KINDS] = { "install", "remove", "validate", "inventory", "cancel" };

const char *dpwire_kind_name(enum dpwire_kind k)
{
        return (unsigned)k < N_DPWIRE_KINDS ? kind_names[k] : "?";
}

bool dpwire_package_ok(struct str s)
{
        if (s.n != DPWIRE_PACKAGE_LEN)
                return false;
        for (size_t i = 0; i < s.n; i++) {
                char c = s.p[i];
                bool digit = c >= '0' && c <= '9';

                if (!digit && !(c >= 'A' && c <= (i < 3 ? 'Z' : 'F')))
                        return false;
        }
        return true;
}

/* ---- enrolment ---- */

void dpwire_enroll_encode(struct buf *b, const struct dpwire_enroll *m)
{
        buf_addc(b, '{');
        jw_member_text(b, "name", m->name);
        jw_member_text(b, "token", m->token);
        jw_member_text(b, "csr", m->csr);
        jw_member_text(b, "url", m->url);
        buf_addc(b, '}');
}

int dpwire_enroll_decode(struct arena *a, struct str body, struct dpwire_enroll *out, struct err *e)
{
        struct jreader j;
        int r = jreader_open(&j, a, "enroll request", body, DPWIRE_SMALL_BODY, e);

        *out = (struct dpwire_enroll){ 0 };
        if (r < 0)
                return r;
        out->name = j_opt_text(&j, j.root, "name", DPWIRE_MAX_NAME);
        out->token = j_text(&j, j.root, "token", DPWIRE_MAX_URL);
        out->csr = j_text(&j, j.root, "csr", DPWIRE_MAX_PEM);
        out->url = j_opt_text(&j, j.root, "url", DPWIRE_MAX_URL);
        return jreader_close(&j);
}

void dpwire_enrolled_encode(struct buf *b, const struct dpwire_enrolled *m)
{
        buf_addc(b, '{');
        jw_member_text(b, "certificate", m->certificate);
        jw_member_text(b, "ca", m->ca);
        jw_member_text(b, "nalPath", m->nal_path);
        jw_member_text(b, "siteCode", m->site_code);
        jw_member_text(b, "package_path", m->package_path);
        buf_addc(b, '}');
}

int dpwire_enrolled_decode(struct arena *a, struct str body, struct dpwire_enrolled *out, struct err *e)
{
        struct jreader j;
        int r = jreader_open(&j, a, "enroll answer", body, DPWIRE_SMALL_BODY, e);

        *out = (struct dpwire_enrolled){ 0 };
        if (r < 0)
                return r;
        out->certificate = j_text(&j, j.root, "certificate", DPWIRE_MAX_PEM);
        out->ca = j_text(&j, j.root, "ca", DPWIRE_MAX_PEM);
        out->nal_path = j_text(&j, j.root, "nalPath", DPWIRE_MAX_URL);
        out->site_code = j_text(&j, j.root, "siteCode", 3);
        out->package_path = j_opt_text(&j, j.root, "package_path", DPWIRE_MAX_URL);
        return jreader_close(&j);
}

static void one_text_encode(struct buf *b, const char *member, struct str s)
{
        buf_addc(b, '{');
        jw_member_text(b, member, s);
        buf_addc(b, '}');
}

static int one_text_decode(struct arena *a, const char *what, const char *member, struct str body, struct str *out,
                           struct err *e)
{
        struct jreader j;
        int r = jreader_open(&j, a, what, body, DPWIRE_SMALL_BODY, e);

        *out = STR_NULL;
        if (r < 0)
                return r;
        *out = j_text(&j, j.root, member, DPWIRE_MAX_PEM);
        return jreader_close(&j);
}

void dpwire_renew_encode(struct buf *b, struct str csr)
{
        one_text_encode(b, "csr", csr);
}

int dpwire_renew_decode(struct arena *a, struct str body, struct str *csr_out, struct err *e)
{
        return one_text_decode(a, "renew request", "csr", body, csr_out, e);
}

void dpwire_renewed_encode(struct buf *b, struct str certificate)
{
        one_text_encode(b, "certificate", certificate);
}

int dpwire_renewed_decode(struct arena *a, struct str body, struct str *certificate_out, struct err *e)
{
        return one_text_decode(a, "renew answer", "certificate", body, certificate_out, e);
}

/* ---- orders ---- */

static void order_encode(struct buf *b, const struct dpwire_order *o)
{
        buf_addc(b, '{');
        jw_member_u64(b, "id", o->id);
        jw_member_text(b, "kind", str_of(dpwire_kind_name(o->kind)));
        if (o->package[0])
                jw_member_text(b, "package", str_of(o->package));
        jw_member_u64(b, "version", o->version);
        if (o->has_manifest)
                jw_member_hash(b, "manifest", &o->manifest);
        jw_member_u64(b, "size", o->size);
        jw_member_bool(b, "redistribute", o->redistribute);
        buf_addc(b, '}');
}

void dpwire_orders_encode(struct buf *b, const struct dpwire_orders *m)
{
        buf_addz(b, "{\"orders\":[");
        for (size_t i = 0; i < m->n; i++) {
                if (i)
                        buf_addc(b, ',');
                order_encode(b, &m->v[i]);
        }
        buf_addz(b, "]}");
}

static void order_decode(struct jreader *j, json_t *o, void *element)
{
        struct dpwire_order *out = element;
        bool plain;

        if (!json_is_object(o)) {
                jreader_fail(j, "orders", "holds something that is not an object");
                return;
        }
        out->id = j_u64(j, o, "id", INT64_MAX);
        out->kind = (enum dpwire_kind)j_name(j, o, "kind", kind_names, N_DPWIRE_KINDS);
        plain = out->kind == DPWIRE_INVENTORY || out->kind == DPWIRE_CANCEL;
        j_package(j, o, !plain, out->package);
        out->version = (uint32_t)j_opt_u64(j, o, "version", UINT32_MAX);
        out->has_manifest = j_hash(j, o, "manifest", out->kind == DPWIRE_INSTALL, &out->manifest);
        out->size = j_opt_u64(j, o, "size", INT64_MAX);
        out->redistribute = j_opt_bool(j, o, "redistribute");
        if (out->id == 0)
                jreader_fail(j, "id", "is 0");
        if (out->kind == DPWIRE_INSTALL && out->version == 0)
                jreader_fail(j, "version", "is 0");
}

int dpwire_orders_decode(struct arena *a, struct str body, struct dpwire_orders *out, struct err *e)
{
        struct jreader j;
        int r = jreader_open(&j, a, "orders", body, DPWIRE_SMALL_BODY, e);

        *out = (struct dpwire_orders){ 0 };
        if (r < 0)
                return r;
        out->v = j_objects(&j, "orders", DPWIRE_MAX_ORDERS, sizeof(*out->v), order_decode, &out->n);
        return jreader_close(&j);
}

void dpwire_active_encode(struct buf *b, const uint64_t *ids, size_t n)
{
        for (size_t i = 0; i < n; i++)
                buf_printf(b, "%s%llu", i ? "," : "", (unsigned long long)ids[i]);
}

int dpwire_active_decode(struct str s, uint64_t *ids, size_t cap, size_t *n_out, struct err *e)
{
        *n_out = 0;
        while (s.n) {
                struct str head;

                s = str_cut(s, ',', &head);
                if (*n_out == cap)
                        return err_set(e, ERR_TOO_LARGE, "active: more than %zu orders", cap);
                if (str_to_u64(head, &ids[*n_out]) != 0 || ids[*n_out] == 0)
                        return err_set(e, ERR_INVALID, "active: not a list of order numbers");
                ++*n_out;
        }
        return 0;
}

int dpwire_error_decode(struct arena *a, struct str body, struct str *code_out, struct str *message_out)
{
        struct err ignored = { 0 };
        struct jreader j;
        json_t *o;

        *code_out = *message_out = STR_NULL;
        if (jreader_open(&j, a, "error", body, DPWIRE_SMALL_BODY, &ignored) < 0)
                return 1;
        o = json_object_get(j.root, "error");
        if (!json_is_object(o))
                jreader_fail(&j, "error", "is not an object");
        *code_out = j_text(&j, o, "code", DPWIRE_MAX_NAME);
        *message_out = j_opt_text(&j, o, "message", DPWIRE_MAX_TEXT);
        return jreader_close(&j) < 0 ? 1 : 0;
}
