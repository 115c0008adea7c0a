/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include "codec/dpwire_json.h"
#include "dp/offline.h"
#include "dp/verification.h"

static int open_library(const struct offline *o, struct cas **out, struct err *e)
{
        struct cas_opts opts = { .small = true };
        char *path = str_printf("%s/library", o->dir);
        int r = path ? cas_open(out, path, &opts, e) : err_set(e, ERR_NOMEM, "out of memory");

        free(path);
        return r;
}

/* ---- versions, gathered, since asking inside of a walk is not allowed ---- */

struct versions {
        const char *only;
        struct cas_version *v;
        size_t n, cap;
        bool failed;
};

static bool gather(void *ctx, const struct cas_version *v)
{
        struct versions *l = ctx;

        if (l->only && strcmp(l->only, v->package) != 0)
                return true;
        if (l->n == l->cap) {
                size_t cap = l->cap ? l->cap * 2 : 64;
                struct cas_version *more = realloc(l->v, cap * sizeof(*more));

                if (!more) {
                        l->failed = true;
                        return false;
                }
                l->v = more;
                l->cap = cap;
        }
        l->v[l->n++] = *v;
        return true;
}

static int all_versions(struct cas *c, const char *only, struct versions *l, struct err *e)
{
        int r;

        *l = (struct versions){ .only = only };
        r = cas_version_each(c, gather, l, e);
        if (r >= 0 && l->failed)
                r = err_set(e, ERR_NOMEM, "out of memory");
        if (r >= 0 && only && l->n == 0)
                r = err_set(e, ERR_NOT_FOUND, "package %s is not here", only);
        return r;
}

static void print_json(FILE *out, const struct cas_version *v, bool sound, bool comma)
{
        struct buf b;

        buf_init(&b, 4096);
        buf_addz(&b, comma ? ",{" : "{");
        jw_member_text(&b, "package", str_of(v->package));
        jw_member_u64(&b, "version", v->version);
        jw_member_hash(&b, "manifest", &v->manifest);
        jw_member_u64(&b, "files", v->n_files);
        jw_member_u64(&b, "bytes", v->total_bytes);
        jw_member_bool(&b, "sound", sound);
        buf_addc(&b, '}');
        fprintf(out, "%s", b.failed ? "" : b.p);
        buf_fini(&b);
}

int offline_list(const struct offline *o, struct err *e)
{
        _cleanup_(cas_closep) struct cas *c = NULL;
        struct versions l = { 0 };
        int r = open_library(o, &c, e);

        if (r >= 0)
                r = all_versions(c, NULL, &l, e);
        if (r >= 0)
                fprintf(o->out, "%s", o->json ? "[" : "PACKAGE   VERSION       FILES            BYTES  SOUND\n");
        for (size_t i = 0; i < l.n && r >= 0; i++) {
                const struct cas_version *v = &l.v[i];

                r = cas_version_sound(c, v, e);
                if (r < 0)
                        break;
                if (o->json)
                        print_json(o->out, v, r == CAS_OK, i > 0);
                else
                        fprintf(o->out, "%-8s  %7u  %10" PRIu64 "  %15" PRIu64 "  %s\n", v->package, v->version, v->n_files,
                                v->total_bytes, r == CAS_OK ? "yes" : "no");
        }
        if (r >= 0 && o->json)
                fprintf(o->out, "]\n");
        free(l.v);
        return r < 0 ? r : 0;
}

int offline_extract(const struct offline *o, const char *package, const char *target, struct err *e)
{
        _cleanup_(cas_closep) struct cas *c = NULL;
        struct cas_version v;
        int r = open_library(o, &c, e);

        if (r >= 0)
                r = cas_version_find(c, package, &v, e);
        if (r == CAS_E_ABSENT) {
                err_clear(e);
                return err_set(e, ERR_NOT_FOUND, "package %s is not here", package);
        }
        if (r >= 0)
                r = cas_extract(c, &v, target, e);
        if (r >= 0 && fprintf(o->out, "%s version %u: %" PRIu64 " files, %" PRIu64 " bytes\n", v.package, v.version, v.n_files,
                              v.total_bytes) < 0)
                r = err_set(e, ERR_IO, "write the result");
        return r < 0 ? r : 0;
}

static void print_validated(const struct offline *o, const struct verification *v)
{
        fprintf(o->out, "%s version %u: ", v->v.package, v->v.version);
        if (v->n_bad == 0)
                fprintf(o->out, "valid, %" PRIu64 " bytes read\n", v->bytes);
        else
                fprintf(o->out, "DAMAGED, %" PRIu64 " files\n", v->n_bad);
        for (size_t i = 0; i < v->n_files; i++)
                fprintf(o->out, "  %s\n", v->files[i]);
}

int offline_validate(const struct offline *o, const char *package_or_null, uint64_t *damaged_out, struct err *e)
{
        _cleanup_(cas_closep) struct cas *c = NULL;
        struct versions l = { 0 };
        atomic_bool never = false;
        int r = open_library(o, &c, e);

        *damaged_out = 0;
        if (r >= 0)
                r = all_versions(c, package_or_null, &l, e);
        for (size_t i = 0; i < l.n && r >= 0; i++) {
                struct verification *v = verification_new(c, 0, &never);

                if (!v) {
                        r = err_set(e, ERR_NOMEM, "out of memory");
                        break;
                }
                v->v = l.v[i];
                r = verification_run(v, e);
                if (r >= 0) {
                        print_validated(o, v);
                        *damaged_out += v->n_bad > 0;
                }
                verification_free(v);
        }
        free(l.v);
        return r < 0 ? r : 0;
}

int offline_gc(const struct offline *o, bool dry_run, struct err *e)
{
        _cleanup_(cas_closep) struct cas *c = NULL;
        struct cas_gc_stats st = { 0 };
        int r = open_library(o, &c, e);

        if (r >= 0)
                r = cas_gc(c, dry_run, &st, e);
        if (r < 0)
                return r;
        fprintf(o->out, "%s%" PRIu64 " pieces, %" PRIu64 " bytes, %" PRIu64 " packs, %" PRIu64 " manifests removed\n",
                dry_run ? "would be: " : "", st.pieces_dropped, st.bytes_freed, st.packs_removed, st.manifests_removed);
        return 0;
}
