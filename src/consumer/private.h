/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * private - definitions, deliveries, sinks and bindings; inside consumer
 *
 * A delivery belongs to its binding until that is closed while it runs; then it
 * is an orphan and frees itself when its sink is done with it.  A definition is
 * shared by the binding and its delivery, counted on the loop, read anywhere.
 */
#include <jansson.h>
#include "consumer/addresses.h"
#include "consumer/consumer.h"

enum sink_class { SINK_COMMAND, SINK_LOG, SINK_MAIL, SINK_WEBHOOK, SINKS };
enum { DELIVERY_ID_LEN = 32, FAILURE_EVENT_MAX = 64 << 10, COMMAND_THREADS = 8 };

struct definition {
        unsigned n_refs;
        struct arena arena;
        int64_t id;                     /* of the binding */
        struct str filter, query, consumer, path, secret;
        struct cim_instance *instance;  /* the consumer */
        struct str print;               /* two definitions with the same text are the same */
};
/* definition.c; NULL: memory is out. */
struct definition *definition_new(const struct model_subscription *s);
struct definition *definition_ref(struct definition *d);
void definition_unref(struct definition *d);            /* NULL is harmless */

/* ---- one event to one consumer ---- */

struct delivery {
        struct consumers *owner;
        struct binding *binding;        /* NULL: an orphan */
        struct definition *def;
        enum sink_class sink;
        const struct cim_class *event_class;
        char *json;
        size_t n_json;
        json_t *event;                  /* json, read */
        int64_t sequence;
        char id[DELIVERY_ID_LEN + 1];   /* the same for the same event to the same consumer */
        unsigned tries;
        bool running, retrying;
        /* what came out */
        enum delivery_end how;
        struct err err;
        /* the sink's */
        struct job job;
        struct fetch *fetch;
        void *work;
};
/* NULL: memory is out, or the event is no JSON. */
struct delivery *delivery_new(struct consumers *c, struct binding *b, struct definition *def, enum sink_class sink,
                              const struct event_notice *n);
void delivery_start(struct delivery *d);
void delivery_abandon(struct delivery *d);              /* its binding goes; NULL is harmless */
/* By the sink, once a start, perhaps before start() returns. @e may be NULL when done. */
void delivery_ended(struct delivery *d, enum delivery_end how, const struct err *e);
/* The text of the consumer's property, empty when NULL. */
struct str delivery_text(const struct delivery *d, const char *property);

/* sink_*.c: start; how many may be under way is the owner's business. */
void sink_command(struct delivery *d);
void sink_log(struct delivery *d);
void sink_mail(struct delivery *d);
void sink_webhook(struct delivery *d);
/* "sha256=..." header's value of a body sent at that second; out has 64 hex digits and NUL. */
void webhook_sign(struct str secret, int64_t unix_s, struct str body, char out[65]);
/* http://HOST:PORT etc. is allowed by the settings, as far as can be told before connecting. */
MUST int webhook_url_check(const struct consumers *c, struct str url, struct err *e);

/* ---- bindings ---- */

struct binding {
        struct list link;               /* owner->bindings */
        struct list ready;              /* owner->ready[sink], while it waits for a place */
        struct consumers *owner;
        struct definition *def;
        enum sink_class sink;
        struct event_subscription *sub;
        struct delivery *hand;          /* NULL: free for the next event */
        struct loop_timer *timer;       /* the next try, or the pause after a failure, or opening again */
        int64_t cursor, saved;          /* -1: begins with what comes */
        unsigned n_failed;              /* events in a row that were given up */
        bool pausing;                   /* after a failure: no next event yet */
        bool ended;                     /* hand has ended and is not looked at yet */
        bool gone, lost;                /* the log cannot be read on; because retention passed the cursor */
        struct err gone_err;
        bool recording;                 /* a failure is being written */
        bool failed;                    /* as TM_Subscription shows it */
        bool marked;                    /* adopt(): is still defined */
        bool stale;                     /* defined otherwise now; a worker has its hand, then definitions are read again */
};
MUST int binding_new(struct binding **out, struct consumers *c, struct definition *def, int64_t cursor, bool failed);
void binding_free(struct binding *b);
/* What happened since: the hand has ended, the log is gone. From the loop's next turn. */
void binding_go_on(struct binding *b);
void binding_position(struct binding *b);               /* the cursor moves over what is no event of it */

/* ---- the whole ---- */

struct consumers {
        struct consumer_opts o;
        char *texts[8];                 /* what o borrows */
        struct networks web_networks, mail_networks;
        bool can_switch, must_refuse;   /* commands: become user; root without a user */
        uid_t uid;
        gid_t gid;
        struct list bindings;
        struct list ready[SINKS];
        unsigned running[SINKS], retrying[SINKS];
        struct event_sub *sub;          /* of definitions */
        struct loop_soon *soon;
        struct loop_timer *minute;
        struct workers *files, *commands;
        struct fetch_pool *web, *mail, *relay;  /* relay: smtp_server, wherever it is */
        int stop_fd;
        bool reading, again, saving;
        bool ending;                    /* nothing is started any more */
        bool ended;                     /* nothing is listened to any more */
        unsigned n_jobs;
};
void consumers_soon(struct consumers *c);               /* binding_go_on() and pump in the loop's next turn */
void consumers_read(struct consumers *c);               /* definitions, again */

/* store.c: jobs of the database. */
void store_read(struct consumers *c, void (*done)(struct consumers *c, struct model_subscription *s, size_t n, const struct err *e));
void store_cursors(struct consumers *c);                /* of all bindings that have moved */
/* The failure of the event in hand, or of all that retention took; then binding_recorded(). */
void store_failure(struct binding *b, struct str text, bool dropped);
void binding_recorded(struct binding *b, int64_t cursor, const struct err *e);  /* e->kind ERR_NONE: written */
