/* SPDX-License-Identifier: Apache-2.0 */
#include "server/operator_ca.h"

#include <stdlib.h>

#include <gnutls/x509.h>
#include <sodium.h>

#include "authority/issuers.h"
#include "base/base.h"
#include "base/file.h"
#include "base/text.h"

/* When the newest list of a CA holds; both 0: there is none. */
struct span { int64_t from_s, until_s; };

struct operator_ca {
	gnutls_x509_trust_list_t	 trust;
	gnutls_x509_crt_t		*cas;
	unsigned			 n;
	struct span			*lists;	/* one a CA; NULL: no file */
	gnutls_x509_crl_t		*crls;
	unsigned			 n_crls;
};

static void
crt_auto(gnutls_x509_crt_t *crt)
{
	if (*crt != NULL)
		gnutls_x509_crt_deinit(*crt);
}
#define AUTO_CALL(fn)	__attribute__((cleanup(fn)))

static gnutls_datum_t
datum_of(struct slice s)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)s.p,
	    (unsigned)s.n };
}

/* --- the file ------------------------------------------------------------- */

static struct err
read_cas(struct ctx *cx, const char *file, struct operator_ca *ca)
{
	gnutls_datum_t datum;
	struct slice pem;

	TRY(file_read(cx, file, OPERATOR_CA_FILE_MAX, &pem));
	datum = datum_of(pem);
	if (gnutls_x509_crt_list_import2(&ca->cas, &ca->n, &datum,
	    GNUTLS_X509_FMT_PEM, 0) < 0 || ca->n == 0)
		return FAIL_TELL(cx, ERR_CONFIG,
		    "operator_ca_file: %s holds no certificates", file);
	/* The list has copies of its own, freed with it. */
	if (gnutls_x509_trust_list_add_trust_mem(ca->trust, &datum, NULL,
	    GNUTLS_X509_FMT_PEM, 0, 0) != (int)ca->n)
		return FAIL_TELL(cx, ERR_CONFIG,
		    "operator_ca_file: %s holds what is no CA", file);
	return OK;
}

/* Dates are looked at when a certificate comes. */
#define NO_DATES	(GNUTLS_VERIFY_DISABLE_TIME_CHECKS |		\
	GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS)

static bool
signed_list(gnutls_x509_crl_t crl, gnutls_x509_crt_t *ca)
{
	const unsigned dates = GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |
	    GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE;
	unsigned status = ~0u;

	if (gnutls_x509_crl_check_issuer(crl, *ca) != 1 ||
	    gnutls_x509_crl_verify(crl, ca, 1, NO_DATES, &status) != 0)
		return false;
	/* GnuTLS looks at these all the same. */
	if ((status & dates) != 0)
		status &= ~(dates | GNUTLS_CERT_INVALID);
	return status == 0;
}

/* A CA that was certified again with its key has the list, too. */
static struct err
take_crl(struct ctx *cx, gnutls_x509_crl_t crl, unsigned number,
    struct operator_ca *ca)
{
	struct span span = { gnutls_x509_crl_get_this_update(crl),
	    gnutls_x509_crl_get_next_update(crl) };
	bool found = false;

	if (span.from_s <= 0 || span.until_s <= 0)
		return FAIL_TELL(cx, ERR_CONFIG, "operator_crl_file: list %u "
		    "does not say when the next one comes", number);
	for (unsigned i = 0; i < ca->n; i++) {
		if (!signed_list(crl, &ca->cas[i]))
			continue;
		found = true;
		if (span.from_s >= ca->lists[i].from_s)
			ca->lists[i] = span;
	}
	if (!found)
		return FAIL_TELL(cx, ERR_CONFIG, "operator_crl_file: list %u "
		    "is not signed by a CA of operator_ca_file", number);
	if (span.until_s <= ctx_now(cx))
		log_put(cx->log, LOG_LEVEL_WARN, "operator-crl.run-out",
		    "number", arena_printf(cx->arena, "%u", number), NULL);
	return OK;
}

