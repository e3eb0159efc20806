/* SPDX-License-Identifier: Apache-2.0 */
/* daa-agent: the reference device client.  See daa-agent(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>
#include <sodium.h>

#include "agent/daemon.h"
#include "agent/enroll.h"
#include "agent/publish.h"
#include "agent/report.h"
#include "agent/tls.h"
#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/base64.h"

#define NONCE_MAX	64u		/* bytes of --nonce */
#define INPUT_MAX	65536u		/* bytes of --csr and --public-key */

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_REFUSED = 3,	/* by the server, for what this device is */
	EXIT_LATER = 4,		/* out of reach, busy, or too early */
};

struct job {
	struct ctx			*cx;
	struct agent			*agent;
	const struct command_line	*line;
};

static bool
wants_json(const struct job *job)
{
	return job->line->options.json != NULL;
}

static void
print_json(struct job *job, const json_t *value)
{
	struct slice text = json_text(job->cx, value);

	(void)printf("%.*s\n", (int)text.n, (const char *)text.p);
}

static void
print_row(const char *name, const char *value)
{
	if (value != NULL)
		(void)printf("%-14s %s\n", name, value);
}

static struct err
no_operands(struct job *job)
{
	return job->line->n_words == 1 ? OK :
	    FAIL(job->cx, ERR_PARAMETER, "%s takes no arguments",
	    job->line->words[0]);
}

static struct err
command_id(struct job *job)
{
	struct identity id;
	json_t *object;

	TRY(no_operands(job));
	TRY(identity_name(job->cx, job->agent, &id));
	if (id.hardware_id == NULL)
		return FAIL(job->cx, ERR_CONFIG, "the server names this device "
		    "when it is enrolled; before that, daactl evidence verify "
		    "tells who evidence is from");
	if (!wants_json(job)) {
		print_row("hardware id", id.hardware_id);
		print_row("device id", id.device_id);
		if (id.ek_name != NULL)
			(void)printf("%-14s %s, %s\n", "endorsement", id.ek_name,
			    id.ek_certificate.n > 0 ? "with certificate" :
			    "without certificate");
		return OK;
	}
	object = json_keep(job->cx, json_pack("{s:s, s:s}",
	    "hardware_id", id.hardware_id, "device_id", id.device_id));
	if (id.spki.n > 0)
		ASSERT(json_object_set_new(object, "public_key",
		    json_string(base64url(job->cx->arena, id.spki))) == 0);
	if (id.ek_name != NULL)
		ASSERT(json_object_set_new(object, "ek",
		    json_string(id.ek_name)) == 0);
	if (id.ek_certificate.n > 0)
		ASSERT(json_object_set_new(object, "ek_certificate",
		    json_string(base64url(job->cx->arena,
		    id.ek_certificate))) == 0);
	print_json(job, object);
	return OK;
}

static void
print_credential(struct job *job, const struct state_credential *c)
{
	const struct settings *set = job->agent->set;
	json_t *object;

	if (wants_json(job)) {
		object = state_credential_json(job->cx, c);
		ASSERT(json_object_set_new(object, "files", json_pack(
		    "{s:s, s:s, s:s}", "certificate", set->certificate,
		    "chain", set->chain, "key", set->key_file)) == 0);
		print_json(job, object);
		return;
	}
	print_row("device id", c->device_id);
	print_row("hardware id", c->hardware_id);
	print_row("tenant", c->tenant);
	print_row("group", c->group);
	print_row("serial", c->serial);
	print_row("not after", text_time_dup(job->cx->arena, c->not_after_s));
	print_row("renew after",
	    text_time_dup(job->cx->arena, c->renew_after_s));
	print_row("renew before",
	    text_time_dup(job->cx->arena, c->renew_before_s));
	print_row("certificate", set->certificate);
	print_row("chain", set->chain);
	print_row("key", set->key_file);
}

static struct err
get_certificate(struct job *job, struct enroll_how how, const char *event)
{
	struct state_credential c;

	TRY(no_operands(job));
	TRY(enroll(job->cx, job->agent, how, &c));
	print_credential(job, &c);
	return publish_credential(job->cx, job->agent, &c, event);
}

