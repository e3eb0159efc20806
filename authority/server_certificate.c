/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/server_certificate.h"

#include <sodium.h>

#include "authority/ca.h"
#include "authority/issuers.h"
#include "authority/signer.h"
#include "authority/tenant.h"
#include "db/certificate.h"
#include "pki/cert.h"

#define BACKDATE_S	300

struct record { struct certificate_row row; };

static struct err
insert(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct record *record = arg;
	int64_t id;

	return db_certificate_insert(cx, tx, &record->row, &id);
}

static struct err
keep(struct ctx *cx, const struct authority *a, const struct issuer *issuer,
    const struct cert *cert)
{
	uint8_t spki_sha256[32];
	struct record record;

	crypto_hash_sha256(spki_sha256, cert->spki.p, cert->spki.n);
	record.row = (struct certificate_row){
		.tenant_id = issuer->tenant.id, .ca_id = issuer->id,
		.serial = cert->serial, .device_id = cert->common_name,
		.spki_sha256 = SLICE_OF(spki_sha256),
		.not_before_s = cert->not_before_s,
		.not_after_s = cert->not_after_s, .issued_s = ctx_now(cx),
		.der = cert->der,
	};
	return db_write(cx, a->db, insert, &record);
}

struct err
server_certificate_issue(struct ctx *cx, const struct authority *a,
    struct slice spki, const char *const *names, size_t n_names,
    struct server_certificate *out)
{
	struct order order = { .type = ORDER_ISSUE };
	struct order_issue *issue = &order.issue;
	const struct issuer *issuer;
	struct tenant platform;
	struct answer answer;
	struct cert cert;

	TRY(tenant_find(cx, a, TENANT_PLATFORM, &platform));
	issuer = issuers_active(a, platform.id, CA_ROLE_SERVER);
	if (issuer == NULL || issuer->parent == NULL)
		return FAIL(cx, ERR_NOT_FOUND, "no platform CA");
	if (n_names == 0 || n_names > WIRE_DNS_NAMES_MAX)
		return FAIL(cx, ERR_CONFIG, "%zu server names", n_names);
	*issue = (struct order_issue){
		.ca = issuer->sealed, .tenant = platform.name,
		.device_id = "", .spki = spki,
		.not_before_s = ctx_now(cx) - BACKDATE_S,
		.not_after_s = ctx_now(cx) + SERVER_CERTIFICATE_LIFE_S,
		.crl_url = ca_crl_url(cx, a, issuer->key_id),
		.aia_url = ca_url(cx, a, issuer->key_id),
		.ocsp_url = "", .spiffe_domain = "",
		.n_dns_names = n_names,
	};
	for (size_t i = 0; i < n_names; i++)
		issue->dns_names[i] = names[i];
	if (issue->not_before_s < issuer->not_before_s)
		issue->not_before_s = issuer->not_before_s;
	if (issue->not_after_s > issuer->not_after_s)
		issue->not_after_s = issuer->not_after_s;
	TRY(signer_call(cx, a->signer, &order, &answer));
	TRY(cert_parse(cx, answer.object, &cert));
	TRY(keep(cx, a, issuer, &cert));
	*out = (struct server_certificate){
		.certificate = answer.object, .issuer = issuer->certificate,
		.root = issuer->parent->certificate,
		.not_before_s = cert.not_before_s,
		.not_after_s = cert.not_after_s,
	};
	return OK;
}
