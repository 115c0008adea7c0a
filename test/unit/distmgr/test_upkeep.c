/* SPDX-License-Identifier: Apache-2.0 */
/* distmgr - certificates, the library, time, and orders other than installing */
#include <unistd.h>
#include "auth/token.h"
#include "distmgr/internal.h"
#include "harness.h"
#include "lib/fault.h"

/* ---- certificates ---- */

static int enrol_with(struct fixture *f, const char *name, const char *token_text)
{
        struct fake_dp nobody = { .s = &f->s };
        char *key, *csr;
        struct answer a;
        struct err e = { 0 };
        struct buf b;
        int status;

        assert_int_equal(pki_make_csr(&key, &csr, "x", (const char *const[]){ NULL }, &e), 0);
        buf_init(&b, 0);
        dpwire_enroll_encode(&b, &(struct dpwire_enroll){ str_of(name), str_of(token_text), str_of(csr), STR("") });
        fake_call(&nobody, &a, "POST", DPWIRE_PATH_ENROLL, "", buf_str(&b));
        status = a.status;
        answer_fini(&a);
        buf_fini(&b);
        free(key);
        free(csr);
        return status;
}

static void only_the_right_token_enrols(void **state)
{
        static const uint8_t ca[PKI_SHA256_LEN];
        char text[TOKEN_TEXT_MAX];
        struct fixture f;
        struct token t;
        struct err e = { 0 };

        open_fixture(&f);
        begin(&f);
        assert_int_equal(token_make(&t, STR("PAR01"), ca, &e), 0);      /* made up, or used: it looks the same */
        token_format(&t, text);
        assert_int_equal(enrol_with(&f, "PAR01", text), 403);
        assert_int_equal(enrol_with(&f, "LYO01", text), 403);
        assert_int_equal(enrol_with(&f, "", "tm1.x"), 400);
        (void)fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);        /* the DP's own certificate is as good as before */
        end(&f);
}

static void the_old_certificate_serves_until_the_new_one_does(void **state)
{
        struct str fresh;
        struct fixture f;
        struct answer a, poll;
        struct err e = { 0 };
        char *key, *csr, *old;
        struct buf b;
        size_t old_len;

        open_fixture(&f);
        begin(&f);
        assert_int_equal(pki_make_csr(&key, &csr, "PAR01", (const char *const[]){ NULL }, &e), 0);
        buf_init(&b, 0);
        dpwire_renew_encode(&b, str_of(csr));
        fake_call(&f.dp, &a, "POST", DPWIRE_PATH_RENEW, "", buf_str(&b));
        assert_int_equal(a.status, 200);
        assert_int_equal(dpwire_renewed_decode(&a.x.arena, buf_str(&a.body), &fresh, &e), 0);
        fake_call(&f.dp, &poll, "GET", DPWIRE_PATH_ORDERS, "wait=0", STR(""));          /* the answer may have been lost */
        assert_int_equal(poll.status, 200);
        answer_fini(&poll);
        old = f.dp.cert_der;
        old_len = f.dp.cert_len;
        fake_dp_certificate(&f.dp, fresh);
        for (int i = 0; i < 2; i++) {
                fake_call(&f.dp, &poll, "GET", DPWIRE_PATH_ORDERS, "wait=0", STR(""));
                assert_int_equal(poll.status, 200);
                answer_fini(&poll);
        }
        key = (free(key), f.dp.cert_der);
        f.dp.cert_der = old;
        f.dp.cert_len = old_len;
        fake_call(&f.dp, &poll, "GET", DPWIRE_PATH_ORDERS, "wait=0", STR(""));
        assert_int_equal(poll.status, 403);
        answer_fini(&poll);
        answer_fini(&a);
        buf_fini(&b);
        free(key);
        free(csr);
        end(&f);
}

static int row_fn(struct tx *t, void *arg, struct err *e)
{
        return model_dp_find(t->db, STR("PAR01"), arg, e);
}

static void a_row_read_before_the_news_is_not_believed(void **state)
{
        struct model_change change = { .class_name = STR("TM_DistributionPoint"), .path = STR("TM_DistributionPoint.Name=\"PAR01\"") };
        struct model_dp row, old;
        uint64_t before, after;
        struct session *s;
        struct fixture f;

        open_fixture(&f);
        site_start(&f.s);
        fake_dp_enrol(&f.dp, &f.s, "PAR01");
        SITE_WAIT(&f.s, (s = dm_session(f.s.d, f.dp.dp_id)) && s->fresh);
        site_do(&f.s, row_fn, &row);
        old = row;
        old.cert = (struct hash_id){ .b = { 1 } };
        before = f.s.d->n_news;
        distmgr_changed(f.s.d, &change);
        after = f.s.d->n_news;
        assert_ptr_equal(dm_session_put(f.s.d, &old, before), s);       /* a slow reader */
        assert_false(s->fresh);
        dm_session_put(f.s.d, &row, after);
        assert_true(s->fresh);
        dm_session_put(f.s.d, &old, before);                            /* a still slower one */
        assert_true(s->fresh && hash_id_eq(&s->cert, &row.cert));
        end(&f);
}

