/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/aesm.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "agent/aesm_wire.h"
#include "agent/binding.h"
#include "agent/program.h"
#include "base/base.h"
#include "base/text.h"
#include "codec/base64.h"

#define FORMAT			"sgx"
#define ENCLAVE_NAME		"enclave_command"
#define LENGTH_SIZE		4u
#define PUB_KEY_ID_MAX		1024u

/* sgx_att_key_id_t, and where its algorithm is. */
#define KEY_ID_SIZE		256u
#define KEY_ID_ALGORITHM	154u
#define ALGORITHM_ECDSA_P256	2u

/* TARGETINFO and REPORT of Intel's Software Developer's Manual, volume 3D. */
#define TARGET_INFO_SIZE	512u
#define REPORT_SIZE		432u
#define REPORT_DATA		320u

/* --- one request, one answer, one connection ----------------------------- */

struct talk {
	struct ctx	*cx;
	const char	*path;
	int		 fd;
	uint64_t	 end_us;
};

static struct err
talk_failed(const struct talk *t, const char *what)
{
	return FAIL(t->cx, ERR_SOURCE, "AESM at %s: %s", t->path, what);
}

/* A path, or a name in the abstract space, which is written with an @. */
static struct err
dial(struct talk *t)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t n = strlen(t->path);

	if (n >= sizeof(at.sun_path))
		return FAIL(t->cx, ERR_CONFIG, "aesm_socket is too long");
	memcpy(at.sun_path, t->path, n);
	if (t->path[0] == '@')
		at.sun_path[0] = '\0';
	t->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0 || connect(t->fd, (const struct sockaddr *)&at,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) != 0)
		return talk_failed(t, strerror(errno));
	return OK;
}

static struct err
await(const struct talk *t, short events)
{
	for (;;) {
		uint64_t now_us = t->cx->clock->ticks_us(t->cx->clock->arg);
		struct pollfd p = { .fd = t->fd, .events = events };

		if (now_us >= t->end_us)
			return talk_failed(t, "no answer in time");
		if (poll(&p, 1, (int)((t->end_us - now_us) / 1000) + 1) > 0)
			return OK;
	}
}

