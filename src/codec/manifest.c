/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a manifest: header, cursor, search.  The table of bytes is in manifest.h. */
#include "codec/manifest.h"

static const char manifest_magic[8] = { 'T', 'M', 'A', 'N', 'I', 'F', '0', '1' };

static int damaged(struct err *e, const char *what)
{
        return err_set(e, ERR_CORRUPT, "manifest: %s", what);
}

static int sections_ok(const struct manifest *m, struct err *e)
{
        uint64_t len = m->len;

        if (m->n_pieces > (len - MANIFEST_HEADER_LEN) / MANIFEST_PIECE_LEN)
                return damaged(e, "more pieces than bytes");
        if (m->entries_at != MANIFEST_HEADER_LEN + m->n_pieces * MANIFEST_PIECE_LEN)
                return damaged(e, "the entries do not follow the pieces");
        if (m->restarts_at < m->entries_at || m->restarts_at > len)
                return damaged(e, "the restarts do not follow the entries");
        if (len - m->restarts_at != (uint64_t)m->n_restarts * 16)
                return damaged(e, "it does not end behind the restarts");
        if (m->n_entries == 0 || m->n_entries > m->restarts_at - m->entries_at)
                return damaged(e, "wrong number of entries");
        if ((m->n_entries - 1) / MANIFEST_RESTART_EVERY + 1 != m->n_restarts)
                return damaged(e, "wrong number of restarts");
        if (m->n_files > m->n_entries)
                return damaged(e, "more files than entries");
        return 0;
}

int manifest_open(struct manifest *m, const void *p, size_t len, struct err *e)
{
        const uint8_t *b = p;

        memset(m, 0, sizeof(*m));
        if (len < MANIFEST_HEADER_LEN)
                return damaged(e, "shorter than its header");
        if (memcmp(b, manifest_magic, sizeof(manifest_magic)) != 0)
                return damaged(e, "does not begin with TMANIF01");
        m->p = b;
        m->len = len;
        m->n_entries = get_le64(b + 8);
        m->n_files = get_le64(b + 16);
        m->n_pieces = get_le64(b + 24);
        m->total_bytes = get_le64(b + 32);
        m->entries_at = get_le64(b + 40);
        m->restarts_at = get_le64(b + 48);
        m->n_restarts = get_le32(b + 56);
        if (get_le32(b + 60) != 0)
                return damaged(e, "reserved bytes are not zero");
        return sections_ok(m, e);
}

void manifest_piece(const struct manifest *m, uint64_t i, struct hash_id *id_out, uint32_t *len_out)
{
        const uint8_t *b = m->p + MANIFEST_HEADER_LEN + i * MANIFEST_PIECE_LEN;

        if (len_out)
                *len_out = get_le32(b);
        if (id_out)
                memcpy(id_out->b, b + 4, HASH_LEN);
}

/* Offset and first piece of restart r, checked against the sections. */
static int restart(const struct manifest *m, uint32_t r, uint64_t *at_out, uint64_t *piece_out, struct err *e)
{
        const uint8_t *b = m->p + m->restarts_at + (uint64_t)r * 16;

        *at_out = get_le64(b);
        *piece_out = get_le64(b + 8);
        if (*at_out >= m->restarts_at - m->entries_at || *piece_out > m->n_pieces)
                return damaged(e, "a restart points outside");
        return 0;
}

static int cursor_to(const struct manifest *m, uint32_t r, struct manifest_cursor *c, struct err *e)
{
        uint64_t at, piece;
        int rc = restart(m, r, &at, &piece, e);

        if (rc < 0)
                return rc;
        c->m = m;
        c->c = cursor_of(m->p + m->entries_at + at, (size_t)(m->restarts_at - m->entries_at - at));
        c->entry = (uint64_t)r * MANIFEST_RESTART_EVERY;
        c->piece = piece;
        c->path_len = 0;
        c->fresh = true;
        c->dir = false;
        return 0;
}

void manifest_first(const struct manifest *m, struct manifest_cursor *c)
{
        c->m = m;
        c->c = cursor_of(m->p + m->entries_at, (size_t)(m->restarts_at - m->entries_at));
        c->entry = c->piece = 0;
        c->path_len = 0;
        c->fresh = true;
        c->dir = false;
}

/*
 * May @path follow the cursor's last one?  Its folder must be that entry or one
 * of the folders that lead to it; by induction all of those are folders.
 */
static bool follows(const struct manifest_cursor *c, struct str path)
{
        struct str prev = { c->path, c->path_len };
        size_t parent = path.n;

        if (manifest_path_cmp(prev, path) >= 0)
                return false;
        while (parent > 0 && path.p[parent - 1] != '/')
                parent--;
        if (parent == 0)
                return true;
        parent--;       /* the '/' itself */
        if (prev.n < parent || memcmp(prev.p, path.p, parent) != 0)
                return false;
        return prev.n == parent ? c->dir : prev.p[parent] == '/';
}

