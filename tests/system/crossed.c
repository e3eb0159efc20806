/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders that would make a tenant's key serve another tenant, for every pair of
 * many tenants, to the real daa-signer with the real sealed records.
 *
 * CROSSED_FOLDER (a short path) has "master", the master key; "tenants", their
 * names, a line each, all of one length; and of each NAME.root, NAME.issuing,
 * NAME.pending, sealed records, and NAME.adopt, the certificate that own.root
 * (DER) made for the pending one.
 */
#include "tests/unit/signer_process.h"

#include "base/text.h"

#define TENANTS_MAX	512u
#define NAME_SIZE	32u
#define ORDERS_MAX	16u
#define RECORD_NAME_AT	6u	/* signer/sealed.h: magic, length, tenant */

struct tenant {
	char		name[NAME_SIZE];
	struct slice	root, issuing, pending, adopt;
};

static struct tenant tenants[TENANTS_MAX];
static size_t n_tenants;
static struct slice own_root, spki;

/* What is read stays: the arena is emptied for each pair. */
static struct slice
kept(struct slice bytes)
{
	uint8_t *p = base_alloc(bytes.n);

	memcpy(p, bytes.p, bytes.n);
	return SLICE(p, bytes.n);
}

static struct slice
file(const char *name, const char *end)
{
	static uint8_t bytes[64u * 1024u];
	FILE *f = fopen(arena_printf(cx->arena, "%s/%s.%s", folder, name,
	    end), "rb");
	size_t n;

	ck_assert_msg(f != NULL, "%s.%s", name, end);
	n = fread(bytes, 1, sizeof(bytes), f);
	(void)fclose(f);
	ck_assert_uint_gt(n, 0);
	return kept(SLICE(bytes, n));
}

static void
load(void)
{
	const char *at = getenv("CROSSED_FOLDER");
	char line[NAME_SIZE];
	FILE *f;

	ck_assert_msg(at != NULL && strlen(at) < sizeof(folder),
	    "CROSSED_FOLDER");
	memcpy(folder, at, strlen(at) + 1);
	f = fopen(in_folder("tenants"), "r");
	ck_assert_ptr_nonnull(f);
	while (n_tenants < TENANTS_MAX && fgets(line, sizeof(line), f)) {
		struct tenant *t = &tenants[n_tenants++];

		line[strcspn(line, "\n")] = '\0';
		memcpy(t->name, line, sizeof(line));
		t->root = file(t->name, "root");
		t->issuing = file(t->name, "issuing");
		t->pending = file(t->name, "pending");
		t->adopt = file(t->name, "adopt");
	}
	(void)fclose(f);
	ck_assert_uint_ge(n_tenants, 2);
	own_root = file("own", "root");
	spki = kept(help_spki("P-256"));
}

/* --- orders ---------------------------------------------------------------- */

struct orders { size_t n; struct order of[ORDERS_MAX]; };

static void
add(struct orders *orders, struct order order)
{
	ck_assert_uint_lt(orders->n, ORDERS_MAX);
	order.tag = orders->n;
	orders->of[orders->n++] = order;
}

static struct order
ocsp_order(const char *tenant, struct slice ca)
{
	static struct order_ocsp_entry entry = {
		.n_serial = 16, .status = OCSP_GOOD,
	};
	int64_t now = ctx_now(cx);

	entry.serial[0] = 0x5d;
	return (struct order){ .type = ORDER_SIGN_OCSP, .sign_ocsp = {
		.ca = ca, .tenant = tenant, .this_update_s = now - 60,
		.next_update_s = now + 3600, .n_entries = 1,
		.entries = &entry,
	} };
}

static struct order
proof_order(const char *tenant, struct slice ca)
{
	return (struct order){ .type = ORDER_PROVE, .prove = {
		.ca = ca, .tenant = tenant, .nonce = "nonce",
	} };
}

static struct order
cross_order(const char *tenant, struct slice ca, struct slice subject)
{
	return (struct order){ .type = ORDER_CROSS_SIGN, .cross_sign = {
		.ca = ca, .subject = subject, .tenant = tenant,
		.crl_url = HELP_CRL_URL, .aia_url = HELP_AIA_URL,
	} };
}

