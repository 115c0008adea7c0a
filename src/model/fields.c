/* SPDX-License-Identifier: Apache-2.0 */
/* fields - merging and checking property values by the class's own limits */
#include "model/fields.h"
#include "model/row.h"

static bool is_given(const struct cim_instance *in, size_t i)
{
        return in->given ? in->given[i] : !in->values[i].null;
}

static const struct field *find_field(const struct field *f, size_t n, const char *property)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(f[i].property, property) == 0)
                        return &f[i];
        return NULL;
}

struct str field_text(const struct cim_instance *i, const char *property)
{
        const struct cim_value *v = cim_get(i, property);

        return v ? v->s : STR("");
}

int64_t field_number(const struct cim_instance *i, const char *property)
{
        const struct cim_value *v = cim_get(i, property);

        return v ? v->i : 0;
}

int field_same_key(const struct cim_instance *in, const char *property, struct str stored, struct err *e)
{
        struct str v = field_text(in, property);

        if (!v.n || str_eq_nocase(v, stored))
                return 0;
        return err_set(e, ERR_READ_ONLY, "%s.%s is %.*s and cannot be changed to %.*s: create a new object instead",
                       in->class->name, property, STR_ARG(stored), STR_ARG(v));
}

static int check_text(const struct cim_class *c, const struct cim_property *p, const struct field *f, struct str s,
                      struct err *e)
{
        if (!str_is_utf8(s))
                return err_set(e, ERR_INVALID, "%s.%s: the text is not UTF-8", c->name, p->name);
        if (memchr(s.p ? s.p : "", 0, s.n))
                return err_set(e, ERR_INVALID, "%s.%s: the text has a zero byte", c->name, p->name);
        if (!(f->marks & FIELD_NEEDED))
                return 0;
        if (!str_trim(s).n)
                return err_set(e, ERR_INVALID, "%s.%s must not be empty: give it a value", c->name, p->name);
        for (size_t i = 0; i < s.n; i++)
                if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
                        return err_set(e, ERR_INVALID, "%s.%s: control characters are not allowed", c->name, p->name);
        return 0;
}

static int check(const struct cim_class *c, size_t i, const struct field *f, const struct cim_value *v, struct err *e)
{
        const struct cim_property *p = &c->properties[i];
        int r = cim_value_check(p, v, e);

        if (r < 0)
                return r;
        if (v->null)
                return f->marks & FIELD_NEEDED
                               ? err_set(e, ERR_INVALID, "%s.%s must not be empty: give it a value", c->name, p->name)
                               : 0;
        return p->type == CIM_STRING && !p->array ? check_text(c, p, f, v->s, e) : 0;
}

/* A property that is not stored: is it what is there anyway? */
static int check_other(const struct cim_class *c, size_t i, const struct cim_value *there, const struct cim_instance *in,
                       bool is_new, struct err *e)
{
        const struct cim_property *p = &c->properties[i];
        const struct cim_value *v = &in->values[i];

        if (v->null || cim_value_eq(p, v, there))
                return 0;
        if (strcmp(p->name, "SedoObjectVersion") == 0 && !is_new && v->s.n)
                return err_set(e, ERR_CONFLICT, "%s was changed by somebody else since it was read: read it again", c->name);
        if (!in->given || (p->type == CIM_STRING && !p->array && !v->s.n))
                return 0;
        if (p->type == CIM_STRING && !p->array && !there->null && str_eq_nocase(v->s, there->s))
                return 0;
        return err_set(e, ERR_READ_ONLY, "%s.%s is set by the site and cannot be written", c->name, p->name);
}

