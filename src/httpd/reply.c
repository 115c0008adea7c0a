/* SPDX-License-Identifier: Apache-2.0 */
/* Replies: whole bodies, streams and pieces of files. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include "httpd/internal.h"
#include "os/os.h"

enum { DIRECT_FROM = 64 << 10 };        /* a shorter stream is copied */

static struct httpd_exchange *of(struct http_exchange *x)
{
        return container_of(x, struct httpd_exchange, base);
}

enum MHD_Result httpd_queue(struct httpd_exchange *x)
{
        struct MHD_Response *r = steal(&x->response);
        enum MHD_Result ok;

        if (!r)
                return MHD_NO;          /* out of memory for a response: break the connection */
        ok = MHD_queue_response(x->c, x->status, r);
        MHD_destroy_response(r);
        return ok;
}

static void add_headers(struct httpd_exchange *x, struct MHD_Response *r, const char *type)
{
        if (type)
                MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
        for (const struct http_field *f = x->base.reply_headers; f; f = f->next)
                MHD_add_response_header(r, f->name.p, f->value.p);
}

/* The end of every reply: the handler's part is over.  r NULL breaks the connection. */
static void submit(struct httpd_exchange *x, int status, const char *type, struct MHD_Response *r)
{
        assert(!x->replied);
        x->replied = true;
        x->status = (unsigned)status;
        x->response = r;
        if (r)
                add_headers(x, r, type);
        if (x->c)
                httpd_resume(x);
        httpd_exchange_unref(x);
}

static void reply(struct http_exchange *base, int status, const char *type, struct str body)
{
        struct httpd_exchange *x = of(base);
        struct MHD_Response *r = NULL;

        if (x->c)
                r = MHD_create_response_from_buffer(body.n, (void *)(body.p ? body.p : ""), MHD_RESPMEM_MUST_COPY);
        submit(x, status, type, r);
}

static ssize_t stream_read(void *cls, uint64_t at, char *p, size_t max)
{
        struct httpd_exchange *x = cls;
        ssize_t n;

        x->h->moved = true;
        if (x->gone)
                return MHD_CONTENT_READER_END_WITH_ERROR;
        if (x->direct) {
                int r = httpd_direct_run(x);

                return r < 0 ? MHD_CONTENT_READER_END_WITH_ERROR : r > 0 ? MHD_CONTENT_READER_END_OF_STREAM : 0;
        }
        do {
                x->woken = false;
                x->in_read = true;
                n = x->stream->read(x->stream, at, p, max);
                x->in_read = false;
        } while (n == 0 && x->woken);
        if (n > 0)
                return n;
        if (n == HTTP_STREAM_END)
                return MHD_CONTENT_READER_END_OF_STREAM;
        if (n < 0)
                return MHD_CONTENT_READER_END_WITH_ERROR;
        x->stream_waiting = true;
        httpd_suspend(x);
        return 0;
}

static void stream_free(void *cls)
{
        struct httpd_exchange *x = cls;
        struct http_stream *s = steal(&x->stream);

        x->stream_waiting = false;
        if (s)
                s->free(s);
        httpd_exchange_unref(x);
}

/* Worth its while, and possible: no TLS, and not only the head is asked for. */
static bool can_be_direct(const struct httpd_exchange *x, uint64_t size, const struct http_stream *s)
{
        return s->where && x->h && !x->h->tls && size != HTTP_SIZE_UNKNOWN && size >= DIRECT_FROM &&
               !str_eq(x->base.request.method, STR("HEAD"));
}

/* For libmicrohttpd it is an answer of unknown size that the connection's end ends; the peer is told the size. */
static struct MHD_Response *direct(struct httpd_exchange *x, uint64_t size)
{
        struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 2, stream_read, x, stream_free);
        enum MHD_ResponseFlags flags = MHD_RF_HTTP_1_0_COMPATIBLE_STRICT | MHD_RF_INSANITY_HEADER_CONTENT_LENGTH;
        char length[24];

        if (!r)
                return NULL;
        (void)snprintf(length, sizeof(length), "%" PRIu64, size);
        if (MHD_set_response_options(r, flags, MHD_RO_END) == MHD_YES &&
            MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH, length) == MHD_YES && httpd_direct_make(x, size))
                return r;
        x->refs++;                      /* stream_free() takes it; the stream is still the caller's */
        MHD_destroy_response(r);
        return NULL;
}

