/* SPDX-License-Identifier: Apache-2.0 */
/* The migrations of schema/, compiled in; version n is the nth file. */
#ifndef DAAPKI_DB_SCHEMA_H
#define DAAPKI_DB_SCHEMA_H

#include <stddef.h>

extern const char *const db_schema_migrations[];
extern const size_t db_schema_n_migrations;

#endif
