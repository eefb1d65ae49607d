#include "proxy/route.h"

#include <string.h>
#include <xxhash.h>

enum side route_leader(enum stage stage) {
    switch (stage) {
    case STAGE_UNINITIALIZED:
    case STAGE_INITIALIZING:
    case STAGE_RUNNING:
    case STAGE_AWAITING_ADDITIONAL_ACTION:
    case STAGE_ROLLING_BACK:
        return SIDE_OLD;
    case STAGE_AWAITING_FINALIZATION:
    case STAGE_FINISHING:
    case STAGE_FINISHED:
        break;
    }
    return SIDE_NEW;
}

bool route_is_rolled_out(enum stage stage) {
    return stage == STAGE_AWAITING_ADDITIONAL_ACTION;
}

bool route_chosen(const char *key, int64_t percent_e4) {
    if (percent_e4 <= 0) return false;
    return (int64_t)(XXH3_64bits(key, strlen(key)) % 1000000) < percent_e4;
}

/* The short form's queries are made by the store. */
static bool has_way(const struct definition *definition, enum direction direction) {
    return definition->change.alter_table != NULL || definition->change.mappings[direction].count > 0;
}

bool route_readable(const struct definition *definition, enum side shape, enum side from, struct error *error) {
    enum direction direction = led_by(from);
    if (shape == from || has_way(definition, direction)) return true;
    return error_set(error, ERROR_REFUSED, "migration %s has no `%s`, so there is no %s face now that the %s side leads: use the %s face",
                     definition->change.name, direction_name(direction), side_name(shape), side_name(from), side_name(from));
}

bool route_writable(const struct definition *definition, enum side shape, enum side leader, struct error *error) {
    enum direction direction = led_by(shape);
    if (shape == leader || has_way(definition, direction)) return true;
    return error_set(error, ERROR_REFUSED, "migration %s has no `%s`, so the %s face takes no writes while the %s side leads: write the %s "
                     "face", definition->change.name, direction_name(direction), side_name(shape), side_name(leader), side_name(leader));
}
