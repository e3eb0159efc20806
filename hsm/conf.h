/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What daa-hsm is told of its HSM: a file NAME.conf, whose name is that of the
 * key store, with one section [hsm]; man/daa-hsm.8 lists the keys.
 */
#ifndef DAAPKI_HSM_CONF_H
#define DAAPKI_HSM_CONF_H

#include "base/ctx.h"

#define CONF_FILE_MAX		16384u
#define CONF_LIST_MAX		16u	/* paths, variables */
#define CONF_TENANTS_MAX	256u
#define CONF_TENANTS_ALL	"*"

struct conf {
	const char	*name;		/* the file's, without .conf */
	const char	*module;	/* path of the PKCS#11 module */
	const char	*token;		/* label of the token, */
	const char	*serial;	/* or its serial number; one is NULL */
	const char	*pin_file;	/* NULL: the credential hsm-pin-NAME */
	bool		 network;	/* the module may use it */
	/* For which keys are made; "*" alone: for each. */
	size_t		 n_tenants;
	const char	*tenants[CONF_TENANTS_MAX];
	size_t		 n_paths;
	const char	*paths[CONF_LIST_MAX];	/* what it reads and writes */
	size_t		 n_variables;
	const char	*variables[CONF_LIST_MAX];	/* NAME=VALUE for it */
};

/*
 * Texts are in cx->arena.
 * ERR_CONFIG	not such a file; the note says where
 * ERR_IO
 */
struct err	conf_read(struct ctx *, const char *path, struct conf *out);

/* May keys of that tenant be made? */
bool		conf_serves(const struct conf *, const char *tenant);

#endif
