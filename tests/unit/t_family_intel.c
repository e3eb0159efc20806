/* SPDX-License-Identifier: Apache-2.0 */
/* Families of SGX, TDX and Open Enclave: enrolled or refused as policy says. */
#include "tests/unit/family.h"

#include "tests/make_dcap.h"

#define FRESH_DAYS	20
#define FIRST_LEVEL	"\"tcbDate\":\"2026-01-01T00:00:00Z\","		\
	"\"tcbStatus\":\"UpToDate\"},{\"tcb\":{\"sgx"

static struct make_dcap d, fresh;

/* --- a platform of today ---------------------------------------------------- */

static const char *
days_on(int64_t days)
{
	return text_time_dup(cx->arena, ctx_now(cx) + days * MAKE_DAY);
}

/* A platform whose certificates are valid, and its collateral for 20 days. */
static void
make_platform(bool tdx)
{
	const int64_t now_s = ctx_now(cx);
	struct make_intel_cert *const all[] = {
		&d.root, &d.ca, &d.pck, &d.signing
	};

	make_dcap(cx, &d, tdx);
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		all[i]->from_s = now_s - 100 * MAKE_DAY;
		all[i]->to_s = now_s + 1000 * MAKE_DAY;
	}
	d.root_crl.from_s = d.pck_crl.from_s = now_s - MAKE_DAY;
	d.root_crl.to_s = d.pck_crl.to_s = now_s + 30 * MAKE_DAY;
	make_edit(d.tcb_edits, "2026-05-20T00:00:00Z", days_on(-1));
	make_edit(d.tcb_edits, "2026-06-20T00:00:00Z", days_on(FRESH_DAYS));
	make_edit(d.qe_edits, "2026-05-20T00:00:00Z", days_on(-1));
	make_edit(d.qe_edits, "2026-06-20T00:00:00Z", days_on(FRESH_DAYS));
}

static struct err
put_collateral(const struct tenant *t)
{
	(void)make_dcap_evidence(cx, &d);
	return family_collateral(t, "dcap", make_dcap_collateral_json(cx, &d));
}

static void
vouch(const struct tenant *t)
{
	if (d.anchor.n == 0)
		make_platform(strcmp(family->format, "tdx") == 0);
	(void)make_dcap_evidence(cx, &d);
	(void)family_anchor(t, "sgx", d.anchor);
	ck_ok(put_collateral(t));
}

static const json_t *
evidence(struct slice challenge, EVP_PKEY **key)
{
	memcpy(d.nonce, challenge.p, sizeof(d.nonce));
	d.spki = make_spki(cx, *key);
	return make_dcap_evidence(cx, &d);
}

/* SHA-256 of the PPID that make_dcap() gives. */
static const char *
hardware_id(void)
{
	uint8_t sha256[32];

	crypto_hash_sha256(sha256, (const uint8_t *)"0123456789abcdef", 16);
	return arena_printf(cx->arena, "sgx:%s", text_hex(cx->arena,
	    SLICE_OF(sha256)));
}

static const json_t *
evidence_new(struct slice challenge, EVP_PKEY **key)
{
	if (d.anchor.n == 0)
		make_platform(strcmp(family->format, "tdx") == 0);
	return evidence(challenge, key);
}

/* The header of an Open Enclave report (version 1, remote), then the quote. */
static const json_t *
evidence_oe(struct slice challenge, EVP_PKEY **key)
{
	static const uint8_t header[8] = { 1, 0, 0, 0, 2, 0, 0, 0 };
	struct buf b = buf_in(cx->arena, 65536);

	if (d.anchor.n == 0)
		make_platform(false);
	d.report_data_given = true;
	attest_binding("openenclave", challenge, make_spki(cx, *key),
	    d.body + 320, 64);
	(void)make_dcap_evidence(cx, &d);
	put_bytes(&b, SLICE_OF(header));
	for (unsigned i = 0; i < 8; i++)
		put_u8(&b, (uint8_t)(d.quote.n >> 8 * i));
	put_bytes(&b, d.quote);
	return json_keep(cx, json_pack("{s:s, s:s}", "format", "openenclave",
	    "evidence", base64url(cx->arena, buf_slice(&b))));
}

