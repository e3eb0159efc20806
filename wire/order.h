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

#include "base/ar4si.h"
#include "base/ctx.h"
#include "base/text.h"

#define WIRE_VERSION		5u
#define WIRE_HEADER_SIZE	14u
#define WIRE_FRAME_MAX		(56u * 1024u * 1024u)	/* a CRL of a million entries */
#define WIRE_SEALED_MAX		8192u
#define WIRE_SPKI_MAX		1100u		/* RSA-4096 and some room */
#define WIRE_URL_MAX		255u
#define WIRE_DNS_NAMES_MAX	16u
#define WIRE_CRL_ENTRIES_MAX	1000000u
#define WIRE_REVOKED_MAX	256u		/* in one journal entry */
#define WIRE_CERT_MAX		8192u
#define WIRE_SERIAL_SIZE	16u		/* a fixed positive byte and 15 random ones */
#define WIRE_JOURNAL_MAX	512u		/* entries in one answer */
#define WIRE_DETAIL_MAX		512u		/* words about a refusal */
#define WIRE_HOST_MAX		253u		/* a DNS name in text form */
#define WIRE_OBJECT_MAX		(WIRE_FRAME_MAX - 16u * 1024u)
#define WIRE_KEY_ID_MAX		32u
#define WIRE_CHAIN_MAX		4u		/* above an adopted CA */
#define WIRE_OCSP_ENTRIES_MAX	64u		/* in one response */
#define WIRE_OCSP_NONCE_MAX	128u		/* RFC 9654, 2.1 */
#define WIRE_OCSP_MAX		(24u * 1024u)	/* bytes of one response */
#define WIRE_PROOF_NONCE_MAX	64u
/* What people call the key store whose name is empty here. */
#define WIRE_KEY_STORE_SEALED	"sealed"
#define WIRE_RESULT_MAX		(24u * 1024u)	/* bytes of a signed result */
#define WIRE_RESULT_FORMAT_MAX	32u
#define WIRE_RESULT_NONCE_MAX	88u
#define WIRE_SHA256_SIZE	32u
#define CERT_SERIAL_ANY_MAX	20u		/* RFC 5280, 4.1.2.2 */

/* Key algorithms of CAs. */
enum ca_alg {
	CA_ALG_P256 = 1, CA_ALG_P384, CA_ALG_ED25519,
	CA_ALG_RSA2048, CA_ALG_RSA3072, CA_ALG_RSA4096,
};

/* What a CA key may do; sealed with it. */
enum ca_role {
	CA_ROLE_ROOT = 1,	/* signs issuing CAs of its tenant, and their CRL */
	CA_ROLE_ISSUING,	/* signs device leaves and their CRL */
	CA_ROLE_SERVER,		/* signs this service's own TLS certificates */
	CA_ROLE_PENDING,	/* waits for somebody else's certificate; signs
				 * nothing, and no order makes it but REQUEST_CA */
	CA_ROLE_OCSP,		/* signs OCSP responses of one CA and nothing
				 * else; no order makes it but DELEGATE */
	CA_ROLE_RESULT,		/* signs attestation results of its tenant and
				 * nothing else; likewise */
};

/* What an issuing CA may do besides; bits, sealed with its key. */
enum ca_flag {
	CA_MAY_EDGE = 1 << 0,	/* sign edge CAs: pathLen 1 in place of 0 */
};
#define CA_FLAGS_ALL		0x01u

enum order_type {
	ORDER_HELLO = 1,
	ORDER_MAKE_CA,
	ORDER_ISSUE,
	ORDER_SIGN_CRL,
	ORDER_READ_JOURNAL,
	ORDER_REQUEST_CA,
	ORDER_ADOPT_CA,
	ORDER_CROSS_SIGN,
	ORDER_SIGN_OCSP,
	ORDER_PROVE,
	ORDER_RESEAL,
	ORDER_CHECKPOINT,
	ORDER_DELEGATE,
	ORDER_NOTE_REVOKED,
	ORDER_SIGN_RESULT,
	ORDER_NOTE_AUDIT,
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
	uint8_t		 flags;		/* enum ca_flag; CA_ROLE_ISSUING only */
	const char	*common_name;	/* O is the tenant */
	int64_t		 not_before_s, not_after_s;
	uint32_t	 leaf_max_s;	/* sealed: longest life of a leaf */
	const char	*key_store;	/* an HSM's name; "": a sealed key */
	struct slice	 parent;	/* sealed record; empty for a root */
	const char	*crl_url;	/* of the parent's CRL; "" for a root */
	const char	*aia_url;	/* of the parent's certificate; "" */
};

