/* Between two stores: the cut-over, the way back, and the end. */
#include "base/clock.h"
#include "base/interrupt.h"
#include "engine/between.h"
#include "engine/clients.h"
#include "engine/demote.h"
#include "engine/fence.h"
#include "engine/nodes.h"
#include "engine/pace.h"
#include "engine/parcel.h"

/* How often the way back is tried, each time after a rest and a drain, before its failure is believed: in all for longer than two
 * transactions of the application's stand in one another's way before their server ends one. */
#define REHEARSALS 10
#define REHEARSAL_REST_MS 10.0

/* --- the cut-over ----------------------------------------------------------------------------------------------- */

static bool open_new(struct flight *flight, struct error *error) {
    struct store *new = flight_house(flight, SIDE_NEW);
    if (!has_way_back(flight)) return new->ops->capture_off(new, error);
    return new->ops->capture_note(new, SIDE_NEW, error);
}

static const struct step opening = {"open the new side", open_new, false, SIDE_NEW};
/* It is closed again: the old side is about to lead, or does. */
static const char CLOSED[] = "close the new side";

static bool is_closed(struct flight *flight, bool *ret, struct error *error) {
    *ret = false;
    return flight->other == NULL || flight_step_done(flight, CLOSED, ret, error);
}

/* What a crossing marked that was taken back since. It is to be known as not done before the next one. */
static bool unmark(struct flight *flight, struct error *error) {
    struct store *new = flight_house(flight, SIDE_NEW);
    const char *name = flight->at.record.name;
    bool closed;
    if (!is_closed(flight, &closed, error)) return false;
    if (!closed) return true;
    if (!flight_begin_at(flight, SIDE_NEW, error)) return false;
    bool ok = new->ops->ledger_unmark(new, name, opening.name, error) && new->ops->ledger_unmark(new, name, CLOSED, error);
    return flight_end_at(flight, SIDE_NEW, ok, "crossing unmarked", error);
}

static bool move_over(struct flight *flight, struct standpoint *next, const char *why, struct error *error) {
    struct store *old = flight_house(flight, SIDE_OLD);
    next->record.soak_until_ms = clock_wall_ms() + flight->definition->soak_ms;
    return old->ops->ledger_set(old, next->record.name, RECORD_SOAK_UNTIL, next->record.soak_until_ms, error) &&
           ledger_move(old, next, STAGE_AWAITING_FINALIZATION, flight->who, why, error);
}

/* In one database the new side opens in the same transaction. */
static bool close_old(struct flight *flight, struct error *error) {
    struct store *old = flight_house(flight, SIDE_OLD);
    if (flight->other == NULL && !open_new(flight, error)) return false;
    return flight->definition->change.hold ? old->ops->capture_hold(old, SIDE_OLD, error) : old->ops->capture_refuse(old, SIDE_OLD, error);
}

/* What landed in the fence is sure to be there as long as the session lasts that landed it, and for good with the first commit there
 * that waits for the disk. Whoever comes later carries it over once more, while neither side takes writes. */
static bool open_if_need_be(struct flight *flight, bool *ret, struct error *error) {
    bool done;
    *ret = false;
    if (!flight_step_done(flight, opening.name, &done, error)) return false;
    if (done) return true;
    *ret = true;
    return between_drain(flight, FORWARD, error) && flight_step(flight, &opening, error);
}

bool between_cross(struct flight *flight, struct error *error) {
    const struct crossing there = {FORWARD, move_over, close_old, flight->other == NULL ? NULL : &opening,
                                   stage_name(STAGE_AWAITING_FINALIZATION), "advance: every gate is green"};
    return unmark(flight, error) && fence_cross(flight, &there, error) && clients_lead(flight, SIDE_NEW, error) && flight_refresh(flight, error);
}

static bool carry_back(struct flight *flight, void *context, struct error *error) {
    return parcel_carry(flight, context, false, error);
}

/* `alone`: nobody writes meanwhile. */
static bool rehearse_some(struct flight *flight, int64_t entities, bool alone, int64_t *ret_done, struct error *error) {
    struct parcel parcel = {.kind = PARCEL_SPAN, .direction = BACKWARD, .park = true, .joins = alone, .rows = entities};
    if (flight->other == NULL) return flight->store->ops->rehearse(flight->store, entities, alone, ret_done, error);
    if (!(alone ? fence_look(flight, FORWARD, carry_back, &parcel, error) : carry_back(flight, &parcel, error))) return false;
    *ret_done = parcel.rows;
    return true;
}

/* The new side is behind the old one: what it holds of one entity may stand in the way of what the old side has of another by now. The
 * last try is made where it is not. */
