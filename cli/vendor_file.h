/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files as vendors give them out, as members of collateral documents.  what
 * names the file in messages.
 */
#ifndef DAAPKI_CLI_VENDOR_FILE_H
#define DAAPKI_CLI_VENDOR_FILE_H

#include "base/ctx.h"
#include "codec/json.h"

/*
 * The exact text, to which no editor may have added a line's end.
 * ERR_MALFORMED	not UTF-8
 */
struct err	vendor_file_put_text(struct ctx *, json_t *document,
		    const char *member, const char *what, struct slice file);

/*
 * A CRL in PEM, DER, or (as Intel's service gives it out) hex of the DER.
 * ERR_MALFORMED	PEM, but not of one CRL
 */
struct err	vendor_file_put_crl(struct ctx *, json_t *document,
		    const char *member, const char *what, struct slice file);

/*
 * Certificates in PEM, the signer's own first.
 * ERR_MALFORMED	not 1 to ATTEST_CHAIN_MAX of them
 */
struct err	vendor_file_put_chain(struct ctx *, json_t *document,
		    const char *member, const char *what, struct slice file);

#endif
