/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of a TPM that exists only here: structures, signatures,
 * certificates and event logs, made with software keys under a test PKI.
 * Everything is right unless a test changes it, so that one check alone fails.
 */
#ifndef DAAPKI_TESTS_MAKE_TPM_H
#define DAAPKI_TESTS_MAKE_TPM_H

#include "attest/attest.h"
#include "codec/tpm.h"
#include "pki/ossl.h"

#define MAKE_AT		1780315200	/* 2026-06-01T12:00:00Z */
#define MAKE_DAY	86400
#define MAKE_STM	0x53544d20u

/* --- keys and structures ---------------------------------------------- */

/* Keys on curves are drawn from the context's randomness. */
EVP_PKEY	*make_p256(struct ctx *);
EVP_PKEY	*make_curve(struct ctx *, const char *group);
EVP_PKEY	*make_ed25519(struct ctx *);
EVP_PKEY	*make_rsa(struct ctx *, unsigned bits);
/* The public half of an RSA 2048 key with the fingerprint of RSALib. */
EVP_PKEY	*make_roca(struct ctx *);

/* TPMT_PUBLIC: the key's type and numbers, and these. */
struct make_public {
	EVP_PKEY	*key;
	uint16_t	 name_alg;
	uint32_t	 attributes;
	uint16_t	 aes_bits;	/* 0: no cipher */
	uint16_t	 scheme, hash;	/* TPM_NULL, 0: none */
};
struct slice	make_tpmt_public(struct ctx *, const struct make_public *);
struct make_public make_ek_public(EVP_PKEY *);
struct make_public make_ak_public(EVP_PKEY *);
struct make_public make_app_public(EVP_PKEY *);
struct slice	make_name(struct ctx *, struct slice tpmt_public);
struct slice	make_spki(struct ctx *, EVP_PKEY *);

/* TPMS_ATTEST. */
struct make_attest {
	uint32_t	 magic;
	uint16_t	 type;
	struct slice	 extra;
	uint32_t	 reset_count, restart_count;
	uint8_t		 safe;
	uint64_t	 firmware;
	struct tpm_pcr_selection selections[4];
	size_t		 n_selections;
	struct slice	 pcr_digest;		/* quote */
	struct slice	 name;			/* certify */
};
struct slice	make_tpms_attest(struct ctx *, const struct make_attest *);
/* TPMT_SIGNATURE of that scheme over message. */
struct slice	make_tpmt_signature(struct ctx *, EVP_PKEY *, uint16_t scheme,
		    uint16_t hash, struct slice message);

/* --- certificates ----------------------------------------------------- */

struct make_ext {
	const char	*oid;
	struct slice	 der;
	bool		 critical;
};
struct make_cert {
	const char	*cn;		/* NULL: empty subject */
	const char	*issuer_cn;
	EVP_PKEY	*key, *issuer_key;
	uint64_t	 serial;
	int64_t		 from_s, to_s;
	int		 ca;		/* 1 CA, 0 none, -1 no extension */
	int		 path_len;	/* -1: not said */
	const char	*usage;		/* OpenSSL's words; NULL: no extension */
	const char	*eku;		/* OID; NULL: no extension */
	const char	*manufacturer, *model, *version;	/* SAN */
	bool		 model_is_bits;	/* a BIT STRING in place of text */
	const char	*permanent_id;	/* SAN */
	struct slice	 permanent_der;	/* SAN: in its place, as it stands */
	const char	*critical_oid;	/* one more, critical, extension */
	const char	*other_oid;	/* one more extension */
	bool		 name_constraints;
	bool		 unknown_key;	/* key's algorithm is nobody's */
	bool		 broken_usage;	/* keyUsage that is no BIT STRING */
	bool		 broken_time;	/* notAfter that is no time */
	int		 version_number;	/* X509_VERSION_3 */
	const EVP_MD	*md;
	const char	*serials[2];	/* serialNumbers in the subject */
	const char	*organization, *country, *unit;
	struct slice	 modules[2];	/* SAN: HardwareModuleNames */
	struct make_ext	 exts[4];
	size_t		 n_exts;
};
struct slice	make_certificate(struct ctx *, const struct make_cert *);

struct make_crl {
	const char	*issuer_cn;
	EVP_PKEY	*key;
	int64_t		 from_s, to_s;
	uint64_t	 serials[2];
	size_t		 n_serials;
	bool		 critical;	/* an unknown critical extension */
	bool		 endless;	/* no nextUpdate */
	const EVP_MD	*md;		/* NULL: SHA-256 */
};
struct slice	make_crl(struct ctx *, const struct make_crl *);

/* --- event logs ------------------------------------------------------- */

struct make_event {
	uint32_t	 pcr, type;
	struct slice	 data;
	struct slice	 measured;	/* hashed to the digests */
};
#define MAKE_EVENTS_MAX	300u
struct make_log {
	struct make_event events[MAKE_EVENTS_MAX];
	size_t		 n;
};
/* A usual boot: Secure Boot on, two programs, one authority. */
void		make_boot(struct ctx *, struct make_log *);
void		make_log_add(struct make_log *, uint32_t pcr, uint32_t type,
		    struct slice data, struct slice measured);
/* UEFI_VARIABLE_DATA of the variable SecureBoot. */
struct slice	make_secure_boot(struct ctx *, uint8_t value);
/* The log with banks SHA-1 and SHA-256. */
struct slice	make_event_log(struct ctx *, const struct make_log *);
/* One record of it, with a count of digests of one's own. */
void		make_put_event(struct buf *, const struct make_event *,
		    struct ctx *);
/* A register after the log. */
struct slice	make_pcr(struct ctx *, const struct make_log *, uint16_t hash,
		    uint32_t pcr, uint8_t locality);

/* --- a device --------------------------------------------------------- */

/* All of it may be changed before make_evidence(). */
struct make_device {
	const char		*format;	/* "tpm2" */
	EVP_PKEY		*root_key, *inter_key, *ek, *ak, *app;
	struct make_cert	 root, inter, ek_cert, ak_cert;
	struct make_public	 ek_public, ak_public, app_public;
	struct make_attest	 quote, certify;
	EVP_PKEY		*quote_signer, *certify_signer;
	struct make_log		 log;
	uint8_t			 locality;
	uint8_t			 nonce[32];
	struct slice		 spki;		/* of the key to certify */
	/* What is sent. */
	bool			 send_ek_cert, send_ek_public, send_ak_cert;
	bool			 send_key, send_log;
	/* Changes to what is made, with the signatures right over them. */
	bool			 quote_extra_given, certify_extra_given;
	bool			 digest_given, name_given;
	/* What is believed. */
	bool			 activated;
	struct trust		 trust;
	struct trust_activation	 activation;
	struct appraisal	 appraisal;
};

void		make_device(struct ctx *, struct make_device *);
/* The evidence of format tpm2, and the appraisal that goes with it. */
json_t		*make_evidence(struct ctx *, struct make_device *);
/* The same of format tpm2-key. */
json_t		*make_key_evidence(struct ctx *, struct make_device *);
/* Read and verify it. */
struct err	make_verify(struct ctx *, const json_t *, struct make_device *,
		    struct attestation *out);

#endif
