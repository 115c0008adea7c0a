/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLYMAN_TALLYMAN_H
#define TALLYMAN_TALLYMAN_H
/*
 * tallyman - client library of a Tallyman site
 *
 * One struct tallyman is one site, reached through its local socket or over
 * HTTPS.  Calls block until the answer is there, the time is up or
 * tallyman_cancel() was called.  Objects travel as JSON text whose members bear
 * the names of WMI properties; instants are RFC 3339 in UTC.
 *
 * An object is named by its WMI path,
 *
 *      SMS_Package.PackageID="P0100001"
 *      SMS_Program.PackageID="P0100001",ProgramName="Install"
 *
 * or in the form of ConfigMgr's administration service, SMS_Package('P0100001').
 *
 * Errors     A function returns 0, or a positive outcome it documents, or -1
 *            with *e filled: kind, a machine word, a text that names the thing
 *            and the next step, and the exit code tallyman(1) gives it.
 * Ownership  Text given out is malloc'ed and the caller's to free().  Text in a
 *            struct tallyman_event or tallyman_notification and the text of a
 *            row are borrowed: for the length of the callback, or until the next
 *            call on the same watch.
 * Threads    A struct tallyman belongs to one thread at a time; only
 *            tallyman_cancel() may be called from any thread, and from a signal
 *            handler.
 *
 * Manual: libtallyman(3).
 */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tallyman_kind {
        TALLYMAN_E_NONE = 0,
        TALLYMAN_E_FAILED,              /* everything the kinds below do not name */
        TALLYMAN_E_INVALID,             /* the request itself is wrong */
        TALLYMAN_E_NOT_FOUND,
        TALLYMAN_E_EXISTS,
        TALLYMAN_E_CONFLICT,            /* right request, wrong moment or state */
        TALLYMAN_E_DENIED,
        TALLYMAN_E_TIMEOUT,
        TALLYMAN_E_CANCELLED,
        TALLYMAN_E_CONNECT,             /* the site cannot be reached now */
        TALLYMAN_E_GONE,                /* the change log no longer goes back that far */
};

struct tallyman_error {
        enum tallyman_kind kind;
        int exit_code;                  /* tallyman(1), EXIT STATUS */
        int http_status;                /* 0: no answer came */
        char code[32];                  /* stable machine word: "NotFound" */
        char text[480];                 /* one or two sentences, no full stop needed behind */
        char wbem[48];                  /* of a query: "WBEM_E_INVALID_QUERY"; else empty */
        uint32_t hresult;               /* its number, 0x80041017; 0: none */
        uint32_t column;                /* of the query's text, from 1; 0: about the whole */
        /* of the SMS_ExtendedStatus or __ExtendedStatus; empty and 0 when the site sent none */
        uint32_t error_code;            /* ErrorCode; 0 where WMI, not the provider, refused */
        char operation[32];             /* "GetObject" */
        char parameter[256];            /* ParameterInfo: the path, query or class it was about */
        char cause[32];                 /* CauseInfo: "NotFound" */
};

struct tallyman_options {
        const char *server;             /* "unix:PATH" or "https://HOST[:PORT]"; NULL: TALLYMAN_DEFAULT_SERVER */
        const char *cacert;             /* PEM file of the authority that signed the site's certificate; NULL: system's */
        const char *user;               /* https: account; NULL: none */
        const char *password_file;      /* its first line is the password */
        int64_t timeout_ms;             /* of one request (not of an event stream); 0: five minutes */
};
#define TALLYMAN_DEFAULT_SERVER "unix:/var/lib/tallyman/tallymand.sock"

struct tallyman;

/* Checks the options and reads the password; connects with the first call. */
int tallyman_open(struct tallyman **out, const struct tallyman_options *o, struct tallyman_error *e);
void tallyman_close(struct tallyman *t);        /* NULL is harmless */

/* The call that runs now, and every later one, ends with TALLYMAN_E_CANCELLED. */
void tallyman_cancel(struct tallyman *t);

