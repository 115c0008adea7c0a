/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * path - object paths as URLs of the administration service
 *
 *      SMS_Package.PackageID="P0100001"        SMS_Package(PackageID='P0100001')
 *      SMS_Package="P0100001"                  SMS_Package('P0100001')
 *      \\HOST\root\sms\site_P01:SMS_Package…   the same: the server is the one we talk to
 *      SMS_Package('P0100001')                 as it stands
 *
 * Pure; every byte that is not safe in a URL path is percent-encoded.
 * Source: [DSP0004] 8.2 (paths, backslash escapes), OData 4.0 part 2, 4.3.1 (keys, doubled quotes).
 */
#include "base/buf.h"
#include "base/err.h"

/* Appends the resource name; *class_only_out (may be NULL): there were no keys. ERR_INVALID with the place in @e. */
MUST int site_path_url(struct str path, struct buf *out, bool *class_only_out, struct err *e);
/* The class a path names, borrowed from it; empty when there is none. */
struct str site_path_class(struct str path);
/* Percent-encode all but unreserved characters and those in @keep. */
void site_url_escape(struct buf *out, struct str s, const char *keep);
