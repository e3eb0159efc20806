/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <sys/stat.h>

#include <ftw.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "agent/consent.h"
#include "agent/binding.h"
#include "agent/enroll.h"
#include "agent/http.h"
#include "agent/pcr.h"
#include "agent/program.h"
#include "agent/publish.h"
#include "agent/report.h"
#include "agent/schedule.h"
#include "agent/settings.h"
#include "agent/state.h"
#include "agent/tsskey.h"
#include "base/file.h"
#include "base/text.h"

AUTO_DEFINE(X509_REQ, X509_REQ_free);

static const char *
folder(void)
{
	char *path = arena_strdup(cx->arena, "/tmp/daa-agent-test-XXXXXX");

	ck_assert_ptr_nonnull(mkdtemp(path));
	return path;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
remove_folder(const char *path)
{
	ck_assert_int_eq(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/*
 * Computed apart with openssl and printf:
 * printf 'daapki-bind-1\0tpm2\0' | cat - nonce <(sha256 of spki) | sha256sum
 */
START_TEST(the_binding_hash_is_the_one_that_was_computed_apart)
{
	uint8_t nonce[32], out[BINDING_SIZE];

	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)i;
	binding_hash("tpm2", SLICE_OF(nonce), slice_text("spki"), out,
	    sizeof(out));
	ck_assert_str_eq(text_hex(cx->arena, SLICE_OF(out)), "d103a5a7d86f9d732d217bf09228e4f781f2c684861c086ff4b616e5c066825e");
	binding_hash("key", SLICE_OF(nonce), slice_text("spki"), out,
	    sizeof(out));
	ck_assert_str_eq(text_hex(cx->arena, SLICE_OF(out)), "065272d5c463d2fd9f6693fdf4a78ec9e4f2af08d216d1acbeca98e5ae59fe2d");
}
END_TEST

/* printf 'daapki-claim-consent-1\0attest.example.com\0tenant-a\0' |
 * cat - nonce | sha512sum */
START_TEST(a_consent_signs_what_was_computed_apart)
{
	uint8_t nonce[32];

	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)i;
	ck_assert_str_eq(text_hex(cx->arena, consent_hash(cx,
	    "attest.example.com", "tenant-a", SLICE_OF(nonce))),
	    "81cc9a6ef3ac394bb1d500b490fa4138ab14af45810ad39c25c4fb9224770494"
	    "689f4fb2e84852386bfe02fe0c5a28778dd859ab4749baf22a3d369fe14b9419");
}
END_TEST

START_TEST(a_consent_is_for_the_host_of_the_servers_url)
{
	static const char *const urls[][2] = {
		{ "https://attest.example.com:8443", "attest.example.com" },
		{ "https://127.0.0.1:8443/", "127.0.0.1" },
		{ "https://[fd00::1]:8443", "fd00::1" },
		{ "https://localhost", "localhost" },
	};
	json_t *body = json_keep(cx, json_object());
	struct slice nonce = slice_text("n"), out;
	const char *audience;

	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		ck_ok(consent_audience(cx, urls[i][0], &audience));
		ck_assert_str_eq(audience, urls[i][1]);
	}
	ck_fails(consent_audience(cx, NULL, &audience), ERR_CONFIG);
	ck_fails(consent_audience(cx, "", &audience), ERR_CONFIG);
	ck_fails(consent_audience(cx, "https://", &audience), ERR_CONFIG);
	ck_fails(consent_statement(cx, urls[0][0], "Not a name", nonce, body,
	    &out), ERR_PARAMETER);
	ck_fails(consent_statement(cx, urls[0][0], "", nonce, body, &out),
	    ERR_PARAMETER);
	ck_ok(consent_statement(cx, urls[2][0], "tenant-a", nonce, body,
	    &out));
	/* No server can have it signed as the nonce of an enrolment. */
	ck_assert_uint_eq(out.n, 64);
	ck_assert_str_eq(json_string_value(json_object_get(body, "audience")),
	    "fd00::1");
	ck_assert_str_eq(json_string_value(json_object_get(body, "tenant")),
	    "tenant-a");
}
END_TEST

