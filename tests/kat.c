/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known answers: kat FILE...  Each file holds inputs and what must come out
 * of one operation (its "op").  Prints TAP; an operation that is not known
 * here is skipped by name.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include "attest/ccel.h"
#include "attest/chain.h"
#include "attest/dice.h"
#include "attest/ek.h"
#include "attest/event_log.h"
#include "attest/make_credential.h"
#include "attest/pcr.h"
#include "attest/spdm.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/base64.h"

#define FILE_MAX	(16u * 1024u * 1024u)

struct kat {
	struct ctx	*cx;
	const char	*folder;
	const json_t	*inputs, *expected;
	bool		 deterministic;
	char		*why;		/* what differs; NULL: nothing */
};

static void
differs(struct kat *k, const char *what)
{
	if (k->why == NULL)
		k->why = arena_printf(k->cx->arena, "%s (%s)", what,
		    k->cx->trail->note);
}

/* A byte string of the inputs: hex, or a file's content. */
static struct slice
input(struct kat *k, const char *name)
{
	const json_t *v = json_object_get(k->inputs, name);
	const char *file = json_string_value(json_object_get(v, "$file"));
	struct slice s = SLICE_NONE;

	if (file != NULL) {
		if (failed(file_read(k->cx, arena_printf(k->cx->arena, "%s/%s",
		    k->folder, file), FILE_MAX, &s)))
			differs(k, file);
	} else if (v != NULL && !text_unhex_any(k->cx->arena,
	    json_string_value(v), FILE_MAX, &s)) {
		differs(k, name);
	}
	return s;
}

/* Is a member of the expected answer just that?  Absent ones are not asked. */
static void
expect_bytes(struct kat *k, const char *name, struct slice got)
{
	const char *want = json_string_value(json_object_get(k->expected,
	    name));

	if (want != NULL && strcmp(want, text_hex(k->cx->arena, got)) != 0)
		differs(k, name);
}

static void
expect_bool(struct kat *k, const char *name, bool got)
{
	const json_t *want = json_object_get(k->expected, name);

	if (want != NULL && json_is_true(want) != got)
		differs(k, name);
}

static void
expect_int(struct kat *k, const char *name, json_int_t got)
{
	const json_t *want = json_object_get(k->expected, name);

	if (want != NULL && json_integer_value(want) != got)
		differs(k, name);
}

/* --- operations ------------------------------------------------------- */

static bool
opens_to(struct kat *k, EVP_PKEY *key, const struct tpm_public *ek,
    struct slice encrypted_secret, struct slice seed)
{
	AUTO(EVP_PKEY_CTX) pctx = EVP_PKEY_CTX_new(key, NULL);
	const EVP_MD *md = tpm_key_md(ek->name_alg);
	struct reader r = reader_of(encrypted_secret);
	struct slice sealed = read_be16_bytes(&r, TPM_RSA_MAX);
	size_t n = TPM_RSA_MAX;
	uint8_t *plain = arena_alloc(k->cx->arena, n);

	return read_done(&r) && pctx != NULL &&
	    EVP_PKEY_decrypt_init(pctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(pctx, md) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, md) == 1 &&
	    EVP_PKEY_CTX_set0_rsa_oaep_label(pctx,
	    OPENSSL_memdup("IDENTITY", 9), 9) == 1 &&
	    EVP_PKEY_decrypt(pctx, plain, &n, sealed.p, sealed.n) == 1 &&
	    slice_equal(SLICE(plain, n), seed);
}

static void
check_opens(struct kat *k, const struct tpm_public *ek,
    const struct credential_steps *s, struct slice seed)
{
	struct slice pem = input(k, "ek_private_key"), published;
	AUTO(BIO) bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	AUTO(EVP_PKEY) key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	if (key == NULL || !text_unhex_any(k->cx->arena,
	    json_string_value(json_object_get(k->expected,
	    "encrypted_secret")), FILE_MAX, &published))
		differs(k, "ek_private_key");
	else if (!opens_to(k, key, ek, published, seed))
		differs(k, "the published secret does not open");
	else if (!opens_to(k, key, ek, s->encrypted_secret, seed))
		differs(k, "the secret made here does not open");
}

static void
op_make_credential(struct kat *k)
{
	struct credential_choice choice = {
		.seed = input(k, "seed"),
		.scalar = input(k, "ephemeral_private"),
	};
	struct credential_steps s;
	struct tpm_public ek;

	if (failed(tpm_public_parse(k->cx, input(k, "ek_public"), &ek)) ||
	    failed(make_credential_steps(k->cx, &ek, input(k, "ak_name"),
	    input(k, "secret"), &choice, &s))) {
		differs(k, "refused");
		return;
	}
	if (!slice_equal(s.seed, choice.seed))
		differs(k, "seed");
	expect_bytes(k, "sym_key", s.sym_key);
	expect_bytes(k, "hmac_key", s.hmac_key);
	expect_bytes(k, "enc_identity", s.enc_identity);
	expect_bytes(k, "outer_hmac", s.outer_hmac);
	expect_bytes(k, "credential_blob", s.blob);
	expect_bytes(k, "z", s.z);
	expect_bytes(k, "ephemeral_x", s.x);
	expect_bytes(k, "ephemeral_y", s.y);
	if (k->deterministic)
		expect_bytes(k, "encrypted_secret", s.encrypted_secret);
	else if (json_object_get(k->inputs, "ek_private_key") != NULL)
		check_opens(k, &ek, &s, choice.seed);
}

