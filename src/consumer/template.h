/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * template - WMI's standard string templates over an event
 *
 *      Package %TargetInstance.Name% is at version %TargetInstance.SourceVersion%
 *
 * %Name% becomes the value of the event's property, %A.B% that of an embedded
 * object's, %% a per cent sign; what is between double quotes stays as it is,
 * quotes included.  Texts and numbers are written plainly, booleans TRUE and
 * FALSE, arrays (1,5,10) with texts quoted, one element without parentheses,
 * none as (); an embedded object is its MOF.  NULL and a property that the event
 * does not have are empty.  A per cent sign that begins no name is itself.
 *
 * Pure; any bytes may come as the template.  The event is JSON as the event
 * engine writes it, "__CLASS" first.  Output is bounded by the buffer's limit,
 * MOF by TEMPLATE_DEPTH.
 *
 * Source: win32 WmiSdk "Using Standard String Templates".
 */
#include <jansson.h>
#include "base/buf.h"

enum {
        TEMPLATE_DEPTH = 8,
        TEMPLATE_ONE_LINE = 1,          /* control characters of values become blanks: a value begins no line */
        TEMPLATE_ADDRESS = 2,           /* and so do < > , ; and quotes: a value is part of one address, never another */
};

/* Appends to @out. */
void template_expand(struct str text, const json_t *event, unsigned flags, struct buf *out);
/* The value of TargetInstance.Name, any case; NULL when there is none. Of an array of objects: an array, to be freed. */
json_t *template_value(const json_t *event, struct str name) MUST;     /* a new reference */
