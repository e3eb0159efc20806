/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the certificates of a DICE chain say of the layers they stand for: TCG
 * DICE Attestation Architecture 1.1 (TcbInfo, MultiTcbInfo, UEID, conceptual
 * message wrapper), RIoT's composite device ID that came before it under the
 * same identifier, and Google's Open Profile for DICE.
 */
#ifndef DAAPKI_ATTEST_DICE_H
#define DAAPKI_ATTEST_DICE_H

#include "attest/attest.h"
#include "pki/ossl.h"

#define DICE_COMPONENTS_MAX	16u	/* of one layer */
#define DICE_FWIDS_MAX		8u	/* of one component */
#define DICE_TEXT_MAX		64u	/* vendor, model, version */
#define DICE_UEID_MAX		64u

/* OperationalFlags (DICE Attestation Architecture, 6.1.1): bit n is 1 << n. */
enum dice_flag {
	DICE_NOT_CONFIGURED = 1 << 0, DICE_NOT_SECURE = 1 << 1,
	DICE_RECOVERY = 1 << 2, DICE_DEBUG = 1 << 3,
};
#define DICE_FLAGS_TOLD \
	(DICE_NOT_CONFIGURED | DICE_NOT_SECURE | DICE_RECOVERY | DICE_DEBUG)

/* Texts NULL, slices empty where nothing is said. */
struct dice_component {
	const char	*vendor, *model, *version;
	bool		 has_svn, has_layer;
	uint64_t	 svn, layer;
	struct slice	 fwids[DICE_FWIDS_MAX];	/* digests */
	size_t		 n_fwids;
	uint32_t	 flags;		/* enum dice_flag */
	uint32_t	 flags_known;	/* which of them are stated */
	struct slice	 authority;	/* Open DICE: who signed the code */
};

struct dice_layer {
	bool			 says;	/* any of the extensions is there */
	bool			 is_open;	/* Open DICE */
	bool			 is_identity;	/* a UEID, or an identity EKU */
	struct dice_component	 components[DICE_COMPONENTS_MAX];
	size_t			 n_components;
	struct slice		 device_key;	/* RIoT: SPKI of the device ID */
	struct slice		 ueid;
	struct slice		 message;	/* conceptual message, or empty */
};

/* Extensions of these kinds, for chain_verify_reading(). */
extern const char *const dice_critical[];

/*
 * Read what a certificate says.
 * ERR_EV_MALFORMED	an extension of those above that is not as its standard
 *			has it, or is there twice
 */
struct err	dice_layer_read(struct ctx *, X509 *, struct dice_layer *out);

/*
 * The digest in a RIoT composite device ID inside a subjectAltName, where older
 * certificates have it.
 * ERR_EV_MALFORMED
 */
struct err	dice_riot_name_read(struct ctx *, struct slice general_names,
		    struct slice *out_fwid);

#endif
