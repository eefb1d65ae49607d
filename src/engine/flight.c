#include "engine/flight.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "engine/nodes.h"

static void name_ourselves(char who[160]) {
    char host[64] = "localhost";
    gethostname(host, sizeof host - 1);
    char room[1024];
    struct passwd entry, *user = NULL;
    getpwuid_r(geteuid(), &entry, room, sizeof room, &user);
    snprintf(who, 160, "%.64s@%s pid %ld", user == NULL ? "user" : user->pw_name, host, (long)getpid());
}

static struct flight *flight_new(const struct definition *definition) {
    struct flight *flight = calloc(1, sizeof *flight);
    if (flight == NULL) abort();
    flight->definition = definition;
    name_ourselves(flight->who);
    snprintf(flight->at.record.name, sizeof flight->at.record.name, "%s", definition->change.name);
    return flight;
}

static bool hand_over(struct flight *flight, bool opened, struct flight **ret) {
    if (opened) *ret = flight;
    else flight_close(flight);
    return opened;
}

bool flight_open(const struct definition *definition, const struct observer *observer, struct flight **ret,
                 struct error *error) {
    struct flight *flight = flight_new(definition);
    if (observer != NULL) flight->observer = *observer;
    return hand_over(flight, flight_open_stores(flight, error), ret);
}

bool flight_open_old(const struct definition *definition, struct flight **ret, struct error *error) {
    struct flight *flight = flight_new(definition);
    return hand_over(flight, store_open(definition->old_store, &flight->store, error), ret);
}

bool flight_open_stores(struct flight *flight, struct error *error) {
    const struct definition *definition = flight->definition;
    if (flight->store == NULL && !store_open(definition->old_store, &flight->store, error)) return false;
    if (!definition_is_apart(definition) || flight->other != NULL) return true;
    if (!store_open(definition->new_store, &flight->other, error)) return false;
    if (flight->store->ops->ship_open != NULL && flight->other->ops->ship_open != NULL) return true;
    return error_set(error, ERROR_REFUSED, "%s: this version moves nothing between two such stores",
                     flight->store->ops->ship_open == NULL ? flight->store->name : flight->other->name);
}

void flight_close_stores(struct flight *flight) {
    store_close(flight->store);
    store_close(flight->other);
    flight->store = flight->other = NULL;
}

void flight_let_go(struct flight *flight) {
    if (flight->token == 0) return;
    /* A lease that cannot be given back runs out by itself. */
    struct error ignored;
    (void)flight->store->ops->lease_release(flight->store, flight->at.record.name, flight->token, &ignored);
    flight->token = 0;
}

bool flight_yield(struct flight *flight, double ms, struct error *error) {
    struct store *store = flight->store;
    const char *name = flight->at.record.name;
    if (!store->ops->lease_release(store, name, flight->token, error)) return false;
    clock_sleep_ms(ms);
    if (store->ops->lease_resume(store, name, flight->who, clock_wall_ms() + LEASE_MS, flight->token, error)) {
        flight->renewed_ms = clock_ms();
        return true;
    }
    flight->token = 0;
    return false;
}

void flight_close(struct flight *flight) {
    if (flight == NULL) return;
    flight_let_go(flight);
    flight_close_stores(flight);
    definition_free(flight->started);
    free(flight);
}

bool flight_refresh(struct flight *flight, struct error *error) {
    return ledger_read(flight->store, flight->definition->change.name, &flight->at, error);
}

/* A process of this host that is gone cannot come back: its lease need not run out. */
static bool owner_is_gone(const char *owner, const char *who) {
    const char *pid = strstr(owner, " pid ");
    size_t place = pid == NULL ? 0 : (size_t)(pid - owner);
    if (place == 0 || strncmp(owner, who, place) != 0) return false;
    return kill((pid_t)atol(pid + 5), 0) != 0 && errno == ESRCH;
}

