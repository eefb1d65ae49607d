/* What the copy put off, built beside the writers, in the store of the new side: its own indexes and constraints, and the definition's. */
#pragma once

#include "engine/flight.h"

/* As much as can be built by now; again and again while others are in its way. */
MUST_USE bool late_build(struct flight *flight, struct error *error);
/* The same, said how long it took. */
MUST_USE bool late_close(struct flight *flight, struct error *error);
/* new.index */
MUST_USE bool late_index(struct flight *flight, struct error *error);
