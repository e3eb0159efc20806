/* SPDX-License-Identifier: Apache-2.0 */
/* The real daa-signer over a socketpair, for the tests that talk to it. */
#ifndef DAAPKI_TESTS_SIGNER_PROCESS_H
#define DAAPKI_TESTS_SIGNER_PROCESS_H

#include "tests/unit/signer_help.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <unistd.h>

#include "pki/pem.h"

struct signer {
	pid_t	 pid;
	int	 fd;
	uint8_t	*in;
	size_t	 n_in, cap_in;
};

static char folder[64];

static inline const char *
in_folder(const char *name)
{
	return arena_printf(cx->arena, "%s/%s", folder, name);
}

static inline int
run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void
begin(void)
{
	memcpy(folder, "/tmp/daapki-t-XXXXXX", 21);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(run(arena_printf(cx->arena,
	    "./daa-signer --make-master-key %s/master", folder)), 0);
}

static inline void
end(void)
{
	ck_assert_int_eq(run(arena_printf(cx->arena, "rm -rf %s", folder)), 0);
}

/* The options that say its master key, with names of files in folder. */
#define SIGNER_KEYS_MAX	6u
static const char *signer_keys[SIGNER_KEYS_MAX] = {
	"--master-key", "master",
};

static inline void
exec_signer(int fd)
{
	char *argv[SIGNER_KEYS_MAX + 9];
	size_t n = 0;

	argv[n++] = arena_strdup(cx->arena, "daa-signer");
	for (size_t i = 0; i < SIGNER_KEYS_MAX && signer_keys[i] != NULL; i++)
		argv[n++] = arena_strdup(cx->arena, i % 2 == 0 ?
		    signer_keys[i] : in_folder(signer_keys[i]));
	argv[n++] = arena_strdup(cx->arena, "--journal");
	argv[n++] = arena_strdup(cx->arena, in_folder("journal"));
	argv[n++] = arena_strdup(cx->arena, "--fd");
	argv[n++] = arena_printf(cx->arena, "%d", fd);
	argv[n++] = arena_strdup(cx->arena, "--log-level");
	argv[n++] = arena_strdup(cx->arena, "error");
	if (!help_can_sandbox())
		argv[n++] = arena_strdup(cx->arena, "--no-sandbox");
	argv[n] = NULL;
	(void)fcntl(fd, F_SETFD, 0);
	(void)execv("./daa-signer", argv);
	_exit(127);
}

static inline struct signer
start(void)
{
	struct signer s = { .cap_in = 4u << 20 };
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    pair), 0);
	s.pid = fork();
	ck_assert_int_ge(s.pid, 0);
	if (s.pid == 0)
		exec_signer(pair[1]);
	(void)close(pair[1]);
	s.fd = pair[0];
	s.in = base_alloc(s.cap_in);
	return s;
}

static inline int
wait_for(struct signer *s)
{
	int status;

	ck_assert_int_eq(waitpid(s->pid, &status, 0), s->pid);
	free(s->in);
	return status;
}

static inline void
stop(struct signer *s)
{
	int status;

	(void)close(s->fd);
	status = wait_for(s);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}

static inline void
send_all(struct signer *s, struct slice bytes)
{
	while (bytes.n > 0) {
		ssize_t n = send(s->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		ck_assert_int_gt(n, 0);
		bytes = SLICE(bytes.p + n, bytes.n - (size_t)n);
	}
}

static inline void
tell(struct signer *s, const struct order *order)
{
	struct buf b = buf_in(cx->arena, WIRE_FRAME_MAX);

	ck_ok(order_encode(cx, order, &b));
	send_all(s, buf_slice(&b));
}

/* false when the signer has closed. */
static inline bool
hear(struct signer *s, struct answer *out)
{
	size_t size = 0;

	for (;;) {
		ssize_t n;

		ck_ok(wire_frame_size(cx, SLICE(s->in, s->n_in), &size));
		if (size != 0 && size <= s->n_in)
			break;
		ck_assert_uint_lt(s->n_in, s->cap_in);
		n = recv(s->fd, s->in + s->n_in, s->cap_in - s->n_in, 0);
		if (n <= 0)
			return false;
		s->n_in += (size_t)n;
	}
	ck_ok(answer_decode(cx, slice_dup(cx->arena, SLICE(s->in, size)),
	    out));
	memmove(s->in, s->in + size, s->n_in - size);
	s->n_in -= size;
	return true;
}

static inline struct answer
ask(struct signer *s, const struct order *order)
{
	struct answer a;

	tell(s, order);
	ck_assert(hear(s, &a));
	ck_assert_uint_eq(a.type, order->type);
	ck_assert_uint_eq(a.tag, order->tag);
	return a;
}

static inline struct answer
ask_ok(struct signer *s, const struct order *order)
{
	struct answer a = ask(s, order);

	ck_assert_msg(!failed(a.err), "%s: %s", err_name(a.err), a.detail);
	return a;
}

static inline struct answer
hello(struct signer *s)
{
	struct order o = { .type = ORDER_HELLO,
	    .hello = { .version = WIRE_VERSION } };

	return ask_ok(s, &o);
}

static inline void
save(const char *name, const char *label, struct slice der)
{
	char *text = pem_text(cx->arena, label, der);
	FILE *f = fopen(in_folder(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static inline bool
openssl_verify(const char *flags, const char *file)
{
	return run(arena_printf(cx->arena, "cd %s && openssl verify "
	    "-x509_strict -CAfile root.pem -untrusted issuing.pem %s %s "
	    ">openssl.out 2>&1", folder, flags, file)) == 0;
}

struct chain { struct answer root, issuing; };

static inline struct chain
make_chain(struct signer *s, const char *tenant, enum ca_alg alg)
{
	struct chain c;
	struct order o = help_root(tenant, alg);

	c.root = ask_ok(s, &o);
	o = help_below(tenant, CA_ROLE_ISSUING, alg, c.root.sealed);
	c.issuing = ask_ok(s, &o);
	save("root.pem", PEM_CERTIFICATE, c.root.object);
	save("issuing.pem", PEM_CERTIFICATE, c.issuing.object);
	return c;
}

/* A folder with a master key, and a signer that has said hello. */
static inline struct signer
begin_signer(void)
{
	struct signer s;

	begin();
	s = start();
	(void)hello(&s);
	return s;
}

static inline void
save_raw(const char *name, struct slice bytes)
{
	FILE *f = fopen(in_folder(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	ck_assert_int_eq(fclose(f), 0);
}

/* Does the program's output hold that text? */
static inline bool
says(const char *command, const char *text)
{
	return run(arena_printf(cx->arena, "cd %s && %s >out 2>&1; "
	    "grep -q -- '%s' out", folder, command, text)) == 0;
}

/* The same of the last one. */
static inline bool
said(const char *text)
{
	return run(arena_printf(cx->arena, "grep -q -- '%s' %s/out", text,
	    folder)) == 0;
}

static inline struct slice
load_raw(const char *name)
{
	FILE *f = fopen(in_folder(name), "r");
	uint8_t *p = arena_alloc(cx->arena, 65536);
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(p, 1, 65536, f);
	ck_assert_int_eq(fclose(f), 0);
	return SLICE(p, n);
}

#endif
