/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM 2.0 structures (TPM 2.0 Library, Part 2), big-endian, read only.
 *
 * Each call takes exactly one structure: bytes that follow it, sizes above the
 * limits, reserved bits and unknown selectors are refused.  Slices borrow from
 * the bytes that were read.  Nothing is judged here but form: what a key or an
 * attestation must be is attest/'s business.
 */
#ifndef DAAPKI_CODEC_TPM_H
#define DAAPKI_CODEC_TPM_H

#include "base/ctx.h"

/* TPM_ALG_ID (Part 2, 6.3): those that are named in this program. */
enum tpm_alg {
	TPM_RSA		= 0x0001,
	TPM_SHA1	= 0x0004,
	TPM_HMAC	= 0x0005,
	TPM_AES		= 0x0006,
	TPM_MGF1	= 0x0007,
	TPM_KEYEDHASH	= 0x0008,
	TPM_XOR		= 0x000a,
	TPM_SHA256	= 0x000b,
	TPM_SHA384	= 0x000c,
	TPM_SHA512	= 0x000d,
	TPM_NULL	= 0x0010,
	TPM_SM3_256	= 0x0012,
	TPM_SM4		= 0x0013,
	TPM_RSASSA	= 0x0014,
	TPM_RSAES	= 0x0015,
	TPM_RSAPSS	= 0x0016,
	TPM_OAEP	= 0x0017,
	TPM_ECDSA	= 0x0018,
	TPM_ECDH	= 0x0019,
	TPM_ECDAA	= 0x001a,
	TPM_SM2		= 0x001b,
	TPM_ECSCHNORR	= 0x001c,
	TPM_ECMQV	= 0x001d,
	TPM_KDF1_56A	= 0x0020,
	TPM_KDF2	= 0x0021,
	TPM_KDF1_108	= 0x0022,
	TPM_ECC		= 0x0023,
	TPM_SYMCIPHER	= 0x0025,
	TPM_CAMELLIA	= 0x0026,
	TPM_SHA3_256	= 0x0027,
	TPM_SHA3_384	= 0x0028,
	TPM_SHA3_512	= 0x0029,
	TPM_CFB		= 0x0043,
};

/* TPM_ECC_CURVE (Part 2, 6.4). */
enum tpm_curve { TPM_P256 = 3, TPM_P384 = 4, TPM_P521 = 5 };

/* TPMA_OBJECT (Part 2, 8.3). */
enum tpm_attribute {
	TPM_FIXED_TPM		= 1u << 1,
	TPM_ST_CLEAR		= 1u << 2,
	TPM_FIXED_PARENT	= 1u << 4,
	TPM_SENSITIVE_ORIGIN	= 1u << 5,
	TPM_USER_WITH_AUTH	= 1u << 6,
	TPM_ADMIN_WITH_POLICY	= 1u << 7,
	TPM_NO_DA		= 1u << 10,
	TPM_RESTRICTED		= 1u << 16,
	TPM_DECRYPT		= 1u << 17,
	TPM_SIGN		= 1u << 18,
};
#define TPM_ATTRIBUTES_KNOWN	0x000f0ff6u

/* TPM_ST of attestations (Part 2, 6.9). */
enum tpm_attest_type { TPM_ATTEST_CERTIFY = 0x8017, TPM_ATTEST_QUOTE = 0x8018 };
#define TPM_GENERATED		0xff544347u

#define TPM_DIGEST_MAX		64u		/* SHA-512 */
#define TPM_NAME_MAX		(2u + TPM_DIGEST_MAX)
#define TPM_RSA_MAX		512u		/* bytes of a 4096-bit modulus */
#define TPM_ECC_MAX		66u		/* bytes of a P-521 coordinate */
#define TPM_PUBLIC_MAX		1024u		/* a TPMT_PUBLIC */
#define TPM_ATTEST_MAX		1024u		/* a TPMS_ATTEST */
#define TPM_SIGNATURE_MAX	(6u + TPM_RSA_MAX)	/* a TPMT_SIGNATURE */
#define TPM_SELECTIONS_MAX	16u		/* banks in a selection */
#define TPM_PCRS		24u		/* registers of a PC client */

