/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx - before images, after images, change rows
 *
 * A set is a touch: a class and some properties' values.  Images are kept by
 * path, so that sets may overlap: the first before image of an instance counts,
 * and its difference is written once.  A set covers all finer sets that
 * name its keys in the same order.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "model/row.h"
#include "model/sql_site.h"
#include "model/tx_fact.h"
#include "os/os.h"

enum { TX_MAX_KEYS = 4, TX_ARENA_LIMIT = 1 << 30, AUDIT_OBJECT_MAX = 1000 };

struct tx_set {
        struct list link, shape_link;
        const struct cim_class *class;
        struct tx_key keys[TX_MAX_KEYS];
        size_t n_keys;
};

struct tx_image {
        struct list link;
        const struct cim_class *class;
        const struct cim_instance *before;      /* NULL: was not there */
        struct str path;
        bool seen;                              /* by the reading at the end */
};

void tx_begin(struct tx *t, struct db_conn *c, const struct actor *a)
{
        *t = (struct tx){ .db = c, .actor = *a };
        arena_init(&t->arena, TX_ARENA_LIMIT);
        list_init(&t->sets);
        list_init(&t->shapes);
        map_init(&t->set_names, true);
        map_init(&t->images, true);
        list_init(&t->image_list);
        t->now_us = os_now_us();
}

static void fini(struct tx *t)
{
        map_fini(&t->set_names, NULL);
        map_fini(&t->images, NULL);
        arena_fini(&t->arena);
}

void tx_abort(struct tx *t)
{
        fini(t);
}

/* ---- reading a set ---- */

/* "CLASS|A=x|B=7": names a set in the map; without the values, its statement. */
static void set_name(const struct cim_class *c, const struct tx_key *keys, size_t n, bool values, struct buf *out)
{
        buf_addz(out, c->name);
        for (size_t i = 0; i < n; i++) {
                buf_addc(out, '|');
                buf_addz(out, keys[i].property);
                if (!values)
                        continue;
                buf_addc(out, '=');
                if (keys[i].text.p)
                        buf_adds(out, keys[i].text);
                else
                        buf_add(out, &keys[i].number, sizeof(keys[i].number));
        }
}

static struct db_stmt *prepare_set(struct tx *t, const struct tx_set *set, struct str name, struct err *e)
{
        struct db_stmt *s;
        struct buf text;

        buf_init(&text, 0);
        buf_addz(&text, set->class->select);
        for (size_t i = 0; i < set->n_keys; i++)
                buf_printf(&text, "%s \"%s\" = ?%zu", i ? " AND" : " WHERE", set->keys[i].property, i + 1);
        if (text.failed) {
                err_set(e, ERR_NOMEM, "read %s: out of memory", set->class->name);
                s = NULL;
        } else {
                s = db_keep(t->db, name, buf_str(&text), e);
        }
        buf_fini(&text);
        return s;
}

static struct db_stmt *open_set(struct tx *t, const struct tx_set *set, struct err *e)
{
        struct db_stmt *s;
        struct buf name;

        buf_init(&name, 0);
        set_name(set->class, set->keys, set->n_keys, false, &name);
        if (name.failed) {
                err_set(e, ERR_NOMEM, "read %s: out of memory", set->class->name);
                buf_fini(&name);
                return NULL;
        }
        s = db_kept(t->db, buf_str(&name));
        if (!s)
                s = prepare_set(t, set, buf_str(&name), e);
        buf_fini(&name);
        for (size_t i = 0; s && i < set->n_keys; i++) {
                if (set->keys[i].text.p)
                        db_bind_text(s, (int)i + 1, set->keys[i].text);
                else
                        db_bind_i64(s, (int)i + 1, set->keys[i].number);
        }
        return s;
}

int tx_keep_image(struct tx *t, const struct cim_instance *in, struct err *e)
{
        struct tx_image *image = arena_alloc(&t->arena, sizeof(*image));
        struct buf path;
        int r;

        buf_init(&path, 0);
        r = cim_path_format(in, &path);
        if (r == 0 && !path.failed && image && !map_get(&t->images, buf_str(&path))) {
                image->class = in->class;
                image->before = in;
                image->path = arena_str(&t->arena, buf_str(&path));
                list_push_back(&t->image_list, &image->link);
                r = image->path.p ? map_put(&t->images, image->path, image, NULL) : -1;
        }
        if (r < 0 || path.failed || !image)
                r = err_set(e, ERR_NOMEM, "keep %s: out of memory or no key", in->class->name);
        buf_fini(&path);
        return r;
}

static int read_before(struct tx *t, const struct tx_set *set, struct err *e)
{
        struct db_stmt *s = open_set(t, set, e);
        struct cim_instance *in;
        int r;

        if (!s)
                return err_number(e->kind);
        while ((r = db_step(s, e)) > 0) {
                r = row_read(s, set->class, &t->arena, &in, e);
                if (!r)
                        r = tx_keep_image(t, in, e);
                if (r < 0)
                        break;
        }
        db_reset(s);
        return r;
}

/* ---- touching ---- */

