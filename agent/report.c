/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/report.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/file.h"
#include "base/text.h"

#define ID_RANDOM	16u	/* bytes */
#define ID_MAX		64u
#define SUFFIX		".json"

static const char *
queue_folder(struct ctx *cx, const struct agent *agent)
{
	return state_path(cx, agent->set->state_dir, "reports");
}

/* 1 to 64 of [A-Za-z0-9._-], and a file name that hides nothing. */
static bool
is_id(const char *id)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = strlen(id);

	return n >= 1 && n <= ID_MAX && id[0] != '.' &&
	    strspn(id, allowed) == n;
}

static struct err
event_by_flags(struct ctx *cx, const struct options *opt, json_t **out)
{
	const char *now = text_time_dup(cx->arena, ctx_now(cx));
	const char *end = opt->end != NULL ? opt->end : now;
	uint64_t count = 1;
	json_t *event;

	if (opt->type == NULL || opt->class == NULL || opt->category == NULL)
		return FAIL(cx, ERR_PARAMETER, "a report needs --file, or "
		    "--type, --class and --category");
	if (opt->count != NULL &&
	    (!text_parse_uint(opt->count, UINT32_MAX, &count) || count == 0))
		return FAIL(cx, ERR_PARAMETER, "--count must be 1 or more");
	event = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s}",
	    "event_type", opt->type, "event_class", opt->class,
	    "event_category", opt->category, "event_count", (json_int_t)count,
	    "description", opt->description != NULL ? opt->description : "",
	    "start_time", opt->start != NULL ? opt->start : end,
	    "end_time", end);
	if (event == NULL)
		return FAIL(cx, ERR_PARAMETER, "the event is not UTF-8");
	/* Members without content are left out. */
	if (opt->description == NULL)
		(void)json_object_del(event, "description");
	*out = json_array();
	ASSERT(json_array_append_new(*out, event) == 0);
	return OK;
}

/* An array of events, one event, or {"report_id", "events"}. */
static struct err
events_of_file(struct ctx *cx, const char *path, json_t **out,
    const char **out_id)
{
	struct slice text;
	json_t *value;

	TRY(file_read(cx, path, REPORT_FILE_MAX, &text));
	TRY(json_parse(cx, text, &value));
	if (json_is_object(value) && json_object_get(value, "events") != NULL) {
		*out_id = json_string_value(json_object_get(value,
		    "report_id"));
		value = json_object_get(value, "events");
	}
	if (json_is_object(value)) {
		*out = json_array();
		ASSERT(json_array_append(*out, value) == 0);
	} else {
		*out = json_incref(value);
	}
	return OK;
}

static const char *
new_id(struct ctx *cx)
{
	uint8_t random[ID_RANDOM];

	ctx_random(cx, random, sizeof(random));
	return text_hex(cx->arena, SLICE_OF(random));
}

struct err
report_read(struct ctx *cx, const struct options *opt, json_t **out_report)
{
	const char *id = opt->report_id, *file_id = NULL;
	json_t *report, *events = NULL;

	if (opt->file != NULL)
		TRY(events_of_file(cx, opt->file, &events, &file_id));
	else
		TRY(event_by_flags(cx, opt, &events));
	(void)json_keep(cx, events);
	if (!json_is_array(events) || json_array_size(events) == 0 ||
	    json_array_size(events) > REPORT_EVENTS_MAX)
		return FAIL(cx, ERR_FIELD, "a report holds 1 to %u events",
		    REPORT_EVENTS_MAX);
	if (id == NULL)
		id = file_id != NULL ? file_id : new_id(cx);
	if (!is_id(id))
		return FAIL(cx, ERR_PARAMETER, "a report ID is 1 to %u of "
		    "a-z, A-Z, 0-9, dot, underscore and hyphen", ID_MAX);
	report = json_keep(cx, json_object());
	ASSERT(json_object_set_new(report, "report_id", json_string(id)) == 0 &&
	    json_object_set(report, "events", events) == 0);
	*out_report = report;
	return OK;
}

