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

int sched_running(struct sched *s, int64_t pkg_id)
{
        return count(s, pkg_id);
}

static bool room(const struct sched *s, int64_t pkg_id)
{
        const struct sched_package *p = find(s, pkg_id);

        if (!p)
                return s->n_packages < s->limits.max_packages;
        return p->n_dps < s->limits.max_dps_per_package;
}

enum sched_verdict sched_offer(struct sched *s, int64_t pkg_id, enum sched_dp dp)
{
        if (dp == SCHED_DP_WAIT)
                return SCHED_LEAVE;
        if (dp == SCHED_DP_FAIL)
                return SCHED_FAIL;
        if (!room(s, pkg_id) || count(s, pkg_id))
                return SCHED_LEAVE;
        return SCHED_START;
}

bool sched_full(const struct sched *s)
{
        return s->n_packages >= s->limits.max_packages && s->n_full >= s->n_packages;
}

void sched_snapshot_running(struct sched *s)
{
        s->n_snapshots++;
}

unsigned sched_snapshots_free(const struct sched *s)
{
        return s->n_snapshots < s->limits.max_snapshots ? s->limits.max_snapshots - s->n_snapshots : 0;
}
