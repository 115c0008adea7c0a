/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "fmt.h"
#include "wait.h"

static const struct {
        const char *class_name, *package, *key;
} parts[N_PARTS] = {
        [PART_ROOT] = { "SMS_PackageStatusRootSummarizer", "PackageID", "PackageID" },
        [PART_CONDITION] = { "TM_PackageCondition", "PackageID", "PackageID" },
        [PART_DPS] = { "TM_DistributionCondition", "PackageID", "ServerNALPath" },
        [PART_JOBS] = { "SMS_DistributionJob", "PkgID", "NALPath" },    /* only to show how many bytes moved */
};

const json_t *target_row(const struct target *t, enum part part)
{
        return json_object_get(t->rows[part], t->id);
}

/* ---- progress ---- */

static struct progress_row progress_row(const struct target *t, const char *nal, const json_t *row)
{
        const json_t *job = json_object_get(t->rows[PART_JOBS], nal);
        int64_t state = member_int(row, "State"), total = member_int(job, "TotalSize");
        struct progress_row p = {
                .name = member(row, "ServerName"),
                .state = fmt_state(state),
                .done = (uint64_t)(total - MIN(total, member_int(job, "RemainingSize"))) * 1024,
                .total = job ? (uint64_t)total * 1024 : (uint64_t)member_int(row, "BytesTotal"),
                .finished = state == STATE_INSTALLED,
        };

        if (p.finished)
                p.done = p.total;
        return p;
}

size_t target_progress(const struct target *t, struct progress_sum *sum, struct progress_row *rows)
{
        const json_t *root = target_row(t, PART_ROOT);
        const char *nal;
        size_t n = 0;
        json_t *row;

        sum->done += (uint64_t)member_int(root, "Installed");
        sum->total += (uint64_t)member_int(root, "Targeted");
        json_object_foreach(t->rows[PART_DPS], nal, row) {
                struct progress_row p = progress_row(t, nal, row);

                sum->bytes_done += p.done;
                sum->bytes += p.total;
                if (rows)
                        rows[n++] = p;
        }
        return n;
}

/* ---- snapshot and events ---- */

/* SMS_DistributionJob.Action: bytes for a DP; other jobs show no progress. */
static bool sends(const json_t *job)
{
        return member_int(job, "Action") == 1 || member_int(job, "Action") == 2;
}

static void put(struct target *t, enum part part, json_t *row)
{
        if (part != PART_JOBS || sends(row))
                json_object_set(t->rows[part], member(row, parts[part].key), row);
}

/* A job that was replaced goes after its successor came: that one stays. */
static void drop(struct target *t, enum part part, const json_t *row)
{
        const json_t *now = json_object_get(t->rows[part], member(row, parts[part].key));

        if (part != PART_JOBS || member_int(now, "JobID") == member_int(row, "JobID"))
                json_object_del(t->rows[part], member(row, parts[part].key));
}

static int load_part(struct cli *c, struct target *t, enum part part)
{
        _cleanup_(freep) char *filter = cli_equals(parts[part].package, t->id);
        json_t *rows, *row;
        size_t i;
        int r = cli_list(c, parts[part].class_name, filter, NULL, &rows, &t->seq[part]);

        t->rows[part] = json_object();
        if (r)
                return r;
        json_array_foreach(rows, i, row)
                put(t, part, row);
        json_decref(rows);
        return EXIT_DONE;
}

int target_load(struct cli *c, struct target *t)
{
        int r = EXIT_DONE;

        for (int part = 0; !r && part < N_PARTS; part++)
                r = load_part(c, t, part);
        return r;
}

void target_fini(struct target *t)
{
        for (int part = 0; part < N_PARTS; part++)
                json_decref(t->rows[part]);
}

enum part target_part(const struct tallyman_event *ev)
{
        int part = 0;

        while (part < N_PARTS && strcmp(parts[part].class_name, ev->class_name) != 0)
                part++;
        return part;
}

void target_apply(struct target *t, enum part part, const struct tallyman_event *ev, json_t *before, json_t *after)
{
        if (ev->sequence <= t->seq[part] || strcmp(member(after ? after : before, parts[part].package), t->id) != 0)
                return;
        if (after)
                put(t, part, after);
        else
                drop(t, part, before);
}
