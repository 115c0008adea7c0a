/* SPDX-License-Identifier: Apache-2.0 */
/* wmi_client - from an address to IWbemServices */
#include "lib/wmi_client.h"

#include <errno.h>
#include <stdlib.h>
#include "base/arena.h"
#include "dcom/ids.h"
#include "os/os.h"
#include "wmi/args.h"
#include "wmi/ids.h"

enum { RESOLVER_PORT = 135, DIAL_MS = 60000, OP_REMOTE_ACTIVATION = 0, OP_NTLM_LOGIN = 6, OP_EXEC_QUERY = 20,
       OP_EXEC_NOTIFICATION_QUERY = 22, OP_NEXT = 4, OP_GET_SMART = 3, OP_SMART_NEXT = 3, OP_QUERY_INTERFACE = 3,
       FLAGS = 0x30, RPC_C_IMP_LEVEL_IMPERSONATE = 3, MODE_GET_CLASS_OBJECT = 0, STUB_MAX = 16 << 20 };

struct line {                           /* an rpc_client with its socket */
        struct rpc_client *rpc;
        struct rpcd_dialled *dialled;
};
struct wmi_client {
        struct wmi_client_opts o;
        struct line activation, objects;
        struct loop_soon *hang_up;      /* of the activation, for its own callbacks may not */
        struct uuid ipid_login, ipid_rem_unknown, ipid_services, causality;
        struct buf stub;
};
struct call {
        struct wmi_client *client;
        wmi_client_done *done;
        void *arg;
};

static void line_close(struct line *l)
{
        rpcd_hang_up(l->dialled);
        rpc_client_free(l->rpc);
        *l = (struct line){ NULL, NULL };
}

static int line_open(struct wmi_client *c, struct line *l, uint16_t port)
{
        struct rpc_client_opts o = { .level = c->o.level, .credentials = &c->o.account, .max_stub = STUB_MAX, .max_calls = 64 };
        int r = rpc_client_new(&l->rpc, &o);

        if (r == 0)
                r = rpcd_dial(&l->dialled, c->o.loop, c->o.host, port, c->o.local, l->rpc, DIAL_MS);
        return r;
}

/* ---- calls ---- */

struct ndr_out wmi_client_begin(struct wmi_client *c)
{
        struct ndr_out o;

        buf_reset(&c->stub);
        o = ndr_out_to(&c->stub);
        dcom_this_write(&o, &c->causality);
        return o;
}

static void answered(void *arg, const struct rpc_result *r)
{
        struct call call = *(struct call *)arg;
        struct wmi_client_answer a = { .why = r->kind == RPC_RESULT_OK ? NULL : r->why, .in = ndr_in_of(r->stub) };

        free(arg);
        if (!a.why) {
                dcom_that_read(&a.in);
                if (r->stub.n < 4 || !ndr_in_ok(&a.in))
                        a.why = "the answer is broken";
                else
                        a.hr = get_le32(r->stub.p + r->stub.n - 4);
        }
        if (r->kind != RPC_RESULT_CANCELLED)
                call.done(call.arg, call.client, &a);
}

static int send_on(struct wmi_client *c, struct line *l, const struct uuid *iid, const struct uuid *ipid, uint16_t opnum,
                   wmi_client_done *done, void *arg)
{
        struct call *call = malloc(sizeof *call);
        int r;

        if (!call)
                return -ENOMEM;
        *call = (struct call){ c, done, arg };
        r = c->stub.failed ? -ENOMEM : rpc_client_call(l->rpc, iid, 0, 0, ipid, opnum, buf_str(&c->stub), answered, call);
        if (r < 0)
                free(call);
        return r;
}

int wmi_client_send(struct wmi_client *c, const struct uuid *iid, const struct uuid *ipid, uint16_t opnum,
                    wmi_client_done *done, void *arg)
{
        return send_on(c, &c->objects, iid, ipid, opnum, done, arg);
}

/* ---- login ---- */

static void logged_in(void *arg, struct wmi_client *c, const struct wmi_client_answer *a)
{
        const char *why = a->why;

        (void)arg;
        if (!why && (a->hr || wmi_client_take_interface(a, &c->ipid_services) < 0))
                why = "NTLMLogin failed";
        c->o.ready(c->o.arg, c, why);
}

static int login(struct wmi_client *c, uint16_t port)
{
        struct ndr_out o;
        int r = line_open(c, &c->objects, port);

        if (r < 0)
                return r;
        o = wmi_client_begin(c);
        ndr_out_ptr(&o, true);
        ndr_out_wstring(&o, str_of(c->o.ns));
        ndr_out_ptr(&o, false);         /* locale */
        ndr_out_u32(&o, 0);
        ndr_out_u32(&o, 0);             /* context */
        return wmi_client_send(c, &wmi_iid_level1_login, &c->ipid_login, OP_NTLM_LOGIN, logged_in, NULL);
}

