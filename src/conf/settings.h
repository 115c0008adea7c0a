/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * settings - the settings of the two daemons, as structs of plain fields
 *
 * The rows are in tallymand.def and tallyman-dp.def; a field is named after its
 * setting, with the unit behind it where the setting has one (_s, _bytes).  To
 * add a setting, add a row there: nothing else knows it.
 *
 *      struct conf_site *cfg;
 *      r = conf_site_load(&cfg, &(struct conf_input){ .file = file }, e);
 *      ... cfg->retry_delay_s ...
 *      conf_site_free(cfg);
 */
#include "conf/conf.h"

enum conf_scheme { CONF_SCHEME_HTTPS, CONF_SCHEME_HTTP };
enum conf_delivery { CONF_DELIVERY_PROMPT, CONF_DELIVERY_INTERVAL };
enum conf_tls { CONF_TLS_NO, CONF_TLS_TRY, CONF_TLS_REQUIRE };
const char *conf_scheme_text(int scheme);       /* "https", "http" */

/* C types of the kinds of conf.h */
#define CONF_TYPE_STRING char *
#define CONF_TYPE_PATH char *
#define CONF_TYPE_INT int
#define CONF_TYPE_BYTES int64_t
#define CONF_TYPE_DURATION int64_t
#define CONF_TYPE_BOOL bool
#define CONF_TYPE_CHOICE int
#define CONF_TYPE_LIST struct conf_list
#define CONF_TYPE_ADDRESSES struct conf_list

#define SETTING(kind, section, name, field, unit, default_, min, max, extra, doc) CONF_TYPE_##kind field;
struct conf_site {
#include "conf/tallymand.def"
        char socket_path[108];          /* socket, or what it is when empty; sun_path of unix(7) */
};
struct conf_dp {
#include "conf/tallyman-dp.def"
};
#undef SETTING

extern const struct conf_table conf_site_table, conf_dp_table;

MUST int conf_site_load(struct conf_site **out, const struct conf_input *in, struct err *e);
void conf_site_free(struct conf_site *c);       /* NULL is harmless */
DEFINE_FREEP(struct conf_site *, conf_site_free)
MUST int conf_dp_load(struct conf_dp **out, const struct conf_input *in, struct err *e);
void conf_dp_free(struct conf_dp *c);
DEFINE_FREEP(struct conf_dp *, conf_dp_free)
