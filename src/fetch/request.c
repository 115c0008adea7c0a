/* SPDX-License-Identifier: Apache-2.0 */
/* One request: its options, its callbacks from libcurl, its end. */
#include "fetch/internal.h"

void fetch_destroy(struct fetch *f)
{
        list_del(&f->link);
        if (f->easy) {
                curl_multi_remove_handle(f->pool->multi, f->easy);
                curl_easy_cleanup(f->easy);
        }
        curl_slist_free_all(f->headers);
        curl_slist_free_all(f->recipients);
        buf_fini(&f->body);
        buf_fini(&f->upload);
        free(f);
}

static size_t on_header(char *p, size_t size, size_t n, void *cls)
{
        struct fetch *f = cls;
        struct str line = { p, size * n };
        long status = 0;

        if (f->cancelled)
                return 0;
        if (f->headed || str_trim(line).n > 0)
                return size * n;
        curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200) {            /* the end of a final head, not of a 100 */
                f->headed = true;
                if (f->head)
                        f->head(f->ctx, (int)status);
        }
        return f->cancelled ? 0 : size * n;
}

static size_t collect(struct fetch *f, const char *p, size_t n)
{
        if (n > f->body_limit - f->body.n) {
                (void)err_set(&f->own, ERR_TOO_LARGE, "the answer is larger than %zu bytes", f->body_limit);
                return CURL_WRITEFUNC_ERROR;
        }
        buf_add(&f->body, p, n);
        if (f->body.failed) {
                (void)err_set(&f->own, ERR_NOMEM, "out of memory for an answer");
                return CURL_WRITEFUNC_ERROR;
        }
        return n;
}

static size_t on_data(char *p, size_t size, size_t n, void *cls)
{
        struct fetch *f = cls;

        if (f->cancelled)
                return CURL_WRITEFUNC_ERROR;
        if (!f->data)
                return collect(f, p, size * n);
        if (f->data(f->ctx, (const uint8_t *)p, size * n))
                return f->cancelled ? CURL_WRITEFUNC_ERROR : size * n;
        if (f->cancelled)
                return CURL_WRITEFUNC_ERROR;
        f->paused = true;
        return CURL_WRITEFUNC_PAUSE;
}

static int set_method(struct fetch *f, const struct fetch_req *r)
{
        CURLcode c = CURLE_OK;

        if (strcmp(r->method, "GET") == 0)
                return 0;
        if (strcmp(r->method, "HEAD") == 0)
                return curl_easy_setopt(f->easy, CURLOPT_NOBODY, 1L) ? -1 : 0;
        if (strcmp(r->method, "POST") == 0 || r->body.n > 0) {
                c |= curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
                c |= curl_easy_setopt(f->easy, CURLOPT_COPYPOSTFIELDS, r->body.n ? r->body.p : "");
        }
        if (strcmp(r->method, "POST") != 0)
                c |= curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, r->method);
        return c ? -1 : 0;
}

static int set_headers(struct fetch *f, const struct fetch_req *r)
{
        /* "Expect: 100-continue" would cost a round trip before each large body. */
        static const char *const none[] = { NULL };
        const char *const *h = r->headers ? r->headers : none;
        struct curl_slist *l = curl_slist_append(NULL, "Expect:");

        if (l && f->pool->header) {
                struct curl_slist *more = curl_slist_append(l, f->pool->header);

                if (!more)
                        curl_slist_free_all(l);
                l = more;
        }
        for (; l && *h; h++) {
                struct curl_slist *more = curl_slist_append(l, *h);

                if (!more)
                        curl_slist_free_all(l);
                l = more;
        }
        f->headers = l;
        return l && curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, l) == CURLE_OK ? 0 : -1;
}

static int set_trust(struct fetch *f)
{
        struct fetch_pool *p = f->pool;
        CURLcode c = CURLE_OK;

        c |= curl_easy_setopt(f->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        c |= curl_easy_setopt(f->easy, CURLOPT_CAPATH, NULL);   /* not the system's authorities */
        c |= curl_easy_setopt(f->easy, CURLOPT_CAINFO, p->ca_file);
        if (p->insecure) {
                c |= curl_easy_setopt(f->easy, CURLOPT_SSL_VERIFYPEER, 0L);
                c |= curl_easy_setopt(f->easy, CURLOPT_SSL_VERIFYHOST, 0L);
        }
        if (p->cert_file) {
                c |= curl_easy_setopt(f->easy, CURLOPT_SSLCERT, p->cert_file);
                c |= curl_easy_setopt(f->easy, CURLOPT_SSLKEY, p->key_file);
        }
        return c ? -1 : 0;
}

/* With the very address that will be connected to, so no name passes by the pool's rule. */
static curl_socket_t open_socket(void *cls, curlsocktype purpose, struct curl_sockaddr *a)
{
        struct fetch *f = cls;

        if (f->pool->allow && !f->pool->allow(f->pool->allow_ctx, &a->addr)) {
                if (f->own.kind == ERR_NONE)
                        (void)err_set(&f->own, ERR_DENIED, "the address that the name leads to is not allowed here");
                return CURL_SOCKET_BAD;
        }
        return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

int fetch_set_allowed(struct fetch *f)
{
        CURLcode c = curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);

        c |= curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETDATA, f);
        return c ? -1 : 0;
}

