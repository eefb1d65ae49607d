/* Draining an outbox within one database. (Between two stores ship.c reads it.)
 *
 * Everything is one transaction with the writer's lock: nobody notes a key between the moment in which the outbox is read and the one in
 * which what was read is taken out of it. Entities that exchange unique values refuse one another at first: those that are refused let
 * go of theirs together, and are synced once more. */
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

static enum finding_kind kind_of(enum direction direction) {
    return direction == FORWARD ? QUARANTINE_FORWARD : QUARANTINE_BACKWARD;
}

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
        !sql_finding_known(&store->sql.base, store->change.name, kind_of(drain->direction), key, &refused, error)) {
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
    for (size_t i = 0; ok && keys.count > 1 && i < keys.count; i++) ok = sqlite_park(base, drain->direction, keys.items[i], error);
    for (size_t i = 0; ok && keys.count > 1 && i < keys.count; i++) ok = sync_alone(drain->store, drain->direction, keys.items[i], error);
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

static bool sync_keys(struct drain *drain, int64_t last, struct error *error) {
    struct sqlite_store *store = drain->store;
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    text_add(&sql, "SELECT DISTINCT ");
    key_text_expression(&sql, NULL, &store->key);
    text_add(&sql, " FROM ");
    own_add(&sql, store, "outbox");
    text_add(&sql, " WHERE id <= ?1");
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error)) return false;
    sqlite3_bind_int64(statement, 1, last);
    return keys_visit(statement, sync_noted, drain, error) && sync_together(drain, error);
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
              (chunk->rows == 0 || (sync_keys(&drain, last, error) && take_out(store, last, error)));
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
