/* SPDX-License-Identifier: Apache-2.0 */
/* distmgr - from a job to a report, and what goes wrong on the way */
#include "harness.h"
#include "codec/piece.h"

/* ---- content ---- */

/* Every wanted piece came, in order, with the bytes its hash promises. */
static void check_pieces(const struct manifest *m, const struct buf *body)
{
        struct hasher *h = hasher_new();
        size_t at = 0;

        for (uint64_t i = 0; i < m->n_pieces; i++) {
                struct piece_header head;
                struct hash_id want, is;
                uint32_t len;

                manifest_piece(m, i, &want, &len);
                assert_true(at + PIECE_HEADER_LEN + len <= body->n);
                assert_int_equal(piece_header_decode((const uint8_t *)body->p + at, &head), 0);
                assert_int_equal(head.n, len);
                hash_bytes_id(h, body->p + at + PIECE_HEADER_LEN, len, &is);
                assert_true(hash_id_eq(&is, &want));
                at += PIECE_HEADER_LEN + len;
        }
        assert_int_equal(at, body->n);
        hasher_free(h);
}

static void from_source_to_installed(void **state)
{
        char path[128], text[16];
        struct answer man, all, rest;
        struct dpwire_order o;
        struct manifest m;
        struct fixture f;
        struct err e = { 0 };
        struct buf want;
        uint32_t first_len;
        struct hash_id id;

        open_fixture(&f);
        begin(&f);
        assert_true(condition_is(&f, "StateName", "INSTALL_PENDING"));
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        assert_string_equal(o.package, f.package);
        assert_int_equal(o.version, 1);
        assert_true(o.has_manifest);
        assert_int_equal(o.size, 300007);

        content_path(&o.manifest, DPWIRE_PATH_MANIFEST, path);
        fake_call(&f.dp, &man, "GET", path, "", STR(""));
        assert_int_equal(man.status, 200);
        assert_int_equal(manifest_open(&m, man.body.p, man.body.n, &e), 0);
        assert_int_equal(m.n_files, 3);

        buf_init(&want, 0);
        content_path(&o.manifest, DPWIRE_PATH_CONTENT, path);
        fake_call(&f.dp, &all, "POST", path, "", want_all(&m, &want));
        assert_int_equal(all.status, 200);
        assert_false(all.aborted);
        check_pieces(&m, &all.body);

        /* Resumed within the first piece: its header again, then the bytes from there. */
        manifest_piece(&m, 0, &id, &first_len);
        snprintf(text, sizeof(text), "offset=%u", first_len - 1);
        fake_call(&f.dp, &rest, "POST", path, text, buf_str(&want));
        assert_int_equal(rest.status, 200);
        assert_int_equal(rest.body.n, all.body.n - (first_len - 1));
        assert_memory_equal(rest.body.p, all.body.p, PIECE_HEADER_LEN);
        assert_memory_equal(rest.body.p + PIECE_HEADER_LEN, all.body.p + PIECE_HEADER_LEN + first_len - 1,
                            rest.body.n - PIECE_HEADER_LEN);

        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_INSTALLED, ""), 200);
        assert_true(condition_is(&f, "StateName", "INSTALLED"));
        assert_string_equal(site_get(&f.s, "SMS_PackageStatusRootSummarizer", "PackageID", f.package, "Installed"), "1");
        /* And again, as a DP does whose acknowledgement was lost. */
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_INSTALLED, ""), 200);
        assert_string_equal(site_get(&f.s, "SMS_PackageStatusRootSummarizer", "PackageID", f.package, "Installed"), "1");

        answer_fini(&man);
        answer_fini(&all);
        answer_fini(&rest);
        buf_fini(&want);
        end(&f);
}

