/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wmi_crowd - many WMI clients that watch, in one process
 *
 *      wmi_crowd HOST USER PASSWORD-FILE NAMESPACE LEVEL CLIENTS FROM QUERY
 *
 * Each is a login of its own, subscribes to QUERY and asks with Next for one
 * event after another.  They dial from FROM.1, FROM.2 and on, 200 from each.
 * Prints "ready" when all have asked, then a line an event:
 *
 *      event CLIENT CLASS PackageID Targeted Installed
 *
 * Ends with its standard input; "lost CLIENT WHY" and exit 1 when a client fails.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cim/cim.h"
#include "lib/wmi_client.h"
#include "ntlm/ntlm.h"
#include "os/os.h"
#include "wmio/wmio.h"

enum { AT_ONCE = 16, AN_ADDRESS = 200, INFINITE = 0xffffffff, PASSWORD_MAX = 1000 };

struct watcher {
        int no;
        struct wmi_client *client;
        struct wmi_client_opts o;
        char from[64];
        struct uuid enumerator;
};

static struct wmi_client_opts common;
static const char *query, *from;
static struct watcher *watchers;
static int n_watchers, n_started, n_ready;

_Noreturn static void lost(const struct watcher *w, const char *why)
{
        (void)printf("lost %d %s\n", w->no, why);
        exit(1);
}

/* ---- events ---- */

static void print_value(const struct wmio_decoded *d, const char *name)
{
        const struct wmio_property *p = d ? wmio_property_find(d->class, str_of(name)) : NULL;
        const struct wmio_slot *s = p ? &d->slots[p - d->class->properties] : NULL;

        if (!s || s->value.null)
                (void)printf(" -");
        else if (p->type == CIM_STRING)
                (void)printf(" %.*s", STR_ARG(s->value.s));
        else
                (void)printf(" %lld", (long long)s->value.i);
}

static const struct wmio_decoded *target_of(const struct wmio_decoded *event)
{
        const struct wmio_property *p = wmio_property_find(event->class, STR("TargetInstance"));
        const struct wmio_slot *s = p ? &event->slots[p - event->class->properties] : NULL;

        return s && s->objects ? s->objects[0] : NULL;
}

static void print_event(const struct watcher *w, struct str objref)
{
        struct wmio_decoded *d;
        struct err e = { 0 };
        struct arena a;
        struct str unit;

        arena_init(&a, 0);
        if (wmio_objref_unit(objref, &unit, &e) < 0 || wmio_decode(unit, &a, &d, &e) < 0)
                lost(w, e.text);
        (void)printf("event %d %.*s", w->no, STR_ARG(d->class->name));
        print_value(target_of(d), "PackageID");
        print_value(target_of(d), "Targeted");
        print_value(target_of(d), "Installed");
        (void)printf("\n");
        (void)fflush(stdout);
        arena_fini(&a);
}

static void start_more(void);

static void came(void *arg, struct wmi_client *c, const struct wmi_client_answer *a)
{
        struct watcher *w = arg;
        struct ndr_in in = a->in;
        uint32_t n;

        if (a->why || a->hr)
                lost(w, a->why ? a->why : "Next failed");
        n = wmi_client_objects(&in);
        for (uint32_t i = 0; i < n; i++) {
                struct str objref = dcom_interface_body_read(&in);

                if (!ndr_in_ok(&in))
                        lost(w, "the answer to Next is broken");
                print_event(w, objref);
        }
        if (wmi_client_next(c, &w->enumerator, INFINITE, 1, came, w) < 0)
                lost(w, "out of memory");
}

/* ---- beginning ---- */

static void subscribed(void *arg, struct wmi_client *c, const struct wmi_client_answer *a)
{
        struct watcher *w = arg;

        if (a->why || a->hr || wmi_client_take_interface(a, &w->enumerator) < 0)
                lost(w, a->why ? a->why : "ExecNotificationQuery failed");
        if (wmi_client_next(c, &w->enumerator, INFINITE, 1, came, w) < 0)
                lost(w, "out of memory");
        if (++n_ready == n_watchers) {
                (void)printf("ready\n");
                (void)fflush(stdout);
        }
        start_more();
}

static void ready(void *arg, struct wmi_client *c, const char *why)
{
        struct watcher *w = arg;

        if (why)
                lost(w, why);
        if (wmi_client_query(c, true, query, subscribed, w) < 0)
                lost(w, "out of memory");
}

static void start_more(void)
{
        while (n_started < n_watchers && n_started - n_ready < AT_ONCE) {
                struct watcher *w = &watchers[n_started];

                w->no = n_started++;
                w->o = common;
                w->o.ready = ready;
                w->o.arg = w;
                (void)snprintf(w->from, sizeof w->from, "%s.%d", from, 1 + w->no / AN_ADDRESS);
                w->o.local = w->from;
                if (wmi_client_new(&w->client, &w->o) < 0)
                        lost(w, "cannot begin");
        }
}

static void on_stdin(uv_poll_t *p, int status, int events)
{
        char rest[64];

        (void)status;
        (void)events;
        if (read(STDIN_FILENO, rest, sizeof rest) <= 0) {
                uv_close((uv_handle_t *)p, NULL);
                loop_stop(common.loop);
        }
}

static void read_password(const char *path)
{
        struct err e = { 0 };
        char *text = NULL;
        size_t n = 0;

        if (os_read_file(AT_FDCWD, path, PASSWORD_MAX, &text, &n, &e) < 0) {
                (void)fprintf(stderr, "wmi_crowd: %s\n", e.text);
                exit(1);
        }
        ntlm_hash(str_trim((struct str){ text, n }), common.account.nt_hash);
        free(text);
}

int main(int argc, char **argv)
{
        uv_poll_t in;

        if (argc != 9) {
                (void)fprintf(stderr, "usage: wmi_crowd HOST USER PASSWORD-FILE NAMESPACE LEVEL CLIENTS FROM QUERY\n");
                return 2;
        }
        common = (struct wmi_client_opts){ .host = argv[1], .account.user = str_of(argv[2]), .ns = argv[4],
                                           .level = (enum rpc_level)atoi(argv[5]) };
        read_password(argv[3]);
        n_watchers = atoi(argv[6]);
        from = argv[7];
        query = argv[8];
        watchers = calloc((size_t)n_watchers, sizeof *watchers);
        if (!watchers || loop_new(&common.loop) < 0 || uv_poll_init(loop_uv(common.loop), &in, STDIN_FILENO) < 0)
                return 1;
        (void)uv_poll_start(&in, UV_READABLE, on_stdin);
        start_more();
        loop_run(common.loop);
        for (int i = 0; i < n_watchers; i++)
                wmi_client_free(watchers[i].client);
        free(watchers);
        loop_free(common.loop);
        return 0;
}
