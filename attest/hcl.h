/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the paravisor (HCL) of an Azure confidential VM keeps in the NV index
 * 01400001 of the virtual TPM that it runs: a report of the hardware, and the
 * runtime data whose hash is that report's data.  Little-endian; all slices lie
 * in the blob.
 */
#ifndef DAAPKI_ATTEST_HCL_H
#define DAAPKI_ATTEST_HCL_H

#include "base/ctx.h"
#include "codec/tpm.h"

#define HCL_BLOB_MAX		65536u
#define HCL_REPORT_SIZE		1184u	/* room for one, whatever its kind */
#define HCL_REPORT_DATA_SIZE	64u
#define HCL_AK_NAME		"HCLAkPub"
#define HCL_VM_ID_MAX		64u

enum hcl_type { HCL_SNP = 2, HCL_TDX = 4 };

/* TDREPORT_STRUCT (Intel TDX Module ABI): what of it a quote says too.  It is
 * authenticated for its own platform only. */
struct hcl_td_report {
	struct slice	report_data;
	struct slice	td;		/* ATTRIBUTES to MROWNERCONFIG */
};

struct hcl {
	enum hcl_type	type;
	struct slice	snp_report;	/* HCL_SNP */
	struct hcl_td_report td_report;	/* HCL_TDX */
	unsigned	hash;		/* 1 SHA-256, 2 SHA-384, 3 SHA-512 */
	struct slice	runtime;	/* JSON, as it is hashed */
};

/*
 * Read exactly one blob; what fills its NV index after it is zeros.
 * ERR_EV_MALFORMED	sizes that do not agree, bytes that should be zero
 * ERR_EV_UNSUPPORTED	another version, kind of report or hash
 */
struct err	hcl_parse(struct ctx *, struct slice, struct hcl *out);

/* Is report_data (64 bytes) the hash of the runtime data, then zeros? */
bool		hcl_is_bound(const struct hcl *, struct slice report_data);

/* What the runtime data says. */
struct hcl_runtime {
	struct tpm_public ak;		/* HCLAkPub: type, size and numbers */
	const char	*vm_id;		/* vmUniqueId, or NULL */
};

/*
 * Read the runtime data.
 * ERR_EV_MALFORMED	not JSON, or not one RSA key HCLAkPub for signatures
 */
struct err	hcl_runtime_parse(struct ctx *, const struct hcl *,
		    struct hcl_runtime *out);

#endif
