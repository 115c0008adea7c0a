/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpc_test_server - an RPC server for clients that are not ours
 *
 *      rpc_test_server [--address A] [--user U --password P] [--keytab FILE] [--handshake S] [--idle S] ...
 *
 * Prints "PORT=n" when it listens, and every logon as "LOGON ok|refused ACCOUNT DISPLAY".  Ends when its standard
 * input does.  Interfaces: IObjectExporter (for everybody), mgmt (PKT_INTEGRITY and above; opnum 99 echoes, 98 answers
 * a second later, 97 waits for a cancel).
 */
#include <getopt.h>
#include <stdio.h>
#include "gss/gss.h"
#include "ndr/ndr.h"
#include "os/os.h"
#include "rpc/mech.h"
#include "rpcd/rpcd.h"

static struct {
        const char *address, *user, *password, *keytab;
        struct gss_keys *keys;
        struct rpc_mech *ntlm, *kerberos, *spnego, *mechs[4];
        struct rpcd_limits limits;
        struct rpc_limits rpc_limits;
        struct loop *loop;
        struct rpc_server *server;
        unsigned failures;
} t = { .address = "127.0.0.1", .user = "admin", .password = "Passw0rd!" };

static void resolver(struct rpc_call *c, void *arg)
{
        const struct rpc_request *rq = rpc_call_request(c);
        struct buf b;
        struct ndr_out o;

        if (rq->opnum != 3 && rq->opnum != 5) {
                rpc_call_fault(c, RPC_S_OP_RANGE);
                return;
        }
        buf_init(&b, 0);
        o = ndr_out_to(&b);
        if (rq->opnum == 5) {                   /* ServerAlive2: COMVERSION, NULL bindings, reserved */
                ndr_out_u16(&o, 5);
                ndr_out_u16(&o, 7);
                ndr_out_ptr(&o, false);
                ndr_out_u32(&o, 0);
        }
        ndr_out_u32(&o, 0);
        rpc_call_reply(c, buf_str(&b));
        buf_fini(&b);
}

/* [C706] appendix Q: inq_if_ids */
static void list_interfaces(struct rpc_call *c)
{
        const struct rpc_interface *f;
        struct buf b;
        struct ndr_out o;
        uint32_t n = 0;

        while (rpc_server_interface(t.server, n))
                n++;
        buf_init(&b, 0);
        o = ndr_out_to(&b);
        ndr_out_ptr(&o, true);
        ndr_out_u32(&o, n);
        ndr_out_u32(&o, n);
        for (uint32_t i = 0; i < n; i++)
                ndr_out_ptr(&o, true);
        for (uint32_t i = 0; i < n; i++) {
                f = rpc_server_interface(t.server, i);
                ndr_out_uuid(&o, &f->uuid);
                ndr_out_u16(&o, f->major);
                ndr_out_u16(&o, f->minor);
        }
        ndr_out_u32(&o, 0);
        rpc_call_reply(c, buf_str(&b));
        buf_fini(&b);
}

struct later {
        struct rpc_call *call;
        struct loop_timer *timer;
};

static void answer_later(void *arg)
{
        struct later *l = arg;

        loop_timer_free(l->timer);
        rpc_call_reply(l->call, STR("late"));
        free(l);
}

static void put_off(struct rpc_call *c)
{
        struct later *l = calloc(1, sizeof(*l));

        if (!l || loop_timer_new(&l->timer, t.loop, answer_later, l) < 0)
                abort();
        l->call = c;
        loop_timer_start(l->timer, 1000, 0);
}

static void on_cancel(struct rpc_call *c, void *arg)
{
        printf("CANCELLED\n");
        rpc_call_fault(c, RPC_S_CALL_CANCELLED);
}

static void mgmt(struct rpc_call *c, void *arg)
{
        const struct rpc_request *rq = rpc_call_request(c);

        switch (rq->opnum) {
        case 0:
                list_interfaces(c);
                break;
        case 97:
                rpc_call_on_cancel(c, on_cancel, NULL);
                break;
        case 98:
                put_off(c);
                break;
        case 99:
                rpc_call_reply(c, rq->stub);
                break;
        default:
                rpc_call_fault(c, RPC_S_OP_RANGE);
        }
}

static const struct rpc_interface interfaces[] = {
        { .name = "IObjectExporter", .min_level = RPC_LEVEL_NONE, .call = resolver,
          .uuid = UUID_INIT(0x99fcfec4, 0x5260, 0x101b, 0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a) },
        { .name = "mgmt", .major = 1, .min_level = RPC_LEVEL_INTEGRITY, .call = mgmt,
          .uuid = UUID_INIT(0xafa8bd80, 0x7d8a, 0x11c9, 0xbe, 0xf4, 0x08, 0x00, 0x2b, 0x10, 0x29, 0x89) },
};

