/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * accounts - the site's users as the running daemon knows them
 *
 * The list is read from the database at start and again whenever TM_User
 * changes.  RPC's logons are answered from it, behind a gate that counts wrong
 * passwords, and every logon leaves an audit row; many alike in a minute leave
 * one, so that guessing fills no disk.
 *
 * Threads: the loop thread.
 */
#include "auth/users.h"
#include "db/db.h"
#include "rpc/mech.h"
#include "rpc/rpc.h"

struct accounts;
/* Takes what @first holds and leaves it empty. */
MUST int accounts_new(struct accounts **out, struct db *db, struct users *first, struct err *e);
void accounts_free(struct accounts *a);         /* after db_close(); NULL is harmless */
/* Where the list is; it is swapped on the loop. */
struct users *const *accounts_list(struct accounts *a);
/* Some TM_User changed: read them again. */
void accounts_changed(struct accounts *a);
/* A logon over another wire ("rest"), for the audit. */
void accounts_note_logon(struct accounts *a, const char *wire, const char *name, const char *address, bool right);
/* For rpc_mech_ntlm_new() and rpc_server_new(). */
struct rpc_logon_ops accounts_logon_ops(struct accounts *a);
struct rpc_server_ops accounts_server_ops(struct accounts *a);
