/* SPDX-License-Identifier: Apache-2.0 */
/* print_mof - every class as MOF, for test_mofgen.py */
#include <stdio.h>
#include "cim/cim.h"

int main(void)
{
        struct buf b;

        buf_init(&b, 0);
        for (size_t i = 0; i < n_cim_classes; i++)
                cim_mof_write(cim_classes[i], &b);
        fwrite(b.p, 1, b.n, stdout);
        buf_fini(&b);
        return 0;
}
