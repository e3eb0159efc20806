/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of table ca; lists and failures as db/tenant.h says. */
#ifndef DAAPKI_DB_CA_H
#define DAAPKI_DB_CA_H

#include "db/db.h"

#define CA_ABOVE_MAX	4u	/* certificates above a CA under a root that is
				 * not ours */
#define CA_SIGNED_MAX	256u	/* cross-certificates of one tenant */

/*
 * Words of the table.  role: "root", "issuing", "server".  state: "requested",
 * "staged", "active", "retiring", "retired", "tainted", "revoked", "expired".
 * Times that are not known, or not planned, are 0.
 */
struct db_ca {
	int64_t		 id;
	int64_t		 tenant_id;
	const char	*tenant;	/* its name; read only */
	const char	*role, *state;
	int64_t		 parent_id;	/* 0: a root, or under another's root */
	struct slice	 key_id;	/* SubjectKeyIdentifier */
	struct slice	 serial;	/* big-endian, positive */
	struct slice	 certificate;	/* DER; empty while requested */
	struct slice	 sealed;	/* the signer's record of the key */
	int64_t		 not_before_s, not_after_s, created_s;
	const char	*algorithm;	/* "p256"; NULL stands for it */
	bool		 own_root;	/* the tenant's own root signs it */
	struct slice	 csr;		/* DER; of own_root only */
	int64_t		 staged_s, activate_s, activated_s;
	int64_t		 retire_s, retired_s, tainted_s, revoked_s;
	int		 revoke_reason;	/* RFC 5280, 5.3.1 */
	int64_t		 warned_s;	/* its successor was asked for */
	int64_t		 changed_s;
	int64_t		 look_s;	/* 0: the upkeep need not look */
	int64_t		 revision;	/* read only; 0: not read */
};

struct err	db_ca_insert(struct ctx *, struct db_tx *,
		    const struct db_ca *, int64_t *out_id);
struct err	db_ca_by_key_id(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct slice key_id,
		    struct db_ca *out);
struct err	db_ca_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t after, size_t most, struct db_ca **out,
		    size_t *out_n);
/* The one of that role that is staged or active; a state that several may have
 * must not be asked for. */
struct err	db_ca_of_state(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *role, const char *state,
		    struct db_ca *out, bool *out_found);
/* ERR_NOT_FOUND */
struct err	db_ca_state(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t id, const char **out);
/* How many CAs of that role the tenant has had. */
struct err	db_ca_count(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *role, int64_t *out);
/* The one under it with that serial. */
struct err	db_ca_under(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t parent_id, struct slice serial,
		    struct db_ca *out, bool *out_found);
/* How many under it are staged, active, retiring or tainted. */
struct err	db_ca_count_under(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, int64_t *out);
/*
 * Write the state, the times from activate_s to look_s and the reason.
 * ERR_CONFLICT	its state is not old_state any more
 * ERR_EXISTS		another one of its role is active, or staged
 */
struct err	db_ca_update(struct ctx *, struct db_tx *,
		    const struct db_ca *, const char *old_state);
/*
 * What was requested has its certificate and is staged: key_id, serial,
 * certificate, sealed, validity, staged_s and look_s are written.
 * ERR_CONFLICT	it is not requested any more
 * ERR_EXISTS		another one is staged, or that key id is taken
 */
struct err	db_ca_adopt(struct ctx *, struct db_tx *,
		    const struct db_ca *);
/* Its record sealed anew.  ERR_CONFLICT	it is not ca->sealed any more */
struct err	db_ca_seal_set(struct ctx *, struct db_tx *,
		    const struct db_ca *, struct slice sealed);
struct err	db_ca_look_set(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, int64_t look_s);

/* The certificates above a CA under the tenant's own root, its issuer first. */
struct err	db_ca_above_add(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, size_t position,
		    struct slice certificate);
/* out has room for CA_ABOVE_MAX. */
struct err	db_ca_above_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, struct slice *out,
		    size_t *out_n);

/* What a CA signed besides CAs and leaves. */
struct db_ca_signed {
	int64_t		 id;
	int64_t		 tenant_id;
	int64_t		 ca_id;		/* that signed it */
	const char	*kind;		/* "cross", "proof", "ocsp", "result" */
	struct slice	 serial;
	struct slice	 key_id;	/* of the key that is certified */
	struct slice	 certificate;
	int64_t		 not_before_s, not_after_s, created_s;
	/* "ocsp", "result": the signer's record of its key.  Only
	 * db_ca_signed_add() and db_ca_signed_key() look at it. */
	struct slice	 sealed;
};
/* ERR_EXISTS */
struct err	db_ca_signed_add(struct ctx *, struct db_tx *,
		    const struct db_ca_signed *);
struct err	db_ca_signed_find(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t ca_id, struct slice serial,
		    bool *out_found);
/* At most CA_SIGNED_MAX, the oldest first. */
struct err	db_ca_signed_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *kind,
		    struct db_ca_signed **out, size_t *out_n);

/* The last of that kind and CA whose key is there; out->sealed is empty
 * without. */
struct err	db_ca_signed_key(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t ca_id, const char *kind,
		    struct db_ca_signed *out);

/* Of any tenant: for the service itself, never for a door. */
/* Keys of "ocsp" and "result" certificates that ended before now_s. */
struct err	db_ca_signed_forget(struct ctx *, struct db_tx *,
		    int64_t now_s);
struct err	db_ca_by_id(struct ctx *, struct db_tx *, int64_t id,
		    struct db_ca *out);
struct err	db_ca_any_by_key_id(struct ctx *, struct db_tx *,
		    struct slice key_id, struct db_ca *out);
struct err	db_ca_all(struct ctx *, struct db_tx *, int64_t after,
		    size_t most, struct db_ca **out, size_t *out_n);
/* Those whose look_s has come, the longest overdue first. */
struct err	db_ca_due(struct ctx *, struct db_tx *, int64_t now_s,
		    size_t most, int64_t **out_ids, size_t *out_n);

#endif
