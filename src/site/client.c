/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include "base/time.h"
#include "os/os.h"
#include "site/client.h"

#define DEFAULT_TIMEOUT_US (300 * US_PER_SECOND)
#define CONNECT_TIMEOUT_MS 15000L
#define PASSWORD_LIMIT 4096

/* ---- open and close ---- */

static int read_password(struct tallyman *t, const char *file, struct tallyman_error *e)
{
        _cleanup_(freep) char *text = NULL;
        struct err er = { 0 };
        struct str line;
        size_t n;

        if (os_read_file(AT_FDCWD, file, PASSWORD_LIMIT, &text, &n, &er) < 0) {
                err_prefix(&er, "password file");
                return error_from(e, &er);
        }
        str_cut((struct str){ text, n }, '\n', &line);
        if (str_ends(line, "\r"))
                line.n--;
        t->password = str_dup(line);
        return 0;
}

static int take_server(struct tallyman *t, const char *server, struct tallyman_error *e)
{
        struct str s = str_of(server);

        if (str_starts(s, "unix:") && s.n > 5) {
                t->socket_path = str_dup(str_from(s, 5));
                t->base_url = str_printf("http://localhost");
                return 0;
        }
        while (str_ends(s, "/"))
                s.n--;
        if (str_starts(s, "https://") && s.n > 8) {
                t->base_url = str_dup(s);
                return 0;
        }
        return error_set(e, ERR_INVALID, "server '%s' is neither unix:PATH nor https://HOST:PORT. Correct --server or TALLYMAN_SERVER",
                         server);
}

static char *dup_or_null(const char *z)
{
        return z && *z ? str_dup(str_of(z)) : NULL;
}

int tallyman_open(struct tallyman **out, const struct tallyman_options *o, struct tallyman_error *e)
{
        static const struct tallyman_options defaults;
        struct tallyman *t = calloc(1, sizeof(*t));
        int r;

        *out = NULL;
        if (!t)
                return error_set(e, ERR_NOMEM, "out of memory");
        t->cancel_fd = -1;
        if (!o)
                o = &defaults;
        t->server = str_dup(str_of(o->server && *o->server ? o->server : TALLYMAN_DEFAULT_SERVER));
        t->timeout_us = o->timeout_ms > 0 ? o->timeout_ms * 1000 : DEFAULT_TIMEOUT_US;
        t->cacert = dup_or_null(o->cacert);
        t->user = dup_or_null(o->user);
        r = take_server(t, t->server, e);
        if (r == 0 && o->password_file && *o->password_file)
                r = read_password(t, o->password_file, e);
        if (r == 0) {
                curl_global_init(CURL_GLOBAL_DEFAULT);
                t->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
                t->easy = curl_easy_init();
                t->multi = curl_multi_init();
                if (t->cancel_fd < 0 || !t->easy || !t->multi)
                        r = error_set(e, ERR_NOMEM, "out of memory or file descriptors");
        }
        if (r < 0) {
                tallyman_close(t);
                return r;
        }
        *out = t;
        return 0;
}

void tallyman_close(struct tallyman *t)
{
        if (!t)
                return;
        if (t->easy)
                curl_easy_cleanup(t->easy);
        if (t->multi)
                curl_multi_cleanup(t->multi);
        if (t->cancel_fd >= 0)
                os.close(t->cancel_fd);
        client_forget_context(t);
        if (t->password)
                explicit_bzero(t->password, strlen(t->password));
        free(t->server);
        free(t->base_url);
        free(t->socket_path);
        free(t->cacert);
        free(t->user);
        free(t->password);
        free(t);
}

void tallyman_cancel(struct tallyman *t)
{
        uint64_t one = 1;

        atomic_store(&t->cancelled, true);
        if (write(t->cancel_fd, &one, sizeof(one)) < 0)
                return;         /* full: it is readable already */
}

/* ---- transfers ---- */

void client_prepare(struct tallyman *t, CURL *h)
{
        curl_easy_reset(h);
        curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(h, CURLOPT_PROXY, "");         /* a site is inside; a proxy of the environment is for outside */
        curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
        curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(h, CURLOPT_USERAGENT, "tallyman/" TALLYMAN_VERSION);
        if (t->socket_path) {
                curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http");
                curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, t->socket_path);
                return;
        }
        curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "https");
        if (t->cacert)
                curl_easy_setopt(h, CURLOPT_CAINFO, t->cacert);
        if (t->user) {
                curl_easy_setopt(h, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
                curl_easy_setopt(h, CURLOPT_USERNAME, t->user);
                curl_easy_setopt(h, CURLOPT_PASSWORD, t->password ? t->password : "");
        }
}

int client_explain(const struct tallyman *t, CURL *h, CURLcode code, struct tallyman_error *e)
{
        long os_errno = 0;
        const char *why = curl_easy_strerror(code);

        curl_easy_getinfo(h, CURLINFO_OS_ERRNO, &os_errno);
        switch (code) {
        case CURLE_COULDNT_CONNECT:
                if (os_errno)
                        why = strerror((int)os_errno);
                if (os_errno == EACCES || os_errno == EPERM)
                        return error_set(e, ERR_DENIED, "cannot connect to %s: %s. Be its owner or root, or use https with an account",
                                         t->server, why);
                return error_set(e, ERR_UNAVAILABLE,
                                 "cannot connect to %s: %s. Is tallymand running there? Else give --server or TALLYMAN_SERVER",
                                 t->server, why);
        case CURLE_COULDNT_RESOLVE_HOST:
                return error_set(e, ERR_UNAVAILABLE, "cannot connect to %s: the host name is not known. Check --server",
                                 t->server);
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
                return error_set(e, ERR_UNAVAILABLE, "cannot trust %s: %s. Give the site's authority with --cacert or TALLYMAN_CACERT",
                                 t->server, why);
        case CURLE_OUT_OF_MEMORY:
                return error_set(e, ERR_NOMEM, "out of memory");
        case CURLE_WRITE_ERROR:
                return error_set(e, ERR_TOO_LARGE, "the answer of %s is too large. Ask for less (a filter or --top)", t->server);
        default:
                return error_set(e, ERR_UNAVAILABLE, "connection to %s broke: %s. Try again", t->server, why);
        }
}

