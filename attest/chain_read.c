/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and lists from bytes, and whether they are signed: anew, or as
 * it was found before (attest/seen.h). */
#include "attest/chain.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/x509v3.h>

#include "attest/pubkey.h"
#include "attest/seen.h"

/* What they take when they are read, beside their bytes (doc/BENCH.md); each
 * extension and name is some values of its own, however few bytes it has. */
#define CERT_BYTES	6000u
#define CERT_PART_BYTES	200u
#define CRL_BYTES	4000u
#define CRL_FACTOR	8u

/* --- names of certificates ---------------------------------------------- */

/* A certificate that was read through a cache carries by which names: such
 * that was not (of one challenge, or offline) carries none.  And its names in
 * subjectAltName, which are asked for several times and long to read. */
struct ids {
	uint8_t		 der[SEEN_SHA256_SIZE], spki[SEEN_SHA256_SIZE];
	GENERAL_NAMES	*alt_names;	/* NULL: none that can be read */
	size_t		 bytes;		/* about, with all of this */
};

/* What goes with each certificate that is read here. */
struct notes {
	EVP_PKEY	*key;		/* NULL: none that OpenSSL knows */
	uint8_t		*spki;		/* SubjectPublicKeyInfo, OpenSSL's */
	size_t		 n_spki;
	struct ids	*ids;		/* or NULL */
};

/*
 * Certificates are decoded in a library context that has no decoders: OpenSSL
 * 3.0 reads a certificate's key along with it, for which it asks every decoder
 * that there is whether it might, and that takes longer than a signature.  Here
 * it finds none, and the key is read by pubkey_read_anew().  What is done with
 * the certificate later is done in the usual context.
 * The place for notes in a certificate is OpenSSL's to give.  Both are made once
 * for the process and only read afterwards.
 */
static struct {
	pthread_once_t	 once;
	int		 place;
	OSSL_LIB_CTX	*bare;
} ossl = { PTHREAD_ONCE_INIT, -1, NULL };

static void
free_notes(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl,
    void *argp)
{
	struct notes *notes = ptr;

	(void)parent, (void)ad, (void)index, (void)argl, (void)argp;
	if (notes == NULL)
		return;
	if (notes->ids != NULL)
		GENERAL_NAMES_free(notes->ids->alt_names);
	EVP_PKEY_free(notes->key);
	OPENSSL_free(notes->spki);
	free(notes->ids);
	free(notes);
}

/* A copy may be changed: it has no name. */
static int
drop_notes(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **ptr,
    int index, long argl, void *argp)
{
	(void)to, (void)from, (void)index, (void)argl, (void)argp;
	*ptr = NULL;
	return 1;
}

static void
set_up(void)
{
	ossl.place = X509_get_ex_new_index(0, NULL, NULL, drop_notes,
	    free_notes);
	ossl.bare = OSSL_LIB_CTX_new();
	/* Without any provider the default one would come by itself. */
	ASSERT(ossl.place >= 0 && ossl.bare != NULL &&
	    OSSL_PROVIDER_load(ossl.bare, "null") != NULL);
}

static struct notes *
notes_of(const X509 *x)
{
	ASSERT(pthread_once(&ossl.once, set_up) == 0);
	return X509_get_ex_data(x, ossl.place);
}

static const struct ids *
ids_of(const X509 *x)
{
	const struct notes *notes = notes_of(x);

	return notes == NULL ? NULL : notes->ids;
}

EVP_PKEY *
chain_key(const X509 *x)
{
	const struct notes *notes = notes_of(x);

	return notes == NULL ? X509_get0_pubkey(x) : notes->key;
}

/* As it stands there. */
static size_t
put_spki(const X509 *x, uint8_t **out)
{
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), out);

	ASSERT(n > 0);		/* what was decoded can be encoded */
	return (size_t)n;
}

struct slice
chain_spki(struct ctx *cx, const X509 *x)
{
	const struct notes *notes = notes_of(x);
	uint8_t *der = NULL;
	struct slice spki;

	if (notes != NULL)
		return slice_dup(cx->arena, SLICE(notes->spki, notes->n_spki));
	spki.n = put_spki(x, &der);
	spki = slice_dup(cx->arena, SLICE(der, spki.n));
	OPENSSL_free(der);
	return spki;
}

static void
name(X509 *x, const struct seen_id *id, size_t n)
{
	struct ids *ids = base_alloc(sizeof(*ids));
	struct notes *notes = notes_of(x);

	memcpy(ids->der, id->of, sizeof(ids->der));
	seen_hash(SLICE(notes->spki, notes->n_spki), ids->spki);
	notes->ids = ids;
	ids->alt_names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	ERR_clear_error();		/* of names that cannot be read */
	ids->bytes = n + CERT_BYTES + CERT_PART_BYTES *
	    (size_t)(X509_get_ext_count(x) + (ids->alt_names == NULL ? 0 :
	    sk_GENERAL_NAME_num(ids->alt_names)));
}

