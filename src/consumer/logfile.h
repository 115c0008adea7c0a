/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * logfile - lines for LogFileEventConsumer
 *
 * A file lies under the folder that the setting allows and nowhere else: each
 * part of its name is opened from the one before without following a symbolic
 * link, the file must be a regular one with no second name.  Folders are not
 * created.
 *
 * The size is looked at before a line is written, so a file may pass its limit
 * by one line.  A full file gets the name of a backup and an empty one takes its
 * place: an 8.3 name has its extension replaced by 001, 002, ..., another gets it
 * appended; the number is the one above the highest in use, with 999 in use the
 * lowest free one, with none free that of the oldest backup.
 *
 * A new file is UTF-8, or UTF-16 with a byte order mark when IsUnicode says so;
 * one that is there stays what it is.  A line is durable when this returns; a line that could not be written whole is
 * taken back.
 *
 * Threads: any that may wait for the disk.
 * Source: win32 WmiSdk "LogFileEventConsumer class".
 */
#include "base/err.h"
#include "base/str.h"

struct logfile {
        const char *folder;             /* absolute */
        struct str name;                /* below it, or absolute and below it */
        uint64_t max_bytes;             /* 0: no limit */
        bool unicode;
};
/* ERR_DENIED: the name leads elsewhere, or what is there is no plain file. */
MUST int logfile_append(const struct logfile *f, struct str line, struct err *e);

/* The name of backup n, 1 to 999; for tests too. False: it does not fit. */
bool logfile_backup_name(const char *name, unsigned n, char *out, size_t size);
