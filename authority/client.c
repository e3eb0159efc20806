/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/client.h"

#include "authority/issuers.h"
#include "db/certificate.h"
#include "pki/cert.h"

struct lookup {
	int64_t			 ca_id;
	struct slice		 serial;
	struct certificate_row	 row;
	struct device_row	 device;
	bool			 found;
};

static struct err
look_up(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct lookup *l = arg;

	return db_certificate_client(cx, tx, l->ca_id, l->serial, &l->row,
	    &l->device, &l->found);
}

/* The issuing CA that a certificate names and that really signed it. */
static struct err
issuer_of(struct ctx *cx, const struct authority *a, const struct cert *cert,
    const struct issuer **out)
{
	const struct issuer *issuer;
	struct cert issuer_cert;

	if (cert->aki.n != ISSUER_KEY_ID_SIZE)
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "no authority key id");
	issuer = issuers_by_key_id(a, cert->aki.p);
	if (issuer == NULL || issuer->role != CA_ROLE_ISSUING)
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "not issued here");
	if (!issuers_is_alive(a, issuer))
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "the CA is revoked, "
		    "retired or expired");
	TRY(cert_parse_ca(cx, issuer->certificate, &issuer_cert));
	TRY(cert_verify_issued(cx, cert, &issuer_cert, ctx_now(cx)));
	*out = issuer;
	return OK;
}

struct err
client_authenticate(struct ctx *cx, const struct authority *a,
    struct slice certificate, struct client_device *out)
{
	const struct issuer *issuer;
	struct lookup l = { .found = false };
	struct cert cert;

	TRY(cert_parse(cx, certificate, &cert));
	TRY(issuer_of(cx, a, &cert, &issuer));
	l.ca_id = issuer->id;
	l.serial = cert.serial;
	TRY(db_read(cx, a->db, look_up, &l));
	if (!l.found || l.row.tenant_id != issuer->tenant.id)
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "not in the database");
	if (l.row.revoked_s != 0)
		return FAIL(cx, ERR_CERT_REVOKED, "revoked at %lld, reason %d",
		    (long long)l.row.revoked_s, l.row.revoke_reason);
	if (l.device.tenant_id != issuer->tenant.id ||
	    l.device.state == DEVICE_BANNED)
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "the device is not its tenant's any more");
	*out = (struct client_device){
		.tenant = issuer->tenant, .device_id = l.row.device_id,
		.certificate = certificate, .certificate_id = l.row.id,
		.serial = l.row.serial,
	};
	return OK;
}
