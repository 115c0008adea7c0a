/* SPDX-License-Identifier: Apache-2.0 */
/* OBJREFs: one that is read is written again and is the same when it is read once more. */
#include <assert.h>
#include "dcom/objref.h"

static void write_and_read(const struct dcom_objref *r, struct arena *a)
{
        struct dcom_objref *back = arena_alloc(a, sizeof *back);
        struct buf b;

        assert(back);
        buf_init(&b, 0);
        dcom_objref_write(r, &b);
        assert(dcom_objref_read(buf_str(&b), a, back) == 0);
        assert(back->kind == r->kind && uuid_eq(&back->iid, &r->iid));
        if (r->kind == DCOM_OBJREF_CUSTOM) {
                assert(str_eq(back->data, r->data));
        } else {
                assert(back->std.oxid == r->std.oxid && uuid_eq(&back->std.ipid, &r->std.ipid));
                assert(back->resolver.n_strings == r->resolver.n_strings);
                for (size_t i = 0; i < r->resolver.n_strings; i++)
                        assert(str_eq(back->resolver.strings[i].address, r->resolver.strings[i].address));
        }
        buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct dcom_objref *r;
        struct arena a;

        arena_init(&a, 4 << 20);
        r = arena_alloc(&a, sizeof *r);
        if (r && dcom_objref_read((struct str){ (const char *)data, size }, &a, r) == 0 && r->kind != DCOM_OBJREF_HANDLER)
                write_and_read(r, &a);
        arena_fini(&a);
        return 0;
}
