/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err_map - the one table from kinds of failure to every edge
 *
 * number      what functions return, negated; one errno a kind, so that
 *             err_kind_of_errno(-err_number(k)) is k
 * http        RFC 9110 section 15 (507: RFC 4918 section 11.5; 429: RFC 6585 section 4)
 * exit        tallyman(1), EXIT STATUS: 1 error, 3 not found, 5 timed out, 6 access
 *             denied, 7 cannot connect, 130 interrupted.  2 (usage) and 4 (failed for
 *             good) are verdicts of the command line itself, not kinds of failure.
 * hresult     [MS-WMI] 2.2.11 WBEMSTATUS
 */
#include <errno.h>
#include "base/err.h"
#include "base/str.h"

struct row {
        const char *name;
        int number;
        int http;
        int exit;
        uint32_t hresult;
};

static const struct row rows[ERR_KIND_MAX_] = {
        /*                     name            number           http exit hresult */
        [ERR_NONE]          = { "None",         0,               200, 0, 0x00000000 }, /* WBEM_S_NO_ERROR */
        /* 15.5.1 Bad Request; WBEM_E_INVALID_PARAMETER */
        [ERR_INVALID]       = { "Invalid",      EINVAL,          400, 1, 0x80041008 },
        /* 15.5.5 Not Found; WBEM_E_NOT_FOUND */
        [ERR_NOT_FOUND]     = { "NotFound",     ENOENT,          404, 3, 0x80041002 },
        /* 15.5.10 Conflict; WBEM_E_ALREADY_EXISTS */
        [ERR_EXISTS]        = { "AlreadyExists", EEXIST,         409, 1, 0x80041019 },
        /* 15.5.10 Conflict; WBEM_E_FAILED, for WMI has no word for "not now" */
        [ERR_CONFLICT]      = { "Conflict",     EBUSY,           409, 1, 0x80041001 },
        /* 15.5.4 Forbidden; WBEM_E_ACCESS_DENIED */
        [ERR_DENIED]        = { "AccessDenied", EACCES,          403, 6, 0x80041003 },
        /* 15.5.4 Forbidden: nobody may, whoever asks; WBEM_E_READ_ONLY */
        [ERR_READ_ONLY]     = { "ReadOnly",     EROFS,           403, 1, 0x80041023 },
        /* 15.6.2 Not Implemented; WBEM_E_NOT_SUPPORTED */
        [ERR_NOT_SUPPORTED] = { "NotSupported", EOPNOTSUPP,      501, 1, 0x8004100c },
        /* 15.5.14 Content Too Large; WBEM_E_VALUE_OUT_OF_RANGE */
        [ERR_TOO_LARGE]     = { "TooLarge",     E2BIG,           413, 1, 0x8004102b },
        /* RFC 6585 section 4 Too Many Requests; WBEM_E_QUOTA_VIOLATION */
        [ERR_QUOTA]         = { "QuotaExceeded", EDQUOT,         429, 1, 0x8004106c },
        /* 15.6.5 Gateway Timeout; WBEM_E_TIMED_OUT */
        [ERR_TIMEOUT]       = { "TimedOut",     ETIMEDOUT,       504, 5, 0x80041069 },
        /* 15.5.10 Conflict: another request ended it; WBEM_E_CALL_CANCELLED */
        [ERR_CANCELLED]     = { "Cancelled",    ECANCELED,       409, 130, 0x80041032 },
        /* 15.6.4 Service Unavailable; WBEM_E_TRANSPORT_FAILURE */
        [ERR_UNAVAILABLE]   = { "Unavailable",  EHOSTUNREACH,    503, 7, 0x80041015 },
        /* 15.6.1 Internal Server Error; WBEM_E_FAILED */
        [ERR_CORRUPT]       = { "Corrupt",      EBADMSG,         500, 1, 0x80041001 },
        /* RFC 4918 section 11.5 Insufficient Storage; WBEM_E_FAILED */
        [ERR_NO_SPACE]      = { "NoSpace",      ENOSPC,          507, 1, 0x80041001 },
        /* 15.6.1 Internal Server Error; WBEM_E_PROVIDER_FAILURE */
        [ERR_IO]            = { "InputOutput",  EIO,             500, 1, 0x80041004 },
        /* 15.6.4 Service Unavailable: it may pass; WBEM_E_OUT_OF_MEMORY */
        [ERR_NOMEM]         = { "OutOfMemory",  ENOMEM,          503, 1, 0x80041006 },
        /* 15.5.11 Gone; WBEM_E_NOT_FOUND */
        [ERR_GONE]          = { "Gone",         ESTALE,          410, 1, 0x80041002 },
        /* 15.6.1 Internal Server Error; WBEM_E_CRITICAL_ERROR */
        [ERR_INTERNAL]      = { "Internal",     ENOTRECOVERABLE, 500, 1, 0x8004100a },
};

