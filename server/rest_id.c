/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_id.h"

#include "base/text.h"

struct err
rest_id_read(struct ctx *cx, const struct http_request *request, int64_t *out)
{
	const char *text = request->params[request->tenant == NULL ? 0 : 1];
	uint64_t id;

	if (!text_parse_uint(text, INT64_MAX, &id))
		return FAIL(cx, ERR_NOT_FOUND, "not an id");
	*out = (int64_t)id;
	return OK;
}

json_t *
rest_id_json(int64_t id)
{
	return json_sprintf("%lld", (long long)id);
}
