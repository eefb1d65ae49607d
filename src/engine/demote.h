/* Demotion: from Awaiting Finalization the migration goes back to where the old side leads, and nothing of it is taken away. */
#pragma once

#include "engine/flight.h"

/* [tx] The ledger's part: in *next the old side leads, no read comes from the new one, and there is no soak. */
MUST_USE bool demote_enter(struct flight *flight, struct standpoint *next, const char *why, struct error *error);
