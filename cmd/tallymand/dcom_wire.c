/* SPDX-License-Identifier: Apache-2.0 */
#include "dcom_wire.h"
#include <stdio.h>
#include "dcom/dcom.h"
#include "gss/gss.h"
#include "ntlm/ntlm.h"
#include "os/os.h"
#include "rpcd/rpcd.h"
#include "wmi/wmi.h"

#define LOG "dcom"
enum { HOST = 256, PASSWORD_FILE_MAX = 1024, DEFAULT_ADDRESSES = 2 };

struct dcom_wire {
        struct dcom_wire_opts o;
        struct rpc_server_ops audit;    /* of accounts */
        struct gss_keys *keys;                  /* NULL: no Kerberos */
        struct rpc_mech *ntlm, *kerberos, *spnego, *mechs[4];
        struct rpc_server *rpc;
        struct wmi *wmi;
        struct dcom *dcom;
        struct rpcd *rpcd;
        char host[HOST], short_host[HOST];      /* this machine's name, and its first label in capitals */
        const char *bindings[DEFAULT_ADDRESSES + 1];
        char *sink_user, *sink_domain;
        struct rpc_credentials sink;
        bool has_sink;
};

static void on_logon(void *arg, const struct rpc_caller *caller, const char *peer, const struct err *e)
{
        struct dcom_wire *w = arg;

        w->audit.logon(w->audit.arg, caller, peer, e);
}

static void on_closed(void *arg, uint64_t connection)
{
        struct dcom_wire *w = arg;

        if (w->dcom)
                dcom_connection_closed(w->dcom, connection);
}

/* ---- construction ---- */

static void name_host(struct dcom_wire *w)
{
        struct str label;

        if (gethostname(w->host, sizeof w->host - 1) < 0 || !w->host[0])
                (void)snprintf(w->host, sizeof w->host, "localhost");
        (void)str_cut(str_of(w->host), '.', &label);
        (void)snprintf(w->short_host, sizeof w->short_host, "%.*s", STR_ARG(label));
        for (char *z = w->short_host; *z; z++)
                *z = (char)(*z >= 'a' && *z <= 'z' ? *z - 32 : *z);
}

