/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How current a platform is (Intel TDX DCAP Quote Verification, 4.1.2.4.11 to
 * 17; Intel PCS API, "TCB level"): its levels found, and brought together.
 */
#ifndef DAAPKI_ATTEST_DCAP_TCB_H
#define DAAPKI_ATTEST_DCAP_TCB_H

#include "attest/dcap_collateral.h"

#define DCAP_ADVISORIES_ALL_MAX	(3u * DCAP_ADVISORIES_MAX)

struct dcap_verdict {
	enum tcb_status	 status;	/* never TCB_REVOKED */
	bool		 has_date;	/* false: no level was found */
	int64_t		 date_s;	/* the oldest of the levels' dates */
	const char	**advisories;	/* each once */
	size_t		 n_advisories;
};

/*
 * Is the QE's report that of the enclave that Intel names, and the TDX module
 * the one that it names?  Then: how current are platform, QE and module?
 * ERR_EV_MISMATCH	another enclave or module, or an identity of another TEE
 * ERR_EV_REVOKED	a level that is found is revoked
 */
struct err	dcap_tcb_appraise(struct ctx *, const struct dcap_quote *,
		    const struct pck *, const struct tcb_info *,
		    const struct qe_identity *, struct dcap_verdict *out);

#endif
