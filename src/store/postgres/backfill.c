/* Backfill: the range from the cursor on, a chunk at a time, each in one transaction with its cursor.
 *
 * Capture is on, so the triggers keep every row that is there; a chunk adds what is missing. It locks the leader's rows
 * first, then reads them with a second statement: between the two nobody can delete or change what it is about to copy. A
 * chunk waits for a lock less long than PostgreSQL waits before it looks for deadlocks, so that it is the chunk, and never
 * the application, that gives way. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"
#include "store/sql/ledger.h"
#include "store/postgres/state.h"

/* Below deadlock_timeout (1 s by default), and short enough that whoever waits behind us hardly notices. */
#define LOCK_WAIT "50ms"

bool postgres_rows_count(struct store *base, int64_t *ret, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    TEXT sql = {0};
    text_add(&sql, "SELECT count(*) FROM ");
    pg_dialect.table(&sql, &store->tables[SIDE_OLD][0]);
    return pg_integer(store->db, text_get(&sql), ret, error);
}

/* --- ranges ------------------------------------------------------------------------------------------------------ */

bool pg_range_values(struct postgres_store *store, const char *from, const char *until, struct arena *arena,
                     const char **values, size_t *count, struct error *error) {
    *count = 0;
    if (from != NULL) {
        if (!pg_key_values(from, values, store->key.count, arena, error)) return false;
        *count += store->key.count;
    }
    if (until != NULL) {
        if (!pg_key_values(until, values + *count, store->key.count, arena, error)) return false;
        *count += store->key.count;
    }
    return true;
}

static void add_range(struct text *text, const struct bound_table *table, const char *from, const char *until) {
    struct scope scope = {.lower = from != NULL, .upper = until != NULL};
    sync_scope(text, &pg_dialect, &scope, NULL, &table->table->key);
}

bool pg_key_after(struct postgres_store *store, enum side side, const char *from, const char *until, int64_t rows,
                  struct arena *arena, const char **ret, struct error *error) {
    const char *found = NULL;
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        const char *limit = found != NULL ? found : until; /* only a nearer one counts */
        const char *values[2 * KEY_COLUMNS_MAX + 1];
        size_t count;
        TEXT sql = {0};
        RESULT *result = NULL;
        text_add(&sql, "SELECT ");
        pg_key_text(&sql, NULL, &table->table->key);
        text_add(&sql, " FROM ");
        pg_dialect.table(&sql, table);
        text_add(&sql, " WHERE ");
        add_range(&sql, table, from, limit);
        text_add(&sql, " ORDER BY ");
        sync_names(&sql, &pg_dialect, NULL, &table->table->key);
        if (!pg_range_values(store, from, limit, arena, values, &count, error)) return false;
        text_addf(&sql, " LIMIT 1 OFFSET $%zu", count + 1);
        values[count++] = arena_format(arena, "%" PRId64, rows - 1);
        if (!pg_query_often(store->db, text_get(&sql), values, count, &store->prepared, store->arena, &result, error)) {
            return false;
        }
        if (PQntuples(result) > 0) found = arena_copy(arena, PQgetvalue(result, 0, 0));
    }
    *ret = found;
    return true;
}

bool pg_rows_in(struct postgres_store *store, const char *from, const char *until, struct arena *arena, int64_t *ret,
                struct error *error) {
    const struct bound_table *table = &store->tables[SIDE_OLD][0];
    const char *values[2 * KEY_COLUMNS_MAX];
    size_t count;
    TEXT sql = {0};
    RESULT *result = NULL;
    text_add(&sql, "SELECT count(*) FROM ");
    pg_dialect.table(&sql, table);
    text_add(&sql, " WHERE ");
    add_range(&sql, table, from, until);
    if (!pg_range_values(store, from, until, arena, values, &count, error) ||
        !pg_query(store->db, text_get(&sql), NULL, values, count, &result, error)) {
        return false;
    }
    *ret = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    return true;
}

/* --- the cursor -------------------------------------------------------------------------------------------------- */

/* The highest key of the old side now: what comes later, the triggers see. NULL: there is none. */
static bool highest(struct postgres_store *store, const char **ret, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "SELECT ");
    pg_key_text(&sql, NULL, &store->key);
    text_add(&sql, " FROM (");
    for (size_t i = 0; i < store->change.shapes[SIDE_OLD].count; i++) {
        const struct bound_table *table = &store->tables[SIDE_OLD][i];
        text_add(&sql, i > 0 ? " UNION ALL (SELECT " : "(SELECT ");
        sync_names(&sql, &pg_dialect, NULL, &table->table->key);
        text_add(&sql, " FROM ");
        pg_dialect.table(&sql, table);
        text_add(&sql, " ORDER BY ");
        for (size_t k = 0; k < store->key.count; k++) {
            if (k > 0) text_add(&sql, ", ");
            pg_quote(&sql, table->table->key.items[k]);
            text_add(&sql, " DESC NULLS LAST");
        }
        text_add(&sql, " LIMIT 1)");
    }
    text_add(&sql, ") AS midflight_h (");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_add(&sql, ") ORDER BY ");
    for (size_t k = 0; k < store->key.count; k++) text_addf(&sql, "%sk%zu DESC NULLS LAST", k > 0 ? ", " : "", k + 1);
    text_add(&sql, " LIMIT 1");
    return pg_text(store->db, text_get(&sql), NULL, store->bound, ret, error);
}

