/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report - what DPs say, and what of it is believed
 *
 * What speaks against a DP is believed at once.  What speaks for it is believed
 * only when it answers an order newer than `since`, the newest order at the time
 * of the last redistribution or of the last word against it: so a copy delayed on
 * its way cannot undo what is known since.  INSTALLED is believed only of the
 * version and manifest that the site published.
 */
#include <stdio.h>

#include "model/sql_site.h"
#include "model/status.h"

enum { REASON_MAX = 900 };

struct report {
        struct pkg p;
        struct pair was, now;
        const char *stale;                      /* why it changes nothing; NULL: it may */
};

/* Package and DP, and whether the report can still say something. */
static int begin(struct tx *t, const struct model_report *in, struct report *out, struct err *e)
{
        struct err unknown = { 0 };
        int r = pkg_find(t->db, in->package_id, &out->p, &unknown);

        out->stale = NULL;
        if (r < 0 && unknown.kind == ERR_NOT_FOUND) {
                out->stale = "the package is gone";
                return 0;
        }
        if (r < 0) {
                *e = unknown;
                return r;
        }
        r = pair_load(t, &out->p, in->dp_id, &out->was, e);
        if (r)
                return r;
        out->now = out->was;
        if (out->was.state == STATE_NONE)
                out->stale = "the package is not assigned to this distribution point";
        return 0;
}

static int finish_job(struct tx *t, const struct report *rep, enum job_slot slot, struct err *e)
{
        return job_drop(t, rep->p.pkg_id, rep->was.dp_id, slot, e);
}

/* The manifest of that version as published: 1 when it is another one or none. */
static int check_manifest(struct tx *t, const struct pkg *p, uint32_t version, const struct hash_id *manifest,
                          struct err *e)
{
        struct db_stmt *s;
        struct str blob;
        int r;

        if (version == p->version)
                return !p->has_manifest || !hash_id_eq(&p->manifest, manifest);
        s = db_stmt(t->db, SQL_SITE_VERSION_OF, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, p->pkg_id);
        db_bind_i64(s, 2, version);
        r = db_step(s, e);
        if (r > 0) {
                blob = db_col_blob(s, 0);
                r = blob.n != HASH_LEN || memcmp(blob.p, manifest->b, HASH_LEN) != 0;
        } else if (r == 0) {
                r = 1;
        }
        db_reset(s);
        return r;
}

/* An older version arrived: it is held, and the newer one is still to come. */
static int hold_older(struct tx *t, struct report *rep, uint32_t version, const char **what, struct err *e)
{
        int r;

        *what = "an older version: the newer one is still to come";
        if (rep->was.held >= version || state_is_removal(rep->was.state))
                return 1;
        rep->now.held = version;
        r = pair_save(t, &rep->p, &rep->was, &rep->now, e);
        return r ? r : 1;
}

static int installed_now(struct tx *t, struct report *rep, const struct model_report *in, struct err *e)
{
        char text[80];
        int r = pair_move(&rep->p, &rep->now, EV_REPORT_INSTALLED, e);

        if (r)
                return r;
        pair_clear(&rep->now);
        rep->now.held = in->version;
        rep->now.copied_us = t->now_us;
        rep->now.received = in->bytes_received;
        rep->now.reused = in->bytes_reused;
        r = pair_save(t, &rep->p, &rep->was, &rep->now, e);
        if (!r)
                r = finish_job(t, rep, SLOT_CONTENT, e);
        snprintf(text, sizeof(text), "version %u, %llu bytes sent", in->version, (unsigned long long)in->bytes_received);
        if (!r)
                r = status_raise(t, rep->was.held == in->version ? STATUS_REFRESHED : STATUS_DISTRIBUTED, &rep->p, &rep->now, text, e);
        return r;
}

int model_report_installed(struct tx *t, const struct model_report *in, const char **what_out, struct err *e)
{
        struct report rep;
        int r = begin(t, in, &rep, e);

        *what_out = rep.stale;
        if (r || rep.stale)
                return r ? r : 1;
        if (in->version > rep.p.version)
                return err_set(e, ERR_INVALID, "package %s has version %u, the report from %s says %u", rep.p.package_id,
                               rep.p.version, rep.was.dp_name, in->version);
        r = check_manifest(t, &rep.p, in->version, &in->manifest, e);
        if (r < 0)
                return r;
        if (r > 0)
                return err_set(e, ERR_CORRUPT, "the report of package %s version %u from %s names another manifest than the site's: "
                                               "it is not counted as installed",
                               rep.p.package_id, in->version, rep.was.dp_name);
        if (in->version < rep.p.version)
                return hold_older(t, &rep, in->version, what_out, e);
        if (state_is_removal(rep.was.state)) {
                *what_out = "the package is being removed from this distribution point";
                return 1;
        }
        if (rep.was.state == STATE_INSTALLED) {
                *what_out = "already so";
                return pair_save(t, &rep.p, &rep.was, &rep.now, e);
        }
        if (in->order ? in->order <= rep.was.since : rep.was.state == STATE_CONTENT_MONITORING) {
                *what_out = "it was ordered again, or found damaged, since";
                return 1;
        }
        *what_out = "installed";
        return installed_now(t, &rep, in, e);
}

