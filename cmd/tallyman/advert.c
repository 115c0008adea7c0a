/* SPDX-License-Identifier: Apache-2.0 */
/* advert - advertisements, and what of them clients may install now */
#include "base/time.h"
#include "os/os.h"
#include "table.h"
#include "verbs.h"

#define CLASS "SMS_Advertisement"

static const struct column columns[] = {
        { "AdvertisementID", "ID" },
        { "AdvertisementName", "NAME" },
        { "PackageID", "PACKAGE" },
        { "ProgramName", "PROGRAM" },
        { "CollectionID", "COLLECTION" },
        { "PresentTime", "PRESENT", COL_TIME },
        { "OfferType", "OFFER", COL_WORD, COL_WIDE, "0=required 2=available" },
        { "ExpirationTime", "EXPIRES", COL_TIME, COL_WIDE },
        { "Comment", "COMMENT", COL_TEXT, COL_WIDE },
        { 0 },
};
static const struct view view = { "AdvertisementID", columns, "no advertisements" };

static const struct column offer_columns[] = {
        { "AdvertisementID", "ADVERT" },
        { "SiteCode", "SITE" },
        { "PackageID", "PACKAGE" },
        { "PackageVersion", "VER", COL_TEXT, COL_RIGHT },
        { "ProgramName", "PROGRAM" },
        { "CommandLine", "COMMAND LINE" },
        { "OfferedTime", "OFFERED", COL_TIME, COL_WIDE },
        { "Content", "CONTENT", COL_TEXT, COL_WIDE },
        { 0 },
};
static const struct view offer_view = { "AdvertisementID", offer_columns, "nothing is offered now" };

static const struct setting settings[] = {
        { "name", "AdvertisementName", SET_TEXT, NULL },
        { "package", "PackageID", SET_TEXT, NULL },
        { "program", "ProgramName", SET_TEXT, NULL },
        { "collection", "CollectionID", SET_TEXT, NULL },
        { "present", "PresentTime", SET_TIME, NULL },
        { "expire", "ExpirationTime", SET_TIME, NULL },
        { "offer", "OfferType", SET_WORD, "required=0 available=2" },
        { "comment", "Comment", SET_TEXT, NULL },
        { 0 },
};

static int request(struct cli *c, json_t **in)
{
        int r;

        *in = json_object();
        r = settings_read(c, settings, *in);
        if (!r && arg_value(&c->args, "expire"))
                json_object_set_new(*in, "ExpirationTimeEnabled", json_true());
        if (r)
                json_decref(*in);
        return r;
}

int advert_create(struct cli *c)
{
        static const char *const needed[] = { "name", "package", "program", "collection" };
        char now[RFC3339_LEN + 1];
        json_t *in, *out;
        int r;

        for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
                if (!arg_value(&c->args, needed[i]))
                        return usage_error(c, "--%s is missing", needed[i]);
        r = request(c, &in);
        if (r)
                return r;
        if (!arg_value(&c->args, "present")) {
                time_format_rfc3339(os_now_us() / US_PER_SECOND * US_PER_SECOND, now);
                json_object_set_new(in, "PresentTime", json_string(now));
        }
        r = cli_create(c, CLASS, in, &out);
        return r ? r : print_answer(c, out, "AdvertisementID");
}

int advert_list(struct cli *c)
{
        json_t *rows;
        int r = cli_list(c, CLASS, NULL, "AdvertisementID", &rows, NULL);

        return r ? r : print_rows(c, &view, rows);
}

static char *path_of(const char *id)
{
        return cli_path(CLASS, "AdvertisementID", id, NULL);
}

int advert_show(struct cli *c)
{
        _cleanup_(freep) char *path = path_of(arg_word(&c->args, 0));
        json_t *advert;
        int r = cli_get(c, path, &advert);

        return r ? r : print_object(c, &view, advert);
}

int advert_set(struct cli *c)
{
        _cleanup_(freep) char *path = path_of(arg_word(&c->args, 0));
        json_t *in;
        int r = request(c, &in);

        if (r)
                return r;
        if (json_object_size(in))
                return cli_put(c, path, in);
        json_decref(in);
        return usage_error(c, "say what to change");
}

int advert_delete(struct cli *c)
{
        const char *id;
        int r = EXIT_DONE;

        for (size_t i = 0; !r && (id = arg_word(&c->args, i)); i++) {
                _cleanup_(freep) char *path = path_of(id);

                r = cli_delete(c, path);
        }
        return r;
}

int offers_run(struct cli *c)
{
        const char *site = arg_value(&c->args, "site");
        _cleanup_(freep) char *url = site ? str_printf("/offers?site=%s", site) : str_printf("/offers");
        json_t *answer, *rows;
        int r;

        for (const char *z = site; z && *z; z++)
                if (!((*z >= 'A' && *z <= 'Z') || (*z >= 'a' && *z <= 'z') || (*z >= '0' && *z <= '9')))
                        return usage_error(c, "'%s' is no site code", site);
        r = cli_fetch(c, url, &answer);
        if (r)
                return r;
        rows = json_is_array(answer) ? json_incref(answer) : json_incref(json_object_get(answer, "value"));
        json_decref(answer);
        if (!json_is_array(rows)) {
                json_decref(rows);
                return failf(c, EXIT_ERROR, "Corrupt", "the site's answer has no list of offers. Is it the same version?");
        }
        return print_rows(c, &offer_view, rows);
}
