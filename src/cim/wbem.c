/* SPDX-License-Identifier: Apache-2.0 */
/* wbem - status codes by name */
#include "cim/wbem.h"

const char *wbem_name(enum wbem_status s)
{
        switch (s) {
#define X(name, value)                                          \
        case name:                                              \
                return #name;
                WBEM_STATUSES(X)
#undef X
        }
        return "WBEM_E_UNKNOWN";
}
