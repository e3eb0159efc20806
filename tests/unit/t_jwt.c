/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Keys and Tokens: what is read, and what is refused. */
#include "tests/unit/jose.h"

#include "pki/jwt.h"

#define NOW	1795334400	/* 2026-11-22T08:00:00Z */
#define WHO	"\"iss\":\"https://i\",\"sub\":\"s\",\"aud\":\"a\""
#define GOOD	"{" WHO ",\"exp\":1795334700}"

static const char *const algs[] = { "ES256", "ES384", "EdDSA", "RS256",
    "PS256" };

static int64_t
now(void *arg)
{
	return *(int64_t *)arg;
}

/* At that time. */
static void
at(int64_t *s)
{
	struct clock *clock = ARENA_NEW(cx->arena, struct clock);

	*clock = *cx->clock;
	clock->now_s = now;
	clock->arg = s;
	cx->clock = clock;
}

static struct err
read_set(const char *text, struct jwks *out)
{
	json_t *json;

	ck_ok(json_parse(cx, slice_text(text), &json));
	return jwks_read(cx, json, out);
}

static struct err
verify(const struct jwks *set, const char *text)
{
	struct jwt jwt;
	size_t i;

	TRY(jwt_parse(cx, text, &jwt));
	i = jwt_key_of(&jwt, set->keys, set->n);
	if (i == SIZE_MAX)
		return FAIL(cx, ERR_AUTH_TOKEN, "no such key");
	return jws_verify(cx, &jwt.jws, set->keys[i].spki, ERR_AUTH_TOKEN);
}

START_TEST(each_algorithm_is_of_its_kind_of_key_alone)
{
	for (size_t i = 0; i < COUNT_OF(algs); i++) {
		struct jose_key key = jose_key(algs[i], "k");
		struct jwks set;

		ck_ok(read_set(jose_set(&key, 1), &set));
		ck_ok(verify(&set, jose_sign(&key, GOOD)));
		for (size_t j = 0; j < COUNT_OF(algs); j++)
			if (j != i)
				ck_fails(verify(&set, jose_sign_as(&key,
				    arena_printf(cx->arena, "{\"alg\":\"%s\","
				    "\"kid\":\"k\"}", algs[j]), GOOD)),
				    ERR_AUTH_TOKEN);
	}
}
END_TEST

START_TEST(what_the_standards_print_verifies)
{
	/* RFC 7515, A.3, and RFC 8037, A.4. */
	static const struct { const char *set, *text; } rows[] = {
		{ "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
		    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}",
		    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4"
		    "MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
		    "Q.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5dj"
		    "xLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q" },
		{ "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
		    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}",
		    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
		    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4i"
		    "ylGjg5BhVsPt9g7sVvpAr_MuM0KAg" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct jwks set;
		struct jws jws;

		ck_ok(read_set(rows[i].set, &set));
		ck_ok(jws_parse(cx, slice_text(rows[i].text), 1000, &jws));
		ck_ok(jws_verify(cx, &jws, set.keys[0].spki,
		    ERR_AUTH_TOKEN));
	}
}
END_TEST

START_TEST(none_and_hmac_are_no_algorithms)
{
	static const char *const others[] = { "none", "None", "HS256", "RS512",
	    "ES512", "es256", "" };
	struct jose_key key = jose_key("ES256", "k");
	struct jwks set;

	ck_ok(read_set(jose_set(&key, 1), &set));
	for (size_t i = 0; i < COUNT_OF(others); i++)
		ck_fails(verify(&set, jose_sign_as(&key, arena_printf(
		    cx->arena, "{\"alg\":\"%s\",\"kid\":\"k\"}", others[i]),
		    GOOD)), ERR_AUTH_TOKEN);
	/* Without a signature, whatever is said. */
	ck_fails(verify(&set, arena_printf(cx->arena, "%s.%s.",
	    base64url(cx->arena, slice_text("{\"alg\":\"ES256\"}")),
	    base64url(cx->arena, slice_text(GOOD)))), ERR_AUTH_TOKEN);
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
	for (size_t i = 0; i < COUNT_OF(algs); i++) {
		struct jose_key key = jose_key(algs[i], "k");
		const char *text = jose_sign(&key, GOOD);
		size_t n = strlen(text);
		struct jwks set;

		ck_ok(read_set(jose_set(&key, 1), &set));
		for (size_t bit = 0; bit < 8 * n; bit++) {
			struct ctx_root root;
			struct ctx *whole = cx;
			char *changed = arena_strdup(cx->arena, text);

			changed[bit / 8] ^= (char)(1 << bit % 8);
			ctx_root_init(&root, NULL);
			cx = &root.cx;
			ck_fails(verify(&set, changed), ERR_AUTH_TOKEN);
			cx = whole;
			ctx_root_fini(&root);
		}
	}
}
END_TEST

