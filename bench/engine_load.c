/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_load - reports into a site and what its subscribers see of them, in one process
 *
 *      engine_load events|window|poll PORT SOCKET SERVER-PID SUBSCRIBERS RATE SECONDS PAIRS TARGET
 *
 * PAIRS is a file of lines "PackageID DP manifest".  RATE reports a second go to
 * the plain listener at PORT, damage and mend of a pair by turns; 0: none, so
 * what remains is the cost of idling.  A package has one report on its way at a
 * time.  Subscribers are connections to SOCKET that ask for TARGET:
 *
 *      events  an event stream without WITHIN: each report is one event to each
 *      window  one with WITHIN: an event stands for all reports since the last one
 *      poll    a list every 2 s, boxed (jansson) and compared with the one before
 *
 * Latency is from the sending of a report to the reading of the event, at every
 * subscriber.  Prints one JSON object; stops by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { SENDERS = 64, MAX_PAIRS = 4096, POLL_US = 2000000, RING = 64, MAX_SAMPLES = 4000000, READ_MAX = 1 << 18 };
enum mode { EVENTS, WINDOW, POLL };

struct pair {
        char package[16], dp[64], manifest[72];
        int next_damage;
        int package_no;
};
struct package {
        char id[16];
        int64_t sent[RING];                     /* of report gen % RING */
        uint32_t gen, answered;                 /* reports sent, acknowledged */
        int owed;                               /* subscribers that have not seen the last one */
        int busy;                               /* not acknowledged yet */
};
struct sender {
        int fd, package;                        /* -1: free */
        char in[4096];
        size_t n;
};
struct subscriber {
        int fd;
        char *in;
        size_t n, max;
        int begun;                              /* the head of the answer is there */
        uint32_t *seen;                         /* of each package */
        json_t *before;                         /* poll: PackageID -> instance */
        int64_t due;
};

static enum mode mode;
static const char *socket_path, *target;
static struct pair pairs[MAX_PAIRS];
static struct package packages[MAX_PAIRS];
static int n_pairs, n_packages, n_subs, port, epoll_fd, next_pair, n_begun;
static struct sender senders[SENDERS];
static struct subscriber *subs;
static uint32_t *samples;
static size_t n_samples, n_events, n_sent, n_answered, n_polls;
static int measuring;

static void die(const char *what)
{
        perror(what);
        exit(1);
}

