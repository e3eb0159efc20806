/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log key: Ed25519, made at the first start, in the file log.key beside
 * the journal, sealed under the master key:
 *
 *	magic "DAL1", public key (32),		in the clear
 *	nonce (24), seed (32) and tag		XChaCha20-Poly1305
 *
 * A master key that does not open it is not the one of this journal.
 */
#ifndef DAAPKI_SIGNER_LOGKEY_H
#define DAAPKI_SIGNER_LOGKEY_H

#include "base/bytes.h"
#include "signer/master.h"

#define LOG_KEY_FILE		"log.key"
#define LOG_PUBLIC_SIZE		32u
#define LOG_SIGNATURE_SIZE	64u

struct log_key;

/*
 * Open the one in folder; make it when there is none.  What only the old
 * master key opens is sealed again under the new one.
 * ERR_CONFIG	the master key is not the one of this folder
 * ERR_IO
 */
struct err	log_key_open(struct ctx *, const char *folder,
		    const struct master *, struct log_key **out);
/* Wipes it.  NULL is nothing. */
void		log_key_free(struct log_key *);

/*
 * The public half, as the file of the folder has it in the clear; empty when
 * there is no file.
 * ERR_CONFIG	it is not of that form
 */
struct err	log_key_read_public(struct ctx *, const char *folder,
		    struct slice *out);

/* LOG_PUBLIC_SIZE bytes. */
struct slice	log_key_public(const struct log_key *);
void		log_key_sign(const struct log_key *, struct slice text,
		    uint8_t out[static LOG_SIGNATURE_SIZE]);
bool		log_key_verify(struct slice public_key, struct slice text,
		    struct slice signature);

#endif
