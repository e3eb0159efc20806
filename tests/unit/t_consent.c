/* SPDX-License-Identifier: Apache-2.0 */
/* A device consents to be claimed, and what its consent is good for. */
#include "tests/unit/soft_device.h"

#include <unistd.h>

#include <sodium.h>

#include "authority/claim_bulk.h"
#include "authority/claim_proof.h"
#include "authority/consent.h"

#define HERE	"localhost"

static struct dev dev;
static struct tenant other;	/* tenant-b */

static void
start(void)
{
	struct db_tenant row;

	begin();
	realm_use_clock(cx, realm);
	ck_ok(tenant_create(cx, realm->authority, &realm_admin, "tenant-b",
	    NULL, &row));
	ck_ok(tenant_find(cx, realm->authority, "tenant-b", &other));
	realm->authority->limits.claim_proof = CLAIM_PROOF_CONSENT;
	dev = new_device();
}

/* As a device would: code of its own for what it signs. */
static struct slice
statement(const char *audience, const char *to, struct slice nonce)
{
	static const char tag[] = "daapki-claim-consent-1";
	uint8_t *hash = arena_alloc(cx->arena, 64);
	struct buf b = buf_in(cx->arena, 1024);

	put_bytes(&b, SLICE(tag, sizeof(tag)));
	put_bytes(&b, SLICE(audience, strlen(audience) + 1));
	put_bytes(&b, SLICE(to, strlen(to) + 1));
	put_bytes(&b, nonce);
	ck_assert(!b.bad);
	crypto_hash_sha512(hash, b.p, b.n);
	return SLICE(hash, 64);
}

static struct consent_request
request(const struct dev *who, const char *to)
{
	EVP_PKEY *key = new_key();
	struct consent_request r = {
		.audience = HERE, .tenant = to, .nonce = fresh_nonce(),
		.spki = spki_of(key), .evidence_pointer = "/evidence",
	};

	r.evidence = evidence_of(who, statement(HERE, to, r.nonce), key);
	return r;
}

static struct err
give(const struct consent_request *r, struct consent *out)
{
	return consent_give(cx, realm->authority, r, out);
}

static const char *
consent_of(const struct dev *who, const char *to)
{
	struct consent_request r = request(who, to);
	struct consent c;

	ck_ok(give(&r, &c));
	ck_assert_str_eq(c.device_id, who->device_id);
	ck_assert_str_eq(c.hardware_id, who->hardware_id);
	ck_assert_uint_le(strlen(c.text), CONSENT_TEXT_MAX);
	return c.text;
}

static struct err
claim_by(const struct tenant *who, const struct dev *d, const char *consent)
{
	struct claim_request r = { .hardware_id = d->hardware_id,
	    .consent = consent };
	struct claim_result result;

	return claim_make(cx, realm->authority, who, &realm_admin, &r,
	    &result);
}

#define ck_refused(call, words) do {					\
	ck_fails(call, ERR_CLAIM_PROOF);				\
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, words));		\
	ctx_forget(cx);							\
} while (0)

static void
release(const struct tenant *who)
{
	ck_ok(claim_release(cx, realm->authority, who, &realm_admin,
	    dev.device_id, NULL));
}

START_TEST(what_the_device_consents_to_is_done_and_nothing_without)
{
	start();
	ck_refused(claim_by(&tenant, &dev, NULL), "needs the consent");
	ck_ok(claim_by(&tenant, &dev, consent_of(&dev, "tenant-a")));
	/* Its own again needs none. */
	ck_ok(claim_by(&tenant, &dev, NULL));
	ck_fails(claim_by(&other, &dev, consent_of(&dev, "tenant-b")),
	    ERR_CLAIM_TAKEN);
	end();
}
END_TEST

START_TEST(a_consent_is_of_no_use_to_another_tenant)
{
	const char *text;

	start();
	text = consent_of(&dev, "tenant-a");
	ck_refused(claim_by(&other, &dev, text), "no consent");
	ck_ok(claim_by(&tenant, &dev, text));
	end();
}
END_TEST

START_TEST(a_consent_is_of_no_use_for_another_device)
{
	struct dev second;
	const char *text;

	start();
	second = new_device();
	text = consent_of(&dev, "tenant-a");
	ck_refused(claim_by(&tenant, &second, text), "another device");
	ck_ok(claim_by(&tenant, &dev, text));
	end();
}
END_TEST

START_TEST(a_consent_ends)
{
	const char *text;

	start();
	text = consent_of(&dev, "tenant-a");
	realm->ahead_s += realm->authority->limits.consent_life_s + 1;
	ck_refused(claim_by(&tenant, &dev, text), "expired");
	text = consent_of(&dev, "tenant-a");
	realm->ahead_s += realm->authority->limits.consent_life_s - 60;
	ck_ok(claim_by(&tenant, &dev, text));
	end();
}
END_TEST

