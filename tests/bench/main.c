/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench -o FILE -d FOLDER [-s SECONDS] [-S DAA-SIGNER] WORKLOAD [ARGUMENT...]
 * bench -T: the head of the table.  tests/bench/run.sh calls it.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/text.h"
#include "pki/ossl.h"

#define SECONDS_MAX	600u

static const struct { const char *name; bench_run *run; } workloads[] = {
	{ "floor", bench_run_floor },
	{ "csr-parse", bench_run_csr },
	{ "verify", bench_run_verify },
	{ "db-commit", bench_run_db },
	{ "signer-issue", bench_run_signer },
	{ "ocsp", bench_run_ocsp },
	{ "renew-key", bench_run_renew },
	{ "scale", bench_run_scale },
	{ "search-1m", bench_run_search },
	{ "store-1m", bench_run_store },
	{ "crl-100k", bench_run_crl },
	{ "claim-100k", bench_run_claims },
};

void
bench_tell_head(void)
{
	(void)printf("%-22s %7s %16s  %6s  %6s  %s\n", "workload", "threads",
	    "rate/s", "of", "of cpu", "the floor is");
}

static void
tell_share(double value)
{
	if (value > 0)
		(void)printf("  %5.2f ", value);
	else
		(void)printf("  %5s ", "-");
}

static void
tell_row(const struct result *r, double cpu)
{
	(void)printf("%-22s %7u %9.0f %-12s", r->workload, r->threads,
	    r->rate, r->unit);
	tell_share(r->floor > 0 ? r->rate / r->floor : 0);
	tell_share(cpu);
	(void)printf(" %.0f/s: %s\n", r->floor, r->floor_is);
	(void)fflush(stdout);
}

static void
append(const struct bench *bench, const char *line, int n, size_t size)
{
	int fd = open(bench->out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	    0644);

	if (n < 0 || (size_t)n >= size || fd < 0 ||
	    write(fd, line, (size_t)n) != n)
		bench_die("cannot write to %s", bench->out);
	(void)close(fd);
}

void
bench_tell_bounded(const struct bench *bench, const struct bounded *b)
{
	bool kept = b->at_least ? b->value >= b->bound : b->value <= b->bound;
	char at[TEXT_TIME_SIZE], line[1024];
	int n;

	text_time(clock_system.now_s(NULL), at);
	n = snprintf(line, sizeof(line), "{\"workload\":\"%s\","
	    "\"value\":%.3f,\"unit\":\"%s\",\"bound\":%.3f,"
	    "\"bound_is\":\"at %s\",\"kept\":%s,\"what\":\"%s\"%s%s,"
	    "\"processors\":%ld,\"at\":\"%s\"}\n", b->workload, b->value,
	    b->unit, b->bound, b->at_least ? "least" : "most",
	    kept ? "true" : "false", b->what, b->more != NULL ? "," : "",
	    b->more != NULL ? b->more : "", sysconf(_SC_NPROCESSORS_ONLN),
	    at);
	append(bench, line, n, sizeof(line));
	(void)printf("%-22s %9.2f %-10s at %s %.2f: %-6s %s\n", b->workload,
	    b->value, b->unit, b->at_least ? "least" : "most", b->bound,
	    kept ? "kept" : "MISSED", b->what);
	(void)fflush(stdout);
}

void
bench_tell(const struct bench *bench, const struct result *r)
{
	double cpu = r->cpu_s > 0 ? r->floor_cpu_s / r->cpu_s : 0;
	double wall = r->floor > 0 ? r->rate / r->floor : 0;
	char at[TEXT_TIME_SIZE], line[1024];
	int n;

	text_time(clock_system.now_s(NULL), at);
	n = snprintf(line, sizeof(line), "{\"workload\":\"%s\",\"rate\":%.1f,"
	    "\"floor\":%.1f,\"fraction\":%.4f,\"unit\":\"%s\","
	    "\"threads\":%u,\"seconds\":%.2f,\"floor_is\":\"%s\","
	    "\"cpu_us\":%.2f,\"floor_cpu_us\":%.2f,\"cpu_fraction\":%.4f%s%s,"
	    "\"processors\":%ld,\"at\":\"%s\"}\n", r->workload, r->rate,
	    r->floor, wall, r->unit, r->threads, r->seconds,
	    r->floor_is, r->cpu_s * 1e6, r->floor_cpu_s * 1e6, cpu,
	    r->more != NULL ? "," : "", r->more != NULL ? r->more : "",
	    sysconf(_SC_NPROCESSORS_ONLN), at);
	append(bench, line, n, sizeof(line));
	tell_row(r, cpu);
}

static bool
read_options(int argc, char *argv[], struct bench *bench)
{
	uint64_t seconds;
	int option;

	/* +: what follows the workload is its own. */
	while ((option = getopt(argc, argv, "+o:d:s:S:")) != -1) {
		if (option == 'o')
			bench->out = optarg;
		else if (option == 'd')
			bench->folder = optarg;
		else if (option == 'S')
			bench->signer = optarg;
		else if (option == 's' &&
		    text_parse_uint(optarg, SECONDS_MAX, &seconds) &&
		    seconds > 0)
			bench->seconds = (double)seconds;
		else
			return false;
	}
	return bench->out != NULL && bench->folder != NULL && optind < argc;
}

static void
warm_up(void)
{
	struct ctx_root root;

	ASSERT(sodium_init() >= 0);
	ctx_root_init(&root, NULL);
	BENCH_OK(&root.cx, ossl_warm_up(&root.cx));
	ctx_root_fini(&root);
}

int
main(int argc, char *argv[])
{
	struct bench bench = { .seconds = 2 };

	if (argc == 2 && strcmp(argv[1], "-T") == 0) {
		bench_tell_head();
		return 0;
	}
	if (!read_options(argc, argv, &bench))
		bench_die("usage");
	warm_up();
	for (size_t i = 0; i < COUNT_OF(workloads); i++) {
		if (strcmp(workloads[i].name, argv[optind]) != 0)
			continue;
		workloads[i].run(&bench, argc - optind - 1, argv + optind + 1);
		return 0;
	}
	bench_die("no workload %s", argv[optind]);
}
