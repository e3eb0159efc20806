/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the workloads of `make bench` share: clocks, the crypto floor, and how
 * a result is told.  doc/BENCH.md says how to read one.
 */
#ifndef DAAPKI_TESTS_BENCH_H
#define DAAPKI_TESTS_BENCH_H

#include <sys/types.h>

#include "base/base.h"
#include "base/ctx.h"

#define BENCH_THREADS_MAX	64u
#define BENCH_DIGEST_SIZE	32u
#define BENCH_SIGNATURE_MAX	80u	/* ECDSA-Sig-Value of P-256, DER */

/* Seconds of the clock that never goes back; and of processor, by this whole
 * process, by this thread, by others that it names. */
double	bench_wall_s(void);
double	bench_cpu_s(void);
double	bench_thread_cpu_s(void);
double	bench_cpu_of_s(pid_t);

/* A workload that cannot be run ends the program. */
_Noreturn void	bench_die(const char *fmt, ...)
		    __attribute__((format(printf, 1, 2)));
#define BENCH_OK(cx, call) do {						\
	struct err e_ = (call);						\
	if (failed(e_))							\
		bench_die("%s: %s: %s", #call, err_name(e_),		\
		    (cx)->trail->note);					\
} while (0)

/* An argument: 1 to most, or the program ends. */
unsigned	bench_number(const char *text, unsigned most);
/* Threads for a floor of all processors. */
unsigned	bench_cores(void);

/* --- measuring ---------------------------------------------------------- */

struct bench {
	const char	*out;		/* file that results are appended to */
	const char	*folder;	/* on the disk that is to be measured */
	const char	*signer;	/* the daa-signer program */
	double		 seconds;	/* of each measurement */
};

struct sample { uint64_t n; double wall_s, cpu_s; };

/* Do op again and again for so many seconds, in this thread. */
struct sample	bench_sample(double seconds, void (*op)(void *), void *arg);

/*
 * The crypto floor: P-256 by OpenSSL on contexts that are kept, over a digest
 * that is there already.  Rates are of all threads together, by the wall's
 * clock; times are of processor, for one operation.
 */
struct floor {
	double	sign_rate, verify_rate;
	double	sign_cpu_s, verify_cpu_s;
};
void	bench_floor(double seconds, unsigned n_threads, struct floor *out);
/* The mean of the one before a workload and the one after it. */
struct floor	floor_mean(const struct floor *, const struct floor *);
/* So many signatures and verifications: how many such sets in a second, and
 * seconds of processor for one. */
double	floor_rate(const struct floor *, unsigned n_sign, unsigned n_verify);
double	floor_cpu_s(const struct floor *, unsigned n_sign, unsigned n_verify);

/* P-256 key, and signing with it on a context that is kept. */
struct signing;
struct signing	*signing_new(void);
void		 signing_free(struct signing *);
/* SubjectPublicKeyInfo, DER. */
struct slice	 signing_spki(const struct signing *);
/* ECDSA-Sig-Value over a digest; how long it is. */
size_t		 signing_sign(struct signing *,
		    const uint8_t digest[static BENCH_DIGEST_SIZE],
		    uint8_t out[static BENCH_SIGNATURE_MAX]);
/* PKCS#10 with that key and no name. */
struct slice	 signing_csr(struct ctx *, struct signing *);

/* --- telling ------------------------------------------------------------ */

struct result {
	const char	*workload, *unit;
	unsigned	 threads;	/* that ask; 1 where nobody is asked */
	double		 seconds;
	double		 rate, floor;	/* units in a second */
	const char	*floor_is;	/* in words */
	/* Seconds of processor for one unit, and what of them the floor is;
	 * 0: not measured. */
	double		 cpu_s, floor_cpu_s;
	const char	*more;		/* more JSON members, or NULL */
};

/* A figure with a bound that it has to keep, instead of a floor. */
struct bounded {
	const char	*workload, *unit;
	double		 value, bound;
	bool		 at_least;	/* else at most */
	const char	*what;		/* in words */
	const char	*more;		/* as above */
};

/* A row to standard output, a line of JSON to bench->out. */
void	bench_tell_bounded(const struct bench *, const struct bounded *);
void	bench_tell(const struct bench *, const struct result *);
void	bench_tell_head(void);

/* --- workloads ----------------------------------------------------------- */

typedef void	bench_run(const struct bench *, int argc, char *argv[]);
bench_run	bench_run_floor, bench_run_csr, bench_run_verify, bench_run_db,
		bench_run_signer, bench_run_renew, bench_run_scale,
		bench_run_store, bench_run_crl, bench_run_ocsp,
		bench_run_claims, bench_run_search;

#endif
