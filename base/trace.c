/* SPDX-License-Identifier: Apache-2.0 */
#include "base/trace.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#define VERSION_LETTERS	2u
#define ID_AT		3u
#define PARENT_AT	(ID_AT + TRACE_ID_LETTERS + 1)
#define FLAGS_AT	(PARENT_AT + TRACE_SPAN_LETTERS + 1)
#define FLAG_SAMPLED	0x01u

/* HEXDIGLC of 3.2.1: no capitals. */
static bool
is_hex(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(p[i] >= '0' && p[i] <= '9') &&
		    !(p[i] >= 'a' && p[i] <= 'f'))
			return false;
	return true;
}

static bool
is_zero(const char *p, size_t n)
{
	return strspn(p, "0") >= n;
}

static bool
is_id(const char *p, size_t n)
{
	return is_hex(p, n) && !is_zero(p, n);
}

/* 3.2.2.1 and 4.3: ff is no version; one that is not known is read as far as
 * 00 goes, and what follows that begins with a dash. */
static bool
is_good(const char *sent)
{
	size_t n = strnlen(sent, TRACE_SENT_MAX + 1);

	if (n < TRACE_PARENT_LETTERS || n > TRACE_SENT_MAX ||
	    !is_hex(sent, VERSION_LETTERS) || memcmp(sent, "ff", 2) == 0)
		return false;
	if (n > TRACE_PARENT_LETTERS && (memcmp(sent, "00", 2) == 0 ||
	    sent[TRACE_PARENT_LETTERS] != '-'))
		return false;
	return sent[ID_AT - 1] == '-' && is_id(sent + ID_AT,
	    TRACE_ID_LETTERS) && sent[PARENT_AT - 1] == '-' &&
	    is_id(sent + PARENT_AT, TRACE_SPAN_LETTERS) &&
	    sent[FLAGS_AT - 1] == '-' && is_hex(sent + FLAGS_AT, 2);
}

/* Of the flags only this one is known (3.2.2.5), others are not passed on. */
static unsigned
flags_of(const char *sent)
{
	char c = sent[FLAGS_AT + 1];

	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10) & FLAG_SAMPLED;
}

/* Random bytes of all zeros would be no ID. */
static void
id_of(const uint8_t *random, size_t n, char *out)
{
	(void)sodium_bin2hex(out, 2 * n + 1, random, n);
	if (is_zero(out, 2 * n))
		out[2 * n - 1] = '1';
}

void
trace_begin(const char *sent, const uint8_t random[static TRACE_RANDOM_SIZE],
    struct trace *out)
{
	char span[TRACE_SPAN_LETTERS + 1];
	unsigned flags = 0;

	*out = (struct trace){ .parent = "" };
	if (sent != NULL && is_good(sent)) {
		memcpy(out->id, sent + ID_AT, TRACE_ID_LETTERS);
		memcpy(out->parent, sent + PARENT_AT, TRACE_SPAN_LETTERS);
		flags = flags_of(sent);
	} else {
		id_of(random, TRACE_ID_SIZE, out->id);
	}
	id_of(random + TRACE_ID_SIZE, TRACE_SPAN_SIZE, span);
	(void)snprintf(out->text, sizeof(out->text), "00-%s-%s-%02x", out->id,
	    span, flags);
}

void
trace_span(const struct trace *trace, char out[static TRACE_SPAN_LETTERS + 1])
{
	size_t n = trace->text[0] != '\0' ? TRACE_SPAN_LETTERS : 0;

	memcpy(out, trace->text + PARENT_AT, n);
	out[n] = '\0';
}
