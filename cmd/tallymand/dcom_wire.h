/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * dcom_wire - the DCOM wire: authentication, RPC, object exporter, WMI, listeners
 *
 * Where port 135 cannot be had, the site runs without this wire and says why.
 */
#include "accounts.h"
#include "conf/settings.h"
#include "event/subscription.h"
#include "loop/loop.h"
#include "provider/provider.h"

struct dcom_wire;
struct dcom_wire_opts {
        struct loop *loop;
        const struct conf_site *cfg;
        struct provider *provider;
        struct event_engine *engine;
        struct accounts *accounts;
};
MUST int dcom_wire_new(struct dcom_wire **out, const struct dcom_wire_opts *o, struct err *e);
void dcom_wire_stop(struct dcom_wire *w);       /* asynchronous calls are ended; NULL is harmless */
void dcom_wire_close(struct dcom_wire *w);      /* connections, objects, subscriptions go; NULL is harmless */
void dcom_wire_free(struct dcom_wire *w);       /* after the database's jobs; NULL is harmless */
