/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen before: it changes how long a verdict takes, and no verdict. */
#include "attest/seen.h"

#include <pthread.h>
#include <stdatomic.h>

#include <openssl/x509v3.h>

#include "attest/dcap_collateral.h"
#include "codec/der.h"
#include "tests/make_dcap.h"
#include "tests/unit/make_android.h"

#ifndef BIT_STEP
#define BIT_STEP	997u	/* bits from one that is flipped to the next */
#endif
#define ROOM		(4u * 1024u * 1024u)
#define THREADS		4u
#define ROUNDS		40u
#define KEPT_BYTES	1000u

static struct seen *seen;
static atomic_int n_held;	/* of the table's own tests */
static struct make_dcap d;
static struct make_device dev;

static void
begin_seen(void)
{
	n_held = 0;
	seen = seen_new(ROOM);
	cx->seen = seen;
}

static void
end_seen(void)
{
	/* What is held lives on. */
	seen_free(seen);
	cx->seen = NULL;
}

/* The verdict with an arena and trail of its own. */
static enum err_code
verdict(struct seen *through, const json_t *document,
    const struct appraisal *a)
{
	struct attestation result;
	struct evidence evidence;
	struct ctx_root root;
	struct err e;

	ctx_root_init(&root, NULL);
	root.cx.seen = through;
	e = evidence_read(&root.cx, document, "", &evidence);
	if (!failed(e))
		e = evidence_verify(&root.cx, &evidence, a, &result);
	ctx_root_fini(&root);
	return e.code;
}

#define ck_code(got, want_) do {					\
	enum err_code code_ = (got);					\
	ck_assert_msg(code_ == (want_), "%s, not %s",			\
	    err_name((struct err){ (uint16_t)code_ }),			\
	    err_name((struct err){ (uint16_t)(want_) }));		\
} while (0)

/* --- the table ------------------------------------------------------------ */

static void
count_hold(void *value)
{
	(void)value;
	atomic_fetch_add(&n_held, 1);
}

static void
count_let_go(void *value)
{
	(void)value;
	atomic_fetch_sub(&n_held, 1);
}

static const struct seen_type counted = { count_hold, count_let_go };

static struct seen_id
id_of(unsigned n)
{
	struct seen_id id = { .by = { 0 } };

	memcpy(id.of, &n, sizeof(n));
	return id;
}

