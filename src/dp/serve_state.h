/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* serve_state - what the files of serve share; loop thread but for hasher, which is the read worker's */
#include "dp/internal.h"
#include "dp/serve.h"

struct serve {
        struct http_route route;
        struct http_router router;
        struct serve_cache *cache;
        struct hasher *hasher;
        size_t streams;
        size_t lookups;                 /* on the read worker */
};
