/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_group.h"

#include "authority/claim.h"
#include "authority/group.h"
#include "authority/profile.h"
#include "base/base.h"
#include "server/rest_json.h"

#define PCR_BANKS	4u
#define PCR_COUNT	24u

static json_t *
group_json(const struct db_group *g)
{
	json_t *object = json_object();

	rest_set_text(object, "name", g->name);
	rest_set_text(object, "title", g->title);
	rest_set_text(object, "profile", g->profile);
	if (g->profile_version != PROFILE_NEWEST)
		rest_set(object, "profile_version",
		    json_integer(g->profile_version));
	rest_set(object, "policy_version", json_integer(g->policy_version));
	rest_set_time(object, "created_at", g->created_s);
	return object;
}

/* What is absent stays as it is; a version of null is the newest. */
static struct group_spec
read_spec(struct json_in *in, const json_t *body)
{
	struct group_spec spec = {
		.title = json_get_text(in, "title", JSON_OPTIONAL,
		    GROUP_TITLE_MAX),
		.profile = json_get_name(in, "profile", JSON_OPTIONAL),
		.profile_version = json_get_int(in, "profile_version", 1,
		    INT64_MAX, GROUP_AS_IT_IS),
	};

	if (json_is_null(json_object_get(body, "profile_version")))
		spec.profile_version = PROFILE_NEWEST;
	return spec;
}

static struct err
say_group(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	http_reply_json(cx, reply, 201, group_json(made));
	return OK;
}

struct err
rest_group_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	const char *name = json_get_name(&in, "name", JSON_REQUIRED);
	struct group_spec spec = read_spec(&in, request->json);
	const json_t *document = json_get(&in, "policy", JSON_OPTIONAL);
	struct policy policy;
	struct db_group made;

	(void)reply;
	TRY(json_in_done(&in));
	if (document != NULL)
		TRY(policy_read(cx, document, "/policy", &policy));
	http_will_say(cx, a, request, say_group, &made);
	TRY(group_create(cx, a, request->tenant, request->principal, name,
	    &spec, document == NULL ? NULL : &policy, &made));
	return http_say(cx, request);
}

struct err
rest_group_list(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	int64_t only = request->principal->group_id, next;
	struct db_group *groups;
	struct page page;
	json_t *items;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(group_list(cx, a, request->tenant, page, &groups, &n, &next));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		if (only == 0 || groups[i].id == only)
			ASSERT(json_array_append_new(items,
			    group_json(&groups[i])) == 0);
	http_reply_list(cx, reply, items, next);
	return OK;
}

struct err
rest_group_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_group found;

	TRY(group_get(cx, a, request->tenant, request->params[1], &found));
	http_add_revision(cx, reply, found.revision);
	http_reply_json(cx, reply, 200, group_json(&found));
	return OK;
}

struct err
rest_group_patch(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct group_spec spec = read_spec(&in, request->json);
	struct db_group changed;

	TRY(json_in_done(&in));
	TRY(http_if_match(cx, request, &spec.revision));
	TRY(group_change(cx, a, request->tenant, request->principal,
	    request->params[1], &spec, &changed));
	http_add_revision(cx, reply, changed.revision);
	http_reply_json(cx, reply, 200, group_json(&changed));
	return OK;
}

/* --- policies ---------------------------------------------------------- */

/* Its ETag is what /policy/activate takes as If-Match. */
static struct err
reply_policy(struct ctx *cx, const struct db_policy *p,
    struct http_reply *reply)
{
	json_t *object = json_keep(cx, json_object());

	rest_set(object, "version", json_integer(p->version));
	TRY(rest_set_json(cx, object, "policy", p->document));
	rest_set_time(object, "created_at", p->created_s);
	rest_set_text(object, "created_by", p->created_by);
	http_add_revision(cx, reply, p->version);
	http_reply_json(cx, reply, 200, json_incref(object));
	return OK;
}

struct err
rest_group_policy_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_policy found;

	TRY(group_policy(cx, a, request->tenant, request->params[1], &found));
	return reply_policy(cx, &found, reply);
}

struct err
rest_group_policy_put(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct policy policy;
	struct db_policy set;
	int64_t version;

	TRY(policy_read(cx, request->json, "", &policy));
	TRY(http_if_match(cx, request, &version));
	TRY(group_set_policy(cx, a, request->tenant, request->principal,
	    request->params[1], version, &policy, &set));
	return reply_policy(cx, &set, reply);
}

/* Registers of one bank, added to the claims to learn. */
static void
read_bank(struct json_in *pcrs, const char *bank, const char **claims,
    size_t *n)
{
	const json_t *array = json_get_array(pcrs, bank, JSON_OPTIONAL,
	    PCR_COUNT);

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *item = json_array_get(array, i);
		json_int_t index = json_integer_value(item);

		if (!json_is_integer(item) || index < 0 ||
		    index >= (json_int_t)PCR_COUNT) {
			json_refuse(pcrs, bank,
			    "must hold numbers of registers, 0 to 23");
			return;
		}
		claims[(*n)++] = arena_printf(pcrs->cx->arena, "pcr.%s.%lld",
		    bank, (long long)index);
	}
}

static struct err
read_learn(struct json_in *in, struct policy_learn *out)
{
	static const char *const banks[PCR_BANKS] = {
		"sha1", "sha256", "sha384", "sha512"
	};
	const char **claims = arena_array(in->cx->arena,
	    (size_t)PCR_BANKS * PCR_COUNT, sizeof(*claims));
	struct json_in pcrs;
	bool present;

	*out = (struct policy_learn){ .claims = claims };
	out->boot_components = json_get_bool(in, "boot_components", false);
	pcrs = json_in_member(in, "pcrs", JSON_OPTIONAL, &present);
	for (size_t i = 0; present && i < COUNT_OF(banks); i++)
		read_bank(&pcrs, banks[i], claims, &out->n_claims);
	if (present)
		TRY(json_in_done(&pcrs));
	if (out->n_claims == 0 && !out->boot_components)
		json_refuse(in, "pcrs", "name a register, or boot_components");
	return json_in_done(in);
}

static struct err
say_policy(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	return reply_policy(cx, made, reply);
}

struct err
rest_group_policy_learn(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	const char *device_id = json_get_text(&in, "device_id", JSON_REQUIRED,
	    DEVICE_ID_SIZE - 1);
	struct policy_learn learn;
	struct db_policy learned;

	(void)reply;
	TRY(read_learn(&in, &learn));
	http_will_say(cx, a, request, say_policy, &learned);
	TRY(group_learn_policy(cx, a, request->tenant, request->principal,
	    request->params[1], device_id, &learn, &learned));
	return http_say(cx, request);
}
