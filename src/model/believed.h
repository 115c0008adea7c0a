/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* believed - what we believe of a DP against what it says; inside the model */
#include "model/model.h"

enum believed_verdict { BELIEVED_RIGHT, BELIEVED_MISSING, BELIEVED_DAMAGED, BELIEVED_OTHER };
struct believed {
        int64_t pkg_id;
        char package_id[PACKAGE_ID_LEN + 1];
        int state;
        uint32_t held;
        enum believed_verdict verdict;
};
/*
 * One line a package of which we believe that the DP holds something, in @a.
 * @strange_out  @n_held flags: lines of the inventory that are not assigned to the DP at all
 */
MUST int believed_compare(struct db_conn *c, struct arena *a, int64_t dp_id, const struct model_held *held, size_t n_held,
                          struct believed **out, size_t *n_out, bool **strange_out, struct err *e);