static struct order
adopt_order(const char *tenant, struct slice pending, struct slice adopt)
{
	return (struct order){ .type = ORDER_ADOPT_CA, .adopt_ca = {
		.pending = pending, .tenant = tenant, .certificate = adopt,
		.n_chain = 1, .chain = { own_root },
	} };
}

/* All that the keys of one tenant can be asked for, in that name. */
static void
add_all(struct orders *orders, const char *name, const struct tenant *t)
{
	add(orders, help_leaf(name, t->issuing, spki));
	add(orders, help_crl(name, t->issuing, 1));
	add(orders, help_crl(name, t->root, 1));
	add(orders, ocsp_order(name, t->issuing));
	add(orders, ocsp_order(name, t->root));
	add(orders, proof_order(name, t->issuing));
	add(orders, proof_order(name, t->root));
	add(orders, help_below(name, CA_ROLE_ISSUING, CA_ALG_P256, t->root));
	add(orders, adopt_order(name, t->pending, t->adopt));
}

/* Whose keys are made fast. */
#define DELEGATES	3u

static struct order
delegate_order(const char *tenant, struct slice ca)
{
	int64_t now = ctx_now(cx);

	return (struct order){ .type = ORDER_DELEGATE,
	    .delegate = { .role = CA_ROLE_OCSP, .ca = ca, .tenant = tenant,
		.not_before_s = now - 60, .not_after_s = now + HELP_DAY,
	    } };
}

/* Give them all, then take the answers; each must end so. */
static void
expect(struct signer *s, const struct orders *orders, enum err_code code,
    const char *what)
{
	struct buf b = buf_in(cx->arena, WIRE_FRAME_MAX);

	for (size_t i = 0; i < orders->n; i++)
		ck_ok(order_encode(cx, &orders->of[i], &b));
	send_all(s, buf_slice(&b));
	for (size_t i = 0; i < orders->n; i++) {
		struct answer a;

		ck_assert(hear(s, &a));
		ck_assert_msg(a.err.code == code, "%s: order %llu of type %u: "
		    "%s (%s)", what, (unsigned long long)a.tag, a.type,
		    err_name(a.err), a.detail);
		ck_assert(code == ERR_OK || (a.object.n == 0 &&
		    a.sealed.n == 0 && a.seq == 0));
	}
	arena_reset(cx->arena);
}

/* Nothing may have been signed since. */
static void
expect_journal_ends(struct signer *s, uint64_t next)
{
	struct order order = { .type = ORDER_READ_JOURNAL,
	    .read_journal = { .from = next } };

	ck_assert_uint_eq(ask_ok(s, &order).n_entries, 0);
}

/* --- tests ----------------------------------------------------------------- */

/* Else the refusals below would say nothing. */
START_TEST(every_record_serves_its_own_tenant)
{
	struct signer s;

	load();
	s = start();
	(void)hello(&s);
	for (size_t i = 0; i < n_tenants; i++) {
		const struct tenant *t = &tenants[i];
		struct orders orders = { 0 };
		struct order second = help_root(t->name, CA_ALG_P256);
		struct slice other = kept(ask_ok(&s, &second).sealed);

		add_all(&orders, t->name, t);
		add(&orders, cross_order(t->name, t->root, other));
		add(&orders, cross_order(t->name, other, t->root));
		expect(&s, &orders, ERR_OK, t->name);
	}
	stop(&s);
}
END_TEST

START_TEST(no_order_makes_a_key_serve_another_tenant)
{
	struct signer s;
	uint64_t next;

	load();
	s = start();
	next = hello(&s).journal_next;
	for (size_t i = 0; i < n_tenants; i++)
		for (size_t j = 0; j < n_tenants; j++) {
			const struct tenant *t = &tenants[i], *u = &tenants[j];
			struct orders orders = { 0 };

			if (i == j)
				continue;
			add_all(&orders, u->name, t);
			add(&orders, delegate_order(u->name, t->issuing));
			add(&orders, delegate_order(u->name, t->root));
			add(&orders, cross_order(u->name, t->root, u->root));
			add(&orders, cross_order(t->name, t->root, u->root));
			expect(&s, &orders, ERR_ORDER_TENANT, t->name);
		}
	expect_journal_ends(&s, next);
	stop(&s);
}
END_TEST

