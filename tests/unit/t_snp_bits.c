/* SPDX-License-Identifier: Apache-2.0 */
/* Reports and certificates damaged in every place: t_snp_every_bit.  With each
 * change, t_snp_bits does so in one bit of 29. */
#include "codec/base64.h"
#include "tests/make_snp.h"
#include "tests/unit/unit.h"

#ifndef BIT_STEP
#define BIT_STEP 29
#endif

static struct make_snp s;

/* Each try in a context of its own, so that memory does not add up. */
static struct ctx_root tried;

static struct err
try_with(json_t *e, const char *name, size_t i, struct slice bytes)
{
	json_t *old = json_object_get(e, name), *text;
	struct attestation out;

	ctx_root_reset(&tried);
	text = json_string(base64url(tried.cx.arena, bytes));
	if (json_is_array(old))
		(void)json_array_set_new(old, i, text);
	else
		(void)json_object_set_new(e, name, text);
	return make_snp_verify_json(&tried.cx, e, &s, &out);
}

static void
flip(json_t *e, const char *name, size_t i, struct slice bytes)
{
	uint8_t *p = arena_dup(cx->arena, bytes.p, bytes.n);

	for (size_t bit = 0; bit < 8 * bytes.n; bit += BIT_STEP) {
		struct err err;

		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		err = try_with(e, name, i, SLICE(p, bytes.n));
		ck_assert_msg(failed(err) && err.code != ERR_INTERNAL,
		    "%s %zu byte %zu bit %zu", name, i, bit / 8, bit % 8);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_ok(try_with(e, name, i, bytes));
}

START_TEST(a_report_with_any_bit_changed_is_refused)
{
	static const char *const lines[] = { "Milan", "Turin" };

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		ctx_root_init(&tried, NULL);
		make_snp(cx, &s, lines[i]);
		flip(make_snp_evidence(cx, &s), "report", 0, s.sent);
		ctx_root_fini(&tried);
	}
}
END_TEST

START_TEST(a_recorded_report_with_any_bit_changed_is_refused)
{
	json_t *e;

	ctx_root_init(&tried, NULL);
	make_snp_vlek(cx, &s);
	e = make_snp_evidence(cx, &s);
	s.appraisal.raw = true;
	s.appraisal.nonce = SLICE(s.report + 0x50, 64);
	flip(e, "report", 0, s.sent);
	ctx_root_fini(&tried);
}
END_TEST

START_TEST(certificates_with_any_bit_changed_are_refused)
{
	json_t *e;

	ctx_root_init(&tried, NULL);
	make_snp(cx, &s, "Genoa");
	e = make_snp_evidence(cx, &s);
	for (size_t i = 0; i < 3; i++)
		flip(e, "certificates", i, s.chain[i]);
	ctx_root_fini(&tried);
}
END_TEST

START_TEST(evidence_cut_anywhere_is_refused)
{
	json_t *e;

	ctx_root_init(&tried, NULL);
	make_snp(cx, &s, "Milan");
	e = make_snp_evidence(cx, &s);
	for (size_t n = 0; n < s.sent.n; n++)
		ck_fails(try_with(e, "report", 0, SLICE(s.sent.p, n)),
		    ERR_EV_MALFORMED);
	ck_ok(try_with(e, "report", 0, s.sent));
	for (size_t i = 0; i < 3; i++) {
		for (size_t n = 0; n < s.chain[i].n; n += BIT_STEP / 8 + 1)
			ck_fails(try_with(e, "certificates", i,
			    SLICE(s.chain[i].p, n)), ERR_EV_MALFORMED);
		ck_ok(try_with(e, "certificates", i, s.chain[i]));
	}
	ctx_root_fini(&tried);
}
END_TEST

/* Where the issuer's name lies in a CRL. */
static struct slice
issuer_of(struct slice crl)
{
	const uint8_t *p = crl.p;
	AUTO(X509_CRL) list = d2i_X509_CRL(NULL, &p, (long)crl.n);
	uint8_t *der = NULL;
	size_t n = (size_t)i2d_X509_NAME(X509_CRL_get_issuer(list), &der);
	size_t at = 0;

	while (at + n < crl.n && memcmp(crl.p + at, der, n) != 0)
		at++;
	ck_assert(at + n < crl.n);
	OPENSSL_free(der);
	return SLICE(crl.p + at, n);
}

/* Of another issuer it would be no list of the root's. */
START_TEST(a_crl_with_any_bit_changed_is_refused)
{
	struct slice crl, issuer;
	uint8_t *p;
	json_t *e;

	ctx_root_init(&tried, NULL);
	make_snp(cx, &s, "Milan");
	e = make_snp_evidence(cx, &s);
	crl = s.crl_der;
	issuer = issuer_of(crl);
	p = arena_dup(cx->arena, crl.p, crl.n);
	s.crl_der = SLICE(p, crl.n);
	for (size_t bit = 0; bit < 8 * crl.n; bit += BIT_STEP) {
		const uint8_t *at = crl.p + bit / 8;

		if (at >= issuer.p && at < issuer.p + issuer.n)
			continue;
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(failed(try_with(e, "report", 0, s.sent)),
		    "byte %zu bit %zu", bit / 8, bit % 8);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_ok(try_with(e, "report", 0, s.sent));
	ctx_root_fini(&tried);
}
END_TEST

UNIT_MAIN("snp_bits",
    a_report_with_any_bit_changed_is_refused,
    a_recorded_report_with_any_bit_changed_is_refused,
    certificates_with_any_bit_changed_are_refused,
    evidence_cut_anywhere_is_refused,
    a_crl_with_any_bit_changed_is_refused)
