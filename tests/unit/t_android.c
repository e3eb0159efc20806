/* SPDX-License-Identifier: Apache-2.0 */
/* Format android-key: what a key description must say, each check alone. */
#include "attest/android.h"
#include "tests/unit/make_android.h"

static struct err
verify(void)
{
	ad_extend(&certs[0]);
	return maker_verify();
}

static const struct claim *
claim(const char *name)
{
	return claims_find(&out.claims, name);
}

/* --- all is well ----------------------------------------------------------- */

START_TEST(a_key_in_hardware_is_believed_and_told)
{
	android_begin();
	ck_ok(verify());
	ck_assert(claim("hardware_key")->boolean);
	ck_assert(claim("device_locked")->boolean);
	ck_assert_str_eq(claim("security_level")->text, "tee");
	ck_assert_str_eq(claim("verified_boot_state")->text, "verified");
	ck_assert_uint_eq(claim("attestation_version")->uint, 300);
	ck_assert_uint_eq(claim("keymint_version")->uint, 300);
	ck_assert_uint_eq(claim("os_version")->uint, 140000);
	ck_assert_uint_eq(claim("os_patch_level")->uint, 202408);
	ck_assert_uint_eq(claim("vendor_patch_level")->uint, 20240805);
	ck_assert_uint_eq(claim("boot_patch_level")->uint, 20240806);
	ck_assert_uint_eq(claim("verified_boot_key")->bytes.p[0], 0x11);
	ck_assert_uint_eq(claim("verified_boot_hash")->bytes.p[31], 0x22);
	ck_assert_str_eq(claim("id_serial")->text, "SN-1");
	ck_assert_str_eq(claim("application_packages")->list.items[0], "a:7");
	ck_assert_uint_eq(claim("application_signers")->list.n, 1);
	ck_assert_ptr_null(claim("provisioned_certificates"));
	send_root = false;
	ck_ok(verify());
}
END_TEST

START_TEST(states_that_policy_judges_are_told)
{
	static const char *const states[] = {
		"verified", "self-signed", "unverified", "failed",
	};

	for (unsigned i = 0; i < COUNT_OF(states); i++) {
		android_begin();
		ad_set(&ad.hardware, 704, ad_root(i % 2 == 0, i, true));
		ck_ok(verify());
		ck_assert_str_eq(claim("verified_boot_state")->text,
		    states[i]);
		ck_assert_int_eq(claim("device_locked")->boolean, i % 2 == 0);
	}
}
END_TEST

START_TEST(all_ids_of_the_hardware_are_told)
{
	static const struct { uint32_t tag; const char *name; } ids[] = {
		{ 710, "id_brand" }, { 711, "id_device" },
		{ 712, "id_product" }, { 713, "id_serial" },
		{ 714, "id_imei" }, { 715, "id_meid" },
		{ 716, "id_manufacturer" }, { 717, "id_model" },
		{ 723, "id_second_imei" },
	};

	android_begin();
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ad_set(&ad.hardware, ids[i].tag, ad_text(ids[i].name));
	ad_set(&ad.software, 724, ad_text("modules"));
	ck_ok(verify());
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ck_assert_str_eq(claim(ids[i].name)->text, ids[i].name);
	ck_assert_uint_eq(claim("module_hash")->bytes.n, 7);
	/* A device without a telephone may say so with nothing. */
	ad_set(&ad.hardware, 714, ad_text(""));
	ck_ok(verify());
	ck_assert_ptr_null(claim("id_imei"));
}
END_TEST

START_TEST(every_published_version_is_known_and_no_other)
{
	static const uint64_t known[] = { 3, 4, 100, 200, 300, 400, 500 };
	static const uint64_t unknown[] = { 0, 5, 99, 101, 600, 1000 };

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		android_begin();
		ad.version = known[i];
		ck_ok(verify());
	}
	for (size_t i = 0; i < COUNT_OF(unknown); i++) {
		android_begin();
		ad.version = unknown[i];
		ck_fails(verify(), ERR_EV_UNSUPPORTED);
	}
}
END_TEST

START_TEST(the_boot_hash_came_with_version_3)
{
	for (unsigned i = 1; i <= 2; i++) {
		android_begin();
		ad.version = i;
		ck_fails(verify(), ERR_EV_MALFORMED);
		ad_set(&ad.hardware, 704, ad_root(true, 0, false));
		ck_ok(verify());
		ck_assert_ptr_null(claim("verified_boot_hash"));
		ad.version = 3;
		ck_fails(verify(), ERR_EV_MALFORMED);
	}
}
END_TEST