static int merge_field(struct tx *t, const struct cim_class *c, size_t i, const struct field *f, bool is_new,
                       const struct cim_instance *in, struct cim_value *v, struct err *e)
{
        const struct cim_property *p = &c->properties[i];
        struct cim_value to = in->values[i];
        int r;

        if (to.null)
                (void)cim_default(p, &t->arena, &to);
        r = check(c, i, f, &to, e);
        if (r < 0)
                return r;
        if ((f->marks & FIELD_FIXED) && !is_new && !cim_value_eq(p, &to, v))
                return err_set(e, ERR_READ_ONLY, "%s.%s cannot be changed after creation: create a new object instead",
                               c->name, p->name);
        *v = to;
        return 0;
}

int fields_merge(struct tx *t, const struct field *f, size_t n, const struct cim_instance *current,
                 const struct cim_instance *in, struct cim_instance **out, struct err *e)
{
        const struct cim_class *c = in->class;
        struct cim_instance *to = cim_instance_new(c, &t->arena);
        int r = 0;

        if (!to || (!current && cim_instance_defaults(to, &t->arena) < 0))
                return err_set(e, ERR_NOMEM, "%s: out of memory", c->name);
        if (current)
                memcpy(to->values, current->values, c->n_properties * sizeof(*to->values));
        for (size_t i = 0; i < c->n_properties && !r; i++) {
                const struct field *field = find_field(f, n, c->properties[i].name);

                if (field && is_given(in, i))
                        r = merge_field(t, c, i, field, !current, in, &to->values[i], e);
                else if (field)
                        r = current ? 0 : check(c, i, field, &to->values[i], e);
                else if (is_given(in, i))
                        r = check_other(c, i, &to->values[i], in, !current, e);
        }
        *out = to;
        return r;
}

static int bind_json(struct db_stmt *s, int at, const struct cim_property *p, const struct cim_value *v, struct err *e)
{
        struct buf json;
        bool failed;

        buf_init(&json, 0);
        cim_json_value_write(p, v, &json);
        failed = json.failed;
        if (!failed)
                db_bind_text(s, at, buf_str(&json));
        buf_fini(&json);
        return failed ? err_set(e, ERR_NOMEM, "%s: out of memory", p->name) : 0;
}

int fields_bind(struct db_stmt *s, int first, const struct field *f, size_t n, const struct cim_instance *in,
                struct err *e)
{
        int r = 0;

        for (size_t k = 0; k < n && !r; k++) {
                int i = cim_property_find(in->class, str_of(f[k].property));
                const struct cim_property *p = &in->class->properties[i];
                const struct cim_value *v = &in->values[i];
                int at = first + (int)k;

                if (v->null)
                        db_bind_null(s, at);
                else if (p->array || p->type == CIM_OBJECT)
                        r = bind_json(s, at, p, v, e);
                else if (p->type == CIM_STRING)
                        db_bind_text(s, at, v->s);
                else
                        db_bind_i64(s, at, v->i);
        }
        return r;
}

int fields_load(struct tx *t, const char *class_name, const struct tx_key *keys, size_t n_keys,
                struct cim_instance **out, struct err *e)
{
        const struct cim_class *c = cim_class_find(str_of(class_name));
        struct db_stmt *s;
        struct buf text;
        int r;

        buf_init(&text, 0);
        buf_addz(&text, c->select);
        for (size_t i = 0; i < n_keys; i++)
                buf_printf(&text, "%s \"%s\" = ?%zu", i ? " AND" : " WHERE", keys[i].property, i + 1);
        s = db_kept(t->db, buf_str(&text));
        if (!s)
                s = db_keep(t->db, buf_str(&text), buf_str(&text), e);
        buf_fini(&text);
        if (!s)
                return err_number(e->kind);
        for (size_t i = 0; i < n_keys; i++) {
                if (keys[i].text.p)
                        db_bind_text(s, (int)i + 1, keys[i].text);
                else
                        db_bind_i64(s, (int)i + 1, keys[i].number);
        }
        r = db_step(s, e);
        if (r > 0)
                r = row_read(s, c, &t->arena, out, e);
        else if (r == 0)
                r = 1;
        db_reset(s);
        return r;
}
