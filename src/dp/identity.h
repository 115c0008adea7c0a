/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * identity - who this DP is, to which site it belongs: files of the data folder
 *
 *      ca.pem          certificate of the site's authority
 *      dp.pem, dp.key  our certificate and its key (0600)
 *      identity        lines "name = value": site, name, site_code, nal_path, url
 *      lock            held (flock) by the one process that works on the folder
 *
 * A renewed pair is first stored whole as next.pem and next.key, then moved over
 * the old one; identity_settle() finishes or forgets what a crash left between, so
 * that certificate and key always belong together.
 */
#include "base/err.h"

struct identity {
        char *site_url;                 /* "https://HOST:8443" */
        char *name;
        char *site_code;
        char *nal_path;
        char *url;                      /* where clients reach us; may be empty */
};
void identity_fini(struct identity *id);
/* 0; 1: not enrolled yet; < 0. */
MUST int identity_load(struct identity *out, int dirfd, struct err *e);
MUST int identity_save(const struct identity *id, int dirfd, struct err *e);
MUST int identity_settle(int dirfd, struct err *e);
struct pki_pair;
/* Replace dp.pem and dp.key, whole or not at all. */
MUST int identity_store_pair(int dirfd, const struct pki_pair *pair, struct err *e);

/* The data folder: made when absent, locked.  ERR_CONFLICT when another process has it. Close the descriptor to let go. */
MUST int identity_lock(const char *dir, int *lock_fd_out, struct err *e);
