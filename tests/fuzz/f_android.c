/* SPDX-License-Identifier: Apache-2.0 */
/* Android key descriptions: the bytes of the extension, in a certificate that
 * holds nothing else. */
#include "attest/android.h"
#include "base/base.h"
#include "pki/ossl.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define OID_KEY_DESCRIPTION	"1.3.6.1.4.1.11129.2.1.17"

static X509 *
with_description(const uint8_t *p, size_t n)
{
	X509 *x = X509_new();
	ASN1_OBJECT *oid = OBJ_txt2obj(OID_KEY_DESCRIPTION, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASSERT(x != NULL && oid != NULL && value != NULL);
	ASSERT(ASN1_OCTET_STRING_set(value, p, (int)n) == 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
	ASSERT(ext != NULL && X509_add_ext(x, ext, -1) == 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
	return x;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct android_description d;
	struct ctx_root root;
	AUTO(X509) x = NULL;

	if (n > ATTEST_CERT_MAX)
		return 0;
	ctx_root_init(&root, NULL);
	x = with_description(p, n);
	if (!failed(android_description_read(&root.cx, x, &d)))
		ASSERT(d.application.n_packages <= ANDROID_PACKAGES_MAX &&
		    d.hardware.root.boot_state <= 3);
	ctx_root_fini(&root);
	return 0;
}
