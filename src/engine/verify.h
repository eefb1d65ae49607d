/* Verification and repair. */
#pragma once

#include "engine/flight.h"

struct verification {
    const char *from, *to; /* in: keys; NULL: open */
    double sample;         /* in: the share of ranges to compare; 1: all */
    bool repair;           /* in: sync what differs from the leader again */
    int64_t rows;          /* out: leader rows compared */
    int64_t diverged;      /* out: entities found to differ */
    int64_t repaired;      /* out: of them, those that agree now */
};

/* Differences go to the ledger and the observer. A verification of the whole is remembered as such. Needs a bound
 * store, and the lease. */
MUST_USE bool verify_run(struct flight *flight, struct verification *verification, struct error *error);
/* The second pass, if the outbox is whole: tries quarantine again, compares the whole, syncs again what differs, and says how much that was. */
MUST_USE bool verify_sweep(struct flight *flight, struct error *error);
