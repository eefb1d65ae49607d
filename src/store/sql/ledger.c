#include "store/sql/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ledger_sql.h"

#define RUN(sql, visit, context, changed, ...) \
    connection_of(store)->run(connection_of(store), sql, SQL_BINDS(__VA_ARGS__), visit, context, changed, error)

static struct sql_connection *connection_of(struct store *store) {
    return &((struct sql_store *)store)->connection;
}

bool sql_ledger_create(struct store *store, struct error *error) {
    return connection_of(store)->script(connection_of(store), SQL_ledger_create, error);
}

struct find {
    struct record *record;
    bool found;
};

static bool find_row(void *context, const struct sql_value *c, struct error *error) {
    (void)error;
    struct find *find = context;
    struct record *r = find->record;
    snprintf(r->stage, sizeof r->stage, "%s", c[0].text);
    r->epoch = c[1].integer;
    snprintf(r->digest, sizeof r->digest, "%s", c[2].text);
    snprintf(r->schema, sizeof r->schema, "%s", c[3].text);
    r->rows_total = c[4].integer;
    r->rows_done = c[5].integer;
    r->stage_ms = c[6].integer;
    r->soak_until_ms = c[7].integer;
    r->verified_ms = c[8].integer;
    r->verified_epoch = c[9].integer;
    r->verified_rows = c[10].integer;
    snprintf(r->owner, sizeof r->owner, "%s", c[11].text);
    r->lease_until_ms = c[12].integer;
    r->token = c[13].integer;
    r->quarantined = c[14].integer;
    r->diverged = c[15].integer;
    find->found = true;
    return true;
}

bool sql_ledger_find(struct store *store, const char *name, struct record *ret, bool *ret_found,
                     struct error *error) {
    struct record record = {0};
    snprintf(record.name, sizeof record.name, "%s", name);
    struct find find = {&record, false};
    if (!RUN(SQL_ledger_find, find_row, &find, NULL, sql_text(name))) return false;
    if (find.found) *ret = record;
    *ret_found = find.found;
    return true;
}

static bool copy_first(void *context, const struct sql_value *columns, struct error *error) {
    (void)error;
    char **copy = context;
    free(*copy);
    *copy = strdup(columns[0].text);
    return true;
}

bool sql_ledger_definition(struct store *store, const char *name, char **ret, struct error *error) {
    char *text = NULL;
    if (!RUN(SQL_ledger_definition, copy_first, &text, NULL, sql_text(name))) {
        free(text);
        return false;
    }
    *ret = text;
    return true;
}

bool sql_ledger_add(struct store *store, const struct record *r, const char *definition,
                    struct error *error) {
    return RUN(SQL_ledger_remove, NULL, NULL, NULL, sql_text(r->name)) &&
           RUN(SQL_ledger_add, NULL, NULL, NULL, sql_text(r->name), sql_text(r->stage), sql_integer(r->epoch),
               sql_text(r->digest), sql_text(r->schema), sql_text(definition), sql_integer(r->rows_total),
               sql_integer(r->stage_ms), sql_text(r->owner), sql_integer(r->lease_until_ms), sql_integer(r->token));
}

bool sql_ledger_move(struct store *store, const char *name, const struct move *move,
                     struct error *error) {
    int64_t changed;
    if (!RUN(SQL_ledger_move, NULL, NULL, &changed, sql_text(name), sql_text(move->from), sql_text(move->to),
             sql_integer(move->epoch), sql_integer(move->at_ms))) {
        return false;
    }
    if (changed != 1) {
        return error_set(error, ERROR_HELD,
                         "migration %s is no longer %s at epoch %" PRId64
                         ": another midflight moved it on; look at `midflight status` and run the command again",
                         name, move->from, move->epoch);
    }
    return RUN(SQL_ledger_move_history, NULL, NULL, NULL, sql_text(name), sql_integer(move->epoch + 1),
               sql_text(move->from), sql_text(move->to), sql_text(move->who), sql_text(move->why),
               sql_integer(move->at_ms));
}

