/* Reads PostgreSQL's catalog: tables of a shape, and what a query yields and reads. */
#pragma once

#include "store/postgres/connection.h"
#include "store/shape.h"

/* `migration`: some of the table's unique sets may have been put off by it, and count all the same; NULL: none were. */
MUST_USE bool pg_catalog_table(PGconn *db, const struct table *table, const char *migration, struct arena *arena,
                               struct bound_table *ret, struct error *error);
/* Within a transaction: these make temporary views, which its end takes away. */
MUST_USE bool pg_catalog_flow(PGconn *db, const struct query *query, enum direction direction,
                              const struct bound_table *leaders, size_t leader_count, const struct bound_table *target,
                              struct arena *arena, struct flow *ret, struct error *error);
/* The same where the follower is in another store: the flow's target is what the query yields, each column of the type that it has, in
 * the name of the follower's table. */
MUST_USE bool pg_catalog_yield(PGconn *db, const struct query *query, enum direction direction, const struct bound_table *leaders,
                               size_t leader_count, const struct table *table, struct arena *arena, struct flow *ret,
                               struct error *error);
