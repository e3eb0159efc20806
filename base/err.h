/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error type.  It is neither a bool nor a length nor -1, and a caller
 * that drops it is warned.  What each code means stands in err.def.
 */
#ifndef DAAPKI_BASE_ERR_H
#define DAAPKI_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

/* clang takes [[nodiscard]] on a struct only in C2x; both take this. */
#define NODISCARD __attribute__((warn_unused_result))

enum err_code {
#define ERR(name, blame, http, code, title) ERR_##name,
#include "base/err.def"
#undef ERR
	ERR_COUNT
};

/* Whose fault it is: fixes the log level and what a stranger may be told. */
enum err_blame {
	ERR_BLAME_NONE,
	ERR_BLAME_CALLER,	/* the request was wrong */
	ERR_BLAME_POLICY,	/* the request was right, and is refused */
	ERR_BLAME_PEER,		/* something this program depends on failed */
	ERR_BLAME_SELF,		/* this program or its machine failed */
};

struct err { uint16_t code; };

#define OK ((struct err){ ERR_OK })

static inline bool
failed(struct err e)
{
	return e.code != ERR_OK;
}

/* "CSR_KEY": for logs and tests. */
const char	*err_name(struct err);
/* "csr.key": the stable dotted code. */
const char	*err_dotted(struct err);
/* One sentence that may go to anyone. */
const char	*err_title(struct err);
/* The HTTP status that goes with it. */
unsigned	 err_http(struct err);
enum err_blame	 err_blame(struct err);
/* The code of a dotted text; false when there is none. */
bool		 err_find(const char *dotted, struct err *out);

/* Pass a failure up.  The only macro in the tree that returns. */
#define TRY(call) do {							\
	struct err try_ = (call);					\
	if (failed(try_))						\
		return try_;						\
} while (0)

#endif