static const struct family sgx = {
	"sgx", evidence_new, hardware_id, vouch,
	ERR_EV_CHAIN, ERR_EV_NONCE, ERR_EV_NONCE
};
static const struct family tdx = {
	"tdx", evidence_new, hardware_id, vouch,
	ERR_EV_CHAIN, ERR_EV_NONCE, ERR_EV_NONCE
};
static const struct family openenclave = {
	"openenclave", evidence_oe, hardware_id, vouch,
	ERR_EV_CHAIN, ERR_EV_NONCE, ERR_EV_NONCE
};
static const struct family *const all[] = { &sgx, &tdx, &openenclave };

static void
start(const struct family *f)
{
	family_open(f);
	make_platform(f == &tdx);
	vouch(NULL);
	fresh = d;
	ck_ok(family_claim(&family_tenant));
}

/* The same platform as at the start, and a policy that takes what is proved. */
static void
restart(void)
{
	d = fresh;
	family_policy(FAMILY_ANY);
}

/* --- all of them ------------------------------------------------------------ */

START_TEST(a_platform_is_a_family)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		memset(&d, 0, sizeof(d));
		check_family(all[i]);
	}
}
END_TEST

START_TEST(packages_and_trust_domains_of_a_platform_are_one_device)
{
	struct make_dcap first;
	struct tenant platform;

	start(&sgx);
	ck_ok(family_enroll());
	first = d;
	/* The same processor, and another key of its CA. */
	make_platform(true);
	d.root_key = first.root_key;
	d.root.key = d.root.issuer_key = d.ca.issuer_key =
	    d.signing.issuer_key = first.root_key;
	d.root_crl.key = d.root_crl.aki_key = first.root_key;
	d.root = first.root;
	family = &tdx;
	ck_ok(tenant_find(cx, family_realm->authority, TENANT_PLATFORM,
	    &platform));
	ck_ok(put_collateral(NULL));
	ck_ok(family_enroll());
	family_close();
}
END_TEST

START_TEST(a_ppid_of_zeros_names_no_platform)
{
	start(&sgx);
	memset(d.ext.pck.ppid, 0, sizeof(d.ext.pck.ppid));
	ck_fails(family_enroll(), ERR_EV_MISMATCH);
	family_close();
}
END_TEST

/* --- what has been revoked ----------------------------------------------------- */

static const struct { const char *what; enum { PCK, CA, SIGNER, PCK_SERIAL }
    which; } revoked[] = {
	{ "the PCK certificate, by its CA", PCK },
	{ "the PCK's CA, by the root", CA },
	{ "the signer of collateral, by the root", SIGNER },
	{ "the PCK certificate, by its number", PCK_SERIAL },
};

static void
revoke(size_t which)
{
	switch (revoked[which].which) {
	case PCK:
		d.pck_crl.serial = d.pck.serial;
		ck_ok(put_collateral(NULL));
		break;
	case CA:
		d.root_crl.serial = d.ca.serial;
		ck_ok(put_collateral(NULL));
		break;
	case SIGNER:
		/* The server does not even take it. */
		d.root_crl.serial = d.signing.serial;
		ck_fails(put_collateral(NULL), ERR_FIELD);
		ck_ok(family_crl(NULL, make_intel_crl(cx, &d.root_crl),
		    SLICE_NONE));
		break;
	case PCK_SERIAL:
		ck_ok(family_serials(&family_tenant, "03"));
		break;
	}
}

START_TEST(what_has_been_revoked_does_not_enrol)
{
	for (size_t i = 0; i < COUNT_OF(revoked); i++) {
		start(all[i % COUNT_OF(all)]);
		ck_ok(family_enroll());
		revoke(i);
		ck_fails(family_enroll(), ERR_EV_REVOKED);
		family_close();
	}
}
END_TEST