static struct err
read_crls(struct ctx *cx, const char *file, struct operator_ca *ca)
{
	gnutls_datum_t datum;
	struct slice pem;

	if (file[0] == '\0')
		return OK;
	TRY(file_read(cx, file, OPERATOR_CA_FILE_MAX, &pem));
	datum = datum_of(pem);
	ca->lists = base_alloc(ca->n * sizeof(*ca->lists));
	if (gnutls_x509_crl_list_import2(&ca->crls, &ca->n_crls, &datum,
	    GNUTLS_X509_FMT_PEM, 0) < 0 || ca->n_crls == 0)
		return FAIL_TELL(cx, ERR_CONFIG,
		    "operator_crl_file: %s holds no revocation lists", file);
	for (unsigned i = 0; i < ca->n_crls; i++)
		TRY(take_crl(cx, ca->crls[i], i + 1, ca));
	return OK;
}

struct err
operator_ca_open(struct ctx *cx, const char *ca_file, const char *crl_file,
    struct operator_ca **out)
{
	struct operator_ca *ca = base_alloc(sizeof(*ca));
	struct err e;

	ASSERT(gnutls_x509_trust_list_init(&ca->trust, 0) == 0);
	e = read_cas(cx, ca_file, ca);
	if (!failed(e))
		e = read_crls(cx, crl_file, ca);
	if (failed(e)) {
		operator_ca_close(ca);
		return e;
	}
	*out = ca;
	return OK;
}

void
operator_ca_close(struct operator_ca *ca)
{
	if (ca == NULL)
		return;
	for (unsigned i = 0; i < ca->n; i++)
		gnutls_x509_crt_deinit(ca->cas[i]);
	gnutls_free(ca->cas);
	for (unsigned i = 0; i < ca->n_crls; i++)
		gnutls_x509_crl_deinit(ca->crls[i]);
	gnutls_free(ca->crls);
	gnutls_x509_trust_list_deinit(ca->trust, 1);
	free(ca->lists);
	free(ca);
}

/* --- never a CA of ours --------------------------------------------------- */

static bool
is_ours(const struct authority *a, const uint8_t *key_id, size_t n)
{
	return n == ISSUER_KEY_ID_SIZE && issuers_by_key_id(a, key_id) != NULL;
}

struct err
operator_ca_check(struct ctx *cx, const struct authority *a,
    const struct operator_ca *ca)
{
	for (unsigned i = 0; i < ca->n; i++) {
		uint8_t id[64];
		size_t n = sizeof(id);

		if (gnutls_x509_crt_get_subject_key_id(ca->cas[i], id, &n,
		    NULL) == 0 && is_ours(a, id, n))
			return FAIL_TELL(cx, ERR_CONFIG, "operator_ca_file "
			    "holds a CA of this service, under which devices "
			    "are");
	}
	return OK;
}

/* --- one certificate ------------------------------------------------------ */

static struct err
verify(struct ctx *cx, const struct operator_ca *ca, gnutls_x509_crt_t crt)
{
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT,
	};
	unsigned status = ~0u;
	unsigned critical;
	char oid[64];
	size_t n = sizeof(oid);

	if (gnutls_x509_trust_list_verify_crt2(ca->trust, &crt, 1, &purpose, 1,
	    0, &status, NULL) != 0 || status != 0)
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "operator certificate: status %#x", status);
	/* Without the extension it would be for everything. */
	if (gnutls_x509_crt_get_key_purpose_oid(crt, 0, oid, &n,
	    &critical) != 0)
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "no extendedKeyUsage");
	return OK;
}

