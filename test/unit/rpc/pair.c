/* SPDX-License-Identifier: Apache-2.0 */
/* Server and client in one process. */
#include <assert.h>
#include <stdio.h>
#include "pair.h"

const struct uuid pair_echo = UUID_INIT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
const struct uuid pair_open = UUID_INIT(2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

static void cancelled(struct rpc_call *c, void *arg)
{
        struct pair *p = arg;

        p->n_cancelled++;
}

static void answer(struct rpc_call *c, void *arg)
{
        struct pair *p = arg;
        const struct rpc_request *rq = rpc_call_request(c);

        (void)snprintf(p->account, sizeof(p->account), "%s", rq->caller->account ? rq->caller->account : "");
        (void)snprintf(p->display, sizeof(p->display), "%s", rq->caller->display ? rq->caller->display : "");
        switch (rq->opnum) {
        case 0:
                rpc_call_reply(c, rq->stub);
                break;
        case 1:
                assert(p->n_kept < ARRAY_SIZE(p->kept));
                p->kept[p->n_kept++] = c;
                rpc_call_on_cancel(c, cancelled, p);
                break;
        case 3:                         /* the object the call was made on */
                rpc_call_reply(c, rq->has_object ? (struct str){ (const char *)rq->object.b, 16 } : STR("none"));
                break;
        default:
                rpc_call_fault(c, 0x1234);
        }
}

static int find(void *arg, struct str user, struct str domain, const char *peer, struct buf *account,
                uint8_t hash[NTLM_HASH_LEN], struct err *e)
{
        if (!str_eqz_nocase(user, "admin"))
                return 1;
        buf_addz(account, "admin");
        ntlm_hash(STR("secret"), hash);
        return 0;
}

static void note(void *arg, struct str user, const char *peer, bool right)
{
        ((struct pair *)arg)->n_notes_wrong += !right;
}

static void logon(void *arg, const struct rpc_caller *who, const char *peer, const struct err *e)
{
        struct pair *p = arg;

        p->n_logons += !e;
        p->n_refused += e != NULL;
}

static void wake(void *arg)
{
}

static const struct rpc_interface interfaces[] = {
        { .name = "echo", .uuid = UUID_INIT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), .major = 1, .n_ops = 10,
          .min_level = RPC_LEVEL_INTEGRITY, .call = answer },
        { .name = "open", .uuid = UUID_INIT(2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), .major = 1,
          .min_level = RPC_LEVEL_NONE, .call = answer },
};

void pair_init(struct pair *p, const struct rpc_limits *limits, enum rpc_level level, const char *user, const char *password)
{
        static const struct ntlm_names names = { { "S", 1 }, { "S", 1 }, { "s", 1 }, { "s", 1 } };
        struct rpc_credentials credentials = { .user = str_of(user), .domain = STR("D") };
        const struct rpc_addresses at = { "192.0.2.1", "192.0.2.2", 135 };
        const struct rpc_conn_ops conn_ops = { .wake = wake };
        struct rpc_client_opts opts = { .level = level, .wake = wake, .max_calls = 100 };
        const struct rpc_logon_ops logon_ops = { .ntlm = find, .note = note, .arg = p };
        const struct rpc_server_ops ops = { .logon = logon, .arg = p };
        struct err e = { 0 };
        int r;

        memset(p, 0, sizeof(*p));
        buf_init(&p->text, 0);
        r = rpc_mech_ntlm_new(&p->ntlm, &names, &logon_ops);
        p->mechs[0] = p->ntlm;
        r = r == 0 ? rpc_server_new(&p->server, limits, p->mechs, &ops) : r;
        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(interfaces); i++)
                r = rpc_server_add(p->server, &interfaces[i], p, &e);
        r = r == 0 ? rpc_conn_new(&p->conn, p->server, &at, &conn_ops) : r;
        if (password) {
                ntlm_hash(str_of(password), credentials.nt_hash);
                opts.credentials = &credentials;
        }
        r = r == 0 ? rpc_client_new(&p->client, &opts) : r;
        assert(r == 0);
        (void)r;
}

void pair_fini(struct pair *p)
{
        rpc_client_free(p->client);
        rpc_conn_free(p->conn);
        for (unsigned i = 0; i < p->n_kept; i++)
                if (p->kept[i])
                        rpc_call_reply(p->kept[i], STR("too late"));
        rpc_server_free(p->server);
        rpc_mech_ntlm_free(p->ntlm);
        buf_fini(&p->text);
}

/* From one end's output to the other's input, through a copy of exactly that size. */
static bool move(struct str s, size_t chunk, void (*input)(void *to, struct str), void *to)
{
        char *copy;

        s.n = MIN(s.n, chunk);
        if (s.n == 0)
                return false;
        copy = str_dup(s);
        assert(copy);
        input(to, (struct str){ copy, s.n });
        free(copy);
        return true;
}

static void to_server(void *to, struct str s)
{
        struct pair *p = to;

        rpc_client_taken(p->client, s.n);
        rpc_conn_input(p->conn, s);
}

static void to_client(void *to, struct str s)
{
        struct pair *p = to;

        rpc_conn_taken(p->conn, s.n);
        rpc_client_input(p->client, s);
}

void pair_run(struct pair *p, size_t chunk)
{
        bool more = true;

        while (more) {
                more = p->client && move(rpc_client_output(p->client), chunk, to_server, p);
                more |= p->client && move(rpc_conn_output(p->conn), chunk, to_client, p);
        }
}

static void done(void *arg, const struct rpc_result *r)
{
        struct pair *p = arg;

        p->n_results++;
        p->last = *r;
        buf_reset(&p->text);
        buf_adds(&p->text, r->stub);
        p->last.stub = buf_str(&p->text);
}

void pair_call(struct pair *p, const struct uuid *iface, const struct uuid *object, uint16_t opnum, struct str stub)
{
        int r = rpc_client_call(p->client, iface, 1, 0, object, opnum, stub, done, p);

        assert(r == 0);
        (void)r;
}