/* --- what Intel says of a platform ---------------------------------------------- */

static const struct status {
	const char	*status;
	enum err_code	 refusal;	/* by default; 0: none */
} statuses[] = {
	{ "UpToDate", 0 },
	{ "SWHardeningNeeded", ERR_POLICY_TCB },
	{ "ConfigurationNeeded", ERR_POLICY_TCB },
	{ "ConfigurationAndSWHardeningNeeded", ERR_POLICY_TCB },
	{ "OutOfDate", ERR_POLICY_TCB },
	{ "OutOfDateConfigurationNeeded", ERR_POLICY_TCB },
	{ "NotSupported", ERR_POLICY_TCB },
	{ "TDRelaunchAdvised", ERR_POLICY_TCB },
	{ "TDRelaunchAdvisedConfigurationNeeded", ERR_POLICY_TCB },
	{ "Revoked", ERR_EV_REVOKED },
};

static void
set_level(const char *status)
{
	make_edit(d.tcb_edits, FIRST_LEVEL, arena_printf(cx->arena,
	    "\"tcbDate\":\"2026-01-01T00:00:00Z\",\"tcbStatus\":\"%s\"},"
	    "{\"tcb\":{\"sgx", status));
}

/* A TD that was launched under a module since updated. */
static void
relaunch(void)
{
	make_dcap_version(&d, 5);
	d.body[0] = 4;
	d.body[584] = 6;
}

static bool
set_status(const struct family *f, const char *status)
{
	if (strncmp(status, "TDRelaunch", 10) == 0) {
		if (f != &tdx)
			return false;
		relaunch();
		if (strstr(status, "Configuration") != NULL)
			set_level("ConfigurationNeeded");
	} else if (strcmp(status, "NotSupported") == 0) {
		d.ext.pck.pce_svn = 1;
	} else {
		set_level(status);
	}
	return true;
}

static void
check_told_to_update(const char *status)
{
	const char *found = arena_printf(cx->arena,
	    "by default: status is %s", status);

	ck_assert_str_eq(cx->trail->tell, found);
	ck_assert_str_eq(err_dotted((struct err){ ERR_POLICY_TCB }),
	    "policy.tcb-out-of-date");
	ck_assert_ptr_nonnull(strstr(err_title((struct err){
	    ERR_POLICY_TCB }), "update first"));
}

/* A policy may have it until a day, with a warning, and not after. */
static void
check_accepted_until(const char *status)
{
	const json_t *verdict;

	family_rules(arena_printf(cx->arena, "{\"claim\":\"status\",\"one_of\":"
	    "[\"UpToDate\",{\"value\":\"%s\",\"until\":\"%s\"}]}", status,
	    days_on(2)));
	ck_ok(family_enroll());
	verdict = family_attested("verdict");
	ck_assert_str_eq(json_string_value(verdict), "warning");
	ck_assert_str_eq(json_string_value(family_told("status")), status);
	family_realm->ahead_s += 2 * MAKE_DAY + 1;
	ck_fails(family_enroll(), ERR_POLICY_TCB);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, "was accepted until"));
	family_realm->ahead_s -= 2 * MAKE_DAY + 1;
	/* For good, if it says so, but not as if nothing were. */
	family_rules(arena_printf(cx->arena, "{\"claim\":\"status\",\"one_of\":"
	    "[\"%s\"]}", status));
	ck_ok(family_enroll());
	ck_assert_str_eq(json_string_value(family_attested("verdict")),
	    "warning");
}

