/* The three ways a migration is carried: on to where it awaits someone, past the cut-over and the one-way door, back. */
#pragma once

#include "engine/flight.h"

/* From wherever it stands to Awaiting Additional Action; from there on it has nothing to do. */
MUST_USE bool carry_start(struct flight *flight, struct error *error);
/* Helps another midflight with the backfill of a migration that is Running; ends with that, and moves nothing on. */
MUST_USE bool carry_join(struct flight *flight, struct error *error);
/* One stage on: to Awaiting Finalization, or through Finishing to Finished. */
MUST_USE bool carry_advance(struct flight *flight, struct error *error);
/* Back to Uninitialized. `force`: also where the old side refuses some of what the new side took. */
MUST_USE bool carry_rollback(struct flight *flight, bool force, struct error *error);
/* From Awaiting Finalization back to Awaiting Additional Action: the old side leads again, and the new one follows as before. */
MUST_USE bool carry_demote(struct flight *flight, const char *why, struct error *error);