static void stream(struct http_exchange *base, int status, const char *type, uint64_t size, struct http_stream *s)
{
        struct httpd_exchange *x = of(base);
        struct MHD_Response *r = NULL;
        uint64_t most = x->h ? x->h->stream_block : HTTPD_BLOCK;
        size_t block = size == HTTP_SIZE_UNKNOWN ? HTTPD_BLOCK_CHUNKED : (size_t)MIN(size + 1, most);

        if (x->c && can_be_direct(x, size, s))
                r = direct(x, size);
        else if (x->c)
                r = MHD_create_response_from_callback(size == HTTP_SIZE_UNKNOWN ? MHD_SIZE_UNKNOWN : size, block,
                                                      stream_read, x, stream_free);
        if (r) {
                x->stream = s;
                x->refs++;
        } else {
                s->free(s);
        }
        submit(x, status, type, r);
}

static void wake(struct http_exchange *base)
{
        struct httpd_exchange *x = of(base);

        if (x->in_read) {
                x->woken = true;
        } else if (x->stream_waiting && x->c) {
                x->stream_waiting = false;
                httpd_resume(x);
        }
}

/*
 * Under TLS there is no sendfile(2), and libmicrohttpd would read the file in
 * blocks of 4 KiB; so a file is a stream there.
 */
struct file_stream {
        struct http_stream s;
        int fd;
        uint64_t from;
};

static ssize_t file_read(struct http_stream *s, uint64_t at, void *p, size_t max)
{
        struct file_stream *f = container_of(s, struct file_stream, s);
        ssize_t n;

        do
                n = os.pread(f->fd, p, max, (off_t)(f->from + at));
        while (n < 0 && errno == EINTR);
        return n > 0 ? n : HTTP_STREAM_ABORT;   /* 0: the file is shorter than was promised */
}

static void file_free(struct http_stream *s)
{
        struct file_stream *f = container_of(s, struct file_stream, s);

        os.close(f->fd);
        free(f);
}

static void file_as_stream(struct httpd_exchange *x, int status, const char *type, int fd, uint64_t at, uint64_t n)
{
        struct file_stream *f = calloc(1, sizeof(*f));

        if (!f) {
                os.close(fd);
                submit(x, status, type, NULL);
                return;
        }
        f->s.read = file_read;
        f->s.free = file_free;
        f->s.x = &x->base;
        f->fd = fd;
        f->from = at;
        stream(&x->base, status, type, n, &f->s);
}

/* sendfile(2) past the end of a file says nothing and libmicrohttpd would wait for the time-out. */
static bool is_long_enough(int fd, uint64_t at, uint64_t n)
{
        struct stat st;

        return os.fstat(fd, &st) == 0 && st.st_size >= 0 && at <= (uint64_t)st.st_size && n <= (uint64_t)st.st_size - at;
}

static void file(struct http_exchange *base, int status, const char *type, int fd, uint64_t at, uint64_t n)
{
        struct httpd_exchange *x = of(base);
        struct MHD_Response *r = NULL;

        if (x->c && x->h->tls && n > 0) {
                file_as_stream(x, status, type, fd, at, n);
                return;
        }
        if (x->c && n == 0)
                r = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
        else if (x->c && is_long_enough(fd, at, n))
                r = MHD_create_response_from_fd_at_offset64(n, fd, at);         /* takes fd */
        if (!r || n == 0)
                os.close(fd);
        submit(x, status, type, r);
}

const struct http_server_ops httpd_ops = {
        .reply = reply,
        .stream = stream,
        .fd = file,
        .wake = wake,
};
