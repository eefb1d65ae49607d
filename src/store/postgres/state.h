/* The PostgreSQL store from the inside: what its files share. */
#pragma once

#include "store/postgres/connection.h"

struct postgres_store {
    struct sql_store sql;
    struct arena *arena; /* lives as long as the store */
    PGconn *db;
    struct names prepared; /* statements that the connection has planned; in the arena */

    /* From here on: what bind made. */
    struct arena *bound;
    struct change change;
    struct standing standing;
    struct bound_table *tables[2]; /* by side */
    struct flow *flows[2];         /* by direction */
    struct names key;              /* k1, ..., kn: the key in our own types and tables */
    const char *path;              /* the search path of our functions */
};

static inline struct postgres_store *postgres_store_of(struct store *store) {
    return (struct postgres_store *)store;
}

static inline bool pg_has_way(const struct postgres_store *store, enum direction direction) {
    return store->change.mappings[direction].count > 0;
}

/* "midflight_<migration>_<rest>", shortened to what PostgreSQL keeps of a name; in the bound arena. */
const char *pg_own_name(const struct postgres_store *store, const char *rest);
/* midflight."midflight_<migration>_<rest>": quoted, with its schema. */
const char *pg_own(const struct postgres_store *store, const char *rest);

/* --- program.c: the functions that perform a sync, in PL/pgSQL --- */
/* A FROM item of the keys in the array midflight_keys. */
struct scope pg_keys_scope(const struct postgres_store *store);
/* Makes the types and functions of both directions; each must not exist. [tx] */
MUST_USE bool pg_programs(struct postgres_store *store, struct error *error);
/* Makes the capture functions and triggers of one table. [tx] */
MUST_USE bool pg_capture_table(struct postgres_store *store, enum direction direction, size_t leader, struct error *error);
/* side.c: the table that the side lock is taken on, and the triggers of a side that take it, where the migration has one. [tx] */
MUST_USE bool pg_side_table(struct postgres_store *store, struct error *error);
MUST_USE bool pg_side_capture(struct postgres_store *store, enum side side, struct error *error);
/* The guard's value while a direction is syncing. */
const char *pg_guard(const struct postgres_store *store, enum direction direction);

/* --- sequence.c: numbers that both sides give --- */
/* No number is given twice from now on, though both sides give them. Waits for the sequences' locks. [tx] */
MUST_USE bool pg_numbers_part(struct postgres_store *store, struct error *error);
/* The new side's sequences that count alone go on after what was copied. [tx] */
MUST_USE bool pg_numbers_pass(struct postgres_store *store, struct error *error);
/* One side is left: each counts in its own steps again, from where the other stands. Waits for their locks. [tx] */
MUST_USE bool pg_numbers_join(struct postgres_store *store, struct error *error);
/* A sequence that belongs to a table which is about to go stays, where another table's default takes numbers from it. [tx] */
MUST_USE bool pg_numbers_keep(struct postgres_store *store, const struct bound_table *table, struct error *error);

/* --- store.h's operations, by file --- */
/* capture.c */
bool postgres_capture_on(struct store *store, enum side side, struct error *error);
bool postgres_capture_refuse(struct store *store, enum side side, struct error *error);
bool postgres_capture_close(struct store *store, enum side side, struct error *error);
bool postgres_capture_off(struct store *store, struct error *error);
bool postgres_capture_intact(struct store *store, char *ret_missing, size_t size, struct error *error);
/* backfill.c */
bool postgres_rows_count(struct store *store, int64_t *ret, struct error *error);
bool postgres_backfill_open(struct store *store, struct error *error);
bool postgres_backfill_chunk(struct store *store, int64_t token, struct chunk *chunk, struct error *error);
/* inspect.c */
bool postgres_inspect(struct store *store, struct inspection *inspection, difference_visit *visit, void *context,
                      struct error *error);
bool postgres_sync(struct store *store, enum direction direction, const char *key, struct error *error);
bool postgres_park(struct store *store, enum direction direction, const char *key, struct error *error);
bool postgres_rehearse(struct store *store, int64_t entities, int64_t *ret_done, struct error *error);
/* Visits the keys whose follower rows are not what the flow's query yields. NULL bounds are open. */
typedef bool pg_key_visit(void *context, const char *key, struct error *error);
MUST_USE bool pg_different(struct postgres_store *store, const struct flow *flow, const char *from, const char *until,
                           pg_key_visit *visit, void *context, struct error *error);
/* Binds of a range: the values of its bounds, in the arena. */
MUST_USE bool pg_range_values(struct postgres_store *store, const char *from, const char *until, struct arena *arena,
                              const char **values, size_t *count, struct error *error);
/* Rows of the old shape's first table in a range: what progress counts. */
MUST_USE bool pg_rows_in(struct postgres_store *store, const char *from, const char *until, struct arena *arena, int64_t *ret,
                         struct error *error);
/* The key of the `rows`-th row of a side's tables after `from` and not after `until`; *ret NULL: there are fewer. */
MUST_USE bool pg_key_after(struct postgres_store *store, enum side side, const char *from, const char *until, int64_t rows,
                           struct arena *arena, const char **ret, struct error *error);
/* check.c */
bool postgres_check(struct store *store, struct check_report *report, struct error *error);
/* shape.c */
bool postgres_schema_digest(struct store *store, char ret[24], struct error *error);
bool postgres_shape_make(struct store *store, struct error *error);
bool postgres_shape_index(struct store *store, struct error *error);
bool postgres_shape_empty(struct store *store, enum side side, struct chunk *chunk, struct error *error);
bool postgres_shape_drop(struct store *store, enum side side, struct error *error);
bool postgres_shape_retire(struct store *store, struct error *error);
bool postgres_swap_rehearse(struct store *store, bool back, struct error *error);
bool postgres_swap(struct store *store, bool back, struct error *error);
