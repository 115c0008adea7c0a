/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wmio - what encoding a row for DCOM costs
 *
 *      ninja -C build bench/wmio && build/bench/wmio [ROWS]
 *
 * Root summarizer rows as an EncodingUnit each (IEnumWbemClassObject::Next), as
 * one ObjectArray (IWbemWCOSmartEnum::Next, the class once) and, beside them, as
 * the JSON of the REST service; then decoding the units.  CPU of this thread;
 * each round is run five times and the best is shown.
 */
#include <stdio.h>
#include <time.h>
#include "wmio/wmio.h"

enum { ROUNDS = 5, PAGE = 100 };        /* rows of an answer, after which the buffer is emptied as a wire does */

static const struct wmio_decoration site = { STR("SITESRV"), STR("ROOT\\SMS\\site_P01") };
static struct wmio_images *images;
static struct arena arena;
static struct err err;

static void must(int r)
{
        if (r == 0)
                return;
        (void)fprintf(stderr, "wmio: %s\n", err.text);
        exit(1);
}

static double cpu_s(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct cim_instance **rows_of(const struct cim_class *c, size_t n)
{
        struct cim_instance **rows = arena_array(&arena, n, sizeof(struct cim_instance *));

        for (size_t i = 0; i < n; i++) {
                rows[i] = cim_instance_new(c, &arena);
                cim_set_str(rows[i], "PackageID", str_of(arena_printf(&arena, "P01%05zu", i)));
                cim_set_str(rows[i], "Name", str_of(arena_printf(&arena, "Package number %zu", i)));
                cim_set_str(rows[i], "SourceSite", STR("P01"));
                cim_set_i64(rows[i], "SourceDate", (INT64_C(1795395723) + (int64_t)i) * US_PER_SECOND);
                cim_set_i64(rows[i], "Targeted", 20);
                cim_set_i64(rows[i], "Installed", (int64_t)i % 21);
                cim_set_i64(rows[i], "Failed", 0);
                cim_set_i64(rows[i], "Retrying", 0);
                cim_set_i64(rows[i], "SourceSize", (int64_t)i * 3);
                cim_set_i64(rows[i], "SourceVersion", 1);
        }
        return rows;
}

/* ---- what is measured: each returns octets ---- */

static size_t units(struct cim_instance *const *rows, size_t n, struct buf *b)
{
        const struct wmio_image *image = wmio_images_get(images, rows[0]->class);
        size_t total = 0;

        for (size_t i = 0; i < n; i++) {
                if (i % PAGE == 0)
                        buf_reset(b);
                total -= b->n;
                must(wmio_encode_instance(&(struct wmio_object){ .image = image, .values = rows[i]->values }, &site,
                                          WMIO_OBJREF, b, &err));
                total += b->n;
        }
        return total;
}

static size_t packets(struct cim_instance *const *rows, size_t n, struct buf *b)
{
        const struct wmio_image *image = wmio_images_get(images, rows[0]->class);
        struct wmio_packet p;
        struct wmio_sent sent;
        size_t total = 0;

        wmio_sent_init(&sent, (const uint8_t *)"0123456789abcdef");
        for (size_t i = 0; i < n; i += PAGE) {
                buf_reset(b);
                wmio_packet_begin(&p, WMIO_NEXT, &sent, b);
                for (size_t k = i; k < MIN(i + PAGE, n); k++)
                        must(wmio_packet_instance(
                            &p, &(struct wmio_object){ .image = image, .values = rows[k]->values }, &site, &err));
                must(wmio_packet_end(&p, &err));
                total += b->n;
        }
        wmio_sent_fini(&sent);
        return total;
}

static size_t json(struct cim_instance *const *rows, size_t n, struct buf *b)
{
        size_t total = 0;

        for (size_t i = 0; i < n; i++) {
                if (i % PAGE == 0)
                        buf_reset(b);
                total -= b->n;
                cim_json_write(rows[i], b);
                total += b->n;
        }
        return total;
}

static size_t decoding(struct cim_instance *const *rows, size_t n, struct buf *b)
{
        const struct wmio_image *image = wmio_images_get(images, rows[0]->class);
        struct cim_instance *in;
        struct wmio_decoded *d;
        size_t total = 0;

        buf_reset(b);
        must(wmio_encode_instance(&(struct wmio_object){ .image = image, .values = rows[0]->values }, &site, WMIO_UNIT,
                                  b, &err));
        for (size_t i = 0; i < n; i++) {
                struct arena a;

                arena_init(&a, 0);
                must(wmio_decode(buf_str(b), &a, &d, &err));
                must(wmio_to_instance(d, &a, &in, &err));
                arena_fini(&a);
                total += b->n;
        }
        return total;
}

static void measure(const char *what, size_t (*run)(struct cim_instance *const *, size_t, struct buf *),
                    struct cim_instance *const *rows, size_t n)
{
        double best = 1e9;
        size_t octets = 0;
        struct buf b;

        buf_init(&b, 0);
        for (int i = 0; i < ROUNDS; i++) {
                double from = cpu_s();

                octets = run(rows, n, &b);
                best = MIN(best, cpu_s() - from);
        }
        printf("%-28s %9.0f rows/s  %6.2f us/row  %6.0f octets/row\n", what, (double)n / best, best / (double)n * 1e6,
               (double)octets / (double)n);
        buf_fini(&b);
}

int main(int argc, char **argv)
{
        size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
        struct cim_instance **rows;
        double from = cpu_s();

        if (n == 0)
                return 2;
        must(wmio_images_new(&images, &err));
        printf("images of %zu classes: %.1f ms\n", n_cim_classes, (cpu_s() - from) * 1e3);
        arena_init(&arena, (size_t)1 << 30);
        rows = rows_of(cim_class_find(STR("SMS_PackageStatusRootSummarizer")), n);
        measure("OBJREF a row (Next)", units, rows, n);
        measure("ObjectArray (smart Next)", packets, rows, n);
        measure("JSON (REST)", json, rows, n);
        measure("decoding a unit", decoding, rows, n);
        arena_fini(&arena);
        wmio_images_free(images);
        return 0;
}
