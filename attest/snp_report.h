/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation reports of AMD's secure processor ("SEV Secure Nested Paging
 * Firmware ABI Specification", publication 56860, table ATTESTATION_REPORT),
 * versions 2 to 5.  Numbers are little-endian.  Reading only; all slices lie in
 * the report.
 */
#ifndef DAAPKI_ATTEST_SNP_REPORT_H
#define DAAPKI_ATTEST_SNP_REPORT_H

#include "base/ctx.h"

#define SNP_REPORT_SIZE		1184u
#define SNP_REPORT_DATA_SIZE	64u
#define SNP_CHIP_ID_SIZE	64u
#define SNP_TCB_SIZE		8u	/* one component a byte, by layout */
#define SNP_NUMBER_SIZE		48u	/* of P-384 */

/* POLICY, of the guest. */
#define SNP_POLICY_ABI_MINOR	0x00ffu
#define SNP_POLICY_ABI_MAJOR	0xff00u
enum snp_policy {
	SNP_POLICY_SMT			= 1 << 16,
	SNP_POLICY_ONE			= 1 << 17,	/* always set */
	SNP_POLICY_MIGRATE_MA		= 1 << 18,
	SNP_POLICY_DEBUG		= 1 << 19,
	SNP_POLICY_SINGLE_SOCKET	= 1 << 20,
	SNP_POLICY_CXL			= 1 << 21,
	SNP_POLICY_AES_256_XTS		= 1 << 22,
	SNP_POLICY_RAPL_DIS		= 1 << 23,
	SNP_POLICY_CIPHERTEXT_HIDING	= 1 << 24,
	SNP_POLICY_PAGE_SWAP_DISABLE	= 1 << 25,
};
#define SNP_POLICY_BITS		26u	/* those above are zero */

/* PLATFORM_INFO; bits that are not here come and go without a version. */
enum snp_platform {
	SNP_PLATFORM_SMT		= 1 << 0,
	SNP_PLATFORM_TSME		= 1 << 1,
	SNP_PLATFORM_ECC		= 1 << 2,
	SNP_PLATFORM_RAPL_DIS		= 1 << 3,
	SNP_PLATFORM_CIPHERTEXT_HIDING	= 1 << 4,
	SNP_PLATFORM_ALIAS_CHECK	= 1 << 5,
	SNP_PLATFORM_TIO		= 1 << 7,
};

enum snp_signing_key { SNP_VCEK = 0, SNP_VLEK = 1, SNP_UNSIGNED = 7 };

struct snp_firmware { uint8_t major, minor, build; };

struct snp_report {
	uint32_t	version;
	uint32_t	guest_svn;
	uint64_t	policy;
	struct slice	family_id, image_id;
	uint32_t	vmpl;
	struct slice	current_tcb;
	uint64_t	platform_info;
	bool		author_key_en, mask_chip_key;
	unsigned	signing_key;	/* enum snp_signing_key, or others */
	struct slice	report_data, measurement, host_data;
	struct slice	id_key_digest, author_key_digest;
	struct slice	report_id, report_id_ma;
	struct slice	reported_tcb;
	bool		has_cpuid;	/* version 3 and on, and so has these */
	uint8_t		family, model, stepping;
	struct slice	chip_id;
	struct slice	committed_tcb;
	struct snp_firmware current, committed;
	struct slice	launch_tcb;
	bool		has_mitigations;	/* version 5, and so has these */
	uint64_t	launch_mitigations, current_mitigations;
	struct slice	signed_bytes;
	struct slice	r, s;		/* little-endian, 48 bytes */
};

/*
 * Read exactly one report.
 * ERR_EV_MALFORMED	another size; reserved bytes, or those above a number of
 *			P-384, that are not zero
 * ERR_EV_UNSUPPORTED	another version, or signature algorithm than ECDSA with
 *			P-384 and SHA-384
 */
struct err	snp_report_parse(struct ctx *, struct slice,
		    struct snp_report *out);

/* Nothing but zeros? */
bool		snp_is_zero(struct slice);

#endif
