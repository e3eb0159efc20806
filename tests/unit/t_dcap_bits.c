/* SPDX-License-Identifier: Apache-2.0 */
/* Quotes and collateral damaged in every place: t_dcap_every_bit.  With each
 * change, t_dcap_bits does so in one bit of 11. */
#include "attest/dcap.h"
#include "codec/base64.h"
#include "tests/make_dcap.h"
#include "tests/unit/unit.h"

#ifndef BIT_STEP
#define BIT_STEP 11
#endif

static struct make_dcap d;

/* Each try in a context of its own, so that memory does not add up. */
static struct ctx_root tried;

static struct err
try_with(json_t *e, json_t *bytes_of, size_t i, struct slice bytes)
{
	struct attestation out;
	json_t *text;

	ctx_root_reset(&tried);
	text = json_string(base64url(tried.cx.arena, bytes));
	if (json_is_array(bytes_of))
		(void)json_array_set_new(bytes_of, i, text);
	else
		(void)json_object_set_new(e, "quote", text);
	return make_dcap_verify_json(&tried.cx, e, &d, &out);
}

static json_t *
begin(bool tdx, uint16_t version)
{
	ctx_root_init(&tried, NULL);
	make_dcap(cx, &d, tdx);
	make_dcap_version(&d, version);
	/* The chain beside the quote: its bytes are damaged as DER. */
	d.cert_type = DCAP_CERT_PPID;
	d.n_chain = 2;
	d.send_chain = true;
	return make_dcap_evidence(cx, &d);
}

/*
 * Certification data of this type is the PPID and the TCB that a certificate
 * is to be got for: 20 bytes of it that nothing here depends on.
 */
static bool
is_unsigned(size_t at)
{
	return at >= d.quote.n - 20;
}

static void
flip_quote(json_t *e)
{
	uint8_t *p = arena_dup(cx->arena, d.quote.p, d.quote.n);

	for (size_t bit = 0; bit < 8 * d.quote.n; bit += BIT_STEP) {
		struct err err;

		if (is_unsigned(bit / 8))
			continue;
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		err = try_with(e, NULL, 0, SLICE(p, d.quote.n));
		ck_assert_msg(failed(err) && err.code != ERR_INTERNAL,
		    "byte %zu bit %zu", bit / 8, bit % 8);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_ok(try_with(e, NULL, 0, d.quote));
}

START_TEST(an_sgx_quote_with_any_bit_changed_is_refused)
{
	flip_quote(begin(false, 3));
	ctx_root_fini(&tried);
}
END_TEST

START_TEST(a_tdx_quote_with_any_bit_changed_is_refused)
{
	flip_quote(begin(true, 5));
	ctx_root_fini(&tried);
}
END_TEST

START_TEST(a_pck_chain_with_any_bit_changed_is_refused)
{
	json_t *e = begin(false, 3), *chain = json_object_get(e, "pck_chain");

	for (size_t i = 0; i < 2; i++) {
		struct slice s = d.chain[i];
		uint8_t *p = arena_dup(cx->arena, s.p, s.n);

		for (size_t bit = 0; bit < 8 * s.n; bit += BIT_STEP) {
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			ck_assert_msg(failed(try_with(e, chain, i, SLICE(p,
			    s.n))), "certificate %zu byte %zu bit %zu", i,
			    bit / 8, bit % 8);
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		ck_ok(try_with(e, chain, i, s));
	}
	ctx_root_fini(&tried);
}
END_TEST

/* As text in the quote, where lines may end otherwise. */
START_TEST(certificates_in_a_quote_with_any_bit_changed_are_refused)
{
	uint8_t *p;
	size_t start;
	json_t *e;

	ctx_root_init(&tried, NULL);
	make_dcap(cx, &d, false);
	d.n_chain = 2;
	e = make_dcap_evidence(cx, &d);
	p = arena_dup(cx->arena, d.quote.p, d.quote.n);
	start = 436 + 64 + 64 + 384 + 64 + 2 + d.auth.n + 2 + 4;
	for (size_t bit = 8 * start; bit < 8 * d.quote.n; bit += BIT_STEP) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(failed(try_with(e, NULL, 0, SLICE(p,
		    d.quote.n))), "byte %zu bit %zu", bit / 8, bit % 8);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ctx_root_fini(&tried);
}
END_TEST

START_TEST(a_quote_cut_anywhere_is_refused)
{
	for (uint16_t version = 3; version <= 5; version++) {
		json_t *e = begin(version > 3, version);

		for (size_t n = 0; n < d.quote.n; n++)
			ck_fails(try_with(e, NULL, 0, SLICE(d.quote.p, n)),
			    ERR_EV_MALFORMED);
		ctx_root_fini(&tried);
	}
}
END_TEST

static bool
holds(void)
{
	struct ctx *tcx = &tried.cx;
	struct dcap_collateral c;
	X509 *ca;

	ctx_root_reset(&tried);
	return !failed(dcap_collateral_verify(tcx, &d.collateral, &d.trust,
	    MAKE_AT, &c)) &&
	    !failed(chain_cert_parse(tcx, d.chain[1], &ca)) &&
	    !failed(pck_crl_verify(tcx, c.pck_crl, ca, MAKE_AT));
}

START_TEST(collateral_with_any_bit_changed_or_cut_is_refused)
{
	struct slice *parts[] = {
		&d.collateral.tcb_info, &d.collateral.qe_identity,
		&d.signing_chain[0], &d.collateral.root_crl,
		&d.collateral.pck_crl,
	};

	(void)begin(false, 3);
	ck_assert(holds());
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		struct slice s = *parts[i];
		uint8_t *p = arena_dup(cx->arena, s.p, s.n);

		for (size_t bit = 0; bit < 8 * s.n; bit += BIT_STEP) {
			*parts[i] = SLICE(p, s.n);
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			ck_assert_msg(!holds(), "part %zu byte %zu bit %zu",
			    i, bit / 8, bit % 8);
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (size_t n = 0; n < s.n; n++) {
			*parts[i] = SLICE(s.p, n);
			ck_assert_msg(!holds() || n == 0, "part %zu cut to "
			    "%zu", i, n);
		}
		*parts[i] = s;
	}
	ck_assert(holds());
	ctx_root_fini(&tried);
}
END_TEST

UNIT_MAIN("dcap_bits",
    an_sgx_quote_with_any_bit_changed_is_refused,
    a_tdx_quote_with_any_bit_changed_is_refused,
    a_pck_chain_with_any_bit_changed_is_refused,
    certificates_in_a_quote_with_any_bit_changed_are_refused,
    a_quote_cut_anywhere_is_refused,
    collateral_with_any_bit_changed_or_cut_is_refused)
