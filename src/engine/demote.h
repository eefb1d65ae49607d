/* Demotion: from Awaiting Finalization the migration goes back to where the old side leads, and nothing of it is taken away. */
#pragma once

#include "engine/flight.h"

/* The ledger's part: the old side leads by it, no read comes from the new one, and there is no soak. [tx] On failure flight->at may be
 * ahead of it. */
MUST_USE bool demote_enter(struct flight *flight, const char *why, struct error *error);
