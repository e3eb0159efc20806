/* SPDX-License-Identifier: Apache-2.0 */
/* Base64url without padding (RFC 4648, 5), the form of binary in our JSON. */
#ifndef DAAPKI_CODEC_BASE64_H
#define DAAPKI_CODEC_BASE64_H

#include "base/bytes.h"

/* NUL-terminated, in the arena. */
char	*base64url(struct arena *, struct slice);
/* With the other alphabet and padding (RFC 4648, 4), where a standard has it. */
char	*base64(struct arena *, struct slice);
/*
 * The one encoding of some bytes, at most max of them: padding, white space,
 * the other alphabet and stray low bits in the last character give false.
 */
bool	 base64url_parse(struct arena *, const char *text, size_t n_text,
	    size_t max, struct slice *out);

#endif
