/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/record.h"

#include "wire/order.h"

const char *
record_key_store(struct arena *arena, struct slice record)
{
	struct reader r = reader_of(record);
	struct slice form = read_bytes(&r, 4), name;
	const char *text;

	if (!slice_equal(form, slice_text("DAS3")))
		return "";
	(void)read_be16_bytes(&r, TEXT_NAME_MAX);	/* tenant */
	(void)read_bytes(&r, 1 + 1 + 1 + 4 + 8);	/* role to not_after_s */
	(void)read_be32_bytes(&r, WIRE_CERT_MAX);
	name = read_be16_bytes(&r, TEXT_NAME_MAX);
	if (r.bad)
		return "";
	text = arena_strndup(arena, (const char *)name.p, name.n);
	return text_is_name(text) ? text : "";
}
