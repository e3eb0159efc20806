/* SPDX-License-Identifier: Apache-2.0 */
/* TPM structures, and what is done with keys before anything is checked. */
#include "attest/ek.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice s = SLICE(p, n), out;
	struct tpm_credential_file file;
	struct tpm_signature signature;
	struct tpm_attest attest;
	struct tpm_public public;
	struct ctx_root root;
	struct ctx *cx = &root.cx;
	X509 *x;

	ctx_root_init(&root, NULL);
	if (!failed(tpm_public_parse(cx, s, &public))) {
		ASSERT(slice_equal(public.bytes, s));
		(void)failed(tpm_key_name(cx, &public, &out));
		(void)failed(tpm_key_spki(cx, &public, &out));
		(void)failed(tpm_key_check_ak(cx, &public, true));
		(void)failed(tpm_key_check_app(cx, &public));
		(void)failed(tpm_key_check_ek(cx, &public));
	}
	if (!failed(tpm_attest_parse(cx, s, &attest)))
		ASSERT(attest.n_selections <= TPM_SELECTIONS_MAX);
	(void)failed(tpm_signature_parse(cx, s, &signature));
	(void)failed(tpm_credential_file_parse(cx, s, &file));
	if (!failed(ek_unwrap_nv(cx, s, &out)))
		(void)failed(chain_cert_parse(cx, out, &x));
	ctx_root_fini(&root);
	return 0;
}
