/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEV-SNP reports of an AMD chip that exists only here: its VCEK or VLEK under
 * a test root with AMD's names.  Everything is right unless a test changes it,
 * so that one check alone fails.
 */
#ifndef DAAPKI_TESTS_MAKE_SNP_H
#define DAAPKI_TESTS_MAKE_SNP_H

#include "attest/snp.h"
#include "tests/make_tpm.h"

#define MAKE_AMD_EXTS	16u

struct make_amd_ext {
	const char	*oid;		/* NULL: not there */
	struct slice	 der;
};

struct make_amd_cert {
	const char	*cn, *issuer_cn, *org;
	EVP_PKEY	*key, *issuer_key;
	uint64_t	 serial;
	int64_t		 from_s, to_s;
	bool		 ca;
	/* RSASSA-PSS, or PKCS #1 v1.5. */
	const EVP_MD	*md, *mgf1_md;
	int		 salt;
	bool		 pkcs1;
	struct make_amd_ext exts[MAKE_AMD_EXTS];
};

struct make_amd_crl {
	const char	*issuer_cn;
	EVP_PKEY	*key;
	int64_t		 from_s, to_s;
	uint64_t	 serial;	/* 0: empty */
	const EVP_MD	*md;
};

struct make_snp {
	const struct snp_line *line;
	EVP_PKEY	*ark_key, *ask_key, *leaf_key;
	struct make_amd_cert ark, ask, leaf;
	struct make_amd_crl crl;
	bool		 has_crl;
	/* Bytes of the report up to its signature, as they will be signed. */
	uint8_t		 report[SNP_REPORT_SIZE];
	bool		 report_data_given;
	EVP_PKEY	*signer;
	const EVP_MD	*md;
	bool		 big_endian;
	struct slice	 signature;	/* r and s, 72 bytes each; empty: made */
	size_t		 change_at;	/* after it is signed, by xor */
	uint8_t		 change;
	/* What is sent. */
	size_t		 n_certs;	/* 0 to 3 */
	bool		 swap_issuers;
	struct slice	 table;		/* after the report */
	struct slice	 runtime_data;
	bool		 keep_chain;	/* as it was made before */
	/* Filled by make_snp_evidence(). */
	struct slice	 sent;		/* the report, and what follows */
	struct slice	 chain[3];
	struct slice	 anchor, crl_der;
	struct trust	 trust;
	struct appraisal appraisal;
	uint8_t		 nonce[32];
	struct slice	 spki;
};

/* A report of version 5 by a chip of "Milan", "Genoa" or "Turin". */
void		make_snp(struct ctx *, struct make_snp *, const char *line);
/* The same, signed by a provider's VLEK. */
void		make_snp_vlek(struct ctx *, struct make_snp *);
/* An RSA key of 4096 bits: 0 the ARK's, 1 the ASK's, 2 nobody's. */
EVP_PKEY	*make_amd_key(struct ctx *, unsigned which);

/* Set one component of a TCB that starts at that offset of the report. */
void		make_snp_tcb(struct make_snp *, size_t offset,
		    enum snp_component, uint8_t value);
/* The leaf's extension by what follows 1.3.6.1.4.1.3704.1; NULL: none. */
struct make_amd_ext *make_amd_ext(struct make_snp *, const char *tail);
/* A free place for one more. */
struct make_amd_ext *make_amd_more(struct make_snp *);
/* DER of a number or text. */
struct slice	make_der_number(struct ctx *, uint64_t);
struct slice	make_der_ia5(struct ctx *, const char *);

struct slice	make_amd_certificate(struct ctx *,
		    const struct make_amd_cert *);
/* Certificates, CRL, trust and appraisal; the report, signed, in *sent. */
void		make_snp_parts(struct ctx *, struct make_snp *,
		    const char *format);
json_t		*make_snp_evidence(struct ctx *, struct make_snp *);
/* make_snp_evidence(), read and verified. */
struct err	make_snp_verify(struct ctx *, struct make_snp *,
		    struct attestation *out);
struct err	make_snp_verify_json(struct ctx *, const json_t *,
		    struct make_snp *, struct attestation *out);

#endif