/* A DUALSTRINGARRAY among parameters: the port of its first TCP binding; 0: it has none. */
static uint16_t take_port(struct ndr_in *in)
{
        struct dcom_dualstring *d;
        struct arena a;
        struct cursor cur;
        struct str host;
        uint16_t port = 0;

        if (!ndr_in_ptr(in))
                return 0;
        (void)ndr_in_count(in, 2, DCOM_DUALSTRING_WORDS_MAX);
        arena_init(&a, 1 << 20);
        d = arena_alloc(&a, sizeof *d);
        cur = cursor_of(in->p + in->at, ndr_in_left(in));
        if (d && ndr_in_ok(in)) {
                dcom_dualstring_read(&cur, &a, d);
                in->at = (size_t)(cur.p - in->p);
                if (cur.bad || !d->n_strings || dcom_address_split(d->strings[0].address, 0, &host, &port) < 0)
                        port = 0;
        }
        arena_fini(&a);
        return port;
}

static int take_ipid(struct str objref, struct uuid *out)
{
        struct dcom_objref *ref;
        struct arena a;
        int r = -EINVAL;

        arena_init(&a, 1 << 20);
        ref = arena_alloc(&a, sizeof *ref);
        if (ref && objref.p && dcom_objref_read(objref, &a, ref) == 0 && ref->kind == DCOM_OBJREF_STANDARD) {
                *out = ref->std.ipid;
                r = 0;
        }
        arena_fini(&a);
        return r;
}

static void activated(void *arg, struct wmi_client *c, const struct wmi_client_answer *a)
{
        struct ndr_in in = a->in;
        const char *why = a->why;
        uint16_t port = 0;

        (void)arg;
        if (!why) {
                (void)ndr_in_u64(&in);
                port = take_port(&in);
                c->ipid_rem_unknown = ndr_in_uuid(&in);
                (void)ndr_in_u32(&in);          /* hint of authentication */
                (void)ndr_in_u32(&in);          /* version */
                (void)ndr_in_u32(&in);          /* HRESULT of all */
                (void)ndr_in_count(&in, 4, 1);
                if (!port || take_ipid(dcom_interface_read(&in), &c->ipid_login) < 0 || !ndr_in_ok(&in))
                        why = "the activation was refused";
        }
        if (!why && login(c, port) < 0)
                why = "the object port cannot be dialled";
        loop_soon_ask(c->hang_up);
        if (why)
                c->o.ready(c->o.arg, c, why);
}

static void on_hang_up(void *arg)
{
        line_close(&((struct wmi_client *)arg)->activation);
}

static int activate(struct wmi_client *c)
{
        struct ndr_out o;
        int r = line_open(c, &c->activation, RESOLVER_PORT);

        if (r < 0)
                return r;
        o = wmi_client_begin(c);
        ndr_out_uuid(&o, &wmi_clsid_level1_login);
        ndr_out_ptr(&o, false);                 /* object name */
        ndr_out_ptr(&o, false);                 /* object storage */
        ndr_out_u32(&o, RPC_C_IMP_LEVEL_IMPERSONATE);
        ndr_out_u32(&o, MODE_GET_CLASS_OBJECT);
        ndr_out_u32(&o, 1);
        ndr_out_ptr(&o, true);
        ndr_out_u32(&o, 1);
        ndr_out_uuid(&o, &wmi_iid_level1_login);
        ndr_out_u16(&o, 1);
        ndr_out_u32(&o, 1);
        ndr_out_u16(&o, DCOM_TOWER_TCP);
        return send_on(c, &c->activation, &dcom_if_activation, NULL, OP_REMOTE_ACTIVATION, activated, NULL);
}

int wmi_client_new(struct wmi_client **out, const struct wmi_client_opts *o)
{
        struct wmi_client *c = calloc(1, sizeof *c);
        int r;

        if (!c)
                return -ENOMEM;
        c->o = *o;
        buf_init(&c->stub, 1 << 20);
        os_random(&c->causality, sizeof c->causality);
        r = loop_soon_new(&c->hang_up, o->loop, on_hang_up, c);
        if (r == 0)
                r = activate(c);
        if (r < 0)
                wmi_client_free(c);
        else
                *out = c;
        return r;
}