static struct err
send_all(const struct talk *t, struct slice s)
{
	while (s.n > 0) {
		ssize_t n;

		TRY(await(t, POLLOUT));
		n = send(t->fd, s.p, s.n, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return talk_failed(t, strerror(errno));
		if (n > 0)
			s = SLICE(s.p + n, s.n - (size_t)n);
	}
	return OK;
}

static struct err
receive_all(const struct talk *t, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got;

		TRY(await(t, POLLIN));
		got = recv(t->fd, p, n, 0);
		if (got == 0)
			return talk_failed(t, "it hung up");
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return talk_failed(t, strerror(errno));
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
	return OK;
}

static struct err
exchange(const struct talk *t, struct slice request, struct slice *out)
{
	uint8_t length[LENGTH_SIZE];
	struct reader r = reader_of(SLICE_OF(length));
	uint8_t *message;
	size_t n;

	for (unsigned i = 0; i < LENGTH_SIZE; i++)
		length[i] = (uint8_t)(request.n >> (8 * i));
	TRY(send_all(t, SLICE_OF(length)));
	TRY(send_all(t, request));
	TRY(receive_all(t, length, sizeof(length)));
	n = read_le32(&r);
	if (n == 0 || n > AESM_MESSAGE_MAX)
		return talk_failed(t, "its answer is of no length that it has");
	message = arena_alloc(t->cx->arena, n);
	TRY(receive_all(t, message, n));
	*out = SLICE(message, n);
	return OK;
}

static struct err
call(struct ctx *cx, const struct source_ask *ask, enum aesm_call what,
    const struct aesm_arg *args, size_t n, struct aesm_reply *out)
{
	struct talk t = {
		.cx = cx, .path = ask->set->aesm_socket, .fd = -1,
		.end_us = cx->clock->ticks_us(cx->clock->arg) +
		    (uint64_t)ask->wait_s * 1000000u,
	};
	struct slice answer;
	struct err e = dial(&t);

	if (!failed(e))
		e = exchange(&t, aesm_request(cx, what, args, n), &answer);
	if (t.fd >= 0)
		(void)close(t.fd);
	TRY(e);
	return aesm_reply_parse(cx, what, answer, out);
}

/* --- what is asked, in its order ------------------------------------------ */

static struct err
wrong(struct ctx *cx, enum aesm_call what)
{
	return FAIL(cx, ERR_SOURCE, "AESM's answer to %s lacks what was asked",
	    aesm_call_name(what));
}

/* The bytes of field 2, least to most of them. */
static struct err
get_bytes(struct ctx *cx, const struct aesm_reply *reply, enum aesm_call what,
    size_t least, size_t most, struct slice *out)
{
	struct slice s = reply->field[2].bytes;

	if (s.p == NULL || s.n < least || s.n > most)
		return wrong(cx, what);
	*out = s;
	return OK;
}

static struct err
get_number(struct ctx *cx, const struct aesm_reply *reply, enum aesm_call what,
    unsigned field, size_t most, size_t *out)
{
	if (!reply->field[field].present ||
	    reply->field[field].bytes.p != NULL ||
	    reply->field[field].number == 0 ||
	    reply->field[field].number > most)
		return wrong(cx, what);
	*out = (size_t)reply->field[field].number;
	return OK;
}

/* The attestation key that makes ECDSA quotes. */
static struct err
choose_key(struct ctx *cx, const struct source_ask *ask, struct slice *out)
{
	struct aesm_arg size = { .field = 1 };
	struct aesm_reply reply;
	struct slice ids;
	size_t n;

	TRY(call(cx, ask, AESM_GET_KEY_ID_NUM, NULL, 0, &reply));
	TRY(get_number(cx, &reply, AESM_GET_KEY_ID_NUM, 2, AESM_KEYS_MAX, &n));
	size.number = n * KEY_ID_SIZE;
	TRY(call(cx, ask, AESM_GET_KEY_IDS, &size, 1, &reply));
	TRY(get_bytes(cx, &reply, AESM_GET_KEY_IDS, n * KEY_ID_SIZE,
	    n * KEY_ID_SIZE, &ids));
	for (size_t i = 0; i < n; i++) {
		struct slice id = SLICE(ids.p + i * KEY_ID_SIZE, KEY_ID_SIZE);
		struct reader r = reader_of(id);

		(void)read_bytes(&r, KEY_ID_ALGORITHM);
		if (read_le32(&r) == ALGORITHM_ECDSA_P256) {
			*out = id;
			return OK;
		}
	}
	return FAIL(cx, ERR_SOURCE,
	    "AESM has no attestation key for ECDSA quotes");
}

/* TARGETINFO of the quoting enclave; the key's ID has to be fetched with it. */
static struct err
get_target(struct ctx *cx, const struct source_ask *ask, struct slice key,
    struct slice *out)
{
	const struct aesm_arg ask_size[] = {
		{ .field = 1, .bytes = key }, { .field = 3, .number = 0 },
	};
	struct aesm_arg ask_target[] = {
		{ .field = 1, .bytes = key }, { .field = 3, .number = 1 },
		{ .field = 4 },
	};
	struct aesm_reply reply;
	size_t n;

	TRY(call(cx, ask, AESM_INIT_QUOTE_EX, ask_size, COUNT_OF(ask_size),
	    &reply));
	TRY(get_number(cx, &reply, AESM_INIT_QUOTE_EX, 3, PUB_KEY_ID_MAX,
	    &n));
	ask_target[2].number = n;
	TRY(call(cx, ask, AESM_INIT_QUOTE_EX, ask_target,
	    COUNT_OF(ask_target), &reply));
	return get_bytes(cx, &reply, AESM_INIT_QUOTE_EX, TARGET_INFO_SIZE,
	    TARGET_INFO_SIZE, out);
}

static struct err
get_report(struct ctx *cx, const struct source_ask *ask, struct slice target,
    struct slice *out)
{
	struct slice want = source_binding(cx, ask, FORMAT, BINDING_MAX);
	json_t *request = json_keep(cx, json_object()), *answer;
	struct slice report;
	const char *text;

	source_set_bytes(cx, request, "target_info", target);
	source_set(request, "report_data", json_string(text_hex(cx->arena,
	    want)));
	source_set_bytes(cx, request, "nonce", ask->nonce);
	source_set_bytes(cx, request, "spki", ask->spki);
	TRY(source_run(cx, ask, ENCLAVE_NAME, ask->set->enclave_command,
	    request, &answer));
	text = json_string_value(json_object_get(answer, "report"));
	if (text == NULL || !base64url_parse(cx->arena, text, strlen(text),
	    REPORT_SIZE, &report) || report.n != REPORT_SIZE)
		return FAIL(cx, ERR_SOURCE, ENCLAVE_NAME
		    " did not give a report of %u bytes", REPORT_SIZE);
	if (!slice_equal(SLICE(report.p + REPORT_DATA, BINDING_MAX), want))
		return FAIL(cx, ERR_SOURCE, ENCLAVE_NAME
		    " gave a report with other report data");
	*out = report;
	return OK;
}

static struct err
get_quote(struct ctx *cx, const struct source_ask *ask, struct slice key,
    struct slice report, struct slice *out)
{
	const struct aesm_arg ask_size = { .field = 1, .bytes = key };
	struct aesm_arg ask_quote[] = {
		{ .field = 1, .bytes = report }, { .field = 2, .bytes = key },
		{ .field = 4 },
	};
	struct aesm_reply reply;
	size_t n;

	TRY(call(cx, ask, AESM_GET_QUOTE_SIZE_EX, &ask_size, 1, &reply));
	TRY(get_number(cx, &reply, AESM_GET_QUOTE_SIZE_EX, 2, AESM_QUOTE_MAX,
	    &n));
	ask_quote[2].number = n;
	TRY(call(cx, ask, AESM_GET_QUOTE_EX, ask_quote, COUNT_OF(ask_quote),
	    &reply));
	return get_bytes(cx, &reply, AESM_GET_QUOTE_EX, 1, n, out);
}

static struct err
get(struct ctx *cx, const struct source_ask *ask, json_t *evidence)
{
	struct slice key, target, report, quote;

	TRY(choose_key(cx, ask, &key));
	TRY(get_target(cx, ask, key, &target));
	TRY(get_report(cx, ask, target, &report));
	TRY(get_quote(cx, ask, key, report, &quote));
	source_set(evidence, "format", json_string(FORMAT));
	source_set_bytes(cx, evidence, "quote", quote);
	return OK;
}

static struct err
check(struct ctx *cx, const struct settings *set)
{
	char *words[PROGRAM_WORDS_MAX + 1];

	if (set->enclave_command == NULL)
		return FAIL(cx, ERR_CONFIG,
		    "evidence_source = aesm needs " ENCLAVE_NAME);
	if (set->format != NULL && strcmp(set->format, FORMAT) != 0)
		return FAIL(cx, ERR_CONFIG,
		    "evidence_source = aesm gives format " FORMAT);
	return program_split(cx, ENCLAVE_NAME, set->enclave_command, words);
}

const struct source source_aesm = { "aesm", check, get };