START_TEST(every_cut_and_trailing_byte_is_refused)
{
	static const char tails[] = ".=A \n\"";
	struct jose_key key = jose_key("ES256", "k");
	const char *text = jose_sign(&key, GOOD);
	struct jwks set;

	ck_ok(read_set(jose_set(&key, 1), &set));
	for (size_t n = 0; n < strlen(text); n++)
		ck_fails(verify(&set, arena_strndup(cx->arena, text, n)),
		    ERR_AUTH_TOKEN);
	for (size_t i = 0; i < sizeof(tails) - 1; i++) {
		ck_fails(verify(&set, arena_printf(cx->arena, "%s%c", text,
		    tails[i])), ERR_AUTH_TOKEN);
		ck_fails(verify(&set, arena_printf(cx->arena, "%c%s",
		    tails[i], text)), ERR_AUTH_TOKEN);
	}
	ck_ok(verify(&set, text));
}
END_TEST

START_TEST(each_member_of_the_header_is_as_it_must_be)
{
	static const struct { const char *more; bool good; } rows[] = {
		{ "", true },
		{ ",\"typ\":\"JWT\"", true },
		{ ",\"typ\":\"jwt\"", true },
		{ ",\"typ\":\"at+jwt\"", true },
		{ ",\"typ\":\"application/at+jwt\"", true },
		{ ",\"x5t\":\"AAAA\",\"x5t#S256\":\"AAAA\"", true },
		{ ",\"typ\":\"JOSE\"", false },
		{ ",\"typ\":\"logout+jwt\"", false },
		{ ",\"typ\":\"\"", false },
		{ ",\"typ\":1", false },
		{ ",\"crit\":[\"exp\"]", false },
		{ ",\"crit\":[]", false },
		{ ",\"b64\":false", false },
		{ ",\"jku\":\"https://evil\"", false },
		{ ",\"jwk\":{}", false },
		{ ",\"x5c\":[]", false },
		{ ",\"zip\":\"DEF\"", false },
		{ ",\"alg\":\"ES256\"", false },
		{ ",\"kid\":\"k\"", false },
		{ ",\"\\u006bid\":\"k\"", false },
	};
	struct jose_key key = jose_key("ES256", "k");
	struct jwks set;

	ck_ok(read_set(jose_set(&key, 1), &set));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err e = verify(&set, jose_sign_as(&key, arena_printf(
		    cx->arena, "{\"alg\":\"ES256\",\"kid\":\"k\"%s}",
		    rows[i].more), GOOD));

		ck_assert_msg(failed(e) != rows[i].good, "%s", rows[i].more);
	}
}
END_TEST

