/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed lists of parts by their makers, into the platform's inventory.
 *
 * A manifest is a JWS in compact form whose payload is NDJSON, an object a
 * part: hardware_id, and where there are such public_key, model, batch and
 * claim_secret.  Its header's kid names the key, which an administrator has
 * registered: the SHA-256 of its SubjectPublicKeyInfo in hex.
 */
#ifndef DAAPKI_AUTHORITY_MANIFEST_H
#define DAAPKI_AUTHORITY_MANIFEST_H

#include "authority/authority.h"
#include "authority/operation.h"
#include "db/claim_proof.h"

#define MANIFEST_BYTES_MAX	(64u * 1024u * 1024u)	/* of the JWS */
#define MANIFEST_LINE_MAX	4096u			/* of one part */
#define MANIFEST_KEY_NAME_MAX	200u
#define MANIFEST_TYP		"daapki-manifest"

/* ERR_FIELD: not a key that signs manifests; ERR_EXISTS */
struct err	manifest_key_add(struct ctx *, const struct authority *,
		    const struct principal *, const char *name,
		    struct slice spki, struct manifest_key_row *out);
struct err	manifest_key_list(struct ctx *, const struct authority *,
		    struct page, struct manifest_key_row **out,
		    size_t *out_n);
/* What it signed stays.  ERR_NOT_FOUND */
struct err	manifest_key_delete(struct ctx *, const struct authority *,
		    const struct principal *, int64_t id);

/*
 * Verify a manifest and take its parts in, as an operation of the platform
 * with an outcome for each line: added, known (what is said of it is taken),
 * or refused.
 * ERR_MALFORMED	no manifest
 * ERR_MANIFEST		not signed by a registered key
 */
struct err	manifest_import(struct ctx *, const struct authority *,
		    const struct principal *, struct slice text,
		    struct operation_row *out);

#endif
