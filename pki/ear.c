/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ear.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/base.h"
#include "base/text.h"

#define EAR_BUILD	"daapki " PACKAGE_VERSION

/* --- facts ------------------------------------------------------------ */

static bool
all_of(const char *text, size_t min, size_t max, const char *alphabet)
{
	size_t n = strlen(text);

	return n >= min && n <= max && strspn(text, alphabet) == n;
}

#define LOWER		"abcdefghijklmnopqrstuvwxyz"
#define UPPER		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS		"0123456789"
#define DEVICE_ID_DIGITS 64u
#define SHA256_SIZE	32u

bool
ear_nonce_fits(const char *nonce)
{
	return all_of(nonce, EAR_NONCE_MIN, EAR_NONCE_MAX,
	    LOWER UPPER DIGITS "-_");
}

static bool
vector_fits(const struct ear *ear)
{
	for (size_t i = 0; i < AR4SI_ELEMENTS; i++)
		if (ar4si_tier_name(ear->vector[i]) == NULL)
			return false;
	return true;
}

/* Nothing that is let through needs an escape in JSON. */
static struct err
check_facts(struct ctx *cx, const struct ear *ear)
{
	const struct { bool fits; const char *what; } checks[] = {
		{ text_is_name(ear->tenant), "tenant" },
		{ text_is_name(ear->group), "group" },
		{ all_of(ear->device_id, DEVICE_ID_DIGITS, DEVICE_ID_DIGITS,
		    DIGITS "abcdef"), "device ID" },
		{ all_of(ear->format, 1, EAR_FORMAT_MAX, LOWER DIGITS "-"),
		    "format" },
		{ ear->nonce[0] == '\0' || ear_nonce_fits(ear->nonce),
		    "nonce" },
		{ ar4si_tier_name(ear->tier) != NULL, "tier" },
		{ vector_fits(ear), "trust vector" },
		{ ear->policy_sha256.n == SHA256_SIZE, "policy hash" },
		{ ear->attested_s > 0, "time of the appraisal" },
	};

	for (size_t i = 0; i < COUNT_OF(checks); i++)
		if (!checks[i].fits)
			return FAIL(cx, ERR_FIELD, "attestation result: %s",
			    checks[i].what);
	return OK;
}

/* --- text ------------------------------------------------------------- */

const char *
ear_policy_id(struct ctx *cx, const struct ear *ear)
{
	return arena_printf(cx->arena, "urn:daapki:%s:policy:%s:%" PRIu64
	    ":sha-256:%s", ear->tenant, ear->group, ear->policy_version,
	    text_hex(cx->arena, ear->policy_sha256));
}

/* Elements that nothing is said of are left out (AR4SI, 2.3.1: none is 0). */
static void
put_vector(struct buf *b, const struct ear *ear)
{
	const char *comma = "";

	put_text(b, "\"ear_trustworthiness_vector\":{");
	for (unsigned i = 0; i < AR4SI_ELEMENTS; i++) {
		if (ear->vector[i] == AR4SI_NONE)
			continue;
		put_fmt(b, "%s\"%s\":%u", comma, ar4si_element_name(i),
		    ear->vector[i]);
		comma = ",";
	}
	put_text(b, "}");
}

static void
put_appraisal(struct ctx *cx, struct buf *b, const struct ear *ear)
{
	put_fmt(b, "{\"ear_status\":\"%s\",", ar4si_tier_name(ear->tier));
	put_vector(b, ear);
	put_fmt(b, ",\"ear_appraisal_policy_ids\":[\"%s\"]}",
	    ear_policy_id(cx, ear));
}

static const char *
text_of(struct buf *b)
{
	put_u8(b, 0);
	ASSERT(!b->bad);
	return (const char *)b->p;
}

struct err
ear_appraisal(struct ctx *cx, const struct ear *ear, const char **out_json)
{
	struct buf b = buf_in(cx->arena, EAR_TEXT_MAX);

	TRY(check_facts(cx, ear));
	put_appraisal(cx, &b, ear);
	*out_json = text_of(&b);
	return OK;
}

struct err
ear_claims(struct ctx *cx, const struct ear *ear, const char **out_json)
{
	struct buf b = buf_in(cx->arena, EAR_TEXT_MAX);

	TRY(check_facts(cx, ear));
	if (ear->issued_s < ear->attested_s ||
	    ear->expires_s <= ear->issued_s ||
	    ear->expires_s - ear->issued_s > EAR_LIFE_MAX_S)
		return FAIL(cx, ERR_FIELD, "attestation result: its life");
	put_fmt(&b, "{\"eat_profile\":\"" EAR_PROFILE "\","
	    "\"iat\":%" PRId64 ",\"exp\":%" PRId64 ","
	    "\"sub\":\"urn:daapki:%s:device:%s\",", ear->issued_s,
	    ear->expires_s, ear->tenant, ear->device_id);
	put_text(&b, "\"ear_verifier_id\":{\"developer\":\"daapki\","
	    "\"build\":\"" EAR_BUILD "\"},");
	if (ear->nonce[0] != '\0')
		put_fmt(&b, "\"eat_nonce\":\"%s\",", ear->nonce);
	/* Ours, as RFC 7519, 4.2 has it: the appraisal may be older than the
	 * token that tells of it. */
	put_fmt(&b, "\"urn:daapki:attested-at\":%" PRId64 ",", ear->attested_s);
	put_fmt(&b, "\"submods\":{\"%s\":", ear->format);
	put_appraisal(cx, &b, ear);
	put_text(&b, "}}");
	*out_json = text_of(&b);
	return OK;
}
