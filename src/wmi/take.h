/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * take - one Next, Skip, NextAsync or smart Next on its way
 *
 * Takes of an enumerator are served one after the other, in the order they came.
 * One that finds too little waits: for rows, for its time to be over, or for the
 * client to give up.
 *
 * Source: [MS-WMI] 3.1.4.4.2, 3.1.4.4.3, 3.1.4.4.5, 3.1.4.7.1.
 */
#include "wmi/private.h"

enum wmi_take_kind { WMI_TAKE_NEXT, WMI_TAKE_SKIP, WMI_TAKE_SMART, WMI_TAKE_ASYNC };
enum { WMI_TAKE_BYTES_MAX = 8 << 20 };

struct wmi_enum {
        struct dcom_object object;      /* first */
        struct wmi *wmi;
        enum cim_namespace ns;
        struct wmi_source *source;      /* NULL: no client has the enumerator any more */
        unsigned clients;               /* it, and smart enumerators of it, that clients have */
        bool forward_only;
        struct list takes;
        struct dcom_call *opening;      /* ExecQuery itself, until the first row is known */
        bool peeked;                    /* a row was looked at already */
        struct wmi_row row;
        enum wmi_next state;            /* of it */
};
struct wmi_take {
        struct list link;
        struct wmi_enum *e;
        enum wmi_take_kind kind;
        struct dcom_call *call;         /* NULL: ASYNC */
        struct wmi_sink *sink;
        uint32_t want, got;
        uint32_t timeout_ms;
        bool over;                      /* its time is */
        struct loop_timer *timer;       /* NULL: none runs */
        struct buf out;                 /* OBJREFs, one behind the other; or the packet */
        struct buf ends;                /* u32: where each ends */
        struct wmio_packet packet;
        struct wmio_sent *sent;
};

/* The take goes to the end of the queue, and is served if it can be. */
void wmi_take_begin(struct wmi_enum *e, const struct wmi_take *t);
void wmi_enum_pump(struct wmi_enum *e);
void wmi_enum_left(struct wmi_enum *e); /* one client less; with the last the source goes, and who waits is told */
/* The next row of an enumerator, which may have been looked at before. */
enum wmi_next wmi_enum_next(struct wmi_enum *e, struct wmi_row *out);
/* Adds a row to what will be answered. -1 with @f. */
MUST int wmi_take_add(struct wmi_take *t, const struct wmi_row *row, struct wmi_failure *f);
/* The answer to Next, Skip, smart Next, or what the sink gets. */
void wmi_take_answer(struct wmi_take *t, uint32_t hr, const struct wmi_failure *f);
void wmi_smart_get(struct dcom_call *c, struct wmi_enum *e);    /* IWbemFetchSmartEnum::GetSmartEnum */
