/* Uninitialized -> Initializing -> Running -> Awaiting Additional Action. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "engine/between.h"
#include "engine/carry.h"
#include "engine/crew.h"
#include "engine/gate.h"
#include "engine/late.h"
#include "engine/parcel.h"
#include "engine/quarantine.h"
#include "engine/verify.h"

/* Index entries that are built in a millisecond, at the least; see index_early. */
#define INDEX_ROWS_PER_MS 500
/* What an application's usual lock timeout (5 s) leaves room for. */
#define INDEX_MS_QUIET 2500

/* The share of entities that a start tries before it begins; `check` tries all. */
#define CHECK_ENTITIES 2000

struct refusal {
    struct flight *flight;
    char text[1024];
};

static void keep_refusal(void *context, const struct check_note *note) {
    struct refusal *refusal = context;
    if (note->level == CHECK_REFUSAL && refusal->text[0] == '\0') {
        snprintf(refusal->text, sizeof refusal->text, "%s", note->text);
    } else if (note->level == CHECK_WARNING) {
        flight_note(refusal->flight, "%s", note->text);
    }
}

static bool check_first(struct flight *flight, int64_t rows, struct error *error) {
    struct refusal refusal = {.flight = flight};
    struct check_report report = {.context = &refusal, .note = keep_refusal, .forecast = {.rows = rows},
                                  .sample = rows > CHECK_ENTITIES ? (double)CHECK_ENTITIES / (double)rows : 1};
    if (!(flight->other == NULL ? flight->store->ops->check(flight->store, &report, error) : between_check(flight, &report, error))) {
        return false;
    }
    if (report.refusals > 0) {
        return error_set(error, ERROR_REFUSED, "%s (`midflight check` shows everything it found)", refusal.text);
    }
    if (report.broken_count > 0) {
        flight_note(flight, "backward(forward(x)) is not x for some entities; `midflight check` lists them");
    }
    return true;
}

static bool started_by_another(const struct flight *flight, struct error *error) {
    return error_set(error, ERROR_HELD, "migration %s was started by another midflight meanwhile; look at `midflight status`",
                     flight->at.record.name);
}

/* What is found wrong while another is starting the same migration may be what that one has made. */
static bool wrong_or_started(struct flight *flight, struct error *error) {
    struct error failure;
    if (!flight_refresh(flight, &failure) || flight->at.stage == STAGE_UNINITIALIZED) return false;
    return started_by_another(flight, error);
}

/* Enters the migration into the ledger, at Initializing. */
static bool enter(struct flight *flight, struct error *error) {
    struct store *store = flight->store;
    int64_t rows;
    if (!flight_bind(flight, error) || !store->ops->rows_count(store, &rows, error) ||
        !check_first(flight, rows, error)) {
        return wrong_or_started(flight, error);
    }
    if (!store->ops->begin(store, error)) return false;
    struct standpoint next = {.stage = STAGE_UNINITIALIZED};
    bool ok = store->ops->ledger_create(store, error) && flight_refresh(flight, error);
    if (ok && flight->at.stage != STAGE_UNINITIALIZED) ok = started_by_another(flight, error);
    next.record = flight->at.record;
    struct record *record = &next.record;
    record->stage_ms = clock_wall_ms();
    record->rows_total = rows;
    record->token++;
    record->lease_until_ms = record->stage_ms + LEASE_MS;
    snprintf(record->owner, sizeof record->owner, "%s", flight->who);
    snprintf(record->digest, sizeof record->digest, "%s", flight->definition->digest);
    ok = ok && store->ops->schema_digest(store, record->schema, error) &&
         store->ops->ledger_add(store, record, flight->definition->text, error) &&
         ledger_move(store, &next, STAGE_INITIALIZING, flight->who, "start", error);
    ok = flight_end(flight, ok, stage_name(STAGE_INITIALIZING), error);
    if (!ok) return false;
    flight->at = next;
    flight->token = record->token;
    flight->renewed_ms = clock_ms();
    if (!has_way_back(flight)) {
        flight_note(flight, "there is no `backward`: after the cut-over there will be no way back");
    }
    return true;
}

