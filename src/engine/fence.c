#include "engine/fence.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "engine/between.h"
#include "engine/clients.h"
#include "engine/gate.h"
#include "engine/nodes.h"
#include "engine/parcel.h"

/* A fence that is not to be had, or takes too long, is tried again so often, after rests that double. */
#define TRIES 5
#define REST_MS 200.0

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

/* What the outbox holds, in the transaction of the fence. *ret_whole: it went as a whole, and was refused nowhere. On the way to the new
 * side it stays in the outbox as well, and no disk is waited for where it lands: open_if_need_be. What is held would be carried over
 * with it. */
static bool drain_within(struct flight *flight, enum direction direction, bool *ret_whole, struct error *error) {
    bool stays = direction == FORWARD && !flight->definition->change.hold;
    struct parcel parcel = {.direction = direction, .within = true, .stays = stays, .rows = INT64_MAX};
    struct chunk chunk = {.rows = INT64_MAX, .hold_ms_max = (double)flight->definition->pause_ms_max};
    struct store *store = flight->store;
    bool ok = flight->other == NULL ? store->ops->drain(store, direction, 0, &chunk, error) : parcel_drain(flight, &parcel, error);
    if (!ok && error->code == ERROR_OVERTIME) return too_long(flight, chunk.hold_ms_max, error);
    *ret_whole = flight->other != NULL && parcel.done;
    return ok;
}