static int read_path(struct manifest_cursor *c, struct err *e)
{
        char path[MANIFEST_PATH_MAX + 1];
        uint64_t shared = cursor_varint(&c->c);
        uint64_t n = cursor_varint(&c->c);
        struct str tail, s;

        if (c->c.bad || shared > c->path_len || n > MANIFEST_PATH_MAX - shared)
                return damaged(e, "a path is too long or shares too much");
        if (c->entry % MANIFEST_RESTART_EVERY == 0 && shared != 0)
                return damaged(e, "the path at a restart is not whole");
        tail = cursor_bytes(&c->c, (size_t)n);
        if (c->c.bad)
                return damaged(e, "an entry is cut short");
        memcpy(path, c->path, (size_t)shared);
        if (n > 0)
                memcpy(path + shared, tail.p, (size_t)n);
        s = (struct str){ path, (size_t)(shared + n) };
        if (!manifest_path_ok(s))
                return damaged(e, "a path is not allowed");
        if (c->entry == 0 ? s.n != 0 : s.n == 0)
                return damaged(e, "the root folder is not the first entry, or stands twice");
        if (!c->fresh && !follows(c, s))
                return damaged(e, "the entries are not in tree order");
        memcpy(c->path, path, s.n);
        c->path[s.n] = '\0';
        c->path_len = s.n;
        return 0;
}

static int read_file(struct manifest_cursor *c, struct manifest_entry *out, struct err *e)
{
        out->size = cursor_varint(&c->c);
        out->n_pieces = cursor_varint(&c->c);
        out->first_piece = c->piece;
        if (c->c.bad || out->n_pieces > c->m->n_pieces - c->piece)
                return damaged(e, "a file has more pieces than there are");
        if ((out->size == 0) != (out->n_pieces == 0) || out->size < out->n_pieces)
                return damaged(e, "a file's size does not fit its pieces");
        c->piece += out->n_pieces;
        return 0;
}

static int read_link(struct manifest_cursor *c, struct manifest_entry *out, struct err *e)
{
        uint64_t n = cursor_varint(&c->c);
        bool inner;

        if (c->c.bad || n > MANIFEST_PATH_MAX)
                return damaged(e, "a link's target is too long");
        out->target = cursor_bytes(&c->c, (size_t)n);
        if (c->c.bad || !manifest_link_ok(out->path, out->target, &inner))
                return damaged(e, "a symbolic link leaves the tree");
        return 0;
}

int manifest_next(struct manifest_cursor *c, struct manifest_entry *out, struct err *e)
{
        uint64_t mode, zigzag;
        uint8_t type;
        int r;

        memset(out, 0, sizeof(*out));
        if (c->entry == c->m->n_entries) {
                if (c->c.p != c->c.end || c->piece != c->m->n_pieces)
                        return damaged(e, "something is left behind the last entry");
                return 0;
        }
        type = cursor_u8(&c->c);
        mode = cursor_varint(&c->c);
        zigzag = cursor_varint(&c->c);
        if (c->c.bad || mode > 07777 || type < MANIFEST_FILE || type > MANIFEST_SYMLINK)
                return damaged(e, "an entry has an unknown type or mode");
        r = read_path(c, e);
        if (r < 0)
                return r;
        if (c->entry == 0 && type != MANIFEST_DIR)
                return damaged(e, "the root is not a folder");
        out->type = (enum manifest_type)type;
        out->mode = (uint32_t)mode;
        out->mtime_ns = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
        out->path = (struct str){ c->path, c->path_len };
        if (type == MANIFEST_FILE)
                r = read_file(c, out, e);
        else if (type == MANIFEST_SYMLINK)
                r = read_link(c, out, e);
        if (r < 0)
                return r;
        c->entry++;
        c->fresh = false;
        c->dir = type == MANIFEST_DIR;
        return 1;
}

int manifest_find(const struct manifest *m, struct str path, struct manifest_cursor *c, struct manifest_entry *out,
                  struct err *e)
{
        uint32_t lo = 0, hi = m->n_restarts;    /* the last restart whose path is not behind ours is in [lo, hi) */
        int r;

        while (hi - lo > 1) {
                uint32_t mid = lo + (hi - lo) / 2;

                r = cursor_to(m, mid, c, e);
                if (r < 0)
                        return r;
                r = manifest_next(c, out, e);
                if (r <= 0)
                        return r < 0 ? r : damaged(e, "a restart points behind the last entry");
                if (manifest_path_cmp(out->path, path) <= 0)
                        lo = mid;
                else
                        hi = mid;
        }
        r = cursor_to(m, lo, c, e);
        if (r < 0)
                return r;
        for (unsigned i = 0; i < MANIFEST_RESTART_EVERY; i++) {
                int order;

                r = manifest_next(c, out, e);
                if (r <= 0)
                        return r < 0 ? r : 1;
                order = manifest_path_cmp(out->path, path);
                if (order == 0)
                        return 0;
                if (order > 0)
                        return 1;
        }
        return 1;
}
