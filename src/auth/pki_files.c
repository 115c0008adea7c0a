/* SPDX-License-Identifier: Apache-2.0 */
/* A pair as two files, or as one. */
#include <fcntl.h>
#include "auth/pki_internal.h"
#include "base/buf.h"
#include "os/os.h"

enum { PAIR_FILE_MAX = 64 << 10 };

static int store_one(int dirfd, const char *name, const struct pki_pair *p, struct err *e)
{
        struct buf b;
        int r;

        buf_init(&b, PAIR_FILE_MAX);
        buf_addz(&b, p->key_pem);
        buf_addz(&b, p->cert_pem);
        r = b.failed ? err_set(e, ERR_NOMEM, "out of memory for %s", name) : os_write_file(dirfd, name, b.p, b.n, 0600, e);
        if (b.p)
                explicit_bzero(b.p, b.n);
        buf_fini(&b);
        return r;
}

int pki_store_pair(int dirfd, const char *cert_name, const char *key_name, const struct pki_pair *p, struct err *e)
{
        int r;

        if (strcmp(cert_name, key_name) == 0)
                return store_one(dirfd, cert_name, p, e);
        r = os_write_file(dirfd, key_name, p->key_pem, strlen(p->key_pem), 0600, e);
        if (r == 0)
                r = os_write_file(dirfd, cert_name, p->cert_pem, strlen(p->cert_pem), 0644, e);
        return r;
}

static bool is_there(int dirfd, const char *name)
{
        struct stat st;

        return os.fstatat(dirfd, name, &st, 0) == 0;
}

/* The first block of that kind, alone: a certificate's text must not carry the key that shares its file. */
static int load_cert(char **out, int dirfd, const char *name, struct err *e)
{
        _cleanup_(freep) char *text = NULL;
        _cleanup_(X509_freep) X509 *c = NULL;
        size_t n;
        int r = os_read_file(dirfd, name, PAIR_FILE_MAX, &text, &n, e);

        if (r < 0)
                return r;
        r = pki_read_cert(&c, (struct str){ text, n }, e);
        explicit_bzero(text, n);
        return r < 0 ? r : pki_write_cert(out, c, e);
}

static int load_key(char **out, int dirfd, const char *name, struct err *e)
{
        _cleanup_(freep) char *text = NULL;
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *k = NULL;
        size_t n;
        int r = os_read_file(dirfd, name, PAIR_FILE_MAX, &text, &n, e);

        if (r < 0)
                return r;
        r = pki_read_key(&k, (struct str){ text, n }, e);
        explicit_bzero(text, n);
        return r < 0 ? r : pki_write_key(out, k, e);
}

int pki_load_pair(struct pki_pair *out, int dirfd, const char *cert_name, const char *key_name, struct err *e)
{
        int r;

        *out = (struct pki_pair){ 0 };
        if (!is_there(dirfd, cert_name))
                return 1;
        r = load_cert(&out->cert_pem, dirfd, cert_name, e);
        if (r == 0)
                r = load_key(&out->key_pem, dirfd, key_name, e);
        if (r == 0)
                r = pki_match(out, e);
        if (r < 0) {
                pki_pair_fini(out);
                return err_prefix(e, "%s and %s", cert_name, key_name);
        }
        return 0;
}
