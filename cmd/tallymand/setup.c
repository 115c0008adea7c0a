/* SPDX-License-Identifier: Apache-2.0 */
#include "setup.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include "model/model.h"
#include "model/sql_site.h"
#include "model/user.h"
#include "os/os.h"

enum { RENEW_BEFORE_DAYS = 30, MAX_NAMES = 40, LOCK_TRIES = 60, LOCK_TRY_US = 50000 };
#define LOG "tallymand"

static int lock(struct setup *s, const char *dir, struct err *e)
{
        s->lockfd = os.openat(s->dirfd, "tallymand.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (s->lockfd < 0)
                return err_sys(e, errno, "open %s/tallymand.lock", dir);
        /* One that was just killed may hold it until the last of its threads comes back from the disk. */
        for (int i = 0; flock(s->lockfd, LOCK_EX | LOCK_NB) != 0; i++) {
                if (errno != EWOULDBLOCK || i == LOCK_TRIES)
                        goto fail;
                (void)usleep(LOCK_TRY_US);
        }
        return 0;
fail:
        if (errno == EWOULDBLOCK)
                return err_set(e, ERR_CONFLICT, "another tallymand runs on %s; stop that one first", dir);
        return err_sys(e, errno, "lock %s/tallymand.lock", dir);
}

static int open_dir(struct setup *s, const char *dir, struct err *e)
{
        int r = os_mkdir_p(dir, 0750, e);

        if (r < 0)
                return r;
        s->dirfd = os.openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        return s->dirfd < 0 ? err_sys(e, errno, "open %s", dir) : 0;
}

/* ---- certificates ---- */

struct names {
        const char *v[MAX_NAMES + 1];
        size_t n;
        char host[256];
};

static void add_name(struct names *n, const char *name)
{
        for (size_t i = 0; i < n->n; i++)
                if (strcmp(n->v[i], name) == 0)
                        return;
        if (n->n < MAX_NAMES)
                n->v[n->n++] = name;
}

static void collect_names(struct names *n, const struct conf_site *cfg)
{
        *n = (struct names){ .n = 0 };
        for (size_t i = 0; i < cfg->server_name.n; i++)
                add_name(n, cfg->server_name.items[i]);
        if (cfg->server_name.n)
                return;
        if (gethostname(n->host, sizeof(n->host) - 1) == 0 && n->host[0])
                add_name(n, n->host);
        add_name(n, "localhost");
        for (size_t i = 0; i < cfg->address.n; i++)
                if (strcmp(cfg->address.items[i], "0.0.0.0") != 0 && strcmp(cfg->address.items[i], "::") != 0)
                        add_name(n, cfg->address.items[i]);
        add_name(n, "127.0.0.1");
        add_name(n, "::1");
}

static int make_ca(struct setup *s, int tls, const struct conf_site *cfg, struct err *e)
{
        char cn[64];
        int r = pki_load_pair(&s->ca, tls, "ca.pem", "ca.key", e);

        if (r <= 0)
                return r;
        snprintf(cn, sizeof(cn), "Tallyman site %s", cfg->site_code);
        r = pki_make_ca(&s->ca, cn, e);
        if (r >= 0)
                r = pki_store_pair(tls, "ca.pem", "ca.key", &s->ca, e);
        if (r >= 0)
                log_info(LOG, "made the certificate authority of site %s", cfg->site_code);
        return r;
}

static bool still_good(const struct pki_pair *p, const struct buf *names, const char *old_names)
{
        int64_t from, until;
        struct err e = { 0 };

        return pki_match(p, &e) == 0 && pki_validity_pem(str_of(p->cert_pem), &from, &until, &e) == 0 &&
               until - os_now_us() > RENEW_BEFORE_DAYS * 86400 * US_PER_SECOND &&
               str_eqz(buf_str(names), old_names);
}

static int make_server(struct setup *s, int tls, const struct conf_site *cfg, struct err *e)
{
        _cleanup_(freep) char *old = NULL;
        struct err none = { 0 };
        struct names n;
        struct buf list;
        size_t len;
        int r;

        collect_names(&n, cfg);
        buf_init(&list, 0);
        for (size_t i = 0; i < n.n; i++)
                buf_printf(&list, "%s\n", n.v[i]);
        r = pki_load_pair(&s->server, tls, "server.pem", "server.key", e);
        if (r == 0 && os_read_file(tls, "server.names", 64 << 10, &old, &len, &none) == 0 &&
            still_good(&s->server, &list, old))
                goto out;
        if (r < 0)
                goto out;
        pki_pair_fini(&s->server);
        r = pki_issue_server(&s->server, &s->ca, n.v, e);
        if (r >= 0)
                r = pki_store_pair(tls, "server.pem", "server.key", &s->server, e);
        if (r >= 0)
                r = os_write_file(tls, "server.names", list.p, list.n, 0644, e);
        if (r >= 0)
                log_info(LOG, "made the server's certificate for %s and %zu more names", n.v[0], n.n - 1);
out:
        buf_fini(&list);
        return r;
}

static int make_certificates(struct setup *s, const struct conf_site *cfg, struct err *e)
{
        _cleanup_(closep) int tls = -1;
        int r;

        if (os.mkdirat(s->dirfd, "tls", 0750) < 0 && errno != EEXIST)
                return err_sys(e, errno, "make %s/tls", cfg->data_dir);
        tls = os.openat(s->dirfd, "tls", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (tls < 0)
                return err_sys(e, errno, "open %s/tls", cfg->data_dir);
        r = make_ca(s, tls, cfg, e);
        return r < 0 ? r : make_server(s, tls, cfg, e);
}

/* ---- database ---- */

static int in_transaction(struct db_conn *c, int (*fn)(struct tx *t, const void *arg, struct err *e), const void *arg,
                          struct err *e)
{
        struct actor who = { "tallymand", "", "internal" };
        struct tx t;
        int r = db_begin(c, e);

        if (r < 0)
                return r;
        tx_begin(&t, c, &who);
        r = fn(&t, arg, e);
        if (r < 0)
                tx_abort(&t);
        else
                r = tx_end(&t, e);
        if (r >= 0)
                r = db_commit(c, e);
        if (r < 0)
                db_rollback(c);
        return r;
}

static int init_rows(struct tx *t, const void *arg, struct err *e)
{
        return model_init(t, arg, e);
}

static int init_site(struct db_conn *c, const struct conf_site *cfg, struct err *e)
{
        struct model_site_opts o = { .site_code = cfg->site_code, .site_name = cfg->site_name, .install_dir = cfg->data_dir };
        char host[256] = "localhost";

        (void)gethostname(host, sizeof(host) - 1);
        o.server_name = cfg->server_name.n ? cfg->server_name.items[0] : host;
        return in_transaction(c, init_rows, &o, e);
}

/* NT hashes are in it: for the service alone.  SQLite gives its other files the same rights. */
static int keep_private(struct setup *s, struct err *e)
{
        _cleanup_(closep) int fd = os.openat(s->dirfd, "site.db", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0 || os.fchmodat(s->dirfd, "site.db", 0600, 0) < 0)
                return err_sys(e, errno, "make %s", s->database);
        return 0;
}

static int make_database(struct setup *s, const struct conf_site *cfg, struct err *e)
{
        _cleanup_(db_conn_closep) struct db_conn *c = NULL;
        int r;

        s->database = str_printf("%s/site.db", cfg->data_dir);
        s->library = str_printf("%s/library", cfg->data_dir);
        if (!s->database || !s->library)
                return err_set(e, ERR_NOMEM, "out of memory");
        r = keep_private(s, e);
        if (r >= 0)
                r = db_conn_open(&c, s->database, &sql_site, DB_WRITER | DB_FULL_SYNC, e);
        if (r >= 0)
                r = init_site(c, cfg, e);
        return r < 0 ? err_prefix(e, "site database %s", s->database) : 0;
}

/* ---- the first administrator ---- */

static int add_user(struct tx *t, const void *arg, struct err *e)
{
        return model_user_create(t, arg, e);
}

static int make_admin(struct setup *s, struct db_conn *c, const struct conf_site *cfg, struct err *e)
{
        char password[21], line[24];
        struct user u = { 0 };
        int r;

        users_make_password(password);
        r = user_make(&u, STR("admin"), USER_ADMINISTRATOR, str_of(password), e);
        snprintf(line, sizeof(line), "%s\n", password);
        /* The password first: an account whose password nobody has would be of no use. */
        if (r >= 0)
                r = os_write_file(s->dirfd, "admin.password", line, strlen(line), 0600, e);
        if (r >= 0)
                r = in_transaction(c, add_user, &u, e);
        explicit_bzero(password, sizeof(password));
        explicit_bzero(line, sizeof(line));
        if (r >= 0)
                log_info(LOG, "made the user admin; its password is in %s/admin.password", cfg->data_dir);
        return r;
}

static int load_users(struct setup *s, const struct conf_site *cfg, struct err *e)
{
        _cleanup_(db_conn_closep) struct db_conn *c = NULL;
        int r = db_conn_open(&c, s->database, &sql_site, DB_WRITER | DB_FULL_SYNC, e);

        if (r >= 0)
                r = model_users_load(c, &s->users, e);
        if (r < 0 || s->users.n)
                return r;
        r = make_admin(s, c, cfg, e);
        return r < 0 ? r : model_users_load(c, &s->users, e);
}

int setup_prepare(struct setup *s, const struct conf_site *cfg, struct err *e)
{
        int r;

        *s = (struct setup){ .dirfd = -1, .lockfd = -1 };
        r = open_dir(s, cfg->data_dir, e);
        if (r >= 0)
                r = lock(s, cfg->data_dir, e);
        if (r >= 0)
                r = make_database(s, cfg, e);
        if (r >= 0)
                r = make_certificates(s, cfg, e);
        if (r >= 0)
                r = load_users(s, cfg, e);
        return r;
}

void setup_fini(struct setup *s)
{
        pki_pair_fini(&s->ca);
        pki_pair_fini(&s->server);
        users_fini(&s->users);
        free(s->library);
        free(s->database);
        closep(&s->lockfd);
        closep(&s->dirfd);
}
