/* SPDX-License-Identifier: Apache-2.0 */
/* sink_command - CommandLineEventConsumer */
#include <errno.h>
#include <sys/wait.h>
#include "consumer/cmdline.h"
#include "consumer/private.h"
#include "consumer/process.h"
#include "os/os.h"

#define LOG "consumer"
enum { PRIORITY_IDLE = 0x40, PRIORITY_BELOW_NORMAL = 0x4000 };

struct command {
        struct arena arena;
        char **argv;
        const char *env[10];
        struct process_opts o;
        struct process_result result;
        struct err err;
        int r;
        int64_t timeout_s;
};

static void work(struct job *j)
{
        struct command *c = container_of(j, struct delivery, job)->work;

        c->r = process_run(&c->o, &c->result, &c->err);
}

/* What to tell of a program that has ended. */
static enum delivery_end judge(const struct command *c, struct err *e)
{
        const struct process_result *p = &c->result;
        struct str said = str_trim((struct str){ p->output, MIN(p->n_output, (size_t)200) });

        if (c->r < 0) {
                *e = c->err;
                return c->err.kind == ERR_NOMEM || c->err.sys == EAGAIN || c->err.sys == EMFILE || c->err.sys == ENFILE ||
                       c->err.sys == ETXTBSY ? DELIVERY_AGAIN : DELIVERY_REFUSED;
        }
        if (p->stopped) {
                (void)err_set(e, ERR_CANCELLED, "%s was ended with the site server", c->o.program);
                return DELIVERY_AGAIN;
        }
        if (p->timed_out) {
                (void)err_set(e, ERR_TIMEOUT, "%s was ended after %lld s", c->o.program, (long long)c->timeout_s);
                return DELIVERY_REFUSED;
        }
        if (!WIFEXITED(p->status)) {
                (void)err_set(e, ERR_IO, "%s was ended by signal %d: %.*s", c->o.program, WTERMSIG(p->status), STR_ARG(said));
                return DELIVERY_REFUSED;
        }
        if (WEXITSTATUS(p->status))
                (void)err_set(e, ERR_IO, "%s ended with status %d: %.*s", c->o.program, WEXITSTATUS(p->status), STR_ARG(said));
        return retry_of_exit(WEXITSTATUS(p->status));
}

static void command_free(struct command *c)
{
        arena_fini(&c->arena);
        free(c);
}

static void done(struct job *j)
{
        struct delivery *d = container_of(j, struct delivery, job);
        struct command *c = d->work;
        struct str said = str_trim((struct str){ c->result.output, c->result.n_output });
        struct err e = { 0 };
        enum delivery_end how = judge(c, &e);

        if (said.n)
                log_info(LOG, "%s for %.*s: %.*s%s", c->o.program, STR_ARG(d->def->filter), STR_ARG(said),
                         c->result.n_output == PROCESS_OUTPUT ? " ..." : "");
        command_free(c);
        delivery_ended(d, how, &e);
}

static int nice_of(int64_t priority)
{
        return priority == PRIORITY_IDLE ? 19 : priority == PRIORITY_BELOW_NORMAL ? 10 : 0;
}

static int64_t number(const struct delivery *d, const char *property)
{
        const struct cim_value *v = cim_get(d->def->instance, property);

        return v ? v->i : 0;
}

static int fill_env(struct command *c, const struct delivery *d, struct err *e)
{
        size_t n = 0;

        c->env[n++] = arena_strz(&c->arena, "PATH=/usr/local/bin:/usr/bin:/bin");
        c->env[n++] = arena_strz(&c->arena, "LANG=C.UTF-8");
        c->env[n++] = arena_strz(&c->arena, "HOME=/");
        c->env[n++] = arena_printf(&c->arena, "TALLYMAN_SITE=%s", d->owner->o.site_code);
        c->env[n++] = arena_printf(&c->arena, "TALLYMAN_FILTER=%.*s", STR_ARG(d->def->filter));
        c->env[n++] = arena_printf(&c->arena, "TALLYMAN_CONSUMER=%.*s", STR_ARG(d->def->consumer));
        c->env[n++] = arena_printf(&c->arena, "TALLYMAN_EVENT=%s", d->event_class->name);
        c->env[n++] = arena_printf(&c->arena, "TALLYMAN_DELIVERY=%s", d->id);
        c->env[n] = NULL;
        for (size_t i = 0; i < n; i++) {
                if (!c->env[i])
                        return err_set(e, ERR_NOMEM, "out of memory");
        }
        return 0;
}

static int prepare(struct command *c, const struct delivery *d, struct err *e)
{
        struct str program = delivery_text(d, "ExecutablePath"), line = delivery_text(d, "CommandLineTemplate");
        struct str folder = delivery_text(d, "WorkingDirectory");
        int64_t seconds = number(d, "KillTimeout");
        int r = 0;

        if (str_trim(line).n)
                r = cmdline_split(line, d->event, &c->arena, &c->argv, e);
        else
                c->argv = arena_array(&c->arena, 2, sizeof(*c->argv));
        if (r < 0)
                return r;
        if (!c->argv)
                return err_set(e, ERR_NOMEM, "out of memory");
        if (!str_trim(line).n) {
                c->argv[0] = (char *)arena_str(&c->arena, program).p;
                c->argv[1] = NULL;
        }
        c->timeout_s = seconds ? MIN(seconds, d->owner->o.command_timeout_s) : d->owner->o.command_timeout_s;
        c->o = (struct process_opts){
                .program = program.n ? arena_str(&c->arena, program).p : c->argv[0], .argv = (const char *const *)c->argv, .env = c->env,
                .folder = folder.n ? arena_str(&c->arena, folder).p : "/", .input = { d->json, d->n_json },
                .switch_user = d->owner->can_switch, .uid = d->owner->uid, .gid = d->owner->gid,
                .nice = nice_of(number(d, "Priority")), .timeout_us = c->timeout_s * US_PER_SECOND, .stop_fd = d->owner->stop_fd,
        };
        if (!c->o.program || !c->o.folder)
                return err_set(e, ERR_NOMEM, "out of memory");
        if (c->o.program[0] != '/')
                return err_set(e, ERR_INVALID, "%s is no absolute path: no PATH is searched", c->o.program);
        return fill_env(c, d, e);
}

void sink_command(struct delivery *d)
{
        struct command *c = calloc(1, sizeof(*c));
        struct err e = { 0 };
        int r = 0;

        if (!c)
                r = err_set(&e, ERR_NOMEM, "out of memory");
        else if (d->owner->must_refuse)
                r = err_set(&e, ERR_DENIED, "commands are off: tallymand runs as root and the setting command_user names nobody to "
                            "run them as");
        if (c)
                arena_init(&c->arena, 0);
        if (r == 0)
                r = prepare(c, d, &e);
        if (r < 0) {
                if (c)
                        command_free(c);
                delivery_ended(d, e.kind == ERR_NOMEM ? DELIVERY_AGAIN : DELIVERY_REFUSED, &e);
                return;
        }
        d->work = c;
        d->job.work = work;
        d->job.done = done;
        workers_submit(d->owner->commands, &d->job);
}
