/* SPDX-License-Identifier: Apache-2.0 */
/* settings - the two tables, and what needs more than one setting to be checked */
#include <errno.h>
#include <stdio.h>
#include "conf/settings.h"
#include "os/os.h"

static const struct conf_word level_words[] = {
        { "error", LOG_LEVEL_ERROR }, { "warning", LOG_LEVEL_WARN },
        { "info", LOG_LEVEL_INFO },   { "debug", LOG_LEVEL_DEBUG },
        { NULL, 0 },
};

static const struct conf_word delivery_words[] = {
        { "prompt", CONF_DELIVERY_PROMPT }, { "interval", CONF_DELIVERY_INTERVAL },
        { NULL, 0 },
};

static const struct conf_word tls_words[] = {
        { "no", CONF_TLS_NO },
        { "try", CONF_TLS_TRY },
        { "require", CONF_TLS_REQUIRE },
        { NULL, 0 },
};
static const struct conf_word scheme_words[] = {
        { "https", CONF_SCHEME_HTTPS }, { "http", CONF_SCHEME_HTTP },
        { NULL, 0 },
};

const char *conf_scheme_text(int scheme)
{
        return scheme_words[scheme == CONF_SCHEME_HTTP].word;
}

/* Reserved by ConfigMgr: names of devices, and the prefixes of built-in objects ("Site naming and site codes"). */
static const char *check_site_code(const char *text)
{
        static const char *const reserved[] = { "AUX", "CON", "NUL", "PRN", "SMS", "ENV" };

        for (const char *c = text; *c; c++)
                if (!((*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
                        return "three of A to Z and 0 to 9, for instance P01";
        for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
                if (strcmp(text, reserved[i]) == 0)
                        return "any code but AUX, CON, NUL, PRN, SMS and ENV, which are reserved";
        return NULL;
}

static const char *check_url(const char *text)
{
        struct str s = str_of(text);

        if (s.n == 0)
                return NULL;
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("\"<>\\^`{|}", s.p[i]))
                        return "an address of RFC 3986 characters only, for instance https://site.example.org:8443";
        if ((str_starts(s, "https://") && s.n > 8) || (str_starts(s, "http://") && s.n > 7))
                return NULL;
        return "an address that begins with https:// or http://, for instance https://site.example.org:8443";
}

#define SETTING(kind_, section_, name_, field_, unit_, default_, min_, max_, extra_, doc_)                 \
        { .name = #name_, .section = #section_, .kind = CONF_##kind_, .offset = offsetof(STRUCT, field_),  \
          .default_text = default_, .unit = unit_, .min = min_, .max = max_, .doc = doc_, extra_ },

#define STRUCT struct conf_site
static const struct conf_setting site_settings[] = {
#include "conf/tallymand.def"
};
#undef STRUCT
#define STRUCT struct conf_dp
static const struct conf_setting dp_settings[] = {
#include "conf/tallyman-dp.def"
};
#undef STRUCT
#undef SETTING

static int finish_site(void *cfg, struct err *e)
{
        struct conf_site *c = cfg;
        int n;

        if (c->plain_dp_port && c->plain_dp_port == c->https_port)
                return err_set(e, ERR_INVALID, "plain_dp_port and https_port are both %d; give each its own",
                               c->https_port);
        n = c->socket[0] ? snprintf(c->socket_path, sizeof c->socket_path, "%s", c->socket)
                         : snprintf(c->socket_path, sizeof c->socket_path, "%s/tallymand.sock", c->data_dir);
        if (n < 0 || (size_t)n >= sizeof c->socket_path)
                return err_set(e, ERR_INVALID,
                               "data_dir is too long for a socket in it; set socket to a path of at most 107 characters");
        return 0;
}

static int finish_dp(void *cfg, struct err *e)
{
        struct conf_dp *c = cfg;

        if (c->http_port && c->http_port == c->https_port)
                return err_set(e, ERR_INVALID, "http_port and https_port are both %d; give each its own", c->https_port);
        return 0;
}

const struct conf_table conf_site_table = {
        .program = "tallymand",
        .other = "tallyman-dp",
        .file = "/etc/tallyman/tallymand.conf",
        .size = sizeof(struct conf_site),
        .settings = site_settings,
        .n = ARRAY_SIZE(site_settings),
        .finish = finish_site,
};

const struct conf_table conf_dp_table = {
        .program = "tallyman-dp",
        .other = "tallymand",
        .file = "/etc/tallyman/tallyman-dp.conf",
        .size = sizeof(struct conf_dp),
        .settings = dp_settings,
        .n = ARRAY_SIZE(dp_settings),
        .finish = finish_dp,
};

static int load_new(const struct conf_table *t, void **out, const struct conf_input *in, struct err *e)
{
        void *cfg = calloc(1, t->size);
        int r;

        if (!cfg)
                return err_sys(e, ENOMEM, "settings");
        r = conf_load(t, cfg, in, e);
        if (r < 0) {
                free(cfg);
                return r;
        }
        *out = cfg;
        return 0;
}

int conf_site_load(struct conf_site **out, const struct conf_input *in, struct err *e)
{
        void *cfg = NULL;
        int r = load_new(&conf_site_table, &cfg, in, e);

        *out = cfg;
        return r;
}

void conf_site_free(struct conf_site *c)
{
        if (c)
                conf_fini(&conf_site_table, c);
        free(c);
}

int conf_dp_load(struct conf_dp **out, const struct conf_input *in, struct err *e)
{
        void *cfg = NULL;
        int r = load_new(&conf_dp_table, &cfg, in, e);

        *out = cfg;
        return r;
}

void conf_dp_free(struct conf_dp *c)
{
        if (c)
                conf_fini(&conf_dp_table, c);
        free(c);
}
