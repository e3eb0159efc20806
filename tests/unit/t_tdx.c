/* SPDX-License-Identifier: Apache-2.0 */
/* TDX quotes, TCB levels of every kind brought together, and CCEL logs. */
#include "attest/ccel.h"
#include "attest/dcap.h"
#include "tests/make_dcap.h"
#include "tests/unit/unit.h"

static struct make_dcap d;
static struct attestation out;

static void
begin(void)
{
	make_dcap(cx, &d, true);
}

static void
begin_sgx(void)
{
	make_dcap(cx, &d, false);
}

static void
check_refused(enum err_code code, const char *why)
{
	ck_fails(make_dcap_verify(cx, &d, &out), code);
	ck_assert_msg(strstr(cx->trail->note, why) != NULL, "%s",
	    cx->trail->note);
	begin();
}

static void
check_status(const char *status)
{
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert_str_eq(out.status, status);
}

static bool
has_advisory(const char *id)
{
	const struct claim *c = claims_find(&out.claims, "advisory_ids");

	for (size_t i = 0; i < c->list.n; i++)
		if (strcmp(c->list.items[i], id) == 0)
			return true;
	return false;
}

static bool
bool_of(const char *name)
{
	const struct claim *c = claims_find(&out.claims, name);

	ck_assert_ptr_nonnull(c);
	return c->boolean;
}

/* --- trust domains ----------------------------------------------------- */

START_TEST(a_quote_says_which_trust_domain_runs)
{
	static const char *const names[] = {
		"mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrconfigid",
		"mrowner", "mrownerconfig", "mrseam", "mrsignerseam",
		"td_attributes", "xfam", "tee_tcb_svn", "tee_tcb_svn_2",
		"mrservicetd",
	};
	static const size_t places[] = {
		136, 328, 376, 424, 472, 184, 232, 280, 16, 64, 120, 128, 0,
		584, 600
	};

	begin();
	make_dcap_version(&d, 5);
	memset(d.body + 600, 0x33, 48);
	for (size_t i = 0; i < 7; i++)	/* RTMR0 to RTMR3, and the owner's */
		memset(d.body + 184 + 48 * i, (int)(0x40 + i), 48);
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert_str_eq(out.status, "UpToDate");
	ck_assert(strncmp(out.hardware_id, "sgx:", 4) == 0);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct claim *c = claims_find(&out.claims, names[i]);

		ck_assert_ptr_nonnull(c);
		ck_assert(slice_equal(c->bytes, SLICE(d.body + places[i],
		    c->bytes.n)));
	}
	ck_assert(!bool_of("debug") && !bool_of("event_log"));
	ck_assert(bool_of("sept_ve_disable") && !bool_of("migratable"));
	d.body[123] = 0x20;
	d.body[120] = 0x80;		/* TUD: all of it */
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert(bool_of("debug"));
	ck_assert(!bool_of("sept_ve_disable") && bool_of("migratable"));
}
END_TEST

START_TEST(each_kind_of_body_is_read)
{
	begin();
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert_ptr_null(claims_find(&out.claims, "mrservicetd"));
	make_dcap_version(&d, 5);
	d.body_type = 2;
	d.body_size = 584;
	ck_ok(make_dcap_verify(cx, &d, &out));
	d.body_type = 3;
	check_refused(ERR_EV_MALFORMED, "with 584 bytes");
}
END_TEST

START_TEST(reserved_header_bytes_of_a_tdx_quote_are_zero)
{
	begin();
	d.reserved = 1;
	check_refused(ERR_EV_MALFORMED, "reserved bytes of its header");
	begin_sgx();
	d.reserved = 0x000b0008;	/* SVNs of QE and PCE */
	ck_ok(make_dcap_verify(cx, &d, &out));
}
END_TEST

START_TEST(a_module_that_is_not_in_production_is_refused)
{
	begin();
	d.body[112] = 1;
	d.know_collateral = false;
	d.trust.allow = TRUST_ALLOW_MISSING_COLLATERAL;
	check_refused(ERR_EV_PROPERTY, "not in production");
	d.body[128] = 0xe5;
	check_refused(ERR_EV_PROPERTY, "XFAM");
}
END_TEST

START_TEST(a_td_quote_needs_the_td_qes_identity)
{
	begin();
	make_edit(d.qe_edits, "\"TD_QE\"", "\"QE\"");
	check_refused(ERR_EV_MISMATCH, "another kind of enclave");
}
END_TEST

