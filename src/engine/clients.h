/* The application's clients, where they come through a pooler: they wait while the sides change, and are led to the one that leads.
 * Without a pooler there is nothing to do, and it is done. */
#pragma once

#include "engine/flight.h"

MUST_USE bool clients_check(struct flight *flight, struct check_report *report, struct error *error);

/* All that can be done before they wait. */
MUST_USE bool clients_ready(struct flight *flight, struct error *error);
/* They wait from here on, for pause_max at most. */
MUST_USE bool clients_hold(struct flight *flight, struct error *error);
/* Both, where a midflight that was cut short may have done them. */
MUST_USE bool clients_take_over(struct flight *flight, struct error *error);

/* Leads them to a side, and lets them go on: also where they cannot be led, as the other side can be read at least. */
MUST_USE bool clients_lead(struct flight *flight, enum side side, struct error *error);
/* After a failure: they go on with whoever leads by the ledger. The error stays the failure's, with what failed here before it. */
bool clients_let_go(struct flight *flight, struct error *error);

/* What a midflight that was cut short left is put right; *ret: it was. `ok` false: after a failure, which stays the outcome. */
MUST_USE bool clients_settle(struct flight *flight, bool ok, bool *ret, struct error *error);
