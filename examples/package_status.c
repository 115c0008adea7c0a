/* SPDX-License-Identifier: Apache-2.0 */
/*
 * package_status - how far packages are, as it happens
 *
 *      package_status [SECONDS]
 *
 * Two notifications, one for packages whose status appears and one for packages
 * whose status changes; for each event the package's name, how many distribution
 * points it is meant for and how many hold it.  Ends after SECONDS, or at Ctrl-C.
 *
 * Each notification has its own connection and its own thread, for a struct
 * tallyman belongs to one thread at a time.
 *
 * Build: cc package_status.c $(pkg-config --cflags --libs libtallyman jansson) -pthread
 */
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <tallyman/tallyman.h>

#define N_NOTIFICATIONS 2

struct notification {
        const char *query;
        struct tallyman *site;
        int64_t timeout_ms;
        int exit_code;
        pthread_t thread;
};

static struct notification notifications[N_NOTIFICATIONS] = {
        { .query = "SELECT * FROM __InstanceCreationEvent WITHIN 120 "
                   "WHERE TargetInstance.__Class = 'SMS_PackageStatusRootSummarizer'" },
        { .query = "SELECT * FROM __InstanceModificationEvent WITHIN 120 "
                   "WHERE TargetInstance.__Class = 'SMS_PackageStatusRootSummarizer'" },
};
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

static int print_status(void *ctx, const struct tallyman_notification *n)
{
        json_t *package = n->target ? json_loads(n->target, 0, NULL) : NULL;
        const char *name = json_string_value(json_object_get(package, "Name"));

        pthread_mutex_lock(&output);
        printf("Name: %s\n", name ? name : "");
        printf("Targeted: %" PRId64 "\n", (int64_t)json_integer_value(json_object_get(package, "Targeted")));
        printf("Installed: %" PRId64 "\n\n", (int64_t)json_integer_value(json_object_get(package, "Installed")));
        fflush(stdout);
        pthread_mutex_unlock(&output);
        json_decref(package);
        return 0;
}

static void *follow(void *arg)
{
        struct notification *n = arg;
        struct tallyman_watch_options o = { .query = n->query, .from = TALLYMAN_FROM_NOW };
        struct tallyman_error e;

        if (tallyman_notify(n->site, &o, n->timeout_ms, print_status, NULL, &e) >= 0 || e.kind == TALLYMAN_E_CANCELLED)
                return NULL;
        fprintf(stderr, "package_status: %s\n", e.text);
        n->exit_code = e.exit_code;
        for (int i = 0; i < N_NOTIFICATIONS; i++)
                tallyman_cancel(notifications[i].site);         /* one without the other is half the truth */
        return NULL;
}

static void on_signal(int number)
{
        for (int i = 0; i < N_NOTIFICATIONS; i++)
                tallyman_cancel(notifications[i].site);
}

int main(int argc, char **argv)
{
        struct tallyman_options o = { .server = getenv("TALLYMAN_SERVER"), .cacert = getenv("TALLYMAN_CACERT"),
                                      .user = getenv("TALLYMAN_USER"), .password_file = getenv("TALLYMAN_PASSWORD_FILE") };
        int64_t timeout_ms = argc > 1 ? atoll(argv[1]) * 1000 : TALLYMAN_FOREVER;
        struct tallyman_error e;
        int exit_code = 0;

        for (int i = 0; i < N_NOTIFICATIONS; i++) {
                notifications[i].timeout_ms = timeout_ms;
                if (tallyman_open(&notifications[i].site, &o, &e) < 0) {
                        fprintf(stderr, "package_status: %s\n", e.text);
                        return e.exit_code;
                }
        }
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
        for (int i = 0; i < N_NOTIFICATIONS; i++) {
                if (pthread_create(&notifications[i].thread, NULL, follow, &notifications[i])) {
                        fprintf(stderr, "package_status: cannot start a thread\n");
                        return 1;
                }
        }
        for (int i = 0; i < N_NOTIFICATIONS; i++) {
                pthread_join(notifications[i].thread, NULL);
                if (notifications[i].exit_code)
                        exit_code = notifications[i].exit_code;
        }
        for (int i = 0; i < N_NOTIFICATIONS; i++)
                tallyman_close(notifications[i].site);
        return exit_code;
}
