/* SPDX-License-Identifier: Apache-2.0 */
/* other_content - the kinds of packages beside SMS_Package */
#include "howto.h"

#include <stdio.h>
#include <stdlib.h>

/* "How to Create an Image Package", "... a Driver Package", and deleting one. */
void howtos_of_other_content(struct howto *h)
{
        static const struct {
                const char *class_name;
                int type;
        } kinds[] = { { "SMS_ImagePackage", 257 }, { "SMS_DriverPackage", 3 }, { "SMS_SoftwareUpdatesPackage", 5 } };

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                json_t *stored = put_new(h, kinds[i].class_name, json_pack("{ss ss si ss}", "Name", "Other", "Description", "content",
                                                                           "PkgSourceFlag", 2, "PkgSourcePath", h->folder)), *out;
                char *path = path_of("%s.PackageID='%s'", kinds[i].class_name, text_of(stored, "PackageID"));

                if (!has_class(h, kinds[i].class_name)) {
                        ok(h, !stored, "34: there is no %s here, and it says so", kinds[i].class_name);
                } else {
                        ok(h, number_of(stored, "PackageType") == kinds[i].type, "34: a new %s", kinds[i].class_name);
                        out = exec_method(h, path, "RefreshPkgSource", NULL);
                        ok(h, number_of(out, "ReturnValue") == 0, "34: its source is read again");
                        json_decref(out);
                        ok(h, delete_object(h, path), "34: and it is deleted");
                }
                free(path);
                json_decref(stored);
        }
        /* the kinds that SMS_Package itself may be */
        for (int type = 257; type <= 259; type++) {
                json_t *stored = put_new(h, "SMS_Package", json_pack("{ss si si ss}", "Name", "Image", "PackageType", type, "PkgSourceFlag", 2,
                                                                     "PkgSourcePath", h->folder));
                char *path = path_of("SMS_Package.PackageID='%s'", text_of(stored, "PackageID"));

                ok(h, number_of(stored, "PackageType") == type && delete_object(h, path), "34: a package of type %d", type);
                free(path);
                json_decref(stored);
        }
}