static bool moved_on(struct flight *flight, enum stage from, enum stage to, struct error *error) {
    return error_set(error, ERROR_HELD, "migration %s moved on from %s to %s meanwhile: run the command again", flight->at.record.name,
                     stage_name(from), stage_name(to));
}

/* The lease may have been waited for, while its holder moved on: what was read before says nothing then. */
static bool stays_put(struct flight *flight, struct error *error) {
    struct standpoint now;
    return ledger_read(flight->store, flight->definition->change.name, &now, error) &&
           (now.stage == flight->at.stage || moved_on(flight, flight->at.stage, now.stage, error));
}

bool flight_is_held(const struct flight *flight) {
    const struct record *record = &flight->at.record;
    return record->owner[0] != '\0' && record->lease_until_ms > clock_wall_ms() && strcmp(record->owner, flight->who) != 0 &&
           !owner_is_gone(record->owner, flight->who);
}

/* Never more than the whole of it: the clock may have been put back since. */
int64_t flight_soak_left_ms(const struct flight *flight, int64_t now_ms) {
    const struct record *record = &flight->at.record;
    int64_t whole = record->soak_until_ms - record->stage_ms, left = record->soak_until_ms - now_ms;
    if (left > whole) left = whole;
    return left > 0 ? left : 0;
}

static bool take(struct flight *flight, bool force, struct error *error) {
    struct store *store = flight->store;
    struct record *record = &flight->at.record;
    enum stage before = flight->at.stage;
    if (!store->ops->begin(store, error)) return false;
    bool ok = flight_refresh(flight, error);
    int64_t now = clock_wall_ms();
    if (ok && !force && flight_is_held(flight)) {
        ok = error_set(error, ERROR_HELD,
                       "migration %s is being carried out by another midflight (%s). Watch it with `midflight status "
                       "--watch`; if that process is gone, its lease runs out in %d s",
                       record->name, record->owner, (int)((record->lease_until_ms - now) / 1000) + 1);
    }
    if (ok && flight->at.stage != before) ok = moved_on(flight, before, flight->at.stage, error);
    ok = ok && store->ops->lease_take(store, record->name, flight->who, now + LEASE_MS, record->token + 1, error) && stays_put(flight, error) &&
         store->ops->commit(store, error);
    if (!ok) {
        store->ops->rollback(store);
        return false;
    }
    flight->token = ++record->token;
    FAILPOINT("lease taken");
    return true;
}

/* `midflight follow` has the lease most of the time, and lets go of it now and then: for so long others try to get it. */
#define TAKE_MS 3000.0
#define TAKE_LOOK_MS 5.0

bool flight_take(struct flight *flight, bool force, struct error *error) {
    double began = clock_ms();
    enum stage before = flight->at.stage;
    while (!take(flight, force, error)) {
        bool passing = has_outbox(flight) && error->code == ERROR_HELD && clock_ms() - began < TAKE_MS;
        if (!passing || interrupt_requested()) return false;
        clock_sleep_ms(TAKE_LOOK_MS);
        if (!flight_refresh(flight, error)) return false;
        if (flight->at.stage != before) return moved_on(flight, before, flight->at.stage, error);
    }
    flight->renewed_ms = clock_ms();
    return flight_introduce(flight, error);
}

/* Where nobody can be mistaken for one who leads from there. */
#define ELSEWHERE "Elsewhere"

/* The other store keeps the last token of a migration that was rolled back: who comes with a lower one had the lease before that, or has
 * a ledger that was made anew. The ledger tells which. */
static bool rise(struct flight *flight, struct error *error) {
    struct store *store = flight->store, *other = flight->other;
    const char *name = flight->at.record.name;
    int64_t floor = 0;
    bool exists = false;
    if (!other->ops->ledger_exists(other, &exists, error) || (exists && !other->ops->lease_floor(other, name, &floor, error))) return false;
    if (floor <= flight->token) return true;
    if (!store->ops->lease_raise(store, name, flight->token, floor + 1, error)) return false;
    flight->token = flight->at.record.token = floor + 1;
    return true;
}

