/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * macros - the few language extensions the project uses on purpose
 *
 * gnu17: cleanup attributes, format checking, typeof.  Nothing else.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/param.h>          /* MIN, MAX */
#include <unistd.h>

#define MUST __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define UNUSED __attribute__((unused))

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

/* _cleanup_(thing_freep) struct thing *t = NULL;  frees on every way out. */
#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* DEFINE_FREEP(struct thing *, thing_free) makes thing_freep() for _cleanup_. */
#define DEFINE_FREEP(type, fn)                          \
        static inline void fn##p(type *p)               \
        {                                               \
                if (*p)                                 \
                        fn(*p);                         \
        }

/* return steal(&x): hand a _cleanup_ pointer to the caller. */
#define steal(pp)                                       \
        ({                                              \
                typeof(*(pp)) steal_ = *(pp);           \
                *(pp) = NULL;                           \
                steal_;                                 \
        })

static inline void freep(void *p)
{
        free(*(void **)p);
}

/* _cleanup_(closep) int fd = -1; */
static inline void closep(int *fd)
{
        if (*fd >= 0)
                (void)close(*fd);
}

static inline int steal_fd(int *fd)
{
        int r = *fd;

        *fd = -1;
        return r;
}