struct tpm_scheme { uint16_t alg, hash; };	/* hash: 0 when none */
struct tpm_symmetric { uint16_t alg, bits, mode; };	/* TPM_NULL, 0, 0 */

/* TPMT_PUBLIC (Part 2, 12.2.4). */
struct tpm_public {
	struct slice		 bytes;		/* all of it */
	uint16_t		 type;		/* TPM_RSA, TPM_ECC, ... */
	uint16_t		 name_alg;
	uint32_t		 attributes;
	struct slice		 auth_policy;
	struct tpm_symmetric	 symmetric;
	struct tpm_scheme	 scheme;
	uint16_t		 rsa_bits;
	uint32_t		 rsa_exponent;	/* 65537 where the TPM says 0 */
	struct slice		 rsa_n;
	uint16_t		 curve;
	struct slice		 x, y;		/* may lack leading zeros */
};

struct tpm_pcr_selection { uint16_t hash; uint32_t pcrs; };	/* bit i: PCR i */

/* TPMS_ATTEST (Part 2, 10.12.8). */
struct tpm_attest {
	struct slice		 bytes;
	uint32_t		 magic;		/* TPM_GENERATED, if a TPM made it */
	uint16_t		 type;
	struct slice		 qualified_signer, extra_data;
	uint64_t		 clock_ms;
	uint32_t		 reset_count, restart_count;
	bool			 clock_safe;
	uint64_t		 firmware_version;
	/* TPM_ATTEST_QUOTE */
	struct tpm_pcr_selection selections[TPM_SELECTIONS_MAX];
	size_t			 n_selections;
	struct slice		 pcr_digest;
	/* TPM_ATTEST_CERTIFY */
	struct slice		 name, qualified_name;
};

/* TPMT_SIGNATURE (Part 2, 11.3.4). */
struct tpm_signature {
	struct tpm_scheme	 scheme;
	struct slice		 rsa;		/* RSASSA, RSAPSS */
	struct slice		 r, s;		/* ECDSA; may lack zeros */
};

/*
 * ERR_EV_MALFORMED	not exactly one such structure
 * ERR_EV_UNSUPPORTED	an algorithm in it is not known here
 */
struct err	tpm_public_parse(struct ctx *, struct slice,
		    struct tpm_public *out);
struct err	tpm_signature_parse(struct ctx *, struct slice,
		    struct tpm_signature *out);
/* An attestation of another type than the two above passes with its body
 * unread, and any magic passes: both are for the verifier to refuse, after the
 * signature. */
struct err	tpm_attest_parse(struct ctx *, struct slice,
		    struct tpm_attest *out);

/* Bytes of a digest; 0 when the algorithm is no hash known here. */
size_t		 tpm_digest_size(uint16_t alg);
/* "sha256", as PCR banks are named in evidence; NULL when unknown. */
const char	*tpm_hash_name(uint16_t alg);
/* The algorithm of such a name; 0 when there is none. */
uint16_t	 tpm_hash_find(const char *name);
/* Bytes of a coordinate; 0 when the curve is not known here. */
size_t		 tpm_curve_size(uint16_t curve);

/* A credential file of tpm2-tools: header, TPM2B_ID_OBJECT, encrypted secret. */
struct tpm_credential_file {
	struct slice	 id_object;	/* contents, without the size */
	struct slice	 encrypted_secret;
};
#define TPM_CREDENTIAL_MAGIC	0xbadcc0deu
/* ERR_EV_MALFORMED	not exactly one such file of version 1 */
struct err	tpm_credential_file_parse(struct ctx *, struct slice,
		    struct tpm_credential_file *out);

#endif