START_TEST(the_module_is_the_one_that_intel_names)
{
	begin();
	d.body[64] = 1;
	check_refused(ERR_EV_MISMATCH, "module's MRSIGNER");
	d.body[112] = 1;
	check_refused(ERR_EV_MISMATCH, "module's attributes");
	d.body[1] = 2;
	check_refused(ERR_EV_MISMATCH, "version 2");
	/* Of the first modules there is one description, without levels. */
	d.body[1] = 0;
	d.body[0] = 5;
	check_status("UpToDate");
	d.body[64] = 1;
	check_refused(ERR_EV_MISMATCH, "module's MRSIGNER");
	make_edit(d.tcb_edits, "\"TDX_01\"", "\"tdx_01\"");
	check_status("UpToDate");
	begin();
	d.body[1] = 0xab;
	d.body[0] = 9;
	make_edit(d.tcb_edits, "\"TDX_03\"", "\"TDX_aB\"");
	check_status("UpToDate");
}
END_TEST

static const struct { const char *from, *to; enum err_code code; } forms[] = {
	{ "\"tdxModule\":", "\"other\":", ERR_EV_MALFORMED },
	{ "\"TDX_03\"", "\"TDX_3\"", ERR_EV_MALFORMED },
	{ "\"TDX_03\"", "\"TDX_003\"", ERR_EV_MALFORMED },
	{ "\"TDX_03\"", "\"TDX_0g\"", ERR_EV_MALFORMED },
	{ "\"TDX_03\"", "\"SGX_03\"", ERR_EV_MALFORMED },
	{ "{\"id\":\"TDX_03\"", "1,{\"id\":\"TDX_03\"", ERR_EV_MALFORMED },
	{ "\"FFFFFFFFFFFFFFFF\"", "\"FFFF\"", ERR_EV_MALFORMED },
	{ "{\"isvsvn\":3}", "{\"isvsvn\":\"3\"}", ERR_EV_MALFORMED },
	{ "\"tdxtcbcomponents\":[", "\"tdxtcbcomponents\":[{\"svn\":0},",
	    ERR_EV_MALFORMED },
	{ "\"tdxtcbcomponents\":[", "\"other\":[", ERR_EV_MALFORMED },
	{ "\"id\":\"TDX\"", "\"id\":\"TDY\"", ERR_EV_MISMATCH },
	{ "\"id\":\"TDX\",\"version\":3", "\"version\":2", ERR_EV_MISMATCH },
};

START_TEST(a_tcb_info_for_tdx_is_of_its_form)
{
	struct qe_identity q;
	struct tcb_info t;
	char *long_text;

	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		begin();
		make_edit(d.tcb_edits, forms[i].from, forms[i].to);
		ck_fails(make_dcap_verify(cx, &d, &out), forms[i].code);
	}
	ck_fails(tcb_info_parse(cx, slice_text("{\"version\":3,\"id\":\"X\"}"),
	    &t), ERR_EV_UNSUPPORTED);
	/* Version 2 knows of no trust domains, whatever it calls itself. */
	ck_fails(tcb_info_parse(cx, slice_text("{\"version\":2,\"id\":\"TDX\"}"),
	    &t), ERR_EV_UNSUPPORTED);
	ck_fails(tcb_info_parse(cx, slice_text("[]"), &t), ERR_EV_MALFORMED);
	ck_fails(tcb_info_parse(cx, slice_text("{\"id\":\"SGX\","
	    "\"version\":3,\"issueDate\":\"2026-01-01T00:00:00Z\","
	    "\"nextUpdate\":\"2026-01-01T00:00:00Z\",\"tcbType\":0,"
	    "\"fmspc\":\"000000000000\",\"pceId\":\"0000\","
	    "\"tcbEvaluationDataNumber\":1,\"tcbLevels\":[1]}"), &t),
	    ERR_EV_MALFORMED);
	ck_fails(qe_identity_parse(cx, slice_text("[]"), &q),
	    ERR_EV_MALFORMED);
	long_text = arena_alloc(cx->arena, DCAP_JSON_MAX + 1);
	memset(long_text, ' ', DCAP_JSON_MAX + 1);
	memcpy(long_text, "{}", 2);
	ck_fails(tcb_info_parse(cx, SLICE(long_text, DCAP_JSON_MAX + 1), &t),
	    ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "not an object"));
	ck_fails(tcb_info_parse(cx, slice_text("{"), &t), ERR_EV_MALFORMED);
}
END_TEST

/* --- levels ------------------------------------------------------------ */

