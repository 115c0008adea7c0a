/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include "codec/dpwire.h"

void dpwire_want_begin(struct dpwire_want_writer *w, struct buf *out)
{
        *w = (struct dpwire_want_writer){ .out = out };
}

static void write_run(struct dpwire_want_writer *w)
{
        if (w->count == 0)
                return;
        buf_varint(w->out, w->first - w->end);
        buf_varint(w->out, w->count);
        w->end = w->first + w->count;
        w->count = 0;
}

void dpwire_want_run(struct dpwire_want_writer *w, uint64_t first, uint64_t count)
{
        assert(count && first >= (w->count ? w->first + w->count : w->end));
        if (w->count && first == w->first + w->count) {
                w->count += count;
                return;
        }
        write_run(w);
        w->first = first;
        w->count = count;
}

void dpwire_want_add(struct dpwire_want_writer *w, uint64_t piece)
{
        dpwire_want_run(w, piece, 1);
}

void dpwire_want_end(struct dpwire_want_writer *w)
{
        write_run(w);
}

void dpwire_want_open(struct dpwire_want_reader *r, struct str list, uint64_t n_pieces)
{
        *r = (struct dpwire_want_reader){ .c = cursor_of(list.p, list.n), .n_pieces = n_pieces };
}

int dpwire_want_next(struct dpwire_want_reader *r, uint64_t *first_out, uint64_t *count_out, struct err *e)
{
        uint64_t skip, take;

        if (r->c.p == r->c.end && !r->c.bad)
                return 0;
        skip = cursor_varint(&r->c);
        take = cursor_varint(&r->c);
        if (r->c.bad)
                return err_set(e, ERR_INVALID, "want list: a number is cut off or too large");
        if (take == 0 || (skip == 0 && r->begun))
                return err_set(e, ERR_INVALID, "want list: an empty run");
        if (skip > r->n_pieces - r->next || take > r->n_pieces - r->next - skip)
                return err_set(e, ERR_INVALID, "want list: passes the %llu pieces of the manifest",
                               (unsigned long long)r->n_pieces);
        *first_out = r->next + skip;
        *count_out = take;
        r->next += skip + take;
        r->begun = true;
        return 1;
}
