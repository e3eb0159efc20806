/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes by Intel's ECDSA quoting enclaves (Intel SGX DCAP Quote Library API,
 * A.4; Intel TDX DCAP, A.3): version 3 (SGX), 4 and 5 (SGX and TDX).  Numbers
 * are little-endian.  Reading only; all slices lie in the quote.
 */
#ifndef DAAPKI_ATTEST_DCAP_QUOTE_H
#define DAAPKI_ATTEST_DCAP_QUOTE_H

#include "base/ctx.h"

#define DCAP_QUOTE_MAX		32768u	/* bytes, with what fills its buffer */
#define DCAP_AUTH_MAX		4096u	/* QE authentication data */
#define DCAP_CERT_DATA_MAX	24576u
#define DCAP_REPORT_DATA_SIZE	64u
#define DCAP_SVN_SIZE		16u	/* CPUSVN, TEE_TCB_SVN, components */

enum dcap_tee { DCAP_SGX, DCAP_TDX };

/* Certification data (A.4, table "QE Certification Data"). */
enum dcap_cert_type {
	DCAP_CERT_PPID		= 1,	/* the PPID, and the TCB it is for */
	DCAP_CERT_PPID_RSA2048	= 2,	/* the same, encrypted for the PCS */
	DCAP_CERT_PPID_RSA3072	= 3,
	DCAP_CERT_LEAF		= 4,	/* PCK certificate, PEM */
	DCAP_CERT_CHAIN		= 5,	/* with its issuers, PEM */
	DCAP_CERT_QE_REPORT	= 6,	/* version 4 and on: the QE's report */
};

#define SGX_ATTRIBUTE_DEBUG	0x02u	/* in the first byte */

/* Report body of an enclave (Intel SDM 3D, 34.15, REPORT). */
struct sgx_report {
	struct slice	bytes;		/* all 384, as they are signed */
	struct slice	cpu_svn, misc_select, isv_ext_prod_id, attributes;
	struct slice	mrenclave, mrsigner, config_id, isv_family_id;
	uint16_t	isv_prod_id, isv_svn, config_svn;
	struct slice	report_data;
};

/* Report body of a trust domain, 1.0 and 1.5. */
struct td_report {
	struct slice	tee_tcb_svn, mr_seam, mr_signer_seam, seam_attributes;
	struct slice	td_attributes, xfam, mr_td, mr_config_id, mr_owner;
	struct slice	mr_owner_config, rtmr[4], report_data;
	bool		is_15;		/* and so has these two */
	struct slice	tee_tcb_svn_2, mr_service_td;
};

struct dcap_quote {
	unsigned	version;
	enum dcap_tee	tee;
	struct sgx_report sgx;		/* what is quoted: by tee */
	struct td_report td;
	struct slice	report_data;
	struct slice	signed_bytes;
	struct slice	signature;	/* r || s */
	struct slice	attestation_key;	/* X || Y */
	struct sgx_report qe;
	struct slice	qe_signature;	/* r || s */
	struct slice	auth_data;
	unsigned	cert_type;	/* enum dcap_cert_type, but for 6 */
	struct slice	cert_data;
};

/*
 * Read one quote.  What follows it is in *out_rest: buffers are larger than
 * quotes, and Open Enclave puts claims there.
 * ERR_EV_MALFORMED	a size that cannot be, reserved bytes that are not zero
 * ERR_EV_UNSUPPORTED	another version, key type, TEE, body, vendor or
 *			certification data
 */
struct err	dcap_quote_parse(struct ctx *, struct slice,
		    struct dcap_quote *out, struct slice *out_rest);

#endif
