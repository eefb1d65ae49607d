/* The PostgreSQL store from the inside: what its files share. */
#pragma once

#include "store/postgres/connection.h"

/* A range of the backfill that is held: by its token alone may it be moved. */
struct range {
    struct arena *arena; /* of the texts; NULL: none is held */
    int64_t place, token;
    int64_t rows_left;          /* about: ranges are cut by a sample */
    const char *cursor, *until; /* after cursor (NULL: from the beginning), up to and with until */
};

/* What was last seen of others' writes. */
struct watch {
    double at_ms;
    int64_t number, own; /* transactions by then, all and ours */
    bool looked;         /* since bound */
    bool others;
};

struct postgres_store {
    struct sql_store sql;
    struct arena *arena; /* lives as long as the store */
    PGconn *db;
    struct names prepared; /* statements that the connection has planned; in the arena */
    struct range range;    /* the one that we hold */
    int64_t leased_ms;     /* when we last renewed the migration's lease while copying */
    int64_t chunk_rows_max; /* 0: not known yet */
    struct watch watch;
    int64_t lag_looked_ms, compacted_ms;
    int64_t outbox_bytes; /* between two stores: after it was last vacuumed */
    struct names stages;   /* temporary tables of the session (half.c); in the arena */
    struct bouncer *bouncer; /* PgBouncer's console; NULL: not opened */
    bool older_ended;      /* since this store was opened: transactions older than the sync triggers */

