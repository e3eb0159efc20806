/* SPDX-License-Identifier: Apache-2.0 */
/* What `daad init` and `daad serve` share, and what they do. */
#ifndef DAAPKI_SERVER_SERVE_H
#define DAAPKI_SERVER_SERVE_H

#include "authority/authority.h"
#include "authority/courier.h"
#include "authority/signer.h"
#include "server/settings.h"
#include "server/signer_process.h"

/* Limits of the process: no core dumps (they would hold keys), every
 * descriptor that may be had, files readable by their owner only. */
void		serve_prepare_process(void);

/* The authority as the settings have it; what it points at must outlive it. */
struct authority_parts {
	const struct authority_keys	*keys;
	struct signer_process		*signer_process;
	struct signer_conf		 signer_conf;	/* filled in here */
	bool				 with_courier;
	struct courier_conf		 courier_conf;	/* filled in here */
};
struct err	serve_open_authority(struct ctx *, const struct settings *,
		    struct authority_parts *, unsigned status_port,
		    struct authority **out);

/* daad serve: returns when told to stop, or when it cannot start. */
struct err	serve_run(struct ctx *, const struct settings *);

/*
 * daad init: make the state folder of the settings, print the first operator
 * token on standard output.
 * ERR_EXISTS	there is one already, or the rest of one
 */
struct err	init_run(struct ctx *, const struct settings *);

#endif