/* --- form ------------------------------------------------------------------ */

START_TEST(a_description_is_there_once)
{
	android_begin();
	ad.absent = true;
	ck_fails(verify(), ERR_EV_PROPERTY);
	android_begin();
	ad.twice = true;
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(nothing_stands_in_or_after_a_description_but_itself)
{
	android_begin();
	ad.tail = hx("0500");
	ck_fails(verify(), ERR_EV_MALFORMED);
	android_begin();
	ad.after = hx("0500");
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_description_cut_anywhere_is_refused)
{
	struct slice der;

	android_begin();
	der = ad_der();
	for (size_t n = 1; n < der.n; n++) {
		ad.whole = SLICE(der.p, n);
		ck_fails(verify(), ERR_EV_MALFORMED);
	}
	/* As long as it says, too: each place cut out of what it is in. */
	for (size_t n = 8; n < 60; n++) {
		uint8_t *p = arena_dup(cx->arena, der.p, n);

		ck_assert_uint_eq(p[1], 0x82);
		p[2] = 0;
		p[1] = 0x30;
		p[0] = 0x30;
		memmove(p + 2, der.p + 4, n - 4);
		p[1] = (uint8_t)(n - 4);
		ad.whole = SLICE(p, n - 2);
		ck_fails(verify(), ERR_EV_MALFORMED);
	}
}
END_TEST

START_TEST(levels_are_one_of_three)
{
	android_begin();
	ad.level = 3;
	ck_fails(verify(), ERR_EV_MALFORMED);
	android_begin();
	ad.keymint_level = 3;
	ck_fails(verify(), ERR_EV_MALFORMED);
	/* An ENUMERATED of two bytes says what one does. */
	android_begin();
	ad.whole = hx("301e" "02012c" "0a020001" "02012c" "0a0101" "0401aa"
	    "0400" "3000" "3000");
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(tags_ascend_and_stand_once)
{
	struct ad_item item;

	android_begin();
	item = ad.hardware.items[0];
	ad.hardware.items[0] = ad.hardware.items[1];
	ad.hardware.items[1] = item;
	ck_fails(verify(), ERR_EV_MALFORMED);
	android_begin();
	for (size_t i = 0; i < ad.hardware.n; i++)
		if (ad.hardware.items[i].tag == 705)
			ad.hardware.items[i] = ad.hardware.items[i - 1];
	ck_fails(verify(), ERR_EV_MALFORMED);
	android_begin();
	ad.software.items[0].tag = 710;
	ck_fails(verify(), ERR_EV_MALFORMED);
	/* Not a context tag; and a high form for a low number. */
	android_begin();
	ad.whole = hx("301f" "02012c" "0a0101" "02012c" "0a0101" "0401aa"
	    "0400" "3000" "3005" "3003020102");
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(an_authorization_that_is_not_known_is_unsupported)
{
	static const uint32_t tags[] = { 11, 304, 510, 708, 725, 40000 };

	for (size_t i = 0; i < COUNT_OF(tags); i++) {
		android_begin();
		ad_set(&ad.hardware, tags[i], hx("020101"));
		ck_fails(verify(), ERR_EV_UNSUPPORTED);
		android_begin();
		ad_set(&ad.software, tags[i], hx("020101"));
		ck_fails(verify(), ERR_EV_UNSUPPORTED);
	}
}
END_TEST

START_TEST(authorizations_that_nothing_depends_on_may_be_there)
{
	static const uint32_t numbers[] = {
		8, 400, 401, 402, 403, 404, 405, 504, 505, 701,
	};
	static const uint32_t sets[] = { 4, 5, 6, 203 };
	static const uint32_t marks[] = {
		7, 202, 302, 303, 305, 503, 506, 507, 508, 509, 703, 720, 721,
	};

	android_begin();
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		ad_set(&ad.hardware, numbers[i], hx("02047fffffff"));
	for (size_t i = 0; i < COUNT_OF(sets); i++)
		ad_set(&ad.hardware, sets[i], hx("3104" "02020200"));
	for (size_t i = 0; i < COUNT_OF(marks); i++)
		ad_set(&ad.hardware, marks[i], hx("0500"));
	ad_set(&ad.hardware, 502, hx("3103020107"));
	ad_set(&ad.hardware, 601, ad_text("app"));
	ck_ok(verify());
}
END_TEST

START_TEST(values_are_of_their_type)
{
	static const struct { uint32_t tag; const char *der; } bad[] = {
		{ 1, "020102" }, { 1, "3103040102" }, { 1, "310302" },
		{ 1, "31030201020500" }, { 1, "3104" "02020001" },
		{ 2, "0a0103" }, { 2, "02020003" }, { 2, "0201ff" },
		{ 2, "0200" }, { 2, "020103" "020103" }, { 2, "" },
		{ 3, "0209010000000000000000" },
		{ 503, "050100" }, { 503, "0101ff" }, { 503, "05810000" },
		{ 702, "0a0100" }, { 705, "040100" },
		{ 502, "02" }, { 502, "" }, { 601, "020100" },
		{ 704, "0500" }, { 704, "3000" },
		/* deviceLocked 0a, which BER has for true */
		{ 704, "300d" "0401aa" "01010a" "0a0100" "040122" "00" },
		{ 704, "300c" "0401aa" "01010a" "0a0100" "040122" },
		{ 704, "300c" "0401aa" "0101ff" "0a0104" "040122" },
		{ 704, "300c" "0401aa" "0101ff" "020100" "040122" },
		{ 704, "300c" "0401aa" "0201ff" "0a0100" "040122" },
		{ 704, "300c" "0201aa" "0101ff" "0a0100" "040122" },
		{ 704, "300c" "0401aa" "0101ff" "0a0100" "020122" },
		{ 704, "300e" "0401aa" "0101ff" "0a0100" "040122" "0500" },
		{ 704, "300d" "0401aa" "0101ff" "0a020000" "040122" },
		{ 713, "0c04534e2d31" }, { 713, "0404534e0a31" },
		{ 713, "040253c3" }, { 713, "0404534e0031" },
		{ 724, "020101" },
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err e;

		android_begin();
		ad_set(&ad.hardware, bad[i].tag, bad[i].der[0] == '\0' ?
		    SLICE_NONE : hx(bad[i].der));
		e = verify();
		ck_assert_msg(e.code == ERR_EV_MALFORMED, "%u %s: %s (%s)",
		    bad[i].tag, bad[i].der, err_name(e), cx->trail->note);
		ck_assert_ptr_nonnull(strstr(cx->trail->note,
		    arena_printf(cx->arena, "authorization %u", bad[i].tag)));
	}
}
END_TEST

/* Up to the limit, and one byte more. */
static struct slice
octets(size_t n)
{
	struct buf b = buf_in(cx->arena, 8192);
	uint8_t *p = arena_alloc(cx->arena, n);

	memset(p, 'x', n);
	der_put(&b, DER_OCTET_STRING, SLICE(p, n));
	return buf_slice(&b);
}

START_TEST(lengths_keep_to_their_limits)
{
	static const struct { uint32_t tag; size_t max; } rows[] = {
		{ 601, ANDROID_BYTES_MAX }, { 713, ANDROID_TEXT_MAX },
		{ 724, ANDROID_BYTES_MAX },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		android_begin();
		ad_set(&ad.hardware, rows[i].tag, octets(rows[i].max));
		ck_ok(verify());
		ad_set(&ad.hardware, rows[i].tag, octets(rows[i].max + 1));
		ck_fails(verify(), ERR_EV_MALFORMED);
	}
}
END_TEST

START_TEST(an_applications_id_is_well_formed)
{
	static const char *const bad[] = {
		"",				/* nothing */
		"3009" "3103020101" "3100" "00",
		"300a" "3106" "040161" "020107" "3100",	/* no SEQUENCE */
		"300c" "3108" "3006" "040161" "020107" "3000",
		"300c" "3108" "3006" "020161" "020107" "3100",
		"300c" "3108" "3006" "040161" "040107" "3100",
		"300c" "3108" "3006" "04010a" "020107" "3100",
		"300b" "3107" "3005" "0400" "020107" "3100",
		"300e" "310a" "3008" "040161" "020107" "0500" "3100",
		"300f" "3108" "3006" "040161" "020107" "3103" "040111",
		"300e" "3108" "3006" "040161" "020107" "3100" "0500",
		"300c" "3108" "3006" "040161" "020107" "3100" "0500",
		"300a" "3108" "3006" "040161" "020107",
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct buf b = buf_in(cx->arena, 256);
		struct err e;

		android_begin();
		der_put(&b, DER_OCTET_STRING, bad[i][0] == '\0' ?
		    SLICE_NONE : hx(bad[i]));
		ad_set(&ad.software, 709, buf_slice(&b));
		e = verify();
		ck_assert_msg(e.code == ERR_EV_MALFORMED, "%zu: %s", i,
		    err_name(e));
	}
	android_begin();
	ad_set(&ad.software, 709, ad_application(64, 64));
	ck_ok(verify());
	ck_assert_uint_eq(claim("application_signers")->list.n, 64);
	ad_set(&ad.software, 709, ad_application(65, 1));
	ck_fails(verify(), ERR_EV_MALFORMED);
	ad_set(&ad.software, 709, ad_application(1, 65));
	ck_fails(verify(), ERR_EV_MALFORMED);
	ad_set(&ad.software, 709, ad_application(0, 0));
	ck_ok(verify());
	ck_assert_ptr_null(claim("application_packages"));
	ck_assert_ptr_null(claim("application_signers"));
}
END_TEST

/* --- the chain ------------------------------------------------------------- */

START_TEST(the_leafs_dates_are_not_asked_and_all_others_are)
{
	for (size_t i = 0; i < ANDROID_CERTS; i++) {
		android_begin();
		certs[i].from_s = 0;
		certs[i].to_s = MAKE_AT - 1;
		if (i == 0)
			ck_ok(verify());
		else
			ck_fails(verify(), ERR_EV_EXPIRED);
		certs[i].from_s = MAKE_AT + 1;
		certs[i].to_s = MAKE_AT + MAKE_DAY;
		if (i == 0)
			ck_ok(verify());
		else
			ck_fails(verify(), ERR_EV_EXPIRED);
	}
}
END_TEST

START_TEST(every_certificate_but_the_root_can_be_revoked_by_its_serial)
{
	const uint8_t listed = 0x41;
	struct slice serial = SLICE(&listed, 1);

	for (size_t i = 0; i < ANDROID_CERTS; i++) {
		android_begin();
		trust.revoked_serials = &serial;
		trust.n_revoked_serials = 1;
		ck_ok(verify());
		certs[i].serial = listed;
		if (i + 1 == ANDROID_CERTS)
			ck_ok(verify());
		else
			ck_fails(verify(), ERR_EV_REVOKED);
	}
}
END_TEST

START_TEST(issuers_are_cas)
{
	for (size_t i = 1; i < ANDROID_CERTS; i++) {
		android_begin();
		certs[i].ca = 0;
		certs[i].usage = NULL;
		ck_fails(verify(), ERR_EV_CHAIN);
		android_begin();
		certs[i].ca = -1;
		certs[i].usage = NULL;
		ck_fails(verify(), ERR_EV_CHAIN);
	}
}
END_TEST

START_TEST(a_chain_leads_to_an_anchor)
{
	android_begin();
	trust.n_anchors = 0;
	ck_fails(verify(), ERR_EV_CHAIN);
	android_begin();
	certs[0].issuer_key = certs[0].key;
	ck_fails(verify(), ERR_EV_SIGNATURE);
}
END_TEST

/* The chain of evidence with certificate from moved to place to. */
static struct err
verify_moved(size_t from, size_t to)
{
	struct evidence evidence;
	json_t *e, *chain, *one;

	ad_extend(&certs[0]);
	e = maker_evidence();
	chain = json_object_get(e, "chain");
	one = json_incref(json_array_get(chain, from));
	(void)json_array_remove(chain, from);
	(void)json_array_insert_new(chain, to, one);
	TRY(evidence_read(cx, e, "", &evidence));
	return evidence_verify(cx, &evidence, &appraisal, &out);
}

START_TEST(a_chain_is_in_order)
{
	android_begin();
	ck_fails(verify_moved(1, 2), ERR_EV_CHAIN);
	android_begin();
	ck_fails(verify_moved(3, 1), ERR_EV_CHAIN);
	android_begin();
	ck_fails(verify_moved(3, 2), ERR_EV_CHAIN);
}
END_TEST

/* Sent with one more certificate, last. */
static struct err
verify_with(struct slice der)
{
	struct evidence evidence;
	json_t *e;

	ad_extend(&certs[0]);
	e = maker_evidence();
	(void)json_array_append_new(json_object_get(e, "chain"),
	    json_string(base64url(cx->arena, der)));
	TRY(evidence_read(cx, e, "", &evidence));
	return evidence_verify(cx, &evidence, &appraisal, &out);
}

START_TEST(nothing_is_sent_beyond_the_anchor)
{
	struct make_cert other;

	android_begin();
	other = maker_cert("other", "other", true);
	other.issuer_key = other.key;
	ck_fails(verify_with(make_certificate(cx, &other)), ERR_EV_CHAIN);
	android_begin();
	send_root = false;
	ck_fails(verify_with(make_certificate(cx, &other)), ERR_EV_CHAIN);
	/* The same key in another certificate: Google has made its root's
	 * anew. */
	android_begin();
	send_root = false;
	other = certs[3];
	other.serial = 99;
	other.to_s += 1000;
	ck_ok(verify_with(make_certificate(cx, &other)));
}
END_TEST

START_TEST(a_description_stands_in_the_leaf_alone)
{
	for (size_t i = 1; i < ANDROID_CERTS; i++) {
		android_begin();
		certs[i].exts[0] = (struct make_ext){ ANDROID_OID, ad_der(),
		    false };
		certs[i].n_exts = 1;
		ck_fails(verify(), ERR_EV_PROPERTY);
	}
}
END_TEST

START_TEST(an_attested_key_issues_nothing)
{
	struct make_cert fake;

	/* A certificate that the attested key made, with a description. */
	android_begin();
	n_certs = ANDROID_CERTS + 1;
	memmove(&certs[1], &certs[0], ANDROID_CERTS * sizeof(certs[0]));
	fake = maker_cert("fake", certs[1].cn, false);
	fake.issuer_key = certs[1].key;
	fake.ca = -1;
	certs[0] = fake;
	ad_extend(&certs[1]);
	ck_fails(verify(), ERR_EV_CHAIN);
	/* A leaf that might. */
	android_begin();
	certs[0].ca = 1;
	ck_fails(verify(), ERR_EV_PROPERTY);
	android_begin();
	certs[0].usage = "critical,digitalSignature,keyCertSign";
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(a_leaf_is_for_signatures_where_it_says_what_it_is_for)
{
	android_begin();
	certs[0].usage = "critical,keyEncipherment";
	ck_fails(verify(), ERR_EV_PROPERTY);
	certs[0].usage = NULL;
	ck_ok(verify());
}
END_TEST

START_TEST(a_key_of_an_unknown_kind_is_unsupported)
{
	android_begin();
	certs[0].unknown_key = true;
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "ML-DSA"));
}
END_TEST

/* --- the key --------------------------------------------------------------- */

START_TEST(both_levels_are_hardware_and_the_lower_one_is_told)
{
	static const struct { unsigned a, k; const char *told; } rows[] = {
		{ 1, 1, "tee" }, { 1, 2, "tee" }, { 2, 1, "tee" },
		{ 2, 2, "strongbox" },
		{ 0, 1, NULL }, { 1, 0, NULL }, { 0, 0, NULL },
		{ 2, 0, NULL }, { 0, 2, NULL },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		android_begin();
		ad.level = rows[i].a;
		ad.keymint_level = rows[i].k;
		if (rows[i].told == NULL) {
			ck_fails(verify(), ERR_EV_PROPERTY);
			continue;
		}
		ck_ok(verify());
		ck_assert_str_eq(claim("security_level")->text, rows[i].told);
	}
}
END_TEST

/* Each as it should be in the list of software, and so nowhere. */
START_TEST(what_software_enforces_does_not_count)
{
	static const struct { uint32_t tag; const char *der; } rows[] = {
		{ 1, "3103020102" }, { 702, "020100" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		android_begin();
		ad_drop(&ad.hardware, rows[i].tag);
		ad_set(&ad.software, rows[i].tag, hx(rows[i].der));
		ck_fails(verify(), ERR_EV_PROPERTY);
	}
	android_begin();
	ad_drop(&ad.hardware, 704);
	ad_set(&ad.software, 704, ad_root(true, 0, true));
	ck_fails(verify(), ERR_EV_PROPERTY);
	android_begin();
	ad_drop(&ad.hardware, 2);
	ad_set(&ad.software, 2, hx("020103"));
	ck_fails(verify(), ERR_EV_MISMATCH);
	android_begin();
	ad_drop(&ad.hardware, 713);
	ad_set(&ad.software, 713, ad_text("SN-1"));
	ad_set(&ad.software, 706, hx("020303ffff"));
	ck_ok(verify());
	ck_assert_ptr_null(claim("id_serial"));
	ck_assert_uint_eq(claim("os_patch_level")->uint, 202408);
	ck_assert_str_eq(out.hardware_id, "");
	appraisal.identifier = "SN-1";
	ck_fails(verify(), ERR_EV_MISMATCH);
	/* A root of trust of software beside the hardware's. */
	android_begin();
	ad_set(&ad.software, 704, ad_root(true, 0, true));
	ad_set(&ad.hardware, 704, ad_root(false, 2, true));
	ck_ok(verify());
	ck_assert(!claim("device_locked")->boolean);
}
END_TEST

START_TEST(the_key_was_made_in_the_hardware)
{
	for (unsigned origin = 1; origin <= 4; origin++) {
		android_begin();
		ad_set(&ad.hardware, 702, hx(arena_printf(cx->arena,
		    "0201%02x", origin)));
		ck_fails(verify(), ERR_EV_PROPERTY);
	}
}
END_TEST

START_TEST(the_key_is_for_signatures)
{
	static const char *const bad[] = {
		"3100", "3103020100", "3103020103", "3106020103020107",
		"310402020102",
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		android_begin();
		ad_set(&ad.hardware, 1, hx(bad[i]));
		ck_fails(verify(), ERR_EV_PROPERTY);
	}
	android_begin();
	ad_set(&ad.hardware, 1, hx("3106020102020103"));
	ck_ok(verify());
}
END_TEST

START_TEST(the_key_is_of_one_application)
{
	android_begin();
	ad_set(&ad.hardware, 600, hx("0500"));
	ck_fails(verify(), ERR_EV_PROPERTY);
	android_begin();
	ad_set(&ad.software, 600, hx("0500"));
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

/* A leaf of that key, described so: "" leaves a tag out. */
static struct err
verify_kind(EVP_PKEY *key, const char *algorithm, const char *size,
    const char *curve, const char *exponent)
{
	const struct { uint32_t tag; const char *der; } items[] = {
		{ 2, algorithm }, { 3, size }, { 10, curve },
		{ 200, exponent },
	};

	android_begin();
	certs[0].key = key;
	for (size_t i = 0; i < 3; i++)
		ad_drop(&ad.hardware, items[i].tag);
	for (size_t i = 0; i < COUNT_OF(items); i++)
		if (items[i].der[0] != '\0')
			ad_set(&ad.hardware, items[i].tag, hx(items[i].der));
	return verify();
}

START_TEST(the_description_is_of_the_leafs_key)
{
	EVP_PKEY *p256 = make_p256(cx), *p384 = make_curve(cx, "P-384");
	EVP_PKEY *p521 = make_curve(cx, "P-521"), *ed = make_ed25519(cx);
	EVP_PKEY *rsa = make_rsa(cx, 2048);

	ck_ok(verify_kind(p256, "020103", "02020100", "020101", ""));
	ck_ok(verify_kind(p256, "020103", "02020100", "", ""));
	ck_ok(verify_kind(p256, "020103", "", "020101", ""));
	ck_ok(verify_kind(p384, "020103", "02020180", "020102", ""));
	ck_ok(verify_kind(p521, "020103", "02020209", "020103", ""));
	ck_ok(verify_kind(ed, "020103", "02020100", "020104", ""));
	ck_ok(verify_kind(rsa, "020101", "02020800", "", "0203010001"));

	ck_fails(verify_kind(p256, "020101", "02020100", "020101", ""),
	    ERR_EV_MISMATCH);
	ck_fails(verify_kind(p256, "", "02020100", "020101", ""),
	    ERR_EV_MISMATCH);
	ck_fails(verify_kind(p256, "020103", "02020180", "020101", ""),
	    ERR_EV_MISMATCH);
	ck_fails(verify_kind(p256, "020103", "02020100", "020102", ""),
	    ERR_EV_MISMATCH);
	ck_fails(verify_kind(p256, "020103", "", "", ""), ERR_EV_MISMATCH);
	ck_fails(verify_kind(p256, "020101", "02020800", "", "0203010001"),
	    ERR_EV_MISMATCH);
	ck_fails(verify_kind(p384, "020103", "02020100", "020101", ""),
	    ERR_EV_MISMATCH);
	ck_fails(verify_kind(rsa, "020103", "02020800", "", "0203010001"),
	    ERR_EV_MISMATCH);
	ck_fails(verify_kind(rsa, "020101", "02020c00", "", "0203010001"),
	    ERR_EV_MISMATCH);
	ck_fails(verify_kind(rsa, "020101", "", "", "0203010001"),
	    ERR_EV_MISMATCH);
	ck_fails(verify_kind(rsa, "020101", "02020800", "", "020103"),
	    ERR_EV_MISMATCH);
	ck_fails(verify_kind(rsa, "020101", "02020800", "", ""),
	    ERR_EV_MISMATCH);
	ck_fails(verify_kind(make_curve(cx, "secp256k1"), "020103",
	    "02020100", "", ""), ERR_EV_MISMATCH);
}
END_TEST

START_TEST(a_weak_key_is_refused)
{
	ck_fails(verify_kind(make_curve(cx, "P-224"), "020103", "020200e0",
	    "020100", ""), ERR_EV_PROPERTY);
	ck_fails(verify_kind(make_rsa(cx, 1024), "020101", "02020400", "",
	    "0203010001"), ERR_EV_PROPERTY);
}
END_TEST

/* --- for whom, and which device --------------------------------------------- */

START_TEST(the_challenge_is_what_was_asked_for)
{
	uint8_t other[32] = { 1 };

	android_begin();
	ad.challenge = SLICE_OF(other);
	ck_fails(verify(), ERR_EV_NONCE);
	android_begin();
	ad.challenge = SLICE(nonce, 31);
	ck_fails(verify(), ERR_EV_NONCE);
	android_begin();
	ad.challenge = SLICE_NONE;
	ck_fails(verify(), ERR_EV_NONCE);
	android_begin();
	appraisal.nonce = ad.challenge = SLICE_NONE;
	ck_fails(verify(), ERR_EV_NONCE);
}
END_TEST

START_TEST(the_key_attested_is_the_one_to_be_certified)
{
	uint8_t hash[32];

	/* The challenge was given before there was a key ... */
	android_begin();
	appraisal.raw = false;
	appraisal.spki = make_spki(cx, certs[0].key);
	attest_binding("android-key", appraisal.nonce, SLICE_NONE, hash, 32);
	ad.challenge = SLICE_OF(hash);
	ck_ok(verify());
	appraisal.spki = make_spki(cx, certs[1].key);
	ck_fails(verify(), ERR_EV_KEY_NOT_BOUND);
	/* ... or with it. */
	attest_binding("android-key", appraisal.nonce, appraisal.spki, hash,
	    32);
	ck_fails(verify(), ERR_EV_KEY_NOT_BOUND);
	appraisal.spki = make_spki(cx, certs[0].key);
	ck_fails(verify(), ERR_EV_NONCE);
	attest_binding("android-key", appraisal.nonce, appraisal.spki, hash,
	    32);
	ck_ok(verify());
	/* The bare nonce, and another format's hash. */
	ad.challenge = SLICE_OF(nonce);
	ck_fails(verify(), ERR_EV_NONCE);
	ad.challenge = SLICE_OF(hash);
	attest_binding("webauthn", appraisal.nonce, SLICE_NONE, hash, 32);
	ck_fails(verify(), ERR_EV_NONCE);
	/* And no hash where the nonce is compared as it stands. */
	attest_binding("android-key", appraisal.nonce, SLICE_NONE, hash, 32);
	appraisal.raw = true;
	ck_fails(verify(), ERR_EV_NONCE);
}
END_TEST

START_TEST(the_device_asked_for_is_the_one_named)
{
	android_begin();
	appraisal.identifier = "SN-1";
	ck_ok(verify());
	appraisal.identifier = "SN-2";
	ck_fails(verify(), ERR_EV_MISMATCH);
	appraisal.identifier = "SN-1";
	ad_drop(&ad.hardware, 713);
	ck_fails(verify(), ERR_EV_MISMATCH);
	appraisal.identifier = "";
	ck_fails(verify(), ERR_EV_MISMATCH);
}
END_TEST

START_TEST(a_device_is_its_roots_key_and_its_serial_number)
{
	uint8_t hash[32], want[91 + 4];
	struct slice spki;
	const char *id;

	android_begin();
	ck_ok(verify());
	spki = make_spki(cx, certs[3].key);
	ck_assert_uint_eq(spki.n, 91);
	memcpy(want, spki.p, spki.n);
	memcpy(want + spki.n, "SN-1", 4);
	crypto_hash_sha256(hash, want, sizeof(want));
	id = arena_printf(cx->arena, "android:%s", text_hex(cx->arena,
	    SLICE_OF(hash)));
	ck_assert_str_eq(out.hardware_id, id);
	ck_assert_str_eq(maker_identify(), id);
	send_root = false;
	ck_ok(verify());
	ck_assert_str_eq(out.hardware_id, id);
	ck_assert_str_eq(maker_identify(), "");
	android_begin();
	ad.absent = true;
	ad_extend(&certs[0]);
	ck_assert_str_eq(maker_identify(), "");
}
END_TEST

START_TEST(provisioning_information_is_told)
{
	static const char *const bad[] = {
		"00", "a0", "a101", "a1016161", "a20108", "a10120",
		"a201080300",
	};
	struct make_ext ext = { "1.3.6.1.4.1.11129.2.1.30",
	    hx("a301182002f50366476f6f676c65"), false };

	android_begin();
	certs[1].exts[0] = ext;
	certs[1].n_exts = 1;
	ck_ok(verify());
	ck_assert_uint_eq(claim("provisioned_certificates")->uint, 32);
	ck_assert_str_eq(claim("provisioned_maker")->text, "Google");
	certs[1].exts[0].der = hx("a10108");
	ck_ok(verify());
	ck_assert_ptr_null(claim("provisioned_maker"));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		certs[1].exts[0].der = hx(bad[i]);
		ck_fails(verify(), ERR_EV_MALFORMED);
	}
}
END_TEST

START_TEST(a_chain_can_be_read)
{
	static const char *const bad[] = {
		"{\"format\":\"android-key\"}",
		"{\"format\":\"android-key\",\"chain\":[]}",
		"{\"format\":\"android-key\",\"chain\":[\"AAAA\"]}",
		"{\"format\":\"android-key\",\"chain\":\"AAAA\"}",
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct evidence evidence;
		json_t *value;

		ck_ok(json_parse(cx, slice_text(bad[i]), &value));
		ck_fails(evidence_read(cx, value, "/evidence", &evidence),
		    ERR_EV_MALFORMED);
		ck_assert_str_eq(cx->trail->pointer, "/evidence/chain");
	}
}
END_TEST

START_TEST(a_chain_with_any_bit_changed_or_cut_is_refused)
{
	json_t *e, *chain;

	android_begin();
	ad_extend(&certs[0]);
	e = maker_evidence();
	chain = json_object_get(e, "chain");
	/* All but the root: of that only the key counts. */
	for (size_t c = 0; c + 1 < ANDROID_CERTS; c++) {
		struct slice der = make_certificate(cx, &certs[c]);
		size_t step = c == 0 ? 3 : 11;
		uint8_t *p = arena_dup(cx->arena, der.p, der.n);
		json_t *right = json_incref(json_array_get(chain, c));
		struct evidence evidence;

		for (size_t bit = 0; bit < 8 * der.n; bit += step) {
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			(void)json_array_set_new(chain, c, json_string(
			    base64url(cx->arena, SLICE(p, der.n))));
			ck_assert_msg(failed(evidence_read(cx, e, "",
			    &evidence)) || failed(evidence_verify(cx,
			    &evidence, &appraisal, &out)),
			    "certificate %zu, bit %zu", c, bit);
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (size_t n = 1; n < der.n; n++) {
			(void)json_array_set_new(chain, c, json_string(
			    base64url(cx->arena, SLICE(p, n))));
			ck_assert(failed(evidence_read(cx, e, "",
			    &evidence)));
		}
		(void)json_array_set_new(chain, c, right);
	}
}
END_TEST

UNIT_MAIN("android",
    a_key_in_hardware_is_believed_and_told,
    states_that_policy_judges_are_told,
    all_ids_of_the_hardware_are_told,
    every_published_version_is_known_and_no_other,
    the_boot_hash_came_with_version_3,
    a_description_is_there_once,
    nothing_stands_in_or_after_a_description_but_itself,
    a_description_cut_anywhere_is_refused,
    levels_are_one_of_three,
    tags_ascend_and_stand_once,
    an_authorization_that_is_not_known_is_unsupported,
    authorizations_that_nothing_depends_on_may_be_there,
    values_are_of_their_type,
    lengths_keep_to_their_limits,
    an_applications_id_is_well_formed,
    the_leafs_dates_are_not_asked_and_all_others_are,
    every_certificate_but_the_root_can_be_revoked_by_its_serial,
    issuers_are_cas,
    a_chain_leads_to_an_anchor,
    a_chain_is_in_order,
    nothing_is_sent_beyond_the_anchor,
    a_description_stands_in_the_leaf_alone,
    an_attested_key_issues_nothing,
    a_leaf_is_for_signatures_where_it_says_what_it_is_for,
    a_key_of_an_unknown_kind_is_unsupported,
    both_levels_are_hardware_and_the_lower_one_is_told,
    what_software_enforces_does_not_count,
    the_key_was_made_in_the_hardware,
    the_key_is_for_signatures,
    the_key_is_of_one_application,
    the_description_is_of_the_leafs_key,
    a_weak_key_is_refused,
    the_challenge_is_what_was_asked_for,
    the_key_attested_is_the_one_to_be_certified,
    the_device_asked_for_is_the_one_named,
    a_device_is_its_roots_key_and_its_serial_number,
    provisioning_information_is_told,
    a_chain_can_be_read,
    a_chain_with_any_bit_changed_or_cut_is_refused)
