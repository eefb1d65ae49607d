/* Draining an outbox within one database. (Between two stores ship.c reads it.)
 *
 * Everything is one transaction with the writer's lock: nobody notes a key between the moment in which the outbox is read and the one in
 * which what was read is taken out of it. All keys are synced together, as the backfill's are: what is refused is left out, and the
 * entities that then differ are synced each alone. Entities that exchange unique values refuse one another at first: those that are
 * refused let go of theirs together, and are synced once more. What is refused even then may wait for an entity that is still in the
 * outbox: it goes to the outbox's end, and to quarantine when nothing is behind it. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "store/sql/ledger.h"
#include "store/sqlite/half.h"

struct drain {
    struct sqlite_store *store;
    enum direction direction;
    const struct chunk *chunk;
    double began;
    struct arena *arena;
    struct names refused;
};

static bool in_time(const struct drain *drain, struct error *error) {
    if (drain->chunk->rows == 1 || clock_ms() - drain->began <= drain->chunk->hold_ms_max) return true;
    return error_set(error, ERROR_OVERTIME, "%s: %" PRId64 " rows of the outbox took longer than writers may wait: fewer of them",
                     drain->store->sql.base.name, drain->chunk->rows);
}

static bool sync_noted(void *context, const char *key, struct error *error) {
    struct drain *drain = context;
    struct sqlite_store *store = drain->store;
    bool refused = false;
    if (!in_time(drain, error) || !sync_alone(store, drain->direction, key, error) ||
        !sql_finding_known(&store->sql.base, store->change.name, quarantine_of(drain->direction), key, &refused, error)) {
        return false;
    }
    if (refused) names_add(drain->arena, &drain->refused, arena_copy(drain->arena, key));
    return true;
}

/* Once more, all together. */
static bool sync_together(struct drain *drain, struct error *error) {
    struct store *base = &drain->store->sql.base;
    const struct names keys = drain->refused;
    bool ok = true;
    for (size_t i = 0; ok && i < keys.count; i++) ok = sqlite_park(base, drain->direction, keys.items[i], error);
    for (size_t i = 0; ok && i < keys.count; i++) ok = sync_alone(drain->store, drain->direction, keys.items[i], error);
    return ok;
}

/* INSERT INTO "midflight_m_outbox" (k1, at) SELECT ?1, now */
static bool note_again(struct sqlite_store *store, const char *key, struct error *error) {
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    text_add(&sql, "INSERT INTO ");
    own_add(&sql, store, "outbox");
    text_add(&sql, " (");
    sync_names(&sql, &sqlite_dialect, NULL, &store->key);
    text_add(&sql, ", at) VALUES (");
    for (size_t i = 0; i < store->key_count; i++) text_addf(&sql, "?%zu, ", i + 1);
    text_addf(&sql, "%" PRId64 ")", clock_wall_ms());
    return statement_prepare(store->db, text_get(&sql), NULL, &statement, error) &&
           key_bind(statement, 1, key, store->key_count, error) && statement_run(statement, error);
}

static bool put_back(struct drain *drain, struct error *error) {
    struct store *base = &drain->store->sql.base;
    const char *name = drain->store->change.name;
    bool ok = true;
    for (size_t i = 0; ok && i < drain->refused.count; i++) {
        const char *key = drain->refused.items[i];
        bool refused = false;
        ok = sql_finding_known(base, name, quarantine_of(drain->direction), key, &refused, error) &&
             (!refused || (sql_finding_drop(base, name, quarantine_of(drain->direction), key, error) && note_again(drain->store, key, error)));
    }
    return ok;
}

