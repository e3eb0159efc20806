/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/known.h"

#include <ctype.h>
#include <string.h>

#include <openssl/x509.h>
#include <sodium.h>

#include "attest/attest.h"
#include "base/base.h"
#include "base/text.h"
#include "codec/json.h"
#include "pki/ossl.h"
#include "pki/pem.h"

#define TEXTS_MAX	64u	/* certificates of one JSON array */

static const struct known_anchor rows[] = {
#define KNOWN(name, vendor, schemes, last_day, sha256, subject, url) \
	{ name, vendor, schemes, last_day, sha256, subject, url, false },
#define KNOWN_PAGE(name, vendor, schemes, last_day, sha256, subject, url) \
	{ name, vendor, schemes, last_day, sha256, subject, url, true },
#include "cli/known_anchors.def"
#undef KNOWN
#undef KNOWN_PAGE
};

const struct known_anchor *
known_rows(size_t *out_n)
{
	*out_n = COUNT_OF(rows);
	return rows;
}

const struct known_anchor *
known_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

const struct known_anchor *
known_by_sha256(const char *hex)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].sha256, hex) == 0)
			return &rows[i];
	return NULL;
}

static const struct known_anchor *
known_by_subject(const char *subject)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].subject, subject) == 0)
			return &rows[i];
	return NULL;
}

const char *
known_usual_scheme(struct ctx *cx, const struct known_anchor *row)
{
	return arena_strndup(cx->arena, row->schemes,
	    strcspn(row->schemes, " "));
}

bool
known_vouches(const struct known_anchor *row, const char *scheme)
{
	size_t n = strlen(scheme);
	const char *p = row->schemes;

	while (*p != '\0') {
		size_t len = strcspn(p, " ");

		if (len == n && strncmp(p, scheme, n) == 0)
			return true;
		p += len;
		p += strspn(p, " ");
	}
	return false;
}

static const char *
sha256_of(struct ctx *cx, struct slice der)
{
	uint8_t sha256[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(sha256, der.p, der.n);
	return text_hex(cx->arena, SLICE(sha256, sizeof(sha256)));
}

/* --- picking ------------------------------------------------------------ */

/* Each block of a PEM text by itself: what one is not is no harm to another. */
static bool
pick_pem(struct ctx *cx, struct slice file, const char *sha256,
    struct slice *out)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	static const char end[] = "-----END CERTIFICATE-----";
	const uint8_t *p = file.p, *stop = file.p + file.n, *last;

	while ((p = memmem(p, (size_t)(stop - p), begin, sizeof(begin) - 1))
	    != NULL) {
		last = memmem(p, (size_t)(stop - p), end, sizeof(end) - 1);
		if (last == NULL)
			return false;
		last += sizeof(end) - 1;
		if (!failed(pem_parse(cx, PEM_CERTIFICATE,
		    SLICE(p, (size_t)(last - p)), out)) &&
		    strcmp(sha256_of(cx, *out), sha256) == 0)
			return true;
		p = last;
	}
	return false;
}

static bool
pick_json(struct ctx *cx, struct slice file, const char *sha256,
    struct slice *out)
{
	json_t *array;

	if (failed(json_parse(cx, file, &array)) || !json_is_array(array) ||
	    json_array_size(array) > TEXTS_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (text != NULL && pick_pem(cx, slice_text(text), sha256, out))
			return true;
	}
	return false;
}

struct err
known_pick(struct ctx *cx, struct slice file, const char *sha256,
    struct slice *out_der)
{
	struct slice der = file;

	if (file.n == 0 || (strcmp(sha256_of(cx, file), sha256) != 0 &&
	    !pick_pem(cx, file, sha256, &der) &&
	    !pick_json(cx, file, sha256, &der)))
		return FAIL(cx, ERR_NOT_FOUND,
		    "no certificate there has the fingerprint %s", sha256);
	*out_der = der;
	return OK;
}

/* --- judging ------------------------------------------------------------ */

static struct err
read_certificate(struct ctx *cx, struct slice der, struct known_verdict *out)
{
	const uint8_t *end = der.p;
	AUTO(BIO) bio = BIO_new(BIO_s_mem());
	AUTO(X509) x = NULL;
	time_t now = (time_t)ctx_now(cx);
	char *text;
	long n;

	ASSERT(bio != NULL);
	if (der.n > 0 && der.n <= ATTEST_CERT_MAX)
		x = d2i_X509(NULL, &end, (long)der.n);
	if (x == NULL || end != der.p + der.n || X509_NAME_print_ex(bio,
	    X509_get_subject_name(x), 0, XN_FLAG_RFC2253) < 0)
		return FAIL(cx, ossl_code(ERR_MALFORMED),
		    "that is not exactly one X.509 certificate");
	n = BIO_get_mem_data(bio, &text);
	out->subject = arena_strndup(cx->arena, text, n > 0 ? (size_t)n : 0);
	out->ended = X509_cmp_time(X509_get0_notAfter(x), &now) < 0;
	return OK;
}

/* As tools print it, with colons and in capitals, or without. */
static struct err
check_pin(struct ctx *cx, const char *pin, const char *sha256)
{
	char hex[KNOWN_PIN_CHARS + 1];
	size_t n = 0;

	for (; *pin != '\0' && n < KNOWN_PIN_CHARS; pin++)
		if (*pin != ':')
			hex[n++] = (char)tolower((unsigned char)*pin);
	hex[n] = '\0';
	if (*pin != '\0' || n < KNOWN_PIN_CHARS ||
	    strspn(hex, "0123456789abcdef") != n)
		return FAIL(cx, ERR_PARAMETER,
		    "--fingerprint is a SHA-256 in hex");
	if (strcmp(hex, sha256) != 0)
		return FAIL(cx, ERR_EV_MISMATCH, "the certificate's "
		    "fingerprint is %s, and not the one that was said", sha256);
	return OK;
}

struct err
known_judge(struct ctx *cx, struct slice der, const struct known_claim *claim,
    struct known_verdict *out)
{
	const char *sha256 = sha256_of(cx, der);
	const struct known_anchor *row = known_by_sha256(sha256), *other;
	struct known_verdict verdict = { .row = row, .sha256 = sha256 };

	TRY(read_certificate(cx, der, &verdict));
	if (claim->pin != NULL)
		TRY(check_pin(cx, claim->pin, sha256));
	other = known_by_subject(verdict.subject);
	if (row == NULL && other != NULL && claim->pin == NULL &&
	    !claim->unlisted)
		return FAIL(cx, ERR_EV_MISMATCH, "it has the name of %s (%s), "
		    "but is another certificate: its fingerprint is %s. "
		    "--fingerprint says that you know it, --unlisted that you "
		    "want it all the same", other->name, other->vendor, sha256);
	if (row != NULL && claim->scheme != NULL && !claim->unlisted &&
	    !known_vouches(row, claim->scheme))
		return FAIL(cx, ERR_EV_MISMATCH, "it is %s (%s), which may "
		    "vouch for %s and not for %s; --unlisted adds it all the "
		    "same", row->name, row->vendor, row->schemes,
		    claim->scheme);
	verdict.scheme = claim->scheme != NULL || row == NULL ?
	    claim->scheme : known_usual_scheme(cx, row);
	*out = verdict;
	return OK;
}