/*
 * Make the key of an issuing CA whose root is the tenant's own affair: the
 * answer's object is a CSR (PKCS#10), its sealed record is good for adoption
 * only.
 */
struct order_request_ca {
	const char	*tenant;
	uint8_t		 alg;
	uint8_t		 flags;		/* enum ca_flag */
	const char	*common_name;
	uint32_t	 leaf_max_s;
	const char	*key_store;	/* an HSM's name; "": a sealed key */
};

/*
 * Take the certificate that somebody else made for such a key: it must be of
 * that key, a CA's with pathLen 0 (1 with CA_MAY_EDGE) and the right to sign
 * certificates and CRLs, signed by chain[0], each of chain by the next, the
 * last by itself.  The answer's sealed record is an issuing CA's.
 */
struct order_adopt_ca {
	struct slice	 pending;	/* sealed record of ORDER_REQUEST_CA */
	const char	*tenant;
	struct slice	 certificate;	/* DER */
	size_t		 n_chain;
	struct slice	 chain[WIRE_CHAIN_MAX];	/* its issuer first */
};

/*
 * Certify the key and name of another root of the same tenant (RFC 4210, 4.4:
 * OldWithNew, NewWithOld), for as long as both live.
 */
struct order_cross_sign {
	struct slice	 ca;		/* sealed record of the signing root */
	struct slice	 subject;	/* sealed record of the other root */
	const char	*tenant;
	const char	*crl_url, *aia_url;	/* of the signing root */
};

/* What a leaf says; bits. */
enum leaf_flag {
	LEAF_HARDWARE_KEY	= 1 << 0,	/* policy OID; else software */
	LEAF_CLIENT_AUTH	= 1 << 1,
	LEAF_SERVER_AUTH	= 1 << 2,
	LEAF_NO_REV_AVAIL	= 1 << 3,	/* RFC 9608: then no CRLDP, OCSP */
	LEAF_SAN_URN		= 1 << 4,	/* urn:daapki:<tenant>:device:<id> */
	LEAF_SAN_PERMANENT_ID	= 1 << 5,	/* RFC 4043 */
	LEAF_SAN_HARDWARE_NAME	= 1 << 6,	/* RFC 4108, 5 */
	/* A device's own short-lived CA (IoT Edge): pathLen 0; subjects that
	 * extend its own, hosts below dns_names, URIs in spiffe_domain, and no
	 * other names; only where the issuer's record says CA_MAY_EDGE.  Its
	 * CRL is the complete one: shards hold user certificates only. */
	LEAF_EDGE_CA		= 1 << 7,
};
#define LEAF_FLAGS_ALL		0xffu

/* Issue one leaf.  Every name in it is made from these facts. */
struct order_issue {
	struct slice	 ca;		/* sealed record of the issuer */
	const char	*tenant;
	const char	*device_id;	/* 64 hex; "" for a server certificate */
	struct slice	 spki;		/* DER SubjectPublicKeyInfo */
	int64_t		 not_before_s, not_after_s;
	uint8_t		 flags;		/* enum leaf_flag; 0 for a server */
	const char	*crl_url, *aia_url, *ocsp_url;	/* "": left out */
	/* "" or a SPIFFE ID's trust domain: spiffe://<domain>/device/<id> takes
	 * the place of LEAF_SAN_URN */
	const char	*spiffe_domain;
	/* CA_ROLE_SERVER: dNSName or iPAddress in text form.  LEAF_EDGE_CA:
	 * the DNS names at or below which it may name hosts; none: no hosts. */
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
	/* "" for the complete CRL, else the URL of the shard: then the CRL has
	 * a critical issuingDistributionPoint (RFC 5280, 5.2.5) with it. */
	const char	*shard_url;
	size_t		 n_entries;
	const struct order_crl_entry *entries;
};

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