START_TEST(no_delegated_key_answers_for_another_tenant)
{
	struct signer s;

	load();
	s = start();
	(void)hello(&s);
	for (size_t i = 0; i < DELEGATES; i++) {
		const struct tenant *t = &tenants[i];
		struct order order = delegate_order(t->name, t->issuing);
		struct slice delegate = kept(ask_ok(&s, &order).sealed);

		for (size_t j = 0; j < n_tenants; j++) {
			struct orders orders = { 0 };

			add(&orders, ocsp_order(tenants[j].name, delegate));
			expect(&s, &orders, i == j ? ERR_OK :
			    ERR_ORDER_TENANT, t->name);
		}
	}
	stop(&s);
}
END_TEST

static struct order
result_order(const char *tenant, struct slice key)
{
	static const uint8_t hash[WIRE_SHA256_SIZE] = { 1 };

	return (struct order){ .type = ORDER_SIGN_RESULT, .sign_result = {
	    .key = key, .tenant = tenant, .device_id = HELP_DEVICE,
	    .format = "tpm2", .attested_s = ctx_now(cx) - 1,
	    .tier = AR4SI_AFFIRMING, .group = "default", .policy_version = 1,
	    .policy_sha256 = SLICE_OF(hash), .nonce = "", .life_s = 60 } };
}

START_TEST(no_key_signs_attestation_results_of_another_tenant)
{
	struct signer s;

	load();
	s = start();
	(void)hello(&s);
	for (size_t i = 0; i < DELEGATES; i++) {
		const struct tenant *t = &tenants[i];
		struct order order = delegate_order(t->name, t->issuing);
		struct slice key;

		order.delegate.role = CA_ROLE_RESULT;
		key = kept(ask_ok(&s, &order).sealed);
		for (size_t j = 0; j < n_tenants; j++) {
			struct orders orders = { 0 };

			add(&orders, result_order(tenants[j].name, key));
			expect(&s, &orders, i == j ? ERR_OK :
			    ERR_ORDER_TENANT, t->name);
		}
	}
	stop(&s);
}
END_TEST

START_TEST(no_tenant_adopts_the_certificate_of_anothers_key)
{
	struct signer s;
	uint64_t next;

	load();
	s = start();
	next = hello(&s).journal_next;
	for (size_t i = 0; i < n_tenants; i++)
		for (size_t j = 0; j < n_tenants; j++) {
			struct orders orders = { 0 };

			if (i == j)
				continue;
			add(&orders, adopt_order(tenants[i].name,
			    tenants[i].pending, tenants[j].adopt));
			expect(&s, &orders, ERR_CERT_LINT, tenants[i].name);
		}
	expect_journal_ends(&s, next);
	stop(&s);
}
END_TEST

/* The record with another name written over its own. */
static struct slice
renamed(struct slice record, const struct tenant *from,
    const struct tenant *to)
{
	struct slice out = slice_dup(cx->arena, record);
	uint8_t *at = (uint8_t *)(uintptr_t)out.p + RECORD_NAME_AT;
	size_t n = strlen(from->name);

	ck_assert_uint_eq(strlen(to->name), n);
	ck_assert_int_eq(memcmp(at, from->name, n), 0);
	memcpy(at, to->name, n);
	return out;
}

START_TEST(a_record_with_another_tenants_name_on_it_is_not_genuine)
{
	struct signer s;
	uint64_t next;

	load();
	s = start();
	next = hello(&s).journal_next;
	for (size_t i = 0; i < n_tenants; i++)
		for (size_t j = 0; j < n_tenants; j++) {
			const struct tenant *t = &tenants[i], *u = &tenants[j];
			struct orders orders = { 0 };
			struct tenant mixed = *t;

			if (i == j)
				continue;
			mixed.root = renamed(t->root, t, u);
			mixed.issuing = renamed(t->issuing, t, u);
			mixed.pending = renamed(t->pending, t, u);
			add_all(&orders, u->name, &mixed);
			add(&orders, delegate_order(u->name, mixed.issuing));
			expect(&s, &orders, ERR_SEAL, t->name);
		}
	expect_journal_ends(&s, next);
	stop(&s);
}
END_TEST

UNIT_MAIN("crossed",
    every_record_serves_its_own_tenant,
    no_order_makes_a_key_serve_another_tenant,
    no_delegated_key_answers_for_another_tenant,
    no_key_signs_attestation_results_of_another_tenant,
    no_tenant_adopts_the_certificate_of_anothers_key,
    a_record_with_another_tenants_name_on_it_is_not_genuine)
