/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a manifest piece by piece and entry by entry. */
#include "codec/manifest.h"

void manifest_builder_init(struct manifest_builder *b)
{
        memset(b, 0, sizeof(*b));
        buf_init(&b->pieces, 0);
        buf_init(&b->entries, 0);
        buf_init(&b->restarts, 0);
}

void manifest_builder_fini(struct manifest_builder *b)
{
        buf_fini(&b->pieces);
        buf_fini(&b->entries);
        buf_fini(&b->restarts);
}

static int full(const struct buf *x, struct err *e)
{
        return x->failed ? err_set(e, ERR_NOMEM, "manifest: out of memory") : 0;
}

int manifest_builder_piece(struct manifest_builder *b, const struct hash_id *id, uint32_t len, struct err *e)
{
        if (len == 0 || len > PIECE_MAX)
                return err_set(e, ERR_INVALID, "manifest: a piece of %u bytes", len);
        buf_le32(&b->pieces, len);
        buf_add(&b->pieces, id->b, HASH_LEN);
        b->n_pieces++;
        b->open_pieces++;
        b->open_bytes += len;
        return full(&b->pieces, e);
}

void manifest_builder_drop_pieces(struct manifest_builder *b)
{
        b->n_pieces -= b->open_pieces;
        b->open_pieces = b->open_bytes = 0;
}

static size_t shared_prefix(struct str a, struct str b)
{
        size_t n = MIN(a.n, b.n), i = 0;

        while (i < n && a.p[i] == b.p[i])
                i++;
        return i;
}

static int entry_ok(const struct manifest_builder *b, const struct manifest_entry *en, struct err *e)
{
        struct str prev = { b->path, b->path_len };
        bool inner;

        if (!manifest_path_ok(en->path))
                return err_set(e, ERR_INVALID, "path \"%s\" is too long, too deep or not allowed", manifest_shown(en->path).z);
        if (b->n_entries == 0 ? en->path.n != 0 || en->type != MANIFEST_DIR : manifest_path_cmp(prev, en->path) >= 0)
                return err_set(e, ERR_INVALID, "path \"%s\" is out of order", manifest_shown(en->path).z);
        if (en->type == MANIFEST_SYMLINK && !manifest_link_ok(en->path, en->target, &inner))
                return err_set(e, ERR_INVALID, "symbolic link \"%s\" leaves the folder (%s)", manifest_shown(en->path).z,
                               manifest_shown(en->target).z);
        if (en->type != MANIFEST_FILE ? b->open_pieces != 0 :
                                        en->n_pieces != b->open_pieces || en->size != b->open_bytes)
                return err_set(e, ERR_INVALID, "\"%s\": its pieces do not make up its size", manifest_shown(en->path).z);
        return 0;
}

int manifest_builder_entry(struct manifest_builder *b, const struct manifest_entry *en, struct err *e)
{
        struct str prev = { b->path, b->path_len };
        size_t shared = 0, before = b->entries.n;
        int r = entry_ok(b, en, e);

        if (r < 0)
                return r;
        if (b->n_entries % MANIFEST_RESTART_EVERY == 0) {
                buf_le64(&b->restarts, b->entries_len);
                buf_le64(&b->restarts, b->n_pieces - b->open_pieces);
        } else {
                shared = shared_prefix(prev, en->path);
        }
        buf_addc(&b->entries, (char)en->type);
        buf_varint(&b->entries, en->mode & 07777);
        buf_varint(&b->entries, ((uint64_t)en->mtime_ns << 1) ^ (uint64_t)(en->mtime_ns >> 63));
        buf_varint(&b->entries, shared);
        buf_varint(&b->entries, en->path.n - shared);
        buf_add(&b->entries, en->path.p + shared, en->path.n - shared);
        if (en->type == MANIFEST_FILE) {
                buf_varint(&b->entries, en->size);
                buf_varint(&b->entries, en->n_pieces);
                b->n_files++;
                b->total_bytes += en->size;
        } else if (en->type == MANIFEST_SYMLINK) {
                buf_varint(&b->entries, en->target.n);
                buf_adds(&b->entries, en->target);
        }
        b->entries_len += b->entries.n - before;
        b->n_entries++;
        b->open_pieces = b->open_bytes = 0;
        if (en->path.n > 0)
                memcpy(b->path, en->path.p, en->path.n);
        b->path_len = en->path.n;
        r = full(&b->entries, e);
        return r < 0 ? r : full(&b->restarts, e);
}

void manifest_builder_header(const struct manifest_builder *b, uint8_t out[MANIFEST_HEADER_LEN])
{
        uint64_t entries_at = MANIFEST_HEADER_LEN + b->n_pieces * MANIFEST_PIECE_LEN;

        memcpy(out, "TMANIF01", 8);
        put_le64(out + 8, b->n_entries);
        put_le64(out + 16, b->n_files);
        put_le64(out + 24, b->n_pieces);
        put_le64(out + 32, b->total_bytes);
        put_le64(out + 40, entries_at);
        put_le64(out + 48, entries_at + b->entries_len);
        put_le32(out + 56, (uint32_t)((b->n_entries + MANIFEST_RESTART_EVERY - 1) / MANIFEST_RESTART_EVERY));
        put_le32(out + 60, 0);
}
