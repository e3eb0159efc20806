/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_case.h"

#include <openssl/pem.h>

#include "attest/dcap_collateral.h"
#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/evidence.h"
#include "codec/base64.h"

#define PEM_CERTIFICATES_MAX	1024u
#define SERIAL_MAX		20u	/* RFC 5280, 4.1.2.2 */
#define KEY_ID_MAX		128u
#define SPKI_MAX		1024u

/* --- files in place of members ---------------------------------------- */

/* Members that are lists of certificates, and so may be one PEM text. */
static bool
is_chain_member(const char *name)
{
	static const char *const names[] = {
		"ak_chain", "anchors", "certificates", "chain", "ek_chain",
		"pck_chain", "tcb_signing_chain",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static struct err
pem_to_array(struct ctx *cx, struct slice pem, json_t *out)
{
	AUTO(BIO) bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	unsigned char *der;
	char *label, *header;
	long n;

	ASSERT(bio != NULL);
	for (size_t i = 0; i < PEM_CERTIFICATES_MAX &&
	    PEM_read_bio(bio, &label, &header, &der, &n) == 1; i++) {
		bool is_certificate = strcmp(label, "CERTIFICATE") == 0;
		const char *text = base64url(cx->arena, SLICE(der, (size_t)n));

		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_free(der);
		if (!is_certificate)
			return FAIL(cx, ERR_FIELD,
			    "a PEM text that holds more than certificates");
		ASSERT(json_array_append_new(out, json_string(text)) == 0);
	}
	if (json_array_size(out) == 0)
		return FAIL(cx, ERR_FIELD, "a PEM text without certificates");
	return OK;
}

static const char *
beside(struct ctx *cx, const char *folder, const char *name)
{
	if (name[0] == '/')
		return name;
	return arena_printf(cx->arena, "%s/%s", folder, name);
}

/* What a reference {"$file", "encoding"} stands for. */
static struct err
follow(struct ctx *cx, const char *folder, const char *member,
    const json_t *reference, json_t **out)
{
	struct json_in in = json_in(cx, reference, "");
	const char *file, *encoding;
	struct slice content;

	file = json_get_text(&in, "$file", JSON_REQUIRED, 4096);
	encoding = json_get_text(&in, "encoding", JSON_REQUIRED, 16);
	TRY(json_in_done(&in));
	TRY(file_read(cx, beside(cx, folder, file), EVIDENCE_FILE_MAX,
	    &content));
	if (strcmp(encoding, "binary") == 0) {
		*out = json_string(base64url(cx->arena, content));
	} else if (strcmp(encoding, "text") != 0) {
		return FAIL(cx, ERR_FIELD, "encoding %s of %s", encoding,
		    file);
	} else if (is_chain_member(member)) {
		*out = json_array();
		ASSERT(*out != NULL);
		TRY(pem_to_array(cx, content, json_keep(cx, *out)));
		json_incref(*out);
	} else {
		*out = json_stringn((const char *)content.p, content.n);
	}
	if (*out == NULL)
		return FAIL(cx, ERR_FIELD, "%s is not text in UTF-8", file);
	return OK;
}

/* Replace all references below a value.  Depth: JSON_DEPTH_MAX at most. */
static struct err
resolve(struct ctx *cx, const char *folder, const char *member, json_t *value)
{
	const char *name;
	json_t *inner, *found;
	void *next;
	size_t i;

	if (json_is_array(value)) {
		json_array_foreach(value, i, inner) {
			if (json_object_get(inner, "$file") == NULL) {
				TRY(resolve(cx, folder, member, inner));
				continue;
			}
			/* An item is one certificate, not a list of them. */
			TRY(follow(cx, folder, "", inner, &found));
			ASSERT(json_array_set_new(value, i, found) == 0);
		}
		return OK;
	}
	json_object_foreach_safe(value, next, name, inner) {
		if (json_object_get(inner, "$file") == NULL) {
			TRY(resolve(cx, folder, name, inner));
			continue;
		}
		TRY(follow(cx, folder, name, inner, &found));
		ASSERT(json_object_set_new(value, name, found) == 0);
	}
	return OK;
}

static struct err
read_resolved(struct ctx *cx, const char *path, json_t **out)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash == NULL ? "." : arena_strndup(cx->arena,
	    path, (size_t)(slash - path) + (slash == path));
	struct slice text;

	TRY(file_read(cx, path, EVIDENCE_FILE_MAX, &text));
	TRY(json_parse(cx, text, out));
	return resolve(cx, folder, "", *out);
}

/* --- trust ------------------------------------------------------------ */

static void
read_keys(struct json_in *in, struct trust *t)
{
	const json_t *array = json_get_array(in, "keys", JSON_OPTIONAL,
	    EVIDENCE_KEYS_MAX);
	struct trust_key *keys = arena_array(in->cx->arena,
	    json_array_size(array), sizeof(*keys));

	for (size_t i = 0; i < json_array_size(array); i++) {
		struct json_in key = json_in(in->cx, json_array_get(array, i),
		    json_pointer_item(in->cx, "/trust/keys", i));

		keys[i].id = json_get_hex(&key, "id", JSON_REQUIRED,
		    KEY_ID_MAX);
		keys[i].spki = json_get_bytes(&key, "spki", JSON_OPTIONAL,
		    SPKI_MAX);
		if (failed(json_in_done(&key)) && !failed(in->err))
			in->err = key.err;
	}
	t->keys = keys;
	t->n_keys = json_array_size(array);
}

static void
read_serials(struct json_in *in, struct trust *t)
{
	const json_t *array = json_get_array(in, "revoked_serials",
	    JSON_OPTIONAL, EVIDENCE_KEYS_MAX);
	struct slice *serials = arena_array(in->cx->arena,
	    json_array_size(array), sizeof(*serials));

	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *hex = json_string_value(json_array_get(array, i));

		if (hex == NULL || !text_unhex_any(in->cx->arena, hex,
		    SERIAL_MAX, &serials[i]))
			json_refuse(in, "revoked_serials",
			    "must hold serial numbers in hex");
	}
	t->revoked_serials = serials;
	t->n_revoked_serials = json_array_size(array);
}

