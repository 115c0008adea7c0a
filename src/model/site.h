/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* site - what setting up shares with changing a site; inside the model */
#include "model/model.h"

/* Three of A-Z and 0-9, and none of the reserved device names. */
MUST int site_code_check(struct str code, struct err *e);
MUST int site_merge(struct tx *t, const struct cim_instance *was, const struct cim_instance *in,
                    struct cim_instance **out, struct err *e);
/* @id  0: a new row */
MUST int site_write(struct tx *t, struct str code, bool own, int64_t id, const struct cim_instance *m, struct err *e);
