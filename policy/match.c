/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include "base/base.h"
#include "base/text.h"
#include "policy/appraise.h"

#define DEVICE_ID_HEX	64u
#define LABEL_TEXT_MAX	128u

static bool
is_device_id(const char *text)
{
	return text != NULL && strlen(text) == DEVICE_ID_HEX &&
	    strspn(text, "0123456789abcdef") == DEVICE_ID_HEX;
}

static void
read_devices(struct json_in *in, struct match *out)
{
	const json_t *array = json_get_array(in, "device_ids", JSON_OPTIONAL,
	    MATCH_DEVICES_MAX);
	size_t n = json_array_size(array);
	const char **ids = arena_array(in->cx->arena, n, sizeof(*ids));

	for (size_t i = 0; i < n; i++) {
		const char *id = json_string_value(json_array_get(array, i));

		if (!is_device_id(id)) {
			json_refuse(in, "device_ids", "must be device IDs");
			return;
		}
		ids[i] = arena_strdup(in->cx->arena, id);
	}
	if (array != NULL && n == 0)
		json_refuse(in, "device_ids", "is empty");
	out->device_ids = ids;
	out->n_device_ids = n;
}

static void
read_labels(struct json_in *in, struct match *out)
{
	const json_t *object = json_get(in, "labels", JSON_OPTIONAL);
	size_t n = json_object_size(object);
	struct match_label *labels;
	const char *name;
	json_t *value;

	if (object == NULL)
		return;
	if (!json_is_object(object) || n == 0 || n > MATCH_LABELS_MAX) {
		json_refuse(in, "labels", "must be an object of some labels");
		return;
	}
	labels = arena_array(in->cx->arena, n, sizeof(*labels));
	json_object_foreach((json_t *)object, name, value) {
		if (!json_is_string(value) ||
		    json_string_length(value) > LABEL_TEXT_MAX) {
			json_refuse(in, "labels", "must be texts");
			return;
		}
		labels[out->n_labels++] = (struct match_label){
			arena_strdup(in->cx->arena, name),
			arena_strdup(in->cx->arena, json_string_value(value)),
		};
	}
	out->labels = labels;
}

static struct err
read_policy(struct json_in *in, const char *name, const struct policy **out)
{
	const json_t *document = json_get(in, name, JSON_OPTIONAL);
	struct policy *policy;

	if (document == NULL)
		return OK;
	policy = ARENA_NEW(in->cx->arena, struct policy);
	TRY(policy_read(in->cx, document, json_pointer(in->cx, in->pointer,
	    name), policy));
	*out = policy;
	return OK;
}

struct err
match_read(struct ctx *cx, const json_t *document, const char *pointer,
    struct match *out)
{
	struct json_in in = json_in(cx, document, pointer);
	struct match m = { .n_labels = 0 };

	read_devices(&in, &m);
	m.group = json_get_name(&in, "group", JSON_OPTIONAL);
	read_labels(&in, &m);
	TRY(read_policy(&in, "shows", &m.shows));
	TRY(read_policy(&in, "fails", &m.fails));
	TRY(json_in_done(&in));
	/* Or a slip would be about every device. */
	if (m.n_device_ids == 0 && m.group == NULL && m.n_labels == 0 &&
	    m.shows == NULL && m.fails == NULL)
		return FAIL_AT(cx, ERR_FIELD, pointer, "says of no device: "
		    "give device_ids, group, labels, shows or fails");
	if (m.group != NULL)
		m.group = arena_strdup(cx->arena, m.group);
	*out = m;
	return OK;
}

struct err
match_parse(struct ctx *cx, const char *text, struct match *out)
{
	json_t *document;

	if (failed(json_parse(cx, slice_text(text), &document)) ||
	    failed(match_read(cx, document, "", out)))
		return FAIL(cx, ERR_STORAGE, "stored match: %s %s",
		    cx->trail->pointer, cx->trail->note);
	return OK;
}

/* --- holding a device against it ------------------------------------------ */

bool
match_takes_claims(const struct match *m)
{
	return m->shows != NULL || m->fails != NULL;
}

static bool
fits_devices(const struct match *m, const char *device_id)
{
	for (size_t i = 0; i < m->n_device_ids; i++)
		if (strcmp(m->device_ids[i], device_id) == 0)
			return true;
	return m->n_device_ids == 0;
}

static bool
fits_labels(struct ctx *cx, const struct match *m, const char *text)
{
	json_t *labels;

	if (m->n_labels == 0)
		return true;
	if (text == NULL || failed(json_parse(cx, slice_text(text), &labels)))
		return false;
	for (size_t i = 0; i < m->n_labels; i++) {
		const char *value = json_string_value(json_object_get(labels,
		    m->labels[i].name));

		if (value == NULL || strcmp(value, m->labels[i].value) != 0)
			return false;
	}
	return true;
}

static bool
of_format(const struct policy *policy, const char *format)
{
	for (size_t i = 0; i < policy->n_formats; i++)
		if (format != NULL && strcmp(policy->formats[i], format) == 0)
			return true;
	return policy->n_formats == 0;
}

static bool
fits_shows(struct ctx *cx, const struct policy *policy,
    const struct match_device *d, int64_t at_s)
{
	if (!of_format(policy, d->format))
		return false;
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		const struct claim *claim = claims_find(d->claims,
		    rule->claim);

		if (claim == NULL || !policy_rule_met(cx, rule, at_s, claim))
			return false;
	}
	return true;
}

static bool
fits_fails(struct ctx *cx, const struct policy *policy,
    const struct match_device *d, int64_t at_s)
{
	if (!of_format(policy, d->format))
		return false;
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		const struct claim *claim = claims_find(d->claims,
		    rule->claim);

		if (claim != NULL && !policy_rule_met(cx, rule, at_s, claim))
			return true;
	}
	return false;
}

bool
match_fits(struct ctx *cx, const struct match *m,
    const struct match_device *d, int64_t at_s)
{
	if (!fits_devices(m, d->device_id) || (m->group != NULL &&
	    (d->group == NULL || strcmp(m->group, d->group) != 0)) ||
	    !fits_labels(cx, m, d->labels))
		return false;
	if (match_takes_claims(m) && d->claims == NULL)
		return false;
	return (m->shows == NULL || fits_shows(cx, m->shows, d, at_s)) &&
	    (m->fails == NULL || fits_fails(cx, m->fails, d, at_s));
}
