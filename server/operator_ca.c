/* SPDX-License-Identifier: Apache-2.0 */
#include "server/operator_ca.h"

#include <stdlib.h>

#include <gnutls/x509.h>
#include <sodium.h>

#include "authority/issuers.h"
#include "base/base.h"
#include "base/file.h"

#define SUBJECT_MAX	512u

struct operator_ca {
	gnutls_x509_trust_list_t	 trust;
	gnutls_x509_crt_t		*cas;
	unsigned			 n;
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

static struct err
read_crls(struct ctx *cx, const char *file, struct operator_ca *ca)
{
	gnutls_datum_t datum;
	struct slice pem;

	if (file[0] == '\0')
		return OK;
	TRY(file_read(cx, file, OPERATOR_CA_FILE_MAX, &pem));
	datum = datum_of(pem);
	if (gnutls_x509_trust_list_add_trust_mem(ca->trust, NULL, &datum,
	    GNUTLS_X509_FMT_PEM, 0, GNUTLS_VERIFY_ALLOW_UNSORTED_CHAIN) <= 0)
		return FAIL_TELL(cx, ERR_CONFIG, "operator_crl_file: %s holds "
		    "no list that one of operator_ca_file signed", file);
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
	gnutls_x509_trust_list_deinit(ca->trust, 1);
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

static struct err
name_it(struct ctx *cx, gnutls_x509_crt_t crt, struct slice der,
    struct operator_certificate *out)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	gnutls_datum_t dn;

	ASSERT(crypto_hash_sha256(hash, der.p, der.n) == 0);
	if (gnutls_x509_crt_get_dn3(crt, &dn, 0) != 0)
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "subject");
	out->sha256 = text_hex(cx->arena, SLICE_OF(hash));
	out->subject = arena_strndup(cx->arena, (const char *)dn.data,
	    dn.size);
	gnutls_free(dn.data);
	return strlen(out->subject) > SUBJECT_MAX ?
	    FAIL(cx, ERR_AUTH_CERTIFICATE, "subject is too long") : OK;
}

struct err
operator_ca_verify(struct ctx *cx, const struct authority *a,
    const struct operator_ca *ca, struct slice der,
    struct operator_certificate *out)
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
	return name_it(cx, crt, der, out);
}
