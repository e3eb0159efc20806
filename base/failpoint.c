/* SPDX-License-Identifier: Apache-2.0 */
/* Only in builds with --enable-failpoints. */
#include "base/failpoint.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE	"DAAPKI_FAILPOINT"
#define LINE_MAX_SIZE	80u

void
failpoint(const char *name)
{
	const char *armed = getenv(VARIABLE);

	char line[LINE_MAX_SIZE];
	int n;

	if (armed == NULL || strcmp(armed, name) != 0)
		return;
	n = snprintf(line, sizeof(line), "failpoint %s\n", name);
	/* For the test to see; then as kill -9 would.  Neither call is one
	 * that the signer's sandbox does not allow. */
	if (write(STDERR_FILENO, line, (size_t)n) == n)
		(void)raise(SIGKILL);
	abort();
}