bool sql_ledger_set(struct store *store, const char *name, enum record_number number, int64_t value,
                    struct error *error) {
    static const char *const statements[] = {
        [RECORD_ROWS_TOTAL] = "UPDATE midflight_migration SET rows_total = ?2 WHERE name = ?1",
        [RECORD_ROWS_DONE] = "UPDATE midflight_migration SET rows_done = ?2 WHERE name = ?1",
        [RECORD_SOAK_UNTIL] = "UPDATE midflight_migration SET soak_until_ms = ?2 WHERE name = ?1",
        [RECORD_VERIFIED_MS] = "UPDATE midflight_migration SET verified_ms = ?2 WHERE name = ?1",
        [RECORD_VERIFIED_EPOCH] = "UPDATE midflight_migration SET verified_epoch = ?2 WHERE name = ?1",
        [RECORD_VERIFIED_ROWS] = "UPDATE midflight_migration SET verified_rows = ?2 WHERE name = ?1",
    };
    return RUN(statements[number], NULL, NULL, NULL, sql_text(name), sql_integer(value));
}

struct moves {
    move_visit *visit;
    void *context;
};

static bool moves_row(void *context, const struct sql_value *c, struct error *error) {
    (void)error;
    struct moves *moves = context;
    struct move move = {.epoch = c[0].integer, .from = c[1].text, .to = c[2].text, .who = c[3].text,
                        .why = c[4].text, .at_ms = c[5].integer};
    return moves->visit(moves->context, &move);
}

bool sql_ledger_moves(struct store *store, const char *name, move_visit *visit, void *context,
                      struct error *error) {
    struct moves moves = {visit, context};
    return RUN(SQL_ledger_moves, moves_row, &moves, NULL, sql_text(name));
}

static bool some_row(void *context, const struct sql_value *columns, struct error *error) {
    (void)columns, (void)error;
    *(bool *)context = true;
    return true;
}

bool sql_ledger_step(struct store *store, const char *name, const char *step, bool *ret_done,
                     struct error *error) {
    bool done = false;
    if (!RUN(SQL_ledger_step, some_row, &done, NULL, sql_text(name), sql_text(step))) return false;
    *ret_done = done;
    return true;
}

bool sql_ledger_mark(struct store *store, const char *name, const char *step, struct error *error) {
    return RUN(SQL_ledger_mark, NULL, NULL, NULL, sql_text(name), sql_text(step));
}

bool sql_ledger_unmark(struct store *store, const char *name, const char *step, struct error *error) {
    return RUN(SQL_ledger_unmark, NULL, NULL, NULL, sql_text(name), sql_text(step));
}

bool sql_ledger_forget(struct store *store, const char *name, struct error *error) {
    return RUN(SQL_ledger_forget_steps, NULL, NULL, NULL, sql_text(name)) &&
           RUN(SQL_ledger_forget_findings, NULL, NULL, NULL, sql_text(name)) &&
           RUN(SQL_ledger_forget_landing, NULL, NULL, NULL, sql_text(name)) &&
           RUN(SQL_ledger_forget_drain, NULL, NULL, NULL, sql_text(name)) &&
           RUN(SQL_ledger_forget_mismatches, NULL, NULL, NULL, sql_text(name));
}

bool sql_ledger_leave(struct store *store, const char *name, struct error *error) {
    return sql_ledger_forget(store, name, error) && RUN(SQL_ledger_leave_floor, NULL, NULL, NULL, sql_text(name)) &&
           RUN(SQL_ledger_leave, NULL, NULL, NULL, sql_text(name));
}

bool sql_ledger_stay(struct store *store, const char *name, const char *stage, int64_t epoch, struct error *error) {
    return sql_ledger_forget(store, name, error) && RUN(SQL_ledger_forget_moves, NULL, NULL, NULL, sql_text(name)) &&
           RUN(SQL_ledger_stay, NULL, NULL, NULL, sql_text(name), sql_text(stage), sql_integer(epoch));
}

