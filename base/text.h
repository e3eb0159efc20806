/* SPDX-License-Identifier: Apache-2.0 */
/* Text forms that the whole project shares: hex, times, names, numbers. */
#ifndef DAAPKI_BASE_TEXT_H
#define DAAPKI_BASE_TEXT_H

#include "base/bytes.h"

/* Lower-case hex, NUL-terminated, in the arena. */
char	*text_hex(struct arena *, struct slice);
/* The same into out, which has room for 2 * n + 1 characters. */
void	 text_hex_into(struct slice, char *out);
/* Exactly lower-case hex of n bytes into out; false on anything else. */
bool	 text_unhex(const char *hex, void *out, size_t n);
/* Lower-case hex of any length (at most max bytes); false on anything else. */
bool	 text_unhex_any(struct arena *, const char *hex, size_t max,
	    struct slice *out);

#define TEXT_TIME_SIZE	21u		/* "2026-11-22T07:52:50Z" and NUL */

/* RFC 3339 in UTC with whole seconds, years 0000 to 9999 (clamped). */
void	 text_time(int64_t at_s, char out[static TEXT_TIME_SIZE]);
char	*text_time_dup(struct arena *, int64_t at_s);
/* Reads that one form ("2026-11-22T07:52:50Z") and no other. */
bool	 text_parse_time(const char *, int64_t *out_s);
/* Calendar fields to seconds; months and days are checked, leap years known. */
bool	 text_time_from_civil(int year, int month, int day, int hour, int minute,
	    int second, int64_t *out_s);

/* Decimal digits only, no sign, no leading zeros, at most max. */
bool	 text_parse_uint(const char *, uint64_t max, uint64_t *out);
/* "90s", "15m", "24h", "30d" or plain seconds; 1 to max_s seconds. */
bool	 text_parse_duration(const char *, int64_t max_s, int64_t *out_s);

/*
 * A name that people choose (tenant, group, ...) and that stands in URLs,
 * certificates and file names: 1 to 63 of [a-z0-9-], a letter or digit at
 * both ends.  A DNS label in lower case (RFC 1123, 2.1).
 */
#define TEXT_NAME_MAX	63u
bool	 text_is_name(const char *);
/* Valid UTF-8: no surrogates, no overlong forms. */
bool	 text_is_utf8(struct slice);
/* The same, without control characters. */
bool	 text_is_printable(struct slice);

#endif
