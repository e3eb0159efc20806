/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticator data (Web Authentication, 6.1 and 6.5.1). */
#include "attest/cose.h"
#include "attest/webauthn.h"

#define RP_ID_HASH_SIZE	32u
#define COSE_KEY_ALG	3

/* One item of CBOR at the front of what is left. */
static struct err
take_item(struct ctx *cx, struct reader *r, struct cbor *out)
{
	TRY(cbor_parse_first(cx, SLICE(r->p, r->n), CBOR_SHORTER_FIRST, out));
	(void)read_bytes(r, out->whole.n);
	return OK;
}

static struct err
read_credential(struct ctx *cx, struct reader *r, struct webauthn_auth *auth)
{
	struct cbor key;
	int64_t alg;
	const struct cbor *label;

	auth->aaguid = read_bytes(r, WEBAUTHN_AAGUID_SIZE);
	auth->credential_id = read_be16_bytes(r, WEBAUTHN_CREDENTIAL_MAX);
	if (r->bad)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "authenticator data: cut off, or a long credential ID");
	TRY(take_item(cx, r, &key));
	label = cbor_find(&key, COSE_KEY_ALG);
	if (label == NULL || !cbor_int(label, &alg))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "authenticator data: a key without an algorithm");
	return cose_key_spki(cx, &key, &auth->spki);
}

static struct err
check_flags(struct ctx *cx, uint8_t flags)
{
	if ((flags & WEBAUTHN_CREDENTIAL) == 0)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "authenticator data without a credential");
	if ((flags & WEBAUTHN_BACKED_UP) != 0 &&
	    (flags & WEBAUTHN_BACKUP_POSSIBLE) == 0)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "authenticator data: backed up, and cannot be");
	if ((flags & WEBAUTHN_USER_PRESENT) == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "authenticator data: nobody was present");
	return OK;
}

struct err
webauthn_auth_read(struct ctx *cx, struct slice bytes,
    struct webauthn_auth *out)
{
	struct webauthn_auth auth = { .whole = bytes };
	struct reader r = reader_of(bytes);
	struct cbor extensions;

	auth.rp_id_hash = read_bytes(&r, RP_ID_HASH_SIZE);
	auth.flags = read_u8(&r);
	auth.sign_count = read_be32(&r);
	if (r.bad)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "authenticator data of %zu bytes", bytes.n);
	TRY(check_flags(cx, auth.flags));
	TRY(read_credential(cx, &r, &auth));
	if ((auth.flags & WEBAUTHN_EXTENSIONS) != 0) {
		TRY(take_item(cx, &r, &extensions));
		if (extensions.kind != CBOR_MAP)
			return FAIL_TELL(cx, ERR_EV_MALFORMED,
			    "authenticator data: extensions are no map");
	}
	if (r.n > 0)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "authenticator data: bytes follow it");
	*out = auth;
	return OK;
}
