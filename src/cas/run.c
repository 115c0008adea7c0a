/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of records, as they came over the wire, which is as they lie in a pack:
 * what is new of it goes to the file in one write, uncopied.
 */
#include <inttypes.h>
#include "cas/store.h"

enum { COPY = 64 << 10 };               /* a shorter stretch waits in the buffer for more */

struct run {
        struct cas_writer *w;
        const uint8_t *from;            /* records that have a place and are not written yet: contiguous */
        size_t n;
};

/* The stretch so far goes to the buffer or the file. */
static int write_stretch(struct run *r, struct err *e)
{
        struct cas_writer *w = r->w;
        const uint8_t *p = r->from;
        size_t n = r->n;

        r->n = 0;
        if (n >= COPY || n > w->cap)
                return writer_write_out(w, &(struct iovec){ (void *)(uintptr_t)p, n }, 1, e);
        if (w->n + n > w->cap) {
                int x = writer_write_out(w, NULL, 0, e);

                if (x < 0)
                        return x;
        }
        if (n > 0)
                memcpy(w->buf + w->n, p, n);
        w->n += n;
        return 0;
}

/* Is it new?  Then it has a place now: CAS_OK, CAS_E_PRESENT, < 0. */
static int place(struct cas_writer *w, const struct piece_header *h, uint64_t absent, struct err *e)
{
        struct cas *c = w->c;
        int64_t from = 0;
        int r;

        (void)pthread_mutex_lock(&c->lock);
        r = writer_knows(w, &h->id, absent == c->generation, &from, e);
        if (r == 0)
                r = writer_reserve(w, &h->id, h->n, from, e);
        (void)pthread_mutex_unlock(&c->lock);
        return r;
}

static int put_record(struct run *r, const uint8_t *record, uint64_t absent, size_t *n_out, struct err *e)
{
        struct piece_header h;
        int x;

        if (*n_out < PIECE_HEADER_LEN || piece_header_decode(record, &h) != 0 || *n_out < PIECE_HEADER_LEN + (size_t)h.n)
                return err_set(e, ERR_INVALID, "content library: a run of records that is none");
        *n_out = PIECE_HEADER_LEN + h.n;
        if (writer_needs_room(r->w, h.n)) {
                x = write_stretch(r, e);
                if (x == 0)
                        x = writer_make_room(r->w, h.n, e);
                if (x < 0)
                        return x;
        }
        x = place(r->w, &h, absent, e);
        if (x == CAS_E_PRESENT)
                return write_stretch(r, e);
        if (x < 0)
                return x;
        if (r->n == 0)
                r->from = record;
        r->n += *n_out;
        return 0;
}

int cas_put_run(struct cas_writer *w, const uint8_t *run, size_t n, uint64_t absent, struct err *e)
{
        struct run r = { .w = w };
        struct err later = { 0 };
        int x = 0, end;

        (void)pthread_mutex_lock(&w->lock);
        for (size_t at = 0; x == 0 && at < n;) {
                size_t k = n - at;

                x = put_record(&r, run + at, absent, &k, e);
                at += k;
        }
        end = write_stretch(&r, x < 0 ? &later : e);    /* what has a place must have its bytes */
        (void)pthread_mutex_unlock(&w->lock);
        return x < 0 ? x : end;
}

uint64_t cas_generation(struct cas *c)
{
        struct err ignored = { 0 };
        bool damaged;
        uint64_t g;

        (void)pthread_mutex_lock(&c->lock);
        g = index_any_damaged(c, &damaged, &ignored) == 0 && !damaged ? c->generation : 0;
        (void)pthread_mutex_unlock(&c->lock);
        return g;
}
