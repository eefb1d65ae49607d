#include "proxy/shadow.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/wait.h"
#include "engine/carry.h"
#include "proxy/call.h"
#include "proxy/difference.h"
#include "proxy/pool.h"
#include "proxy/route.h"

#define QUEUE_MAX 256
/* Samples are looked at together, when there are so many or after so long: to wake a thread for each would cost the callers more. */
#define TOGETHER 16
#define LINGER_MS 20.0
#define KEY_BYTES 512 /* of longer keys there is no sample */
#define SAMPLES_MAX 8192
/* What differs is looked at so often, with rests between: a write, or what follows it, may be under way. */
#define LOOKS 3
#define REST_MS 30.0
/* Gates are looked at so often. */
#define GATES_MS 250.0

struct sample {
    enum side face;
    char key[KEY_BYTES];
};

/* What came of one. */
struct outcome {
    int64_t at_ms;
    float leader_ms, follower_ms;
    bool leader_failed, follower_failed, mismatched;
};

struct shadow {
    const struct definition *definition;
    struct nodekeeper *node;
    struct comparison comparison;
    struct arena *arena; /* the rules */
    struct pool *pool;   /* of the one connection that it uses */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t offered;
    bool stop, running;
    atomic_uint_least64_t debt; /* in 1/WHOLE: every offer adds `sample`; a whole one is taken */
    /* under the mutex */
    struct sample queue[QUEUE_MAX];
    size_t first, waiting;
    bool gathering; /* samples wait for others */
    int64_t left_out;
    struct outcome outcomes[SAMPLES_MAX]; /* the last, round and round */
    size_t outcome_count;
    char demoted[256];
    int64_t epoch; /* at which the samples of the window were taken; 0: not looked yet */
};

/* --- the queue -------------------------------------------------------------------------------------------------- */

#define WHOLE 4294967296.0

/* Is this offer the one that makes a sample whole? */
static bool is_taken(struct shadow *shadow) {
    uint64_t step = (uint64_t)(shadow->comparison.sample * WHOLE), before = atomic_fetch_add(&shadow->debt, step);
    return (before + step) / (uint64_t)WHOLE != before / (uint64_t)WHOLE;
}

void shadow_offer(struct shadow *shadow, enum side face, const char *key) {
    if (shadow->comparison.sample <= 0 || !is_taken(shadow)) return;
    pthread_mutex_lock(&shadow->mutex);
    if (shadow->waiting == QUEUE_MAX || strlen(key) >= KEY_BYTES) {
        shadow->left_out++;
    } else {
        struct sample *sample = &shadow->queue[(shadow->first + shadow->waiting++) % QUEUE_MAX];
        sample->face = face;
        snprintf(sample->key, sizeof sample->key, "%s", key);
        if (shadow->waiting == TOGETHER) pthread_cond_signal(&shadow->offered);
    }
    pthread_mutex_unlock(&shadow->mutex);
}

/* With the mutex: until enough have gathered, or for a while. */
static void gather(struct shadow *shadow) {
    double until = clock_ms() + LINGER_MS;
    while (!shadow->stop && shadow->waiting < TOGETHER && wait_until(&shadow->offered, &shadow->mutex, until)) continue;
}

/* Waits for a while; *ret_there: there is one. False: it is over. */
static bool next_sample(struct shadow *shadow, struct sample *ret, bool *ret_there) {
    pthread_mutex_lock(&shadow->mutex);
    if (shadow->gathering) gather(shadow);
    bool going = !shadow->stop, there = *ret_there = going && shadow->waiting > 0;
    if (there) {
        *ret = shadow->queue[shadow->first];
        shadow->first = (shadow->first + 1) % QUEUE_MAX;
        shadow->waiting--;
    }
    shadow->gathering = shadow->waiting == 0;
    pthread_mutex_unlock(&shadow->mutex);
    return going;
}

static void keep_outcome(struct shadow *shadow, const struct outcome *outcome) {
    pthread_mutex_lock(&shadow->mutex);
    shadow->outcomes[shadow->outcome_count++ % SAMPLES_MAX] = *outcome;
    pthread_mutex_unlock(&shadow->mutex);
}

