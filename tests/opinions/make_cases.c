/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_cases DIR: evidence cases of chips that exist only here, under roots of
 * their own, for other verifiers to judge.  Each has one thing changed.
 */
#include <stdio.h>

#include <sodium.h>

#include "base/file.h"
#include "base/text.h"
#include "codec/base64.h"
#include "tests/make_dcap.h"
#include "tests/make_psa.h"
#include "tests/make_snp.h"

static struct ctx_root root;
static struct ctx *cx = &root.cx;
static const char *folder;

/* A case: its name, what is changed, and whether it may be believed. */
struct row {
	const char	*name;
	void		(*change)(void);
	bool		 accepted;
	const char	*status;	/* Intel's, of the platform */
};

static void
nothing(void)
{
}

static void
put(json_t *object, const char *name, json_t *value)
{
	ASSERT(json_object_set_new(object, name, value) == 0);
}

static json_t *
bytes_json(struct slice s)
{
	return json_string(base64url(cx->arena, s));
}

static json_t *
list_json(const struct slice *items, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(list, bytes_json(items[i])) == 0);
	return list;
}

static json_t *
keys_json(struct slice id, struct slice spki)
{
	return json_pack("[{s:s,s:s}]", "id", text_hex(cx->arena, id),
	    "spki", base64url(cx->arena, spki));
}

/* Nonce or report data as it stands; nothing is borrowed of trust. */
static void
put_case(const char *kind, const struct row *row, json_t *evidence,
    json_t *trust, struct slice nonce)
{
	const char *name = arena_printf(cx->arena, "%s-%s", kind, row->name);
	json_t *c = json_keep(cx, json_object());

	put(c, "case", json_string(arena_printf(cx->arena, "ours/%s", name)));
	ASSERT(json_object_set(c, "evidence", evidence) == 0);
	put(c, "trust", trust);
	put(c, "nonce", json_string(text_hex(cx->arena, nonce)));
	put(c, "binding", json_string("raw"));
	put(c, "at", json_string("2026-06-01T12:00:00Z"));
	put(c, "expect", json_pack("{s:s,s:s*}", "verdict",
	    row->accepted ? "accepted" : "refused", "status",
	    row->accepted ? row->status : NULL));
	ASSERT(!failed(file_replace(cx, arena_printf(cx->arena,
	    "%s/%s.json", folder, name), 0644, json_text(cx, c))));
}

/* --- AMD -------------------------------------------------------------- */

static struct make_snp s;

static void
snp_vlek(void)
{
	make_snp_vlek(cx, &s);
}

static void
snp_debug(void)
{
	s.report[0x0a] |= 1 << 3;
}

static void
snp_ask_revoked(void)
{
	s.crl.serial = s.ask.serial;
}

static void
snp_other_revoked(void)
{
	s.crl.serial = 77;
}

static void
snp_crl_of_another(void)
{
	s.crl.key = make_amd_key(cx, 2);
}

static void
snp_expired(void)
{
	s.leaf.to_s = MAKE_AT - 1;
}

static void
snp_leaf_of_another(void)
{
	s.leaf.issuer_key = make_amd_key(cx, 2);
}

static void
snp_ask_of_another(void)
{
	s.ask.issuer_key = make_amd_key(cx, 2);
}

static void
snp_signed_by_another(void)
{
	s.signer = make_curve(cx, "P-384");
}

static void
snp_other_chip(void)
{
	struct make_amd_ext *hwid = make_amd_ext(&s, "4");

	/* It is of the report's bytes. */
	hwid->der = slice_dup(cx->arena, hwid->der);
	s.report[0x1a0] ^= 1;
}

static void
snp_other_tcb(void)
{
	s.report[0x180]--;
}

static void
snp_changed(void)
{
	s.change_at = 0x90;
	s.change = 1;
}

static void
make_snp_cases(const char *line)
{
	static const struct row rows[] = {
		{ "good", nothing, true, NULL },
		{ "vlek", snp_vlek, true, NULL },
		{ "debug", snp_debug, true, NULL },
		{ "another-revoked", snp_other_revoked, true, NULL },
		{ "ask-revoked", snp_ask_revoked, false, NULL },
		{ "crl-of-another", snp_crl_of_another, false, NULL },
		{ "vcek-expired", snp_expired, false, NULL },
		{ "vcek-of-another", snp_leaf_of_another, false, NULL },
		{ "ask-of-another", snp_ask_of_another, false, NULL },
		{ "signed-by-another", snp_signed_by_another, false, NULL },
		{ "other-chip", snp_other_chip, false, NULL },
		{ "other-tcb", snp_other_tcb, false, NULL },
		{ "changed", snp_changed, false, NULL },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *e;

		make_snp(cx, &s, line);
		rows[i].change();
		e = make_snp_evidence(cx, &s);
		put_case(arena_printf(cx->arena, "snp-%s", line), &rows[i], e,
		    json_pack("{s:o,s:o}", "anchors", list_json(&s.anchor, 1),
		    "crls", list_json(&s.crl_der, 1)),
		    SLICE(s.report + 0x50, 64));
	}
}