static char *
no_env(const char *name)
{
	(void)name;
	return NULL;
}

static char *
some_env(const char *name)
{
	static char server[] = "https://env:1", hook[] = "env-hook";

	if (strcmp(name, "DAA_AGENT_SERVER") == 0)
		return server;
	return strcmp(name, "DAA_AGENT_HOOK") == 0 ? hook : NULL;
}

static struct err
settings_of(settings_env_fn env, struct command_line *line, size_t n,
    const char *const words[])
{
	char **argv = arena_array(cx->arena, n + 2, sizeof(*argv));

	argv[0] = arena_strdup(cx->arena, "daa-agent");
	for (size_t i = 0; i < n; i++)
		argv[i + 1] = arena_strdup(cx->arena, words[i]);
	return settings_read(cx, (int)n + 1, argv, env, line);
}

#define SETTINGS(env, line, ...) \
	settings_of((env), (line), \
	    COUNT_OF(((const char *const[]){ __VA_ARGS__ })), \
	    (const char *const[]){ __VA_ARGS__ })

START_TEST(a_flag_beats_the_environment_and_that_the_file)
{
	const char *dir = folder();
	const char *path = state_path(cx, dir, "agent.ini");
	struct command_line line;

	ck_ok(file_replace(cx, path, 0600, slice_text("[agent]\n"
	    "server = https://file:1\nhook = file-hook\n"
	    "state_dir = /file\nek-chain = /chain\n")));
	ck_ok(SETTINGS(some_env, &line, "enroll", "--config", path,
	    "--hook=flag hook", "--json"));
	ck_assert_str_eq(line.settings.server, "https://env:1");
	ck_assert_str_eq(line.settings.hook, "flag hook");
	ck_assert_str_eq(line.settings.state_dir, "/file");
	ck_assert_str_eq(line.settings.ek_chain, "/chain");
	ck_assert_str_eq(line.settings.certificate, "/file/certificate.pem");
	ck_assert_str_eq(line.settings.tcti, "device:/dev/tpmrm0");
	ck_assert_ptr_nonnull(line.options.json);
	ck_assert_ptr_null(line.options.help);
	ck_assert_uint_eq(line.n_words, 1);
	ck_assert_str_eq(line.words[0], "enroll");
	remove_folder(dir);
}
END_TEST

START_TEST(a_misspelt_flag_or_setting_is_refused)
{
	const char *dir = folder();
	const char *path = state_path(cx, dir, "agent.ini");
	struct command_line line;

	ck_fails(SETTINGS(no_env, &line, "--serve", "x"), ERR_PARAMETER);
	ck_fails(SETTINGS(no_env, &line, "--server"), ERR_PARAMETER);
	ck_fails(SETTINGS(no_env, &line, "--json=yes"), ERR_PARAMETER);
	ck_fails(SETTINGS(no_env, &line, "-x"), ERR_PARAMETER);
	ck_fails(SETTINGS(no_env, &line, "a", "b", "c", "d", "e"),
	    ERR_PARAMETER);
	ck_ok(file_replace(cx, path, 0600, slice_text("servre = https://a\n")));
	ck_fails(SETTINGS(no_env, &line, "--config", path), ERR_CONFIG);
	ck_fails(SETTINGS(no_env, &line, "--server", "http://plain"),
	    ERR_CONFIG);
	ck_fails(SETTINGS(no_env, &line, "--identity", "key", "--key", "tpm"),
	    ERR_CONFIG);
	ck_fails(SETTINGS(no_env, &line, "--log-level", "loud"), ERR_CONFIG);
	remove_folder(dir);
}
END_TEST

