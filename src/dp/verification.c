/* SPDX-License-Identifier: Apache-2.0 */
#include "dp/verification.h"

struct verification *verification_new(struct cas *c, uint64_t rate_Bps, const atomic_bool *stop)
{
        struct verification *v = calloc(1, sizeof(*v));

        if (v) {
                v->cas = c;
                v->rate_Bps = rate_Bps;
                v->stop = stop;
        }
        return v;
}

void verification_free(struct verification *v)
{
        if (!v)
                return;
        for (size_t i = 0; i < v->n_files; i++)
                free(v->files[i]);
        free(v);
}

static void bad_file(void *ctx, struct str path)
{
        struct verification *v = ctx;

        v->n_bad++;
        if (v->n_files < DPWIRE_MAX_FILES && (v->files[v->n_files] = str_dup(path)))
                v->n_files++;
}

static bool must_stop(void *ctx)
{
        struct verification *v = ctx;

        return atomic_load(v->stop);
}

int verification_run(struct verification *v, struct err *e)
{
        return cas_verify(v->cas, &v->v, v->rate_Bps, bad_file, must_stop, v, &v->bytes, e);
}

void verification_report(const struct verification *v, struct str *files, struct dpwire_report *out)
{
        *out = (struct dpwire_report){
                .kind = DPWIRE_VALIDATE,
                .version = v->v.version,
                .has_manifest = true,
                .manifest = v->v.manifest,
                .result = v->n_bad ? DPWIRE_INVALID : DPWIRE_VALID,
                .code = v->n_bad ? DPWIRE_DAMAGED : DPWIRE_CODE_NONE,
                .text = v->n_bad ? STR("files are damaged or missing; redistribute the package to mend them") : STR(""),
                .files = files,
                .n_files = v->n_files,
        };
        memcpy(out->package, v->v.package, DPWIRE_PACKAGE_LEN);
        for (size_t i = 0; i < v->n_files; i++)
                files[i] = str_of(v->files[i]);
}