START_TEST(each_claim_that_is_needed_is_there_once_and_of_its_type)
{
	static const struct { const char *payload; bool good; } rows[] = {
		{ GOOD, true },
		{ "{\"more\":{\"x\":[1]}," WHO ",\"exp\":1}", true },
		{ "{" WHO ",\"exp\":1,\"nbf\":1,\"iat\":1}", true },
		{ "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":[\"a\",\"b\"],"
		    "\"exp\":1}", true },
		{ "{\"sub\":\"s\",\"aud\":\"a\",\"exp\":1}", false },
		{ "{\"iss\":\"i\",\"aud\":\"a\",\"exp\":1}", false },
		{ "{\"iss\":\"i\",\"sub\":\"s\",\"exp\":1}", false },
		{ "{" WHO "}", false },
		{ "{\"iss\":1,\"sub\":\"s\",\"aud\":\"a\",\"exp\":1}", false },
		{ "{\"iss\":\"i\",\"sub\":\"\",\"aud\":\"a\",\"exp\":1}",
		    false },
		{ "{\"iss\":\"i\",\"sub\":\"a\\nb\",\"aud\":\"a\","
		    "\"exp\":1}", false },
		{ "{\"iss\":\"i\",\"sub\":\"a\\u0000b\",\"aud\":\"a\","
		    "\"exp\":1}", false },
		{ "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":[],\"exp\":1}", false },
		{ "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":[\"a\",1],"
		    "\"exp\":1}", false },
		{ "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":{},\"exp\":1}", false },
		{ "{" WHO ",\"exp\":1.5}", false },
		{ "{" WHO ",\"exp\":\"1\"}", false },
		{ "{" WHO ",\"exp\":0}", false },
		{ "{" WHO ",\"exp\":-1}", false },
		{ "{" WHO ",\"exp\":1e9}", false },
		{ "{" WHO ",\"exp\":9223372036854775807}", false },
		{ "{" WHO ",\"exp\":1,\"nbf\":\"x\"}", false },
		{ "{" WHO ",\"exp\":1,\"iat\":null}", false },
		{ "{" WHO ",\"exp\":1,\"exp\":1}", false },
		{ "{" WHO ",\"exp\":1,\"x\":{\"y\":1,\"y\":1}}", false },
		{ "{" WHO ",\"exp\":1} ", true },	/* JSON has space */
		{ "{" WHO ",\"exp\":1}{}", false },
		{ "[]", false },
		{ "", false },
	};
	struct jose_key key = jose_key("EdDSA", "k");
	struct jwt jwt;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err e = jwt_parse(cx, jose_sign(&key, rows[i].payload),
		    &jwt);

		ck_assert_msg(failed(e) != rows[i].good, "%s: %s",
		    rows[i].payload, cx->trail->note);
		if (failed(e))
			ck_assert_int_eq(e.code, ERR_AUTH_TOKEN);
	}
}
END_TEST

START_TEST(what_is_too_long_is_refused)
{
	struct jose_key key = jose_key("EdDSA", "k");
	char *long_text = arena_alloc(cx->arena, JWT_PAYLOAD_MAX + 1);
	struct jwt jwt;

	memset(long_text, 'x', JWT_PAYLOAD_MAX);
	for (size_t n = JWT_SUBJECT_MAX; n <= JWT_SUBJECT_MAX + 1; n++) {
		struct err e = jwt_parse(cx, jose_sign(&key, arena_printf(
		    cx->arena, "{\"iss\":\"i\",\"sub\":\"%.*s\",\"aud\":"
		    "\"a\",\"exp\":1}", (int)n, long_text)), &jwt);

		ck_assert(failed(e) == (n > JWT_SUBJECT_MAX));
	}
	for (size_t n = JWT_ISSUER_MAX; n <= JWT_ISSUER_MAX + 1; n++) {
		struct err e = jwt_parse(cx, jose_sign(&key, arena_printf(
		    cx->arena, "{\"iss\":\"%.*s\",\"sub\":\"s\",\"aud\":"
		    "\"a\",\"exp\":1}", (int)n, long_text)), &jwt);

		ck_assert(failed(e) == (n > JWT_ISSUER_MAX));
	}
	ck_fails(jwt_parse(cx, jose_sign(&key, arena_printf(cx->arena,
	    "{\"x\":\"%s\"," WHO ",\"exp\":1}", long_text)), &jwt),
	    ERR_AUTH_TOKEN);
}
END_TEST

START_TEST(a_jwt_holds_in_its_time_and_not_for_too_long)
{
	static const struct {
		int64_t	exp, nbf, iat;	/* from now; 0: not said */
		bool	good;
	} rows[] = {
		{ 300, 0, 0, true }, { -59, 0, 0, true },
		{ -60, 0, 0, false }, { -1000, 0, 0, false },
		{ 300, 60, 0, true }, { 300, 61, 0, false },
		{ 300, 0, 60, true }, { 300, 0, 61, false },
		{ 300, -1000, -1000, true },
		{ 86400, 0, 0, true }, { 86460, 0, 0, true },
		{ 86461, 0, 0, false },
		{ 300, 0, -86160, true }, { 300, 0, -86161, false },
	};
	int64_t now_s = NOW;

	at(&now_s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct jwt jwt = { .expires_s = NOW + rows[i].exp };
		struct err e;

		if (rows[i].nbf != 0)
			jwt.not_before_s = NOW + rows[i].nbf;
		if (rows[i].iat != 0)
			jwt.issued_s = NOW + rows[i].iat;
		e = jwt_check_time(cx, &jwt);
		ck_assert_msg(failed(e) != rows[i].good, "row %zu", i);
	}
}
END_TEST

START_TEST(a_claim_is_a_text_or_a_list_that_holds_it)
{
	static const struct { const char *name, *value; bool fits; } rows[] = {
		{ "a", "x", true }, { "a", "X", false }, { "a", "", false },
		{ "a", "xx", false }, { "l", "y", true }, { "l", "z", true },
		{ "l", "1", false }, { "l", "yz", false },
		{ "o.r", "w", true }, { "o.r", "v", true },
		{ "o.s", "w", false }, { "o", "w", false },
		{ "o.p.q", "deep", false }, { "p.q", "one", true },
		{ "p.q", "two", false }, { "n", "1", false },
		{ "t", "true", false }, { "b", "x", false },
		{ ".a", "x", false }, { "a.", "x", false },
		{ "https://x.y/z", "ns", true },
	};
	struct jose_key key = jose_key("EdDSA", "k");
	struct jwt jwt;

	ck_ok(jwt_parse(cx, jose_sign(&key, "{" WHO ",\"exp\":1,\"a\":\"x\","
	    "\"l\":[\"y\",1,\"z\"],\"o\":{\"r\":[\"w\",\"v\"],"
	    "\"p\":{\"q\":\"deep\"}},\"p.q\":\"one\",\"p\":{\"q\":\"two\"},"
	    "\"n\":1,\"t\":true,\"https://x.y/z\":\"ns\"}"), &jwt));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		ck_assert_msg(jwt_claims(&jwt, rows[i].name, rows[i].value) ==
		    rows[i].fits, "%s %s", rows[i].name, rows[i].value);
	ck_assert(jwt_is_for(&jwt, "a") && !jwt_is_for(&jwt, "A") &&
	    !jwt_is_for(&jwt, "aa") && !jwt_is_for(&jwt, ""));
}
END_TEST

START_TEST(a_key_is_found_by_its_name_or_is_the_only_one)
{
	struct jose_key keys[] = { jose_key("ES256", "one"),
	    jose_key("ES256", "two"), jose_key("RS256", NULL) };
	struct jose_key unnamed = keys[0];
	struct jwks set;

	ck_ok(read_set(jose_set(keys, 3), &set));
	for (size_t i = 0; i < 3; i++)
		ck_ok(verify(&set, jose_sign(&keys[i], GOOD)));
	/* Two could have signed it, whichever has. */
	unnamed.kid = NULL;
	ck_fails(verify(&set, jose_sign(&unnamed, GOOD)), ERR_AUTH_TOKEN);
	unnamed.pkey = keys[1].pkey;
	ck_fails(verify(&set, jose_sign(&unnamed, GOOD)), ERR_AUTH_TOKEN);
	unnamed.pkey = keys[0].pkey;
	/* Its name is another key's. */
	unnamed.kid = "two";
	ck_fails(verify(&set, jose_sign(&unnamed, GOOD)), ERR_AUTH_TOKEN);
	unnamed.kid = "three";
	ck_fails(verify(&set, jose_sign(&unnamed, GOOD)), ERR_AUTH_TOKEN);
	/* A name is needed where one is said. */
	keys[2].kid = "rsa";
	ck_fails(verify(&set, jose_sign(&keys[2], GOOD)), ERR_AUTH_TOKEN);
	/* PS256 is not what a key for RS256 signs. */
	ck_ok(read_set(arena_printf(cx->arena, "{\"keys\":[{%s,\"alg\":"
	    "\"RS256\"}]}", jose_jwk(&keys[2])), &set));
	ck_ok(verify(&set, jose_sign(&keys[2], GOOD)));
	keys[2].alg = "PS256";
	ck_fails(verify(&set, jose_sign(&keys[2], GOOD)), ERR_AUTH_TOKEN);
}
END_TEST

static const char *
with(const char *jwk, const char *more)
{
	return arena_printf(cx->arena, "{%s%s}", jwk, more);
}

START_TEST(keys_that_cannot_verify_here_are_passed_over)
{
	struct jose_key key = jose_key("ES256", "k"), other = key;
	const char *jwk = jose_jwk(&key), *rest[] = {
		with(jwk, ",\"use\":\"enc\""),
		with(jwk, ",\"key_ops\":[\"sign\"]"),
		with(jwk, ",\"key_ops\":[]"),
		with(jwk, ",\"alg\":\"ECDH-ES\""),
		with(jwk, ",\"alg\":\"ES384\""),
		"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\","
		    "\"y\":\"AA\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}",
		"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"}",
		"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
		"{\"kty\":\"AKP\"}", "{\"kty\":1}", "{}", "[]", "1",
	};
	struct jwks set;

	other.kid = "other";
	for (size_t i = 0; i < COUNT_OF(rest); i++) {
		ck_fails(read_set(arena_printf(cx->arena, "{\"keys\":[%s]}",
		    rest[i]), &set), ERR_FIELD);
		ck_ok(read_set(arena_printf(cx->arena, "{\"keys\":[%s,{%s}]}",
		    rest[i], jose_jwk(&other)), &set));
		ck_assert_uint_eq(set.n, 1);
		ck_assert_str_eq(set.keys[0].kid, "other");
	}
	ck_ok(read_set(arena_printf(cx->arena, "{\"keys\":[%s]}", with(jwk,
	    ",\"use\":\"sig\",\"alg\":\"ES256\",\"key_ops\":[\"verify\"],"
	    "\"x5c\":[\"AA\"]")), &set));
	ck_assert_uint_eq(set.n, 1);
}
END_TEST

