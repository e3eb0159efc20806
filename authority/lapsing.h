/* SPDX-License-Identifier: Apache-2.0 */
/* Telling of devices that have not renewed in time. */
#ifndef DAAPKI_AUTHORITY_LAPSING_H
#define DAAPKI_AUTHORITY_LAPSING_H

#include "authority/authority.h"

/*
 * An event certificate.lapsing for each device in use whose certificate ends
 * within limits.certificate_warn_s, once a certificate.  One that is issued for
 * less than that is not told of.
 */
struct err	lapsing_round(struct ctx *, const struct authority *);

#endif
