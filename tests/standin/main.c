/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	standin init KIND FOLDER
 *		make a device, and beside it what an operator registers
 *	standin evidence FOLDER [--debug] [--old]
 *		an evidence command of daa-agent(8): the request on standard
 *		input, the evidence document on standard output
 *	standin quote FOLDER HEX
 *		the evidence of a cca, sgx, snp or tdx device over 64 bytes of report
 *		data, as its kernel or quoting enclave is asked for it
 *	standin request FOLDER NONCE [--debug] [--old]
 *		the body of POST /v1/enrollments for a key that the device itself
 *		made; the key goes to FOLDER/certificate.key
 *	standin kinds
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <sodium.h>

#include "attest/attest.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/base64.h"
#include "pki/ossl.h"
#include "pki/pem.h"
#include "tests/make_tpm.h"
#include "tests/standin/standin.h"

#define REQUEST_MAX	65536u
#define REPORT_DATA_SIZE	64u
#define SEED_SIZE	32u
#define DEVICE_FILE	"device.json"

static const char usage[] =
    "usage: standin init KIND FOLDER\n"
    "       standin evidence FOLDER [--debug] [--old]\n"
    "       standin quote FOLDER HEX [--debug] [--old]\n"
    "       standin request FOLDER NONCE [--debug] [--old]\n"
    "       standin kinds\n";

const struct standin_kind standin_kinds[] = {
	{ "android-key", "android-key", standin_android },
	{ "azure-cvm", "azure-cvm", standin_azure_cvm },
	{ "azure-cvm-tdx", "azure-cvm", standin_azure_cvm_tdx },
	{ "cca", "psa", standin_cca },
	{ "dice", "dice", standin_dice },
	{ "idevid", "idevid", standin_idevid },
	{ "key", "key", standin_key },
	{ "openenclave", "openenclave", standin_openenclave },
	{ "optee", "optee", standin_optee },
	{ "psa", "psa", standin_psa },
	{ "sgx", "sgx", standin_sgx },
	{ "snp", "snp", standin_snp },
	{ "snp-bare", "snp", standin_snp_bare },
	{ "tdx", "tdx", standin_tdx },
	{ "tpm2-key", "tpm2-key", standin_tpm2_key },
	{ "webauthn", "webauthn", standin_webauthn },
	{ "webauthn-android", "webauthn", standin_webauthn_android },
	{ NULL, NULL, NULL },
};

_Noreturn void
standin_die(const char *why)
{
	(void)fprintf(stderr, "standin: %s\n", why);
	exit(EXIT_FAILURE);
}

static void
must(struct ctx *cx, struct err e)
{
	if (failed(e))
		standin_die(cx->trail->note);
}

/* --- randomness that is the same each time -------------------------------- */

struct seed {
	uint8_t		bytes[SEED_SIZE];
	uint64_t	n_drawn;
};

static void
draw(void *arg, void *p, size_t n)
{
	struct seed *seed = arg;
	uint8_t part[randombytes_SEEDBYTES];

	(void)crypto_generichash(part, sizeof(part),
	    (const uint8_t *)&seed->n_drawn, sizeof(seed->n_drawn),
	    seed->bytes, sizeof(seed->bytes));
	seed->n_drawn++;
	randombytes_buf_deterministic(p, n, part);
}

/* --- for the kinds ---------------------------------------------------------- */

int64_t
standin_shift(const struct standin *s, int64_t at_s)
{
	return at_s - MAKE_AT + s->made_s;
}

struct slice
standin_binding(const struct standin *s, const char *format, size_t n)
{
	uint8_t *hash = arena_alloc(s->cx->arena, n);

	attest_binding(format, SLICE_OF(s->nonce), s->spki, hash, n);
	return SLICE(hash, n);
}

void
standin_random(const struct standin *s, void *p, size_t n)
{
	ctx_random(s->cx, p, n);
}

static const char *
path_of(const struct standin *s, const char *name)
{
	return arena_printf(s->cx->arena, "%s/%s", s->folder, name);
}

void
standin_file(const struct standin *s, const char *name, struct slice contents)
{
	if (s->first)
		must(s->own, file_replace(s->own, path_of(s, name), 0644,
		    contents));
}

