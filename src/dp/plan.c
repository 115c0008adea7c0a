/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "codec/piece.h"
#include "dp/plan.h"

/* ---- fingerprints of the slice's wanted pieces ---- */

struct fingerprints {
        uint64_t *slots;                /* 0: free */
        size_t cap, n;
};

static uint64_t fingerprint(const struct hash_id *id)
{
        uint64_t v = get_le64(id->b);

        return v ? v : 1;
}

static void place(uint64_t *slots, size_t cap, uint64_t v)
{
        size_t i = v & (cap - 1);

        while (slots[i])
                i = (i + 1) & (cap - 1);
        slots[i] = v;
}

static bool fingerprints_grow(struct fingerprints *f)
{
        size_t cap = f->cap ? f->cap * 2 : 256;
        uint64_t *slots = calloc(cap, sizeof(*slots));

        if (!slots)
                return false;
        for (size_t i = 0; i < f->cap; i++)
                if (f->slots[i])
                        place(slots, cap, f->slots[i]);
        free(f->slots);
        f->slots = slots;
        f->cap = cap;
        return true;
}

/* 1: it was there. 0: added. -1: out of memory. */
static int fingerprints_add(struct fingerprints *f, const struct hash_id *id)
{
        uint64_t v = fingerprint(id);
        size_t i;

        if (f->n * 2 >= f->cap && !fingerprints_grow(f))
                return -1;
        for (i = v & (f->cap - 1); f->slots[i]; i = (i + 1) & (f->cap - 1))
                if (f->slots[i] == v)
                        return 1;
        f->slots[i] = v;
        f->n++;
        return 0;
}

/* ---- planning ---- */

void plan_init(struct plan *p, struct cas *c, const struct cas_manifest *man)
{
        *p = (struct plan){ .cas = c, .man = man };
        buf_init(&p->want, DPWIRE_WANT_BODY);
}

void plan_fini(struct plan *p)
{
        buf_fini(&p->want);
}

void plan_rewind(struct plan *p)
{
        p->at = 0;
        p->held_bytes = 0;
}

static bool slice_full(const struct plan *p)
{
        return p->want_bytes >= PLAN_SLICE_BYTES || p->want_count >= PLAN_SLICE_PIECES ||
               p->want.n >= PLAN_SLICE_LIST;
}

struct block {
        struct hash_id ids[PLAN_BLOCK];
        uint32_t lens[PLAN_BLOCK];
        struct cas_extent found[PLAN_BLOCK];
};

/* Look up to PLAN_BLOCK pieces up and want what is missing, until the slice is full. */
static int plan_block(struct plan *p, struct block *b, struct fingerprints *f, struct dpwire_want_writer *w,
                      struct err *e)
{
        size_t n = (size_t)MIN((uint64_t)PLAN_BLOCK, p->man->m.n_pieces - p->at);
        int r;

        for (size_t i = 0; i < n; i++)
                manifest_piece(&p->man->m, p->at + i, &b->ids[i], &b->lens[i]);
        r = cas_find_many(p->cas, b->ids, n, b->found, e);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n && !slice_full(p); i++, p->at++) {
                int twice = 1;

                if (b->found[i].len == 0)
                        twice = fingerprints_add(f, &b->ids[i]);
                else
                        p->held_bytes += b->lens[i];
                if (twice < 0)
                        return err_set(e, ERR_NOMEM, "out of memory while planning a transfer");
                if (twice)
                        continue;
                dpwire_want_add(w, p->at);
                p->want_count++;
                p->want_bytes += b->lens[i];
        }
        return 0;
}