static struct err
command_enroll(struct job *job)
{
	return get_certificate(job, (struct enroll_how){ .renew = false },
	    "enrolled");
}

static struct err
command_renew(struct job *job)
{
	struct enroll_how how = {
		.renew = true,
		.same_key = job->line->options.same_key != NULL,
	};

	return get_certificate(job, how, "renewed");
}

/* Members of the answer, as rows. */
static const struct { const char *name, *member; } owner_rows[] = {
	{ "device id", "device_id" }, { "hardware id", "hardware_id" },
	{ "tenant", "tenant" }, { "title", "tenant_title" },
	{ "group", "group" }, { "since", "claimed_at" },
	{ "ban reason", "ban_reason" },
};

static struct err
command_owner(struct job *job)
{
	const json_t *answer, *offer;

	TRY(no_operands(job));
	TRY(enroll_ask_owner(job->cx, job->agent, &answer));
	if (wants_json(job)) {
		print_json(job, answer);
		return OK;
	}
	for (size_t i = 0; i < COUNT_OF(owner_rows); i++) {
		const char *value = json_string_value(json_object_get(answer,
		    owner_rows[i].member));

		if (value != NULL)
			print_row(owner_rows[i].name, value);
	}
	if (!json_is_true(json_object_get(answer, "claimed")))
		print_row("tenant", "none: nobody has claimed it");
	if (json_is_true(json_object_get(answer, "banned")))
		print_row("banned", "yes");
	offer = json_object_get(answer, "offer");
	if (json_is_string(json_object_get(offer, "to")))
		print_row("offered to",
		    json_string_value(json_object_get(offer, "to")));
	if (json_is_string(json_object_get(offer, "state")))
		print_row("offer",
		    json_string_value(json_object_get(offer, "state")));
	return OK;
}

/* The text alone, so that it can be piped; the rest to people. */
static struct err
command_claim_consent(struct job *job)
{
	const struct options *opt = &job->line->options;
	const char *text, *until;
	const json_t *answer;

	if (job->line->n_words != 2)
		return FAIL(job->cx, ERR_PARAMETER,
		    "claim-consent needs the name of the tenant");
	TRY(enroll_consent(job->cx, job->agent, job->line->words[1],
	    &answer));
	text = json_string_value(json_object_get(answer, "consent"));
	until = json_string_value(json_object_get(answer, "expires_at"));
	if (opt->out != NULL)
		TRY(file_replace(job->cx, opt->out, 0600,
		    slice_text(arena_printf(job->cx->arena, "%s\n", text))));
	if (wants_json(job))
		print_json(job, answer);
	else if (opt->out == NULL)
		(void)puts(text);
	if (until != NULL)
		(void)fprintf(stderr, "daa-agent: for %s, once, until %s\n",
		    job->line->words[1], until);
	return OK;
}

static struct err
command_run(struct job *job)
{
	TRY(no_operands(job));
	return daemon_run(job->cx, job->agent);
}

static struct err
command_report(struct job *job)
{
	struct report_sent sent;
	json_t *report;
	struct err e;

	TRY(no_operands(job));
	TRY(report_read(job->cx, &job->line->options, &report));
	TRY(report_queue(job->cx, job->agent, report));
	e = report_send(job->cx, job->agent, &sent);
	if (wants_json(job))
		print_json(job, json_keep(job->cx, json_pack(
		    "{s:O, s:i, s:i, s:i, s:I, s:I}", "report_id",
		    json_object_get(report, "report_id"), "sent",
		    (int)sent.sent, "waiting", (int)sent.waiting, "refused",
		    (int)sent.refused, "accepted", (json_int_t)sent.accepted,
		    "dropped", (json_int_t)sent.dropped)));
	else
		(void)printf("%u sent, %u waiting, %u refused; events: "
		    "%lld accepted, %lld dropped\n", sent.sent, sent.waiting,
		    sent.refused, (long long)sent.accepted,
		    (long long)sent.dropped);
	return e;
}

