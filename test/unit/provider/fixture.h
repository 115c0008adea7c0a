/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * fixture - a site P01 in a database of its own, with a provider over it
 *
 * Everything runs inline: jobs are done when they are submitted.  Each change is
 * a transaction of its own, committed like the daemon's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "event/event.h"
#include "lib/tmpdir.h"
#include "provider/provider.h"

/* Set before: the database is a file with one reader, whose jobs run on threads. */
extern bool fixture_threads;

struct fixture {
        char *dir;
        struct loop *loop;
        struct db *db;
        struct event_hub *hub;
        struct provider *provider;
        struct site_actions actions;
        struct provider_request q;      /* the last request; fixture_ask() begins it anew */
        bool answered;
};
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Ask and wait. Returns q.r; the answer is in f->q until the next one. */
int fixture_ask(struct fixture *f, enum provider_op op, const char *class, struct cim_instance *object);
/* By JSON: create, change (strict); delete and get by path. */
int fixture_create(struct fixture *f, const char *class, const char *json);
int fixture_change(struct fixture *f, const char *path, const char *json, bool strict);
int fixture_delete(struct fixture *f, const char *path);
int fixture_get(struct fixture *f, const char *path);
/* "SMS_Package.PackageID=..." or a class; arguments as JSON. */
int fixture_call(struct fixture *f, const char *path, const char *method, const char *json);
void fixture_role(struct fixture *f, enum user_role role);
/* Two DPs PAR01 and LYO01 of site P01, a package P0100001 without and P0100002 with source files. */
void fixture_fill(struct fixture *f);
#define PAR01_NAL "[\"Display=\\\\PAR01\\\"]MSWNET:[\"SMS_SITE=P01\"]\\\\PAR01\\"
