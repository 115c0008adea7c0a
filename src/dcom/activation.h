/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * activation - the blobs of a remote activation: what is asked for, what there is
 *
 * A request names a class and interfaces.  IRemoteSCMActivator carries it as an
 * OBJREF whose data is a list of properties, each serialized on its own (Type
 * Serialization Version 1); the answer likewise.  IActivation carries the same
 * as plain parameters.  Properties come in any order; of those of a request only
 * InstantiationInfoData says anything that is needed.
 *
 * Threads: pure; any thread.
 * Source: [MS-DCOM] 2.2.22, 2.2.28; [MS-RPCE] 2.2.6.
 */
#include "base/err.h"
#include "dcom/objref.h"
#include "ndr/ndr.h"

enum { DCOM_ACTIVATION_IIDS_MAX = 64, DCOM_ACTIVATION_PROPERTIES_MAX = 64 };

struct dcom_activation {
        struct uuid clsid;
        struct uuid iids[DCOM_ACTIVATION_IIDS_MAX];
        size_t n_iids;
        uint16_t com_major, com_minor;  /* the client's; 0 when it did not say */
};
/* The OBJREF of IActivationPropertiesIn. 0, or ERR_INVALID that says which part is broken. */
MUST int dcom_activation_read(struct str objref, struct arena *a, struct dcom_activation *out, struct err *e);
/* The parameters of IActivation::RemoteActivation, behind ORPCTHIS; i->bad when they are broken. */
void dcom_activation_read_old(struct ndr_in *i, struct dcom_activation *out);

struct dcom_activated {
        const struct dcom_activation *asked;
        const uint32_t *results;        /* an HRESULT an interface */
        const struct str *objrefs;      /* an OBJREF an interface; p NULL where there is none */
        uint64_t oxid;
        const struct dcom_dualstring *bindings; /* of the exporter, with ports */
        struct uuid ipid_rem_unknown;
        uint32_t authn_hint;
};
/* The OBJREF of IActivationPropertiesOut: PropsOutInfo, then ScmReplyInfo, in the order clients rely on. */
void dcom_activation_write(const struct dcom_activated *w, struct buf *out);
/* What RemoteActivation answers behind ORPCTHAT, its status left out. @hr: of the activation as a whole. */
void dcom_activation_write_old(const struct dcom_activated *w, uint32_t hr, struct ndr_out *o);