static const struct row *row_of(enum err_kind kind)
{
        return &rows[(unsigned)kind < ERR_KIND_MAX_ ? kind : ERR_INTERNAL];
}

int (err_number)(enum err_kind kind)
{
        int number = row_of(kind)->number;

        return -(number ? number : ENOTRECOVERABLE);
}

/* Other errno values that mean one of our kinds; what is not listed is ERR_IO. */
static const struct {
        int sys;
        enum err_kind kind;
} synonyms[] = {
        { EPERM, ERR_DENIED },          { ENOTDIR, ERR_NOT_FOUND },     { ENXIO, ERR_NOT_FOUND },
        { EISDIR, ERR_INVALID },        { ENAMETOOLONG, ERR_INVALID },  { ELOOP, ERR_INVALID },
        { EILSEQ, ERR_INVALID },        { ERANGE, ERR_INVALID },        { EDOM, ERR_INVALID },
        { EBADF, ERR_INTERNAL },        { EFAULT, ERR_INTERNAL },       { ENOTEMPTY, ERR_CONFLICT },
        { EAGAIN, ERR_CONFLICT },       { ETXTBSY, ERR_CONFLICT },      { EDEADLK, ERR_CONFLICT },
        { ENOSYS, ERR_NOT_SUPPORTED },  { EXDEV, ERR_NOT_SUPPORTED },   { EFBIG, ERR_TOO_LARGE },
        { EOVERFLOW, ERR_TOO_LARGE },   { EMSGSIZE, ERR_TOO_LARGE },    { EMFILE, ERR_QUOTA },
        { ENFILE, ERR_QUOTA },          { EMLINK, ERR_QUOTA },          { EINTR, ERR_CANCELLED },
        { ECONNREFUSED, ERR_UNAVAILABLE }, { ECONNRESET, ERR_UNAVAILABLE }, { EPIPE, ERR_UNAVAILABLE },
        { ENETUNREACH, ERR_UNAVAILABLE }, { ENETDOWN, ERR_UNAVAILABLE }, { ENOTCONN, ERR_UNAVAILABLE },
        { ECONNABORTED, ERR_UNAVAILABLE }, { EADDRNOTAVAIL, ERR_INVALID }, { EADDRINUSE, ERR_CONFLICT },
        { ENODATA, ERR_CORRUPT },       { EUCLEAN, ERR_CORRUPT },
};

enum err_kind err_kind_of_errno(int sys)
{
        if (sys == 0)
                return ERR_INTERNAL;
        for (int k = ERR_NONE + 1; k < ERR_KIND_MAX_; k++)
                if (rows[k].number == sys)
                        return (enum err_kind)k;
        for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++)
                if (synonyms[i].sys == sys)
                        return synonyms[i].kind;
        return ERR_IO;
}

const char *err_kind_name(enum err_kind kind)
{
        return row_of(kind)->name;
}

enum err_kind err_kind_from_name(const char *name)
{
        for (int k = 0; name && k < ERR_KIND_MAX_; k++)
                if (strcmp(rows[k].name, name) == 0)
                        return (enum err_kind)k;
        return ERR_INTERNAL;
}

int err_http_status(enum err_kind kind)
{
        return row_of(kind)->http;
}

int err_exit_code(enum err_kind kind)
{
        return row_of(kind)->exit;
}

uint32_t err_hresult(enum err_kind kind)
{
        return row_of(kind)->hresult;
}
