/* SPDX-License-Identifier: Apache-2.0 */
/* job - the transfer queue */
#include <string.h>
#include "table.h"
#include "verbs.h"

#define CLASS "SMS_DistributionJob"
#define STATES "0=pending 1=ready 2=started 3=inprogress 4=restarting 5=complete 6=failed 7=cancelled 8=suspended"

enum { JOB_COMPLETE = 5 };

static const struct column columns[] = {
        { "JobID", "JOB", COL_TEXT, COL_RIGHT },
        { "PkgID", "PACKAGE" },
        { "NALPath", "DP", COL_NAL },
        { "PackageVersion", "VER", COL_TEXT, COL_RIGHT },
        { "Action", "ACTION", COL_WORD, 0, "1=update 2=add 3=remove 4=validate 5=cancel 100=snapshot" },
        { "State", "STATE", COL_WORD, 0, STATES },
        { "RemainingSize", "LEFT", COL_KILOBYTES, COL_RIGHT },
        { "TotalSize", "OF", COL_KILOBYTES, COL_RIGHT },
        { "RetryCount", "TRIES", COL_TEXT, COL_RIGHT },
        { "CreationTime", "CREATED", COL_TIME, COL_WIDE },
        { "StartTime", "STARTED", COL_TIME, COL_WIDE },
        { 0 },
};
static const struct view view = { "JobID", columns, "the queue is empty" };

int job_list(struct cli *c)
{
        json_t *rows, *open, *row;
        size_t i;
        int r = cli_list(c, CLASS, NULL, "JobID", &rows, NULL);

        if (r || arg_flag(&c->args, "all"))
                return r ? r : print_rows(c, &view, rows);
        open = json_array();
        json_array_foreach(rows, i, row)
                if (member_int(row, "State") < JOB_COMPLETE || member_int(row, "State") > 7)
                        json_array_append(open, row);
        json_decref(rows);
        return print_rows(c, &view, open);
}

static int cancel(struct cli *c, const char *id)
{
        _cleanup_(freep) char *path = cli_path(CLASS, "JobID", id, NULL);
        _cleanup_(freep) char *dp = NULL;
        json_t *job = NULL;
        int r = cli_get(c, path, &job);

        if (!r) {
                dp = str_dup(fmt_nal_host(str_of(member(job, "NALPath"))));
                if (!*dp)
                        r = failf(c, EXIT_ERROR, "Conflict", "job %s reads a source folder; it ends by itself", id);
                else
                        r = cli_method(c, "TM_Site", "Cancel",
                                       json_pack("{s:[s], s:[s]}", "PackageIDs", member(job, "PkgID"), "DPs", dp), NULL);
        }
        json_decref(job);
        return r;
}

int job_cancel(struct cli *c)
{
        const char *id;
        int r = EXIT_DONE;

        for (size_t i = 0; !r && (id = arg_word(&c->args, i)); i++)
                r = cancel(c, id);
        return r;
}
