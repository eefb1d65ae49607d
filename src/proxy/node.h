/* The node: what this process knows of where the migration stands, and how it answers for that in the ledger.
 *
 * A call pins what the node knows, and is counted until it ends. While no change of stage is announced that alone is right, since a
 * change waits for this node (engine/nodes.h). When one is announced the node waits until the calls pinned before have ended, and only
 * then confirms; calls after that are `changing`: they ask the ledger, and hold it while they work. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "engine/flight.h"

/* What a call goes by. */
struct pin {
    enum stage stage;
    int64_t epoch;
    int64_t percent_e4;
    bool changing; /* stage and epoch are to be read from the ledger, in the call's own transaction */
};

struct node_standing {
    struct pin pin;
    bool confirmed;
    bool overflowed; /* between two stores: the outbox notes nothing any more */
    struct error failure; /* why not */
};

struct nodekeeper;

/* Enters the node in the ledger, which is made if there is none, and keeps it there until node_close. `definition` must outlive it. */
MUST_USE bool node_open(const struct definition *definition, const char *name, struct nodekeeper **ret, struct error *error);
void node_close(struct nodekeeper *node); /* accepts NULL */
const char *node_name(const struct nodekeeper *node);

/* Fails (ERROR_EPOCH) when the epoch is not confirmed. To be followed by node_unpin, whatever becomes of the call. */
MUST_USE bool node_pin(struct nodekeeper *node, struct pin *ret, struct error *error);
/* Was the epoch confirmed up to now? */
bool node_unpin(struct nodekeeper *node, const struct pin *pin);

void node_standing(struct nodekeeper *node, struct node_standing *ret);
/* The ledger was changed by ourselves, or found to be: look at once. Returns when that is done. */
void node_look(struct nodekeeper *node);
