/* SPDX-License-Identifier: Apache-2.0 */
/* TPM evidence damaged in every place. */
#include "codec/base64.h"
#include "tests/make_tpm.h"
#include "tests/unit/unit.h"

static struct make_device d;
static struct attestation out;

static void
begin(void)
{
	make_device(cx, &d);
}

/* Bytes of a member, at "name" or "name/inner". */
static struct slice
member_bytes(const json_t *e, const char *name, const char *inner)
{
	const json_t *v = json_object_get(e, name);
	struct slice s;

	if (inner != NULL)
		v = json_object_get(v, inner);
	ck_assert(base64url_parse(cx->arena, json_string_value(v),
	    json_string_length(v), 1 << 20, &s));
	return s;
}

static void
set_member(json_t *e, const char *name, const char *inner, struct slice s)
{
	json_t *at = inner == NULL ? e : json_object_get(e, name);

	ck_assert_int_eq(json_object_set_new(at, inner == NULL ? name : inner,
	    json_string(base64url(cx->arena, s))), 0);
}

static const struct { const char *name, *inner; } members[] = {
	{ "ak_public", NULL }, { "quote", NULL }, { "quote_signature", NULL },
	{ "ek_certificate", NULL }, { "key", "public" }, { "key", "attest" },
	{ "key", "signature" },
};

START_TEST(a_structure_that_cannot_be_read_is_told_by_its_place)
{
	json_t *e;

	begin();
	e = make_evidence(cx, &d);
	for (size_t m = 0; m < COUNT_OF(members); m++) {
		const char *name = members[m].name, *inner = members[m].inner;
		struct slice s = member_bytes(e, name, inner);
		struct evidence evidence;

		set_member(e, name, inner, SLICE(s.p, s.n - 1));
		ck_fails(evidence_read(cx, e, "/evidence", &evidence),
		    ERR_EV_MALFORMED);
		ck_assert_str_eq(cx->trail->pointer, arena_printf(cx->arena,
		    "/evidence/%s%s%s", name, inner == NULL ? "" : "/",
		    inner == NULL ? "" : inner));
		set_member(e, name, inner, s);
	}
}
END_TEST

START_TEST(chains_and_logs_that_cannot_be_read_are_told_by_their_place)
{
	static const char *const names[] = { "ek_chain", "event_log" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct evidence evidence;
		json_t *e, *value = json_string("AAAA");

		begin();
		e = make_evidence(cx, &d);
		if (i == 0)
			value = json_pack("[o]", value);
		ck_assert_int_eq(json_object_set_new(e, names[i], value), 0);
		ck_fails(evidence_read(cx, e, "/evidence", &evidence),
		    ERR_EV_MALFORMED);
		ck_assert_str_eq(cx->trail->pointer, arena_printf(cx->arena,
		    "/evidence/%s", names[i]));
	}
}
END_TEST

START_TEST(evidence_with_any_bit_changed_is_refused)
{
	json_t *e;

	begin();
	e = make_evidence(cx, &d);
	for (size_t m = 0; m < COUNT_OF(members); m++) {
		struct slice s = member_bytes(e, members[m].name,
		    members[m].inner);
		uint8_t *p = arena_dup(cx->arena, s.p, s.n);

		for (size_t bit = 0; bit < 8 * s.n; bit++) {
			struct err err;

			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			set_member(e, members[m].name, members[m].inner,
			    SLICE(p, s.n));
			err = make_verify(cx, e, &d, &out);
			ck_assert_msg(failed(err), "%s bit %zu",
			    members[m].name, bit);
			ck_assert_msg(err.code != ERR_INTERNAL, "internal");
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		set_member(e, members[m].name, members[m].inner, s);
	}
	ck_ok(make_verify(cx, e, &d, &out));
}
END_TEST

START_TEST(evidence_cut_anywhere_is_refused)
{
	json_t *e;

	begin();
	e = make_evidence(cx, &d);
	for (size_t m = 0; m < COUNT_OF(members); m++) {
		struct slice s = member_bytes(e, members[m].name,
		    members[m].inner);
		uint8_t *longer = arena_alloc(cx->arena, s.n + 1);

		for (size_t n = 0; n < s.n; n++) {
			set_member(e, members[m].name, members[m].inner,
			    SLICE(s.p, n));
			ck_assert(failed(make_verify(cx, e, &d, &out)));
		}
		/* One byte more is fill only after an EK certificate. */
		memcpy(longer, s.p, s.n);
		set_member(e, members[m].name, members[m].inner,
		    SLICE(longer, s.n + 1));
		ck_assert_int_eq(failed(make_verify(cx, e, &d, &out)),
		    strcmp(members[m].name, "ek_certificate") != 0);
		set_member(e, members[m].name, members[m].inner, s);
	}
}
END_TEST

UNIT_MAIN("tpm2_bits",
    a_structure_that_cannot_be_read_is_told_by_its_place,
    chains_and_logs_that_cannot_be_read_are_told_by_their_place,
    evidence_with_any_bit_changed_is_refused,
    evidence_cut_anywhere_is_refused)
