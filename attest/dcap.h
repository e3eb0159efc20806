/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes appraised: what the formats sgx, tdx and openenclave share (Intel
 * SGX and TDX DCAP Quote Verification Library, 4.1.2.4, and the checks that
 * it leaves to its caller).
 */
#ifndef DAAPKI_ATTEST_DCAP_H
#define DAAPKI_ATTEST_DCAP_H

#include "attest/dcap_tcb.h"

/* A quote and what came with it. */
struct dcap_evidence {
	struct dcap_quote	 quote;
	X509			**chain;	/* PCK certificate first */
	size_t			 n_chain;	/* 0: none came */
	bool			 has_pck;	/* the first one can be read */
	struct pck		 pck;
	bool			 has_collateral;
	struct trust_collateral	 collateral;
};

/*
 * Read a quote that is the content of the member name, and the members
 * pck_chain and collateral beside it.  What follows the quote is in *out_rest:
 * buffers are larger than quotes, and what fills them means nothing.
 * Failures are in's.
 */
void		dcap_read(struct json_in *in, const char *name,
		    struct slice quote, enum dcap_tee,
		    struct dcap_evidence *out, struct slice *out_rest);

/*
 * Appraise it: PCK chain, collateral, revocation, the QE and its key, the
 * quote's signature, the TCB; and that its report data is report_data (64
 * bytes).  Writes hardware_id, status and the platform's claims.
 * ERR_EV_*	as pck_chain_verify(), dcap_collateral_verify() and
 *		dcap_tcb_appraise() have them
 * ERR_EV_BINDING	the QE did not vouch for this attestation key
 * ERR_EV_PROPERTY	a QE in debug mode
 * ERR_EV_MISMATCH	no collateral for this platform, or another PPID
 * ERR_EV_NONCE		another report data
 */
struct err	dcap_verify(struct ctx *, const struct dcap_evidence *,
		    const struct appraisal *, struct slice report_data,
		    struct attestation *out);

/* The report data that an appraisal asks for: its nonce as it stands (raw), or
 * the binding hash of the format, SHA-512. */
struct slice	dcap_report_data(struct ctx *, const char *format,
		    const struct appraisal *);

/*
 * Certificates in PEM: nothing between them but ends of lines, base64 in its one
 * spelling; a NUL may follow.  1 to max of them, in cx->arena.
 * ERR_EV_MALFORMED
 */
struct err	dcap_pem_read(struct ctx *, struct slice text, size_t max,
		    struct slice *out, size_t *out_n);

/* "sgx:" and the hash of the PPID; "" when no PCK certificate came. */
void		dcap_hardware_id(const struct dcap_evidence *,
		    char out[static HARDWARE_ID_MAX]);
/* What an enclave's report says. */
void		dcap_claim_enclave(struct claims *, const struct sgx_report *);

#endif
