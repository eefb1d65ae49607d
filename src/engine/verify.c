#include "engine/verify.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "engine/compare.h"
#include "engine/crew.h"
#include "engine/gate.h"
#include "engine/held.h"
#include "engine/quarantine.h"

/* Rows compared in one read of the store: as many as it takes about so long for, which is shorter, with a rest so many times as
 * long, while others write. A sample is taken in small steps, all of one size. */
#define STEP_MS 100.0
#define STEP_BUSY_MS 10.0
#define REST_BUSY 2.0
#define ROWS_FIRST 2000
#define ROWS_MAX 100000
/* However long they take: a step costs something whatever its size, so that ever smaller ones would only be more of that. */
#define ROWS_LEAST 2000
#define ROWS_OF_A_SAMPLE 200
/* Others are taken to be writing for so long after they were last seen to. */
#define BUSY_MS 500.0
/* How often a long rest looks whether it is to stop. */
#define LOOK_MS 50.0
/* Parts of the whole that a crew takes: as many as keep it busy to the end, each of so many rows at the least. */
#define PARTS_MAX 32
#define PART_ROWS_LEAST 50000
/* Differences of one step kept at most: a step that finds more is taken again in smaller ones, as far as that goes. */
#define DIFFERENCES_MAX 10000

/* Differences that are recorded in one transaction. */
#define RECORDED_TOGETHER 500

struct found {
    struct difference difference;
    bool known, repaired; /* known: to quarantine, before this step */
};

/* Differences are collected first: repairing writes, and must not happen while the step still reads. */
struct collected {
    struct arena *arena;
    struct found *items;
    size_t count;
    bool full; /* there were more */
};

static const char *copy_or_null(struct arena *arena, const char *text) {
    return text == NULL ? NULL : arena_copy(arena, text);
}

static bool collect(void *context, const struct difference *difference, struct error *error) {
    (void)error;
    struct collected *collected = context;
    if (collected->count == DIFFERENCES_MAX) {
        collected->full = true;
        return true;
    }
    if (collected->items == NULL) {
        collected->items = ARENA_ARRAY(collected->arena, struct found, DIFFERENCES_MAX);
    }
    struct difference copy = {.key = arena_copy(collected->arena, difference->key), .table = arena_copy(collected->arena, difference->table),
                              .expected = copy_or_null(collected->arena, difference->expected),
                              .found = copy_or_null(collected->arena, difference->found)};
    collected->items[collected->count++] = (struct found){.difference = copy};
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
    return store->ops->finding_add(store, flight->at.record.name, DIVERGENCE, &finding, error);
}

/* What waits in quarantine is known to differ, and has a gate of its own. */
static bool is_known(struct flight *flight, const char *key, bool *ret, struct error *error) {
    *ret = false;
    if (flight->at.record.quarantined == 0) return true;
    return quarantine_has(flight, FORWARD, key, ret, error) && (*ret || quarantine_has(flight, BACKWARD, key, ret, error));
}

/* What is held is known to differ, has a gate of its own, and is not to be repaired before somebody has looked. */
static bool leave_held(struct flight *flight, struct collected *collected, struct error *error) {
    struct key_list held = {.arena = collected->arena};
    size_t kept = 0, ignored;
    if (!held_keys(flight, &held, error)) return false;
    for (size_t i = 0; i < collected->count; i++) {
        if (!key_list_find(&held, collected->items[i].difference.key, &ignored)) collected->items[kept++] = collected->items[i];
    }
    collected->count = kept;
    return true;
}

/* An entity that differs in several tables is one entity; the differences of a step come table by table. Leaves the first of each. */
static void keep_first(struct collected *collected, struct key_list *keys) {
    size_t kept = 0;
    for (size_t i = 0; i < collected->count; i++) names_add(keys->arena, &keys->names, collected->items[i].difference.key);
    key_list_sort(keys);
    bool *seen = ARENA_ARRAY(keys->arena, bool, keys->names.count);
    memset(seen, 0, keys->names.count * sizeof *seen);
    for (size_t i = 0; i < collected->count; i++) {
        size_t place = 0;
        if (!key_list_find(keys, collected->items[i].difference.key, &place) || seen[place]) continue;
        seen[place] = true;
        collected->items[kept++] = collected->items[i];
    }
    collected->count = kept;
}

