/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed CA records: a CA's private key at rest, and what it may be used for.
 *
 *	magic "DAS2", tenant be16, role u8, alg u8, flags u8, leaf_max_s be32,
 *	not_after_s be64, certificate be32,		in the clear
 *	nonce (24 bytes),
 *	private key and tag be16			XChaCha20-Poly1305
 *
 * All before the last field is authenticated with it, under a key that is
 * derived from the master key for this tenant: a record is opened whole, as it
 * was sealed, and only as that tenant's.  Records of the first form, "DAS1",
 * are the same without flags; they are read for ever and no longer written.
 *
 * A key in an HSM has a record of the form "DAS3": the same with the HSM's
 * name, key_store be16, after the certificate; and in the place of the private
 * key the ID that the key has there (16 bytes).  So which key is whose is
 * sealed like a key itself.
 */
#ifndef DAAPKI_SIGNER_SEALED_H
#define DAAPKI_SIGNER_SEALED_H

#include "signer/master.h"
#include "wire/hsm.h"

#define SEALED_PRIVATE_MAX	512u	/* the two primes of RSA-4096 */

struct sealed {
	const char	*tenant;
	uint8_t		 role;		/* enum ca_role */
	uint8_t		 alg;		/* enum ca_alg */
	uint8_t		 flags;		/* enum ca_flag */
	uint32_t	 leaf_max_s;
	int64_t		 not_after_s;
	/* DER; of CA_ROLE_PENDING the CSR, of a delegate its own certificate
	 * and after it its CA's */
	struct slice	 certificate;
	const char	*key_store;	/* an HSM's name; "": the key is here */
};

/* How many bytes the private key of an algorithm has: a scalar or seed, or the
 * two primes of an RSA key, of equal size. */
size_t		sealed_private_size(enum ca_alg);

/* private_key has the algorithm's size, or is the ID of a key in an HSM.
 * ERR_INTERNAL	it is too large */
struct err	sealed_seal(struct ctx *, const struct master *,
		    const struct sealed *, const uint8_t *private_key,
		    struct slice *out_record);

/*
 * Slices point into record.  out_private, in locked memory, has room for
 * SEALED_PRIVATE_MAX; the algorithm says how many of them count.
 * ERR_SEAL	not sealed by this master key, nor by the old one that it may
 *		have, for the tenant that it names
 */
struct err	sealed_open(struct ctx *, const struct master *,
		    struct slice record, struct sealed *out,
		    uint8_t *out_private);

/*
 * The record under the current master key: as it is when it is already, else
 * opened by the old one and sealed anew.
 * ERR_SEAL	neither opens it
 */
struct err	sealed_reseal(struct ctx *, const struct master *,
		    struct slice record, struct slice *out_record);

#endif
