/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * nal - network abstraction layer paths, taken apart and put together
 *
 *   ["Display=\\PAR01\"]MSWNET:["SMS_SITE=P01"]\\PAR01\
 *
 * Display qualifiers, the type, a colon, connection qualifiers, the path as the
 * network's operating system knows it.  Each qualifier stands in quotes and
 * brackets.  To everybody else a NAL path is an opaque text.
 *
 * Source: Configuration Manager SDK, "PackNALPath Method in Class
 * SMS_NAL_Methods" and "UnPackNALPath Method in Class SMS_NAL_Methods".
 */
#include "base/buf.h"
#include "base/err.h"

enum { NAL_MAX_QUALIFIERS = 16, NAL_MAX_LEN = 2048 };

struct nal_path {                       /* all borrowed */
        struct str display[NAL_MAX_QUALIFIERS];
        size_t n_display;
        struct str type;                /* MSWNET, GENERIC; any case */
        struct str path;                /* \\PAR01\ */
        struct str connection[NAL_MAX_QUALIFIERS];
        size_t n_connection;
};

/* Appends the text.  ERR_INVALID: a part is missing or holds what cannot stand in it. */
MUST int nal_pack(const struct nal_path *p, struct buf *out, struct err *e);
/* The parts are inside @text.  ERR_INVALID says at which character. */
MUST int nal_unpack(struct str text, struct nal_path *out, struct err *e);