struct order_ocsp_entry {
	uint8_t		 serial[CERT_SERIAL_ANY_MAX];
	uint8_t		 n_serial;	/* a stranger's serial has any length */
	uint8_t		 status;	/* enum ocsp_status */
	uint8_t		 sha256;	/* CertID hashed by SHA-256, else SHA-1 */
	int64_t		 revoked_s;	/* OCSP_REVOKED */
	uint8_t		 reason;
};

/* One basic OCSP response (RFC 6960), byKey, signed by the CA itself or by a
 * key that it has delegated: then its certificate is in the response. */
struct order_sign_ocsp {
	struct slice	 ca;		/* or the record of DELEGATE */
	const char	*tenant;
	int64_t		 this_update_s, next_update_s;
	struct slice	 nonce;		/* RFC 9654: 1 to 128 bytes; or empty */
	size_t		 n_entries;
	const struct order_ocsp_entry *entries;
};

/*
 * Make a key that may do one thing for a CA, until then.  CA_ROLE_OCSP: sign
 * OCSP responses (RFC 6960, 4.2.2.2), with a key of the CA's own algorithm.
 * CA_ROLE_RESULT: sign attestation results, with a P-256 key; of an issuing CA.
 */
struct order_delegate {
	struct slice	 ca;
	const char	*tenant;
	uint8_t		 role;
	int64_t		 not_before_s, not_after_s;
};

/*
 * An attestation result in EAR form, as a JWT.  These are the facts of struct
 * ear (pki/ear.h); when it is issued the signer takes from its own clock.
 */
struct order_sign_result {
	struct slice	 key;		/* the record of DELEGATE */
	const char	*tenant, *device_id, *format;
	int64_t		 attested_s;
	uint8_t		 tier, vector[AR4SI_ELEMENTS];
	const char	*group;
	uint64_t	 policy_version;
	struct slice	 policy_sha256;	/* WIRE_SHA256_SIZE */
	const char	*nonce;		/* "" for none */
	uint32_t	 life_s;	/* it ends so long from now */
};

/*
 * A short certificate over a relying party's nonce, CN = nonce: the proof that
 * this service holds the CA's key (Azure IoT Hub, AWS IoT).  Its key is made
 * for it and thrown away.
 */
struct order_prove {
	struct slice	 ca;
	const char	*tenant;
	const char	*nonce;		/* 1 to 64 of printable ASCII */
};

/* Seal a record of the old master key again under the new one; a record of the
 * new one comes back as it is.  Only while the signer runs with both. */
struct order_reseal { struct slice record; };

/*
 * Put into the journal that a CA's certificates are revoked, before a list
 * that shows it is signed: so that a database that is put back to an older
 * state can learn it again.
 */
struct order_note_revoked {
	struct slice	 ca;		/* sealed record of their issuer */
	const char	*tenant;
	size_t		 n_entries;	/* 1 to WIRE_REVOKED_MAX */
	const struct order_crl_entry *entries;
};

/*
 * Put into the journal what the audit was at that time: the root of a tree over
 * the heads of its chains (codec/ledger.h).  The answer's checkpoint is not the
 * journal's: its seq is that of the entry, its hash the root, and what is
 * signed is ledger_statement().
 */
struct order_note_audit {
	struct slice	 root;		/* WIRE_SHA256_SIZE */
	uint32_t	 n_chains;	/* not 0 */
	int64_t		 at_s;
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
		struct order_request_ca		request_ca;
		struct order_adopt_ca		adopt_ca;
		struct order_cross_sign		cross_sign;
		struct order_sign_ocsp		sign_ocsp;
		struct order_prove		prove;
		struct order_reseal		reseal;
		struct order_note_revoked	note_revoked;
		struct order_delegate		delegate;
		struct order_sign_result	sign_result;
		struct order_note_audit		note_audit;
	};
};

