/* What tables look like: read from a copy of the schema, so that nothing here touches the live rows. */
#pragma once

#include "store/sqlite/connection.h"

/* Reads one table; a missing or unusable one (a view, a virtual table) is an error that says so. */
MUST_USE bool catalog_table(sqlite3 *db, const struct table *table, struct arena *arena, struct bound_table *ret,
                            struct error *error);

/* Binds one query to the table it yields rows of: which of its columns match, which are carried, what it reads. `target` NULL: that
 * table is in another store. */
MUST_USE bool catalog_flow(sqlite3 *db, const struct query *query, enum direction direction,
                           const struct bound_table *leaders, size_t leader_count, const struct bound_table *target,
                           struct arena *arena, struct flow *ret, struct error *error);

/* An in-memory copy of a live database's schema, without rows and without what midflight made. When names are
 * swapped it is put back in the order before the swap. */
MUST_USE bool catalog_copy(sqlite3 *live, const struct change *change, struct standing standing, sqlite3 **ret,
                           struct error *error);

/* The parts of it: an empty database in memory, what the live one has of a type ("table"), and the new shape. */
MUST_USE bool catalog_open(sqlite3 **ret, struct error *error);
/* Is "a word" that no column is called an error, or, as SQLite has it for old times' sake, a text? */
void catalog_strict(sqlite3 *db, bool strict);
MUST_USE bool catalog_copy_objects(sqlite3 *live, sqlite3 *copy, const char *type, struct error *error);
MUST_USE bool catalog_make(sqlite3 *copy, const struct change *change, struct error *error);

MUST_USE bool catalog_rename(sqlite3 *db, const char *from, const char *to, struct error *error);
/* The DDL of a table. */
MUST_USE bool catalog_sql(sqlite3 *db, const char *table, struct arena *arena, const char **ret, struct error *error);

/* One column of the new table and the old one whose values it takes over; NULL: none. */
struct pair {
    const char *from, *to;
};

struct pairs {
    struct pair items[2000];
    size_t count;
};

/* Gives the short form's table the name that the schema has for it: case does not tell tables apart, but what is renamed
 * is to come back as it was. */
MUST_USE bool alter_as_stored(sqlite3 *live, struct change *alter, struct arena *arena, struct error *error);

/* Turns the short form into the long one: DDL of the new table, its indexes, the keys and both queries. */
MUST_USE bool catalog_alter(sqlite3 *live, const struct change *alter, struct standing standing, struct arena *arena,
                            struct change *ret, struct error *error);

/* The short form's ALTER TABLE, run on a copy: SQLite rewrites everything there that names a column of the table.
 * Nothing where the change is a whole CREATE TABLE. `ret` says how the columns relate. */
MUST_USE bool alter_apply(sqlite3 *copy, const struct change *alter, struct arena *arena, struct pairs *ret,
                          struct error *error);

/* fit.c: what works in a copy before a change must work after it, or the change is refused (ERROR_REFUSED). */
MUST_USE bool fit_before(sqlite3 *copy, struct error *error);
MUST_USE bool fit_after(sqlite3 *copy, struct error *error);

/* The same where a table is gone already: the tables' names, and no more. */
void catalog_alter_names(const struct change *alter, struct arena *arena, struct change *ret);

/* The names of the short form's tables while and after the migration runs. */
const char *alter_new_name(struct arena *arena, const char *table); /* "_customers_new": before the swap */
const char *alter_old_name(struct arena *arena, const char *table); /* "_customers_old": after it */
/* An index of the new table before the swap. */
const char *alter_index_name(struct arena *arena, const char *index);
