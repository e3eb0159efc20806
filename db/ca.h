/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of table ca; lists and failures as db/tenant.h says. */
#ifndef DAAPKI_DB_CA_H
#define DAAPKI_DB_CA_H

#include "db/db.h"

/* Role and state are words of the table: "root", "issuing", "server"; "active",
 * "retired", "revoked". */
struct db_ca {
	int64_t		 id;
	int64_t		 tenant_id;
	const char	*tenant;	/* its name; read only */
	const char	*role, *state;
	int64_t		 parent_id;	/* 0: a root */
	struct slice	 key_id;	/* SubjectKeyIdentifier */
	struct slice	 serial;	/* big-endian, positive */
	struct slice	 certificate;	/* DER */
	struct slice	 sealed;	/* the signer's record of the key */
	int64_t		 not_before_s, not_after_s, created_s;
	uint64_t	 crl_number;	/* last one taken; 0: none yet */
	int64_t		 crl_next_update_s;	/* 0: no CRL yet */
};

struct err	db_ca_insert(struct ctx *, struct db_tx *,
		    const struct db_ca *, int64_t *out_id);
struct err	db_ca_by_key_id(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct slice key_id,
		    struct db_ca *out);
struct err	db_ca_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t after, size_t most, struct db_ca **out,
		    size_t *out_n);

/* Of any tenant: for the service itself, never for a door. */
struct err	db_ca_by_id(struct ctx *, struct db_tx *, int64_t id,
		    struct db_ca *out);
struct err	db_ca_any_by_key_id(struct ctx *, struct db_tx *,
		    struct slice key_id, struct db_ca *out);
struct err	db_ca_all(struct ctx *, struct db_tx *, int64_t after,
		    size_t most, struct db_ca **out, size_t *out_n);

/* The CRL kept last, DER; SLICE_NONE while there is none. */
struct err	db_ca_crl(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t id, struct slice *out);
/* Put a number aside before it is signed, so that numbers only grow.
 * ERR_CONFLICT	that number or a higher one was taken before */
struct err	db_ca_crl_number_take(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, uint64_t number);
/* ERR_CONFLICT	a higher number is there */
struct err	db_ca_crl_set(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t id, uint64_t number, struct slice crl,
		    int64_t next_update_s);

#endif