static int delete_dp_fn(struct tx *t, void *arg, struct err *e)
{
        return model_dp_delete(t, STR("PAR01"), true, e);
}

static int poll_once(struct fixture *f)
{
        struct answer a;
        int status;

        fake_call(&f->dp, &a, "GET", DPWIRE_PATH_ORDERS, "wait=0", STR(""));
        status = a.status;
        answer_fini(&a);
        return status;
}

static void a_deleted_dp_is_shown_the_door(void **state)
{
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        fake_poll(&f.dp, NULL, 0);
        (void)fake_orders(&f.dp);
        fake_poll(&f.dp, NULL, 0);
        site_do(&f.s, delete_dp_fn, NULL);
        SITE_WAIT(&f.s, f.dp.poll.done);
        /* Its orders may be called back a moment before the news of its own end is read. */
        SITE_WAIT(&f.s, poll_once(&f) == 403);
        assert_int_equal(poll_once(&f), 403);
        end(&f);
}

/* ---- orders other than installing ---- */

static int validate_fn(struct tx *t, void *arg, struct err *e)
{
        struct fixture *f = arg;

        return model_validate(t, str_of(f->package), f->dp.dp_id, e);
}

static int unassign_fn(struct tx *t, void *arg, struct err *e)
{
        struct fixture *f = arg;

        return model_unassign(t, str_of(f->package), f->dp.dp_id, e);
}

static void validated_mended_removed(void **state)
{
        struct dpwire_order o;
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_INSTALLED, ""), 200);
        site_do(&f.s, validate_fn, &f);
        o = fake_next(&f.dp, DPWIRE_VALIDATE, NULL, 0);
        assert_true(o.has_manifest);
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_VALID, ""), 200);
        assert_true(condition_is(&f, "StateName", "INSTALLED"));
        site_do(&f.s, validate_fn, &f);
        o = fake_next(&f.dp, DPWIRE_VALIDATE, NULL, 0);
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_INVALID, ""), 200);
        assert_true(condition_is(&f, "StateName", "CONTENT_MONITORING"));
        site_do(&f.s, unassign_fn, &f);
        o = fake_next(&f.dp, DPWIRE_REMOVE, NULL, 0);
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_REMOVED, ""), 200);
        assert_true(condition_is(&f, "StateName", ""));
        end(&f);
}

static void an_order_nobody_knows_is_called_back(void **state)
{
        struct dpwire_order c;
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        c = fake_next(&f.dp, DPWIRE_CANCEL, &(uint64_t){ 987654 }, 1);
        assert_int_equal(c.id, 987654);
        end(&f);
}

static bool is_waiting(struct fixture *f)
{
        const struct session *s = dm_session(f->s.d, f->dp.dp_id);

        return s && s->poll;
}

static void a_new_poll_replaces_the_old_one(void **state)
{
        struct fake_dp twin;
        struct fixture f;

        open_fixture(&f);
        site_start(&f.s);
        fake_dp_enrol(&f.dp, &f.s, "PAR01");
        twin = f.dp;                            /* the same certificate on another connection */
        fake_poll(&f.dp, NULL, 0);
        SITE_WAIT(&f.s, is_waiting(&f));        /* two at once may be identified in either order */
        fake_poll(&twin, NULL, 0);
        assert_int_equal(fake_orders(&f.dp).n, 0);
        assert_false(twin.poll.done);
        fake_hang_up(&twin);
        answer_fini(&twin.poll);
        end(&f);
}

static void no_progress_is_a_failed_attempt(void **state)
{
        struct dpwire_order o, c;
        struct fixture f;

        open_fixture(&f);
        f.s.opts.job_stall_timeout_us = 30000;
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        fake_poll(&f.dp, &o.id, 1);
        c = fake_orders(&f.dp).v[0];
        assert_int_equal(c.kind, DPWIRE_CANCEL);
        assert_int_equal(c.id, o.id);
        SITE_WAIT(&f.s, condition_is(&f, "ReasonCode", "Stalled"));
        assert_true(condition_is(&f, "Tries", "1"));
        end(&f);
}

/* ---- the library ---- */

struct look {
        struct job job;
        struct cas *cas;
        const char *package;
        uint32_t version;
        int r;
        bool done;
};

static void look_work(struct job *j)
{
        struct look *k = container_of(j, struct look, job);
        struct cas_version v;
        struct err e = { 0 };

        k->r = cas_version_get(k->cas, k->package, k->version, &v, &e);
}

static void look_done(struct job *j)
{
        container_of(j, struct look, job)->done = true;
}

