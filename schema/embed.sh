#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Print the migrations given as arguments as a C file that fits db/schema.h.
set -eu
echo '/* Made from the SQL files of this folder. */'
echo '#include "db/schema.h"'
echo 'const char *const db_schema_migrations[] = {'
for file do
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/\\t/g' \
	    -e 's/^/"/' -e 's/$/\\n"/' "$file"
	echo ','
done
echo '};'
echo 'const size_t db_schema_n_migrations ='
echo '    sizeof(db_schema_migrations) / sizeof(db_schema_migrations[0]);'