/* Leaves those that were not known to quarantine before, or are repaired, and are not held. */
static bool keep_news(struct flight *flight, struct verification *verification, struct collected *collected, struct error *error) {
    struct key_list keys = {.arena = collected->arena}, refused = {.arena = collected->arena};
    size_t kept = 0;
    keep_first(collected, &keys);
    if (!flight_refresh(flight, error)) return false;
    for (size_t i = 0; i < collected->count; i++) {
        if (!is_known(flight, collected->items[i].difference.key, &collected->items[i].known, error)) return false;
    }
    if (verification->repair && !quarantine_sync(flight, leading(flight), keys.names, &refused, error)) return false;
    key_list_sort(&refused);
    for (size_t i = 0; i < collected->count; i++) {
        struct found *found = &collected->items[i];
        size_t ignored;
        found->repaired = verification->repair && !key_list_find(&refused, found->difference.key, &ignored);
        if (!found->known || found->repaired) collected->items[kept++] = *found;
    }
    collected->count = kept;
    return leave_held(flight, collected, error);
}

/* Some of them in one transaction, which an application may have to wait for. */
static bool record_some(struct flight *flight, const struct collected *collected, size_t from, size_t until, struct error *error) {
    bool ok = true;
    if (!flight_begin(flight, error)) return false;
    for (size_t i = from; ok && i < until; i++) {
        ok = collected->items[i].repaired || record_difference(flight, &collected->items[i].difference, error);
    }
    return flight_end(flight, ok, "divergences recorded", error);
}

static bool settle(struct flight *flight, struct verification *verification, struct collected *collected, struct error *error) {
    if (collected->count == 0) return true;
    if (!keep_news(flight, verification, collected, error)) return false;
    for (size_t i = 0; i < collected->count; i += RECORDED_TOGETHER) {
        size_t left = collected->count - i;
        if (!record_some(flight, collected, i, i + (left < RECORDED_TOGETHER ? left : RECORDED_TOGETHER), error)) return false;
    }
    for (size_t i = 0; i < collected->count; i++) {
        const struct found *found = &collected->items[i];
        verification->diverged++;
        if (found->repaired) verification->repaired++;
        if (flight->observer.difference != NULL) flight->observer.difference(flight->observer.context, &found->difference, found->repaired);
    }
    return true;
}

/* Steps that a sample leaves out: spread evenly, the first one in. */
static bool left_out(double sample, int64_t step) {
    return sample < 1 && (int64_t)((double)step * sample) == (int64_t)((double)(step - 1) * sample) && step > 0;
}

/* How verification goes: what is left, how much of it at a time, and who else is at work. */
struct progress {
    struct inspection inspection;
    struct meter meter;
    int64_t rows;   /* of the next step, at most */
    int64_t passed; /* so far */
    int64_t step;    /* its number */
    bool strays;     /* between two stores: the second pass, for what only the follower has */
    int64_t whole;   /* rows that are to be passed in all, about */
    int64_t left;    /* of the part, about; 0: it is not known */
    double spent_ms; /* the last step took */
    double seen;     /* when others were last seen to write; 0: never */
};

static bool progress_busy(const struct progress *progress) {
    return progress->seen > 0 && clock_ms() - progress->seen < BUSY_MS;
}

