/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SGX quotes from the AESM service, by its Unix socket.  The quoting enclave
 * signs a REPORT of the application's own enclave, which only that can make: a
 * program, enclave_command, asks it.  That reads
 *
 *	{"target_info": "...", "report_data": "hex", "nonce": "...", "spki": "..."}
 *
 * (TARGETINFO of the quoting enclave, 512 bytes, nonce and key in base64url; 64
 * bytes that the REPORT must have as REPORTDATA) and writes {"report": "..."},
 * the 432 bytes of REPORT.
 */
#ifndef DAAPKI_AGENT_AESM_H
#define DAAPKI_AGENT_AESM_H

#include "agent/source.h"

#define AESM_KEYS_MAX		16u	/* attestation keys to choose from */
#define AESM_QUOTE_MAX		(64u * 1024u)

/* Format sgx.  Needs aesm_socket and enclave_command. */
extern const struct source source_aesm;

#endif
