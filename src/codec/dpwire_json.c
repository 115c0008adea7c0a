/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dpwire_json.h"

/* Nesting outside of texts; the parser itself recurses, so this comes first. */
static bool depth_ok(struct str s)
{
        int depth = 0;
        bool quoted = false;

        for (size_t i = 0; i < s.n; i++) {
                char c = s.p[i];

                if (quoted) {
                        if (c == '\\')
                                i++;
                        else if (c == '"')
                                quoted = false;
                } else if (c == '"') {
                        quoted = true;
                } else if (c == '{' || c == '[') {
                        if (++depth > DPWIRE_JSON_DEPTH)
                                return false;
                } else if (c == '}' || c == ']') {
                        depth--;
                }
        }
        return true;
}

int jreader_open(struct jreader *j, struct arena *a, const char *what, struct str body, size_t limit, struct err *e)
{
        json_error_t je;

        *j = (struct jreader){ .a = a, .what = what, .e = e };
        if (body.n > limit)
                return err_set(e, ERR_TOO_LARGE, "%s: %zu bytes, at most %zu are taken", what, body.n, limit);
        if (!depth_ok(body))
                return err_set(e, ERR_INVALID, "%s: nested deeper than %d levels", what, DPWIRE_JSON_DEPTH);
        j->root = json_loadb(body.p ? body.p : "", body.n, JSON_REJECT_DUPLICATES, &je);
        if (!j->root)
                return err_set(e, ERR_INVALID, "%s: not JSON: %s", what, je.text);
        if (!json_is_object(j->root)) {
                json_decref(j->root);
                j->root = NULL;
                return err_set(e, ERR_INVALID, "%s: not a JSON object", what);
        }
        return 0;
}

int jreader_close(struct jreader *j)
{
        json_decref(j->root);
        j->root = NULL;
        return j->r;
}

void jreader_fail(struct jreader *j, const char *member, const char *why)
{
        if (j->r == 0)
                j->r = err_set(j->e, ERR_INVALID, "%s: \"%s\" %s", j->what, member, why);
}

static json_t *member_of(struct jreader *j, json_t *o, const char *member, bool required)
{
        json_t *v = json_object_get(o, member);

        if (json_is_null(v))
                v = NULL;
        if (!v && required)
                jreader_fail(j, member, "is missing");
        return v;
}

void *j_objects(struct jreader *j, const char *member, size_t max, size_t size,
                void (*each)(struct jreader *j, json_t *o, void *element), size_t *n_out)
{
        json_t *v = member_of(j, j->root, member, true);
        size_t n = json_array_size(v);
        char *elements;

        *n_out = 0;
        if (v && !json_is_array(v))
                jreader_fail(j, member, "is not an array");
        else if (n > max)
                jreader_fail(j, member, "has more elements than are taken");
        if (j->r < 0 || n == 0)
                return NULL;
        elements = arena_array(j->a, n, size);
        if (!elements)
                j->r = err_set(j->e, ERR_NOMEM, "%s: out of memory", j->what);
        for (size_t i = 0; i < n && j->r == 0; i++)
                each(j, json_array_get(v, i), elements + i * size);
        if (j->r == 0)
                *n_out = n;
        return elements;
}

static uint64_t number_of(struct jreader *j, json_t *v, const char *member, uint64_t max)
{
        json_int_t n;

        if (!json_is_integer(v)) {
                jreader_fail(j, member, "is not a whole number");
                return 0;
        }
        n = json_integer_value(v);
        if (n < 0 || (uint64_t)n > max) {
                jreader_fail(j, member, "is out of range");
                return 0;
        }
        return (uint64_t)n;
}

uint64_t j_u64(struct jreader *j, json_t *o, const char *member, uint64_t max)
{
        json_t *v = member_of(j, o, member, true);

        return v ? number_of(j, v, member, max) : 0;
}

uint64_t j_opt_u64(struct jreader *j, json_t *o, const char *member, uint64_t max)
{
        json_t *v = member_of(j, o, member, false);

        return v ? number_of(j, v, member, max) : 0;
}

bool j_opt_bool(struct jreader *j, json_t *o, const char *member)
{
        json_t *v = member_of(j, o, member, false);

        if (v && !json_is_boolean(v))
                jreader_fail(j, member, "is neither true nor false");
        return json_is_true(v);
}

static struct str text_of(struct jreader *j, json_t *v, const char *member, size_t max)
{
        struct str s;