static int find(void *arg, struct str user, struct str domain, const char *peer, struct buf *account,
                uint8_t hash[NTLM_HASH_LEN], struct err *e)
{
        if (!str_eqz_nocase(user, t.user))
                return 1;
        buf_addz(account, t.user);
        ntlm_hash(str_of(t.password), hash);
        return 0;
}

static int find_principal(void *arg, struct str principal, const char *peer, struct buf *account, struct err *e)
{
        struct str name;

        (void)str_cut(principal, '@', &name);
        if (!str_eqz(name, t.user))
                return 1;
        buf_adds(account, name);
        return 0;
}

static void note(void *arg, struct str user, const char *peer, bool right)
{
        t.failures += !right;
}

static void logon(void *arg, const struct rpc_caller *who, const char *peer, const struct err *e)
{
        printf("LOGON %s %s %s %d %s\n", e ? "refused" : "ok", who->account ? who->account : "-",
               who->display ? who->display : "-", who->level, e ? e->text : "");
}

static void on_input(uv_poll_t *p, int status, int events)
{
        char c;

        if (read(0, &c, 1) <= 0)
                loop_stop(t.loop);
}

static int parse(int argc, char **argv)
{
        static const struct option options[] = {
                { "address", 1, NULL, 'a' },  { "user", 1, NULL, 'u' },     { "password", 1, NULL, 'p' },
                { "handshake", 1, NULL, 'h' }, { "fragment", 1, NULL, 'f' }, { "idle", 1, NULL, 'i' },
                { "keytab", 1, NULL, 'k' }, { "queued", 1, NULL, 'q' }, { "waiting", 1, NULL, 'w' },
                { "connections", 1, NULL, 'c' }, { "per-address", 1, NULL, 'n' }, { 0 },
        };

        for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                unsigned n = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;

                switch (o) {
                case 'a': t.address = optarg; break;
                case 'q': t.rpc_limits.max_queued = n; break;
                case 'k': t.keytab = optarg; break;
                case 'u': t.user = optarg; break;
                case 'p': t.password = optarg; break;
                case 'h': t.limits.handshake_s = n; break;
                case 'f': t.limits.fragment_s = n; break;
                case 'i': t.limits.idle_s = n; break;
                case 'c': t.limits.max_connections = n; break;
                case 'n': t.limits.max_per_address = n; break;
                case 'w': t.limits.max_waiting_mib = n; break;
                default: return 2;
                }
        }
        return 0;
}

static int make_mechs(struct err *e)
{
        static const struct ntlm_names names = { { "SITESRV", 7 }, { "SITESRV", 7 }, { "sitesrv", 7 }, { "sitesrv", 7 } };
        const struct rpc_logon_ops ops = { .ntlm = find, .note = note, .kerberos = find_principal };
        size_t n = 0;
        int r = rpc_mech_ntlm_new(&t.ntlm, &names, &ops);

        if (r == 0 && t.keytab)
                r = gss_keys_open(&t.keys, t.keytab, e);
        if (r == 0 && t.keytab)
                r = rpc_mech_kerberos_new(&t.kerberos, t.loop, t.keys, &ops);
        if (r == 0)
                r = rpc_mech_spnego_new(&t.spnego, t.kerberos, t.ntlm);
        t.mechs[n++] = t.ntlm;
        t.mechs[n++] = t.spnego;
        t.mechs[n++] = t.kerberos;
        return r;
}

int main(int argc, char **argv)
{
        const struct rpc_server_ops server_ops = { .logon = logon };
        struct rpcd *d;
        struct err e = { 0 };
        uint16_t port;
        uv_poll_t input;

        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        if (parse(argc, argv) != 0)
                return 2;
        if (loop_new(&t.loop) < 0 || make_mechs(&e) < 0 || rpc_server_new(&t.server, &t.rpc_limits, t.mechs, &server_ops) < 0 ||
            rpcd_new(&d, t.loop, t.server, &t.limits) < 0) {
                fprintf(stderr, "%s\n", e.text);
                return 1;
        }
        for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++)
                if (rpc_server_add(t.server, &interfaces[i], NULL, &e) < 0)
                        return 1;
        if (rpcd_listen(d, t.address, 0, &port, &e) < 0) {
                fprintf(stderr, "%s\n", e.text);
                return 1;
        }
        printf("PORT=%u\n", port);
        if (uv_poll_init(loop_uv(t.loop), &input, 0) < 0 || uv_poll_start(&input, UV_READABLE, on_input) < 0)
                return 1;
        loop_run(t.loop);
        rpcd_free(d);
        rpc_mech_kerberos_free(t.kerberos);
        loop_run_once(t.loop);
        loop_free(t.loop);
        rpc_server_free(t.server);
        rpc_mech_spnego_free(t.spnego);
        rpc_mech_ntlm_free(t.ntlm);
        gss_keys_free(t.keys);
        return 0;
}