static void
op_parse_credential_file(struct kat *k)
{
	struct slice file = input(k, "file");
	struct tpm_credential_file f;
	struct tpm_public ek;

	if (failed(tpm_credential_file_parse(k->cx, file, &f)) ||
	    failed(tpm_public_parse(k->cx, input(k, "ek_public"), &ek))) {
		differs(k, "refused");
		return;
	}
	expect_bytes(k, "magic", SLICE(file.p, 4));
	expect_int(k, "version", 1);
	expect_bytes(k, "credential_blob", f.id_object);
	expect_bytes(k, "encrypted_secret", f.encrypted_secret);
	expect_int(k, "trailing_bytes", 0);
}

static void
op_ek_template(struct kat *k)
{
	struct buf b = buf_in(k->cx->arena, 2 + TPM_PUBLIC_MAX);
	struct tpm_public key, made;
	struct slice der;
	X509 *x;

	if (failed(ek_unwrap_nv(k->cx, input(k, "ek_certificate"), &der)) ||
	    failed(chain_cert_parse(k->cx, der, &x)) ||
	    failed(tpm_key_from_pkey(k->cx, chain_key(x), &key)) ||
	    failed(ek_template(k->cx, &key, json_string_value(
	    json_object_get(k->inputs, "template")), &made))) {
		differs(k, "refused");
		return;
	}
	put_be16_bytes(&b, made.bytes);
	expect_bytes(k, "tpm2b_public", buf_slice(&b));
}

static void
op_parse_tpmt_public(struct kat *k)
{
	struct slice file = input(k, "file");
	struct tpm_public p;

	expect_bool(k, "parses", !failed(tpm_public_parse(k->cx, file, &p)));
	expect_int(k, "length", (json_int_t)file.n);
}

static void
op_roca_check(struct kat *k)
{
	struct slice spki = input(k, "spki");
	const uint8_t *p = spki.p;
	AUTO(EVP_PKEY) key = d2i_PUBKEY(NULL, &p, (long)spki.n);
	struct tpm_public public;

	if (key == NULL || failed(tpm_key_from_pkey(k->cx, key, &public)))
		differs(k, "refused");
	else
		expect_bool(k, "weak", tpm_key_is_roca(public.rsa_n));
}

static bool
reason_is_expected(const json_t *reasons, struct err e)
{
	const char *reason = err_dotted(e) + strlen("evidence.");
	const json_t *item;
	size_t i;

	if (json_is_string(reasons))
		return strcmp(json_string_value(reasons), reason) == 0;
	json_array_foreach(reasons, i, item)
		if (strcmp(json_string_value(item), reason) == 0)
			return true;
	return false;
}

static struct err
replay(struct kat *k, struct event_log_findings *f)
{
	struct json_in in = json_in(k->cx, k->inputs, "");
	struct event_log log;
	struct pcrs pcrs;

	TRY(event_log_parse(k->cx, input(k, "log"), &log));
	if (json_object_get(k->inputs, "pcrs") == NULL)
		return OK;
	pcr_read(&in, "pcrs", &pcrs);
	TRY(in.err);
	return event_log_replay(k->cx, &log, pcrs.banks, pcrs.n_banks, f);
}

static void
op_event_log_replay(struct kat *k)
{
	const char *verdict = json_string_value(json_object_get(k->expected,
	    "verdict"));
	struct event_log_findings *f = ARENA_NEW(k->cx->arena,
	    struct event_log_findings);
	struct err e = replay(k, f);

	if (strcmp(verdict, failed(e) ? "refused" : "accepted") != 0)
		differs(k, "verdict");
	else if (failed(e) && !reason_is_expected(json_object_get(k->expected,
	    "reason"), e))
		differs(k, err_dotted(e));
	expect_bool(k, "secure_boot", f->secure_boot_known && f->secure_boot);
}

static struct err
replay_ccel(struct kat *k, uint8_t registers[CCEL_RTMRS][CCEL_MR_SIZE])
{
	const json_t *given = json_object_get(k->inputs, "registers");
	struct slice want[CCEL_RTMRS];
	struct ccel_findings found;
	struct event_log log;

	TRY(event_log_parse(k->cx, input(k, "log"), &log));
	expect_int(k, "events", (json_int_t)log.n_events);
	TRY(ccel_registers(k->cx, &log, registers));
	if (given == NULL)
		return OK;
	for (size_t i = 0; i < CCEL_RTMRS; i++)
		if (!text_unhex_any(k->cx->arena, json_string_value(
		    json_object_get(given, arena_printf(k->cx->arena,
		    "rtmr%zu", i))), CCEL_MR_SIZE, &want[i]))
			differs(k, "registers");
	return k->why == NULL ? ccel_replay(k->cx, &log, want, &found) : OK;
}

