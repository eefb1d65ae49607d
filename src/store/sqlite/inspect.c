/* Verification: the same queries, compared with the follower's rows instead of written to them.
 *
 * An entity agrees if new = forward(old) or old = backward(new): a mapping that loses something in one direction
 * may still agree in the other. Each step reads one snapshot, and both sides change in one transaction, so a
 * difference seen is a difference. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/sql/ledger.h"
#include "store/sqlite/trigger.h"

/* The longest text of a row in a report. */
#define ROW_TEXT_MAX 600

/* A rehearsal holds the writers for so long at a time, and rests long enough for one that sleeps between two looks at
 * the lock (SQLite's own: up to 100 ms). */
#define REHEARSAL_MS 3.0
#define REHEARSAL_REST_MS 10.0

static bool differs_at(struct sqlite_store *store, const struct flow *flow, const char *key, bool *ret,
                       struct error *error) {
    struct scope scope = {.exact = true};
    STATEMENT *statement = NULL;
    return different_prepare(store, flow, &scope, &statement, error) &&
           key_bind(statement, 1, key, store->key_count, error) && statement_step(statement, ret, error);
}

void add_row_text(struct text *text, const struct flow *flow) {
    text_add(text, "SELECT '(' || ");
    for (size_t i = 0; i < flow->yielded.count; i++) {
        const char *name = flow->yielded.items[i];
        if (i > 0) text_add(text, " || ', ' || ");
        TEXT label = {0};
        text_addf(&label, "%s=", name);
        sqlite_quote_text(text, text_get(&label));
        text_add(text, " || quote(");
        sqlite_quote(text, name);
        text_add(text, ")");
    }
    text_add(text, " || ')' AS line FROM ");
}

/* One side's rows of an entity, sorted, on one line; "" when there are none. */
static bool rows_text(struct sqlite_store *store, const struct flow *flow, const char *key, bool expected,
                      struct text *ret, struct error *error) {
    struct scope scope = {.exact = true};
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool row = false;
    text_add(&sql, "SELECT group_concat(line, ' ') FROM (");
    add_row_text(&sql, flow);
    if (expected) {
        sync_query(&sql, &sqlite_dialect, flow, &scope, IMAGE_STORED);
    } else {
        sqlite_quote(&sql, flow->target->physical);
        text_add(&sql, " WHERE ");
        sync_scope(&sql, &sqlite_dialect, &scope, NULL, &flow->target->table->key);
    }
    text_add(&sql, " ORDER BY 1)");
    text_clear(ret);
    struct error failure = {0};
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error) ||
        !key_bind(statement, 1, key, store->key_count, error)) {
        return false;
    }
    if (!statement_step(statement, &row, &failure)) {
        if (failure.code != ERROR_ROWS) {
            *error = failure;
            return false;
        }
        text_addf(ret, "the query fails: %s", failure.message);
        return true;
    }
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    if (text == NULL) return true;
    size_t length = strlen(text);
    text_add_n(ret, text, length > ROW_TEXT_MAX ? ROW_TEXT_MAX : length);
    if (length > ROW_TEXT_MAX) text_add(ret, " ...");
    return true;
}

struct judge {
    struct sqlite_store *store;
    enum direction direction;
    const struct flow *flow;
    difference_visit *visit;
    void *context;
};

/* Does the other direction hold for this entity? A query that fails does not agree. */
static bool agrees_otherwise(struct judge *judge, const char *key, bool *ret, struct error *error) {
    struct sqlite_store *store = judge->store;
    enum direction other = judge->direction == FORWARD ? BACKWARD : FORWARD;
    bool agrees = has_way(store, other);
    for (size_t i = 0; agrees && i < store->change.mappings[other].count; i++) {
        bool different;
        if (!differs_at(store, &store->flows[other][i], key, &different, error)) {
            if (error->code != ERROR_ROWS) return false;
            different = true;
        }
        agrees = !different;
    }
    *ret = agrees;
    return true;
}

