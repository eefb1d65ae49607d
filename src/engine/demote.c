/* Awaiting Finalization -> Awaiting Additional Action: the cut-over is taken back, and nothing with it. */
#include "engine/demote.h"

#include "engine/between.h"
#include "engine/carry.h"
#include "engine/gate.h"
#include "engine/nodes.h"

bool demote_enter(struct flight *flight, struct standpoint *next, const char *why, struct error *error) {
    struct store *store = flight->store;
    const char *name = next->record.name;
    next->record.soak_until_ms = 0;
    return (store->ops->rollout_set == NULL || store->ops->rollout_set(store, name, 0, error)) &&
           store->ops->ledger_set(store, name, RECORD_SOAK_UNTIL, 0, error) &&
           ledger_move(store, next, STAGE_AWAITING_ADDITIONAL_ACTION, flight->who, why, error);
}

/* Within one database both sides are in step, and both take writes: who leads is only a matter of saying so. */
static bool demote_within(struct flight *flight, const char *why, struct error *error) {
    struct standpoint next = flight->at;
    if (!nodes_await(flight, error)) return false;
    bool ok = flight_begin(flight, error) &&
              flight_end(flight, demote_enter(flight, &next, why, error), stage_name(STAGE_AWAITING_ADDITIONAL_ACTION), error);
    if (ok) flight->at = next;
    if (!ok) nodes_dismiss(flight);
    return ok;
}

/* A way back that was cut short is ended first: whether it may be gone was asked before it began. */
static bool demote(struct flight *flight, const char *why, struct error *error) {
    bool ended;
    if (!flight_take(flight, true, error) || !flight_bind(flight, error) || !between_go_on(flight, &ended, error)) return false;
    if (flight->at.stage == STAGE_AWAITING_ADDITIONAL_ACTION) return true;
    return gate_intact(flight, error) && gate_noticed(flight, error) && gate_taken(flight, error) &&
           (has_outbox(flight) ? between_return(flight, why, error) : demote_within(flight, why, error));
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
    return demote(flight, why, error);
}
