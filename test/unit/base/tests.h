/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* tests - the groups of this program; each returns how many failed */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

int test_bytes(void);
int test_err(void);
int test_text(void);
int test_time(void);
