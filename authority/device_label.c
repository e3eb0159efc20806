/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/device_label.h"

#include "base/base.h"
#include "base/text.h"

#define POINTER "/labels"

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
device_label_is_name(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= DEVICE_LABEL_MAX && is_plain(text[0]) &&
	    is_plain(text[n - 1]) &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._/-") == n;
}

bool
device_label_is_value(const char *text)
{
	return strlen(text) <= DEVICE_LABEL_VALUE_MAX &&
	    strchr(text, ',') == NULL && text_is_printable(slice_text(text));
}

static struct err
merge_one(struct ctx *cx, json_t *labels, const char *name,
    const json_t *value)
{
	const char *pointer = json_pointer(cx, POINTER, name);

	if (!device_label_is_name(name))
		return FAIL_AT(cx, ERR_FIELD, POINTER, "labels: a name is 1 to "
		    "%u of a-z, 0-9 and . _ / - between", DEVICE_LABEL_MAX);
	if (json_is_null(value)) {
		(void)json_object_del(labels, name);
		return OK;
	}
	if (!json_is_string(value) || strlen(json_string_value(value)) !=
	    json_string_length(value) ||
	    !device_label_is_value(json_string_value(value)))
		return FAIL_AT(cx, ERR_FIELD, pointer, "%s: a value is at most "
		    "%u printable bytes without a comma, or null", name,
		    DEVICE_LABEL_VALUE_MAX);
	ASSERT(json_object_set_new(labels, name,
	    json_string(json_string_value(value))) == 0);
	return OK;
}

struct err
device_label_merge(struct ctx *cx, const char *now, const json_t *patch,
    const char **out)
{
	json_t *labels, *value;
	const char *name;

	if (now == NULL)
		labels = json_keep(cx, json_object());
	else if (failed(json_parse(cx, slice_text(now), &labels)) ||
	    !json_is_object(labels))
		return FAIL(cx, ERR_STORAGE, "stored labels cannot be read");
	if (!json_is_object(patch))
		return FAIL_AT(cx, ERR_FIELD, POINTER,
		    "labels: must be an object");
	json_object_foreach((json_t *)patch, name, value)
		TRY(merge_one(cx, labels, name, value));
	if (json_object_size(labels) > DEVICE_LABELS_MAX)
		return FAIL_AT(cx, ERR_FIELD, POINTER,
		    "labels: a device has at most %u", DEVICE_LABELS_MAX);
	*out = json_object_size(labels) == 0 ? NULL :
	    (const char *)json_text(cx, labels).p;
	return OK;
}