struct late { struct claimer by; struct claim_request request; struct err e; };

static struct err
claim_late(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct claim_result result;
	struct late *l = arg;

	l->e = claim_make_in(c, tx, &l->by, &l->request, &result);
	return OK;
}

/* A used one is forgotten when it has ended, whenever the call began. */
START_TEST(a_consent_ends_while_a_call_waits_to_write)
{
	struct late l;

	start();
	l = (struct late){
		.by = { .tenant_id = tenant.id, .by = "owner",
		    .at_s = ctx_now(cx), .proof = CLAIM_PROOF_CONSENT },
		.request = { .hardware_id = dev.hardware_id,
		    .consent = consent_of(&dev, "tenant-a") },
	};
	claim_request_seal(cx, realm->authority, "tenant-a", &l.request);
	realm->ahead_s += realm->authority->limits.consent_life_s + 1;
	ck_ok(db_write(cx, realm->authority->db, claim_late, &l));
	ck_assert_int_eq(l.e.code, ERR_CLAIM_PROOF);
	end();
}
END_TEST

START_TEST(a_consent_claims_once)
{
	const char *text;

	start();
	text = consent_of(&dev, "tenant-a");
	ck_ok(claim_by(&tenant, &dev, text));
	release(&tenant);
	ck_refused(claim_by(&tenant, &dev, text), "was used");
	ck_ok(claim_by(&tenant, &dev, consent_of(&dev, "tenant-a")));
	end();
}
END_TEST

/* What was refused for another reason has not used it up. */
START_TEST(a_claim_that_fails_leaves_the_consent)
{
	struct claim_request r = { .group = "no-such" };
	struct claim_result result;

	start();
	r.hardware_id = dev.hardware_id;
	r.consent = consent_of(&dev, "tenant-a");
	ck_fails(claim_make(cx, realm->authority, &tenant, &realm_admin, &r,
	    &result), ERR_NOT_FOUND);
	ck_ok(claim_by(&tenant, &dev, r.consent));
	end();
}
END_TEST

START_TEST(a_consent_of_another_server_is_none)
{
	uint8_t token[32];
	const char *text;

	start();
	text = consent_of(&dev, "tenant-a");
	memcpy(token, realm->keys.token, sizeof(token));
	realm->keys.token[31] ^= 1;
	ck_refused(claim_by(&tenant, &dev, text), "no consent");
	memcpy(realm->keys.token, token, sizeof(token));
	ck_ok(claim_by(&tenant, &dev, text));
	end();
}
END_TEST

static bool
claims(char *text)
{
	struct err e = claim_by(&tenant, &dev, text);

	if (failed(e)) {
		ck_assert_int_eq(e.code, ERR_CLAIM_PROOF);
		ck_assert_ptr_nonnull(strstr(cx->trail->tell, "no consent"));
		ctx_forget(cx);
	}
	return !failed(e);
}

START_TEST(each_flipped_bit_cut_and_trailing_byte_of_a_consent_is_refused)
{
	const char *text;
	char *copy;
	size_t n;

	start();
	text = consent_of(&dev, "tenant-a");
	n = strlen(text);
	copy = arena_strdup(cx->arena, text);
	for (size_t i = 0; i < n * 8; i++) {
		copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
		ck_assert_msg(!claims(copy), "bit %zu", i);
		copy[i / 8] = text[i / 8];
	}
	for (size_t i = 0; i < n; i++) {
		copy[i] = '\0';
		ck_assert_msg(!claims(copy), "%zu letters", i);
		copy[i] = text[i];
	}
	for (int c = 1; c < 256; c++)
		ck_assert_msg(!claims(arena_printf(cx->arena, "%s%c", text,
		    (char)c)), "trailing %d", c);
	ck_assert(claims(copy));
	end();
}
END_TEST

/* --- what the device signs ------------------------------------------- */

START_TEST(who_does_not_hold_the_key_gives_no_consent)
{
	struct consent_request r;
	struct consent c;
	struct dev thief;

	start();
	thief = dev;
	thief.key = new_key();
	r = request(&thief, "tenant-a");
	ck_fails(give(&r, &c), ERR_EV_SIGNATURE);
	end();
}
END_TEST

