/* Comparing where one side follows the other by an outbox. Between two stores rows travel from the side that leads, and are compared
 * where the follower has its own. */
#pragma once

#include "engine/flight.h"

/* As a store's inspect. `strays`: a second pass, over the follower's keys, for those that the leader has no rows of (in one
 * database one pass sees both). An entity
 * counts only if it differs while the outbox does not hold it, and agrees in neither direction. Needs the lease. */
MUST_USE bool compare_step(struct flight *flight, struct inspection *inspection, bool strays, difference_visit *visit,
                           void *context, struct error *error);