/* The first rows: how many they are, and the id of the last. */
static bool first_rows(struct sqlite_store *store, struct chunk *chunk, int64_t *ret_last, bool *ret_done, struct error *error) {
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool row = false;
    const char *outbox = arena_format(store->bound, "\"%s\"", own_name(store, "outbox"));
    text_addf(&sql, "SELECT count(*), max(id), coalesce(max(id) = (SELECT max(id) FROM %s), 1) FROM (SELECT id FROM %s ORDER BY id LIMIT ?1)",
              outbox, outbox);
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error)) return false;
    sqlite3_bind_int64(statement, 1, chunk->rows);
    if (!statement_step(statement, &row, error)) return false;
    chunk->rows = sqlite3_column_int64(statement, 0);
    *ret_last = sqlite3_column_int64(statement, 1);
    *ret_done = sqlite3_column_int(statement, 2) != 0;
    return true;
}

/* The keys of those rows, each once; without those that are held. */
static bool gather_keys(const struct drain *drain, int64_t last, struct error *error) {
    struct sqlite_store *store = drain->store;
    TEXT sql = {0};
    if (!half_temporary(store, error)) return false;
    text_add(&sql, "DELETE FROM " SHIPPED_KEYS ";\nINSERT OR IGNORE INTO " SHIPPED_KEYS " SELECT ");
    sync_names(&sql, &sqlite_dialect, NULL, &store->key);
    text_add(&sql, " FROM ");
    own_add(&sql, store, "outbox");
    text_addf(&sql, " WHERE id <= %" PRId64 " AND k1 IS NOT NULL", last);
    if (drain->direction == BACKWARD && store->change.hold) {
        text_add(&sql, ";\nDELETE FROM " SHIPPED_KEYS " WHERE ");
        half_add_among(&sql, store, &store->key, arena_format(store->bound, "\"%s\"", own_name(store, "held")));
    }
    return connection_script(store->db, text_get(&sql), NULL, error);
}

/* DELETE ...; UPDATE ...; INSERT ...; of a flow, of the keys that were gathered */
static bool sync_flow(struct sqlite_store *store, const struct flow *flow, struct error *error) {
    struct scope scope = {.set = SHIPPED_KEYS, .row_key = &store->key};
    TEXT query = {0};
    TEXT sql = {0};
    sync_query(&query, &sqlite_dialect, flow, &scope, IMAGE_STORED);
    sync_delete(&sql, &sqlite_dialect, flow, &scope, text_get(&query));
    sync_update(&sql, &sqlite_dialect, flow, text_get(&query), NULL, false);
    sync_insert(&sql, &sqlite_dialect, flow, text_get(&query), NULL, false);
    return connection_script(store->db, text_get(&sql), NULL, error);
}

static bool forget_findings(struct drain *drain, struct error *error) {
    struct sqlite_store *store = drain->store;
    TEXT sql = {0};
    text_add(&sql, "DELETE FROM midflight_finding WHERE migration = ");
    sqlite_quote_text(&sql, store->change.name);
    text_addf(&sql, " AND kind = 'quarantine %s' AND entity_key IN (SELECT ", direction_name(drain->direction));
    key_text_expression(&sql, NULL, &store->key);
    text_add(&sql, " FROM " SHIPPED_KEYS ")");
    return connection_script(store->db, text_get(&sql), NULL, error);
}

static bool sync_all(struct drain *drain, struct error *error) {
    struct sqlite_store *store = drain->store;
    bool ok = guard_pass(store, true, error);
    for (size_t i = 0; ok && i < store->change.mappings[drain->direction].count; i++) {
        ok = sync_flow(store, &store->flows[drain->direction][i], error);
    }
    return ok && guard_pass(store, false, error) && forget_findings(drain, error);
}

/* Those that are not as the queries yield them by now: something of theirs was refused. */
static bool sync_different_ones(struct drain *drain, struct error *error) {
    struct sqlite_store *store = drain->store;
    struct scope scope = {.set = SHIPPED_KEYS, .row_key = &store->key};
    for (size_t i = 0; i < store->change.mappings[drain->direction].count; i++) {
        STATEMENT *statement = NULL;
        if (!different_prepare(store, &store->flows[drain->direction][i], &scope, &statement, error) ||
            !keys_visit(statement, sync_noted, drain, error)) {
            return false;
        }
    }
    return sync_together(drain, error);
}

