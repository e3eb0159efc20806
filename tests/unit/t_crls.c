/* SPDX-License-Identifier: Apache-2.0 */
/* Sharded CRLs with the real signer and the real database; OpenSSL reads. */
#include "tests/unit/leaves.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "authority/crl.h"
#include "authority/crls.h"
#include "authority/signer.h"
#include "pki/cert.h"

#define SHARDS	4u	/* as realm.c has it */

static const struct issuer *
issuing(void)
{
	const struct issuer *issuer = issuers_active(realm->authority,
	    tenant.id, CA_ROLE_ISSUING);

	ck_assert_ptr_nonnull(issuer);
	return issuer;
}

static struct crl_view
fetch(unsigned shard)
{
	struct crl_view view;

	ck_ok(crls_get(cx, realm->authority, issuing(), shard, &view));
	return view;
}

/* Is it in memory, so that nobody has to wait for it? */
static bool
is_held(unsigned shard)
{
	struct crl_view view, same;

	if (!crls_held(cx, realm->authority, issuing(), shard, &view))
		return false;
	same = fetch(shard);
	ck_assert(same.der.p == view.der.p && same.number == view.number);
	return true;
}

static bool
shows(struct slice der, struct slice serial)
{
	const unsigned char *p = der.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	ASN1_INTEGER *number;
	X509_REVOKED *entry;
	BIGNUM *bn = BN_bin2bn(serial.p, (int)serial.n, NULL);
	bool found;

	ck_assert_ptr_nonnull(crl);
	number = BN_to_ASN1_INTEGER(bn, NULL);
	found = X509_CRL_get0_by_serial(crl, &entry, number) == 1;
	ASN1_INTEGER_free(number);
	BN_free(bn);
	X509_CRL_free(crl);
	return found;
}

/* The URL in the list's distribution point; "" where it has none. */
static const char *
scope_of(struct slice der)
{
	const unsigned char *p = der.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	ISSUING_DIST_POINT *idp;
	const char *url = "";
	int critical = -1;

	ck_assert_ptr_nonnull(crl);
	idp = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point,
	    &critical, NULL);
	if (idp != NULL) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(
		    idp->distpoint->name.fullname, 0);
		const ASN1_STRING *text = GENERAL_NAME_get0_value(name, NULL);

		ck_assert_int_eq(critical, 1);
		url = arena_strndup(cx->arena,
		    (const char *)ASN1_STRING_get0_data(text),
		    (size_t)ASN1_STRING_length(text));
		ISSUING_DIST_POINT_free(idp);
	}
	X509_CRL_free(crl);
	return url;
}

/* Does that list show the serial before two seconds are over? */
static bool
comes_to_show(unsigned shard, struct slice serial)
{
	for (int i = 0; i < 200; i++) {
		if (shows(fetch(shard).der, serial))
			return true;
		(void)usleep(10000);
	}
	return false;
}

START_TEST(each_leaf_names_one_shard_and_its_row_remembers_it)
{
	bool seen[SHARDS + 1] = { false };
	struct cert cert;
	unsigned n = 0;

	leaves_open();
	for (unsigned i = 0; i < 60; i++) {
		struct certificate_row row = leaves_issue(&tenant);

		ck_assert(row.shard >= 1 && row.shard <= SHARDS);
		ck_ok(cert_parse(cx, row.der, &cert));
		ck_assert_str_eq(cert.crl_url, crl_url(cx, realm->authority,
		    issuing(), row.shard));
		ck_assert_uint_eq(crl_url_shard(cert.crl_url), row.shard);
		n += !seen[row.shard];
		seen[row.shard] = true;
	}
	ck_assert_uint_eq(n, SHARDS);
	leaves_close();
}
END_TEST

START_TEST(a_url_of_another_form_names_the_complete_list)
{
	static const char *const urls[] = {
		"", "3.crl", "http://a/crl/00ff.crl", "http://a/crl/x/65.crl",
		"http://a/crl/x/03.crl", "http://a/crl/x/3.crx",
		"http://a/crl/x/.crl", "http://a/crl/x/123456789.crl",
	};

	for (size_t i = 0; i < COUNT_OF(urls); i++)
		ck_assert_uint_eq(crl_url_shard(urls[i]), CRL_COMPLETE);
	ck_assert_uint_eq(crl_url_shard("http://a/crl/x/64.crl"), 64);
}
END_TEST

