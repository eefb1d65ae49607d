/* A store that has one side of a migration, the other being in another store: what binding it makes. */
#pragma once

#include "store/sqlite/intake.h"
#include "store/sqlite/trigger.h"

/* What a query is asked for: up to a key, between two, or for the keys in a table. */
enum reach { REACH_UNTIL, REACH_BETWEEN, REACH_SET, REACH_COUNT };

/* The parcel that is being shipped. */
struct shipment {
    bool open;
    bool own; /* in a transaction that is its own */
    struct parcel parcel;
    char *from, *until; /* RANGE, SPAN: its keys come after and end with these; NULL: from the beginning; nothing */
};

/* Statements of one query of the direction in which this side leads. */
struct shipping {
    sqlite3_stmt *queries[REACH_COUNT];
    const int *key; /* where the columns of the follower's key are among those it yields */
};

/* One flow of the direction in which this side follows. */
struct arrival {
    struct flow flow;
    const char *held;         /* the temporary table of what arrives */
    struct intake *intakes;   /* by column that is yielded */
    sqlite3_stmt *hold;       /* a row into it */
    sqlite3_stmt *writes[5];  /* park, delete, update, insert; and the plain insert of what is fresh */
    sqlite3_stmt *different;
};

struct half {
    enum side side;
    enum direction out, in; /* in which it leads, and in which it follows */

    struct shipping *shipping; /* by query of `out` */
    struct manifest manifest;
    struct shipment shipment;
    int64_t claim; /* by what right we hold the range; 0: we do not */

    struct arrival *arrivals; /* by query of `in` */
    size_t arrival_count;     /* 0: nobody has said yet what is to be expected */
    struct intake *key_intakes;
    sqlite3_stmt *hold_key;
    bool landing;       /* between land_open and land_close */
    struct parcel parcel; /* that is landing; its texts are the engine's */
    int64_t token;
    struct arrival *arrival; /* of the stream that arrives; NULL: the keys */
    struct stream_reader reader;
};

static inline const struct bound_table *half_tables(const struct sqlite_store *store) {
    return store->tables[store->half->side];
}
static inline size_t half_table_count(const struct sqlite_store *store) {
    return store->change.shapes[store->half->side].count;
}

/* The tables whose keys an outbox is declared for: in one database the old side's, whichever fills it. */
static inline const struct bound_table *outbox_tables(const struct sqlite_store *store) {
    return store->tables[store->half == NULL ? SIDE_OLD : store->half->side];
}

/* Temporary tables, in the connection alone: keys that are shipped, outbox rows that were read, keys that have arrived. */
#define SHIPPED_KEYS "temp.midflight_shipped"
#define TAKEN_ROWS "temp.midflight_taken"
#define LANDED_KEYS "temp.midflight_landed"

/* half.c */
bool half_bind(struct sqlite_store *store, struct error *error); /* once its tables are bound */
void half_free(struct sqlite_store *store);
void half_free_arrivals(struct half *half);
bool half_temporary(struct sqlite_store *store, struct error *error); /* those tables, if they are not there */
bool half_note(struct sqlite_store *store, const char *into, struct error *error); /* "outbox", or "held" */
bool half_refuse(struct sqlite_store *store, struct error *error);
/* "k1" TYPE COLLATE x, ...: as the key of the outbox's first table is declared */
void half_key_columns(struct text *text, const struct sqlite_store *store);
/* What an outbox row takes, in bytes, about. */
bool half_row_bytes(struct sqlite_store *store, int64_t *ret, struct error *error);
/* CREATE TABLE ...; of the outbox and its overflow */
void half_add_outbox(struct text *sql, const struct sqlite_store *store);
/* (a, ...) IN (SELECT k1, ... FROM <relation>), for the columns of a key */
void half_add_among(struct text *sql, const struct sqlite_store *store, const struct names *key, const char *relation);
/* One key of a text into a statement. */
bool half_key_bind(struct sqlite_store *store, sqlite3_stmt *statement, const char *key, struct error *error);
/* note.c */
/* `into`: "outbox", or "held", where what we write ourselves passes. */
bool note_triggers(const struct sqlite_store *store, enum side side, const char *into, size_t table, struct error *error);
/* landing.c */
/* The rows alone, in the transaction under way. */
bool landing_write_rows(struct sqlite_store *store, struct error *error);
bool landing_write(struct sqlite_store *store, bool keep, struct error *error);
