#include "engine/late.h"

#include "base/clock.h"
#include "engine/patience.h"

static void tell(struct flight *flight, double began) {
    flight_note(flight, "indexes: built in %.2f s", (clock_ms() - began) / 1000);
}

static bool build(struct flight *flight, struct error *error) {
    struct store *new = flight_house(flight, SIDE_NEW);
    return new->ops->backfill_close(new, flight->token, error);
}

bool late_build(struct flight *flight, struct error *error) {
    return flight_house(flight, SIDE_NEW)->ops->backfill_close == NULL || patience_do(flight, "close the backfill", build, error);
}

bool late_close(struct flight *flight, struct error *error) {
    double began = clock_ms();
    if (!late_build(flight, error)) return false;
    if (flight_house(flight, SIDE_NEW)->ops->backfill_close != NULL) tell(flight, began);
    return true;
}

bool late_index(struct flight *flight, struct error *error) {
    struct store *new = flight_house(flight, SIDE_NEW);
    double began = clock_ms();
    if (new->ops->shape_index == NULL) return true;
    if (!new->ops->shape_index(new, error)) return false;
    if (flight->definition->change.index != NULL) tell(flight, began);
    return true;
}