static bool judge_entity(void *context, const char *key, struct error *error) {
    struct judge *judge = context;
    struct sqlite_store *store = judge->store;
    bool agrees = false;
    TEXT expected = {0};
    TEXT found = {0};
    if (!agrees_otherwise(judge, key, &agrees, error)) return false;
    if (agrees) return true;
    if (!rows_text(store, judge->flow, key, true, &expected, error) ||
        !rows_text(store, judge->flow, key, false, &found, error)) {
        return false;
    }
    struct difference difference = {.key = key, .table = judge->flow->target->table->name,
                                    .expected = expected.length > 0 ? text_get(&expected) : NULL,
                                    .found = found.length > 0 ? text_get(&found) : NULL};
    if (store->change.outbox && !outbox_holds(store, key, &difference.noted, error)) return false;
    return judge->visit(judge->context, &difference, error);
}

/* Entity by entity, where the query of some fails. */
static bool inspect_entity(void *context, const char *key, struct error *error) {
    struct judge *judge = context;
    bool different;
    struct error failure = {0};
    if (!differs_at(judge->store, judge->flow, key, &different, &failure)) {
        if (failure.code != ERROR_ROWS) {
            *error = failure;
            return false;
        }
        different = true;
    }
    return !different || judge_entity(judge, key, error);
}

static bool inspect_range(struct sqlite_store *store, const struct flow *flow, const char *from, const char *until,
                          struct judge *judge, struct error *error) {
    struct scope scope = range_of(from, until);
    STATEMENT *statement = NULL;
    if (!different_prepare(store, flow, &scope, &statement, error) ||
        !range_bind(store, statement, from, until, error)) {
        return false;
    }
    struct error failure = {0};
    if (keys_visit(statement, judge_entity, judge, &failure)) return true;
    if (failure.code == ERROR_ROWS) {
        return keys_each(store, from, until, -1, inspect_entity, judge, error);
    }
    *error = failure;
    return false;
}

static bool inspect_key(struct sqlite_store *store, struct inspection *inspection, difference_visit *visit, void *context,
                        struct error *error) {
    if (!connection_script(store->db, "BEGIN", NULL, error)) return false;
    bool ok = true;
    for (size_t i = 0; ok && i < store->change.mappings[inspection->direction].count; i++) {
        struct judge judge = {store, inspection->direction, &store->flows[inspection->direction][i], visit, context};
        ok = inspect_entity(&judge, inspection->key, error);
    }
    (void)sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    return ok;
}

bool sqlite_inspect(struct store *base, struct inspection *inspection, difference_visit *visit, void *context,
                    struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    char *upper = NULL;
    if (inspection->key != NULL) return inspect_key(store, inspection, visit, context, error);
    if (!connection_script(store->db, "BEGIN", NULL, error)) return false;
    bool ok = key_after(store, SIDE_OLD, inspection->cursor, inspection->until, inspection->rows, &upper, error);
    bool done = upper == NULL;
    const char *until = done ? inspection->until : upper;
    for (size_t i = 0; ok && !inspection->skip && i < store->change.mappings[inspection->direction].count; i++) {
        struct judge judge = {store, inspection->direction, &store->flows[inspection->direction][i], visit, context};
        ok = inspect_range(store, judge.flow, inspection->cursor, until, &judge, error);
    }
    ok = ok && (!done || rows_in(store, SIDE_OLD, inspection->cursor, until, &inspection->rows, error));
    (void)sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    if (!ok) {
        free(upper);
        return false;
    }
    free(inspection->cursor);
    inspection->cursor = upper;
    inspection->done = done;
    return true;
}

/* The finding of rows without a key goes when there are none any more. */
static bool release_keyless(struct sqlite_store *store, enum direction direction, const char *key,
                            struct error *error) {
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    enum side side = leader_of(direction);
    text_addf(&sql, "DELETE FROM midflight_finding WHERE migration = ?1 AND kind = 'quarantine %s' AND entity_key = ?2",
              direction_name(direction));
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        text_add(&sql, " AND NOT EXISTS (SELECT 1 FROM ");
        sqlite_quote(&sql, table->physical);
        text_add(&sql, " WHERE ");
        for (size_t k = 0; k < store->key_count; k++) {
            if (k > 0) text_add(&sql, " OR ");
            sqlite_quote(&sql, table->table->key.items[k]);
            text_add(&sql, " IS NULL");
        }
        text_add(&sql, ")");
    }
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error)) return false;
    sqlite3_bind_text(statement, 1, store->change.name, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
    return statement_run(statement, error);
}