/* Whether a list of its CA says today that it is not revoked. */
static struct err
check_list(struct ctx *cx, const struct operator_ca *ca,
    gnutls_x509_crt_t crt)
{
	int64_t now_s = ctx_now(cx);

	/* Not by the trust list, which keeps one list a name. */
	if (ca->n_crls > 0 && gnutls_x509_crt_check_revocation(crt, ca->crls,
	    ca->n_crls) != 0)
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "revoked");
	for (unsigned i = 0; ca->lists != NULL && i < ca->n; i++) {
		const struct span *list = &ca->lists[i];
		unsigned status = ~0u;

		if (list->from_s <= now_s && now_s < list->until_s &&
		    gnutls_x509_crt_check_issuer(crt, ca->cas[i]) == 1 &&
		    gnutls_x509_crt_verify(crt, &ca->cas[i], 1, NO_DATES,
		    &status) == 0 && status == 0)
			return OK;
	}
	return ca->lists == NULL ? OK : FAIL(cx, ERR_AUTH_CERTIFICATE,
	    "its CA's list in operator_crl_file is not there or has run out");
}

struct kind { gnutls_x509_subject_alt_name_t type; const char *name; };

/* The name of that kind, if there is one and no second. */
static const char *
only_name(struct ctx *cx, gnutls_x509_crt_t crt, const struct kind *kind)
{
	const char *found = NULL;
	unsigned n_found = 0;

	for (unsigned i = 0;; i++) {
		char text[OPERATOR_NAME_MAX + 1];
		size_t n = sizeof(text);
		unsigned type = 0;
		int ret = gnutls_x509_crt_get_subject_alt_name2(crt, i, text,
		    &n, &type, NULL);

		if (ret == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (ret < 0 && ret != GNUTLS_E_SHORT_MEMORY_BUFFER)
			return NULL;
		if (type != (unsigned)kind->type)
			continue;
		n_found++;
		if (ret >= 0 && n > 0 && n <= OPERATOR_NAME_MAX &&
		    text_is_printable(SLICE(text, n)))
			found = arena_printf(cx->arena, "san:%s:%.*s",
			    kind->name, (int)n, text);
	}
	return n_found == 1 ? found : NULL;
}

static struct err
name_it(struct ctx *cx, gnutls_x509_crt_t crt, struct slice der,
    struct token_certificate *out)
{
	static const struct kind kinds[TOKEN_NAMES_MAX - 1] = {
		{ GNUTLS_SAN_URI, "uri" }, { GNUTLS_SAN_RFC822NAME, "email" },
		{ GNUTLS_SAN_DNSNAME, "dns" },
	};
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct token_certificate shown = { .n_names = 0 };
	gnutls_datum_t dn;

	ASSERT(crypto_hash_sha256(hash, der.p, der.n) == 0);
	shown.sha256 = text_hex(cx->arena, SLICE_OF(hash));
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const char *name = only_name(cx, crt, &kinds[i]);

		if (name != NULL)
			shown.names[shown.n_names++] = name;
	}
	if (gnutls_x509_crt_get_dn3(crt, &dn, 0) != 0)
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "subject");
	if (dn.size > 0 && dn.size <= OPERATOR_NAME_MAX)
		shown.names[shown.n_names++] = arena_printf(cx->arena,
		    "subject:%.*s", (int)dn.size, (const char *)dn.data);
	gnutls_free(dn.data);
	*out = shown;
	return OK;
}

struct err
operator_ca_verify(struct ctx *cx, const struct authority *a,
    const struct operator_ca *ca, struct slice der,
    struct token_certificate *out)
{
	AUTO_CALL(crt_auto) gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t datum = datum_of(der);
	uint8_t id[64];
	size_t n = sizeof(id);

	ASSERT(gnutls_x509_crt_init(&crt) == 0);
	if (gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) != 0)
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "cannot be read");
	if (gnutls_x509_crt_get_authority_key_id(crt, id, &n, NULL) == 0 &&
	    is_ours(a, id, n))
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "a device's certificate is no operator's credential");
	TRY(verify(cx, ca, crt));
	TRY(check_list(cx, ca, crt));
	return name_it(cx, crt, der, out);
}
