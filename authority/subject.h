/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is enrolling, as the database has it in one snapshot.  A part of
 * enroll(), not an interface for doors.
 */
#ifndef DAAPKI_AUTHORITY_SUBJECT_H
#define DAAPKI_AUTHORITY_SUBJECT_H

#include "authority/authority.h"
#include "db/attestation.h"
#include "db/certificate.h"
#include "db/device.h"
#include "db/group.h"
#include "db/policy.h"
#include "db/profile.h"
#include "db/transfer.h"
#include "pki/profile.h"

struct subject {
	bool			 known;		/* there is a device row */
	bool			 claimed;	/* and a tenant: all below is set */
	struct device_row	 device;
	struct tenant		 tenant;
	struct db_group		 group;
	struct db_policy	 policy;
	struct db_profile	 profile_row;	/* of the group; parsed: */
	struct profile		 profile;
	bool			 has_attestation, has_certificate;
	struct attestation_row	 attestation;	/* the last one */
	struct certificate_row	 certificate;	/* newest, not revoked */
	/* It waits for this evidence to go to another tenant: tenant, group
	 * and what follows are the taker's, device is still the giver's. */
	bool			 moving;
	struct transfer_row	 transfer;
};

/*
 * Look a device up by hardware ID, or by device ID where it was claimed so and
 * never enrolled.  Either may be NULL.
 * ERR_STORAGE
 */
struct err	subject_find(struct ctx *, const struct authority *,
		    const char *hardware_id, const char *device_id,
		    struct subject *out);
/* The same of who shows fresh evidence: the subject may be moving. */
struct err	subject_find_proved(struct ctx *, const struct authority *,
		    const char *hardware_id, const char *device_id,
		    struct subject *out);

#endif