START_TEST(only_what_was_kept_is_found)
{
	struct seen_id id = id_of(1);
	void *value = NULL;
	int thing;

	seen_keep(seen, SEEN_KEY, &id, &counted, &thing, KEPT_BYTES);
	ck_assert_int_eq(n_held, 1);
	ck_assert(seen_find(seen, SEEN_KEY, &id, &value));
	ck_assert_ptr_eq(value, &thing);
	ck_assert_int_eq(n_held, 2);
	for (int kind = SEEN_CERTIFICATE; kind <= SEEN_COLLATERAL; kind++)
		ck_assert_int_eq(seen_find(seen, (enum seen_kind)kind, &id,
		    NULL), kind == SEEN_KEY);
	for (size_t bit = 0; bit < 8 * sizeof(id); bit++) {
		struct seen_id other = id;

		((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert(!seen_find(seen, SEEN_KEY, &other, &value));
	}
	ck_assert(!seen_find(NULL, SEEN_KEY, &id, &value));
	seen_keep(NULL, SEEN_KEY, &id, &counted, &thing, KEPT_BYTES);
}
END_TEST

START_TEST(it_stays_within_its_bytes_and_keeps_what_is_asked_for)
{
	struct seen_id first = id_of(0);
	int thing;

	for (unsigned i = 0; i < 10 * ROOM / KEPT_BYTES; i++) {
		struct seen_id id = id_of(i);

		seen_keep(seen, SEEN_KEY, &id, &counted, &thing, KEPT_BYTES);
		ck_assert_uint_le(seen_count(seen).bytes, ROOM);
		ck_assert_int_eq(n_held, (int)seen_count(seen).n +
		    (i > 0 ? (int)i : 0));
		ck_assert(seen_find(seen, SEEN_KEY, &first, NULL));
	}
	ck_assert_uint_gt(seen_count(seen).n, ROOM / KEPT_BYTES / 2);
	first = id_of(3);
	ck_assert(!seen_find(seen, SEEN_KEY, &first, NULL));
	/* What is larger than all of it is not kept. */
	seen_keep(seen, SEEN_KEY, &first, &counted, &thing, ROOM);
	ck_assert(!seen_find(seen, SEEN_KEY, &first, NULL));
}
END_TEST

/* --- certificates as they are read --------------------------------------- */

/* A certificate that signed itself, and its parts. */
static struct slice
own_root(struct slice *out_tbs, struct slice *out_rest)
{
	struct slice der;
	struct reader r, outer;

	make_device(cx, &dev);
	der = make_certificate(cx, &dev.root);
	r = reader_of(der);
	outer = der_enter(&r, DER_SEQUENCE);
	*out_tbs = der_read_whole(&outer, DER_SEQUENCE);
	ck_assert(!outer.bad);
	*out_rest = SLICE(out_tbs->p + out_tbs->n, der.n -
	    (size_t)(out_tbs->p - der.p) - out_tbs->n);
	return der;
}

static struct slice
sequence_of(struct slice a, struct slice b)
{
	struct buf both = buf_in(cx->arena, a.n + b.n + 8);
	size_t at = der_open(&both, DER_SEQUENCE);

	put_bytes(&both, a);
	put_bytes(&both, b);
	der_close(&both, at);
	return buf_slice(&both);
}

static X509 *
read_one(struct slice der)
{
	X509 *x;

	ck_ok(chain_cert_parse(cx, der, &x));
	return x;
}

START_TEST(the_key_of_a_certificate_is_the_one_in_it)
{
	struct slice tbs, rest, der = own_root(&tbs, &rest);
	X509 *x = read_one(der), *plain;
	const uint8_t *p = der.p;

	plain = d2i_X509(NULL, &p, (long)der.n);
	ck_assert_ptr_nonnull(plain);
	ck_assert_int_eq(EVP_PKEY_eq(chain_key(x), dev.root_key), 1);
	ck_assert_int_eq(EVP_PKEY_eq(chain_key(plain), dev.root_key), 1);
	/* That it is signed by its own key is not asked of it. */
	ck_assert_uint_eq(X509_get_extension_flags(x) | EXFLAG_SS,
	    X509_get_extension_flags(plain) | EXFLAG_SS);
	X509_free(plain);
	dev.root.version_number = X509_VERSION_1;	/* a root by its key */
	x = read_one(make_certificate(cx, &dev.root));
	ck_assert_int_eq(X509_check_ca(x), 3);
	ck_assert(chain_is_signed(cx, x, x));
	dev.root.version_number = X509_VERSION_3;
	dev.root.unknown_key = true;
	x = read_one(make_certificate(cx, &dev.root));
	ck_assert_ptr_null(chain_key(x));
	ck_assert(!chain_is_signed(cx, x, x));
}
END_TEST

START_TEST(certificates_are_the_same_when_all_their_bytes_are)
{
	struct slice tbs, rest, der = own_root(&tbs, &rest);
	X509 *x = read_one(der), *y = read_one(slice_dup(cx->arena, der));
	uint8_t *p = arena_dup(cx->arena, der.p, der.n);

	ck_assert_int_eq(X509_cmp(x, y), 0);
	p[der.n - 1] ^= 1;			/* of the signature */
	ck_assert_int_ne(X509_cmp(x, read_one(SLICE(p, der.n))), 0);
	ck_assert(!chain_is_signed(cx, read_one(SLICE(p, der.n)), x));
}
END_TEST

START_TEST(a_certificate_names_its_algorithm_twice_alike)
{
	/* ecdsa-with-SHA256, its parameters NULL where there should be none. */
	static const uint8_t other[] = { 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86,
	    0x48, 0xce, 0x3d, 0x04, 0x03, 0x02, 0x05, 0x00 };
	struct slice tbs, rest, whole;
	struct reader r;
	struct buf b;
	X509 *x;

	x = read_one(own_root(&tbs, &rest));
	ck_assert(chain_is_signed(cx, x, x));
	ck_assert(chain_is_signed(cx, read_one(sequence_of(tbs, rest)), x));
	r = reader_of(rest);
	whole = der_read_whole(&r, DER_SEQUENCE);
	ck_assert_uint_eq(whole.n, sizeof(other) - 2);
	b = buf_in(cx->arena, rest.n + sizeof(other));
	put_bytes(&b, SLICE_OF(other));
	put_bytes(&b, SLICE(whole.p + whole.n, rest.n - whole.n));
	ck_assert(!chain_is_signed(cx, read_one(sequence_of(tbs,
	    buf_slice(&b))), x));
}
END_TEST

/* --- verdicts: quotes ----------------------------------------------------- */

static json_t *
quote(void)
{
	make_dcap(cx, &d, false);
	return make_dcap_evidence(cx, &d);
}

START_TEST(the_second_time_nothing_new_is_kept)
{
	const json_t *e = quote();
	struct seen_count first, second;

	ck_code(verdict(seen, e, &d.appraisal), ERR_OK);
	first = seen_count(seen);
	ck_code(verdict(seen, e, &d.appraisal), ERR_OK);
	second = seen_count(seen);
	ck_assert_uint_eq(first.n, second.n);
	ck_assert_uint_eq(first.n_misses, second.n_misses);
	ck_assert_uint_gt(second.n_hits, first.n_hits);
}
END_TEST

START_TEST(an_appraisal_at_another_time_is_judged_by_that_time)
{
	const json_t *e = quote();

	ck_code(verdict(seen, e, &d.appraisal), ERR_OK);
	d.appraisal.at_s += 100 * MAKE_DAY;
	ck_code(verdict(seen, e, &d.appraisal), ERR_EV_EXPIRED);
	d.appraisal.at_s -= 200 * MAKE_DAY;
	ck_code(verdict(seen, e, &d.appraisal), ERR_EV_EXPIRED);
}
END_TEST

START_TEST(what_one_tenant_trusts_another_does_not)
{
	static struct make_dcap other;
	const json_t *e = quote();

	ck_code(verdict(seen, e, &d.appraisal), ERR_OK);
	d.trust.n_anchors = 0;
	ck_code(verdict(seen, e, &d.appraisal), ERR_EV_CHAIN);
	/* A root of the same name, by which other devices were believed. */
	make_dcap(cx, &other, false);
	ck_code(verdict(seen, make_dcap_evidence(cx, &other),
	    &other.appraisal), ERR_OK);
	d.appraisal.trust = &other.trust;
	ck_code(verdict(NULL, e, &d.appraisal), ERR_EV_CHAIN);
	ck_code(verdict(seen, e, &d.appraisal), ERR_EV_CHAIN);
}
END_TEST

START_TEST(certificates_that_lead_to_no_anchor_are_not_kept)
{
	const json_t *e = quote();
	size_t n_anchors = d.trust.n_anchors;

	d.trust.n_anchors = 0;
	for (unsigned i = 0; i < 2; i++) {
		ck_code(verdict(seen, e, &d.appraisal), ERR_EV_CHAIN);
		/* The attestation key alone. */
		ck_assert_uint_le(seen_count(seen).n, 1);
	}
	d.trust.n_anchors = n_anchors;
	ck_code(verdict(seen, e, &d.appraisal), ERR_OK);
	ck_assert_uint_gt(seen_count(seen).n, 5);
}
END_TEST

START_TEST(what_is_kept_again_drives_nothing_out)
{
	struct seen *small = seen_new(2 * KEPT_BYTES + 500);
	struct seen_id a = id_of(1), b = id_of(2);
	int thing;

	seen_keep(small, SEEN_KEY, &a, &counted, &thing, KEPT_BYTES);
	seen_keep(small, SEEN_KEY, &b, &counted, &thing, KEPT_BYTES);
	for (unsigned i = 0; i < 3; i++)
		seen_keep(small, SEEN_KEY, i % 2 == 0 ? &b : &a, &counted,
		    &thing, KEPT_BYTES);
	ck_assert_uint_eq(seen_count(small).n, 2);
	ck_assert_int_eq(n_held, 2);
	seen_free(small);
}
END_TEST

START_TEST(collateral_takes_room_for_its_lists_and_certificates)
{
	struct trust_collateral *c = &d.collateral;
	size_t all;

	(void)quote();
	d.know_collateral = true;
	(void)make_dcap_evidence(cx, &d);
	all = 12 * (c->tcb_info.n + c->qe_identity.n) +
	    8 * (c->root_crl.n + c->pck_crl.n);
	ck_assert_ptr_nonnull(dcap_collateral_open(cx, c));
	ck_assert_uint_gt(seen_count(seen).bytes,
	    all + 8 * (c->root_crl.n + c->pck_crl.n));
}
END_TEST

START_TEST(a_new_list_revokes_what_was_believed)
{
	const json_t *e = quote();
	struct trust_collateral *c = &d.collateral;

	d.know_collateral = true;
	d.send_collateral = false;
	e = make_dcap_evidence(cx, &d);
	ck_code(verdict(seen, e, &d.appraisal), ERR_OK);
	d.pck_crl.serial = d.pck.serial;
	c->pck_crl = make_intel_crl(cx, &d.pck_crl);
	d.trust.collateral = c;
	ck_code(verdict(seen, e, &d.appraisal), ERR_EV_REVOKED);
	/* Also where it was read with the trust. */
	c->opened = dcap_collateral_open(cx, c);
	ck_assert_ptr_nonnull(c->opened);
	ck_code(verdict(seen, e, &d.appraisal), ERR_EV_REVOKED);
	d.pck_crl.serial++;
	c->opened = NULL;
	c->pck_crl = make_intel_crl(cx, &d.pck_crl);
	ck_code(verdict(seen, e, &d.appraisal), ERR_OK);
}
END_TEST

START_TEST(a_flipped_bit_of_collateral_is_judged_as_if_nothing_were_kept)
{
	const json_t *e;
	struct slice *parts[] = {
		&d.collateral.tcb_info, &d.collateral.qe_identity,
		&d.collateral.root_crl, &d.collateral.pck_crl,
		&d.signing_chain[0], &d.signing_chain[1],
	};
	size_t n_refused = 0;

	make_dcap(cx, &d, false);
	d.know_collateral = true;
	d.send_collateral = false;
	e = make_dcap_evidence(cx, &d);
	d.trust.collateral = &d.collateral;
	d.collateral.tcb_signing_chain = d.signing_chain;
	ck_code(verdict(seen, e, &d.appraisal), ERR_OK);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		struct slice was = *parts[i];
		uint8_t *p = arena_dup(cx->arena, was.p, was.n);

		*parts[i] = SLICE(p, was.n);
		for (size_t bit = i; bit < 8 * was.n; bit += BIT_STEP) {
			enum err_code code;

			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			code = verdict(NULL, e, &d.appraisal);
			ck_code(verdict(seen, e, &d.appraisal), code);
			ck_code(verdict(seen, e, &d.appraisal), code);
			n_refused += code != ERR_OK;
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		*parts[i] = was;
	}
	ck_assert_uint_gt(n_refused, 20);
	ck_code(verdict(seen, e, &d.appraisal), ERR_OK);
}
END_TEST

/* --- verdicts: chains ----------------------------------------------------- */

static json_t *
tpm(void)
{
	make_device(cx, &dev);
	return make_evidence(cx, &dev);
}

/* Flip bits of what a member holds: an only value, or the first of a list. */
static void
flip_member(json_t *e, const char *name)
{
	json_t *v = json_object_get(e, name);
	struct slice s;
	uint8_t *p;

	if (json_is_array(v))
		v = json_array_get(v, 0);
	ck_assert(base64url_parse(cx->arena, json_string_value(v),
	    json_string_length(v), 1 << 20, &s));
	p = arena_dup(cx->arena, s.p, s.n);
	for (size_t bit = 0; bit < 8 * s.n; bit += BIT_STEP / 16) {
		enum err_code code;

		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(json_string_set(v, base64url(cx->arena,
		    SLICE(p, s.n))), 0);
		code = verdict(NULL, e, &dev.appraisal);
		ck_code(verdict(seen, e, &dev.appraisal), code);
		ck_code(verdict(seen, e, &dev.appraisal), code);
		ck_assert(code != ERR_OK);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_int_eq(json_string_set(v, base64url(cx->arena, s)), 0);
}

START_TEST(a_flipped_bit_of_evidence_is_judged_as_if_nothing_were_kept)
{
	json_t *e = tpm();

	ck_code(verdict(seen, e, &dev.appraisal), ERR_OK);
	flip_member(e, "ek_certificate");
	flip_member(e, "ek_chain");
	flip_member(e, "quote");
	flip_member(e, "quote_signature");
	flip_member(e, "ak_public");
	ck_code(verdict(seen, e, &dev.appraisal), ERR_OK);
}
END_TEST

START_TEST(a_new_crl_of_trust_and_an_old_algorithm_are_judged_each_time)
{
	struct make_crl crl = { .issuer_cn = "", .from_s = MAKE_AT - MAKE_DAY,
	    .to_s = MAKE_AT + MAKE_DAY, .n_serials = 1 };
	struct slice der;
	json_t *e;

	make_device(cx, &dev);
	dev.inter.md = EVP_sha1();
	dev.trust.allow |= TRUST_ALLOW_SHA1;
	e = make_evidence(cx, &dev);
	ck_code(verdict(seen, e, &dev.appraisal), ERR_OK);
	dev.trust.allow &= ~(unsigned)TRUST_ALLOW_SHA1;
	ck_code(verdict(seen, e, &dev.appraisal), ERR_EV_UNSUPPORTED);
	dev.trust.allow |= TRUST_ALLOW_SHA1;
	crl.issuer_cn = dev.inter.cn;
	crl.key = dev.inter_key;
	der = make_crl(cx, &crl);
	dev.trust.crls = &der;
	dev.trust.n_crls = 1;
	ck_code(verdict(seen, e, &dev.appraisal), ERR_OK);
	ck_code(verdict(seen, e, &dev.appraisal), ERR_OK);
	crl.serials[0] = dev.ek_cert.serial;
	der = make_crl(cx, &crl);
	ck_code(verdict(seen, e, &dev.appraisal), ERR_EV_REVOKED);
	/* By another key, though the same list was right by the first. */
	crl.serials[0]++;
	crl.key = dev.root_key;
	der = make_crl(cx, &crl);
	ck_code(verdict(NULL, e, &dev.appraisal), ERR_EV_SIGNATURE);
	ck_code(verdict(seen, e, &dev.appraisal), ERR_EV_SIGNATURE);
	ck_code(verdict(seen, e, &dev.appraisal), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(trust_that_was_read_before_is_judged_alike)
{
	json_t *e = tpm();
	struct trust read;

	ck_code(verdict(NULL, e, &dev.appraisal), ERR_OK);
	read = dev.trust;
	chain_read_trust(cx, &read);
	ck_assert_ptr_nonnull(read.anchor_certs[0]);
	dev.appraisal.trust = &read;
	ck_code(verdict(NULL, e, &dev.appraisal), ERR_OK);
	ck_code(verdict(seen, e, &dev.appraisal), ERR_OK);
	read.n_anchors = 0;
	ck_code(verdict(seen, e, &dev.appraisal), ERR_EV_CHAIN);
	/* What cannot be read is told when it is asked for. */
	read = dev.trust;
	read.crls = &SLICE("\x30\0", 2);
	read.n_crls = 1;
	chain_read_trust(cx, &read);
	ck_assert_ptr_null(read.crl_lists[0]);
	ck_code(verdict(seen, e, &dev.appraisal), ERR_CONFIG);
}
END_TEST

START_TEST(a_certificate_that_a_device_made_for_a_challenge_is_not_kept)
{
	struct seen_count first;
	json_t *e, *chain;

	android_begin();
	ad_extend(&certs[0]);
	e = maker_evidence();
	chain = json_object_get(e, "chain");
	ck_code(verdict(seen, e, &appraisal), ERR_OK);
	first = seen_count(seen);
	for (unsigned i = 0; i < 4; i++) {
		certs[0].serial++;
		if (i == 3)
			certs[0].issuer_key = certs[0].key;
		ck_assert_int_eq(json_array_set_new(chain, 0, json_string(
		    base64url(cx->arena, make_certificate(cx, &certs[0])))),
		    0);
		ck_code(verdict(seen, e, &appraisal),
		    i == 3 ? ERR_EV_SIGNATURE : ERR_OK);
	}
	ck_assert_uint_eq(seen_count(seen).n, first.n);
}
END_TEST

/* --- threads ---------------------------------------------------------------- */

struct sharer {
	struct seen	*seen;
	const char	*texts[2];
	const struct appraisal *appraisals[2];
	unsigned	 n_wrong;
};

static void *
share(void *arg)
{
	struct sharer *s = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		json_t *e = json_loads(s->texts[i % 2], 0, NULL);

		if (verdict(s->seen, e, s->appraisals[i % 2]) != ERR_OK)
			s->n_wrong++;
		json_decref(e);
	}
	return NULL;
}

static void
share_all(size_t bytes)
{
	struct sharer s[THREADS];
	pthread_t threads[THREADS];
	struct seen *shared = seen_new(bytes);
	const char *texts[2];

	texts[0] = (const char *)json_text(cx, quote()).p;
	texts[1] = (const char *)json_text(cx, tpm()).p;
	for (unsigned i = 0; i < THREADS; i++) {
		s[i] = (struct sharer){ shared, { texts[0], texts[1] },
		    { &d.appraisal, &dev.appraisal }, 0 };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, share,
		    &s[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_uint_eq(s[i].n_wrong, 0);
	}
	ck_assert_uint_le(seen_count(shared).bytes, bytes);
	seen_free(shared);
}

START_TEST(threads_share_it_when_it_is_large_and_when_it_is_always_full)
{
	share_all(ROOM);
	share_all(30000);
	share_all(1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		only_what_was_kept_is_found,
		it_stays_within_its_bytes_and_keeps_what_is_asked_for,
		the_key_of_a_certificate_is_the_one_in_it,
		certificates_are_the_same_when_all_their_bytes_are,
		a_certificate_names_its_algorithm_twice_alike,
		the_second_time_nothing_new_is_kept,
		an_appraisal_at_another_time_is_judged_by_that_time,
		what_one_tenant_trusts_another_does_not,
		certificates_that_lead_to_no_anchor_are_not_kept,
		what_is_kept_again_drives_nothing_out,
		collateral_takes_room_for_its_lists_and_certificates,
		a_new_list_revokes_what_was_believed,
		a_flipped_bit_of_collateral_is_judged_as_if_nothing_were_kept,
		a_flipped_bit_of_evidence_is_judged_as_if_nothing_were_kept,
		a_new_crl_of_trust_and_an_old_algorithm_are_judged_each_time,
		trust_that_was_read_before_is_judged_alike,
		a_certificate_that_a_device_made_for_a_challenge_is_not_kept,
		threads_share_it_when_it_is_large_and_when_it_is_always_full,
	};

	return unit_run("seen", tests, COUNT_OF(tests), begin_seen, end_seen);
}
