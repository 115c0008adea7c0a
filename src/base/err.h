/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * err - how functions say what went wrong
 *
 * Every function that can fail returns int:
 *
 *      0       done
 *      > 0     an answer this very function documents (absent, again, ...);
 *              never forwarded
 *      < 0     a failure, forwarded unchanged
 *
 * and, where a person or a remote peer will read it, fills a struct err given
 * as its last argument.  The struct holds its text inline, so filling it cannot
 * fail.  The first writer wins; err_prefix() adds context on the way up:
 * "publish package P0100012: open setup.exe: Permission denied".
 *
 * A text names the thing and the next step.  Programming mistakes are
 * assert(); hostile input never is.
 *
 * Threads: a struct err belongs to whoever holds it; nothing is shared.
 */
#include <stdarg.h>
#include "base/macros.h"

enum err_kind {
        ERR_NONE = 0,
        ERR_INVALID,            /* the request itself is wrong */
        ERR_NOT_FOUND,
        ERR_EXISTS,
        ERR_CONFLICT,           /* right request, wrong moment or state */
        ERR_DENIED,
        ERR_READ_ONLY,
        ERR_NOT_SUPPORTED,
        ERR_TOO_LARGE,          /* passes a documented limit */
        ERR_QUOTA,
        ERR_TIMEOUT,
        ERR_CANCELLED,
        ERR_UNAVAILABLE,        /* the other side cannot be reached now */
        ERR_CORRUPT,            /* bytes are not what was promised */
        ERR_NO_SPACE,
        ERR_IO,
        ERR_NOMEM,
        ERR_GONE,               /* it was there; retention has passed it */
        ERR_INTERNAL,           /* an invariant does not hold: a bug */
        ERR_KIND_MAX_
};

struct err {
        enum err_kind kind;
        int sys;                /* errno behind it, or 0 */
        char text[480];
};

/* _cleanup_ is not needed: struct err e = {0}; */

/* Set kind and text unless already set. Returns the negative number to return. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Same from an errno value (positive); appends ": strerror"; kind derives from it. */
int err_sys(struct err *e, int sys, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Put "context: " before the text that is there. Returns the failure number again. */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_clear(struct err *e);

/* The compiler is told that a failure is negative, or it would warn of results it thinks unset. */
static inline int err_negative(int r)
{
        if (r >= 0)
                __builtin_unreachable();
        return r;
}
#define err_set(...) err_negative(err_set(__VA_ARGS__))
#define err_sys(...) err_negative(err_sys(__VA_ARGS__))
#define err_prefix(...) err_negative(err_prefix(__VA_ARGS__))

/* The negative return value that stands for a kind (-errno-like, never 0). */
int err_number(enum err_kind kind);
#define err_number(...) err_negative(err_number(__VA_ARGS__))
enum err_kind err_kind_of_errno(int sys);

/*
 * The one translation table, kind -> every edge (err_map.c).
 * Exit codes are those of tallyman(1); names are stable machine codes for JSON.
 */
const char *err_kind_name(enum err_kind kind);          /* "NotFound" */
enum err_kind err_kind_from_name(const char *name);     /* ERR_INTERNAL when unknown */
int err_http_status(enum err_kind kind);
int err_exit_code(enum err_kind kind);
uint32_t err_hresult(enum err_kind kind);               /* WBEM_E_*, [MS-WMI] 2.2.11 */
