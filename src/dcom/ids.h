/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * ids - the identifiers of [MS-DCOM] 1.9 and of IUnknown
 *
 * Those of WMI's interfaces are wmi's.
 */
#include "ndr/uuid.h"

#define DCOM_IID_(d) UUID_INIT(d, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46)

extern const struct uuid dcom_iid_unknown, dcom_iid_rem_unknown, dcom_iid_rem_unknown2;
/* Interfaces of RPC proper, on the resolver's port. */
extern const struct uuid dcom_if_object_exporter, dcom_if_scm_activator, dcom_if_activation;
/* [MS-DCOM] 2.2.22: the parts of activation blobs. */
extern const struct uuid dcom_clsid_properties_in, dcom_clsid_properties_out, dcom_iid_properties_out,
        dcom_clsid_instantiation_info, dcom_clsid_scm_reply_info;
extern const struct uuid dcom_ext_error_info;   /* CLSID_ERROR_EXTENSION */
