/* SPDX-License-Identifier: Apache-2.0 */
/* The doors of claims, devices, certificates, reports and events: what comes
 * in and what goes out, through the rows of the route tables. */
#include "tests/unit/fleet.h"

#include "server/engine.h"
#include "server/rest_report.h"

#define DAY	86400
#define HEX64	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define A	"/v1/tenants/tenant-a"

static const struct route_table *const tables[] = {
	&rest_claim_routes, &rest_event_routes, &rest_report_routes,
};

/* A call of tenant 0's owner, or of tenant 1's when the path says so. */
struct call {
	const char	*method, *path, *body, *accept, *content_type;
	struct job_query query[4];	/* up to the first without a name */
};

static struct err
run(const struct call *c, struct http_reply *reply)
{
	unsigned tenant = strstr(c->path, "/tenant-b") == NULL ? 0 : 1;
	struct job *job = ARENA_NEW(cx->arena, struct job);
	struct router_match match;
	struct http_request request = {
		.plane = PLANE_OPERATOR, .method = c->method, .path = c->path,
		.accept = c->accept == NULL ? "" : c->accept,
		.content_type = c->content_type == NULL ? "" :
		    c->content_type,
		.body = c->body == NULL ? SLICE_NONE : slice_text(c->body),
		.principal = &fleet.owners[tenant],
		.tenant = &fleet.tenants[tenant], .engine = job,
	};
	json_t *json = NULL;

	TRY(router_find(cx, tables, COUNT_OF(tables), PLANE_OPERATOR,
	    c->method, c->path, &match));
	memcpy(request.params, match.params, sizeof(request.params));
	while (job->n_query < COUNT_OF(c->query) &&
	    c->query[job->n_query].name != NULL) {
		job->query[job->n_query] = c->query[job->n_query];
		job->n_query++;
	}
	if (c->body != NULL && c->content_type == NULL)
		TRY(json_parse(cx, request.body, &json));
	request.json = json;
	job->request = request;
	TRY(match.route->handle(cx, &fleet.a, &job->request, &job->reply));
	*reply = job->reply;
	return OK;
}

