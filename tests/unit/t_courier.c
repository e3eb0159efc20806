/* SPDX-License-Identifier: Apache-2.0 */
/* Where daa-courier may connect to, and the packets between daad and it. */
#include "tests/unit/unit.h"

#include <netinet/in.h>

#include <arpa/inet.h>

#include "courier/guard.h"
#include "wire/courier.h"

static bool
allows(const char *allowed, const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct guard g;

	ck_ok(guard_parse(cx, allowed, &g));
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return guard_allows(&g, (const struct sockaddr *)&in);
	ck_assert_int_eq(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return guard_allows(&g, (const struct sockaddr *)&in6);
}

START_TEST(no_address_that_is_not_public_is_allowed)
{
	static const char *const refused[] = {
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255",
		"100.64.0.1", "100.127.255.255", "127.0.0.1", "127.9.9.9",
		"169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.0.170", "192.0.2.1", "192.168.1.1", "198.18.0.1",
		"198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
		"239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::10.0.0.1", "::ffff:127.0.0.1",
		"::ffff:10.0.0.1", "::ffff:169.254.169.254",
		"64:ff9b::127.0.0.1", "64:ff9b::10.1.2.3", "64:ff9b:1::1",
		"100::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
		"2002:a00:1::", "3fff::1", "5f00::1", "fc00::1",
		"fd00:ec2::254", "fe80::1", "febf::1", "fec0::1", "ff02::1",
	};

	for (size_t i = 0; i < COUNT_OF(refused); i++)
		ck_assert_msg(!allows("", refused[i]), "%s", refused[i]);
}
END_TEST

START_TEST(public_addresses_are_allowed)
{
	static const char *const good[] = {
		"1.1.1.1", "9.255.255.255", "11.0.0.1", "100.63.255.255",
		"100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.0.1",
		"172.15.255.255", "172.32.0.0", "192.167.255.255",
		"198.17.0.1", "198.20.0.1", "223.255.255.255",
		"2606:4700::1111", "2001:4860:4860::8888",
		"::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::",
	};

	for (size_t i = 0; i < COUNT_OF(good); i++)
		ck_assert_msg(allows("", good[i]), "%s", good[i]);
}
END_TEST

START_TEST(what_is_allowed_besides_is_that_and_no_more)
{
	ck_assert(allows("10.1.0.0/16", "10.1.2.3"));
	ck_assert(allows("10.1.0.0/16", "::ffff:10.1.2.3"));
	ck_assert(allows("10.1.0.0/16", "64:ff9b::10.1.2.3"));
	ck_assert(!allows("10.1.0.0/16", "10.2.0.0"));
	ck_assert(allows("127.0.0.1, ::1", "::1"));
	ck_assert(allows("127.0.0.1, ::1", "127.0.0.1"));
	ck_assert(!allows("127.0.0.1", "127.0.0.2"));
	ck_assert(allows("fd00::/8", "fd12::1"));
	ck_assert(!allows("fd00::/8", "fc12::1"));
	ck_assert(allows("10.0.0.128/25", "10.0.0.200"));
	ck_assert(!allows("10.0.0.128/25", "10.0.0.100"));
}
END_TEST

START_TEST(a_list_of_networks_is_read_whole_or_not_at_all)
{
	static const char *const bad[] = {
		"x", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8;1.1.1.1",
		"10.0.0.0/-1", ",", "localhost", "10.0.0.0/8 x",
	};
	struct guard g;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_fails(guard_parse(cx, bad[i], &g), ERR_CONFIG);
}
END_TEST

/* --- packets --------------------------------------------------------------- */

static struct courier_request
a_request(void)
{
	return (struct courier_request){
		.seq = 7, .method = COURIER_POST, .connect_ms = 1,
		.total_ms = COURIER_MS_MAX, .answer_max = 10,
		.url = "https://hook.example/", .n_headers = 2,
		.headers = { "A: b", "webhook-id: 1" },
		.body = SLICE("{}", 2),
	};
}

static struct slice
encode(const struct courier_request *r)
{
	struct buf b = buf_in(cx->arena, COURIER_PACKET_MAX);

	ck_ok(courier_request_encode(cx, r, &b));
	return buf_slice(&b);
}

START_TEST(a_request_is_read_as_it_was_written)
{
	struct courier_request r = a_request(), back;

	ck_ok(courier_request_decode(cx, encode(&r), &back));
	ck_assert_uint_eq(back.seq, 7);
	ck_assert_str_eq(back.url, r.url);
	ck_assert_uint_eq(back.n_headers, 2);
	ck_assert_str_eq(back.headers[1], "webhook-id: 1");
	ck_assert(slice_equal(back.body, r.body));
}
END_TEST

START_TEST(a_request_that_is_cut_or_longer_is_refused)
{
	struct courier_request r = a_request(), back;
	struct slice whole = encode(&r);
	uint8_t *more = arena_alloc(cx->arena, whole.n + 1);

	for (size_t n = 0; n < whole.n; n++)
		ck_fails(courier_request_decode(cx, SLICE(whole.p, n), &back),
		    ERR_ORDER_MALFORMED);
	memcpy(more, whole.p, whole.n);
	more[whole.n] = 0;
	ck_fails(courier_request_decode(cx, SLICE(more, whole.n + 1), &back),
	    ERR_ORDER_MALFORMED);
}
END_TEST

START_TEST(no_header_or_url_can_hold_another_line)
{
	struct buf b = buf_in(cx->arena, COURIER_PACKET_MAX);
	struct courier_request r = a_request();

	r.headers[0] = "A: b\r\nHost: other";
	ck_fails(courier_request_encode(cx, &r, &b), ERR_INTERNAL);
	r = a_request();
	r.url = "https://hook.example/ HTTP/1.1\r\n";
	ck_fails(courier_request_encode(cx, &r, &b), ERR_INTERNAL);
	r = a_request();
	r.headers[0] = "no colon";
	ck_fails(courier_request_encode(cx, &r, &b), ERR_INTERNAL);
	r = a_request();
	r.total_ms = COURIER_MS_MAX + 1;
	ck_fails(courier_request_encode(cx, &r, &b), ERR_INTERNAL);
}
END_TEST

START_TEST(an_answer_has_a_status_or_says_why_not)
{
	struct courier_answer good = { 1, COURIER_ANSWERED, 204, 3, "",
	    SLICE("x", 1) }, bad = good, back;
	struct buf b = buf_in(cx->arena, COURIER_PACKET_MAX);

	ck_ok(courier_answer_encode(cx, &good, &b));
	ck_ok(courier_answer_decode(cx, buf_slice(&b), &back));
	ck_assert_uint_eq(back.status, 204);
	bad.status = 0;
	ck_fails(courier_answer_encode(cx, &bad, &b), ERR_INTERNAL);
	bad = (struct courier_answer){ 1, COURIER_TIMEOUT, 0, 3, "",
	    SLICE_NONE };
	ck_fails(courier_answer_encode(cx, &bad, &b), ERR_INTERNAL);
	bad.why = "late";
	b = buf_in(cx->arena, COURIER_PACKET_MAX);
	ck_ok(courier_answer_encode(cx, &bad, &b));
	ck_ok(courier_answer_decode(cx, buf_slice(&b), &back));
	ck_assert_str_eq(courier_outcome_text(back.outcome), "timeout");
}
END_TEST

UNIT_MAIN("courier",
    no_address_that_is_not_public_is_allowed,
    public_addresses_are_allowed,
    what_is_allowed_besides_is_that_and_no_more,
    a_list_of_networks_is_read_whole_or_not_at_all,
    a_request_is_read_as_it_was_written,
    a_request_that_is_cut_or_longer_is_refused,
    no_header_or_url_can_hold_another_line,
    an_answer_has_a_status_or_says_why_not)