/* --- Initializing --------------------------------------------------------------------------------------------- */

/* A store that cannot build an index beside its writers stops them for as long as the build takes. Over empty tables it
 * takes no time, but then the backfill pays for every entry, several times over where the order is another. So: late
 * where the build fits into pause_max, or where nobody writes and it fits into what a writer will wait for anyway. */
static bool index_early(struct flight *flight, bool *ret, struct error *error) {
    const struct change *change = &flight->definition->change;
    int64_t build_ms = flight->at.record.rows_total / INDEX_ROWS_PER_MS;
    bool others_write = false;
    *ret = false;
    if (flight->store->ops->shape_index == NULL) return true;
    if ((change->index == NULL && change->alter_table == NULL) || build_ms <= flight->definition->pause_ms_max) return true;
    if (build_ms <= INDEX_MS_QUIET) {
        if (!flight->store->ops->others_write(flight->store, &others_write, error)) return false;
        if (!others_write) return true;
    }
    flight_note(flight, "indexes are made before the backfill: building them after it would hold the writers for about %" PRId64
                        " ms; the backfill takes longer for it", build_ms);
    *ret = true;
    return true;
}

static bool make_shape(struct flight *flight, struct error *error) {
    struct store *store = flight->store;
    bool early;
    if (!index_early(flight, &early, error) || !store->ops->shape_make(store, error)) return false;
    return !early || (store->ops->shape_index(store, error) &&
                      store->ops->ledger_mark(store, flight->at.record.name, "build the indexes", error));
}

static bool notes_first(const struct flight *flight) {
    return has_outbox(flight) || flight->store->ops->notes_copy;
}

static bool capture_old(struct flight *flight, struct error *error) {
    struct store *store = flight->store;
    return (notes_first(flight) ? store->ops->capture_note(store, SIDE_OLD, error) : store->ops->capture_on(store, SIDE_OLD, error)) &&
           store->ops->backfill_open(store, error);
}

static const struct step initializing[] = {
    {"make the new shape", make_shape, false},
    {"capture the old side", capture_old, false},
};

/* --- Running -------------------------------------------------------------------------------------------------- */

static bool backfill_one(struct flight *flight, struct chunk *chunk, struct error *error) {
    return flight->store->ops->backfill_chunk(flight->store, flight->token, chunk, error);
}

static bool backfill(struct flight *flight, struct error *error) {
    return crew_backfill(flight, backfill_one, error);
}

/* From now on nothing goes to the outbox. */
static bool follow(struct flight *flight, struct error *error) {
    struct store *store = flight->store;
    return !notes_first(flight) || store->ops->capture_on(store, SIDE_OLD, error);
}

static bool drain_one(struct flight *flight, struct chunk *chunk, struct error *error) {
    return flight->store->ops->drain(flight->store, FORWARD, flight->token, chunk, error);
}

static bool drain(struct flight *flight, struct error *error) {
    if (has_outbox(flight)) return between_drain(flight, FORWARD, error);
    if (!notes_first(flight)) return true;
    return flight_refresh(flight, error) && pace_chunks(flight, "drain", 0, flight->at.record.outbox, drain_one, error);
}

/* The new side opens: from now on what is written there follows to the old, or is refused if it cannot. */
static bool open_new(struct flight *flight, struct error *error) {
    struct store *store = flight->store;
    if (!gate_intact(flight, error)) return false; /* what is made anew is no longer missed */
    return has_way_back(flight) ? store->ops->capture_on(store, SIDE_NEW, error)
                                : store->ops->capture_refuse(store, SIDE_NEW, error);
}

/* Nobody but midflight writes the side that follows by an outbox. */
static bool refuse_new(struct flight *flight, struct error *error) {
    return flight->store->ops->capture_refuse(flight->store, SIDE_NEW, error);
}

