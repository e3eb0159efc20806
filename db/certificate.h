/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device certificates: every one that was ever issued, for ever.
 *
 * (CA, serial) is unique; what is revoked stays revoked.  Every function can
 * fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_CERTIFICATE_H
#define DAAPKI_DB_CERTIFICATE_H

#include "db/db.h"
#include "db/device.h"

#define CERTIFICATE_SERIAL_MAX	20u	/* bytes; RFC 5280, 4.1.2.2 */

struct certificate_row {
	int64_t		 id;
	int64_t		 tenant_id;
	int64_t		 ca_id;
	struct slice	 ca_key_id;	/* read only; not looked at by insert */
	struct slice	 serial;	/* big-endian content bytes */
	const char	*device_id;
	struct slice	 spki_sha256;
	bool		 hardware_key;
	int64_t		 not_before_s, not_after_s, issued_s;
	struct slice	 der;
	bool		 recovered;	/* brought in from the journal */
	int64_t		 revoked_s;	/* 0: not revoked */
	int		 revoke_reason;	/* RFC 5280, 5.3.1 */
	unsigned	 shard;		/* of the CRL it names: db/crl.h */
	int64_t		 profile_id;	/* that version; 0: not known */
	const char	*profile;	/* read only, as ca_key_id: its name, */
	int64_t		 profile_version;	/* or NULL, and version */
	const struct certificate_basis *basis;	/* certificate_get() only:
						 * db/basis.h; or NULL */
};

/*
 * Every member but id and those that are read only is stored; revoked_s of 0 is not revoked.
 * ERR_EXISTS	that CA has used that serial
 */
struct err	db_certificate_insert(struct ctx *, struct db_tx *,
		    const struct certificate_row *, int64_t *out_id);

/* By CA and serial, whoever has it: for recovery and client authentication. */
struct err	db_certificate_find(struct ctx *, struct db_tx *, int64_t ca_id,
		    struct slice serial, struct certificate_row *out,
		    bool *out_found);
/*
 * For client authentication: as db_certificate_find, and the row of the device
 * named in it.  Found also when revoked, expired, banned or released: the
 * caller decides, and must hold that out_device->tenant_id is the
 * certificate's tenant.
 */
struct err	db_certificate_client(struct ctx *, struct db_tx *,
		    int64_t ca_id, struct slice serial,
		    struct certificate_row *out, struct device_row *out_device,
		    bool *out_found);
/* The newest one of a device of that tenant that is not revoked: for pacing. */
struct err	db_certificate_newest(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *device_id,
		    struct certificate_row *out, bool *out_found);

/* --- revocation ------------------------------------------------------ */

/* *out_changed false: it was revoked already, and nothing was written. */
struct err	db_certificate_revoke(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t certificate, int reason,
		    int64_t at_s, bool *out_changed);
/* What was revoked, for revoked_tell() of authority/revoked.h. */
struct revoked_one { int64_t ca_id; unsigned shard; struct slice serial; };
struct revoked_list { struct revoked_one *items; size_t n; };
/* Revoke each certificate of a device that is neither revoked nor expired at
 * at_s. */
struct err	db_certificate_revoke_device(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *device_id, int reason,
		    int64_t at_s, struct revoked_list *out);

/* The same for each certificate that a CA signed. */
struct err	db_certificate_revoke_ca(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t ca_id, int reason,
		    int64_t at_s, struct revoked_list *out);

/* When the last certificate of a CA ends; 0 when it signed none. */
struct err	db_certificate_end_of_ca(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t ca_id, int64_t *out_s);

/* --- as operators see them ------------------------------------------- */

struct certificate_filter {
	const char	*device_id;	/* NULL: any */
	int64_t		 ca_id;		/* 0: any; not with device_id */
	int64_t		 since_s;	/* with ca_id: not expired then */
	int		 revoked;	/* 1: revoked, 0: not revoked, -1: all */
	int64_t		 group_id;	/* with neither: of devices that are in
					 * that group now; 0: any */
	int64_t		 after;
	unsigned	 limit;
};

struct err	db_certificate_by_serial(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct slice serial,
		    struct certificate_row *out, bool *out_found);
/* Certificates that are looked at for a page of a tenant's (db/look.h). */
#define CERTIFICATE_LOOK_MAX	4000u
/* der is left empty.  out_next: the cursor of the next page; 0: this is the
 * last one. */
struct err	db_certificate_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct certificate_filter *,
		    struct certificate_row **out, size_t *out_n,
		    int64_t *out_next);

#endif
