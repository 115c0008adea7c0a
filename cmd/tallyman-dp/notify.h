/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * notify - tell the service manager our state (sd_notify(3) protocol)
 *
 * One datagram to $NOTIFY_SOCKET.  By hand, because libsystemd and what it loads
 * would cost a distribution point close to a megabyte.
 */
void notify_state(const char *state);   /* "READY=1"; nothing happens without a service manager */
