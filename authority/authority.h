/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service does, a file per use case.  No HTTP, no SQL: a door calls
 * one function here, and these call attest/, policy/, pki/, the signer and db/.
 *
 * Every function takes the context and the authority first.  Results are in
 * cx->arena.
 */
#ifndef DAAPKI_AUTHORITY_AUTHORITY_H
#define DAAPKI_AUTHORITY_AUTHORITY_H

#include "base/ctx.h"
#include "base/text.h"
#include "db/db.h"

struct signer;		/* authority/signer.h: the way to daa-signer */
struct issuers;		/* authority/issuers.h: CAs of tenants, kept in memory */
struct crls;		/* authority/crls.h: their revocation lists */
struct responder;	/* authority/responder.h: OCSP */
struct delegates;	/* authority/delegate.h: keys that do one thing for a CA */
struct trust_cache;
struct audit_keeper;	/* authority/audit.h */
struct seen;		/* attest/seen.h */
struct operations;	/* authority/operation.h: long work */
struct courier;		/* authority/courier.h: the way to the outside */
struct courier_conf;
struct dispatch;	/* authority/dispatch.h: sends webhooks */
struct feed;		/* authority/feed.h: who waits for events */
struct oidc;		/* authority/oidc.h: issuers of JWTs */
struct oidc_fetch;
struct upkeep;		/* authority/upkeep.h: what is done by time */
struct signer_conf;

#define CRL_SHARDS_MAX	64u	/* of one CA */

/* Keys of this service that are not CA keys; made by `daad init`. */
struct authority_keys {
	uint8_t	nonce[32];	/* MAC of nonces */
	uint8_t	seal[32];	/* pending activations that travel sealed */
	uint8_t	token[32];	/* keyed hash of bearer tokens */
};

/* What a claim has to prove: authority/claim_proof.h. */
enum claim_proof {	/* each is stricter than the one before */
	CLAIM_PROOF_NONE, CLAIM_PROOF_SECRET, CLAIM_PROOF_CONSENT,
	CLAIM_PROOF_COUNT,
};

struct authority_limits {
	int64_t		nonce_life_s;
	int64_t		activation_life_s;
	int64_t		crl_life_s;		/* nextUpdate - thisUpdate */
	unsigned	crl_shards;		/* of an issuing CA; 0: none */
	int64_t		ocsp_life_s;		/* as crl_life_s */
	bool		ocsp_in_leaves;		/* their AIA names the responder */
	bool		ocsp_delegated;		/* authority/delegate.h */
	int64_t		ocsp_signer_life_s;	/* of such a key */
	int64_t		result_life_s;		/* of an attestation result */
	int64_t		result_key_life_s;	/* of the key that signs it */
	int64_t		cache_age_s;		/* caches may keep either so long */
	unsigned	reports_per_day;	/* events a device and day */
	int64_t		ca_root_life_s, ca_issuing_life_s;
	bool		ca_rollover_auto;	/* authority/rollover.h */
	int64_t		ca_announce_s;		/* from staged to active */
	int64_t		collateral_warn_s;	/* before it lapses */
	int64_t		anchor_warn_s;		/* before it ends */
	int64_t		receipt_life_s;		/* authority/receipt.h */
	int64_t		recovery_wait_s;	/* authority/recovery.h */
	int64_t		transfer_undo_s;	/* authority/transfer.h; 0: none */
	int64_t		release_undo_s;		/* claim_restore(); 0: none */
	bool		transfer_evidence;	/* asked for by every offer */
	enum claim_proof claim_proof;
	int64_t		consent_life_s;		/* authority/consent.h */
	int64_t		operation_keep_s;	/* after its end */
	int64_t		event_keep_s;		/* in the feed */
	int64_t		certificate_warn_s;	/* before a device's ends */
	unsigned	two_person;	/* authority/proposal.h: kinds */
	int64_t		proposal_life_s;
	int64_t		audit_anchor_s;		/* between two checkpoints */
	int64_t		issuer_refresh_s;	/* authority/oidc_fetch.h */
	int64_t		webhook_give_up_s;	/* failing for so long: disabled */
	unsigned	evidence_cache_mb;	/* attest/seen.h; 0: none */
};

struct authority {
	const struct log		*log;	/* for threads of its own */
	struct db			*db;
	struct signer			*signer;
	struct issuers			*issuers;
	struct crls			*crls;
	struct responder		*responder;
	struct delegates		*delegates;
	struct operations		*operations;
	struct feed			*feed;
	struct courier			*courier;	/* NULL: there is none */
	struct dispatch			*dispatch;	/* as courier */
	struct oidc			*oidc;
	struct oidc_fetch		*oidc_fetch;	/* as courier */
	struct upkeep			*upkeep;
	struct audit_keeper		*audit;	/* NULL: refusals are not kept */
	struct trust_cache		*trust;	/* authority/anchor.h */
	struct seen			*seen;	/* attest/seen.h; NULL: off */
	const struct authority_keys	*keys;
	struct authority_limits		 limits;
	const char			*status_url;	/* "http://host:8080" */
	const char *const		*names;	/* of this server, in its TLS */
	size_t				 n_names;	/* certificate */
};

struct authority_conf {
	const struct log		*log;
	struct db_conf			 db;
	const struct signer_conf	*signer;
	const struct courier_conf	*courier;	/* NULL: none */
	const struct authority_keys	*keys;	/* both must outlive it */
	const char			*status_url;
	const char *const		*names;	/* as keys */
	size_t				 n_names;
	struct authority_limits		 limits;
};

/*
 * Open the database, connect to the signer, bring in what the journal knows
 * and the database does not, load the CAs, and start what runs by time.
 * ERR_STORAGE, ERR_SIGNER_GONE, ERR_JOURNAL
 */
struct err	authority_open(struct ctx *, const struct authority_conf *,
		    struct authority **out);
/* No call may be under way.  NULL is nothing. */
void		authority_close(struct authority *);

/* The reserved tenant whose CA makes the service's own TLS certificates. */
#define TENANT_PLATFORM	"platform"

/* A tenant that was looked up: the one way to name one below the doors. */
struct tenant {
	int64_t	id;
	char	name[TEXT_NAME_MAX + 1];
	bool	is_deleted;	/* authority/tenant_delete.h */
};

enum role {		/* what each may: authority/role.h */
	ROLE_READER, ROLE_AUDITOR, ROLE_CONTRIBUTOR, ROLE_OWNER, ROLE_ADMIN,
	ROLE_COUNT,
};

/* Who is asking on the operator plane. */
struct principal {
	int64_t		 token_id;	/* 0: it showed no token */
	enum role	 role;
	int64_t		 tenant_id;	/* 0: the platform */
	const char	*name;		/* for events and logs */
	/*
	 * The credential, in a form that no other ever has ("token:7"); one
	 * that is rotated stays the same.
	 */
	const char	*id;
	/* Who stands behind it, and who stands behind those who made it, one a
	 * line, the nearest first: authority/role.h. */
	const char	*person, *lineage;
	/* 0: every group.  Else nothing but what is of that group is its. */
	int64_t		 group_id;
	const char	*group;		/* that group's name, or NULL */
};

/* One page of a list: items with an ID above after, at most limit. */
struct page { int64_t after; unsigned limit; };

#define PAGE_LIMIT_DEFAULT	100u
#define PAGE_LIMIT_MAX		1000u

#endif
