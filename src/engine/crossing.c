/* Between two stores: the cut-over, the way back, and the end. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"
#include "engine/between.h"
#include "engine/clients.h"
#include "engine/demote.h"
#include "engine/gate.h"
#include "engine/nodes.h"
#include "engine/pace.h"
#include "engine/parcel.h"

/* A fence that is not to be had, or takes too long, is tried again so often, after rests that double. */
#define TRIES 5
#define REST_MS 200.0
/* How often the way back is tried, each time after a rest and a drain, before its failure is believed: in all for longer than two
 * transactions of the application's stand in one another's way before their server ends one. */
#define REHEARSALS 10
#define REHEARSAL_REST_MS 10.0

/* --- the fence -------------------------------------------------------------------------------------------------- */

static bool too_long(const struct flight *flight, double held_ms, struct error *error) {
    return error_set(error, ERROR_GATE,
                     "gate pause: the cut-over of migration %s would have held the writers for over %.1f ms, and pause_max is "
                     "%" PRId64 " ms. It was undone and all is as before: run the same command again, at a quieter time, or with a "
                     "longer pause_max", flight->at.record.name, held_ms, flight->definition->pause_ms_max);
}

static bool in_time(const struct flight *flight, double began, struct error *error) {
    double held_ms = clock_ms() - began;
    return held_ms <= (double)flight->definition->pause_ms_max || too_long(flight, held_ms, error);
}

static bool nothing_refused(struct flight *flight, enum direction direction, struct error *error) {
    int64_t before = flight->at.record.quarantined;
    struct record record = flight->at.record;
    bool found;
    if (!flight->store->ops->ledger_find(flight->store, record.name, &record, &found, error)) return false;
    if (record.quarantined <= before) return true;
    return error_set(error, ERROR_GATE, "gate quarantine: %" PRId64 " entities that were written just now do not fit on the %s side. "
                     "`midflight status` lists them with the reason: mend the rows, then run the same command again",
                     record.quarantined - before, side_name(follower_of(direction)));
}

/* What the outbox holds, in the transaction of the fence. *ret_whole: it went as a whole, and was refused nowhere. */
static bool drain_within(struct flight *flight, enum direction direction, bool *ret_whole, struct error *error) {
    struct parcel parcel = {.direction = direction, .within = true, .rows = INT64_MAX};
    struct chunk chunk = {.rows = INT64_MAX, .hold_ms_max = (double)flight->definition->pause_ms_max};
    struct store *store = flight->store;
    bool ok = flight->other == NULL ? store->ops->drain(store, direction, 0, &chunk, error) : parcel_drain(flight, &parcel, error);
    if (!ok && error->code == ERROR_OVERTIME) return too_long(flight, chunk.hold_ms_max, error);
    *ret_whole = flight->other != NULL && parcel.done;
    return ok;
}

static bool drain_while_held(struct flight *flight, enum direction direction, double began, struct error *error) {
    struct store *leader = flight_house(flight, leader_of(direction));
    struct backlog left = {.keys = 1};
    bool whole = true, fits = false;
    while (left.keys > 0) {
        if (!drain_within(flight, direction, &fits, error) || !leader->ops->backlog(leader, &left, error) ||
            !in_time(flight, began, error)) {
            return false;
        }
        whole = whole && fits;
    }
    return (direction == BACKWARD || gate_backlog(flight, &left, error)) && (whole || nothing_refused(flight, direction, error));
}

/* Nobody writes the leader any more: what its outbox holds now is all there will be. Whether it lost anything for want of room was asked
 * before on the way back, where --force may answer. */
static bool drain_to_empty(struct flight *flight, enum direction direction, double began, struct error *error) {
    struct store *follower = flight_house(flight, follower_of(direction));
    follower->wait_until_ms = began + (double)flight->definition->pause_ms_max;
    bool ok = drain_while_held(flight, direction, began, error);
    follower->wait_until_ms = 0;
    return ok;
}

