/* SPDX-License-Identifier: Apache-2.0 */
/* wmi - what all parts share, from beginning to end */
#include "dcom/remote.h"
#include "wmi/private.h"

#include <stdio.h>

static const struct dcom_interface *const interfaces[] = {
        &wmi_login_interface, &wmi_client_id_interface, &wmi_services_interface, &wmi_enum_interface, &wmi_fetch_interface,
        &wmi_smart_interface, &wmi_result_interface,
};

const struct dcom_interface *const *wmi_interfaces(size_t *n_out)
{
        *n_out = ARRAY_SIZE(interfaces);
        return interfaces;
}

const struct dcom_factory *wmi_factories(const struct wmi *w, size_t *n_out)
{
        *n_out = 1;
        return &w->factory;
}

/* Those that were woken when this turn began; who wakes during it waits for the next. */
static void tell_ready(void *arg)
{
        struct wmi *w = arg;
        struct list now = LIST_INIT(now), *l;

        while ((l = list_pop_front(&w->woken)))
                list_push_back(&now, l);
        while ((l = list_pop_front(&now))) {
                struct wmi_source *s = list_entry(l, struct wmi_source, woken);

                if (s->ready)
                        s->ready(s->arg);
        }
}

static void name_decorations(struct wmi *w)
{
        (void)snprintf(w->server, sizeof w->server, "%s", w->o.server);
        for (int i = 0; i < CIM_NS_MAX_; i++) {
                w->decorations[i].server = str_of(w->server);
                w->decorations[i].ns = cim_namespace_name((enum cim_namespace)i, str_of(w->o.site_code), w->ns_names[i]);
        }
}

int wmi_new(struct wmi **out, const struct wmi_opts *o, struct err *e)
{
        struct dcom_remotes_opts ro = { .loop = o->loop, .account = o->sink_account, .from = o->sink_from,
                                        .timeout_s = o->sink_timeout_s };
        struct wmi *w = calloc(1, sizeof *w);
        int r;

        if (!w)
                return err_set(e, ERR_NOMEM, "out of memory");
        w->o = *o;
        list_init(&w->woken);
        list_init(&w->sinks);
        w->factory = (struct dcom_factory){ .clsid = wmi_clsid_level1_login, .create = wmi_login_create, .ctx = w };
        name_decorations(w);
        r = wmio_images_new(&w->images, e);
        if (r == 0 && loop_soon_new(&w->soon, o->loop, tell_ready, w) < 0)
                r = err_set(e, ERR_NOMEM, "out of memory");
        if (r == 0)
                r = dcom_remotes_new(&w->remotes, &ro, e);
        if (r < 0) {
                wmi_free(w);
                return r;
        }
        *out = w;
        return 0;
}

void wmi_close(struct wmi *w)
{
        wmi_sinks_free(w);
}

void wmi_free(struct wmi *w)
{
        if (!w)
                return;
        wmi_sinks_free(w);
        dcom_remotes_free(w->remotes);
        loop_soon_free(w->soon);
        wmio_images_free(w->images);
        free(w);
}

size_t wmi_async_calls(const struct wmi *w)
{
        return w->n_sinks;
}