static void
check_status(const struct family *f, const struct status *s)
{
	restart();
	if (!set_status(f, s->status))
		return;
	ck_ok(put_collateral(NULL));
	if (s->refusal == 0) {
		ck_ok(family_enroll());
		ck_assert_str_eq(json_string_value(family_told("status")),
		    s->status);
		return;
	}
	ck_fails(family_enroll(), s->refusal);
	if (s->refusal == ERR_POLICY_TCB) {
		check_told_to_update(s->status);
		check_accepted_until(s->status);
		return;
	}
	family_rules("{\"claim\":\"status\",\"one_of\":[\"Revoked\"]}");
	ck_fails(family_enroll(), s->refusal);
}

START_TEST(a_status_is_accepted_as_policy_says)
{
	for (size_t k = 0; k < COUNT_OF(all); k++) {
		start(all[k]);
		for (size_t i = 0; i < COUNT_OF(statuses); i++)
			check_status(all[k], &statuses[i]);
		family_close();
	}
}
END_TEST

/* --- its quoting enclave and TDX module ------------------------------------------ */

static const struct part {
	const char	*what, *status;
	uint8_t		 qe_svn, module_svn;	/* 0: as it is */
	enum err_code	 refusal;
} parts[] = {
	{ "a quoting enclave that is old", "OutOfDate", 7, 0, ERR_POLICY_TCB },
	{ "one that is revoked", NULL, 3, 0, ERR_EV_REVOKED },
	{ "one that no level speaks of", "NotSupported", 1, 0,
	    ERR_POLICY_TCB },
	{ "a module that is old", "OutOfDate", 0, 4, ERR_POLICY_TCB },
	{ "one that is revoked", NULL, 0, 2, ERR_EV_REVOKED },
	{ "one that no level speaks of", "NotSupported", 0, 1,
	    ERR_POLICY_TCB },
};

static void
check_part(const struct family *f, const struct part *p)
{
	restart();
	if (p->module_svn != 0 && f != &tdx)
		return;
	if (p->qe_svn != 0)
		d.qe[258] = p->qe_svn;
	if (p->module_svn != 0)
		d.body[0] = p->module_svn;
	ck_fails(family_enroll(), p->refusal);
	if (p->status != NULL) {
		check_told_to_update(p->status);
		check_accepted_until(p->status);
	}
}

START_TEST(what_a_platform_is_made_of_counts_too)
{
	for (size_t k = 0; k < COUNT_OF(all); k++) {
		start(all[k]);
		for (size_t i = 0; i < COUNT_OF(parts); i++)
			check_part(all[k], &parts[i]);
		family_close();
	}
}
END_TEST

/* --- debug ------------------------------------------------------------------------ */

static void
check_debug(const struct family *f, size_t at, uint8_t bit)
{
	start(f);
	ck_ok(family_enroll());
	d.body[at] |= bit;
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	ck_assert_str_eq(cx->trail->tell, "by default: debug is true");
	family_rules("{\"claim\":\"debug\",\"equals\":true}");
	ck_ok(family_enroll());
	ck_assert(json_is_true(family_told("debug")));
	d.body[at] &= (uint8_t)~bit;
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	family_close();
}

START_TEST(debug_enclaves_and_domains_never_enrol_by_default)
{
	check_debug(&sgx, 48, 0x02);
	check_debug(&openenclave, 48, 0x02);
	check_debug(&tdx, 120, 0x01);
}
END_TEST

/* --- measurements ------------------------------------------------------------------- */