    /* From here on: what bind made. */
    struct arena *bound;
    struct change change;
    struct standing standing;
    struct bound_table *tables[2]; /* by side */
    struct flow *flows[2];         /* by direction */
    struct names key;              /* k1, ..., kn: the key in our own types and tables */
    const char *path;              /* the search path of our functions */
    struct alter *alter;           /* of the short form; NULL: the long form */
    struct pg_faces *faces;        /* face.c's; NULL: no face was asked for yet */
    struct half *half;             /* between two stores: our side of it; NULL: both are here */
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

/* --- capture.c --- */
/* Locks a side's tables so that triggers may be made: all or none, waiting briefly and often. [tx] */
MUST_USE bool pg_lock_for_capture(struct postgres_store *store, enum side side, struct error *error);
/* May the tables be asked for, at this try? Not where a transaction goes on that has one of them (ERROR_BUSY); `readers`: one that only
 * reads counts. */
MUST_USE bool pg_tables_free(struct postgres_store *store, int tries, bool readers, struct error *error);
/* Enters what is there in the migration's name, as it is now. [tx] */
MUST_USE bool pg_enter_objects(struct postgres_store *store, struct error *error);

/* --- program.c: the functions that perform a sync, in PL/pgSQL --- */
/* A FROM item of the keys in the array midflight_keys. */
struct scope pg_keys_scope(const struct postgres_store *store);
/* A statement that makes the type of a key. */
void pg_add_key_type(struct text *text, const struct postgres_store *store);
/* Makes the types and functions of both directions, where they are not there. [tx] */
MUST_USE bool pg_programs(struct postgres_store *store, struct error *error);
/* Makes what the triggers of a side's tables run: functions that sync, or, of the same names, that only note keys in the outbox, or among
 * those that are held. Whichever is there is replaced, for which nobody has to wait. [tx] */
MUST_USE bool pg_capture_functions(struct postgres_store *store, enum side side, struct error *error);
MUST_USE bool pg_note_functions(struct postgres_store *store, enum side side, struct error *error);
MUST_USE bool pg_hold_functions(struct postgres_store *store, enum side side, struct error *error);
/* Makes those triggers, where they are not there yet. The tables are locked until the transaction ends: it is the last thing to do. [tx] */
MUST_USE bool pg_capture_triggers(struct postgres_store *store, enum side side, struct error *error);
/* side.c: the table that the side lock is taken on, and the triggers of a side that take it, where the migration has one. [tx]
 * The table may be there already. */
MUST_USE bool pg_side_table(struct postgres_store *store, struct error *error);
MUST_USE bool pg_side_capture(struct postgres_store *store, enum side side, struct error *error);
/* The guard's value while a direction is syncing. */
const char *pg_guard(const struct postgres_store *store, enum direction direction);
/* The function of the triggers that refuse to write a side, and, without its schema, the trigger of a table. */
const char *pg_refusal(const struct postgres_store *store, enum side side);
const char *pg_refusal_trigger(const struct postgres_store *store, enum side side, const struct bound_table *table);

/* --- sequence.c: numbers that both sides give --- */
/* No number is given twice from now on, though both sides give them. Waits for the sequences' locks. [tx] */
MUST_USE bool pg_numbers_part(struct postgres_store *store, struct error *error);
/* The sequences that pg_numbers_part will alter, with commas between, while the new tables are there; *ret NULL: none. */
MUST_USE bool pg_numbers_beside(struct postgres_store *store, const char **ret, struct check_report *report, struct error *error);
/* The new side's sequences that count alone go on after what was copied. [tx] */
MUST_USE bool pg_numbers_pass(struct postgres_store *store, struct error *error);
/* One side is left: each counts in its own steps again, from where the other stands. Waits for their locks. [tx] */
MUST_USE bool pg_numbers_join(struct postgres_store *store, struct error *error);
/* A sequence that belongs to a table which is about to go stays, where another table's default takes numbers from it. [tx] */
MUST_USE bool pg_numbers_keep(struct postgres_store *store, const struct bound_table *table, struct error *error);

/* --- columns.c: do the columns that the queries yield fit those of the tables --- */
/* Says what a direction's queries leave alone, and whether rows can be inserted without it. */
void pg_check_columns(struct postgres_store *store, enum direction direction, struct check_report *report);
/* Says which columns hold less than what is yielded, while both sides' tables are there. [tx] */
MUST_USE bool pg_check_types(struct postgres_store *store, enum direction direction, struct check_report *report,
                             struct error *error);

/* --- difference.c --- */
/* An expression: what the flow yields of a row, as text for people: '(' || 'a=' || quote_nullable("a") || ', b=' ... || ')' */
void pg_add_row_text(struct text *text, const struct flow *flow);
/* A SELECT of the keys whose follower rows are not what the flow's query yields, or what `now` holds, a relation; it may name a key
 * more than once. */
void pg_add_different(struct text *text, const struct flow *flow, const struct scope *scope, const char *now);
/* Visits those keys of a range once each, in order, all of them. */
MUST_USE bool pg_different(struct postgres_store *store, const struct flow *flow, const char *from, const char *until,
                           key_visit *visit, void *context, struct error *error);
/* Does a range differ at all, in any flow of a direction? NULL bounds are open. */
MUST_USE bool pg_any_different(struct postgres_store *store, enum direction direction, const char *from, const char *until,
                               struct arena *arena, bool *ret, struct error *error);
/* The first `limit` keys of a range, in order, that agree in neither direction, each with the number of its first flow that
 * differs. */
MUST_USE bool pg_diverged(struct postgres_store *store, enum direction direction, const char *from, const char *until,
                          size_t limit, struct arena *arena, PGresult **ret, struct error *error);

/* --- ties.c: what ties the tables to others --- */
/* Says what will become of those who refer to the old tables, read or publish them. */
MUST_USE bool pg_ties_of_old(struct postgres_store *store, struct check_report *report, struct error *error);
/* The same of the new tables, while they are there. */
MUST_USE bool pg_ties_of_new(struct postgres_store *store, struct check_report *report, struct error *error);
/* The tables outside of the side that its foreign keys refer to, with commas between; *ret NULL: none. */
MUST_USE bool pg_referred(struct postgres_store *store, enum side side, const char **ret, struct error *error);
/* Statements that drop those foreign keys; *ret NULL: there are none. */
MUST_USE bool pg_referring(struct postgres_store *store, enum side side, const char **ret, struct error *error);

/* --- store.h's operations, by file --- */
/* capture.c */
bool postgres_capture_on(struct store *store, enum side side, struct error *error);
bool postgres_capture_refuse(struct store *store, enum side side, struct error *error);
bool postgres_capture_ready(struct store *store, enum side side, struct error *error);
bool postgres_capture_close(struct store *store, enum side side, struct error *error);
bool postgres_capture_off(struct store *store, struct error *error);
bool postgres_capture_intact(struct store *store, char *ret_missing, size_t size, struct error *error);
/* postgres.c */
/* A transaction of ours has written, and taken a number: what is counted beyond ours is others'. */
void pg_count_own(void);
/* A transaction of the holder of the lease, which it renews. */
MUST_USE bool pg_begin_leased(struct postgres_store *store, int64_t token, struct error *error);
/* Commits when `ok`, else undoes; returns whether all held. */
MUST_USE bool pg_end(struct postgres_store *store, bool ok, struct error *error);
/* range.c */
enum ranges_left { RANGES_HELD, RANGES_ELSEWHERE, RANGES_DONE, RANGES_UNMADE };
bool postgres_divide(struct store *store, int64_t parts, key_visit *visit, void *context, struct error *error);
/* Divides the old shape. Capture must be on, and transactions older than it must have ended. [own] */
MUST_USE bool pg_ranges_make(struct postgres_store *store, int64_t token, struct error *error);
/* Takes the first range that nobody holds; else says why there is none. [own] */
MUST_USE bool pg_range_take(struct postgres_store *store, enum ranges_left *ret, struct error *error);
/* Moves the cursor of the range that we hold; *ret_held false: it is no longer ours. [tx] */
MUST_USE bool pg_range_move(struct postgres_store *store, const char *cursor, int64_t rows, bool done, bool *ret_held,
                            struct error *error);
void pg_range_let_go(struct postgres_store *store);
/* All are done: their rows go into the ledger, and they are forgotten. [tx] */
MUST_USE bool pg_ranges_close(struct postgres_store *store, struct error *error);
/* Of the table $1, or its partitions: relid, and what pg_class says. */
#define PG_FROM_PARTS \
    "FROM (SELECT $1::regclass AS relid UNION SELECT relid FROM pg_partition_tree($1::regclass)) AS parts JOIN pg_class ON oid = relid"
/* Sees to it that chunk_rows_max is known. */
MUST_USE bool pg_row_bytes(struct postgres_store *store, struct error *error);

/* outbox.c */
bool postgres_capture_note(struct store *store, enum side side, struct error *error);
bool postgres_capture_hold(struct store *store, enum side side, struct error *error);
bool postgres_held(struct store *store, finding_visit *visit, void *context, struct error *error);
bool postgres_held_release(struct store *store, const char *key, struct error *error);
bool postgres_drain(struct store *store, enum direction direction, int64_t token, struct chunk *chunk, struct error *error);
/* The type of a key while the copy runs, and where the outbox is for good. */
const char *pg_noted_type(const struct postgres_store *store);
/* Makes an outbox that is for good, and what says that it overflowed. [tx] */
MUST_USE bool pg_outbox_make(struct postgres_store *store, struct error *error);
/* Statements of a trigger: an outbox that has reached its limit takes nothing more. */
void pg_add_limit(struct text *text, const struct postgres_store *store);
bool postgres_backlog(struct store *store, struct backlog *ret, struct error *error);
bool postgres_outbox_tidy(struct store *store, struct error *error);
bool postgres_outbox_reopen(struct store *store, struct error *error);
bool postgres_outbox_mend(struct store *store, struct error *error);
bool postgres_outbox_middle(struct store *store, const struct drain_range *range, int64_t rows, char **ret, struct error *error);
/* Leaves each key in the outbox once, when it has grown large. [own] */
MUST_USE bool pg_outbox_compact(struct postgres_store *store, struct error *error);
/* Syncs every key that is in the outbox, to the state of one snapshot, which the transaction goes on to hold. Begins it. */
MUST_USE bool pg_drain_exactly(struct postgres_store *store, struct error *error);
/* Drains about as many keys as wait now. [own] */
MUST_USE bool pg_drain_most(struct postgres_store *store, int64_t token, struct error *error);

/* late.c */
/* Takes the indexes, unique and foreign keys of the new tables away, and remembers them. [tx] */
MUST_USE bool pg_late_put_off(struct postgres_store *store, struct error *error);
/* The unique sets of a table that were put off: rows (number, column), the primary key's first. */
MUST_USE bool pg_late_uniques(PGconn *db, const char *migration, const char *schema, const char *table, PGresult **ret,
                              struct error *error);
/* Builds all of it at once, over tables that are empty still. [tx] */
MUST_USE bool pg_late_build_all(struct postgres_store *store, struct error *error);
/* *ret: the unique sets over several entities are there. */
MUST_USE bool pg_late_is_across(struct postgres_store *store, bool *ret, struct error *error);
/* Builds the unique sets over several entities, in the transaction in which all of them are of one moment. */
MUST_USE bool pg_late_across(struct postgres_store *store, struct error *error);
bool postgres_backfill_close(struct store *store, int64_t token, struct error *error);

/* backfill.c */
/* Waits until the transactions that run now have ended. */
MUST_USE bool pg_older_end(struct postgres_store *store, struct error *error);
/* The holder of the lease makes the ranges, when those have; a helper waits for that a little. [own] */
MUST_USE bool pg_ranges_begin(struct postgres_store *store, int64_t token, struct error *error);
bool postgres_rows_count(struct store *store, int64_t *ret, struct error *error);
bool postgres_backfill_open(struct store *store, struct error *error);
bool postgres_backfill_chunk(struct store *store, int64_t token, struct chunk *chunk, struct error *error);
/* inspect.c */
bool postgres_inspect(struct store *store, struct inspection *inspection, difference_visit *visit, void *context,
                      struct error *error);
bool postgres_sync(struct store *store, enum direction direction, const char *key, struct error *error);
bool postgres_park(struct store *store, enum direction direction, const char *key, struct error *error);
bool postgres_rehearse(struct store *store, int64_t entities, bool alone, int64_t *ret_done, struct error *error);
/* Binds of a range: the values of its bounds, in the arena. */
MUST_USE bool pg_range_values(struct postgres_store *store, const char *from, const char *until, struct arena *arena,
                              const char **values, size_t *count, struct error *error);
/* Rows of the old shape's first table in a range: what progress counts. */
MUST_USE bool pg_rows_in(struct postgres_store *store, const char *from, const char *until, struct arena *arena, int64_t *ret,
                         struct error *error);
/* The key of the `rows`-th row of a side's tables after `from` and not after `until`; *ret NULL: there are fewer. */
MUST_USE bool pg_key_after(struct postgres_store *store, enum side side, const char *from, const char *until, int64_t rows,
                           struct arena *arena, const char **ret, struct error *error);
/* half.c, where the sides are in two stores, or one takes writes at a time */
MUST_USE bool pg_half_note(struct postgres_store *store, enum side side, struct error *error);
MUST_USE bool pg_half_refuse(struct postgres_store *store, enum side side, struct error *error);
/* A refusal that is there lets everybody pass from now on. [tx] */
MUST_USE bool pg_half_open(struct postgres_store *store, enum side side, struct error *error);
MUST_USE bool pg_half_check(struct postgres_store *store, struct check_report *report, struct error *error);
/* A statement: takes the lock that who ships or lands at a place has, until the transaction ends. */
void pg_add_place_lock(struct text *text, const char *name, int64_t place);
bool postgres_ship_manifest(struct store *store, enum direction direction, struct manifest *ret, struct error *error);
bool postgres_hold(struct store *store, enum side side, struct error *error);
bool postgres_lease_follow(struct store *store, const char *name, const char *owner, int64_t token, struct error *error);
bool postgres_lease_take(struct store *store, const char *name, const char *owner, int64_t until_ms, int64_t token, struct error *error);
bool postgres_land_claim(struct store *store, const char *name, const struct claim *claim, char **ret, struct error *error);
bool postgres_oust(struct store *store, const char *name, int64_t place, struct error *error);
bool postgres_ledger_stay(struct store *store, const char *name, const char *stage, int64_t epoch, struct error *error);
/* expect.c */
bool postgres_land_expect(struct store *store, enum direction direction, struct manifest *manifest, struct check_report *report,
                          struct error *error);
/* ship.c */
bool postgres_range_take(struct store *store, int64_t token, struct claim *ret, struct error *error);
bool postgres_range_resume(struct store *store, const char *cursor, struct error *error);
bool postgres_ship_open(struct store *store, struct parcel *parcel, struct error *error);
bool postgres_ship(struct store *store, size_t stream, bool raw, ship_sink *sink, void *context, struct error *error);
bool postgres_ship_close(struct store *store, bool landed, struct error *error);
bool postgres_ship_keys(struct store *store, key_visit *visit, void *context, struct error *error);
/* land.c */
bool postgres_land_open(struct store *store, const struct parcel *parcel, int64_t token, struct error *error);
bool postgres_land_begin(struct store *store, size_t stream, bool raw, struct error *error);
bool postgres_land_data(struct store *store, const char *data, size_t size, struct error *error);
bool postgres_land_end(struct store *store, struct error *error);
bool postgres_land_close(struct store *store, bool keep, struct error *error);
void postgres_land_abandon(struct store *base);
bool postgres_land_differ(struct store *store, difference_visit *visit, void *context, struct error *error);
bool postgres_land_absent(struct store *store, key_visit *visit, void *context, struct error *error);
/* check.c */
/* Are a side's keys indexed, without NULLs, and of types that can be compared, and does no other migration change its tables? */
MUST_USE bool pg_check_keys(struct postgres_store *store, enum side side, struct check_report *report, struct error *error);
/* Has the table an index that begins with its key? */
MUST_USE bool pg_key_is_indexed(struct postgres_store *store, const struct bound_table *table, bool *ret, struct error *error);
bool postgres_check(struct store *store, struct check_report *report, struct error *error);
/* shape.c */
/* A side's tables, as an array: {"public"."people","public"."subscriptions"} */
const char *pg_table_names(const struct postgres_store *store, enum side side);
bool postgres_schema_digest(struct store *store, char ret[24], struct error *error);
bool postgres_shape_make(struct store *store, struct error *error);
bool postgres_shape_empty(struct store *store, enum side side, struct chunk *chunk, struct error *error);
bool postgres_shape_drop(struct store *store, enum side side, struct error *error);
bool postgres_shape_retire(struct store *store, struct error *error);
/* swap.c */
bool postgres_swap_rehearse(struct store *store, bool back, struct error *error);
bool postgres_swap(struct store *store, bool back, struct error *error);
bool postgres_swap_settle(struct store *store, struct error *error);
/* face.c */
bool postgres_face_key(struct store *store, const char *key, struct text *ret, struct error *error);
bool postgres_face_single(struct store *store, enum side side);
bool postgres_face_get(struct store *store, struct face face, const char *key, struct text *ret, bool *ret_found, struct error *error);
bool postgres_face_translate(struct store *store, enum direction direction, bool single, const char *key, const char *current,
                             const char *document, struct text *ret, bool *ret_found, struct error *error);
bool postgres_face_lock(struct store *store, enum side side, const char *key, bool *ret_held, struct error *error);
bool postgres_face_put(struct store *store, enum side side, const char *key, const char *document, bool fresh, struct error *error);
bool postgres_face_delete(struct store *store, enum side side, const char *key, bool *ret_found, struct error *error);
bool postgres_face_list(struct store *store, struct face face, const char *after, int64_t limit, document_visit *visit, void *context,
                        struct error *error);
MUST_USE bool pg_outbox_holds(struct postgres_store *store, const char *key, bool *ret, struct error *error);
bool postgres_face_waits(struct store *store, enum direction direction, const char *key, bool *ret, struct error *error);
bool postgres_face_want(struct store *store, const char *key, struct error *error);
bool postgres_view_begin(struct store *store, bool writes, struct error *error);
bool postgres_ledger_move(struct store *store, const char *name, const struct move *move, struct error *error);
bool postgres_ledger_pin(struct store *store, const char *name, struct record *ret, bool *ret_found, struct error *error);
