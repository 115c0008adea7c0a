/* SPDX-License-Identifier: Apache-2.0 */
/* retain - the change log and the status messages keep so many rows, not all there ever were */
#include "distmgr/internal.h"

static int retain_fn(struct dm_write *w, struct tx *t, struct err *e)
{
        int64_t keep = w->d->o.change_log_keep;
        int r = model_changes_trim(t, keep, e);

        return r < 0 ? r : model_status_trim(t, keep, e);
}

static void retain_then(struct dm_write *w)
{
        if (w->job.r < 0)
                log_error(LOG, "trim the change log: %s", w->job.err.text);
        free(w);
}

void dm_retain_tick(void *arg)
{
        struct distmgr *d = arg;
        struct dm_write *w = d->stopping ? NULL : calloc(1, sizeof(*w));

        if (!w)
                return;
        w->fn = retain_fn;
        w->then = retain_then;
        dm_write(d, w, LOG, "");
}
