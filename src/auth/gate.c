/* SPDX-License-Identifier: Apache-2.0 */
/* What stands before the accounts on a wire: memory of right answers, patience with wrong ones. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include "auth/token.h"
#include "auth/users.h"
#include "base/buf.h"
#include "base/time.h"
#include "os/os.h"

enum {
        TAG = 32,
        FORGET_S = 900,                         /* failures older than this do not count */
        KNOWN_S = 86400,                        /* an address a name was right from */
        MANY_FREE_TRIES = 10 * GATE_FREE_TRIES,         /* of one address whatever the name, and the other way round */
};

struct seen {                           /* the last GATE_SLOTS of something */
        struct {
                uint8_t tag[TAG];
                int64_t until_us;
        } v[GATE_SLOTS];
        unsigned next;
};

struct failures {
        uint8_t tag[TAG];
        unsigned n;
        int64_t last_us, wait_until_us;
};

struct gate {
        uint8_t key[TAG];
        struct seen right;                      /* accounts and passwords */
        struct seen known;                      /* names and addresses */
        struct failures failures[GATE_FAIL_SLOTS];
};

struct gate *gate_new(void)
{
        struct gate *g = calloc(1, sizeof(*g));

        if (g)
                os_random(g->key, sizeof(g->key));
        return g;
}

void gate_free(struct gate *g)
{
        if (g)
                explicit_bzero(g, sizeof(*g));
        free(g);
}

/* Keyed digest of a kind and three texts, each with its length, so that no two triples run together. */
static bool tag_of(const struct gate *g, char kind, struct str a, struct str b, struct str c, uint8_t out[TAG])
{
        char text[3 * (8 + 320) + 1];
        const struct str all[] = { a, b, c };
        size_t n = 0;
        unsigned len = TAG;
        bool ok;

        text[n++] = kind;
        for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
                if (all[i].n > 320)
                        return false;
                put_le64(text + n, all[i].n);
                n += 8;
                for (size_t k = 0; k < all[i].n; k++, n++)
                        text[n] = all[i].p[k];
        }
        ok = HMAC(EVP_sha256(), g->key, sizeof(g->key), (const unsigned char *)text, n, out, &len) != NULL;
        explicit_bzero(text, n);
        return ok;
}

static bool pair_tag(const struct gate *g, const struct user *u, struct str password, uint8_t out[TAG])
{
        return tag_of(g, 'p', str_of(u->name), str_of(u->hash), password, out);
}

