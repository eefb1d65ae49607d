/* Awaiting Additional Action -> Awaiting Finalization -> Finishing -> Finished. */
#include <inttypes.h>

#include "base/clock.h"
#include "engine/between.h"
#include "engine/carry.h"
#include "engine/gate.h"
#include "engine/held.h"
#include "engine/nodes.h"
#include "engine/pace.h"

/* The short form's tables exchange names; capture is made anew on both, as it goes by name. */
static bool swap_names(struct flight *flight, struct error *error) {
    struct store *store = flight->store;
    return store->ops->swap(store, false, error) &&
           store->ops->ledger_mark(store, flight->at.record.name, "swap", error) && flight_bind(flight, error) &&
           store->ops->capture_on(store, SIDE_OLD, error) && store->ops->capture_on(store, SIDE_NEW, error);
}

/* Without a way back the new side alone takes writes from here on. */
static bool turn_writes(struct flight *flight, struct error *error) {
    struct store *store = flight->store;
    return store->ops->capture_off(store, error) && store->ops->capture_refuse(store, SIDE_OLD, error);
}

/* For how long writers have waited for the cut-over's transaction. */
static double held_ms(const struct flight *flight, double began) {
    double since = flight->store->held_since_ms;
    return clock_ms() - (since > 0 ? since : began);
}

/* Undone, it leaves everything as it was. */
static bool within_pause(const struct flight *flight, double began, struct error *error) {
    double held = held_ms(flight, began);
    if (held <= (double)flight->definition->pause_ms_max) return true;
    return error_set(error, ERROR_GATE,
                     "gate pause: the cut-over of migration %s would have held the writers for over %.1f ms, and pause_max is "
                     "%" PRId64 " ms. It was undone and all is as before: run `midflight advance` again, at a quieter time, or "
                     "with a longer pause_max",
                     flight->at.record.name, held, flight->definition->pause_ms_max);
}

static bool cut_over_now(struct flight *flight, struct error *error) {
    struct store *store = flight->store;
    bool swaps = flight->definition->change.alter_table != NULL;
    if (swaps && !store->ops->swap_rehearse(store, false, error)) return false;
    if (!flight_begin(flight, error)) return false;
    double began = clock_ms();
    struct standpoint next = flight->at;
    bool ok = true;
    if (swaps) ok = swap_names(flight, error);
    if (ok && !has_way_back(flight)) ok = turn_writes(flight, error);
    next.record.soak_until_ms = clock_wall_ms() + flight->definition->soak_ms;
    ok = ok &&
         store->ops->ledger_set(store, next.record.name, RECORD_SOAK_UNTIL, next.record.soak_until_ms, error) &&
         ledger_move(store, &next, STAGE_AWAITING_FINALIZATION, flight->who, "advance: every gate is green", error) &&
         within_pause(flight, began, error);
    ok = flight_end(flight, ok, stage_name(STAGE_AWAITING_FINALIZATION), error);
    if (!ok) return false;
    flight->at = next;
    flight_note(flight, "the cut-over held the writers for %.1f ms", held_ms(flight, began));
    return !swaps || flight_settle(flight, error);
}

static bool cut_over(struct flight *flight, struct error *error) {
    if (!nodes_await(flight, error)) return false;
    enum stage before = flight->at.stage;
    bool ok = cut_over_now(flight, error);
    if (flight->at.stage == before) nodes_dismiss(flight);
    return ok;
}

/* --- Finishing ------------------------------------------------------------------------------------------------ */

static bool close_capture(struct flight *flight, struct error *error) {
    return flight->store->ops->capture_close(flight->store, SIDE_OLD, error);
}

static bool empty_one(struct flight *flight, struct chunk *chunk, struct error *error) {
    return flight->store->ops->shape_empty(flight->store, SIDE_OLD, chunk, error);
}

static bool empty_old(struct flight *flight, struct error *error) {
    if (flight->definition->change.retire != RETIRE_DROP) return true;
    return pace_chunks(flight, "empty the old side", 0, flight->at.record.rows_total, empty_one, error);
}

static bool retire_old(struct flight *flight, struct error *error) {
    return flight->store->ops->capture_off(flight->store, error) && flight->store->ops->shape_retire(flight->store, error);
}

static const struct step finishing[] = {
    {"settle", flight_settle, true},
    {"close capture", close_capture, false},
    {"empty the old side", empty_old, true},
    {"retire the old side", retire_old, false},
};

/* Who serves documents of the old shape later on cannot ask its tables how they looked. [bound] */
static bool remember_form(struct flight *flight, struct error *error) {
    struct store *store = flight->store;
    bool done;
    if (store->ops->face_single == NULL || !store->ops->face_single(store, SIDE_OLD)) return true;
    if (!flight_step_done(flight, STEP_OLD_SINGLE, &done, error)) return false;
    if (done) return true;
    if (!flight_begin(flight, error)) return false;
    return flight_end(flight, store->ops->ledger_mark(store, flight->at.record.name, STEP_OLD_SINGLE, error), "form remembered", error);
}

/* Some of the old tables may be gone already: names are enough. */
static bool finish(struct flight *flight, struct error *error) {
    return (flight->other != NULL ? between_finish(flight, error)
                                  : flight_bind_names(flight, true, error) &&
                                        flight_steps(flight, finishing, sizeof finishing / sizeof *finishing, error)) &&
           flight_move(flight, STAGE_FINISHED, BETWEEN_FINISHED, error);
}

bool carry_advance(struct flight *flight, struct error *error) {
    const char *name = flight->definition->change.name;
    bool resumed = false;
    if (!flight_same_definition(flight, error)) return false;
    switch (flight->at.stage) {
    case STAGE_FINISHED:
        return true;
    case STAGE_UNINITIALIZED:
    case STAGE_INITIALIZING:
    case STAGE_RUNNING:
        return error_set(error, ERROR_GATE, "gate stage: migration %s is %s: run `midflight start` to the end first", name,
                         stage_name(flight->at.stage));
    case STAGE_ROLLING_BACK:
        return error_set(error, ERROR_GATE, "gate stage: migration %s is rolling back: `midflight rollback` ends that", name);
    case STAGE_AWAITING_ADDITIONAL_ACTION:
        return flight_take(flight, false, error) && (flight->other == NULL || between_settle(flight, &resumed, error)) &&
               flight_bind(flight, error) && gate_intact(flight, error) && gate_outbox(flight, error) &&
               gate_quarantine(flight, error) && gate_verified(flight, error) && gate_way_back(flight, error) &&
               (has_outbox(flight) ? between_cross(flight, error) : cut_over(flight, error));
    case STAGE_AWAITING_FINALIZATION:
        if (!flight_take(flight, false, error) || (flight->other != NULL && !between_settle(flight, &resumed, error))) return false;
        if (resumed) return true; /* a crossing that was cut short has ended, and that is all for this time */
        return gate_soak(flight, error) && flight_bind(flight, error) &&
               gate_intact(flight, error) && gate_outbox(flight, error) && gate_quarantine(flight, error) &&
               gate_verified(flight, error) && gate_held(flight, error) && remember_form(flight, error) &&
               flight_move_through(flight, gate_held_at_last, STAGE_FINISHING, "advance: soaked, and every gate is green", error) &&
               finish(flight, error);
    case STAGE_FINISHING:
        return flight_take(flight, false, error) && finish(flight, error);
    }
    return true;
}
