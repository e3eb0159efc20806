/* SPDX-License-Identifier: Apache-2.0 */
/* What a webhook is sent, and what its tenant is told of it. */
#include "tests/unit/unit.h"

#include "authority/delivery.h"

static json_t *
body_of(const char *subject, const char *data, size_t *out_n)
{
	const struct event_row e = { .id = 40, .at_s = 1795334400,
	    .type = "device.labelled", .subject = subject, .actor = "ci",
	    .data = data };
	struct slice body = delivery_body(cx, &e);
	json_t *object = json_loadb((const char *)body.p, body.n, 0, NULL);

	ck_assert_uint_le(body.n, DELIVERY_BODY_MAX);
	ck_assert_ptr_nonnull(object);
	*out_n = body.n;
	return json_keep(cx, object);
}

static const char *
many(char c, size_t n)
{
	char *text = arena_alloc(cx->arena, n + 1);

	memset(text, c, n);
	text[n] = '\0';
	return text;
}

/* Data with a text of so many letters. */
static json_t *
data_of_length(size_t n, size_t *out_n)
{
	json_t *about = json_object_get(body_of("d", arena_printf(cx->arena,
	    "{\"labels\":\"%s\"}", many('x', n)), out_n), "data");

	ck_assert_str_eq(json_string_value(json_object_get(about, "id")),
	    "40");
	ck_assert_str_eq(json_string_value(json_object_get(about,
	    "subject")), "d");
	return about;
}

START_TEST(a_body_that_fits_has_the_data_and_a_longer_one_says_it_has_not)
{
	size_t n, most;
	json_t *about = data_of_length(1, &n);

	/* The longest that fits, to the byte, and one more. */
	most = DELIVERY_BODY_MAX - n + 1;
	about = data_of_length(most, &n);
	ck_assert_uint_eq(n, DELIVERY_BODY_MAX);
	ck_assert_ptr_null(json_object_get(about, "data_omitted"));
	ck_assert_uint_eq(json_string_length(json_object_get(json_object_get(
	    about, "data"), "labels")), most);
	about = data_of_length(most + 1, &n);
	ck_assert(json_is_true(json_object_get(about, "data_omitted")));
	ck_assert_uint_eq(json_object_size(json_object_get(about, "data")),
	    0);
	ck_assert_uint_lt(n, 1024);
}
END_TEST

START_TEST(whatever_an_event_holds_its_body_fits)
{
	const char *long_text = many('s', 200000), *two = "\xc3\xa4";
	const char *umlauts = two;
	json_t *about;
	size_t n;

	about = json_object_get(body_of(long_text, "{}", &n), "data");
	ck_assert(json_is_true(json_object_get(about, "data_omitted")));
	/* It is cut between characters. */
	for (size_t i = 0; i < 16; i++)
		umlauts = arena_printf(cx->arena, "%s%s", umlauts, umlauts);
	(void)body_of(umlauts, "{}", &n);
	(void)body_of(arena_printf(cx->arena, "s%s", umlauts), "{}", &n);
	/* What is no JSON is no data. */
	about = json_object_get(body_of("d", "{", &n), "data");
	ck_assert_uint_eq(json_object_size(json_object_get(about, "data")),
	    0);
}
END_TEST

START_TEST(no_address_and_a_forbidden_one_are_told_alike)
{
	struct courier_answer none = { .outcome = COURIER_RESOLVE, .ms = 3,
	    .why = "unknown" }, inside = { .outcome = COURIER_FORBIDDEN,
	    .ms = 70, .why = "10.0.0.1" };
	struct courier_answer refused = { .outcome = COURIER_CONNECT,
	    .ms = 9, .why = "refused" };
	struct delivery_told a = delivery_tell(&none),
	    b = delivery_tell(&inside), c = delivery_tell(&refused);

	ck_assert_int_eq(a.outcome, b.outcome);
	ck_assert_uint_eq(a.ms, b.ms);
	ck_assert_str_eq(a.why, b.why);
	ck_assert_int_eq(c.outcome, COURIER_CONNECT);
	ck_assert_uint_eq(c.ms, 9);
	ck_assert_str_eq(c.why, "refused");
}
END_TEST

UNIT_MAIN("delivery",
    a_body_that_fits_has_the_data_and_a_longer_one_says_it_has_not,
    whatever_an_event_holds_its_body_fits,
    no_address_and_a_forbidden_one_are_told_alike)