int model_report_removed(struct tx *t, const struct model_report *in, struct err *e)
{
        struct report rep;
        bool was_removal;
        int r = begin(t, in, &rep, e);

        if (r || rep.stale)
                return r;
        was_removal = state_is_removal(rep.was.state);
        /* The content of a newer order was reported meanwhile. */
        if (rep.was.state == STATE_INSTALLED && in->order && in->order <= rep.was.since)
                return 0;
        rep.now.held = 0;
        r = pair_move(&rep.p, &rep.now, EV_REPORT_REMOVED, e);
        if (r)
                return r;
        if (!was_removal && rep.now.state == STATE_CONTENT_MONITORING) {
                rep.now.reason_code = STR("ContentMissing");
                rep.now.reason = STR("the distribution point removed the package; redistribute it");
                r = job_last(t->db, &rep.now.since, e);
                if (r)
                        return r;
        }
        if (was_removal) {
                r = finish_job(t, &rep, SLOT_CONTENT, e);
                if (!r)
                        r = status_raise(t, STATUS_REMOVED, &rep.p, &rep.was, NULL, e);
        }
        return r ? r : pair_save(t, &rep.p, &rep.was, &rep.now, e);
}

/* "3 files are damaged: a, b, c" within bounds. */
static struct str damage_text(struct tx *t, const struct str *files, size_t n)
{
        struct buf b;
        struct str out;

        buf_init(&b, 0);
        buf_printf(&b, "%zu %s damaged or missing:", n, n == 1 ? "file is" : "files are");
        for (size_t i = 0; i < n && b.n < REASON_MAX; i++)
                buf_printf(&b, "%s%.*s", i ? ", " : " ", (int)MIN(files[i].n, (size_t)300), files[i].p);
        out = arena_str(&t->arena, n ? buf_str(&b) : STR("the distribution point does not hold the package any more"));
        buf_fini(&b);
        return out;
}

int model_report_invalid(struct tx *t, const struct model_report *in, const struct str *files, size_t n_files,
                         struct err *e)
{
        struct report rep;
        int r = begin(t, in, &rep, e);

        if (!r && !rep.stale)
                r = finish_job(t, &rep, SLOT_VALIDATE, e);
        if (r || rep.stale || state_is_removal(rep.was.state) || rep.was.held == 0)
                return r;
        /* Validation of an older version says nothing about the one that was installed meanwhile. */
        if (in->version && in->version < rep.was.held)
                return 0;
        if (!n_files)
                rep.now.held = 0;
        r = pair_move(&rep.p, &rep.now, EV_REPORT_INVALID, e);
        if (r)
                return r;
        if (rep.now.state == STATE_CONTENT_MONITORING) {
                /* Whatever was installed up to now was not enough. */
                r = job_last(t->db, &rep.now.since, e);
                if (r)
                        return r;
                rep.now.reason_code = n_files ? STR("HashMismatch") : STR("ContentMissing");
                rep.now.reason = damage_text(t, files, n_files);
        }
        r = pair_save(t, &rep.p, &rep.was, &rep.now, e);
        if (!r && rep.now.state == STATE_CONTENT_MONITORING)
                r = status_raise(t, n_files ? STATUS_HASH_WRONG : STATUS_CONTENT_MISSING, &rep.p, &rep.now,
                                 rep.now.reason.p, e);
        return r;
}

int model_report_valid(struct tx *t, const struct model_report *in, struct err *e)
{
        struct report rep;
        int r = begin(t, in, &rep, e);

        if (!r && !rep.stale)
                r = finish_job(t, &rep, SLOT_VALIDATE, e);
        if (r || rep.stale || in->version != rep.p.version || state_is_removal(rep.was.state))
                return r;
        r = check_manifest(t, &rep.p, in->version, &in->manifest, e);
        if (r)
                return r < 0 ? r : 0;
        /* The disk was read again after the damage was found, and every byte is right. */
        if (rep.was.state == STATE_CONTENT_MONITORING && in->order > rep.was.since) {
                r = pair_move(&rep.p, &rep.now, EV_REPORT_INSTALLED, e);
                if (r)
                        return r;
                pair_clear(&rep.now);
                rep.now.held = in->version;
        }
        r = pair_save(t, &rep.p, &rep.was, &rep.now, e);
        if (!r)
                r = status_raise(t, STATUS_HASH_VERIFIED, &rep.p, &rep.now, NULL, e);
        return r;
}