int plan_next(struct plan *p, struct err *e)
{
        struct fingerprints f = { 0 };
        struct dpwire_want_writer w;
        struct block *b = malloc(sizeof(*b));
        int r = 0;

        if (!b)
                return err_set(e, ERR_NOMEM, "out of memory while planning a transfer");
        buf_reset(&p->want);
        p->generation = cas_generation(p->cas);
        p->want_count = p->want_bytes = 0;
        p->run_left = 0;
        dpwire_want_begin(&w, &p->want);
        while (r == 0 && p->at < p->man->m.n_pieces && !slice_full(p))
                r = plan_block(p, b, &f, &w, e);
        dpwire_want_end(&w);
        free(f.slots);
        free(b);
        if (r < 0)
                return r;
        if (p->want.failed)
                return err_set(e, ERR_NOMEM, "out of memory while planning a transfer");
        dpwire_want_open(&p->check, buf_str(&p->want), p->man->m.n_pieces);
        return p->want_count ? 0 : PLAN_COMPLETE;
}

/* ---- arrival ---- */

/* Number of the piece that must come next, without going past it. */
static int expected(struct plan *p, uint64_t *out, struct err *e)
{
        if (p->run_left == 0) {
                int r = dpwire_want_next(&p->check, &p->run_next, &p->run_left, e);

                if (r < 0)
                        return r;
                if (r == 0)
                        return err_set(e, ERR_CORRUPT, "the site sent more pieces than were asked for");
        }
        *out = p->run_next;
        return 0;
}

static int wrong(const struct plan *p, uint64_t piece, const char *what, struct err *e)
{
        char path[200];

        plan_file_of(&p->man->m, piece, path, sizeof(path));
        return err_set(e, ERR_CORRUPT, "file \"%s\": the site sent %s (piece %llu); check the site's library", path, what,
                       (unsigned long long)piece);
}

/* Is this the next wanted piece, byte for byte?  Then the one behind it is next. */
static int check(struct plan *p, struct hasher *h, const uint8_t *record, size_t max, size_t *n_out, struct err *e)
{
        struct piece_header head;
        struct hash_id want, have;
        uint32_t len;
        uint64_t piece;
        int r = expected(p, &piece, e);

        if (r < 0)
                return r;
        manifest_piece(&p->man->m, piece, &want, &len);
        if (max < PIECE_HEADER_LEN || piece_header_decode(record, &head) != 0 || max < PIECE_HEADER_LEN + (size_t)head.n)
                return wrong(p, piece, "something that is no piece", e);
        if (head.n != len || !hash_id_eq(&head.id, &want))
                return wrong(p, piece, "another piece than was asked for", e);
        hash_bytes_id(h, record + PIECE_HEADER_LEN, head.n, &have);
        if (!hash_id_eq(&have, &want))
                return wrong(p, piece, "bytes that do not have their hash", e);
        *n_out = PIECE_HEADER_LEN + head.n;
        p->run_next++;
        p->run_left--;
        return 0;
}

int plan_check(struct plan *p, struct hasher *h, const uint8_t *records, size_t n, size_t *good_out, struct err *e)
{
        size_t at = 0, k;
        int r = 0;

        while (r == 0 && at < n) {
                r = check(p, h, records + at, n - at, &k, e);
                if (r == 0)
                        at += k;
        }
        *good_out = at;
        return r;
}

int plan_take(struct plan *p, struct cas_writer *w, const uint8_t *records, size_t n, size_t *taken_out, struct err *e)
{
        size_t taken = 0;
        int r = cas_put_run(w, records, n, p->generation, e);

        for (size_t at = 0; r == 0 && at < n; at += PIECE_HEADER_LEN + get_le32(records + at + 4))
                taken += get_le32(records + at + 4);
        *taken_out = taken;
        return r;
}

void plan_file_of(const struct manifest *m, uint64_t piece, char *out, size_t cap)
{
        struct manifest_cursor *c = malloc(sizeof(*c));
        struct manifest_entry en;
        struct err ignored = { 0 };

        snprintf(out, cap, "?");
        if (!c)
                return;
        for (manifest_first(m, c); manifest_next(c, &en, &ignored) == 1;) {
                if (en.type != MANIFEST_FILE || piece < en.first_piece || piece >= en.first_piece + en.n_pieces)
                        continue;
                snprintf(out, cap, "%.*s", STR_ARG(en.path));
                break;
        }
        free(c);
}