static void bad_requests_are_refused_in_words(void **state)
{
        char path[128];
        struct dpwire_order o;
        struct fixture f;
        struct answer a;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        content_path(&o.manifest, DPWIRE_PATH_CONTENT, path);
        fake_call(&f.dp, &a, "POST", path, "", STR("\x00\xff\xff\xff\x7f"));    /* beyond the table */
        assert_int_equal(a.status, 400);
        answer_fini(&a);
        fake_call(&f.dp, &a, "POST", path, "offset=99999999", STR("\x00\x01"));
        assert_int_equal(a.status, 400);
        answer_fini(&a);
        fake_call(&f.dp, &a, "POST", DPWIRE_PATH_CONTENT "xyz", "", STR("\x00\x01"));
        assert_int_equal(a.status, 400);
        answer_fini(&a);
        memset(o.manifest.b, 7, HASH_LEN);
        content_path(&o.manifest, DPWIRE_PATH_CONTENT, path);
        fake_call(&f.dp, &a, "POST", path, "", STR("\x00\x01"));
        assert_int_equal(a.status, 410);
        answer_fini(&a);
        fake_call(&f.dp, &a, "POST", DPWIRE_PATH_REPORT, "", STR("{\"order\":"));
        assert_int_equal(a.status, 400);
        answer_fini(&a);
        fake_call(&f.dp, &a, "GET", DPWIRE_PATH_ORDERS, "active=1,x&wait=0", STR(""));
        assert_int_equal(a.status, 400);
        answer_fini(&a);
        end(&f);
}

static void a_wrong_manifest_is_never_installed(void **state)
{
        struct dpwire_order o;
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        o.manifest.b[0] ^= 1;
        assert_int_not_equal(fake_report(&f.dp, &o, DPWIRE_INSTALLED, ""), 200);
        assert_string_equal(site_get(&f.s, "SMS_PackageStatusRootSummarizer", "PackageID", f.package, "Installed"), "0");
        end(&f);
}

/* ---- the long poll ---- */

static void a_held_poll_is_answered_when_there_is_work(void **state)
{
        struct dpwire_orders m;
        struct fixture f;

        open_fixture(&f);
        site_start(&f.s);
        fake_dp_enrol(&f.dp, &f.s, "PAR01");
        fake_poll(&f.dp, NULL, 0);
        SITE_WAIT(&f.s, site_is(&f.s, "TM_DistributionPoint", "Name", "PAR01", "Enrolled", "1"));
        assert_false(f.dp.poll.done);
        site_package(&f.s, "Editor", f.package);
        site_assign(&f.s, f.package, f.dp.dp_id);
        m = fake_orders(&f.dp);
        assert_int_equal(m.n, 1);
        assert_int_equal(m.v[0].kind, DPWIRE_INSTALL);
        end(&f);
}

static void a_restarted_site_goes_on_where_it_was(void **state)
{
        struct dpwire_order o;
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        site_stop(&f.s);
        site_start(&f.s);
        fake_poll(&f.dp, &o.id, 1);             /* the DP works on it still */
        SITE_WAIT(&f.s, site_is(&f.s, "SMS_DistributionJob", "PkgID", f.package, "State", "2"));
        assert_false(f.dp.poll.done);           /* adopted: neither sent again nor cancelled */
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_INSTALLED, ""), 200);
        assert_true(condition_is(&f, "StateName", "INSTALLED"));
        end(&f);
}

static void an_order_the_dp_does_not_name_is_sent_again(void **state)
{
        struct dpwire_order o, again;
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        site_stop(&f.s);
        site_start(&f.s);
        again = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        assert_int_equal(again.id, o.id);
        end(&f);
}

static void a_cancelled_order_is_called_back(void **state)
{
        struct dpwire_order o, c;
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        fake_poll(&f.dp, &o.id, 1);
        site_cancel(&f.s, f.package, f.dp.dp_id);
        c = fake_orders(&f.dp).v[0];
        assert_int_equal(c.kind, DPWIRE_CANCEL);
        assert_int_equal(c.id, o.id);
        end(&f);
}

static void an_update_calls_the_old_version_back(void **state)
{
        struct dpwire_order o, c, next;
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        tmpdir_write(f.s.dir, "source/docs/readme.txt", "read me again", 13);
        site_update(&f.s, f.package);
        c = fake_next(&f.dp, DPWIRE_CANCEL, &o.id, 1);
        assert_int_equal(c.id, o.id);
        next = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        assert_int_equal(next.version, 2);
        assert_int_not_equal(next.id, o.id);
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_INSTALLED, ""), 200);    /* it was done before it heard */
        assert_string_equal(site_get(&f.s, "SMS_PackageStatusRootSummarizer", "PackageID", f.package, "Installed"), "0");
        assert_int_equal(fake_report(&f.dp, &next, DPWIRE_INSTALLED, ""), 200);
        assert_string_equal(site_get(&f.s, "SMS_PackageStatusRootSummarizer", "PackageID", f.package, "Installed"), "1");
        end(&f);
}

