/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tls.h"

#include <pthread.h>
#include <stdlib.h>

#include <gnutls/x509.h>
#include <sodium.h>

#include "authority/server_certificate.h"
#include "base/base.h"
#include "base/file.h"
#include "pki/pem.h"
#include "server/state.h"

#define FILE_MAX	(64u * 1024u)

/* GnuTLS hides its pointers in typedefs, so AUTO() cannot be told of them. */
static void
crt_auto(gnutls_x509_crt_t *crt)
{
	gnutls_x509_crt_deinit(*crt);
}
static void
privkey_auto(gnutls_privkey_t *key)
{
	gnutls_privkey_deinit(*key);
}
static void
x509_privkey_auto(gnutls_x509_privkey_t *key)
{
	gnutls_x509_privkey_deinit(*key);
}
static void
pubkey_auto(gnutls_pubkey_t *key)
{
	gnutls_pubkey_deinit(*key);
}
static void
datum_auto(gnutls_datum_t *datum)
{
	if (datum->data != NULL)
		sodium_memzero(datum->data, datum->size);
	gnutls_free(datum->data);
}
#define AUTO_CALL(fn)	__attribute__((cleanup(fn)))

#define GTLS_TRY(cx, call) \
	TRY(gtls_check((cx), (call), #call))

static struct err
gtls_check(struct ctx *cx, int result, const char *what)
{
	if (result >= 0)
		return OK;
	return FAIL(cx, ERR_CONFIG, "%.40s: %s", what,
	    gnutls_strerror(result));
}

static gnutls_datum_t
datum_of(struct slice s)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)s.p,
	    (unsigned)s.n };
}

/* --- having a certificate made ------------------------------------------- */

/* The key in PEM and its SubjectPublicKeyInfo in DER. */
static struct err
make_key(struct ctx *cx, gnutls_datum_t *out_pem, gnutls_datum_t *out_spki)
{
	AUTO_CALL(x509_privkey_auto) gnutls_x509_privkey_t key = NULL;
	AUTO_CALL(privkey_auto) gnutls_privkey_t private = NULL;
	AUTO_CALL(pubkey_auto) gnutls_pubkey_t public = NULL;

	ASSERT(gnutls_x509_privkey_init(&key) == 0 &&
	    gnutls_privkey_init(&private) == 0 &&
	    gnutls_pubkey_init(&public) == 0);
	GTLS_TRY(cx, gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
	    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	GTLS_TRY(cx, gnutls_privkey_import_x509(private, key, 0));
	GTLS_TRY(cx, gnutls_pubkey_import_privkey(public, private, 0, 0));
	GTLS_TRY(cx, gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER,
	    out_spki));
	GTLS_TRY(cx, gnutls_x509_privkey_export2_pkcs8(key,
	    GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, out_pem));
	return OK;
}

/* One file, so that key and certificate change together. */
static struct err
write_identity(struct ctx *cx, const char *state_dir,
    const gnutls_datum_t *key, const struct server_certificate *made)
{
	struct buf b = buf_in(cx->arena, FILE_MAX);
	struct err e;

	put_text(&b, pem_text(cx->arena, PEM_CERTIFICATE, made->certificate));
	put_text(&b, pem_text(cx->arena, PEM_CERTIFICATE, made->issuer));
	/* Last: growing would leave a copy behind that is not wiped. */
	put_bytes(&b, SLICE(key->data, key->size));
	ASSERT(!b.bad);
	e = file_replace(cx, state_path(cx, state_dir, "tls.pem"), 0600,
	    buf_slice(&b));
	sodium_memzero(b.p, b.n);
	TRY(e);
	return file_replace(cx, state_path(cx, state_dir, "trust.pem"), 0644,
	    slice_text(pem_text(cx->arena, PEM_CERTIFICATE, made->root)));
}

static struct err
make_identity(struct ctx *cx, const struct authority *a,
    const struct settings *s)
{
	AUTO_CALL(datum_auto) gnutls_datum_t pem = { NULL, 0 };
	AUTO_CALL(datum_auto) gnutls_datum_t spki = { NULL, 0 };
	struct server_certificate made;

	TRY(make_key(cx, &pem, &spki));
	TRY(server_certificate_issue(cx, a, SLICE(spki.data, spki.size),
	    s->names, s->n_names, &made));
	return write_identity(cx, s->state_dir, &pem, &made);
}