/* Clients of a pooler wait for as long as it takes to hold those who came another way. */
static bool hold(struct flight *flight, enum side side, double *began, struct error *error) {
    struct store *leader = flight_house(flight, side);
    double waiting = flight->clients_held_ms;
    leader->held_since_ms = 0;
    leader->wait_until_ms = waiting > 0 ? waiting + (double)flight->definition->pause_ms_max : 0;
    /* In one database what is held on the old side is to be known as well. */
    bool held = side == SIDE_NEW && flight->definition->change.hold && flight->other == NULL;
    bool ok = leader->ops->hold(leader, side, error) && (!held || leader->ops->hold(leader, SIDE_OLD, error));
    leader->wait_until_ms = 0;
    if (leader->held_since_ms > 0) *began = leader->held_since_ms;
    if (waiting > 0) *began = waiting;
    return ok;
}

/* What was written since the last drain, and what can be done beforehand, keeps nobody waiting later. */
static bool approach(struct flight *flight, enum direction direction, struct error *error) {
    return between_drain(flight, direction, error) && flight_refresh(flight, error) &&
           (direction == BACKWARD || gate_quarantine(flight, error));
}

/* What a fence is for. */
struct crossing {
    enum direction direction; /* whose leader takes no more writes */
    bool (*move)(struct flight *flight, struct standpoint *next, const char *why, struct error *error); /* in the ledger; NULL: close says it */
    bool (*close)(struct flight *flight, struct error *error);                                          /* in the fence's transaction, its last act */
    const char *failpoint, *why;
};

/* As much of it as makes no writer wait. */
static bool make_ready(struct flight *flight, const struct crossing *crossing, struct standpoint *next, struct error *error) {
    enum side side = leader_of(crossing->direction);
    struct store *leader = flight_house(flight, side);
    bool refuses = side == SIDE_NEW || !flight->definition->change.hold;
    if (refuses && leader->ops->capture_ready != NULL && !leader->ops->capture_ready(leader, side, error)) return false;
    return crossing->move == NULL || crossing->move(flight, next, crossing->why, error);
}

/* In one transaction of the leader's store: it takes no more writes, everything it took is on the other side, and it is closed.
 * *ret_held: its writers were stopped, *ret_ms: for so long they waited. */
static bool fence_once(struct flight *flight, const struct crossing *crossing, bool *ret_held, double *ret_ms, struct error *error) {
    enum side side = leader_of(crossing->direction);
    struct standpoint next = flight->at;
    *ret_held = false;
    if (!clients_ready(flight, error) || !flight_begin_at(flight, side, error)) return false;
    double began = clock_ms();
    bool ok = make_ready(flight, crossing, &next, error) && clients_hold(flight, error);
    ok = *ret_held = ok && hold(flight, side, &began, error);
    if (ok) FAILPOINT("fenced");
    ok = ok && drain_to_empty(flight, crossing->direction, began, error) && crossing->close(flight, error) && in_time(flight, began, error);
    ok = flight_end_at(flight, side, ok, crossing->failpoint, error);
    *ret_ms = clock_ms() - began;
    if (ok) flight->at = next;
    return ok;
}

/* After so many tries before this one; never in step with others. */
static double rest_ms(double first_ms, int tries) {
    return first_ms * pow(2, tries) * (0.5 + (double)rand() / RAND_MAX);
}

static void rest(const struct flight *flight, double ms) {
    for (double until = clock_ms() + ms; clock_ms() < until && !flight_stopped(flight);) clock_sleep_ms(10);
}

static void rest_before(struct flight *flight, int tries, const struct error *why) {
    double ms = rest_ms(REST_MS, tries);
    flight_note(flight, "%s; trying again in %.0f ms", why->message, ms);
    rest(flight, ms);
}