/* --- one look --------------------------------------------------------------------------------------------------- */

/* Both sides' documents of one shape; empty: there is no such entity. */
struct pair {
    struct text leader, follower;
};

struct look {
    struct call call;
    struct outcome outcome;
    struct pair pair;  /* of the face that was asked for */
    char cause[256];   /* empty: they agree */
    bool inconclusive; /* the entity is being written */
};

static const char *text_of(const struct text *text) {
    return text->length == 0 ? NULL : text_get(text);
}

static void pair_free(struct pair *pair) {
    text_free(&pair->leader);
    text_free(&pair->follower);
}

static bool read_timed(struct call *call, enum side shape, enum side from, const char *key, struct text *ret, float *ret_ms,
                       struct error *error) {
    bool found;
    double began = clock_ms();
    bool ok = call_read(call, shape, from, key, ret, &found, error);
    *ret_ms = (float)(clock_ms() - began);
    return ok;
}

/* Between two stores the leader is read again: if it changed, nothing is known. */
static bool read_pair(struct look *look, enum side shape, const char *key, struct pair *ret, struct error *error) {
    enum side leader = route_leader(look->call.pin.stage), follower = leader == SIDE_OLD ? SIDE_NEW : SIDE_OLD;
    struct text again = {0};
    float ignored;
    if (look->call.seat->half) {
        look->outcome.follower_failed = true;
        return seat_lacks_new(look->call.seat, error);
    }
    if (!read_timed(&look->call, shape, leader, key, &ret->leader, &look->outcome.leader_ms, error)) {
        look->outcome.leader_failed = true;
        return false;
    }
    if (!read_timed(&look->call, shape, follower, key, &ret->follower, &look->outcome.follower_ms, error)) {
        look->outcome.follower_failed = true;
        return false;
    }
    if (!has_outbox(look->call.seat->flight)) return true;
    bool ok = read_timed(&look->call, shape, leader, key, &again, &ignored, error);
    look->inconclusive = ok && strcmp(text_get(&again), text_get(&ret->leader)) != 0;
    text_free(&again);
    return ok;
}

static bool differ(struct shadow *shadow, struct look *look, enum side shape, const char *key, struct pair *pair, char cause[256],
                   struct error *error) {
    const char *table = shadow->definition->change.alter_table != NULL ? shadow->definition->change.alter_table
                                                                       : shadow->definition->change.shapes[shape].tables[0].name;
    return read_pair(look, shape, key, pair, error) &&
           difference_find(text_of(&pair->leader), text_of(&pair->follower), table, &shadow->comparison, cause, 256, error);
}

static bool waits(struct look *look, const char *key, bool *ret, struct error *error) {
    enum side leader = route_leader(look->call.pin.stage);
    struct store *store = call_house(&look->call, leader);
    TEXT spelled = {0};
    return store->ops->face_key(store, key, &spelled, error) &&
           store->ops->face_waits(store, led_by(leader), text_get(&spelled), ret, error);
}

/* Agreeing in one shape is enough. */
static bool compare_both(struct shadow *shadow, struct look *look, const struct sample *sample, struct error *error) {
    struct pair other = {0};
    char ignored[256] = "";
    bool ok = waits(look, sample->key, &look->inconclusive, error);
    if (!ok || look->inconclusive) return ok;
    ok = differ(shadow, look, sample->face, sample->key, &look->pair, look->cause, error);
    if (ok && !look->inconclusive && look->cause[0] != '\0') {
        struct outcome measured = look->outcome;
        ok = differ(shadow, look, sample->face == SIDE_OLD ? SIDE_NEW : SIDE_OLD, sample->key, &other, ignored, error);
        if (ok) look->outcome = measured;
        if (ok && ignored[0] == '\0') look->cause[0] = '\0';
    }
    pair_free(&other);
    return ok;
}

static bool is_comparable(const struct shadow *shadow, enum stage stage) {
    const struct change *change = &shadow->definition->change;
    bool both_ways = change->alter_table != NULL || change->mappings[BACKWARD].count > 0;
    return both_ways && (stage == STAGE_AWAITING_ADDITIONAL_ACTION || stage == STAGE_AWAITING_FINALIZATION);
}