/* The key that --csr or --public-key names; empty when neither does. */
static struct err
named_key(struct job *job, struct slice *out)
{
	const struct options *opt = &job->line->options;
	struct slice contents;

	*out = SLICE_NONE;
	if (opt->csr != NULL) {
		TRY(file_read(job->cx, opt->csr, INPUT_MAX, &contents));
		return key_spki_of_csr(job->cx, contents, out);
	}
	if (opt->public_key != NULL) {
		TRY(file_read(job->cx, opt->public_key, INPUT_MAX, &contents));
		return key_spki_of_file(job->cx, contents, out);
	}
	return OK;
}

static struct err
command_evidence(struct job *job)
{
	const struct options *opt = &job->line->options;
	struct slice nonce, spki;
	json_t *evidence;

	TRY(no_operands(job));
	if (opt->nonce == NULL || !text_unhex_any(job->cx->arena, opt->nonce,
	    NONCE_MAX, &nonce) || nonce.n == 0)
		return FAIL(job->cx, ERR_PARAMETER,
		    "evidence needs --nonce in lower-case hex");
	TRY(named_key(job, &spki));
	TRY(enroll_evidence(job->cx, job->agent, nonce, spki, &evidence));
	if (opt->out != NULL)
		return file_replace(job->cx, opt->out, 0644,
		    json_text(job->cx, evidence));
	print_json(job, evidence);
	return OK;
}

static struct err
command_tls_check(struct job *job)
{
	struct agent_client *client = ARENA_NEW(job->cx->arena,
	    struct agent_client);
	struct tls_outcome o;
	bool found;

	if (job->line->n_words != 2)
		return FAIL(job->cx, ERR_PARAMETER, "tls-check needs HOST:PORT");
	TRY(agent_client(job->cx, job->agent, client, &found));
	if (!found)
		return FAIL(job->cx, ERR_CONFIG, "there is no certificate yet");
	TRY(tls_check(job->cx, job->line->words[1], job->agent->set->ca,
	    &client->key, client->credential.certificate,
	    client->credential.chain, &o));
	if (wants_json(job)) {
		json_t *object = json_keep(job->cx, json_pack(
		    "{s:s, s:s, s:s, s:b, s:b}", "version", o.version,
		    "cipher", o.cipher, "peer", o.peer, "accepted", 1,
		    "key_in_tpm", client->key.in_tpm));

		if (o.answer != NULL)
			ASSERT(json_object_set_new(object, "answer",
			    json_string(o.answer)) == 0);
		print_json(job, object);
		return OK;
	}
	print_row("protocol", o.version);
	print_row("cipher", o.cipher);
	print_row("peer", o.peer);
	print_row("certificate", "accepted");
	print_row("key", client->key.in_tpm ? "in the TPM" : "software");
	print_row("answer", o.answer);
	return OK;
}