START_TEST(a_shard_says_its_url_and_the_complete_list_says_none)
{
	leaves_open();
	ck_assert_str_eq(scope_of(fetch(CRL_COMPLETE).der), "");
	for (unsigned i = 1; i <= SHARDS; i++)
		ck_assert_str_eq(scope_of(fetch(i).der),
		    crl_url(cx, realm->authority, issuing(), i));
	leaves_close();
}
END_TEST

START_TEST(a_revocation_is_in_its_shard_and_in_the_complete_list_only)
{
	struct certificate_row row;

	leaves_open();
	row = leaves_issue(&tenant);
	for (unsigned i = 0; i <= SHARDS; i++)
		ck_assert(!shows(fetch(i).der, row.serial));
	leaves_revoke(&row, REVOKE_KEY_COMPROMISE);
	ck_assert(comes_to_show(CRL_COMPLETE, row.serial));
	ck_assert(comes_to_show(row.shard, row.serial));
	for (unsigned i = 1; i <= SHARDS; i++)
		if (i != row.shard)
			ck_assert(!shows(fetch(i).der, row.serial));
	leaves_close();
}
END_TEST

START_TEST(a_shard_that_there_is_not_is_not_found)
{
	const struct issuer *issuer;
	struct crl_view view;

	leaves_open();
	issuer = issuing();
	ck_fails(crls_get(cx, realm->authority, issuer, SHARDS + 1, &view),
	    ERR_NOT_FOUND);
	ck_fails(crls_get(cx, realm->authority, issuer->parent, 1, &view),
	    ERR_NOT_FOUND);
	ck_ok(crls_get(cx, realm->authority, issuer->parent, CRL_COMPLETE,
	    &view));
	leaves_close();
}
END_TEST

struct peek { struct crl_key key; struct crl_row row; uint64_t revision; };

static struct err
peek_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct peek *p = arg;

	return db_crl_get(c, tx, &p->key, &p->row, &p->revision);
}

static struct peek
peek(unsigned shard)
{
	struct peek p = { .key = { tenant.id, issuing()->id, shard } };

	ck_ok(db_read(cx, realm->authority->db, peek_work, &p));
	return p;
}

START_TEST(a_list_that_nobody_asks_for_is_not_made)
{
	leaves_open();
	(void)leaves_issue(&tenant);
	(void)usleep(100000);
	for (unsigned i = 0; i <= SHARDS; i++)
		ck_assert_uint_eq(peek(i).row.number, 0);
	ck_assert(!is_held(2));
	(void)fetch(2);
	ck_assert(is_held(2));
	ck_assert(!is_held(1));
	ck_assert(!is_held(SHARDS + 1));
	ck_assert_uint_ne(peek(2).row.number, 0);
	ck_assert_uint_eq(peek(1).row.number, 0);
	leaves_close();
}
END_TEST

START_TEST(a_list_is_the_same_after_a_restart_and_its_numbers_only_grow)
{
	uint64_t number = 0;
	struct slice der;

	leaves_open();
	for (unsigned i = 0; i < 3; i++) {
		struct certificate_row row = leaves_issue(&tenant);

		leaves_revoke(&row, REVOKE_UNSPECIFIED);
		ck_assert(comes_to_show(row.shard, row.serial));
		ck_assert(comes_to_show(CRL_COMPLETE, row.serial));
		ck_assert_uint_gt(fetch(CRL_COMPLETE).number, number);
		number = fetch(CRL_COMPLETE).number;
		der = slice_dup(cx->arena, fetch(CRL_COMPLETE).der);
		realm_reopen(cx, realm);
		ck_assert(!is_held(CRL_COMPLETE));
		ck_assert(slice_equal(fetch(CRL_COMPLETE).der, der));
	}
	leaves_close();
}
END_TEST

static struct err
revoke_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct certificate_row *row = arg;
	struct certificate_row found;
	bool changed, there;

	TRY(db_certificate_find(c, tx, row->ca_id, row->serial, &found,
	    &there));
	ck_assert(there);
	ck_assert_uint_eq(found.shard, row->shard);
	return db_certificate_revoke(c, tx, row->tenant_id, found.id, 0,
	    ctx_now(c), &changed);
}

