/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/command.h"

#include "agent/binding.h"
#include "agent/program.h"
#include "base/base.h"
#include "base/text.h"

#define COMMAND_NAME	"evidence_command"

static struct err
check(struct ctx *cx, const struct settings *set)
{
	char *words[PROGRAM_WORDS_MAX + 1];

	if (set->evidence_command == NULL || set->format == NULL)
		return FAIL(cx, ERR_CONFIG, "evidence_source = command needs "
		    "format and evidence_command");
	return program_split(cx, COMMAND_NAME, set->evidence_command, words);
}

static struct err
get(struct ctx *cx, const struct source_ask *ask, json_t *evidence)
{
	const char *format = ask->set->format, *answered;
	json_t *request = json_keep(cx, json_object()), *answer;

	source_set(request, "format", json_string(format));
	source_set_bytes(cx, request, "nonce", ask->nonce);
	source_set_bytes(cx, request, "spki", ask->spki);
	source_set(request, "binding", json_string(text_hex(cx->arena,
	    source_binding(cx, ask, format, binding_size(format)))));
	TRY(source_run(cx, ask, COMMAND_NAME, ask->set->evidence_command,
	    request, &answer));
	answered = json_string_value(json_object_get(answer, "format"));
	if (answered == NULL || strcmp(answered, format) != 0)
		return FAIL(cx, ERR_SOURCE, COMMAND_NAME
		    " did not give evidence of format %s", format);
	ASSERT(json_object_update(evidence, answer) == 0);
	return OK;
}

const struct source source_command = { "command", check, get };