static bool drain_while_held(struct flight *flight, enum direction direction, double began, struct error *error) {
    struct store *leader = flight_house(flight, leader_of(direction));
    struct backlog left;
    bool whole = true, fits = false;
    do {
        if (!drain_within(flight, direction, &fits, error) || !leader->ops->backlog(leader, &left, error) ||
            !in_time(flight, began, error)) {
            return false;
        }
        whole = whole && fits;
    } while (!fits && left.keys > 0);
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

/* How a fence went. */
struct fence {
    const struct crossing *crossing;
    bool held; /* its writers were stopped */
    double ms; /* they waited */
    bool begun; /* what comes next has come as far as its commit */
};

/* What fails here is tried anew when the fence's transaction has ended. */
static void begin_next(struct flight *flight, void *context) {
    struct fence *fence = context;
    struct error ignored;
    fence->begun = fence->crossing->then != NULL && flight_step_begin(flight, fence->crossing->then, &ignored);
}

/* That of the fence is undone, and with it what was begun meanwhile. */
static void undo_next(struct flight *flight, struct fence *fence) {
    struct store *store = flight_house(flight, follower_of(fence->crossing->direction));
    if (fence->begun) store->ops->rollback(store);
    fence->begun = false;
}

/* As much of it as makes no writer wait. */
static bool make_ready(struct flight *flight, const struct crossing *crossing, struct standpoint *next, struct error *error) {
    enum side side = leader_of(crossing->direction);
    struct store *leader = flight_house(flight, side);
    bool refuses = side == SIDE_NEW || !flight->definition->change.hold;
    if (refuses && leader->ops->capture_ready != NULL && !leader->ops->capture_ready(leader, side, error)) return false;
    return crossing->move == NULL || crossing->move(flight, next, crossing->why, error);
}

/* Before anybody waits: what is in its way shows, and the store has seen all that it takes. */
static bool rehearse_next(struct flight *flight, const struct crossing *crossing, struct error *error) {
    struct store *store = flight_house(flight, follower_of(crossing->direction));
    if (crossing->then == NULL) return true;
    if (!flight_step_begin(flight, crossing->then, error)) return false;
    store->ops->rollback(store);
    return true;
}

/* What has landed is there before the fence ends; also where the fence fails the store is to have answered. */
static bool has_landed(struct flight *flight, enum direction direction, bool ok, struct error *error) {
    struct store *follower = flight_house(flight, follower_of(direction));
    struct error failure;
    return (follower->ops->committed == NULL || follower->ops->committed(follower, ok ? error : &failure)) && ok;
}

/* In one transaction of the leader's store: it takes no more writes, everything it took is on the other side, and it is closed. */
static bool fence_once(struct flight *flight, struct fence *fence, struct error *error) {
    const struct crossing *crossing = fence->crossing;
    enum side side = leader_of(crossing->direction);
    struct standpoint next = flight->at;
    fence->held = false;
    if (!clients_ready(flight, error) || !rehearse_next(flight, crossing, error) || !flight_begin_at(flight, side, error)) return false;
    double began = clock_ms();
    bool ok = make_ready(flight, crossing, &next, error) && clients_hold(flight, error);
    ok = fence->held = ok && hold(flight, side, &began, error);
    if (ok) FAILPOINT("fenced");
    ok = ok && drain_to_empty(flight, crossing->direction, began, error) && crossing->close(flight, error);
    ok = has_landed(flight, crossing->direction, ok, error) && in_time(flight, began, error);
    ok = flight_end_while(flight, side, ok, crossing->failpoint, begin_next, fence, error);
    fence->ms = clock_ms() - began;
    if (ok) flight->at = next;
    if (!ok) undo_next(flight, fence);
    return ok;
}

bool fence_look(struct flight *flight, enum direction direction, bool (*look)(struct flight *flight, void *context, struct error *error),
                void *context, struct error *error) {
    enum side side = leader_of(direction);
    if (!flight_begin_at(flight, side, error)) return false;
    double began = clock_ms();
    bool ok = hold(flight, side, &began, error) && drain_to_empty(flight, direction, began, error);
    ok = has_landed(flight, direction, ok, error) && look(flight, context, error);
    flight_note(flight, "the writers of the %s side were held for %.1f ms, to look", side_name(side), clock_ms() - began);
    return flight_end_at(flight, side, false, "looked", error) || ok;
}

static double rest_ms(double first_ms, int tries) {
    return first_ms * pow(2, tries) * (0.5 + (double)rand() / RAND_MAX);
}

static void rest(const struct flight *flight, double ms) {
    for (double until = clock_ms() + ms; clock_ms() < until && !flight_stopped(flight);) clock_sleep_ms(10);
}

void fence_rest(const struct flight *flight, double first_ms, int tries) {
    rest(flight, rest_ms(first_ms, tries));
}

static void rest_before(struct flight *flight, int tries, const struct error *why) {
    double ms = rest_ms(REST_MS, tries);
    flight_note(flight, "%s; trying again in %.0f ms", why->message, ms);
    rest(flight, ms);
}

static bool raise_fence(struct flight *flight, struct fence *fence, struct error *error) {
    enum direction direction = fence->crossing->direction;
    if (!approach(flight, direction, error)) return false;
    for (int tries = 0; !fence_once(flight, fence, error); tries++) {
        /* Where no client waits at a pooler the store was patient already with those who are in its way. */
        bool patient = !fence->held && flight->definition->change.pooler == NULL;
        bool passing = error->code == ERROR_GATE || (error->code == ERROR_BUSY && !patient), resumed = clients_let_go(flight, error);
        if (!passing || !resumed || tries == TRIES - 1 || flight_stopped(flight)) return false;
        rest_before(flight, tries, error);
        if (!flight_refresh(flight, error) || !approach(flight, direction, error)) return false;
    }
    flight_note(flight, "the writers of the %s side were held for %.1f ms", side_name(leader_of(direction)), fence->ms);
    return true;
}

static bool go_on(struct flight *flight, const struct fence *fence, struct error *error) {
    const struct step *then = fence->crossing->then;
    if (then == NULL) return true;
    bool ok = fence->begun ? flight_end_at(flight, then->at, true, then->name, error) : flight_step(flight, then, error);
    return ok || (clients_let_go(flight, error), false);
}

/* Every node knows before that the stage may change. */
bool fence_cross(struct flight *flight, const struct crossing *crossing, struct error *error) {
    struct fence fence = {.crossing = crossing};
    if (!between_drain(flight, crossing->direction, error) || !nodes_await(flight, error)) return false;
    if (raise_fence(flight, &fence, error)) return go_on(flight, &fence, error);
    nodes_dismiss(flight);
    return false;
}