/* ---- what keeps a DP from working ---- */

static void a_failed_attempt_is_counted_and_waits(void **state)
{
        struct dpwire_order o;
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_FAILED, "no space left"), 200);
        assert_true(condition_is(&f, "StateName", "INSTALL_RETRYING"));
        assert_true(condition_is(&f, "ReasonCode", "DiskFull"));
        assert_true(condition_is(&f, "Tries", "1"));
        assert_non_null(strstr(condition(&f, "Reason"), "no space left"));
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_FAILED, "no space left"), 200);  /* the same letter again */
        assert_true(condition_is(&f, "Tries", "1"));
        end(&f);
}

static void an_absent_dp_is_offline_and_due_when_it_comes(void **state)
{
        struct fixture f;

        open_fixture(&f);
        f.s.opts.dp_offline_grace_us = 20000;
        begin(&f);
        SITE_WAIT(&f.s, condition_is(&f, "ReasonCode", "DpOffline"));
        assert_true(condition_is(&f, "Tries", "1"));
        assert_true(condition_is(&f, "StateName", "INSTALL_RETRYING"));
        (void)fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);        /* an hour before its next try */
        end(&f);
}

static void a_vanished_dp_fails_its_order_once(void **state)
{
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        (void)fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        site_stop(&f.s);
        f.s.opts.dp_offline_grace_us = 20000;
        site_start(&f.s);
        for (int i = 0; i < 3; i++) {           /* it comes and goes: one try, not three */
                (void)fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
                SITE_WAIT(&f.s, !site_is(&f.s, "SMS_DistributionJob", "PkgID", f.package, "State", "2"));
        }
        assert_true(condition_is(&f, "Tries", "1"));
        end(&f);
}

static void a_wrong_clock_gets_no_orders(void **state)
{
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        f.dp.clock_off_us = -3 * 3600 * US_PER_SECOND;
        fake_poll(&f.dp, NULL, 0);
        SITE_WAIT(&f.s, condition_is(&f, "ReasonCode", "ClockSkew"));
        assert_non_null(strstr(condition(&f, "Reason"), "behind"));
        assert_false(f.dp.poll.done);
        f.dp.clock_off_us = 0;
        (void)fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        end(&f);
}

static int maintenance_fn(struct tx *t, void *arg, struct err *e)
{
        return model_dp_maintenance(t, STR("PAR01"), *(bool *)arg, e);
}

static void maintenance_stops_what_runs(void **state)
{
        struct dpwire_order o, c;
        struct fixture f;
        char path[128];
        struct answer a;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        site_do(&f.s, maintenance_fn, &(bool){ true });
        c = fake_next(&f.dp, DPWIRE_CANCEL, &o.id, 1);
        assert_int_equal(c.id, o.id);
        content_path(&o.manifest, DPWIRE_PATH_CONTENT, path);
        fake_call(&f.dp, &a, "POST", path, "", STR("\x00\x01"));
        assert_int_equal(a.status, 503);
        answer_fini(&a);
        site_do(&f.s, maintenance_fn, &(bool){ false });
        (void)fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        end(&f);
}

static void a_foreign_certificate_is_refused_and_told_of(void **state)
{
        struct fake_dp thief = { .cert_der = NULL };
        struct fixture f;
        struct answer a;
        struct site other;

        open_fixture(&f);
        begin(&f);
        site_open(&other);                      /* another site's authority, the same name */
        site_start(&other);
        fake_dp_enrol(&thief, &other, "PAR01");
        thief.s = &f.s;
        fake_call(&thief, &a, "GET", DPWIRE_PATH_ORDERS, "wait=0", STR(""));
        assert_int_equal(a.status, 403);
        assert_non_null(strstr(a.body.p, "not issued by this site"));
        answer_fini(&a);
        SITE_WAIT(&f.s, condition_is(&f, "ReasonCode", "BadCertificate"));
        (void)fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);        /* the right one is not harmed */
        thief.s = &other;
        fake_dp_fini(&thief);
        site_close(&other);
        end(&f);
}

