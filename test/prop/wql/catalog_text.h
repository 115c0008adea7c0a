/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* catalog_text - the classes of the property tests: each type, a base class with two kinds, embedded objects */

#define CATALOG_TEXT                                                                                                \
        "{\"P_Base\":{\"superclass\":null,\"abstract\":true,\"properties\":{\"Id\":\"string\"},\"key\":[\"Id\"]},"     \
        "\"P_Thing\":{\"superclass\":\"P_Base\",\"properties\":{\"Name\":\"string\",\"Small\":\"uint8\","              \
        "\"Size\":\"uint32\",\"Temp\":\"sint32\",\"Big\":\"uint64\",\"Far\":\"sint64\",\"On\":\"boolean\","            \
        "\"Ratio\":\"real64\",\"When\":\"datetime\",\"Letter\":\"char16\",\"Tags\":\"string[]\",\"Codes\":\"uint8[]\"," \
        "\"Part\":\"object:P_Part\",\"Any\":\"object\",\"Ref\":\"ref:P_Base\"}},"                                     \
        "\"P_More\":{\"superclass\":\"P_Thing\",\"properties\":{\"Extra\":\"string\"}},"                              \
        "\"P_Part\":{\"superclass\":null,\"properties\":{\"Model\":\"string\",\"Serial\":\"uint32\","                 \
        "\"Inner\":\"object:P_Part\"}},"                                                                            \
        "\"__Event\":{\"superclass\":null,\"properties\":{}},"                                                      \
        "\"__InstanceOperationEvent\":{\"superclass\":\"__Event\",\"properties\":{\"TargetInstance\":\"object\"}},"    \
        "\"__InstanceCreationEvent\":{\"superclass\":\"__InstanceOperationEvent\",\"properties\":{}},"               \
        "\"__InstanceModificationEvent\":{\"superclass\":\"__InstanceOperationEvent\",\"properties\":"              \
        "{\"PreviousInstance\":\"object\"}},"                                                                      \
        "\"__InstanceDeletionEvent\":{\"superclass\":\"__InstanceOperationEvent\",\"properties\":{}}}"