#define RUN(reply, method_, path_, ...)					\
	run(&(struct call){ .method = (method_), .path = (path_),	\
	    ##__VA_ARGS__ }, (reply))

static const char *
body(const struct http_reply *reply)
{
	return arena_strndup(cx->arena, (const char *)reply->body.p,
	    reply->body.n);
}

/* What a call answers, which must have that status. */
#define SAYS(status_, want, ...) do {					\
	struct http_reply says_;					\
	ck_ok(RUN(&says_, __VA_ARGS__));				\
	ck_assert_uint_eq(says_.status, (status_));			\
	ck_assert_str_eq(body(&says_), (want));				\
} while (0)

#define CLAIM	"{\"device_id\":\"" HEX64 "\"}"
#define CLAIMED	"{\"device_id\":\"" HEX64 "\",\"tenant\":\"tenant-a\","	\
	"\"group\":\"default\",\"claimed_at\":\"2026-11-22T08:00:00Z\","	\
	"\"claimed_by\":\"alpha\"}"

START_TEST(a_claim_answers_201_and_again_200_and_another_tenant_409)
{
	struct http_reply reply;

	fleet_open();
	SAYS(201, CLAIMED, "POST", A "/claims", .body = CLAIM);
	SAYS(200, CLAIMED, "POST", A "/claims", .body = CLAIM);
	ck_fails(RUN(&reply, "POST", "/v1/tenants/tenant-b/claims", .body = CLAIM),
	    ERR_CLAIM_TAKEN);
	ck_fails(RUN(&reply, "POST", A "/claims",
	    .body = "{\"device_id\":\"" HEX64 "\",\"groups\":\"x\"}"), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/groups");
	ck_fails(RUN(&reply, "POST", A "/claims", .body = "{\"device_id\":\"A\"}"),
	    ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/device_id");
	fleet_close();
}
END_TEST

START_TEST(a_file_of_claims_answers_a_line_for_a_line)
{
	fleet_open();
	SAYS(200,
	    "{\"line\":2,\"id\":\"" HEX64 "\",\"outcome\":\"claimed\"}\n"
	    "{\"line\":3,\"id\":\"" HEX64 "\",\"outcome\":"
	    "\"already-claimed\"}\n"
	    "{\"line\":4,\"id\":\"x\",\"outcome\":\"refused\","
	    "\"code\":\"request.field\",\"detail\":"
	    "\"not a device ID: 64 lower-case hex digits\"}\n",
	    "POST", A "/claims/bulk", .body = "id,group\n" HEX64 ",other\n" HEX64
	    "\nx\n", .content_type = "text/csv");
	SAYS(200, "", "POST", A "/claims/bulk", .body = "",
	    .content_type = "application/x-ndjson");
	fleet_close();
}
END_TEST

START_TEST(history_has_both_ends_of_a_claim)
{
	struct http_reply reply;

	fleet_open();
	ck_ok(RUN(&reply, "POST", A "/claims", .body = CLAIM));
	fleet.now_s += 60;
	SAYS(204, "", "DELETE", A "/claims/" HEX64,
	    .query = { { "reason", "sold" } });
	ck_fails(RUN(&reply, "DELETE", A "/claims/" HEX64), ERR_NOT_FOUND);
	SAYS(200, "{\"items\":[{\"device_id\":\"" HEX64 "\","
	    "\"group\":\"default\",\"claimed_at\":\"2026-11-22T08:00:00Z\","
	    "\"claimed_by\":\"alpha\","
	    "\"released_at\":\"2026-11-22T08:01:00Z\","
	    "\"released_by\":\"alpha\",\"release_reason\":\"sold\"}]}",
	    "GET", A "/devices/" HEX64 "/claims");
	SAYS(200, "{\"items\":[]}", "GET", A "/claims",
	    .query = { { "active", "true" } });
	ck_fails(RUN(&reply, "GET", A "/claims", .query = { { "active",
	    "yes" } }), ERR_PARAMETER);
	ck_fails(RUN(&reply, "GET", A "/claims", .query = { { "after",
	    "x" } }), ERR_PARAMETER);
	fleet_close();
}
END_TEST

#define SERIAL	"11111111111111111111111111111111"
#define KEY_ID_A "74656e616e742d61"	/* "tenant-a" */
#define CERT(more) "{\"serial\":\"" SERIAL "\",\"device_id\":\"" HEX64 "\"," \
	"\"ca\":\"" KEY_ID_A "\",\"not_before\":\"2026-11-22T07:55:00Z\","	\
	"\"not_after\":\"2026-11-23T08:00:00Z\","			\
	"\"issued_at\":\"2026-11-22T08:00:00Z\",\"hardware_key\":true," more

START_TEST(a_device_is_shown_with_all_that_is_known_of_it)
{
	struct http_reply reply;

	fleet_open();
	ck_ok(RUN(&reply, "POST", A "/claims", .body = CLAIM));
	SAYS(200, "{\"device_id\":\"" HEX64 "\",\"tenant\":\"tenant-a\","
	    "\"group\":\"default\",\"state\":\"claimed\","
	    "\"claimed_at\":\"2026-11-22T08:00:00Z\"}",
	    "GET", A "/devices/" HEX64);
	(void)fleet_enroll(0, HEX64, 0x11, FLEET_NOW + DAY);
	SAYS(200, "{\"device_id\":\"" HEX64 "\",\"tenant\":\"tenant-a\","
	    "\"group\":\"other\",\"state\":\"active\","
	    "\"claimed_at\":\"2026-11-22T08:00:00Z\","
	    "\"last_seen_at\":\"2026-11-22T08:00:00Z\","
	    "\"certificates_issued\":1,\"attestation\":{"
	    "\"at\":\"2026-11-22T08:00:00Z\",\"format\":\"tpm2\","
	    "\"verdict\":\"affirming\",\"policy_version\":1,"
	    "\"claims\":{\"secure_boot\":true}},\"certificate\":{"
	    "\"serial\":\"" SERIAL "\","
	    "\"not_after\":\"2026-11-23T08:00:00Z\",\"hardware_key\":true}}",
	    "PATCH", A "/devices/" HEX64, .body = "{\"group\":\"other\"}");
	ck_ok(RUN(&reply, "POST", A "/devices/" HEX64 "/ban",
	    .body = "{\"reason\":\"stolen\"}"));
	ck_assert_ptr_nonnull(strstr(body(&reply), "\"state\":\"banned\""));
	ck_assert_ptr_nonnull(strstr(body(&reply),
	    "\"ban_reason\":\"stolen\""));
	ck_ok(RUN(&reply, "POST", A "/devices/" HEX64 "/unban"));
	ck_assert_ptr_nonnull(strstr(body(&reply), "\"state\":\"active\""));
	ck_ok(RUN(&reply, "GET", A "/devices", .query = { { "state",
	    "active" }, { "group", "other" }, { "limit", "1" } }));
	ck_assert_ptr_nonnull(strstr(body(&reply), "\"next\":\""));
	ck_assert_ptr_null(strstr(body(&reply), "\"claims\""));
	ck_fails(RUN(&reply, "GET", "/v1/tenants/tenant-b/devices/" HEX64),
	    ERR_NOT_FOUND);
	fleet_close();
}
END_TEST

START_TEST(a_list_of_devices_takes_every_filter_in_words)
{
	static const struct { const char *name, *value; bool fits; } rows[] = {
		{ "q", "0123", true }, { "q", "0124", false },
		{ "never_renewed", "true", true },
		{ "never_renewed", "false", false },
		{ "never_enrolled", "false", true },
		{ "never_enrolled", "true", false },
		{ "stale_tcb", "true", false }, { "stale_tcb", "false", true },
		{ "software_key", "false", true },
		{ "clock_skewed", "false", true },
		{ "refused", "false", true }, { "refused", "true", false },
		{ "refusal", "policy.tcb", false },
		{ "expiring_before", "2026-11-23T08:00:01Z", true },
		{ "expiring_before", "2026-11-23T08:00:00Z", false },
		{ "silent_since", "2026-11-22T08:00:01Z", true },
		{ "silent_since", "2026-11-22T08:00:00Z", false },
		{ "label", "site", false },
		{ "state", "active", true }, { "group", "other", false },
	};
	static const struct { const char *name, *value; } bad[] = {
		{ "stale_tcb", "maybe" }, { "silent_since", "yesterday" },
		{ "label", "" }, { "label", "a,,b" }, { "label", "=b" },
		{ "label", "a,b,c,d,e" }, { "limit", "0" }, { "after", "1" },
		{ "q", "" }, { "state", "lost" },
	};
	struct http_reply reply;

	fleet_open();
	ck_ok(RUN(&reply, "POST", A "/claims", .body = CLAIM));
	(void)fleet_enroll(0, HEX64, 0x11, FLEET_NOW + DAY);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		ck_ok(RUN(&reply, "GET", A "/devices", .query = {
		    { rows[i].name, rows[i].value } }));
		ck_assert_msg((strstr(body(&reply), HEX64) != NULL) ==
		    rows[i].fits, "%s=%s", rows[i].name, rows[i].value);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_fails(RUN(&reply, "GET", A "/devices", .query = {
		    { bad[i].name, bad[i].value } }), ERR_PARAMETER);
	fleet_close();
}
END_TEST

START_TEST(a_certificate_is_shown_and_revoked_by_its_serial)
{
	struct http_reply reply;

	fleet_open();
	ck_ok(RUN(&reply, "POST", A "/claims", .body = CLAIM));
	(void)fleet_enroll(0, HEX64, 0x11, FLEET_NOW + DAY);
	SAYS(200, "{\"items\":[" CERT("\"recovered\":false}]}"),
	    "GET", A "/certificates");
	SAYS(200, CERT("\"recovered\":false,\"certificate\":"
	    "\"-----BEGIN CERTIFICATE-----\\nZGVy\\n"
	    "-----END CERTIFICATE-----\\n\"}"),
	    "GET", A "/certificates/" SERIAL);
	ck_fails(RUN(&reply, "POST", A "/certificates/" SERIAL "/revoke",
	    .body = "{\"reason\":\"certificateHold\"}"), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/reason");
	ck_fails(RUN(&reply, "POST", A "/certificates/" SERIAL "/revoke",
	    .body = "{}"), ERR_FIELD);
	fleet.now_s += 60;
	ck_ok(RUN(&reply, "POST", A "/certificates/" SERIAL "/revoke",
	    .body = "{\"reason\":\"keyCompromise\"}"));
	SAYS(200, "{\"items\":["
	    CERT("\"revoked_at\":\"2026-11-22T08:01:00Z\","
	    "\"revoke_reason\":\"keyCompromise\",\"recovered\":false}]}"),
	    "GET", A "/certificates", .query = { { "revoked", "true" },
	    { "device_id", HEX64 } });
	ck_fails(RUN(&reply, "GET", "/v1/tenants/tenant-b/certificates/"
	    SERIAL), ERR_NOT_FOUND);
	fleet_close();
}
END_TEST

/* --- error reports ------------------------------------------------------ */

#define EVENT_WITH(description, end) "{\"event_type\":\"AppCrash\","	\
	"\"event_class\":\"Application\",\"event_category\":\"=x\","	\
	"\"event_count\":2,\"description\":" description ","		\
	"\"start_time\":\"1970-01-01T00:00:00Z\",\"end_time\":\"" end "\"}"
#define EVENT	EVENT_WITH("\"a \\\"b\\\"\"", "2026-11-22T07:00:00Z")
#define REPORT	"{\"report_id\":\"r1\",\"events\":[" EVENT "]}"

static struct err
report(const char *text, struct http_reply *reply)
{
	struct client_device device = { .tenant = fleet.tenants[0],
	    .device_id = HEX64 };
	struct http_request request = { .plane = PLANE_DEVICE,
	    .device = &device };
	json_t *json;

	TRY(json_parse(cx, slice_text(text), &json));
	request.json = json;
	*reply = (struct http_reply){ .status = 0 };
	return rest_error_report_post(cx, &fleet.a, &request, reply);
}

START_TEST(a_report_answers_201_and_again_200)
{
	struct http_reply reply;

	fleet_open();
	ck_ok(RUN(&reply, "POST", A "/claims", .body = CLAIM));
	ck_ok(report(REPORT, &reply));
	ck_assert_uint_eq(reply.status, 201);
	ck_assert_str_eq(body(&reply), "{\"report_id\":\"r1\",\"accepted\":1,"
	    "\"dropped\":0,\"duplicate\":false}");
	ck_ok(report(REPORT, &reply));
	ck_assert_uint_eq(reply.status, 200);
	ck_assert_str_eq(body(&reply), "{\"report_id\":\"r1\",\"accepted\":1,"
	    "\"dropped\":0,\"duplicate\":true}");
	SAYS(200, "{\"items\":[{\"device_id\":\"" HEX64 "\","
	    "\"day\":\"2026-11-22\",\"taken\":1,\"dropped\":0}]}",
	    "GET", A "/error-quota", .query = { { "device_id", HEX64 } });
	fleet_close();
}
END_TEST

START_TEST(what_is_wrong_with_a_report_is_shown_by_its_pointer)
{
	static const struct { const char *text, *pointer; } bad[] = {
		{ "{\"events\":[" EVENT "]}", "/report_id" },
		{ "{\"report_id\":\"a b\",\"events\":[" EVENT "]}",
		    "/report_id" },
		{ "{\"report_id\":\"r\"}", "/events" },
		{ "{\"report_id\":\"r\",\"events\":[]}", "/events" },
		{ "{\"report_id\":\"r\",\"events\":[" EVENT ",3]}",
		    "/events/1" },
		{ "{\"report_id\":\"r\",\"events\":[" EVENT ",{}]}",
		    "/events/1/event_type" },
		{ "{\"report_id\":\"r\",\"events\":["
		    EVENT_WITH("\"\"", "1969-12-31T23:59:59Z") "]}",
		    "/events/0/end_time" },
		{ "{\"report_id\":\"r\",\"events\":["
		    EVENT_WITH("7", "2026-11-22T07:00:00Z") "]}",
		    "/events/0/description" },
		{ "{\"report_id\":\"r\",\"events\":["
		    EVENT_WITH("\"\\u001b\"", "2026-11-22T07:00:00Z") "]}",
		    "/events/0/description" },
		{ "{\"report_id\":\"r\",\"events\":["
		    EVENT_WITH("\"\",\"x\":1", "2026-11-22T07:00:00Z") "]}",
		    "/events/0/x" },
		{ "{\"report_id\":\"r\",\"events\":[{\"event_type\":\"a\","
		    "\"event_class\":\"a\",\"event_category\":\"a\","
		    "\"start_time\":\"1970-01-01T00:00:00Z\"}]}",
		    "/events/0/end_time" },
		{ "{\"report_id\":\"r\",\"events\":[{\"event_type\":\"a\","
		    "\"event_class\":\"a\",\"event_category\":\"a\","
		    "\"event_count\":0}]}", "/events/0/event_count" },
	};
	struct http_reply reply;

	fleet_open();
	ck_ok(RUN(&reply, "POST", A "/claims", .body = CLAIM));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ck_fails(report(bad[i].text, &reply), ERR_FIELD);
		ck_assert_str_eq(cx->trail->pointer, bad[i].pointer);
	}
	SAYS(200, "{\"items\":[]}", "GET", A "/error-reports");
	fleet_close();
}
END_TEST

START_TEST(a_report_holds_a_thousand_events_and_no_more)
{
	struct buf b = buf_in(cx->arena, 1u << 20);
	struct http_reply reply;

	fleet_open();
	fleet.a.limits.reports_per_day = 5000;
	ck_ok(RUN(&reply, "POST", A "/claims", .body = CLAIM));
	put_text(&b, "{\"report_id\":\"r\",\"events\":[" EVENT);
	for (int i = 1; i < 1000; i++)
		put_text(&b, "," EVENT);
	ck_ok(report(arena_printf(cx->arena, "%.*s]}", (int)b.n, b.p),
	    &reply));
	ck_assert_ptr_nonnull(strstr(body(&reply), "\"accepted\":1000"));
	ck_fails(report(arena_printf(cx->arena, "%.*s," EVENT "]}", (int)b.n,
	    b.p), &reply), ERR_FIELD);
	fleet_close();
}
END_TEST

#define SHOWN "{\"id\":\"1\",\"device_id\":\"" HEX64 "\","		\
	"\"report_id\":\"r1\",\"received_at\":\"2026-11-22T08:00:00Z\","	\
	"\"event_type\":\"AppCrash\",\"event_class\":\"Application\","	\
	"\"event_category\":\"=x\",\"event_count\":2,"			\
	"\"description\":\"a \\\"b\\\"\","				\
	"\"start_time\":\"1970-01-01T00:00:00Z\","			\
	"\"end_time\":\"2026-11-22T07:00:00Z\","				\
	"\"attested_at\":\"2026-11-22T08:00:00Z\""

START_TEST(reports_leave_as_json_ndjson_and_csv)
{
	struct http_reply reply;

	fleet_open();
	ck_ok(RUN(&reply, "POST", A "/claims", .body = CLAIM));
	(void)fleet_enroll(0, HEX64, 0x11, FLEET_NOW + DAY);
	ck_ok(report(REPORT, &reply));
	SAYS(200, "{\"items\":[" SHOWN "}]}", "GET", A "/error-reports");
	SAYS(200, SHOWN "}\n", "GET", A "/error-reports",
	    .accept = "application/x-ndjson");
	SAYS(200, "\"DeviceId\",\"EventType\",\"EventClass\","
	    "\"EventCategory\",\"EventCount\",\"Description\",\"StartTime\","
	    "\"EndTime\"\r\n\"" HEX64 "\",\"AppCrash\",\"Application\","
	    "\"'=x\",\"2\",\"a \"\"b\"\"\",\"1970-01-01T00:00:00Z\","
	    "\"2026-11-22T07:00:00Z\"\r\n", "GET", A "/error-reports",
	    .accept = "text/csv, */*;q=0.1");
	SAYS(200, SHOWN ",\"attested\":{\"secure_boot\":true}}",
	    "GET", A "/error-reports/1");
	ck_fails(RUN(&reply, "GET", A "/error-reports/2"), ERR_NOT_FOUND);
	ck_fails(RUN(&reply, "GET", A "/error-reports/x"), ERR_NOT_FOUND);
	SAYS(200, "{\"items\":[]}", "GET",
	    "/v1/tenants/tenant-b/error-reports");
	SAYS(200, "{\"items\":[]}", "GET", A "/error-reports",
	    .query = { { "to", "2026-11-22T08:00:00Z" } });
	fleet_close();
}
END_TEST

START_TEST(an_export_is_whole_unless_it_is_asked_for_in_pages)
{
	struct http_reply reply;
	size_t n = 0;

	fleet_open();
	fleet.a.limits.reports_per_day = 5000;
	ck_ok(RUN(&reply, "POST", A "/claims", .body = CLAIM));
	for (int i = 0; i < 150; i++)
		ck_ok(report(arena_printf(cx->arena, "{\"report_id\":"
		    "\"r%d\",\"events\":[" EVENT "]}", i), &reply));
	ck_ok(RUN(&reply, "GET", A "/error-reports", .accept = "text/csv"));
	for (size_t i = 0; i < reply.body.n; i++)
		n += reply.body.p[i] == '\n';
	ck_assert_uint_eq(n, 151);
	ck_assert_uint_eq(reply.n_headers, 0);
	ck_ok(RUN(&reply, "GET", A "/error-reports", .accept = "text/csv",
	    .query = { { "limit", "100" } }));
	ck_assert_uint_eq(reply.n_headers, 1);
	ck_assert_str_eq(reply.headers[0].name, "X-Next-After");
	ck_assert_str_eq(reply.headers[0].value, "100");
	fleet_close();
}
END_TEST

START_TEST(the_feed_shows_what_happened)
{
	struct http_reply reply;

	fleet_open();
	ck_ok(RUN(&reply, "POST", A "/claims", .body = CLAIM));
	SAYS(200, "{\"items\":[{\"id\":\"1\","
	    "\"at\":\"2026-11-22T08:00:00Z\",\"type\":\"device.claimed\","
	    "\"subject\":\"" HEX64 "\",\"actor\":\"alpha\","
	    "\"data\":{\"group\":\"default\"}}],"
	    "\"cursor\":\"1\"}", "GET", A "/events");
	fleet_close();
}
END_TEST

UNIT_MAIN("fleet doors",
    a_claim_answers_201_and_again_200_and_another_tenant_409,
    a_file_of_claims_answers_a_line_for_a_line,
    history_has_both_ends_of_a_claim,
    a_device_is_shown_with_all_that_is_known_of_it,
    a_list_of_devices_takes_every_filter_in_words,
    a_certificate_is_shown_and_revoked_by_its_serial,
    a_report_answers_201_and_again_200,
    what_is_wrong_with_a_report_is_shown_by_its_pointer,
    a_report_holds_a_thousand_events_and_no_more,
    reports_leave_as_json_ndjson_and_csv,
    an_export_is_whole_unless_it_is_asked_for_in_pages,
    the_feed_shows_what_happened)
