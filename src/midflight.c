/* The public API over the engine. */
#include "midflight.h"

#include <stdatomic.h>
#include <stdio.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "engine/between.h"
#include "engine/carry.h"
#include "engine/gate.h"
#include "engine/held.h"
#include "engine/quarantine.h"
#include "engine/verify.h"
#include "report.h"
#include "store/store.h"

struct mf_migration {
    struct definition *definition;
    struct flight *flight;
    mf_observer observer;
    atomic_bool halted;
};

static void on_progress(void *context, const char *phase, int64_t done, int64_t total, double rows_s) {
    const mf_migration *m = context;
    if (m->observer.progress != NULL) m->observer.progress(m->observer.context, phase, done, total, rows_s);
}

static void on_note(void *context, const char *text) {
    const mf_migration *m = context;
    if (m->observer.note != NULL) m->observer.note(m->observer.context, text);
}

static mf_difference public_difference(const struct difference *d, bool repaired) {
    return (mf_difference){d->key, d->table, d->expected, d->found, repaired};
}

static void on_difference(void *context, const struct difference *difference, bool repaired) {
    const mf_migration *m = context;
    mf_difference public = public_difference(difference, repaired);
    if (m->observer.difference != NULL) m->observer.difference(m->observer.context, &public);
}

mf_result mf_open(const char *definition_file, const mf_observer *observer, mf_migration **ret, mf_error *error) {
    struct error failure = {0};
    mf_migration *m = calloc(1, sizeof *m);
    if (m == NULL) abort();
    if (observer != NULL) m->observer = *observer;
    struct observer inner = {m, on_progress, on_note, on_difference};
    if (!definition_read(definition_file, &m->definition, &failure) ||
        !flight_open(m->definition, &inner, &m->flight, &failure)) {
        mf_close(m);
        return report(false, &failure, error);
    }
    *ret = m;
    return MF_DONE;
}

void mf_close(mf_migration *m) {
    if (m == NULL) return;
    flight_close(m->flight);
    definition_free(m->definition);
    free(m);
}

const char *mf_name(const mf_migration *m) {
    return m->definition->change.name;
}

mf_result mf_name_read(const char *definition_file, char ret[MF_NAME_BYTES], mf_error *error) {
    struct error failure = {0};
    struct definition *definition = NULL;
    if (!definition_read(definition_file, &definition, &failure)) return report(false, &failure, error);
    snprintf(ret, MF_NAME_BYTES, "%s", definition->change.name);
    definition_free(definition);
    return MF_DONE;
}

void mf_halt(mf_migration *m, bool halt) {
    atomic_store(&m->halted, halt);
}

/* A verb ends: the lease is for others. */
static mf_result end(mf_migration *m, bool ok, const struct error *failure, mf_error *error) {
    flight_let_go(m->flight);
    interrupt_heed(NULL);
    return report(ok, failure, error);
}

/* --- check ---------------------------------------------------------------------------------------------------- */

static void check_note(void *context, const struct check_note *note) {
    const mf_check *check = context;
    mf_check_level level = note->level == CHECK_REFUSAL   ? MF_CHECK_REFUSAL
                           : note->level == CHECK_WARNING ? MF_CHECK_WARNING
                                                          : MF_CHECK_PROOF;
    if (check->note != NULL) check->note(check->context, level, note->text);
}

static void check_step(void *context, const struct check_step *step) {
    const mf_check *check = context;
    if (check->step != NULL) check->step(check->context, step->stage, step->statement, step->lock);
}

static void check_broken(void *context, const struct difference *difference) {
    const mf_check *check = context;
    mf_difference public = public_difference(difference, false);
    if (check->broken != NULL) check->broken(check->context, &public);
}

