/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/profile.h"

#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "pki/tbs.h"

#define WORDS_MAX	8u	/* in one set */

struct word { const char *word; unsigned bit; };
struct words { const struct word *items; size_t n; };

#define WORDS(a)	{ a, COUNT_OF(a) }

static const struct word key_types[] = {
	{ "p256", PROFILE_KEY_P256 }, { "p384", PROFILE_KEY_P384 },
	{ "ed25519", PROFILE_KEY_ED25519 },
	{ "rsa2048", PROFILE_KEY_RSA2048 },
	{ "rsa3072", PROFILE_KEY_RSA3072 },
	{ "rsa4096", PROFILE_KEY_RSA4096 },
};
static const struct word usages[] = {
	{ "clientAuth", PROFILE_CLIENT_AUTH },
	{ "serverAuth", PROFILE_SERVER_AUTH },
};
static const struct word names[] = {
	{ "urn", PROFILE_NAME_URN }, { "spiffe", PROFILE_NAME_SPIFFE },
	{ "permanentIdentifier", PROFILE_NAME_PERMANENT_ID },
	{ "hardwareModuleName", PROFILE_NAME_HARDWARE },
};
static const struct word revocations[] = {
	{ "crl", PROFILE_CRL }, { "ocsp", PROFILE_OCSP },
	{ "noRevAvail", PROFILE_NO_REV_AVAIL },
};

enum set { SET_KEY_TYPES, SET_USAGES, SET_NAMES, SET_REVOCATION, SET_COUNT };

static const struct {
	const char	*member;
	struct words	 words;
	unsigned	 fallback;
	size_t		 offset;
} sets[SET_COUNT] = {
	[SET_KEY_TYPES] = { "key_types", WORDS(key_types),
	    PROFILE_KEY_P256 | PROFILE_KEY_P384 | PROFILE_KEY_ED25519 |
	    PROFILE_KEY_RSA2048 | PROFILE_KEY_RSA3072 | PROFILE_KEY_RSA4096,
	    offsetof(struct profile, key_types) },
	[SET_USAGES] = { "extended_key_usage", WORDS(usages),
	    PROFILE_CLIENT_AUTH, offsetof(struct profile, usages) },
	[SET_NAMES] = { "subject_alt_names", WORDS(names),
	    PROFILE_NAME_URN | PROFILE_NAME_PERMANENT_ID,
	    offsetof(struct profile, names) },
	[SET_REVOCATION] = { "revocation", WORDS(revocations),
	    PROFILE_CRL | PROFILE_OCSP, offsetof(struct profile, revocation) },
};

static const struct {
	const char	*member;
	int64_t		 least, most, fallback;
	size_t		 offset;
} numbers[] = {
	{ "lifetime_s", PROFILE_LIFETIME_MIN_S, PROFILE_LIFETIME_MAX_S, 86400,
	    offsetof(struct profile, lifetime_s) },
	{ "backdate_s", 0, PROFILE_BACKDATE_MAX_S, 300,
	    offsetof(struct profile, backdate_s) },
	{ "renew_after_percent", 1, 99, 50,
	    offsetof(struct profile, renew_after_percent) },
	{ "renew_without_evidence_s", 0, PROFILE_RENEW_WITHOUT_MAX_S, 0,
	    offsetof(struct profile, renew_without_evidence_s) },
	{ "min_interval_s", 0, PROFILE_INTERVAL_MAX_S, 0,
	    offsetof(struct profile, min_interval_s) },
};

/* --- reading --------------------------------------------------------------- */

static unsigned
bit_of(const struct words *words, const char *word)
{
	for (size_t i = 0; word != NULL && i < words->n; i++)
		if (strcmp(words->items[i].word, word) == 0)
			return words->items[i].bit;
	return 0;
}

static const char *
all_words(struct ctx *cx, const struct words *words, unsigned set)
{
	struct buf b = buf_in(cx->arena, 256);

	for (size_t i = 0; i < words->n; i++)
		if ((set & words->items[i].bit) != 0)
			put_fmt(&b, "%s%s", b.n == 0 ? "" : ", ",
			    words->items[i].word);
	return arena_strndup(cx->arena, (const char *)b.p, b.n);
}

