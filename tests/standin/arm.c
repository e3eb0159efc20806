/* SPDX-License-Identifier: Apache-2.0 */
/* Arm's: a PSA chip, and a CCA platform with a realm. */
#include "codec/base64.h"
#include "tests/make_psa.h"
#include "tests/make_tpm.h"
#include "tests/standin/standin.h"

#define INSTANCE_SIZE	33u
#define UEID_RANDOM	0x01u
#define NONCE		10
#define INSTANCE_ID	256
#define LIFECYCLE	2395
#define SECURED		0x3000
#define NON_PSA_DEBUG	0x4000	/* RFC 9783, 4.3.1 */

/* The chip's ID, and the key that is registered for it. */
static void
publish(struct standin *s, struct make_token *t)
{
	uint8_t id[INSTANCE_SIZE];
	struct slice spki = make_spki(s->cx, t->key);

	standin_random(s, id, sizeof(id));
	id[0] = UEID_RANDOM;
	make_claim(t, INSTANCE_ID, make_bstr(s->cx, SLICE_OF(id)));
	make_claim(t, LIFECYCLE, make_int(s->cx, s->debug ? NON_PSA_DEBUG :
	    SECURED));
	standin_pem(s, "key.pem", "PUBLIC KEY", &spki, 1);
}

static json_t *
evidence_of(struct standin *s, struct slice token)
{
	return json_pack("{s:s, s:s}", "format", "psa", "token",
	    base64url(s->cx->arena, token));
}

json_t *
standin_psa(struct standin *s)
{
	struct make_token t;

	make_psa(s->cx, &t);
	publish(s, &t);
	make_claim(&t, NONCE, make_bstr(s->cx, standin_binding(s, "psa", 32)));
	return evidence_of(s, make_token(s->cx, &t));
}

json_t *
standin_cca(struct standin *s)
{
	struct make_token platform, realm;

	make_cca(s->cx, &platform, &realm);
	publish(s, &platform);
	make_claim(&realm, NONCE, make_bstr(s->cx, s->covered.n > 0 ?
	    s->covered : standin_binding(s, "psa", 64)));
	return evidence_of(s, make_collection(s->cx, CCA_TAG,
	    make_token(s->cx, &platform), make_token(s->cx, &realm)));
}
