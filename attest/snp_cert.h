/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD's certificates of report signing keys ("Versioned Chip Endorsement Key
 * (VCEK) Certificate and KDS Interface Specification", publication 57230):
 * ARK over ASK over VCEK (of one chip), ARK over ASVK over VLEK (of all chips
 * that a provider of clouds has).
 */
#ifndef DAAPKI_ATTEST_SNP_CERT_H
#define DAAPKI_ATTEST_SNP_CERT_H

#include "attest/chain.h"
#include "attest/snp_report.h"

#define SNP_CHAIN_MAX		3u	/* VCEK or VLEK, ASK or ASVK, ARK */
#define SNP_TEXT_MAX		64u	/* product name and provider's ID */

/* Components of a TCB, numbered as in the certificates' extensions. */
enum snp_component {
	SNP_BOOTLOADER = 1, SNP_TEE, SNP_SNP,
	SNP_SPL4, SNP_SPL5, SNP_SPL6, SNP_SPL7,	/* reserved, zero so far */
	SNP_MICROCODE, SNP_FMC, SNP_COMPONENTS
};

/* Processors that share a root. */
struct snp_line {
	const char	*name;		/* "Milan" */
	/* Where a component lies in a TCB; -1: not in this line's. */
	int8_t		 at[SNP_COMPONENTS];
	size_t		 hwid_size;	/* bytes of a chip's ID that count */
};

/* By family and model; NULL when they are not known here. */
const struct snp_line	*snp_line_of_cpu(uint8_t family, uint8_t model);
/* A component of a TCB; 0 where the line has none. */
uint8_t			 snp_component(const struct snp_line *,
			    struct slice tcb, enum snp_component);

struct snp_cert {
	X509			*leaf;
	enum snp_signing_key	 kind;	/* SNP_VCEK or SNP_VLEK */
	const struct snp_line	*line;
	char			 product[SNP_TEXT_MAX];	/* "Milan-B0" */
	uint8_t			 spl[SNP_COMPONENTS];
	uint32_t		 has_spl;	/* bit i: component i */
	struct slice		 hwid;		/* VCEK */
	char			 csp_id[SNP_TEXT_MAX];	/* VLEK */
};

/*
 * Read what a leaf of that line and kind says.
 * ERR_EV_UNSUPPORTED	another version of extensions
 * ERR_EV_PROPERTY	an extension that its kind must have is missing, or one
 *			that it must not have is there
 * ERR_EV_MALFORMED	an extension that cannot be read, or is there twice
 * ERR_EV_MISMATCH	of another line of processors
 */
struct err	snp_cert_read(struct ctx *, X509 *leaf,
		    const struct snp_line *, enum snp_signing_key kind,
		    struct snp_cert *out);

/* The chip in a leaf of which nothing is verified, as reports have it; false:
 * it names none. */
bool		snp_cert_chip(struct ctx *, X509 *leaf,
		    uint8_t out[static SNP_CHIP_ID_SIZE]);
/* The provider in a leaf of which nothing is verified; "" in a VCEK. */
void		snp_cert_provider(struct ctx *, X509 *leaf,
		    char out[static SNP_TEXT_MAX]);

/*
 * Verify a chain (leaf first, then its issuer, then the root or not) up to an
 * anchor, which must be an ARK: chain_verify(), with just these certificates,
 * by their names, keys and signatures (RSASSA-PSS with SHA-384, MGF1 of the
 * same and a salt of 48, by keys of 4096 bits).  Then read what the leaf says;
 * of which kind its key is, the signature of a report asks.  At most
 * SNP_CHAIN_MAX certificates.
 * ERR_EV_CHAIN		no certificate, other names, lengths, order or roles
 * ERR_EV_UNSUPPORTED	another issuer's key or signature
 * ERR_EV_*		chain_verify()'s and snp_cert_read()'s
 */
struct err	snp_cert_verify(struct ctx *, X509 *const *certs, size_t n,
		    const struct trust *, int64_t at_s, struct snp_cert *out);

#endif