START_TEST(the_device_signs_for_one_tenant_and_one_name_of_the_server)
{
	struct consent_request r;
	struct consent c;

	start();
	r = request(&dev, "tenant-a");
	r.tenant = "tenant-b";
	ck_fails(give(&r, &c), ERR_EV_SIGNATURE);
	r = request(&dev, "tenant-a");
	r.audience = "127.0.0.1";
	ck_fails(give(&r, &c), ERR_EV_SIGNATURE);
	r = request(&dev, "tenant-a");
	r.spki = spki_of(new_key());
	ck_fails(give(&r, &c), ERR_EV_SIGNATURE);
	/* Where one text ends and the next begins is signed too. */
	r = request(&dev, "tenant-a");
	r.audience = "localhos";
	r.tenant = "ttenant-a";
	ck_assert(failed(give(&r, &c)));
	end();
}
END_TEST

/* It passed our challenge on to the device. */
START_TEST(what_was_signed_for_another_server_is_refused)
{
	EVP_PKEY *key = new_key();
	struct consent_request r;
	struct consent c;

	start();
	r = request(&dev, "tenant-a");
	r.audience = "evil.example";
	r.spki = spki_of(key);
	r.evidence = evidence_of(&dev, statement("evil.example", "tenant-a",
	    r.nonce), key);
	ck_fails(give(&r, &c), ERR_FIELD);
	r.audience = "LocalHost";
	r.evidence = evidence_of(&dev, statement("LocalHost", "tenant-a",
	    r.nonce), key);
	ck_ok(give(&r, &c));
	end();
}
END_TEST

START_TEST(a_challenge_gives_one_consent_in_its_time)
{
	struct consent_request r;
	struct consent c;

	start();
	r = request(&dev, "tenant-a");
	ck_ok(give(&r, &c));
	ck_fails(give(&r, &c), ERR_NONCE_USED);
	r = request(&dev, "tenant-a");
	realm->ahead_s += 400;
	ck_fails(give(&r, &c), ERR_NONCE_EXPIRED);
	r.nonce = slice_text("a nonce that nobody here has made");
	r.nonce.n = NONCE_SIZE;
	ck_fails(give(&r, &c), ERR_NONCE_INVALID);
	end();
}
END_TEST

START_TEST(evidence_for_an_enrolment_is_no_consent_nor_the_reverse)
{
	struct enroll_request e = { .evidence_pointer = "/evidence" };
	EVP_PKEY *key = new_key();
	struct enrollment made;
	struct consent_request r;
	struct consent c;

	start();
	r = request(&dev, "tenant-a");
	r.spki = spki_of(key);
	r.evidence = evidence_of(&dev, r.nonce, key);
	ck_fails(give(&r, &c), ERR_EV_SIGNATURE);
	ck_ok(claim_by(&tenant, &dev, consent_of(&dev, "tenant-a")));
	e.nonce = fresh_nonce();
	e.csr = csr_of(key);
	e.evidence = evidence_of(&dev, statement(HERE, "tenant-a", e.nonce),
	    key);
	ck_fails(enroll(cx, realm->authority, &e, &made), ERR_EV_SIGNATURE);
	end();
}
END_TEST

/* It asked us for a challenge, and gave the device, that enrols there, a nonce
 * for the one of ours: a device signs whatever nonce it gets. */
START_TEST(what_a_device_signs_to_enrol_elsewhere_is_no_consent)
{
	static const char tag[] = "daapki-claim-consent-1";
	uint8_t nonce[NONCE_SIZE];
	EVP_PKEY *key = new_key();
	struct consent_request r;
	struct consent c;
	struct buf b;

	start();
	b = buf_in(cx->arena, 1024);
	r = request(&dev, "tenant-b");
	r.spki = spki_of(key);
	memcpy(nonce, statement(HERE, "tenant-b", r.nonce).p, sizeof(nonce));
	r.evidence = evidence_of(&dev, SLICE_OF(nonce), key);
	ck_fails(give(&r, &c), ERR_EV_SIGNATURE);
	put_bytes(&b, SLICE(tag, sizeof(tag)));
	put_bytes(&b, SLICE(HERE, sizeof(HERE)));
	put_bytes(&b, SLICE("tenant-b", sizeof("tenant-b")));
	put_bytes(&b, r.nonce);
	ck_assert(!b.bad);
	crypto_hash_sha256(nonce, b.p, b.n);
	r.evidence = evidence_of(&dev, SLICE_OF(nonce), key);
	ck_fails(give(&r, &c), ERR_EV_SIGNATURE);
	end();
}
END_TEST

