/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of many tenants, held against each other by OpenSSL.
 *
 *	apart requests FOLDER	write an OCSP request for each question
 *	apart check FOLDER	say as TAP what holds
 *
 * FOLDER/tenants has their names, a line each.  Of each there are, in DER,
 * NAME.root, NAME.issuing, NAME.leaf, NAME.gone (a leaf that was revoked),
 * NAME.crl (complete), NAME.shard (that of the leaf that is gone).  Requests
 * are NAME.OTHER.KIND, and their answers, from NAME's URL, have .resp added.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define TENANTS_MAX	512u
#define NAME_MAX_	64u
#define FILE_MAX	(64u * 1024u)
#define OTHERS		6u	/* tenants that each one is asked about */

struct tenant {
	char		 name[NAME_MAX_];
	X509		*root, *issuing, *leaf, *gone;
	X509_CRL	*crl, *shard;
	X509_STORE	*store;		/* trusts root */
};

static struct tenant tenants[TENANTS_MAX];
static size_t n_tenants;
static unsigned n_tests, n_bad_tests;
static const char *folder;

static _Noreturn void
die(const char *what, const char *name)
{
	printf("Bail out! %s: %s: %s\n", what, name, strerror(errno));
	exit(1);
}

static const char *
path_of(const char *name, const char *other, const char *kind)
{
	static char path[512];
	int n = snprintf(path, sizeof(path), "%s/%s%s%s.%s", folder, name,
	    other[0] == '\0' ? "" : ".", other, kind);

	if (n < 0 || (size_t)n >= sizeof(path))
		die("path", name);
	return path;
}

static size_t
read_file(const char *path, unsigned char *out)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		die("open", path);
	n = fread(out, 1, FILE_MAX, f);
	(void)fclose(f);
	if (n == 0 || n == FILE_MAX)
		die("size", path);
	return n;
}

static X509 *
read_cert(const struct tenant *t, const char *kind)
{
	unsigned char der[FILE_MAX];
	const unsigned char *p = der;
	size_t n = read_file(path_of(t->name, "", kind), der);
	X509 *x = d2i_X509(NULL, &p, (long)n);

	if (x == NULL)
		die("certificate", path_of(t->name, "", kind));
	return x;
}

static X509_CRL *
read_crl(const struct tenant *t, const char *kind)
{
	unsigned char der[FILE_MAX];
	const unsigned char *p = der;
	size_t n = read_file(path_of(t->name, "", kind), der);
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)n);

	if (crl == NULL)
		die("CRL", path_of(t->name, "", kind));
	return crl;
}

static void
load(void)
{
	char line[NAME_MAX_], path[512];
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/tenants", folder) >=
	    (int)sizeof(path))
		die("path", folder);
	f = fopen(path, "r");
	if (f == NULL)
		die("open", path);
	while (n_tenants < TENANTS_MAX && fgets(line, sizeof(line), f)) {
		struct tenant *t = &tenants[n_tenants++];

		line[strcspn(line, "\n")] = '\0';
		memcpy(t->name, line, sizeof(line));
		t->root = read_cert(t, "root");
		t->issuing = read_cert(t, "issuing");
		t->leaf = read_cert(t, "leaf");
		t->gone = read_cert(t, "gone");
		t->crl = read_crl(t, "crl");
		t->shard = read_crl(t, "shard");
		t->store = X509_STORE_new();
		if (t->store == NULL ||
		    X509_STORE_add_cert(t->store, t->root) != 1)
			die("store", t->name);
	}
	(void)fclose(f);
	if (n_tenants <= OTHERS)
		die("too few tenants", path);
}

/* --- what must hold -------------------------------------------------------- */

/* So many cases were looked at, and these were bad; said of the first few. */
struct count { size_t n, bad; };

__attribute__((format(printf, 3, 4)))
static void
look(struct count *count, bool good, const char *fmt, ...)
{
	va_list ap;

	count->n++;
	if (good || count->bad++ >= 5)
		return;
	va_start(ap, fmt);
	printf("# ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
}

static void
tap(const struct count *count, size_t least, const char *sentence)
{
	bool good = count->bad == 0 && count->n >= least;

	if (!good)
		n_bad_tests++;
	printf("%sok %u - %s (%zu cases)\n", good ? "" : "not ", ++n_tests,
	    sentence, count->n);
	(void)fflush(stdout);
}

static const struct tenant *
other_of(size_t i, size_t k)
{
	return &tenants[(i + 1 + k) % n_tenants];
}

static bool
verifies(X509 *cert, const struct tenant *under, STACK_OF(X509) *untrusted)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool good = ctx != NULL &&
	    X509_STORE_CTX_init(ctx, under->store, cert, untrusted) == 1;

	if (!good)
		die("X509_STORE_CTX", under->name);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
	good = X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	return good;
}

