/* Between two stores: the steps of a migration whose new shape is in another store than the old one. What drains the outbox and crosses
 * over also serves a migration within one database that has an outbox: there `store` does what a parcel does between two. */
#pragma once

#include "engine/flight.h"

/* Proves what can be proved of either side, and of what one side's queries yield for the other. [own] */
MUST_USE bool between_check(struct flight *flight, struct check_report *report, struct error *error);

/* From Initializing, or Running, to the end of Running: the new shape, capture, the backfill, the outbox drained, compared. */
MUST_USE bool between_initialize(struct flight *flight, struct error *error);
MUST_USE bool between_run(struct flight *flight, struct error *error);
/* One of a crew's chunks, also for one who only helps. */
MUST_USE bool between_backfill(struct flight *flight, struct error *error);

/* Who leads: forward until the cut-over, backward from then on. */
enum direction between_leading(const struct flight *flight);
/* Some of the outbox; *ret_done: that was everything there was. */
MUST_USE bool between_drain_some(struct flight *flight, enum direction direction, bool *ret_done, struct error *error);
/* Until a drain saw everything that the outbox held. */
MUST_USE bool between_drain(struct flight *flight, enum direction direction, struct error *error);
/* Drains until it is to stop, or the migration is over, by flight->workers threads; others get the lease in between. `joins`: it only
 * helps one who leads. */
MUST_USE bool between_follow(struct flight *flight, bool joins, struct error *error);

/* An outbox that overflowed is drained, and takes notes again; *ret: it had to. What it missed is to be found by a comparison of all,
 * and repaired: then between_mend says that it is whole. */
MUST_USE bool between_reopen(struct flight *flight, bool *ret, struct error *error);
MUST_USE bool between_mend(struct flight *flight, struct error *error);

/* The way back, tried on some entities of the new side and undone; *ret_done: how many. */
MUST_USE bool between_rehearse(struct flight *flight, int64_t entities, int64_t *ret_done, struct error *error);
/* The cut-over: writers of the old side wait; all that its outbox holds is carried over; it closes, and the new side opens. */
MUST_USE bool between_cross(struct flight *flight, struct error *error);
/* After the cut-over: the new side closes, and what it took is on the old one, which opens: at Awaiting Additional Action, where the new
 * one follows as before. */
MUST_USE bool between_return(struct flight *flight, const char *why, struct error *error);
/* The end of a crossing that was cut short: the new side opens, or where it was closed already on the way back, the old one does; *ret:
 * there was one. Needs the lease. */
MUST_USE bool between_go_on(struct flight *flight, bool *ret, struct error *error);
/* The same, and the clients of a pooler are led to the side that leads and let go; *ret: something of that had to be done. */
MUST_USE bool between_settle(struct flight *flight, bool *ret, struct error *error);
/* What the last move of all is entered for; the new store remembers it before it is made. */
#define BETWEEN_FINISHED "the old side is retired"
/* From Rolling Back, all that midflight made goes; from Finishing, the old side retires. */
MUST_USE bool between_undo(struct flight *flight, struct error *error);
MUST_USE bool between_finish(struct flight *flight, struct error *error);
