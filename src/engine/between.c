/* Between two stores: the copy, and what follows it. */
#include "engine/between.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "engine/clients.h"
#include "engine/crew.h"
#include "engine/drain.h"
#include "engine/gate.h"
#include "engine/late.h"
#include "engine/parcel.h"
#include "engine/patience.h"
#include "engine/quarantine.h"
#include "engine/verify.h"

/* Within one database a drain begins with so many rows. */
#define DRAIN_ROWS_FIRST 64

static struct store *old_of(const struct flight *flight) {
    return flight_house(flight, SIDE_OLD);
}

static struct store *new_of(const struct flight *flight) {
    return flight_house(flight, SIDE_NEW);
}

/* --- check ------------------------------------------------------------------------------------------------------ */

/* Chunks of the rehearsal. */
#define REHEARSAL_ROWS 2000

struct rehearsal {
    struct check_report *report;
    int64_t tried, broken;
    double spent_ms;
};

static bool on_broken(void *context, const struct difference *difference, struct error *error) {
    struct rehearsal *rehearsal = context;
    (void)error;
    rehearsal->broken++;
    if (rehearsal->report->broken != NULL) rehearsal->report->broken(rehearsal->report->context, difference);
    return true;
}

static bool on_misfit(void *context, const char *key, struct error *error) {
    struct rehearsal *rehearsal = context;
    struct difference difference = {.key = key, .table = "new", .expected = "a row that fits", .found = error->message};
    return on_broken(rehearsal, &difference, error);
}

/* Some entities go over and come back, and must be what they were. */
static bool go_and_return(struct flight *flight, struct rehearsal *rehearsal, const struct names *keys, struct error *error) {
    struct parcel over = {.kind = PARCEL_KEYS, .direction = FORWARD, .joins = true, .fresh = true, .keys = keys};
    struct parcel back = {.kind = PARCEL_KEYS, .direction = BACKWARD, .within = true, .keys = keys};
    double began = clock_ms();
    if (!parcel_carry(flight, &over, true, error)) return false;
    rehearsal->spent_ms += clock_ms() - began;
    return !has_way_back(flight) || parcel_compare(flight, &back, on_broken, rehearsal, error);
}

/* Those that do not fit are found by halves. */
static bool rehearse_keys(struct flight *flight, struct rehearsal *rehearsal, struct names keys, struct error *error) {
    size_t half = keys.count / 2;
    if (keys.count == 0 || go_and_return(flight, rehearsal, &keys, error)) return true;
    if (error->code != ERROR_ROWS) return false;
    if (keys.count == 1) return on_misfit(rehearsal, keys.items[0], error);
    return rehearse_keys(flight, rehearsal, (struct names){keys.items, half}, error) &&
           rehearse_keys(flight, rehearsal, (struct names){keys.items + half, keys.count - half}, error);
}

/* The share of entities that the report asks for, chunk by chunk. */
static bool rehearse(struct flight *flight, struct rehearsal *rehearsal, struct error *error) {
    struct store *old = old_of(flight);
    struct check_report *report = rehearsal->report;
    int64_t passed = 0;
    char *cursor = NULL;
    bool ok = old->ops->rows_count(old, &report->forecast.rows, error);
    for (bool done = false; ok && !done;) {
        struct key_list list = {.arena = arena_new()};
        struct parcel span = {.kind = PARCEL_SPAN, .direction = FORWARD, .cursor = cursor, .rows = REHEARSAL_ROWS};
        ok = parcel_keys(flight, &span, key_list_add, &list, error);
        if (ok) {
            char *until = span.until == NULL ? NULL : strdup(span.until);
            done = span.done || until == NULL;
            free(cursor);
            cursor = until;
            passed += span.rows;
        }
        if (ok && (double)rehearsal->tried < report->sample * (double)passed) {
            rehearsal->tried += span.rows;
            ok = rehearse_keys(flight, rehearsal, list.names, error);
        }
        arena_free(list.arena);
    }
    free(cursor);
    return ok;
}

static void tell_rehearsal(const struct rehearsal *rehearsal) {
    struct check_report *report = rehearsal->report;
    struct forecast *forecast = &report->forecast;
    report->broken_count += rehearsal->broken;
    forecast->entities_tried = rehearsal->tried;
    if (rehearsal->tried > 0) {
        forecast->backfill_s = rehearsal->spent_ms / 1000 * (double)forecast->rows / (double)rehearsal->tried;
    }
}

/* The new shape is made for as long as it takes to look at it, in a transaction that is undone. */
static bool check_made(struct flight *flight, struct check_report *report, struct error *error) {
    struct store *new = new_of(flight);
    struct standing standing = {.housed = HOUSES_NEW, .elsewhere = old_of(flight)->name, .made = true};
    struct rehearsal rehearsal = {.report = report};
    if (!new->ops->begin(new, error)) return false;
    bool ok = new->ops->ledger_create(new, error) && new->ops->shape_make(new, error) &&
              new->ops->bind(new, &flight->definition->change, standing, error) && new->ops->check(new, report, error) &&
              flight_exchange(flight, report, error);
    ok = ok && (report->refusals > 0 || (new->ops->capture_note(new, SIDE_NEW, error) && rehearse(flight, &rehearsal, error)));
    new->ops->rollback(new);
    if (ok) tell_rehearsal(&rehearsal);
    return ok;
}