/* --- Intel ------------------------------------------------------------ */

static struct make_dcap d;
static const char *status;	/* of the row */

static void
dcap_status(void)
{
	/* In TDX the module's level stands first. */
	if (d.tdx)
		make_edit(d.tcb_edits, "2026-01-01T", "2026-01-02T");
	make_edit(d.tcb_edits, "2026-01-01T00:00:00Z\","
	    "\"tcbStatus\":\"UpToDate\"", arena_printf(cx->arena,
	    "2026-01-01T00:00:00Z\",\"tcbStatus\":\"%s\"", status));
}

static void
dcap_module_out_of_date(void)
{
	if (d.tdx)
		make_edit(d.tcb_edits, "{\"isvsvn\":6}", "{\"isvsvn\":7}");
}

static void
dcap_short_auth(void)
{
	d.auth = slice_text("authentication data");
}

static void
dcap_pck_revoked(void)
{
	d.pck_crl.serial = d.pck.serial;
}

static void
dcap_ca_revoked(void)
{
	d.root_crl.serial = d.ca.serial;
}

static void
dcap_signing_revoked(void)
{
	d.root_crl.serial = d.signing.serial;
}

static void
dcap_pck_expired(void)
{
	d.pck.to_s = MAKE_AT - 1;
}

static void
dcap_pck_of_another(void)
{
	d.pck.issuer_key = make_p256(cx);
}

static void
dcap_tcb_of_another(void)
{
	d.tcb_signer = make_p256(cx);
}

static void
dcap_qe_of_another(void)
{
	d.qe_id_signer = make_p256(cx);
}

static void
dcap_other_fmspc(void)
{
	make_edit(d.tcb_edits, "00A1B2C3D4E5", "00A1B2C3D4E6");
}

static void
dcap_tcb_expired(void)
{
	make_edit(d.tcb_edits, "2026-06-20", "2026-06-01");
}

static void
dcap_other_qe(void)
{
	d.qe[0x80] ^= 1;	/* MRSIGNER */
}

static void
dcap_quote_of_another(void)
{
	d.quote_signer = make_p256(cx);
}

static void
dcap_qe_report_of_another(void)
{
	d.qe_signer = make_p256(cx);
}

static void
dcap_qe_data(void)
{
	d.qe_report_data_given = true;
}

static void
make_dcap_cases(uint16_t version)
{
	static const struct row rows[] = {
		{ "good", nothing, true, NULL },
		{ "sw-hardening", dcap_status, true, "SWHardeningNeeded" },
		{ "configuration", dcap_status, true, "ConfigurationNeeded" },
		{ "both-needed", dcap_status, true,
		    "ConfigurationAndSWHardeningNeeded" },
		{ "out-of-date", dcap_status, true, "OutOfDate" },
		{ "out-of-date-configuration", dcap_status, true,
		    "OutOfDateConfigurationNeeded" },
		{ "module-out-of-date", dcap_module_out_of_date, true, NULL },
		{ "short-auth", dcap_short_auth, true, NULL },
		{ "tcb-revoked", dcap_status, false, "Revoked" },
		{ "pck-revoked", dcap_pck_revoked, false, NULL },
		{ "ca-revoked", dcap_ca_revoked, false, NULL },
		{ "signing-revoked", dcap_signing_revoked, false, NULL },
		{ "pck-expired", dcap_pck_expired, false, NULL },
		{ "pck-of-another", dcap_pck_of_another, false, NULL },
		{ "tcb-info-of-another", dcap_tcb_of_another, false, NULL },
		{ "qe-identity-of-another", dcap_qe_of_another, false, NULL },
		{ "other-fmspc", dcap_other_fmspc, false, NULL },
		{ "tcb-info-expired", dcap_tcb_expired, false, NULL },
		{ "other-qe", dcap_other_qe, false, NULL },
		{ "quote-of-another", dcap_quote_of_another, false, NULL },
		{ "qe-report-of-another", dcap_qe_report_of_another, false,
		    NULL },
		{ "qe-report-data", dcap_qe_data, false, NULL },
	};
	static const uint8_t auth[32] = { 0, 1, 2, 3 };	/* as Intel's */
	size_t at = version == 3 ? 320 : 520;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *e;

		make_dcap(cx, &d, version != 3);
		make_dcap_version(&d, version);
		d.auth = SLICE_OF(auth);
		d.root.crl_url = d.pck.crl_url = true;
		status = rows[i].status;
		rows[i].change();
		e = make_dcap_evidence(cx, &d);
		put_case(arena_printf(cx->arena, "%s-v%u", version == 3 ?
		    "sgx" : "tdx", version), &rows[i], e,
		    json_pack("{s:o,s:[o]}", "anchors",
		    list_json(&d.anchor, 1), "collateral",
		    make_dcap_collateral_json(cx, &d)),
		    SLICE(d.body + at, 64));
	}
}

/* --- TPM -------------------------------------------------------------- */

static struct make_device t;

static void
tpm_signed_by_another(void)
{
	t.quote_signer = make_p256(cx);
}

