/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * query_row - a row of the provider's WQL, copied and given its image
 *
 * Source: [MS-WMI] 2.2.1; memdocs "extended-wmi-query-language" (rows of joins and counts are __Generic).
 * Threads: any, one at a time.
 */
#include "provider/wql.h"
#include "wmi/source.h"

struct query_row {
        struct query_row *next;
        const struct cim_class *class;          /* what the namespace must show; NULL: there is no object */
        struct wmi_row row;
};
struct query_images {
        const struct wmio_images *all;
        bool locatable;                         /* keys, whether asked for or not */
        struct wmi_images of_class;
        struct arena arena;                     /* of the class of __Generic rows */
        const struct cim_class *generic;
        struct wmio_image *generic_image;
};
/* In @a; NULL: memory is out. */
struct query_row *query_row_copy(struct query_images *m, const struct provider_wql_row *row, struct arena *a);
void query_images_fini(struct query_images *m);