static int make_rpc(struct dcom_wire *w, struct err *e)
{
        struct ntlm_names names = { .netbios_computer = str_of(w->short_host), .netbios_domain = str_of(w->short_host),
                                    .dns_computer = str_of(w->host), .dns_domain = str_of(w->host) };
        struct rpc_logon_ops logon = accounts_logon_ops(w->o.accounts);
        struct rpc_server_ops ops = { .logon = on_logon, .closed = on_closed, .arg = w };
        int r = w->o.cfg->dcom_keytab[0] ? gss_keys_open(&w->keys, w->o.cfg->dcom_keytab, e) : 0;

        if (r < 0)
                return err_prefix(e, "dcom_keytab");
        r = rpc_mech_ntlm_new(&w->ntlm, &names, &logon);
        if (r == 0 && w->keys)
                r = rpc_mech_kerberos_new(&w->kerberos, w->o.loop, w->keys, &logon);
        if (r == 0)
                r = rpc_mech_spnego_new(&w->spnego, w->kerberos, w->ntlm);
        w->audit = accounts_server_ops(w->o.accounts);
        w->mechs[0] = w->ntlm;
        w->mechs[1] = w->spnego;
        w->mechs[2] = w->kerberos;
        if (r == 0)
                r = rpc_server_new(&w->rpc, NULL, w->mechs, &ops);
        return r < 0 ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

/* DOMAIN\user and the file with its password. */
static int read_sink_account(struct dcom_wire *w, struct err *e)
{
        const struct conf_site *c = w->o.cfg;
        struct str user = str_of(c->dcom_sink_user), domain = STR(""), rest;
        char *text = NULL;
        size_t n;
        int r;

        if (!user.n)
                return 0;
        rest = str_cut(user, '\\', &domain);
        if (rest.p)
                user = rest;
        else
                domain = STR("");
        r = os_read_file(AT_FDCWD, c->dcom_sink_password_file, PASSWORD_FILE_MAX, &text, &n, e);
        if (r < 0)
                return err_prefix(e, "dcom_sink_password_file");
        ntlm_hash(str_trim((struct str){ text, n }), w->sink.nt_hash);
        explicit_bzero(text, n);
        free(text);
        w->sink_user = str_dup(user);
        w->sink_domain = str_dup(domain);
        if (!w->sink_user || !w->sink_domain)
                return err_set(e, ERR_NOMEM, "out of memory");
        w->sink.user = str_of(w->sink_user);
        w->sink.domain = str_of(w->sink_domain);
        w->has_sink = true;
        return 0;
}

static int make_wmi(struct dcom_wire *w, struct err *e)
{
        const struct conf_site *c = w->o.cfg;
        struct wmi_opts o = {
                .loop = w->o.loop, .provider = w->o.provider, .events = w->o.engine, .users = accounts_list(w->o.accounts),
                .site_code = c->site_code, .server = w->short_host, .sink_account = w->has_sink ? &w->sink : NULL,
                .sink_from = c->address.n == 1 && strcmp(c->address.items[0], "0.0.0.0") != 0 &&
                                     strcmp(c->address.items[0], "::") != 0 ? c->address.items[0] : NULL,
        };

        return wmi_new(&w->wmi, &o, e);
}

static int make_dcom(struct dcom_wire *w, struct err *e)
{
        static const uint16_t authn[] = { RPC_AUTH_NTLM, RPC_AUTH_SPNEGO, RPC_AUTH_KERBEROS };
        const struct conf_site *c = w->o.cfg;
        struct dcom_opts o = {
                .loop = w->o.loop, .rpc = w->rpc, .authn = authn, .n_authn = w->keys ? ARRAY_SIZE(authn) : 1,
                .resolver_port = (uint16_t)c->dcom_resolver_port, .port = (uint16_t)c->dcom_port,
                .ping_timeout_us = c->dcom_ping_timeout_s * US_PER_SECOND,
                .bindings = (const char *const *)c->dcom_bindings.items, .n_bindings = c->dcom_bindings.n,
        };

        if (!o.n_bindings) {
                w->bindings[0] = "*";
                w->bindings[1] = w->host;
                o.bindings = w->bindings;
                o.n_bindings = DEFAULT_ADDRESSES;
        }
        o.factories = wmi_factories(w->wmi, &o.n_factories);
        o.interfaces = wmi_interfaces(&o.n_interfaces);
        return dcom_new(&w->dcom, &o, e);
}

static int listen_on(struct dcom_wire *w, const char *address, struct err *e)
{
        const struct conf_site *c = w->o.cfg;
        int r = rpcd_listen(w->rpcd, address, (uint16_t)c->dcom_resolver_port, NULL, e);

        if (r == 0)
                r = rpcd_listen(w->rpcd, address, (uint16_t)c->dcom_port, NULL, e);
        if (r == 0)
                log_info(LOG, "listening on %s ports %d and %d", address, (int)c->dcom_resolver_port, (int)c->dcom_port);
        return r;
}

static void make_listeners(struct dcom_wire *w)
{
        const struct conf_list *l = &w->o.cfg->address;
        struct err e = { 0 };
        int r = rpcd_new(&w->rpcd, w->o.loop, w->rpc, NULL);

        for (size_t i = 0; r == 0 && i < l->n; i++)
                r = listen_on(w, l->items[i], &e);
        if (r == 0)
                return;
        log_warn(LOG, "WMI clients are not served: %s", e.kind ? e.text : "out of memory");
        rpcd_free(w->rpcd);
        w->rpcd = NULL;
}

int dcom_wire_new(struct dcom_wire **out, const struct dcom_wire_opts *o, struct err *e)
{
        struct dcom_wire *w;
        int r;

        if (!o->cfg->dcom)
                return 0;
        w = calloc(1, sizeof *w);
        if (!w)
                return err_set(e, ERR_NOMEM, "out of memory");
        w->o = *o;
        name_host(w);
        r = read_sink_account(w, e);
        if (r == 0)
                r = make_rpc(w, e);
        if (r == 0)
                r = make_wmi(w, e);
        if (r == 0)
                r = make_dcom(w, e);
        if (r < 0) {
                dcom_wire_close(w);
                dcom_wire_free(w);
                return r;
        }
        make_listeners(w);
        *out = w;
        return 0;
}

void dcom_wire_stop(struct dcom_wire *w)
{
        if (w)
                wmi_stop(w->wmi);
}

void dcom_wire_close(struct dcom_wire *w)
{
        if (!w)
                return;
        rpcd_free(w->rpcd);
        w->rpcd = NULL;
        rpc_mech_kerberos_free(w->kerberos);    /* what it had in hand comes home while the loop is drained */
        w->kerberos = NULL;
        w->mechs[2] = NULL;
        dcom_free(w->dcom);
        w->dcom = NULL;
        if (w->wmi)
                wmi_close(w->wmi);
}

void dcom_wire_free(struct dcom_wire *w)
{
        if (!w)
                return;
        wmi_free(w->wmi);
        rpc_server_free(w->rpc);
        rpc_mech_spnego_free(w->spnego);
        rpc_mech_ntlm_free(w->ntlm);
        gss_keys_free(w->keys);
        free(w->sink_user);
        free(w->sink_domain);
        explicit_bzero(&w->sink, sizeof w->sink);
        free(w);
}
