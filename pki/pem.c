/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pem.h"

#include "pki/ossl.h"

#define LINE_CHARS	64u
#define LINE_BYTES	48u	/* LINE_CHARS of base64 */

char *
pem_text(struct arena *arena, const char *label, struct slice der)
{
	size_t lines = (der.n + LINE_BYTES - 1) / LINE_BYTES;
	struct buf b = buf_in(arena, 2 * strlen(label) + 64 +
	    lines * (LINE_CHARS + 1));
	unsigned char line[LINE_CHARS + 1];

	put_fmt(&b, "-----BEGIN %s-----\n", label);
	while (der.n > 0) {
		size_t n = der.n < LINE_BYTES ? der.n : LINE_BYTES;

		(void)EVP_EncodeBlock(line, der.p, (int)n);
		put_fmt(&b, "%s\n", (const char *)line);
		der = SLICE(der.p + n, der.n - n);
	}
	put_fmt(&b, "-----END %s-----\n", label);
	put_u8(&b, 0);
	ASSERT(!b.bad);
	return (char *)b.p;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice
trim(struct slice s)
{
	while (s.n > 0 && is_space(s.p[0]))
		s = SLICE(s.p + 1, s.n - 1);
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Take text from the front or the end of s; false when it is not there. */
static bool
cut_front(struct slice *s, const char *text)
{
	size_t n = strlen(text);

	if (s->n < n || memcmp(s->p, text, n) != 0)
		return false;
	*s = SLICE(s->p + n, s->n - n);
	return true;
}

static bool
cut_end(struct slice *s, const char *text)
{
	size_t n = strlen(text);

	if (s->n < n || memcmp(s->p + s->n - n, text, n) != 0)
		return false;
	s->n -= n;
	return true;
}

/* Base64 with its padding, white space anywhere, into whole blocks of four. */
static struct err
decode(struct ctx *cx, struct slice text, struct slice *out)
{
	uint8_t *packed = arena_alloc(cx->arena, text.n + 1);
	uint8_t *der;
	size_t n = 0, pad = 0;
	int got;

	for (size_t i = 0; i < text.n; i++)
		if (!is_space(text.p[i]))
			packed[n++] = text.p[i];
	while (pad < 2 && pad < n && packed[n - 1 - pad] == '=')
		pad++;
	if (n == 0 || n % 4 != 0 || memchr(packed, '=', n - pad) != NULL)
		return FAIL(cx, ERR_MALFORMED, "pem: base64");
	der = arena_alloc(cx->arena, n / 4 * 3);
	got = EVP_DecodeBlock(der, packed, (int)n);
	if (got < 0)
		return OSSL_FAIL(cx, ERR_MALFORMED, "pem: base64");
	*out = SLICE(der, (size_t)got - pad);
	return OK;
}

struct err
pem_parse(struct ctx *cx, const char *label, struct slice text,
    struct slice *out_der)
{
	struct slice s = trim(text);

	if (text.n > PEM_MAX)
		return FAIL(cx, ERR_MALFORMED, "pem: %zu bytes", text.n);
	if (!cut_front(&s, arena_printf(cx->arena, "-----BEGIN %s-----",
	    label)) || !cut_end(&s, arena_printf(cx->arena,
	    "-----END %s-----", label)))
		return FAIL(cx, ERR_MALFORMED, "pem: not one %s block", label);
	return decode(cx, s, out_der);
}

struct err
pem_parse_all(struct ctx *cx, const char *label, struct slice text,
    struct slice *out_ders, size_t max, size_t *out_n)
{
	const char *end = arena_printf(cx->arena, "-----END %s-----", label);
	struct slice rest = trim(text);
	size_t n = 0, n_end = strlen(end);

	while (rest.n > 0) {
		const uint8_t *at = memmem(rest.p, rest.n, end, n_end);
		size_t size;

		if (at == NULL || n == max)
			return FAIL(cx, ERR_MALFORMED,
			    "pem: not 1 to %zu %s blocks", max, label);
		size = (size_t)(at - rest.p) + n_end;
		TRY(pem_parse(cx, label, SLICE(rest.p, size), &out_ders[n]));
		n++;
		rest = trim(SLICE(rest.p + size, rest.n - size));
	}
	if (n == 0)
		return FAIL(cx, ERR_MALFORMED, "pem: no %s block", label);
	*out_n = n;
	return OK;
}