static int64_t now_us(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static double own_cpu(void)
{
        struct rusage u;

        getrusage(RUSAGE_SELF, &u);
        return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double server_cpu(int pid)
{
        char path[64], text[1024] = "";
        unsigned long user = 0, system = 0;
        const char *p;
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        f = fopen(path, "r");
        if (!f || !fgets(text, sizeof(text), f))
                die(path);
        fclose(f);
        p = strrchr(text, ')');
        if (!p || sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
                die(path);
        return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void watch(int fd, uint32_t tag)
{
        struct epoll_event ev = { .events = EPOLLIN, .data.u32 = tag };

        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
                die("epoll_ctl");
}

static void write_all(int fd, const char *p, size_t n)
{
        while (n > 0) {
                ssize_t w = send(fd, p, n, MSG_NOSIGNAL);

                if (w < 0)
                        die("send");
                p += w;
                n -= (size_t)w;
        }
}

/* ---- seeing ---- */

static int package_of(const char *id, size_t n)
{
        for (int i = 0; i < n_packages; i++)
                if (strlen(packages[i].id) == n && memcmp(packages[i].id, id, n) == 0)
                        return i;
        return -1;
}

/* A subscriber learnt that a package changed. */
static void saw(struct subscriber *s, int at)
{
        struct package *p;

        if (at < 0)
                return;
        p = &packages[at];
        n_events++;
        if (s->seen[at] == p->gen)
                return;                         /* of the time before the measurement */
        if (measuring && n_samples < MAX_SAMPLES)
                samples[n_samples++] = (uint32_t)(now_us() - p->sent[(s->seen[at] + 1) % RING]);
        s->seen[at] = mode == EVENTS ? s->seen[at] + 1 : p->gen;
        if (p->owed > 0)
                p->owed--;
}

/* The data lines of what came; a package is named in an event's path or target. */
static void read_events(struct subscriber *s)
{
        char *at = s->in, *end = s->in + s->n, *eol;

        while ((eol = memchr(at, '\n', (size_t)(end - at)))) {
                char *id = eol - at > 6 && memcmp(at, "data: ", 6) == 0 ?
                                   memmem(at, (size_t)(eol - at), "\"PackageID\":\"", 13) : NULL;

                if (id)
                        saw(s, package_of(id + 13, 8));
                at = eol + 1;
        }
        s->n = (size_t)(end - at);
        memmove(s->in, at, s->n);
}

static void compare(struct subscriber *s)
{
        char *body = memmem(s->in, s->n, "\r\n\r\n", 4);
        json_t *answer = body ? json_loadb(body + 4, s->n - (size_t)(body + 4 - s->in), 0, NULL) : NULL, *row;
        json_t *now = json_object();
        size_t i;

        json_array_foreach(json_object_get(answer, "value"), i, row) {
                const char *id = json_string_value(json_object_get(row, "PackageID"));
                json_t *was = json_object_get(s->before, id);

                if (was && !json_equal(was, row))
                        saw(s, package_of(id, strlen(id)));
                json_object_set(now, id, row);
        }
        if (!json_object_size(now))
                die("poll: an empty answer");
        json_decref(answer);
        json_decref(s->before);
        s->before = now;
        n_polls++;
}

/* ---- subscribers ---- */

static void open_subscriber(struct subscriber *s, uint32_t tag)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        char text[2048];
        int n = snprintf(text, sizeof(text), "GET %s HTTP/1.%d\r\nHost: localhost\r\n\r\n", target, mode != POLL);

        snprintf(to.sun_path, sizeof(to.sun_path), "%s", socket_path);
        s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
                die("connect to the site");
        write_all(s->fd, text, (size_t)n);
        s->n = 0;
        watch(s->fd, tag);
}

static void close_poll(struct subscriber *s)
{
        close(s->fd);
        s->fd = -1;
        compare(s);
        n_begun += !s->begun;
        s->begun = 1;
}

static void read_subscriber(struct subscriber *s)
{
        ssize_t n;

        if (s->n + READ_MAX > s->max) {
                s->max = (s->n + READ_MAX) * 2;
                s->in = realloc(s->in, s->max);
                if (!s->in)
                        die("realloc");
        }
        n = recv(s->fd, s->in + s->n, READ_MAX, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
                return;
        if (n < 0 || (n == 0 && mode != POLL))
                die("a subscription ended");
        s->n += (size_t)n;
        if (mode == POLL) {
                if (n == 0)
                        close_poll(s);
                return;
        }
        if (!s->begun) {
                if (!memmem(s->in, s->n, ": Tallyman", 10))
                        return;
                s->begun = 1;
                n_begun++;
        }
        read_events(s);
}

static void poll_due(int64_t now)
{
        for (int i = 0; i < n_subs; i++) {
                if (subs[i].fd >= 0 || subs[i].due > now)
                        continue;
                subs[i].due += POLL_US;
                if (subs[i].due < now)
                        subs[i].due = now;      /* it cannot keep up */
                open_subscriber(&subs[i], SENDERS + (uint32_t)i);
        }
}

/* ---- reports ---- */

static void open_sender(struct sender *s, uint32_t tag)
{
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int one = 1;

        s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
                die("connect to the plain listener");
        setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        s->package = -1;
        watch(s->fd, tag);
}

static struct pair *free_pair(void)
{
        for (int k = 0; k < n_pairs; k++) {
                struct pair *p = &pairs[next_pair];

                next_pair = (next_pair + 1) % n_pairs;
                if (!packages[p->package_no].busy && !packages[p->package_no].owed)
                        return p;
        }
        return NULL;
}

static int send_report(struct sender *s)
{
        struct pair *p = free_pair();
        char body[600], text[1200];
        int n;

        if (!p)
                return 0;
        n = snprintf(body, sizeof(body),
                     "{\"order\":1000000000,\"kind\":\"validate\",\"package\":\"%s\",\"version\":1,\"manifest\":\"%s\","
                     "\"result\":\"%s\",\"files\":[%s],\"bytes_received\":0,\"bytes_reused\":0,\"seconds\":0}",
                     p->package, p->manifest, p->next_damage ? "invalid" : "valid", p->next_damage ? "\"setup.exe\"" : "");
        n = snprintf(text, sizeof(text),
                     "POST /dp/v1/report HTTP/1.1\r\nHost: localhost\r\nX-Tallyman-DP: %s\r\n"
                     "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", p->dp, n, body);
        p->next_damage = !p->next_damage;
        s->package = p->package_no;
        s->n = 0;
        packages[s->package].gen++;
        packages[s->package].busy = 1;
        packages[s->package].owed = mode == EVENTS ? n_subs : 0;
        packages[s->package].sent[packages[s->package].gen % RING] = now_us();
        write_all(s->fd, text, (size_t)n);
        n_sent++;
        return 1;
}

static void read_sender(struct sender *s)
{
        ssize_t n = recv(s->fd, s->in + s->n, sizeof(s->in) - 1 - s->n, MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
                return;
        if (n <= 0)
                die("the site hung up on a report");
        s->n += (size_t)n;
        s->in[s->n] = 0;
        if (!strstr(s->in, "\"applied\":"))
                return;
        if (!strstr(s->in, "\"applied\":true")) {
                fprintf(stderr, "a report was not applied: %s\n", s->in);
                exit(1);
        }
        packages[s->package].busy = 0;
        s->package = -1;
        n_answered++;
}

/* ---- the run ---- */

static void turn(int wait_ms)
{
        struct epoll_event ev[256];
        int n = epoll_wait(epoll_fd, ev, 256, wait_ms);

        for (int i = 0; i < n; i++) {
                if (ev[i].data.u32 < SENDERS)
                        read_sender(&senders[ev[i].data.u32]);
                else
                        read_subscriber(&subs[ev[i].data.u32 - SENDERS]);
        }
}

static void read_pairs(const char *path)
{
        FILE *f = fopen(path, "r");

        if (!f)
                die(path);
        while (n_pairs < MAX_PAIRS &&
               fscanf(f, "%15s %63s %71s", pairs[n_pairs].package, pairs[n_pairs].dp, pairs[n_pairs].manifest) == 3) {
                int at = package_of(pairs[n_pairs].package, strlen(pairs[n_pairs].package));

                if (at < 0) {
                        at = n_packages++;
                        memcpy(packages[at].id, pairs[n_pairs].package, sizeof(packages[at].id));
                }
                pairs[n_pairs].package_no = at;
                pairs[n_pairs++].next_damage = 1;
        }
        fclose(f);
}

/* What is damaged is mended, so that the next run finds what this one found. */
static void mend_all(void)
{
        for (int i = 0; i < n_pairs; i++) {
                next_pair = i;
                if (pairs[i].next_damage)
                        continue;
                while (packages[pairs[i].package_no].busy || packages[pairs[i].package_no].owed || senders[0].package >= 0)
                        turn(1);
                (void)send_report(&senders[0]);
        }
        while (senders[0].package >= 0)
                turn(1);
}

static void run(double rate, double seconds)
{
        const int64_t start = now_us(), end = start + (int64_t)(seconds * 1e6);

        measuring = 1;
        for (int64_t now = start; now < end; now = now_us()) {
                const double due = (double)(now - start) / 1e6 * rate;

                for (int i = 0; i < SENDERS && (double)n_sent < due; i++)
                        if (senders[i].package < 0 && !send_report(&senders[i]))
                                break;
                if (mode == POLL)
                        poll_due(now);
                turn(rate > 0 ? 1 : 50);
        }
        measuring = 0;
}

static int by_value(const void *a, const void *b)
{
        const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return (x > y) - (x < y);
}

static double at_percent(double p)
{
        return n_samples ? samples[(size_t)(p * (double)(n_samples - 1))] / 1e3 : 0;
}

int main(int argc, char **argv)
{
        double rate, seconds, server, own;
        int pid;

        if (argc != 10) {
                fputs("usage: engine_load events|window|poll PORT SOCKET SERVER-PID SUBSCRIBERS RATE SECONDS PAIRS TARGET\n", stderr);
                return 2;
        }
        mode = strcmp(argv[1], "poll") == 0 ? POLL : strcmp(argv[1], "window") == 0 ? WINDOW : EVENTS;
        port = atoi(argv[2]);
        socket_path = argv[3];
        pid = atoi(argv[4]);
        n_subs = atoi(argv[5]);
        rate = atof(argv[6]);
        seconds = atof(argv[7]);
        read_pairs(argv[8]);
        target = argv[9];
        samples = calloc(MAX_SAMPLES, sizeof(*samples));
        subs = calloc((size_t)n_subs, sizeof(*subs));
        epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (!samples || !subs || epoll_fd < 0)
                die("start");
        for (int i = 0; i < SENDERS; i++)
                open_sender(&senders[i], (uint32_t)i);
        for (int i = 0; i < n_subs; i++) {
                subs[i].seen = calloc(MAX_PAIRS, sizeof(uint32_t));
                if (!subs[i].seen)
                        die("start");
                open_subscriber(&subs[i], SENDERS + (uint32_t)i);
                while (mode == POLL ? n_begun < i + 1 : n_begun + 50 < i)
                        turn(100);
        }
        while (n_begun < n_subs)
                turn(100);
        for (int i = 0; i < n_subs; i++)
                subs[i].due = now_us() + (int64_t)POLL_US * i / n_subs;
        server = server_cpu(pid);
        own = own_cpu();
        n_polls = n_events = 0;
        run(rate, seconds);
        server = server_cpu(pid) - server;
        own = own_cpu() - own;
        qsort(samples, n_samples, sizeof(*samples), by_value);
        printf("{\"sent\":%zu,\"answered\":%zu,\"events\":%zu,\"polls\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"server_cpu\":%.4f,"
               "\"client_cpu\":%.4f,\"seconds\":%.2f}\n", n_sent, n_answered, n_events, n_polls, at_percent(.5), at_percent(.99),
               server / seconds, own / seconds, seconds);
        fflush(stdout);
        mend_all();
        return 0;
}