bool postgres_backfill_open(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const char *until = NULL;
    if (!highest(store, &until, error)) return false;
    const char *values[] = {store->change.name, until};
    return pg_query(store->db, "INSERT INTO midflight.midflight_position (migration, until_key) VALUES ($1, $2)", NULL, values, 2,
                    NULL, error);
}

struct position {
    const char *cursor, *until; /* NULL: from the beginning; nothing (left) to do */
};

static bool position_read(struct postgres_store *store, struct arena *arena, struct position *ret, struct error *error) {
    RESULT *result = NULL;
    const char *values[] = {store->change.name};
    if (!pg_query(store->db, "SELECT cursor_key, until_key FROM midflight.midflight_position WHERE migration = $1", NULL, values, 1,
                  &result, error)) {
        return false;
    }
    if (PQntuples(result) == 0) {
        return error_set(error, ERROR_SCHEMA, "%s: midflight's own table was emptied: `midflight rollback`, then start again",
                         store->sql.base.name);
    }
    const char *cursor = result_text(result, 0, 0), *until = result_text(result, 0, 1);
    *ret = (struct position){cursor == NULL ? NULL : arena_copy(arena, cursor), until == NULL ? NULL : arena_copy(arena, until)};
    return true;
}

static bool position_write(struct postgres_store *store, const char *cursor, bool done, struct error *error) {
    const char *values[] = {store->change.name, cursor, done ? "t" : "f"};
    return pg_query(store->db,
                    "UPDATE midflight.midflight_position SET cursor_key = $2, until_key = CASE WHEN $3::boolean THEN NULL ELSE "
                    "until_key END WHERE migration = $1", NULL, values, 3, NULL, error);
}

/* --- one chunk ------------------------------------------------------------------------------------------------- */

static bool run_range(struct postgres_store *store, const char *sql, const char *from, const char *until,
                      struct arena *arena, struct error *error) {
    const char *values[2 * KEY_COLUMNS_MAX];
    size_t count;
    return pg_range_values(store, from, until, arena, values, &count, error) &&
           pg_query_often(store->db, sql, values, count, &store->prepared, store->arena, NULL, error);
}

static bool lock_range(struct postgres_store *store, const char *from, const char *until, struct arena *arena,
                       struct error *error) {
    for (size_t i = 0; i < store->change.shapes[SIDE_OLD].count; i++) {
        const struct bound_table *table = &store->tables[SIDE_OLD][i];
        TEXT sql = {0};
        text_add(&sql, "SELECT count(*) FROM (SELECT 1 FROM ");
        pg_dialect.table(&sql, table);
        text_add(&sql, " WHERE ");
        add_range(&sql, table, from, until);
        text_add(&sql, " ORDER BY ");
        sync_names(&sql, &pg_dialect, NULL, &table->table->key);
        text_add(&sql, " FOR SHARE) AS midflight_l");
        if (!run_range(store, text_get(&sql), from, until, arena, error)) return false;
    }
    return true;
}

static bool copy_range(struct postgres_store *store, const char *from, const char *until, struct arena *arena,
                       struct error *error) {
    struct scope scope = {.lower = from != NULL, .upper = true};
    for (size_t i = 0; i < store->change.mappings[FORWARD].count; i++) {
        const struct flow *flow = &store->flows[FORWARD][i];
        TEXT query = {0};
        TEXT sql = {0};
        sync_query(&query, &pg_dialect, flow, &scope, IMAGE_STORED);
        sync_insert(&sql, &pg_dialect, flow, text_get(&query), NULL, false);
        if (!run_range(store, text_get(&sql), from, until, arena, error)) return false;
    }
    return true;
}

/* Key by key, where some row of the chunk fails: those that do go to quarantine. */
static bool copy_carefully(struct postgres_store *store, const char *from, const char *until, struct arena *arena,
                           struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "SELECT %s(ARRAY(SELECT ROW(", pg_own(store, "forward_each"));
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_addf(&sql, ")::%s FROM (", pg_own(store, "key"));
    for (size_t i = 0; i < store->change.shapes[SIDE_OLD].count; i++) {
        const struct bound_table *table = &store->tables[SIDE_OLD][i];
        text_add(&sql, i > 0 ? " UNION SELECT " : "SELECT ");
        sync_names(&sql, &pg_dialect, NULL, &table->table->key);
        text_add(&sql, " FROM ");
        pg_dialect.table(&sql, table);
        text_add(&sql, " WHERE ");
        add_range(&sql, table, from, until);
    }
    text_add(&sql, ") AS midflight_k (");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_add(&sql, ") ORDER BY 1))");
    return run_range(store, text_get(&sql), from, until, arena, error);
}