static bool
is_report_file(const char *name)
{
	size_t n = strlen(name), k = sizeof(SUFFIX) - 1;

	return n > k && name[0] != '.' && strcmp(name + n - k, SUFFIX) == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Paths of the reports that wait, in the order they were queued. */
static struct err
list_queue(struct ctx *cx, const char *folder, char ***out, size_t *out_n)
{
	char **paths = arena_array(cx->arena, REPORT_QUEUE_MAX, sizeof(*paths));
	struct dirent *entry;
	size_t n = 0;
	DIR *dir = opendir(folder);

	*out = paths;
	*out_n = 0;
	if (dir == NULL && errno == ENOENT)
		return OK;
	if (dir == NULL)
		return FAIL(cx, ERR_IO, "open %s: %s", folder,
		    strerror(errno));
	while (n < REPORT_QUEUE_MAX && (entry = readdir(dir)) != NULL)
		if (is_report_file(entry->d_name))
			paths[n++] = arena_printf(cx->arena, "%s/%s", folder,
			    entry->d_name);
	(void)closedir(dir);
	qsort(paths, n, sizeof(*paths), by_name);
	*out_n = n;
	return OK;
}

struct err
report_queue(struct ctx *cx, struct agent *agent, const json_t *report)
{
	const char *folder = queue_folder(cx, agent);
	const char *id = json_string_value(json_object_get(report,
	    "report_id"));
	char **paths;
	size_t n;

	TRY(file_make_folder(cx, agent->set->state_dir));
	TRY(file_make_folder(cx, folder));
	TRY(list_queue(cx, folder, &paths, &n));
	if (n >= REPORT_QUEUE_MAX)
		return FAIL(cx, ERR_QUOTA,
		    "%u reports wait to be sent already", REPORT_QUEUE_MAX);
	/* Names begin with the time, so that they sort by age. */
	return file_replace(cx, arena_printf(cx->arena, "%s/%012lld-%s" SUFFIX,
	    folder, (long long)ctx_now(cx), id), 0600, json_text(cx, report));
}

/* These say that the content is wrong: it will be wrong the next time too. */
static bool
is_final(struct err e)
{
	return e.code == ERR_MALFORMED || e.code == ERR_JSON ||
	    e.code == ERR_FIELD || e.code == ERR_TOO_LARGE ||
	    e.code == ERR_CONFLICT;
}

static struct err
send_one(struct ctx *cx, struct agent *agent, const struct http_peer *peer,
    const char *path, struct report_sent *sent)
{
	struct slice text;
	json_t *report, *reply;
	struct err e;

	TRY(file_read(cx, path, REPORT_FILE_MAX * 2, &text));
	e = json_parse(cx, text, &report);
	if (!failed(e))
		e = http_post(cx, peer, "/v1/error-reports", report, &reply,
		    &agent->problem);
	if (failed(e) && is_final(e)) {
		(void)rename(path, arena_printf(cx->arena, "%s.refused", path));
		sent->refused++;
		return e;
	}
	TRY(e);
	sent->sent++;
	sent->accepted += json_integer_value(json_object_get(reply,
	    "accepted"));
	sent->dropped += json_integer_value(json_object_get(reply, "dropped"));
	if (unlink(path) != 0)
		return FAIL(cx, ERR_IO, "remove %s: %s", path,
		    strerror(errno));
	return OK;
}

struct err
report_send(struct ctx *cx, struct agent *agent, struct report_sent *out)
{
	struct agent_client *client = ARENA_NEW(cx->arena, struct agent_client);
	struct err e = OK, refused = OK;
	struct http_peer peer;
	char **paths;
	bool found;
	size_t n;

	*out = (struct report_sent){ .sent = 0 };
	TRY(list_queue(cx, queue_folder(cx, agent), &paths, &n));
	out->waiting = (unsigned)n;
	if (n == 0)
		return OK;
	TRY(agent_client(cx, agent, client, &found));
	if (!found || !agent_credential_valid(cx, &client->credential))
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "there is no valid certificate to send reports with");
	peer = agent_peer(agent, &client->http);
	for (size_t i = 0; i < n; i++) {
		e = send_one(cx, agent, &peer, paths[i], out);
		if (failed(e) && !is_final(e))
			break;
		out->waiting--;
		if (failed(e))
			refused = e;
		e = OK;
	}
	return failed(e) ? e : refused;
}
