/* SPDX-License-Identifier: Apache-2.0 */
/* Open Enclave's headers and endorsements around SGX quotes. */
#include "attest/dcap.h"
#include "codec/base64.h"
#include "pki/pem.h"
#include "tests/make_dcap.h"
#include "tests/unit/unit.h"

#define PARTS	9u

static const uint8_t uuid_ecdsa[16] = {
	0xa3, 0xa2, 0x1e, 0x87, 0x1b, 0x4d, 0x40, 0x14,
	0xb7, 0x0a, 0xa1, 0x25, 0xd2, 0xfb, 0xcd, 0x8c
};
static const uint8_t uuid_report[16] = {
	0xc8, 0x30, 0x34, 0x54, 0xd9, 0x23, 0x4c, 0x2c,
	0xa6, 0x91, 0xdf, 0x7d, 0xef, 0x46, 0x0a, 0x76
};
static const uint8_t uuid_raw[16] = {
	0x19, 0x23, 0xd9, 0x1e, 0x12, 0xd2, 0x4c, 0x72,
	0xb2, 0x20, 0x25, 0xcd, 0x8d, 0xac, 0xe8, 0x71
};

static struct make_dcap d;
static struct attestation out;
static struct slice parts[PARTS];
static uint8_t binding[64];

static void
put_le(struct buf *b, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_u8(b, (uint8_t)(v >> 8 * i));
}

/* Report data as the enclave would have put it: made for this format. */
static void
begin(void)
{
	make_dcap(cx, &d, false);
	attest_binding("openenclave", SLICE_OF(d.nonce), d.spki, binding, 64);
	d.report_data_given = true;
	memcpy(d.body + 320, binding, 64);
	(void)make_dcap_evidence(cx, &d);
}

/* The enclave bound claims of its own instead. */
static void
begin_claims(struct slice claims)
{
	begin();
	memset(d.body + 320, 0, 64);
	ck_assert_int_eq(EVP_Digest(claims.p, claims.n, d.body + 320, NULL,
	    EVP_sha256(), NULL), 1);
	(void)make_dcap_evidence(cx, &d);
}

static struct slice
report(uint32_t version, uint32_t type, struct slice quote, int64_t more)
{
	struct buf b = buf_in(cx->arena, 65536);

	put_le(&b, version, 4);
	put_le(&b, type, 4);
	put_le(&b, quote.n + (uint64_t)more, 8);
	put_bytes(&b, quote);
	return buf_slice(&b);
}

static struct slice
evidence(uint32_t version, const uint8_t *uuid, struct slice data,
    struct slice claims, int64_t more)
{
	struct buf b = buf_in(cx->arena, 65536);

	put_le(&b, version, 4);
	put_bytes(&b, SLICE(uuid, 16));
	put_le(&b, data.n + claims.n + (uint64_t)more, 8);
	put_bytes(&b, data);
	put_bytes(&b, claims);
	return buf_slice(&b);
}

static json_t *
document(struct slice bytes)
{
	return json_keep(cx, json_pack("{s:s,s:s}", "format", "openenclave",
	    "evidence", base64url(cx->arena, bytes)));
}

static struct err
verify(struct slice bytes)
{
	return make_dcap_verify_json(cx, document(bytes), &d, &out);
}

static struct slice
with_nul(struct slice s)
{
	uint8_t *p = arena_alloc(cx->arena, s.n + 1);

	memcpy(p, s.p, s.n);
	return SLICE(p, s.n + 1);
}

static struct slice
pem_of(const struct slice *der, size_t n)
{
	struct buf b = buf_in(cx->arena, 65536);

	for (size_t i = 0; i < n; i++)
		put_text(&b, pem_text(cx->arena, PEM_CERTIFICATE, der[i]));
	put_u8(&b, 0);
	return buf_slice(&b);
}

static void
make_parts(void)
{
	parts[0] = SLICE("\1\0\0\0", 4);
	parts[1] = with_nul(d.tcb_text);
	parts[2] = parts[7] = pem_of(d.signing_chain, 2);
	parts[3] = d.pck_crl_der;
	parts[4] = with_nul(d.root_crl_der);
	parts[5] = pem_of(d.chain + 1, 2);
	parts[6] = with_nul(d.qe_text);
	parts[8] = with_nul(slice_text("2026-06-01T00:00:00Z"));
}

/* Edits: 0 nothing, 1.. a number of the header, 5.. an offset. */
static struct slice
endorsements(unsigned which, uint32_t value)
{
	struct buf b = buf_in(cx->arena, 1 << 20);
	uint32_t head[4 + PARTS] = { 1, 2, 0, PARTS }, at = 0;

	for (size_t i = 0; i < PARTS; i++) {
		head[4 + i] = at;
		at += (uint32_t)parts[i].n;
	}
	head[2] = at + 4 * PARTS;
	if (which > 0)
		head[which - 1] = value;
	for (size_t i = 0; i < COUNT_OF(head); i++)
		put_le(&b, head[i], 4);
	for (size_t i = 0; i < PARTS; i++)
		put_bytes(&b, parts[i]);
	return buf_slice(&b);
}

