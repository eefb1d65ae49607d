#include "engine/compare.h"

#include <stdlib.h>
#include <string.h>

#include "engine/between.h"
#include "engine/parcel.h"
#include "engine/quarantine.h"

static bool on_difference(void *context, const struct difference *difference, struct error *error) {
    return key_list_add(context, difference->key, error);
}

/* What does not fit on the other side cannot be compared there: it is one for quarantine. */
static bool put_away(struct flight *flight, enum direction direction, const char *key, const char *reason, struct error *error) {
    bool known;
    return quarantine_has(flight, direction, key, &known, error) &&
           (known || quarantine_put(flight, direction, key, reason, error));
}

/* What differs of some keys, together, at equal positions: those that are under way are left out. (What the outbox of a side that
 * follows holds is not.) */
static bool look_at_keys(struct flight *flight, enum direction direction, struct names keys, difference_visit *visit, void *context,
                         struct error *error) {
    bool leads = direction == between_leading(flight);
    struct parcel parcel = {.kind = PARCEL_KEYS, .direction = direction, .settled = leads, .keys = &keys};
    size_t half = keys.count / 2;
    if (keys.count == 0 || parcel_compare(flight, &parcel, visit, context, error)) return true;
    if (error->code != ERROR_ROWS) return false;
    if (keys.count == 1) return put_away(flight, direction, keys.items[0], error->message, error);
    return look_at_keys(flight, direction, (struct names){keys.items, half}, visit, context, error) &&
           look_at_keys(flight, direction, (struct names){keys.items + half, keys.count - half}, visit, context, error);
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
static bool look_at_span(struct flight *flight, struct parcel *parcel, struct key_list *suspects, struct error *error) {
    struct parcel span = *parcel;
    struct key_list all = {.arena = suspects->arena};
    if (parcel_compare(flight, parcel, on_difference, suspects, error)) return true;
    if (error->code != ERROR_ROWS || !parcel_keys(flight, &span, key_list_add, &all, error)) return false;
    *parcel = span;
    if (parcel->until != NULL) parcel->until = arena_copy(suspects->arena, parcel->until);
    return look_at_keys(flight, parcel->direction, all.names, on_difference, suspects, error);
}

static bool look_over(struct flight *flight, struct inspection *inspection, bool strays, struct key_list *suspects,
                      struct error *error) {
    struct parcel parcel = {.kind = PARCEL_SPAN, .direction = strays ? other_way(inspection->direction) : inspection->direction,
                            .cursor = inspection->cursor, .bound = inspection->until, .rows = inspection->rows};
    bool ok = inspection->skip ? pass_over(flight, &parcel, error)
              : strays         ? parcel_strays(flight, &parcel, key_list_add, suspects, error)
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

/* Leaves those that differ in this direction as well. */
static bool narrow(struct flight *flight, enum direction direction, struct key_list *suspects, struct error *error) {
    struct key_list left = {.arena = suspects->arena};
    key_list_sort(suspects);
    if (!look_at_keys(flight, direction, suspects->names, on_difference, &left, error)) return false;
    suspects->names = left.names;
    return true;
}

/* What differed only because it was under way agrees after a drain; and an entity is right if it agrees in either direction. */
static bool judge(struct flight *flight, enum direction direction, struct key_list *suspects, difference_visit *visit, void *context,
                  struct error *error) {
    if (suspects->names.count == 0) return true;
    if (!between_drain(flight, direction, error) || !narrow(flight, direction, suspects, error) ||
        (has_way_back(flight) && !narrow(flight, other_way(direction), suspects, error))) {
        return false;
    }
    key_list_sort(suspects);
    return look_at_keys(flight, direction, suspects->names, visit, context, error);
}

/* --- within one database ------------------------------------------------------------------------------------------ */

/* What differs is told at once, unless it is under way. */
struct sorted {
    difference_visit *visit;
    void *context;
    struct key_list *suspects; /* of what is; NULL: it is left out */
};

static bool sort(void *context, const struct difference *difference, struct error *error) {
    struct sorted *sorted = context;
    if (!difference->noted) return sorted->visit(sorted->context, difference, error);
    return sorted->suspects == NULL || key_list_add(sorted->suspects, difference->key, error);
}

/* What was under way is looked at once more after a drain. */
static bool compare_here(struct flight *flight, struct inspection *inspection, difference_visit *visit, void *context, struct error *error) {
    struct key_list suspects = {.arena = arena_new()};
    struct sorted first = {visit, context, &suspects}, last = {visit, context, NULL};
    bool ok = flight_renew(flight, error) && flight->store->ops->inspect(flight->store, inspection, sort, &first, error) &&
              (suspects.names.count == 0 || between_drain(flight, inspection->direction, error));
    key_list_sort(&suspects);
    for (size_t i = 0; ok && i < suspects.names.count; i++) {
        struct inspection again = {.direction = inspection->direction, .key = suspects.names.items[i]};
        ok = flight->store->ops->inspect(flight->store, &again, sort, &last, error);
    }
    arena_free(suspects.arena);
    return ok;
}

/* --- both --------------------------------------------------------------------------------------------------------- */

bool compare_step(struct flight *flight, struct inspection *inspection, bool strays, difference_visit *visit, void *context,
                  struct error *error) {
    if (flight->other == NULL) return compare_here(flight, inspection, visit, context, error);
    struct key_list suspects = {.arena = arena_new()};
    bool ok = flight_renew(flight, error) && look_over(flight, inspection, strays, &suspects, error) &&
              judge(flight, inspection->direction, &suspects, visit, context, error);
    arena_free(suspects.arena);
    return ok;
}
