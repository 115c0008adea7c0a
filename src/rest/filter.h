/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * filter - OData's query options as parts of a provider_query
 *
 *      $filter   State eq 3 and (SiteCode eq 'P01' or startswith(Name,'Office'))
 *      $orderby  Name desc, PackageID
 *      $select   PackageID,Name
 *
 * Of $filter: eq ne gt ge lt le, in (...), and, or, not, brackets, startswith,
 * endswith, contains; texts in single quotes (a quote within is doubled),
 * numbers, true, false, null, instants bare or quoted.  A quoted number or an
 * enumeration word compares with a number property as what it stands for.
 * Pure and bounded: PROVIDER_EXPR_DEPTH levels, PROVIDER_EXPR_NODES nodes.
 *
 * Source: OData 4.01 part 2, 5.1.1.
 */
#include "provider/provider.h"

/* *out NULL for an empty text. ERR_INVALID with the place, or what the property cannot do. */
MUST int filter_parse(const struct cim_class *c, struct str text, struct arena *a, const struct provider_expr **out,
                      struct err *e);
MUST int filter_order(struct str text, struct provider_query *q, struct err *e);
/* n_properties flags in @a. */
MUST int filter_select(const struct cim_class *c, struct str text, struct arena *a, const bool **out, struct err *e);