START_TEST(register_lists_are_read_as_they_are_meant)
{
	TPML_PCR_SELECTION s;

	ck_ok(pcr_parse(cx, "sha256:0-9,14,23", &s));
	ck_assert_uint_eq(s.count, 1);
	ck_assert_uint_eq(s.pcrSelections[0].hash, TPM2_ALG_SHA256);
	ck_assert_uint_eq(s.pcrSelections[0].pcrSelect[0], 0xff);
	ck_assert_uint_eq(s.pcrSelections[0].pcrSelect[1], 0x43);
	ck_assert_uint_eq(s.pcrSelections[0].pcrSelect[2], 0x80);
	ck_ok(pcr_parse(cx, "sha1:0+sha384:7", &s));
	ck_assert_uint_eq(s.count, 2);
	ck_assert_uint_eq(s.pcrSelections[1].hash, TPM2_ALG_SHA384);
	ck_assert_uint_eq(s.pcrSelections[1].pcrSelect[0], 0x80);
}
END_TEST

START_TEST(register_lists_of_another_form_are_refused)
{
	static const char *const bad[] = {
		"", "sha256", "sha256:", "md5:0", "sha256:24", "sha256:9-0",
		"sha256:0,", "sha256:0-", "sha256:-1", "sha256:01",
		"sha256:0+", "sha256:0+sha256:1", "sha256:0 ", "+",
	};
	TPML_PCR_SELECTION s;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_fails(pcr_parse(cx, bad[i], &s), ERR_CONFIG);
}
END_TEST

/* A key blob with a private half that no TPM has seen. */
static struct tpm_blob
some_blob(void)
{
	struct tpm_blob blob = {
		.public = { .publicArea = {
			.type = TPM2_ALG_ECC,
			.nameAlg = TPM2_ALG_SHA256,
			.parameters.eccDetail = {
				.symmetric.algorithm = TPM2_ALG_NULL,
				.scheme.scheme = TPM2_ALG_NULL,
				.curveID = TPM2_ECC_NIST_P256,
				.kdf.scheme = TPM2_ALG_NULL,
			},
			.unique.ecc = {
				.x = { .size = 32, .buffer = { 1 } },
				.y = { .size = 32, .buffer = { 2 } },
			},
		} },
		.private = { .size = 126, .buffer = { 3, 4, 5 } },
	};

	return blob;
}

START_TEST(a_tpm_key_survives_the_way_through_its_file)
{
	struct tpm_blob blob = some_blob(), back;
	const char *pem = tsskey_pem(cx, &blob);

	ck_assert(tsskey_is(pem));
	ck_ok(tsskey_parse(cx, pem, &back));
	ck_assert(slice_equal(tpm_2b_public_bytes(cx, &blob.public),
	    tpm_2b_public_bytes(cx, &back.public)));
	ck_assert(slice_equal(tpm_2b_private_bytes(cx, &blob.private),
	    tpm_2b_private_bytes(cx, &back.private)));
}
END_TEST

/*
 * Bits of the key's own bytes make another well-formed file, of a key that no
 * TPM will load; what must never happen is that two texts are one key.
 */
START_TEST(a_changed_or_cut_key_file_is_never_the_same_key)
{
	struct tpm_blob blob = some_blob(), back;
	const char *pem = tsskey_pem(cx, &blob);
	size_t n = strlen(pem);

	for (size_t i = 0; i < n; i++) {
		char *cut = arena_strndup(cx->arena, pem, i);

		ck_fails(tsskey_parse(cx, cut, &back), ERR_MALFORMED);
	}
	for (size_t i = 0; i < n * 8; i++) {
		char *changed = arena_strdup(cx->arena, pem);

		changed[i / 8] = (char)(changed[i / 8] ^ 1 << i % 8);
		if (failed(tsskey_parse(cx, changed, &back)))
			continue;
		ck_assert(!slice_equal(
		    tpm_2b_private_bytes(cx, &blob.private),
		    tpm_2b_private_bytes(cx, &back.private)) ||
		    !slice_equal(tpm_2b_public_bytes(cx, &blob.public),
		    tpm_2b_public_bytes(cx, &back.public)));
	}
	ck_fails(tsskey_parse(cx, arena_printf(cx->arena, "%s\n", pem), &back),
	    ERR_MALFORMED);
}
END_TEST

