/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Azure confidential VM that exists only here: the paravisor's report over
 * the hardware of make_snp.h or make_dcap.h, and the TPM of make_tpm.h.
 */
#ifndef DAAPKI_TESTS_MAKE_AZURE_H
#define DAAPKI_TESTS_MAKE_AZURE_H

#include "tests/make_dcap.h"
#include "tests/make_snp.h"

struct make_azure {
	bool		 is_td;
	struct make_snp	 snp;
	struct make_dcap td;
	struct make_device tpm;
	const char	*runtime;	/* JSON; NULL: with the TPM's key */
	const char	*runtime_sent;	/* in its place, after it is hashed */
	uint32_t	 hash;		/* 1 to 3 */
	bool		 report_data_given;
	/* The TDREPORT's report data is another, or its TD. */
	bool		 other_td_data, other_td;
	/* A byte of the blob is set, if change_at is not 0. */
	size_t		 change_at;
	uint8_t		 change_to;
	size_t		 n_fill;
	/* What is sent. */
	bool		 send_ak, no_td_quote;
	size_t		 n_certs;
	/* Filled by make_azure_evidence(). */
	struct slice	 blob;
	struct appraisal *appraisal;
};

void		make_azure(struct ctx *, struct make_azure *, bool is_td);
json_t		*make_azure_evidence(struct ctx *, struct make_azure *);
struct err	make_azure_verify(struct ctx *, struct make_azure *,
		    struct attestation *out);
struct err	make_azure_verify_json(struct ctx *, const json_t *,
		    struct make_azure *, struct attestation *out);
/* A JWK of the key, of that name and for those operations (JSON). */
const char	*make_jwk(struct ctx *, const char *kid, EVP_PKEY *,
		    const char *ops);

#endif
