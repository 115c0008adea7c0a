/* SPDX-License-Identifier: Apache-2.0 */
/* howtos - every how-to page in turn; exits 1 when a check failed */
#include "howto.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
        struct tallyman_options o = { .server = getenv("TALLYMAN_SERVER"), .timeout_ms = 60000 };
        struct howto h = { .folder = getenv("HOWTO_FOLDER") };

        if (!o.server || !h.folder || tallyman_open(&h.site, &o, &h.e) < 0) {
                (void)fprintf(stderr, "howtos: %s\n", h.e.text[0] ? h.e.text : "TALLYMAN_SERVER and HOWTO_FOLDER say where to work");
                return 2;
        }
        howtos_of_packages(&h);
        if (!h.package[0]) {                            /* the others are about it */
                tallyman_close(h.site);
                return 1;
        }
        howtos_of_content(&h);
        howtos_of_programs(&h);
        howtos_of_advertisements(&h);
        howtos_of_status(&h);
        howtos_of_messages(&h);
        howtos_of_the_provider(&h);
        howtos_of_other_content(&h);
        tallyman_close(h.site);
        return h.n_failed > 0;
}
