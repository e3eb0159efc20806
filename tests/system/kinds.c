/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate of every kind that the signer makes, under CAs of every
 * algorithm, for judges.py to hold up to other people's software.
 *
 * KINDS_FOLDER (a short path) gets, of each algorithm ALG, in PEM: ALG.root,
 * ALG.issuing, ALG.server (CAs); ALG.KIND for each kind, its key ALG.KIND.key;
 * ALG.gone and ALG.gone-edge, which are on the CRLs; the complete CRL ALG.crl,
 * the shard ALG.shard, the root's ALG.root-crl.
 */
#include "tests/unit/signer_process.h"

#include <openssl/pem.h>

#define SHARD_URL	"http://status.example/crl/1/1.crl"
#define COMPLETE_URL	"http://status.example/crl/1.crl"
#define OCSP_URL	"http://status.example/ocsp/1"

struct kind {
	const char	*name;
	const char	*key;	/* of the leaf */
	uint8_t		 flags;	/* 0: a TLS server of ours */
	const char	*spiffe_domain;
	const char	*crl_url, *ocsp_url;
};

#define URN		(LEAF_CLIENT_AUTH | LEAF_SAN_URN | \
			LEAF_SAN_PERMANENT_ID)

static const struct kind kinds[] = {
	{ "default", "P-256", URN | LEAF_HARDWARE_KEY, "", SHARD_URL,
	    OCSP_URL },
	{ "software-key", "P-384", URN, "", SHARD_URL, "" },
	{ "rsa-key", "RSA", URN, "", SHARD_URL, OCSP_URL },
	{ "complete-crl", "P-256", URN, "", COMPLETE_URL, "" },
	{ "server-auth", "P-256", URN | LEAF_SERVER_AUTH, "", SHARD_URL,
	    OCSP_URL },
	{ "server-auth-only", "P-256", LEAF_SERVER_AUTH | LEAF_SAN_URN, "",
	    SHARD_URL, OCSP_URL },
	{ "spiffe", "P-256", LEAF_CLIENT_AUTH | LEAF_SERVER_AUTH,
	    "fleet.example", SHARD_URL, OCSP_URL },
	{ "hardware-name", "P-256", LEAF_CLIENT_AUTH | LEAF_HARDWARE_KEY |
	    LEAF_SAN_HARDWARE_NAME, "", SHARD_URL, OCSP_URL },
	{ "no-rev-avail", "P-256", URN | LEAF_NO_REV_AVAIL, "", "", "" },
	{ "edge", "P-256", LEAF_EDGE_CA | LEAF_SAN_URN | LEAF_CLIENT_AUTH |
	    LEAF_SERVER_AUTH, "", COMPLETE_URL, OCSP_URL },
	{ "tls-server", "P-256", 0, "", COMPLETE_URL, "" },
	{ "gone", "P-256", URN, "", SHARD_URL, OCSP_URL },
	{ "gone-edge", "P-256", LEAF_EDGE_CA | LEAF_SAN_URN, "",
	    COMPLETE_URL, OCSP_URL },
};

static const struct { const char *name; enum ca_alg alg; } algs[] = {
	{ "p256", CA_ALG_P256 }, { "p384", CA_ALG_P384 },
	{ "ed25519", CA_ALG_ED25519 }, { "rsa2048", CA_ALG_RSA2048 },
	{ "rsa3072", CA_ALG_RSA3072 }, { "rsa4096", CA_ALG_RSA4096 },
};

/* A new key of the leaf: its SPKI, and the key to a file. */
static struct slice
new_key(const char *kind, const char *file)
{
	EVP_PKEY *pkey = strcmp(kind, "RSA") == 0 ?
	    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048) :
	    EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	FILE *f = fopen(in_folder(file), "w");
	uint8_t *der = NULL;
	struct slice out;
	int n;

	ck_assert_ptr_nonnull(pkey);
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_PrivateKey(f, pkey, NULL, NULL, 0, NULL,
	    NULL), 1);
	ck_assert_int_eq(fclose(f), 0);
	n = i2d_PUBKEY(pkey, &der);
	ck_assert_int_gt(n, 0);
	out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
	return out;
}

static const char *
of(const char *alg, const char *what)
{
	return arena_printf(cx->arena, "%s.%s", alg, what);
}

static struct slice
make_ca(struct signer *s, const char *alg, const char *what,
    struct order *order)
{
	struct answer a = ask_ok(s, order);

