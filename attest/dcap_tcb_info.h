/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCB info and enclave identities (Intel PCS API, "TCB Info" v2 and v3,
 * "Enclave Identity" v2) as values.  Reading only: whether they are genuine,
 * attest/dcap_collateral.h says.
 */
#ifndef DAAPKI_ATTEST_DCAP_TCB_INFO_H
#define DAAPKI_ATTEST_DCAP_TCB_INFO_H

#include "attest/dcap_quote.h"
#include "codec/json.h"

#define DCAP_JSON_MAX		(256u * 1024u)	/* bytes of one document */
#define DCAP_LEVELS_MAX		256u
#define DCAP_MODULES_MAX	64u
#define DCAP_ADVISORIES_MAX	256u		/* of one level */
#define DCAP_ADVISORY_MAX	64u		/* bytes of an ID */

/* In no order: what outweighs what, dcap_tcb.c says. */
enum tcb_status {
	TCB_UP_TO_DATE,
	TCB_SW_HARDENING_NEEDED,
	TCB_CONFIGURATION_NEEDED,
	TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
	TCB_OUT_OF_DATE,
	TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
	TCB_REVOKED,
	/* Found, not published: */
	TCB_TD_RELAUNCH_ADVISED,
	TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
	TCB_NOT_SUPPORTED,
};

/* As Intel spells it. */
const char	*tcb_status_name(enum tcb_status);

/* What each level says beside its numbers. */
struct tcb_judgement {
	enum tcb_status	 status;
	int64_t		 date_s;	/* tcbDate */
	const char *const *advisories;
	size_t		 n_advisories;
};

/* A level of a platform. */
struct tcb_level {
	uint8_t		 sgx[DCAP_SVN_SIZE], tdx[DCAP_SVN_SIZE];
	uint16_t	 pce_svn;
	struct tcb_judgement judgement;
};

/* A level of a quoting enclave or TDX module. */
struct isv_level {
	uint16_t	 isv_svn;
	struct tcb_judgement judgement;
};

/* tdxModule (no version, no levels), or one of tdxModuleIdentities. */
struct tdx_module {
	uint8_t		 version;		/* of "TDX_<version>", hex */
	uint8_t		 mrsigner[48], attributes[8], mask[8];
	struct isv_level *levels;		/* in Intel's order: newest first */
	size_t		 n_levels;
};

struct tcb_info {
	enum dcap_tee	 tee;
	int64_t		 issued_s, next_s;	/* issueDate, nextUpdate */
	uint8_t		 fmspc[6], pce_id[2];
	uint64_t	 evaluation;	/* tcbEvaluationDataNumber */
	bool		 has_module;		/* TDX */
	struct tdx_module module;
	struct tdx_module *modules;
	size_t		 n_modules;
	struct tcb_level *levels;	/* in Intel's order: newest first */
	size_t		 n_levels;
};

/* "QE", "TD_QE", or an enclave that makes no quotes. */
enum qe_id { QE_OF_SGX, QE_OF_TDX, QE_OTHER };

struct qe_identity {
	enum qe_id	 id;
	int64_t		 issued_s, next_s;
	uint64_t	 evaluation;
	uint8_t		 misc_select[4], misc_select_mask[4];
	uint8_t		 attributes[16], attributes_mask[16];
	uint8_t		 mrsigner[32];
	uint16_t	 isv_prod_id;
	struct isv_level *levels;
	size_t		 n_levels;
};

/*
 * Read the value of "tcbInfo", and that of "enclaveIdentity".  Members that
 * are not known are passed over: Intel adds some from time to time.
 * ERR_EV_MALFORMED	not JSON, or a member is missing or not of its form
 * ERR_EV_UNSUPPORTED	another version, id, tcbType or status
 */
struct err	tcb_info_parse(struct ctx *, struct slice, struct tcb_info *out);
struct err	qe_identity_parse(struct ctx *, struct slice,
		    struct qe_identity *out);

#endif