/*
 * tallyman_set_context - a context value that goes with every later request but event streams.
 * @name   "ApplicationName" and "MachineName" (raising status messages wants both), "LocaleID", "InstanceCount",
 *         "LimitToCollectionIDs", "QueryQualifiers", "ContextHandle"; others mean nothing to the site
 * @value  without double quotes; NULL takes it back
 */
int tallyman_set_context(struct tallyman *t, const char *name, const char *value, struct tallyman_error *e);

/*
 * tallyman_list - instances of a class.
 * @filter   OData: "PackageID eq 'P0100001' and State ne 0"; NULL: all
 * @orderby  "Name desc"; NULL: as the site likes
 * @top      at most so many; 0: all
 * @json_out {"value":[...]}
 * @seq_out  position in the change log at which the answer is true; hand it to
 *           tallyman_events() and nothing is missed between.  May be NULL.
 */
struct tallyman_selection {
        const char *class_name;
        const char *filter;
        const char *orderby;
        uint64_t top, skip;
};
int tallyman_list(struct tallyman *t, const struct tallyman_selection *q, char **json_out, int64_t *seq_out,
                  struct tallyman_error *e);

/*
 * tallyman_query - rows of a WQL data query, one by one.
 * @wql     "SELECT PackageID, Name FROM SMS_Package WHERE ...", also schema
 *          queries (meta_class), ASSOCIATORS OF and REFERENCES OF
 * @fn      gets each row as one JSON object; what it selects are its members,
 *          "__CLASS" says of which class it is.  A join gives objects of the
 *          class "__Generic" with one object an alias.  Non-zero ends the query.
 *          No call of this library on the same struct tallyman but tallyman_cancel().
 * @seq_out as of tallyman_list(); may be NULL
 *
 * Rows come as the site reads them and are not gathered, so there may be any number.
 * Returns 0, TALLYMAN_STOPPED when @fn ended it, or -1; a mistake in the text is
 * TALLYMAN_E_INVALID with e->wbem and e->column.
 */
typedef int (*tallyman_row_fn)(void *ctx, const char *json);
enum { TALLYMAN_STOPPED = 2 };
int tallyman_query(struct tallyman *t, const char *wql, tallyman_row_fn fn, void *ctx, int64_t *seq_out,
                   struct tallyman_error *e);
/* The same as one text, {"value":[...]}. */
int tallyman_query_json(struct tallyman *t, const char *wql, char **json_out, int64_t *seq_out, struct tallyman_error *e);
/*
 * Whether the site would accept a query, without running it: {"kind":...,"canonical":...}.
 * @kind  "data", "event", or NULL: an event query when it selects from an event class
 */
int tallyman_check(struct tallyman *t, const char *wql, const char *kind, char **json_out, struct tallyman_error *e);

/* One instance, lazy properties filled. */
int tallyman_get(struct tallyman *t, const char *path, char **json_out, struct tallyman_error *e);
/* A new instance; json_out (may be NULL) is the instance as stored, with its generated key. */
int tallyman_create(struct tallyman *t, const char *class_name, const char *json, char **json_out,
                    struct tallyman_error *e);
/* Changes the members given and leaves the others. */
int tallyman_put(struct tallyman *t, const char *path, const char *json, char **json_out, struct tallyman_error *e);
int tallyman_delete(struct tallyman *t, const char *path, struct tallyman_error *e);
/* A method of an instance, or of a class when @path is a bare class name.
 * json: its parameters, NULL for none.  json_out: {"ReturnValue":0, out parameters...}; may be NULL. */
int tallyman_method(struct tallyman *t, const char *path, const char *method, const char *json, char **json_out,
                    struct tallyman_error *e);
/* Any resource of the site by its URL path and query, already percent-encoded: "/offers?site=P01". */
int tallyman_fetch(struct tallyman *t, const char *url, char **body_out, struct tallyman_error *e);

