/* What a store must know of a migration: two shapes, and the queries between them.
 * Filled from the definition file; the stores read it and never write it. */
#pragma once

#include <stdint.h>

#include "base/arena.h"

#define KEY_COLUMNS_MAX 8

enum side { SIDE_OLD, SIDE_NEW };

/* forward: old leads, new follows. The leader of a direction is the side of the same number. */
enum direction { FORWARD, BACKWARD };

static inline enum side leader_of(enum direction direction) {
    return direction == FORWARD ? SIDE_OLD : SIDE_NEW;
}
/* The direction that a side leads. */
static inline enum direction led_by(enum side side) {
    return side == SIDE_OLD ? FORWARD : BACKWARD;
}
static inline enum side follower_of(enum direction direction) {
    return direction == FORWARD ? SIDE_NEW : SIDE_OLD;
}
static inline const char *side_name(enum side side) {
    return side == SIDE_OLD ? "old" : "new";
}
static inline const char *direction_name(enum direction direction) {
    return direction == FORWARD ? "forward" : "backward";
}

struct table {
    const char *name;
    struct names key; /* the columns that hold the entity key, in the key's order */
};

struct shape {
    struct table *tables;
    size_t count;
};

struct query {
    const char *table; /* the follower's table that it yields the rows of */
    const char *sql;   /* one SELECT over the leader's tables, in the leader's SQL */
};

struct mapping {
    struct query *queries;
    size_t count; /* 0: there is no way in this direction */
};

enum retire { RETIRE_RENAME, RETIRE_DROP, RETIRE_KEEP };

/* What stands between the application and its store, and can hold its clients and lead them to another. */
struct pooler {
    const char *migration; /* its name */
    const char *stores[2]; /* by side: the addresses */
    const char *admin;     /* the address of its console */
    const char *database;  /* the name that the application connects to */
    const char *config;    /* the file that says where that name leads */
    const char *target;    /* what it is to say after the cut-over; NULL: as the new store's address does */
};

struct change {
    const char *name;
    struct shape shapes[2];     /* by side */
    struct mapping mappings[2]; /* by direction */
    const char *create;         /* DDL of the new shape */
    const char *index;          /* DDL better run after the backfill; NULL: none */
    const char *alter_table;    /* the short form: the table, and what changes; NULL: the long form. */
    const char *alter_change;   /* The store derives shapes, mappings and DDL from it. */
    enum retire retire;         /* what becomes of the old tables when the migration finishes */
    /* Writes of the side that leads are noted in an outbox, which is drained, and the other side takes none. Between two stores always. */
    bool outbox;
    bool hold;                  /* of an outbox: after the cut-over writes of the old side pass, and are held, rather than refused */
    int64_t outbox_bytes_max;   /* of an outbox: at that size capture stops, rather than fill the disk */
    bool side_lock;             /* writers of the two sides take turns, where a store lets both write at once */
    const struct pooler *pooler; /* through which the application comes, and is led to the new store; NULL: it sees to that itself */
};
