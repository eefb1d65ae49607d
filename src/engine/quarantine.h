/* Quarantine: entities that could not be carried over, and the attempts to do so after all. */
#pragma once

#include "engine/flight.h"
#include "engine/keys.h"

MUST_USE bool quarantine_has(struct flight *flight, enum direction direction, const char *key, bool *ret,
                             struct error *error);
/* Syncs some entities from the leader, whole; those that are in quarantine afterwards are added to `refused`. */
MUST_USE bool quarantine_sync(struct flight *flight, enum direction direction, struct names keys, struct key_list *refused,
                              struct error *error);
/* Enters an entity, with the reason. */
MUST_USE bool quarantine_put(struct flight *flight, enum direction direction, const char *key, const char *reason,
                             struct error *error);
/* Tries all again, one by one, then together: entities that exchanged unique values are in each other's way.
 * *ret_left: those that are still in it. */
MUST_USE bool quarantine_retry(struct flight *flight, int64_t *ret_left, struct error *error);
