/* SPDX-License-Identifier: Apache-2.0 */
#include "dcom/ids.h"

const struct uuid dcom_iid_unknown = DCOM_IID_(0x00000000);
const struct uuid dcom_iid_rem_unknown = DCOM_IID_(0x00000131);
const struct uuid dcom_iid_rem_unknown2 = DCOM_IID_(0x00000143);

const struct uuid dcom_if_object_exporter =
        UUID_INIT(0x99fcfec4, 0x5260, 0x101b, 0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a);
const struct uuid dcom_if_scm_activator = DCOM_IID_(0x000001a0);
const struct uuid dcom_if_activation =
        UUID_INIT(0x4d9f4ab8, 0x7d1c, 0x11cf, 0x86, 0x1e, 0x00, 0x20, 0xaf, 0x6e, 0x7c, 0x57);

const struct uuid dcom_clsid_properties_in = DCOM_IID_(0x00000338);
const struct uuid dcom_clsid_properties_out = DCOM_IID_(0x00000339);
const struct uuid dcom_iid_properties_out = DCOM_IID_(0x000001a3);
const struct uuid dcom_clsid_instantiation_info = DCOM_IID_(0x000001ab);
const struct uuid dcom_clsid_scm_reply_info = DCOM_IID_(0x000001b6);
const struct uuid dcom_ext_error_info = DCOM_IID_(0x0000031c);
