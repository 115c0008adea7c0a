/* SPDX-License-Identifier: Apache-2.0 */
/* err - filling struct err; the table of kinds is in err_map.c */
#include <stdio.h>
#include <string.h>
#include "base/err.h"

static int fill(struct err *e, enum err_kind kind, int sys, const char *fmt, va_list ap)
{
        if (!e || e->kind != ERR_NONE)
                return err_number(kind);
        e->kind = kind;
        e->sys = sys;
        (void)vsnprintf(e->text, sizeof e->text, fmt, ap);
        return err_number(kind);
}

int (err_set)(struct err *e, enum err_kind kind, const char *fmt, ...)
{
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = fill(e, kind, 0, fmt, ap);
        va_end(ap);
        return r;
}

/* The GNU strerror_r never fails and never touches shared memory. */
static void append_strerror(struct err *e, int sys)
{
        char space[96];
        size_t n = strlen(e->text);

        (void)snprintf(e->text + n, sizeof e->text - n, ": %s", strerror_r(sys, space, sizeof space));
}

int (err_sys)(struct err *e, int sys, const char *fmt, ...)
{
        enum err_kind kind = err_kind_of_errno(sys);
        bool first = e && e->kind == ERR_NONE;
        va_list ap;

        va_start(ap, fmt);
        (void)fill(e, kind, sys, fmt, ap);
        va_end(ap);
        if (first)
                append_strerror(e, sys);
        return sys > 0 ? -sys : err_number(kind);
}

int (err_prefix)(struct err *e, const char *fmt, ...)
{
        char old[sizeof e->text];
        va_list ap;
        int n;

        if (!e || e->kind == ERR_NONE)
                return err_number(ERR_INTERNAL);
        memcpy(old, e->text, sizeof old);
        va_start(ap, fmt);
        n = vsnprintf(e->text, sizeof e->text, fmt, ap);
        va_end(ap);
        if (n >= 0 && (size_t)n < sizeof e->text)
                (void)snprintf(e->text + n, sizeof e->text - (size_t)n, ": %s", old);
        return e->sys > 0 ? -e->sys : err_number(e->kind);
}

void err_clear(struct err *e)
{
        if (e)
                *e = (struct err){ 0 };
}
