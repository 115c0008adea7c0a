/* SPDX-License-Identifier: Apache-2.0 */
/* sink_mail - SMTPEventConsumer */
#include "consumer/mail.h"
#include "consumer/private.h"
#include "consumer/template.h"
#include "os/os.h"

enum { LINE_BYTES = 16 << 10, BODY_BYTES = 1 << 20, MAIL_TIMEOUT_S = 120 };

static void done(void *ctx, int status, struct str body, const struct err *e)
{
        struct delivery *d = ctx;

        if (!e->kind)
                delivery_ended(d, DELIVERY_DONE, e);
        else if (e->kind == ERR_DENIED || (status && retry_of_smtp(status) == DELIVERY_REFUSED))
                delivery_ended(d, DELIVERY_REFUSED, e);
        else
                delivery_ended(d, DELIVERY_AGAIN, e);
}

static int expand(const struct delivery *d, const char *property, unsigned flags, size_t limit, struct arena *a, struct str *out,
                  struct err *e)
{
        struct buf b;
        bool failed;

        buf_init(&b, limit);
        template_expand(delivery_text(d, property), d->event, flags, &b);
        *out = arena_str(a, b.n ? buf_str(&b) : STR(""));
        failed = b.failed || !out->p;
        buf_fini(&b);
        return failed ? err_set(e, ERR_TOO_LARGE, "%s becomes longer than %zu bytes", property, limit) : 0;
}

static int fill(const struct delivery *d, struct mail *m, struct arena *a, struct err *e)
{
        const struct cim_value *headers = cim_get(d->def->instance, "HeaderFields");
        struct {
                const char *property;
                struct str *to;
                unsigned flags;
                size_t limit;
        } lines[] = {
                { "FromLine", &m->from, TEMPLATE_ADDRESS, LINE_BYTES }, { "ToLine", &m->to, TEMPLATE_ADDRESS, LINE_BYTES },
                { "CcLine", &m->cc, TEMPLATE_ADDRESS, LINE_BYTES }, { "BccLine", &m->bcc, TEMPLATE_ADDRESS, LINE_BYTES },
                { "ReplyToLine", &m->reply_to, TEMPLATE_ADDRESS, LINE_BYTES }, { "Subject", &m->subject, TEMPLATE_ONE_LINE, LINE_BYTES },
                { "Message", &m->text, 0, BODY_BYTES },
        };
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(lines) && r == 0; i++)
                r = expand(d, lines[i].property, lines[i].flags, lines[i].limit, a, lines[i].to, e);
        if (r < 0)
                return r;
        m->id = str_of(d->id);
        m->host = str_of(d->owner->o.server_name);
        m->now_us = os_now_us();
        if (!m->from.n)
                m->from = str_of(arena_printf(a, "WinMgmt@%s", d->owner->o.server_name));
        if (headers) {
                struct str *h = arena_array(a, headers->array.n + 1, sizeof(*h));

                for (size_t i = 0; h && i < headers->array.n; i++)
                        h[m->n_headers++] = headers->array.items[i].s;
                m->headers = h;
        }
        return 0;
}

static int send_message(struct delivery *d, struct arena *a, struct err *e)
{
        struct str server = delivery_text(d, "SMTPServer");
        struct mail m = { 0 };
        struct mail_out out = { 0 };
        struct fetch_pool *pool = d->owner->mail;
        const char *url;
        int r;

        if (!server.n || str_eqz(server, d->owner->o.smtp_server)) {
                server = str_of(d->owner->o.smtp_server);
                pool = d->owner->relay;
        }
        if (!server.n)
                return err_set(e, ERR_INVALID, "there is no mail server: give SMTPServer, or the setting smtp_server");
        url = arena_printf(a, "smtp://%.*s", STR_ARG(server));
        r = url ? fill(d, &m, a, e) : err_set(e, ERR_NOMEM, "out of memory");
        if (r == 0) {
                r = mail_compose(&m, a, &out, e);
                if (r == 0)
                        r = fetch_mail_start(&d->fetch, pool, &(struct fetch_mail){
                                .url = url, .from = out.from, .to = out.recipients, .message = buf_str(&out.message),
                                .tls = d->owner->o.smtp_tls, .timeout_s = MAIL_TIMEOUT_S, .done = done, .ctx = d }, e);
                buf_fini(&out.message);
        }
        return r;
}

void sink_mail(struct delivery *d)
{
        struct err e = { 0 };
        struct arena a;
        int r;

        arena_init(&a, 0);
        r = send_message(d, &a, &e);
        arena_fini(&a);
        if (r < 0)
                delivery_ended(d, e.kind == ERR_NOMEM || e.kind == ERR_INTERNAL ? DELIVERY_AGAIN : DELIVERY_REFUSED, &e);
}