	save(of(alg, what), PEM_CERTIFICATE, a.object);
	return a.sealed;
}

static struct slice
issue(struct signer *s, const char *alg, const struct kind *k,
    struct slice ca)
{
	struct slice spki = new_key(k->key, of(alg, arena_printf(cx->arena,
	    "%s.key", k->name)));
	struct order order = help_leaf("tenant-a", ca, spki);
	struct answer a;

	order.issue.flags = k->flags;
	order.issue.spiffe_domain = k->spiffe_domain;
	order.issue.crl_url = k->crl_url;
	order.issue.ocsp_url = k->ocsp_url;
	if (k->flags == 0 || (k->flags & LEAF_EDGE_CA) != 0) {
		order.issue.n_dns_names = 1;
		order.issue.dns_names[0] = "host.example";
	}
	if (k->flags == 0)
		order.issue.device_id = "";
	a = ask_ok(s, &order);
	save(of(alg, k->name), PEM_CERTIFICATE, a.object);
	return a.object;
}

static void
serial_of(struct slice der, uint8_t out[WIRE_SERIAL_SIZE])
{
	const uint8_t *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	const ASN1_INTEGER *serial;

	ck_assert_ptr_nonnull(x);
	serial = X509_get0_serialNumber(x);
	ck_assert_int_eq(ASN1_STRING_length(serial), WIRE_SERIAL_SIZE);
	memcpy(out, ASN1_STRING_get0_data(serial), WIRE_SERIAL_SIZE);
	X509_free(x);
}

/* gone: two; the shard has the first alone, since it is for user certificates
 * and the other is a CA's. */
static void
sign_crls(struct signer *s, const char *alg, struct slice root,
    struct slice issuing, const struct slice gone[2])
{
	struct order_crl_entry entries[2] = {
		{ .revoked_s = ctx_now(cx) - 120, .reason = 1 },
		{ .revoked_s = ctx_now(cx) - 120, .reason = 1 },
	};
	struct order order = help_crl("tenant-a", root, 1);

	serial_of(gone[0], entries[0].serial);
	serial_of(gone[1], entries[1].serial);
	save(of(alg, "root-crl"), "X509 CRL", ask_ok(s, &order).object);
	order = help_crl("tenant-a", issuing, 2);
	order.sign_crl.n_entries = 2;
	order.sign_crl.entries = entries;
	save(of(alg, "crl"), "X509 CRL", ask_ok(s, &order).object);
	order.sign_crl.n_entries = 1;
	order.sign_crl.shard_url = SHARD_URL;
	save(of(alg, "shard"), "X509 CRL", ask_ok(s, &order).object);
}

static void
make_all(struct signer *s, const char *alg, enum ca_alg ca_alg)
{
	struct order order = help_root("tenant-a", ca_alg);
	struct slice root = make_ca(s, alg, "root", &order), issuing, server;
	struct slice gone[2] = { { NULL, 0 }, { NULL, 0 } };
	unsigned n_gone = 0;

	order = help_below("tenant-a", CA_ROLE_ISSUING, ca_alg, root);
	order.make_ca.flags = CA_MAY_EDGE;
	issuing = make_ca(s, alg, "issuing", &order);
	order = help_below("tenant-a", CA_ROLE_SERVER, CA_ALG_P256, root);
	order.make_ca.common_name = "server";
	server = make_ca(s, alg, "server", &order);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct slice cert = issue(s, alg, &kinds[i],
		    kinds[i].flags == 0 ? server : issuing);

		if (strncmp(kinds[i].name, "gone", 4) == 0)
			gone[n_gone++] = cert;
	}
	sign_crls(s, alg, root, issuing, gone);
}

START_TEST(every_kind_is_made_under_cas_of_every_algorithm)
{
	const char *at = getenv("KINDS_FOLDER");
	struct signer s;

	ck_assert_msg(at != NULL && strlen(at) < sizeof(folder),
	    "KINDS_FOLDER");
	memcpy(folder, at, strlen(at) + 1);
	ck_assert_int_eq(run(arena_printf(cx->arena,
	    "./daa-signer --make-master-key %s/master", folder)), 0);
	s = start();
	(void)hello(&s);
	for (size_t i = 0; i < COUNT_OF(algs); i++)
		make_all(&s, algs[i].name, algs[i].alg);
	stop(&s);
}
END_TEST

UNIT_MAIN("kinds", every_kind_is_made_under_cas_of_every_algorithm)
