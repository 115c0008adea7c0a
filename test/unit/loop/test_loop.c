/* SPDX-License-Identifier: Apache-2.0 */
/* loop - posts, timers, signals, workers; also built with TSan */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "loop/loop.h"

enum { POSTERS = 4, POSTS = 500, JOBS = 300 };

static struct loop *new_loop(void)
{
        struct loop *l = NULL;

        assert_int_equal(loop_new(&l), 0);
        return l;
}

/* ---- posts ---- */

struct poster {
        struct loop *loop;
        int id, next;                   /* next is the loop thread's */
        int *left;
};
struct note {
        struct poster *from;
        int number;
};

static void take_note(void *arg)
{
        struct note *n = arg;

        assert_int_equal(n->number, n->from->next++);
        if (--*n->from->left == 0)
                loop_stop(n->from->loop);
        free(n);
}

static void *post_many(void *arg)
{
        struct poster *p = arg;

        for (int i = 0; i < POSTS; i++) {
                struct note *n = malloc(sizeof *n);

                *n = (struct note){ p, i };
                loop_post(p->loop, take_note, n);
        }
        return NULL;
}

static void posts_arrive_once_and_in_order(void **state)
{
        struct loop *l = new_loop();
        struct poster posters[POSTERS];
        pthread_t threads[POSTERS];
        int left = POSTERS * POSTS;

        for (int i = 0; i < POSTERS; i++) {
                posters[i] = (struct poster){ .loop = l, .id = i, .left = &left };
                assert_int_equal(pthread_create(&threads[i], NULL, post_many, &posters[i]), 0);
        }
        loop_run(l);
        for (int i = 0; i < POSTERS; i++) {
                pthread_join(threads[i], NULL);
                assert_int_equal(posters[i].next, POSTS);
        }
        loop_free(l);
}

static void count_up(void *arg)
{
        ++*(int *)arg;
}

static void run_once_does_what_is_ready(void **state)
{
        struct loop *l = new_loop();
        int n = 0;

        loop_run_once(l);
        loop_post(l, count_up, &n);
        loop_post(l, count_up, &n);
        assert_int_equal(n, 0);
        loop_run_once(l);
        assert_int_equal(n, 2);
        loop_post(l, count_up, &n);     /* never run: freed with the loop */
        loop_free(l);
        loop_free(NULL);
        assert_int_equal(n, 2);
}

/* ---- timers ---- */

struct ticker {
        struct loop *loop;
        struct loop_timer *timer;
        int n, until;
};

static void tick(void *arg)
{
        struct ticker *t = arg;

        if (++t->n < t->until)
                return;
        loop_timer_free(t->timer);      /* inside its own callback */
        t->timer = NULL;
        loop_stop(t->loop);
}

static void timers_repeat_and_end(void **state)
{
        struct loop *l = new_loop();
        struct ticker t = { .loop = l, .until = 3 }, once = { .loop = l, .until = 99 }, stopped = { .loop = l, .until = 99 };
        struct loop_timer *forgotten;

        assert_int_equal(loop_timer_new(&t.timer, l, tick, &t), 0);
        assert_int_equal(loop_timer_new(&once.timer, l, tick, &once), 0);
        assert_int_equal(loop_timer_new(&stopped.timer, l, tick, &stopped), 0);
        assert_int_equal(loop_timer_new(&forgotten, l, tick, NULL), 0);
        loop_timer_start(t.timer, 1, 1);
        loop_timer_start(once.timer, 0, 0);
        loop_timer_start(stopped.timer, 0, 1);
        loop_timer_start(forgotten, 3600000, 0);
        loop_timer_stop(stopped.timer);
        loop_run(l);
        assert_int_equal(t.n, 3);
        assert_int_equal(once.n, 1);
        assert_int_equal(stopped.n, 0);
        loop_timer_free(once.timer);
        loop_timer_free(NULL);
        loop_free(l);                   /* frees stopped and forgotten */
}

/* ---- soon ---- */

struct portions {
        struct loop *loop;
        struct loop_soon *soon;
        int n, posted_at;
};

static void note_portion(void *arg)
{
        struct portions *p = arg;

        p->posted_at = p->n;
}

static void one_portion(void *arg)
{
        struct portions *p = arg;

        if (++p->n == 1)
                loop_post(p->loop, note_portion, p);
        if (p->n == 50)
                loop_stop(p->loop);
        else
                loop_soon_ask(p->soon);
}

/* Work that goes on turn after turn does not keep other things from happening in between. */
static void soon_leaves_room(void **state)
{
        struct loop *l = new_loop();
        struct portions p = { .loop = l };

        assert_int_equal(loop_soon_new(&p.soon, l, one_portion, &p), 0);
        loop_run_once(l);
        assert_int_equal(p.n, 0);       /* not asked */
        loop_soon_ask(p.soon);
        loop_soon_ask(p.soon);
        loop_run_once(l);
        assert_int_equal(p.n, 1);       /* twice asked is once run */
        loop_run(l);
        assert_int_equal(p.n, 50);
        assert_in_range(p.posted_at, 1, 49);
        loop_soon_free(p.soon);
        loop_soon_free(NULL);
        loop_free(l);
}

/* ---- workers ---- */

