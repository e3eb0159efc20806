/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What daad may know of the signer's records, which it keeps for it: they are
 * sealed, but in which HSM a key is stands in the clear (signer/sealed.h).
 */
#ifndef DAAPKI_WIRE_RECORD_H
#define DAAPKI_WIRE_RECORD_H

#include "base/ctx.h"

/* The name of the HSM that has the record's key, in the arena; "" when the key
 * is sealed in it, or when it is no record. */
const char	*record_key_store(struct arena *, struct slice record);

#endif
