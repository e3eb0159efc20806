/* SPDX-License-Identifier: Apache-2.0 */
/* PEM (RFC 7468): text around DER. */
#ifndef DAAPKI_PKI_PEM_H
#define DAAPKI_PKI_PEM_H

#include "base/ctx.h"

#define PEM_CERTIFICATE		"CERTIFICATE"
#define PEM_CRL			"X509 CRL"
#define PEM_CSR			"CERTIFICATE REQUEST"
#define PEM_MAX			16384u	/* bytes of text that pem_parse takes */

/* NUL-terminated, in the arena, 64 characters a line. */
char	*pem_text(struct arena *, const char *label, struct slice der);

/*
 * The DER of a text that is one block with that label, white space around it
 * passed over; in cx->arena.
 * ERR_MALFORMED
 */
struct err	pem_parse(struct ctx *, const char *label, struct slice text,
		    struct slice *out_der);

/*
 * One block after the other, white space between them passed over: 1 to max of
 * them, each at most PEM_MAX bytes of text.
 * ERR_MALFORMED
 */
struct err	pem_parse_all(struct ctx *, const char *label, struct slice text,
		    struct slice *out_ders, size_t max, size_t *out_n);

#endif
