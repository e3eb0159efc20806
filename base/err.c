/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stddef.h>
#include <string.h>

static const struct row {
	const char	*name, *dotted, *title;
	enum err_blame	 blame;
	unsigned	 http;
} rows[] = {
#define ERR(name, blame, http, code, title) \
	{ #name, code, title, ERR_BLAME_##blame, http },
#include "base/err.def"
#undef ERR
};

static const struct row *
row(struct err e)
{
	return &rows[e.code < ERR_COUNT ? e.code : ERR_INTERNAL];
}

const char *
err_name(struct err e)
{
	return row(e)->name;
}

const char *
err_dotted(struct err e)
{
	return row(e)->dotted;
}

const char *
err_title(struct err e)
{
	return row(e)->title;
}

unsigned
err_http(struct err e)
{
	return row(e)->http;
}

enum err_blame
err_blame(struct err e)
{
	return row(e)->blame;
}

bool
err_find(const char *dotted, struct err *out)
{
	for (uint16_t i = 0; i < ERR_COUNT; i++) {
		if (strcmp(rows[i].dotted, dotted) == 0) {
			*out = (struct err){ i };
			return true;
		}
	}
	return false;
}
