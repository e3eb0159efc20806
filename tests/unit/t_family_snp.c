/* SPDX-License-Identifier: Apache-2.0 */
/* Families of SEV-SNP guests: enrolled or refused as policy says. */
#include "tests/unit/family.h"

#include "tests/make_snp.h"

#define POLICY		0x008	/* of the guest */
#define VMPL		0x030
#define CURRENT_TCB	0x038
#define CHIP_ID		0x1a0
#define CHIP_ID_SIZE	64
#define PROVIDER	"cloud.example"
#define ASK_SERIAL	0x10001

static struct make_snp s;
static const char *line;
static bool vlek;

/* --- a guest of today --------------------------------------------------------- */

/* The provider's key in place of the chip's, which is told still. */
static void
sign_by_vlek(void)
{
	struct make_snp milan;

	make_snp_vlek(cx, &milan);
	s.ask.cn = s.leaf.issuer_cn = arena_printf(cx->arena, "SEV-VLEK-%s",
	    line);
	s.leaf.cn = milan.leaf.cn;
	*make_amd_ext(&s, "4") = *make_amd_ext(&milan, "5");
	s.report[0x048] = milan.report[0x048];
}

static void
make_guest(void)
{
	struct make_amd_cert *certs[] = { &s.ark, &s.ask, &s.leaf };

	make_snp(cx, &s, line);
	if (vlek)
		sign_by_vlek();
	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		certs[i]->from_s = family_shift(certs[i]->from_s);
		certs[i]->to_s = family_shift(certs[i]->to_s);
	}
	s.crl.from_s = family_shift(s.crl.from_s);
	s.crl.to_s = family_shift(s.crl.to_s);
	(void)make_snp_evidence(cx, &s);
	/* As it is for good: signatures of RSA 4096 take their time. */
	s.keep_chain = true;
}

static const json_t *
evidence(struct slice challenge, EVP_PKEY **key)
{
	memcpy(s.nonce, challenge.p, sizeof(s.nonce));
	s.spki = make_spki(cx, *key);
	return make_snp_evidence(cx, &s);
}

static const char *
hardware_id(void)
{
	uint8_t named[sizeof(PROVIDER) - 1 + CHIP_ID_SIZE], hash[32];

	if (!vlek)
		return arena_printf(cx->arena, "snp:%s", text_hex(cx->arena,
		    SLICE(s.report + CHIP_ID, CHIP_ID_SIZE)));
	memcpy(named, PROVIDER, sizeof(PROVIDER) - 1);
	memcpy(named + sizeof(PROVIDER) - 1, s.report + CHIP_ID,
	    CHIP_ID_SIZE);
	crypto_hash_sha256(hash, named, sizeof(named));
	return arena_printf(cx->arena, "snp-vlek:%s", text_hex(cx->arena,
	    SLICE_OF(hash)));
}

static void
vouch(const struct tenant *t)
{
	(void)family_anchor(t, "snp", s.chain[2]);
}

static const struct family snp = {
	"snp", evidence, hardware_id, vouch,
	ERR_EV_CHAIN, ERR_EV_NONCE, ERR_EV_NONCE
};

/* The clock of tests begins where the real one is. */
static void
make(const char *of, bool by_vlek)
{
	line = of;
	vlek = by_vlek;
	make_guest();
}

static void
start(const char *of, bool by_vlek)
{
	make(of, by_vlek);
	family_start(&snp);
}

/* --- all of them ---------------------------------------------------------------- */

static const char *const lines[] = { "Milan", "Genoa", "Turin" };

START_TEST(a_guest_is_a_family_on_each_line_by_each_key)
{
	for (size_t i = 0; i < 2 * COUNT_OF(lines); i++) {
		make(lines[i / 2], i % 2 != 0);
		check_family(&snp);
	}
}
END_TEST

static const uint8_t versions[] = { 2, 3, 4, 5 };

/* What an older report does not have is zeros there. */
static void
check_version(uint8_t version)
{
	struct make_snp now = s;

	s.report[0] = version;
	if (version < 5)
		memset(s.report + 0x1f8, 0, 16);
	if (version < 3)
		memset(s.report + 0x188, 0, 3);
	ck_ok(family_enroll());
	ck_assert_int_eq(family_told("current_mitigations") != NULL,
	    version == 5);
	ck_assert_str_eq(json_string_value(family_told("product")), line);
	s = now;
}

START_TEST(reports_of_every_version_enrol)
{
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		start(lines[i], false);
		for (size_t k = 0; k < COUNT_OF(versions); k++)
			check_version(versions[k]);
		family_close();
	}
}
END_TEST

/* --- who signed ------------------------------------------------------------------ */

START_TEST(a_providers_key_never_speaks_for_the_chips_own)
{
	const char *by_chip;
	struct slice ark;

	start("Milan", false);
	ck_ok(family_enroll());
	by_chip = hardware_id();
	sign_by_vlek();
	vlek = true;
	ark = s.chain[2];
	s.keep_chain = false;
	(void)make_snp_evidence(cx, &s);
	s.keep_chain = true;
	s.chain[2] = ark;
	ck_assert_str_ne(hardware_id(), by_chip);
	ck_fails(family_enroll(), ERR_CLAIM_NONE);
	ck_ok(family_claim(&family_tenant));
	ck_ok(family_enroll());
	ck_assert_str_eq(json_string_value(family_told("signing_key")),
	    "vlek");
	family_close();
}
END_TEST

