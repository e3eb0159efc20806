/* SPDX-License-Identifier: Apache-2.0 */
/* Whether something that a path names is of a group now.  *out is false too
 * when there is no such thing.  ERR_STORAGE */
#ifndef DAAPKI_DB_SCOPE_H
#define DAAPKI_DB_SCOPE_H

#include "db/db.h"

struct err	db_scope_device(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t group_id, const char *device_id, bool *out);
/* Of a device that is in the group, whenever it was issued. */
struct err	db_scope_certificate(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id, struct slice serial,
		    bool *out);
/* An event of an error report, by its ID. */
struct err	db_scope_report(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t group_id, int64_t event, bool *out);
/* One that was begun by a principal of the group. */
struct err	db_scope_operation(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id, const char *name,
		    bool *out);

#endif
