/* SPDX-License-Identifier: Apache-2.0 */
/* CAs and bundles as operators see them. */
#ifndef DAAPKI_SERVER_REST_CA_H
#define DAAPKI_SERVER_REST_CA_H

#include "authority/ca.h"
#include "codec/json.h"

#define REST_ALGORITHM_MAX	16u	/* characters of a name */

/* A new array of them. */
json_t	*rest_cas_json(struct ctx *, const struct authority *,
	    const struct db_ca *, size_t n);

#endif
