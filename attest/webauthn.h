/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebAuthn attestation objects (W3C Web Authentication, 6.5 and 8), as ACME's
 * device-attest-01 sends them too: what is in one, and the statements.
 */
#ifndef DAAPKI_ATTEST_WEBAUTHN_H
#define DAAPKI_ATTEST_WEBAUTHN_H

#include "attest/chain.h"
#include "codec/cbor.h"

#define WEBAUTHN_OBJECT_MAX	65536u
#define WEBAUTHN_KEY_AUTH_MAX	512u	/* token.thumbprint (RFC 8555, 8.1) */
#define WEBAUTHN_SIGNATURE_MAX	1024u
#define WEBAUTHN_CREDENTIAL_MAX	1023u	/* bytes of a credential ID */
#define WEBAUTHN_AAGUID_SIZE	16u
#define WEBAUTHN_HASH_SIZE	32u

/* Flags of authenticator data (6.1). */
enum webauthn_flag {
	WEBAUTHN_USER_PRESENT	= 1 << 0,
	WEBAUTHN_USER_VERIFIED	= 1 << 2,
	WEBAUTHN_BACKUP_POSSIBLE = 1 << 3,
	WEBAUTHN_BACKED_UP	= 1 << 4,
	WEBAUTHN_CREDENTIAL	= 1 << 6,
	WEBAUTHN_EXTENSIONS	= 1 << 7,
};

/* Authenticator data with an attested credential; slices borrow. */
struct webauthn_auth {
	struct slice	whole;
	struct slice	rp_id_hash, aaguid, credential_id;
	struct slice	spki;		/* of the credential's key */
	uint8_t		flags;
	uint32_t	sign_count;
};

struct webauthn_kind;

struct webauthn {
	const struct webauthn_kind *kind;
	/* One of these two; the other is empty. */
	struct slice		 key_authorization;	/* ACME */
	struct slice		 client_data_hash;
	struct webauthn_auth	 auth;	/* whole is empty in ACME */
	/* The statement; what its format has not is empty. */
	bool			 has_alg;
	int64_t			 alg;	/* COSE */
	X509			**x5c;
	size_t			 n_x5c;
	struct slice		 signature;
	struct slice		 cert_info, pub_area;	/* tpm */
	struct slice		 attested;	/* SPKI; empty: not known here */
};

/* What a statement proved. */
struct webauthn_proof {
	bool		in_hardware;	/* the key attested is */
	struct slice	identifier;	/* of the device; empty when not said */
	X509		*issuer;	/* of the leaf, where name() counts */
	struct claims	*claims;	/* to which more is added */
	char		hardware_id[HARDWARE_ID_MAX];	/* where it does not */
};

/* One statement format. */
struct webauthn_kind {
	const char	*fmt;
	/* May it be over a key authorization, over client data? */
	bool		 in_acme, with_client_data;
	/*
	 * The statement's members, and the key it is of.
	 * ERR_EV_MALFORMED, ERR_EV_UNSUPPORTED
	 */
	struct err	(*read)(struct ctx *, const struct cbor *statement,
			    struct webauthn *);
	/*
	 * Chain, signature, that it was made for what it should be, and the
	 * profile of the certificate.  out's members begin empty.
	 * ERR_EV_*
	 */
	struct err	(*verify)(struct ctx *, const struct webauthn *,
			    const struct appraisal *,
			    struct webauthn_proof *out);
	/*
	 * The device that the leaf names, whatever is asked for; empty when it
	 * names none.  NULL: the kind names none, or has an ID of its own.
	 */
	struct slice	(*name)(struct ctx *, const struct webauthn *);
	/* The hardware ID by certificates of which nothing is verified; "" when
	 * it is not shown.  NULL: it is made of issuer and name. */
	void		(*identify)(struct ctx *, X509 *const *chain, size_t n,
			    char out[static HARDWARE_ID_MAX]);
};

extern const struct webauthn_kind webauthn_android_key, webauthn_apple,
    webauthn_packed, webauthn_step, webauthn_tpm;

/*
 * Read authenticator data: 6.1 and 6.5.1, canonical CBOR.
 * ERR_EV_MALFORMED	not exactly that, or without a credential
 * ERR_EV_UNSUPPORTED	a credential's key of a kind not known here
 * ERR_EV_PROPERTY	that key is weak; no user was present
 */
struct err	webauthn_auth_read(struct ctx *, struct slice,
		    struct webauthn_auth *out);

/* Members of a statement, taken one by one. */
struct statement_in {
	struct ctx		*cx;
	const struct cbor	*map;
	struct err		 err;
	size_t			 n_taken;
};
/* The value of that kind; NULL when absent, which fails where need says so. */
const struct cbor *statement_take(struct statement_in *, const char *key,
		    enum cbor_kind, enum cbor_need);
/* alg, where need says so or it is there; sig and x5c, which must be there. */
void		statement_alg(struct statement_in *, enum cbor_need,
		    struct webauthn *);
void		statement_signature(struct statement_in *, struct webauthn *);
void		statement_x5c(struct statement_in *, enum cbor_need,
		    enum chain_leaf,
		    struct webauthn *);
/* ERR_EV_MALFORMED: the first failure, or a member that nobody took. */
struct err	statement_done(struct statement_in *);

/* What a signature is made over: the key authorization, or authenticator data
 * and hash of the client's data. */
struct slice	webauthn_message(struct ctx *, const struct webauthn *);
/* SHA-256 of it. */
struct slice	webauthn_message_hash(struct ctx *, const struct webauthn *);

/*
 * Did the certificate's key sign that, by that algorithm (COSE; one of the
 * key's)?
 * ERR_EV_UNSUPPORTED	an algorithm that is not taken here
 * ERR_EV_SIGNATURE	no, or by an algorithm of other keys
 */
struct err	webauthn_check_signature(struct ctx *, X509 *, int64_t alg,
		    struct slice message, struct slice signature);

/* Is the credential's key, if there is one, the certificate's?
 * ERR_EV_MISMATCH */
struct err	webauthn_check_credential(struct ctx *,
		    const struct webauthn *, struct slice spki);

/*
 * id-fido-gen-ce-aaguid (8.2.1), where the certificate has it:
 * that of the authenticator data.  A critical one is no extension known here.
 * ERR_EV_MALFORMED, ERR_EV_MISMATCH
 */
struct err	webauthn_check_aaguid(struct ctx *, X509 *,
		    const struct webauthn *);

/*
 * SPKI of the key in a value of format webauthn.  ACME appraises with the key
 * authorization as a raw nonce, and compares this with the request that it
 * finalizes.
 */
struct slice	webauthn_attested(const void *value);

#endif