static int set_transport(struct fetch *f, const struct fetch_req *r)
{
        struct fetch_pool *p = f->pool;
        CURLcode c = CURLE_OK;

        c |= curl_easy_setopt(f->easy, CURLOPT_URL, r->url);
        c |= curl_easy_setopt(f->easy, CURLOPT_PROTOCOLS_STR, "http,https");
        c |= curl_easy_setopt(f->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        c |= curl_easy_setopt(f->easy, CURLOPT_PROXY, "");
        c |= curl_easy_setopt(f->easy, CURLOPT_FOLLOWLOCATION, 0L);
        c |= curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L);
        c |= curl_easy_setopt(f->easy, CURLOPT_PATH_AS_IS, 1L);
        c |= curl_easy_setopt(f->easy, CURLOPT_USERAGENT, "tallyman/" TALLYMAN_VERSION);
        c |= curl_easy_setopt(f->easy, CURLOPT_BUFFERSIZE,
                              (long)(r->data && !r->long_poll ? FETCH_BUFFER : FETCH_BUFFER_SMALL));
        c |= curl_easy_setopt(f->easy, CURLOPT_CONNECTTIMEOUT, (long)p->connect_timeout_s);
        c |= curl_easy_setopt(f->easy, CURLOPT_TIMEOUT, (long)r->timeout_s);
        if (!r->long_poll) {
                c |= curl_easy_setopt(f->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
                c |= curl_easy_setopt(f->easy, CURLOPT_LOW_SPEED_TIME, (long)p->stall_timeout_s);
        }
        c |= curl_easy_setopt(f->easy, CURLOPT_TCP_KEEPALIVE, 1L);
        c |= curl_easy_setopt(f->easy, CURLOPT_TCP_KEEPIDLE, 30L);
        c |= curl_easy_setopt(f->easy, CURLOPT_TCP_KEEPINTVL, 10L);
        return c ? -1 : 0;
}

static int set_callbacks(struct fetch *f)
{
        CURLcode c = CURLE_OK;

        c |= curl_easy_setopt(f->easy, CURLOPT_PRIVATE, f);
        c |= curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->words);
        c |= curl_easy_setopt(f->easy, CURLOPT_HEADERFUNCTION, on_header);
        c |= curl_easy_setopt(f->easy, CURLOPT_HEADERDATA, f);
        c |= curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, on_data);
        c |= curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
        return c ? -1 : 0;
}

int fetch_setup(struct fetch *f, const struct fetch_req *r, struct err *e)
{
        struct fetch_pool *p = f->pool;

        if (strncmp(r->url, "http://", 7) != 0 && strncmp(r->url, "https://", 8) != 0)
                return err_set(e, ERR_INVALID, "%s is not a http or https address", r->url);
        if (r->url[4] == 's' && !p->ca_file && !p->insecure)
                return err_set(e, ERR_INVALID, "%s: no authority to verify the server with: give a CA file", r->url);
        f->easy = curl_easy_init();
        if (!f->easy || set_transport(f, r) < 0 || fetch_set_allowed(f) < 0 || set_callbacks(f) < 0 || set_method(f, r) < 0 ||
            set_headers(f, r) < 0 || set_trust(f) < 0)
                return err_set(e, ERR_NOMEM, "out of memory for a request to %s", r->url);
        return 0;
}

int fetch_launch(struct fetch *f, const char *url, struct fetch **out, struct err *e)
{
        if (curl_multi_add_handle(f->pool->multi, f->easy) != CURLM_OK)
                return err_set(e, ERR_INTERNAL, "libcurl refused a request to %s", url);
        list_push_back(&f->pool->fetches, &f->link);
        *out = f;
        return 0;
}

int fetch_start(struct fetch **out, struct fetch_pool *p, const struct fetch_req *r, struct err *e)
{
        struct fetch *f = calloc(1, sizeof(*f));
        int rc;

        if (!f)
                return err_set(e, ERR_NOMEM, "out of memory");
        list_init(&f->link);
        f->pool = p;
        f->data = r->data;
        f->head = r->head;
        f->done = r->done;
        f->ctx = r->ctx;
        f->body_limit = r->body_limit ? r->body_limit : FETCH_BODY_LIMIT;
        buf_init(&f->body, f->body_limit + 1);
        rc = fetch_setup(f, r, e);
        if (rc == 0)
                rc = fetch_launch(f, r->url, out, e);
        if (rc < 0)
                fetch_destroy(f);
        return rc;
}

void fetch_resume(struct fetch *f)
{
        if (f->finished)
                return;
        f->resume = true;
        pool_work_soon(f->pool);
}

void fetch_cancel(struct fetch *f)
{
        if (!f || f->finished)  /* finished: whoever calls done frees it */
                return;
        if (f->pool->busy == 0) {
                fetch_destroy(f);
                return;
        }
        f->cancelled = true;
        pool_work_soon(f->pool);
}

struct str fetch_header(struct fetch *f, const char *name)
{
        struct curl_header *h = NULL;

        if (curl_easy_header(f->easy, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
                return STR_NULL;
        return str_of(h->value);
}
