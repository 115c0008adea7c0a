/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer/process.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "base/time.h"
#include "os/os.h"

/* ---- in the child: system calls only, for other threads may have held any lock ---- */

enum step { STEP_INPUT, STEP_LIMITS, STEP_USER, STEP_FOLDER, STEP_PROGRAM };

struct complaint {
        int32_t step, sys;
};

static const char *const step_words[] = { "give it its input and output", "limit it", "become its user", "enter its folder",
                                          "run it" };

_Noreturn static void complain(int fd, enum step step)
{
        const struct complaint c = { step, errno };

        (void)!write(fd, &c, sizeof(c));
        _exit(127);
}

static void reset_signals(void)
{
        sigset_t none;

        for (int s = 1; s < NSIG; s++)
                (void)signal(s, SIG_DFL);
        sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int limit(int what, rlim_t n)
{
        struct rlimit l;

        if (getrlimit(what, &l) < 0)
                return -1;
        l.rlim_cur = l.rlim_max = MIN(n, l.rlim_max);
        return setrlimit(what, &l);
}

/* Raw calls: glibc's want to tell threads that are not here. */
static int become(const struct process_opts *o)
{
        if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, o->gid, o->gid, o->gid) < 0 ||
            syscall(SYS_setresuid, o->uid, o->uid, o->uid) < 0)
                return -1;
        return limit(RLIMIT_NPROC, 256);
}

_Noreturn static void child(const struct process_opts *o, int input, int output, int complaints)
{
        enum { KEPT = 3 };

        (void)setsid();
        reset_signals();
        (void)umask(077);
        if (dup2(complaints, KEPT) < 0)         /* all descriptors are above KEPT, see above_standard() */
                _exit(127);
        if (fcntl(KEPT, F_SETFD, FD_CLOEXEC) < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 ||
            syscall(SYS_close_range, KEPT + 1, ~0U, 0) < 0)
                complain(KEPT, STEP_INPUT);
        if (limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_NOFILE, 256) < 0 || limit(RLIMIT_FSIZE, (rlim_t)1 << 30) < 0 ||
            (o->nice && setpriority(PRIO_PROCESS, 0, o->nice) < 0))
                complain(KEPT, STEP_LIMITS);
        if ((o->switch_user && become(o) < 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
                complain(KEPT, STEP_USER);
        if (chdir(o->folder) < 0)
                complain(KEPT, STEP_FOLDER);
        (void)execve(o->program, (char *const *)o->argv, (char *const *)o->env);
        complain(KEPT, STEP_PROGRAM);
}

/* ---- in the parent ---- */

struct plumbing {
        int input;
        int output[2], complaints[2];
};

static void unplumb(struct plumbing *p)
{
        int *fds[] = { &p->input, &p->output[0], &p->output[1], &p->complaints[0], &p->complaints[1] };

        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                closep(fds[i]);
}

/* Out of the way of what the child puts at 0 to 3. */
static int above_standard(int *fd)
{
        int up;

        if (*fd < 0)
                return -1;
        up = fcntl(*fd, F_DUPFD_CLOEXEC, 10);
        (void)os.close(*fd);
        *fd = up;
        return up < 0 ? -1 : 0;
}

static int plumb(struct plumbing *p, struct str input, struct err *e)
{
        *p = (struct plumbing){ -1, { -1, -1 }, { -1, -1 } };
        p->input = memfd_create("event", MFD_CLOEXEC);
        if (p->input < 0 || os_write_all(p->input, input.p, input.n) < 0 || lseek(p->input, 0, SEEK_SET) < 0 ||
            pipe2(p->output, O_CLOEXEC) < 0 || pipe2(p->complaints, O_CLOEXEC) < 0 || above_standard(&p->input) < 0 ||
            above_standard(&p->output[0]) < 0 || above_standard(&p->output[1]) < 0 || above_standard(&p->complaints[0]) < 0 ||
            above_standard(&p->complaints[1]) < 0 || fcntl(p->output[0], F_SETFL, O_NONBLOCK) < 0) {
                int sys = errno;

                unplumb(p);
                return err_sys(e, sys, "prepare to start a program");
        }
        return 0;
}

/* False: no more comes. */
static bool read_output(int fd, struct process_result *out)
{
        char more[4096];
        ssize_t n;

        while ((n = os.read(fd, more, sizeof(more))) > 0) {
                size_t keep = MIN((size_t)n, sizeof(out->output) - out->n_output);

                for (size_t i = 0; i < keep; i++)
                        out->output[out->n_output++] = (unsigned char)more[i] < 0x20 || more[i] == 0x7f ? ' ' : more[i];
        }
        return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void watch(const struct process_opts *o, int pidfd, int output, struct process_result *out)
{
        int64_t end = os_mono_us() + o->timeout_us;
        struct pollfd p[] = { { pidfd, POLLIN, 0 }, { output, POLLIN, 0 }, { o->stop_fd, POLLIN, 0 } };

        for (;;) {
                int64_t left = end - os_mono_us();
                int n = poll(p, ARRAY_SIZE(p), (int)MAX(MIN(left / 1000 + 1, 60000), 0));

                if (n < 0 && errno != EINTR)
                        return;
                if (p[1].revents && !read_output(output, out))
                        p[1].fd = -1;
                if (p[0].revents)
                        return;
                out->stopped = n > 0 && p[2].revents != 0;
                out->timed_out = !out->stopped && os_mono_us() >= end;
                if (out->stopped || out->timed_out)
                        return;
        }
}

static int started(const struct process_opts *o, int complaints, struct err *e)
{
        struct complaint c;
        ssize_t n;

        do
                n = os.read(complaints, &c, sizeof(c));
        while (n < 0 && errno == EINTR);
        if (n != (ssize_t)sizeof(c))
                return 0;
        return err_sys(e, c.sys, "start %s: %s", o->program, c.step >= 0 && c.step <= STEP_PROGRAM ? step_words[c.step] : "?");
}

int process_run(const struct process_opts *o, struct process_result *out, struct err *e)
{
        struct plumbing p;
        int r = plumb(&p, o->input, e), pidfd, sys;
        pid_t pid;

        memset(out, 0, sizeof(*out));
        if (r < 0)
                return r;
        pid = fork();
        sys = errno;
        if (pid == 0)
                child(o, p.input, p.output[1], p.complaints[1]);
        closep(&p.output[1]);
        p.output[1] = -1;
        closep(&p.complaints[1]);
        p.complaints[1] = -1;
        if (pid < 0) {
                unplumb(&p);
                return err_sys(e, sys, "start %s", o->program);
        }
        r = started(o, p.complaints[0], e);
        pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (r == 0 && pidfd < 0)
                r = err_sys(e, errno, "watch %s", o->program);
        if (r == 0)
                watch(o, pidfd, p.output[0], out);
        (void)kill(-pid, SIGKILL);              /* it, when its time is over, and what it left behind */
        while (waitpid(pid, &out->status, 0) < 0 && errno == EINTR)
                ;
        (void)read_output(p.output[0], out);
        closep(&pidfd);
        unplumb(&p);
        return r;
}