        if (!json_is_string(v)) {
                jreader_fail(j, member, "is not a text");
                return STR("");
        }
        s = (struct str){ json_string_value(v), json_string_length(v) };
        if (s.n > max) {
                jreader_fail(j, member, "is too long");
                return STR("");
        }
        s = arena_str(j->a, s);
        if (!s.p) {
                if (j->r == 0)
                        j->r = err_set(j->e, ERR_NOMEM, "%s: out of memory", j->what);
                return STR("");
        }
        return s;
}

struct str j_text(struct jreader *j, json_t *o, const char *member, size_t max)
{
        json_t *v = member_of(j, o, member, true);

        return v ? text_of(j, v, member, max) : STR("");
}

struct str j_opt_text(struct jreader *j, json_t *o, const char *member, size_t max)
{
        json_t *v = member_of(j, o, member, false);

        return v ? text_of(j, v, member, max) : STR("");
}

int j_name(struct jreader *j, json_t *o, const char *member, const char *const *names, int n)
{
        json_t *v = member_of(j, o, member, true);

        if (!v)
                return 0;
        for (int i = 0; json_is_string(v) && i < n; i++)
                if (strcmp(json_string_value(v), names[i]) == 0)
                        return i;
        jreader_fail(j, member, "is none of the words it may be");
        return 0;
}

void j_package(struct jreader *j, json_t *o, bool required, char out[DPWIRE_PACKAGE_LEN + 1])
{
        json_t *v = member_of(j, o, "package", required);
        struct str s = { json_string_value(v), json_string_length(v) };

        out[0] = 0;
        if (!v || (!required && json_is_string(v) && s.n == 0))
                return;
        if (!json_is_string(v) || !dpwire_package_ok(s)) {
                jreader_fail(j, "package", "is not a PackageID");
                return;
        }
        memcpy(out, s.p, s.n);
        out[s.n] = 0;
}

bool j_hash(struct jreader *j, json_t *o, const char *member, bool required, struct hash_id *out)
{
        json_t *v = member_of(j, o, member, required);
        struct str s = { json_string_value(v), json_string_length(v) };

        memset(out, 0, sizeof(*out));
        if (!v || (!required && json_is_string(v) && s.n == 0))
                return false;
        if (!json_is_string(v) || hash_id_parse(s, out) != 0) {
                jreader_fail(j, member, "is not 64 hexadecimal digits");
                return false;
        }
        return true;
}

/* Length of the well-formed UTF-8 character at p, 0 when there is none (RFC 3629). */
static size_t utf8_at(const uint8_t *p, size_t n)
{
        size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                   : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

        return len && len <= n && str_is_utf8((struct str){ (const char *)p, len }) ? len : 0;
}

void jw_text(struct buf *b, struct str s)
{
        const uint8_t *p = (const uint8_t *)s.p;

        buf_addc(b, '"');
        for (size_t i = 0, len; i < s.n; i += len) {
                len = utf8_at(p + i, s.n - i);
                if (len == 0) {
                        buf_printf(b, "\\\\x%02x", p[i]);
                        len = 1;
                } else if (p[i] == '"' || p[i] == '\\') {
                        buf_addc(b, '\\');
                        buf_addc(b, (char)p[i]);
                } else if (p[i] == '\n') {
                        buf_addz(b, "\\n");
                } else if (p[i] == 0) {
                        buf_addz(b, "\\\\x00");         /* parsers refuse U+0000 in texts */
                } else if (p[i] < 0x20 || p[i] == 0x7f) {
                        buf_printf(b, "\\u%04x", p[i]);
                } else {
                        buf_add(b, p + i, len);
                }
        }
        buf_addc(b, '"');
}

void jw_member(struct buf *b, const char *member)
{
        if (b->n && b->p[b->n - 1] != '{')
                buf_addc(b, ',');
        buf_printf(b, "\"%s\":", member);
}

void jw_member_text(struct buf *b, const char *member, struct str s)
{
        jw_member(b, member);
        jw_text(b, s);
}

void jw_member_u64(struct buf *b, const char *member, uint64_t v)
{
        jw_member(b, member);
        buf_printf(b, "%llu", (unsigned long long)v);
}

void jw_member_bool(struct buf *b, const char *member, bool v)
{
        jw_member(b, member);
        buf_addz(b, v ? "true" : "false");
}

void jw_member_hash(struct buf *b, const char *member, const struct hash_id *id)
{
        char hex[HASH_HEX_LEN + 1];

        hash_id_hex(id, hex);
        jw_member_text(b, member, str_of(hex));
}
