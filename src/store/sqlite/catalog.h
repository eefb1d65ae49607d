/* What tables look like: read from a copy of the schema, so that nothing here touches the live rows. */
#pragma once

#include "store/sqlite/connection.h"

/* Reads one table; a missing or unusable one (a view, a virtual table) is an error that says so. */
MUST_USE bool catalog_table(sqlite3 *db, const struct table *table, struct arena *arena, struct bound_table *ret,
                            struct error *error);

/* Binds one query to the table it yields rows of: which of its columns match, which are carried, what it reads. */
MUST_USE bool catalog_flow(sqlite3 *db, const struct query *query, enum direction direction,
                           const struct bound_table *leaders, size_t leader_count, const struct bound_table *target,
                           struct arena *arena, struct flow *ret, struct error *error);

/* An in-memory copy of a live database's schema, without rows and without what midflight made. When names are
 * swapped it is put back in the order before the swap. */
MUST_USE bool catalog_copy(sqlite3 *live, const struct change *change, struct standing standing, sqlite3 **ret,
                           struct error *error);

/* Turns the short form into the long one: DDL of the new table, its indexes, the keys and both queries. */
MUST_USE bool catalog_alter(sqlite3 *live, const struct change *alter, struct standing standing, struct arena *arena,
                            struct change *ret, struct error *error);

MUST_USE bool catalog_rename(sqlite3 *db, const char *from, const char *to, struct error *error);

/* The same where a table is gone already: the tables' names, and no more. */
void catalog_alter_names(const struct change *alter, struct arena *arena, struct change *ret);

/* The names of the short form's tables while and after the migration runs. */
const char *alter_new_name(struct arena *arena, const char *table); /* "_customers_new": before the swap */
const char *alter_old_name(struct arena *arena, const char *table); /* "_customers_old": after it */
/* An index of the new table before the swap. */
const char *alter_index_name(struct arena *arena, const char *index);
