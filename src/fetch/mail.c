/* SPDX-License-Identifier: Apache-2.0 */
/* One message to a mail server; RFC 5321, RFC 3207. */
#include "fetch/internal.h"

static size_t on_upload(char *p, size_t size, size_t n, void *cls)
{
        struct fetch *f = cls;
        size_t m = MIN(size * n, f->upload.n - f->uploaded);

        if (m)
                memcpy(p, f->upload.p + f->uploaded, m);
        f->uploaded += m;
        return m;
}

static int set_envelope(struct fetch *f, const struct fetch_mail *m)
{
        CURLcode c = CURLE_OK;

        for (const char *const *to = m->to; *to; to++) {
                struct curl_slist *more = curl_slist_append(f->recipients, *to);

                if (!more)
                        return -1;
                f->recipients = more;
        }
        c |= curl_easy_setopt(f->easy, CURLOPT_MAIL_FROM, m->from);
        c |= curl_easy_setopt(f->easy, CURLOPT_MAIL_RCPT, f->recipients);
        c |= curl_easy_setopt(f->easy, CURLOPT_UPLOAD, 1L);
        c |= curl_easy_setopt(f->easy, CURLOPT_READFUNCTION, on_upload);
        c |= curl_easy_setopt(f->easy, CURLOPT_READDATA, f);
        c |= curl_easy_setopt(f->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)f->upload.n);
        return c ? -1 : 0;
}

static int set_security(struct fetch *f, const struct fetch_mail *m)
{
        CURLcode c = CURLE_OK;
        bool verify = m->tls == FETCH_TLS_REQUIRED;

        c |= curl_easy_setopt(f->easy, CURLOPT_USE_SSL, m->tls == FETCH_TLS_NO ? (long)CURLUSESSL_NONE :
                                                        verify ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY);
        c |= curl_easy_setopt(f->easy, CURLOPT_CAINFO, f->pool->ca_file);
        c |= curl_easy_setopt(f->easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
        c |= curl_easy_setopt(f->easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
        c |= curl_easy_setopt(f->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        return c ? -1 : 0;
}

static int set_transfer(struct fetch *f, const struct fetch_mail *m)
{
        CURLcode c = CURLE_OK;

        c |= curl_easy_setopt(f->easy, CURLOPT_URL, m->url);
        c |= curl_easy_setopt(f->easy, CURLOPT_PROTOCOLS_STR, "smtp");
        c |= curl_easy_setopt(f->easy, CURLOPT_PROXY, "");
        c |= curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L);
        c |= curl_easy_setopt(f->easy, CURLOPT_CONNECTTIMEOUT, (long)f->pool->connect_timeout_s);
        c |= curl_easy_setopt(f->easy, CURLOPT_TIMEOUT, (long)m->timeout_s);
        c |= curl_easy_setopt(f->easy, CURLOPT_PRIVATE, f);
        c |= curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->words);
        return c ? -1 : 0;
}

int fetch_mail_start(struct fetch **out, struct fetch_pool *p, const struct fetch_mail *m, struct err *e)
{
        struct fetch *f = calloc(1, sizeof(*f));
        int r = 0;

        if (!f)
                return err_set(e, ERR_NOMEM, "out of memory");
        list_init(&f->link);
        f->pool = p;
        f->done = m->done;
        f->ctx = m->ctx;
        buf_init(&f->body, 1);
        buf_init(&f->upload, 0);
        buf_adds(&f->upload, m->message);
        f->easy = curl_easy_init();
        if (f->upload.failed || !f->easy || set_transfer(f, m) < 0 || fetch_set_allowed(f) < 0 || set_envelope(f, m) < 0 ||
            set_security(f, m) < 0)
                r = err_set(e, ERR_NOMEM, "out of memory for a message to %s", m->url);
        if (r == 0)
                r = fetch_launch(f, m->url, out, e);
        if (r < 0)
                fetch_destroy(f);
        return r;
}