static bool fail_tag(const struct gate *g, struct str name, struct str address, uint8_t out[TAG])
{
        char low[USER_NAME_MAX];
        size_t n = MIN(name.n, sizeof(low));

        for (size_t i = 0; i < n; i++)
                low[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
        return tag_of(g, 'f', (struct str){ low, n }, address, STR(""), out);
}

static int64_t *find_seen(struct seen *s, const uint8_t tag[TAG])
{
        int64_t now = os_mono_us();

        for (size_t i = 0; i < GATE_SLOTS; i++)
                if (s->v[i].until_us > now && secret_eq(s->v[i].tag, tag, TAG))
                        return &s->v[i].until_us;
        return NULL;
}

static void remember(struct seen *s, const uint8_t tag[TAG], int64_t seconds)
{
        int64_t *until_us = find_seen(s, tag);
        unsigned at;

        if (!until_us) {
                at = s->next++ % GATE_SLOTS;
                memcpy(s->v[at].tag, tag, TAG);
                until_us = &s->v[at].until_us;
        }
        *until_us = os_mono_us() + seconds * US_PER_SECOND;
}

/* The counter of a tag, or NULL; with make, a free one or the one that failed longest ago. */
static struct failures *find_failures(struct gate *g, const uint8_t tag[TAG], bool make)
{
        int64_t now = os_mono_us();
        struct failures *oldest = &g->failures[0];

        for (size_t i = 0; i < GATE_FAIL_SLOTS; i++) {
                struct failures *f = &g->failures[i];

                if (f->n > 0 && now - f->last_us > FORGET_S * US_PER_SECOND)
                        f->n = 0;
                if (f->n > 0 && memcmp(f->tag, tag, TAG) == 0)
                        return f;
                if (oldest->n > 0 && (f->n == 0 || f->last_us < oldest->last_us))
                        oldest = f;
        }
        if (!make)
                return NULL;
        memset(oldest, 0, sizeof(*oldest));
        memcpy(oldest->tag, tag, TAG);
        return oldest;
}

static unsigned wait_of(struct gate *g, struct str name, struct str address)
{
        uint8_t tag[TAG];
        struct failures *f = fail_tag(g, name, address, tag) ? find_failures(g, tag, false) : NULL;
        int64_t left_us = f ? f->wait_until_us - os_mono_us() : 0;

        return left_us > 0 ? (unsigned)((left_us + US_PER_SECOND - 1) / US_PER_SECOND) : 0;
}

static void count_failure(struct gate *g, struct str name, struct str address, unsigned free_tries)
{
        uint8_t tag[TAG];
        struct failures *f;
        unsigned over;

        if (!fail_tag(g, name, address, tag))
                return;
        f = find_failures(g, tag, true);
        f->n++;
        f->last_us = os_mono_us();
        over = f->n > free_tries ? f->n - free_tries : 0;
        if (over > 0)
                f->wait_until_us = f->last_us + MIN(INT64_C(1) << MIN(over, 20U), (int64_t)GATE_WAIT_MAX_S) * US_PER_SECOND;
}

static void forget_failures(struct gate *g, struct str name, struct str address)
{
        uint8_t tag[TAG];
        struct failures *f = fail_tag(g, name, address, tag) ? find_failures(g, tag, false) : NULL;

        if (f)
                f->n = 0;
}

/* Somebody guesses a name from elsewhere: who is right from here need not wait for that. */
static bool is_known(struct gate *g, struct str name, struct str address)
{
        uint8_t tag[TAG];

        return fail_tag(g, name, address, tag) && find_seen(&g->known, tag);
}

unsigned gate_wait_s(struct gate *g, struct str name, struct str address)
{
        unsigned pair = wait_of(g, name, address), of_address = wait_of(g, STR(""), address);
        unsigned of_name = is_known(g, name, address) ? 0 : wait_of(g, name, STR(""));

        return MAX(pair, MAX(of_address, of_name));
}

void gate_count(struct gate *g, struct str name, struct str address, bool right)
{
        uint8_t tag[TAG];

        if (right) {
                forget_failures(g, name, address);
                if (fail_tag(g, name, address, tag))
                        remember(&g->known, tag, KNOWN_S);
                return;
        }
        count_failure(g, name, address, GATE_FREE_TRIES);
        count_failure(g, STR(""), address, MANY_FREE_TRIES);
        if (name.n > 0)
                count_failure(g, name, STR(""), MANY_FREE_TRIES);
}

int gate_recall(struct gate *g, const struct user *user, struct str name, struct str password, struct str address,
                unsigned *wait_s_out)
{
        uint8_t tag[TAG];

        *wait_s_out = 0;
        if (user && pair_tag(g, user, password, tag) && find_seen(&g->right, tag))
                return GATE_RIGHT;
        *wait_s_out = gate_wait_s(g, name, address);
        return *wait_s_out > 0 ? GATE_WAIT : GATE_UNKNOWN;
}

void gate_note(struct gate *g, const struct user *user, struct str name, struct str password, struct str address,
               bool right)
{
        uint8_t tag[TAG];

        if (right && user) {
                if (pair_tag(g, user, password, tag))
                        remember(&g->right, tag, GATE_REMEMBER_S);
                gate_count(g, name, address, true);
        } else {
                gate_count(g, name, address, false);
        }
}

int gate_check(struct gate *g, const struct users *u, struct str name, struct str password, struct str address,
               const struct user **user_out, struct err *e)
{
        const struct user *user = users_find(u, name);
        unsigned wait = 0;
        int r = gate_recall(g, user, name, password, address, &wait);

        *user_out = NULL;
        if (r == GATE_WAIT)
                return err_set(e, ERR_QUOTA, "too many failed logons: try again in %u s", wait);
        if (r == GATE_UNKNOWN) {
                bool right = users_verify(user ? user->hash : NULL, password);

                gate_note(g, user, name, password, address, right);
                if (!right)
                        return err_set(e, ERR_DENIED, "wrong user name or password");
        }
        *user_out = user;
        return 0;
}
