/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include "base/time.h"
#include "codec/dpwire_json.h"
#include "dp/serve.h"

static void html_text(struct buf *b, struct str s)
{
        for (size_t i = 0; i < s.n; i++) {
                switch (s.p[i]) {
                case '<':
                        buf_addz(b, "&lt;");
                        break;
                case '>':
                        buf_addz(b, "&gt;");
                        break;
                case '&':
                        buf_addz(b, "&amp;");
                        break;
                case '"':
                        buf_addz(b, "&quot;");
                        break;
                default:
                        buf_addc(b, s.p[i]);
                }
        }
}

static void html_head(struct buf *b, struct str title)
{
        buf_addz(b, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>");
        html_text(b, title);
        buf_addz(b, "</title></head>\n<body><h1>");
        html_text(b, title);
        buf_addz(b, "</h1>\n<table>\n");
}

/* ./name, so that a name with a colon is not taken for a scheme (RFC 3986 4.2) */
static void html_row(struct buf *b, struct str name, bool folder, const char *size, const char *time)
{
        buf_addz(b, "<tr><td><a href=\"./");
        serve_encode_path(b, name);
        buf_addz(b, folder ? "/\">" : "\">");
        html_text(b, name);
        buf_printf(b, "%s</a></td><td align=\"right\">%s</td><td>%s</td></tr>\n", folder ? "/" : "", size, time);
}

void serve_packages_begin(struct serve_listing *l)
{
        if (l->json)
                buf_addz(l->out, "{\"packages\":[");
        else
                html_head(l->out, STR("Packages"));
}

void serve_packages_add(struct serve_listing *l, const struct cas_version *v)
{
        struct buf *b = l->out;
        char time[RFC3339_LEN + 1], size[24];

        time_format_rfc3339(v->committed_us, time);
        if (!l->json) {
                snprintf(size, sizeof(size), "%" PRIu64, v->total_bytes);
                html_row(b, str_of(v->package), true, size, time);
                return;
        }
        buf_addz(b, l->n++ ? ",{" : "{");
        jw_member_text(b, "package", str_of(v->package));
        jw_member_u64(b, "version", v->version);
        jw_member_hash(b, "manifest", &v->manifest);
        jw_member_u64(b, "files", v->n_files);
        jw_member_u64(b, "bytes", v->total_bytes);
        jw_member_text(b, "installed", str_of(time));
        buf_addc(b, '}');
}

void serve_packages_end(struct serve_listing *l)
{
        buf_addz(l->out, l->json ? "]}\n" : "</table></body></html>\n");
}

static void add_entry(struct serve_listing *l, struct str name, const struct manifest_entry *en)
{
        static const char *const types[] = { "?", "file", "folder", "symlink" };
        struct buf *b = l->out;
        char time[RFC3339_LEN + 1], size[24] = "";
        struct buf href;

        time_format_rfc3339(en->mtime_ns / 1000, time);
        l->n++;
        if (!l->json) {
                if (en->type == MANIFEST_FILE)
                        snprintf(size, sizeof(size), "%" PRIu64, en->size);
                html_row(b, name, en->type == MANIFEST_DIR, size, time);
                return;
        }
        buf_init(&href, 4096);
        serve_encode_path(&href, name);
        buf_addz(b, l->n > 1 ? ",{" : "{");
        jw_member_text(b, "name", name);
        jw_member_text(b, "href", buf_str(&href));
        jw_member_text(b, "type", str_of(types[en->type]));
        if (en->type == MANIFEST_FILE)
                jw_member_u64(b, "size", en->size);
        if (en->type == MANIFEST_SYMLINK)
                jw_member_text(b, "target", en->target);
        jw_member_text(b, "modified", str_of(time));
        buf_addc(b, '}');
        buf_fini(&href);
}

static void folder_begin(struct serve_listing *l, const struct cas_version *v, struct str dir)
{
        struct buf *b = l->out;

        if (l->json) {
                buf_addc(b, '{');
                jw_member_text(b, "package", str_of(v->package));
                jw_member_u64(b, "version", v->version);
                jw_member_text(b, "path", dir);
                jw_member(b, "entries");
                buf_addc(b, '[');
        } else {
                char *title = str_printf("%s/%.*s", v->package, STR_ARG(dir));

                html_head(b, str_of(title));
                free(title);
                buf_addz(b, "<tr><td><a href=\"../\">..</a></td></tr>\n");
        }
}

/* @next: name to go on behind, p NULL when this was all. */
static void folder_end(struct serve_listing *l, struct str next)
{
        struct buf *b = l->out;

        if (l->json) {
                buf_addc(b, ']');
                if (next.p) {
                        struct buf href;

                        buf_init(&href, 4096);
                        serve_encode_path(&href, next);
                        jw_member_text(b, "next", buf_str(&href));
                        buf_fini(&href);
                }
                buf_addz(b, "}\n");
                return;
        }
        buf_addz(b, "</table>\n");
        if (next.p) {
                buf_addz(b, "<p><a href=\"?after=");
                serve_encode_path(b, next);
                buf_addz(b, "\">more</a></p>\n");
        }
        buf_addz(b, "</body></html>\n");
}

int serve_folder(struct serve_listing *l, const struct cas_version *v, struct str dir, struct str after,
                 struct manifest_cursor *c, struct err *e)
{
        struct manifest_entry en;
        char last[MANIFEST_NAME_MAX + 1];
        struct str next = STR_NULL;
        int r;

        folder_begin(l, v, dir);
        while ((r = manifest_next(c, &en, e)) == 1) {
                struct str name = en.path;

                if (dir.n) {
                        if (name.n <= dir.n || memcmp(name.p, dir.p, dir.n) != 0 || name.p[dir.n] != '/')
                                break;
                        name = str_from(name, dir.n + 1);
                }
                if (memchr(name.p, '/', name.n) || (after.n && str_cmp(name, after) <= 0))
                        continue;
                if (l->n == SERVE_LISTING) {
                        next = str_of(last);
                        break;
                }
                add_entry(l, name, &en);
                memcpy(last, name.p, name.n);
                last[name.n] = 0;
        }
        folder_end(l, next);
        return r < 0 ? r : 0;
}