static bool sync_each(struct drain *drain, struct error *error) {
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    text_add(&sql, "SELECT ");
    key_text_expression(&sql, NULL, &drain->store->key);
    text_add(&sql, " FROM " SHIPPED_KEYS);
    return statement_prepare(drain->store->db, text_get(&sql), NULL, &statement, error) && keys_visit(statement, sync_noted, drain, error) &&
           sync_together(drain, error);
}

static bool sync_keys(struct drain *drain, int64_t last, struct error *error) {
    sqlite3 *db = drain->store->db;
    struct error failure;
    if (!gather_keys(drain, last, error) || !connection_script(db, "SAVEPOINT together", NULL, error)) return false;
    if (sync_all(drain, &failure) && sync_different_ones(drain, &failure)) return connection_script(db, "RELEASE together", NULL, error);
    drain->refused.count = 0;
    if (failure.code != ERROR_ROWS) {
        *error = failure;
        return false;
    }
    return connection_script(db, "ROLLBACK TO together; RELEASE together", NULL, error) && sync_each(drain, error);
}

static bool take_out(struct sqlite_store *store, int64_t last, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "DELETE FROM ");
    own_add(&sql, store, "outbox");
    text_addf(&sql, " WHERE id <= %" PRId64, last);
    return connection_script(store->db, text_get(&sql), NULL, error);
}

static bool drain_rows(struct sqlite_store *store, enum direction direction, struct chunk *chunk, bool *ret_done, struct error *error) {
    struct drain drain = {.store = store, .direction = direction, .chunk = chunk, .began = clock_ms(), .arena = arena_new()};
    int64_t last = 0;
    bool ok = first_rows(store, chunk, &last, ret_done, error) &&
              (chunk->rows == 0 || (sync_keys(&drain, last, error) && (*ret_done || put_back(&drain, error)) && take_out(store, last, error)));
    arena_free(drain.arena);
    return ok;
}

bool sqlite_drain(struct store *base, enum direction direction, int64_t token, struct chunk *chunk, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    if (token == 0) return drain_rows(store, direction, chunk, &chunk->done, error);
    if (!base->ops->begin(base, error)) return false;
    double began = clock_ms();
    bool ok = base->ops->lease_renew(base, store->change.name, clock_wall_ms() + LEASE_MS, token, error) &&
              drain_rows(store, direction, chunk, &chunk->done, error);
    if (ok) FAILPOINT("drain, uncommitted");
    ok = ok && base->ops->commit(base, error);
    if (!ok) base->ops->rollback(base);
    chunk->hold_ms = clock_ms() - began;
    return ok;
}

/* --- what is held --------------------------------------------------------------------------------------------------- */

bool sqlite_held(struct store *base, finding_visit *visit, void *context, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    text_add(&sql, "SELECT ");
    key_text_expression(&sql, NULL, &store->key);
    text_add(&sql, ", max(at) FROM ");
    own_add(&sql, store, "held");
    text_add(&sql, " GROUP BY 1 ORDER BY 2, 1");
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error)) return false;
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        struct finding finding = {.key = (const char *)sqlite3_column_text(statement, 0), .text = "written on the old side after the cut-over",
                                  .at_ms = sqlite3_column_int64(statement, 1)};
        if (row && !visit(context, &finding)) break;
    }
    return true;
}

bool sqlite_held_release(struct store *base, const char *key, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct scope scope = {.exact = true};
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    text_add(&sql, "DELETE FROM ");
    own_add(&sql, store, "held");
    text_add(&sql, " WHERE ");
    sync_scope(&sql, &sqlite_dialect, &scope, NULL, &store->key);
    return statement_prepare(store->db, text_get(&sql), NULL, &statement, error) &&
           key_bind(statement, 1, key, store->key_count, error) && statement_run(statement, error);
}
