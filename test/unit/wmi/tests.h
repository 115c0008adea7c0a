/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* tests - groups of this program; each returns how many of its tests failed */
int test_parts(void);