/* Everybody's CAs are at hand, so only trust and names keep them apart. */
static void
check_chains(void)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	struct count own = { 0, 0 }, other = { 0, 0 }, ca = { 0, 0 };

	for (size_t i = 0; i < n_tenants; i++)
		if (sk_X509_push(all, tenants[i].issuing) == 0 ||
		    sk_X509_push(all, tenants[i].root) == 0)
			die("memory", "");
	for (size_t i = 0; i < n_tenants; i++)
		for (size_t j = 0; j < n_tenants; j++) {
			const struct tenant *t = &tenants[i], *u = &tenants[j];
			bool leaf = verifies(t->leaf, u, all);

			look(i == j ? &own : &other, leaf == (i == j),
			    "leaf of %s, root of %s", t->name, u->name);
			look(&ca, verifies(t->issuing, u, all) == (i == j),
			    "CA of %s, root of %s", t->name, u->name);
		}
	tap(&own, n_tenants, "every leaf verifies under its tenant's root");
	tap(&other, n_tenants * (n_tenants - 1),
	    "no leaf verifies under another tenant's root");
	tap(&ca, n_tenants * n_tenants,
	    "an issuing CA verifies under its own root only");
	sk_X509_free(all);
}

/* Names left aside: no key of another tenant made a signature of this one. */
static void
check_signatures(void)
{
	struct count leaf = { 0, 0 }, crl = { 0, 0 };

	for (size_t i = 0; i < n_tenants; i++)
		for (size_t j = 0; j < n_tenants; j++) {
			const struct tenant *t = &tenants[i], *u = &tenants[j];
			EVP_PKEY *ca = X509_get0_pubkey(u->issuing);
			EVP_PKEY *root = X509_get0_pubkey(u->root);

			look(&leaf, (X509_verify(t->leaf, ca) == 1) ==
			    (i == j) && X509_verify(t->leaf, root) != 1,
			    "leaf of %s, keys of %s", t->name, u->name);
			look(&crl, (X509_CRL_verify(t->crl, ca) == 1) ==
			    (i == j) && (X509_CRL_verify(t->shard, ca) == 1) ==
			    (i == j), "CRL of %s, key of %s", t->name,
			    u->name);
		}
	tap(&leaf, n_tenants * n_tenants,
	    "no key of another tenant made a leaf's signature");
	tap(&crl, n_tenants * n_tenants,
	    "a CRL is signed by its own issuing CA's key only");
}

static bool
is_listed(X509_CRL *crl, X509 *cert)
{
	X509_REVOKED *entry;

	return X509_CRL_get0_by_serial(crl, &entry,
	    X509_get0_serialNumber(cert)) == 1;
}

static void
check_crls(void)
{
	struct count own = { 0, 0 }, other = { 0, 0 };

	for (size_t i = 0; i < n_tenants; i++) {
		const struct tenant *t = &tenants[i];

		look(&own, is_listed(t->crl, t->gone) &&
		    is_listed(t->shard, t->gone) &&
		    !is_listed(t->crl, t->leaf) &&
		    sk_X509_REVOKED_num(X509_CRL_get_REVOKED(t->crl)) == 1 &&
		    sk_X509_REVOKED_num(X509_CRL_get_REVOKED(t->shard)) == 1,
		    "CRLs of %s", t->name);
		for (size_t j = 0; j < n_tenants; j++)
			if (i != j)
				look(&other, !is_listed(t->crl,
				    tenants[j].gone) && !is_listed(t->shard,
				    tenants[j].gone), "CRL of %s, %s", t->name,
				    tenants[j].name);
	}
	tap(&own, n_tenants,
	    "each tenant's CRLs list what it revoked and nothing else");
	tap(&other, n_tenants * (n_tenants - 1),
	    "no tenant's CRL says anything of another");
}

/* --- OCSP ------------------------------------------------------------------ */

struct question {
	const char	*kind;
	/* of another tenant, asked of this one? */
	bool		 serial_of_other, issuer_of_other, gone;
	int		 response;	/* OCSP_RESPONSE_STATUS_* */
	int		 status;	/* V_OCSP_CERTSTATUS_* */
};

static const struct question questions[] = {
	{ "good", false, false, false, OCSP_RESPONSE_STATUS_SUCCESSFUL,
	    V_OCSP_CERTSTATUS_GOOD },
	{ "gone", false, false, true, OCSP_RESPONSE_STATUS_SUCCESSFUL,
	    V_OCSP_CERTSTATUS_REVOKED },
	/* Nobody may learn here that another tenant has that serial. */
	{ "serial", true, false, false, OCSP_RESPONSE_STATUS_SUCCESSFUL,
	    V_OCSP_CERTSTATUS_UNKNOWN },
	{ "other-gone", true, false, true, OCSP_RESPONSE_STATUS_SUCCESSFUL,
	    V_OCSP_CERTSTATUS_UNKNOWN },
	{ "whole", true, true, false, OCSP_RESPONSE_STATUS_UNAUTHORIZED, 0 },
	{ "whole-gone", true, true, true, OCSP_RESPONSE_STATUS_UNAUTHORIZED,
	    0 },
};
#define N_QUESTIONS	(sizeof(questions) / sizeof(questions[0]))

