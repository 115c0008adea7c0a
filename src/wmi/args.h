/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * args - parameters as WMI's methods have them
 *
 * Reading sets c->in.bad where something is broken; the method checks once.
 *
 * Source: [MS-OAUT] 2.2.23 (BSTR), [MS-WMI] 3.1.4.
 */
#include "dcom/dcom.h"
#include "wmi/context.h"

enum { WMI_TEXT_MAX = 1 << 20 };                /* characters */

struct str wmi_take_bstr(struct dcom_call *c);          /* UTF-8 in c->arena; p NULL: a null pointer */
struct str wmi_take_wstr(struct dcom_call *c);          /* LPWSTR, unique; likewise */
void wmi_add_bstr(struct ndr_out *o, struct str s);     /* p NULL: a null pointer */

/* pCtx, in c->arena; one that cannot be read is noted in *e. */
struct wmi_context *wmi_take_context(struct dcom_call *c, struct err *e);
/*
 * IFoo **, [in, out, unique]: does the caller want it?  What stands there already is passed over.
 * Answered by 0 when not wanted; else by a pointer to the interface, or to none.
 */
bool wmi_take_inout(struct dcom_call *c);
void wmi_add_inout(struct ndr_out *o, bool wanted, struct str objref);
