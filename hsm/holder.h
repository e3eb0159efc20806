/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that holds the session: it takes requests one after the other,
 * opens the token when it has to, and opens it anew after a failure.
 */
#ifndef DAAPKI_HSM_HOLDER_H
#define DAAPKI_HSM_HOLDER_H

#include <stdatomic.h>

#include "hsm/conf.h"
#include "hsm/token.h"

#define HOLDER_REOPEN_S		2	/* from one failed opening to the next */
#define HOLDER_START_TRIES	5u	/* to open it when the holder starts, */
#define HOLDER_START_PAUSE_MS	200	/* so far apart */
#define HOLDER_HASH_SIZE	32u

/* What outlives a holder: its keeper's memory, shared with it. */
struct holder_memory {
	_Atomic uint64_t busy_since_us;	/* monotonic; 0: it is waiting */
	uint8_t		 hash_key[HOLDER_HASH_SIZE];	/* random */
	/* A PIN that the token refused is never tried again, by this holder
	 * or the next: a few tries more would lock the token. */
	uint8_t		 refused_pin[HOLDER_HASH_SIZE];
	atomic_bool	 has_refused_pin;
};

struct holder;

/* pin_path is the file of the PIN.  Both outlive it, and memory too. */
struct holder	*holder_new(const struct conf *, const char *pin_path,
		    struct holder_memory *);
void		 holder_free(struct holder *);

/*
 * Have the token open: at once when it is.
 * ERR_HSM_GONE	it cannot be, or HOLDER_REOPEN_S after a failure are not
 *			over, or its PIN was refused and has not changed
 */
struct err	holder_token(struct ctx *, struct holder *,
		    struct token **out);

/*
 * Serve requests on the socket until the other side closes it.
 * ERR_ORDER_MALFORMED	what came is no request
 * ERR_IO
 */
struct err	holder_serve(struct ctx_root *, struct holder *, int fd);

#endif