/* One snapshot where both sides are in one store. *ret_done false: there is nothing to compare now. */
static bool look_once(struct shadow *shadow, struct seat *seat, const struct sample *sample, struct look *look, bool *ret_done,
                      struct error *error) {
    struct pin pin;
    *ret_done = false;
    if (!node_pin(shadow->node, &pin, error)) return true;
    bool ok = true;
    if (is_comparable(shadow, pin.stage) && !pin.changing) {
        look->call = (struct call){.definition = shadow->definition, .seat = seat, .pin = pin};
        ok = call_begin(&look->call, false, error);
        if (ok) ok = call_end(&look->call, compare_both(shadow, look, sample, error), error);
        *ret_done = true;
    }
    (void)node_unpin(shadow->node, &pin); /* a comparison is no answer to anybody */
    return ok;
}

/* --- one sample ------------------------------------------------------------------------------------------------- */

static void record(struct shadow *shadow, struct seat *seat, const struct sample *sample, const struct look *look) {
    struct store *store = seat->flight->store;
    const char *leader = text_of(&look->pair.leader), *follower = text_of(&look->pair.follower);
    struct mismatch mismatch = {look->cause, 1, sample->key, leader == NULL ? "" : leader, follower == NULL ? "" : follower, clock_wall_ms()};
    struct error error; /* a busy ledger loses an example; the window counts it all the same */
    if (!store->ops->begin(store, &error)) return;
    bool ok = store->ops->mismatch_add(store, shadow->definition->change.name, &mismatch, &error) && store->ops->commit(store, &error);
    if (!ok) store->ops->rollback(store);
}

static void compare_sample(struct shadow *shadow, const struct sample *sample) {
    struct seat *seat;
    struct look look = {0};
    struct error error = {0};
    bool done = false, ok = pool_take(shadow->pool, &seat, &error);
    if (!ok) return;
    for (int tries = 0; tries < LOOKS; tries++) {
        pair_free(&look.pair);
        look = (struct look){0};
        ok = look_once(shadow, seat, sample, &look, &done, &error);
        if (!ok || !done || (!look.inconclusive && look.cause[0] == '\0')) break;
        if (tries < LOOKS - 1) clock_sleep_ms(REST_MS);
    }
    look.outcome.at_ms = clock_wall_ms();
    look.outcome.mismatched = ok && done && !look.inconclusive && look.cause[0] != '\0';
    /* The application was answered just now: what could not even begin is the other side's trouble. */
    bool began = ok || look.outcome.leader_failed || look.outcome.follower_failed;
    if (!began && error_class(error.code) != CLASS_RETRY) look.outcome.follower_failed = true;
    bool counted = ok ? done && !look.inconclusive : look.outcome.leader_failed || look.outcome.follower_failed;
    if (look.outcome.mismatched) record(shadow, seat, sample, &look);
    if (counted) keep_outcome(shadow, &look.outcome);
    pair_free(&look.pair);
    pool_give(shadow->pool, seat, !ok && error_class(error.code) == CLASS_FATAL);
}

/* --- the report ------------------------------------------------------------------------------------------------- */

static int by_size(const void *left, const void *right) {
    float l = *(const float *)left, r = *(const float *)right;
    return l < r ? -1 : l > r;
}

static double quantile(const float *sorted, int64_t count, double share) {
    return count == 0 ? 0 : (double)sorted[(int64_t)((double)(count - 1) * share)];
}

static void measure(struct side_report *side, float *times) {
    int64_t good = side->reads - side->errors;
    qsort(times, (size_t)good, sizeof *times, by_size);
    side->p50_ms = quantile(times, good, 0.5);
    side->p99_ms = quantile(times, good, 0.99);
}