START_TEST(only_the_enclave_that_is_expected_enrols)
{
	start(&sgx);
	family_rules(arena_printf(cx->arena, "{\"claim\":\"mrenclave\","
	    "\"equals\":\"%s\"}", text_hex(cx->arena, SLICE(d.body + 64, 32))));
	ck_ok(family_enroll());
	d.body[64] ^= 1;
	ck_fails(family_enroll(), ERR_POLICY_MEASUREMENT);
	d.body[64] ^= 1;
	family_rules(arena_printf(cx->arena, "{\"claim\":\"mrsigner\","
	    "\"equals\":\"bb\"}"));
	ck_fails(family_enroll(), ERR_POLICY_MEASUREMENT);
	family_rules("{\"claim\":\"isvsvn\",\"at_least\":4}");
	ck_fails(family_enroll(), ERR_POLICY_TCB);
	d.body[258] = 4;
	ck_ok(family_enroll());
	family_rules("{\"claim\":\"advisory_ids\",\"subset_of\":"
	    "[\"INTEL-SA-1\"]},{\"claim\":\"status\",\"one_of\":"
	    "[\"OutOfDate\"]}");
	d.ext.pck.pce_svn = 10;
	ck_fails(family_enroll(), ERR_POLICY_TCB);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, "INTEL-SA-2"));
	family_rules("{\"claim\":\"advisory_ids\",\"subset_of\":"
	    "[\"INTEL-SA-1\",\"INTEL-SA-2\"]},{\"claim\":\"status\","
	    "\"one_of\":[\"OutOfDate\"]}");
	ck_ok(family_enroll());
	family_close();
}
END_TEST

static const struct { uint16_t version, body_type, body_size; } quotes[] = {
	{ 4, 3, 584 }, { 5, 3, 648 }, { 5, 2, 584 },
};

static void
check_quote(size_t which)
{
	restart();
	make_dcap_version(&d, quotes[which].version);
	d.body_type = quotes[which].body_type;
	d.body_size = quotes[which].body_size;
	ck_ok(family_enroll());
	ck_assert_ptr_nonnull(family_told("rtmr3"));
	ck_assert_int_eq(family_told("tee_tcb_svn_2") != NULL,
	    quotes[which].body_size == 648);
	family_rules(arena_printf(cx->arena, "{\"claim\":\"mrtd\","
	    "\"equals\":\"%s\"}", text_hex(cx->arena,
	    SLICE(d.body + 136, 48))));
	ck_ok(family_enroll());
	d.body[136] ^= 1;
	ck_fails(family_enroll(), ERR_POLICY_MEASUREMENT);
}

START_TEST(trust_domains_enrol_by_quotes_of_every_version)
{
	start(&tdx);
	for (size_t i = 0; i < COUNT_OF(quotes); i++)
		check_quote(i);
	family_close();
}
END_TEST

START_TEST(a_domain_that_can_be_moved_needs_a_policy_that_says_so)
{
	start(&tdx);
	d.body[123] |= 0x20;		/* MIGRATABLE, bit 29 */
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	ck_assert_str_eq(cx->trail->tell, "by default: migratable is true");
	family_rules("{\"claim\":\"migratable\",\"equals\":true}");
	ck_ok(family_enroll());
	family_close();
}
END_TEST

/* --- collateral ---------------------------------------------------------------------- */

START_TEST(a_device_may_bring_its_collateral_and_not_an_older_one)
{
	struct make_edit now;

	start(&sgx);
	d.send_collateral = true;
	ck_ok(family_enroll());
	/* What the server knows of later counts. */
	now = d.tcb_edits[0];
	d.tcb_edits[0].to = days_on(-2);
	set_level("OutOfDate");
	ck_ok(family_enroll());
	d.tcb_edits[0] = now;
	ck_ok(put_collateral(NULL));
	ck_fails(family_enroll(), ERR_POLICY_TCB);
	family_close();
}
END_TEST

UNIT_MAIN("family_intel",
    a_platform_is_a_family,
    packages_and_trust_domains_of_a_platform_are_one_device,
    a_ppid_of_zeros_names_no_platform,
    what_has_been_revoked_does_not_enrol,
    a_status_is_accepted_as_policy_says,
    what_a_platform_is_made_of_counts_too,
    debug_enclaves_and_domains_never_enrol_by_default,
    only_the_enclave_that_is_expected_enrols,
    trust_domains_enrol_by_quotes_of_every_version,
    a_domain_that_can_be_moved_needs_a_policy_that_says_so,
    a_device_may_bring_its_collateral_and_not_an_older_one)