START_TEST(a_software_key_signs_a_request_that_verifies)
{
	AUTO(X509_REQ) req = NULL;
	struct key key, again;
	struct slice csr, spki;
	const uint8_t *p;

	ck_ok(key_make(cx, NULL, &key));
	ck_ok(key_parse(cx, NULL, key.pem, &again));
	ck_assert(slice_equal(key.spki, again.spki));
	ck_ok(key_csr(cx, &again, "device", &csr));
	p = csr.p;
	req = d2i_X509_REQ(NULL, &p, (long)csr.n);
	ck_assert_ptr_nonnull(req);
	ck_assert_int_eq(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
	ck_ok(key_spki_of_csr(cx, csr, &spki));
	ck_assert(slice_equal(spki, key.spki));
	ck_ok(key_spki_of_file(cx, key.spki, &spki));
	ck_assert(slice_equal(spki, key.spki));
	ck_fails(key_spki_of_csr(cx, key.spki, &spki), ERR_MALFORMED);
	ck_fails(key_parse(cx, NULL, "nonsense", &again), ERR_MALFORMED);
}
END_TEST

START_TEST(the_certificate_is_cut_out_of_what_the_tpm_holds)
{
	uint8_t nv[5 + 4 + 300 + 20] = { 0x10, 1, 0, 1, 48, 0x30, 0x82, 1, 44 };
	struct slice got;

	memset(nv + 9 + 300, 0xff, 20);
	got = ek_trim(SLICE_OF(nv));
	ck_assert_ptr_eq(got.p, nv + 5);
	ck_assert_uint_eq(got.n, 304);
	got = ek_trim(SLICE(nv + 5, 304));
	ck_assert_uint_eq(got.n, 304);
	ck_assert_uint_eq(ek_trim(SLICE(nv + 5, 303)).n, 0);
	nv[sizeof(nv) - 1] = 0;
	ck_assert_uint_eq(ek_trim(SLICE_OF(nv)).n, 0);
	ck_assert_uint_eq(ek_trim(SLICE(nv, 0)).n, 0);
}
END_TEST

START_TEST(a_renewal_falls_into_its_window)
{
	uint64_t random = 1;
	bool early = false, late = false;

	for (int i = 0; i < 2000; i++) {
		int64_t at;

		random = random * 6364136223846793005u + 1442695040888963407u;
		at = schedule_due(1000, 2000, random >> 11);
		ck_assert(at >= 1000 && at <= 2000);
		early = early || at < 1100;
		late = late || at > 1900;
	}
	ck_assert(early && late);
	ck_assert_int_eq(schedule_due(1000, 1000, 77), 1000);
	ck_assert_int_eq(schedule_due(1000, 900, 77), 1000);
}
END_TEST

START_TEST(waits_double_up_to_their_cap_and_honour_the_server)
{
	for (uint64_t random = 0; random < 5000; random += 7) {
		int64_t w;

		w = schedule_backoff(1, 3600, 0, random);
		ck_assert(w >= 3 && w <= 5);
		w = schedule_backoff(4, 3600, 0, random);
		ck_assert(w >= 20 && w <= 40);
		w = schedule_backoff(1000, 3600, 0, random);
		ck_assert(w >= 1800 && w <= 3600);
		w = schedule_backoff(1, 3600, 500, random);
		ck_assert(w >= 500 && w <= 550);
		w = schedule_backoff(1, 3600, INT64_MAX, random);
		ck_assert(w >= SCHEDULE_RETRY_AFTER_MAX_S &&
		    w <= SCHEDULE_RETRY_AFTER_MAX_S * 11 / 10);
	}
}
END_TEST

START_TEST(a_hook_is_split_into_words_without_a_shell)
{
	char *words[PROGRAM_WORDS_MAX + 1];

	ck_ok(program_split(cx, "hook", " a 'b c'  d\"e f\"g '' $HOME;x", words));
	ck_assert_str_eq(words[0], "a");
	ck_assert_str_eq(words[1], "b c");
	ck_assert_str_eq(words[2], "de fg");
	ck_assert_str_eq(words[3], "");
	ck_assert_str_eq(words[4], "$HOME;x");
	ck_assert_ptr_null(words[5]);
	ck_fails(program_split(cx, "hook", "  ", words), ERR_CONFIG);
	ck_fails(program_split(cx, "hook", "a 'b", words), ERR_CONFIG);
	ck_fails(program_split(cx, "hook", "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 "
	    "1 2 3 4 5 6 7 8 9 0 1 2 3", words), ERR_CONFIG);
}
END_TEST

START_TEST(a_refusal_keeps_the_code_that_the_server_gave)
{
	struct http_problem p;
	json_t *reply;

	ck_fails(http_read_reply(cx, 403, "application/problem+json", 0,
	    slice_text("{\"code\":\"claim.none\",\"title\":\"No.\","
	    "\"instance\":\"urn:x\"}"), &reply, &p), ERR_CLAIM_NONE);
	ck_assert_uint_eq(p.status, 403);
	ck_assert_str_eq(p.code, "claim.none");
	ck_assert_str_eq(p.detail, "No.");
	ck_assert_str_eq(p.request, "urn:x");
	ck_fails(http_read_reply(cx, 429, "application/problem+json", 30,
	    slice_text("{\"code\":\"pacing.too-early\",\"retry_after\":40}"),
	    &reply, &p), ERR_PACING);
	ck_assert_int_eq(p.retry_after_s, 30);
	ck_fails(http_read_reply(cx, 502, "text/html", 0,
	    slice_text("<html>"), &reply, &p), ERR_HTTP);
	ck_assert_str_eq(p.code, "http.502");
	/* A server cannot make a failure look like success. */
	ck_fails(http_read_reply(cx, 403, "application/json", 0,
	    slice_text("{\"code\":\"ok\"}"), &reply, &p), ERR_HTTP);
	ck_fails(http_read_reply(cx, 200, "text/plain", 0, slice_text("yes"),
	    &reply, &p), ERR_HTTP);
	ck_ok(http_read_reply(cx, 201, "application/json; charset=utf-8", 0,
	    slice_text("{\"a\":1}"), &reply, &p));
	ck_assert_int_eq(json_integer_value(json_object_get(reply, "a")), 1);
}
END_TEST

START_TEST(a_certificate_for_another_key_is_not_taken)
{
	struct state_credential c;
	struct key key;
	json_t *reply = json_keep(cx, json_pack("{s:s, s:s, s:s, s:s, s:s, "
	    "s:s, s:s, s:s}", "certificate", "-----BEGIN CERTIFICATE-----\n",
	    "chain", "-----BEGIN CERTIFICATE-----\n", "serial", "01",
	    "not_before", "2026-01-01T00:00:00Z",
	    "not_after", "2026-01-02T00:00:00Z",
	    "renew_after", "2026-01-01T12:00:00Z",
	    "renew_before", "2026-01-01T18:00:00Z",
	    "server_time", "2026-01-01T00:00:00Z"));

	ck_ok(key_make(cx, NULL, &key));
	ck_fails(enroll_read_reply(cx, reply, &key, &c), ERR_HTTP);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "another key"));
	ck_assert_int_eq(json_object_del(reply, "renew_before"), 0);
	ck_fails(enroll_read_reply(cx, reply, &key, &c), ERR_HTTP);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "lacks"));
}
END_TEST