bool between_rehearse(struct flight *flight, int64_t entities, int64_t *ret_done, struct error *error) {
    for (int tries = 1;; tries++) {
        if (rehearse_some(flight, entities, tries == REHEARSALS, ret_done, error)) return true;
        bool passing = error->code == ERROR_ROWS || error->code == ERROR_BUSY || error->code == ERROR_GATE;
        if (!passing || tries == REHEARSALS) return false;
        if (error->code == ERROR_BUSY) fence_rest(flight, REHEARSAL_REST_MS, tries);
        if (!between_drain(flight, FORWARD, error)) return false;
    }
}

/* --- the way back ----------------------------------------------------------------------------------------------- */

static bool close_new(struct flight *flight, struct error *error) {
    struct store *new = flight_house(flight, SIDE_NEW);
    return new->ops->capture_refuse(new, SIDE_NEW, error) && new->ops->ledger_mark(new, flight->at.record.name, CLOSED, error);
}

/* The old side opens, and the new one follows as before the cut-over. */
static bool open_old(struct flight *flight, struct error *error) {
    struct store *old = flight_house(flight, SIDE_OLD);
    return old->ops->capture_note(old, SIDE_OLD, error);
}

/* In one database it does so in the transaction in which the new one closes. */
static bool turn_to_old(struct flight *flight, struct error *error) {
    return flight->store->ops->capture_refuse(flight->store, SIDE_NEW, error) && open_old(flight, error);
}

static bool lead_old(struct flight *flight, const char *why, struct error *error) {
    struct standpoint next = flight->at;
    if (!flight_begin(flight, error)) return false;
    bool ok = flight_end(flight, open_old(flight, error) && demote_enter(flight, &next, why, error),
                         stage_name(STAGE_AWAITING_ADDITIONAL_ACTION), error);
    if (ok) flight->at = next;
    return ok;
}

/* The new side is closed, and holds nothing that the old one lacks. */
static bool end_return(struct flight *flight, const char *why, struct error *error) {
    bool ok = flight->other == NULL || lead_old(flight, why, error);
    return ok ? clients_lead(flight, SIDE_OLD, error) && flight_refresh(flight, error) : (clients_let_go(flight, error), false);
}

static bool resume_return(struct flight *flight, const char *why, struct error *error) {
    if (!nodes_await(flight, error)) return false;
    bool ok = clients_take_over(flight, error) && end_return(flight, why, error);
    if (flight->at.stage == STAGE_AWAITING_FINALIZATION) nodes_dismiss(flight);
    return ok;
}

bool between_return(struct flight *flight, const char *why, struct error *error) {
    const struct crossing within = {BACKWARD, demote_enter, turn_to_old, NULL, stage_name(STAGE_AWAITING_ADDITIONAL_ACTION), why};
    const struct crossing apart = {BACKWARD, NULL, close_new, NULL, CLOSED, why};
    bool ignored, closed;
    if (flight->other == NULL) return fence_cross(flight, &within, error) && end_return(flight, why, error);
    if (!is_closed(flight, &closed, error)) return false;
    if (closed) return resume_return(flight, why, error);
    return open_if_need_be(flight, &ignored, error) && fence_cross(flight, &apart, error) && end_return(flight, why, error);
}

/* --- what was cut short ------------------------------------------------------------------------------------------- */

bool between_go_on(struct flight *flight, bool *ret, struct error *error) {
    bool closed;
    *ret = false;
    if (flight->at.stage != STAGE_AWAITING_FINALIZATION || flight->other == NULL) return true;
    if (!is_closed(flight, &closed, error)) return false;
    if (!closed) return open_if_need_be(flight, ret, error);
    *ret = true;
    if (!resume_return(flight, "a way back that was cut short: the new side was closed", error)) return false;
    flight_note(flight, "the new side was closed by a midflight that was cut short on the way back: the old side leads again");
    return true;
}

bool between_settle(struct flight *flight, bool *ret, struct error *error) {
    bool gone_on = false, freed = false, after = flight->at.stage == STAGE_AWAITING_FINALIZATION;
    *ret = false;
    bool ok = !after || (flight_bind(flight, error) && between_go_on(flight, &gone_on, error));
    if (!clients_settle(flight, ok, &freed, error)) return false;
    *ret = gone_on || freed;
    return true;
}

/* --- back to nothing ---------------------------------------------------------------------------------------------- */

static bool release_old(struct flight *flight, struct error *error) {
    struct store *old = flight_house(flight, SIDE_OLD);
    return old->ops->capture_off(old, error);
}

static bool empty_one(struct flight *flight, struct chunk *chunk, struct error *error) {
    struct store *new = flight_house(flight, SIDE_NEW);
    return flight_renew(flight, error) && new->ops->shape_empty(new, SIDE_NEW, chunk, error);
}

