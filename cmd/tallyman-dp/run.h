/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* run - the daemon: loop, distribution point, listeners, until SIGTERM */
#include "conf/settings.h"

MUST int run_daemon(const struct conf_dp *cfg, struct err *e);