static bool fence(struct flight *flight, const struct crossing *crossing, struct error *error) {
    enum direction direction = crossing->direction;
    double held_ms = 0;
    bool held;
    if (!approach(flight, direction, error)) return false;
    for (int tries = 0; !fence_once(flight, crossing, &held, &held_ms, error); tries++) {
        /* Where no client waits at a pooler the store was patient already with those who are in its way. */
        bool patient = !held && flight->definition->change.pooler == NULL;
        bool passing = error->code == ERROR_GATE || (error->code == ERROR_BUSY && !patient), resumed = clients_let_go(flight, error);
        if (!passing || !resumed || tries == TRIES - 1 || flight_stopped(flight)) return false;
        rest_before(flight, tries, error);
        if (!flight_refresh(flight, error) || !approach(flight, direction, error)) return false;
    }
    flight_note(flight, "the writers of the %s side were held for %.1f ms", side_name(leader_of(direction)), held_ms);
    return true;
}

/* Every node knows before that the stage may change. */
static bool cross(struct flight *flight, const struct crossing *crossing, struct error *error) {
    if (!between_drain(flight, crossing->direction, error) || !nodes_await(flight, error)) return false;
    if (fence(flight, crossing, error)) return true;
    nodes_dismiss(flight);
    return false;
}

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

static bool open_if_need_be(struct flight *flight, bool *ret, struct error *error) {
    bool done;
    *ret = false;
    if (!flight_step_done(flight, opening.name, &done, error) || done) return done;
    *ret = true;
    return flight_step(flight, &opening, error);
}

bool between_cross(struct flight *flight, struct error *error) {
    const struct crossing there = {FORWARD, move_over, close_old, stage_name(STAGE_AWAITING_FINALIZATION), "advance: every gate is green"};
    if (!unmark(flight, error) || !cross(flight, &there, error)) return false;
    bool ok = flight->other == NULL || flight_step(flight, &opening, error);
    return ok ? clients_lead(flight, SIDE_NEW, error) && flight_refresh(flight, error) : (clients_let_go(flight, error), false);
}

static bool rehearse_some(struct flight *flight, int64_t entities, int64_t *ret_done, struct error *error) {
    struct parcel parcel = {.kind = PARCEL_SPAN, .direction = BACKWARD, .park = true, .rows = entities};
    if (flight->other == NULL) return flight->store->ops->rehearse(flight->store, entities, ret_done, error);
    if (!parcel_carry(flight, &parcel, false, error)) return false;
    *ret_done = parcel.rows;
    return true;
}

/* The new side is behind the old one: what it holds of one entity may stand in the way of what the old side has of another by now. */
bool between_rehearse(struct flight *flight, int64_t entities, int64_t *ret_done, struct error *error) {
    for (int tries = 1;; tries++) {
        if (rehearse_some(flight, entities, ret_done, error)) return true;
        bool passing = error->code == ERROR_ROWS || error->code == ERROR_BUSY || error->code == ERROR_GATE;
        if (!passing || tries == REHEARSALS) return false;
        if (error->code == ERROR_BUSY) rest(flight, rest_ms(REHEARSAL_REST_MS, tries));
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
    const struct crossing within = {BACKWARD, demote_enter, turn_to_old, stage_name(STAGE_AWAITING_ADDITIONAL_ACTION), why};
    const struct crossing apart = {BACKWARD, NULL, close_new, CLOSED, why};
    bool ignored, closed;
    if (flight->other == NULL) return cross(flight, &within, error) && end_return(flight, why, error);
    if (!is_closed(flight, &closed, error)) return false;
    if (closed) return resume_return(flight, why, error);
    return open_if_need_be(flight, &ignored, error) && cross(flight, &apart, error) && end_return(flight, why, error);
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
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        struct store *store = flight_house(flight, side);
        if (store->ops->oust != NULL && !store->ops->oust(store, flight->at.record.name, 0, error)) return false;
    }
    return true;
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
