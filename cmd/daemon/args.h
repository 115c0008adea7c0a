/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * args - the options that both daemons take: --data, --config, --set, --check-config, --print-config
 *
 * A daemon puts DAEMON_OPTIONS into its table for getopt_long() and hands every
 * letter it does not know itself to daemon_arg().
 */
#include <getopt.h>
#include "conf/conf.h"

enum { DAEMON_MAX_OVERRIDES = 256, EXIT_USAGE = 2 };

struct daemon_args {
        const char *program;            /* for messages */
        struct conf_input in;           /* of conf_load(); points into this struct once daemon_arg() took something */
        const char *overrides[DAEMON_MAX_OVERRIDES];
        char data[4200];                /* data_dir=DIR */
        bool check, print;
};

#define DAEMON_OPTIONS                                                                          \
        { "data", required_argument, NULL, 'd' },     { "config", required_argument, NULL, 'c' }, \
        { "set", required_argument, NULL, 's' },      { "check-config", no_argument, NULL, 'C' }, \
        { "print-config", no_argument, NULL, 'P' },   { "version", no_argument, NULL, 'V' },      \
        { "help", no_argument, NULL, 'h' },           { NULL, 0, NULL, 0 }

/* One option with getopt's optarg.  0: taken; 1: answered on standard output, end with success; -1: wrong usage. */
int daemon_arg(struct daemon_args *a, int c, const char *usage);

/*
 * --check-config and --print-config, once the settings are loaded.
 * Returns the exit status, or -1 when neither was asked for.
 */
int daemon_settings(const struct daemon_args *a, const struct conf_table *t, const void *cfg);

/* Says what went wrong on standard error; returns the exit status for it. */
int daemon_fail(const struct daemon_args *a, const struct err *e);
