/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* tests - groups of this program, each returns how many of its tests failed; files of bytes in hexadecimal */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/buf.h"

int test_codecs(void);
void load_hex(const char *name, struct buf *out);       /* test/data/dcom/NAME.hex */
