/* SPDX-License-Identifier: Apache-2.0 */
/* value - one JSON value as text: bare for programs, as a cell for people */
#include "base/time.h"
#include "os/os.h"
#include "table.h"

/* A value as its JSON kind would print it bare: numbers, true/false, arrays as a, b. */
void value_text(const json_t *v, struct buf *out)
{
        switch (v ? json_typeof(v) : JSON_NULL) {
        case JSON_STRING:
                buf_add(out, json_string_value(v), json_string_length(v));
                break;
        case JSON_INTEGER:
                buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
                break;
        case JSON_REAL:
                buf_printf(out, "%.6g", json_real_value(v));
                break;
        case JSON_TRUE:
        case JSON_FALSE:
                buf_addz(out, json_is_true(v) ? "true" : "false");
                break;
        case JSON_ARRAY:
                for (size_t i = 0; i < json_array_size(v); i++) {
                        if (i)
                                buf_addz(out, ", ");
                        value_text(json_array_get(v, i), out);
                }
                break;
        case JSON_OBJECT: {
                _cleanup_(freep) char *text = json_dumps(v, JSON_COMPACT);

                buf_addz(out, text);
                break;
        }
        case JSON_NULL:
                break;
        }
}

uint64_t value_number(const json_t *v)
{
        uint64_t n = 0;

        if (json_is_integer(v))
                return (uint64_t)json_integer_value(v);
        if (json_is_string(v) && str_to_u64(str_of(json_string_value(v)), &n) < 0)
                n = 0;
        return n;
}

enum status value_status(const json_t *v)
{
        const char *word = json_string_value(v);

        return word ? fmt_status_of_word(word) : fmt_status((int64_t)value_number(v));
}

void cell_text(const struct cli *c, const struct column *col, const json_t *v, struct buf *out)
{
        char text[FMT_LEN] = "";
        int64_t us;

        if (!v || json_is_null(v)) {
                buf_addc(out, '-');
                return;
        }
        switch (col->kind) {
        case COL_BYTES:
        case COL_KILOBYTES:
                fmt_bytes(value_number(v) * (col->kind == COL_KILOBYTES ? 1024 : 1), text);
                buf_addz(out, text);
                return;
        case COL_TIME:
                if (json_is_string(v) && time_parse_rfc3339(str_of(json_string_value(v)), &us) == 0) {
                        if (c->tty_out)
                                fmt_relative(os_now_us(), us, text);
                        else
                                time_format_rfc3339(us - us % US_PER_SECOND, text);
                        buf_addz(out, text);
                        return;
                }
                break;
        case COL_YES:
                buf_addz(out, json_is_true(v) ? "yes" : "-");
                return;
        case COL_NAL:
                buf_adds(out, fmt_nal_host(str_of(json_string_value(v))));
                return;
        case COL_STATE:
                buf_addz(out, fmt_state((int64_t)value_number(v)));
                return;
        case COL_STATUS:
                buf_addz(out, fmt_status_word(value_status(v)));
                return;
        case COL_WORD: {
                struct str word;

                value_text(v, out);
                word = fmt_word(col->words, out->p ? out->p : "");
                if (word.n) {
                        buf_reset(out);
                        buf_adds(out, word);
                }
                return;
        }
        case COL_TEXT:
                break;
        }
        value_text(v, out);
        if (!out->n)
                buf_addc(out, '-');
}
