/* Parcels: what the leader's store ships and the follower's lands. Between two stores all syncing is done by these. */
#pragma once

#include "engine/flight.h"
#include "engine/keys.h"

/* Ships a parcel and lands it: `keep` false undoes the landing when it was seen to work, and the parcel stays unshipped. Where the
 * outbox holds nothing, nothing is done. On ERROR_ROWS (a row does not fit) nothing was written. */
MUST_USE bool parcel_carry(struct flight *flight, struct parcel *parcel, bool keep, struct error *error);

/* The next chunk of the backfill, as pace_chunks wants it done. */
MUST_USE bool parcel_backfill(struct flight *flight, struct chunk *chunk, struct error *error);

/* Some of what the outbox holds, to the follower; entities that do not fit go to quarantine. `within`: in the transaction under way
 * in the leader's store. The parcel's rows and done say what there was. */
MUST_USE bool parcel_drain(struct flight *flight, struct parcel *parcel, struct error *error);

/* The same of a range of the drain, by its right: *ret_fits false: something does not fit here and now, and nothing was done. */
MUST_USE bool parcel_drain_range(struct flight *flight, struct parcel *parcel, bool *ret_fits, struct error *error);

/* Ends what others have under way at a side of a range that is no longer theirs; place 0: of the whole migration. */
MUST_USE bool parcel_oust(struct flight *flight, enum side side, int64_t place, struct error *error);

/* The side that follows comes to know who has a range, and whoever had it before has ended; *ret_cursor: how far it has landed there,
 * malloc'ed, or NULL. */
MUST_USE bool parcel_claim(struct flight *flight, enum direction direction, const struct claim *claim, char **ret_cursor, struct error *error);

/* Syncs one entity, or several at once; *ret_fits false: it does not fit, with the reason in `error`. */
MUST_USE bool parcel_sync(struct flight *flight, enum direction direction, const struct names *keys, bool *ret_fits,
                          struct error *error);

/* The keys that a parcel would hold now, as text. */
MUST_USE bool parcel_keys(struct flight *flight, struct parcel *parcel, key_visit *visit, void *context, struct error *error);

/* Compares: what differs goes to `visit`. The parcel is a SPAN or KEYS. */
MUST_USE bool parcel_compare(struct flight *flight, struct parcel *parcel, difference_visit *visit, void *context, struct error *error);

/* The keys of the next SPAN of the direction's leader of which the follower has no row. */
MUST_USE bool parcel_strays(struct flight *flight, struct parcel *parcel, key_visit *visit, void *context, struct error *error);
