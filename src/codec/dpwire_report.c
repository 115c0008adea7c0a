/* SPDX-License-Identifier: Apache-2.0 */
/* What a DP tells: progress, reports, inventory. */
#include "codec/dpwire_json.h"

static const char *const result_names[N_DPWIRE_RESULTS] = { "installed", "removed", "valid", "invalid", "failed" };
static const char *const code_names[N_DPWIRE_CODES] = {
        [DPWIRE_CODE_NONE] = "",
        [DPWIRE_DISK_FULL] = "DiskFull",
        [DPWIRE_HASH_MISMATCH] = "HashMismatch",
        [DPWIRE_SOURCE_GONE] = "SourceGone",
        [DPWIRE_IO] = "Io",
        [DPWIRE_STALLED] = "Stalled",
        [DPWIRE_CLOCK_SKEW] = "ClockSkew",
        [DPWIRE_DAMAGED] = "Damaged",
        [DPWIRE_INTERNAL] = "Internal",
        [DPWIRE_CODE_OTHER] = "Other",
};

const char *dpwire_result_name(enum dpwire_result r)
{
        return (unsigned)r < N_DPWIRE_RESULTS ? result_names[r] : "?";
}

const char *dpwire_code_name(enum dpwire_code c)
{
        return (unsigned)c < N_DPWIRE_CODES ? code_names[c] : "Other";
}

static enum dpwire_code code_from(struct str s)
{
        for (int i = 0; i < N_DPWIRE_CODES; i++)
                if (str_eqz(s, code_names[i]))
                        return (enum dpwire_code)i;
        return DPWIRE_CODE_OTHER;
}

/* ---- progress ---- */

void dpwire_progress_encode(struct buf *b, const struct dpwire_progresses *m)
{
        buf_addz(b, "{\"orders\":[");
        for (size_t i = 0; i < m->n; i++) {
                buf_addz(b, i ? ",{" : "{");
                jw_member_u64(b, "id", m->v[i].id);
                jw_member_u64(b, "bytes_done", m->v[i].bytes_done);
                jw_member_u64(b, "bytes_total", m->v[i].bytes_total);
                jw_member_u64(b, "bytes_held", m->v[i].bytes_held);
                jw_member_u64(b, "files_total", m->v[i].files_total);
                buf_addc(b, '}');
        }
        buf_addz(b, "]}");
}

static void progress_decode(struct jreader *j, json_t *o, void *element)
{
        struct dpwire_progress *out = element;

        out->id = j_u64(j, o, "id", INT64_MAX);
        out->bytes_done = j_u64(j, o, "bytes_done", INT64_MAX);
        out->bytes_total = j_u64(j, o, "bytes_total", INT64_MAX);
        out->bytes_held = j_opt_u64(j, o, "bytes_held", INT64_MAX);
        out->files_total = j_opt_u64(j, o, "files_total", INT64_MAX);
}

int dpwire_progress_decode(struct arena *a, struct str body, struct dpwire_progresses *out, struct err *e)
{
        struct jreader j;
        int r = jreader_open(&j, a, "progress", body, DPWIRE_SMALL_BODY, e);

        *out = (struct dpwire_progresses){ 0 };
        if (r < 0)
                return r;
        out->v = j_objects(&j, "orders", DPWIRE_MAX_ORDERS, sizeof(*out->v), progress_decode, &out->n);
        return jreader_close(&j);
}

/* ---- report ---- */

void dpwire_report_encode(struct buf *b, const struct dpwire_report *m)
{
        size_t n = MIN(m->n_files, (size_t)DPWIRE_MAX_FILES);
        struct str text = { m->text.p, MIN(m->text.n, (size_t)DPWIRE_MAX_TEXT / 4) };

        buf_addc(b, '{');
        jw_member_u64(b, "order", m->order);
        jw_member_text(b, "kind", str_of(dpwire_kind_name(m->kind)));
        jw_member_text(b, "package", str_of(m->package));
        jw_member_u64(b, "version", m->version);
        if (m->has_manifest)
                jw_member_hash(b, "manifest", &m->manifest);
        jw_member_text(b, "result", str_of(dpwire_result_name(m->result)));
        jw_member_text(b, "code", str_of(dpwire_code_name(m->code)));
        jw_member_text(b, "text", text);
        jw_member(b, "files");
        buf_addc(b, '[');
        for (size_t i = 0; i < n && b->n < DPWIRE_SMALL_BODY / 2; i++) {
                if (i)
                        buf_addc(b, ',');
                jw_text(b, m->files[i]);
        }
        buf_addc(b, ']');
        jw_member_u64(b, "bytes_received", m->bytes_received);
        jw_member_u64(b, "bytes_reused", m->bytes_reused);
        jw_member(b, "seconds");
        buf_printf(b, "%llu.%03u}", (unsigned long long)(m->duration_ms / 1000), (unsigned)(m->duration_ms % 1000));
}

