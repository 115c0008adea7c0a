/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * shown - which content status instances follow from which rows; inside the model
 *
 * SMS_ObjectContentInfo, SMS_DistributionDPStatus and their relatives show the
 * rows that the summarizers show, once more in other words.  Whoever changes such
 * a row calls the function named after what changes, before it changes.  Sets that
 * were touched for the whole package cover the touches of one pair, so a new
 * version of a package reads each class once.
 */
#include "model/pair.h"

/* Counters, version, name of a package. */
void shown_package(struct tx *t, const struct pkg *p);
/* What each DP's and group's row shows of the package itself: name, description, type, size. */
void shown_package_name(struct tx *t, const struct pkg *p);
/* Any row of the package, on any DP. */
void shown_pairs(struct tx *t, const struct pkg *p);
/* What a fact shows, touched one by one: a pair, and the sums it counts in. */
void shown_rows(struct tx *t, struct str package_id, struct str nal_path, struct str site_code);
/* One row: its state, and the sums.  @comes_or_goes: the row itself. */
void shown_pair(struct tx *t, const struct pkg *p, const struct pair *pair, bool comes_or_goes);
/* One row's latest message. */
void shown_message(struct tx *t, const struct pkg *p, const struct pair *pair);
/* A DP's own fields. */
/* How a site fares: SMS_SummarizerStatus and SMS_SummarizerSiteStatus. */
void shown_site_health(struct tx *t, const char *site_code);
void shown_dp(struct tx *t, const struct model_dp *d);
/* A group's own fields and sums. */
void shown_group(struct tx *t, struct str group_id);
/* A DP comes into a group or leaves it, a package likewise, or the group goes: @d or @p NULL. */
void shown_group_links(struct tx *t, struct str group_id, const struct model_dp *d, const struct pkg *p);