static void
free_alt_names(void *names)
{
	GENERAL_NAMES_free(names);
}

const GENERAL_NAMES *
chain_alt_names(struct arena *arena, X509 *x)
{
	const struct ids *ids = ids_of(x);
	GENERAL_NAMES *names;

	if (ids != NULL)
		return ids->alt_names;
	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	arena_defer(arena, free_alt_names, names);
	return names;
}

/* --- certificates --------------------------------------------------------- */

static void
hold_x509(void *x)
{
	ASSERT(X509_up_ref(x) == 1);
}

static void
free_x509(void *x)
{
	X509_free(x);
}

static const struct seen_type x509_type = { hold_x509, free_x509 };

/* Its key, or that there is none that can be read. */
static void
take_notes(struct ctx *cx, X509 *x)
{
	struct notes *notes = base_alloc(sizeof(*notes));

	(void)ERR_set_mark();		/* of what cannot be read */
	notes->n_spki = put_spki(x, &notes->spki);
	notes->key = pubkey_read_anew(cx, SLICE(notes->spki, notes->n_spki));
	/* Reads the extensions once, while this thread alone has it. */
	(void)X509_get_extension_flags(x);
	(void)ERR_pop_to_mark();
	ASSERT(notes->key == NULL || EVP_PKEY_up_ref(notes->key) == 1);
	ASSERT(X509_set_ex_data(x, ossl.place, notes) == 1);
}

/* The next certificate, and what is behind it in *p; or NULL. */
static X509 *
decode(OSSL_LIB_CTX *lib, const uint8_t **p, size_t n)
{
	return (X509 *)ASN1_item_d2i_ex(NULL, p, (long)n,
	    ASN1_ITEM_rptr(X509), lib, NULL);
}

static struct err
read_anew(struct ctx *cx, struct slice der, X509 **out)
{
	const uint8_t *p = der.p;
	X509 *x;

	if (der.n == 0 || der.n > ATTEST_CERT_MAX)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "certificate of %zu bytes", der.n);
	ASSERT(pthread_once(&ossl.once, set_up) == 0);
	x = decode(ossl.bare, &p, der.n);
	if (x != NULL && X509_get_version(x) != X509_VERSION_3) {
		/* Its key decides whether it may be a root (X509_check_ca()). */
		X509_free(x);
		p = der.p;
		x = decode(NULL, &p, der.n);
	}
	if (x == NULL)
		return OSSL_FAIL(cx, ERR_EV_MALFORMED, "not a certificate");
	arena_defer(cx->arena, free_x509, x);
	if (p != der.p + der.n)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "bytes follow a certificate");
	take_notes(cx, x);
	*out = x;
	return OK;
}

static struct err
read_certificate(struct ctx *cx, struct slice der, X509 **out)
{
	struct seen_id id = { .by = { 0 } };
	void *kept;

	if (cx->seen == NULL)
		return read_anew(cx, der, out);
	seen_hash(der, id.of);
	if (seen_find(cx->seen, SEEN_CERTIFICATE, &id, &kept)) {
		arena_defer(cx->arena, free_x509, kept);
		*out = kept;
		return OK;
	}
	TRY(read_anew(cx, der, out));
	name(*out, &id, der.n);
	return OK;
}

struct err
chain_check_extensions(struct ctx *cx, X509 *x)
{
	if ((X509_get_extension_flags(x) & EXFLAG_INVALID) != 0)
		return OSSL_FAIL(cx, ERR_EV_MALFORMED,
		    "certificate with extensions that cannot be read");
	return OK;
}

struct err
chain_cert_parse(struct ctx *cx, struct slice der, X509 **out)
{
	X509 *x;

	TRY(read_certificate(cx, der, &x));
	TRY(chain_check_extensions(cx, x));
	*out = x;
	return OK;
}

struct err
chain_certs_read(struct ctx *cx, const struct slice *der, size_t n,
    enum chain_leaf leaf, X509 ***out)
{
	X509 **certs = arena_array(cx->arena, n, sizeof(*certs));

	for (size_t i = 0; i < n; i++)
		TRY(i == 0 && leaf == CHAIN_LEAF_OF_CHALLENGE ?
		    read_anew(cx, der[i], &certs[i]) :
		    read_certificate(cx, der[i], &certs[i]));
	*out = certs;
	return OK;
}

struct err
chain_certs_parse(struct ctx *cx, const struct slice *der, size_t n,
    enum chain_leaf leaf, X509 ***out)
{
	X509 **certs = arena_array(cx->arena, n, sizeof(*certs));

