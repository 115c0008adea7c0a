/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* ids - the identifiers of [MS-WMI] 1.9 */
#include "ndr/uuid.h"

extern const struct uuid wmi_clsid_level1_login, wmi_clsid_class_object, wmi_clsid_context;
extern const struct uuid wmi_iid_level1_login, wmi_iid_login_client_id, wmi_iid_services, wmi_iid_enum, wmi_iid_fetch_smart_enum,
        wmi_iid_smart_enum, wmi_iid_call_result, wmi_iid_object_sink, wmi_iid_class_object;
extern const struct uuid wmi_iid_error_info;    /* IErrorInfo, [MS-OAUT] 1.9 */
