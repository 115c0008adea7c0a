/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login - IWbemLevel1Login and IWbemLoginClientID: from an account to a namespace
 *
 * Source: [MS-WMI] 3.1.4.1, 3.1.4.8.
 */
#include <stdio.h>
#include "os/os.h"
#include "wmi/private.h"

#define LOG "wmi"
enum { OP_ESTABLISH = 3, OP_CHALLENGE = 4, OP_WBEM_LOGIN = 5, OP_NTLM_LOGIN = 6, OP_CLIENT_INFO = 3 };

struct wmi_login {
        struct dcom_object object;      /* first */
        struct wmi *wmi;
};

static void login_free(struct dcom_object *o)
{
        free(container_of(o, struct wmi_login, object));
}

static const struct dcom_interface *const interfaces[] = { &wmi_login_interface, &wmi_client_id_interface };
static const struct dcom_class login_class = { interfaces, ARRAY_SIZE(interfaces), NULL, login_free };

uint32_t wmi_login_create(void *ctx, struct dcom_call *c, struct dcom_object **out)
{
        struct wmi_login *l = calloc(1, sizeof *l);

        if (!l || dcom_object_init(&l->object, &login_class, c) < 0) {
                free(l);
                return DCOM_E_OUTOFMEMORY;
        }
        l->wmi = ctx;
        *out = &l->object;
        return DCOM_S_OK;
}

uint32_t wmi_caller(const struct wmi *w, const struct dcom_call *c, struct provider_caller *out)
{
        const struct users *all = w->o.users ? *w->o.users : NULL;
        const char *account = c->rq->caller->account;
        const struct user *u = all && account ? users_find(all, str_of(account)) : NULL;

        if (!u)
                return (uint32_t)WBEM_E_ACCESS_DENIED;
        *out = (struct provider_caller){ .role = u->role };
        (void)snprintf(out->actor.who, sizeof out->actor.who, "%s", u->name);
        (void)snprintf(out->actor.from, sizeof out->actor.from, "%s", c->rq->peer);
        (void)snprintf(out->actor.wire, sizeof out->actor.wire, "dcom");
        return 0;
}

static void fail(struct dcom_call *c, struct wmi *w, struct wmi_failure *f)
{
        wmi_failure_tell(w, CIM_NS_ROOT, "NTLMLogin", f, c);
        dcom_interface_write(dcom_call_answer(c), STR_NULL);
        dcom_call_end_hresult(c, f->hr);
}

static void ntlm_login(struct dcom_call *c, struct wmi *w)
{
        struct str resource = wmi_take_wstr(c), locale = wmi_take_wstr(c);
        struct wmi_services *s = NULL;
        struct wmi_failure f = { 0 };
        struct provider_caller who;
        enum cim_namespace ns;

        (void)locale;
        (void)ndr_in_u32(&c->in);               /* flags: which of provider and repository; we have both in one */
        (void)dcom_interface_read(&c->in);      /* context */
        if (!ndr_in_ok(&c->in)) {
                dcom_call_fault(c, RPC_S_BAD_STUB_DATA);
                return;
        }
        wmi_failure_about(&f, resource);
        if (!resource.p)
                (void)wmi_fail(&f, (uint32_t)WBEM_E_INVALID_PARAMETER, "no namespace is named");
        else if (cim_namespace_find(resource, str_of(w->o.site_code), &ns) < 0)
                (void)wmi_fail(&f, (uint32_t)WBEM_E_INVALID_NAMESPACE, "there is no namespace %.*s: this site's is %s",
                               (int)MIN(resource.n, 100), resource.p, w->ns_names[CIM_NS_SITE]);
        else if (wmi_caller(w, c, &who))
                (void)wmi_fail(&f, (uint32_t)WBEM_E_ACCESS_DENIED, "%s has no account at this site", c->rq->caller->display);
        else if (wmi_services_new(&s, w, ns, c) < 0)
                (void)wmi_fail(&f, (uint32_t)WBEM_E_OUT_OF_MEMORY, "out of memory, or too many objects are in use");
        if (!s)
                fail(c, w, &f);
        else if (dcom_call_answer_object(c, &s->object, &wmi_iid_services) < 0)
                dcom_call_fault(c, RPC_S_OUT_OF_MEMORY);
        else
                dcom_call_end_hresult(c, WBEM_NO_ERROR);
}

static void call_login(struct dcom_call *c)
{
        struct wmi *w = container_of(c->object, struct wmi_login, object)->wmi;

        switch (c->opnum) {
        case OP_ESTABLISH:
                ndr_out_u32(dcom_call_answer(c), 0);    /* locale */
                dcom_call_end_hresult(c, DCOM_E_NOTIMPL);
                return;
        case OP_CHALLENGE:
        case OP_WBEM_LOGIN:
                dcom_call_answer(c);
                if (c->opnum == OP_WBEM_LOGIN)
                        dcom_interface_write(dcom_call_answer(c), STR_NULL);
                dcom_call_end_hresult(c, DCOM_E_NOTIMPL);
                return;
        case OP_NTLM_LOGIN:
                ntlm_login(c, w);
                return;
        default:
                dcom_call_fault(c, RPC_S_OP_RANGE);
        }
}
const struct dcom_interface wmi_login_interface = { &wmi_iid_level1_login, "IWbemLevel1Login", call_login };

static void call_client_id(struct dcom_call *c)
{
        struct str machine = wmi_take_wstr(c);
        uint32_t pid = ndr_in_u32(&c->in);

        if (c->opnum != OP_CLIENT_INFO || !ndr_in_ok(&c->in)) {
                dcom_call_fault(c, c->opnum != OP_CLIENT_INFO ? RPC_S_OP_RANGE : RPC_S_BAD_STUB_DATA);
                return;
        }
        log_debug(LOG, "%s at %s: process %u of %.*s", c->rq->caller->account, c->rq->peer, pid, (int)MIN(machine.n, 80),
                  machine.p ? machine.p : "");
        dcom_call_end_hresult(c, WBEM_NO_ERROR);
}
const struct dcom_interface wmi_client_id_interface = { &wmi_iid_login_client_id, "IWbemLoginClientID", call_client_id };
