/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * wmi_client - a WMI client over DCOM, as small as it can be, for load and crowds
 *
 * One struct is one login: activation at the resolver's port, a connection of its
 * own to the object port, NTLMLogin.  What follows are calls on interfaces,
 * each with one function that gets the answer.  It is made of the client half of
 * rpc and of the server's decoders, so it proves nothing of the wire: other
 * people's clients do that.  It shows what a server does when there are many.
 *
 * Threads    The loop's.
 * Source     [MS-DCOM] 3.2.4.1.1; [MS-WMI] 3.1.4.1.4, 3.1.4.3.18, 3.1.4.4.2, 3.1.4.7.1.
 */
#include "dcom/dcom.h"
#include "rpcd/rpcd.h"

struct wmi_client;

struct wmi_client_opts {                /* borrowed while the client lives */
        struct loop *loop;
        const char *host, *local;       /* local: the address to dial from, or NULL */
        struct rpc_credentials account;
        enum rpc_level level;
        const char *ns;                 /* "//./root/sms/site_P01" */
        /* The login is there (why NULL), or cannot be, or the connection is lost. */
        void (*ready)(void *arg, struct wmi_client *c, const char *why);
        void *arg;
};
struct wmi_client_answer {
        const char *why;                /* no answer came; NULL: one did */
        uint32_t hr;
        struct ndr_in in;               /* behind ORPCTHAT; until the function returns */
};
typedef void wmi_client_done(void *arg, struct wmi_client *c, const struct wmi_client_answer *a);

MUST int wmi_client_new(struct wmi_client **out, const struct wmi_client_opts *o);
void wmi_client_free(struct wmi_client *c);     /* not from a function that it calls; NULL is harmless */
const struct uuid *wmi_client_services(const struct wmi_client *c);     /* IPID of IWbemServices, once ready */

/* A call: begin writes ORPCTHIS into a buffer of the client's, the caller the arguments behind it, send sends it. */
struct ndr_out wmi_client_begin(struct wmi_client *c);
MUST int wmi_client_send(struct wmi_client *c, const struct uuid *iid, const struct uuid *ipid, uint16_t opnum,
                         wmi_client_done *done, void *arg);

/* ExecQuery, or ExecNotificationQuery; both with RETURN_IMMEDIATELY and FORWARD_ONLY. The answer is an interface. */
MUST int wmi_client_query(struct wmi_client *c, bool of_events, const char *text, wmi_client_done *done, void *arg);
/* IEnumWbemClassObject::Next. */
MUST int wmi_client_next(struct wmi_client *c, const struct uuid *ipid, uint32_t timeout_ms, uint32_t n,
                         wmi_client_done *done, void *arg);
/* IWbemFetchSmartEnum::GetSmartEnum of an enumerator, and IWbemWCOSmartEnum::Next. */
MUST int wmi_client_fetch_smart(struct wmi_client *c, const struct uuid *ipid, wmi_client_done *done, void *arg);
MUST int wmi_client_smart_next(struct wmi_client *c, const struct uuid *ipid, uint32_t timeout_ms, uint32_t n,
                               wmi_client_done *done, void *arg);
/* RemQueryInterface for one interface. */
MUST int wmi_client_interface(struct wmi_client *c, const struct uuid *ipid, const struct uuid *iid, wmi_client_done *done,
                              void *arg);

/* ---- answers ---- */

/* The IPID of the interface at the head of an answer. -EINVAL: there is none. */
MUST int wmi_client_take_interface(const struct wmi_client_answer *a, struct uuid *ipid_out);
/* That of an answer to RemQueryInterface. */
MUST int wmi_client_take_queried(const struct wmi_client_answer *a, struct uuid *ipid_out);
/* The objects of Next's answer: how many, and each one's OBJREF in turn.  in.bad when it is broken. */
uint32_t wmi_client_objects(struct ndr_in *in);
/* The packet of a smart Next, [MS-WMI] 2.2.14; p NULL: none. */
struct str wmi_client_packet(struct ndr_in *in, uint32_t *n_out);
