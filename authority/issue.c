/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/issue.h"

#include <sodium.h>

#include "authority/ca.h"
#include "authority/crl.h"
#include "authority/crls.h"
#include "authority/responder.h"
#include "authority/signer.h"
#include "base/base.h"
#include "pki/cert.h"

static uint8_t
flags_of(const struct profile *p, bool hardware_key)
{
	const struct { bool said; enum leaf_flag flag; } all[] = {
		{ hardware_key, LEAF_HARDWARE_KEY },
		{ p->usages & PROFILE_CLIENT_AUTH, LEAF_CLIENT_AUTH },
		{ p->usages & PROFILE_SERVER_AUTH, LEAF_SERVER_AUTH },
		{ p->revocation & PROFILE_NO_REV_AVAIL, LEAF_NO_REV_AVAIL },
		{ p->names & PROFILE_NAME_URN, LEAF_SAN_URN },
		{ p->names & PROFILE_NAME_PERMANENT_ID,
		    LEAF_SAN_PERMANENT_ID },
		{ p->names & PROFILE_NAME_HARDWARE, LEAF_SAN_HARDWARE_NAME },
		{ p->edge, LEAF_EDGE_CA },
	};
	uint8_t flags = 0;

	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (all[i].said)
			flags |= (uint8_t)all[i].flag;
	return flags;
}

/* Where to ask whether it is revoked.  A shard holds user certificates only,
 * so an edge CA is on the complete list. */
static void
set_revocation(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, const struct profile *p,
    struct order_issue *issue, unsigned *out_shard)
{
	const bool ocsp = (p->revocation & PROFILE_OCSP) != 0;
	/* Without a responder to name: what revokes it must be found. */
	const bool crl = (p->revocation & PROFILE_CRL) != 0 ||
	    (ocsp && !a->limits.ocsp_in_leaves);

	*out_shard = crl && !p->edge ? crls_pick(cx, a, issuer) :
	    CRL_COMPLETE;
	issue->crl_url = crl ? crl_url(cx, a, issuer, *out_shard) : "";
	issue->ocsp_url = ocsp && a->limits.ocsp_in_leaves ?
	    responder_url(cx, a, issuer) : "";
}

/* A leaf lies within its issuer's life (RFC 5280, 6.1.3 needs both). */
static void
set_validity(const struct issuer *issuer, const struct profile *p,
    int64_t now_s, struct order_issue *issue)
{
	issue->not_before_s = now_s - p->backdate_s;
	issue->not_after_s = now_s + p->lifetime_s;
	if (issue->not_before_s < issuer->not_before_s)
		issue->not_before_s = issuer->not_before_s;
	if (issue->not_after_s > issuer->not_after_s)
		issue->not_after_s = issuer->not_after_s;
}

static struct err
find_issuer(struct ctx *cx, const struct authority *a,
    const struct subject *subject, const struct issuer **out)
{
	const struct issuer *issuer = issuers_active(a, subject->tenant.id,
	    CA_ROLE_ISSUING);

	if (issuer == NULL)
		return FAIL(cx, ERR_CONFLICT, "tenant %s has no issuing CA",
		    subject->tenant.name);
	if (subject->profile.edge && !ca_may_edge(cx, issuer->certificate))
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the issuing CA may not sign edge CAs");
	*out = issuer;
	return OK;
}

struct err
issue_leaf(struct ctx *cx, const struct authority *a,
    const struct subject *subject, const char *device_id, struct slice spki,
    bool hardware_key, struct issued *out)
{
	const struct profile *profile = &subject->profile;
	struct order order = { .type = ORDER_ISSUE };
	struct order_issue *issue = &order.issue;
	const struct issuer *issuer;
	int64_t now_s = ctx_now(cx);
	struct answer answer;
	unsigned shard;
	struct cert cert;

	TRY(find_issuer(cx, a, subject, &issuer));
	*issue = (struct order_issue){
		.ca = issuer->sealed, .tenant = subject->tenant.name,
		.device_id = device_id, .spki = spki,
		.flags = flags_of(profile, hardware_key),
		.aia_url = ca_url(cx, a, issuer->key_id),
		.spiffe_domain = profile->trust_domain,
		.n_dns_names = profile->n_dns_names,
	};
	for (size_t i = 0; i < profile->n_dns_names; i++)
		issue->dns_names[i] = profile->dns_names[i];
	set_revocation(cx, a, issuer, profile, issue, &shard);
	set_validity(issuer, profile, now_s, issue);
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
		.profile_id = subject->profile_row.id,
	};
	return OK;
}
