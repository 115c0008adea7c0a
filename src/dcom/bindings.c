/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bindings - under which names and addresses clients are told to find us
 *
 * Clients take them in order, and a wrong first one costs the time of a failed
 * connection; so what is told, and in which order, is the administrator's, and
 * "*" stands for the address this client has just reached us by.
 */
#include "dcom/private.h"

enum { RESOLVER_PORT = 135 };

static bool add(const char *name, uint16_t port, struct arena *a, struct dcom_dualstring *out)
{
        const char *z = port ? arena_printf(a, "%s[%u]", name, port) : arena_strz(a, name);

        if (!z)
                return false;
        if (out->n_strings < DCOM_BINDINGS_MAX)
                out->strings[out->n_strings++] = (struct dcom_string_binding){ DCOM_TOWER_TCP, str_of(z) };
        return true;
}

bool dcom_bindings(const struct dcom *d, const char *dialled, uint16_t port, struct arena *a, struct dcom_dualstring *out)
{
        out->n_strings = out->n_security = 0;
        for (size_t i = 0; i < d->o.n_bindings; i++) {
                const char *name = d->o.bindings[i];

                if (!add(strcmp(name, "*") == 0 ? dialled : name, port, a, out))
                        return false;
        }
        for (size_t i = 0; i < d->o.n_authn && out->n_security < DCOM_BINDINGS_MAX; i++)
                out->security[out->n_security++] = (struct dcom_security_binding){ d->o.authn[i], STR("") };
        return true;
}

bool dcom_bindings_resolver(const struct dcom *d, const char *dialled, struct arena *a, struct dcom_dualstring *out)
{
        return dcom_bindings(d, dialled, d->o.resolver_port == RESOLVER_PORT ? 0 : d->o.resolver_port, a, out);
}

void dcom_dualstring_answer(const struct dcom_dualstring *d, struct ndr_out *o)
{
        ndr_out_u32(o, (uint32_t)dcom_dualstring_words(d));
        dcom_dualstring_write(d, o->b);
}
