/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "site/client.h"

static const enum tallyman_kind public_kind[ERR_KIND_MAX_] = {
        [ERR_NONE] = TALLYMAN_E_NONE,
        [ERR_INVALID] = TALLYMAN_E_INVALID,
        [ERR_TOO_LARGE] = TALLYMAN_E_INVALID,
        [ERR_NOT_SUPPORTED] = TALLYMAN_E_INVALID,
        [ERR_NOT_FOUND] = TALLYMAN_E_NOT_FOUND,
        [ERR_EXISTS] = TALLYMAN_E_EXISTS,
        [ERR_CONFLICT] = TALLYMAN_E_CONFLICT,
        [ERR_DENIED] = TALLYMAN_E_DENIED,
        [ERR_READ_ONLY] = TALLYMAN_E_DENIED,
        [ERR_TIMEOUT] = TALLYMAN_E_TIMEOUT,
        [ERR_CANCELLED] = TALLYMAN_E_CANCELLED,
        [ERR_UNAVAILABLE] = TALLYMAN_E_CONNECT,
        [ERR_GONE] = TALLYMAN_E_GONE,
};

static void fill(struct tallyman_error *e, enum err_kind kind, const char *text)
{
        if (!e)
                return;
        *e = (struct tallyman_error){ .kind = public_kind[kind], .exit_code = err_exit_code(kind) };
        if (e->kind == TALLYMAN_E_NONE)
                e->kind = TALLYMAN_E_FAILED;
        snprintf(e->code, sizeof(e->code), "%s", err_kind_name(kind));
        snprintf(e->text, sizeof(e->text), "%s", text);
}

int error_set(struct tallyman_error *e, enum err_kind kind, const char *fmt, ...)
{
        char text[sizeof(e->text)];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        fill(e, kind, text);
        return -1;
}

int error_from(struct tallyman_error *e, const struct err *from)
{
        fill(e, from->kind ? from->kind : ERR_INTERNAL, from->text);
        return -1;
}

static enum err_kind kind_of_status(long status)
{
        switch (status) {
        case 400:
                return ERR_INVALID;
        case 401:
        case 403:
                return ERR_DENIED;
        case 404:
                return ERR_NOT_FOUND;
        case 409:
                return ERR_CONFLICT;
        case 410:
                return ERR_GONE;
        case 413:
                return ERR_TOO_LARGE;
        case 502:
        case 503:
        case 504:
                return ERR_UNAVAILABLE;
        default:
                return ERR_INTERNAL;
        }
}

/* Words that are not kinds of ours, such as those of WBEM statuses, are known by the HTTP status they came with. */
static enum err_kind kind_of(const char *code, long status)
{
        enum err_kind kind = code ? err_kind_from_name(code) : ERR_INTERNAL;

        return kind == ERR_INTERNAL ? kind_of_status(status) : kind;
}

static void add_wbem(struct tallyman_error *e, const json_t *error)
{
        const char *name = json_string_value(json_object_get(error, "wbem"));
        const char *hresult = json_string_value(json_object_get(error, "hresult"));
        json_int_t column = json_integer_value(json_object_get(error, "column"));

        snprintf(e->wbem, sizeof(e->wbem), "%s", name ? name : "");
        e->hresult = hresult ? (uint32_t)strtoul(hresult, NULL, 16) : 0;
        e->column = column > 0 && column <= INT32_MAX ? (uint32_t)column : 0;
}

static void copy(char *out, size_t n, const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));

        snprintf(out, n, "%s", text ? text : "");
}

static uint32_t number(const json_t *object, const char *name)
{
        json_int_t n = json_integer_value(json_object_get(object, name));

        return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static void add_extended(struct tallyman_error *e, const json_t *status)
{
        e->error_code = number(status, "ErrorCode");
        if (!e->hresult)
                e->hresult = number(status, "StatusCode");
        copy(e->operation, sizeof(e->operation), status, "Operation");
        copy(e->parameter, sizeof(e->parameter), status, "ParameterInfo");
        copy(e->cause, sizeof(e->cause), status, "CauseInfo");
}

int error_from_reply(struct tallyman_error *e, const struct tallyman *t, long status, struct str body)
{
        json_t *root = body.n ? json_loadb(body.p, body.n, 0, NULL) : NULL;
        json_t *error = json_object_get(root, "error");
        const char *code = json_string_value(json_object_get(error, "code"));
        const char *message = json_string_value(json_object_get(error, "message"));

        if (message) {
                fill(e, kind_of(code, status), message);
                if (e && code)
                        snprintf(e->code, sizeof(e->code), "%s", code);
                if (e) {
                        add_wbem(e, error);
                        add_extended(e, json_object_get(error, "extendedStatus"));
                }
        } else if (status == 401)
                error_set(e, ERR_DENIED, "%s does not accept the user name or password. Check --user and --password-file",
                          t->server);
        else
                error_set(e, kind_of_status(status), "%s answered with HTTP status %ld. Is it a Tallyman site?", t->server,
                          status);
        if (e)
                e->http_status = (int)status;
        json_decref(root);
        return -1;
}
