/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_json.h"

#include "base/base.h"
#include "base/text.h"

void
rest_set(json_t *object, const char *name, json_t *value)
{
	ASSERT(value != NULL);
	ASSERT(json_object_set_new(object, name, value) == 0);
}

void
rest_set_text(json_t *object, const char *name, const char *text)
{
	if (text != NULL)
		rest_set(object, name, json_string(text));
}

void
rest_set_time(json_t *object, const char *name, int64_t at_s)
{
	char text[TEXT_TIME_SIZE];

	if (at_s == 0)
		return;
	text_time(at_s, text);
	rest_set(object, name, json_string(text));
}

void
rest_set_hex(struct ctx *cx, json_t *object, const char *name,
    struct slice bytes)
{
	if (bytes.n > 0)
		rest_set_text(object, name, text_hex(cx->arena, bytes));
}

struct err
rest_set_json(struct ctx *cx, json_t *object, const char *name,
    const char *text)
{
	json_t *value;

	if (text == NULL)
		return OK;
	value = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
	    NULL);
	if (value == NULL)
		return FAIL(cx, ERR_STORAGE, "%s: stored text is not JSON",
		    name);
	rest_set(object, name, value);
	return OK;
}