struct sum {
        struct loop *loop;
        pthread_t loop_thread;
        int done, want;
        int order_faults;
};
struct task {
        struct job job;
        struct sum *sum;
        int number, result;
        bool ordered;
};

static void work(struct job *j)
{
        struct task *t = container_of(j, struct task, job);

        t->result = t->number * 2;
}

static void done(struct job *j)
{
        struct task *t = container_of(j, struct task, job);
        struct sum *s = t->sum;

        assert_true(pthread_equal(pthread_self(), s->loop_thread));
        assert_int_equal(t->result, t->number * 2);
        s->order_faults += t->ordered && t->number != s->done;
        free(t);
        if (++s->done == s->want)
                loop_stop(s->loop);
}

static void submit(struct workers *w, struct sum *s, int number, bool ordered)
{
        struct task *t = calloc(1, sizeof *t);

        t->job = (struct job){ .work = work, .done = done };
        t->sum = s;
        t->number = number;
        t->ordered = ordered;
        workers_submit(w, &t->job);
}

static void jobs_run(unsigned threads, bool ordered)
{
        struct loop *l = new_loop();
        struct sum s = { .loop = l, .loop_thread = pthread_self(), .want = JOBS };
        struct workers *w;

        assert_int_equal(workers_new(&w, l, "test-workers-long-name", threads), 0);
        for (int i = 0; i < JOBS; i++)
                submit(w, &s, i, ordered);
        loop_run(l);
        assert_int_equal(s.done, JOBS);
        assert_int_equal(s.order_faults, 0);
        workers_free(w);
        loop_free(l);
}

struct relay {
        struct job job;
        struct workers *w;
        int left, done;
};

static void relay_work(struct job *j)
{
        container_of(j, struct relay, job)->left--;
}

static void relay_done(struct job *j)
{
        struct relay *r = container_of(j, struct relay, job);

        r->done++;
        if (r->left)
                workers_submit(r->w, j);
}

/* What ends in an orderly way: work that leads to work is carried to its end before the threads go. */
static void drained_workers_have_done_all(void **state)
{
        struct relay r = { .job = { .work = relay_work, .done = relay_done }, .left = 3 };
        struct loop *l;

        assert_int_equal(loop_new(&l), 0);
        assert_int_equal(workers_new(&r.w, l, "relay", 2), 0);
        workers_drain(r.w);
        workers_submit(r.w, &r.job);
        for (int i = 1; i <= 3; i++) {
                workers_drain(r.w);
                assert_int_equal(r.left, 3 - i);
                loop_run_once(l);
                assert_int_equal(r.done, i);
        }
        workers_free(r.w);
        loop_free(l);
}

static void many_workers(void **state)
{
        jobs_run(4, false);
}

static void one_worker_keeps_order(void **state)
{
        jobs_run(1, true);
}

static void inline_is_at_once(void **state)
{
        struct loop *l = new_loop();
        struct sum s = { .loop = l, .loop_thread = pthread_self(), .want = -1 };
        struct workers *w;

        assert_int_equal(workers_new(&w, l, "inline", 0), 0);
        submit(w, &s, 0, true);
        assert_int_equal(s.done, 1);
        submit(w, &s, 1, true);
        assert_int_equal(s.done, 2);
        assert_int_equal(s.order_faults, 0);
        workers_free(w);
        loop_free(l);
}

static void free_waits_for_the_queue(void **state)
{
        struct loop *l = new_loop();
        struct sum s = { .loop = l, .loop_thread = pthread_self(), .want = JOBS };
        struct workers *w;

        assert_int_equal(workers_new(&w, l, "ending", 2), 0);
        for (int i = 0; i < JOBS; i++)
                submit(w, &s, i, false);
        workers_free(w);
        workers_free(NULL);
        assert_int_equal(s.done, 0);    /* all worked, none told yet */
        loop_run(l);
        assert_int_equal(s.done, JOBS);
        loop_free(l);
}

/* ---- signals: in a child, for the second one ends the process ---- */

static void terminate(void *arg)
{
        struct loop *l = arg;

        loop_stop(l);
}

static _Noreturn void signalled_child(void)
{
        struct loop *l;

        if (loop_new(&l) < 0)
                _exit(3);
        loop_on_terminate(l, terminate, l);
        (void)kill(getpid(), SIGTERM);
        loop_run(l);
        (void)raise(SIGPIPE);           /* ignored: a hung-up peer is no end */
        (void)raise(SIGINT);            /* the second: default action */
        _exit(4);
}

static void first_signal_asks_second_ends(void **state)
{
        pid_t child = fork();
        int status = 0;

        assert_true(child >= 0);
        if (child == 0)
                signalled_child();
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGINT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(first_signal_asks_second_ends),
                cmocka_unit_test(posts_arrive_once_and_in_order),
                cmocka_unit_test(run_once_does_what_is_ready),
                cmocka_unit_test(timers_repeat_and_end),
                cmocka_unit_test(soon_leaves_room),
                cmocka_unit_test(drained_workers_have_done_all),
                cmocka_unit_test(many_workers),
                cmocka_unit_test(one_worker_keeps_order),
                cmocka_unit_test(inline_is_at_once),
                cmocka_unit_test(free_waits_for_the_queue),
        };

        return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
