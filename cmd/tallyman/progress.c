/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "base/time.h"
#include "fmt.h"
#include "os/os.h"
#include "progress.h"

#define BAR 20
#define ROWS_MAX 12
#define STEP_PERCENT 5
#define STEP_US (30 * US_PER_SECOND)

void progress_init(struct progress *p, struct cli *c)
{
        *p = (struct progress){ .c = c, .percent = -1 };
}

static int percent_of(uint64_t done, uint64_t total)
{
        return total ? (int)(MIN(done, total) * 100 / total) : 0;
}

static void bar(int percent)
{
        fputc('[', stderr);
        for (int i = 0; i < BAR; i++)
                fputc(i < percent * BAR / 100 ? '#' : '.', stderr);
        fprintf(stderr, "] %3d %%", percent);
}

static void draw_row(const struct progress_row *row)
{
        int percent = row->finished ? 100 : percent_of(row->done, row->total);
        char total[FMT_LEN] = "";

        if (row->total)
                fmt_bytes(row->total, total);
        fprintf(stderr, "\033[K  %-20.20s ", row->name);
        bar(percent);
        fprintf(stderr, "  %8s  %s\n", total, row->state);
}

static void erase(struct progress *p)
{
        if (p->lines)
                fprintf(stderr, "\033[%dA\033[J", p->lines);
        p->lines = 0;
}

static void draw(struct progress *p, const char *what, const struct progress_sum *sum, const struct progress_row *rows, size_t n)
{
        size_t left = ROWS_MAX, hidden = 0;

        erase(p);
        fprintf(stderr, "%s: %llu of %llu\n", what, (unsigned long long)sum->done, (unsigned long long)sum->total);
        p->lines = 1;
        for (int finished = 0; finished < 2; finished++)        /* what still moves comes first */
                for (size_t i = 0; i < n; i++) {
                        if (rows[i].finished != (finished == 1))
                                continue;
                        if (!left) {
                                hidden++;
                                continue;
                        }
                        draw_row(&rows[i]);
                        p->lines++;
                        left--;
                }
        if (hidden) {
                fprintf(stderr, "  and %zu more\n", hidden);
                p->lines++;
        }
}

void progress_show(struct progress *p, const char *what, const struct progress_sum *sum, const struct progress_row *rows,
                   size_t n_rows)
{
        int percent = sum->bytes ? percent_of(sum->bytes_done, sum->bytes) : percent_of(sum->done, sum->total);
        int64_t now_us = os_mono_us();

        if (p->c->quiet)
                return;
        if (p->c->tty_err) {
                draw(p, what, sum, rows, n_rows);
                return;
        }
        if (p->percent >= 0 && percent / STEP_PERCENT == p->percent / STEP_PERCENT && now_us - p->said_us < STEP_US)
                return;
        fprintf(stderr, "%s: %llu of %llu (%d %%)\n", what, (unsigned long long)sum->done,
                (unsigned long long)sum->total, percent);
        p->percent = percent;
        p->said_us = now_us;
}

void progress_end(struct progress *p)
{
        erase(p);
}