START_TEST(each_component_of_a_platform_counts)
{
	static const uint8_t counted[] = { 0, 1, 2, 3, 4, 5, 7, 8 };

	begin_sgx();
	for (size_t i = 0; i < COUNT_OF(counted); i++) {
		d.ext.pck.components[counted[i]]--;
		check_status("NotSupported");
		begin_sgx();
	}
	d.ext.pck.components[15] = 9;	/* more is no harm */
	d.ext.pck.pce_svn = 12;
	check_status("UpToDate");
}
END_TEST

START_TEST(the_first_level_that_is_reached_holds)
{
	begin_sgx();
	d.ext.pck.pce_svn = 10;
	check_status("OutOfDate");
	ck_assert(has_advisory("INTEL-SA-1") && has_advisory("INTEL-SA-2"));
	ck_assert_uint_eq(claims_find(&out.claims, "tcb_date")->uint,
	    1735689600);
	d.ext.pck.pce_svn = 4;
	check_status("NotSupported");
}
END_TEST

START_TEST(a_revoked_level_is_refused)
{
	begin_sgx();
	d.ext.pck.pce_svn = 5;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_REVOKED);
	begin_sgx();
	d.qe[258] = 5;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_REVOKED);
	begin();
	d.body[0] = 3;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_REVOKED);
	/* Also where another part is not supported. */
	d.qe[258] = 1;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_REVOKED);
}
END_TEST

static const struct { const char *platform, *with_old_qe; } converged[] = {
	{ "UpToDate", "OutOfDate" },
	{ "SWHardeningNeeded", "OutOfDate" },
	{ "ConfigurationNeeded", "OutOfDateConfigurationNeeded" },
	{ "ConfigurationAndSWHardeningNeeded",
	    "OutOfDateConfigurationNeeded" },
	{ "OutOfDate", "OutOfDate" },
	{ "OutOfDateConfigurationNeeded", "OutOfDateConfigurationNeeded" },
};

START_TEST(an_old_qe_or_module_makes_a_platform_old)
{
	for (size_t i = 0; i < COUNT_OF(converged); i++) {
		const char *text = arena_printf(cx->arena,
		    "\"tcbDate\":\"2026-01-01T00:00:00Z\",\"tcbStatus\":\"%s\""
		    "},{\"tcb\":{\"sgx", converged[i].platform);
		const char *from = "\"tcbDate\":\"2026-01-01T00:00:00Z\","
		    "\"tcbStatus\":\"UpToDate\"},{\"tcb\":{\"sgx";

		begin_sgx();
		make_edit(d.tcb_edits, from, text);
		check_status(converged[i].platform);
		d.qe[258] = 7;
		check_status(converged[i].with_old_qe);
		ck_assert(has_advisory("INTEL-SA-4"));
		begin();
		make_edit(d.tcb_edits, from, text);
		check_status(converged[i].platform);
		d.body[0] = 5;
		check_status(converged[i].with_old_qe);
		ck_assert(has_advisory("INTEL-SA-3"));
	}
}
END_TEST

START_TEST(what_no_level_holds_for_is_not_supported)
{
	begin_sgx();
	d.qe[258] = 1;
	check_status("NotSupported");
	begin();
	d.body[0] = 1;
	check_status("NotSupported");
	begin();
	d.body[2] = 0;			/* TDX component 2 */
	check_status("NotSupported");
}
END_TEST

START_TEST(the_numbers_of_a_module_with_a_version_are_its_own)
{
	begin();
	d.body[2] = 2;
	d.ext.pck.pce_svn = 11;
	check_status("OutOfDate");
	begin();
	d.body[0] = 4;			/* below component 0 of the level */
	make_edit(d.tcb_edits, "{\"isvsvn\":6}", "{\"isvsvn\":4}");
	check_status("UpToDate");
	begin();
	d.body[0] = 4;
	d.body[1] = 0;			/* and now it counts */
	check_refused(ERR_EV_REVOKED, "Revoked");
}
END_TEST

START_TEST(advisories_come_once)
{
	begin_sgx();
	d.ext.pck.pce_svn = 10;
	d.qe[258] = 7;
	check_status("OutOfDate");
	ck_assert_uint_eq(claims_find(&out.claims, "advisory_ids")->list.n, 3);
}
END_TEST

/* --- relaunch ---------------------------------------------------------- */

static void
begin_relaunch(void)
{
	begin();
	make_dcap_version(&d, 5);
	d.body[0] = 4;			/* launched under an old module */
	d.body[584] = 6;		/* the one that is loaded now */
}

