/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/source.h"

#include "agent/aesm.h"
#include "agent/binding.h"
#include "agent/command.h"
#include "agent/program.h"
#include "agent/tsm.h"
#include "base/base.h"
#include "base/text.h"
#include "codec/base64.h"

static const struct source *const sources[] = {
	&source_aesm, &source_command, &source_tsm,
};

static struct err
find(struct ctx *cx, const struct settings *set, const struct source **out)
{
	struct buf names = buf_in(cx->arena, 256);

	for (size_t i = 0; i < COUNT_OF(sources); i++) {
		if (set->evidence_source != NULL &&
		    strcmp(set->evidence_source, sources[i]->name) == 0) {
			*out = sources[i];
			return OK;
		}
		put_fmt(&names, "%s%s", i == 0 ? "" :
		    i + 1 == COUNT_OF(sources) ? " or " : ", ",
		    sources[i]->name);
	}
	return FAIL(cx, ERR_CONFIG, "identity = evidence needs "
	    "evidence_source: %.*s", (int)names.n, (const char *)names.p);
}

static struct err
read_wait(struct ctx *cx, const struct settings *set, int64_t *out_s)
{
	if (!text_parse_duration(set->evidence_timeout, SOURCE_WAIT_MAX_S,
	    out_s))
		return FAIL(cx, ERR_CONFIG,
		    "evidence_timeout must be a time like 60s");
	return OK;
}

struct err
source_check(struct ctx *cx, const struct settings *set)
{
	const struct source *source;
	int64_t wait_s;

	TRY(find(cx, set, &source));
	TRY(read_wait(cx, set, &wait_s));
	if (set->format != NULL && (!text_is_name(set->format) ||
	    strlen(set->format) > SOURCE_FORMAT_MAX))
		return FAIL(cx, ERR_CONFIG,
		    "format must be one of the server's, such as snp");
	return source->check(cx, set);
}

struct err
source_evidence(struct ctx *cx, const struct settings *set,
    struct slice nonce, struct slice spki, json_t **out)
{
	struct source_ask ask = { .set = set, .nonce = nonce, .spki = spki };
	json_t *evidence = json_keep(cx, json_object());
	const struct source *source;

	TRY(source_check(cx, set));
	TRY(find(cx, set, &source));
	TRY(read_wait(cx, set, &ask.wait_s));
	TRY(source->get(cx, &ask, evidence));
	*out = evidence;
	return OK;
}

struct slice
source_binding(struct ctx *cx, const struct source_ask *ask,
    const char *format, size_t n)
{
	uint8_t *hash = arena_alloc(cx->arena, n);

	binding_hash(format, ask->nonce, ask->spki, hash, n);
	return SLICE(hash, n);
}

void
source_set(json_t *object, const char *name, json_t *value)
{
	ASSERT(value != NULL && json_object_set_new(object, name, value) == 0);
}

void
source_set_bytes(struct ctx *cx, json_t *object, const char *name,
    struct slice s)
{
	source_set(object, name, json_string(base64url(cx->arena, s)));
}

struct err
source_run(struct ctx *cx, const struct source_ask *ask, const char *name,
    const char *command, const json_t *request, json_t **out)
{
	const struct program program = {
		.name = name,
		.command = command,
		.input = json_text(cx, request),
		.output_max = SOURCE_EVIDENCE_MAX,
		.wait_s = ask->wait_s,
	};
	struct slice answer;
	json_t *object;

	TRY(program_run(cx, &program, &answer));
	if (failed(json_parse(cx, answer, &object)) || !json_is_object(object))
		return FAIL(cx, ERR_SOURCE, "%s did not write one JSON object",
		    name);
	*out = object;
	return OK;
}
