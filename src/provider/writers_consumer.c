/* SPDX-License-Identifier: Apache-2.0 */
/* writers_consumer - whether a consumer as it would be stored can ever work, class by class */
#include "model/fields.h"
#include "provider/writers_event.h"

enum { TEXT_MAX = 64 << 10 };

static bool has_control(struct str s)
{
        for (size_t i = 0; i < s.n; i++) {
                if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
                        return true;
        }
        return false;
}

static int one_line(const struct cim_instance *i, const char *property, struct err *e)
{
        struct str s = field_text(i, property);

        if (s.n > TEXT_MAX)
                return err_set(e, ERR_TOO_LARGE, "%s.%s is longer than %d bytes", i->class->name, property, TEXT_MAX);
        if (has_control(s))
                return err_set(e, ERR_INVALID, "%s.%s: control characters are not allowed", i->class->name, property);
        return 0;
}

static int lines(const struct cim_instance *i, const char *const *properties, struct err *e)
{
        int r = 0;

        for (; *properties && r == 0; properties++)
                r = one_line(i, *properties, e);
        return r;
}

/* RFC 9110 5.6.2, RFC 5322 2.2: what a header's name may be made of, for both. */
static bool is_header(struct str s)
{
        struct str name, value = str_cut(s, ':', &name);

        if (!value.p || !name.n || has_control(s))
                return false;
        for (size_t i = 0; i < name.n; i++) {
                char c = name.p[i], l = (char)(c | 0x20);

                if (!(l >= 'a' && l <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
                        return false;
        }
        return true;
}

static int headers(const struct cim_instance *i, const char *const *own, struct err *e)
{
        const struct cim_value *v = cim_get(i, "HeaderFields");

        for (size_t n = 0; v && n < v->array.n; n++) {
                struct str h = v->array.items[n].s, name;

                if (v->array.items[n].null || !is_header(h) || h.n > 4096)
                        return err_set(e, ERR_INVALID, "%s.HeaderFields[%zu]: a header line is \"Name: value\"", i->class->name, n);
                (void)str_cut(h, ':', &name);
                for (const char *const *o = own; *o; o++) {
                        if (str_eqz_nocase(name, *o))
                                return err_set(e, ERR_INVALID, "%s.HeaderFields[%zu]: %s is set by the site", i->class->name, n, *o);
                }
        }
        return 0;
}

static int check_command(const struct cim_instance *i, struct err *e)
{
        static const char *const texts[] = { "CommandLineTemplate", "ExecutablePath", "WorkingDirectory", NULL };
        struct str program = field_text(i, "ExecutablePath"), line = str_trim(field_text(i, "CommandLineTemplate"));
        struct str folder = field_text(i, "WorkingDirectory");
        int r = lines(i, texts, e);

        if (r < 0)
                return r;
        if (!program.n && !line.n)
                return err_set(e, ERR_INVALID, "CommandLineEventConsumer: give ExecutablePath, CommandLineTemplate or both");
        if (program.n ? program.p[0] != '/' : line.p[0] != '/' && !str_starts(line, "\"/"))
                return err_set(e, ERR_INVALID, "CommandLineEventConsumer: name the program by its absolute path; no PATH is searched");
        if (folder.n && folder.p[0] != '/')
                return err_set(e, ERR_INVALID, "CommandLineEventConsumer.WorkingDirectory must be an absolute path");
        if (field_number(i, "RunInteractively"))
                return err_set(e, ERR_NOT_SUPPORTED, "CommandLineEventConsumer.RunInteractively: there is no desktop here");
        return 0;
}

static int check_log(const struct cim_instance *i, struct err *e)
{
        static const char *const texts[] = { "Filename", NULL };
        struct str rest = field_text(i, "Filename"), part;
        const struct cim_value *size = cim_get(i, "MaximumFileSize");

        if (field_text(i, "Text").n > TEXT_MAX)
                return err_set(e, ERR_TOO_LARGE, "LogFileEventConsumer.Text is longer than %d bytes", TEXT_MAX);
        if (size && size->u > INT64_MAX)
                return err_set(e, ERR_INVALID, "LogFileEventConsumer.MaximumFileSize: give 0 for no limit");
        if (!rest.n || rest.n > 1000 || str_ends(rest, "/"))
                return err_set(e, ERR_INVALID, "LogFileEventConsumer.Filename must name a file");
        while (rest.n) {
                rest = str_cut(rest, '/', &part);
                if (str_eqz(part, "..") || str_eqz(part, ".") || part.n > 240)
                        return err_set(e, ERR_INVALID, "LogFileEventConsumer.Filename: no \".\" or \"..\", and no name longer than 240");
        }
        return lines(i, texts, e);
}

static int check_mail(const struct cim_instance *i, struct err *e)
{
        static const char *const texts[] = { "BccLine", "CcLine", "FromLine", "ReplyToLine", "SMTPServer", "Subject", "ToLine", NULL };
        static const char *const own[] = { "From", "To", "Cc", "Bcc", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version",
                                           "Content-Type", "Content-Transfer-Encoding", NULL };
        struct str server = field_text(i, "SMTPServer");
        int r = lines(i, texts, e);

        if (r == 0)
                r = headers(i, own, e);
        if (r < 0)
                return r;
        for (size_t k = 0; k < server.n; k++) {
                if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]", server.p[k]))
                        return err_set(e, ERR_INVALID, "SMTPEventConsumer.SMTPServer must be NAME or NAME:PORT");
        }
        if (field_text(i, "Message").n > TEXT_MAX)
                return err_set(e, ERR_TOO_LARGE, "SMTPEventConsumer.Message is longer than %d bytes", TEXT_MAX);
        if (!field_text(i, "ToLine").n && !field_text(i, "CcLine").n && !field_text(i, "BccLine").n)
                return err_set(e, ERR_INVALID, "SMTPEventConsumer: give an address in ToLine, CcLine or BccLine");
        return 0;
}

static int check_webhook(const struct cim_instance *i, struct err *e)
{
        static const char *const own[] = { "Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Expect", NULL };
        static const char *const texts[] = { "Url", "Secret", NULL };
        struct str url = field_text(i, "Url"), rest, host;
        int r = lines(i, texts, e);

        if (r == 0)
                r = headers(i, own, e);
        if (r < 0)
                return r;
        rest = str_from(url, str_starts(url, "https://") ? 8 : str_starts(url, "http://") ? 7 : url.n);
        if (!rest.n || rest.p[0] == '/' || url.n > 4000 || memchr(url.p, ' ', url.n))
                return err_set(e, ERR_INVALID, "TM_WebhookEventConsumer.Url must be https://HOST/... or http://HOST/...");
        (void)str_cut(rest, '/', &host);
        if (memchr(host.p, '@', host.n))
                return err_set(e, ERR_INVALID, "TM_WebhookEventConsumer.Url: no user names in addresses, for everybody may read them");
        return 0;
}

int provider_consumer_check(const struct cim_instance *i, struct err *e)
{
        static const struct {
                const char *class;
                int (*check)(const struct cim_instance *i, struct err *e);
        } checks[] = {
                { "CommandLineEventConsumer", check_command },
                { "LogFileEventConsumer", check_log },
                { "SMTPEventConsumer", check_mail },
                { "TM_WebhookEventConsumer", check_webhook },
        };
        struct str machine = field_text(i, "MachineName");

        if (machine.n && !str_eqz(machine, ".") && !str_eqz_nocase(machine, "localhost"))
                return err_set(e, ERR_NOT_SUPPORTED, "%s.MachineName: consumers run on the site server; leave it NULL", i->class->name);
        for (size_t k = 0; k < ARRAY_SIZE(checks); k++) {
                if (strcmp(checks[k].class, i->class->name) == 0)
                        return checks[k].check(i, e);
        }
        return err_set(e, ERR_INTERNAL, "%s is no class of consumers", i->class->name);
}
