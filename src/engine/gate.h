/* Gates: what must be true before a migration moves on. A red gate is named, with what would turn it green. */
#pragma once

#include "engine/flight.h"

/* Triggers are as we made them, and the old tables too. */
MUST_USE bool gate_intact(struct flight *flight, struct error *error);
/* Nothing that the leading side took went unnoticed by its outbox, if it has one. */
MUST_USE bool gate_outbox(struct flight *flight, struct error *error);
/* The same, by what is known of that outbox. */
MUST_USE bool gate_backlog(const struct flight *flight, const struct backlog *backlog, struct error *error);
/* Nothing is in quarantine, after another try. */
MUST_USE bool gate_quarantine(struct flight *flight, struct error *error);
/* The whole was verified in this stage, and nothing differs; if it was not, it is verified now. */
MUST_USE bool gate_verified(struct flight *flight, struct error *error);
/* The way back was tried on a sample, in a transaction that was undone. */
MUST_USE bool gate_way_back(struct flight *flight, struct error *error);
/* Before the old side leads again: what was written on either since the cut-over was noticed, and is not at odds; */
MUST_USE bool gate_noticed(struct flight *flight, struct error *error);
/* and it takes all that the new one holds. */
MUST_USE bool gate_taken(struct flight *flight, struct error *error);
/* The soak time is over. */
MUST_USE bool gate_soak(struct flight *flight, struct error *error);