static void
tpm_other_extra(void)
{
	static const uint8_t other[32] = { 1 };

	t.quote.extra = SLICE_OF(other);
}

static void
tpm_other_digest(void)
{
	static const uint8_t other[32] = { 1 };

	t.digest_given = true;
	t.quote.pcr_digest = SLICE_OF(other);
}

static void
tpm_not_generated(void)
{
	t.quote.magic ^= 1;
}

static void
make_tpm_cases(void)
{
	static const struct row rows[] = {
		{ "good", nothing, true, NULL },
		{ "signed-by-another", tpm_signed_by_another, false, NULL },
		{ "other-extra-data", tpm_other_extra, false, NULL },
		{ "other-digest", tpm_other_digest, false, NULL },
		{ "not-generated", tpm_not_generated, false, NULL },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice name;
		json_t *e;

		make_device(cx, &t);
		t.send_ek_cert = t.send_key = t.send_log = false;
		t.quote_extra_given = true;
		t.quote.extra = SLICE_OF(t.nonce);
		rows[i].change();
		e = make_evidence(cx, &t);
		name = make_name(cx, make_tpmt_public(cx, &t.ak_public));
		put_case("tpm2", &rows[i], e, json_pack("{s:o}", "keys",
		    keys_json(name, make_spki(cx, t.ak))), SLICE_OF(t.nonce));
	}
}

/* --- Arm -------------------------------------------------------------- */

static struct make_token token;

static void
psa_old(void)
{
	make_psa_old(cx, &token);
}

static void
psa_debug(void)
{
	make_claim(&token, 2395, make_int(cx, 0x4001));
}

static void
psa_other_nonce(void)
{
	make_claim(&token, 10, make_bytes(cx, 32, 0x5b));
}

static void
psa_der_signature(void)
{
	token.der_signature = true;
}

static void
psa_other_context(void)
{
	token.context = "CounterSignature";
}

static void
make_psa_cases(void)
{
	static const struct row rows[] = {
		{ "good", nothing, true, NULL },
		{ "profile-1", psa_old, true, NULL },
		{ "life-cycle-debug", psa_debug, true, NULL },
		{ "other-nonce", psa_other_nonce, false, NULL },
		{ "der-signature", psa_der_signature, false, NULL },
		{ "other-context", psa_other_context, false, NULL },
	};
	uint8_t instance[33], nonce[32];

	memset(instance, 0x77, sizeof(instance));
	instance[0] = 1;
	memset(nonce, 0x5a, sizeof(nonce));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *e = json_keep(cx, json_object());

		make_psa(cx, &token);
		rows[i].change();
		put(e, "format", json_string("psa"));
		put(e, "token", bytes_json(make_token(cx, &token)));
		put_case("psa", &rows[i], e, json_pack("{s:o}", "keys",
		    keys_json(SLICE_OF(instance), make_spki(cx, token.key))),
		    SLICE_OF(nonce));
	}
}

static struct make_token platform, realm;

static void
cca_of_another(void)
{
	realm.key = make_curve(cx, "P-384");
}

static void
cca_platform_of_another(void)
{
	platform.key = make_curve(cx, "P-384");
}

static void
cca_not_bound(void)
{
	make_claim(&platform, 10, make_bytes(cx, 32, 0x5a));
}

static void
cca_other_challenge(void)
{
	make_claim(&realm, 10, make_bytes(cx, 64, 0x5b));
}

static void
make_cca_cases(uint64_t tag)
{
	static const struct row rows[] = {
		{ "good", nothing, true, NULL },
		{ "realm-of-another", cca_of_another, false, NULL },
		{ "platform-of-another", cca_platform_of_another, false, NULL },
		{ "not-bound", cca_not_bound, false, NULL },
		{ "other-challenge", cca_other_challenge, false, NULL },
	};
	uint8_t instance[33], nonce[64];

	memset(instance, 0x77, sizeof(instance));
	instance[0] = 1;
	memset(nonce, 0x5a, sizeof(nonce));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *e = json_keep(cx, json_object());
		struct slice spki;

		make_cca(cx, &platform, &realm);
		spki = make_spki(cx, platform.key);
		rows[i].change();
		put(e, "format", json_string("psa"));
		put(e, "token", bytes_json(make_collection(cx, tag,
		    make_token(cx, &platform), make_token(cx, &realm))));
		put_case(arena_printf(cx->arena, "cca-%u", (unsigned)tag),
		    &rows[i], e, json_pack("{s:o}", "keys",
		    keys_json(SLICE_OF(instance), spki)), SLICE_OF(nonce));
	}
}

int
main(int argc, char **argv)
{
	if (argc != 2 || sodium_init() < 0)
		return 2;
	folder = argv[1];
	ctx_root_init(&root, NULL);
	make_snp_cases("Milan");
	make_snp_cases("Genoa");
	make_snp_cases("Turin");
	for (uint16_t version = 3; version <= 5; version++)
		make_dcap_cases(version);
	make_tpm_cases();
	make_psa_cases();
	make_cca_cases(399);
	make_cca_cases(907);
	ctx_root_fini(&root);
	return 0;
}