static void judge(const struct gates *gates, struct comparison_report *report) {
    if (report->follower.reads < gates->samples_min) return;
    report->mismatch_red = gates->mismatch_rate > 0 && report->compared > 0 &&
                           (double)report->mismatched / (double)report->compared > gates->mismatch_rate;
    report->error_red = gates->error_rate > 0 &&
                        (double)report->follower.errors / (double)report->follower.reads > gates->error_rate;
    report->latency_red = gates->latency_ratio > 0 && report->leader.p99_ms > 0 &&
                          report->follower.p99_ms / report->leader.p99_ms > gates->latency_ratio;
}

static void add_read(struct side_report *side, bool failed, float ms, float *times) {
    if (!failed && ms == 0) return; /* it was not read: the other side could not be reached at all */
    side->reads++;
    side->errors += failed;
    if (!failed) times[side->reads - side->errors - 1] = ms;
}

/* Counts what is in the window; the reads of a side that failed have no time. */
static void add_outcome(struct comparison_report *report, const struct outcome *outcome, float *leader, float *follower) {
    add_read(&report->leader, outcome->leader_failed, outcome->leader_ms, leader);
    if (!outcome->leader_failed) add_read(&report->follower, outcome->follower_failed, outcome->follower_ms, follower);
    if (!outcome->leader_failed && !outcome->follower_failed) report->compared++;
    if (outcome->mismatched) report->mismatched++;
}

void shadow_report(struct shadow *shadow, struct comparison_report *ret) {
    struct comparison_report report = {0};
    float *times = malloc(2 * SAMPLES_MAX * sizeof *times);
    if (times == NULL) abort();
    int64_t since = clock_wall_ms() - shadow->comparison.gates.window_ms;
    pthread_mutex_lock(&shadow->mutex);
    size_t count = shadow->outcome_count < SAMPLES_MAX ? shadow->outcome_count : SAMPLES_MAX;
    for (size_t i = 0; i < count; i++) {
        if (shadow->outcomes[i].at_ms >= since) add_outcome(&report, &shadow->outcomes[i], times, times + SAMPLES_MAX);
    }
    report.left_out = shadow->left_out;
    memcpy(report.demoted, shadow->demoted, sizeof report.demoted);
    pthread_mutex_unlock(&shadow->mutex);
    measure(&report.leader, times);
    measure(&report.follower, times + SAMPLES_MAX);
    free(times);
    judge(&shadow->comparison.gates, &report);
    *ret = report;
}

/* --- demotion --------------------------------------------------------------------------------------------------- */

static bool to_nothing(struct flight *flight, struct error *error) {
    struct store *store = flight->store;
    if (!store->ops->begin(store, error)) return false;
    bool ok = store->ops->rollout_set(store, flight->at.record.name, 0, error) && store->ops->commit(store, error);
    if (!ok) store->ops->rollback(store);
    return ok;
}

static bool demote(struct shadow *shadow, const struct pin *pin, const char *why, struct error *error) {
    struct flight *flight = NULL;
    bool back = pin->stage == STAGE_AWAITING_FINALIZATION; /* else the side that follows need not answer */
    bool ok = back ? flight_open(shadow->definition, NULL, &flight, error) : flight_open_old(shadow->definition, &flight, error);
    if (!ok) return false;
    ok = flight_refresh(flight, error) && (back ? carry_demote(flight, why, error) : to_nothing(flight, error));
    flight_close(flight);
    return ok;
}

static void begin_window(struct shadow *shadow) {
    pthread_mutex_lock(&shadow->mutex);
    shadow->outcome_count = 0;
    pthread_mutex_unlock(&shadow->mutex);
}

/* What was seen at one stage says nothing of the next. */
static bool is_same_stage(struct shadow *shadow, int64_t epoch) {
    bool same = shadow->epoch == 0 || shadow->epoch == epoch;
    shadow->epoch = epoch;
    if (!same) begin_window(shadow);
    return same;
}

static void tell(struct shadow *shadow, const char *before, const char *why) {
    pthread_mutex_lock(&shadow->mutex);
    snprintf(shadow->demoted, sizeof shadow->demoted, "%s%.200s", before, why);
    pthread_mutex_unlock(&shadow->mutex);
}