static bool set_guard(struct postgres_store *store, struct error *error) {
    const char *values[] = {pg_guard(store, FORWARD)};
    return pg_query(store->db, "SELECT set_config('midflight.syncing', $1, true), set_config('lock_timeout', '" LOCK_WAIT "', true)",
                    NULL, values, 1, NULL, error);
}

static bool chunk_commit(struct postgres_store *store, int64_t token, const struct position *position, const char *until,
                         bool carefully, struct chunk *chunk, struct arena *arena, struct error *error) {
    struct store *base = &store->sql.base;
    bool done = strcmp(until, position->until) == 0;
    if (!base->ops->begin(base, error)) return false;
    double began = clock_ms();
    bool ok = set_guard(store, error) && lock_range(store, position->cursor, until, arena, error) &&
              (carefully ? copy_carefully(store, position->cursor, until, arena, error)
                         : copy_range(store, position->cursor, until, arena, error)) &&
              position_write(store, until, done, error) &&
              sql_rows_advance(base, store->change.name, token, chunk->rows, error);
    if (ok) FAILPOINT("backfill chunk, uncommitted");
    ok = ok && base->ops->commit(base, error);
    if (!ok) base->ops->rollback(base);
    chunk->hold_ms = clock_ms() - began;
    chunk->done = ok && done;
    if (!ok && error->code == ERROR_BUSY) error->code = ERROR_OVERTIME; /* a smaller one, after a rest */
    return ok;
}

/* --- transactions older than the capture ------------------------------------------------------------------------- */

#define DRAIN_MS 60000.0
#define DRAIN_LOOK_MS 50.0

/* Every running transaction of this database holds a lock on its own number. */
static const char running[] =
    "SELECT l.virtualtransaction, l.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'virtualxid' "
    "AND l.granted AND a.datname = current_database() AND l.pid <> pg_backend_pid() AND ($1::text IS NULL OR "
    "l.virtualtransaction = ANY ($1::text[]))";

static const char *listed(const PGresult *result, int column, struct arena *arena) {
    TEXT list = {0};
    for (int i = 0; i < PQntuples(result); i++) text_addf(&list, "%s%s", i > 0 ? "," : "", PQgetvalue(result, i, column));
    return arena_format(arena, column == 0 ? "{%s}" : "%s", text_get(&list));
}

/* Waits for those that run now. One with a snapshot from before could not see what the backfill writes, nor write it. */
static bool drain(struct postgres_store *store, struct arena *arena, struct error *error) {
    const char *values[] = {NULL};
    double began = clock_ms();
    while (true) {
        RESULT *left = NULL;
        if (!pg_query(store->db, running, NULL, values, 1, &left, error)) return false;
        if (PQntuples(left) == 0) return true;
        if (values[0] == NULL) values[0] = listed(left, 0, arena);
        if (interrupt_requested()) return error_set(error, ERROR_INTERRUPTED, "stopped while it waited for older transactions");
        if (clock_ms() - began > DRAIN_MS) {
            return error_set(error, ERROR_BUSY,
                             "transactions older than the capture still run after %.0f s (pid %s): end them, see "
                             "pg_stat_activity, and run the same command again", DRAIN_MS / 1000, listed(left, 1, arena));
        }
        clock_sleep_ms(DRAIN_LOOK_MS);
    }
}

bool postgres_backfill_chunk(struct store *base, int64_t token, struct chunk *chunk, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct arena *arena = arena_new();
    struct position position = {0};
    const char *upper = NULL;
    bool ok = position_read(store, arena, &position, error);
    if (ok && position.until == NULL) {
        chunk->rows = 0;
        chunk->hold_ms = 0;
        chunk->done = true;
        arena_free(arena);
        return true;
    }
    ok = ok && (position.cursor != NULL || drain(store, arena, error)) &&
         pg_key_after(store, SIDE_OLD, position.cursor, position.until, chunk->rows, arena, &upper, error);
    const char *until = upper == NULL ? position.until : upper;
    if (ok && (upper == NULL || store->change.shapes[SIDE_OLD].count > 1)) {
        ok = pg_rows_in(store, position.cursor, until, arena, &chunk->rows, error);
    }
    if (ok && !chunk_commit(store, token, &position, until, false, chunk, arena, error)) {
        ok = error->code == ERROR_ROWS && chunk_commit(store, token, &position, until, true, chunk, arena, error);
    }
    arena_free(arena);
    return ok;
}
