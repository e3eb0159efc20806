/* SPDX-License-Identifier: Apache-2.0 */
/* Key descriptions of an Android device that exists only in tests: all of one is
 * right unless a test changes it. */
#ifndef DAAPKI_TESTS_MAKE_ANDROID_H
#define DAAPKI_TESTS_MAKE_ANDROID_H

#include "base/text.h"
#include "codec/der.h"
#include "tests/unit/maker_chain.h"

#define ANDROID_OID	"1.3.6.1.4.1.11129.2.1.17"
#define ANDROID_CERTS	4u
#define HW_ITEMS_MAX	96u

struct ad_item { uint32_t tag; struct slice der; };
struct ad_list { struct ad_item items[HW_ITEMS_MAX]; size_t n; };

static struct {
	uint64_t	version, keymint_version;
	unsigned	level, keymint_level;
	struct slice	challenge;
	struct ad_list	software, hardware;
	struct slice	tail;		/* after the lists, in the SEQUENCE */
	struct slice	after;		/* after the SEQUENCE */
	struct slice	whole;		/* in place of all of it */
	bool		absent, twice;
} ad;

static inline struct slice
hx(const char *hex)
{
	struct slice s;

	ck_assert(text_unhex_any(cx->arena, hex, 8192, &s));
	return s;
}

/* Insert in order of the tags, or replace. */
static inline void
ad_set(struct ad_list *list, uint32_t tag, struct slice der)
{
	size_t i = 0;

	while (i < list->n && list->items[i].tag < tag)
		i++;
	if (i == list->n || list->items[i].tag != tag) {
		ck_assert_uint_lt(list->n, HW_ITEMS_MAX);
		memmove(&list->items[i + 1], &list->items[i],
		    (list->n - i) * sizeof(list->items[0]));
		list->n++;
	}
	list->items[i] = (struct ad_item){ tag, der };
}

static inline void
ad_drop(struct ad_list *list, uint32_t tag)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].tag == tag) {
			list->n--;
			memmove(&list->items[i], &list->items[i + 1],
			    (list->n - i) * sizeof(list->items[0]));
			return;
		}
	ck_abort_msg("no tag %u", tag);
}

/* An OCTET STRING of text. */
static inline struct slice
ad_text(const char *text)
{
	struct buf b = buf_in(cx->arena, 8192);

	der_put_text(&b, DER_OCTET_STRING, text);
	return buf_slice(&b);
}

/* A package "a" of version 7 and its signer. */
static inline struct slice
ad_application(size_t n_packages, size_t n_signers)
{
	struct buf b = buf_in(cx->arena, 8192);
	size_t octets = der_open(&b, DER_OCTET_STRING);
	size_t outer = der_open(&b, DER_SEQUENCE);
	size_t set = der_open(&b, DER_SET);
	uint8_t digest[32] = { 0x5a };

	for (size_t i = 0; i < n_packages; i++)
		put_bytes(&b, hx("3006" "040161" "020107"));
	der_close(&b, set);
	set = der_open(&b, DER_SET);
	for (size_t i = 0; i < n_signers; i++)
		der_put(&b, DER_OCTET_STRING, SLICE_OF(digest));
	der_close(&b, set);
	der_close(&b, outer);
	der_close(&b, octets);
	ck_assert(!b.bad);
	return buf_slice(&b);
}

/* RootOfTrust, 32 bytes of each hash. */
static inline struct slice
ad_root(bool locked, unsigned state, bool hash)
{
	uint8_t bytes[32];
	struct buf b = buf_in(cx->arena, 256);
	size_t at = der_open(&b, DER_SEQUENCE);
	uint8_t value = (uint8_t)state;

	memset(bytes, 0x11, sizeof(bytes));
	der_put(&b, DER_OCTET_STRING, SLICE_OF(bytes));
	der_put_bool(&b, locked);
	der_put(&b, DER_ENUMERATED, SLICE(&value, 1));
	memset(bytes, 0x22, sizeof(bytes));
	if (hash)
		der_put(&b, DER_OCTET_STRING, SLICE_OF(bytes));
	der_close(&b, at);
	return buf_slice(&b);
}

