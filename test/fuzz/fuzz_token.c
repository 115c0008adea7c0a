/* SPDX-License-Identifier: Apache-2.0 */
/* A token that parses, formats to a text that parses to the same token. */
#include <assert.h>
#include "auth/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
        struct token t, u;
        struct err e = { 0 };
        char text[TOKEN_TEXT_MAX];

        if (token_parse((struct str){ (const char *)p, n }, &t, &e) == 0) {
                token_format(&t, text);
                assert(strlen(text) < sizeof(text));
                assert(token_parse(str_of(text), &u, &e) == 0);
                assert(memcmp(&t, &u, sizeof(t)) == 0);
        } else {
                assert(e.kind != ERR_NONE);
        }
        return 0;
}