void wmi_client_free(struct wmi_client *c)
{
        if (!c)
                return;
        loop_soon_free(c->hang_up);
        line_close(&c->activation);
        line_close(&c->objects);
        buf_fini(&c->stub);
        free(c);
}

const struct uuid *wmi_client_services(const struct wmi_client *c)
{
        return &c->ipid_services;
}

/* ---- methods ---- */

int wmi_client_query(struct wmi_client *c, bool of_events, const char *text, wmi_client_done *done, void *arg)
{
        struct ndr_out o = wmi_client_begin(c);

        wmi_add_bstr(&o, STR("WQL"));
        wmi_add_bstr(&o, str_of(text));
        ndr_out_u32(&o, FLAGS);
        ndr_out_u32(&o, 0);
        return wmi_client_send(c, &wmi_iid_services, &c->ipid_services,
                               of_events ? OP_EXEC_NOTIFICATION_QUERY : OP_EXEC_QUERY, done, arg);
}

int wmi_client_next(struct wmi_client *c, const struct uuid *ipid, uint32_t timeout_ms, uint32_t n, wmi_client_done *done,
                    void *arg)
{
        struct ndr_out o = wmi_client_begin(c);

        ndr_out_u32(&o, timeout_ms);
        ndr_out_u32(&o, n);
        return wmi_client_send(c, &wmi_iid_enum, ipid, OP_NEXT, done, arg);
}

int wmi_client_fetch_smart(struct wmi_client *c, const struct uuid *ipid, wmi_client_done *done, void *arg)
{
        (void)wmi_client_begin(c);
        return wmi_client_send(c, &wmi_iid_fetch_smart_enum, ipid, OP_GET_SMART, done, arg);
}

int wmi_client_smart_next(struct wmi_client *c, const struct uuid *ipid, uint32_t timeout_ms, uint32_t n,
                          wmi_client_done *done, void *arg)
{
        struct ndr_out o = wmi_client_begin(c);

        ndr_out_uuid(&o, &c->causality);        /* the proxy's id */
        ndr_out_u32(&o, timeout_ms);
        ndr_out_u32(&o, n);
        return wmi_client_send(c, &wmi_iid_smart_enum, ipid, OP_SMART_NEXT, done, arg);
}

int wmi_client_interface(struct wmi_client *c, const struct uuid *ipid, const struct uuid *iid, wmi_client_done *done,
                         void *arg)
{
        struct ndr_out o = wmi_client_begin(c);

        ndr_out_uuid(&o, ipid);
        ndr_out_u32(&o, 1);
        ndr_out_u16(&o, 1);
        ndr_out_u32(&o, 1);
        ndr_out_uuid(&o, iid);
        return wmi_client_send(c, &dcom_iid_rem_unknown, &c->ipid_rem_unknown, OP_QUERY_INTERFACE, done, arg);
}

/* ---- answers ---- */

int wmi_client_take_interface(const struct wmi_client_answer *a, struct uuid *ipid_out)
{
        struct ndr_in in = a->in;

        return take_ipid(dcom_interface_read(&in), ipid_out);
}

/* REMQIRESULT: an HRESULT and a STDOBJREF, at a multiple of 8; [MS-DCOM] 2.2.24. */
int wmi_client_take_queried(const struct wmi_client_answer *a, struct uuid *ipid_out)
{
        struct ndr_in in = a->in;

        if (!ndr_in_ptr(&in))
                return -EINVAL;
        (void)ndr_in_count(&in, 48, 1);
        ndr_in_align(&in, 8);
        if (ndr_in_u32(&in))
                return -EINVAL;
        ndr_in_align(&in, 8);
        (void)ndr_in_u64(&in);                  /* flags, references */
        (void)ndr_in_u64(&in);
        (void)ndr_in_u64(&in);
        *ipid_out = ndr_in_uuid(&in);
        return ndr_in_ok(&in) ? 0 : -EINVAL;
}

uint32_t wmi_client_objects(struct ndr_in *in)
{
        uint32_t n;

        (void)ndr_in_u32(in);
        (void)ndr_in_u32(in);
        n = ndr_in_count(in, 4, UINT32_MAX);
        for (uint32_t i = 0; i < n; i++)
                if (!ndr_in_ptr(in))
                        in->bad = true;
        return ndr_in_ok(in) ? n : 0;
}

struct str wmi_client_packet(struct ndr_in *in, uint32_t *n_out)
{
        uint32_t size;

        *n_out = ndr_in_u32(in);
        size = ndr_in_u32(in);
        return ndr_in_ptr(in) ? ndr_in_octets(in, size, STUB_MAX) : STR_NULL;
}
