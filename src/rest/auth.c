/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth - who asks
 *
 * The local socket's peer is known to the kernel.  Over TLS it is HTTP Basic;
 * what the gate has not seen lately is verified on a worker, since argon2id
 * takes longer than the loop may stand still.
 */
#include <pwd.h>
#include <stdio.h>
#include "rest/private.h"

static void copy_text(char *out, size_t cap, struct str s)
{
        (void)snprintf(out, cap, "%.*s", STR_ARG(s));
}

static void proceed(struct rest_call *c, const char *name, enum user_role role, const char *wire)
{
        struct actor *a = &c->q.caller.actor;

        c->q.caller.role = role;
        copy_text(a->who, sizeof a->who, str_of(name));
        copy_text(a->from, sizeof a->from, str_of(c->rq->peer->address));
        copy_text(a->wire, sizeof a->wire, str_of(wire));
        c->go(c);
}

/* ---- local socket ---- */

static void local_peer(struct rest_call *c)
{
        uid_t uid = c->rq->peer->uid;
        struct passwd pw, *found = NULL;
        struct err e = { 0 };
        char space[4096], name[64];

        if (getpwuid_r(uid, &pw, space, sizeof space, &found) == 0 && found)
                copy_text(name, sizeof name, str_of(found->pw_name));
        else
                (void)snprintf(name, sizeof name, "uid %u", (unsigned)uid);
        if (uid == 0 || uid == c->rest->o.own_uid) {
                proceed(c, name, USER_ADMINISTRATOR, "unix");
                return;
        }
        (void)err_set(&e, ERR_DENIED, "%s is neither root nor the user the site runs as: use https with an account", name);
        rest_call_fail(c, &e);
}

/* ---- accounts ---- */

static void refuse(struct rest_call *c, const char *text)
{
        struct str body = http_error_body(&c->q.arena, ERR_DENIED, str_of(text));

        http_reply_header(c->x, "WWW-Authenticate", "Basic realm=\"Tallyman\", charset=\"UTF-8\"");
        http_reply(c->x, 401, "application/json", body.p ? body : STR("{}"));
        rest_call_end(c);
}

static const struct user *account(struct rest_call *c)
{
        const struct users *u = c->rest->o.users ? *c->rest->o.users : NULL;

        return u ? users_find(u, str_of(c->name)) : NULL;
}

/* "10.0.0.7:40112" without its port. */
static struct str address_of(const struct http_peer *p)
{
        const char *colon = strrchr(p->address, ':');

        return colon ? (struct str){ p->address, (size_t)(colon - p->address) } : str_of(p->address);
}

static void welcome(struct rest_call *c, const struct user *u)
{
        c->secret = STR_NULL;
        explicit_bzero(c->password, sizeof c->password);
        proceed(c, u->name, u->role, "rest");
}

static void verify_work(struct job *j)
{
        struct rest_call *c = container_of(j, struct rest_call, job);

        c->right = users_verify(c->hash[0] ? c->hash : NULL, c->secret);
}

static void tell(const struct rest_call *c)
{
        struct str at = address_of(c->rq->peer);
        char address[64];

        (void)snprintf(address, sizeof(address), "%.*s", STR_ARG(at));
        if (c->rest->o.logon)
                c->rest->o.logon(c->rest->o.ctx, c->name, address, c->right);
}

static void verify_done(struct job *j)
{
        struct rest_call *c = container_of(j, struct rest_call, job);
        const struct user *u = account(c);

        if (c->right && (!u || strcmp(u->hash, c->hash) != 0))
                c->right = false;               /* the account changed while we looked */
        gate_note(c->rest->gate, u, str_of(c->name), c->secret, address_of(c->rq->peer), c->right);
        tell(c);
        if (c->right)
                welcome(c, u);
        else
                refuse(c, "wrong user name or password");
}

static void check_account(struct rest_call *c)
{
        const struct user *u = account(c);
        struct err e = { 0 };
        unsigned wait_s = 0;

        switch (gate_recall(c->rest->gate, u, str_of(c->name), c->secret, address_of(c->rq->peer), &wait_s)) {
        case GATE_RIGHT:
                welcome(c, u);
                return;
        case GATE_WAIT:
                (void)err_set(&e, ERR_QUOTA, "too many wrong passwords for %s: wait %u s", c->name, wait_s);
                rest_call_fail(c, &e);
                return;
        default:
                copy_text(c->hash, sizeof c->hash, u ? str_of(u->hash) : STR(""));
                c->job = (struct job){ .work = verify_work, .done = verify_done };
                workers_submit(c->rest->workers, &c->job);
        }
}

void rest_authenticate(struct rest_call *c)
{
        struct err e = { 0 };
        struct str name;
        int r;

        if (c->rq->peer->kind == HTTP_PEER_UNIX) {
                local_peer(c);
                return;
        }
        if (c->rq->peer->kind != HTTP_PEER_TLS) {
                (void)err_set(&e, ERR_DENIED, "passwords do not travel in the clear: use https");
                rest_call_fail(c, &e);
                return;
        }
        r = basic_parse(http_header(c->x, "Authorization"), c->password, &name, &c->secret);
        if (r != 0 || name.n > USER_NAME_MAX) {
                refuse(c, r < 0 ? "the Authorization header cannot be read" : "name a user and password (HTTP Basic)");
                return;
        }
        copy_text(c->name, sizeof c->name, name);
        check_account(c);
}
