/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/vendor_file.h"

#include <ctype.h>
#include <string.h>

#include "attest/pck.h"
#include "base/base.h"
#include "base/text.h"
#include "codec/base64.h"
#include "pki/pem.h"

static bool
is_pem(struct slice file)
{
	static const char begin[] = "-----BEGIN ";

	return file.n > sizeof(begin) &&
	    memmem(file.p, file.n, begin, sizeof(begin) - 1) != NULL;
}

static struct slice
without_end(struct slice text)
{
	while (text.n > 0 && isspace(text.p[text.n - 1]))
		text.n--;
	return text;
}

struct err
vendor_file_put_text(struct ctx *cx, json_t *document, const char *member,
    const char *what, struct slice file)
{
	struct slice text = without_end(file);
	json_t *value = json_stringn((const char *)text.p, text.n);

	if (value == NULL)
		return FAIL(cx, ERR_MALFORMED, "%s is not UTF-8", what);
	ASSERT(json_object_set_new(document, member, value) == 0);
	return OK;
}

static void
put_der(struct ctx *cx, json_t *document, const char *member, struct slice der)
{
	ASSERT(json_object_set_new(document, member,
	    json_string(base64url(cx->arena, der))) == 0);
}

struct err
vendor_file_put_crl(struct ctx *cx, json_t *document, const char *member,
    const char *what, struct slice file)
{
	struct slice der, hex = without_end(file);

	if (is_pem(file)) {
		if (failed(pem_parse(cx, PEM_CRL, file, &der)))
			return FAIL(cx, ERR_MALFORMED,
			    "%s is not exactly one %s in PEM", what, PEM_CRL);
	} else if (!text_unhex_any(cx->arena, arena_strndup(cx->arena,
	    (const char *)hex.p, hex.n), PCK_CRL_MAX, &der)) {
		der = file;
	}
	put_der(cx, document, member, der);
	return OK;
}

struct err
vendor_file_put_chain(struct ctx *cx, json_t *document, const char *member,
    const char *what, struct slice file)
{
	struct slice der[ATTEST_CHAIN_MAX];
	json_t *array;
	size_t n;

	if (failed(pem_parse_all(cx, PEM_CERTIFICATE, file, der,
	    COUNT_OF(der), &n)))
		return FAIL(cx, ERR_MALFORMED,
		    "%s is not 1 to %u certificates in PEM", what,
		    ATTEST_CHAIN_MAX);
	array = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(array, json_string(
		    base64url(cx->arena, der[i]))) == 0);
	ASSERT(json_object_set_new(document, member, array) == 0);
	return OK;
}
