/* SPDX-License-Identifier: Apache-2.0 */
/* A template, a zero byte, an event: expanded in each way, split into arguments, and put into mail. */
#include <stdlib.h>
#include "consumer/cmdline.h"
#include "consumer/mail.h"
#include "consumer/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A header ends where we end it: every line begins with a header's name, a blank that goes on, or is the empty one. */
static void check_header(struct str message)
{
        struct str rest = message;

        while (rest.n) {
                struct str line, name;

                rest = str_cut(rest, '\n', &line);
                if (!line.n || line.p[line.n - 1] != '\r')
                        abort();
                line.n--;
                if (!line.n)
                        return;
                if (memchr(line.p, '\r', line.n) || memchr(line.p, 0, line.n))
                        abort();
                if (line.p[0] == ' ')
                        continue;
                if (!str_cut(line, ':', &name).p || memchr(name.p, ' ', name.n))
                        abort();
        }
}

static void compose(struct str line)
{
        const struct mail m = { .from = line, .to = line, .cc = line, .subject = line, .reply_to = line, .text = line,
                                .id = STR("1"), .host = STR("h") };
        const struct mail plain = { .from = STR("a@b"), .to = STR("a@b"), .subject = line, .text = line, .id = STR("1"), .host = STR("h") };
        const struct mail *both[] = { &m, &plain };

        for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
                struct mail_out out = { 0 };
                struct err e = { 0 };
                struct arena a;

                arena_init(&a, 0);
                if (mail_compose(both[i], &a, &out, &e) == 0)
                        check_header(buf_str(&out.message));
                else if (i == 1 && e.kind != ERR_TOO_LARGE)
                        abort();
                buf_fini(&out.message);
                arena_fini(&a);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str rest = { (const char *)data, size }, template;
        json_t *event;
        struct arena a;
        struct buf b;
        struct err e = { 0 };
        char **argv;

        rest = str_cut(rest, 0, &template);
        event = json_loadb(rest.p ? rest.p : "", rest.n, 0, NULL);
        if (!event)
                event = json_pack("{s:s,s:{s:s,s:[i,i]}}", "__CLASS", "E", "TargetInstance", "Name", "a b\r\nc", "List", 1, 2);
        for (unsigned flags = 0; event && flags < 4; flags++) {
                buf_init(&b, 1 << 16);
                template_expand(template, event, flags, &b);
                for (size_t i = 0; (flags & TEMPLATE_ONE_LINE) && !memchr(template.p, '\n', template.n) && i < b.n; i++) {
                        if (b.p[i] == '\n')
                                abort();
                }
                if (!b.failed && flags == 0)
                        compose(buf_str(&b));
                buf_fini(&b);
        }
        arena_init(&a, 0);
        if (event && cmdline_split(template, event, &a, &argv, &e) == 0 && !argv[0])
                abort();
        arena_fini(&a);
        json_decref(event);
        return 0;
}