static inline void
ad_put_list(struct buf *b, const struct ad_list *list)
{
	size_t at = der_open(b, DER_SEQUENCE);

	for (size_t i = 0; i < list->n; i++) {
		uint32_t tag = list->items[i].tag;
		size_t inner;

		if (tag <= 30) {
			inner = der_open(b, DER_CONTEXT(tag));
		} else {
			/* The writer's tags are one byte: the length goes
			 * after the others by hand. */
			put_u8(b, 0xbf);
			if (tag >= 1u << 14)
				put_u8(b, (uint8_t)(0x80 | tag >> 14));
			if (tag >= 1u << 7)
				put_u8(b, (uint8_t)(0x80 | (tag >> 7 & 0x7f)));
			inner = der_open(b, (uint8_t)(tag & 0x7f));
		}
		put_bytes(b, list->items[i].der);
		der_close(b, inner);
	}
	der_close(b, at);
}

static inline struct slice
ad_der(void)
{
	struct buf b = buf_in(cx->arena, 8192);
	uint8_t levels[2] = { (uint8_t)ad.level, (uint8_t)ad.keymint_level };
	size_t at;

	if (ad.whole.n > 0)
		return ad.whole;
	at = der_open(&b, DER_SEQUENCE);
	der_put_uint(&b, ad.version);
	der_put(&b, DER_ENUMERATED, SLICE(levels, 1));
	der_put_uint(&b, ad.keymint_version);
	der_put(&b, DER_ENUMERATED, SLICE(levels + 1, 1));
	der_put(&b, DER_OCTET_STRING, ad.challenge);
	der_put(&b, DER_OCTET_STRING, SLICE_NONE);
	ad_put_list(&b, &ad.software);
	ad_put_list(&b, &ad.hardware);
	put_bytes(&b, ad.tail);
	der_close(&b, at);
	put_bytes(&b, ad.after);
	ck_assert(!b.bad);
	return buf_slice(&b);
}

/* Lists that fit a P-256 key of a locked device. */
static inline void
ad_begin(void)
{
	memset(&ad, 0, sizeof(ad));
	ad.version = ad.keymint_version = 300;
	ad.level = ad.keymint_level = 1;
	ad.challenge = SLICE_OF(nonce);
	ad_set(&ad.software, 701, hx("020601923075e492"));
	ad_set(&ad.software, 709, ad_application(1, 1));
	ad_set(&ad.hardware, 1, hx("3103020102"));
	ad_set(&ad.hardware, 2, hx("020103"));
	ad_set(&ad.hardware, 3, hx("02020100"));
	ad_set(&ad.hardware, 5, hx("3106020106020104"));
	ad_set(&ad.hardware, 10, hx("020101"));
	ad_set(&ad.hardware, 503, hx("0500"));
	ad_set(&ad.hardware, 702, hx("020100"));
	ad_set(&ad.hardware, 704, ad_root(true, 0, true));
	ad_set(&ad.hardware, 705, hx("02030222e0"));
	ad_set(&ad.hardware, 706, hx("02030316a8"));
	ad_set(&ad.hardware, 713, ad_text("SN-1"));
	ad_set(&ad.hardware, 718, hx("02040134d9a5"));
	ad_set(&ad.hardware, 719, hx("02040134d9a6"));
}

/* The leaf's extensions, anew for each certificate that is made. */
static inline void
ad_extend(struct make_cert *leaf)
{
	leaf->n_exts = 0;
	if (!ad.absent)
		maker_extension(leaf, ANDROID_OID, ad_der());
	if (ad.twice)
		maker_extension(leaf, ANDROID_OID, ad_der());
	for (size_t i = 0; i < leaf->n_exts; i++)
		leaf->exts[i].critical = false;
}

/* A chain as from a factory: leaf, the attesting key, intermediate, root. */
static inline void
android_begin(void)
{
	maker_begin("android-key", ANDROID_CERTS);
	send_signature = false;
	certs[0].ca = -1;
	ad_begin();
}

#endif