bool flight_introduce(struct flight *flight, struct error *error) {
    struct store *other = flight->other;
    const char *name = flight->at.record.name;
    struct record known = {0};
    bool exists = false, found = false;
    if (other == NULL) return true;
    if (!rise(flight, error) || !other->ops->begin(other, error)) return false;
    bool ok = other->ops->ledger_exists(other, &exists, error) && (!exists || other->ops->ledger_find(other, name, &known, &found, error));
    /* At the end the other store keeps the history, as that of a migration that is Finished; a crash may come after that. */
    bool handed_over = flight->at.stage == STAGE_FINISHED || (flight->at.stage == STAGE_FINISHING && strcmp(known.stage, stage_name(STAGE_FINISHED)) == 0);
    if (ok && found && strcmp(known.stage, ELSEWHERE) != 0 && !handed_over) {
        ok = error_set(error, ERROR_REFUSED, "%s: a migration %s is in the ledger of this store already, and does not come from "
                       "%s: give this one another name, or another store", other->name, name, flight->store->name);
    }
    if (ok && !found) {
        known = flight->at.record;
        snprintf(known.stage, sizeof known.stage, ELSEWHERE);
        ok = other->ops->ledger_create(other, error) && other->ops->ledger_add(other, &known, flight->definition->text, error);
    }
    ok = ok && other->ops->lease_follow(other, name, flight->who, flight->token, error) && other->ops->commit(other, error);
    if (!ok) other->ops->rollback(other);
    if (ok) FAILPOINT("introduced");
    return ok;
}

bool flight_same_definition(struct flight *flight, struct error *error) {
    const struct record *record = &flight->at.record;
    if (flight->at.stage == STAGE_UNINITIALIZED || strcmp(record->digest, flight->definition->digest) == 0) return true;
    return error_set(error, ERROR_REFUSED,
                     "%s: the definition of migration %s was changed since it was started (keys, queries or DDL). Put the "
                     "file back as it was, or `midflight rollback` and start again with the new one",
                     flight->definition->file, record->name);
}

bool flight_started_definition(struct flight *flight, struct error *error) {
    char *text = NULL;
    if (flight->at.stage == STAGE_UNINITIALIZED || strcmp(flight->at.record.digest, flight->definition->digest) == 0) {
        return true;
    }
    if (!flight->store->ops->ledger_definition(flight->store, flight->at.record.name, &text, error)) return false;
    bool ok = definition_parse("the definition in the ledger", text, strlen(text), &flight->started, error);
    free(text);
    if (!ok) return false;
    flight->started->change.pooler = flight->definition->change.pooler; /* how the application is reached may change meanwhile */
    flight->definition = flight->started;
    flight_note(flight, "the definition file was changed since the start: going back by the one in the ledger");
    return true;
}

bool flight_step_done(struct flight *flight, const char *name, bool *ret, struct error *error) {
    *ret = false;
    if (flight->at.stage == STAGE_UNINITIALIZED) return true;
    if (!flight->store->ops->ledger_step(flight->store, flight->at.record.name, name, ret, error)) return false;
    bool exists = false;
    if (*ret || flight->other == NULL) return true;
    return flight->other->ops->ledger_exists(flight->other, &exists, error) &&
           (!exists || flight->other->ops->ledger_step(flight->other, flight->at.record.name, name, ret, error));
}

/* Each store its own side. */
static bool bind_stores(struct flight *flight, struct standing standing, struct error *error) {
    const struct change *change = &flight->definition->change;
    if (flight->other == NULL) return flight->store->ops->bind(flight->store, change, standing, error);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        struct store *store = flight_house(flight, side);
        standing.housed = side == SIDE_OLD ? HOUSES_OLD : HOUSES_NEW;
        standing.elsewhere = flight_house(flight, side == SIDE_OLD ? SIDE_NEW : SIDE_OLD)->name;
        if (!store->ops->bind(store, change, standing, error)) return false;
    }
    return true;
}

