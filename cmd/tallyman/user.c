/* SPDX-License-Identifier: Apache-2.0 */
/* user - accounts: who may log on, as what, and whether by NTLM */
#include "os/os.h"
#include "table.h"
#include "verbs.h"

#define CLASS "TM_User"
#define ROLES "analyst=0 operator=1 administrator=2"
enum { PASSWORD_FILE_MAX = 4096 };

static const struct column columns[] = {
        { "UserName", "USER" },
        { "Role", "ROLE", COL_WORD, 0, "0=analyst 1=operator 2=administrator" },
        { "NtlmEnabled", "NTLM", COL_YES },
        { "Disabled", "DISABLED", COL_YES },
        { "PasswordTime", "PASSWORD SINCE", COL_TIME },
        { "CreatedTime", "CREATED", COL_TIME, COL_WIDE },
        { 0 },
};
static const struct view view = { "UserName", columns, "no accounts" };

static char *path_of(struct cli *c)
{
        return cli_path(CLASS, "UserName", arg_word(&c->args, 0), NULL);
}

/* The first line of --new-password-file as Password; nothing when the option is not given. */
static int read_password(struct cli *c, json_t *into)
{
        const char *file = arg_value(&c->args, "new-password-file");
        _cleanup_(freep) char *text = NULL;
        struct err e = { 0 };
        size_t n;

        if (!file)
                return 0;
        if (os_read_file(AT_FDCWD, file, PASSWORD_FILE_MAX, &text, &n, &e) < 0)
                return failf(c, EXIT_ERROR, "IoError", "%s", e.text);
        text[strcspn(text, "\r\n")] = '\0';
        (void)json_object_set_new(into, "Password", json_string(text));
        explicit_bzero(text, n);
        return 0;
}

/* A method that may make up a password: that one goes to stdout. */
static int with_password(struct cli *c, const char *path, const char *method, json_t *in)
{
        json_t *out = NULL;
        int r = read_password(c, in);

        if (r) {
                json_decref(in);
                return r;
        }
        r = cli_method(c, path, method, in, &out);
        if (r == 0 && member(out, "NewPassword")[0])
                r = print_answer(c, json_incref(out), "NewPassword");
        json_decref(out);
        return r;
}

int user_add(struct cli *c)
{
        static const struct setting settings[] = { { "role", "Role", SET_WORD, ROLES }, { 0 } };
        json_t *in = json_pack("{s:s, s:b}", "UserName", arg_word(&c->args, 0), "Ntlm", arg_flag(&c->args, "ntlm"));
        int r = settings_read(c, settings, in);

        if (r) {
                json_decref(in);
                return r;
        }
        return with_password(c, CLASS, "Create", in);
}

int user_list(struct cli *c)
{
        json_t *rows;
        int r = cli_list(c, CLASS, NULL, "UserName", &rows, NULL);

        return r ? r : print_rows(c, &view, rows);
}

static int instance_method(struct cli *c, const char *method)
{
        _cleanup_(freep) char *path = path_of(c);

        return with_password(c, path, method, json_object());
}

int user_set_password(struct cli *c)
{
        return instance_method(c, "SetPassword");
}

int user_enable_ntlm(struct cli *c)
{
        return instance_method(c, "EnableNtlm");
}

int user_disable_ntlm(struct cli *c)
{
        _cleanup_(freep) char *path = path_of(c);

        return cli_method(c, path, "DisableNtlm", json_object(), NULL);
}

int user_set_role(struct cli *c)
{
        _cleanup_(freep) char *path = path_of(c);
        static const struct setting settings[] = { { "role", "Role", SET_WORD, ROLES }, { 0 } };
        json_t *in = json_object();
        int r = settings_read(c, settings, in);

        if (r == 0 && !json_object_size(in))
                r = usage_error(c, "say --role analyst, operator or administrator");
        if (r) {
                json_decref(in);
                return r;
        }
        return cli_put(c, path, in);
}

static int set_disabled(struct cli *c, bool disabled)
{
        _cleanup_(freep) char *path = path_of(c);

        return cli_put(c, path, json_pack("{s:b}", "Disabled", disabled));
}

int user_disable(struct cli *c)
{
        return set_disabled(c, true);
}

int user_enable(struct cli *c)
{
        return set_disabled(c, false);
}

int user_delete(struct cli *c)
{
        _cleanup_(freep) char *path = path_of(c);

        return cli_delete(c, path);
}
