/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fmt - numbers, times and states as people read them; pure
 *
 * Status words are ConfigMgr's: Success, In progress, Error, Unknown.
 */
#include "base/buf.h"

enum { FMT_LEN = 40 };

enum status { STATUS_SUCCESS, STATUS_PROGRESS, STATUS_ERROR, STATUS_UNKNOWN };

/* SMS_PackageStatusDistPointsSummarizer.State */
enum {
        STATE_INSTALLED, STATE_INSTALL_PENDING, STATE_INSTALL_RETRYING, STATE_INSTALL_FAILED, STATE_REMOVAL_PENDING,
        STATE_REMOVAL_RETRYING, STATE_REMOVAL_FAILED, STATE_CONTENT_UPDATING, STATE_CONTENT_MONITORING, N_STATES,
};

const char *fmt_state(int64_t state);                   /* "INSTALLED"; "?" beyond the table */
enum status fmt_status(int64_t state);
const char *fmt_status_word(enum status s);
enum status fmt_status_of_word(const char *word);       /* STATUS_UNKNOWN when it is none */
/* A state by name, number or status word ("error"); bit n of the result is state n; 0: no such word. */
unsigned fmt_state_set(const char *word);

void fmt_bytes(uint64_t n, char out[FMT_LEN]);          /* "1.5 MB", 1024-based, three digits */
void fmt_relative(int64_t now_us, int64_t then_us, char out[FMT_LEN]);  /* "3 min ago", "in 2 h" */
void fmt_duration(int64_t s, char out[FMT_LEN]);        /* "1 h 5 min" */
/* The host of a NAL path, borrowed; the whole text when it is none. */
struct str fmt_nal_host(struct str nal);
/* Bytes of `words` ("1=high 2=normal") for a value, or empty. */
struct str fmt_word(const char *words, const char *value);
/* Terminal columns of UTF-8 text; a byte that is none counts one. */
size_t fmt_columns(struct str s);
/* As much of s as fits so many columns; control characters become '?'. */
void fmt_clean(struct str s, size_t columns, bool utf8, struct buf *out);
