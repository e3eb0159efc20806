/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/daemon.h"

#include <inttypes.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/enroll.h"
#include "agent/publish.h"
#include "agent/report.h"
#include "agent/schedule.h"
#include "base/base.h"
#include "base/text.h"

/* When something that failed may be tried again. */
struct pace {
	unsigned	n_failures;
	uint64_t	next_us;	/* by the clock that never goes back */
};

struct daemon {
	struct ctx_root	 root;		/* of one look; settings live longer */
	struct agent	*agent;
	int64_t		 backoff_max_s;
	struct pace	 renewal, reports;
	bool		 now;		/* SIGHUP */
};

static uint64_t
ticks_us(const struct daemon *d)
{
	const struct clock *clock = d->root.cx.clock;

	return clock->ticks_us(clock->arg);
}

static uint64_t
random_number(struct ctx *cx)
{
	uint64_t n;

	ctx_random(cx, &n, sizeof(n));
	return n;
}

static void
log_failure(struct daemon *d, const char *event, struct err e,
    int64_t wait_s)
{
	struct ctx *cx = &d->root.cx;
	const struct http_problem *p = &d->agent->problem;

	log_put(cx->log, LOG_LEVEL_WARN, event, "code",
	    p->status != 0 ? p->code : err_dotted(e), "why", cx->trail->note,
	    "request", p->request, "retry_s", arena_printf(cx->arena,
	    "%" PRId64, wait_s), NULL);
}

static void
keep_pace(struct daemon *d, struct pace *pace, const char *event, struct err e)
{
	struct ctx *cx = &d->root.cx;
	int64_t wait_s;

	if (!failed(e)) {
		*pace = (struct pace){ 0, 0 };
		return;
	}
	pace->n_failures++;
	wait_s = schedule_backoff(pace->n_failures, d->backoff_max_s,
	    d->agent->problem.retry_after_s, random_number(cx));
	pace->next_us = ticks_us(d) + (uint64_t)wait_s * 1000000u;
	log_failure(d, event, e, wait_s);
	ctx_forget(cx);
}

/*
 * The moment in the renewal window is drawn from the serial number, which is
 * random: a restart does not draw again.  By the server's clock.
 */
static int64_t
due_s(const struct state_credential *c)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	uint64_t random;

	(void)crypto_hash_sha256(hash, (const uint8_t *)c->serial,
	    strlen(c->serial));
	memcpy(&random, hash, sizeof(random));
	return schedule_due(c->renew_after_s, c->renew_before_s, random);
}

/* Seconds until the certificate should be renewed; 0 and less: now. */
static struct err
until_due(struct daemon *d, int64_t *out_s, const char **out_event)
{
	struct ctx *cx = &d->root.cx;
	struct agent_client *client = ARENA_NEW(cx->arena, struct agent_client);
	struct state_credential *c = &client->credential;
	bool found;

	TRY(agent_client(cx, d->agent, client, &found));
	*out_event = found ? "renewed" : "enrolled";
	*out_s = !found || !agent_credential_valid(cx, c) ? 0 :
	    due_s(c) - (ctx_now(cx) + c->clock_offset_s);
	return OK;
}

static struct err
renew(struct daemon *d, const char *event)
{
	struct ctx *cx = &d->root.cx;
	struct state_credential c;

	TRY(enroll(cx, d->agent, (struct enroll_how){ .renew = true }, &c));
	if (failed(publish_credential(cx, d->agent, &c, event)))
		log_put(cx->log, LOG_LEVEL_ERROR, "publish", "why",
		    cx->trail->note, NULL);
	/* Last: who waits for this line finds the files. */
	log_put(cx->log, LOG_LEVEL_INFO, event, "serial", c.serial,
	    "device", c.device_id, "tenant", c.tenant, "not_after",
	    text_time_dup(cx->arena, c.not_after_s), NULL);
	ctx_forget(cx);
	return OK;
}

static void
look_after_certificate(struct daemon *d)
{
	const char *event = "renewed";
	int64_t left_s = 0;
	struct err e;

	if (!d->now && ticks_us(d) < d->renewal.next_us)
		return;
	e = until_due(d, &left_s, &event);
	if (!failed(e) && left_s > 0 && !d->now)
		return;
	d->now = false;
	if (!failed(e))
		e = renew(d, event);
	keep_pace(d, &d->renewal, "renewal", e);
}

