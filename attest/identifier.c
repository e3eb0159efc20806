/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/identifier.h"

#include <openssl/x509v3.h>

#include "attest/chain.h"

#define OID_PERMANENT_ID	"1.3.6.1.5.5.7.8.3"	/* RFC 4043 */
#define OID_HARDWARE_MODULE	"1.3.6.1.5.5.7.8.4"	/* RFC 4108 */

/* The first UTF8String or OCTET STRING directly inside a SEQUENCE. */
static bool
value_of(const ASN1_TYPE *name, struct slice *out)
{
	const uint8_t *p, *end;
	long n;
	int tag, class;

	if (name->type != V_ASN1_SEQUENCE)
		return false;
	p = ASN1_STRING_get0_data(name->value.sequence);
	end = p + ASN1_STRING_length(name->value.sequence);
	/* mutate: not reachable: reading the extension has read this header. */
	if ((ASN1_get_object(&p, &n, &tag, &class, end - p) & 0x80) != 0)
		return false;
	end = p + n;
	while (p < end) {
		if ((ASN1_get_object(&p, &n, &tag, &class, end - p) & 0x80)
		    != 0)
			return false;
		if (class == V_ASN1_UNIVERSAL && (tag == V_ASN1_UTF8STRING ||
		    tag == V_ASN1_OCTET_STRING)) {
			*out = SLICE(p, (size_t)n);
			return true;
		}
		p += n;
	}
	return false;
}

static bool
is_identifier(const GENERAL_NAME *name)
{
	return name->type == GEN_OTHERNAME &&
	    (chain_oid_is(name->d.otherName->type_id, OID_PERMANENT_ID) ||
	    chain_oid_is(name->d.otherName->type_id, OID_HARDWARE_MODULE));
}

bool
identifier_find(struct arena *arena, X509 *x, const char *wanted,
    struct slice *out)
{
	const GENERAL_NAMES *san = chain_alt_names(arena, x);

	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(san, i);
		struct slice value;

		if (!is_identifier(name) ||
		    !value_of(name->d.otherName->value, &value))
			continue;
		if (wanted == NULL || slice_equal(value,
		    slice_text(wanted))) {
			*out = slice_dup(arena, value);
			return true;
		}
	}
	return false;
}
