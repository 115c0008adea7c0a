/* SPDX-License-Identifier: Apache-2.0 */
/* wmi - /AdminService/wmi/: instances and methods */
#include "rest/private.h"

#define WMI "/AdminService/wmi/"

static void finished(struct provider_request *q);

static void submit(struct rest_call *c, enum provider_op op, struct cim_instance *object)
{
        c->q.op = op;
        c->q.class = c->target.class;
        c->q.object = object;
        c->q.method = c->target.method;
        c->q.done = finished;
        provider_submit(c->rest->o.provider, &c->q);
}

/* ---- answers ---- */

static void reply_instance(struct rest_call *c, int status)
{
        struct buf b;

        buf_init(&b, 0);
        cim_json_write_some(c->q.result, c->q.only, &b);
        rest_sequence_header(c->x, c->q.seq);
        rest_reply_json(c, status, &b);
}

static void reply_method(struct rest_call *c)
{
        const struct cim_class *p = c->parameters;
        struct buf b;

        buf_init(&b, 0);
        buf_printf(&b, "{\"ReturnValue\":%lld", (long long)c->q.return_value);
        for (size_t i = 0; i < p->n_properties; i++) {
                if (!c->q.method->parameters[i].out)
                        continue;
                buf_printf(&b, ",\"%s\":", p->properties[i].name);
                cim_json_value_write(&p->properties[i], &c->q.out_args[i], &b);
        }
        buf_addc(&b, '}');
        rest_sequence_header(c->x, c->q.seq);
        rest_reply_json(c, 200, &b);
}

static void finished(struct provider_request *q)
{
        struct rest_call *c = q->ctx;

        if (q->r < 0) {
                rest_call_fail(c, &q->err);
                return;
        }
        switch (q->op) {
        case PROVIDER_CREATE:
                reply_instance(c, 201);
                return;
        case PROVIDER_INVOKE:
                reply_method(c);
                return;
        case PROVIDER_DELETE:
                rest_sequence_header(c->x, c->q.seq);
                http_reply_empty(c->x, 204);
                rest_call_end(c);
                return;
        default:
                reply_instance(c, 200);
        }
}

/* ---- requests ---- */

static int read_method(struct rest_call *c, struct err *e)
{
        struct str body = str_trim(c->rq->body);
        struct cim_instance *args;
        int r;

        c->parameters = cim_method_parameters(c->target.class, c->target.method, &c->q.arena);
        if (!c->parameters)
                return err_set(e, ERR_NOMEM, "out of memory");
        r = cim_json_read(c->parameters, body.n ? body : STR("{}"), &c->q.arena, &args, e);
        if (r == 0)
                c->q.args = args->values;
        return r;
}

static void post(struct rest_call *c)
{
        struct err e = { 0 };
        struct cim_instance *in = NULL;
        int r;

        if (c->target.method)
                r = read_method(c, &e);
        else if (c->target.keys)
                r = err_set(&e, ERR_INVALID, "POST creates: name the class %s without a key, or use PATCH",
                            c->target.class->name);
        else
                r = cim_json_read(c->target.class, c->rq->body, &c->q.arena, &in, &e);
        if (r < 0)
                rest_call_fail(c, &e);
        else
                submit(c, c->target.method ? PROVIDER_INVOKE : PROVIDER_CREATE, c->target.method ? c->target.keys : in);
}

/* The keys are those of the URL; a body may repeat them but not change them. */
static int take_keys(struct cim_instance *in, const struct cim_instance *keys, struct err *e)
{
        const struct cim_class *c = in->class;

        for (size_t k = 0; k < c->n_keys; k++) {
                const struct cim_property *p = &c->properties[c->keys[k]];
                struct cim_value *v = &in->values[c->keys[k]];
                const struct cim_value *key = &keys->values[c->keys[k]];
                bool text = p->type == CIM_STRING && !v->null;

                if (in->given[c->keys[k]] && !(text ? str_eq_nocase(v->s, key->s) : cim_value_eq(p, v, key)))
                        return err_set(e, ERR_INVALID, "%s.%s is a key and cannot be changed: delete and create instead",
                                       c->name, p->name);
                *v = *key;
                in->given[c->keys[k]] = true;
        }
        return 0;
}

static void change(struct rest_call *c, bool strict)
{
        struct cim_instance *in;
        struct err e = { 0 };
        int r = cim_json_read(c->target.class, c->rq->body, &c->q.arena, &in, &e);

        if (r == 0)
                r = take_keys(in, c->target.keys, &e);
        c->q.strict = strict;
        if (r < 0)
                rest_call_fail(c, &e);
        else
                submit(c, PROVIDER_PUT, in);
}

static void get(struct rest_call *c)
{
        struct str select = http_query(c->x, "$select");
        struct err e = { 0 };

        if (select.p && filter_select(c->target.class, select, &c->q.arena, &c->q.only, &e) < 0)
                rest_call_fail(c, &e);
        else
                submit(c, PROVIDER_GET, c->target.keys);
}

static void wrong_method(struct rest_call *c, const char *allow)
{
        struct str body = http_error_body(&c->q.arena, ERR_NOT_SUPPORTED,
                                          STR("this HTTP method does not fit what the URL names"));

        http_reply_header(c->x, "Allow", allow);
        http_reply(c->x, 405, "application/json", body.p ? body : STR("{}"));
        rest_call_end(c);
}

static void go(struct rest_call *c)
{
        struct str verb = c->rq->method;
        struct err e = { 0 };

        if (url_parse(str_from(c->rq->path, sizeof WMI - 1), &c->q.arena, &c->target, &e) < 0)
                rest_call_fail(c, &e);
        else if (str_eqz(verb, "POST"))
                post(c);
        else if (c->target.method)
                wrong_method(c, "POST");
        else if ((str_eqz(verb, "GET") || str_eqz(verb, "HEAD")) && !c->target.keys)
                rest_list(c);
        else if (str_eqz(verb, "GET") || str_eqz(verb, "HEAD"))
                get(c);
        else if (!c->target.keys)
                wrong_method(c, "GET, HEAD, POST");
        else if (str_eqz(verb, "PATCH") || str_eqz(verb, "PUT"))
                change(c, str_eqz(verb, "PATCH"));
        else if (str_eqz(verb, "DELETE"))
                submit(c, PROVIDER_DELETE, c->target.keys);
        else
                wrong_method(c, "GET, HEAD, PATCH, PUT, DELETE");
}

void rest_wmi(void *ctx, struct http_exchange *x)
{
        rest_call_begin(ctx, x, go);
}
