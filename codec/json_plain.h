/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain part of JSON, fast: objects, arrays, strings of ASCII without
 * escapes, integers from 0 on, and the three words.  Evidence is kilobytes of
 * base64 in such strings, for which jansson takes longer than for a signature.
 */
#ifndef DAAPKI_CODEC_JSON_PLAIN_H
#define DAAPKI_CODEC_JSON_PLAIN_H

#include "codec/json.h"

/*
 * Read a text that is plain, whole and within JSON_*_MAX: the same value as
 * jansson's (without duplicates of names); the caller has the reference.
 * NULL: it is not, and jansson may say what it is
 */
json_t	*json_plain_parse(struct slice text);

#endif
