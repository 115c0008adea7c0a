/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory - all that a DP holds, against what we believe
 *
 * An inventory can take INSTALLED away and never give it: a package that is
 * there although we believed otherwise is found by its job, which the DP answers
 * at once.
 */
#include <stdio.h>

#include "model/believed.h"
#include "model/pair.h"
#include "model/sql_site.h"
#include "model/status.h"

enum { STRANGERS_NAMED = 10 };

static enum believed_verdict judge(const struct believed *b, struct str manifest, const struct model_held *h)
{
        if (!h)
                return BELIEVED_MISSING;
        if (!h->sound)
                return BELIEVED_DAMAGED;
        /* Newer than we know: its report is on the way. */
        if (h->version > b->held && b->state != STATE_INSTALLED)
                return BELIEVED_RIGHT;
        if (h->version != b->held || manifest.n != HASH_LEN || memcmp(manifest.p, h->manifest.b, HASH_LEN) != 0)
                return BELIEVED_OTHER;
        return BELIEVED_RIGHT;
}

/* Reads the rows of believed_of_dp; `lines` leads from PackageID to the inventory's line. */
static int read_rows(struct db_stmt *s, const struct map *lines, const struct model_held *held, bool *strange,
                     struct arena *a, struct believed **out, size_t *n_out, struct err *e)
{
        struct believed *v = NULL, *more;
        size_t n = 0, cap = 0;
        int r;

        while ((r = db_step(s, e)) > 0) {
                const struct model_held *h = map_get(lines, db_col_text(s, 1));
                struct believed b = { .pkg_id = db_col_i64(s, 0), .state = (int)db_col_i64(s, 2), .held = (uint32_t)db_col_i64(s, 3) };

                if (h)
                        strange[h - held] = false;
                if (!b.held)
                        continue;
                copy_text(db_col_text(s, 1), b.package_id, sizeof(b.package_id));
                b.verdict = judge(&b, db_col_blob(s, 5), h);
                /* Damage that is known, or that an order is mending, is no news. */
                if (b.verdict == BELIEVED_DAMAGED && b.state != STATE_INSTALLED)
                        b.verdict = BELIEVED_RIGHT;
                if (n == cap) {
                        cap = cap ? cap * 2 : 64;
                        more = arena_array(a, cap, sizeof(*v));
                        if (!more)
                                return err_set(e, ERR_NOMEM, "inventory: out of memory");
                        if (n)
                                memcpy(more, v, n * sizeof(*v));
                        v = more;
                }
                v[n++] = b;
        }
        *out = v;
        *n_out = n;
        return r;
}

int believed_compare(struct db_conn *c, struct arena *a, int64_t dp_id, const struct model_held *held, size_t n_held,
                     struct believed **out, size_t *n_out, bool **strange_out, struct err *e)
{
        struct db_stmt *s = db_stmt(c, SQL_SITE_BELIEVED_OF_DP, e);
        bool *strange = arena_array(a, n_held + 1, sizeof(*strange));
        struct map lines;
        int r = 0;

        if (!s)
                return err_number(e->kind);
        if (!strange)
                return err_set(e, ERR_NOMEM, "inventory: out of memory");
        map_init(&lines, true);
        for (size_t i = 0; i < n_held && !r; i++) {
                strange[i] = true;
                r = map_put(&lines, held[i].package_id, (void *)&held[i], NULL);
        }
        if (r < 0)
                r = err_set(e, ERR_NOMEM, "inventory: out of memory");
        db_bind_i64(s, 1, dp_id);
        if (!r)
                r = read_rows(s, &lines, held, strange, a, out, n_out, e);
        db_reset(s);
        map_fini(&lines, NULL);
        *strange_out = strange;
        return r;
}

static int apply(struct tx *t, int64_t dp_id, const struct believed *b, struct err *e)
{
        const bool lost = b->verdict != BELIEVED_DAMAGED;
        struct pair was, now;
        struct pkg p;
        int r = pkg_get(t->db, b->pkg_id, &p, e);

        if (!r)
                r = pair_load(t, &p, dp_id, &was, e);
        if (r)
                return r;
        now = was;
        if (lost)
                now.held = 0;
        if (!state_is_removal(was.state)) {
                r = pair_move(&p, &now, EV_REPORT_INVALID, e);
                if (r)
                        return r;
        }
        if (was.state != STATE_INSTALLED)
                return pair_save(t, &p, &was, &now, e);
        now.reason_code = lost ? STR("ContentMissing") : STR("HashMismatch");
        now.reason = lost ? STR("the distribution point's inventory does not have this version")
                          : STR("the distribution point's inventory says that files are damaged");
        r = job_last(t->db, &now.since, e);
        if (!r)
                r = pair_save(t, &p, &was, &now, e);
        return r ? r : status_raise(t, lost ? STATUS_CONTENT_MISSING : STATUS_HASH_WRONG, &p, &now, now.reason.p, e);
}

/* What the DP holds and nobody assigned to it: said, and left to a person. */
static int tell_strangers(struct tx *t, const struct model_dp *dp, const struct model_held *held, size_t n,
                          const bool *strange, struct err *e)
{
        struct buf text;
        size_t found = 0;
        int r = 0;

        buf_init(&text, 0);
        buf_addz(&text, "holds packages that are not assigned to it:");
        for (size_t i = 0; i < n; i++)
                if (strange[i] && ++found <= STRANGERS_NAMED)
                        buf_printf(&text, " %.*s", (int)MIN(held[i].package_id.n, (size_t)16), held[i].package_id.p);
        if (found > STRANGERS_NAMED)
                buf_printf(&text, " and %zu more", found - STRANGERS_NAMED);
        if (found)
                r = status_raise_dp(t, STATUS_DP_LIST_DIFFERS, dp, text.failed ? NULL : text.p, e);
        buf_fini(&text);
        return r;
}

int model_inventory(struct tx *t, int64_t dp_id, const struct model_held *held, size_t n, struct err *e)
{
        struct believed *b;
        struct model_dp dp;
        char number[24];
        bool *strange;
        size_t n_believed;
        int r;

        snprintf(number, sizeof(number), "%lld", (long long)dp_id);
        r = model_dp_find(t->db, str_of(number), &dp, e);
        if (r)
                return r < 0 ? r : err_set(e, ERR_NOT_FOUND, "there is no distribution point number %s", number);
        r = believed_compare(t->db, &t->arena, dp_id, held, n, &b, &n_believed, &strange, e);
        for (size_t i = 0; !r && i < n_believed; i++)
                if (b[i].verdict != BELIEVED_RIGHT)
                        r = apply(t, dp_id, &b[i], e);
        return r ? r : tell_strangers(t, &dp, held, n, strange, e);
}
