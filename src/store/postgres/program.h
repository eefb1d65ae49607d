/* What the files share that write PL/pgSQL: program.c, statement.c, single.c and bulk.c. */
#pragma once

#include "store/postgres/state.h"

/* SQLSTATE classes of passing trouble. */
#define PG_PASSING "left(SQLSTATE, 2) IN ('08', '25', '40', '53', '54', '55', '57', '58', 'XX')"
/* As an assignment: PL/pgSQL evaluates that by itself, and runs a PERFORM as a query. */
#define PG_GUARDED "  midflight_guard text;\n"
#define PG_RESTORE_GUARD "  midflight_guard := set_config('midflight.syncing', coalesce(midflight_before, ''), true);\n"

/* One statement on one table of a leader. */
struct capture {
    struct postgres_store *store;
    enum direction direction;
    size_t leader; /* its number among the side's tables */
    const struct bound_table *table;
    enum event event;     /* EVENT_NONE: TRUNCATE */
    const char *deferred; /* statements that look at the followers' deferred foreign keys; empty: they have none */
    /* What an UPDATE took from a key is seen row by row, and only where a key changes: its function reads the rows after it alone. */
    bool light;
};

static inline enum direction other_of(enum direction direction) {
    return direction == FORWARD ? BACKWARD : FORWARD;
}

/* Is the entity one row of one leader table? Then that row is its lock, and its image needs no other. */
bool pg_is_alone(const struct postgres_store *store, enum direction direction);
/* The name of a direction's function or type. */
const char *pg_part(const struct postgres_store *store, enum direction direction, const char *rest);
/* That of a row that a flow's query yields. */
const char *pg_row_type(const struct postgres_store *store, enum direction direction, const struct flow *flow);
const char *pg_relation(const struct postgres_store *store, const struct bound_table *table);

/* CREATE OR REPLACE FUNCTION ... AS: declarations and body are to follow, and then pg_end_function. */
void pg_add_function(struct text *text, const struct postgres_store *store, const char *name, const char *parameters,
                     const char *returns);
void pg_end_function(struct text *text);
/* Statements: a key is in quarantine no more; it is, with the error that is being handled, unless that is passing. */
void pg_add_forget(struct text *text, const struct postgres_store *store, enum direction direction, const char *key);
void pg_add_find(struct text *text, const struct postgres_store *store, enum direction direction, const char *key);
void pg_add_guard(struct text *text, const struct postgres_store *store, enum direction direction);
/* "customer_id" AS k1, ... */
void pg_add_as_key(struct text *text, const struct postgres_store *store, const char *prefix, const struct names *key);
/* Locks a side's rows in the scope, in one order. */
void pg_add_lock(struct text *text, const struct postgres_store *store, enum side side, const struct scope *scope, const char *strength);
/* The declarations of now and was, or, with `call`, their names as arguments. */
void pg_add_holders(struct text *text, const struct postgres_store *store, enum direction direction, const char *separator,
                    bool call);
/* What the flow, from 0, yields now, as a relation; and IF it yields something else than it did THEN. */
const char *pg_now_of(const struct postgres_store *store, size_t flow);
void pg_add_if_changed(struct text *text, size_t flow);
/* What a flow yields, and the follower's rows, both of the keys in the scope, as relations. */
const char *pg_query_of(const struct postgres_store *store, const struct flow *flow, const struct scope *scope, struct image image);
const char *pg_held_of(const struct postgres_store *store, const struct flow *flow, const struct scope *scope);
/* A SELECT of both images of every flow, read in one snapshot. EVENT_NONE: what was is what the follower holds. A flow that
 * does not read the leader that was written yields nothing. */
void pg_add_images(struct text *text, const struct postgres_store *store, enum direction direction, const struct scope *scope,
                   struct image image);
void pg_add_apply(struct text *text, const struct postgres_store *store, enum direction direction);
/* A deferred foreign key of a follower's is looked at now. */
MUST_USE bool pg_add_deferred(struct text *text, struct postgres_store *store, enum direction direction, struct error *error);

/* --- statement.c --- */
/* What follows the single row's quick way is a block of its own, with settings of its own: how it ends. */
#define PG_REST "midflight_rest"
#define PG_REST_DONE "EXIT " PG_REST ";"
/* A condition: two rows of a table, by what they are called, differ in some of these columns. */
void pg_add_differ(struct text *text, const struct bound_table *table, const char *before, const char *after,
                   const struct names *names);
/* The columns of the leader that any flow reads, and its key. */
struct names pg_read_columns(const struct capture *capture);

/* The rows of an UPDATE, before and after: both transition tables list them in one order. */
#define PG_PAIRS                                                                                                       \
    "(SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN "                          \
    "(SELECT row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i)"

/* The table, its partitions, and what inherits from it, by name: those that do not have the trigger yet. */
MUST_USE bool pg_tables_of(struct postgres_store *store, const struct bound_table *table, const char *trigger, PGresult **ret,
                           struct error *error);

/* So many rows are few: their statements are planned once a session. */
#define PG_FEW "8"

/* --- single.c, lists.c and bulk.c: the quick ways, which set midflight_settled where they leave nothing to do --- */
/* Is the entity one row of this leader, and every row that the flows yield the only one of its entity, and found by its key? */
bool pg_is_plain(const struct capture *capture);
/* One row was written. */
void pg_add_single(struct text *text, const struct capture *capture);
/* Of an entity that is several rows, on either side: what the lists need to be declared, and what is done. */
void pg_add_listed(struct text *text, const struct capture *capture);
void pg_add_lists(struct text *text, const struct capture *capture);
/* Many rows were. */
void pg_add_bulk(struct text *text, const struct capture *capture);
/* ROW("people"."id", ...)::midflight.midflight_m_forward_row_people: the yielded columns of some row. */
void pg_add_row(struct text *text, const struct capture *capture, const struct flow *flow, const char *row);
/* The quick way's block: what fails in it is undone, and left to the careful way. */
void pg_add_attempt(struct text *text, const struct capture *capture, const char *body);

/* --- side.c: the side lock, if the migration has one --- */
/* Takes a side's turn; nothing where there are no turns. */
void pg_add_side_lock(struct text *text, const struct postgres_store *store, enum side side);
