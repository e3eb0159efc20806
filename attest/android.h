/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Android key attestation: the key description in a leaf certificate
 * (extension 1.3.6.1.4.1.11129.2.1.17), and what it must say of a key.
 * Shared by the formats android-key and webauthn.
 */
#ifndef DAAPKI_ATTEST_ANDROID_H
#define DAAPKI_ATTEST_ANDROID_H

#include "attest/chain.h"

#define ANDROID_TEXT_MAX	128u	/* bytes of a brand, a serial number, ... */
#define ANDROID_BYTES_MAX	4096u	/* of any other OCTET STRING */
#define ANDROID_PACKAGES_MAX	64u	/* that share one user ID */

/* SecurityLevel; the order is that of strength. */
enum android_level { ANDROID_SOFTWARE, ANDROID_TEE, ANDROID_STRONGBOX };

/* What is asked for of an authorization list. */
enum android_item {
	ANDROID_PURPOSE, ANDROID_ALGORITHM, ANDROID_KEY_SIZE, ANDROID_EC_CURVE,
	ANDROID_RSA_EXPONENT, ANDROID_ALL_APPLICATIONS, ANDROID_ORIGIN,
	ANDROID_ROOT_OF_TRUST, ANDROID_OS_VERSION, ANDROID_OS_PATCH,
	ANDROID_APPLICATION, ANDROID_BRAND, ANDROID_DEVICE, ANDROID_PRODUCT,
	ANDROID_SERIAL, ANDROID_IMEI, ANDROID_MEID, ANDROID_MANUFACTURER,
	ANDROID_MODEL, ANDROID_VENDOR_PATCH, ANDROID_BOOT_PATCH,
	ANDROID_SECOND_IMEI, ANDROID_MODULE_HASH, ANDROID_ITEMS
};

struct android_value {
	bool		present;
	uint64_t	number;		/* of a set: bit n for its member n */
	struct slice	bytes;
};

/* RootOfTrust. */
struct android_root {
	struct slice	boot_key, boot_hash;	/* hash: empty before version 3 */
	bool		device_locked;
	unsigned	boot_state;	/* 0 verified ... 3 failed */
};

struct android_list {
	struct android_value	items[ANDROID_ITEMS];
	struct android_root	root;	/* of items[ANDROID_ROOT_OF_TRUST] */
};

/* AttestationApplicationId: who asked, by the system's word. */
struct android_application {
	const char	*packages[ANDROID_PACKAGES_MAX];  /* "name:version" */
	size_t		 n_packages;
	const char	*signers[ANDROID_PACKAGES_MAX];	/* SHA-256, hex */
	size_t		 n_signers;
};

/* KeyDescription; slices borrow from the certificate. */
struct android_description {
	uint64_t		version, keymint_version;
	enum android_level	level, keymint_level;
	struct slice		challenge, unique_id;
	struct android_list	software, hardware;
	struct android_application application;
};

/*
 * The key description of a leaf, strictly DER but for the order within sets,
 * which old devices do not keep.
 * ERR_EV_PROPERTY	there is none
 * ERR_EV_MALFORMED	not exactly one, in that form
 * ERR_EV_UNSUPPORTED	a version or an authorization that is not known: it
 *			might take back what the others say
 */
struct err	android_description_read(struct ctx *, X509 *leaf,
		    struct android_description *out);

/*
 * The chain of an attested key, leaf first, to an anchor of trust: each
 * certificate issued by the next one, an anchor's own at the end if at all; all
 * but the leaf valid at at_s; a key description nowhere but in the leaf, which is
 * for signatures and issues nothing.
 * ERR_EV_CHAIN		another order, or certificates too many
 * ERR_EV_PROPERTY	a key description in another place: a key that was
 *			attested has issued certificates; or the leaf may
 * ERR_EV_UNSUPPORTED	a leaf's key of a kind that is not known here: ML-DSA
 * ERR_EV_*		chain_verify()'s
 */
struct err	android_chain_verify(struct ctx *, X509 *const *chain,
		    size_t n_chain, const struct trust *, int64_t at_s,
		    struct chain_path *out);

/*
 * Does the hardware say that the leaf's key was made in it, for signatures, and
 * which system it runs?  Nothing of the list that software enforces counts.
 * ERR_EV_PROPERTY	a software level, a key that was imported, is not for
 *			signatures, weak, or any application's; no root of trust
 * ERR_EV_MISMATCH	another algorithm, size, curve or exponent than the
 *			key's; another device than identifier (NULL: any)
 */
struct err	android_check(struct ctx *, X509 *leaf,
		    const struct android_description *, const char *identifier);

/*
 * Claims of a key that was checked; path is that of its chain.
 * ERR_EV_MALFORMED	provisioning information that cannot be read
 */
struct err	android_tell(struct ctx *, const struct chain_path *,
		    const struct android_description *, struct claims *);

/* "android:" and SHA-256 of the root's SPKI and the serial number that hardware
 * enforces; "" when the description has none. */
void		android_hardware_id(struct ctx *, X509 *root,
		    const struct android_description *,
		    char out[static HARDWARE_ID_MAX]);
/* The same of a chain of which nothing is verified; "" without its root. */
void		android_identify(struct ctx *, X509 *const *chain, size_t n,
		    char out[static HARDWARE_ID_MAX]);

#endif