/* The next step's size, by the last one. */
static void progress_follow(struct progress *progress, double sample) {
    double factor = (progress_busy(progress) ? STEP_BUSY_MS : STEP_MS) / fmax(progress->spent_ms, 0.01);
    if (sample < 1) return;
    int64_t rows = (int64_t)((double)progress->rows * fmin(fmax(factor, 0.25), 2));
    if (factor < 1 && rows < ROWS_LEAST) rows = progress->rows < ROWS_LEAST ? progress->rows : ROWS_LEAST;
    progress->rows = rows > ROWS_MAX ? ROWS_MAX : rows;
}

/* Between two steps: what is left of the time is the application's. */
static bool progress_rest(struct progress *progress, struct flight *flight, struct error *error) {
    bool wrote;
    if (!flight->store->ops->others_write(flight->store, &wrote, error)) return false;
    if (wrote) progress->seen = clock_ms();
    double rest = progress_busy(progress) ? progress->spent_ms * REST_BUSY : 0;
    if (flight->load > 0 && flight->load < 1) rest = fmax(rest, progress->spent_ms * (1 - flight->load) / flight->load);
    for (double until = clock_ms() + rest, now; (now = clock_ms()) < until && !flight_stopped(flight);) {
        clock_sleep_ms(fmin(until - now, LOOK_MS));
        interrupt_rest();
    }
    return true;
}

/* One read of the store, and what follows from it. A step that found more than there is room for goes back to where it began. */
static bool inspect_step(struct flight *flight, struct verification *verification, struct progress *progress, struct error *error) {
    struct inspection *inspection = &progress->inspection;
    struct collected collected = {.arena = arena_new()};
    int64_t total = flight->at.record.rows_total, whole = progress->whole;
    char *cursor = inspection->cursor == NULL ? NULL : strdup(inspection->cursor);
    double began = clock_ms();
    inspection->rest = !progress_busy(progress) && progress->left > 0 && progress->left <= 2 * progress->rows;
    inspection->rows = inspection->rest ? progress->left : progress->rows;
    inspection->skip = left_out(verification->sample, progress->step);
    bool ok = has_outbox(flight) ? compare_step(flight, inspection, progress->strays, collect, &collected, error)
                                 : flight->store->ops->inspect(flight->store, inspection, collect, &collected, error);
    progress->spent_ms = clock_ms() - began;
    if (ok && collected.full && progress->rows > 1) {
        free(inspection->cursor);
        inspection->cursor = cursor;
        inspection->done = false;
        progress->rows = progress->rows / 4 > 0 ? progress->rows / 4 : 1;
        arena_free(collected.arena);
        return true;
    }
    free(cursor);
    ok = ok && settle(flight, verification, &collected, error);
    arena_free(collected.arena);
    if (!ok) return false;
    progress->step++;
    progress->passed += inspection->rows;
    progress->left = progress->left > inspection->rows ? progress->left - inspection->rows : 0;
    if (!inspection->skip) verification->rows += inspection->rows;
    meter_add(&progress->meter, flight, "verify", inspection->rows,
              progress->passed < whole ? progress->passed : whole, total);
    progress_follow(progress, verification->sample);
    return true;
}

/* --- in parts ------------------------------------------------------------------------------------------------- */

/* The keys at which the parts end, the last one's being the end of all; and what the crew has found so far. */
struct parts {
    struct verification *verification; /* of all, guarded by the lock */
    pthread_mutex_t lock;
    char **ends;
    size_t count, next;
};

static bool parts_end(void *context, const char *key, struct error *error) {
    (void)error;
    struct parts *parts = context;
    parts->ends = realloc(parts->ends, (parts->count + 1) * sizeof *parts->ends);
    if (parts->ends == NULL) abort();
    parts->ends[parts->count++] = strdup(key);
    return true;
}

/* The whole of a large shape goes in parts; anything less is one. */
static bool parts_divide(struct flight *flight, struct parts *parts, struct error *error) {
    const struct verification *verification = parts->verification;
    bool whole = verification->from == NULL && verification->to == NULL && verification->sample >= 1;
    int64_t count = flight->at.record.rows_total / PART_ROWS_LEAST;
    if (!whole || count < 2 || flight->store->ops->divide == NULL || has_outbox(flight)) return true;
    return flight->store->ops->divide(flight->store, count < PARTS_MAX ? count : PARTS_MAX, parts_end, parts, error);
}

