/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_conf - any bytes as a settings file
 *
 * What is taken must print and read back as the same settings; what is refused
 * must say where.
 */
#include "conf/settings.h"

static void need(bool ok)
{
        if (!ok)
                abort();
}

static void print_and_read_back(const struct conf_table *t, const void *cfg)
{
        _cleanup_(freep) void *again = calloc(1, t->size);
        struct buf first, second;
        struct err e = { 0 };

        buf_init(&first, 0);
        buf_init(&second, 0);
        conf_print(t, cfg, &first);
        need(again && !first.failed && conf_defaults(t, again, &e) == 0);
        need(conf_parse(t, again, "printed", buf_str(&first), &e) == 0);
        conf_print(t, again, &second);
        need(str_eq(buf_str(&first), buf_str(&second)));
        conf_fini(t, again);
        buf_fini(&first);
        buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        const struct conf_table *tables[] = { &conf_site_table, &conf_dp_table };

        for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
                _cleanup_(freep) void *cfg = calloc(1, tables[i]->size);
                struct err e = { 0 };

                need(cfg && conf_defaults(tables[i], cfg, &e) == 0);
                if (conf_parse(tables[i], cfg, "input", (struct str){ (const char *)p, n }, &e) == 0)
                        print_and_read_back(tables[i], cfg);
                else
                        need(str_starts(str_of(e.text), "input:"));
                conf_fini(tables[i], cfg);
        }
        return 0;
}