static bool run_check(mf_migration *m, mf_check *check, struct error *error) {
    struct flight *flight = m->flight;
    if (!flight_refresh(flight, error)) return false;
    if (flight->at.stage != STAGE_UNINITIALIZED) {
        return flight_same_definition(flight, error) &&
               error_set(error, ERROR_GATE, "migration %s is %s: check is for before the start; `midflight verify` compares "
                         "what is there", mf_name(m), stage_name(flight->at.stage));
    }
    struct check_report report = {check, check_note, check_step, check_broken, check->sample, 0, 0, {0}};
    if (!flight_bind(flight, error) || !(flight->other == NULL ? flight->store->ops->check(flight->store, &report, error)
                                                              : between_check(flight, &report, error))) {
        return false;
    }
    check->refusals = report.refusals;
    check->broken_count = report.broken_count;
    check->rows = report.forecast.rows;
    check->rows_tried = report.forecast.entities_tried;
    check->backfill_s = report.forecast.backfill_s;
    check->disk_bytes = report.forecast.disk_bytes;
    return report.refusals == 0 || error_set(error, ERROR_REFUSED, "migration %s may not start as it is: see above", mf_name(m));
}

mf_result mf_check_run(mf_migration *m, mf_check *check, mf_error *error) {
    struct error failure = {0};
    return report(run_check(m, check, &failure), &failure, error);
}

/* --- verbs ---------------------------------------------------------------------------------------------------- */

mf_result mf_start(mf_migration *m, const mf_work *work, mf_error *error) {
    struct error failure = {0};
    interrupt_heed(&m->halted);
    struct flight *flight = m->flight;
    flight->load = work == NULL ? 0 : work->load;
    flight->workers = work == NULL ? 0 : work->workers;
    bool join = work != NULL && work->join;
    bool ok = flight_refresh(flight, &failure) && (join ? carry_join(flight, &failure) : carry_start(flight, &failure));
    return end(m, ok, &failure, error);
}

mf_result mf_advance(mf_migration *m, mf_error *error) {
    struct error failure = {0};
    interrupt_heed(&m->halted);
    bool ok = flight_refresh(m->flight, &failure) && carry_advance(m->flight, &failure);
    return end(m, ok, &failure, error);
}

static bool run_follow(mf_migration *m, bool joins, struct error *error) {
    struct flight *flight = m->flight;
    if (!flight_refresh(flight, error) || !flight_same_definition(flight, error)) return false;
    if (!has_outbox(flight)) {
        return error_set(error, ERROR_USAGE, "follow: migration %s is within one database and has no outbox (sync: outbox), so that what is "
                         "written is on both sides at once", mf_name(m));
    }
    if (flight->at.stage != STAGE_AWAITING_ADDITIONAL_ACTION && flight->at.stage != STAGE_AWAITING_FINALIZATION) {
        return error_set(error, ERROR_GATE, "migration %s is %s: one side follows the other from Awaiting Additional Action to "
                         "Awaiting Finalization", mf_name(m), stage_name(flight->at.stage));
    }
    return between_follow(flight, joins, error);
}

mf_result mf_follow(mf_migration *m, const mf_work *work, mf_error *error) {
    struct error failure = {0};
    interrupt_heed(&m->halted);
    m->flight->workers = work == NULL ? 0 : work->workers;
    bool ok = run_follow(m, work != NULL && work->join, &failure);
    return end(m, ok, &failure, error);
}

mf_result mf_rollback(mf_migration *m, bool force, mf_error *error) {
    struct error failure = {0};
    interrupt_heed(&m->halted);
    bool ok = flight_refresh(m->flight, &failure) && carry_rollback(m->flight, force, &failure);
    return end(m, ok, &failure, error);
}

mf_result mf_demote(mf_migration *m, const char *why, mf_error *error) {
    struct error failure = {0};
    bool ok = flight_refresh(m->flight, &failure) && carry_demote(m->flight, why == NULL ? "demote" : why, &failure);
    flight_let_go(m->flight);
    return report(ok, &failure, error);
}

