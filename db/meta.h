/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the database itself, by key. */
#ifndef DAAPKI_DB_META_H
#define DAAPKI_DB_META_H

#include "db/db.h"

/* NULL when the key was never put. */
struct err	db_meta_get(struct ctx *, struct db_tx *, const char *key,
		    const char **out_value);
struct err	db_meta_put(struct ctx *, struct db_tx *, const char *key,
		    const char *value);

#endif