static const struct step running[] = {
    {"backfill", backfill, true},
    {"close the backfill", late_close, true},
    {"build the indexes", late_index, false},
    {"follow at once", follow, false},
    {"drain the outbox", drain, true},
    {"open the new side", open_new, false},
    {"sweep", verify_sweep, true},
};
static const struct step running_by_outbox[] = {
    {"backfill", backfill, true},
    {"close the backfill", late_close, true},
    {"build the indexes", late_index, false},
    {"refuse writes of the new side", refuse_new, false},
    {"drain the outbox", drain, true},
    {"sweep", verify_sweep, true},
};

#define COUNT(steps) (sizeof(steps) / sizeof *(steps))

static bool run(struct flight *flight, struct error *error) {
    if (flight->other != NULL) return between_run(flight, error);
    return has_outbox(flight) ? flight_steps(flight, running_by_outbox, COUNT(running_by_outbox), error)
                              : flight_steps(flight, running, COUNT(running), error);
}

static void say_where(struct flight *flight) {
    const struct record *record = &flight->at.record;
    if (record->quarantined > 0) {
        flight_note(flight, "%" PRId64 " entities are in quarantine: `midflight status` lists them; `advance` waits for them",
                    record->quarantined);
    }
    if (record->diverged > 0) {
        flight_note(flight, "%" PRId64 " entities differ: `midflight verify` shows them", record->diverged);
    }
}

bool carry_start(struct flight *flight, struct error *error) {
    if (!flight_same_definition(flight, error)) return false;
    switch (flight->at.stage) {
    case STAGE_ROLLING_BACK:
        return error_set(error, ERROR_GATE, "migration %s is rolling back: run `midflight rollback` to the end, then start",
                         flight->at.record.name);
    case STAGE_UNINITIALIZED:
        if (!enter(flight, error)) return false;
        break;
    case STAGE_INITIALIZING:
    case STAGE_RUNNING:
        if (!flight_take(flight, false, error)) return false;
        break;
    case STAGE_AWAITING_ADDITIONAL_ACTION:
    case STAGE_AWAITING_FINALIZATION:
    case STAGE_FINISHING:
    case STAGE_FINISHED:
        return true;
    }
    bool apart = flight->other != NULL;
    if (!flight_introduce(flight, error) || !flight_bind(flight, error)) return false;
    if (flight->at.stage == STAGE_INITIALIZING &&
        (!(apart ? between_initialize(flight, error) : flight_steps(flight, initializing, COUNT(initializing), error)) ||
         !flight_bind(flight, error) || !flight_move(flight, STAGE_RUNNING, "the new shape exists and capture is on", error))) {
        return false;
    }
    if (!run(flight, error) || !flight_refresh(flight, error) ||
        !flight_move(flight, STAGE_AWAITING_ADDITIONAL_ACTION, "backfilled, indexed, compared", error)) {
        return false;
    }
    say_where(flight);
    return true;
}

/* The holder of the lease renews it; a helper has none. */
static bool help_one(struct flight *flight, struct chunk *chunk, struct error *error) {
    return flight->other != NULL ? parcel_backfill(flight, chunk, error)
                                 : flight->store->ops->backfill_chunk(flight->store, 0, chunk, error);
}

bool carry_join(struct flight *flight, struct error *error) {
    const char *name = flight->definition->change.name;
    bool done;
    if (!flight_same_definition(flight, error)) return false;
    if (flight->store->ops->workers == 1) {
        return error_set(error, ERROR_USAGE, "--join: this store has one writer at a time, and migration %s one midflight", name);
    }
    if (!flight_step_done(flight, "backfill", &done, error)) return false;
    if (flight->at.stage != STAGE_RUNNING || done) {
        return error_set(error, ERROR_GATE, "--join: migration %s is %s%s: there is no copy to help with", name,
                         stage_name(flight->at.stage), done ? ", and has been copied" : "");
    }
    return flight_bind(flight, error) &&
           crew_chunks(flight, "backfill", flight->at.record.rows_done, flight->at.record.rows_total, help_one, error);
}