START_TEST(a_policy_says_which_key_may_sign)
{
	start("Milan", true);
	family_rules("{\"claim\":\"signing_key\",\"equals\":\"vcek\"}");
	ck_fails(family_enroll(), ERR_POLICY_CLAIM);
	ck_assert_str_eq(cx->trail->tell, "rule 1: signing_key is vlek");
	family_rules("{\"claim\":\"csp_id\",\"equals\":\"other.example\"}");
	ck_fails(family_enroll(), ERR_POLICY_CLAIM);
	family_rules("{\"claim\":\"csp_id\",\"equals\":\"" PROVIDER "\"}");
	ck_ok(family_enroll());
	family_close();
}
END_TEST

START_TEST(a_provider_that_hides_the_chip_leaves_nobody_to_enrol)
{
	start("Milan", true);
	memset(s.report + CHIP_ID, 0, CHIP_ID_SIZE);
	ck_fails(family_enroll(), ERR_EV_MISMATCH);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, "does not name"));
	family_close();
}
END_TEST

/* --- certificates that the server has ------------------------------------------------- */

/* The ARK's list with that serial number. */
static struct slice
list_of(uint64_t serial)
{
	struct make_snp other = s;

	other.keep_chain = false;
	other.crl.serial = serial;
	(void)make_snp_evidence(cx, &other);
	return other.crl_der;
}

static struct err
put_chain(const struct tenant *t, size_t n)
{
	json_t *certs = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(certs, json_string(base64url(
		    cx->arena, s.chain[i])));
	return family_collateral(t, "snp-chain", json_pack("{s:o}",
	    "certificates", certs));
}

START_TEST(a_guest_without_certificates_enrols_by_those_of_the_server)
{
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		start(lines[i], false);
		s.n_certs = 0;
		ck_fails(family_enroll(), ERR_EV_CHAIN);
		ck_ok(put_chain(&family_other, 3));
		ck_fails(family_enroll(), ERR_EV_CHAIN);
		ck_ok(put_chain(NULL, 2 + i % 2));
		ck_ok(family_enroll());
		/* They are of that chip, and of that TCB. */
		s.signer = make_curve(cx, "P-384");
		ck_fails(family_enroll(), ERR_EV_CHAIN);
		s.signer = s.leaf_key;
		s.report[CHIP_ID] ^= 1;
		ck_fails(family_enroll(), ERR_EV_CHAIN);
		s.report[CHIP_ID] ^= 1;
		ck_ok(family_crl(NULL, list_of(ASK_SERIAL), SLICE_NONE));
		ck_fails(family_enroll(), ERR_EV_REVOKED);
		family_close();
	}
}
END_TEST

START_TEST(only_a_chain_that_leads_to_an_anchor_is_kept)
{
	struct slice leaf;

	start("Milan", false);
	ck_fails(put_chain(NULL, 0), ERR_FIELD);
	ck_fails(put_chain(NULL, 1), ERR_FIELD);
	leaf = s.chain[0];
	s.chain[0] = s.chain[1];
	ck_fails(put_chain(NULL, 3), ERR_FIELD);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, "VCEK"));
	s.chain[0] = leaf;
	ck_ok(put_chain(NULL, 3));
	family_realm->ahead_s += 31 * MAKE_DAY;
	ck_fails(put_chain(NULL, 3), ERR_FIELD);
	family_realm->ahead_s -= 31 * MAKE_DAY;
	family_close();
	start("Milan", true);
	ck_fails(put_chain(NULL, 3), ERR_FIELD);
	family_close();
}
END_TEST

/* --- what was revoked -------------------------------------------------------------- */

START_TEST(what_the_root_revoked_does_not_enrol)
{
	for (size_t i = 0; i < 2; i++) {
		start("Milan", i != 0);
		ck_ok(family_crl(NULL, list_of(77), SLICE_NONE));
		ck_ok(family_enroll());
		ck_ok(family_crl(&family_other, list_of(ASK_SERIAL),
		    SLICE_NONE));
		ck_ok(family_enroll());
		ck_ok(family_crl(&family_tenant, list_of(ASK_SERIAL),
		    SLICE_NONE));
		ck_fails(family_enroll(), ERR_EV_REVOKED);
		family_close();
	}
}
END_TEST

START_TEST(a_list_that_has_lapsed_holds_all_off)
{
	start("Milan", false);
	ck_ok(family_crl(NULL, list_of(77), SLICE_NONE));
	family_realm->ahead_s += MAKE_DAY + 1;
	ck_fails(family_enroll(), ERR_EV_EXPIRED);
	family_close();
}
END_TEST

START_TEST(issuers_may_be_refused_by_their_numbers)
{
	start("Milan", true);
	ck_ok(family_serials(&family_tenant, "010001"));
	ck_fails(family_enroll(), ERR_EV_REVOKED);
	family_close();
}
END_TEST

