/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a member's value stands in a JSON text, byte for byte: for values that
 * are signed as they were written.
 */
#ifndef DAAPKI_CODEC_JSON_SPAN_H
#define DAAPKI_CODEC_JSON_SPAN_H

#include "base/bytes.h"

/*
 * The text of the value of a member of the outermost object, without white
 * space around it; false when it is not there.  The name must be written
 * without escapes.  The text should have passed json_parse(), which refuses
 * what is no JSON and members that come twice; any bytes are safe.
 */
bool	json_span(struct slice text, const char *name, struct slice *out);

#endif
