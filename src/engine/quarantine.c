#include "engine/quarantine.h"

#include <stdio.h>

#include "base/clock.h"
#include "engine/held.h"
#include "engine/parcel.h"
#include "engine/patience.h"

/* Entities tried together at once: one transaction, so writers wait for it. */
#define TOGETHER_MAX 50

/* --- one entity ------------------------------------------------------------------------------------------------ */

bool quarantine_has(struct flight *flight, enum direction direction, const char *key, bool *ret, struct error *error) {
    return flight->store->ops->finding_known(flight->store, flight->at.record.name, quarantine_of(direction), key, ret, error);
}

enum outcome {
    SYNCED,
    REFUSED, /* by the follower, or a query failed: what the transaction did may be incomplete */
    HELD,    /* somebody wrote the follower's rows meanwhile: the transaction is to be undone */
};

/* [tx] Whether it is held is asked once its rows are ours: a writer of them has committed by now, or waits for us. */
static bool sync_within(struct flight *flight, enum direction direction, const char *key, enum outcome *ret, struct error *error) {
    struct error failure = {0};
    bool refused, held = false;
    *ret = REFUSED;
    if (!flight->store->ops->sync(flight->store, direction, key, &failure)) {
        if (failure.code == ERROR_ROWS) return true;
        *error = failure;
        return false;
    }
    if (!quarantine_has(flight, direction, key, &refused, error)) return false;
    if (!refused && direction == BACKWARD && !held_has(flight, key, &held, error)) return false;
    if (!refused) *ret = held ? HELD : SYNCED;
    return true;
}

static bool put(struct flight *flight, enum direction direction, const char *key, const char *reason, struct error *error) {
    struct finding finding = {.key = key, .text = reason, .at_ms = clock_wall_ms()};
    return flight->store->ops->finding_add(flight->store, flight->at.record.name, quarantine_of(direction), &finding, error);
}

bool quarantine_put(struct flight *flight, enum direction direction, const char *key, const char *reason, struct error *error) {
    if (flight->inside) return put(flight, direction, key, reason, error);
    return flight_begin(flight, error) &&
           flight_end(flight, put(flight, direction, key, reason, error), "put into quarantine", error);
}

/* They fit now. */
static bool release(struct flight *flight, enum direction direction, const struct names *keys, struct error *error) {
    struct store *store = flight->store;
    bool ok = true;
    if (!flight_refresh(flight, error)) return false;
    if (flight->at.record.quarantined == 0) return true;
    if (!flight_begin(flight, error)) return false;
    for (size_t i = 0; ok && i < keys->count; i++) {
        ok = store->ops->finding_drop(store, flight->at.record.name, quarantine_of(direction), keys->items[i], error);
    }
    return flight_end(flight, ok, "released from quarantine", error);
}

/* Between two stores, where the follower's transaction is not the ledger's: those that fit together, together. */
static bool sync_apart(struct flight *flight, enum direction direction, struct names keys, struct key_list *refused, struct error *error) {
    struct error reason = {0};
    size_t half = keys.count / 2;
    bool fits;
    if (keys.count == 0) return true;
    if (!parcel_sync(flight, direction, &keys, &fits, &reason)) {
        *error = reason;
        return false;
    }
    if (fits) return release(flight, direction, &keys, error);
    if (keys.count == 1) {
        return key_list_add(refused, keys.items[0], error) && quarantine_put(flight, direction, keys.items[0], reason.message, error);
    }
    return sync_apart(flight, direction, (struct names){keys.items, half}, refused, error) &&
           sync_apart(flight, direction, (struct names){keys.items + half, keys.count - half}, refused, error);
}

static bool sync_one(struct flight *flight, enum direction direction, const char *key, bool *refused, struct error *error) {
    enum outcome outcome;
    if (!flight_begin(flight, error)) return false;
    bool ok = sync_within(flight, direction, key, &outcome, error);
    *refused = ok && outcome != SYNCED;
    if (!ok || outcome != HELD) return flight_end(flight, ok, "repair", error);
    flight_undo(flight);
    return true;
}