void
standin_pem(const struct standin *s, const char *name, const char *label,
    const struct slice *ders, size_t n)
{
	struct buf b = buf_in(s->cx->arena, 65536);

	for (size_t i = 0; i < n; i++)
		put_text(&b, pem_text(s->cx->arena, label, ders[i]));
	ASSERT(!b.bad);
	standin_file(s, name, buf_slice(&b));
}

/* --- the device's own file -------------------------------------------------- */

static const struct standin_kind *
kind_find(const char *name)
{
	for (const struct standin_kind *k = standin_kinds; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	standin_die("there is no such kind of device; see standin kinds");
}

static void
save(struct standin *s, const struct standin_kind *kind,
    const struct seed *seed)
{
	json_t *device = json_keep(s->own, json_pack("{s:s, s:s, s:s}",
	    "kind", kind->name, "made_at",
	    text_time_dup(s->cx->arena, s->made_s), "seed",
	    text_hex(s->cx->arena, SLICE_OF(seed->bytes))));

	must(s->own, file_replace(s->own, path_of(s, DEVICE_FILE), 0600,
	    json_text(s->own, device)));
}

static const struct standin_kind *
load(struct standin *s, struct seed *out)
{
	const struct standin_kind *kind;
	struct slice text, seed;
	struct json_in in;
	const char *name;
	json_t *device;

	must(s->own, file_read(s->own, path_of(s, DEVICE_FILE), REQUEST_MAX,
	    &text));
	must(s->own, json_parse(s->own, text, &device));
	in = json_in(s->own, device, "");
	name = json_get_text(&in, "kind", JSON_REQUIRED, 64);
	s->made_s = json_get_time(&in, "made_at", 0);
	seed = json_get_hex(&in, "seed", JSON_REQUIRED, SEED_SIZE);
	must(s->own, json_in_done(&in));
	kind = kind_find(name);
	memcpy(out->bytes, seed.p, SEED_SIZE);
	return kind;
}

/* --- commands ----------------------------------------------------------------- */

static void
print(struct ctx *cx, const json_t *document)
{
	struct slice text = json_text(cx, document);

	if (fwrite(text.p, 1, text.n, stdout) != text.n ||
	    putchar('\n') == EOF || fflush(stdout) != 0)
		standin_die("standard output cannot be written");
}

static int
do_init(struct standin *s, struct seed *seed, const char *name)
{
	const struct standin_kind *kind = kind_find(name);
	char hardware_id[HARDWARE_ID_MAX];
	struct evidence evidence;
	struct slice ak_name;
	json_t *document;

	randombytes_buf(seed->bytes, sizeof(seed->bytes));
	s->made_s = ctx_now(s->own);
	s->first = true;
	must(s->own, file_make_folder(s->own, s->folder));
	save(s, kind, seed);
	s->key = make_p256(s->own);
	s->spki = make_spki(s->own, s->key);
	document = json_keep(s->own, kind->make(s));
	must(s->own, evidence_read(s->own, document, "", &evidence));
	evidence_identify(s->own, &evidence, hardware_id, &ak_name);
	standin_file(s, "hardware-id", slice_text(arena_printf(s->cx->arena,
	    "%s\n", hardware_id)));
	return EXIT_SUCCESS;
}

static int
do_evidence(struct standin *s, struct seed *seed)
{
	const struct standin_kind *kind = load(s, seed);
	struct slice text, nonce;
	const char *format;
	struct json_in in;
	json_t *request;

	must(s->own, file_read(s->own, "-", REQUEST_MAX, &text));
	must(s->own, json_parse(s->own, text, &request));
	in = json_in(s->own, request, "");
	format = json_get_text(&in, "format", JSON_REQUIRED, 64);
	nonce = json_get_bytes(&in, "nonce", JSON_REQUIRED, 32);
	s->spki = json_get_bytes(&in, "spki", JSON_REQUIRED, 4096);
	(void)json_get_text(&in, "binding", JSON_REQUIRED, 128);
	must(s->own, json_in_done(&in));
	if (nonce.n != 32)
		standin_die("a nonce of the server has 32 bytes");
	if (strcmp(format, kind->format) != 0)
		standin_die("this device is of another format");
	memcpy(s->nonce, nonce.p, 32);
	print(s->own, json_keep(s->own, kind->make(s)));
	return EXIT_SUCCESS;
}

static int
do_quote(struct standin *s, struct seed *seed, const char *hex)
{
	const struct standin_kind *kind = load(s, seed);

	if (!text_unhex_any(s->cx->arena, hex, REPORT_DATA_SIZE,
	    &s->covered) || s->covered.n != REPORT_DATA_SIZE)
		standin_die("report data is 128 hex digits");
	s->key = make_p256(s->own);
	s->spki = make_spki(s->own, s->key);
	print(s->own, json_keep(s->own, kind->make(s)));
	return EXIT_SUCCESS;
}

/* A key that nobody had before: not of the seed. */
static void
make_own_key(struct standin *s)
{
	AUTO(BIO) bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	s->key = EVP_EC_gen("P-256");
	ASSERT(s->key != NULL && PEM_write_bio_PrivateKey(bio, s->key, NULL,
	    NULL, 0, NULL, NULL) == 1);
	n = BIO_get_mem_data(bio, &text);
	must(s->own, file_replace(s->own, path_of(s, "certificate.key"), 0600,
	    SLICE(text, (size_t)n)));
	s->spki = make_spki(s->cx, s->key);
}

static struct slice
make_request(struct standin *s)
{
	AUTO(X509_REQ) req = X509_REQ_new();
	uint8_t *der = NULL;
	struct slice copy;
	int n;

	ASSERT(req != NULL && X509_REQ_set_version(req, 0) == 1 &&
	    X509_REQ_set_pubkey(req, s->key) == 1 &&
	    X509_REQ_sign(req, s->key, EVP_sha256()) > 0);
	n = i2d_X509_REQ(req, &der);
	ASSERT(n > 0);
	copy = slice_dup(s->cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return copy;
}

static int
do_request(struct standin *s, struct seed *seed, const char *nonce)
{
	const struct standin_kind *kind = load(s, seed);

	if (!text_unhex(nonce, s->nonce, sizeof(s->nonce)))
		standin_die("the nonce is not 64 hex digits");
	make_own_key(s);
	print(s->own, json_keep(s->own, json_pack("{s:s, s:s, s:o}",
	    "nonce", nonce, "csr", base64url(s->cx->arena, make_request(s)),
	    "evidence", kind->make(s))));
	EVP_PKEY_free(s->key);
	return EXIT_SUCCESS;
}

static int
do_kinds(void)
{
	for (const struct standin_kind *k = standin_kinds; k->name != NULL; k++)
		(void)printf("%s %s\n", k->name, k->format);
	return EXIT_SUCCESS;
}

static int
run(struct standin *s, struct seed *seed, int argc, char **argv)
{
	while (argc > 2 && argv[argc - 1][0] == '-') {
		if (strcmp(argv[argc - 1], "--debug") == 0)
			s->debug = true;
		else if (strcmp(argv[argc - 1], "--old") == 0)
			s->old = true;
		else
			standin_die(usage);
		argc--;
	}
	if (argc == 2 && strcmp(argv[1], "kinds") == 0)
		return do_kinds();
	if (argc < 3)
		standin_die(usage);
	s->folder = argv[2];
	if (argc == 3 && strcmp(argv[1], "evidence") == 0)
		return do_evidence(s, seed);
	if (argc == 4 && strcmp(argv[1], "quote") == 0)
		return do_quote(s, seed, argv[3]);
	if (argc == 4 && strcmp(argv[1], "request") == 0)
		return do_request(s, seed, argv[3]);
	if (argc != 4 || strcmp(argv[1], "init") != 0)
		standin_die(usage);
	s->folder = argv[3];
	return do_init(s, seed, argv[2]);
}

int
main(int argc, char **argv)
{
	struct seed seed = { .n_drawn = 0 };
	struct rng rng = { draw, &seed };
	struct ctx_root root;
	struct ctx device;
	struct standin s;
	int status;

	if (sodium_init() < 0)
		return 99;
	ctx_root_init(&root, NULL);
	device = root.cx;
	device.rng = &rng;
	s = (struct standin){ .cx = &device, .own = &root.cx };
	status = run(&s, &seed, argc, argv);
	ctx_root_fini(&root);
	return status;
}
