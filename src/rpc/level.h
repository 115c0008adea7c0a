/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* level - words that every part of rpc shares: levels, authentication types, statuses of faults */

/* [MS-RPCE] 2.2.1.1.8 */
enum rpc_level {
        RPC_LEVEL_NONE = 1,
        RPC_LEVEL_CONNECT = 2,
        RPC_LEVEL_CALL = 3,             /* treated as PKT */
        RPC_LEVEL_PKT = 4,
        RPC_LEVEL_INTEGRITY = 5,
        RPC_LEVEL_PRIVACY = 6,
};

/* [MS-RPCE] 2.2.1.1.7 */
enum rpc_auth {
        RPC_AUTH_NONE = 0,
        RPC_AUTH_SPNEGO = 9,
        RPC_AUTH_NTLM = 10,
        RPC_AUTH_KERBEROS = 16,
};

/* Statuses of fault PDUs: [C706] appendix E, [MS-ERREF] */
enum {
        RPC_S_ACCESS_DENIED = 0x00000005,
        RPC_S_BAD_STUB_DATA = 0x000006f7,
        RPC_S_OUT_OF_MEMORY = 0x0000000e,
        RPC_S_CALL_CANCELLED = 0x1c00000d,      /* nca_s_fault_cancel */
        RPC_S_OP_RANGE = 0x1c010002,            /* nca_s_op_rng_error */
        RPC_S_UNKNOWN_IF = 0x1c010003,          /* nca_s_unk_if */
        RPC_S_PROTO_ERROR = 0x1c01000b,         /* nca_s_proto_error */
        RPC_S_SERVER_TOO_BUSY = 0x1c010014,     /* nca_s_server_too_busy */
};
#define RPC_E_DISCONNECTED 0x80010108U          /* no such IPID */