static struct err
verify_with(struct slice blob)
{
	json_t *e = document(report(1, 2, d.quote, 0));

	ck_assert_int_eq(json_object_set_new(e, "endorsements", json_string(
	    base64url(cx->arena, blob))), 0);
	d.trust.n_collateral = 0;
	return make_dcap_verify_json(cx, e, &d, &out);
}

/* --- headers ----------------------------------------------------------- */

START_TEST(each_header_is_read)
{
	begin();
	ck_ok(verify(report(1, 2, d.quote, 0)));
	ck_assert_str_eq(out.status, "UpToDate");
	ck_assert(strncmp(out.hardware_id, "sgx:", 4) == 0);
	ck_assert_ptr_nonnull(claims_find(&out.claims, "mrenclave"));
	ck_ok(verify(evidence(3, uuid_raw, d.quote, SLICE_NONE, 0)));
	ck_ok(verify(evidence(3, uuid_report, report(1, 2, d.quote, 0),
	    SLICE_NONE, 0)));
	ck_ok(verify(evidence(1, uuid_raw, d.quote, SLICE_NONE, 0)));
	ck_ok(verify(evidence(1, uuid_report, report(1, 2, d.quote, 0),
	    SLICE_NONE, 0)));
	begin_claims(SLICE_OF(binding));
	ck_ok(verify(evidence(1, uuid_ecdsa, d.quote, SLICE_OF(binding), 0)));
	ck_ok(verify(evidence(3, uuid_ecdsa, d.quote, SLICE_OF(binding), 0)));
	ck_assert(slice_equal(claims_find(&out.claims,
	    "custom_claims")->bytes, SLICE_OF(binding)));
}
END_TEST