static OCSP_CERTID *
id_of(const struct question *q, const struct tenant *t,
    const struct tenant *other)
{
	const struct tenant *serial_of = q->serial_of_other ? other : t;
	const X509 *issuer = q->issuer_of_other ? other->issuing : t->issuing;
	const X509 *cert = q->gone ? serial_of->gone : serial_of->leaf;
	OCSP_CERTID *id = OCSP_cert_id_new(EVP_sha1(),
	    X509_get_subject_name(issuer), X509_get0_pubkey_bitstr(issuer),
	    X509_get0_serialNumber(cert));

	if (id == NULL)
		die("CertID", t->name);
	return id;
}

static void
write_request(const struct question *q, const struct tenant *t,
    const struct tenant *other)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	FILE *f = fopen(path_of(t->name, other->name, q->kind), "wb");
	int n;

	if (request == NULL || f == NULL ||
	    OCSP_request_add0_id(request, id_of(q, t, other)) == NULL ||
	    (n = i2d_OCSP_REQUEST(request, &der)) <= 0 ||
	    fwrite(der, 1, (size_t)n, f) != (size_t)n || fclose(f) != 0)
		die("request", t->name);
	OPENSSL_free(der);
	OCSP_REQUEST_free(request);
}

static bool
basic_says(OCSP_BASICRESP *basic, const struct question *q,
    const struct tenant *t, const struct tenant *other)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	ASN1_GENERALIZEDTIME *at, *from, *to;
	OCSP_CERTID *id = id_of(q, t, other);
	int status = -1, reason;
	bool good;

	if (certs == NULL || sk_X509_push(certs, t->issuing) == 0)
		die("memory", t->name);
	good = OCSP_basic_verify(basic, certs, t->store, 0) == 1 &&
	    OCSP_resp_find_status(basic, id, &status, &reason, &at, &from,
	    &to) == 1 && status == q->status;
	/* And nobody else's responder could have said it. */
	if (good && sk_X509_push(certs, other->issuing) != 0)
		good = OCSP_basic_verify(basic, certs, other->store, 0) != 1;
	OCSP_CERTID_free(id);
	sk_X509_free(certs);
	return good;
}

static bool
answer_says(const struct question *q, const struct tenant *t,
    const struct tenant *other)
{
	unsigned char der[FILE_MAX];
	const unsigned char *p = der;
	char kind[64];
	OCSP_RESPONSE *response;
	OCSP_BASICRESP *basic;
	bool good;
	size_t n;

	(void)snprintf(kind, sizeof(kind), "%s.resp", q->kind);
	n = read_file(path_of(t->name, other->name, kind), der);
	response = d2i_OCSP_RESPONSE(NULL, &p, (long)n);
	if (response == NULL)
		return false;
	good = OCSP_response_status(response) == q->response;
	if (good && q->response == OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		basic = OCSP_response_get1_basic(response);
		good = basic != NULL && basic_says(basic, q, t, other);
		OCSP_BASICRESP_free(basic);
	}
	OCSP_RESPONSE_free(response);
	return good;
}

static void
each_question(void (*each)(const struct question *, const struct tenant *,
    const struct tenant *))
{
	for (size_t i = 0; i < n_tenants; i++)
		for (size_t k = 0; k < OTHERS; k++)
			for (size_t q = 0; q < N_QUESTIONS; q++)
				each(&questions[q], &tenants[i],
				    other_of(i, k));
}

static const char *const sentences[N_QUESTIONS] = {
	"a responder says good of its own tenant's leaf",
	"a responder says revoked of what its own tenant revoked",
	"of another tenant's serial a responder knows nothing",
	"nor of one that the other tenant revoked",
	"about another tenant's CA a responder is not authorized",
	"nor about what that CA revoked",
};

static void
check_ocsp(void)
{
	for (size_t q = 0; q < N_QUESTIONS; q++) {
		struct count count = { 0, 0 };

		for (size_t i = 0; i < n_tenants; i++)
			for (size_t k = 0; k < OTHERS; k++)
				look(&count, answer_says(&questions[q],
				    &tenants[i], other_of(i, k)),
				    "%s about %s: %s", tenants[i].name,
				    other_of(i, k)->name, questions[q].kind);
		tap(&count, n_tenants * OTHERS, sentences[q]);
	}
}

int
main(int argc, char *argv[])
{
	if (argc != 3)
		die("usage", argv[0]);
	folder = argv[2];
	load();
	if (strcmp(argv[1], "requests") == 0) {
		each_question(write_request);
		return 0;
	}
	check_chains();
	check_signatures();
	check_crls();
	check_ocsp();
	return n_bad_tests == 0 ? 0 : 1;
}
