/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs as they are written and read, with OpenSSL's reader as the judge. */
#include "tests/unit/unit.h"

#include <time.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "codec/der.h"
#include "pki/crl.h"
#include "pki/ossl.h"
#include "pki/sign.h"
#include "pki/tbs.h"

#define THIS_S	INT64_C(1795334400)
#define N_RANDOM 3000u

struct list { size_t n; struct { uint8_t serial[CRL_SERIAL_SIZE];
    int64_t revoked_s; uint8_t reason; } e[N_RANDOM]; };

static struct list list;
static EVP_PKEY *pkey;

static struct crl_entry
entry(const void *arg, size_t i)
{
	const struct list *l = arg;

	return (struct crl_entry){ l->e[i].serial, l->e[i].revoked_s,
	    l->e[i].reason };
}

static struct sign_key *
make_key(void)
{
	struct sign_key *out;
	uint8_t *spki = NULL;
	struct key key;
	int n;

	pkey = EVP_EC_gen("P-256");
	ck_assert_ptr_nonnull(pkey);
	n = i2d_PUBKEY(pkey, &spki);
	ck_assert_int_gt(n, 0);
	ck_ok(key_parse(cx, slice_dup(cx->arena, SLICE(spki, (size_t)n)),
	    &key));
	OPENSSL_free(spki);
	ck_ok(sign_key_new(cx, pkey, &key, &out));
	return out;
}

/* The TBSCertList and the whole of the entries that there are now. */
static struct slice
make(struct slice *out_tbs)
{
	static const uint8_t key_id[20] = { 1 };
	struct sign_key *key = make_key();
	struct buf name = buf_in(cx->arena, 256);
	struct crl crl = {
		.sig = sign_key_sig(key), .issuer_key_id = SLICE_OF(key_id),
		.number = 7, .this_update_s = THIS_S,
		.next_update_s = THIS_S + 86400, .shard_url = "",
		.n_entries = list.n, .entry = entry, .arg = &list,
	};
	struct slice der;

	tbs_put_name(&name, "tenant-a", "CA");
	crl.issuer = buf_slice(&name);
	ck_ok(crl_encode(cx, &crl, out_tbs));
	ck_ok(sign_object(cx, key, *out_tbs, &der));
	sign_key_free(key);
	return der;
}

static void
add(uint8_t first, int64_t revoked_s, uint8_t reason)
{
	uint8_t *serial = list.e[list.n].serial;

	ctx_random(cx, serial, CRL_SERIAL_SIZE);
	serial[0] = first;
	list.e[list.n].revoked_s = revoked_s;
	list.e[list.n++].reason = reason;
}

/* --- writing ---------------------------------------------------------------- */

static void
same(X509_REVOKED *revoked, size_t i)
{
	const ASN1_INTEGER *serial = X509_REVOKED_get0_serialNumber(revoked);
	AUTO(BIGNUM) ours = BN_bin2bn(list.e[i].serial, CRL_SERIAL_SIZE, NULL);
	AUTO(BIGNUM) theirs = ASN1_INTEGER_to_BN(serial, NULL);
	int critical = 0;
	ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(revoked,
	    NID_crl_reason, &critical, NULL);
	struct tm tm;

	ck_assert_int_eq(BN_cmp(ours, theirs), 0);
	ck_assert_int_eq(ASN1_TIME_to_tm(
	    X509_REVOKED_get0_revocationDate(revoked), &tm), 1);
	ck_assert_int_eq(timegm(&tm), list.e[i].revoked_s);
	if (list.e[i].reason == 0)
		ck_assert_ptr_null(reason);
	else
		ck_assert_int_eq(ASN1_ENUMERATED_get(reason),
		    list.e[i].reason);
	ASN1_ENUMERATED_free(reason);
}

static void
check_all(struct slice der)
{
	const uint8_t *p = der.p;
	AUTO(X509_CRL) crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	STACK_OF(X509_REVOKED) *all;

	ck_assert_ptr_nonnull(crl);
	ck_assert_ptr_eq(p, der.p + der.n);
	ck_assert_int_eq(X509_CRL_verify(crl, pkey), 1);
	all = X509_CRL_get_REVOKED(crl);
	ck_assert_int_eq(sk_X509_REVOKED_num(all), (int)list.n);
	for (size_t i = 0; i < list.n; i++)
		same(sk_X509_REVOKED_value(all, (int)i), i);
}

