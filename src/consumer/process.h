/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * process - one program, run to its end as somebody who may do little
 *
 * No shell: the program is an absolute path and gets exactly these arguments.
 * It has its own session, a clean environment, its input in memory, its output in
 * one pipe, no other descriptor; no_new_privs, no groups but its own, no core
 * dump, bounded files, processes and file sizes; and it dies with the thread that
 * started it.  What it leaves in its process group is ended with it.
 *
 * Threads: blocks until the program has ended; any thread but the loop's.
 * Source: fork(2), prctl(2), setrlimit(2); win32 WmiSdk "CommandLineEventConsumer class" (KillTimeout).
 */
#include <sys/types.h>
#include "base/err.h"
#include "base/str.h"

enum { PROCESS_OUTPUT = 4096 };

struct process_opts {
        const char *program;            /* absolute */
        const char *const *argv, *const *env;   /* NULL-terminated */
        const char *folder;
        struct str input;               /* standard input */
        bool switch_user;               /* to uid and gid; only root can */
        uid_t uid;
        gid_t gid;
        int nice;
        int64_t timeout_us;             /* > 0; then it is killed */
        int stop_fd;                    /* readable: the daemon ends, and the program with it */
};
struct process_result {
        int status;                     /* of wait(2) */
        bool timed_out, stopped;
        char output[PROCESS_OUTPUT];    /* the beginning of what it wrote; what is no text is blanks */
        size_t n_output;
};
/* 0: it ran.  < 0: it was not started; e->sys says why. */
MUST int process_run(const struct process_opts *o, struct process_result *out, struct err *e);
