/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * cmdline - a command line template into arguments
 *
 * The template is cut into words first and each word is expanded then, so what an
 * event says stays inside the argument it stands in, whatever characters it has;
 * no shell sees it.  Blanks part words; double quotes keep them together and, as
 * in every template, what they hold is not replaced; \" is a quote.  The quotes
 * themselves go.
 *
 *      /usr/bin/logger -t "package watch" %TargetInstance.PackageID% v%TargetInstance.SourceVersion%
 *
 * Pure; any bytes may come.
 *
 * Source: win32 WmiSdk "CommandLineEventConsumer class", "Using Standard String Templates".
 */
#include <jansson.h>
#include "base/arena.h"
#include "base/err.h"

enum { CMDLINE_ARGS = 256, CMDLINE_BYTES = 96 << 10 };

/*
 * @argv_out  NULL-terminated, in @a
 * ERR_INVALID: no word, or a quote that does not close; ERR_TOO_LARGE; a value with a zero byte is cut there.
 */
MUST int cmdline_split(struct str template, const json_t *event, struct arena *a, char ***argv_out, struct err *e);