static void
look_after_reports(struct daemon *d)
{
	struct ctx *cx = &d->root.cx;
	struct report_sent sent = { .sent = 0 };
	struct err e;

	if (ticks_us(d) < d->reports.next_us)
		return;
	d->agent->problem = (struct http_problem){ .status = 0 };
	e = report_send(cx, d->agent, &sent);
	if (sent.sent > 0 || sent.refused > 0)
		log_put(cx->log, LOG_LEVEL_INFO, "reports", "sent",
		    arena_printf(cx->arena, "%u", sent.sent), "refused",
		    arena_printf(cx->arena, "%u", sent.refused), "waiting",
		    arena_printf(cx->arena, "%u", sent.waiting), NULL);
	keep_pace(d, &d->reports, "reports", e);
}

static struct err
look(struct daemon *d)
{
	struct ctx *cx = &d->root.cx;
	int lock = -1;

	TRY(state_lock(cx, d->agent->set->state_dir, &lock));
	if (failed(publish_pending(cx, d->agent)))
		log_put(cx->log, LOG_LEVEL_ERROR, "publish", "why",
		    cx->trail->note, NULL);
	ctx_forget(cx);
	look_after_certificate(d);
	look_after_reports(d);
	/* Others may want the TPM, and these files, until the next look. */
	agent_rest(d->agent);
	(void)close(lock);
	return OK;
}

/* How long nothing is due, at most DAEMON_LOOK_MAX_S. */
static int64_t
idle_s(struct daemon *d)
{
	struct ctx *cx = &d->root.cx;
	uint64_t now_us = ticks_us(d);
	int64_t idle = DAEMON_LOOK_MAX_S, left_s;
	struct state_credential c;
	bool found;

	if (d->renewal.n_failures > 0) {
		left_s = d->renewal.next_us <= now_us ? 1 :
		    (int64_t)((d->renewal.next_us - now_us) / 1000000u) + 1;
	} else if (failed(state_read_credential(cx, d->agent->set->state_dir,
	    &c, &found)) || !found) {
		left_s = 1;
	} else {
		left_s = due_s(&c) - (ctx_now(cx) + c.clock_offset_s);
	}
	ctx_forget(cx);
	if (left_s < 1)
		left_s = 1;
	return left_s < idle ? left_s : idle;
}

/* 0: nothing came. */
static int
await_signal(const sigset_t *signals, int64_t wait_s)
{
	const struct timespec ts = { .tv_sec = wait_s };
	int got = sigtimedwait(signals, NULL, &ts);

	return got < 0 ? 0 : got;
}

static void
log_state(const struct daemon *d, const char *event)
{
	log_put(d->root.cx.log, LOG_LEVEL_INFO, event, "server",
	    d->agent->set->server, "state_dir", d->agent->set->state_dir, NULL);
}

struct err
daemon_run(struct ctx *cx, struct agent *agent)
{
	struct daemon d = { .agent = agent };
	struct err e = OK;
	sigset_t signals;
	int got = 0;

	if (!text_parse_duration(agent->set->backoff_max, DAEMON_BACKOFF_MAX_S,
	    &d.backoff_max_s))
		return FAIL(cx, ERR_CONFIG,
		    "backoff_max must be a time like 90s, 15m or 1h");
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGHUP);
	ASSERT(sigprocmask(SIG_BLOCK, &signals, NULL) == 0);
	ctx_root_init(&d.root, cx->log);
	log_state(&d, "started");
	while (!failed(e) && got != SIGTERM && got != SIGINT) {
		d.now = got == SIGHUP;
		agent->problem = (struct http_problem){ .status = 0 };
		ctx_root_reset(&d.root);
		e = look(&d);
		if (!failed(e))
			got = await_signal(&signals, idle_s(&d));
	}
	if (failed(e))
		e = FAIL(cx, (enum err_code)e.code, "%s", d.root.trail.note);
	log_state(&d, "stopped");
	agent->problem = (struct http_problem){ .status = 0 };
	ctx_root_fini(&d.root);
	return e;
}
