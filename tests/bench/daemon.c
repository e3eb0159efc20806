/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/daemon.h"

#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_S		120
#define POLL_US		1000
#define LISTENING_MAX	4096u

void
daemon_init(struct ctx *cx, struct daemon *d, const char *program,
    const char *folder, const char *token)
{
	*d = (struct daemon){
		.program = program, .folder = folder,
		.service = {
			.ca = arena_printf(cx->arena, "%s/trust.pem", folder),
			.authorization = service_authorization(cx, token),
		},
	};
}

const char *
daemon_database(struct ctx *cx, const struct daemon *d)
{
	return arena_printf(cx->arena, "%s/daapki.db", d->folder);
}

/* --- starting ------------------------------------------------------------- */

static pid_t
launch(struct ctx *cx, const struct daemon *d)
{
	const char *log = arena_printf(cx->arena, "%s.log", d->folder);
	char *state = arena_printf(cx->arena, "--state-dir=%s", d->folder);
	pid_t pid = fork();
	int fd;

	ASSERT(pid >= 0);
	if (pid > 0)
		return pid;
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(fd, STDERR_FILENO) < 0)
		_exit(127);
	(void)execl(d->program, "daad", "serve", state, "--log-level=warn",
	    (char *)NULL);
	_exit(127);
}

/* The file in which it tells where it listens, once it does. */
static const char *
wait_listening(struct ctx *cx, struct daemon *d)
{
	const char *path = arena_printf(cx->arena, "%s/listening", d->folder);
	double end_s = bench_wall_s() + WAIT_S;
	char *text = arena_alloc(cx->arena, LISTENING_MAX);

	while (bench_wall_s() < end_s) {
		int fd = open(path, O_RDONLY | O_CLOEXEC), status;

		if (fd >= 0) {
			ssize_t n = read(fd, text, LISTENING_MAX - 1);

			(void)close(fd);
			if (n > 0)
				return text;
		}
		if (waitpid(d->daad, &status, WNOHANG) != 0)
			bench_die("daad has ended: see %s.log", d->folder);
		(void)usleep(POLL_US);
	}
	bench_die("daad does not come up");
}

static const char *
url_of(struct ctx *cx, const char *listening, const char *plane)
{
	const char *at = strstr(listening, plane);

	if (at == NULL)
		bench_die("no plane %sin %s", plane, listening);
	at += strlen(plane);
	return arena_strndup(cx->arena, at, strcspn(at, "\n"));
}

static size_t
ignore(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

static void
must_be_ready(struct ctx *cx, const struct daemon *d)
{
	CURL *h = curl_easy_init();
	long status = 0;

	ASSERT(h != NULL);
	curl_easy_setopt(h, CURLOPT_URL, arena_printf(cx->arena, "%s/readyz",
	    d->service.status_url));
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, ignore);
	if (curl_easy_perform(h) != CURLE_OK)
		bench_die("/readyz is not answered");
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(h);
	if (status != 200)
		bench_die("/readyz: %ld", status);
}

/* --- processes ------------------------------------------------------------- */

/* The first child of any thread of it; 0 when there is none. */
static pid_t
child_of(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	pid_t child = 0;
	DIR *tasks;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks != NULL && child == 0 &&
	    (entry = readdir(tasks)) != NULL) {
		char file[400];
		FILE *f;
		int n = 0;

		(void)snprintf(file, sizeof(file), "%s/%s/children", path,
		    entry->d_name);
		f = entry->d_name[0] == '.' ? NULL : fopen(file, "re");
		if (f == NULL)
			continue;
		if (fscanf(f, "%d", &n) == 1)
			child = (pid_t)n;
		(void)fclose(f);
	}
	if (tasks != NULL)
		(void)closedir(tasks);
	return child;
}

void
daemon_start(struct ctx *cx, struct daemon *d)
{
	double began_s = bench_wall_s();
	const char *listening;

	d->daad = launch(cx, d);
	listening = wait_listening(cx, d);
	d->service.device_url = url_of(cx, listening, "device ");
	d->service.operator_url = url_of(cx, listening, "operator ");
	d->service.status_url = url_of(cx, listening, "status ");
	must_be_ready(cx, d);
	d->start_s = bench_wall_s() - began_s;
	/* daad, its starter, the signer (server/signer_process.h). */
	d->signer = child_of(child_of(d->daad));
	if (d->signer == 0)
		bench_die("no daa-signer is seen");
}

void
daemon_stop(struct daemon *d)
{
	int status;

	if (kill(d->daad, SIGTERM) != 0 ||
	    waitpid(d->daad, &status, 0) != d->daad || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0)
		bench_die("daad did not end well: see %s.log", d->folder);
	d->daad = d->signer = 0;
}

/* --- memory ----------------------------------------------------------------- */

static void
read_memory(pid_t pid, double *out_now, double *out_most)
{
	char path[64], line[256];
	unsigned long kib;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		bench_die("cannot read %s", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "VmRSS: %lu kB", &kib) == 1)
			*out_now = (double)kib * 1024 / 1e6;
		else if (sscanf(line, "VmHWM: %lu kB", &kib) == 1)
			*out_most = (double)kib * 1024 / 1e6;
	}
	(void)fclose(f);
}

void
daemon_memory(const struct daemon *d, struct daemon_memory *out)
{
	*out = (struct daemon_memory){ 0 };
	read_memory(d->daad, &out->daad, &out->daad_most);
	read_memory(d->signer, &out->signer, &out->signer_most);
}
