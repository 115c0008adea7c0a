/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/statvfs.h>
#include "dp/internal.h"

struct collection {
        struct dp *dp;
        struct dpwire_held *v;
        size_t n, cap;
        struct cas_version *versions;
        int r;
        struct err *e;
};

static bool collect(void *ctx, const struct cas_version *v)
{
        struct collection *c = ctx;

        if (c->n == DPWIRE_MAX_PACKAGES) {
                c->r = err_set(c->e, ERR_TOO_LARGE, "more than %d packages are held", DPWIRE_MAX_PACKAGES);
                return false;
        }
        if (c->n == c->cap) {
                size_t cap = c->cap ? c->cap * 2 : 64;
                struct cas_version *more = realloc(c->versions, cap * sizeof(*more));

                if (!more) {
                        c->r = err_set(c->e, ERR_NOMEM, "out of memory");
                        return false;
                }
                c->versions = more;
                c->cap = cap;
        }
        c->versions[c->n++] = *v;
        return true;
}

/* Asked after the walk: the library's lock is not ours to hold over questions. */
static int judge(struct collection *c)
{
        for (size_t i = 0; i < c->n; i++) {
                int r = cas_version_sound(c->dp->cas, &c->versions[i], c->e);

                if (r < 0)
                        return r;
                err_clear(c->e);
                memcpy(c->v[i].package, c->versions[i].package, DPWIRE_PACKAGE_LEN);
                c->v[i].version = c->versions[i].version;
                c->v[i].manifest = c->versions[i].manifest;
                c->v[i].sound = r == CAS_OK;
        }
        return 0;
}

int inventory_body(struct dp *d, uint64_t order, struct buf *out, struct err *e)
{
        struct collection c = { .dp = d, .e = e };
        struct dpwire_inventory in = { .order = order, .version = STR(TALLYMAN_VERSION) };
        struct statvfs fs;
        int r = cas_version_each(d->cas, collect, &c, e);

        if (r >= 0)
                r = c.r;
        if (r >= 0 && c.n && !(c.v = calloc(c.n, sizeof(*c.v))))
                r = err_set(e, ERR_NOMEM, "out of memory");
        if (r >= 0)
                r = judge(&c);
        if (r >= 0) {
                if (statvfs(d->dir, &fs) == 0) {
                        in.bytes_free = (uint64_t)fs.f_bavail * fs.f_frsize;
                        in.bytes_total = (uint64_t)fs.f_blocks * fs.f_frsize;
                }
                in.packages = c.v;
                in.n_packages = c.n;
                dpwire_inventory_encode(out, &in);
                r = out->failed ? err_set(e, ERR_NOMEM, "out of memory") : 0;
        }
        free(c.versions);
        free(c.v);
        return r;
}
