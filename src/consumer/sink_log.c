/* SPDX-License-Identifier: Apache-2.0 */
/* sink_log - LogFileEventConsumer */
#include "consumer/logfile.h"
#include "consumer/private.h"
#include "consumer/template.h"

enum { LINE_BYTES = 256 << 10 };

struct line {
        struct logfile file;
        struct buf text;
        struct err err;
        int r;
};

static void work(struct job *j)
{
        struct line *l = container_of(j, struct delivery, job)->work;

        l->r = logfile_append(&l->file, buf_str(&l->text), &l->err);
}

static void line_free(struct line *l)
{
        buf_fini(&l->text);
        free(l);
}

static void done(struct job *j)
{
        struct delivery *d = container_of(j, struct delivery, job);
        struct line *l = d->work;
        struct err e = l->err;
        enum delivery_end how = l->r == 0 ? DELIVERY_DONE : e.kind == ERR_DENIED || e.kind == ERR_INVALID ? DELIVERY_REFUSED
                                                                                                          : DELIVERY_AGAIN;

        line_free(l);
        delivery_ended(d, how, &e);
}

void sink_log(struct delivery *d)
{
        const struct cim_value *size = cim_get(d->def->instance, "MaximumFileSize"), *wide = cim_get(d->def->instance, "IsUnicode");
        struct err e = { 0 };
        struct line *l;

        if (!d->owner->o.log_folder[0]) {
                (void)err_set(&e, ERR_DENIED, "log files are off: set consumer_log_folder in tallymand.conf to the folder for them");
                delivery_ended(d, DELIVERY_REFUSED, &e);
                return;
        }
        l = calloc(1, sizeof(*l));
        if (l) {
                buf_init(&l->text, LINE_BYTES);
                template_expand(delivery_text(d, "Text"), d->event, TEMPLATE_ONE_LINE, &l->text);
        }
        if (!l || l->text.failed) {
                (void)err_set(&e, l ? ERR_TOO_LARGE : ERR_NOMEM, "the line is longer than %d bytes", LINE_BYTES);
                if (l)
                        line_free(l);
                delivery_ended(d, l ? DELIVERY_REFUSED : DELIVERY_AGAIN, &e);
                return;
        }
        l->file = (struct logfile){ d->owner->o.log_folder, delivery_text(d, "Filename"), size ? size->u : 0, wide && wide->i };
        d->work = l;
        d->job.work = work;
        d->job.done = done;
        workers_submit(d->owner->files, &d->job);
}