static bool run_verify(mf_migration *m, mf_verify *verify, struct error *error) {
    struct flight *flight = m->flight;
    struct verification verification = {.from = verify->from, .to = verify->to, .sample = verify->sample,
                                        .repair = verify->repair};
    if (!flight_refresh(flight, error) || !flight_same_definition(flight, error)) return false;
    if (flight->at.stage != STAGE_AWAITING_ADDITIONAL_ACTION && flight->at.stage != STAGE_AWAITING_FINALIZATION) {
        return error_set(error, ERROR_GATE, "migration %s is %s: both sides can be compared from Awaiting Additional Action to "
                         "Awaiting Finalization", mf_name(m), stage_name(flight->at.stage));
    }
    if (flight->at.stage == STAGE_AWAITING_FINALIZATION && !has_way_back(flight)) {
        return error_set(error, ERROR_GATE, "migration %s has no `backward`: the old side stopped at the cut-over, and there is "
                         "nothing to compare the new one with", mf_name(m));
    }
    int64_t left = 0, resolved = 0;
    bool whole = verify->from == NULL && verify->to == NULL && verify->sample >= 1, reopened = false;
    if (!flight_take(flight, false, error) || !flight_bind(flight, error) || !gate_intact(flight, error) ||
        (verify->repair && whole && !between_reopen(flight, &reopened, error)) ||
        (verify->repair && (!held_resolve(flight, &resolved, error) || !quarantine_retry(flight, &left, error))) ||
        !verify_run(flight, &verification, error)) {
        return false;
    }
    if (reopened && verification.diverged == verification.repaired && !between_mend(flight, error)) return false;
    if (resolved > 0) flight_note(flight, "%" PRId64 " entities that were held are as the new side has them", resolved);
    verify->rows = verification.rows;
    verify->diverged = verification.diverged;
    verify->repaired = verification.repaired;
    if (verification.diverged == verification.repaired) return true;
    return error_set(error, ERROR_DIVERGED, "%lld entities differ: `midflight verify --repair` syncs them from the side that "
                     "leads", (long long)(verification.diverged - verification.repaired));
}

mf_result mf_verify_run(mf_migration *m, mf_verify *verify, mf_error *error) {
    struct error failure = {0};
    interrupt_heed(&m->halted);
    bool ok = run_verify(m, verify, &failure);
    return end(m, ok, &failure, error);
}

/* --- where it stands ------------------------------------------------------------------------------------------ */

static double eta_s(const struct standpoint *at, int64_t now_ms) {
    const struct record *record = &at->record;
    double spent_s = (double)(now_ms - record->stage_ms) / 1000;
    if (at->stage != STAGE_RUNNING || record->rows_done <= 0 || spent_s <= 0) return -1;
    int64_t left = record->rows_total - record->rows_done;
    return left <= 0 ? 0 : (double)left * spent_s / (double)record->rows_done;
}

/* What waits in the outbox of the side that leads. */
static bool read_backlog(struct flight *flight, mf_status *status, struct error *error) {
    struct store *leader = flight_house(flight, leader_of(between_leading(flight)));
    struct backlog backlog;
    bool captured;
    if (!has_outbox(flight) || flight->at.stage == STAGE_ROLLING_BACK || !flight_step_done(flight, "capture the old side", &captured, error)) {
        return !has_outbox(flight) || flight->at.stage == STAGE_ROLLING_BACK;
    }
    if (!captured || flight->at.stage == STAGE_FINISHING || flight->at.stage == STAGE_FINISHED) return true;
    if (!flight_bind_names(flight, true, error) || !leader->ops->backlog(leader, &backlog, error)) return false;
    status->outbox = backlog.keys;
    status->outbox_bytes = backlog.bytes;
    status->lag_ms = backlog.oldest_ms == 0 ? 0 : clock_wall_ms() - backlog.oldest_ms;
    status->overflowed = backlog.overflowed;
    status->outbox_bytes_max = flight->definition->change.outbox_bytes_max;
    return held_count(flight, &status->held, error);
}