bool flight_exchange(struct flight *flight, struct check_report *report, struct error *error) {
    for (enum direction direction = FORWARD; direction <= BACKWARD; direction++) {
        if (flight->definition->change.mappings[direction].count == 0) continue;
        struct store *leader = flight_house(flight, leader_of(direction)), *follower = flight_house(flight, follower_of(direction));
        struct manifest *manifest = &flight->manifests[direction];
        if (!leader->ops->ship_manifest(leader, direction, manifest, error) ||
            !follower->ops->land_expect(follower, direction, manifest, report, error)) {
            return false;
        }
    }
    return true;
}

/* A rollback takes it away in one transaction with the mark that says so. */
static bool is_made(struct flight *flight, bool *ret, struct error *error) {
    bool dropped = false;
    if (!flight_step_done(flight, "make the new shape", ret, error) || !flight_step_done(flight, "drop the new shape", &dropped, error)) {
        return false;
    }
    *ret = *ret && !dropped;
    return true;
}

bool flight_bind(struct flight *flight, struct error *error) {
    struct standing standing = {0};
    if (!is_made(flight, &standing.made, error) ||
        !flight_step_done(flight, "swap", &standing.swapped, error)) {
        return false;
    }
    bool exchanges = flight->other != NULL && standing.made;
    if (bind_stores(flight, standing, error) && (!exchanges || flight_exchange(flight, NULL, error))) return true;
    if (flight->at.stage == STAGE_UNINITIALIZED || error->code != ERROR_DEFINITION) return false;
    error->code = ERROR_SCHEMA;
    return error_prefix(error, "a table was altered while migration %s runs: undo that and run the command again, or "
                               "`midflight rollback` and start anew", flight->at.record.name);
}

bool flight_bind_old(struct flight *flight, bool names_only, struct error *error) {
    struct standing standing = {.housed = HOUSES_OLD, .elsewhere = "another store", .names_only = names_only};
    standing.made = flight->at.stage != STAGE_UNINITIALIZED && flight->at.stage != STAGE_INITIALIZING;
    return flight->store->ops->bind(flight->store, &flight->definition->change, standing, error);
}

bool flight_bind_names(struct flight *flight, bool as_marked, struct error *error) {
    struct standing standing = {.names_only = true};
    bool ok = flight_step_done(flight, "make the new shape", &standing.made, error) &&
              flight_step_done(flight, "swap", &standing.swapped, error);
    if (!as_marked) standing.swapped = false;
    if (flight->at.stage == STAGE_FINISHING) standing.made = true; /* the store that has it may have forgotten the steps already */
    return ok && bind_stores(flight, standing, error);
}

bool flight_begin(struct flight *flight, struct error *error) {
    return flight_begin_at(flight, SIDE_OLD, error);
}

bool flight_begin_at(struct flight *flight, enum side side, struct error *error) {
    struct store *store = flight_house(flight, side);
    if (!store->ops->begin(store, error)) return false;
    if (store->ops->lease_renew(store, flight->at.record.name, clock_wall_ms() + LEASE_MS, flight->token, error)) {
        flight->inside = store == flight->store;
        return true;
    }
    store->ops->rollback(store);
    return false;
}

bool flight_end(struct flight *flight, bool ok, const char *failpoint, struct error *error) {
    return flight_end_at(flight, SIDE_OLD, ok, failpoint, error);
}

void flight_undo(struct flight *flight) {
    flight->store->ops->rollback(flight->store);
    flight->inside = false;
}

bool flight_end_at(struct flight *flight, enum side side, bool ok, const char *failpoint, struct error *error) {
    return flight_end_while(flight, side, ok, failpoint, NULL, NULL, error);
}

static bool commit_while(struct flight *flight, struct store *store, flight_work *meanwhile, void *context, struct error *error) {
    bool asks = store->ops->commit_ask != NULL;
    if (!(asks ? store->ops->commit_ask(store, error) : store->ops->commit(store, error))) return false;
    meanwhile(flight, context);
    return !asks || store->ops->committed(store, error);
}