static const struct command {
	const char	*name, *meaning;
	struct err	(*run)(struct job *);
	bool		 locks;		/* works in the state folder */
} commands[] = {
	{ "id", "print hardware ID and device ID", command_id, false },
	{ "enroll", "get a certificate", command_enroll, true },
	{ "renew", "get a new one, showing the present one", command_renew,
	    true },
	{ "owner", "ask the server which tenant has this device",
	    command_owner, true },
	{ "claim-consent", "consent to be claimed by a tenant",
	    command_claim_consent, true },
	{ "run", "keep the certificate fresh until told to stop", command_run,
	    false },
	{ "report", "send an error report", command_report, true },
	{ "evidence", "print evidence for a nonce and a key",
	    command_evidence, true },
	{ "tls-check", "open mutual TLS to HOST:PORT with the certificate",
	    command_tls_check, true },
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void
print_usage(struct ctx *cx, FILE *to)
{
	(void)fprintf(to, "usage: daa-agent [options] command\ncommands:\n");
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		(void)fprintf(to, "  %-12s %s\n", commands[i].name,
		    commands[i].meaning);
	(void)fputs(settings_usage(cx), to);
}

static int
exit_code(const struct agent *agent, struct err e)
{
	unsigned status = agent->problem.status;

	if (!failed(e))
		return EXIT_DONE;
	if (status != 0)
		return status == 429 || status >= 500 ? EXIT_LATER :
		    EXIT_REFUSED;
	if (e.code == ERR_HTTP)
		return EXIT_LATER;
	return e.code == ERR_PARAMETER ? EXIT_USAGE : EXIT_FAILED;
}

static void
explain(struct job *job, struct err e)
{
	const struct http_problem *p = &job->agent->problem;
	const char *code = p->status != 0 ? p->code : err_dotted(e);
	json_t *error, *outer;

	(void)fprintf(stderr, "daa-agent: %s\n", job->cx->trail->note);
	if (p->status != 0 && p->request != NULL)
		(void)fprintf(stderr, "daa-agent: request %s\n", p->request);
	if (p->retry_after_s > 0)
		(void)fprintf(stderr, "daa-agent: try again in %lld s\n",
		    (long long)p->retry_after_s);
	if (!wants_json(job))
		return;
	error = json_pack("{s:s, s:s}", "code", code, "detail",
	    p->status != 0 && p->detail != NULL ? p->detail :
	    job->cx->trail->note);
	if (error == NULL)
		error = json_pack("{s:s}", "code", code);
	if (p->status != 0)
		(void)json_object_set_new(error, "status",
		    json_integer((json_int_t)p->status));
	if (p->retry_after_s > 0)
		(void)json_object_set_new(error, "retry_after",
		    json_integer((json_int_t)p->retry_after_s));
	outer = json_keep(job->cx, json_object());
	ASSERT(json_object_set_new(outer, "error", error) == 0);
	print_json(job, outer);
}

static struct err
run_command(struct job *job, const struct command *command)
{
	int lock = -1;
	struct err e;

	if (!text_parse_duration(job->agent->set->timeout,
	    AGENT_TIMEOUT_MAX_S, &job->agent->timeout_s))
		return FAIL(job->cx, ERR_CONFIG,
		    "timeout must be a time like 60s");
	TRY(identity_check(job->cx, job->agent));
	if (command->locks)
		TRY(state_lock(job->cx, job->agent->set->state_dir, &lock));
	e = command->run(job);
	if (lock >= 0)
		(void)close(lock);
	return e;
}

static int
start(struct job *job, int argc, char **argv, struct log *log)
{
	struct command_line line;
	struct agent agent = { .set = &line.settings };
	const struct command *command;
	struct err e = settings_read(job->cx, argc, argv, getenv, &line);
	int code;

	if (failed(e)) {
		(void)fprintf(stderr, "daa-agent: %s\n", job->cx->trail->note);
		return e.code == ERR_PARAMETER ? EXIT_USAGE : EXIT_FAILED;
	}
	log->least = (enum log_level)log_level_find(line.settings.log_level);
	if (line.options.help != NULL || line.options.version != NULL) {
		if (line.options.version != NULL)
			(void)puts("daa-agent " PACKAGE_VERSION);
		else
			print_usage(job->cx, stdout);
		return EXIT_DONE;
	}
	command = line.n_words > 0 ? find_command(line.words[0]) : NULL;
	if (command == NULL) {
		if (line.n_words > 0)
			(void)fprintf(stderr, "daa-agent: unknown command %s\n",
			    line.words[0]);
		print_usage(job->cx, stderr);
		return EXIT_USAGE;
	}
	job->agent = &agent;
	job->line = &line;
	e = run_command(job, command);
	code = exit_code(&agent, e);
	if (failed(e))
		explain(job, e);
	agent_rest(&agent);
	return code;
}

int
main(int argc, char **argv)
{
	struct log log = { .fd = STDERR_FILENO, .least = LOG_LEVEL_INFO,
	    .program = "daa-agent" };
	struct ctx_root root;
	struct job job = { .cx = &root.cx };
	int code;

	/* tpm2-tss reports each failure itself; ours say what was tried. */
	(void)setenv("TSS2_LOG", "all+none", 0);
	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return EXIT_FAILED;
	(void)signal(SIGPIPE, SIG_IGN);
	ctx_root_init(&root, &log);
	code = start(&job, argc, argv, &log);
	ctx_root_fini(&root);
	curl_global_cleanup();
	if (fflush(stdout) != 0)
		return EXIT_FAILED;
	return code;
}