START_TEST(a_credential_survives_the_way_through_its_file)
{
	const char *dir = folder();
	struct state_credential c = {
		.key = "-----BEGIN PRIVATE KEY-----\nk\n",
		.certificate = "-----BEGIN CERTIFICATE-----\nc\n",
		.chain = "-----BEGIN CERTIFICATE-----\ni\n",
		.device_id = "d", .hardware_id = "h", .tenant = "t",
		.group = "g", .serial = "0a", .not_before_s = 1000,
		.not_after_s = 2000, .renew_after_s = 1500,
		.renew_before_s = 1700, .clock_offset_s = -7,
	}, back;
	struct stat st;
	bool found;

	ck_ok(state_read_credential(cx, dir, &back, &found));
	ck_assert(!found);
	ck_ok(state_write_credential(cx, dir, &c));
	ck_ok(state_read_credential(cx, dir, &back, &found));
	ck_assert(found);
	ck_assert_str_eq(back.key, c.key);
	ck_assert_str_eq(back.chain, c.chain);
	ck_assert_str_eq(back.tenant, "t");
	ck_assert_int_eq(back.renew_before_s, 1700);
	ck_assert_int_eq(back.clock_offset_s, -7);
	ck_assert_int_eq(stat(state_path(cx, dir, "credential.json"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_ptr_null(json_object_get(state_credential_json(cx, &c),
	    "key"));
	ck_ok(file_replace(cx, state_path(cx, dir, "credential.json"), 0600,
	    slice_text("{\"key\":1}")));
	ck_fails(state_read_credential(cx, dir, &back, &found), ERR_CONFIG);
	remove_folder(dir);
}
END_TEST

START_TEST(a_report_waits_until_there_is_a_certificate)
{
	const char *dir = folder();
	struct settings set = { .state_dir = dir, .server = "https://x:1" };
	struct options opt = { .type = "AppCrash", .class = "app",
		.category = "crash", .count = "3" };
	struct agent agent = { .set = &set, .timeout_s = 1 };
	struct report_sent sent;
	json_t *report, *event;

	ck_ok(report_read(cx, &opt, &report));
	event = json_array_get(json_object_get(report, "events"), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(event,
	    "event_count")), 3);
	ck_assert_uint_eq(json_string_length(json_object_get(report,
	    "report_id")), 32);
	ck_ok(report_queue(cx, &agent, report));
	ck_fails(report_send(cx, &agent, &sent), ERR_AUTH_CERTIFICATE);
	ck_assert_uint_eq(sent.waiting, 1);
	opt.report_id = "../up";
	ck_fails(report_read(cx, &opt, &report), ERR_PARAMETER);
	opt.report_id = NULL;
	opt.count = "0";
	ck_fails(report_read(cx, &opt, &report), ERR_PARAMETER);
	opt.type = NULL;
	ck_fails(report_read(cx, &opt, &report), ERR_PARAMETER);
	remove_folder(dir);
}
END_TEST

UNIT_MAIN("agent",
    the_binding_hash_is_the_one_that_was_computed_apart,
    a_consent_signs_what_was_computed_apart,
    a_consent_is_for_the_host_of_the_servers_url,
    a_flag_beats_the_environment_and_that_the_file,
    a_misspelt_flag_or_setting_is_refused,
    register_lists_are_read_as_they_are_meant,
    register_lists_of_another_form_are_refused,
    a_tpm_key_survives_the_way_through_its_file,
    a_changed_or_cut_key_file_is_never_the_same_key,
    a_software_key_signs_a_request_that_verifies,
    the_certificate_is_cut_out_of_what_the_tpm_holds,
    a_renewal_falls_into_its_window,
    waits_double_up_to_their_cap_and_honour_the_server,
    a_hook_is_split_into_words_without_a_shell,
    a_refusal_keeps_the_code_that_the_server_gave,
    a_certificate_for_another_key_is_not_taken,
    a_credential_survives_the_way_through_its_file,
    a_report_waits_until_there_is_a_certificate)