START_TEST(a_set_that_is_none_or_could_sign_is_refused)
{
	struct jose_key key = jose_key("ES256", "k");
	const char *jwk = jose_jwk(&key), *many = with(jwk, "");
	const char *rows[] = {
		"{}", "{\"keys\":{}}", "{\"keys\":[]}", "[]",
		arena_printf(cx->arena, "{\"keys\":[%s,%s]}", with(jwk,
		    ""), with(jwk, "")),
		arena_printf(cx->arena, "{\"keys\":[%s]}", with(jwk,
		    ",\"d\":\"AAAA\"")),
		arena_printf(cx->arena, "{\"keys\":[%s,{\"kty\":\"oct\","
		    "\"k\":\"AAAA\"}]}", with(jwk, "")),
		arena_printf(cx->arena, "{\"keys\":[%s,{\"k\":\"AAAA\"}]}",
		    with(jwk, "")),
	};
	struct jwks set;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		ck_fails(read_set(rows[i], &set), ERR_FIELD);
	for (size_t n = 1; n < JWKS_KEYS_MAX; n++)
		many = arena_printf(cx->arena, "%s,{}", many);
	ck_ok(read_set(arena_printf(cx->arena, "{\"keys\":[%s]}", many),
	    &set));
	ck_fails(read_set(arena_printf(cx->arena, "{\"keys\":[%s,{}]}", many),
	    &set), ERR_FIELD);
}
END_TEST

UNIT_MAIN("jwt",
    each_algorithm_is_of_its_kind_of_key_alone,
    what_the_standards_print_verifies,
    none_and_hmac_are_no_algorithms,
    every_flipped_bit_is_refused,
    every_cut_and_trailing_byte_is_refused,
    each_member_of_the_header_is_as_it_must_be,
    each_claim_that_is_needed_is_there_once_and_of_its_type,
    what_is_too_long_is_refused,
    a_jwt_holds_in_its_time_and_not_for_too_long,
    a_claim_is_a_text_or_a_list_that_holds_it,
    a_key_is_found_by_its_name_or_is_the_only_one,
    keys_that_cannot_verify_here_are_passed_over,
    a_set_that_is_none_or_could_sign_is_refused)
