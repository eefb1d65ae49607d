/* The fence: whoever writes the side that leads waits, what it took is carried over to the other one, and it closes. */
#pragma once

#include "engine/flight.h"

/* What it is for. */
struct crossing {
    enum direction direction; /* whose leader takes no more writes */
    bool (*move)(struct flight *flight, struct standpoint *next, const char *why, struct error *error); /* in the ledger; NULL: close says it */
    bool (*close)(struct flight *flight, struct error *error);                                          /* in the fence's transaction, its last act */
    const struct step *then; /* what comes next, in the other store; NULL: nothing does */
    const char *failpoint, *why;
};

/* Carries it out; where it is not to be had, or takes too long, it is undone, the writers go on, and it is tried again after a rest. */
MUST_USE bool fence_cross(struct flight *flight, const struct crossing *crossing, struct error *error);

/* Looks while nobody writes the leader and all that it took is on the other side; then everything is as it was before. `look` is in the
 * transaction that holds the writers, and they wait for it. */
MUST_USE bool fence_look(struct flight *flight, enum direction direction, bool (*look)(struct flight *flight, void *context, struct error *error),
                         void *context, struct error *error);

/* A rest, twice as long with every try before it, and never in step with others'. */
void fence_rest(const struct flight *flight, double first_ms, int tries);
