/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a CRL, of which there may be a million.  A part of pki/crl.h,
 * not an interface for others. */
#ifndef DAAPKI_PKI_CRL_ENTRY_H
#define DAAPKI_PKI_CRL_ENTRY_H

#include "codec/der.h"
#include "pki/crl.h"

/* The day that was written last; zero to begin with. */
struct crl_day { int64_t day; uint8_t digits[6]; };

/* Write an entry.  The bytes are those of codec/der.h; for what nearly every
 * entry is, they are filled in where they differ from the last. */
void	crl_entry_put(struct buf *, const struct crl_entry *,
	    struct crl_day *);

/* Read one over: serial, time, and at most a reason.  What is not one, as
 * crl_entry_put() writes it, makes the reader bad. */
void	crl_entry_read(struct reader *list);

#endif
