/* SPDX-License-Identifier: Apache-2.0 */
/* The extensions of DICE, whichever of them the bytes are, and SPDM logs. */
#include "attest/chain.h"
#include "attest/dice.h"
#include "attest/spdm.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static X509 *
with_extension(const char *oid, const uint8_t *p, size_t n)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	X509_EXTENSION *ext;
	X509 *x = X509_new();

	ASSERT(x != NULL && value != NULL && object != NULL);
	ASSERT(ASN1_OCTET_STRING_set(value, p, (int)n) == 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
	ASSERT(ext != NULL && X509_add_ext(x, ext, -1) == 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(object);
	return x;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct dice_layer layer;
	struct ctx_root root;
	struct slice out;

	if (n == 0 || n > ATTEST_CERT_MAX)
		return 0;
	ctx_root_init(&root, NULL);
	for (size_t i = 0; dice_critical[i] != NULL; i++) {
		AUTO(X509) x = with_extension(dice_critical[i], p, n);

		if (!failed(dice_layer_read(&root.cx, x, &layer)))
			ASSERT(layer.n_components <= DICE_COMPONENTS_MAX);
		if (i == 0)
			ASSERT(failed(spdm_measurements_check(&root.cx,
			    SLICE(p, n), x, &out)));
	}
	(void)failed(dice_riot_name_read(&root.cx, SLICE(p, n), &out));
	ctx_root_fini(&root);
	return 0;
}
