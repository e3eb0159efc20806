/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endorsement keys: what is shown of one, and whether to believe it (TCG EK
 * Credential Profile for TPM Family 2.0).
 */
#ifndef DAAPKI_ATTEST_EK_H
#define DAAPKI_ATTEST_EK_H

#include "attest/chain.h"
#include "attest/tpm_key.h"

#define EK_NV_MAX	ATTEST_CERT_MAX	/* content of an NV index */
#define EK_TEXT_MAX	128u		/* model, version */

/* As it was sent; nothing is checked but form. */
struct ek_shown {
	bool		 shown;		/* any of it */
	X509		*certificate;	/* or NULL */
	X509		**chain;
	size_t		 n_chain;
	bool		 has_public;	/* a TPMT_PUBLIC was sent */
	struct tpm_public public;
	/* SHA-256 of the key's SPKI; has_key is false when the key is not of
	 * a kind that is known here. */
	bool		 has_key;
	uint8_t		 spki_sha256[32];
};

/* One that was verified. */
struct ek {
	struct tpm_public public;	/* sent, or made by template */
	struct slice	 spki;
	uint8_t		 spki_sha256[32];
	bool		 certified;	/* else: from the inventory */
	char		 manufacturer[9];	/* "49465800", or "" */
	const char	*model, *version;	/* NULL when not said */
};

/*
 * Read the members ek_certificate (DER, or the content of an NV index: prefix
 * 10 01 00 and a size, or one byte repeated after it), ek_chain and ek_public
 * of an object.  Failures are in's.
 */
void		ek_read(struct json_in *in, struct ek_shown *out);
/* The same without ek_public, and with ek_certificate required. */
void		ek_read_certificate(struct json_in *in, struct ek_shown *out);

/*
 * Believe the key shown: by its certificate up to an anchor, with the profile
 * of EK certificates, or because it is one of known_eks (SHA-256 of SPKIs).
 * Both: a certificate that leads to no anchor is let pass for a known key.
 * ERR_EV_*	chain_verify()'s
 * ERR_HW_UNKNOWN	no certificate, and not known
 * ERR_EV_PROPERTY	not an EK certificate, or a key that is not an EK, weak
 * ERR_EV_MISMATCH	certificate and public are of two keys, or the maker is
 *			not one of trust->manufacturers
 * ERR_EV_UNSUPPORTED	a kind of key that is not known here
 */
struct err	ek_verify(struct ctx *, const struct ek_shown *,
		    const struct trust *, int64_t at_s,
		    const uint8_t (*known_eks)[32], size_t n_known_eks,
		    struct ek *out);

/*
 * The public area of the key shown, believed or not: what a credential is made
 * for.  Certificate and public, where both are shown, must be of one key.
 * ERR_EV_MALFORMED	no key was shown
 * ERR_EV_MISMATCH, ERR_EV_PROPERTY, ERR_EV_UNSUPPORTED
 */
struct err	ek_public(struct ctx *, const struct ek_shown *,
		    struct tpm_public *out);

/*
 * Cut the certificate out of an NV index's content.
 * ERR_EV_MALFORMED	no certificate at the start, or what follows it is not
 *			one byte repeated
 */
struct err	ek_unwrap_nv(struct ctx *, struct slice nv, struct slice *out);

/*
 * The TPMT_PUBLIC that a standard template (TCG EK profile, B.3, B.4) gives for
 * a key: "L-1" ... "H-7", or NULL for the usual one of that key.
 * ERR_EV_UNSUPPORTED	no such template, or not for that key
 */
struct err	ek_template(struct ctx *, const struct tpm_public *key,
		    const char *name, struct tpm_public *out);

/*
 * The TPM attributes that a certificate has in subjectAltName (EK profile, 3.2.9):
 * out's manufacturer, model and version.
 * ERR_EV_PROPERTY	one is missing (unless trust allows it), or is not
 *			written as it should be
 * ERR_EV_MISMATCH	a maker that the anchors may not certify
 */
struct err	ek_check_names(struct ctx *, X509 *, const struct trust *,
		    struct ek *out);

/* Is that a TPM maker of the TCG Vendor ID Registry (simulators are not)? */
bool		ek_manufacturer_is_registered(uint32_t id);

#endif
