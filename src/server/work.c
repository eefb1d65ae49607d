#include "server/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/log.h"

static const char *const verb_names[] = {
#define VERB_NAME(verb, name) name,
    VERBS(VERB_NAME)
#undef VERB_NAME
};
static const char *const state_names[] = {"waiting", "running", "done", "failed", "stopped"};

const char *verb_name(enum verb verb) {
    return verb_names[verb];
}

struct work *work_new(const struct order *order, int64_t id) {
    struct work *work = calloc(1, sizeof *work);
    if (work == NULL) abort();
    atomic_init(&work->holders, 1);
    work->id = id;
    work->order = *order;
    work->notes = json_array();
    work->differences = json_array();
    return work;
}

struct work *work_hold(struct work *work) {
    atomic_fetch_add(&work->holders, 1);
    return work;
}

void work_drop(struct work *work) {
    if (work == NULL || atomic_fetch_sub(&work->holders, 1) > 1) return;
    json_decref(work->notes);
    json_decref(work->differences);
    json_decref(work->result);
    free(work);
}

void work_keep(json_t *array, json_t *object, size_t max) {
    if (json_array_size(array) >= max) json_array_remove(array, 0);
    json_array_append_new(array, object);
}

static json_t *time_json(int64_t ms) {
    char text[CLOCK_TEXT_BYTES];
    return ms == 0 ? json_null() : json_string(clock_text(ms, text));
}

static json_t *progress_json(const struct work *work) {
    if (work->phase[0] == '\0') return json_null();
    double left = (double)(work->rows_total - work->rows_done);
    json_t *eta = work->rows_s <= 0 ? json_null() : json_real(left <= 0 ? 0 : left / work->rows_s);
    return json_pack("{s:s, s:I, s:I, s:f, s:o}", "phase", work->phase, "rows_done", (json_int_t)work->rows_done, "rows_total",
                     (json_int_t)work->rows_total, "rows_per_s", work->rows_s, "eta_s", eta);
}

static json_t *failure_json(const struct work *work) {
    if (work->state != WORK_FAILED && work->state != WORK_STOPPED) return json_null();
    return json_pack("{s:s, s:o}", "code", work->error.code, "detail", json_text(work->error.message));
}

json_t *work_json(const struct work *work) {
    return json_pack("{s:I, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", (json_int_t)work->id, "verb", verb_name(work->order.verb),
                     "by", json_text(work->order.by), "state", state_names[work->state], "began_at", time_json(work->began_ms),
                     "ended_at", time_json(work->ended_ms), "progress", progress_json(work), "notes", json_deep_copy(work->notes),
                     "differences", json_deep_copy(work->differences), "result",
                     work->result == NULL ? json_null() : json_deep_copy(work->result), "failure", failure_json(work));
}

json_t *difference_json(const mf_difference *d) {
    return json_pack("{s:o, s:o, s:o, s:o, s:b}", "key", json_text(d->key), "table", json_text(d->table), "expected",
                     json_text(d->expected), "found", json_text(d->found), "repaired", (int)d->repaired);
}

/* --- check --- */

#define BROKEN_MAX 100

struct findings {
    json_t *notes, *plan, *broken;
};

static void check_note(void *context, mf_check_level level, const char *text) {
    static const char *const names[] = {"proof", "warning", "refusal"};
    struct findings *findings = context;
    json_array_append_new(findings->notes, json_pack("{s:s, s:o}", "level", names[level], "text", json_text(text)));
}

static void check_step(void *context, const char *stage, const char *statement, const char *lock) {
    struct findings *findings = context;
    json_array_append_new(findings->plan, json_pack("{s:o, s:o, s:o}", "stage", json_text(stage), "statement", json_text(statement),
                                                    "lock", json_text(lock)));
}

static void check_broken(void *context, const mf_difference *difference) {
    struct findings *findings = context;
    if (json_array_size(findings->broken) < BROKEN_MAX) json_array_append_new(findings->broken, difference_json(difference));
}

/* That the migration may not start is a finding, not a failure. */
static mf_result run_check(mf_migration *migration, const struct order *order, json_t **result, mf_error *error) {
    struct findings findings = {json_array(), json_array(), json_array()};
    mf_check check = {.sample = order->sample, .context = &findings, .note = check_note, .step = check_step, .broken = check_broken};
    mf_result came = mf_check_run(migration, &check, error);
    json_t *object = json_pack("{s:b, s:o, s:o, s:o, s:I, s:I, s:I, s:f, s:I}", "may_start", (int)(came == MF_DONE), "notes",
                               findings.notes, "plan", findings.plan, "broken", findings.broken, "broken_count",
                               (json_int_t)check.broken_count, "rows", (json_int_t)check.rows, "rows_tried",
                               (json_int_t)check.rows_tried, "backfill_s", check.backfill_s, "disk_bytes",
                               (json_int_t)check.disk_bytes);
    if (came == MF_DONE || (came == MF_REFUSED && check.refusals > 0)) {
        *result = object;
        return MF_DONE;
    }
    json_decref(object);
    return came;
}

/* --- the others --- */

static const char *given(const char *text) {
    return text[0] == '\0' ? NULL : text;
}

static mf_result run_verify(mf_migration *migration, const struct order *order, json_t **result, mf_error *error) {
    mf_verify verify = {.from = given(order->from), .to = given(order->to), .sample = order->sample, .repair = order->repair};
    mf_result came = mf_verify_run(migration, &verify, error);
    if (came != MF_DONE && came != MF_DIVERGED) return came;
    *result = json_pack("{s:I, s:I, s:I}", "rows", (json_int_t)verify.rows, "diverged", (json_int_t)verify.diverged, "repaired",
                        (json_int_t)verify.repaired);
    return MF_DONE;
}

static mf_result run_move(mf_migration *migration, const struct order *order, mf_error *error) {
    mf_work how = {.load = order->load, .workers = order->workers};
    switch (order->verb) {
    case VERB_START:
        return mf_start(migration, &how, error);
    case VERB_FOLLOW:
        return mf_follow(migration, &how, error);
    case VERB_ADVANCE:
        return mf_advance(migration, error);
    case VERB_DEMOTE:
        return mf_demote(migration, given(order->why) == NULL ? "asked for" : order->why, error);
    case VERB_ROLLBACK:
        return mf_rollback(migration, order->force, error);
    case VERB_CHECK:
    case VERB_VERIFY:
        break;
    }
    abort();
}

mf_result work_run(mf_migration *migration, const struct order *order, json_t **result, mf_error *error) {
    if (order->verb == VERB_CHECK) return run_check(migration, order, result, error);
    if (order->verb == VERB_VERIFY) return run_verify(migration, order, result, error);
    mf_status status;
    mf_result came = run_move(migration, order, error);
    if (came == MF_DONE) came = mf_status_read(migration, &status, error);
    if (came != MF_DONE) return came;
    *result = json_pack("{s:s, s:s, s:I}", "stage", status.stage, "mode", status.mode, "epoch", (json_int_t)status.epoch);
    return MF_DONE;
}
