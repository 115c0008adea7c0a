/* SPDX-License-Identifier: Apache-2.0 */
#include "distmgr/sched.h"
#include <errno.h>

struct sched_package {
        int64_t pkg_id;
        unsigned n_dps;
};

void sched_begin(struct sched *s, const struct sched_limits *l)
{
        *s = (struct sched){ .limits = *l };
        map_init(&s->packages, false);
}

void sched_end(struct sched *s)
{
        map_fini(&s->packages, free);
}

static struct str key_of(const int64_t *pkg_id)
{
        return (struct str){ (const char *)pkg_id, sizeof(*pkg_id) };
}

static struct sched_package *find(const struct sched *s, int64_t pkg_id)
{
        return map_get(&s->packages, key_of(&pkg_id));
}

static int count(struct sched *s, int64_t pkg_id)
{
        struct sched_package *p = find(s, pkg_id);

        if (!p) {
                p = calloc(1, sizeof(*p));
                if (!p)
                        return -ENOMEM;
                p->pkg_id = pkg_id;
                if (map_put(&s->packages, key_of(&p->pkg_id), p, NULL)) {
                        free(p);
                        return -ENOMEM;
                }
                s->n_packages++;
        }
        p->n_dps++;
        if (p->n_dps == s->limits.max_dps_per_package)
                s->n_full++;
        return 0;
}

int sched_running(struct sched *s, int64_t pkg_id, bool snapshot)
{
        if (!snapshot)
                return count(s, pkg_id);
        s->n_snapshots++;
        return 0;
}

static enum sched_verdict offer_snapshot(struct sched *s)
{
        if (s->n_snapshots >= s->limits.max_snapshots)
                return SCHED_LEAVE;
        s->n_snapshots++;
        return SCHED_START;
}

static bool room(const struct sched *s, int64_t pkg_id)
{
        const struct sched_package *p = find(s, pkg_id);

        if (!p)
                return s->n_packages < s->limits.max_packages;
        return p->n_dps < s->limits.max_dps_per_package;
}

/* Removing and telling an unreachable DP's jobs apart from waiting ones needs no content; everything else does. */
static bool can_begin(const struct model_job *j)
{
        return j->has_manifest || j->action == JOB_REMOVE;
}

enum sched_verdict sched_offer(struct sched *s, const struct model_job *j, enum sched_dp dp)
{
        if (j->action == JOB_SNAPSHOT)
                return offer_snapshot(s);
        if (dp == SCHED_DP_WAIT || !can_begin(j))
                return SCHED_LEAVE;
        if (dp == SCHED_DP_FAIL)
                return SCHED_FAIL;
        if (!room(s, j->pkg_id) || count(s, j->pkg_id))
                return SCHED_LEAVE;
        return SCHED_START;
}

bool sched_full(const struct sched *s)
{
        return s->n_snapshots >= s->limits.max_snapshots && s->n_packages >= s->limits.max_packages &&
               s->n_full >= s->n_packages;
}
