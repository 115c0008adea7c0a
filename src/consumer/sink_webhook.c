/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_webhook - TM_WebhookEventConsumer
 *
 *      POST URL
 *      Content-Type: application/json
 *      X-Tallyman-Delivery: 32 hex digits, the same when the event comes again
 *      X-Tallyman-Event: __InstanceModificationEvent
 *      X-Tallyman-Signature: t=1700000000,v1=HMAC-SHA256(Secret, "1700000000." body)
 *
 *      {"site":"P01","subscription":"FILTER","consumer":"NAME","delivery":"...","event":{"__CLASS":...}}
 *
 * Source: RFC 2104; tallyman-subscription(7).
 */
#include <openssl/hmac.h>
#include "base/hex.h"
#include "consumer/private.h"
#include "os/os.h"

enum { HEADERS_MAX = 40, ANSWER_BYTES = 64 << 10, TEXT_SHOWN = 160 };

void webhook_sign(struct str secret, int64_t unix_s, struct str body, char out[65])
{
        uint8_t mac[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        struct buf b;

        buf_init(&b, 0);
        buf_printf(&b, "%lld.", (long long)unix_s);
        buf_adds(&b, body);
        if (!b.failed && HMAC(EVP_sha256(), secret.p, (int)secret.n, (const uint8_t *)b.p, b.n, mac, &n) && n == 32)
                hex_encode(mac, n, out);
        else
                out[0] = 0;
        buf_fini(&b);
}

int webhook_url_check(const struct consumers *c, struct str url, struct err *e)
{
        if (str_starts(url, "https://") || (str_starts(url, "http://") && c->o.webhook_http))
                return 0;
        return err_set(e, ERR_DENIED, "%.*s: plain http is off; use https, or the setting webhook_http", (int)MIN(url.n, 200), url.p);
}

static void done(void *ctx, int status, struct str body, const struct err *e)
{
        struct delivery *d = ctx;
        struct str shown = str_is_utf8(body) && body.n <= TEXT_SHOWN ? body : STR("");
        struct err why = { 0 };

        if (e->kind && e->kind != ERR_TOO_LARGE) {      /* an answer that is too long is one */
                delivery_ended(d, e->kind == ERR_DENIED || e->kind == ERR_INVALID ? DELIVERY_REFUSED : DELIVERY_AGAIN, e);
                return;
        }
        if (retry_of_http(status) != DELIVERY_DONE)
                (void)err_set(&why, status >= 500 ? ERR_UNAVAILABLE : ERR_DENIED, "%.*s answers %d: %.*s",
                              STR_ARG(delivery_text(d, "Url")), status, STR_ARG(str_trim(shown)));
        delivery_ended(d, retry_of_http(status), &why);
}

static void write_body(const struct delivery *d, struct buf *out)
{
        buf_addz(out, "{\"site\":");
        cim_json_string(out, str_of(d->owner->o.site_code));
        buf_addz(out, ",\"subscription\":");
        cim_json_string(out, d->def->filter);
        buf_addz(out, ",\"consumer\":");
        cim_json_string(out, d->def->consumer);
        buf_printf(out, ",\"delivery\":\"%s\",\"event\":", d->id);
        buf_add(out, d->json, d->n_json);
        buf_addc(out, '}');
}

/* False: memory is out. */
static bool fill_headers(const struct delivery *d, struct str body, struct arena *a, const char *headers[HEADERS_MAX])
{
        const struct cim_value *own = cim_get(d->def->instance, "HeaderFields");
        char mac[65];
        size_t n = 0;

        headers[n++] = "Content-Type: application/json";
        headers[n++] = arena_printf(a, "X-Tallyman-Delivery: %s", d->id);
        headers[n++] = arena_printf(a, "X-Tallyman-Event: %s", d->event_class->name);
        if (d->def->secret.n) {
                int64_t now = os_now_us() / US_PER_SECOND;

                webhook_sign(d->def->secret, now, body, mac);
                headers[n++] = arena_printf(a, "X-Tallyman-Signature: t=%lld,v1=%s", (long long)now, mac);
        }
        for (size_t i = 0; own && i < own->array.n && n < HEADERS_MAX - 1; i++)
                headers[n++] = arena_str(a, own->array.items[i].s).p;
        headers[n] = NULL;
        for (size_t i = 0; i < n; i++) {
                if (!headers[i])
                        return false;
        }
        return true;
}

static int post(struct delivery *d, struct arena *a, struct err *e)
{
        const struct cim_value *timeout = cim_get(d->def->instance, "Timeout");
        struct str url = delivery_text(d, "Url");
        const char *headers[HEADERS_MAX], *z = arena_str(a, url).p;
        struct buf body;
        int r = webhook_url_check(d->owner, url, e);

        if (r < 0)
                return r;
        buf_init(&body, 0);
        write_body(d, &body);
        if (!z || body.failed || !fill_headers(d, buf_str(&body), a, headers))
                r = err_set(e, ERR_NOMEM, "out of memory");
        else
                r = fetch_start(&d->fetch, d->owner->web, &(struct fetch_req){
                        .method = "POST", .url = z, .headers = headers, .body = buf_str(&body), .body_limit = ANSWER_BYTES,
                        .timeout_s = timeout ? (unsigned)timeout->i : 30, .done = done, .ctx = d }, e);
        buf_fini(&body);
        return r;
}

void sink_webhook(struct delivery *d)
{
        struct err e = { 0 };
        struct arena a;
        int r;

        arena_init(&a, 0);
        r = post(d, &a, &e);
        arena_fini(&a);
        if (r < 0)
                delivery_ended(d, e.kind == ERR_NOMEM || e.kind == ERR_INTERNAL ? DELIVERY_AGAIN : DELIVERY_REFUSED, &e);
}