/* --- what a report says of itself --------------------------------------------------- */

static const struct bit {
	const char	*claim;
	size_t		 at;
	uint8_t		 bits;
	enum err_code	 refusal;	/* by default */
	const char	*tell, *rule;
} bits[] = {
	{ "debug", POLICY + 2, 1 << 3, ERR_POLICY_BOOT,
	    "by default: debug is true",
	    "{\"claim\":\"debug\",\"equals\":true}" },
	{ "migration_agent", POLICY + 2, 1 << 2, ERR_POLICY_BOOT,
	    "by default: migration_agent is true",
	    "{\"claim\":\"migration_agent\",\"equals\":true}" },
	{ "vmpl", VMPL, 1, ERR_POLICY_BOOT, "by default: vmpl is 1",
	    "{\"claim\":\"vmpl\",\"one_of\":[0,1,2,3]}" },
	{ "vmpl", VMPL, 2, ERR_POLICY_BOOT, "by default: vmpl is 2",
	    "{\"claim\":\"vmpl\",\"one_of\":[0,1,2,3]}" },
	{ "vmpl", VMPL, 3, ERR_POLICY_BOOT, "by default: vmpl is 3",
	    "{\"claim\":\"vmpl\",\"one_of\":[0,1,2,3]}" },
	{ "provisional_firmware", CURRENT_TCB + 7, 0x04, ERR_POLICY_TCB,
	    "by default: provisional_firmware is true",
	    "{\"claim\":\"provisional_firmware\",\"equals\":true}" },
};

static void
check_bit(const struct bit *b)
{
	family_policy(FAMILY_ANY);
	ck_ok(family_enroll());
	s.report[b->at] ^= b->bits;
	ck_fails(family_enroll(), b->refusal);
	ck_assert_str_eq(cx->trail->tell, b->tell);
	family_rules(b->rule);
	ck_ok(family_enroll());
	ck_assert_ptr_nonnull(family_told(b->claim));
	s.report[b->at] ^= b->bits;
}

START_TEST(what_no_owner_wants_enrols_where_policy_says_so_alone)
{
	start("Genoa", false);
	for (size_t i = 0; i < COUNT_OF(bits); i++)
		check_bit(&bits[i]);
	family_close();
}
END_TEST

START_TEST(what_the_host_asked_for_never_enrols)
{
	start("Milan", false);
	family_rules("{\"claim\":\"vmpl\",\"at_least\":0}");
	memset(s.report + VMPL, 0xff, 4);
	ck_fails(family_enroll(), ERR_EV_PROPERTY);
	family_close();
}
END_TEST

/* --- what a policy holds it to --------------------------------------------------------- */

static const struct {
	const char	*rule;
	enum err_code	 refusal;	/* 0: none */
} rules[] = {
	{ "{\"claim\":\"tcb_snp\",\"at_least\":24}", 0 },
	{ "{\"claim\":\"tcb_snp\",\"at_least\":25}", ERR_POLICY_TCB },
	{ "{\"claim\":\"tcb_microcode\",\"at_least\":220}", ERR_POLICY_TCB },
	{ "{\"claim\":\"tcb_bootloader\",\"at_least\":5}", ERR_POLICY_TCB },
	{ "{\"claim\":\"tcb_fmc\",\"at_least\":7}", 0 },
	{ "{\"claim\":\"tcb_fmc\",\"at_least\":8}", ERR_POLICY_TCB },
	{ "{\"claim\":\"guest_svn\",\"at_least\":10}", ERR_POLICY_TCB },
	{ "{\"claim\":\"measurement\",\"equals\":\"00\"}",
	    ERR_POLICY_MEASUREMENT },
	{ "{\"claim\":\"smt_enabled\",\"equals\":false}", ERR_POLICY_CLAIM },
	{ "{\"claim\":\"product\",\"one_of\":[\"Milan\",\"Turin\"]}", 0 },
};

START_TEST(versions_and_measurements_are_held_to_policy)
{
	start("Turin", false);
	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		family_rules(rules[i].rule);
		if (rules[i].refusal == 0)
			ck_ok(family_enroll());
		else
			ck_fails(family_enroll(), rules[i].refusal);
	}
	family_close();
}
END_TEST

UNIT_MAIN("family_snp",
    a_guest_is_a_family_on_each_line_by_each_key,
    reports_of_every_version_enrol,
    a_providers_key_never_speaks_for_the_chips_own,
    a_policy_says_which_key_may_sign,
    a_provider_that_hides_the_chip_leaves_nobody_to_enrol,
    a_guest_without_certificates_enrols_by_those_of_the_server,
    only_a_chain_that_leads_to_an_anchor_is_kept,
    what_the_root_revoked_does_not_enrol,
    a_list_that_has_lapsed_holds_all_off,
    issuers_may_be_refused_by_their_numbers,
    what_no_owner_wants_enrols_where_policy_says_so_alone,
    what_the_host_asked_for_never_enrols,
    versions_and_measurements_are_held_to_policy)