/* It could put anything into its inventory, and its own CA beside it. */
START_TEST(what_a_tenant_vouches_for_itself_gives_no_consent)
{
	struct hardware_spec spec = { .note = "own" };
	struct db_hardware row;
	struct consent_request r;
	struct consent c;

	start();
	ck_ok(hardware_delete(cx, realm->authority, NULL, &realm_admin, 1));
	spec.hardware_id = dev.hardware_id;
	ck_ok(hardware_add(cx, realm->authority, &tenant, &realm_admin,
	    &spec, &row));
	realm->authority->limits.claim_proof = CLAIM_PROOF_NONE;
	ck_ok(claim_by(&tenant, &dev, NULL));
	r = request(&dev, "tenant-a");
	ck_fails(give(&r, &c), ERR_HW_UNKNOWN);
	/* To enrol with it, that is enough. */
	realm->authority->limits.claim_proof = CLAIM_PROOF_CONSENT;
	release(&tenant);
	r = request(&dev, "tenant-a");
	ck_fails(give(&r, &c), ERR_HW_UNKNOWN);
	end();
}
END_TEST

START_TEST(a_tenant_that_does_not_exist_is_answered_like_any_other)
{
	struct consent_request r;
	struct consent c;

	start();
	r = request(&dev, "no-such-tenant");
	ck_ok(give(&r, &c));
	ck_refused(claim_by(&tenant, &dev, c.text), "no consent");
	end();
}
END_TEST

/* --- settings and calls ----------------------------------------------- */

static struct err
claim_asking(const char *proof, const char *consent)
{
	struct claim_request r = { .hardware_id = dev.hardware_id,
	    .proof = proof, .consent = consent };
	struct claim_result result;

	return claim_make(cx, realm->authority, &tenant, &realm_admin, &r,
	    &result);
}

START_TEST(a_call_may_ask_for_more_than_the_setting_and_never_for_less)
{
	static const char *const names[] = { "none", "secret", "consent" };

	start();
	for (size_t least = 0; least < 3; least++) {
		realm->authority->limits.claim_proof = (enum claim_proof)least;
		for (size_t i = 0; i < least; i++)
			ck_fails(claim_asking(names[i], NULL), ERR_FIELD);
		ck_fails(claim_asking("nothing", NULL), ERR_FIELD);
		ck_fails(claim_asking("", NULL), ERR_FIELD);
		for (size_t i = least > 0 ? least : 1; i < 3; i++)
			ck_refused(claim_asking(names[i], NULL), names[i]);
	}
	realm->authority->limits.claim_proof = CLAIM_PROOF_NONE;
	ck_ok(claim_asking("consent", consent_of(&dev, "tenant-a")));
	release(&tenant);
	ck_ok(claim_asking("none", NULL));
	end();
}
END_TEST

START_TEST(a_consent_that_is_given_is_held_whatever_the_setting)
{
	start();
	realm->authority->limits.claim_proof = CLAIM_PROOF_NONE;
	ck_refused(claim_by(&tenant, &dev, "daapki-consent.AAAA"),
	    "no consent");
	ck_refused(claim_by(&tenant, &dev, consent_of(&dev, "tenant-b")),
	    "no consent");
	ck_ok(claim_by(&tenant, &dev, consent_of(&dev, "tenant-a")));
	release(&tenant);
	/* The stricter one serves for the other. */
	realm->authority->limits.claim_proof = CLAIM_PROOF_SECRET;
	ck_ok(claim_by(&tenant, &dev, consent_of(&dev, "tenant-a")));
	end();
}
END_TEST

/* --- many ------------------------------------------------------------- */

static void
fill_lines(struct claim_line lines[static 4], const struct dev *second)
{
	const char *text = consent_of(&dev, "tenant-a");

	for (unsigned i = 0; i < 4; i++)
		lines[i] = (struct claim_line){ .number = i + 1,
		    .request.hardware_id = dev.hardware_id };
	lines[0].request.consent = "daapki-consent.AAAA";
	lines[1].request.consent = text;
	lines[2].request.hardware_id = second->hardware_id;
	lines[2].request.consent = text;
	lines[3].request.hardware_id = second->hardware_id;
}

static void
check_lines(const struct claim_line lines[static 4])
{
	ck_assert_int_eq(lines[0].code, ERR_CLAIM_PROOF);
	ck_assert_int_eq(lines[1].outcome, CLAIM_CLAIMED);
	ck_assert_int_eq(lines[2].code, ERR_CLAIM_PROOF);
	ck_assert_ptr_nonnull(strstr(lines[2].detail, "another device"));
	ck_assert_int_eq(lines[3].code, ERR_CLAIM_PROOF);
	ck_assert_ptr_nonnull(strstr(lines[3].detail, "needs the consent"));
}

