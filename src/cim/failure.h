/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * failure - an operation that failed, as the object that tells of it
 *
 * What the provider refuses is an SMS_ExtendedStatus, what WMI itself refuses
 * (a query's grammar, a path's form, a class that is not there) an
 * __ExtendedStatus.  A client tells them apart by __CLASS.
 *
 * ErrorCode, as documented, is severity (bits 31-30), facility (27-22), action
 * (21-16), object (15-8) and reason (7-0).  The constants of ConfigMgr are not
 * published.  Ours: severity 3, facility 1; the action is a row of the table in
 * failure.c; the object is the SDK's ObjectTypeID of the class, 0 for others;
 * the reason is enum err_kind.
 *
 * Threads: pure.
 * Source: Configuration Manager SDK "SMS_ExtendedStatus Server WMI Class", "About Configuration Manager Errors";
 *         win32 WmiSdk "__ExtendedStatus class"; [MS-WMI] 2.2.11.
 */
#include "cim/cim.h"

struct cim_failure {
        uint32_t status;                /* HRESULT; 0: that of the kind */
        enum err_kind kind;             /* why the provider refused; ERR_NONE: WMI did */
        const char *operation;          /* "GetObject"; NULL: none that has a name */
        struct str description;         /* in words */
        struct str parameter;           /* a path, a query, a class; n 0: none */
        const struct cim_class *class;  /* what it was about; NULL: the class whose name @parameter begins with, if any */
};

/* The object, in @a; texts are borrowed.  NULL: @a is full. */
struct cim_instance *cim_failure_instance(const struct cim_failure *f, struct arena *a);
/* The same as a JSON object, "__CLASS" first.  Nothing when memory is short. */
void cim_failure_json(const struct cim_failure *f, struct buf *out);
uint32_t cim_failure_code(const struct cim_failure *f);         /* ErrorCode */
