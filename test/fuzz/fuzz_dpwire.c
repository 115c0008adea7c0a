/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every body of the DP wire from hostile hands: the first byte says which.  What
 * decodes is within its limits, and what we write of it decodes again.
 */
#include <assert.h>
#include "codec/dpwire.h"

static void orders(struct arena *a, struct str s, struct buf *b, struct err *e)
{
        struct dpwire_orders m, again;

        if (dpwire_orders_decode(a, s, &m, e) < 0)
                return;
        assert(m.n <= DPWIRE_MAX_ORDERS);
        for (size_t i = 0; i < m.n; i++)
                assert(m.v[i].id && (!m.v[i].package[0] || dpwire_package_ok(str_of(m.v[i].package))));
        dpwire_orders_encode(b, &m);
        assert(dpwire_orders_decode(a, buf_str(b), &again, e) == 0 && again.n == m.n);
}

static void report(struct arena *a, struct str s, struct buf *b, struct err *e)
{
        struct dpwire_report m, again;

        if (dpwire_report_decode(a, s, &m, e) < 0)
                return;
        assert(m.n_files <= DPWIRE_MAX_FILES && m.text.n <= DPWIRE_MAX_TEXT);
        dpwire_report_encode(b, &m);
        assert(dpwire_report_decode(a, buf_str(b), &again, e) == 0 && again.order == m.order && again.result == m.result);
}

static void inventory(struct arena *a, struct str s, struct buf *b, struct err *e)
{
        struct dpwire_inventory m, again;

        if (dpwire_inventory_decode(a, s, &m, e) < 0)
                return;
        dpwire_inventory_encode(b, &m);
        assert(dpwire_inventory_decode(a, buf_str(b), &again, e) == 0 && again.n_packages == m.n_packages);
}

static void want(struct str s, struct buf *b, struct err *e)
{
        uint64_t n_pieces = s.n ? (uint64_t)(uint8_t)s.p[0] << (s.p[0] & 31) : 0, first, count, end = 0;
        struct dpwire_want_reader r, again;
        struct dpwire_want_writer w;

        dpwire_want_open(&r, str_from(s, s.n > 0), n_pieces);
        dpwire_want_begin(&w, b);
        while (dpwire_want_next(&r, &first, &count, e) == 1) {
                assert(count && first >= end && count <= n_pieces && first <= n_pieces - count);
                end = first + count;
                dpwire_want_run(&w, first, count);
        }
        dpwire_want_end(&w);
        err_clear(e);
        dpwire_want_open(&again, buf_str(b), n_pieces);
        while (dpwire_want_next(&again, &first, &count, e) == 1)
                ;
        assert(e->kind == ERR_NONE);
}

static void small(struct arena *a, struct str s, struct err *e)
{
        struct dpwire_enroll enroll;
        struct dpwire_enrolled enrolled;
        struct dpwire_progresses progress;
        struct str t, u;
        uint64_t ids[8];
        bool applied;
        size_t n;

        if (dpwire_enroll_decode(a, s, &enroll, e) == 0)
                assert(enroll.csr.n <= DPWIRE_MAX_PEM);
        if (dpwire_enrolled_decode(a, s, &enrolled, e) == 0)
                assert(enrolled.site_code.n <= 3);
        if (dpwire_renew_decode(a, s, &t, e) == 0 || dpwire_renewed_decode(a, s, &t, e) == 0)
                assert(t.n <= DPWIRE_MAX_PEM);
        if (dpwire_progress_decode(a, s, &progress, e) == 0)
                assert(progress.n <= DPWIRE_MAX_ORDERS);
        if (dpwire_reported_decode(s, &applied, e) == 0)
                assert(applied || !applied);
        if (dpwire_active_decode(s, ids, ARRAY_SIZE(ids), &n, e) == 0)
                assert(n <= ARRAY_SIZE(ids));
        if (dpwire_error_decode(a, s, &t, &u) == 0)
                assert(t.n <= DPWIRE_MAX_NAME && u.n <= DPWIRE_MAX_TEXT);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        struct str s = { (const char *)p + (n > 0), n > 0 ? n - 1 : 0 };
        struct err e = { 0 };
        struct arena a;
        struct buf b;

        if (n == 0)
                return 0;
        arena_init(&a, 0);
        buf_init(&b, 0);
        switch (p[0]) {
        case 'o':
                orders(&a, s, &b, &e);
                break;
        case 'r':
                report(&a, s, &b, &e);
                break;
        case 'i':
                inventory(&a, s, &b, &e);
                break;
        case 'w':
                want(s, &b, &e);
                break;
        default:
                small(&a, s, &e);
        }
        buf_fini(&b);
        arena_fini(&a);
        return 0;
}
