/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smart - IWbemWCOSmartEnum: rows in one packet, each class sent once a proxy
 *
 * Source: [MS-WMI] 3.1.4.7, 2.2.14.
 */
#include "os/os.h"
#include "wmi/take.h"

enum { OP_NEXT = 3, PROXIES_MAX = 64 };

struct proxy {
        struct list link;
        struct uuid id;                 /* the client's */
        struct wmio_sent sent;
};
struct wmi_smart {
        struct dcom_object object;      /* first */
        struct wmi_enum *e;             /* a reference of ours */
        struct list proxies;
        size_t n;
};

static struct proxy *proxy_of(struct wmi_smart *s, const struct uuid *id)
{
        uint8_t random[16];
        struct list *l, *tmp;
        struct proxy *p;

        list_for_each(l, &s->proxies, tmp) {
                p = list_entry(l, struct proxy, link);
                if (uuid_eq(&p->id, id))
                        return p;
        }
        p = s->n < PROXIES_MAX ? calloc(1, sizeof *p) : NULL;
        if (!p)
                return NULL;
        p->id = *id;
        os_random(random, sizeof random);
        wmio_sent_init(&p->sent, random);
        list_push_back(&s->proxies, &p->link);
        s->n++;
        return p;
}

static void left(struct dcom_object *o)
{
        wmi_enum_left(container_of(o, struct wmi_smart, object)->e);
}

static void smart_free(struct dcom_object *o)
{
        struct wmi_smart *s = container_of(o, struct wmi_smart, object);
        struct list *l;

        while ((l = list_pop_front(&s->proxies))) {
                struct proxy *p = list_entry(l, struct proxy, link);

                wmio_sent_fini(&p->sent);
                free(p);
        }
        dcom_object_unref(&s->e->object);
        free(s);
}

static const struct dcom_interface *const interfaces[] = { &wmi_smart_interface };
static const struct dcom_class smart_class = { interfaces, ARRAY_SIZE(interfaces), left, smart_free };

void wmi_smart_get(struct dcom_call *c, struct wmi_enum *e)
{
        struct wmi_smart *s = calloc(1, sizeof *s);

        if (!s || dcom_object_init(&s->object, &smart_class, c) < 0) {
                free(s);
                dcom_interface_write(dcom_call_answer(c), STR_NULL);
                dcom_call_end_hresult(c, (uint32_t)WBEM_E_OUT_OF_MEMORY);
                return;
        }
        list_init(&s->proxies);
        s->e = e;
        (void)dcom_object_ref(&e->object);
        e->clients++;
        if (dcom_call_answer_object(c, &s->object, &wmi_iid_smart_enum) < 0)
                dcom_call_fault(c, RPC_S_OUT_OF_MEMORY);
        else
                dcom_call_end_hresult(c, WBEM_NO_ERROR);
}

static void call_smart(struct dcom_call *c)
{
        struct wmi_smart *s = container_of(c->object, struct wmi_smart, object);
        struct wmi_take t = { .e = s->e, .kind = WMI_TAKE_SMART, .call = c };
        struct uuid id = ndr_in_uuid(&c->in);
        struct proxy *p;

        t.timeout_ms = ndr_in_u32(&c->in);
        t.want = ndr_in_u32(&c->in);
        if (c->opnum != OP_NEXT || !ndr_in_ok(&c->in)) {
                dcom_call_fault(c, c->opnum != OP_NEXT ? RPC_S_OP_RANGE : RPC_S_BAD_STUB_DATA);
                return;
        }
        p = proxy_of(s, &id);
        if (!p || t.want == 0) {
                buf_init(&t.out, 0);
                wmi_take_answer(&t, p ? WBEM_S_FALSE : (uint32_t)WBEM_E_OUT_OF_MEMORY, NULL);
                return;
        }
        t.sent = &p->sent;
        wmi_take_begin(s->e, &t);
}
const struct dcom_interface wmi_smart_interface = { &wmi_iid_smart_enum, "IWbemWCOSmartEnum", call_smart };
