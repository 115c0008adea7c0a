/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * mail - a message and its envelope out of expanded lines
 *
 * Nothing that an event says can become a header or a recipient of its own:
 * control characters in lines are blanks, an address is only what looks like one
 * ("a@b", "Name <a@b>"; parted by commas or semicolons, which values of an event
 * do not have here: template.h, TEMPLATE_ADDRESS), names and subjects
 * beyond ASCII are encoded words, and a body that is not plain text with short
 * lines is base64.
 *
 * Pure; any bytes may come.
 *
 * Source: RFC 5322 2.2, 3.4, 3.6; RFC 2047; RFC 2045 6; RFC 3834 5; win32 WmiSdk "SMTPEventConsumer class".
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { MAIL_RECIPIENTS = 100 };

struct mail {
        struct str from, to, cc, bcc, reply_to, subject, text;
        const struct str *headers;      /* "Name: value" lines, checked when they were stored */
        size_t n_headers;
        struct str id, host;            /* Message-ID is <id@host> */
        int64_t now_us;
};
struct mail_out {
        struct buf message;             /* buf_fini() by the caller, in any case */
        const char *from;               /* of the envelope; in the arena, as recipients are */
        const char **recipients;        /* NULL-terminated */
};
/* ERR_INVALID names the line and what is no address. */
MUST int mail_compose(const struct mail *m, struct arena *a, struct mail_out *out, struct err *e);
