/* The drain by ranges: what an outbox holds is carried over by several at once, each a key interval by a right of its own.
 *
 * Who has the migration's lease opens the ranges and ends them by taking the lease anew; until then whoever knows the lease's token,
 * the era, takes one, makes that known on the side that follows, and lands by it. Nothing else is shared. A range is split by its
 * holder, between two parcels. */
#pragma once

#include "engine/flight.h"

/* Outbox rows of one parcel. */
#define DRAIN_ROWS 5000
/* How often an outbox is looked at when it was empty. */
#define DRAIN_LOOK_MS 20.0

/* May ranges of the leading side be landed side by side? Else the holder of the lease drains, alone. */
bool drain_has_ranges(const struct flight *flight);

/* Opens them, under our lease, which must be new. [own] */
MUST_USE bool drain_open(struct flight *flight, struct error *error);

/* Are there ranges to be had, in that era? */
MUST_USE bool drain_is_open(struct flight *flight, int64_t era, bool *ret, struct error *error);

/* Takes a range of the era and drains it until `until` (clock_ms), it is called back, or it is empty while others wait; then gives it
 * back. *ret_taken false: none was to be had. *ret: how they stood when it was last looked. */
MUST_USE bool drain_range(struct flight *flight, int64_t era, double until, bool *ret_taken, struct drain_look *ret, struct error *error);

/* Calls them back, and waits a little until nobody has one. */
MUST_USE bool drain_recall(struct flight *flight, int64_t era, struct error *error);
