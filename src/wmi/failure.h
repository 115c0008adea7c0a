/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * failure - an HRESULT, and why in words
 *
 * Clients get the words as an instance of __ExtendedStatus, SMS_ExtendedStatus
 * where the provider refused (cim/failure): with SetStatus where
 * the call was asynchronous, else as the error information that ORPC carries
 * beside an answer.
 *
 * Source: [MS-WMI] 2.2.11, 2.2.31; [MS-DCOM] 2.2.21.1.
 */
#include "base/err.h"
#include "cim/wbem.h"
#include "dcom/dcom.h"
#include "cim/namespace.h"
#include "wmio/wmio.h"
#include "wql/wql.h"

struct wmi;
struct wmi_failure {
        uint32_t hr;                    /* 0: none */
        enum err_kind kind;             /* ERR_NONE: WMI's own refusal, else the provider's */
        char parameter[256];            /* what it was about: a query, a path, a class */
        char text[480];
};

/* First writer wins, as err_set(). Returns -1. */
int wmi_fail(struct wmi_failure *f, uint32_t hr, const char *fmt, ...) PRINTF_LIKE(3, 4);
int wmi_fail_err(struct wmi_failure *f, const struct err *e);
int wmi_fail_wql(struct wmi_failure *f, const struct wql_error *w);
void wmi_failure_about(struct wmi_failure *f, struct str parameter);

/* The status object as an OBJREF. False: it could not be made, and there is none. */
MUST bool wmi_failure_objref(const struct wmi *w, enum cim_namespace ns, const char *operation,
                             const struct wmi_failure *f, const struct uuid *iid, struct buf *out);
/* Puts the error information into the answer; before anything else of it is written. */
void wmi_failure_tell(const struct wmi *w, enum cim_namespace ns, const char *operation, const struct wmi_failure *f,
                      struct dcom_call *c);
