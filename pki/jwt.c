/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/jwt.h"

#include "base/base.h"

/* Seconds that a number can be and still be added to. */
#define TIME_MAX_S	(INT64_C(1) << 40)

static bool
is_of_type(const char *typ)
{
	/* RFC 7515, 4.1.9: a media type, in any case, may leave out
	 * "application/". */
	static const char *const types[] = { "JWT", "at+jwt",
	    "application/at+jwt" };

	for (size_t i = 0; typ != NULL && i < COUNT_OF(types); i++)
		if (strcasecmp(typ, types[i]) == 0)
			return true;
	return typ == NULL;
}

/* RFC 7519, 2: NumericDate.  Whole seconds are all that is taken. */
static bool
read_time(const json_t *claims, const char *name, int64_t *out)
{
	const json_t *value = json_object_get(claims, name);

	*out = 0;
	if (value == NULL)
		return true;
	*out = json_integer_value(value);
	return json_is_integer(value) && *out > 0 && *out < TIME_MAX_S;
}

static const char *
read_text(struct json_in *in, const char *name, size_t max)
{
	return json_get_text(in, name, JSON_REQUIRED, max);
}

static bool
is_audience(const json_t *aud)
{
	if (json_is_string(aud))
		return true;
	for (size_t i = 0; i < json_array_size(aud); i++)
		if (!json_is_string(json_array_get(aud, i)))
			return false;
	return json_array_size(aud) > 0 &&
	    json_array_size(aud) <= JWT_AUDIENCES_MAX;
}

static struct err
read_claims(struct ctx *cx, struct jwt *jwt)
{
	struct json_in in;
	json_t *claims;

	if (failed(json_parse(cx, jwt->jws.payload, &claims)) ||
	    !json_is_object(claims))
		return FAIL(cx, ERR_AUTH_TOKEN, "a JWT's payload is no object");
	in = json_in(cx, claims, "");
	in.code = ERR_AUTH_TOKEN;
	jwt->claims = claims;
	jwt->issuer = read_text(&in, "iss", JWT_ISSUER_MAX);
	jwt->subject = read_text(&in, "sub", JWT_SUBJECT_MAX);
	if (failed(in.err))
		return in.err;
	if (!is_audience(json_object_get(claims, "aud")))
		return FAIL(cx, ERR_AUTH_TOKEN, "a JWT without an audience");
	if (!read_time(claims, "exp", &jwt->expires_s) ||
	    !read_time(claims, "nbf", &jwt->not_before_s) ||
	    !read_time(claims, "iat", &jwt->issued_s) ||
	    jwt->expires_s == 0)
		return FAIL(cx, ERR_AUTH_TOKEN, "times of a JWT");
	return OK;
}

struct err
jwt_parse(struct ctx *cx, const char *text, struct jwt *out)
{
	size_t n = strlen(text);
	struct jwt jwt = { .claims = NULL };

	if (n > JWT_BYTES_MAX)
		return FAIL(cx, ERR_AUTH_TOKEN, "a JWT of %zu bytes", n);
	if (failed(jws_parse(cx, SLICE(text, n), JWT_PAYLOAD_MAX, &jwt.jws)))
		return FAIL(cx, ERR_AUTH_TOKEN, "not a JWT's form");
	if (!is_of_type(jwt.jws.typ))
		return FAIL(cx, ERR_AUTH_TOKEN, "a JWT of another type");
	TRY(read_claims(cx, &jwt));
	*out = jwt;
	return OK;
}

/* --- whose it is ---------------------------------------------------------- */

static bool
holds(const json_t *value, const char *text)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *item = json_string_value(json_array_get(value, i));

		if (item != NULL && strcmp(item, text) == 0)
			return true;
	}
	return json_is_string(value) &&
	    strcmp(json_string_value(value), text) == 0;
}

bool
jwt_is_for(const struct jwt *jwt, const char *audience)
{
	return holds(json_object_get(jwt->claims, "aud"), audience);
}

bool
jwt_claims(const struct jwt *jwt, const char *name, const char *value)
{
	const json_t *member = json_object_get(jwt->claims, name);
	const char *dot = strchr(name, '.');

	if (member == NULL && dot != NULL)
		member = json_object_get(json_object_getn(jwt->claims, name,
		    (size_t)(dot - name)), dot + 1);
	return holds(member, value);
}

static bool
may_be_by(const struct jws *jws, const struct jwk *key)
{
	return jws_fits(jws->alg, key->kind) &&
	    (key->alg == NULL || strcmp(key->alg, jws->alg) == 0);
}

size_t
jwt_key_of(const struct jwt *jwt, const struct jwk *keys, size_t n)
{
	const char *kid = jwt->jws.kid;
	size_t found = SIZE_MAX, n_found = 0;

	for (size_t i = 0; i < n; i++) {
		if (!may_be_by(&jwt->jws, &keys[i]))
			continue;
		if (kid != NULL && (keys[i].kid == NULL ||
		    strcmp(keys[i].kid, kid) != 0))
			continue;
		found = i;
		n_found++;
	}
	return n_found == 1 ? found : SIZE_MAX;
}

/* --- when it holds -------------------------------------------------------- */

struct err
jwt_check_time(struct ctx *cx, const struct jwt *jwt)
{
	int64_t now_s = ctx_now(cx);
	int64_t from_s = jwt->issued_s > 0 ? jwt->issued_s : now_s;

	if (now_s >= jwt->expires_s + JWT_SKEW_S)
		return FAIL_TELL(cx, ERR_AUTH_TOKEN, "the JWT has expired");
	if (jwt->not_before_s > now_s + JWT_SKEW_S ||
	    jwt->issued_s > now_s + JWT_SKEW_S)
		return FAIL_TELL(cx, ERR_AUTH_TOKEN,
		    "the JWT does not hold yet");
	if (jwt->expires_s - from_s > JWT_LIFE_MAX_S + JWT_SKEW_S)
		return FAIL_TELL(cx, ERR_AUTH_TOKEN,
		    "the JWT holds for longer than %d s", JWT_LIFE_MAX_S);
	return OK;
}
