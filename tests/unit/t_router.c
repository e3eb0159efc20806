/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "server/router.h"

static const struct route first[] = {
	{ PLANE_OPERATOR, "GET", "/v1/tenants", AUTH_READ, 0, NULL, NULL },
	{ PLANE_OPERATOR, "POST", "/v1/tenants", AUTH_ADMIN, 9, NULL, NULL },
	{ PLANE_OPERATOR, "GET", "/v1/tenants/{tenant}", AUTH_READ, 0, NULL,
	    NULL },
	{ PLANE_OPERATOR, "DELETE", "/v1/tenants/{tenant}/claims/{device}",
	    AUTH_WRITE, 0, NULL, NULL },
};
static const struct route second[] = {
	{ PLANE_OPERATOR, "POST", "/v1/tenants/{tenant}/claims/bulk",
	    AUTH_WRITE, 9, NULL, NULL },
	{ PLANE_OPERATOR, "DELETE", "/v1/tenants/{tenant}/claims/all",
	    AUTH_WRITE, 9, NULL, NULL },
	{ PLANE_STATUS, "GET", "/crl/{ca}.crl", AUTH_NONE, 0, NULL, NULL },
	{ PLANE_STATUS, "GET", "/ocsp/{ca}/{rest*}", AUTH_NONE, 0, NULL,
	    NULL },
};
static const struct route_table first_table = { first, COUNT_OF(first) };
static const struct route_table second_table = { second, COUNT_OF(second) };
static const struct route_table *const tables[] =
    { &first_table, &second_table };

static struct err
find(enum plane plane, const char *method, const char *path,
    struct router_match *out)
{
	return router_find(cx, tables, COUNT_OF(tables), plane, method, path,
	    out);
}

START_TEST(a_path_finds_its_row)
{
	struct router_match m;

	ck_ok(find(PLANE_OPERATOR, "POST", "/v1/tenants", &m));
	ck_assert_ptr_eq(m.route, &first[1]);
	ck_ok(find(PLANE_OPERATOR, "GET", "/v1/tenants/tenant-a", &m));
	ck_assert_ptr_eq(m.route, &first[2]);
	ck_assert_str_eq(m.params[0], "tenant-a");
	ck_assert_str_eq(m.tenant, "tenant-a");
}
END_TEST

START_TEST(literal_text_wins_over_a_name)
{
	struct router_match m;

	ck_ok(find(PLANE_OPERATOR, "DELETE", "/v1/tenants/a/claims/all", &m));
	ck_assert_ptr_eq(m.route, &second[1]);
	ck_ok(find(PLANE_OPERATOR, "DELETE", "/v1/tenants/a/claims/x", &m));
	ck_assert_ptr_eq(m.route, &first[3]);
	ck_assert_str_eq(m.params[1], "x");
}
END_TEST

START_TEST(a_name_may_have_literal_text_after_it)
{
	struct router_match m;

	ck_ok(find(PLANE_STATUS, "GET", "/crl/00ff.crl", &m));
	ck_assert_str_eq(m.params[0], "00ff");
	ck_assert_ptr_null(m.tenant);
	ck_fails(find(PLANE_STATUS, "GET", "/crl/.crl", &m), ERR_ROUTE);
	ck_fails(find(PLANE_STATUS, "GET", "/crl/00ff.cer", &m), ERR_ROUTE);
	ck_fails(find(PLANE_STATUS, "GET", "/crl/00ff", &m), ERR_ROUTE);
}
END_TEST

START_TEST(a_last_name_with_a_star_takes_the_rest_slashes_and_all)
{
	struct router_match m;

	ck_ok(find(PLANE_STATUS, "GET", "/ocsp/00ff/MEk=", &m));
	ck_assert_ptr_eq(m.route, &second[3]);
	ck_assert_str_eq(m.params[0], "00ff");
	ck_assert_str_eq(m.params[1], "MEk=");
	ck_ok(find(PLANE_STATUS, "GET", "/ocsp/00ff/M/E//k%2F%2B+%3d/", &m));
	ck_assert_str_eq(m.params[1], "M/E//k/++=/");
	ck_ok(find(PLANE_STATUS, "GET",
	    "/ocsp/0/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h/i/j/k", &m));
	ck_assert_str_eq(m.params[1],
	    "1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h/i/j/k");
	ck_fails(find(PLANE_STATUS, "GET", "/ocsp/00ff", &m), ERR_ROUTE);
	ck_fails(find(PLANE_STATUS, "GET", "/ocsp/00ff/", &m), ERR_ROUTE);
	ck_fails(find(PLANE_STATUS, "GET", "/ocsp/0%2f0/M", &m), ERR_ROUTE);
	ck_fails(find(PLANE_STATUS, "GET", "/ocsp/00ff/%0a", &m), ERR_ROUTE);
	ck_fails(find(PLANE_STATUS, "GET", "/ocsp/00ff/a/%00", &m), ERR_ROUTE);
	ck_fails(find(PLANE_STATUS, "GET", "/ocsp/00ff/a/%f", &m), ERR_ROUTE);
}
END_TEST