static bool
manufacturer_of(const char *hex, uint32_t *out)
{
	uint32_t id = 0;

	if (hex == NULL || strlen(hex) != 8)
		return false;
	for (; *hex != '\0'; hex++) {
		const char *digits = "0123456789ABCDEF0123456789abcdef";
		const char *at = strchr(digits, *hex);

		if (at == NULL)
			return false;
		id = id << 4 | (uint32_t)((at - digits) & 15);
	}
	*out = id;
	return true;
}

static void
read_manufacturers(struct json_in *in, struct trust *t)
{
	const json_t *array = json_get_array(in, "manufacturers",
	    JSON_OPTIONAL, EVIDENCE_KEYS_MAX);
	uint32_t *ids = arena_array(in->cx->arena, json_array_size(array),
	    sizeof(*ids));

	for (size_t i = 0; i < json_array_size(array); i++)
		if (!manufacturer_of(json_string_value(json_array_get(array,
		    i)), &ids[i]))
			json_refuse(in, "manufacturers",
			    "must hold IDs of 8 hex digits");
	t->manufacturers = ids;
	t->n_manufacturers = json_array_size(array);
}

static void
read_allow(struct json_in *in, struct trust *t)
{
	static const struct { const char *name; unsigned bit; } rows[] = {
		{ "missing-crl", TRUST_ALLOW_MISSING_CRL },
		{ "missing-collateral", TRUST_ALLOW_MISSING_COLLATERAL },
		{ "sha1", TRUST_ALLOW_SHA1 },
		{ "ek-profile", TRUST_ALLOW_EK_PROFILE },
	};
	const json_t *array = json_get_array(in, "allow", JSON_OPTIONAL, 16);

	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *name = json_string_value(json_array_get(array, i));
		unsigned bit = 0;

		for (size_t k = 0; k < COUNT_OF(rows) && name != NULL; k++)
			if (strcmp(rows[k].name, name) == 0)
				bit = rows[k].bit;
		if (bit == 0)
			json_refuse(in, "allow", "has an item not known here");
		t->allow |= bit;
	}
}