START_TEST(a_td_launched_before_an_update_is_told_to_relaunch)
{
	begin_relaunch();
	check_status("TDRelaunchAdvised");
	d.body[585] = 3;
	d.body[584] = 3;
	check_status("TDRelaunchAdvised");
	d.body[585] = 0;
	d.body[584] = 5;
	check_status("TDRelaunchAdvised");
	begin_relaunch();
	make_edit(d.tcb_edits, "\"tcbDate\":\"2026-01-01T00:00:00Z\","
	    "\"tcbStatus\":\"UpToDate\"},{\"tcb\":{\"sgx",
	    "\"tcbDate\":\"2026-01-01T00:00:00Z\","
	    "\"tcbStatus\":\"ConfigurationNeeded\"},{\"tcb\":{\"sgx");
	check_status("TDRelaunchAdvisedConfigurationNeeded");
}
END_TEST

START_TEST(a_td_whose_host_is_not_current_is_out_of_date)
{
	begin_relaunch();
	d.body[584] = 5;		/* the module now is old, too */
	check_status("OutOfDate");
	begin_relaunch();
	d.body[586] = 2;		/* its microcode is old */
	check_status("OutOfDate");
	begin_relaunch();
	d.body[585] = 0;
	d.body[584] = 4;
	check_status("OutOfDate");
	begin_relaunch();
	d.body[585] = 0;
	d.body[584] = 5;
	d.body[586] = 2;
	check_status("OutOfDate");
	begin_relaunch();
	d.qe[258] = 7;			/* its QE is old */
	check_status("OutOfDate");
	begin_relaunch();
	d.ext.pck.pce_svn = 10;		/* the platform is old */
	check_status("OutOfDate");
	begin_relaunch();
	d.body_type = 2;		/* nothing says what is loaded now */
	d.body_size = 584;
	check_status("OutOfDate");
	begin_relaunch();
	d.body[0] = 6;			/* not the module, but its microcode */
	d.body[2] = 2;
	check_status("OutOfDate");
	begin_relaunch();
	d.body[585] = 9;
	check_refused(ERR_EV_MISMATCH, "version 9");
}
END_TEST

/* --- event logs -------------------------------------------------------- */

#define EV_NO_ACTION	3u
#define EV_SEPARATOR	4u
#define EV_CONFIG	0x80000001u
#define EV_ACTION	0x80000007u

struct record { uint32_t mr, type; struct slice data; };

static void
put_le(struct buf *b, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_u8(b, i < sizeof(v) ? (uint8_t)(v >> 8 * i) : 0);
}

static void
hash_384(struct slice data, uint8_t digest[static 48])
{
	ck_assert_int_eq(EVP_Digest(data.p, data.n, digest, NULL,
	    EVP_sha384(), NULL), 1);
}

/* A log of these, and what it makes of the RTMRs of d. */
static struct slice
make_log(const struct record *records, size_t n, uint16_t alg)
{
	struct buf b = buf_in(cx->arena, 65536);

	memset(d.body + 328, 0, 192);
	put_le(&b, 0, 4);
	put_le(&b, EV_NO_ACTION, 4);
	put_le(&b, 0, 20);
	put_le(&b, 33, 4);
	put_bytes(&b, SLICE("Spec ID Event03", 16));
	put_le(&b, 0, 4);
	put_bytes(&b, SLICE("\0\2\0\2", 4));
	put_le(&b, 1, 4);
	put_le(&b, alg, 2);
	put_le(&b, alg == TPM_SHA384 ? 48 : 32, 2);
	put_u8(&b, 0);
	for (size_t i = 0; i < n; i++) {
		uint8_t both[96];

		put_le(&b, records[i].mr, 4);
		put_le(&b, records[i].type, 4);
		put_le(&b, 1, 4);
		put_le(&b, alg, 2);
		hash_384(records[i].data, both + 48);
		put_bytes(&b, SLICE(both + 48, alg == TPM_SHA384 ? 48 : 32));
		put_le(&b, records[i].data.n, 4);
		put_bytes(&b, records[i].data);
		if (records[i].type == EV_NO_ACTION || records[i].mr < 1 ||
		    records[i].mr > 4)
			continue;
		memcpy(both, d.body + 280 + 48 * records[i].mr, 48);
		hash_384(SLICE_OF(both), d.body + 280 + 48 * records[i].mr);
	}
	return buf_slice(&b);
}

static struct record boot[6];
static uint8_t separator[4];

static void
begin_log(void)
{
	begin();
	memset(separator, 0, sizeof(separator));
	boot[0] = (struct record){ 0, EV_ACTION, slice_text("MRTD") };
	boot[1] = (struct record){ 1, EV_CONFIG, make_secure_boot(cx, 1) };
	boot[2] = (struct record){ 1, EV_SEPARATOR, SLICE_OF(separator) };
	boot[3] = (struct record){ 2, EV_ACTION, slice_text("boot") };
	boot[4] = (struct record){ 3, EV_NO_ACTION, slice_text("nothing") };
	boot[5] = (struct record){ 4, EV_ACTION, slice_text("late") };
}

