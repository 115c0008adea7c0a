/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fact - what the change log keeps of the changes that come by the thousand; inside the model
 *
 * A report moves one package on one distribution point, and some twenty instances
 * of twelve classes show it.  Logging their images costs more than all the rest of
 * the report.  So the log keeps one fact: the columns that those instances are made
 * of, before and after.  Reading the log makes the instances of them, those of the
 * classes that somebody wants, and each that differs is a change as if it had been
 * logged itself.  A status message, which never changes, is a fact too.
 *
 * Making instances is a pure function of the fact.  It says again what the views
 * say (sql/site/schema); that both say the same is proven where the log is replayed
 * and compared with the views (prop-model, after every unit test).
 *
 * A fact of n slots takes n sequence numbers: its row has the last one, the change
 * of slot i the number row - n + 1 + i.  What did not change leaves its number out.
 *
 * On disk: version 1, kind, number of columns; the values before (of a pair); for
 * the values after one bit each whether it differs, and those that do.  A text that
 * was there already is a reference to it.  Columns may be added at the end: those
 * that an older fact lacks are NULL.
 */
#include "base/buf.h"
#include "cim/cim.h"

enum fact_kind { FACT_PAIR = 1, FACT_MESSAGE = 2 };

/* The columns of the statement fact_pair, in its order. */
enum fact_pair_column {
        P_PKG, P_DP,
        P_PACKAGE, P_NAME, P_DESCRIPTION, P_TYPE, P_ACTION, P_SOURCE_FLAG, P_VERSION, P_SOURCE_US, P_CREATED_US, P_SOURCE_SITE,
        P_BYTES,                                        /* of the version; NULL: it was not published */
        P_SERVER, P_NAL_PATH, P_PROTECTED, P_AGENT, P_HEALTH, P_SITE, P_SITE_NAME,
        P_STATE, P_HELD, P_TRIES, P_NEXT_TRY, P_COPIED, P_SUMMARY, P_RECEIVED, P_REUSED, P_REASON_CODE, P_REASON,
        P_RECORD, P_MESSAGE, P_SEVERITY, P_STATUS_US, P_STATUS_TEXT, P_GROUPS,
        P_TARGETED, P_INSTALLED, P_RETRYING, P_FAILED, P_ASSIGNED, P_READY, P_READY_US, P_SOURCE_ERROR,
        P_SITE_TARGETED, P_SITE_INSTALLED, P_SITE_RETRYING, P_SITE_FAILED, P_SITE_US,
        P_LATEST_US,                                    /* of all sites */
        P_DP_ASSIGNED, P_DP_INSTALLED, P_DP_RETRYING, P_DP_FAILED, P_DP_US,
        P_CATEGORIES,                                   /* "state assets us,..." of the package's DPs by state */
        N_PAIR_COLUMNS,
};
/* What the statement status_insert returns, in its order. */
enum fact_message_column {
        M_RECORD, M_COMPONENT, M_MACHINE, M_MESSAGE, M_SEVERITY, M_SITE, M_US, M_PACKAGE, M_NAL_PATH, M_VERSION,
        M_STRING1, M_STRING2, M_STRING3, M_TEXT, M_CAUSE, M_NEXT_STEP,
        N_MESSAGE_COLUMNS,
};
enum { FACT_COLUMNS_MAX = N_PAIR_COLUMNS };

struct fact_value {
        bool null;
        struct str s;                   /* p NULL: i is the value */
        int64_t i;
};
struct fact {
        enum fact_kind kind;
        struct fact_value before[FACT_COLUMNS_MAX], after[FACT_COLUMNS_MAX];    /* of a message only after */
};
size_t fact_n_columns(enum fact_kind kind);
bool fact_is_text(enum fact_kind kind, size_t column);   /* else a number; or NULL, either */
bool fact_value_eq(const struct fact_value *a, const struct fact_value *b);

/* out->failed: memory is out. */
void fact_encode(const struct fact *f, struct buf *out);
/* Texts borrow @in; columns have the type they must have. 0, or ERR_CORRUPT. */
MUST int fact_decode(struct str in, struct fact *out, struct err *e);

/* ---- instances (derive.c) ---- */
enum { FACT_SLOTS_MAX = 32 };
size_t fact_n_slots(enum fact_kind kind);
const char *fact_class_name(enum fact_kind kind, size_t slot);
/* Instances of this class come out of facts of pairs. */
bool fact_shows(const struct cim_class *c);
/* The instance of a slot before or after, in @a; *out NULL: there is none. 0 or -ENOMEM. Texts borrow the fact's. */
MUST int fact_instance(const struct fact *f, bool after, size_t slot, struct arena *a, struct cim_instance **out);
