/* SPDX-License-Identifier: Apache-2.0 */
/* What two people decide, seen from the doors of what is decided. */
#ifndef DAAPKI_SERVER_REST_PROPOSAL_H
#define DAAPKI_SERVER_REST_PROPOSAL_H

#include "authority/proposal.h"
#include "server/http.h"

/*
 * In place of doing it: propose it and answer 202 with the proposal and its
 * Location.  Takes spec->params.  tenant: of the request, or NULL for kinds of
 * the platform.
 * ERR_EXISTS	it is proposed already
 */
struct err	rest_proposal_make(struct ctx *, const struct authority *,
		    const struct http_request *, const struct tenant *,
		    const struct proposal_spec *);

#endif
