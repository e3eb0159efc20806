/* SPDX-License-Identifier: Apache-2.0 */
/* Device certificates as credentials. */
#ifndef DAAPKI_AUTHORITY_CLIENT_H
#define DAAPKI_AUTHORITY_CLIENT_H

#include "authority/authority.h"

/* The device behind a client certificate that was checked against its
 * tenant's chain, its validity and its revocation. */
struct client_device {
	struct tenant	 tenant;
	const char	*device_id;
	struct slice	 certificate;	/* DER, as long as the caller's */
	int64_t		 certificate_id;
	struct slice	 serial;
};

/*
 * Check a certificate that TLS has proved possession of: one of our issuing
 * CAs signed it, it is valid now, it is in the database, not revoked, and its
 * device is that tenant's still.
 * ERR_CERT_REVOKED	it is revoked
 * ERR_AUTH_CERTIFICATE	anything else of this does not hold
 * ERR_STORAGE
 */
struct err	client_authenticate(struct ctx *, const struct authority *,
		    struct slice certificate, struct client_device *out);

#endif