struct tallyman_event {
        int64_t sequence;               /* position in the change log; resume behind it */
        const char *kind;               /* "creation", "modification", "deletion" */
        const char *class_name;
        const char *path;               /* WMI path of the instance */
        const char *time;               /* RFC 3339 */
        const char *before, *after;     /* JSON objects; before NULL: creation, after NULL: deletion */
};
/* Returns 0 to go on, anything else to end the stream. ev NULL: a tick. No call of this library but tallyman_cancel(). */
typedef int (*tallyman_event_fn)(void *ctx, const struct tallyman_event *ev);

struct tallyman_stream {
        const char *class_name;         /* one, or several with commas between; NULL: every class */
        int64_t from;                   /* events behind this position; TALLYMAN_FROM_NOW */
        int64_t timeout_ms;             /* 0: no end */
        int64_t tick_ms;                /* call fn with ev NULL about that often, to show that time passes; 0: never */
};
#define TALLYMAN_FROM_NOW (-1)

/*
 * tallyman_events - committed changes as they happen.
 *
 * Blocks and calls @fn for each change, in the order of the change log.  When
 * the connection breaks the stream is taken up again behind the last event, so
 * that a restart of the site loses none and repeats none.
 * Returns 0 when @fn ended it, TALLYMAN_TIME_UP, or -1 (TALLYMAN_E_GONE when
 * the site no longer keeps changes behind @from).
 */
enum { TALLYMAN_TIME_UP = 1 };
int tallyman_events(struct tallyman *t, const struct tallyman_stream *s, tallyman_event_fn fn, void *ctx,
                    struct tallyman_error *e);

/* ---- event queries ---- */

struct tallyman_notification {
        int64_t sequence;               /* position in the change log; resume behind it. -1: the event has none */
        const char *class_name;         /* "__InstanceCreationEvent", "__AggregateEvent", ... */
        const char *json;               /* the event object as its query selects it */
        const char *target;             /* its TargetInstance as JSON; NULL: it has none */
        const char *previous;           /* its PreviousInstance as JSON; NULL: it has none */
};

/*
 * tallyman_watch - one WQL event query and the events it has brought.
 *
 *      SELECT * FROM __InstanceModificationEvent WITHIN 10
 *      WHERE TargetInstance ISA 'SMS_PackageStatusRootSummarizer'
 *
 * Events are pulled with tallyman_notify_next(); between two calls they wait at
 * the site.  Watches of one struct tallyman may be open together, next to other
 * calls; all of that in one thread at a time.
 */
struct tallyman_watch;
struct tallyman_watch_options {
        const char *query;
        int64_t from;                   /* events behind this position; TALLYMAN_FROM_NOW */
};
/* Returns when the site has accepted the query, so that nothing which happens later is missed. Refused: -1. */
int tallyman_notify_open(struct tallyman_watch **out, struct tallyman *t, const struct tallyman_watch_options *o,
                         struct tallyman_error *e);
/*
 * The next event, in the order they happened; 0, TALLYMAN_TIME_UP, or -1.
 * @timeout_ms  0: only what is there; TALLYMAN_FOREVER
 * A connection that breaks is made again behind the last event.
 */
#define TALLYMAN_FOREVER (-1)
int tallyman_notify_next(struct tallyman_watch *w, int64_t timeout_ms, struct tallyman_notification *out,
                         struct tallyman_error *e);
void tallyman_notify_close(struct tallyman_watch *w);  /* before tallyman_close(); NULL is harmless */

/*
 * tallyman_notify - the same by callback.
 *
 * Blocks and calls @fn for each event until it returns non-zero (0), @timeout_ms
 * are over (TALLYMAN_TIME_UP; TALLYMAN_FOREVER), or -1, after tallyman_cancel()
 * with TALLYMAN_E_CANCELLED.
 */
typedef int (*tallyman_notify_fn)(void *ctx, const struct tallyman_notification *n);
int tallyman_notify(struct tallyman *t, const struct tallyman_watch_options *o, int64_t timeout_ms, tallyman_notify_fn fn,
                    void *ctx, struct tallyman_error *e);

#ifdef __cplusplus
}
#endif
#endif
