/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * consumer - permanent subscriptions: events to programs, log files, mail and webhooks
 *
 * A binding (__FilterToConsumerBinding) is an event query with a cursor in the
 * database.  It holds at most one event in hand; what follows stays in the change
 * log.  When the event is delivered the cursor moves, and the next one is taken.
 * So a slow consumer costs a cursor and slows nobody, and after a kill each
 * binding goes on where its cursor is: an event is delivered at least once, in
 * order, perhaps again.  (__TimerEvents are in no log: one in hand is lost then.)
 *
 * A delivery that fails is tried again with growing pauses (retry.h); one that is
 * refused for good or out of tries becomes a TM_EventFailure, in the same
 * transaction as the cursor: that is a __ConsumerFailureEvent and a status
 * message, and the binding goes on.  A cursor that retention has passed becomes
 * a TM_EventFailure with Dropped, a __EventDroppedEvent, and the binding goes on
 * with what comes now.  Failures to deliver these events make no others.
 *
 * Each class of consumers has max_deliveries places; second and later tries use
 * half of them at most, so dead consumers leave room for living ones.
 *
 * Definitions are read again whenever one of them changes.
 *
 * Threads: the loop's; programs and files on workers of its own.
 * Source: win32 WmiSdk "Receiving Events at All Times", "Monitoring and Responding to Events with Standard Consumers",
 * "__ConsumerFailureEvent class"; tallyman-subscription(7).
 */
#include "consumer/retry.h"
#include "event/subscription.h"
#include "fetch/fetch.h"

struct consumers;

enum { CONSUMER_BINDINGS_MAX = 1000 };

struct consumer_opts {
        struct loop *loop;
        struct db *db;
        struct event_hub *hub;
        struct event_engine *engine;
        const char *site_code, *server_name;
        struct retry_policy retry;
        unsigned max_deliveries;        /* at the same time, of each class; >= 1 */
        const char *log_folder;         /* empty: LogFileEventConsumer is refused */
        const char *command_user;       /* empty: the daemon's own, unless that is root */
        int64_t command_timeout_s;
        const char *smtp_server;        /* NAME or NAME:PORT for those that name none */
        enum fetch_tls smtp_tls;
        const char *ca_file;            /* whom webhooks and mail servers are verified against */
        bool webhook_http;              /* plain http as well */
        const char *const *webhook_networks;    /* see addresses.h; none: all but those that lead back here */
        size_t n_webhook_networks;
        const char *const *smtp_networks;       /* the same for servers that consumers name; smtp_server may be anywhere */
        size_t n_smtp_networks;
};
/* All texts are copied. ERR_INVALID: a setting is wrong. */
MUST int consumers_new(struct consumers **out, const struct consumer_opts *o, struct err *e);
/* Before the engine, hub and db it uses; programs that run are ended, the loop turns until all has come back. NULL is harmless. */
void consumers_free(struct consumers *c);