	for (size_t i = 0; i < n; i++) {
		TRY(i == 0 && leaf == CHAIN_LEAF_OF_CHALLENGE ?
		    read_anew(cx, der[i], &certs[i]) :
		    read_certificate(cx, der[i], &certs[i]));
		TRY(chain_check_extensions(cx, certs[i]));
	}
	*out = certs;
	return OK;
}

static struct seen_id
id_of_link(const struct ids *of, const struct ids *by)
{
	struct seen_id id;

	memcpy(id.of, of->der, sizeof(id.of));
	memcpy(id.by, by->spki, sizeof(id.by));
	return id;
}

bool
chain_is_signed(struct ctx *cx, X509 *child, X509 *issuer)
{
	const struct ids *of = ids_of(child), *by = ids_of(issuer);
	EVP_PKEY *key = chain_key(issuer);
	struct seen_id id;

	if (of != NULL && by != NULL) {
		id = id_of_link(of, by);
		if (seen_find(cx->seen, SEEN_CERTIFICATE_SIGNED, &id, NULL))
			return true;
	}
	return key != NULL && X509_verify(child, key) == 1;
}

static void
keep_certificate(struct seen *seen, X509 *x, const struct ids *ids)
{
	struct seen_id id = { .by = { 0 } };

	memcpy(id.of, ids->der, sizeof(id.of));
	seen_keep(seen, SEEN_CERTIFICATE, &id, &x509_type, x, ids->bytes);
}

void
chain_keep(struct ctx *cx, X509 *const *path, size_t n)
{
	const struct ids *below = NULL;

	for (size_t i = 0; cx->seen != NULL && i < n; i++) {
		const struct ids *ids = ids_of(path[i]);

		if (ids != NULL)
			keep_certificate(cx->seen, path[i], ids);
		if (ids != NULL && below != NULL) {
			struct seen_id id = id_of_link(below, ids);

			seen_keep(cx->seen, SEEN_CERTIFICATE_SIGNED, &id,
			    NULL, NULL, 0);
		}
		below = ids;
	}
}

/* --- revocation lists ------------------------------------------------------ */

/* A list points at its name by OpenSSL's one place for something of ours, so
 * both live and are held together. */
struct list {
	atomic_uint	 n_holders;
	X509_CRL	*crl;
	uint8_t		 der[SEEN_SHA256_SIZE];
};

static void
hold_list(void *arg)
{
	struct list *l = arg;

	atomic_fetch_add(&l->n_holders, 1);
}

static void
let_go_list(void *arg)
{
	struct list *l = arg;

	if (atomic_fetch_sub(&l->n_holders, 1) == 1) {
		X509_CRL_free(l->crl);
		free(l);
	}
}

static const struct seen_type list_type = { hold_list, let_go_list };

X509_CRL *
chain_crl_read(struct ctx *cx, struct slice der)
{
	struct seen_id id = { .by = { 0 } };
	const uint8_t *p = der.p;
	struct list *l;
	X509_CRL *crl;
	void *kept;

	seen_hash(der, id.of);
	if (seen_find(cx->seen, SEEN_CRL, &id, &kept)) {
		arena_defer(cx->arena, let_go_list, kept);
		l = kept;
		return l->crl;
	}
	crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	if (crl == NULL || p != der.p + der.n) {
		X509_CRL_free(crl);
		return NULL;
	}
	/* A search would do it, while other threads search. */
	sk_X509_REVOKED_sort(X509_CRL_get_REVOKED(crl));
	l = base_alloc(sizeof(*l));
	atomic_init(&l->n_holders, 1);
	l->crl = crl;
	memcpy(l->der, id.of, sizeof(l->der));
	X509_CRL_set_meth_data(crl, l->der);
	arena_defer(cx->arena, let_go_list, l);
	seen_keep(cx->seen, SEEN_CRL, &id, &list_type, l,
	    CRL_BYTES + CRL_FACTOR * der.n);
	return crl;
}

bool
chain_crl_is_signed(struct ctx *cx, X509_CRL *crl, X509 *issuer)
{
	const uint8_t *of = X509_CRL_get_meth_data(crl);
	const struct ids *by = ids_of(issuer);
	EVP_PKEY *key = chain_key(issuer);
	struct seen_id id;

	if (cx->seen == NULL || of == NULL || by == NULL)
		return key != NULL && X509_CRL_verify(crl, key) == 1;
	memcpy(id.of, of, sizeof(id.of));
	memcpy(id.by, by->spki, sizeof(id.by));
	if (seen_find(cx->seen, SEEN_CRL_SIGNED, &id, NULL))
		return true;
	if (key == NULL || X509_CRL_verify(crl, key) != 1)
		return false;
	seen_keep(cx->seen, SEEN_CRL_SIGNED, &id, NULL, NULL, 0);
	return true;
}
