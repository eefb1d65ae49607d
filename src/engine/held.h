/* Held: entities that somebody wrote on the old side after the cut-over, where the definition lets that pass (old_writes: hold). The new
 * side's writes do not reach them until somebody has said which side is right. */
#pragma once

#include "engine/flight.h"
#include "engine/keys.h"

/* Visits them; none where nothing is held. The store is bound, if only to names. */
MUST_USE bool held_visit(struct flight *flight, finding_visit *visit, void *context, struct error *error);
MUST_USE bool held_count(struct flight *flight, int64_t *ret, struct error *error);
/* Their keys, sorted. */
MUST_USE bool held_keys(struct flight *flight, struct key_list *list, struct error *error);
MUST_USE bool held_has(struct flight *flight, const char *key, bool *ret, struct error *error);
/* The side that leads is right: each is synced from it, and held no more; *ret: how many. Needs the lease. */
MUST_USE bool held_resolve(struct flight *flight, int64_t *ret, struct error *error);
/* A gate: there are none. */
MUST_USE bool gate_held(struct flight *flight, struct error *error);
/* [tx] The same, and there will be none: from here on writes on the old side are refused. */
MUST_USE bool gate_held_at_last(struct flight *flight, struct error *error);