static unsigned
read_set(struct json_in *in, enum set which)
{
	const struct words *words = &sets[which].words;
	const char *member = sets[which].member;
	const json_t *array = json_get_array(in, member, JSON_OPTIONAL,
	    WORDS_MAX);
	unsigned set = 0, bit;

	if (array == NULL)
		return sets[which].fallback;
	for (size_t i = 0; i < json_array_size(array); i++) {
		bit = bit_of(words, json_string_value(json_array_get(array,
		    i)));
		if (bit == 0)
			json_refuse(in, member, arena_printf(in->cx->arena,
			    "holds other than %s", all_words(in->cx, words,
			    ~0u)));
		else if ((set & bit) != 0)
			json_refuse(in, member, "says a word twice");
		set |= bit;
	}
	return set;
}

static struct err
read_dns_names(struct json_in *in, struct profile *p)
{
	const json_t *array = json_get_array(in, "dns_names", JSON_OPTIONAL,
	    PROFILE_DNS_NAMES_MAX);

	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *name = json_string_value(json_array_get(array, i));

		if (name == NULL || !tbs_is_dns_name(name) ||
		    name[strspn(name, "0123456789.")] == '\0')
			json_refuse(in, "dns_names",
			    "must hold DNS names, without a wildcard");
		else
			p->dns_names[p->n_dns_names++] = arena_strdup(
			    in->cx->arena, name);
	}
	return json_in_done(in);
}

/* --- what does not go together ---------------------------------------------- */

static void
check_keys(struct json_in *in, const struct profile *p)
{
	if (p->key_types == 0)
		json_refuse(in, "key_types", "must name one");
	/* Else no device could renew before its certificate runs out. */
	if (p->min_interval_s >= p->lifetime_s)
		json_refuse(in, "min_interval_s",
		    "must be shorter than lifetime_s");
}

/* A SPIFFE ID is the only URI of its certificate (X509-SVID, 2). */
static void
check_names(struct json_in *in, const struct profile *p)
{
	bool spiffe = (p->names & PROFILE_NAME_SPIFFE) != 0;

	if (p->names == 0)
		json_refuse(in, "subject_alt_names", "must name one");
	if (spiffe && (p->names & PROFILE_NAME_URN) != 0)
		json_refuse(in, "subject_alt_names",
		    "holds urn or spiffe, not both");
	if (spiffe && p->trust_domain[0] == '\0')
		json_refuse(in, "spiffe_trust_domain",
		    "is needed for the name spiffe");
	if (!spiffe && p->trust_domain[0] != '\0')
		json_refuse(in, "spiffe_trust_domain",
		    "goes with the name spiffe only");
	if (spiffe && !tbs_is_trust_domain(p->trust_domain))
		json_refuse(in, "spiffe_trust_domain",
		    "must be of a-z, 0-9, '.', '-' and '_'");
}

static void
check_revocation(struct json_in *in, const struct profile *p)
{
	/* RFC 9608, 4. */
	if ((p->revocation & PROFILE_NO_REV_AVAIL) != 0 &&
	    (p->revocation & (PROFILE_CRL | PROFILE_OCSP)) != 0)
		json_refuse(in, "revocation",
		    "holds noRevAvail, or crl and ocsp, not both");
}

static void
check_edge(struct json_in *in, const struct profile *p)
{
	if (!p->edge) {
		if (p->usages == 0)
			json_refuse(in, "extended_key_usage",
			    "must name one");
		return;
	}
	/* A CA's SPIFFE ID has no path (X509-SVID, 3.2). */
	if ((p->names & PROFILE_NAME_SPIFFE) != 0)
		json_refuse(in, "subject_alt_names",
		    "an edge CA has no SPIFFE ID");
	if ((p->revocation & PROFILE_NO_REV_AVAIL) != 0)
		json_refuse(in, "revocation",
		    "an edge CA has to be revocable");
	if (p->n_dns_names > 0 && (p->usages & PROFILE_SERVER_AUTH) == 0 &&
	    p->usages != 0)
		json_refuse(in, "extended_key_usage",
		    "hosts below an edge CA need serverAuth, or none said");
}

