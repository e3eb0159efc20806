/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/crl_entry.h"

#include "pki/oid.h"

#define SERIAL_MAX	20u	/* RFC 5280, 4.1.2.2 */
#define DAY_S		86400
#define COMMON_TIMES_S	INT64_C(2524608000)	/* 2050: no UTCTime from then */

/* The common entry: a serial of CRL_SERIAL_SIZE bytes whose first is 1 to 127,
 * UTCTime, and a reason or none.  Where its parts are. */
enum { AT_SIZE = 1, AT_SERIAL = 4, AT_DATE = 22, AT_CLOCK = 28,
    AT_REASON = 48 };
#define COMMON_PLAIN	35u	/* bytes of one without a reason */
#define COMMON_REASON	49u

static const uint8_t common[COMMON_REASON] = {
	0x30, 0x2f, 0x02, 0x10, [AT_DATE - 2] = 0x17, 0x0d,
	[AT_CLOCK + 6] = 'Z', 0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d,
	0x15, 0x04, 0x03, 0x0a, 0x01,
};

/* --- writing ------------------------------------------------------------- */

static void
put_reason(struct buf *b, uint8_t reason)
{
	size_t list = der_open(b, DER_SEQUENCE);
	size_t ext = der_open(b, DER_SEQUENCE), value;

	der_put_oid(b, OID(OID_CRL_REASON));
	value = der_open(b, DER_OCTET_STRING);
	der_put(b, DER_ENUMERATED, SLICE(&reason, 1));
	der_close(b, value);
	der_close(b, ext);
	der_close(b, list);
}

static void
put_any(struct buf *b, const struct crl_entry *entry)
{
	size_t seq = der_open(b, DER_SEQUENCE);

	der_put_unsigned(b, SLICE(entry->serial, CRL_SERIAL_SIZE));
	der_put_time(b, entry->revoked_s);
	if (entry->reason != 0)		/* RFC 5280, 5.3.1 */
		put_reason(b, entry->reason);
	der_close(b, seq);
}

static void
put_two(uint8_t *p, int64_t value)
{
	p[0] = (uint8_t)('0' + value / 10);
	p[1] = (uint8_t)('0' + value % 10);
}

/* YYMMDD of that day, from the one place that knows the calendar. */
static void
set_day(struct crl_day *day, int64_t number)
{
	uint8_t room[16];
	struct buf b = { .p = room, .cap = sizeof(room), .max = sizeof(room) };

	der_put_time(&b, number * DAY_S);
	ASSERT(!b.bad && b.n == 15);
	memcpy(day->digits, room + 2, sizeof(day->digits));
	day->day = number;
}

void
crl_entry_put(struct buf *b, const struct crl_entry *entry,
    struct crl_day *day)
{
	bool plain = entry->reason == 0;
	uint8_t bytes[COMMON_REASON];
	int64_t s = entry->revoked_s % DAY_S;

	if (entry->serial[0] == 0 || entry->serial[0] >= 0x80 ||
	    entry->revoked_s < DAY_S || entry->revoked_s >= COMMON_TIMES_S) {
		put_any(b, entry);
		return;
	}
	if (day->day != entry->revoked_s / DAY_S)
		set_day(day, entry->revoked_s / DAY_S);
	memcpy(bytes, common, sizeof(bytes));
	memcpy(bytes + AT_SERIAL, entry->serial, CRL_SERIAL_SIZE);
	memcpy(bytes + AT_DATE, day->digits, sizeof(day->digits));
	put_two(bytes + AT_CLOCK, s / 3600);
	put_two(bytes + AT_CLOCK + 2, s / 60 % 60);
	put_two(bytes + AT_CLOCK + 4, s % 60);
	bytes[AT_REASON] = entry->reason;
	if (plain)
		bytes[AT_SIZE] = COMMON_PLAIN - 2;
	put_bytes(b, SLICE(bytes, plain ? COMMON_PLAIN : COMMON_REASON));
}

/* --- reading ------------------------------------------------------------- */

static bool
is_reason(struct slice s)
{
	return s.n == 1 && s.p[0] >= 1 && s.p[0] <= 10 && s.p[0] != 7 &&
	    s.p[0] != 8;
}

static void
read_reason(struct reader *entry)
{
	struct reader list = der_enter(entry, DER_SEQUENCE);
	struct reader ext = der_enter(&list, DER_SEQUENCE), value;

	if (!slice_equal(der_read_oid(&ext), OID(OID_CRL_REASON)))
		ext.bad = true;
	value = der_enter(&ext, DER_OCTET_STRING);
	if (!is_reason(der_read(&value, DER_ENUMERATED)))
		value.bad = true;
	der_leave(&ext, &value);
	der_leave(&list, &ext);
	der_leave(entry, &list);
}

static void
read_any(struct reader *list)
{
	struct reader entry = der_enter(list, DER_SEQUENCE);
	struct slice serial = der_read_unsigned(&entry);

	if (serial.n == 0 || serial.n > SERIAL_MAX)
		entry.bad = true;
	(void)der_read_time(&entry);
	if (der_peek(&entry) == DER_SEQUENCE)
		read_reason(&entry);
	der_leave(list, &entry);
}

/* Two digits that make a number of least to most. */
static bool
is_two(const uint8_t *p, unsigned least, unsigned most)
{
	unsigned value = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');

	return p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9' &&
	    value >= least && value <= most;
}

/* A date that there is in every month and year of UTCTime before 2050. */
static bool
is_common_time(const uint8_t *p)
{
	return is_two(p, 0, 49) && is_two(p + 2, 1, 12) &&
	    is_two(p + 4, 1, 28) && is_two(p + 6, 0, 23) &&
	    is_two(p + 8, 0, 59) && is_two(p + 10, 0, 59);
}

/* How long the common entry at p is; 0 when it is none, which says nothing
 * about whether it is an entry. */
static size_t
common_size(const uint8_t *p, size_t n)
{
	bool plain = n >= COMMON_PLAIN && p[AT_SIZE] == COMMON_PLAIN - 2;

	if (n < (plain ? COMMON_PLAIN : COMMON_REASON) ||
	    p[0] != common[0] || memcmp(p + 2, common + 2, 2) != 0 ||
	    p[AT_SERIAL] == 0 || p[AT_SERIAL] >= 0x80 ||
	    memcmp(p + AT_DATE - 2, common + AT_DATE - 2, 2) != 0 ||
	    !is_common_time(p + AT_DATE) || p[AT_CLOCK + 6] != 'Z')
		return 0;
	if (plain)
		return COMMON_PLAIN;
	return p[AT_SIZE] == common[AT_SIZE] &&
	    memcmp(p + COMMON_PLAIN, common + COMMON_PLAIN,
	    AT_REASON - COMMON_PLAIN) == 0 &&
	    is_reason(SLICE(p + AT_REASON, 1)) ? COMMON_REASON : 0;
}

void
crl_entry_read(struct reader *list)
{
	size_t n = list->bad ? 0 : common_size(list->p, list->n);

	if (n > 0)
		(void)read_bytes(list, n);
	else
		read_any(list);
}