START_TEST(head_goes_where_get_goes)
{
	struct router_match m;

	ck_ok(find(PLANE_STATUS, "HEAD", "/crl/1.crl", &m));
	ck_assert_ptr_eq(m.route, &second[2]);
}
END_TEST

START_TEST(another_plane_does_not_have_the_path)
{
	struct router_match m;

	ck_fails(find(PLANE_DEVICE, "GET", "/v1/tenants", &m), ERR_ROUTE);
	ck_fails(find(PLANE_STATUS, "GET", "/v1/tenants", &m), ERR_ROUTE);
}
END_TEST

START_TEST(a_wrong_method_says_which_there_are)
{
	struct router_match m;

	ck_fails(find(PLANE_OPERATOR, "PUT", "/v1/tenants", &m), ERR_METHOD);
	ck_assert_str_eq(m.allow, "GET, HEAD, POST");
	ck_fails(find(PLANE_OPERATOR, "GET", "/v1/tenants/a/claims/bulk", &m),
	    ERR_METHOD);
	ck_assert_str_eq(m.allow, "DELETE, POST");
	ck_fails(find(PLANE_OPERATOR, "get", "/v1/tenants", &m), ERR_METHOD);
}
END_TEST

START_TEST(paths_that_are_nearly_right_are_not_found)
{
	static const char *const paths[] = {
		"", "/", "//", "v1/tenants", "/v1", "/v1/tenants/", "/V1/tenants",
		"/v1//tenants", "/v1/tenants/a/b", "/v1/tenants/a/claims/",
		"/v1/tenants/../tenants/a/x", "*", "http://h/v1/tenants",
		"/v1/tenants/a%2fclaims%2fall", "/v1/tenants/a%00",
		"/v1/tenants/%", "/v1/tenants/%4", "/v1/tenants/%zz",
		"/v1/tenants/a%0ab", "/v1/tenants/%ff",
		"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18",
	};
	struct router_match m;

	for (size_t i = 0; i < COUNT_OF(paths); i++)
		ck_fails(find(PLANE_OPERATOR, "GET", paths[i], &m), ERR_ROUTE);
}
END_TEST

START_TEST(a_very_long_path_is_not_found)
{
	char path[ROUTER_PATH_MAX + 2];
	struct router_match m;

	memset(path, 'a', sizeof(path));
	memcpy(path, "/v1/tenants/", 12);
	path[sizeof(path) - 1] = '\0';
	ck_fails(find(PLANE_OPERATOR, "GET", path, &m), ERR_ROUTE);
	path[sizeof(path) - 2] = '\0';
	ck_ok(find(PLANE_OPERATOR, "GET", path, &m));
}
END_TEST

START_TEST(segments_are_decoded_once)
{
	struct router_match m;

	ck_ok(find(PLANE_OPERATOR, "GET", "/v1/tenants/tenant%2da", &m));
	ck_assert_str_eq(m.tenant, "tenant-a");
	ck_ok(find(PLANE_OPERATOR, "GET", "/v1/tenants/a%252fb", &m));
	ck_assert_str_eq(m.tenant, "a%2fb");
}
END_TEST

START_TEST(percent_decoding_takes_only_whole_escapes)
{
	char *out;

	ck_assert(router_decode(cx->arena, slice_text("a%2Fb%20%C3%a9"), &out));
	ck_assert_str_eq(out, "a/b \xc3\xa9");
	ck_assert(!router_decode(cx->arena, slice_text("%"), &out));
	ck_assert(!router_decode(cx->arena, slice_text("a%2"), &out));
	ck_assert(!router_decode(cx->arena, slice_text("%g0"), &out));
	ck_assert(!router_decode(cx->arena, slice_text("%00"), &out));
	ck_assert(router_decode(cx->arena, slice_text("%2d"), &out));
	ck_assert_str_eq(out, "-");
	/* The reader keeps within the slice. */
	ck_assert(!router_decode(cx->arena, SLICE("%2d", 2), &out));
}
END_TEST

UNIT_MAIN("router",
    a_path_finds_its_row,
    literal_text_wins_over_a_name,
    a_name_may_have_literal_text_after_it,
    a_last_name_with_a_star_takes_the_rest_slashes_and_all,
    head_goes_where_get_goes,
    another_plane_does_not_have_the_path,
    a_wrong_method_says_which_there_are,
    paths_that_are_nearly_right_are_not_found,
    a_very_long_path_is_not_found,
    segments_are_decoded_once,
    percent_decoding_takes_only_whole_escapes)