mf_result mf_status_read(mf_migration *m, mf_status *ret, mf_error *error) {
    struct error failure = {0};
    if (!flight_refresh(m->flight, &failure)) return report(false, &failure, error);
    const struct standpoint *at = &m->flight->at;
    int64_t now_ms = clock_wall_ms();
    *ret = (mf_status){.stage = stage_name(at->stage), .mode = stage_mode(at->stage), .epoch = at->record.epoch,
                       .rows_done = at->record.rows_done, .rows_total = at->record.rows_total, .outbox = at->record.outbox,
                       .quarantined = at->record.quarantined, .diverged = at->record.diverged,
                       .eta_s = eta_s(at, now_ms), .verified_ms = at->record.verified_ms,
                       .verified_rows = at->record.verified_rows, .way_back = has_way_back(m->flight), .apart = m->flight->other != NULL, .follows = has_outbox(m->flight)};
    if (!read_backlog(m->flight, ret, &failure)) return report(false, &failure, error);
    if (at->stage == STAGE_AWAITING_FINALIZATION) ret->soak_left_ms = flight_soak_left_ms(m->flight, now_ms);
    if (at->record.lease_until_ms > now_ms) memcpy(ret->owner, at->record.owner, sizeof ret->owner);
    return MF_DONE;
}

struct history {
    void (*visit)(void *context, const mf_move *move);
    void *context;
};

static bool history_move(void *context, const struct move *move) {
    struct history *history = context;
    mf_move public = {move->epoch, move->at_ms, move->from, move->to, move->who, move->why};
    history->visit(history->context, &public);
    return true;
}

mf_result mf_history(mf_migration *m, void (*visit)(void *context, const mf_move *move), void *context,
                     mf_error *error) {
    struct error failure = {0};
    struct history history = {visit, context};
    struct store *store = m->flight->store;
    bool exists;
    bool ok = flight_refresh(m->flight, &failure) && store->ops->ledger_exists(store, &exists, &failure) &&
              (!exists || store->ops->ledger_moves(store, mf_name(m), history_move, &history, &failure));
    return report(ok, &failure, error);
}

struct findings {
    void (*visit)(void *context, const mf_finding *finding);
    void *context;
};

static bool findings_one(void *context, const struct finding *finding) {
    struct findings *findings = context;
    mf_finding public = {finding->key, finding->text, finding->at_ms};
    findings->visit(findings->context, &public);
    return true;
}

mf_result mf_findings(mf_migration *m, mf_finding_kind kind, void (*visit)(void *context, const mf_finding *finding),
                      void *context, mf_error *error) {
    struct error failure = {0};
    struct findings findings = {visit, context};
    struct store *store = m->flight->store;
    bool exists, ok = store->ops->ledger_exists(store, &exists, &failure);
    if (kind == MF_HELD) {
        ok = ok && exists && flight_refresh(m->flight, &failure) && flight_bind_names(m->flight, true, &failure) &&
             held_visit(m->flight, findings_one, &findings, &failure);
        return report(ok || !exists, &failure, error);
    }
    enum finding_kind first = kind == MF_DIVERGENCE ? DIVERGENCE : QUARANTINE_FORWARD;
    enum finding_kind last = kind == MF_DIVERGENCE ? DIVERGENCE : QUARANTINE_BACKWARD;
    for (int k = (int)first; ok && exists && k <= (int)last; k++) {
        ok = store->ops->ledger_findings(store, mf_name(m), (enum finding_kind)k, findings_one, &findings, &failure);
    }
    return report(ok, &failure, error);
}

void mf_stop(void) {
    interrupt_request();
}

void mf_suspend(void) {
    interrupt_suspend();
}

void mf_own_process(void) {
    stores_own_process();
}

const char *mf_version(void) {
    return MIDFLIGHT_VERSION;
}
