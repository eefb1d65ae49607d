#include "engine/held.h"

#include <inttypes.h>
#include <string.h>

#include "engine/quarantine.h"

bool held_visit(struct flight *flight, finding_visit *visit, void *context, struct error *error) {
    bool holds = flight->definition->change.hold && flight->at.stage == STAGE_AWAITING_FINALIZATION;
    return !holds || flight->store->ops->held(flight->store, visit, context, error);
}

static bool count_one(void *context, const struct finding *finding) {
    int64_t *count = context;
    (void)finding;
    (*count)++;
    return true;
}

bool held_count(struct flight *flight, int64_t *ret, struct error *error) {
    *ret = 0;
    return held_visit(flight, count_one, ret, error);
}

bool held_keys(struct flight *flight, struct key_list *list, struct error *error) {
    bool ok = held_visit(flight, key_list_finding, list, error);
    key_list_sort(list);
    return ok;
}

struct sought {
    const char *key;
    bool found;
};

static bool seek_one(void *context, const struct finding *finding) {
    struct sought *sought = context;
    sought->found = sought->found || strcmp(finding->key, sought->key) == 0;
    return true;
}

bool held_has(struct flight *flight, const char *key, bool *ret, struct error *error) {
    struct sought sought = {.key = key};
    bool ok = held_visit(flight, seek_one, &sought, error);
    *ret = sought.found;
    return ok;
}

/* Whoever writes the entity after the release is held anew, and the sync leaves that as it is. */
static bool resolve_one(struct flight *flight, const char *key, struct arena *arena, struct error *error) {
    struct key_list refused = {.arena = arena};
    if (!flight_begin(flight, error)) return false;
    bool ok = flight->store->ops->held_release(flight->store, key, error);
    return flight_end(flight, ok, "released what was held", error) && quarantine_sync(flight, BACKWARD, (struct names){&key, 1}, &refused, error);
}

bool held_resolve(struct flight *flight, int64_t *ret, struct error *error) {
    struct key_list list = {.arena = arena_new()};
    bool ok = held_keys(flight, &list, error);
    for (*ret = 0; ok && *ret < (int64_t)list.names.count; (*ret)++) ok = resolve_one(flight, list.names.items[*ret], list.arena, error);
    arena_free(list.arena);
    return ok;
}

bool gate_held(struct flight *flight, struct error *error) {
    int64_t count;
    if (!held_count(flight, &count, error)) return false;
    if (count == 0) return true;
    return error_set(error, ERROR_GATE,
                     "gate held: %" PRId64 " entit%s written on the old side after the cut-over. `midflight status` lists them: what is right of "
                     "it, write on the new side; then `midflight verify --repair` gives the old side what the new one has",
                     count, count == 1 ? "y was" : "ies were");
}

bool gate_held_at_last(struct flight *flight, struct error *error) {
    struct store *old = flight_house(flight, SIDE_OLD);
    return !flight->definition->change.hold || (old->ops->capture_refuse(old, SIDE_OLD, error) && gate_held(flight, error));
}
