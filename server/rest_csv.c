/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_csv.h"

void
rest_csv_put(struct buf *b, bool first, const char *field)
{
	if (!first)
		put_u8(b, ',');
	put_u8(b, '"');
	if (field[0] != '\0' && strchr("=+-@\t\r\n", field[0]) != NULL)
		put_u8(b, '\'');
	for (; *field != '\0'; field++) {
		if (*field == '"')
			put_u8(b, '"');
		put_u8(b, (uint8_t)*field);
	}
	put_u8(b, '"');
}

void
rest_csv_end(struct buf *b)
{
	put_text(b, "\r\n");
}
