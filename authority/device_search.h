/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of a tenant, by what is known of them.
 *
 * A cursor is a text that says where a page ended, and in which search: the
 * place is that of a row, so pages neither repeat nor leave out a device that
 * is there all the while, whatever else comes and goes.  A device whose own
 * key in the order changes meanwhile (it enrols, while those are listed that
 * were silent) is where that puts it.
 */
#ifndef DAAPKI_AUTHORITY_DEVICE_SEARCH_H
#define DAAPKI_AUTHORITY_DEVICE_SEARCH_H

#include "authority/authority.h"
#include "db/device_search.h"

#define DEVICE_PREFIX_MAX	144u	/* "scheme:" and 128 hex digits */
#define DEVICE_CURSOR_MAX	256u	/* letters */

struct device_query {
	struct device_filter	 filter;	/* but group_id and prefixes */
	const char		*group;		/* NULL: any */
	/* How a device ID begins, or, where it has anything but hex digits, a
	 * hardware ID; NULL: any. */
	const char		*prefix;
	const char		*after;		/* cursor; NULL: the beginning */
	unsigned		 limit;		/* 1 to PAGE_LIMIT_MAX */
};

struct device_page {
	struct device_view	*items;
	size_t			 n;
	const char		*next;		/* cursor; NULL: no more */
};

/*
 * A page may be short, or empty, and there is more all the same: next says so.
 * Items have no claims.
 * ERR_PARAMETER	no such state; not a prefix; not a cursor of this search
 * ERR_NOT_FOUND	no such group
 */
struct err	device_list(struct ctx *, const struct authority *,
		    const struct tenant *, const struct device_query *,
		    struct device_page *out);

#endif