/* As after kill -9 between the commit and the making of the list. */
START_TEST(a_revocation_that_no_list_shows_yet_is_shown_after_a_restart)
{
	struct certificate_row row;

	leaves_open();
	row = leaves_issue(&tenant);
	for (unsigned i = 0; i <= SHARDS; i++)
		(void)fetch(i);
	ck_ok(db_write(cx, realm->authority->db, revoke_work, &row));
	ck_assert(!shows(fetch(row.shard).der, row.serial));
	realm_reopen(cx, realm);
	/* The very first answer, and not only a later one. */
	ck_assert(shows(fetch(row.shard).der, row.serial));
	ck_assert(shows(fetch(CRL_COMPLETE).der, row.serial));
	leaves_close();
}
END_TEST

START_TEST(lists_that_a_crash_left_behind_are_made_without_being_asked_for)
{
	struct certificate_row row;
	struct peek p;

	leaves_open();
	row = leaves_issue(&tenant);
	ck_ok(db_write(cx, realm->authority->db, revoke_work, &row));
	realm_reopen(cx, realm);
	for (int i = 0; i < 200; i++) {
		p = peek(row.shard);
		if (p.row.revision == p.revision)
			break;
		(void)usleep(10000);
	}
	ck_assert_uint_eq(p.revision, 1);
	ck_assert_uint_eq(p.row.revision, 1);
	ck_assert(shows(p.row.der, row.serial));
	leaves_close();
}
END_TEST

#define MANY	4000u	/* entries: more than CRL_KEPT_MAX takes */

/* As many rows like that one, revoked, each with a serial of its own. */
static struct err
insert_many(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct certificate_row row = *(const struct certificate_row *)arg;
	uint8_t serial[16];
	int64_t id;

	row.serial = SLICE_OF(serial);
	row.revoked_s = row.issued_s;
	row.revoke_reason = 1;
	for (unsigned i = 0; i < MANY; i++) {
		ctx_random(c, serial, sizeof(serial));
		serial[0] = 0x5d;
		row.shard = 1 + i % SHARDS;
		TRY(db_certificate_insert(c, tx, &row, &id));
	}
	return OK;
}

static int
entries_in(struct slice der)
{
	const unsigned char *p = der.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	int n;

	ck_assert_ptr_nonnull(crl);
	ck_assert_ptr_eq(p, der.p + der.n);
	n = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
	X509_CRL_free(crl);
	return n;
}

/* The complete list, once it has that many entries at least. */
static struct crl_view
fetch_long(int n)
{
	for (int i = 0; i < 6000; i++) {
		struct crl_view view = fetch(CRL_COMPLETE);

		if (entries_in(view.der) >= n)
			return view;
		(void)usleep(10000);
	}
	ck_abort_msg("the list never has %d entries", n);
}

START_TEST(a_long_list_is_not_stored_and_made_again_after_a_restart)
{
	struct certificate_row row;
	struct crl_view view;
	uint64_t number;

	leaves_open();
	row = leaves_issue(&tenant);
	ck_ok(db_write(cx, realm->authority->db, insert_many, &row));
	leaves_revoke(&row, REVOKE_UNSPECIFIED);
	view = fetch_long((int)MANY + 1);
	ck_assert(shows(view.der, row.serial));
	ck_assert_uint_gt(view.der.n, CRL_KEPT_MAX);
	ck_assert_uint_eq(peek(CRL_COMPLETE).row.der.n, 0);
	ck_assert_uint_ge(peek(CRL_COMPLETE).row.number, view.number);
	(void)fetch(row.shard);
	ck_assert_uint_gt(peek(row.shard).row.der.n, 0);
	number = view.number;
	realm_reopen(cx, realm);
	view = fetch_long((int)MANY + 1);
	ck_assert_uint_gt(view.number, number);
	ck_assert(shows(view.der, row.serial));
	leaves_close();
}
END_TEST

START_TEST(a_shard_is_served_when_there_are_fewer_shards_than_before)
{
	struct certificate_row row;

	leaves_open();
	do {
		row = leaves_issue(&tenant);
	} while (row.shard == 1);
	realm->conf.limits.crl_shards = 1;
	realm_reopen(cx, realm);
	ck_assert_uint_eq(leaves_issue(&tenant).shard, 1);
	leaves_revoke(&row, REVOKE_UNSPECIFIED);
	ck_assert(comes_to_show(row.shard, row.serial));
	realm->conf.limits.crl_shards = 0;
	realm_reopen(cx, realm);
	ck_assert_uint_eq(leaves_issue(&tenant).shard, CRL_COMPLETE);
	ck_assert(shows(fetch(row.shard).der, row.serial));
	leaves_close();
}
END_TEST

