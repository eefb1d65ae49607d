#include "engine/drain.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "engine/between.h"
#include "engine/parcel.h"

/* A range is hot when so many rows wait in it, and somebody who would help has none. */
#define HOT_ROWS ((int64_t)2 * DRAIN_ROWS)
/* Who found none to take is believed to be there still for so long, and says it again so often. */
#define WANTED_MS 5000
#define WANT_MS 250.0
/* Those who drain give back what is called back when their parcel has landed: so long they are waited for. */
#define RECALL_MS 1000.0

static const struct manifest *manifest_of(const struct flight *flight) {
    return &flight->manifests[between_leading(flight)];
}

bool drain_has_ranges(const struct flight *flight) {
    return manifest_of(flight)->apart;
}

bool drain_open(struct flight *flight, struct error *error) {
    return flight_begin(flight, error) &&
           flight_end(flight, flight->store->ops->drain_open(flight->store, flight->at.record.name, flight->token, error),
                      "ranges of the drain opened", error);
}

static bool look(struct flight *flight, int64_t era, const struct drain_range *range, struct drain_look *ret, struct error *error) {
    return flight->store->ops->drain_look(flight->store, flight->at.record.name, era, range, ret, error);
}

bool drain_is_open(struct flight *flight, int64_t era, bool *ret, struct error *error) {
    struct drain_look stand = {0};
    if (!look(flight, era, NULL, &stand, error)) return false;
    *ret = stand.ranges > 0 && !stand.recalled;
    return true;
}

bool drain_recall(struct flight *flight, int64_t era, struct error *error) {
    struct drain_look stand = {0};
    double until = clock_ms() + RECALL_MS;
    bool ok = flight->store->ops->drain_recall(flight->store, flight->at.record.name, era, error);
    while (ok && look(flight, era, NULL, &stand, error)) {
        if (stand.free == stand.ranges || clock_ms() > until) return true;
        clock_sleep_ms(DRAIN_LOOK_MS);
    }
    return false;
}

/* --- one range ---------------------------------------------------------------------------------------------------- */

static bool claim(struct flight *flight, const struct drain_range *range, struct error *error) {
    struct claim claim = {.place = range->place, .token = range->token, .era = range->era};
    char *ignored = NULL;
    bool ok = parcel_claim(flight, between_leading(flight), &claim, &ignored, error);
    free(ignored);
    return ok;
}

/* Nothing of ours is under way: what comes after the middle is anybody's from here on. */
static bool split(struct flight *flight, struct drain_range *range, struct arena *arena, struct error *error) {
    struct store *leader = flight_house(flight, leader_of(between_leading(flight))), *store = flight->store;
    char *middle = NULL;
    if (range->room < 2) return true;
    if (!leader->ops->outbox_middle(leader, range, HOT_ROWS, &middle, error)) return false;
    if (middle == NULL) return true;
    bool ok = store->ops->begin(store, error) &&
              flight_end(flight, store->ops->drain_split(store, flight->at.record.name, range, middle, error), "range split", error);
    if (ok) range->upper = arena_copy(arena, middle);
    if (ok) range->room /= 2;
    free(middle);
    return ok;
}

/* What spans ranges, a value that passes from one to another, say, is for the holder of the lease, who looks at all of it at once. */
static bool call_back(struct flight *flight, const struct drain_range *range, struct drain_look *ret, struct error *error) {
    ret->recalled = true;
    return flight->store->ops->drain_recall(flight->store, flight->at.record.name, range->era, error);
}

static bool work(struct flight *flight, struct drain_range *range, double until, struct arena *arena, struct drain_look *ret,
                 struct error *error) {
    for (bool fits, done = false; !done || ret->free == 0;) {
        struct parcel parcel = {.direction = between_leading(flight), .cursor = range->lower, .bound = range->upper,
                                .place = range->place, .token = range->token, .rows = DRAIN_ROWS};
        if (!parcel_drain_range(flight, &parcel, &fits, error)) return false;
        if (!fits) return call_back(flight, range, ret, error);
        done = parcel.done;
        if (done) clock_sleep_ms(DRAIN_LOOK_MS);
        if (!look(flight, range->era, range, ret, error)) return false;
        if (!ret->held || flight_stopped(flight) || clock_ms() >= until) break;
        bool wanted = ret->free == 0 && ret->wanted_ms > clock_wall_ms() - WANTED_MS;
        if (!done && wanted && !split(flight, range, arena, error)) return false;
    }
    return true;
}

/* Nobody has one to spare: who has a hot one learns of it. */
static bool want(struct flight *flight, int64_t era, double until, struct error *error) {
    double rest = until - clock_ms();
    if (!flight->store->ops->drain_want(flight->store, flight->at.record.name, era, error)) return false;
    for (double end = clock_ms() + (rest < WANT_MS ? rest : WANT_MS); clock_ms() < end && !flight_stopped(flight);) {
        struct drain_look stand = {0};
        clock_sleep_ms(DRAIN_LOOK_MS);
        if (!look(flight, era, NULL, &stand, error)) return false;
        if (stand.free > 0 && !stand.recalled) break;
    }
    return true;
}

bool drain_range(struct flight *flight, int64_t era, double until, bool *ret_taken, struct drain_look *ret, struct error *error) {
    struct store *store = flight->store;
    const char *name = flight->at.record.name;
    struct arena *arena = arena_new();
    struct drain_range range = {0};
    struct error ignored;
    *ret = (struct drain_look){0};
    *ret_taken = false;
    bool ok = store->ops->drain_take(store, name, era, flight->who, arena, &range, error);
    if (ok && range.place == 0) {
        ok = want(flight, era, until, error) && look(flight, era, NULL, ret, error);
    } else if (ok) {
        *ret_taken = true;
        ok = claim(flight, &range, error) && work(flight, &range, until, arena, ret, error);
        /* What is not given back is free when its lease runs out. */
        if (!store->ops->drain_return(store, name, &range, ok ? error : &ignored)) ok = false;
    }
    arena_free(arena);
    return ok;
}