bool quarantine_sync(struct flight *flight, enum direction direction, struct names keys, struct key_list *refused, struct error *error) {
    if (flight->other != NULL) return sync_apart(flight, direction, keys, refused, error);
    for (size_t i = 0; i < keys.count; i++) {
        bool is_refused = false;
        struct patience patience = {0};
        char what[256];
        snprintf(what, sizeof what, "entity %s could not be synced %s", keys.items[i], direction_name(direction));
        while (!sync_one(flight, direction, keys.items[i], &is_refused, error)) {
            if (!patience_again(&patience, flight, what, error)) return false;
        }
        if (is_refused && !key_list_add(refused, keys.items[i], error)) return false;
    }
    return true;
}

/* --- all of them ------------------------------------------------------------------------------------------------ */

/* In one transaction: first all of them let go of their unique values, then each is synced. Undone if any is refused;
 * *ret_accepted: those that were not. */
static bool try_together(struct flight *flight, enum direction direction, const struct names *keys, struct arena *arena,
                         struct names *ret_accepted, struct error *error) {
    struct store *store = flight->store;
    if (!flight_begin(flight, error)) return false;
    bool ok = true;
    for (size_t i = 0; ok && i < keys->count; i++) ok = store->ops->park(store, direction, keys->items[i], error);
    for (size_t i = 0; ok && i < keys->count; i++) {
        enum outcome outcome;
        ok = sync_within(flight, direction, keys->items[i], &outcome, error);
        if (ok && outcome == SYNCED) names_add(arena, ret_accepted, keys->items[i]);
    }
    if (ok && ret_accepted->count == keys->count) return flight_end(flight, true, "repair together", error);
    flight_undo(flight);
    return ok;
}

/* The accepted may have taken what the refused only seemed to leave: they are tried without them, until all of those
 * that are left, or none, are accepted. Between two stores they were tried together before they were tried alone. */
static bool try_exchanges(struct flight *flight, enum direction direction, struct names keys, struct arena *arena,
                          struct error *error) {
    struct patience patience = {0};
    while (keys.count > 1) {
        struct names accepted = {0};
        if (!try_together(flight, direction, &keys, arena, &accepted, error)) {
            if (!patience_again(&patience, flight, "entities in quarantine, tried together", error)) return false;
            continue;
        }
        if (accepted.count == keys.count) return true;
        keys = accepted;
    }
    return true;
}

/* Those that are held stay as they are. */
static bool pass_over_held(struct flight *flight, struct key_list *keys, struct error *error) {
    struct key_list held = {.arena = keys->arena};
    size_t kept = 0, ignored;
    if (!held_keys(flight, &held, error)) return false;
    for (size_t i = 0; i < keys->names.count; i++) {
        if (!key_list_find(&held, keys->names.items[i], &ignored)) keys->names.items[kept++] = keys->names.items[i];
    }
    keys->names.count = kept;
    return true;
}

static bool retry_direction(struct flight *flight, enum direction direction, struct error *error) {
    struct key_list keys = {.arena = arena_new()}, refused = {.arena = keys.arena};
    bool ok = flight->store->ops->ledger_findings(flight->store, flight->at.record.name, quarantine_of(direction), key_list_finding,
                                                  &keys, error) &&
              (direction == FORWARD || pass_over_held(flight, &keys, error)) &&
              quarantine_sync(flight, direction, keys.names, &refused, error);
    for (size_t i = 0; ok && flight->other == NULL && i < refused.names.count; i += TOGETHER_MAX) {
        size_t left = refused.names.count - i;
        struct names some = {refused.names.items + i, left < TOGETHER_MAX ? left : TOGETHER_MAX};
        ok = try_exchanges(flight, direction, some, keys.arena, error);
    }
    arena_free(keys.arena);
    return ok;
}

bool quarantine_retry(struct flight *flight, int64_t *ret_left, struct error *error) {
    if (!retry_direction(flight, FORWARD, error) || (has_way_back(flight) && !retry_direction(flight, BACKWARD, error)) ||
        !flight_refresh(flight, error)) {
        return false;
    }
    *ret_left = flight->at.record.quarantined;
    return true;
}
