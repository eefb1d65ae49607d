#include "engine/compare.h"

#include <stdlib.h>
#include <string.h>

#include "engine/between.h"
#include "engine/parcel.h"
#include "engine/quarantine.h"

/* How often entities that seem to differ are looked at again together, after a drain, before each is looked at alone. */
#define TRIES 3

struct suspects {
    struct arena *arena;
    struct names keys;
};

static void suspect(struct suspects *suspects, const char *key) {
    const struct names *keys = &suspects->keys;
    if (keys->count > 0 && strcmp(keys->items[keys->count - 1], key) == 0) return;
    if (!names_have(keys, key)) names_add(suspects->arena, &suspects->keys, arena_copy(suspects->arena, key));
}

static bool on_difference(void *context, const struct difference *difference, struct error *error) {
    (void)error;
    suspect(context, difference->key);
    return true;
}

static bool on_stray(void *context, const char *key, struct error *error) {
    (void)error;
    suspect(context, key);
    return true;
}

static bool look_at_keys(struct flight *flight, struct parcel *parcel, struct suspects *suspects, struct error *error);

/* What does not fit on the other side cannot be compared there: it is one for quarantine. */
static bool put_away(struct flight *flight, enum direction direction, const char *key, const char *reason, struct error *error) {
    bool known;
    return quarantine_has(flight, direction, key, &known, error) &&
           (known || quarantine_put(flight, direction, key, reason, error));
}

static bool look_at_halves(struct flight *flight, struct parcel *parcel, struct suspects *suspects, struct error *error) {
    const struct names *keys = parcel->keys;
    size_t half = keys->count / 2;
    bool noted = false;
    for (int i = 0; i < 2; i++) {
        struct names some = {keys->items + (i == 0 ? 0 : half), i == 0 ? half : keys->count - half};
        struct parcel part = {.kind = PARCEL_KEYS, .direction = parcel->direction, .keys = &some};
        if (!look_at_keys(flight, &part, suspects, error)) return false;
        noted = noted || part.noted;
    }
    parcel->noted = noted;
    return true;
}

/* Those of some keys that seem to differ. */
static bool look_at_keys(struct flight *flight, struct parcel *parcel, struct suspects *suspects, struct error *error) {
    if (parcel->keys->count == 0 || parcel_compare(flight, parcel, on_difference, suspects, error)) return true;
    if (error->code != ERROR_ROWS) return false;
    if (parcel->keys->count == 1) return put_away(flight, parcel->direction, parcel->keys->items[0], error->message, error);
    return look_at_halves(flight, parcel, suspects, error);
}

static enum direction other_way(enum direction direction) {
    return direction == FORWARD ? BACKWARD : FORWARD;
}

/* Passes the span without looking at it. */
static bool pass_over(struct flight *flight, struct parcel *parcel, struct error *error) {
    struct store *leader = flight_house(flight, leader_of(parcel->direction));
    return leader->ops->ship_open(leader, parcel, error) && leader->ops->ship_close(leader, false, error);
}

/* Key by key where need be. The parcel's cursor and rows are out as those of the span. */
static bool look_at_span(struct flight *flight, struct parcel *parcel, struct suspects *suspects, struct error *error) {
    struct parcel span = *parcel;
    struct suspects all = {.arena = suspects->arena};
    if (parcel_compare(flight, parcel, on_difference, suspects, error)) return true;
    if (error->code != ERROR_ROWS || !parcel_keys(flight, &span, on_stray, &all, error)) return false;
    *parcel = span;
    if (parcel->until != NULL) parcel->until = arena_copy(suspects->arena, parcel->until);
    struct parcel keys = {.kind = PARCEL_KEYS, .direction = parcel->direction, .keys = &all.keys};
    return look_at_keys(flight, &keys, suspects, error);
}

static bool look_over(struct flight *flight, struct inspection *inspection, bool strays, struct suspects *suspects,
                      struct error *error) {
    struct parcel parcel = {.kind = PARCEL_SPAN, .direction = strays ? other_way(inspection->direction) : inspection->direction,
                            .cursor = inspection->cursor, .bound = inspection->until, .rows = inspection->rows};
    bool ok = inspection->skip ? pass_over(flight, &parcel, error)
              : strays         ? parcel_strays(flight, &parcel, on_stray, suspects, error)
                               : look_at_span(flight, &parcel, suspects, error);
    if (!ok) return false;
    char *cursor = parcel.until == NULL ? NULL : strdup(parcel.until);
    if (cursor != NULL) {
        free(inspection->cursor);
        inspection->cursor = cursor;
    }
    inspection->rows = strays ? 0 : parcel.rows;
    inspection->done = parcel.done || cursor == NULL;
    return true;
}

