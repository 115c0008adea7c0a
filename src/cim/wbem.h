/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * wbem - the status codes of WMI that a provider gives
 *
 * Source: "WMI Error Constants" (win32 WmiSdk wmi-error-constants), [MS-WMI] 2.2.11.
 * One list makes the numbers and the names.
 */
#include <stdint.h>

#define WBEM_STATUSES(X)                                        \
        X(WBEM_NO_ERROR, 0)                                     \
        X(WBEM_S_FALSE, 1)                                      \
        X(WBEM_S_TIMEDOUT, 0x00040004)                          \
        X(WBEM_E_FAILED, 0x80041001)                            \
        X(WBEM_E_NOT_FOUND, 0x80041002)                         \
        X(WBEM_E_ACCESS_DENIED, 0x80041003)                     \
        X(WBEM_E_PROVIDER_FAILURE, 0x80041004)                  \
        X(WBEM_E_TYPE_MISMATCH, 0x80041005)                     \
        X(WBEM_E_OUT_OF_MEMORY, 0x80041006)                     \
        X(WBEM_E_INVALID_CONTEXT, 0x80041007)                   \
        X(WBEM_E_INVALID_PARAMETER, 0x80041008)                 \
        X(WBEM_E_NOT_AVAILABLE, 0x80041009)                     \
        X(WBEM_E_NOT_SUPPORTED, 0x8004100C)                     \
        X(WBEM_E_INVALID_NAMESPACE, 0x8004100E)                 \
        X(WBEM_E_INVALID_OBJECT, 0x8004100F)                    \
        X(WBEM_E_INVALID_CLASS, 0x80041010)                     \
        X(WBEM_E_INVALID_OPERATION, 0x80041016)                 \
        X(WBEM_E_INVALID_QUERY, 0x80041017)                     \
        X(WBEM_E_INVALID_QUERY_TYPE, 0x80041018)                \
        X(WBEM_E_ALREADY_EXISTS, 0x80041019)                    \
        X(WBEM_E_READ_ONLY, 0x80041023)                         \
        X(WBEM_E_PROVIDER_NOT_CAPABLE, 0x80041024)              \
        X(WBEM_E_ILLEGAL_NULL, 0x80041028)                      \
        X(WBEM_E_VALUE_OUT_OF_RANGE, 0x8004102B)                \
        X(WBEM_E_INVALID_METHOD, 0x8004102E)                    \
        X(WBEM_E_INVALID_METHOD_PARAMETERS, 0x8004102F)         \
        X(WBEM_E_INVALID_PROPERTY, 0x80041031)                  \
        X(WBEM_E_CALL_CANCELLED, 0x80041032)                    \
        X(WBEM_E_SHUTTING_DOWN, 0x80041033)                     \
        X(WBEM_E_INVALID_OBJECT_PATH, 0x8004103A)               \
        X(WBEM_E_METHOD_NOT_IMPLEMENTED, 0x80041055)            \
        X(WBEM_E_UNPARSABLE_QUERY, 0x80041058)                  \
        X(WBEM_E_NOT_EVENT_CLASS, 0x80041059)                   \
        X(WBEM_E_MISSING_GROUP_WITHIN, 0x8004105A)              \
        X(WBEM_E_MISSING_AGGREGATION_LIST, 0x8004105B)          \
        X(WBEM_E_PROPERTY_NOT_AN_OBJECT, 0x8004105C)            \
        X(WBEM_E_AGGREGATING_BY_OBJECT, 0x8004105D)             \
        X(WBEM_E_QUEUE_OVERFLOW, 0x80041061)                    \
        X(WBEM_E_QUOTA_VIOLATION, 0x8004106C)                   \
        X(WBEMESS_E_REGISTRATION_TOO_BROAD, 0x80042001)         \
        X(WBEMESS_E_REGISTRATION_TOO_PRECISE, 0x80042002)

#define X(name, value) name = (int32_t)(value),
enum wbem_status { WBEM_STATUSES(X) };
#undef X

const char *wbem_name(enum wbem_status s);      /* "WBEM_E_INVALID_QUERY"; "WBEM_E_UNKNOWN" for others */