static void look_at_gates(struct shadow *shadow) {
    struct comparison_report report;
    struct node_standing standing;
    struct error error = {0};
    char why[256];
    node_standing(shadow->node, &standing);
    if (!is_same_stage(shadow, standing.pin.epoch)) return;
    shadow_report(shadow, &report);
    bool led = standing.pin.stage == STAGE_AWAITING_ADDITIONAL_ACTION ? standing.pin.percent_e4 > 0
                                                                      : standing.pin.stage == STAGE_AWAITING_FINALIZATION;
    if (!led || (!report.mismatch_red && !report.error_red && !report.latency_red)) return;
    if (report.mismatch_red) {
        snprintf(why, sizeof why, "gate mismatches: %.2f %% of %lld entities differ", 100 * (double)report.mismatched / (double)report.compared,
                 (long long)report.compared);
    } else if (report.error_red) {
        snprintf(why, sizeof why, "gate errors: %.2f %% of %lld reads of the other side failed",
                 100 * (double)report.follower.errors / (double)report.follower.reads, (long long)report.follower.reads);
    } else {
        snprintf(why, sizeof why, "gate latency: the other side's 99th percentile is %.1f times the leader's",
                 report.follower.p99_ms / report.leader.p99_ms);
    }
    if (demote(shadow, &standing.pin, why, &error)) {
        begin_window(shadow);
        tell(shadow, "", why);
        node_look(shadow->node);
    } else {
        tell(shadow, "could not: ", error.message); /* tried again at the next look */
    }
}

static bool has_gates(const struct gates *gates) {
    return gates->mismatch_rate > 0 || gates->error_rate > 0 || gates->latency_ratio > 0;
}

static void *run(void *context) {
    struct shadow *shadow = context;
    struct sample sample;
    double looked_ms = clock_ms();
    bool there = false;
    while (next_sample(shadow, &sample, &there)) {
        if (there) compare_sample(shadow, &sample);
        if (clock_ms() - looked_ms < GATES_MS || !has_gates(&shadow->comparison.gates)) continue;
        looked_ms = clock_ms();
        look_at_gates(shadow);
    }
    return NULL;
}

/* --- opening ---------------------------------------------------------------------------------------------------- */

static void copy_rules(struct shadow *shadow) {
    struct comparison *comparison = &shadow->comparison;
    struct rule *rules = ARENA_ARRAY(shadow->arena, struct rule, comparison->rule_count + 1);
    for (size_t i = 0; i < comparison->rule_count; i++) {
        rules[i] = comparison->rules[i];
        rules[i].column = arena_copy(shadow->arena, rules[i].column);
    }
    comparison->rules = rules;
    if (comparison->gates.window_ms == 0) comparison->gates.window_ms = 60000;
    if (comparison->gates.samples_min == 0) comparison->gates.samples_min = 100;
}

bool shadow_open(const struct definition *definition, struct nodekeeper *node, const struct comparison *comparison, struct shadow **ret,
                 struct error *error) {
    struct shadow *shadow = calloc(1, sizeof *shadow);
    if (shadow == NULL) abort();
    shadow->definition = definition;
    shadow->node = node;
    shadow->comparison = *comparison;
    shadow->arena = arena_new();
    shadow->pool = pool_new(definition, 1);
    shadow->gathering = true;
    copy_rules(shadow);
    pthread_mutex_init(&shadow->mutex, NULL);
    wait_init(&shadow->offered);
    shadow->running = pthread_create(&shadow->thread, NULL, run, shadow) == 0;
    if (!shadow->running) {
        shadow_close(shadow);
        return error_set(error, ERROR_STORE, "no thread could be started");
    }
    *ret = shadow;
    return true;
}

void shadow_close(struct shadow *shadow) {
    if (shadow == NULL) return;
    pthread_mutex_lock(&shadow->mutex);
    shadow->stop = true;
    pthread_cond_broadcast(&shadow->offered);
    pthread_mutex_unlock(&shadow->mutex);
    if (shadow->running) pthread_join(shadow->thread, NULL);
    pool_free(shadow->pool);
    arena_free(shadow->arena);
    pthread_cond_destroy(&shadow->offered);
    pthread_mutex_destroy(&shadow->mutex);
    free(shadow);
}
