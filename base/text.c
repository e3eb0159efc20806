/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdio.h>

#define DAY_S	86400

void
text_hex_into(struct slice s, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s.n; i++) {
		out[2 * i] = digits[s.p[i] >> 4];
		out[2 * i + 1] = digits[s.p[i] & 15];
	}
	out[2 * s.n] = '\0';
}

char *
text_hex(struct arena *arena, struct slice s)
{
	char *hex = arena_alloc(arena, s.n * 2 + 1);

	text_hex_into(s, hex);
	return hex;
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool
text_unhex(const char *hex, void *out, size_t n)
{
	uint8_t *bytes = out;

	if (strlen(hex) != n * 2)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool
text_unhex_any(struct arena *arena, const char *hex, size_t max,
    struct slice *out)
{
	size_t n = strlen(hex) / 2;
	uint8_t *bytes;

	if (n > max)
		return false;
	bytes = arena_alloc(arena, n);
	if (!text_unhex(hex, bytes, n))
		return false;
	*out = SLICE(bytes, n);
	return true;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar, year >= 0. */
static int64_t
days_from_civil(int year, int month, int day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 +
	    day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void
civil_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

bool
text_time_from_civil(int year, int month, int day, int hour, int minute,
    int second, int64_t *out_s)
{
	static const int month_days[] =
	    { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > month_days[month - 1] + (month == 2 && leap) ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 59)
		return false;
	*out_s = days_from_civil(year, month, day) * DAY_S + hour * 3600 +
	    minute * 60 + second;
	return true;
}

void
text_time(int64_t at_s, char out[static TEXT_TIME_SIZE])
{
	const int64_t least = days_from_civil(0, 1, 1) * DAY_S;
	const int64_t most = days_from_civil(9999, 12, 31) * DAY_S + DAY_S - 1;
	int64_t at = at_s < least ? least : at_s > most ? most : at_s;
	int64_t days = (at >= 0 ? at : at - DAY_S + 1) / DAY_S;
	unsigned second = (unsigned)(at - days * DAY_S) % DAY_S;
	int year, month, day;

	civil_from_days(days, &year, &month, &day);
	(void)snprintf(out, TEXT_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
	    (unsigned)year % 10000u, (unsigned)month % 100u,
	    (unsigned)day % 100u, second / 3600, second / 60 % 60, second % 60);
}

char *
text_time_dup(struct arena *arena, int64_t at_s)
{
	char *text = arena_alloc(arena, TEXT_TIME_SIZE);

	text_time(at_s, text);
	return text;
}

static int
digits(const char *p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

bool
text_parse_time(const char *text, int64_t *out_s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] != 'd' && form[i] != text[i])
			return false;
	return text_time_from_civil(digits(text, 4), digits(text + 5, 2),
	    digits(text + 8, 2), digits(text + 11, 2), digits(text + 14, 2),
	    digits(text + 17, 2), out_s);
}

bool
text_parse_uint(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*text - '0'), &v))
			return false;
	}
	if (v > max)
		return false;
	*out = v;
	return true;
}

bool
text_parse_duration(const char *text, int64_t max_s, int64_t *out_s)
{
	static const struct { char unit; int64_t s; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', DAY_S },
	};
	size_t n = strlen(text);
	int64_t unit_s = 1;
	char number[24];
	uint64_t v;

	if (n == 0 || n >= sizeof(number))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[n - 1] == units[i].unit) {
			unit_s = units[i].s;
			n--;
			break;
		}
	}
	memcpy(number, text, n);
	number[n] = '\0';
	if (!text_parse_uint(number, (uint64_t)(max_s / unit_s), &v) || v == 0)
		return false;
	*out_s = (int64_t)v * unit_s;
	return true;
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
text_is_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > TEXT_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(name[i]) && name[i] != '-')
			return false;
	return is_alnum(name[0]) && is_alnum(name[n - 1]);
}

/* The length of one UTF-8 sequence at p, 0 when it is none (RFC 3629, 4). */
static size_t
utf8_length(const uint8_t *p, size_t n)
{
	uint32_t c = p[0], least;
	size_t more;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
	if (more >= n)
		return 0;
	c &= 0x3fu >> more;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return more + 1;
}

bool
text_is_utf8(struct slice s)
{
	while (s.n > 0) {
		size_t n = utf8_length(s.p, s.n);

		if (n == 0)
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}

bool
text_is_printable(struct slice s)
{
	while (s.n > 0) {
		size_t n = utf8_length(s.p, s.n);

		if (n == 0 || s.p[0] < ' ' || s.p[0] == 0x7f ||
		    (s.p[0] == 0xc2 && n == 2 && s.p[1] < 0xa0))
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}
