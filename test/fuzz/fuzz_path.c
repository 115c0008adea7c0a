/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever an object path says, its URL holds only characters that are safe in one. */
#include <assert.h>
#include <ctype.h>
#include "site/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        struct str path = { (const char *)p, n };
        struct err e = { 0 };
        struct buf url;

        buf_init(&url, 0);
        if (site_path_url(path, &url, NULL, &e) == 0)
                for (size_t i = 0; i < url.n; i++)
                        assert(isalnum((unsigned char)url.p[i]) || strchr("_-.~%(),='", url.p[i]));
        assert(site_path_class(path).n <= n);
        buf_fini(&url);
        return 0;
}
