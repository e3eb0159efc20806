/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Intel says of its platforms: read from JSON members, found for a
 * platform, and believed.
 */
#ifndef DAAPKI_ATTEST_DCAP_COLLATERAL_H
#define DAAPKI_ATTEST_DCAP_COLLATERAL_H

#include "attest/dcap_tcb_info.h"
#include "attest/pck.h"

/* Collateral that is genuine.  It depends on nothing but the bytes, the trust
 * and the time, and holds from from_s to to_s: fit for a cache. */
struct dcap_collateral {
	struct tcb_info		 tcb;
	struct qe_identity	 qe;
	X509			*root;		/* the anchor of both */
	X509_CRL		*root_crl;	/* NULL: not there */
	X509_CRL		*pck_crl;	/* NULL; its issuer is not known
						 * here: pck_crl_verify() */
	int64_t			 from_s, to_s;	/* when all parts are valid */
};

/*
 * Read the members tcb_info, qe_identity (exact texts), tcb_signing_chain,
 * root_crl and pck_crl (DER) of an object, all optional; failures are in's.
 */
void		dcap_collateral_read(struct json_in *in,
		    struct trust_collateral *out);

/*
 * The same bytes, read, and both documents found signed by the first
 * certificates of their chains: nothing that depends on trust or time.  From
 * cx->seen, or into it; held until cx->arena goes.
 * NULL: there is no cx->seen, or something is wrong with it
 */
const struct dcap_opened *dcap_collateral_open(struct ctx *,
		    const struct trust_collateral *);

/*
 * Is it about the platform (FMSPC, PCE-ID) and that TEE?  By its words alone.
 * ERR_EV_MISMATCH	it has no TCB info
 * ERR_EV_MALFORMED	it cannot be told
 */
struct err	dcap_collateral_is_for(struct ctx *,
		    const struct trust_collateral *, const struct pck *,
		    enum dcap_tee, bool *out);

/*
 * Believe it: each document signed, as it came, by a TCB signing certificate
 * that leads to an anchor and is not in the root's CRL; all current at at_s.
 * ERR_EV_SIGNATURE, ERR_EV_CHAIN, ERR_EV_EXPIRED, ERR_EV_REVOKED
 * ERR_EV_MISMATCH	a part is missing (a CRL: unless trust allows it), or
 *			parts have different roots
 * ERR_EV_MALFORMED, ERR_EV_UNSUPPORTED, ERR_EV_PROPERTY
 */
struct err	dcap_collateral_verify(struct ctx *,
		    const struct trust_collateral *, const struct trust *,
		    int64_t at_s, struct dcap_collateral *out);

#endif