/* Whether the certificate there will do for now. */
static bool
is_good(const struct ctx *cx, const struct settings *s, struct slice pem)
{
	AUTO_CALL(crt_auto) gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t datum = datum_of(pem);
	int64_t from_s, until_s, now_s = ctx_now(cx);

	ASSERT(gnutls_x509_crt_init(&crt) == 0);
	if (gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_PEM) != 0)
		return false;
	for (size_t i = 0; i < s->n_names; i++)
		if (gnutls_x509_crt_check_hostname(crt, s->names[i]) == 0)
			return false;
	from_s = gnutls_x509_crt_get_activation_time(crt);
	until_s = gnutls_x509_crt_get_expiration_time(crt);
	return from_s <= now_s && now_s < until_s - (until_s - from_s) / 3;
}

struct err
tls_provide(struct ctx *cx, const struct authority *a,
    const struct settings *s, bool *out_is_new)
{
	struct slice pem;
	bool good = false;

	if (failed(file_read_secret(cx, state_path(cx, s->state_dir,
	    "tls.pem"), FILE_MAX, &pem))) {
		ctx_forget(cx);
	} else {
		good = is_good(cx, s, pem);
		sodium_memzero((void *)(uintptr_t)pem.p, pem.n);
	}
	if (!good)
		TRY(make_identity(cx, a, s));
	*out_is_new = !good;
	return OK;
}

/* --- using it -------------------------------------------------------------- */

struct tls {
	pthread_mutex_t		 lock;
	struct tls_identity	*present, *former;	/* former: NULL at first */
};

static void
identity_free(struct tls_identity *identity)
{
	if (identity == NULL)
		return;
	for (unsigned i = 0; i < identity->n_chain; i++)
		gnutls_pcert_deinit(&identity->chain[i]);
	gnutls_privkey_deinit(identity->key);
	free(identity);
}

static struct err
fill_identity(struct ctx *cx, struct slice pem, struct tls_identity *identity)
{
	gnutls_datum_t datum = datum_of(pem);
	unsigned n = TLS_CHAIN_MAX;

	ASSERT(gnutls_privkey_init(&identity->key) == 0);
	GTLS_TRY(cx, gnutls_privkey_import_x509_raw(identity->key, &datum,
	    GNUTLS_X509_FMT_PEM, NULL, 0));
	GTLS_TRY(cx, gnutls_pcert_list_import_x509_raw(identity->chain, &n,
	    &datum, GNUTLS_X509_FMT_PEM, 0));
	identity->n_chain = n;
	return OK;
}

static struct err
load_identity(struct ctx *cx, const char *state_dir,
    struct tls_identity **out)
{
	struct tls_identity *identity;
	struct slice pem;
	struct err e;

	TRY(file_read_secret(cx, state_path(cx, state_dir, "tls.pem"),
	    FILE_MAX, &pem));
	identity = base_alloc(sizeof(*identity));
	e = fill_identity(cx, pem, identity);
	sodium_memzero((void *)(uintptr_t)pem.p, pem.n);
	if (failed(e)) {
		identity_free(identity);
		return e;
	}
	*out = identity;
	return OK;
}

struct err
tls_open(struct ctx *cx, const char *state_dir, struct tls **out)
{
	struct tls_identity *identity;
	struct tls *tls;

	TRY(load_identity(cx, state_dir, &identity));
	tls = base_alloc(sizeof(*tls));
	ASSERT(pthread_mutex_init(&tls->lock, NULL) == 0);
	tls->present = identity;
	*out = tls;
	return OK;
}

struct err
tls_reload(struct ctx *cx, struct tls *tls, const char *state_dir)
{
	struct tls_identity *identity;

	TRY(load_identity(cx, state_dir, &identity));
	(void)pthread_mutex_lock(&tls->lock);
	identity_free(tls->former);
	tls->former = tls->present;
	tls->present = identity;
	(void)pthread_mutex_unlock(&tls->lock);
	return OK;
}

void
tls_close(struct tls *tls)
{
	if (tls == NULL)
		return;
	identity_free(tls->present);
	identity_free(tls->former);
	(void)pthread_mutex_destroy(&tls->lock);
	free(tls);
}

const struct tls_identity *
tls_identity(struct tls *tls)
{
	const struct tls_identity *identity;

	(void)pthread_mutex_lock(&tls->lock);
	identity = tls->present;
	(void)pthread_mutex_unlock(&tls->lock);
	return identity;
}
