/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * actions - what methods of TM_Site need from the running daemon
 *
 * The provider maps methods to the model and the model to rows.  A few methods
 * need more than rows: the key of the site's authority, or an answer from every
 * distribution point.  cmd/tallymand fills this table with functions of auth and
 * distmgr and hands it to the provider; a test fills it with its own.
 *
 * After a commit nobody needs to be woken: the Distribution Manager hears of
 * changed jobs from the change log by itself.
 */
#include "base/arena.h"
#include "model/model.h"

/*
 * The end of a verification.  Loop thread.
 * @d  n differences, borrowed; none means that all that was compared agrees.
 *     A DP that did not answer is a difference of kind "DpSilent".
 * @e  kind other than ERR_NONE: it could not be done at all
 */
typedef void (*site_verify_done)(void *arg, const struct model_difference *d, size_t n, const struct err *e);

struct site_actions {
        void *ctx;
        /*
         * A one-time enrolment token for a DP of that name; nothing is stored.
         * @token_out  text in @a, "tm1.<name>.<CA hash>.<secret>"
         * @hash_out   its SHA-256, for model_dp_create() and model_dp_token()
         * Any thread.
         */
        int (*new_token)(void *ctx, struct str dp_name, struct arena *a, struct str *token_out,
                         struct hash_id *hash_out, int64_t *expires_us_out, struct err *e);
        /*
         * Recount every counter from rows; with @deep also ask every online DP what it holds and
         * compare.  done is called exactly once, within the setting verify_timeout.  Loop thread.
         */
        void (*verify)(void *ctx, bool deep, site_verify_done done, void *arg);
};
