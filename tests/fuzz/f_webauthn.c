/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation objects, with client data and in ACME, and authenticator data.
 * Nothing that is read may be believed without an anchor. */
#include "attest/formats.h"
#include "attest/webauthn.h"
#include "base/base.h"
#include "codec/base64.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
try_object(struct ctx *cx, struct slice s, const char *member,
    const char *value)
{
	static const struct trust nothing = { .allow = TRUST_ALLOW_SHA1 };
	const struct appraisal appraisal = { .trust = &nothing,
	    .at_s = 1780315200, .raw = true };
	json_t *e = json_keep(cx, json_object());
	struct evidence evidence;
	struct attestation out;

	(void)json_object_set_new(e, "format", json_string("webauthn"));
	(void)json_object_set_new(e, member, json_string(value));
	(void)json_object_set_new(e, "object", json_string(base64url(
	    cx->arena, s)));
	if (!failed(evidence_read(cx, e, "", &evidence)))
		ASSERT(failed(evidence_verify(cx, &evidence, &appraisal,
		    &out)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct webauthn_auth auth;
	struct ctx_root root;
	struct slice s = SLICE(p, n);

	if (n == 0 || n > WEBAUTHN_OBJECT_MAX)
		return 0;
	ctx_root_init(&root, NULL);
	try_object(&root.cx, s, "key_authorization", "token.thumbprint");
	try_object(&root.cx, s, "client_data_hash",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	if (!failed(webauthn_auth_read(&root.cx, s, &auth)))
		ASSERT(auth.credential_id.n <= WEBAUTHN_CREDENTIAL_MAX &&
		    auth.spki.n > 0);
	ctx_root_fini(&root);
	return 0;
}
