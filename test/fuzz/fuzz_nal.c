/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_nal - any text as a NAL path; what is taken apart must go together to the same text */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include "codec/nal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct str text = { (const char *)data, size };
        struct err e = { 0 };
        struct nal_path p;
        struct buf out;

        if (nal_unpack(text, &p, &e) < 0)
                return 0;
        buf_init(&out, 0);
        assert(nal_pack(&p, &out, &e) == 0);
        assert(str_eq(buf_str(&out), text));
        buf_fini(&out);
        return 0;
}