bool between_check(struct flight *flight, struct check_report *report, struct error *error) {
    struct store *old = old_of(flight);
    return clients_check(flight, report, error) && old->ops->check(old, report, error) && check_made(flight, report, error) &&
           clients_check(flight, report, error) && flight_bind(flight, error);
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

bool between_backfill(struct flight *flight, struct error *error) {
    return crew_backfill(flight, parcel_backfill, error);
}

/* Within one database. A store whose chunks hold everybody up takes so many rows as hold the writers for no longer than they may be, and
 * lets them go on before the next. */
static bool drain_here(struct flight *flight, enum direction direction, bool *ret_done, struct error *error) {
    const struct store_ops *ops = flight->store->ops;
    bool holds = ops->pulse == NULL;
    int64_t rows = !holds ? DRAIN_ROWS : flight->drain_rows > 0 ? flight->drain_rows : DRAIN_ROWS_FIRST;
    struct chunk chunk = {.rows = rows, .hold_ms_max = flight->definition->hold_ms_max > 0 ? flight->definition->hold_ms_max : ops->hold_ms_max};
    bool ok = ops->drain(flight->store, direction, flight->token, &chunk, error);
    if (!ok && (error->code != ERROR_OVERTIME || (holds && rows == 1))) return false;
    if (ok && chunk.hold_ms < chunk.hold_ms_max / 2 && rows < DRAIN_ROWS) flight->drain_rows = rows * 2;
    if (!ok) flight->drain_rows = rows / 4 > 0 ? rows / 4 : 1;
    *ret_done = ok && chunk.done;
    if (!*ret_done && holds) clock_sleep_ms(chunk.hold_ms);
    return true;
}

bool between_drain_some(struct flight *flight, enum direction direction, bool *ret_done, struct error *error) {
    if (flight->other == NULL) return drain_here(flight, direction, ret_done, error);
    struct parcel parcel = {.direction = direction, .rows = DRAIN_ROWS};
    if (!parcel_drain(flight, &parcel, error)) return false;
    *ret_done = parcel.done;
    return true;
}

/* What others were in the way of is undone, and tried again after a rest. Returns false. */
static bool came_to_nothing(struct error *error) {
    if (error->code == ERROR_BUSY) error->code = ERROR_OVERTIME;
    return false;
}

/* Whoever writes all the time is not chased: it ends with the first parcel that held everything there was. */
bool between_drain(struct flight *flight, enum direction direction, struct error *error) {
    struct patience patience = {0};
    for (bool done = false; !done;) {
        interrupt_rest();
        if (flight_stopped(flight)) {
            return error_set(error, ERROR_INTERRUPTED, "stopped in the middle of: drain. The same command goes on from there");
        }
        if (between_drain_some(flight, direction, &done, error) || came_to_nothing(error)) {
            patience = (struct patience){0};
        } else if (!patience_again(&patience, flight, "drain", error)) {
            return false;
        }
    }
    return true;
}

static bool drain_last(struct flight *flight, struct error *error) {
    struct parcel parcel = {.kind = PARCEL_OUTBOX, .direction = FORWARD, .rows = INT64_MAX, .closes = true};
    return parcel_carry(flight, &parcel, true, error) || came_to_nothing(error);
}

/* What several entities share can be made unique only over one moment's state of all of them. */
static bool drain_and_close(struct flight *flight, struct error *error) {
    if (!between_drain(flight, FORWARD, error)) return false;
    if (new_of(flight)->ops->backfill_close == NULL) return true;
    return patience_do(flight, "drain the outbox", drain_last, error) && late_build(flight, error);
}

/* --- an outbox that overflowed ---------------------------------------------------------------------------------- */

bool between_reopen(struct flight *flight, bool *ret, struct error *error) {
    struct store *leader = flight_house(flight, leader_of(between_leading(flight)));
    struct backlog backlog = {0};
    *ret = false;
    if (!has_outbox(flight)) return true;
    if (!leader->ops->backlog(leader, &backlog, error)) return false;
    if (!backlog.overflowed) return true;
    if (!between_drain(flight, between_leading(flight), error) || !leader->ops->outbox_reopen(leader, error)) return false;
    *ret = true;
    return true;
}

bool between_mend(struct flight *flight, struct error *error) {
    enum side side = leader_of(between_leading(flight));
    struct store *leader = flight_house(flight, side);
    return flight_begin_at(flight, side, error) &&
           flight_end_at(flight, side, leader->ops->outbox_mend(leader, error), "outbox mended", error) && gate_outbox(flight, error);
}

bool between_run(struct flight *flight, struct error *error) {
    static const struct step steps[] = {
        {"backfill", between_backfill, true, SIDE_OLD},
        {"close the backfill", late_close, true, SIDE_OLD},
        {"build the indexes", late_index, false, SIDE_NEW},
        {"drain the outbox", drain_and_close, true, SIDE_OLD},
        {"sweep", verify_sweep, true, SIDE_OLD},
    };
    return flight_steps(flight, steps, sizeof steps / sizeof *steps, error);
}