static struct tx_set *set_new(struct tx *t, const struct cim_class *c, const struct tx_key *keys, size_t n)
{
        struct tx_set *set = arena_alloc(&t->arena, sizeof(*set));

        if (!set)
                return NULL;
        set->class = c;
        set->n_keys = n;
        for (size_t i = 0; i < n; i++) {
                set->keys[i] = keys[i];
                if (keys[i].text.p)
                        set->keys[i].text = arena_str(&t->arena, keys[i].text);
                if (keys[i].text.p && !set->keys[i].text.p)
                        return NULL;
        }
        return set;
}

static bool is_set(const struct tx *t, const struct cim_class *c, const struct tx_key *keys, size_t n)
{
        bool there = false;
        struct buf name;

        buf_init(&name, 0);
        set_name(c, keys, n, true, &name);
        if (!name.failed)
                there = map_get(&t->set_names, buf_str(&name));
        buf_fini(&name);
        return there;
}

/* Has any set of that class and those properties been touched, whatever the values?  Saves most of the looking up. */
static bool is_shape(const struct tx *t, const struct cim_class *c, const struct tx_key *keys, size_t n)
{
        struct list *pos, *tmp;

        list_for_each(pos, &t->shapes, tmp) {
                const struct tx_set *set = list_entry(pos, struct tx_set, shape_link);
                size_t same = 0;

                if (set->class != c || set->n_keys != n)
                        continue;
                while (same < n && strcmp(set->keys[same].property, keys[same].property) == 0)
                        same++;
                if (same == n)
                        return true;
        }
        return false;
}

/* Whatever fits @keys fits a part of them: is such a set touched?  Else an instance that came since would be taken
 * for one that was there before. */
static bool is_touched(const struct tx *t, const struct cim_class *c, const struct tx_key *keys, size_t n)
{
        struct tx_key part[TX_MAX_KEYS];

        for (unsigned chosen = 1; chosen < 1u << n; chosen++) {
                size_t n_part = 0;

                for (size_t i = 0; i < n; i++)
                        if (chosen & 1u << i)
                                part[n_part++] = keys[i];
                if (is_shape(t, c, part, n_part) && is_set(t, c, part, n_part))
                        return true;
        }
        return false;
}

static int add_set(struct tx *t, const struct cim_class *c, const struct tx_key *keys, size_t n, bool new, struct err *e)
{
        struct tx_set *set = set_new(t, c, keys, n);
        struct buf name;
        int r;

        if (!set)
                return err_set(e, ERR_NOMEM, "touch %s: out of memory", c->name);
        r = new || t->kept ? 0 : read_before(t, set, e);
        if (r < 0)
                return r;
        buf_init(&name, 0);
        set_name(c, keys, n, true, &name);
        r = name.failed ? -1 : map_put(&t->set_names, buf_str(&name), set, NULL);
        buf_fini(&name);
        if (r < 0)
                return err_set(e, ERR_NOMEM, "touch %s: out of memory", c->name);
        if (!is_shape(t, c, keys, n))
                list_push_back(&t->shapes, &set->shape_link);
        list_push_back(&t->sets, &set->link);
        return 0;
}

bool tx_touched_shown(const struct tx *t)
{
        struct list *pos, *tmp;

        list_for_each(pos, &t->shapes, tmp)
                if (fact_shows(list_entry(pos, struct tx_set, shape_link)->class))
                        return true;
        return false;
}

static void touch(struct tx *t, const char *class_name, const struct tx_key *keys, size_t n, bool new)
{
        const struct cim_class *c = cim_class_find(str_of(class_name));

        assert(c && c->select && n > 0 && n <= TX_MAX_KEYS);
        if (t->fact && fact_shows(c))
                tx_fact_dissolve(t);
        if (t->failed || is_touched(t, c, keys, n))
                return;
        if (add_set(t, c, keys, n, new, &t->err) < 0)
                t->failed = true;
}

void tx_touch_where(struct tx *t, const char *class_name, const struct tx_key *keys, size_t n_keys)
{
        touch(t, class_name, keys, n_keys, false);
}

void tx_touch_new(struct tx *t, const char *class_name, const struct tx_key *keys, size_t n_keys)
{
        touch(t, class_name, keys, n_keys, true);
}

void tx_touch(struct tx *t, const char *class_name, const struct cim_value *keys, size_t n_keys)
{
        const struct cim_class *c = cim_class_find(str_of(class_name));
        struct tx_key named[TX_MAX_KEYS];

        assert(c && n_keys <= c->n_keys && n_keys <= TX_MAX_KEYS);
        for (size_t i = 0; i < n_keys; i++) {
                const struct cim_property *p = &c->properties[c->keys[i]];

                named[i] = (struct tx_key){ .property = p->name };
                if (p->type == CIM_STRING)
                        named[i].text = keys[i].s;
                else
                        named[i].number = keys[i].i;
        }
        touch(t, class_name, named, n_keys, false);
}