/* --- many at once ---------------------------------------------------------- */

#define REVOKERS	4
#define READERS		4
#define EACH		12

struct crowd {
	struct certificate_row	 rows[REVOKERS][EACH];
	atomic_int		 n_bad, n_left;
};

struct member { struct crowd *crowd; unsigned i; };

static void *
revoke_some(void *arg)
{
	const struct member *m = arg;
	struct ctx_root root;

	ctx_root_init(&root, NULL);
	for (unsigned i = 0; i < EACH; i++) {
		struct certificate_row after;
		struct certificate_change change = { text_hex(root.cx.arena,
		    m->crowd->rows[m->i][i].serial), REVOKE_SUPERSEDED };

		if (failed(certificate_revoke(&root.cx, realm->authority,
		    &tenant, &realm_admin, &change, &after)))
			atomic_fetch_add(&m->crowd->n_bad, 1);
	}
	atomic_fetch_sub(&m->crowd->n_left, 1);
	ctx_root_fini(&root);
	return NULL;
}

/* Lists never go back, and are whole whenever they are read. */
static void *
read_some(void *arg)
{
	const struct member *m = arg;
	uint64_t numbers[SHARDS + 1] = { 0 };
	struct ctx_root root;

	ctx_root_init(&root, NULL);
	while (atomic_load(&m->crowd->n_left) > 0) {
		for (unsigned i = 0; i <= SHARDS; i++) {
			struct crl_view view;
			const unsigned char *p;
			X509_CRL *crl;

			if (failed(crls_get(&root.cx, realm->authority,
			    issuing(), i, &view)) || view.number < numbers[i])
				atomic_fetch_add(&m->crowd->n_bad, 1);
			numbers[i] = view.number;
			p = view.der.p;
			crl = d2i_X509_CRL(NULL, &p, (long)view.der.n);
			if (crl == NULL)
				atomic_fetch_add(&m->crowd->n_bad, 1);
			X509_CRL_free(crl);
		}
		ctx_root_reset(&root);
	}
	ctx_root_fini(&root);
	return NULL;
}

START_TEST(many_revoke_and_read_at_once_and_nothing_is_lost)
{
	struct crowd crowd = { .n_left = REVOKERS };
	pthread_t threads[REVOKERS + READERS];
	struct member members[REVOKERS + READERS];

	leaves_open();
	for (unsigned i = 0; i < REVOKERS * EACH; i++)
		crowd.rows[i / EACH][i % EACH] = leaves_issue(&tenant);
	for (unsigned i = 0; i < REVOKERS + READERS; i++) {
		members[i] = (struct member){ &crowd, i };
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    i < REVOKERS ? revoke_some : read_some, &members[i]), 0);
	}
	for (unsigned i = 0; i < REVOKERS + READERS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(atomic_load(&crowd.n_bad), 0);
	for (unsigned i = 0; i < REVOKERS * EACH; i++) {
		const struct certificate_row *row =
		    &crowd.rows[i / EACH][i % EACH];

		ck_assert(comes_to_show(row->shard, row->serial));
		ck_assert(comes_to_show(CRL_COMPLETE, row->serial));
	}
	leaves_close();
}
END_TEST

UNIT_MAIN("crls",
    each_leaf_names_one_shard_and_its_row_remembers_it,
    a_url_of_another_form_names_the_complete_list,
    a_shard_says_its_url_and_the_complete_list_says_none,
    a_revocation_is_in_its_shard_and_in_the_complete_list_only,
    a_shard_that_there_is_not_is_not_found,
    a_list_that_nobody_asks_for_is_not_made,
    a_list_is_the_same_after_a_restart_and_its_numbers_only_grow,
    a_revocation_that_no_list_shows_yet_is_shown_after_a_restart,
    lists_that_a_crash_left_behind_are_made_without_being_asked_for,
    a_long_list_is_not_stored_and_made_again_after_a_restart,
    a_shard_is_served_when_there_are_fewer_shards_than_before,
    many_revoke_and_read_at_once_and_nothing_is_lost)