bool sql_ledger_remember(struct store *store, const char *name, const struct move *move, struct error *error) {
    return RUN(SQL_ledger_move_history, NULL, NULL, NULL, sql_text(name), sql_integer(move->epoch), sql_text(move->from),
               sql_text(move->to), sql_text(move->who), sql_text(move->why), sql_integer(move->at_ms));
}

static const char *kind_name(enum finding_kind kind) {
    static const char *const names[] = {[QUARANTINE_FORWARD] = "quarantine forward",
                                        [QUARANTINE_BACKWARD] = "quarantine backward",
                                        [DIVERGENCE] = "divergence"};
    return names[kind];
}

struct cursor {
    bool found;
    char *text;
};

struct findings {
    finding_visit *visit;
    void *context;
};

static bool findings_row(void *context, const struct sql_value *c, struct error *error) {
    (void)error;
    struct findings *findings = context;
    struct finding finding = {.key = c[0].text, .text = c[1].text, .at_ms = c[2].integer};
    return findings->visit(findings->context, &finding);
}

bool sql_ledger_findings(struct store *store, const char *name, enum finding_kind kind,
                         finding_visit *visit, void *context, struct error *error) {
    struct findings findings = {visit, context};
    return RUN(SQL_ledger_findings, findings_row, &findings, NULL, sql_text(name), sql_text(kind_name(kind)));
}

bool sql_finding_add(struct store *store, const char *name, enum finding_kind kind,
                     const struct finding *finding, struct error *error) {
    return RUN(SQL_finding_remove, NULL, NULL, NULL, sql_text(name), sql_text(kind_name(kind)), sql_text(finding->key)) &&
           RUN(SQL_finding_add, NULL, NULL, NULL, sql_text(name), sql_text(kind_name(kind)), sql_text(finding->key),
               sql_text(finding->text), sql_integer(finding->at_ms));
}

bool sql_finding_known(struct store *store, const char *name, enum finding_kind kind, const char *key,
                       bool *ret, struct error *error) {
    *ret = false;
    return RUN(SQL_finding_known, some_row, ret, NULL, sql_text(name), sql_text(kind_name(kind)), sql_text(key));
}

bool sql_finding_drop(struct store *store, const char *name, enum finding_kind kind, const char *key, struct error *error) {
    return RUN(SQL_finding_remove, NULL, NULL, NULL, sql_text(name), sql_text(kind_name(kind)), sql_text(key));
}

bool sql_findings_clear(struct store *store, const char *name, enum finding_kind kind, struct error *error) {
    return RUN(SQL_findings_clear, NULL, NULL, NULL, sql_text(name), sql_text(kind_name(kind)));
}

/* Who lands by a range of the drain does so under a lease that is past. */
static bool recall(struct store *store, const char *name, struct error *error) {
    return RUN(SQL_landing_recall, NULL, NULL, NULL, sql_text(name), sql_integer(DRAIN_PLACE));
}

bool sql_lease_take(struct store *store, const char *name, const char *owner, int64_t until_ms,
                    int64_t token, struct error *error) {
    int64_t changed;
    if (!RUN(SQL_lease_take, NULL, NULL, &changed, sql_text(name), sql_text(owner), sql_integer(until_ms),
             sql_integer(token))) {
        return false;
    }
    if (changed == 1) return recall(store, name, error);
    return error_set(error, ERROR_HELD, "migration %s: another midflight took it on first; look at `midflight status`",
                     name);
}

static bool held_by_another(const char *name, struct error *error) {
    return error_set(error, ERROR_HELD,
                     "migration %s was taken over or rolled back by another midflight; this one wrote nothing more: "
                     "look at `midflight status`",
                     name);
}

bool sql_lease_renew(struct store *store, const char *name, int64_t until_ms, int64_t token,
                     struct error *error) {
    int64_t changed;
    if (!RUN(SQL_lease_renew, NULL, NULL, &changed, sql_text(name), sql_integer(token), sql_integer(until_ms))) {
        return false;
    }
    return changed == 1 || held_by_another(name, error);
}

static bool floor_row(void *context, const struct sql_value *columns, struct error *error) {
    (void)error;
    *(int64_t *)context = columns[0].integer;
    return true;
}