struct err
profile_read(struct ctx *cx, const json_t *document, const char *pointer,
    struct profile *out)
{
	struct json_in in = json_in(cx, document, pointer), edge;
	struct profile p = { .edge = false };

	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		*(int64_t *)((char *)&p + numbers[i].offset) = json_get_int(
		    &in, numbers[i].member, numbers[i].least, numbers[i].most,
		    numbers[i].fallback);
	for (size_t i = 0; i < SET_COUNT; i++)
		*(unsigned *)((char *)&p + sets[i].offset) = read_set(&in,
		    (enum set)i);
	p.require_hardware_key = json_get_bool(&in, "require_hardware_key",
	    false);
	p.trust_domain = json_get_text(&in, "spiffe_trust_domain",
	    JSON_OPTIONAL, PROFILE_DOMAIN_MAX);
	p.trust_domain = p.trust_domain == NULL ? "" :
	    arena_strdup(cx->arena, p.trust_domain);
	edge = json_in_member(&in, "edge_ca", JSON_OPTIONAL, &p.edge);
	if (p.edge)
		TRY(read_dns_names(&edge, &p));
	check_keys(&in, &p);
	check_names(&in, &p);
	check_revocation(&in, &p);
	check_edge(&in, &p);
	TRY(json_in_done(&in));
	*out = p;
	return OK;
}

struct err
profile_parse(struct ctx *cx, const char *text, struct profile *out)
{
	json_t *document;

	TRY(json_parse(cx, slice_text(text), &document));
	return profile_read(cx, document, "", out);
}

/* --- writing ---------------------------------------------------------------- */

static json_t *
set_json(const struct words *words, unsigned set)
{
	json_t *array = json_array();

	for (size_t i = 0; i < words->n; i++)
		if ((set & words->items[i].bit) != 0)
			ASSERT(json_array_append_new(array,
			    json_string(words->items[i].word)) == 0);
	return array;
}

static json_t *
edge_json(const struct profile *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->n_dns_names; i++)
		ASSERT(json_array_append_new(array,
		    json_string(p->dns_names[i])) == 0);
	return json_pack("{s:o}", "dns_names", array);
}

const char *
profile_text(struct ctx *cx, const struct profile *p)
{
	json_t *document = json_keep(cx, json_object());

	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		ASSERT(json_object_set_new(document, numbers[i].member,
		    json_integer(*(const int64_t *)((const char *)p +
		    numbers[i].offset))) == 0);
	for (size_t i = 0; i < SET_COUNT; i++)
		ASSERT(json_object_set_new(document, sets[i].member,
		    set_json(&sets[i].words, *(const unsigned *)
		    ((const char *)p + sets[i].offset))) == 0);
	ASSERT(json_object_set_new(document, "require_hardware_key",
	    json_boolean(p->require_hardware_key)) == 0);
	if (p->trust_domain[0] != '\0')
		ASSERT(json_object_set_new(document, "spiffe_trust_domain",
		    json_string(p->trust_domain)) == 0);
	if (p->edge)
		ASSERT(json_object_set_new(document, "edge_ca",
		    edge_json(p)) == 0);
	return (const char *)json_text(cx, document).p;
}

/* --- keys ------------------------------------------------------------------- */

bool
profile_takes_key(const struct profile *p, const struct key *key)
{
	static const struct {
		enum key_kind kind; unsigned bits, type;
	} types[] = {
		{ KEY_P256, 256, PROFILE_KEY_P256 },
		{ KEY_P384, 384, PROFILE_KEY_P384 },
		{ KEY_ED25519, 256, PROFILE_KEY_ED25519 },
		{ KEY_RSA, 2048, PROFILE_KEY_RSA2048 },
		{ KEY_RSA, 3072, PROFILE_KEY_RSA3072 },
		{ KEY_RSA, 4096, PROFILE_KEY_RSA4096 },
	};

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (types[i].kind == key->kind && types[i].bits == key->bits)
			return (p->key_types & types[i].type) != 0;
	return false;
}

const char *
profile_key_words(struct ctx *cx, unsigned set)
{
	return all_words(cx, &sets[SET_KEY_TYPES].words, set);
}
