/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * enrol - become a distribution point of a site, with a one-time token
 *
 * The site's authority is fetched without trust and believed only when its
 * digest is the token's; then the signing request is sent over a connection that
 * this authority vouches for.  Nothing is written before the site has said yes,
 * so a failed attempt leaves an earlier enrolment as it was.
 *
 * Blocks (runs a loop of its own).  The caller holds the folder's lock.
 */
#include "base/err.h"
#include "base/str.h"

struct enrol_opts {
        const char *dir;
        const char *site_url;           /* "https://HOST:8443" */
        struct str token;               /* its text; never logged */
        const char *name;               /* NULL: the token's */
        const char *url;                /* where clients will reach us; NULL or "": https://NAME:default_port */
        int default_port;               /* 0: then nowhere */
};
MUST int enrol_run(const struct enrol_opts *o, struct err *e);

/* Host of "scheme://host[:port][/path]" as malloc'ed text; NULL when there is none. */
char *enrol_url_host(const char *url);
/* NULL, or why this cannot be a site's address. */
const char *enrol_site_url_problem(const char *url);
