/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the signer will not do, whoever asks.  These checks do not trust daad:
 * they rest on the sealed records and on this process's own clock.
 */
#ifndef DAAPKI_SIGNER_RULES_H
#define DAAPKI_SIGNER_RULES_H

#include "signer/ca.h"

#define RULES_BACKDATE_MAX_S	(7 * 86400)	/* notBefore before now */
#define RULES_AHEAD_MAX_S	300		/* notBefore after now */
#define RULES_CA_LIFE_MAX_S	(INT64_C(50) * 366 * 86400)
#define RULES_LEAF_MAX_S	(400 * 86400)	/* seals no more than this */
#define RULES_OCSP_LIFE_MAX_S	(10 * 86400)	/* nextUpdate after now */
#define RULES_DELEGATE_LIFE_MAX_S (30 * 86400)	/* of a key that CAs delegate */
#define RULES_AUDIT_OFF_S	300	/* of an audit's time */
#define RULES_CRL_LIFE_MAX_S	(INT64_C(366) * 86400)

/*
 * ERR_ORDER_MALFORMED	a tenant or device ID that daad could not have
 * ERR_ORDER_TENANT	the key is another tenant's
 * ERR_ORDER_ROLE	the key may not do that
 * ERR_ORDER_LIMIT	a life, time, URL, name or reason beyond the limits
 */
/* parent is NULL when the order names none. */
struct err	rules_make_ca(struct ctx *, const struct order_make_ca *,
		    const struct ca *parent);
struct err	rules_issue(struct ctx *, const struct order_issue *,
		    const struct ca *);
struct err	rules_cross_sign(struct ctx *, const struct order_cross_sign *,
		    const struct ca *, const struct ca *subject);
struct err	rules_prove(struct ctx *, const struct order_prove *,
		    const struct ca *);
struct err	rules_request_ca(struct ctx *,
		    const struct order_request_ca *);
/* The record, and then the certificate that came for its key.
 * ERR_CERT_LINT	the certificate is not what was asked for */
struct err	rules_adopt_pending(struct ctx *, const struct order_adopt_ca *,
		    const struct sealed *pending);
struct err	rules_adopt_ca(struct ctx *, const struct cert *,
		    struct slice spki, const struct sealed *pending);
struct err	rules_sign_ocsp(struct ctx *, const struct order_sign_ocsp *,
		    const struct ca *);
struct err	rules_note_revoked(struct ctx *,
		    const struct order_note_revoked *, const struct ca *);
struct err	rules_note_audit(struct ctx *,
		    const struct order_note_audit *);
struct err	rules_delegate(struct ctx *,
		    const struct order_delegate *, const struct ca *);
struct err	rules_sign_result(struct ctx *,
		    const struct order_sign_result *, const struct ca *);
struct err	rules_sign_crl(struct ctx *, const struct order_sign_crl *,
		    const struct ca *);

#endif
