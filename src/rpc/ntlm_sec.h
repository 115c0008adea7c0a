/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * ntlm_sec - a PDU under the keys of an NTLM session, at either end
 *
 * The MAC covers the whole PDU whether or not header signing was agreed, as
 * Windows, Samba and impacket do with extended session security.
 *
 * Source: [MS-RPCE] 3.3.1.5.2.2; [MS-NLMP] 3.4.
 */
#include "ntlm/session.h"
#include "rpc/sec.h"

size_t ntlm_sec_size(void);
MUST int ntlm_sec_protect(struct ntlm_session *s, enum rpc_level level, struct rpc_pdu *pdu, uint8_t *sig);
MUST int ntlm_sec_unprotect(struct ntlm_session *s, enum rpc_level level, struct rpc_pdu *pdu, struct str sig);
