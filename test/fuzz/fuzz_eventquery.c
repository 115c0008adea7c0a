/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_eventquery - any text as the query of a subscription
 *
 * What is taken must decide about changes of several classes (creation,
 * modification, deletion) without disagreeing with itself: the events it wants
 * are of its FROM class, they are written as JSON, and they group.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "event/aggregate.h"

static const struct {
        const char *class_name, *path, *before, *after;
} changes[] = {
        { "SMS_Package", "SMS_Package.PackageID=\"P0100001\"", NULL,
          "{\"PackageID\":\"P0100001\",\"Name\":\"a\",\"SourceVersion\":1,\"PkgFlags\":5,\"SourceDate\":\"2026-01-02T03:04:05Z\"}" },
        { "SMS_PackageStatusRootSummarizer", "SMS_PackageStatusRootSummarizer.PackageID=\"P0100001\"",
          "{\"PackageID\":\"P0100001\",\"Name\":\"a\",\"Targeted\":2,\"Installed\":1}",
          "{\"PackageID\":\"P0100001\",\"Name\":\"a\",\"Targeted\":2,\"Installed\":2}" },
        { "SMS_DistributionPoint", "SMS_DistributionPoint.PackageID=\"P0100001\",ServerNALPath=\"x\"",
          "{\"PackageID\":\"P0100001\",\"ServerNALPath\":\"x\",\"SiteCode\":\"P01\",\"BitsEnabled\":true}", NULL },
        { "TM_PackageCondition", "TM_PackageCondition.PackageID=\"P0100001\"",
          "{\"PackageID\":\"P0100001\",\"Ready\":false}", "{\"PackageID\":\"P0100001\",\"Ready\":true}" },
};

static struct str text_or_null(const char *z)
{
        return z ? str_of(z) : STR_NULL;
}

static bool take(void *ctx, struct str json, int64_t sequence)
{
        (*(size_t *)ctx)++;
        assert(json.n > 2 && json.p[0] == '{');
        return true;
}

static size_t decide(struct event_filter *f, struct event_aggregates *g, size_t i)
{
        struct event_diff d = { .class_name = str_of(changes[i].class_name), .path = str_of(changes[i].path),
                                .before = text_or_null(changes[i].before), .after = text_or_null(changes[i].after),
                                .seq = (int64_t)i + 1, .when_us = INT64_C(1767322800000000), .resume = (int64_t)i + 1 };
        const struct cim_class *events[EVENTS_OF_A_CHANGE], *again[EVENTS_OF_A_CHANGE];
        size_t n = event_filter_match(f, &d, events);

        assert(event_filter_match(f, &d, again) == n && memcmp(events, again, n * sizeof(events[0])) == 0);
        for (size_t k = 0; k < n; k++) {
                struct str text = event_filter_text(f, &d, k);
                struct wql_object o;

                assert(cim_class_isa(events[k], event_filter_binding(f)->event));
                assert(text.n > 2 && text.p[0] == '{');
                assert(event_filter_object(f, &d, k, &o));
                if (g->group)
                        assert(event_aggregates_add(g, strndup(text.p, text.n), &o, d.since, 1000) == 0);
        }
        return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct event_filters *all;
        struct event_filter *f;
        struct wql_error e = { 0 };

        assert(event_filters_new(&all) == 0);
        if (event_filter_get(all, (struct str){ (const char *)data, size }, &f, &e) == 0) {
                struct event_aggregates g;
                size_t n = 0, n_aggregates = 0;

                assert(event_aggregates_init(&g, f) == 0);
                for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
                        n += decide(f, &g, i);
                event_aggregates_take(&g, INT64_MAX - 1, 9);
                assert(event_aggregates_flush(&g, take, &n_aggregates) && n_aggregates <= n);
                event_aggregates_fini(&g);
                event_filter_put(f);
                assert(event_filters_count(all) == 0);
        } else {
                assert(e.status && e.text[0]);
        }
        event_filters_free(all);
        return 0;
}