bool flight_end_while(struct flight *flight, enum side side, bool ok, const char *failpoint, flight_work *meanwhile, void *context,
                      struct error *error) {
    struct store *store = flight_house(flight, side);
    char before[128];
    snprintf(before, sizeof before, "%s, uncommitted", failpoint);
    if (ok) FAILPOINT(before);
    ok = ok && (meanwhile == NULL ? store->ops->commit(store, error) : commit_while(flight, store, meanwhile, context, error));
    if (!ok) store->ops->rollback(store);
    if (store == flight->store) flight->inside = false;
    if (ok) FAILPOINT(failpoint);
    return ok;
}

bool flight_renew(struct flight *flight, struct error *error) {
    double now = clock_ms();
    if (flight->token == 0 || now - flight->renewed_ms < LEASE_MS / 4.0) return true;
    flight->renewed_ms = now;
    return flight_begin(flight, error) && flight_end(flight, true, "lease renewed", error);
}

bool flight_stopped(const struct flight *flight) {
    return interrupt_requested() || (flight->stop != NULL && atomic_load(flight->stop));
}

bool flight_move_through(struct flight *flight, bool (*gate)(struct flight *flight, struct error *error), enum stage to, const char *why,
                         struct error *error) {
    if (!nodes_await(flight, error)) return false;
    if (!flight_begin(flight, error)) {
        nodes_dismiss(flight);
        return false;
    }
    struct standpoint next = flight->at;
    bool ok = (gate == NULL || gate(flight, error)) && ledger_move(flight->store, &next, to, flight->who, why, error);
    ok = flight_end(flight, ok, stage_name(to), error);
    if (ok) flight->at = next;
    if (!ok) nodes_dismiss(flight);
    return ok;
}

bool flight_move(struct flight *flight, enum stage to, const char *why, struct error *error) {
    return flight_move_through(flight, NULL, to, why, error);
}

bool flight_step_begin(struct flight *flight, const struct step *step, struct error *error) {
    struct store *store = flight_house(flight, step->at);
    if ((step->alone && !step->run(flight, error)) || !flight_begin_at(flight, step->at, error)) return false;
    bool ok = (step->alone || step->run(flight, error)) && store->ops->ledger_mark(store, flight->at.record.name, step->name, error);
    return ok || flight_end_at(flight, step->at, false, step->name, error);
}

bool flight_step(struct flight *flight, const struct step *step, struct error *error) {
    return flight_step_begin(flight, step, error) && flight_end_at(flight, step->at, true, step->name, error);
}

bool flight_steps(struct flight *flight, const struct step *steps, size_t count, struct error *error) {
    for (size_t i = 0; i < count; i++) {
        bool done;
        if (!flight_step_done(flight, steps[i].name, &done, error)) return false;
        if (done) continue;
        if (interrupt_requested()) return error_set(error, ERROR_INTERRUPTED, "stopped before: %s", steps[i].name);
        if (!flight_step(flight, &steps[i], error)) return false;
    }
    return true;
}

bool flight_settle(struct flight *flight, struct error *error) {
    const struct store_ops *ops = flight->store->ops;
    if (flight->definition->change.alter_table == NULL || ops->swap_settle == NULL) return true;
    return ops->swap_settle(flight->store, error);
}

bool flight_overtaken(struct flight *flight, struct error *error) {
    struct error failure;
    if (!flight_begin(flight, &failure)) {
        if (failure.code == ERROR_HELD) *error = failure;
        return false;
    }
    flight_undo(flight);
    return false;
}

void flight_note(struct flight *flight, const char *format, ...) {
    if (flight->observer.note == NULL) return;
    char note[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note, sizeof note, format, arguments);
    va_end(arguments);
    flight->observer.note(flight->observer.context, note);
}
