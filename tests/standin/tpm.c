/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual TPM whose attestation key its cloud certified, and no EK. */
#include "pki/pem.h"
#include "tests/make_tpm.h"
#include "tests/standin/standin.h"

static void
shift_dates(struct standin *s, struct make_device *d)
{
	struct make_cert *certs[] = { &d->root, &d->inter, &d->ak_cert };

	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		certs[i]->from_s = standin_shift(s, MAKE_AT - MAKE_DAY);
		certs[i]->to_s = standin_shift(s, MAKE_AT + 1000 * MAKE_DAY);
	}
}

json_t *
standin_tpm2_key(struct standin *s)
{
	struct make_device *d = ARENA_NEW(s->cx->arena, struct make_device);
	struct slice root;
	json_t *evidence;

	if (s->key == NULL)
		standin_die("its key is the TPM's: use standin request");
	make_device(s->cx, d);
	shift_dates(s, d);
	memcpy(d->nonce, s->nonce, sizeof(d->nonce));
	d->send_ak_cert = true;
	d->app_public = make_app_public(s->key);
	d->spki = s->spki;
	evidence = make_key_evidence(s->cx, d);
	root = make_certificate(s->cx, &d->root);
	standin_pem(s, "root.pem", PEM_CERTIFICATE, &root, 1);
	return json_incref(evidence);
}
