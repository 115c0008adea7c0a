/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * objref - OBJREF: an interface of an object as it travels
 *
 * Standard: where the object lives (OXID of its exporter), which it is (OID) and
 * what names the interface in calls (IPID), with the resolver that knows the
 * OXID.  Handler: the same with a class of the client's.  Custom: data that only
 * a class knows to read; WMI objects, contexts and activation blobs travel so.
 * The extended form is refused.
 *
 * Threads: pure; any thread.
 * Source: [MS-DCOM] 2.2.18.
 */
#include "dcom/dualstring.h"
#include "ndr/uuid.h"

enum dcom_objref_kind { DCOM_OBJREF_STANDARD = 1, DCOM_OBJREF_HANDLER = 2, DCOM_OBJREF_CUSTOM = 4 };
enum { DCOM_SORF_NOPING = 0x1000, DCOM_STDOBJREF_BYTES = 40, DCOM_PUBLIC_REFS = 5 };

struct dcom_stdobjref {
        uint32_t flags;
        uint32_t public_refs;
        uint64_t oxid, oid;
        struct uuid ipid;
};
struct dcom_objref {
        enum dcom_objref_kind kind;
        struct uuid iid;
        struct uuid clsid;              /* handler, custom */
        struct dcom_stdobjref std;      /* standard, handler */
        struct dcom_dualstring resolver;
        struct str data;                /* custom: points into what was read */
        uint32_t said_size;             /* custom, to write: what the size field says; 0: the size of data */
};

/* 0, or -EINVAL: no OBJREF, cut, contradictory, or of a form that is not spoken. Texts live in @a. */
MUST int dcom_objref_read(struct str octets, struct arena *a, struct dcom_objref *out);
void dcom_objref_write(const struct dcom_objref *o, struct buf *out);   /* standard and custom */
void dcom_stdobjref_write(const struct dcom_stdobjref *s, struct buf *out);