static void files_decode(struct jreader *j, struct dpwire_report *out)
{
        json_t *v = json_object_get(j->root, "files");
        size_t n = json_array_size(v);
        struct str *files;

        if (!v)
                return;
        if (!json_is_array(v) || n > DPWIRE_MAX_FILES) {
                jreader_fail(j, "files", "is not an array of at most 64 names");
                return;
        }
        files = arena_array(j->a, n, sizeof(*files));
        if (n && !files) {
                j->r = err_set(j->e, ERR_NOMEM, "report: out of memory");
                return;
        }
        for (size_t i = 0; i < n && j->r == 0; i++) {
                json_t *s = json_array_get(v, i);

                if (!json_is_string(s) || json_string_length(s) > DPWIRE_MAX_PATH)
                        jreader_fail(j, "files", "holds something that is not a file's name");
                else
                        files[i] = arena_str(j->a, (struct str){ json_string_value(s), json_string_length(s) });
                if (j->r == 0 && !files[i].p)
                        j->r = err_set(j->e, ERR_NOMEM, "report: out of memory");
        }
        out->files = files;
        out->n_files = j->r == 0 ? n : 0;
}

static uint64_t milliseconds_decode(struct jreader *j, const char *member)
{
        json_t *v = json_object_get(j->root, member);
        double s = json_number_value(v);

        if (!v)
                return 0;
        if (!json_is_number(v) || !(s >= 0) || s > 1e12) {
                jreader_fail(j, member, "is not a duration");
                return 0;
        }
        return (uint64_t)(s * 1000 + 0.5);
}

int dpwire_report_decode(struct arena *a, struct str body, struct dpwire_report *out, struct err *e)
{
        static const char *const kinds[] = { "install", "remove", "validate" };
        struct jreader j;
        bool held;
        int r = jreader_open(&j, a, "report", body, DPWIRE_SMALL_BODY, e);

        *out = (struct dpwire_report){ 0 };
        if (r < 0)
                return r;
        out->order = j_u64(&j, j.root, "order", INT64_MAX);
        out->kind = (enum dpwire_kind)j_name(&j, j.root, "kind", kinds, ARRAY_SIZE(kinds));
        j_package(&j, j.root, true, out->package);
        out->version = (uint32_t)j_u64(&j, j.root, "version", UINT32_MAX);
        out->result = (enum dpwire_result)j_name(&j, j.root, "result", result_names, N_DPWIRE_RESULTS);
        held = out->result == DPWIRE_INSTALLED || out->result == DPWIRE_VALID;
        out->has_manifest = j_hash(&j, j.root, "manifest", held, &out->manifest);
        out->code = code_from(j_opt_text(&j, j.root, "code", DPWIRE_MAX_NAME));
        out->text = j_opt_text(&j, j.root, "text", DPWIRE_MAX_TEXT);
        files_decode(&j, out);
        out->bytes_received = j_opt_u64(&j, j.root, "bytes_received", INT64_MAX);
        out->bytes_reused = j_opt_u64(&j, j.root, "bytes_reused", INT64_MAX);
        out->duration_ms = milliseconds_decode(&j, "seconds");
        return jreader_close(&j);
}

void dpwire_reported_encode(struct buf *b, bool applied)
{
        buf_printf(b, "{\"applied\":%s}", applied ? "true" : "false");
}

int dpwire_reported_decode(struct str body, bool *applied_out, struct err *e)
{
        struct jreader j;
        int r = jreader_open(&j, NULL, "report answer", body, DPWIRE_SMALL_BODY, e);

        *applied_out = false;
        if (r < 0)
                return r;
        *applied_out = j_opt_bool(&j, j.root, "applied");
        return jreader_close(&j);
}

/* ---- inventory ---- */

void dpwire_inventory_encode(struct buf *b, const struct dpwire_inventory *m)
{
        buf_addc(b, '{');
        jw_member_u64(b, "order", m->order);
        jw_member_text(b, "version", m->version);
        jw_member_u64(b, "bytes_free", m->bytes_free);
        jw_member_u64(b, "bytes_total", m->bytes_total);
        jw_member(b, "packages");
        buf_addc(b, '[');
        for (size_t i = 0; i < m->n_packages; i++) {
                const struct dpwire_held *h = &m->packages[i];

                buf_addz(b, i ? ",{" : "{");
                jw_member_text(b, "package", str_of(h->package));
                jw_member_u64(b, "version", h->version);
                jw_member_hash(b, "manifest", &h->manifest);
                jw_member_bool(b, "sound", h->sound);
                buf_addc(b, '}');
        }
        buf_addz(b, "]}");
}

static void held_decode(struct jreader *j, json_t *o, void *element)
{
        struct dpwire_held *out = element;

        j_package(j, o, true, out->package);
        out->version = (uint32_t)j_u64(j, o, "version", UINT32_MAX);
        (void)j_hash(j, o, "manifest", true, &out->manifest);
        out->sound = j_opt_bool(j, o, "sound");
}

int dpwire_inventory_decode(struct arena *a, struct str body, struct dpwire_inventory *out, struct err *e)
{
        struct jreader j;
        int r = jreader_open(&j, a, "inventory", body, DPWIRE_INVENTORY_BODY, e);

        *out = (struct dpwire_inventory){ 0 };
        if (r < 0)
                return r;
        out->order = j_opt_u64(&j, j.root, "order", INT64_MAX);
        out->version = j_opt_text(&j, j.root, "version", DPWIRE_MAX_NAME);
        out->bytes_free = j_opt_u64(&j, j.root, "bytes_free", INT64_MAX);
        out->bytes_total = j_opt_u64(&j, j.root, "bytes_total", INT64_MAX);
        out->packages = j_objects(&j, "packages", DPWIRE_MAX_PACKAGES, sizeof(*out->packages), held_decode, &out->n_packages);
        return jreader_close(&j);
}
