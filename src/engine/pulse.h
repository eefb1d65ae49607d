/* Pulse: what others feel of a store in which a chunk locks nobody out, and what follows from it for all who copy into it at once.
 *
 * Processors, memory and the disk are shared. The pulse tells: how long a small write takes that waits for the disk, against how long
 * it takes while we do not. While it takes longer, rests grow; else they shrink. And while others write the workers take turns at
 * what keeps a processor busy, so that there is another for whoever wakes. */
#pragma once

#include "store/store.h"

struct pulse;

/* `turns`: how many may work at once while others write; `rest_share`: how long they rest after work at first, by its time. */
struct pulse *pulse_new(int turns, double rest_share);
void pulse_free(struct pulse *pulse); /* accepts NULL */

/* Feels it, if it is time, while others of us work. The first time is best before the work. */
MUST_USE bool pulse_feel(struct pulse *pulse, struct store *store, struct error *error);
/* The same while none of us works, where there is one turn: it takes that. */
MUST_USE bool pulse_feel_calm(struct pulse *pulse, struct store *store, struct error *error);
/* How long to rest after work, by its time. It stays as it was in a store that has no pulse. */
double pulse_rest_share(struct pulse *pulse);

/* A worker's turn. */
struct turn {
    struct pulse *pulse;
    bool taken;
};
void pulse_turn(void *context, bool begins); /* of a struct turn: waits for it, or ends it */
