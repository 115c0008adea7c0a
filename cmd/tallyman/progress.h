/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * progress - how far something is, on stderr
 *
 * On a terminal a bar a row, drawn over itself; elsewhere one line for every
 * 5 % or 30 s; nothing with -q.
 */
#include "cli.h"

struct progress_row {
        const char *name;
        const char *state;
        uint64_t done, total;           /* bytes; total 0: not known */
        bool finished;
};

struct progress {
        struct cli *c;
        int lines;                      /* drawn last */
        int percent;                    /* said last; -1: nothing yet */
        int64_t said_us;
};

void progress_init(struct progress *p, struct cli *c);
struct progress_sum {
        uint64_t done, total;           /* distribution points */
        uint64_t bytes_done, bytes;     /* the percentage, when anything is known of bytes */
};
/* Rows are read during the call only. */
void progress_show(struct progress *p, const char *what, const struct progress_sum *sum, const struct progress_row *rows,
                   size_t n_rows);
void progress_end(struct progress *p);  /* takes the bars off the terminal */
