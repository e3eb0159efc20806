/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit tests: Check, printed as TAP so that each test counts.  A test's name
 * is the sentence that must hold.
 *
 *	START_TEST(a_trailing_byte_is_refused) { ... } END_TEST
 *	UNIT_MAIN("csr", a_trailing_byte_is_refused, ...)
 */
#ifndef DAAPKI_TESTS_UNIT_H
#define DAAPKI_TESTS_UNIT_H

#include <stdio.h>
#include <stdlib.h>

#include <check.h>
#include <sodium.h>

#include "base/base.h"
#include "base/ctx.h"

/* The context of the test that runs; made anew for each. */
static struct ctx_root	unit_root;
static struct ctx	*cx;

static inline void
unit_begin(void)
{
	ctx_root_init(&unit_root, NULL);
	cx = &unit_root.cx;
}

static inline void
unit_end(void)
{
	ctx_root_fini(&unit_root);
}

#define ck_ok(call) do {						\
	struct err e_ = (call);						\
	ck_assert_msg(!failed(e_), "%s: %s: %s", #call, err_name(e_),	\
	    cx->trail->note);						\
} while (0)

#define ck_fails(call, code_) do {					\
	struct err e_ = (call);						\
	ck_assert_msg(e_.code == (code_), "%s: %s (%s), not %s", #call,	\
	    err_name(e_), cx->trail->note, #code_);			\
} while (0)

/*
 * Run tests, each between begin and end (NULL is nothing).  600 s a test at
 * most: sanitizers and a busy machine are slow.
 */
static inline int
unit_run(const char *name, const TTest *const *tests, size_t n,
    void (*begin)(void), void (*end)(void))
{
	Suite *suite = suite_create(name);
	SRunner *runner;
	int n_failed;

	if (sodium_init() < 0)
		return 99;
	for (size_t i = 0; i < n; i++) {
		TCase *tc = tcase_create(tests[i]->name);

		tcase_add_checked_fixture(tc, unit_begin, unit_end);
		tcase_add_checked_fixture(tc, begin, end);
		tcase_set_timeout(tc, 600);
		tcase_add_test(tc, tests[i]);
		suite_add_tcase(suite, tc);
	}
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(suite_name, ...)					\
int									\
main(void)								\
{									\
	const TTest *const unit_tests[] = { __VA_ARGS__ };		\
									\
	return unit_run(suite_name, unit_tests, COUNT_OF(unit_tests),	\
	    NULL, NULL);						\
}

#endif