static bool holds(struct fixture *f, uint32_t version)
{
        struct look k = { .job = { .work = look_work, .done = look_done }, .cas = f->s.cas, .package = f->package, .version = version };
        struct workers *w;

        assert_int_equal(workers_new(&w, f->s.loop, "look", 0), 0);
        workers_submit(w, &k.job);
        workers_free(w);
        return k.r == CAS_OK;
}

static int delete_package_fn(struct tx *t, void *arg, struct err *e)
{
        return model_package_delete(t, str_of(arg), e);
}

static void old_versions_and_gone_packages_leave_the_library(void **state)
{
        struct dpwire_order o;
        struct fixture f;

        open_fixture(&f);
        f.s.opts.gc_interval_us = 1000;
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_INSTALLED, ""), 200);
        assert_true(holds(&f, 1));
        tmpdir_write(f.s.dir, "source/docs/readme.txt", "second", 6);
        site_update(&f.s, f.package);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        SITE_WAIT(&f.s, !holds(&f, 1));
        assert_true(holds(&f, 2));
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_INSTALLED, ""), 200);
        site_do(&f.s, unassign_fn, &f);
        o = fake_next(&f.dp, DPWIRE_REMOVE, NULL, 0);
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_REMOVED, ""), 200);
        site_do(&f.s, delete_package_fn, f.package);
        SITE_WAIT(&f.s, !holds(&f, 2));
        end(&f);
}

/* ---- time ---- */

static void a_clock_set_back_does_not_put_off_retries(void **state)
{
        struct dpwire_order o;
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_FAILED, "no space"), 200);
        site_stop(&f.s);
        fault_clock_set(os_now_us() - 86400 * US_PER_SECOND);
        site_start(&f.s);
        SITE_WAIT(&f.s, site_is(&f.s, "SMS_DistributionJob", "PkgID", f.package, "State", "0"));        /* due again */
        site_stop(&f.s);                /* the clock is changed only while no thread runs */
        fault_remove();
        site_start(&f.s);
        end(&f);
}

static int advert_fn(struct tx *t, void *arg, struct err *e)
{
        struct fixture *f = arg;
        struct cim_instance *in;
        char at[RFC3339_LEN + 1];
        struct str id;
        char *json;
        int r;

        json = arena_printf(&t->arena, "{\"Name\":\"Hosts\"}");
        r = cim_json_read(cim_class_find(STR("SMS_Collection")), str_of(json), &t->arena, &in, e);
        if (r >= 0)
                r = model_collection_put(t, in, true, &id, e);
        if (r < 0)
                return r;
        json = arena_printf(&t->arena, "{\"PackageID\":\"%s\",\"ProgramName\":\"Setup\",\"CommandLine\":\"setup\"}", f->package);
        r = cim_json_read(cim_class_find(STR("SMS_Program")), str_of(json), &t->arena, &in, e);
        if (r >= 0)
                r = model_program_put(t, in, true, false, e);
        if (r < 0)
                return r;
        time_format_rfc3339(t->now_us + 300000, at);
        json = arena_printf(&t->arena, "{\"AdvertisementName\":\"Editor\",\"CollectionID\":\"%.*s\",\"PackageID\":\"%s\","
                            "\"ProgramName\":\"Setup\",\"PresentTime\":\"%s\",\"PresentTimeEnabled\":true}", STR_ARG(id), f->package, at);
        r = cim_json_read(cim_class_find(STR("SMS_Advertisement")), str_of(json), &t->arena, &in, e);
        return r < 0 ? r : model_advert_put(t, in, true, &id, e);
}

static void an_offer_comes_with_its_time(void **state)
{
        struct dpwire_order o;
        struct fixture f;

        open_fixture(&f);
        begin(&f);
        o = fake_next(&f.dp, DPWIRE_INSTALL, NULL, 0);
        assert_int_equal(fake_report(&f.dp, &o, DPWIRE_INSTALLED, ""), 200);
        site_do(&f.s, advert_fn, &f);
        SITE_WAIT(&f.s, site_is(&f.s, "TM_Offer", "PackageID", f.package, "SiteCode", "P01"));
        end(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_the_right_token_enrols),
                cmocka_unit_test(the_old_certificate_serves_until_the_new_one_does),
                cmocka_unit_test(a_row_read_before_the_news_is_not_believed),
                cmocka_unit_test(a_deleted_dp_is_shown_the_door),
                cmocka_unit_test(validated_mended_removed),
                cmocka_unit_test(an_order_nobody_knows_is_called_back),
                cmocka_unit_test(a_new_poll_replaces_the_old_one),
                cmocka_unit_test(no_progress_is_a_failed_attempt),
                cmocka_unit_test(old_versions_and_gone_packages_leave_the_library),
                cmocka_unit_test(a_clock_set_back_does_not_put_off_retries),
                cmocka_unit_test(an_offer_comes_with_its_time),
        };

        log_level_set(LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
