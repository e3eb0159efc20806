/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Tokens (RFC 7519) that an issuer of OpenID Connect, or of access
 * tokens (RFC 9068), gives to people and programs.  Whose keys to believe is the
 * caller's to know.
 */
#ifndef DAAPKI_PKI_JWT_H
#define DAAPKI_PKI_JWT_H

#include "pki/jwk.h"
#include "pki/jws.h"

#define JWT_BYTES_MAX		12288u	/* of a token as text */
#define JWT_PAYLOAD_MAX		8192u	/* decoded */
#define JWT_SUBJECT_MAX		255u	/* OpenID Connect Core 1.0, 2: sub */
#define JWT_ISSUER_MAX		200u
#define JWT_AUDIENCES_MAX	32u
#define JWT_AUDIENCE_MAX	256u
#define JWT_SKEW_S		60	/* that clocks may be apart */
#define JWT_LIFE_MAX_S		86400	/* from iat, or now, to exp */

struct jwt {
	struct jws	 jws;
	const json_t	*claims;	/* the payload; goes with cx->arena */
	const char	*issuer, *subject;
	int64_t		 expires_s;
	int64_t		 not_before_s;	/* 0: not said */
	int64_t		 issued_s;	/* 0: not said */
};

/*
 * Read one, believing nothing of it: typ is JWT, at+jwt or not said; the
 * members above are what they should be, exp, iss, sub and aud among them.
 * ERR_AUTH_TOKEN
 */
struct err	jwt_parse(struct ctx *, const char *text, struct jwt *out);
/* Is it meant for that audience? */
bool		jwt_is_for(const struct jwt *, const char *audience);
/*
 * Which of n keys it must be signed by: the one with its kid and a kind that
 * its alg goes with; when it says no kid, the only one that alg goes with.
 * SIZE_MAX	none
 */
size_t		jwt_key_of(const struct jwt *, const struct jwk *, size_t n);
/*
 * Is now within its life, and is this not too long?
 * ERR_AUTH_TOKEN	the caller may be told which
 */
struct err	jwt_check_time(struct ctx *, const struct jwt *);
/*
 * Is value that of a claim, or in its array?  A name that is no member, and has
 * a dot, is a member of a member: realm_access.roles.
 */
bool		jwt_claims(const struct jwt *, const char *name,
		    const char *value);

#endif