/* What differed only because it was under way agrees after a drain. */
static bool drain_and_look_again(struct flight *flight, enum direction direction, struct suspects *suspects, struct error *error) {
    bool noted = true;
    for (int tries = 0; tries < TRIES && noted && suspects->keys.count > 0; tries++) {
        struct suspects left = {.arena = suspects->arena};
        struct parcel parcel = {.kind = PARCEL_KEYS, .direction = direction, .keys = &suspects->keys};
        if (!between_drain(flight, direction, error) || !look_at_keys(flight, &parcel, &left, error)) return false;
        noted = parcel.noted;
        suspects->keys = left.keys;
    }
    return true;
}

struct told {
    difference_visit *visit; /* NULL: only counted */
    void *context;
    int64_t count;
};

static bool tell(void *context, const struct difference *difference, struct error *error) {
    struct told *told = context;
    told->count++;
    return told->visit == NULL || told->visit(told->context, difference, error);
}

/* *ret: it differs in this direction, and is not under way. */
static bool differs(struct flight *flight, enum direction direction, const char *key, struct told *told, bool *ret,
                    struct error *error) {
    struct names keys = {.items = &key, .count = 1};
    struct parcel parcel = {.kind = PARCEL_KEYS, .direction = direction, .keys = &keys};
    told->count = 0;
    if (!parcel_compare(flight, &parcel, tell, told, error)) {
        *ret = false;
        return error->code == ERROR_ROWS && put_away(flight, direction, key, error->message, error);
    }
    *ret = told->count > 0 && !parcel.noted;
    return true;
}

static bool convict(struct flight *flight, enum direction direction, const char *key, difference_visit *visit, void *context,
                    struct error *error) {
    struct told silent = {0}, aloud = {visit, context, 0};
    bool wrong = true, ignored;
    if (!differs(flight, direction, key, &silent, &wrong, error)) return false;
    if (wrong && has_way_back(flight) && !differs(flight, other_way(direction), key, &silent, &wrong, error)) return false;
    return !wrong || differs(flight, direction, key, &aloud, &ignored, error);
}

/* --- within one database ------------------------------------------------------------------------------------------ */

/* What differs is told at once, unless it is under way. */
struct sorted {
    difference_visit *visit;
    void *context;
    struct suspects *suspects; /* of what is; NULL: it is left out */
};

static bool sort(void *context, const struct difference *difference, struct error *error) {
    struct sorted *sorted = context;
    if (!difference->noted) return sorted->visit(sorted->context, difference, error);
    if (sorted->suspects != NULL) suspect(sorted->suspects, difference->key);
    return true;
}

/* What was under way is looked at once more after a drain. */
static bool compare_here(struct flight *flight, struct inspection *inspection, difference_visit *visit, void *context, struct error *error) {
    struct suspects suspects = {.arena = arena_new()};
    struct sorted first = {visit, context, &suspects}, last = {visit, context, NULL};
    bool ok = flight_renew(flight, error) && flight->store->ops->inspect(flight->store, inspection, sort, &first, error) &&
              (suspects.keys.count == 0 || between_drain(flight, inspection->direction, error));
    for (size_t i = 0; ok && i < suspects.keys.count; i++) {
        struct inspection again = {.direction = inspection->direction, .key = suspects.keys.items[i]};
        ok = flight->store->ops->inspect(flight->store, &again, sort, &last, error);
    }
    arena_free(suspects.arena);
    return ok;
}

/* --- both --------------------------------------------------------------------------------------------------------- */

bool compare_step(struct flight *flight, struct inspection *inspection, bool strays, difference_visit *visit, void *context,
                  struct error *error) {
    if (flight->other == NULL) return compare_here(flight, inspection, visit, context, error);
    struct suspects suspects = {.arena = arena_new()};
    bool ok = flight_renew(flight, error) && look_over(flight, inspection, strays, &suspects, error) &&
              drain_and_look_again(flight, inspection->direction, &suspects, error);
    for (size_t i = 0; ok && i < suspects.keys.count; i++) {
        ok = convict(flight, inspection->direction, suspects.keys.items[i], visit, context, error);
    }
    arena_free(suspects.arena);
    return ok;
}
