/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats tdx and azure-cvm share of trust domains. */
#ifndef DAAPKI_ATTEST_TDX_H
#define DAAPKI_ATTEST_TDX_H

#include "attest/dcap.h"

/*
 * Does that hold which holds for every TD on a production module, whatever
 * Intel says of it?
 * ERR_EV_PROPERTY	no
 */
struct err	tdx_check(struct ctx *, const struct td_report *);
/* Measurements and attributes. */
void		tdx_claim(struct claims *, const struct td_report *);

#endif
