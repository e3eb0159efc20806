/* SPDX-License-Identifier: Apache-2.0 */
/* PSA tokens, CCA collections, COSE messages and keys as bytes. */
#include "attest/psa.h"
#include "base/base.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice s = SLICE(p, n), spki;
	struct claims claims;
	struct ctx_root root;
	struct ctx *cx = &root.cx;
	struct cose_sign1 sign1;
	struct psa_claims psa;
	struct cca_token cca;
	struct cbor item;

	ctx_root_init(&root, NULL);
	if (!failed(cose_sign1_read(cx, s, &sign1)))
		s = sign1.payload;
	for (int is_cca = 0; is_cca <= 1; is_cca++) {
		if (failed(psa_claims_read(cx, s, is_cca, &psa)))
			continue;
		ASSERT(psa.instance_id.n == PSA_UEID_SIZE);
		ASSERT(psa.n_components <= PSA_COMPONENTS_MAX);
		claims = claims_in(cx->arena);
		psa_claims_tell(cx, &psa, &claims);
	}
	if (!failed(cbor_parse(cx, SLICE(p, n), 0, &item))) {
		(void)failed(cose_key_spki(cx, &item, &spki));
		if (item.kind == CBOR_TAG &&
		    (item.n == CCA_TAG || item.n == CCA_CMW_TAG) &&
		    !failed(cca_read(cx, &item, &cca)) &&
		    !failed(cca_check_realm(cx, &cca))) {
			claims = claims_in(cx->arena);
			cca_realm_tell(cx, &cca.realm, &claims);
		}
	}
	if (n > 0)
		(void)failed(cose_point_spki(cx, SLICE(p, n), &spki));
	ctx_root_fini(&root);
	return 0;
}
