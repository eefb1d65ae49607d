/* The triggers that capture is made of; what they do stands on top of trigger.c. */
#pragma once

#include "store/sqlite/state.h"

/* The triggers of one table. */
struct trigger {
    const struct sqlite_store *store;
    enum direction direction; /* of the sync that they perform */
    size_t leader;            /* the table's number in the leading shape */
    struct text *sql;
    struct error *error;
};

/* Writes to the table are followed. */
bool trigger_capture(const struct trigger *trigger);
/* The table takes no writes but our own. */
bool trigger_refuse(const struct trigger *trigger);
/* The sync of one key, whole, as a trigger of its view. */
bool trigger_sync(struct sqlite_store *store, enum direction direction, struct error *error);
/* Views whose INSERT of a key applies what the holders hold as a delta, whole where both sides agree in neither direction,
 * and whole. */
const char *apply_view(const struct sqlite_store *store, enum direction direction);
const char *settle_view(const struct sqlite_store *store, enum direction direction);
const char *whole_view(const struct sqlite_store *store, enum direction direction);
/* INSERT of a key makes its follower's rows let go of their unique values. */
const char *park_view(const struct sqlite_store *store, enum direction direction);
/* The table that keeps, for a moment, what nobody maps of the follower's rows that a REPLACE displaces. */
const char *stash_table(const struct sqlite_store *store, enum direction direction, const struct flow *flow);
/* What a flow's query yields for the entity being synced, and yielded before the write. */
const char *now_table(const struct sqlite_store *store, enum direction direction, const struct flow *flow);
const char *was_table(const struct sqlite_store *store, enum direction direction, const struct flow *flow);