/* Does a key's text have a NULL among its values? Not within quotes. */
static bool has_null(const char *key) {
    bool quoted = false;
    for (const char *c = key; *c != '\0'; c++) {
        if (*c == '\'') quoted = !quoted;
        if (!quoted && *c == 'N') return true;
    }
    return false;
}

bool sqlite_sync(struct store *base, enum direction direction, const char *key, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    sqlite3_stmt *statement;
    if (has_null(key)) return release_keyless(store, direction, key, error);
    return sync_prepare(store, direction, &statement, error) &&
           key_bind(statement, 1, key, store->key_count, error) && statement_run(statement, error);
}

bool sqlite_park(struct store *base, enum direction direction, const char *key, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    STATEMENT *statement = NULL;
    return has_null(key) ||
           (call_prepare(store, park_view(store, direction), &statement, error) &&
            key_bind(statement, 1, key, store->key_count, error) &&
            (statement_run(statement, error) || error->code == ERROR_ROWS));
}

/* --- rehearsing the way back ---------------------------------------------------------------------------------- */

static bool rehearse_keys(struct sqlite_store *store, const struct names *keys, bool alone, size_t *done, struct error *error) {
    struct chunk all = {.rows = INT64_MAX, .hold_ms_max = INFINITY};
    STATEMENT *count = NULL;
    sqlite3_stmt *sync = NULL;
    bool row = true;
    bool ok = statement_prepare(store->db,
                                "SELECT count(*) FROM midflight_finding WHERE migration = ?1 AND kind = 'quarantine backward'",
                                NULL, &count, error) &&
              sync_prepare(store, BACKWARD, &sync, error) && store->sql.base.ops->begin(&store->sql.base, error) &&
              (!alone || sqlite_drain(&store->sql.base, FORWARD, 0, &all, error));
    double began = clock_ms();
    if (ok) sqlite3_bind_text(count, 1, store->change.name, -1, SQLITE_STATIC);
    ok = ok && statement_step(count, &row, error);
    int64_t before = ok ? sqlite3_column_int64(count, 0) : 0;
    while (ok && *done < keys->count && (alone || clock_ms() - began < REHEARSAL_MS)) {
        const char *key = keys->items[(*done)++];
        ok = (key_bind(sync, 1, key, store->key_count, error) && statement_run(sync, error)) ||
             error_prefix(error, "the way back of entity %s fails", key);
        if (!ok) break;
        sqlite3_reset(count);
        ok = statement_step(count, &row, error);
        if (ok && sqlite3_column_int64(count, 0) > before) {
            ok = error_set(error, ERROR_GATE, "the way back: the old shape refuses entity %s", key);
        }
    }
    if (count != NULL) sqlite3_reset(count);
    store->sql.base.ops->rollback(&store->sql.base);
    return ok;
}

bool sqlite_rehearse(struct store *base, int64_t entities, bool alone, int64_t *ret_done, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct arena *arena = arena_new();
    struct names keys = {0};
    int64_t rows = 0;
    bool ok = sqlite_rows_count(base, &rows, error);
    char *cursor = NULL;
    while (ok && (int64_t)keys.count < entities) {
        char *next = NULL;
        ok = key_after(store, SIDE_NEW, cursor, NULL, rows / entities + 1, &next, error);
        free(cursor);
        cursor = next;
        if (next == NULL) break;
        names_add(arena, &keys, arena_copy(arena, next));
    }
    free(cursor);
    size_t done = 0;
    while (ok && done < keys.count) {
        ok = rehearse_keys(store, &keys, alone, &done, error);
        clock_sleep_ms(REHEARSAL_REST_MS);
    }
    *ret_done = (int64_t)done;
    arena_free(arena);
    return ok;
}