static bool empty_new(struct flight *flight, struct error *error) {
    bool made;
    if (!flight_step_done(flight, "make the new shape", &made, error)) return false;
    return !made || pace_chunks(flight, "empty the new side", 0, flight->at.record.rows_total, empty_one, error);
}

static bool drop_new(struct flight *flight, struct error *error) {
    struct store *new = flight_house(flight, SIDE_NEW);
    bool made;
    if (!flight_step_done(flight, "make the new shape", &made, error)) return false;
    return new->ops->capture_off(new, error) && (!made || new->ops->shape_drop(new, SIDE_NEW, error));
}

/* Who copied or followed may be asleep amid it, and would stand in the way of what is taken away. */
static bool oust_all(struct flight *flight, struct error *error) {
    return parcel_oust(flight, SIDE_OLD, 0, error) && parcel_oust(flight, SIDE_NEW, 0, error);
}

bool between_undo(struct flight *flight, struct error *error) {
    static const struct step steps[] = {
        {"release the old side", release_old, false, SIDE_OLD},
        {"empty the new side", empty_new, true, SIDE_OLD},
        {"drop the new shape", drop_new, false, SIDE_NEW},
    };
    struct store *new = flight_house(flight, SIDE_NEW);
    /* Only who holds the lease still may have the other store forget it: a later one's token is there as well. */
    return oust_all(flight, error) && flight_bind_names(flight, false, error) &&
           flight_steps(flight, steps, sizeof steps / sizeof *steps, error) && flight_begin_at(flight, SIDE_NEW, error) &&
           flight_end_at(flight, SIDE_NEW, new->ops->ledger_leave(new, flight->at.record.name, error), "the other store has forgotten", error);
}

/* --- the end ---------------------------------------------------------------------------------------------------- */

static bool release_new(struct flight *flight, struct error *error) {
    struct store *new = flight_house(flight, SIDE_NEW);
    return new->ops->capture_off(new, error);
}

static bool empty_old_one(struct flight *flight, struct chunk *chunk, struct error *error) {
    struct store *old = flight_house(flight, SIDE_OLD);
    return flight_renew(flight, error) && old->ops->shape_empty(old, SIDE_OLD, chunk, error);
}

static bool empty_old(struct flight *flight, struct error *error) {
    if (flight->definition->change.retire != RETIRE_DROP) return true;
    return pace_chunks(flight, "empty the old side", 0, flight->at.record.rows_total, empty_old_one, error);
}

static bool retire_old(struct flight *flight, struct error *error) {
    struct store *old = flight_house(flight, SIDE_OLD);
    return old->ops->capture_off(old, error) && old->ops->shape_retire(old, error);
}

struct copied {
    struct flight *flight;
    struct error *error;
    bool ok;
};

static bool copy_move(void *context, const struct move *move) {
    struct copied *copied = context;
    struct store *new = flight_house(copied->flight, SIDE_NEW);
    copied->ok = copied->ok && new->ops->ledger_remember(new, copied->flight->at.record.name, move, copied->error);
    return copied->ok;
}

/* The old store may be switched off one day: what happened is told by the new one, with the move that is all that is left. */
static bool hand_over_history(struct flight *flight, struct error *error) {
    struct store *new = flight_house(flight, SIDE_NEW), *old = flight_house(flight, SIDE_OLD);
    const char *name = flight->at.record.name;
    struct copied copied = {flight, error, true};
    int64_t epoch = flight->at.record.epoch + 1; /* a history has the epochs that moves lead to */
    struct move last = {.from = stage_name(STAGE_FINISHING), .to = stage_name(STAGE_FINISHED), .epoch = epoch, .who = flight->who,
                        .why = BETWEEN_FINISHED, .at_ms = clock_wall_ms()};
    return new->ops->ledger_stay(new, name, stage_name(STAGE_FINISHED), epoch, error) &&
           old->ops->ledger_moves(old, name, copy_move, &copied, error) && copied.ok &&
           new->ops->ledger_remember(new, name, &last, error);
}

static bool hand_over(struct flight *flight, struct error *error) {
    if (!flight_begin_at(flight, SIDE_NEW, error)) return false;
    return flight_end_at(flight, SIDE_NEW, hand_over_history(flight, error), "history handed over", error);
}

bool between_finish(struct flight *flight, struct error *error) {
    static const struct step steps[] = {
        {"release the new side", release_new, false, SIDE_NEW},
        {"empty the old side", empty_old, true, SIDE_OLD},
        {"retire the old side", retire_old, false, SIDE_OLD},
        {"hand over the history", hand_over, true, SIDE_OLD},
    };
    return flight_bind_names(flight, true, error) && flight_steps(flight, steps, sizeof steps / sizeof *steps, error);
}