static void no_certificate_no_service(void **state)
{
        struct fake_dp nobody = { .cert_der = NULL };
        struct fixture f;
        struct answer a;

        open_fixture(&f);
        begin(&f);
        nobody.s = &f.s;
        fake_call(&nobody, &a, "GET", DPWIRE_PATH_ORDERS, "wait=0", STR(""));
        assert_int_equal(a.status, 403);
        answer_fini(&a);
        end(&f);
}

/* ---- the source and the library ---- */

static void a_missing_source_is_told_and_mended(void **state)
{
        struct fixture f;
        char *moved;

        open_fixture(&f);
        f.s.opts.retry.delay_us = 20000;
        moved = tmpdir_path(f.s.dir, "moved");
        site_start(&f.s);
        fake_dp_enrol(&f.dp, &f.s, "PAR01");
        assert_int_equal(rename(f.s.source, moved), 0);
        site_package(&f.s, "Editor", f.package);
        site_assign(&f.s, f.package, f.dp.dp_id);
        SITE_WAIT(&f.s, strstr(site_get(&f.s, "TM_PackageCondition", "PackageID", f.package, "ReadyMessage"), "source"));
        assert_int_equal(rename(moved, f.s.source), 0);
        (void)fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        free(moved);
        end(&f);
}

static void damage(struct site *s)
{
        char *pack = tmpdir_path(s->dir, "library/packs/00000001.pack");

        assert_int_equal(truncate(pack, 100), 0);
        free(pack);
}

static void a_damaged_library_sends_nothing(void **state)
{
        char path[128];
        struct dpwire_order o;
        struct answer man, a;
        struct manifest m;
        struct fixture f;
        struct err e = { 0 };
        struct buf want;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        content_path(&o.manifest, DPWIRE_PATH_MANIFEST, path);
        fake_call(&f.dp, &man, "GET", path, "", STR(""));
        assert_int_equal(manifest_open(&m, man.body.p, man.body.n, &e), 0);
        damage(&f.s);
        buf_init(&want, 0);
        content_path(&o.manifest, DPWIRE_PATH_CONTENT, path);
        fake_call(&f.dp, &a, "POST", path, "", want_all(&m, &want));
        assert_true(a.aborted || a.status == 410);
        answer_fini(&a);
        SITE_WAIT(&f.s, condition_is(&f, "ReasonCode", "SourceGone"));
        /* Read again meanwhile: the next request is refused in words that name a file. */
        for (int i = 0; i < 2000; i++) {
                fake_call(&f.dp, &a, "POST", path, "", want_all(&m, (buf_reset(&want), &want)));
                if (a.status == 410)
                        break;
                answer_fini(&a);
                site_spin(&f.s);
        }
        assert_int_equal(a.status, 410);
        assert_non_null(strstr(a.body.p, "lacks a sound copy of"));
        answer_fini(&a);
        answer_fini(&man);
        buf_fini(&want);
        end(&f);
}

/* ---- many ---- */