void tx_touchz(struct tx *t, const char *class_name, const char *key1, const char *key2, const char *key3)
{
        struct cim_value keys[3] = { { .s = str_of(key1) }, { .s = str_of(key2) }, { .s = str_of(key3) } };

        tx_touch(t, class_name, keys, !key2 ? 1 : !key3 ? 2 : 3);
}

void tx_audit(struct tx *t, const char *verb, const char *fmt, ...)
{
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_AUDIT_INSERT, &t->err);
        char object[AUDIT_OBJECT_MAX];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(object, sizeof(object), fmt, ap);
        va_end(ap);
        if (!s) {
                t->failed = true;
                return;
        }
        db_bind_i64(s, 1, t->now_us);
        db_bind_textz(s, 2, t->actor.who);
        db_bind_textz(s, 3, t->actor.from);
        db_bind_textz(s, 4, t->actor.wire);
        db_bind_textz(s, 5, verb);
        db_bind_textz(s, 6, object);
        if (db_run(s, &t->err) < 0) {
                t->failed = true;
                return;
        }
        tx_touch_new(t, "TM_Audit", &(struct tx_key)TX_NUMBER("RecordID", db_last_rowid(t->db)), 1);
}

/* ---- the end: what differs goes into the log ---- */

static int write_change(struct tx *t, struct str path, const struct cim_instance *before,
                        const struct cim_instance *after, struct err *e)
{
        const struct cim_instance *images[2] = { before, after };
        struct db_stmt *s = db_stmt(t->db, SQL_SITE_CHANGE_INSERT, e);
        struct buf json;
        int r = 0;

        if (!s)
                return err_number(e->kind);
        db_bind_i64(s, 1, t->now_us);
        db_bind_textz(s, 2, (before ? before : after)->class->name);
        db_bind_text(s, 3, path);
        buf_init(&json, 0);
        for (int i = 0; i < 2 && !json.failed; i++) {
                if (!images[i])
                        continue;
                buf_reset(&json);
                cim_json_write(images[i], &json);
                db_bind_text(s, 4 + i, buf_str(&json));
        }
        if (json.failed)
                r = err_set(e, ERR_NOMEM, "write change of %.*s: out of memory", STR_ARG(path));
        buf_fini(&json);
        return r ? r : db_run(s, e);
}

/* An instance that was not there when its sets were touched. */
static int write_creation(struct tx *t, struct str path, const struct cim_instance *now, struct err *e)
{
        struct tx_image *image = arena_alloc(&t->arena, sizeof(*image));

        if (!image)
                return err_set(e, ERR_NOMEM, "write change: out of memory");
        image->class = now->class;
        image->path = arena_str(&t->arena, path);
        image->seen = true;
        list_push_back(&t->image_list, &image->link);
        if (!image->path.p || map_put(&t->images, image->path, image, NULL) < 0)
                return err_set(e, ERR_NOMEM, "write change: out of memory");
        return write_change(t, path, NULL, now, e);
}

static int compare_row(struct tx *t, struct db_stmt *s, const struct cim_class *c, struct buf *path, struct err *e)
{
        struct cim_instance *now;
        struct tx_image *image;
        struct arena scratch;
        int r;

        arena_init(&scratch, 0);
        buf_reset(path);
        r = row_read(s, c, &scratch, &now, e);
        if (!r && (cim_path_format(now, path) < 0 || path->failed))
                r = err_set(e, ERR_INTERNAL, "%s: an instance without its keys", c->name);
        if (!r) {
                image = map_get(&t->images, buf_str(path));
                if (!image) {
                        r = write_creation(t, buf_str(path), now, e);
                } else if (!image->seen) {
                        image->seen = true;
                        if (row_differs(image->before, now))
                                r = write_change(t, image->path, image->before, now, e);
                }
        }
        arena_fini(&scratch);
        return r;
}

static int compare_set(struct tx *t, const struct tx_set *set, struct err *e)
{
        struct db_stmt *s = open_set(t, set, e);
        struct buf path;
        int r;

        if (!s)
                return err_number(e->kind);
        buf_init(&path, 0);
        while ((r = db_step(s, e)) > 0) {
                r = compare_row(t, s, set->class, &path, e);
                if (r < 0)
                        break;
        }
        buf_fini(&path);
        db_reset(s);
        return r;
}

static int write_deletions(struct tx *t, struct err *e)
{
        struct list *pos, *tmp;
        int r = 0;

        list_for_each(pos, &t->image_list, tmp) {
                const struct tx_image *image = list_entry(pos, struct tx_image, link);

                if (!r && !image->seen)
                        r = write_change(t, image->path, image->before, NULL, e);
        }
        return r;
}

int tx_end(struct tx *t, struct err *e)
{
        struct list *pos, *tmp;
        int r = 0;

        if (t->failed) {
                *e = t->err;
                r = err_number(e->kind);
        }
        if (!r && t->fact)
                r = tx_fact_end(t, e);
        list_for_each(pos, &t->sets, tmp) {
                if (!r)
                        r = compare_set(t, list_entry(pos, struct tx_set, link), e);
        }
        if (!r)
                r = write_deletions(t, e);
        fini(t);
        return r;
}