/* One journal entry, as told to daad. */
struct journal_entry {
	uint64_t	 seq;
	int64_t		 at_s;
	uint8_t		 kind;		/* enum journal_kind */
	const char	*tenant;
	struct slice	 object;	/* DER of a certificate; SHA-256 of a CRL,
					 * which can be made again; revocations
					 * as revoked_put() packs them; of an
					 * audit audit_state_put() */
	struct slice	 sealed;	/* of a made CA or delegate; else empty */
	struct slice	 issuer_key_id;	/* SKI of the CA that signed it; of a
					 * root its own */
	uint64_t	 crl_number;	/* of a CRL; else 0 */
};
/* PROOF: the certificate of ORDER_PROVE.  CROSS: of ORDER_CROSS_SIGN.  OCSP,
 * RESULT: of ORDER_DELEGATE; OCSP responses are not in the journal: they say
 * nothing that was not signed.  Nor are attestation results: they give no
 * rights, and end within a day.  AUDIT: of ORDER_NOTE_AUDIT. */
enum journal_kind {
	JOURNAL_CA = 1, JOURNAL_LEAF, JOURNAL_CRL, JOURNAL_CROSS,
	JOURNAL_PROOF, JOURNAL_OCSP, JOURNAL_REVOKED, JOURNAL_RESULT,
	JOURNAL_AUDIT,
};

/* The journal's state, signed by the log key (Ed25519) of this signer. */
struct journal_checkpoint {
	uint64_t	 seq;		/* of the last entry */
	int64_t		 at_s;
	struct slice	 hash;		/* 32 bytes: the chain's end */
	struct slice	 public_key;	/* 32 bytes */
	struct slice	 signature;	/* 64 bytes, over the text form that
					 * signer/checkpoint.h describes */
};

struct answer {
	uint16_t	type;		/* of the order it answers */
	uint64_t	tag;
	struct err	err;		/* not OK: only detail follows */
	const char	*detail;	/* for the log; never NULL once read */
	/* HELLO */
	uint32_t	version;
	uint64_t	journal_next;	/* seq that the next entry will have */
	/* MAKE_CA, ISSUE, SIGN_CRL, REQUEST_CA, CROSS_SIGN, SIGN_OCSP, PROVE,
	 * DELEGATE, SIGN_RESULT */
	struct slice	object;		/* DER; SIGN_RESULT: a JWT */
	/* MAKE_CA, REQUEST_CA, ADOPT_CA, RESEAL, DELEGATE */
	struct slice	sealed;
	/* of its journal entry; 0 for REQUEST_CA, SIGN_OCSP, SIGN_RESULT;
	 * NOTE_REVOKED has nothing else */
	uint64_t	seq;
	uint64_t	crl_number;	/* SIGN_CRL: the one it has */
	/* READ_JOURNAL */
	size_t		n_entries;
	const struct journal_entry *entries;
	/* CHECKPOINT, NOTE_AUDIT */
	struct journal_checkpoint checkpoint;
};

/* Append one whole frame.  ERR_INTERNAL when a limit above is broken. */
struct err	order_encode(struct ctx *, const struct order *, struct buf *);
struct err	answer_encode(struct ctx *, const struct answer *, struct buf *);

/* The object of a JOURNAL_REVOKED entry.  At most WIRE_REVOKED_MAX. */
void		revoked_put(struct buf *, const struct order_crl_entry *,
		    size_t n);
/* Entries in cx->arena.  ERR_ORDER_MALFORMED */
struct err	revoked_read(struct ctx *, struct slice object,
		    struct order_crl_entry **out, size_t *out_n);

/* The object of a JOURNAL_AUDIT entry. */
void		audit_state_put(struct buf *, const struct order_note_audit *);
/* The root points into object.  ERR_ORDER_MALFORMED */
struct err	audit_state_read(struct ctx *, struct slice object,
		    struct order_note_audit *out);

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
