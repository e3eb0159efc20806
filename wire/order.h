/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation between daad and daa-signer.
 *
 * A frame is: length be32 (of what follows), type be16, tag be64, body.  daad
 * sends orders, the signer sends one answer with the same tag for each, in any
 * order.  A body is read to its last byte; a malformed order means that the
 * sender is broken or owned, so the signer says so and closes.
 *
 * There is no order to sign given bytes.  Each order carries the facts, the
 * signer makes the object.  Lengths from the other side are foreign lengths.
 */
#ifndef DAAPKI_WIRE_ORDER_H
#define DAAPKI_WIRE_ORDER_H

#include "base/ctx.h"
#include "base/text.h"

#define WIRE_VERSION		1u
#define WIRE_HEADER_SIZE	14u
#define WIRE_FRAME_MAX		(12u * 1024u * 1024u)	/* a CRL of 200,000 entries */
#define WIRE_SEALED_MAX		8192u
#define WIRE_SPKI_MAX		1100u		/* RSA-4096 and some room */
#define WIRE_URL_MAX		255u
#define WIRE_DNS_NAMES_MAX	16u
#define WIRE_CRL_ENTRIES_MAX	200000u
#define WIRE_CERT_MAX		8192u
#define WIRE_SERIAL_SIZE	16u		/* a fixed positive byte and 15 random ones */
#define WIRE_JOURNAL_MAX	512u		/* entries in one answer */
#define WIRE_DETAIL_MAX		512u		/* words about a refusal */
#define WIRE_HOST_MAX		253u		/* a DNS name in text form */
#define WIRE_OBJECT_MAX		(WIRE_FRAME_MAX - 16u * 1024u)
#define WIRE_KEY_ID_MAX		32u

/* Key algorithms of CAs. */
enum ca_alg { CA_ALG_P256 = 1, CA_ALG_P384, CA_ALG_ED25519 };

/* What a CA key may do; sealed with it. */
enum ca_role {
	CA_ROLE_ROOT = 1,	/* signs issuing CAs of its tenant, and their CRL */
	CA_ROLE_ISSUING,	/* signs device leaves and their CRL */
	CA_ROLE_SERVER,		/* signs this service's own TLS certificates */
};

enum order_type {
	ORDER_HELLO = 1,
	ORDER_MAKE_CA,
	ORDER_ISSUE,
	ORDER_SIGN_CRL,
	ORDER_READ_JOURNAL,
};

/* The first order of a connection; nothing else is taken before it. */
struct order_hello { uint32_t version; };

/*
 * Make a key and its CA certificate.  A root has no parent; an issuing or
 * server CA is signed by parent, a root of the same tenant.
 */
struct order_make_ca {
	const char	*tenant;
	uint8_t		 role, alg;
	const char	*common_name;	/* O is the tenant */
	int64_t		 not_before_s, not_after_s;
	uint32_t	 leaf_max_s;	/* sealed: longest life of a leaf */
	struct slice	 parent;	/* sealed record; empty for a root */
	const char	*crl_url;	/* of the parent's CRL; "" for a root */
	const char	*aia_url;	/* of the parent's certificate; "" */
};

/* Issue one leaf.  Every name in it is made from these facts. */
struct order_issue {
	struct slice	 ca;		/* sealed record of the issuer */
	const char	*tenant;
	const char	*device_id;	/* 64 hex; "" for a server certificate */
	struct slice	 spki;		/* DER SubjectPublicKeyInfo */
	int64_t		 not_before_s, not_after_s;
	uint8_t		 hardware_key;	/* policy OID: 1 hardware, 0 software */
	const char	*crl_url, *aia_url;
	/* CA_ROLE_SERVER only: dNSName or iPAddress in text form. */
	size_t		 n_dns_names;
	const char	*dns_names[WIRE_DNS_NAMES_MAX];
};

struct order_crl_entry {
	uint8_t		 serial[WIRE_SERIAL_SIZE];
	int64_t		 revoked_s;
	uint8_t		 reason;	/* CRLReason, RFC 5280 5.3.1 */
};

struct order_sign_crl {
	struct slice	 ca;
	const char	*tenant;
	/* The least CRL number it may have: the signer takes a greater one
	 * when this CA's journal holds that number already, so numbers grow
	 * even when the database was put back to an older state. */
	uint64_t	 number;
	int64_t		 this_update_s, next_update_s;
	size_t		 n_entries;
	const struct order_crl_entry *entries;
};

/*
 * Entries with seq >= from, the oldest first: at most WIRE_JOURNAL_MAX, and
 * fewer when they are large.  Ask again from the last one's seq + 1 until an
 * answer has none.
 */
struct order_read_journal { uint64_t from; };

struct order {
	uint16_t	type;		/* enum order_type */
	uint64_t	tag;
	union {
		struct order_hello		hello;
		struct order_make_ca		make_ca;
		struct order_issue		issue;
		struct order_sign_crl		sign_crl;
		struct order_read_journal	read_journal;
	};
};

/* One journal entry, as told to daad. */
struct journal_entry {
	uint64_t	 seq;
	int64_t		 at_s;
	uint8_t		 kind;		/* enum journal_kind */
	const char	*tenant;
	struct slice	 object;	/* DER of a certificate; SHA-256 of a CRL,
					 * which can be made again */
	struct slice	 sealed;	/* of a made CA; else empty */
	struct slice	 issuer_key_id;	/* SKI of the CA that signed it; of a
					 * root its own */
	uint64_t	 crl_number;	/* of a CRL; else 0 */
};
enum journal_kind { JOURNAL_CA = 1, JOURNAL_LEAF, JOURNAL_CRL };

struct answer {
	uint16_t	type;		/* of the order it answers */
	uint64_t	tag;
	struct err	err;		/* not OK: only detail follows */
	const char	*detail;	/* for the log; never NULL once read */
	/* HELLO */
	uint32_t	version;
	uint64_t	journal_next;	/* seq that the next entry will have */
	/* MAKE_CA, ISSUE, SIGN_CRL */
	struct slice	object;		/* DER */
	struct slice	sealed;		/* MAKE_CA */
	uint64_t	seq;		/* of its journal entry */
	uint64_t	crl_number;	/* SIGN_CRL: the one it has */
	/* READ_JOURNAL */
	size_t		n_entries;
	const struct journal_entry *entries;
};

/* Append one whole frame.  ERR_INTERNAL when a limit above is broken. */
struct err	order_encode(struct ctx *, const struct order *, struct buf *);
struct err	answer_encode(struct ctx *, const struct answer *, struct buf *);

/*
 * How long the first frame in bytes is, header included: 0 while that cannot
 * be told yet.
 * ERR_ORDER_MALFORMED	longer than WIRE_FRAME_MAX or shorter than a header
 */
struct err	wire_frame_size(struct ctx *, struct slice bytes, size_t *out);

/*
 * Read exactly one frame.  Texts and arrays are in cx->arena, slices point
 * into frame.
 * ERR_ORDER_MALFORMED
 */
struct err	order_decode(struct ctx *, struct slice frame,
		    struct order *out);
struct err	answer_decode(struct ctx *, struct slice frame,
		    struct answer *out);

#endif
