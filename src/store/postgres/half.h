/* One side of a move between two stores: what it ships, what lands on it, and how far either is. */
#pragma once

#include "store/postgres/program.h"

/* What one query of the other store's yields, and how it comes in here. */
struct stream {
    const struct flow *flow;
    const char *columns; /* of the staging table: "id" bigint, "amount" numeric */
    const char *yielded; /* "id", "amount" */
    const char *stage;   /* that table's name; made when it is first wanted */
    const char *now;     /* a relation of what came, in the target's types */
    const char *misfits; /* a SELECT of sentences, one for each row with a value that would not be the same in its column; NULL: any fits */
};

/* What is being shipped. */
struct shipment {
    struct arena *arena; /* of its texts, until the next one is opened */
    bool open;
    enum parcel_kind kind;
    enum direction direction;
    bool within, claims; /* claims: rows of the outbox were read, and go when the parcel has landed */
    struct scope scope;  /* of the leader's rows */
    const char *until;
    int64_t rows;
    bool done; /* of its range the last */
};

/* What is landing. */
struct arrival {
    struct parcel parcel;
    bool open; /* its transaction, or its savepoint, is under way */
    int64_t token;
    bool few; /* of no stream have more rows come than are looked up one by one */
    struct stream *stream; /* the one that is coming in; NULL: the keys */
};

/* How far the transaction under way has come that closes this side. */
struct closing {
    bool ready; /* all that keeps nobody waiting is done */
    bool held;  /* the tables are locked */
};

struct half {
    struct closing closing;
    struct manifest manifests[2]; /* by direction: what this side ships */
    struct stream *streams[2];    /* by direction: what lands here */
    struct shipment shipment;
    struct arrival landing;
    char *put;                    /* of what is landing, what the server has not got yet */
    size_t put_size;
    bool stale; /* a transaction was undone: the stages hold its dead rows, which only a commit would have taken away */
};

static inline enum side pg_home(const struct postgres_store *store) {
    return store->standing.housed == HOUSES_NEW ? SIDE_NEW : SIDE_OLD;
}

/* The direction that this side leads. */
static inline enum direction pg_leads(const struct postgres_store *store) {
    return led_by(pg_home(store));
}

/* --- half.c --- */
/* Binds the queries that this side leads by. Within a transaction. */
MUST_USE bool pg_half_bind(struct postgres_store *store, struct error *error);
/* A temporary table that is empty at the beginning of every transaction; *ret is its name. `label` tells tables of the same columns
 * apart. */
MUST_USE bool pg_stage(struct postgres_store *store, const char *label, const char *columns, const char **ret, struct error *error);
/* Puts before the error who keeps a side's tables from being locked, or some of their rows: <what>, for pid 4711 (app, idle in
 * transaction, for 12 s). Returns false. */
bool pg_name_holders(struct postgres_store *store, enum side side, bool rows, const char *what, struct error *error);
/* "k1" bigint, ...: the key in the types of this side. */
const char *pg_key_columns(struct postgres_store *store);
/* ship.c: gives back what the last shipment held. */
void pg_shipment_forget(struct postgres_store *store);
/* So few keys are looked up one by one, in a transaction that was told so before. Sequential scans stay on: a stage knows no other, and
 * what the planner adds for one that is forbidden is so much that any two plans with one look alike to it, even one that goes over the
 * whole target. */
#define PG_LOOK_UP_MAX 100
#define PG_LOOK_UP "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
/* Tells the planner how many rows a stage has that has just been filled, which are many: it would guess wrong. */
MUST_USE bool pg_stage_counted(struct postgres_store *store, const char *stage, struct error *error);
/* What makes values the same text in every session. */
#define PG_CANONICAL "SET LOCAL timezone = 'UTC'; SET LOCAL jit = off"

/* --- types.c --- */
/* How values of the type that a query yields fit into a column's, by their names; `yields` NULL: it may be any. `enums`: both have
 * labels. `value`: what the condition calls the value. */
struct passage {
    bool never;         /* they do not, without a cast */
    bool raw;           /* both have the same binary form */
    const char *stage;  /* the type in which a value waits to be looked at; NULL: it fits, or is an error */
    const char *same;   /* a condition: the value is the same in the column */
    const char *type;   /* the column's own */
};
struct passage pg_passage(const char *yields, const char *name, bool enums, const char *value, struct arena *arena);