START_TEST(a_log_that_gives_the_registers_is_believed)
{
	begin_log();
	d.event_log = make_log(boot, 6, TPM_SHA384);
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert(bool_of("event_log") && bool_of("secure_boot"));
	boot[1].data = make_secure_boot(cx, 0);
	d.event_log = make_log(boot, 6, TPM_SHA384);
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert(!bool_of("secure_boot"));
	/* Without its separator the firmware did not end as it should. */
	d.event_log = make_log(boot, 2, TPM_SHA384);
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert_ptr_null(claims_find(&out.claims, "secure_boot"));
	separator[0] = 1;
	d.event_log = make_log(boot, 6, TPM_SHA384);
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert_ptr_null(claims_find(&out.claims, "secure_boot"));
}
END_TEST

START_TEST(a_log_that_does_not_give_the_registers_is_refused)
{
	for (size_t i = 0; i < 4; i++) {
		begin_log();
		d.event_log = make_log(boot, 6, TPM_SHA384);
		d.body[328 + 48 * i] ^= 1;
		check_refused(ERR_EV_BINDING, "its replay does not give");
	}
}
END_TEST

START_TEST(a_log_of_other_registers_or_banks_is_refused)
{
	begin_log();
	boot[3].mr = 5;
	d.event_log = make_log(boot, 6, TPM_SHA384);
	check_refused(ERR_EV_MALFORMED, "register 5");
	begin_log();
	d.event_log = make_log(boot, 6, TPM_SHA256);
	check_refused(ERR_EV_UNSUPPORTED, "SHA-384 alone");
	d.event_log = slice_text("no log");
	check_refused(ERR_EV_MALFORMED, "event log");
}
END_TEST

START_TEST(data_of_an_event_is_what_was_measured)
{
	uint8_t *p;

	begin_log();
	d.event_log = make_log(boot, 6, TPM_SHA384);
	p = arena_dup(cx->arena, d.event_log.p, d.event_log.n);
	p[d.event_log.n - 1] ^= 1;
	d.event_log.p = p;
	check_refused(ERR_EV_BINDING, "is not what");
}
END_TEST

START_TEST(secure_boot_is_measured_once_and_in_time)
{
	struct record again;

	begin_log();
	again = boot[1];
	boot[1] = boot[2];
	boot[2] = again;
	d.event_log = make_log(boot, 6, TPM_SHA384);
	check_refused(ERR_EV_PROPERTY, "twice or too late");
	begin_log();
	boot[0] = boot[1];
	d.event_log = make_log(boot, 6, TPM_SHA384);
	check_refused(ERR_EV_PROPERTY, "twice or too late");
}
END_TEST

START_TEST(a_trust_domain_is_identified_before_it_is_believed)
{
	char hardware_id[HARDWARE_ID_MAX];
	struct evidence evidence;
	struct slice name;

	begin();
	d.quote_signer = d.pck_key;
	ck_ok(evidence_read(cx, make_dcap_evidence(cx, &d), "", &evidence));
	evidence_identify(cx, &evidence, hardware_id, &name);
	ck_assert(strncmp(hardware_id, "sgx:", 4) == 0 && name.n == 0);
}
END_TEST

UNIT_MAIN("tdx",
    a_quote_says_which_trust_domain_runs,
    each_kind_of_body_is_read,
    reserved_header_bytes_of_a_tdx_quote_are_zero,
    a_module_that_is_not_in_production_is_refused,
    a_td_quote_needs_the_td_qes_identity,
    the_module_is_the_one_that_intel_names,
    a_tcb_info_for_tdx_is_of_its_form,
    each_component_of_a_platform_counts,
    the_first_level_that_is_reached_holds,
    a_revoked_level_is_refused,
    an_old_qe_or_module_makes_a_platform_old,
    what_no_level_holds_for_is_not_supported,
    the_numbers_of_a_module_with_a_version_are_its_own,
    advisories_come_once,
    a_td_launched_before_an_update_is_told_to_relaunch,
    a_td_whose_host_is_not_current_is_out_of_date,
    a_log_that_gives_the_registers_is_believed,
    a_log_that_does_not_give_the_registers_is_refused,
    a_log_of_other_registers_or_banks_is_refused,
    data_of_an_event_is_what_was_measured,
    secure_boot_is_measured_once_and_in_time,
    a_trust_domain_is_identified_before_it_is_believed)
