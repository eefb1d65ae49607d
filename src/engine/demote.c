/* Awaiting Finalization -> Awaiting Additional Action: the cut-over is taken back, and nothing with it. */
#include <stdio.h>

#include "base/clock.h"
#include "engine/carry.h"
#include "engine/gate.h"
#include "engine/nodes.h"

static bool demote_now(struct flight *flight, const char *why, struct error *error) {
    struct store *store = flight->store;
    const char *name = flight->at.record.name;
    struct standpoint next = flight->at;
    if (!flight_begin(flight, error)) return false;
    bool ok = store->ops->ledger_set(store, name, RECORD_SOAK_UNTIL, 0, error) &&
              ledger_move(store, &next, STAGE_AWAITING_ADDITIONAL_ACTION, flight->who, why, error);
    next.record.soak_until_ms = 0;
    ok = flight_end(flight, ok, "demoted", error);
    if (ok) flight->at = next;
    return ok;
}

/* Within one database both sides are in step, and both take writes: who leads is only a matter of saying so. */
static bool demote_within(struct flight *flight, const char *why, struct error *error) {
    if (!flight_take(flight, true, error) || !flight_bind(flight, error) || !gate_intact(flight, error) ||
        !nodes_await(flight, error)) {
        return false;
    }
    if (demote_now(flight, why, error)) return true;
    nodes_dismiss(flight);
    return false;
}

bool carry_demote(struct flight *flight, const char *why, struct error *error) {
    const char *name = flight->at.record.name;
    if (!flight_same_definition(flight, error)) return false;
    if (flight->at.stage == STAGE_AWAITING_ADDITIONAL_ACTION) return true;
    if (flight->at.stage != STAGE_AWAITING_FINALIZATION) {
        return error_set(error, ERROR_GATE, "migration %s is %s: only from Awaiting Finalization can the old side be made to lead again", name,
                         stage_name(flight->at.stage));
    }
    if (!has_way_back(flight)) {
        return error_set(error, ERROR_GATE, "gate way back: migration %s has no `backward`, so the old side did not follow the new one", name);
    }
    if (flight->definition->change.alter_table != NULL) {
        return error_set(error, ERROR_REFUSED, "migration %s is of the short form, whose tables have exchanged names: they would have to "
                         "change back under a lock that nobody asked for. `midflight rollback` does that, and `midflight start` begins anew",
                         name);
    }
    if (has_outbox(flight)) {
        return error_set(error, ERROR_REFUSED, "migration %s follows by an outbox: the new side would have to be closed to writers, and the "
                         "old one opened, which an operator decides. `midflight rollback` does that without a lost write, and "
                         "`midflight start` begins anew", name);
    }
    return demote_within(flight, why, error);
}