static void
op_ccel_replay(struct kat *k)
{
	const char *verdict = json_string_value(json_object_get(k->expected,
	    "verdict"));
	const json_t *want = json_object_get(k->expected, "registers");
	uint8_t registers[CCEL_RTMRS][CCEL_MR_SIZE];
	struct err e = replay_ccel(k, registers);

	if (strcmp(verdict, failed(e) ? "refused" : "accepted") != 0)
		differs(k, "verdict");
	else if (failed(e) && !reason_is_expected(json_object_get(k->expected,
	    "reason"), e))
		differs(k, err_dotted(e));
	for (size_t i = 0; i < CCEL_RTMRS && want != NULL; i++)
		if (strcmp(text_hex(k->cx->arena, SLICE_OF(registers[i])),
		    json_string_value(json_object_get(want, arena_printf(
		    k->cx->arena, "rtmr%zu", i)))) != 0)
			differs(k, "registers");
}

static void
op_parse_riot_extension(struct kat *k)
{
	struct slice fwid;

	if (failed(dice_riot_name_read(k->cx, input(k, "file"), &fwid)))
		differs(k, "refused");
	else
		expect_bytes(k, "fwid", fwid);
}

static struct err
check_spdm(struct kat *k, struct slice *out_nonce)
{
	const json_t *leaf = json_object_get(k->inputs, "leaf");
	struct slice der;
	X509 *x;

	if (!base64url_parse(k->cx->arena, json_string_value(leaf),
	    json_string_length(leaf), FILE_MAX, &der))
		return FAIL(k->cx, ERR_FIELD, "leaf");
	TRY(chain_cert_parse(k->cx, der, &x));
	return spdm_measurements_check(k->cx, input(k, "log"), x, out_nonce);
}

static void
op_spdm_measurements(struct kat *k)
{
	const char *verdict = json_string_value(json_object_get(k->expected,
	    "verdict"));
	struct slice nonce = SLICE_NONE;
	struct err e = check_spdm(k, &nonce);

	if (strcmp(verdict, failed(e) ? "refused" : "accepted") != 0)
		differs(k, "verdict");
	else if (failed(e) && !reason_is_expected(json_object_get(k->expected,
	    "reason"), e))
		differs(k, err_dotted(e));
	else if (!failed(e))
		expect_bytes(k, "nonce", nonce);
}

static const struct { const char *op; void (*run)(struct kat *); } ops[] = {
	{ "make_credential",		op_make_credential },
	{ "parse_credential_file",	op_parse_credential_file },
	{ "ek_template",		op_ek_template },
	{ "parse_tpmt_public",		op_parse_tpmt_public },
	{ "roca_check",			op_roca_check },
	{ "event_log_replay",		op_event_log_replay },
	{ "ccel_replay",		op_ccel_replay },
	{ "parse_riot_extension",	op_parse_riot_extension },
	{ "spdm_measurements",		op_spdm_measurements },
};

/* --- one file --------------------------------------------------------- */

static bool
run(struct ctx *cx, const char *path, int number)
{
	const char *slash = strrchr(path, '/'), *name, *op;
	struct kat k = { .cx = cx };
	struct slice text;
	json_t *v;

	k.folder = slash == NULL ? "." : arena_strndup(cx->arena, path,
	    (size_t)(slash - path));
	if (failed(file_read(cx, path, FILE_MAX, &text)) ||
	    failed(json_parse(cx, text, &v))) {
		(void)printf("not ok %d - %s # %s\n", number, path,
		    cx->trail->note);
		return false;
	}
	name = json_string_value(json_object_get(v, "kat"));
	op = json_string_value(json_object_get(v, "op"));
	k.inputs = json_object_get(v, "inputs");
	k.expected = json_object_get(v, "expected");
	k.deterministic = json_is_true(json_object_get(v, "deterministic"));
	for (size_t i = 0; i < COUNT_OF(ops); i++) {
		if (op == NULL || strcmp(ops[i].op, op) != 0)
			continue;
		ops[i].run(&k);
		(void)printf("%sok %d - %s\n", k.why == NULL ? "" : "not ",
		    number, name);
		if (k.why != NULL)
			(void)printf("# differs: %s\n", k.why);
		return k.why == NULL;
	}
	(void)printf("ok %d - %s # SKIP %s is not known here\n", number, name,
	    op);
	return true;
}

int
main(int argc, char **argv)
{
	bool ok = true;

	if (sodium_init() < 0)
		return 99;
	(void)printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		struct ctx_root root;

		ctx_root_init(&root, NULL);
		ok = run(&root.cx, argv[i], i) && ok;
		ctx_root_fini(&root);
	}
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
