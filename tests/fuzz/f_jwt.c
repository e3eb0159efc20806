/* SPDX-License-Identifier: Apache-2.0 */
/* JWTs, sets of keys, and the rules of issuers, as bytes. */
#include "base/base.h"
#include "pki/jwt.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
try_set(struct ctx *cx, struct slice text, const struct jwt *jwt)
{
	struct jwks *set = ARENA_NEW(cx->arena, struct jwks);
	struct key key;
	json_t *json;
	size_t i;

	if (failed(json_parse(cx, text, &json)) ||
	    failed(jwks_read(cx, json, set)))
		return;
	ASSERT(set->n > 0 && set->n <= JWKS_KEYS_MAX);
	for (size_t k = 0; k < set->n; k++)
		ASSERT(!failed(key_parse(cx, set->keys[k].spki, &key)));
	if (jwt == NULL)
		return;
	i = jwt_key_of(jwt, set->keys, set->n);
	ASSERT(i == SIZE_MAX || i < set->n);
	if (i != SIZE_MAX)
		(void)failed(jws_verify(cx, &jwt->jws, set->keys[i].spki,
		    ERR_AUTH_TOKEN));
}

/* A JWT, and behind a line's end a set of keys; either may be missing. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const uint8_t *end = n == 0 ? NULL : memchr(p, '\n', n);
	size_t n_text = end == NULL ? n : (size_t)(end - p);
	bool is_jwt = false;
	struct ctx_root root;
	struct ctx *cx = &root.cx;
	struct jwt jwt;
	struct jws jws;

	ctx_root_init(&root, NULL);
	(void)failed(jws_parse(cx, SLICE(p, n_text), JWT_PAYLOAD_MAX, &jws));
	if (memchr(p == NULL ? (const uint8_t *)"" : p, '\0', n_text) == NULL)
		is_jwt = !failed(jwt_parse(cx, arena_strndup(cx->arena,
		    p == NULL ? "" : (const char *)p, n_text), &jwt));
	if (is_jwt) {
		ASSERT(jwt.expires_s > 0);
		ASSERT(strlen(jwt.subject) <= JWT_SUBJECT_MAX);
		(void)failed(jwt_check_time(cx, &jwt));
		(void)jwt_is_for(&jwt, "a");
		(void)jwt_claims(&jwt, "realm_access.roles", "a");
	}
	if (end != NULL)
		try_set(cx, SLICE(end + 1, n - n_text - 1),
		    is_jwt ? &jwt : NULL);
	ctx_root_fini(&root);
	return 0;
}
