/* SPDX-License-Identifier: Apache-2.0 */
/* Families of Azure's confidential VMs, on SNP and on TDX. */
#include "tests/unit/family.h"

#include "tests/make_azure.h"

static struct make_azure v;
static bool is_made, is_td;

/* --- machines of today ------------------------------------------------------------ */

static const char *
days_on(int64_t days)
{
	return text_time_dup(cx->arena, ctx_now(cx) + days * MAKE_DAY);
}

static void
make_snp_dates(struct make_snp *s)
{
	struct make_amd_cert *const certs[] = { &s->ark, &s->ask, &s->leaf };

	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		certs[i]->from_s = family_shift(certs[i]->from_s);
		certs[i]->to_s = family_shift(certs[i]->to_s);
	}
}

static void
make_td_dates(struct make_dcap *d)
{
	struct make_intel_cert *const certs[] = {
		&d->root, &d->ca, &d->pck, &d->signing
	};

	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		certs[i]->from_s = family_shift(certs[i]->from_s);
		certs[i]->to_s = family_shift(certs[i]->to_s);
	}
	d->root_crl.from_s = d->pck_crl.from_s = ctx_now(cx) - MAKE_DAY;
	d->root_crl.to_s = d->pck_crl.to_s = ctx_now(cx) + 30 * MAKE_DAY;
	make_edit(d->tcb_edits, "2026-05-20T00:00:00Z", days_on(-1));
	make_edit(d->tcb_edits, "2026-06-20T00:00:00Z", days_on(20));
	make_edit(d->qe_edits, "2026-05-20T00:00:00Z", days_on(-1));
	make_edit(d->qe_edits, "2026-06-20T00:00:00Z", days_on(20));
}

static void
make_machine(void)
{
	if (is_made)
		return;
	make_azure(cx, &v, is_td);
	if (is_td)
		make_td_dates(&v.td);
	else
		make_snp_dates(&v.snp);
	(void)make_azure_evidence(cx, &v);
	v.snp.keep_chain = true;
	is_made = true;
}

static const json_t *
evidence(struct slice challenge, EVP_PKEY **key)
{
	make_machine();
	memcpy(v.tpm.nonce, challenge.p, sizeof(v.tpm.nonce));
	v.tpm.app = *key;
	v.tpm.app_public = make_app_public(*key);
	v.tpm.spki = make_spki(cx, *key);
	return make_azure_evidence(cx, &v);
}

static const char *
hardware_id(void)
{
	uint8_t sha256[32];

	make_machine();
	if (!is_td)
		return arena_printf(cx->arena, "snp:%s", text_hex(cx->arena,
		    SLICE(v.snp.report + 0x1a0, 64)));
	crypto_hash_sha256(sha256, (const uint8_t *)"0123456789abcdef", 16);
	return arena_printf(cx->arena, "sgx:%s", text_hex(cx->arena,
	    SLICE_OF(sha256)));
}

static struct err
put_collateral(const struct tenant *t)
{
	(void)make_azure_evidence(cx, &v);
	return family_collateral(t, "dcap", make_dcap_collateral_json(cx,
	    &v.td));
}

static void
vouch(const struct tenant *t)
{
	make_machine();
	(void)family_anchor(t, is_td ? "sgx" : "snp", is_td ? v.td.anchor :
	    v.snp.chain[2]);
	if (is_td)
		ck_ok(put_collateral(t));
}

static const struct family azure = {
	"azure-cvm", evidence, hardware_id, vouch,
	ERR_EV_CHAIN, ERR_EV_NONCE, ERR_EV_KEY_NOT_BOUND
};

static void
start(bool td)
{
	is_made = false;
	is_td = td;
	family_start(&azure);
}

START_TEST(a_confidential_machine_is_a_family)
{
	for (unsigned i = 0; i < 2; i++) {
		is_made = false;
		is_td = i != 0;
		check_family(&azure);
		ck_assert_int_eq(family_leaf.policy, CERT_POLICY_HARDWARE);
	}
}
END_TEST

START_TEST(an_anchor_of_the_other_hardware_does_not_vouch)
{
	for (unsigned i = 0; i < 2; i++) {
		is_made = false;
		is_td = i != 0;
		family_open(&azure);
		make_machine();
		(void)family_anchor(NULL, is_td ? "snp" : "sgx",
		    is_td ? v.td.anchor : v.snp.chain[2]);
		ck_ok(family_claim(&family_tenant));
		ck_fails(family_enroll(), ERR_EV_CHAIN);
		family_close();
	}
}
END_TEST

START_TEST(machines_that_can_be_inspected_do_not_enrol)
{
	start(false);
	v.snp.report[0x00a] |= 1 << 3;
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	ck_assert_str_eq(cx->trail->tell, "by default: debug is true");
	v.snp.report[0x00a] ^= 1 << 3 | 1 << 2;
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, "migration_agent"));
	family_close();
	start(true);
	v.td.body[120] |= 1;
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	family_close();
}
END_TEST

START_TEST(a_host_that_is_out_of_date_must_update_first)
{
	start(true);
	v.td.ext.pck.pce_svn = 10;
	ck_fails(family_enroll(), ERR_POLICY_TCB);
	ck_assert_str_eq(cx->trail->tell, "by default: status is OutOfDate");
	v.td.ext.pck.pce_svn = 11;
	ck_ok(family_enroll());
	v.td.pck_crl.serial = v.td.pck.serial;
	ck_ok(put_collateral(NULL));
	ck_fails(family_enroll(), ERR_EV_REVOKED);
	family_close();
	start(false);
	family_rules("{\"claim\":\"tcb_snp\",\"at_least\":25}");
	ck_fails(family_enroll(), ERR_POLICY_TCB);
	family_close();
}
END_TEST

START_TEST(what_booted_is_held_to_policy)
{
	for (unsigned i = 0; i < 2; i++) {
		start(i != 0);
		family_rules("{\"claim\":\"secure_boot\",\"equals\":true}");
		ck_ok(family_enroll());
		family_rules(arena_printf(cx->arena, "{\"claim\":"
		    "\"pcr.sha256.4\",\"equals\":\"%s\"}", text_hex(cx->arena,
		    make_pcr(cx, &v.tpm.log, TPM_SHA256, 4, 0))));
		ck_ok(family_enroll());
		make_log_add(&v.tpm.log, 4, 0x80000003u, slice_text("path"),
		    slice_text("another program"));
		ck_fails(family_enroll(), ERR_POLICY_MEASUREMENT);
		family_close();
	}
}
END_TEST

UNIT_MAIN("family_azure",
    a_confidential_machine_is_a_family,
    an_anchor_of_the_other_hardware_does_not_vouch,
    machines_that_can_be_inspected_do_not_enrol,
    a_host_that_is_out_of_date_must_update_first,
    what_booted_is_held_to_policy)
