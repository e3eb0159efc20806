/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators' bearer tokens: "daapki_" and 43 characters of base64url, which are
 * 32 random bytes.  Only their keyed hash is kept, so a stolen database opens
 * nothing.
 */
#ifndef DAAPKI_AUTHORITY_TOKEN_H
#define DAAPKI_AUTHORITY_TOKEN_H

#include "authority/authority.h"
#include "db/token.h"

#define TOKEN_PREFIX		"daapki_"
#define TOKEN_SECRET_SIZE	32u
#define TOKEN_USED_STEP_S	60	/* last use is noted that often at most */

#define TOKEN_CERTIFICATE_MAX	600u	/* letters of its match */
#define TOKEN_OVERLAP_MAX_S	(7 * 86400)	/* of a rotation */

struct token_spec {
	const char	*name;
	enum role	 role;
	int64_t		 expires_s;	/* 0: never */
	const char	*group;		/* NULL: every group of the tenant */
	const char	*person;	/* who will use it; NULL: the name */
	/* A client certificate that stands for it, and then there is no
	 * secret: "sha256:" and 64 hex digits; "san:dns:", "san:email:" or
	 * "san:uri:" and that name; or "subject:" and the subject as RFC 4514
	 * writes it.  NULL: a secret. */
	const char	*certificate;
};

#define TOKEN_NAMES_MAX	4u
/* What a client certificate may be named by: its hash in hex, and its names, as
 * a token's certificate has them. */
struct token_certificate {
	const char	*sha256;
	const char	*names[TOKEN_NAMES_MAX];
	size_t		 n_names;
};

/*
 * Make a token of a tenant, or of the platform (tenant NULL).  out_text is
 * shown once: it cannot be had again.
 * ERR_FIELD	a role that there is not of a tenant, or of the platform; a
 *		group with a role that audits, or that the tenant has not; an
 *		expiry that is past
 * ERR_CONFLICT	role_lineage()
 */
struct err	token_create(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct token_spec *, struct db_token *out,
		    const char **out_text);
/* The first one, of the platform's administrator: for `daad init`. */
struct err	token_create_first(struct ctx *, const struct authority *,
		    const char **out_text);

/*
 * Give a token a new secret.  The old one is good for overlap_s more, one from
 * before that for no longer.  expires_s: when it ends now, 0 never, -1 as it
 * was.  Who rotates it is then who made it.
 * ERR_NOT_FOUND	also when it is revoked
 * ERR_FIELD		an expiry that is past
 * ERR_CONFLICT		it has expired, and no new end is given
 */
struct token_rotation { int64_t id, overlap_s, expires_s; };
struct err	token_rotate(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct token_rotation *, struct db_token *out,
		    const char **out_text);

/*
 * Who has this token.
 * ERR_AUTH_TOKEN	unknown, expired or revoked: which of these is not told
 */
struct err	token_authenticate(struct ctx *, const struct authority *,
		    const char *text, struct principal *out);

/*
 * Who has this client certificate, which was verified.  Its hash goes before
 * its names, and these go in their order.
 * ERR_AUTH_CERTIFICATE	nobody, or it is expired or revoked
 */
struct err	token_authenticate_certificate(struct ctx *,
		    const struct authority *,
		    const struct token_certificate *, struct principal *out);

/* Revoked ones too: they are history. */
struct err	token_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct db_token **out, size_t *out_n, int64_t *out_next);
/* From the commit on it is not valid.  ERR_NOT_FOUND */
struct err	token_revoke(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id);

#endif
