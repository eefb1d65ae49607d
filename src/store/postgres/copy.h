/* The empty copy of a table on which the short form's change is run. */
#pragma once

#include "store/postgres/alter.h"

/* The indexes of the copy $1, those of its partitions among them. */
#define PG_COPY_INDEXES                                                                                              \
    "WITH x AS (SELECT i.indexrelid, ic.relname, " INTERIM("ic.relname", "new")                                      \
    " AS interim FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid WHERE i.indrelid = $1::regclass OR i.indrelid IN (SELECT " \
    "relid FROM pg_partition_tree($1::regclass))) "

/* Makes the copy of `old` and changes it; adds what was run to the script. `casts`, by the old columns' number: what a USING casts
 * each by. [tx] */
MUST_USE bool pg_copy_make(struct postgres_store *store, const char *old, const char *copy, const char **casts, size_t columns,
                           struct text *script, struct error *error);
/* An identity column shares the live table's numbers until the exchange. [tx] */
MUST_USE bool pg_copy_share_numbers(struct postgres_store *store, const char *old, const char *copy, const struct names *identities,
                                    struct text *script, struct error *error);
/* The copy, with all that it has, becomes table `name` of the live table's schema. [tx] */
MUST_USE bool pg_copy_move(struct postgres_store *store, const char *copy, const char *name, const char *owner, struct text *script,
                           struct error *error);
bool pg_copy_no_identity(const char *what, struct error *error); /* returns false */