START_TEST(each_of_many_lines_has_a_consent_of_its_own)
{
	struct claim_bulk how = { .dry = true };
	struct claim_line lines[4];
	struct dev second;

	start();
	second = new_device();
	fill_lines(lines, &second);
	ck_ok(claim_many(cx, realm->authority, &tenant, &realm_admin, &how,
	    lines, 4));
	check_lines(lines);
	/* That was dry, and has used nothing up. */
	for (unsigned i = 0; i < 4; i++)
		lines[i].outcome = CLAIM_PENDING;
	how.dry = false;
	ck_ok(claim_many(cx, realm->authority, &tenant, &realm_admin, &how,
	    lines, 4));
	check_lines(lines);
	end();
}
END_TEST

START_TEST(lines_of_an_operation_are_held_as_well)
{
	struct claim_bulk how = { .proof = CLAIM_PROOF_CONSENT };
	struct device_view view;
	struct operation_row row;
	struct operation_input *in;
	struct claim_line lines[4];
	struct dev second;

	start();
	/* By what the call asks for. */
	realm->authority->limits.claim_proof = CLAIM_PROOF_NONE;
	second = new_device();
	fill_lines(lines, &second);
	lines[1].request.labels = "{\"site\":\"berlin\"}";
	ck_ok(claim_bulk_begin(cx, realm->authority, &tenant, &realm_admin,
	    &how, &in));
	for (unsigned i = 0; i < 4; i++)
		ck_ok(claim_bulk_put(cx, realm->authority, &tenant, in,
		    &lines[i]));
	ck_ok(operation_end(cx, in, &row));
	ck_assert_ptr_nonnull(strstr(row.params, "\"proof\":\"consent\""));
	for (unsigned i = 0; i < 6000 && strcmp(row.state, "done") != 0; i++) {
		usleep(10000);
		ck_ok(operation_get(cx, realm->authority, &realm_admin,
		    row.name, &row));
	}
	ck_assert_str_eq(row.state, "done");
	ck_assert_ptr_nonnull(strstr(row.counts, "\"claimed\":1"));
	ck_assert_ptr_nonnull(strstr(row.counts, "\"refused\":3"));
	ck_ok(device_get(cx, realm->authority, &tenant, dev.device_id,
	    &view));
	ck_assert_str_eq(view.labels, lines[1].request.labels);
	end();
}
END_TEST

START_TEST(a_consent_that_claims_twice_in_one_call_does_so_once)
{
	struct claim_bulk how = { .dry = false };
	struct claim_line lines[2];
	const char *text;

	start();
	text = consent_of(&dev, "tenant-a");
	for (unsigned i = 0; i < 2; i++)
		lines[i] = (struct claim_line){ .number = i + 1,
		    .request = { .device_id = dev.device_id,
		    .consent = text } };
	ck_ok(claim_many(cx, realm->authority, &tenant, &realm_admin, &how,
	    lines, 2));
	ck_assert_int_eq(lines[0].outcome, CLAIM_CLAIMED);
	ck_assert_int_eq(lines[1].outcome, CLAIM_ALREADY);
	release(&tenant);
	lines[0].outcome = CLAIM_PENDING;
	ck_ok(claim_many(cx, realm->authority, &tenant, &realm_admin, &how,
	    lines, 1));
	ck_assert_int_eq(lines[0].code, ERR_CLAIM_PROOF);
	end();
}
END_TEST

UNIT_MAIN("consent",
    what_the_device_consents_to_is_done_and_nothing_without,
    a_consent_is_of_no_use_to_another_tenant,
    a_consent_is_of_no_use_for_another_device,
    a_consent_ends,
    a_consent_ends_while_a_call_waits_to_write,
    a_consent_claims_once,
    a_claim_that_fails_leaves_the_consent,
    a_consent_of_another_server_is_none,
    each_flipped_bit_cut_and_trailing_byte_of_a_consent_is_refused,
    who_does_not_hold_the_key_gives_no_consent,
    the_device_signs_for_one_tenant_and_one_name_of_the_server,
    what_was_signed_for_another_server_is_refused,
    a_challenge_gives_one_consent_in_its_time,
    evidence_for_an_enrolment_is_no_consent_nor_the_reverse,
    what_a_device_signs_to_enrol_elsewhere_is_no_consent,
    what_a_tenant_vouches_for_itself_gives_no_consent,
    a_tenant_that_does_not_exist_is_answered_like_any_other,
    a_call_may_ask_for_more_than_the_setting_and_never_for_less,
    a_consent_that_is_given_is_held_whatever_the_setting,
    each_of_many_lines_has_a_consent_of_its_own,
    lines_of_an_operation_are_held_as_well,
    a_consent_that_claims_twice_in_one_call_does_so_once)
