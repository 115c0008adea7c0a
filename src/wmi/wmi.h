/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * wmi - WMI's remote interfaces over the provider
 *
 *      IWbemLevel1Login, IWbemLoginClientID   the object that is activated
 *      IWbemServices                          a namespace
 *      IEnumWbemClassObject, IWbemFetchSmartEnum, IWbemWCOSmartEnum
 *      IWbemCallResult
 *      IWbemObjectSink                        the client's; we call it
 *
 * Nothing is decided here: a call becomes a request of the provider or a
 * subscription of the event engine, and what comes of it is encoded by wmio.
 * The caller's account says its role at each call, so a role that was taken
 * away is gone at once.  Classes are the schema's: writing them is refused.
 *
 * A query is read page by page as the client asks, and the pages after the first
 * are read while it looks at that one.  Next on events waits as a parked call,
 * without a thread.
 *
 * Threads: the loop's; rows are copied, and their images made, on database threads.
 * Source: [MS-WMI] 3.1.
 */
#include "auth/users.h"
#include "dcom/dcom.h"
#include "event/subscription.h"
#include "provider/provider.h"
#include "rpc/client.h"

struct wmi;
struct wmi_opts {
        struct loop *loop;
        struct provider *provider;
        struct event_engine *events;
        struct users *const *users;     /* where the daemon keeps its accounts */
        const char *site_code;          /* borrowed */
        const char *server;             /* what __SERVER says; borrowed */
        const struct rpc_credentials *sink_account;     /* to log on at clients' sinks; NULL: only without authentication */
        const char *sink_from;          /* address to call sinks from; NULL: any */
        size_t page_bytes;              /* of a query; 0: grows from 64 KiB to 1 MiB */
        unsigned sink_timeout_s;        /* a sink's call may take so long; 0: 30 */
};
MUST int wmi_new(struct wmi **out, const struct wmi_opts *o, struct err *e);
/* Ends every asynchronous call (their sinks hear WBEM_E_SHUTTING_DOWN if they still can); then dcom_free(). */
void wmi_stop(struct wmi *w);
/* After dcom_free(): sinks go without a word, and with them their subscriptions; no further event is asked for. */
void wmi_close(struct wmi *w);
/* After wmi_close(), and after the database's jobs have ended. */
void wmi_free(struct wmi *w);
DEFINE_FREEP(struct wmi *, wmi_free)
/* For dcom_opts. */
const struct dcom_factory *wmi_factories(const struct wmi *w, size_t *n_out);
const struct dcom_interface *const *wmi_interfaces(size_t *n_out);
/* Asynchronous calls under way. */
size_t wmi_async_calls(const struct wmi *w);
