/* Between two stores: the copy, and what follows it. */
#include "engine/between.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "engine/crew.h"
#include "engine/gate.h"
#include "engine/parcel.h"
#include "engine/quarantine.h"
#include "engine/verify.h"

/* Outbox rows of one parcel. */
#define DRAIN_ROWS 5000

static struct store *old_of(const struct flight *flight) {
    return flight_house(flight, SIDE_OLD);
}

static struct store *new_of(const struct flight *flight) {
    return flight_house(flight, SIDE_NEW);
}

/* --- check ------------------------------------------------------------------------------------------------------ */

static bool fits(struct flight *flight, enum direction direction, struct check_report *report, struct error *error) {
    struct store *leader = flight_house(flight, leader_of(direction)), *follower = flight_house(flight, follower_of(direction));
    struct manifest manifest;
    if (flight->definition->change.mappings[direction].count == 0) return true;
    return leader->ops->ship_manifest(leader, direction, &manifest, error) &&
           follower->ops->land_expect(follower, direction, &manifest, report, error);
}

/* The new shape is made for as long as it takes to look at it, in a transaction that is undone. */
static bool check_made(struct flight *flight, struct check_report *report, struct error *error) {
    struct store *new = new_of(flight);
    struct standing standing = {.housed = HOUSES_NEW, .elsewhere = old_of(flight)->name, .made = true};
    if (!new->ops->begin(new, error)) return false;
    bool ok = new->ops->ledger_create(new, error) && new->ops->shape_make(new, error) &&
              new->ops->bind(new, &flight->definition->change, standing, error) && new->ops->check(new, report, error) &&
              fits(flight, FORWARD, report, error) && fits(flight, BACKWARD, report, error);
    new->ops->rollback(new);
    return ok;
}

bool between_check(struct flight *flight, struct check_report *report, struct error *error) {
    struct store *old = old_of(flight);
    return old->ops->check(old, report, error) && check_made(flight, report, error) && flight_bind(flight, error);
}

/* --- Initializing ----------------------------------------------------------------------------------------------- */

static bool make_shape(struct flight *flight, struct error *error) {
    struct store *new = new_of(flight);
    return new->ops->shape_make(new, error) && new->ops->capture_refuse(new, SIDE_NEW, error);
}

static bool capture_old(struct flight *flight, struct error *error) {
    struct store *old = old_of(flight);
    return old->ops->capture_note(old, SIDE_OLD, error) && old->ops->backfill_open(old, error);
}

bool between_initialize(struct flight *flight, struct error *error) {
    static const struct step steps[] = {
        {"make the new shape", make_shape, false, SIDE_NEW},
        {"capture the old side", capture_old, false, SIDE_OLD},
    };
    return flight_steps(flight, steps, sizeof steps / sizeof *steps, error);
}

/* --- Running ---------------------------------------------------------------------------------------------------- */

static bool backfill_one(struct flight *flight, struct chunk *chunk, struct error *error) {
    return parcel_backfill(flight, chunk, error);
}

bool between_backfill(struct flight *flight, struct error *error) {
    int64_t before = flight->at.record.rows_done;
    double began = clock_ms();
    if (!crew_chunks(flight, "backfill", before, flight->at.record.rows_total, backfill_one, error) ||
        !flight_refresh(flight, error)) {
        return false;
    }
    double spent_s = (clock_ms() - began) / 1000;
    int64_t rows = flight->at.record.rows_done - before;
    flight_note(flight, "backfill: %" PRId64 " rows in %.2f s, %.0f rows/s", rows, spent_s, (double)rows / spent_s);
    return true;
}

static bool close_backfill(struct flight *flight, struct error *error) {
    struct store *new = new_of(flight);
    double began = clock_ms();
    if (new->ops->backfill_close != NULL && !new->ops->backfill_close(new, flight->token, error)) return false;
    flight_note(flight, "indexes: built in %.2f s", (clock_ms() - began) / 1000);
    return true;
}

static bool build_indexes(struct flight *flight, struct error *error) {
    struct store *new = new_of(flight);
    return new->ops->shape_index == NULL || new->ops->shape_index(new, error);
}

bool between_drain_some(struct flight *flight, enum direction direction, bool *ret_done, struct error *error) {
    struct parcel parcel = {.direction = direction, .rows = DRAIN_ROWS};
    if (!parcel_drain(flight, &parcel, error)) return false;
    *ret_done = parcel.done;
    return true;
}

/* Whoever writes all the time is not chased: it ends with the first parcel that held everything there was. */
bool between_drain(struct flight *flight, enum direction direction, struct error *error) {
    for (bool done = false; !done;) {
        interrupt_rest();
        if (flight_stopped(flight)) {
            return error_set(error, ERROR_INTERRUPTED, "stopped in the middle of: drain. The same command goes on from there");
        }
        if (!between_drain_some(flight, direction, &done, error)) return false;
    }
    return true;
}

/* What several entities share can be made unique only over one moment's state of all of them. */
static bool drain_and_close(struct flight *flight, struct error *error) {
    struct store *new = new_of(flight);
    if (!between_drain(flight, FORWARD, error)) return false;
    struct parcel parcel = {.kind = PARCEL_OUTBOX, .direction = FORWARD, .rows = INT64_MAX, .closes = true};
    if (new->ops->backfill_close == NULL) return true;
    return parcel_carry(flight, &parcel, true, error) && new->ops->backfill_close(new, flight->token, error);
}

/* The second pass: compares the whole, syncs again what differs, and says how much that was. */
static bool sweep(struct flight *flight, struct error *error) {
    struct verification verification = {.sample = 1, .repair = true};
    int64_t quarantined;
    if (!gate_outbox(flight, error) || !quarantine_retry(flight, &quarantined, error) || !verify_run(flight, &verification, error)) return false;
    if (verification.repaired > 0) {
        flight_note(flight, "the second pass synced %" PRId64 " entities again", verification.repaired);
    }
    return true;
}

bool between_run(struct flight *flight, struct error *error) {
    static const struct step steps[] = {
        {"backfill", between_backfill, true, SIDE_OLD},
        {"close the backfill", close_backfill, true, SIDE_OLD},
        {"build the indexes", build_indexes, false, SIDE_NEW},
        {"drain the outbox", drain_and_close, true, SIDE_OLD},
        {"sweep", sweep, true, SIDE_OLD},
    };
    return flight_steps(flight, steps, sizeof steps / sizeof *steps, error);
}