/* The next part that nobody has: *ret_from and *ret_to its bounds, NULL where it is open. False: there is none. */
static bool parts_take(struct parts *parts, const char **ret_from, const char **ret_to) {
    pthread_mutex_lock(&parts->lock);
    size_t part = parts->next++;
    pthread_mutex_unlock(&parts->lock);
    if (part > parts->count) return false;
    *ret_from = part == 0 ? parts->verification->from : parts->ends[part - 1];
    *ret_to = part == parts->count ? parts->verification->to : parts->ends[part];
    return true;
}

static void parts_add(struct parts *parts, const struct verification *found) {
    pthread_mutex_lock(&parts->lock);
    parts->verification->rows += found->rows;
    parts->verification->diverged += found->diverged;
    parts->verification->repaired += found->repaired;
    pthread_mutex_unlock(&parts->lock);
}

static bool inspect_pass(struct flight *flight, struct verification *verification, struct progress *progress, struct error *error) {
    bool ok = true;
    progress->inspection = (struct inspection){.direction = leading(flight), .until = verification->to};
    if (verification->from != NULL) progress->inspection.cursor = strdup(verification->from);
    while (ok && !progress->inspection.done) {
        interrupt_rest();
        ok = !flight_stopped(flight) || error_set(error, ERROR_INTERRUPTED, "stopped in the middle of: verify");
        ok = ok && inspect_step(flight, verification, progress, error) && progress_rest(progress, flight, error);
    }
    free(progress->inspection.cursor);
    return ok;
}

/* In one database one pass sees the keys of both sides. */
static bool inspect_part(struct flight *flight, struct verification *verification, struct progress *progress, struct error *error) {
    progress->strays = false;
    if (!inspect_pass(flight, verification, progress, error)) return false;
    if (flight->other == NULL) return true;
    progress->strays = true;
    return inspect_pass(flight, verification, progress, error);
}

static bool inspect_parts(struct flight *flight, void *context, struct error *error) {
    struct parts *parts = context;
    struct verification part = *parts->verification;
    struct progress progress = {.rows = part.sample < 1 ? ROWS_OF_A_SAMPLE : ROWS_FIRST, .whole = flight->at.record.rows_total};
    part.rows = part.diverged = part.repaired = 0;
    bool ok = true;
    while (ok && parts_take(parts, &part.from, &part.to)) {
        progress.left = parts->count == 0 ? 0 : progress.whole / (int64_t)(parts->count + 1);
        ok = inspect_part(flight, &part, &progress, error);
    }
    parts_add(parts, &part);
    return ok;
}

/* A crew only where nobody else is known to write: it would take the processors that they need. */
static bool inspect_all(struct flight *flight, struct verification *verification, struct error *error) {
    struct parts parts = {.verification = verification, .lock = PTHREAD_MUTEX_INITIALIZER};
    bool others = false;
    bool ok = parts_divide(flight, &parts, error) && flight->store->ops->others_write(flight->store, &others, error);
    if (ok) ok = parts.count == 0 || others ? inspect_parts(flight, &parts, error) : crew_run(flight, 0, inspect_parts, &parts, error);
    for (size_t i = 0; i < parts.count; i++) free(parts.ends[i]);
    free(parts.ends);
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

bool verify_sweep(struct flight *flight, struct error *error) {
    struct verification verification = {.sample = 1, .repair = true};
    int64_t quarantined;
    if (!gate_outbox(flight, error) || !quarantine_retry(flight, &quarantined, error) || !verify_run(flight, &verification, error)) return false;
    if (verification.repaired > 0) {
        flight_note(flight, "the second pass synced %" PRId64 " entities again", verification.repaired);
    }
    return true;
}
