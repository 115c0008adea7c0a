/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts.h"
#include <stdio.h>
#include "base/time.h"
#include "model/user.h"
#include "os/os.h"

#define LOG "accounts"
enum { RECENT = 64, ROW_EVERY_S = 60, ROWS_WAITING_MAX = 100 };

/* A logon that was audited lately: those like it are counted, not written. */
struct recent {
        char key[200];
        int64_t written_us;
        unsigned more;
};
struct accounts {
        struct db *db;
        struct users *list, slots[2];
        struct gate *gate;
        struct db_job read;
        struct users incoming;
        bool reading, again;
        struct recent recent[RECENT];
        unsigned rows_waiting;
};
struct row {
        struct db_job job;
        struct accounts *accounts;
        struct actor actor;
        const char *verb;
        char object[512];
};

int accounts_new(struct accounts **out, struct db *db, struct users *first, struct err *e)
{
        struct accounts *a = calloc(1, sizeof(*a));

        *out = a;
        if (a)
                a->gate = gate_new();
        if (!a || !a->gate) {
                accounts_free(a);
                *out = NULL;
                return err_set(e, ERR_NOMEM, "out of memory for the accounts");
        }
        a->db = db;
        a->slots[0] = *first;
        *first = (struct users){ 0 };
        a->list = &a->slots[0];
        return 0;
}

void accounts_free(struct accounts *a)
{
        if (!a)
                return;
        users_fini(&a->slots[0]);
        users_fini(&a->slots[1]);
        gate_free(a->gate);
        free(a);
}

struct users *const *accounts_list(struct accounts *a)
{
        return &a->list;
}

/* ---- read again ---- */

static int read_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        return model_users_load(c, &container_of(j, struct accounts, read)->incoming, e);
}

static void read_done(struct db_job *j)
{
        struct accounts *a = container_of(j, struct accounts, read);
        struct users *other = a->list == &a->slots[0] ? &a->slots[1] : &a->slots[0];

        a->reading = false;
        if (j->r < 0) {
                log_error(LOG, "cannot read the accounts, those known before stay: %s", j->err.text);
        } else {
                *other = a->incoming;
                users_fini(a->list);
                a->list = other;
        }
        if (a->again)
                accounts_changed(a);
}

void accounts_changed(struct accounts *a)
{
        a->again = a->reading;
        if (a->reading)
                return;
        a->reading = true;
        a->read = (struct db_job){ .work = read_work, .done = read_done };
        db_read(a->db, &a->read);
}

/* ---- audit ---- */

static int row_work(struct db_job *j, struct db_conn *c, struct err *e)
{
        struct row *row = container_of(j, struct row, job);
        struct tx t;

        tx_begin(&t, c, &row->actor);
        tx_audit(&t, row->verb, "%s", row->object);
        return tx_end(&t, e);
}

static void row_done(struct db_job *j)
{
        struct row *row = container_of(j, struct row, job);

        if (j->r < 0)
                log_warn(LOG, "a logon could not be written into the audit: %s", j->err.text);
        row->accounts->rows_waiting--;
        free(row);
}

/* How many like it were passed over when one is due to be written, or -1: this one is passed over. */
static int due(struct accounts *a, const char *key)
{
        struct recent *oldest = &a->recent[0], *r = NULL;
        int64_t now = os_mono_us();
        int more;

        for (size_t i = 0; i < RECENT && !r; i++) {
                if (strcmp(a->recent[i].key, key) == 0)
                        r = &a->recent[i];
                if (a->recent[i].written_us < oldest->written_us)
                        oldest = &a->recent[i];
        }
        if (r && now - r->written_us < ROW_EVERY_S * US_PER_SECOND) {
                r->more++;
                return -1;
        }
        if (!r) {
                r = oldest;
                r->more = 0;
                (void)snprintf(r->key, sizeof(r->key), "%s", key);
        }
        more = (int)r->more;
        r->more = 0;
        r->written_us = now;
        return more;
}

static void audit(struct accounts *a, const char *wire, const char *who, const char *peer, bool right, const char *text)
{
        struct row *row;
        char key[200];
        int more;

        (void)snprintf(key, sizeof(key), "%d %s %s %s", right, wire, peer, who);
        more = a->rows_waiting < ROWS_WAITING_MAX ? due(a, key) : -1;
        row = more < 0 ? NULL : calloc(1, sizeof(*row));
        if (!row)
                return;
        row->job = (struct db_job){ .work = row_work, .done = row_done };
        row->accounts = a;
        row->verb = right ? "logon" : "logon refused";
        (void)snprintf(row->actor.who, sizeof(row->actor.who), "%s", who);
        (void)snprintf(row->actor.from, sizeof(row->actor.from), "%s", peer);
        (void)snprintf(row->actor.wire, sizeof(row->actor.wire), "%s", wire);
        if (more > 0)
                (void)snprintf(row->object, sizeof(row->object), "%s (and %d more like it)", text, more);
        else
                (void)snprintf(row->object, sizeof(row->object), "%s", text);
        a->rows_waiting++;
        db_write(a->db, &row->job);
}

static void on_logon(void *arg, const struct rpc_caller *caller, const char *peer, const struct err *e)
{
        const char *who = caller->account ? caller->account : caller->display ? caller->display : "somebody";

        audit(arg, "dcom", who, peer, !e, e ? e->text : caller->display ? caller->display : "");
}

void accounts_note_logon(struct accounts *a, const char *wire, const char *name, const char *address, bool right)
{
        audit(a, wire, name, address, right, right ? "" : "wrong user name or password");
}

struct rpc_server_ops accounts_server_ops(struct accounts *a)
{
        return (struct rpc_server_ops){ .logon = on_logon, .arg = a };
}

/* ---- RPC's questions ---- */

static int find(struct accounts *a, struct str user, const char *peer, struct buf *account_out, const struct user **out,
                struct err *e)
{
        unsigned wait_s = gate_wait_s(a->gate, user, str_of(peer));

        *out = NULL;
        if (wait_s > 0)
                return err_set(e, ERR_QUOTA, "too many wrong passwords: wait %u s", wait_s);
        *out = users_find(a->list, user);
        if (*out)
                buf_addz(account_out, (*out)->name);
        return 0;
}

static int on_ntlm(void *arg, struct str user, struct str domain, const char *peer, struct buf *account_out,
                   uint8_t nt_hash_out[NTLM_HASH_LEN], struct err *e)
{
        const struct user *u;
        int r = find(arg, user, peer, account_out, &u, e);

        if (r < 0)
                return r;
        if (!u || !u->ntlm)
                return 1;
        memcpy(nt_hash_out, u->nt_hash, NTLM_HASH_LEN);
        return 0;
}

static void on_note(void *arg, struct str user, const char *peer, bool right)
{
        struct accounts *a = arg;

        gate_count(a->gate, user, str_of(peer), right);
}

static int on_kerberos(void *arg, struct str principal, const char *peer, struct buf *account_out, struct err *e)
{
        struct str name;
        const struct user *u;
        int r;

        (void)str_cut(principal, '@', &name);
        r = find(arg, name, peer, account_out, &u, e);
        return r < 0 ? r : u ? 0 : 1;
}

struct rpc_logon_ops accounts_logon_ops(struct accounts *a)
{
        return (struct rpc_logon_ops){ .ntlm = on_ntlm, .note = on_note, .kerberos = on_kerberos, .arg = a };
}