START_TEST(openssl_reads_every_entry_as_it_was_meant)
{
	/* Days that calendars get wrong, and where the form of times changes. */
	static const int64_t times[] = {
		-86400, -1, 0, 1, 86399, 86400, INT64_C(951782400),
		INT64_C(951868799), INT64_C(951868800), INT64_C(1709164800),
		INT64_C(2524607999), INT64_C(2524608000),
		INT64_C(4102444800), THIS_S,
	};
	static const uint8_t firsts[] = { 0x5d, 0x01, 0x7f, 0x80, 0xff, 0 };
	struct crl_facts facts;
	struct slice tbs, der;

	list.n = 0;
	for (size_t i = 0; i < COUNT_OF(times); i++)
		for (size_t j = 0; j < COUNT_OF(firsts); j++)
			for (uint8_t reason = 0; reason <= 2; reason++)
				add(firsts[j], times[i], reason);
	der = make(&tbs);
	ck_ok(crl_parse(cx, der, &facts));
	ck_assert_uint_eq(facts.n_entries, list.n);
	check_all(der);
	EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(openssl_reads_random_entries_as_they_were_meant)
{
	static const uint8_t reasons[] = { 0, 1, 2, 3, 4, 5, 6, 9, 10 };
	struct crl_facts facts;
	struct slice tbs, der;

	list.n = 0;
	while (list.n < N_RANDOM) {
		uint32_t r[3];

		ctx_random(cx, r, sizeof(r));
		add(0x5d, r[0], reasons[r[1] % COUNT_OF(reasons)]);
	}
	der = make(&tbs);
	ck_ok(crl_parse(cx, der, &facts));
	ck_assert_uint_eq(facts.n_entries, list.n);
	check_all(der);
	EVP_PKEY_free(pkey);
}
END_TEST

/* --- reading ---------------------------------------------------------------- */

static bool
openssl_accepts(struct slice der)
{
	const uint8_t *p = der.p;
	AUTO(X509_CRL) crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	X509_REVOKED *first;
	ASN1_ENUMERATED *reason;
	int critical = 0;

	if (crl == NULL || p != der.p + der.n)
		return false;
	first = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 0);
	reason = X509_REVOKED_get_ext_d2i(first, NID_crl_reason, &critical,
	    NULL);
	ASN1_ENUMERATED_free(reason);
	return critical != -2 &&
	    ASN1_TIME_check(X509_REVOKED_get0_revocationDate(first)) == 1;
}

/* No bit of an entry may be turned into what only one of the two takes. */
static void
flip_all(uint8_t reason)
{
	struct crl_facts facts;
	struct slice tbs, der;
	size_t n_accepted = 0, at;
	uint8_t *bytes;

	list.n = 0;
	add(0x5d, THIS_S, reason);
	add(0x5d, THIS_S + 1, 1);
	der = make(&tbs);
	bytes = arena_dup(cx->arena, der.p, der.n);
	at = (size_t)((const uint8_t *)memmem(der.p, der.n, list.e[0].serial,
	    CRL_SERIAL_SIZE) - der.p) - 4;
	ck_assert_uint_eq(bytes[at], DER_SEQUENCE);
	for (size_t bit = 0; bit < (reason == 0 ? 35u : 49u) * 8; bit++) {
		uint8_t *byte = &bytes[at + bit / 8];

		*byte ^= (uint8_t)(1u << bit % 8);
		if (failed(crl_parse(cx, SLICE(bytes, der.n), &facts))) {
			ctx_forget(cx);
		} else {
			n_accepted++;
			ck_assert_msg(openssl_accepts(SLICE(bytes, der.n)),
			    "bit %zu", bit);
		}
		*byte ^= (uint8_t)(1u << bit % 8);
	}
	/* The serial but its first bits, some digits, some reasons. */
	ck_assert_uint_gt(n_accepted, 120);
	ck_assert_uint_lt(n_accepted, 180);
	EVP_PKEY_free(pkey);
}

START_TEST(every_flipped_bit_of_an_entry_is_refused_or_read_alike)
{
	flip_all(0);
	flip_all(1);
}
END_TEST

START_TEST(a_time_that_is_none_is_refused)
{
	/* In place of 261122... */
	static const char *const bad[] = {
		"260230000000Z", "260229000000Z", "261301000000Z",
		"260001000000Z", "260100000000Z", "261122240000Z",
		"261122006000Z", "261122000060Z", "26112200000:Z",
		"2611220000000",
	};
	static const char *const good[] = {
		"240229000000Z", "261231235959Z", "260131000000Z",
	};
	struct crl_facts facts;
	struct slice tbs, der;
	uint8_t *at;

	list.n = 0;
	add(0x5d, THIS_S, 0);
	der = make(&tbs);
	at = (uint8_t *)memmem(der.p, der.n, list.e[0].serial,
	    CRL_SERIAL_SIZE) + CRL_SERIAL_SIZE + 2;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		memcpy(at, bad[i], 13);
		ck_fails(crl_parse(cx, der, &facts), ERR_MALFORMED);
	}
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		memcpy(at, good[i], 13);
		ck_ok(crl_parse(cx, der, &facts));
	}
	EVP_PKEY_free(pkey);
}
END_TEST

UNIT_MAIN("crl",
    openssl_reads_every_entry_as_it_was_meant,
    openssl_reads_random_entries_as_they_were_meant,
    every_flipped_bit_of_an_entry_is_refused_or_read_alike,
    a_time_that_is_none_is_refused)
