/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of SEV-SNP guests appraised: what the formats snp and azure-cvm
 * share.
 */
#ifndef DAAPKI_ATTEST_SNP_H
#define DAAPKI_ATTEST_SNP_H

#include "attest/snp_cert.h"

/* A report and the certificates that came with it, VCEK or VLEK first. */
struct snp_evidence {
	struct snp_report	 report;
	X509			**certs;
	size_t			 n_certs;
};

/*
 * Read a report, with the certificate table of an extended request after it or
 * without (snp_table.h), which is the content of the member name, and the member
 * certificates beside it.  Failures are in's.
 */
void		snp_read(struct json_in *in, const char *name,
		    struct slice report, struct snp_evidence *out);

/*
 * Appraise it, by the chip's certificates that trust has where none were sent:
 * the chain, the report's signature, that it is of the chip and the
 * TCB that the certificate names, that what it says of itself agrees; and that
 * its report data is report_data (64 bytes).  Writes hardware_id and claims.
 * ERR_EV_*	as snp_cert_verify() has them
 * ERR_EV_SIGNATURE	of the report
 * ERR_EV_NONCE		another report data
 * ERR_EV_MISMATCH	another chip, TCB, line of processors, or kind of key
 * ERR_EV_PROPERTY	not signed by a key of its chip or provider, asked for
 *			by the host, or TCBs that are not in order
 * ERR_EV_MALFORMED	a guest policy that cannot be
 * ERR_EV_UNSUPPORTED	a processor that is not known here
 */
struct err	snp_verify(struct ctx *, const struct snp_evidence *,
		    const struct appraisal *, struct slice report_data,
		    struct attestation *out);

/*
 * "snp:" and the chip's ID, where the chip's own key signed.  A provider's key
 * is the same on all of its chips, so whoever has it can name any of them: what
 * it says is under a name of its own, "snp-vlek:" and the SHA-256 of provider
 * and chip's ID.  "" when the report hides its chip.
 */
void		snp_hardware_id(struct ctx *, const struct snp_evidence *,
		    char out[static HARDWARE_ID_MAX]);

#endif
