/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of JSON answers.  Each sets one; what is absent (NULL, 0, empty) is
 * left out.
 */
#ifndef DAAPKI_SERVER_REST_JSON_H
#define DAAPKI_SERVER_REST_JSON_H

#include "codec/json.h"

void	rest_set(json_t *object, const char *name, json_t *value);
void	rest_set_text(json_t *object, const char *name, const char *text);
void	rest_set_time(json_t *object, const char *name, int64_t at_s);
void	rest_set_hex(struct ctx *, json_t *object, const char *name,
	    struct slice);
/* Stored JSON text as a value; ERR_STORAGE when it is none. */
struct err	rest_set_json(struct ctx *, json_t *object, const char *name,
		    const char *text);

#endif
