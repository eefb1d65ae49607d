#include "engine/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "engine/pace.h"
#include "engine/quarantine.h"

/* Rows compared in one read of the store. */
#define ROWS_AT_ONCE 2000
/* Differences of one step kept at most: beyond it a verification says enough. */
#define DIFFERENCES_MAX 10000

/* Differences are collected first: repairing writes, and must not happen while the step still reads. */
struct collected {
    struct arena *arena;
    struct difference *items;
    size_t count;
};

static const char *copy_or_null(struct arena *arena, const char *text) {
    return text == NULL ? NULL : arena_copy(arena, text);
}

static bool collect(void *context, const struct difference *difference, struct error *error) {
    (void)error;
    struct collected *collected = context;
    if (collected->count == DIFFERENCES_MAX) return true;
    if (collected->items == NULL) {
        collected->items = ARENA_ARRAY(collected->arena, struct difference, DIFFERENCES_MAX);
    }
    collected->items[collected->count++] =
        (struct difference){.key = arena_copy(collected->arena, difference->key),
                            .table = arena_copy(collected->arena, difference->table),
                            .expected = copy_or_null(collected->arena, difference->expected),
                            .found = copy_or_null(collected->arena, difference->found)};
    return true;
}

static enum direction leading(const struct flight *flight) {
    return flight->at.stage == STAGE_AWAITING_FINALIZATION && has_way_back(flight) ? BACKWARD : FORWARD;
}

static bool record_difference(struct flight *flight, const struct difference *difference, struct error *error) {
    struct store *store = flight->store;
    TEXT text = {0};
    text_addf(&text, "table %s: expected %s, found %s", difference->table,
              difference->expected == NULL ? "no row" : difference->expected,
              difference->found == NULL ? "no row" : difference->found);
    struct finding finding = {.key = difference->key, .text = text_get(&text), .at_ms = clock_wall_ms()};
    if (!flight_begin(flight, error)) return false;
    bool ok = store->ops->finding_add(store, flight->at.record.name, DIVERGENCE, &finding, error);
    return flight_end(flight, ok, "divergence recorded", error);
}

/* What waits in quarantine is known to differ, and has a gate of its own. */
static bool known_to_quarantine(struct flight *flight, const char *key, bool *ret, struct error *error) {
    return quarantine_has(flight, FORWARD, key, ret, error) && (*ret || quarantine_has(flight, BACKWARD, key, ret, error));
}

/* An entity that differs in several tables is one entity; the differences of a step come table by table. */
static bool seen_before(const struct collected *collected, size_t at) {
    for (size_t i = 0; i < at; i++) {
        if (strcmp(collected->items[i].key, collected->items[at].key) == 0) return true;
    }
    return false;
}

static bool settle(struct flight *flight, struct verification *verification, const struct collected *collected,
                   struct error *error) {
    for (size_t i = 0; i < collected->count; i++) {
        const struct difference *difference = &collected->items[i];
        if (seen_before(collected, i)) continue;
        bool repaired = false, known;
        if (!known_to_quarantine(flight, difference->key, &known, error) ||
            (verification->repair && !quarantine_sync(flight, leading(flight), difference->key, &repaired, error))) {
            return false;
        }
        if (known && !repaired) continue;
        verification->diverged++;
        if (repaired) {
            verification->repaired++;
        } else if (!record_difference(flight, difference, error)) {
            return false;
        }
        if (flight->observer.difference != NULL) {
            flight->observer.difference(flight->observer.context, difference, repaired);
        }
    }
    return true;
}

/* Steps that a sample leaves out: spread evenly, the first one in. */
static bool left_out(double sample, int64_t step) {
    return sample < 1 && (int64_t)((double)step * sample) == (int64_t)((double)(step - 1) * sample) && step > 0;
}

static bool inspect_all(struct flight *flight, struct verification *verification, struct error *error) {
    struct inspection inspection = {.direction = leading(flight), .until = verification->to};
    struct meter meter = {0};
    int64_t total = flight->at.record.rows_total, passed = 0;
    bool ok = true;
    if (verification->from != NULL) inspection.cursor = strdup(verification->from);
    for (int64_t step = 0; ok && !inspection.done; step++) {
        struct collected collected = {.arena = arena_new()};
        interrupt_rest();
        ok = !interrupt_requested() || error_set(error, ERROR_INTERRUPTED, "stopped in the middle of: verify");
        inspection.rows = verification->sample < 1 ? ROWS_AT_ONCE / 10 : ROWS_AT_ONCE;
        inspection.skip = left_out(verification->sample, step);
        ok = ok && flight->store->ops->inspect(flight->store, &inspection, collect, &collected, error) &&
             settle(flight, verification, &collected, error);
        passed += inspection.rows;
        if (!inspection.skip) verification->rows += inspection.rows;
        if (ok) meter_add(&meter, flight, "verify", inspection.rows, inspection.done ? total : passed < total ? passed : total, total);
        arena_free(collected.arena);
    }
    free(inspection.cursor);
    return ok;
}

/* Says when the whole was verified, in which epoch and how many rows. All 0: it was not. */
static bool remember(struct flight *flight, int64_t at_ms, int64_t epoch, int64_t rows, struct error *error) {
    struct store *store = flight->store;
    const char *name = flight->at.record.name;
    return store->ops->ledger_set(store, name, RECORD_VERIFIED_MS, at_ms, error) &&
           store->ops->ledger_set(store, name, RECORD_VERIFIED_EPOCH, epoch, error) &&
           store->ops->ledger_set(store, name, RECORD_VERIFIED_ROWS, rows, error);
}

/* What was found before is forgotten together with the claim that all was looked at: a verification that dies half way
 * must not leave a clean record behind. */
static bool forget(struct flight *flight, struct error *error) {
    if (!flight_begin(flight, error)) return false;
    bool ok = flight->store->ops->findings_clear(flight->store, flight->at.record.name, DIVERGENCE, error) &&
              remember(flight, 0, 0, 0, error);
    return flight_end(flight, ok, "divergences cleared", error);
}

static bool conclude(struct flight *flight, int64_t rows, struct error *error) {
    if (!flight_begin(flight, error)) return false;
    bool ok = remember(flight, clock_wall_ms(), flight->at.record.epoch, rows, error);
    return flight_end(flight, ok, "verification remembered", error);
}

bool verify_run(struct flight *flight, struct verification *verification, struct error *error) {
    bool whole = verification->from == NULL && verification->to == NULL && verification->sample >= 1;
    return (!whole || forget(flight, error)) && inspect_all(flight, verification, error) &&
           (!whole || conclude(flight, verification->rows, error)) && flight_refresh(flight, error);
}