static void
read_collateral(struct json_in *in, struct trust *t)
{
	const json_t *array = json_get_array(in, "collateral", JSON_OPTIONAL,
	    EVIDENCE_COLLATERAL_MAX);
	struct trust_collateral *list = arena_array(in->cx->arena,
	    json_array_size(array), sizeof(*list));

	for (size_t i = 0; i < json_array_size(array); i++) {
		struct json_in one = json_in(in->cx, json_array_get(array, i),
		    json_pointer_item(in->cx, "/trust/collateral", i));

		dcap_collateral_read(&one, &list[i]);
		if (failed(json_in_done(&one)) && !failed(in->err))
			in->err = one.err;
	}
	t->collateral = list;
	t->n_collateral = json_array_size(array);
}

static struct err
read_trust(struct json_in *in, struct trust *out)
{
	struct trust t = { .allow = 0 };
	struct slice *list;

	t.n_anchors = json_get_bytes_array(in, "anchors", JSON_OPTIONAL,
	    EVIDENCE_ANCHORS_MAX, ATTEST_CERT_MAX, &list);
	t.anchors = list;
	t.n_crls = json_get_bytes_array(in, "crls", JSON_OPTIONAL,
	    EVIDENCE_CRLS_MAX, EVIDENCE_CRL_MAX, &list);
	t.crls = list;
	read_collateral(in, &t);
	read_keys(in, &t);
	read_serials(in, &t);
	read_manufacturers(in, &t);
	read_allow(in, &t);
	TRY(json_in_done(in));
	*out = t;
	return OK;
}

struct err
evidence_trust_read(struct ctx *cx, const char *path, struct trust *out)
{
	struct json_in in;
	json_t *value;

	TRY(read_resolved(cx, path, &value));
	in = json_in(cx, value, "");
	return read_trust(&in, out);
}

/* --- cases ------------------------------------------------------------ */

/* Hex as everywhere, but it may be empty: a case about just that. */
static void
read_nonce(struct json_in *in, struct evidence_case *c)
{
	const json_t *value = json_get(in, "nonce", JSON_OPTIONAL);
	const char *hex = json_string_value(value);

	c->has_nonce = value != NULL;
	if (value == NULL)
		return;
	if (hex == NULL || (hex[0] != '\0' && !text_unhex_any(in->cx->arena,
	    hex, EVIDENCE_NONCE_MAX, &c->nonce)))
		json_refuse(in, "nonce", "must be hex");
}

static void
read_binding(struct json_in *in, struct evidence_case *c)
{
	const char *binding = json_get_text(in, "binding", JSON_OPTIONAL, 16);

	c->raw = binding != NULL && strcmp(binding, "raw") == 0;
	if (binding != NULL && !c->raw)
		json_refuse(in, "binding", "must be \"raw\" or absent");
}

struct err
evidence_case_read(struct ctx *cx, const char *path,
    struct evidence_case *out)
{
	struct evidence_case c = { .name = path };
	struct json_in in, trust;
	const char *name;
	json_t *value;

	TRY(read_resolved(cx, path, &value));
	in = json_in(cx, value, "");
	if (json_object_get(value, "evidence") == NULL &&
	    json_object_get(value, "format") != NULL) {
		c.evidence = value;
		*out = c;
		return OK;
	}
	name = json_get_text(&in, "case", JSON_OPTIONAL, 256);
	if (name != NULL)
		c.name = name;
	c.evidence = json_get(&in, "evidence", JSON_REQUIRED);
	trust = json_in_member(&in, "trust", JSON_OPTIONAL, &c.has_trust);
	if (!failed(in.err) && c.has_trust)
		in.err = read_trust(&trust, &c.trust);
	read_nonce(&in, &c);
	read_binding(&in, &c);
	c.has_at = json_object_get(value, "at") != NULL;
	c.at_s = json_get_time(&in, "at", 0);
	c.identifier = json_get_text(&in, "identifier", JSON_OPTIONAL, 256);
	c.expect = json_get(&in, "expect", JSON_OPTIONAL);
	(void)json_get(&in, "source", JSON_OPTIONAL);
	(void)json_get(&in, "certainty", JSON_OPTIONAL);
	(void)json_get(&in, "note", JSON_OPTIONAL);
	TRY(json_in_done(&in));
	*out = c;
	return OK;
}
