/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/report_signature.h"

#include <sodium.h>
#include <string.h>

#define WORD_MIN	4u	/* of hex with a digit in it */
#define LONG_WORD_MIN	8u	/* of hex without */

static const char digits[] = "0123456789";
static const char hex[] = "0123456789abcdefABCDEF";
static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
static const char blanks[] = " \t\r\n";

/* The length of the number that the word begins with; 0: it is none. */
static size_t
number_at(const char *word, size_t n_word)
{
	size_t n = strspn(word, hex), n_digits = strspn(word, digits);

	if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
		return 2 + strspn(word + 2, hex);
	if (n == n_word && n >= WORD_MIN &&
	    (strcspn(word, digits) < n || n >= LONG_WORD_MIN))
		return n;
	return n_digits;
}

const char *
report_signature_plain(struct ctx *cx, const char *description)
{
	char *plain = arena_alloc(cx->arena, strlen(description) + 1);
	const char *at = description;
	bool in_word = false;	/* after its first letter */
	size_t n = 0;

	while (*at != '\0' && n < REPORT_PLAIN_MAX) {
		size_t n_blank = strspn(at, blanks);
		size_t n_word = strspn(at, letters), n_number;

		if (n_blank > 0) {
			plain[n++] = ' ';
			at += n_blank;
			in_word = false;
			continue;
		}
		n_number = in_word ? strspn(at, digits) :
		    number_at(at, n_word);
		if (n_number > 0) {
			plain[n++] = '#';
			at += n_number;
		} else {
			plain[n++] = *at++;
		}
		in_word = n_word > 0;
	}
	plain[n] = '\0';
	return plain;
}

static void
add(crypto_hash_sha256_state *state, const char *text)
{
	(void)crypto_hash_sha256_update(state, (const uint8_t *)text,
	    strlen(text) + 1);
}

void
report_signature(const struct report_event *e, const char *plain,
    uint8_t out[REPORT_SIGNATURE_SIZE])
{
	crypto_hash_sha256_state state;

	(void)crypto_hash_sha256_init(&state);
	add(&state, e->event_type);
	add(&state, e->event_class);
	add(&state, e->event_category);
	add(&state, plain);
	(void)crypto_hash_sha256_final(&state, out);
}