static void limits_hold_and_places_are_filled(void **state)
{
        struct dpwire_order o[7];
        struct fake_dp dp[7];
        unsigned n = 0, got[7] = { 0 };
        struct fixture f;
        struct distmgr_status st;

        open_fixture(&f);
        begin(&f);
        for (int i = 0; i < 7; i++) {
                char name[8];

                snprintf(name, sizeof(name), "DP%d", i);
                fake_dp_enrol(&dp[i], &f.s, name);
                fake_poll(&dp[i], NULL, 0);
                site_assign(&f.s, f.package, dp[i].dp_id);
        }
        SITE_WAIT(&f.s, (distmgr_status(f.s.d, &st), st.n_orders == 5));
        SITE_WAIT(&f.s, (n = 0, ({ for (int i = 0; i < 7; i++) n += dp[i].poll.done; }), n == 5));
        for (int i = 0; i < 7; i++) {
                if (!dp[i].poll.done)
                        continue;
                o[i] = fake_orders(&dp[i]).v[0];
                got[i] = 1;
        }
        for (int i = 0; i < 7; i++)
                if (got[i])
                        assert_int_equal(fake_report(&dp[i], &o[i], DPWIRE_INSTALLED, ""), 200);
        for (int i = 0; i < 7; i++) {           /* the other two had their turn without asking */
                if (got[i])
                        continue;
                o[i] = fake_orders(&dp[i]).v[0];
                assert_int_equal(fake_report(&dp[i], &o[i], DPWIRE_INSTALLED, ""), 200);
        }
        assert_string_equal(site_get(&f.s, "SMS_PackageStatusRootSummarizer", "PackageID", f.package, "Installed"), "7");
        for (int i = 0; i < 7; i++)
                fake_dp_fini(&dp[i]);
        end(&f);
}

struct verified {
        bool done;
        unsigned n, silent;
};

static void on_verified(void *arg, const struct model_difference *v, size_t n, const struct err *e)
{
        struct verified *r = arg;

        assert_int_equal(e->kind, ERR_NONE);
        r->done = true;
        r->n = (unsigned)n;
        for (size_t i = 0; i < n; i++)
                r->silent += strcmp(v[i].kind, "DpSilent") == 0;
}

static void deep_verification_asks_and_compares(void **state)
{
        struct verified v = { 0 };
        struct dpwire_order o, q;
        struct fake_dp absent;
        struct fixture f;
        struct answer a;
        struct buf b;

        open_fixture(&f);
        begin(&f);
        fake_dp_enrol(&absent, &f.s, "LYO01");
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_INSTALLED, ""), 200);
        fake_poll(&f.dp, NULL, 0);
        distmgr_verify(f.s.d, true, on_verified, &v);
        q = fake_orders(&f.dp).v[0];
        assert_int_equal(q.kind, DPWIRE_INVENTORY);
        assert_false(v.done);
        buf_init(&b, 0);                        /* it holds nothing: that is a difference */
        dpwire_inventory_encode(&b, &(struct dpwire_inventory){ .order = q.id, .version = STR("1") });
        fake_call(&f.dp, &a, "POST", DPWIRE_PATH_INVENTORY, "", buf_str(&b));
        assert_int_equal(a.status, 200);
        assert_true(v.done);
        assert_int_equal(v.silent, 1);          /* LYO01 */
        assert_int_equal(v.n, 2);
        assert_true(condition_is(&f, "StateName", "CONTENT_MONITORING"));       /* and the status no longer claims it */
        answer_fini(&a);
        buf_fini(&b);
        fake_dp_fini(&absent);
        end(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(from_source_to_installed),
                cmocka_unit_test(bad_requests_are_refused_in_words),
                cmocka_unit_test(a_wrong_manifest_is_never_installed),
                cmocka_unit_test(a_held_poll_is_answered_when_there_is_work),
                cmocka_unit_test(a_restarted_site_goes_on_where_it_was),
                cmocka_unit_test(an_order_the_dp_does_not_name_is_sent_again),
                cmocka_unit_test(a_cancelled_order_is_called_back),
                cmocka_unit_test(an_update_calls_the_old_version_back),
                cmocka_unit_test(a_failed_attempt_is_counted_and_waits),
                cmocka_unit_test(an_absent_dp_is_offline_and_due_when_it_comes),
                cmocka_unit_test(a_vanished_dp_fails_its_order_once),
                cmocka_unit_test(a_wrong_clock_gets_no_orders),
                cmocka_unit_test(maintenance_stops_what_runs),
                cmocka_unit_test(a_foreign_certificate_is_refused_and_told_of),
                cmocka_unit_test(no_certificate_no_service),
                cmocka_unit_test(a_missing_source_is_told_and_mended),
                cmocka_unit_test(a_damaged_library_sends_nothing),
                cmocka_unit_test(limits_hold_and_places_are_filled),
                cmocka_unit_test(deep_verification_asks_and_compares),
        };

        log_level_set(LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
