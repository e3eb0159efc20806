/* SPDX-License-Identifier: Apache-2.0 */
/* daad's sandbox: what is left of networks in it. */
#include "tests/unit/signer_help.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <unistd.h>

#include "server/sandbox.h"

/* Made before, as daad's are. */
static int listening, accepted;

/* Exit status of a child that does this inside. */
static int
inside(int (*act)(void), bool may_connect)
{
	static const char *const folders[] = { "/tmp", NULL };
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(failed(sandbox_enter(cx, folders, may_connect)) ? 99 :
		    act());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
make_sockets(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t n = sizeof(address);
	int client = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listening = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&address, n), 0);
	ck_assert_int_eq(listen(listening, 8), 0);
	ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&address,
	    &n), 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&address, n), 0);
	accepted = accept(listening, NULL, NULL);
	ck_assert_int_ge(accepted, 0);
	ck_assert_int_eq(write(client, "x", 1), 1);
}

static bool
is_refused(int domain, int type)
{
	return socket(domain, type, 0) < 0 && errno == EPERM;
}

static int
make_networks(void)
{
	return is_refused(AF_INET, SOCK_STREAM) &&
	    is_refused(AF_INET, SOCK_DGRAM) &&
	    is_refused(AF_INET6, SOCK_STREAM) &&
	    is_refused(AF_INET6, SOCK_DGRAM) &&
	    is_refused(AF_NETLINK, SOCK_RAW) &&
	    is_refused(AF_PACKET, SOCK_RAW) ? 0 : 1;
}

/* What serves goes on to serve. */
static int
go_on(void)
{
	char byte;

	return read(accepted, &byte, 1) == 1 && write(accepted, "y", 1) == 1 &&
	    listen(listening, 16) == 0 ? 0 : 1;
}

/* By a socket that was there, once it is disconnected. */
static int
turn_round(void)
{
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	return connect(accepted, &nowhere, sizeof(nowhere)) < 0 &&
	    errno == EPERM ? 0 : 1;
}

static int
ask_for_a_signer(void)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX,
	    .sun_path = "/tmp/t_sandbox.nobody" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)) < 0 && errno == ENOENT ? 0 : 1;
}

START_TEST(no_network_is_reached_but_by_what_was_there_and_the_signers_socket)
{
	if (!help_can_sandbox())
		return;
	make_sockets();
	ck_assert_int_eq(inside(make_networks, false), 0);
	ck_assert_int_eq(inside(make_networks, true), 0);
	ck_assert_int_eq(inside(go_on, false), 0);
	ck_assert_int_eq(inside(turn_round, false), 0);
	ck_assert_int_eq(inside(ask_for_a_signer, false), 1);
	ck_assert_int_eq(inside(ask_for_a_signer, true), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		no_network_is_reached_but_by_what_was_there_and_the_signers_socket,
	};

	return unit_run("sandbox", tests, COUNT_OF(tests), NULL, NULL);
}