START_TEST(other_headers_are_refused)
{
	uint8_t uuid[16] = { 1 };

	begin();
	ck_fails(verify(report(2, 2, d.quote, 0)), ERR_EV_UNSUPPORTED);
	ck_fails(verify(report(1, 1, d.quote, 0)), ERR_EV_UNSUPPORTED);
	ck_fails(verify(report(1, 2, d.quote, 1)), ERR_EV_MALFORMED);
	ck_fails(verify(report(1, 2, d.quote, -1)), ERR_EV_MALFORMED);
	ck_fails(verify(evidence(3, uuid, d.quote, SLICE_NONE, 0)),
	    ERR_EV_UNSUPPORTED);
	ck_fails(verify(evidence(3, uuid_raw, d.quote, SLICE_NONE, 1)),
	    ERR_EV_MALFORMED);
	ck_fails(verify(evidence(3, uuid_raw, d.quote, SLICE_NONE, -1)),
	    ERR_EV_MALFORMED);
	ck_fails(verify(evidence(3, uuid_report, d.quote, SLICE_NONE, 0)),
	    ERR_EV_UNSUPPORTED);
	ck_fails(verify(SLICE("\3\0\0\0", 4)), ERR_EV_MALFORMED);
	ck_fails(verify(evidence(1, uuid, d.quote, SLICE_NONE, 0)),
	    ERR_EV_UNSUPPORTED);
	ck_fails(verify(evidence(2, uuid_raw, d.quote, SLICE_NONE, 0)),
	    ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(claims_are_what_the_report_data_is_the_hash_of)
{
	uint8_t other[64] = { 1 };

	begin_claims(SLICE_OF(binding));
	ck_fails(verify(evidence(3, uuid_ecdsa, d.quote, SLICE_OF(other), 0)),
	    ERR_EV_BINDING);
	ck_fails(verify(evidence(3, uuid_ecdsa, d.quote, SLICE_NONE, 0)),
	    ERR_EV_BINDING);
	/* Said by the enclave, but not what was asked for. */
	begin_claims(SLICE_OF(other));
	ck_fails(verify(evidence(3, uuid_ecdsa, d.quote, SLICE_OF(other), 0)),
	    ERR_EV_NONCE);
	/* The hash is right, and something stands after it. */
	begin_claims(SLICE_OF(binding));
	d.body[383] = 1;
	(void)make_dcap_evidence(cx, &d);
	ck_fails(verify(evidence(3, uuid_ecdsa, d.quote, SLICE_OF(binding),
	    0)), ERR_EV_BINDING);
}
END_TEST

START_TEST(report_data_made_for_another_format_is_refused)
{
	begin();
	d.report_data_given = false;
	(void)make_dcap_evidence(cx, &d);	/* for sgx */
	ck_fails(verify(report(1, 2, d.quote, 0)), ERR_EV_NONCE);
}
END_TEST

/* --- endorsements ------------------------------------------------------ */

START_TEST(endorsements_stand_in_for_collateral)
{
	json_t *e;

	begin();
	make_parts();
	ck_ok(verify_with(endorsements(0, 0)));
	ck_assert_str_eq(out.status, "UpToDate");
	/* Not beside it. */
	e = document(report(1, 2, d.quote, 0));
	(void)json_object_set_new(e, "endorsements", json_string(base64url(
	    cx->arena, endorsements(0, 0))));
	(void)json_object_set_new(e, "collateral", json_object());
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer, "/evidence/endorsements");
}
END_TEST

START_TEST(endorsements_are_of_their_form)
{
	struct slice blob;

	begin();
	make_parts();
	blob = endorsements(0, 0);
	ck_fails(verify_with(endorsements(1, 2)), ERR_EV_UNSUPPORTED);
	ck_fails(verify_with(endorsements(2, 3)), ERR_EV_UNSUPPORTED);
	ck_fails(verify_with(endorsements(3, 100)), ERR_EV_MALFORMED);
	ck_fails(verify_with(endorsements(4, 8)), ERR_EV_MALFORMED);
	for (unsigned i = 5; i <= 13; i++) {
		ck_fails(verify_with(endorsements(i, 0xffffffff)),
		    ERR_EV_MALFORMED);
		ck_assert(failed(verify_with(endorsements(i, 1))));
	}
	ck_fails(verify_with(SLICE(blob.p, 40)), ERR_EV_MALFORMED);
	ck_fails(verify_with(SLICE(blob.p, blob.n - 1)), ERR_EV_MALFORMED);
	ck_fails(verify_with(with_nul(blob)), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(parts_of_endorsements_are_of_their_form)
{
	static const struct { size_t part; const char *text; } wrong[] = {
		{ 1, "{}" }, { 6, "{}" }, { 2, "no PEM" }, { 5, "no PEM" },
		{ 7, "no PEM" }, { 8, "2026-06-01" },
		{ 8, "2026-06-01T00:00:00Z" },
	};

	begin();
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		make_parts();
		parts[wrong[i].part] = slice_text(wrong[i].text);
		ck_fails(verify_with(endorsements(0, 0)), ERR_EV_MALFORMED);
		ck_assert_str_eq(cx->trail->pointer,
		    "/evidence/endorsements");
	}
	make_parts();
	parts[8] = with_nul(slice_text("2026-06-01"));
	ck_fails(verify_with(endorsements(0, 0)), ERR_EV_MALFORMED);
	make_parts();
	parts[1] = with_nul(parts[1]);
	ck_fails(verify_with(endorsements(0, 0)), ERR_EV_MALFORMED);
	make_parts();
	parts[2] = slice_text(arena_printf(cx->arena, " %s",
	    (const char *)parts[2].p));
	parts[2] = with_nul(parts[2]);
	ck_fails(verify_with(endorsements(0, 0)), ERR_EV_MALFORMED);
	make_parts();
	parts[0] = SLICE("gap.\1\0\0\0", 8);	/* begins behind it */
	ck_fails(verify_with(endorsements(5, 4)), ERR_EV_MALFORMED);
	make_parts();
	parts[2].n--;			/* whole, but for the NUL */
	ck_fails(verify_with(endorsements(0, 0)), ERR_EV_MALFORMED);
	make_parts();
	parts[0] = SLICE("\2\0\0\0", 4);
	ck_fails(verify_with(endorsements(0, 0)), ERR_EV_UNSUPPORTED);
	make_parts();
	parts[3] = with_nul(with_nul(d.pck_crl_der));
	ck_fails(verify_with(endorsements(0, 0)), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(endorsements_are_believed_as_collateral_is)
{
	begin();
	d.tcb_signer = d.pck_key;
	(void)make_dcap_evidence(cx, &d);
	make_parts();
	ck_fails(verify_with(endorsements(0, 0)), ERR_EV_SIGNATURE);
	begin();
	d.appraisal.at_s = MAKE_AT + 25 * MAKE_DAY;
	make_parts();
	ck_fails(verify_with(endorsements(0, 0)), ERR_EV_EXPIRED);
	begin();
	make_parts();
	parts[7] = pem_of(d.chain, 3);
	ck_fails(verify_with(endorsements(0, 0)), ERR_EV_CHAIN);
}
END_TEST

START_TEST(an_enclave_is_identified_before_it_is_believed)
{
	char hardware_id[HARDWARE_ID_MAX];
	struct evidence value;
	struct slice name;

	begin();
	ck_ok(evidence_read(cx, document(report(1, 2, d.quote, 0)), "",
	    &value));
	evidence_identify(cx, &value, hardware_id, &name);
	ck_assert(strncmp(hardware_id, "sgx:", 4) == 0 && name.n == 0);
}
END_TEST

UNIT_MAIN("openenclave",
    each_header_is_read,
    other_headers_are_refused,
    claims_are_what_the_report_data_is_the_hash_of,
    report_data_made_for_another_format_is_refused,
    endorsements_stand_in_for_collateral,
    endorsements_are_of_their_form,
    parts_of_endorsements_are_of_their_form,
    endorsements_are_believed_as_collateral_is,
    an_enclave_is_identified_before_it_is_believed)
