/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From batches to the manifest.  Pieces are written where they will stay, behind
 * the place of the header; entries to a file of their own, because nobody knows
 * yet where they begin; both a few hundred kilobytes at a time.
 */
#include <errno.h>
#include "snapshot/take.h"

enum { SPILL = 256 << 10 };

int assemble_start(struct take *t, struct err *e)
{
        int r;

        manifest_builder_init(&t->b);
        t->manifest_fd = t->entries_fd = -1;
        r = cas_manifest_temp(t->c, &t->manifest_fd, e);
        return r < 0 ? r : cas_manifest_temp(t->c, &t->entries_fd, e);
}

void assemble_free(struct take *t)
{
        manifest_builder_fini(&t->b);
        if (t->manifest_fd >= 0)
                (void)os.close(t->manifest_fd);
        if (t->entries_fd >= 0)
                (void)os.close(t->entries_fd);
}

/* All of a buffer to the end of its file. */
static int spill(struct buf *b, int fd, off_t base, uint64_t *spilled, struct err *e)
{
        int r = os_pwrite_all(fd, b->p, b->n, base + (off_t)*spilled);

        if (r < 0)
                return err_sys(e, -r, "write the manifest");
        *spilled += b->n;
        buf_reset(b);
        return 0;
}

static int spill_when(struct take *t, size_t from, struct err *e)
{
        int r = 0;

        if (t->b.pieces.n > from)
                r = spill(&t->b.pieces, t->manifest_fd, MANIFEST_HEADER_LEN, &t->pieces_spilled, e);
        if (r == 0 && t->b.entries.n > from)
                r = spill(&t->b.entries, t->entries_fd, 0, &t->entries_spilled, e);
        return r;
}

void assemble_forget_pieces(struct take *t)
{
        uint64_t keep;

        manifest_builder_drop_pieces(&t->b);
        keep = t->b.n_pieces * MANIFEST_PIECE_LEN;
        if (keep < t->pieces_spilled) {         /* written over later, or cut off at the end */
                t->pieces_spilled = keep;
                buf_reset(&t->b.pieces);
        } else {
                t->b.pieces.n = (size_t)(keep - t->pieces_spilled);
        }
}

static int assemble_item(struct take *t, struct item *it, const char *text, struct err *e)
{
        int r = 0;

        switch (it->state) {
        case ITEM_PLAIN:
                break;
        case ITEM_SMALL:
                if (it->en.n_pieces > 0)
                        r = manifest_builder_piece(&t->b, &it->id, (uint32_t)it->en.size, e);
                break;
        case ITEM_LARGE:
                if (t->b.open_bytes != it->en.size)
                        r = read_in_order(t, it, text, e);
                else
                        it->en.n_pieces = t->b.open_pieces;
                break;
        case ITEM_AGAIN:
        case ITEM_LARGE_AGAIN:
                r = read_in_order(t, it, text, e);
                break;
        }
        if (r < 0)
                return r;
        it->en.path.p = text + it->path_at;
        it->en.target.p = text + it->target_at;
        if (it->en.type == MANIFEST_FILE) {
                t->files++;
                t->bytes += it->en.size;
        }
        return manifest_builder_entry(&t->b, &it->en, e);
}

int assemble_batch(struct take *t, struct batch *b, struct err *e)
{
        int r = 0;

        if (b->segment) {
                for (unsigned i = 0; r == 0 && i < b->n_pieces; i++)
                        r = manifest_builder_piece(&t->b, &b->pieces[i].id, b->pieces[i].len, e);
        } else {
                for (unsigned i = 0; r == 0 && i < b->n_items; i++)
                        r = assemble_item(t, &b->items[i], b->text.p, e);
        }
        if (r == 0 && t->o->progress)
                t->o->progress(t->o->ctx, t->files, t->bytes + t->b.open_bytes);
        return r < 0 ? r : spill_when(t, SPILL, e);
}

/* ---- the end ---- */

static int append_file(int to, off_t at, int from, uint64_t n, uint8_t *buf, struct err *e)
{
        for (uint64_t done = 0; done < n;) {
                size_t k = (size_t)MIN(n - done, (uint64_t)SEGMENT);
                int r = os_pread_all(from, buf, k, (off_t)done);

                if (r == 0)
                        r = os_pwrite_all(to, buf, k, at + (off_t)done);
                if (r < 0)
                        return err_sys(e, -r, "write the manifest");
                done += k;
        }
        return 0;
}

static int hash_file(struct take *t, uint64_t n, struct hash_id *out, struct err *e)
{
        hasher_begin(t->own.hasher);
        for (uint64_t at = 0; at < n;) {
                size_t k = (size_t)MIN(n - at, (uint64_t)SEGMENT);
                int r = os_pread_all(t->manifest_fd, t->own.buf, k, (off_t)at);

                if (r < 0)
                        return err_sys(e, -r, "read the manifest");
                hasher_add(t->own.hasher, t->own.buf, k);
                at += k;
        }
        hasher_end(t->own.hasher, out);
        return 0;
}

int assemble_end(struct take *t, struct hash_id *id_out, int *fd_out, struct err *e)
{
        uint64_t entries_at = MANIFEST_HEADER_LEN + t->b.n_pieces * MANIFEST_PIECE_LEN;
        uint64_t restarts_at = entries_at + t->b.entries_len;
        uint8_t header[MANIFEST_HEADER_LEN];
        int r = spill_when(t, 0, e);

        if (r < 0)
                return r;
        if (os.ftruncate(t->manifest_fd, (off_t)entries_at) < 0)
                return err_sys(e, errno, "write the manifest");
        r = append_file(t->manifest_fd, (off_t)entries_at, t->entries_fd, t->b.entries_len, t->own.buf, e);
        if (r < 0)
                return r;
        manifest_builder_header(&t->b, header);
        r = os_pwrite_all(t->manifest_fd, t->b.restarts.p, t->b.restarts.n, (off_t)restarts_at);
        if (r == 0)
                r = os_pwrite_all(t->manifest_fd, header, sizeof(header), 0);
        if (r < 0)
                return err_sys(e, -r, "write the manifest");
        r = hash_file(t, restarts_at + t->b.restarts.n, id_out, e);
        if (r == 0)
                *fd_out = steal_fd(&t->manifest_fd);
        return r;
}
