/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole authority for tests: the real database in a temporary folder and the
 * real daa-signer as a child process.  Nothing in it is a stand-in but the
 * clock, which tests may move.
 */
#ifndef DAAPKI_TESTS_REALM_H
#define DAAPKI_TESTS_REALM_H

#include <sys/types.h>

#include "authority/authority.h"

struct realm {
	char			*folder;
	struct authority	*authority;
	struct authority_keys	 keys;
	struct authority_conf	 conf;
	struct clock		 clock;		/* of realm_ctx(): moved by tests */
	int64_t			 ahead_s;	/* how far it is ahead */
	pid_t			 signer;	/* the child that runs now */
	bool			 away;		/* no new one is started */
};

/* Make the folder and the master key, start all; the test fails otherwise. */
struct realm	*realm_open(struct ctx *);
/* Stop all and remove the folder. */
void		 realm_close(struct ctx *, struct realm *);
/* As after a power cut of both programs: the signer is killed, the authority is
 * opened again on what is on disk. */
void		 realm_reopen(struct ctx *, struct realm *);
/* kill -9 of the signer; the next order finds a new one. */
void		 realm_kill_signer(struct realm *);
/* The same, and there is no new one. */
void		 realm_stop_signer(struct realm *);
/* Make cx run on the realm's clock. */
void		 realm_use_clock(struct ctx *, struct realm *);

/* A platform administrator, for calls that want a principal. */
extern const struct principal	realm_admin;

#endif
