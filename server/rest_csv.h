/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV (RFC 4180) that is safe to open in a spreadsheet: a field that a program
 * might take for a formula begins with an apostrophe (OWASP, CSV injection).
 */
#ifndef DAAPKI_SERVER_REST_CSV_H
#define DAAPKI_SERVER_REST_CSV_H

#include "base/bytes.h"

/* One quoted field; a comma goes before all but the first of a line. */
void	rest_csv_put(struct buf *, bool first, const char *field);
void	rest_csv_end(struct buf *);

#endif
