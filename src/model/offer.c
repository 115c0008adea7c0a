/* SPDX-License-Identifier: Apache-2.0 */
/* offer - which advertisements clients of a site may install now */
#include "model/pair.h"
#include "model/sql_site.h"

struct wrong {
        int64_t advert_row, site_id;
        bool offer;
        struct str advert_id, site_code;
};

static void touch(struct tx *t, struct str advert_id, struct str site_code)
{
        const struct tx_key keys[] = { TX_TEXT("AdvertisementID", advert_id), TX_TEXT("SiteCode", site_code) };

        tx_touch_where(t, "TM_Offer", keys, 2);
}

void offer_touch_package(struct tx *t, const struct pkg *p)
{
        tx_touch_where(t, "TM_Offer", &(struct tx_key)TX_TEXT("PackageID", str_of(p->package_id)), 1);
}

/* Rows of offers_wrong, copied: putting them right uses other statements. */
static int read_wrong(struct tx *t, struct db_stmt *s, struct wrong **out, size_t *n_out, struct err *e)
{
        struct wrong *v = NULL, *more;
        size_t n = 0, cap = 0;
        int r;

        while ((r = db_step(s, e)) > 0) {
                if (n == cap) {
                        cap = cap ? cap * 2 : 16;
                        more = arena_array(&t->arena, cap, sizeof(*v));
                        if (!more)
                                return err_set(e, ERR_NOMEM, "offers: out of memory");
                        if (n)
                                memcpy(more, v, n * sizeof(*v));
                        v = more;
                }
                v[n++] = (struct wrong){ db_col_i64(s, 0), db_col_i64(s, 3), db_col_i64(s, 1),
                                         arena_str(&t->arena, db_col_text(s, 2)), arena_str(&t->arena, db_col_text(s, 4)) };
        }
        *out = v;
        *n_out = n;
        return r;
}

int offer_sync(struct tx *t, int64_t pkg_from, int64_t pkg_to, int64_t site_from, int64_t site_to, struct err *e)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_OFFERS_WRONG, e);
        struct wrong *v;
        size_t n;
        int r;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, pkg_from);
        db_bind_i64(s, 2, site_from);
        db_bind_i64(s, 3, t->now_us);
        db_bind_i64(s, 4, pkg_to);
        db_bind_i64(s, 5, site_to);
        r = read_wrong(t, s, &v, &n, e);
        db_reset(s);
        for (size_t i = 0; !r && i < n; i++) {
                touch(t, v[i].advert_id, v[i].site_code);
                r = v[i].offer ? RUN(t, e, SQL_SITE_OFFER_INSERT, v[i].advert_row, v[i].site_id, t->now_us)
                               : RUN(t, e, SQL_SITE_OFFER_DELETE, v[i].advert_row, v[i].site_id);
        }
        return r;
}

int offer_withdraw(struct tx *t, int64_t advert_row, const char *advert_id, struct err *e)
{
        struct numbers sites;
        int r;

        tx_touch_where(t, "TM_Offer", &(struct tx_key)TX_TEXT("AdvertisementID", str_of(advert_id)), 1);
        r = READ(t, e, &sites, SQL_SITE_OFFERS_OF_ADVERT, advert_row);
        for (size_t i = 0; !r && i < sites.n_rows; i++)
                r = RUN(t, e, SQL_SITE_OFFER_DELETE, advert_row, sites.v[i * sites.n_cols]);
        return r;
}

int model_offers_refresh(struct tx *t, struct str package_id_or_null, int64_t *next_us_out, struct err *e)
{
        struct db_stmt *s;
        struct pkg p;
        int r;

        if (package_id_or_null.p) {
                r = pkg_find(t->db, package_id_or_null, &p, e);
                if (!r)
                        r = offer_sync_package(t, p.pkg_id, e);
        } else {
                r = offer_sync(t, 0, INT64_MAX, 0, INT64_MAX, e);
        }
        if (r || !next_us_out)
                return r;
        s = db_stmt(t->db, SQL_SITE_OFFER_NEXT, e);
        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, t->now_us);
        r = db_step(s, e);
        *next_us_out = r > 0 ? col_time(s, 0) : TIME_NONE_US;
        db_reset(s);
        return r < 0 ? r : 0;
}
