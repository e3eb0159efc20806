/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes of an Intel platform that exists only here: its PCK under a test root
 * with Intel's names, TCB info, identities, revocation lists.  Everything is
 * right unless a test changes it, so that one check alone fails.
 */
#ifndef DAAPKI_TESTS_MAKE_DCAP_H
#define DAAPKI_TESTS_MAKE_DCAP_H

#include "attest/pck.h"
#include "tests/make_tpm.h"

#define MAKE_EDITS_MAX	6u

struct make_intel_cert {
	const char	*cn, *issuer_cn;
	const char	*second_cn;	/* or NULL */
	EVP_PKEY	*key, *issuer_key;
	uint64_t	 serial;
	int64_t		 from_s, to_s;
	bool		 ca;
	int		 path_len;	/* of a CA */
	const char	*usage;
	struct slice	 sgx;		/* the PCK extension, or empty */
	bool		 sgx_twice;
	bool		 crl_url;	/* says where its issuer's CRL is */
};

struct make_intel_crl {
	const char	*issuer_cn;
	EVP_PKEY	*key;
	EVP_PKEY	*aki_key;	/* whose identifier it names; NULL: none */
	int64_t		 from_s, to_s;
	uint64_t	 serial;	/* 0: empty */
	bool		 no_number, critical, endless, version_1;
	const EVP_MD	*md;
};

/* Elements of the PCK extension that are left out, sent twice or unknown. */
struct make_pck {
	struct pck	 pck;
	unsigned	 without, twice, unknown;	/* 1 to 7 */
	unsigned	 tcb_without, tcb_twice;	/* 1 to 18 */
	unsigned	 flag_without, flag_twice;	/* 1 to 3 */
	bool		 short_octets, big_component, bad_type, reversed;
	bool		 trailing;
	/* Whole elements put at the end of a list. */
	struct slice	 more, tcb_more, flag_more;
};

/* Text put in place of text, before it is signed. */
struct make_edit { const char *from, *to; };

struct make_dcap {
	EVP_PKEY	*root_key, *ca_key, *pck_key, *signing_key, *ak_key;
	struct make_intel_cert root, ca, pck, signing;
	struct make_pck	 ext;
	struct make_intel_crl root_crl, pck_crl;
	struct make_edit tcb_edits[MAKE_EDITS_MAX], qe_edits[MAKE_EDITS_MAX];
	struct make_edit tcb_after, qe_after;	/* when it is signed */
	EVP_PKEY	*tcb_signer, *qe_id_signer;
	/* The quote. */
	bool		 tdx;
	uint16_t	 version, key_type, body_type, cert_type, outer_type;
	uint32_t	 tee_type, body_size, reserved;
	uint8_t		 vendor[16];
	uint8_t		 body[648], qe[384];
	bool		 qe_report_data_given, report_data_given;
	struct slice	 auth;
	EVP_PKEY	*quote_signer, *qe_signer;
	struct slice	 ak_point;	/* in place of ak_key's */
	struct slice	 cert_data;	/* empty: made by cert_type */
	struct slice	 signature_rest;	/* after the signature data */
	struct slice	 rest;		/* after the quote */
	/* What is sent, and what is known. */
	size_t		 n_chain;	/* certificates: 0 to 3 */
	bool		 send_chain;	/* in pck_chain */
	bool		 send_collateral, know_collateral;
	bool		 no_root_crl, no_pck_crl, no_tcb, no_qe, no_signing;
	struct slice	 event_log;
	/* Filled by make_dcap_evidence(). */
	struct slice	 quote, tcb_text, qe_text, root_crl_der, pck_crl_der;
	struct slice	 chain[3], signing_chain[2];
	struct slice	 anchor;
	struct trust_collateral collateral;
	struct trust	 trust;
	struct appraisal appraisal;
	uint8_t		 nonce[32];
	struct slice	 spki;
};

/* An SGX quote of version 3, or a TDX quote of version 4 (report 1.0). */
void		make_dcap(struct ctx *, struct make_dcap *, bool tdx);
/* Another version: with a body of report 1.5 for TDX version 5. */
void		make_dcap_version(struct make_dcap *, uint16_t version);
json_t		*make_dcap_evidence(struct ctx *, struct make_dcap *);
/* What it made of collateral, as evidence carries it; the caller has the
 * reference. */
json_t		*make_dcap_collateral_json(struct ctx *,
		    const struct make_dcap *);
/* make_dcap_evidence(), read and verified. */
struct err	make_dcap_verify(struct ctx *, struct make_dcap *,
		    struct attestation *out);
/* Read and verify a document that was made before. */
struct err	make_dcap_verify_json(struct ctx *, const json_t *,
		    struct make_dcap *, struct attestation *out);
/* r || s over message. */
struct slice	make_rs(struct ctx *, EVP_PKEY *, struct slice message);
struct slice	make_intel_certificate(struct ctx *,
		    const struct make_intel_cert *);
struct slice	make_intel_crl(struct ctx *, const struct make_intel_crl *);
/* The PCK extension. */
struct slice	make_pck_extension(struct ctx *, const struct make_pck *);
void		make_edit(struct make_edit *, const char *from, const char *to);

#endif
