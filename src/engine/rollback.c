/* Back to Uninitialized, from every stage before the one-way door. */
#include "base/failpoint.h"
#include "engine/between.h"
#include "engine/carry.h"
#include "engine/gate.h"
#include "engine/pace.h"

/* So often it is gone on with what another one was still at when the lease was taken. */
#define TRIES 3

static bool rehearse_back(struct flight *flight, struct error *error) {
    bool swapped;
    if (!flight_step_done(flight, "swap", &swapped, error)) return false;
    return !swapped || flight->store->ops->swap_rehearse(flight->store, true, error);
}

static bool swap_back(struct flight *flight, struct error *error) {
    bool swapped;
    if (!flight_step_done(flight, "swap", &swapped, error)) return false;
    return !swapped || flight->store->ops->swap(flight->store, true, error);
}

static bool close_capture(struct flight *flight, struct error *error) {
    return flight->store->ops->capture_close(flight->store, SIDE_NEW, error);
}

static bool empty_one(struct flight *flight, struct chunk *chunk, struct error *error) {
    return flight->store->ops->shape_empty(flight->store, SIDE_NEW, chunk, error);
}

static bool empty_new(struct flight *flight, struct error *error) {
    bool made;
    if (!flight_step_done(flight, "make the new shape", &made, error)) return false;
    return !made || pace_chunks(flight, "empty the new side", 0, flight->at.record.rows_total, empty_one, error);
}

static bool drop_new(struct flight *flight, struct error *error) {
    return flight->store->ops->shape_drop(flight->store, SIDE_NEW, error) &&
           flight->store->ops->capture_off(flight->store, error);
}

/* The names are first as they were: both steps are one transaction with the marks that say so. */
static const struct step first[] = {
    {"swap back", swap_back, false},
};
static const struct step rest[] = {
    {"settle", flight_settle, true},
    {"close capture", close_capture, false},
    {"empty the new side", empty_new, true},
    {"drop the new shape", drop_new, false},
};

static bool forget(struct flight *flight, struct error *error) {
    struct standpoint next = flight->at;
    struct store *store = flight->store;
    const char *name = next.record.name;
    if (!flight_begin(flight, error)) return false;
    bool ok = store->ops->ledger_forget(store, name, error) &&
              store->ops->ledger_set(store, name, RECORD_ROWS_DONE, 0, error) &&
              store->ops->ledger_set(store, name, RECORD_SOAK_UNTIL, 0, error) &&
              store->ops->ledger_set(store, name, RECORD_VERIFIED_EPOCH, 0, error) &&
              ledger_move(store, &next, STAGE_UNINITIALIZED, flight->who, "all that midflight made is gone", error);
    ok = flight_end(flight, ok, stage_name(STAGE_UNINITIALIZED), error);
    if (ok) flight->at = next;
    return ok;
}

static bool undo(struct flight *flight, struct error *error) {
    bool back;
    if (!flight_step_done(flight, "swap back", &back, error)) return false;
    if (!back && (!flight_bind_names(flight, true, error) || !rehearse_back(flight, error) ||
                  !flight_steps(flight, first, 1, error))) {
        return false;
    }
    /* After "swap back" the tables bear their own names, though "swap" is still marked. */
    return flight_bind_names(flight, false, error) && flight_steps(flight, rest, sizeof rest / sizeof *rest, error) &&
           forget(flight, error);
}

/* After the cut-over the new side took writes. What cannot be asked is said: going back is all that is left then. */
static bool may_return(struct flight *flight, bool force, struct error *error) {
    struct error damage = {0};
    if (force) return true;
    bool bound = flight_bind(flight, &damage);
    if (bound && !gate_noticed(flight, error)) return false;
    if (bound && gate_intact(flight, &damage)) return gate_taken(flight, error);
    flight_note(flight, "the old side may lack what the new side took since: %s", damage.message);
    return true;
}

/* To Rolling Back: where an outbox has to be drained first, by way of a demotion. */
static bool turn_back(struct flight *flight, struct error *error) {
    if (flight->at.stage == STAGE_ROLLING_BACK) return true;
    bool crosses = flight->at.stage == STAGE_AWAITING_FINALIZATION && has_outbox(flight);
    if (crosses && (!flight_bind(flight, error) || !between_return(flight, "rollback", error))) return false;
    return flight_move(flight, STAGE_ROLLING_BACK, "rollback", error);
}

/* Clients that a midflight which was cut short left waiting do not wait for what a rollback takes. */
static bool settle(struct flight *flight, struct error *error) {
    bool ignored;
    return flight->definition->change.pooler == NULL || between_settle(flight, &ignored, error);
}

static bool go_back(struct flight *flight, bool force, struct error *error) {
    if (!flight_take(flight, true, error) || !settle(flight, error)) return false;
    if (flight->at.stage == STAGE_AWAITING_FINALIZATION && !may_return(flight, force, error)) return false;
    if (!turn_back(flight, error)) return false;
    return flight->other != NULL ? between_undo(flight, error) && forget(flight, error) : undo(flight, error);
}

/* Whoever the lease was taken from may have been amid something of the other store, which took effect there while we looked. */
static bool was_met(struct flight *flight, const struct error *error) {
    struct error ignored;
    bool passing = error->code == ERROR_HELD || error->code == ERROR_BUSY || error->code == ERROR_SCHEMA;
    return passing && flight->other != NULL && flight->token > 0 && flight_refresh(flight, &ignored) &&
           flight->at.stage == STAGE_ROLLING_BACK && flight->at.record.token == flight->token;
}

bool carry_rollback(struct flight *flight, bool force, struct error *error) {
    const char *name = flight->at.record.name;
    if (!flight_started_definition(flight, error)) return false;
    switch (flight->at.stage) {
    case STAGE_UNINITIALIZED:
        return true;
    case STAGE_FINISHING:
    case STAGE_FINISHED:
        return error_set(error, ERROR_GATE,
                         "gate one-way door: migration %s is %s and has no way back any more. To undo it, write a "
                         "migration the other way round",
                         name, stage_name(flight->at.stage));
    case STAGE_AWAITING_FINALIZATION:
        if (!has_way_back(flight)) {
            return error_set(error, ERROR_GATE, "gate way back: migration %s has no `backward`, so there is none after the "
                             "cut-over", name);
        }
        break;
    case STAGE_INITIALIZING:
    case STAGE_RUNNING:
    case STAGE_AWAITING_ADDITIONAL_ACTION:
    case STAGE_ROLLING_BACK:
        break;
    }
    for (int tries = 1; !go_back(flight, force, error); tries++) {
        if (tries == TRIES || flight_stopped(flight) || !was_met(flight, error)) return false;
    }
    return true;
}
