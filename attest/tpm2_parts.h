/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats with TPM evidence share. */
#ifndef DAAPKI_ATTEST_TPM2_PARTS_H
#define DAAPKI_ATTEST_TPM2_PARTS_H

#include "attest/certify.h"
#include "attest/pcr.h"

/* A quote, the registers it is over, what explains them, and a key. */
struct tpm2_quoted {
	struct tpm_attest	quote;
	struct tpm_signature	quote_signature;
	struct pcrs		pcrs;
	bool			has_log;
	struct event_log	log;
	struct certify		key;
};

/* Read the members quote, quote_signature, pcrs, event_log and key; failures
 * are in's. */
void		tpm2_quoted_read(struct json_in *in, struct tpm2_quoted *out);
/*
 * Is the quote by this AK, for this appraisal, and over these registers; and
 * the key, if there is one?  Adds hardware_key and key_name.
 * ERR_EV_*	certify_check_attest()'s, certify_check_nonce()'s,
 *		pcr_check_quote()'s, certify_verify()'s
 */
struct err	tpm2_quoted_verify(struct ctx *, const char *format,
		    const struct tpm2_quoted *, const struct ak *,
		    const struct appraisal *, struct claims *);
/*
 * Does the event log give the registers?  Adds what it, the registers and the
 * quote say.
 * ERR_EV_*	event_log_replay()'s
 */
struct err	tpm2_quoted_registers(struct ctx *, const struct tpm2_quoted *,
		    struct claims *);


/* "tpm-ek:" and the hash in hex. */
void		tpm2_hardware_id(const uint8_t spki_sha256[static 32],
		    char out[static HARDWARE_ID_MAX]);
/*
 * For an AK that is believed by itself: "tpm-ak-cert:" and the SHA-256 of the
 * SPKI in its certificate, or, without one, "tpm-ak:" and its name; in hex.  ""
 * when there is neither, or the name is not of SHA-256.
 */
void		tpm2_ak_hardware_id(struct ctx *, const struct ak_shown *,
		    char out[static HARDWARE_ID_MAX]);
/* ek_certified and what the certificate says of the TPM. */
void		tpm2_claim_ek(struct claims *, const struct ek *);
/* SPKI of the key in a value of format azure-cvm; empty when it has none. */
struct slice	azure_cvm_attested(const void *value);
/* SPKI of the key in a value of format tpm2-key. */
struct slice	tpm2_key_attested(const void *value);

#endif