bool sql_lease_floor(struct store *store, const char *name, int64_t *ret, struct error *error) {
    *ret = 0;
    return RUN(SQL_lease_floor, floor_row, ret, NULL, sql_text(name));
}

bool sql_lease_raise(struct store *store, const char *name, int64_t token, int64_t to, struct error *error) {
    int64_t changed;
    if (!RUN(SQL_lease_raise, NULL, NULL, &changed, sql_text(name), sql_integer(token), sql_integer(to))) return false;
    return changed == 1 || held_by_another(name, error);
}

bool sql_lease_resume(struct store *store, const char *name, const char *owner, int64_t until_ms, int64_t token, struct error *error) {
    int64_t changed;
    if (!RUN(SQL_lease_resume, NULL, NULL, &changed, sql_text(name), sql_text(owner), sql_integer(until_ms), sql_integer(token))) {
        return false;
    }
    return changed == 1 || held_by_another(name, error);
}

bool sql_lease_release(struct store *store, const char *name, int64_t token, struct error *error) {
    return RUN(SQL_lease_release, NULL, NULL, NULL, sql_text(name), sql_integer(token));
}

bool sql_lease_follow(struct store *store, const char *name, const char *owner, int64_t token, struct error *error) {
    int64_t changed;
    if (!RUN(SQL_lease_follow, NULL, NULL, &changed, sql_text(name), sql_text(owner), sql_integer(token))) return false;
    return changed == 1 ? recall(store, name, error) : held_by_another(name, error);
}

static bool copy_found(void *context, const struct sql_value *columns, struct error *error) {
    struct cursor *cursor = context;
    cursor->found = true;
    if (columns[0].text == NULL) return true;
    return copy_first(&cursor->text, columns, error);
}

bool sql_landing_find(struct store *store, const char *name, int64_t place, int64_t token, char **ret, struct error *error) {
    struct cursor cursor = {0};
    *ret = NULL;
    if (!RUN(SQL_landing_find, copy_found, &cursor, NULL, sql_text(name), sql_integer(place), sql_integer(token))) return false;
    *ret = cursor.text;
    return cursor.found || held_by_another(name, error);
}

/* In the transaction that looks at the era nobody can end it. */
static bool era_stands(struct store *store, const char *name, int64_t era, struct error *error) {
    int64_t changed;
    if (era == 0) return true;
    if (!RUN(SQL_lease_stand, NULL, NULL, &changed, sql_text(name), sql_integer(era))) return false;
    return changed == 1 || held_by_another(name, error);
}

bool sql_land_claim(struct store *store, const char *name, const struct claim *claim, char **ret, struct error *error) {
    return era_stands(store, name, claim->era, error) &&
           RUN(SQL_landing_claim, NULL, NULL, NULL, sql_text(name), sql_integer(claim->place), sql_integer(claim->token)) &&
           sql_landing_find(store, name, claim->place, claim->token, ret, error);
}

bool sql_landing_stand(struct store *store, const char *name, int64_t place, int64_t token, struct error *error) {
    int64_t changed;
    if (!RUN(SQL_landing_stand, NULL, NULL, &changed, sql_text(name), sql_integer(place), sql_integer(token))) return false;
    return changed == 1 || held_by_another(name, error);
}

bool sql_landing_move(struct store *store, const char *name, int64_t place, int64_t token, const char *cursor, struct error *error) {
    int64_t changed;
    if (!RUN(SQL_landing_move, NULL, NULL, &changed, sql_text(name), sql_integer(place), sql_integer(token), sql_text(cursor))) {
        return false;
    }
    return changed == 1 || held_by_another(name, error);
}

bool sql_rows_advance(struct store *store, const char *name, int64_t token, int64_t rows,
                      struct error *error) {
    int64_t changed;
    if (!RUN(SQL_rows_advance, NULL, NULL, &changed, sql_text(name), sql_integer(token), sql_integer(rows),
             sql_integer(clock_wall_ms() + LEASE_MS))) {
        return false;
    }
    return changed == 1 || held_by_another(name, error);
}
