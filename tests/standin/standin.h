/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that exist only in a folder, for tests and for the examples of
 * doc/formats: hardware that a reader need not have.  All of one, keys included,
 * follows from a seed in its folder, so it can be made again at each call.
 */
#ifndef DAAPKI_TESTS_STANDIN_H
#define DAAPKI_TESTS_STANDIN_H

#include <openssl/evp.h>

#include "base/ctx.h"
#include "codec/json.h"

struct standin {
	struct ctx	*cx;		/* its randomness is the device's */
	struct ctx	*own;		/* the program's; same arena and trail */
	const char	*folder;
	int64_t		 made_s;	/* when the device was made */
	bool		 first;		/* it is being made: files are written */
	uint8_t		 nonce[32];
	struct slice	 spki;		/* DER, of the certificate's key */
	struct slice	 covered;	/* report data, 64 bytes, in their place */
	EVP_PKEY	*key;		/* that key, if the device has it; else NULL */
	bool		 debug;		/* it can be looked into */
	bool		 old;		/* it was not updated */
};

struct standin_kind {
	const char	*name;		/* of the device */
	const char	*format;	/* of its evidence */
	/* Evidence for nonce and spki; the caller has the reference.  Writes
	 * what an operator registers when the device is new. */
	json_t		*(*make)(struct standin *);
};

extern const struct standin_kind standin_kinds[];

/* From the time that makers make things for (MAKE_AT) to that of this device. */
int64_t		standin_shift(const struct standin *, int64_t at_s);
/* The binding hash of that format: 32 or 64 bytes. */
struct slice	standin_binding(const struct standin *, const char *format,
		    size_t n);
void		standin_random(const struct standin *, void *p, size_t n);

/* Files beside the device, when it is new: as they are, or as PEM. */
void		standin_file(const struct standin *, const char *name,
		    struct slice);
void		standin_pem(const struct standin *, const char *name,
		    const char *label, const struct slice *ders, size_t n);
/* End the program: the device cannot do that. */
_Noreturn void	standin_die(const char *why);

/* One a kind. */
json_t		*standin_android(struct standin *);
json_t		*standin_azure_cvm(struct standin *);
json_t		*standin_azure_cvm_tdx(struct standin *);
json_t		*standin_cca(struct standin *);
json_t		*standin_dice(struct standin *);
json_t		*standin_idevid(struct standin *);
json_t		*standin_key(struct standin *);
json_t		*standin_openenclave(struct standin *);
json_t		*standin_optee(struct standin *);
json_t		*standin_psa(struct standin *);
json_t		*standin_sgx(struct standin *);
json_t		*standin_snp(struct standin *);
json_t		*standin_snp_bare(struct standin *);
json_t		*standin_tdx(struct standin *);
json_t		*standin_tpm2_key(struct standin *);
json_t		*standin_webauthn(struct standin *);
json_t		*standin_webauthn_android(struct standin *);

#endif
