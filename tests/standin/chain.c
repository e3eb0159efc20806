/* SPDX-License-Identifier: Apache-2.0 */
/* Devices with a maker's chain: DICE, IDevID, Android, a WebAuthn credential. */
#include "pki/pem.h"
#include "tests/standin/standin.h"
#include "tests/unit/make_webauthn.h"

#define OID_TCB_INFO	"2.23.133.5.4.1"
#define OID_UEID	"2.23.133.5.4.4"
#define SHA256_OID	SLICE("\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9)
#define LAYERS		2u	/* above the device's identity */
#define TAG_PATCH_LEVEL	706u
#define TAG_SERIAL	713u
#define TAG_ROOT	704u
#define UNVERIFIED	2u
#define YEARS		(3000 * MAKE_DAY)

/*
 * The makers of unit tests say what must hold with Check, which works within a
 * test only.  Here is none, so these stand in the place of Check's own: what
 * does not hold ends the program.
 */
void
_mark_point(const char *file, int line)
{
	(void)file;
	(void)line;
}

void
_ck_assert_failed(const char *file, int line, const char *expr,
    const char *msg, ...)
{
	(void)fprintf(stderr, "%s:%d: %s %s\n", file, line, expr,
	    msg == NULL ? "" : msg);
	abort();
}

/* --- common ------------------------------------------------------------------ */

static void
begin(struct standin *s)
{
	cx = s->cx;
}

static void
shift_dates(struct standin *s)
{
	for (size_t i = 0; i < n_certs; i++) {
		certs[i].from_s = standin_shift(s, MAKE_AT - MAKE_DAY);
		certs[i].to_s = standin_shift(s, MAKE_AT + YEARS);
	}
}

static json_t *
end(struct standin *s, json_t *evidence)
{
	standin_pem(s, "root.pem", PEM_CERTIFICATE, &anchor, 1);
	return json_incref(evidence);
}

static const char *
serial_of(struct standin *s)
{
	uint8_t id[4];

	standin_random(s, id, sizeof(id));
	return arena_printf(cx->arena, "SN-%s", text_hex(cx->arena,
	    SLICE_OF(id)));
}

static void
free_key(void *key)
{
	EVP_PKEY_free(key);
}

/* The public half of the certificate's key is all that hardware needs here. */
static EVP_PKEY *
key_of(struct standin *s)
{
	const uint8_t *p = s->spki.p;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)s->spki.n);

	if (key == NULL)
		standin_die("the key to be certified cannot be read");
	arena_defer(cx->arena, free_key, key);
	return key;
}

/* --- DICE -------------------------------------------------------------------- */

/* TcbInfo of what a layer measured: maker, version, SVN, digest, flags. */
static struct slice
tcb_info(struct standin *s, unsigned layer)
{
	struct buf b = buf_in(cx->arena, 1024);
	uint8_t digest[32], svn = (uint8_t)(s->old ? 1 : 4 + layer);
	uint8_t number = (uint8_t)layer;
	size_t at = der_open(&b, DER_SEQUENCE), list, fwid;

	memset(digest, s->old ? 0x10 : 0x20 + (int)layer, sizeof(digest));
	der_put_text(&b, DER_IMPLICIT(0), "Example Maker");
	der_put_text(&b, DER_IMPLICIT(1), layer == 0 ? "boot" : "firmware");
	der_put(&b, DER_IMPLICIT(3), SLICE(&svn, 1));
	der_put(&b, DER_IMPLICIT(4), SLICE(&number, 1));
	list = der_open(&b, DER_CONTEXT(6));
	fwid = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, SHA256_OID);
	der_put(&b, DER_OCTET_STRING, SLICE_OF(digest));
	der_close(&b, fwid);
	der_close(&b, list);
	der_put(&b, DER_IMPLICIT(7), s->debug ? SLICE("\4\x10", 2) :
	    SLICE("\4\0", 2));
	der_close(&b, at);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

static struct slice
ueid(struct standin *s)
{
	uint8_t id[17];
	struct buf b = buf_in(cx->arena, 64);
	size_t at = der_open(&b, DER_SEQUENCE);

	standin_random(s, id, sizeof(id));
	id[0] = 1;
	der_put(&b, DER_OCTET_STRING, SLICE_OF(id));
	der_close(&b, at);
	return buf_slice(&b);
}

/* Firmware, boot, the device's identity, the maker. */
json_t *
standin_dice(struct standin *s)
{
	begin(s);
	maker_begin("dice", LAYERS + 2);
	shift_dates(s);
	for (unsigned i = 0; i < LAYERS; i++)
		maker_extension(&certs[i], OID_TCB_INFO,
		    tcb_info(s, LAYERS - 1 - i));
	maker_extension(&certs[LAYERS], OID_UEID, ueid(s));
	signature = maker_sign(certs[0].key, EVP_sha256(),
	    standin_binding(s, "dice", 32));
	return end(s, maker_evidence());
}

/* --- IDevID ------------------------------------------------------------------ */

json_t *
standin_idevid(struct standin *s)
{
	begin(s);
	maker_begin("idevid", 3);
	shift_dates(s);
	certs[0].cn = "Example Gateway 4";
	certs[0].organization = "Example Maker";
	certs[0].serials[0] = serial_of(s);
	signature = maker_sign(certs[0].key, EVP_sha256(),
	    standin_binding(s, "idevid", 32));
	return end(s, maker_evidence());
}

/* --- Android, WebAuthn --------------------------------------------------------- */

/* What the hardware says of the system; the challenge is given before the key is
 * made, so no key is in it. */
static struct slice
describe(struct standin *s, const char *format)
{
	uint8_t *hash = arena_alloc(cx->arena, 32);

	attest_binding(format, SLICE_OF(s->nonce), SLICE_NONE, hash, 32);
	ad.challenge = SLICE(hash, 32);
	ad_set(&ad.hardware, TAG_SERIAL, ad_text(serial_of(s)));
	if (s->old)
		ad_set(&ad.hardware, TAG_PATCH_LEVEL, hx("020303163d"));
	if (s->debug)
		ad_set(&ad.hardware, TAG_ROOT, ad_root(false, UNVERIFIED,
		    true));
	ad_extend(&certs[0]);
	return ad.challenge;
}

json_t *
standin_android(struct standin *s)
{
	begin(s);
	android_begin();
	shift_dates(s);
	certs[0].key = key_of(s);
	(void)describe(s, "android-key");
	return end(s, maker_evidence());
}

/* A credential signs with the key that it attests. */
static void
need_key(const struct standin *s)
{
	if (s->key == NULL)
		standin_die("its key signs the statement: use standin request");
}

/* A platform authenticator on an Android device. */
json_t *
standin_webauthn_android(struct standin *s)
{
	begin(s);
	need_key(s);
	wa_begin_android(false);
	send_root = true;
	shift_dates(s);
	certs[0].key = wa.signer = wa.credential = s->key;
	wa.client_data_hash = describe(s, "webauthn");
	return end(s, wa_evidence());
}

/* A YubiKey's PIV attestation: its serial number, and a key that it made. */
json_t *
standin_webauthn(struct standin *s)
{
	uint8_t *serial;

	begin(s);
	need_key(s);
	wa_begin_step();
	shift_dates(s);
	serial = arena_dup(cx->arena, certs[0].exts[0].der.p,
	    certs[0].exts[0].der.n);
	standin_random(s, serial + 3, 2);
	certs[0].exts[0].der.p = serial;
	certs[0].key = wa.signer = s->key;
	wa.key_authorization = base64url(cx->arena, standin_binding(s,
	    "webauthn", 32));
	return end(s, wa_evidence());
}
