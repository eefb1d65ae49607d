/* What every SQL store asks of a table and of a query, once it has read what its own catalog says of them. */
#pragma once

#include "base/error.h"
#include "store/sql/sync.h"

/* The key's columns are there; fills identity and sole. */
MUST_USE bool sql_table_finish(struct bound_table *table, struct error *error);

/* The query yields one more column, of that name. `what` is the query's place in the definition, "forward.people". */
MUST_USE bool sql_flow_yield(struct flow *flow, const char *what, const char *name, struct arena *arena,
                             struct error *error);
/* It has yielded all; fills match and written. */
MUST_USE bool sql_flow_finish(struct flow *flow, const char *what, struct arena *arena, struct error *error);
/* Rows of different entities never meet on the target: what tells rows apart tells entities apart as well. */
bool sql_flow_is_apart(const struct flow *flow);

/* Where a side's writers are to go: the other store, or in one database the other side's tables. */
const char *sql_elsewhere(const struct change *change, const char *other_store, enum side side, struct arena *arena);