static bool take_result(struct tallyman *t, CURL *h, CURLcode *code_out)
{
        CURLMsg *m;
        int left;

        while ((m = curl_multi_info_read(t->multi, &left)))
                if (m->msg == CURLMSG_DONE && m->easy_handle == h) {
                        *code_out = m->data.result;
                        return true;
                }
        return false;
}

static int run(struct tallyman *t, CURL *h, int64_t deadline_us, CURLcode *code_out)
{
        struct curl_waitfd cancel = { .fd = t->cancel_fd, .events = CURL_WAIT_POLLIN };
        int running = 1;

        for (;;) {
                int64_t left_us = deadline_us - os_mono_us();

                if (atomic_load(&t->cancelled))
                        return -ECANCELED;
                if (curl_multi_perform(t->multi, &running) != CURLM_OK)
                        return -EIO;
                if (take_result(t, h, code_out))
                        return 0;
                if (left_us <= 0)
                        return CLIENT_TIME_UP;
                if (curl_multi_poll(t->multi, &cancel, 1, (int)MIN(left_us / 1000 + 1, 3600000), NULL) != CURLM_OK)
                        return -EIO;
        }
}

int client_perform(struct tallyman *t, CURL *h, int64_t deadline_us, struct tallyman_error *e)
{
        CURLcode code = CURLE_OK;
        int r;

        if (curl_multi_add_handle(t->multi, h) != CURLM_OK)
                return error_set(e, ERR_NOMEM, "out of memory");
        r = run(t, h, deadline_us, &code);
        curl_multi_remove_handle(t->multi, h);
        if (r > 0)
                return r;
        if (r == -ECANCELED)
                return error_set(e, ERR_CANCELLED, "interrupted");
        if (r < 0)
                return error_set(e, ERR_IO, "cannot wait for %s", t->server);
        return code == CURLE_OK ? 0 : client_explain(t, h, code, e);
}

/* ---- one request ---- */

int64_t client_header_sequence(struct str line)
{
        struct str name, value = str_cut(line, ':', &name);
        int64_t seq;

        if (!str_eqz_nocase(name, "X-Tallyman-Sequence") || str_to_i64(str_trim(value), &seq) < 0 || seq < 0)
                return -1;
        return seq;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
        struct client_reply *r = ctx;
        int64_t seq = client_header_sequence((struct str){ p, size * n });

        if (seq >= 0)
                r->sequence = seq;
        return size * n;
}

struct answer {
        CURL *h;
        const struct client_call *call;
        struct client_reply *reply;
        bool stopped;
};

static bool is_good(const struct answer *a)
{
        long status = 0;

        curl_easy_getinfo(a->h, CURLINFO_RESPONSE_CODE, &status);
        return status >= 200 && status <= 299;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
        struct answer *a = ctx;

        if (a->call->sink && is_good(a)) {
                a->stopped = !a->call->sink(a->call->ctx, p, size * n);
                return a->stopped ? 0 : size * n;
        }
        buf_add(&a->reply->body, p, size * n);
        return a->reply->body.failed ? 0 : size * n;
}

static struct curl_slist *set_body(struct tallyman *t, const struct client_call *q, struct curl_slist *headers)
{
        _cleanup_(freep) char *type = str_printf("Content-Type: %s", q->content_type ? q->content_type : "application/json");

        headers = curl_slist_append(headers, type ? type : "");
        headers = curl_slist_append(headers, "Expect:");
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(q->body));
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, q->body);
        return headers;
}

static int judge(struct tallyman *t, int rc, const struct answer *a, struct tallyman_error *e)
{
        long status = 0;

        if (a->stopped)
                return CLIENT_STOPPED;
        if (rc == CLIENT_TIME_UP)
                return error_set(e, ERR_TIMEOUT, "%s did not answer in time. Try again, or look at its log", t->server);
        if (rc < 0)
                return rc;
        curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
        return is_good(a) ? 0 : error_from_reply(e, t, status, buf_str(&a->reply->body));
}

int client_request(struct tallyman *t, const struct client_call *q, struct client_reply *r, struct tallyman_error *e)
{
        _cleanup_(freep) char *url = str_printf("%s%s", t->base_url, q->url);
        struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
        struct answer a = { .h = t->easy, .call = q, .reply = r };
        int rc;

        r->sequence = -1;
        buf_init(&r->body, CLIENT_REPLY_LIMIT);
        client_prepare(t, t->easy);
        curl_easy_setopt(t->easy, CURLOPT_URL, url);
        curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, r);
        curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, &a);
        headers = client_add_context(t, headers);
        if (q->body)
                headers = set_body(t, q, headers);
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, q->verb);
        curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, headers);
        rc = client_perform(t, t->easy, os_mono_us() + t->timeout_us, e);
        curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
        curl_slist_free_all(headers);
        return judge(t, rc, &a, e);
}
