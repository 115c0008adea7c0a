/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * setup - what must be in DIR before the daemon can run; made at the first start
 *
 *      tallymand.lock          held while a tallymand runs on DIR
 *      site.db                 the site database
 *      library/                the content library
 *      tls/ca.pem, ca.key      the site's certificate authority
 *      tls/server.pem, .key    the listeners' certificate, made anew when its
 *                              names change or its end is near
 *      admin.password          of the first administrator, until you delete it
 *
 * Each step can be repeated: a kill in the middle is mended by the next start.
 */
#include "auth/pki.h"
#include "auth/users.h"
#include "conf/settings.h"

struct setup {
        struct users users;             /* the site's accounts as they are in the database */
        int dirfd, lockfd;              /* -1 when not open */
        struct pki_pair ca, server;
        char *library;                  /* paths */
        char *database;
};
MUST int setup_prepare(struct setup *s, const struct conf_site *cfg, struct err *e);
void setup_fini(struct setup *s);
