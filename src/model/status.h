/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * status - status messages
 *
 * Ids, severities and components as ConfigMgr's Distribution Manager and Package
 * Transfer Manager raise them (Microsoft, "Understand package actions" and
 * "Advanced troubleshooting tips for content distribution"); severity,
 * component, text, cause and next step of each are rows of the table status_kind
 * (sql/site/schema/0006-status-messages.sql), so that ids can be added there.
 * A message is raised in the transaction of what it tells.
 */
#include "model/pair.h"

enum status_id {
        STATUS_PACKAGE_STARTED = 2300,
        STATUS_PACKAGE_DONE = 2301,
        STATUS_PACKAGE_FAILED = 2302,           /* the source could not be read */
        STATUS_REFRESHED = 2303,
        STATUS_PACKAGE_CHANGED = 2311,
        STATUS_DISTRIBUTED = 2330,
        STATUS_REMOVED = 2331,
        STATUS_DP_STARTED = 2342,
        STATUS_SNAPSHOT = 2376,
        STATUS_VALIDATING = 2380,
        STATUS_VALIDATION_WAITS = 2381,
        STATUS_HASH_WRONG = 2382,
        STATUS_CONTENT_MISSING = 2383,
        STATUS_HASH_VERIFIED = 2384,
        STATUS_DP_LIST_DIFFERS = 2388,
        STATUS_DP_UNREACHABLE = 2391,
        STATUS_DP_INSTALLED = 2399,
        STATUS_UPDATE_FAILED = 8203,
        STATUS_SENDING = 8204,
        STATUS_GAVE_UP = 8211,
        STATUS_EVENT_FAILED = 10850,            /* ours: a permanent subscription */
        STATUS_EVENTS_LOST = 10851,
};
/* A message has come. */
void status_touch_new(struct tx *t, int64_t record_id);
/* A message is about to go: what shows it. */
void status_touch(struct tx *t, int64_t record_id);

/* @pair and @text may be NULL. */
MUST int status_raise(struct tx *t, enum status_id id, const struct pkg *p, const struct pair *pair, const char *text,
                      struct err *e);
MUST int status_raise_dp(struct tx *t, enum status_id id, const struct model_dp *dp, const char *text, struct err *e);
/* About the site as a whole. */
MUST int status_raise_site(struct tx *t, enum status_id id, const char *text, struct err *e);
