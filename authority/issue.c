/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/issue.h"

#include <sodium.h>

#include "authority/ca.h"
#include "authority/crl.h"
#include "authority/crls.h"
#include "authority/responder.h"
#include "authority/signer.h"
#include "pki/cert.h"

struct err
issue_leaf(struct ctx *cx, const struct authority *a,
    const struct subject *subject, const char *device_id, struct slice spki,
    bool hardware_key, struct issued *out)
{
	struct order order = { .type = ORDER_ISSUE };
	struct order_issue *issue = &order.issue;
	const struct issuer *issuer = issuers_active(a, subject->tenant.id,
	    CA_ROLE_ISSUING);
	int64_t now_s = ctx_now(cx);
	struct answer answer;
	unsigned shard;
	struct cert cert;

	if (issuer == NULL)
		return FAIL(cx, ERR_CONFLICT, "tenant %s has no issuing CA",
		    subject->tenant.name);
	shard = crls_pick(cx, a, issuer);
	*issue = (struct order_issue){
		.ca = issuer->sealed, .tenant = subject->tenant.name,
		.device_id = device_id, .spki = spki,
		.not_before_s = now_s - subject->group.backdate_s,
		.not_after_s = now_s + subject->group.lifetime_s,
		.flags = (uint8_t)(LEAF_CLIENT_AUTH | LEAF_SAN_URN |
		    LEAF_SAN_PERMANENT_ID |
		    (hardware_key ? LEAF_HARDWARE_KEY : 0)),
		.crl_url = crl_url(cx, a, issuer, shard),
		.aia_url = ca_url(cx, a, issuer->key_id),
		.ocsp_url = a->limits.ocsp_in_leaves ?
		    responder_url(cx, a, issuer) : "",
		.spiffe_domain = "",
	};
	/* A leaf lies within its issuer's life (RFC 5280, 6.1.3 needs both). */
	if (issue->not_before_s < issuer->not_before_s)
		issue->not_before_s = issuer->not_before_s;
	if (issue->not_after_s > issuer->not_after_s)
		issue->not_after_s = issuer->not_after_s;
	TRY(signer_call(cx, a->signer, &order, &answer));
	TRY(cert_parse(cx, answer.object, &cert));
	crypto_hash_sha256(out->spki_sha256, spki.p, spki.n);
	out->issuer = issuer;
	out->row = (struct certificate_row){
		.tenant_id = subject->tenant.id, .ca_id = issuer->id,
		.serial = cert.serial, .device_id = device_id,
		.spki_sha256 = SLICE_OF(out->spki_sha256),
		.hardware_key = hardware_key,
		.not_before_s = cert.not_before_s,
		.not_after_s = cert.not_after_s, .issued_s = now_s,
		.der = answer.object, .shard = shard,
	};
	return OK;
}
