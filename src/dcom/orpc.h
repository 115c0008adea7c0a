/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * orpc - what stands before every ORPC request and answer, and interface pointers among the parameters
 *
 * Threads: pure; any thread.
 * Source: [MS-DCOM] 2.2.13 (ORPCTHIS, ORPCTHAT), 2.2.14 (MInterfacePointer).
 */
#include "ndr/ndr.h"

enum { DCOM_VERSION_MAJOR = 5, DCOM_VERSION_MINOR = 7 };

/* HRESULTs of COM itself; [MS-ERREF] 2.1 */
#define DCOM_S_OK 0U
#define DCOM_S_FALSE 1U
#define DCOM_E_NOTIMPL 0x80004001U
#define DCOM_E_NOINTERFACE 0x80004002U
#define DCOM_E_CLASSNOTREG 0x80040154U
#define DCOM_E_ACCESSDENIED 0x80070005U
#define DCOM_E_OUTOFMEMORY 0x8007000eU
#define DCOM_E_INVALIDARG 0x80070057U
#define DCOM_E_INVALID_OBJECT 0x80010114U
#define DCOM_OR_INVALID_OXID 0x80070776U
#define DCOM_OR_INVALID_SET 0x80070778U

/* Extensions are passed over. i->bad: cut, or of another major version. */
void dcom_this_read(struct ndr_in *i, struct uuid *causality_out);
void dcom_this_write(struct ndr_out *o, const struct uuid *causality);
void dcom_that_read(struct ndr_in *i);
void dcom_that_write(struct ndr_out *o);
void dcom_that_write_error(struct ndr_out *o, struct str objref);       /* with error information, [MS-DCOM] 2.2.21.1 */

enum { DCOM_INTERFACE_MAX = 16 << 20 };         /* octets of an OBJREF */
/* A unique MInterfacePointer and its OBJREF; p NULL: it is a null pointer. */
struct str dcom_interface_read(struct ndr_in *i);
/* An MInterfacePointer whose pointer was read before. */
struct str dcom_interface_body_read(struct ndr_in *i);
void dcom_interface_write(struct ndr_out *o, struct str objref);        /* p NULL: a null pointer */
void dcom_interface_body_write(struct ndr_out *o, struct str objref);
