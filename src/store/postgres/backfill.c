/* Backfill: ranges (range.c), a chunk at a time, each in one transaction with its range's cursor.
 *
 * Capture notes keys in the outbox (outbox.c), and nobody else writes the new tables, which have no indexes yet (late.c). So a
 * chunk is a plain INSERT ... SELECT that locks no row: what is written while it runs is noted, and synced when the outbox is
 * drained, whichever of the two the chunk saw. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"
#include "store/postgres/state.h"

/* A chunk that turns out so much larger than it was taken for is undone, and tried smaller. */
#define CHUNK_WAIT "2s"
/* Where others hold what is left, or have not divided it yet. */
#define ELSEWHERE_MS 20.0

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
        text_add(&sql, " FROM (SELECT "); /* what is skipped is not written as text */
        sync_names(&sql, &pg_dialect, NULL, &table->table->key);
        text_add(&sql, " FROM ");
        pg_dialect.table(&sql, table);
        text_add(&sql, " WHERE ");
        add_range(&sql, table, from, limit);
        text_add(&sql, " ORDER BY ");
        sync_names(&sql, &pg_dialect, NULL, &table->table->key);
        if (!pg_range_values(store, from, limit, arena, values, &count, error)) return false;
        text_addf(&sql, " LIMIT 1 OFFSET $%zu) AS midflight_k", count + 1);
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

/* --- one chunk ------------------------------------------------------------------------------------------------- */

static bool run_range(struct postgres_store *store, const char *sql, const char *from, const char *until,
                      struct arena *arena, struct error *error) {
    const char *values[2 * KEY_COLUMNS_MAX];
    size_t count;
    return pg_range_values(store, from, until, arena, values, &count, error) &&
           pg_query_often(store->db, sql, values, count, &store->prepared, store->arena, NULL, error);
}

static bool copy_range(struct postgres_store *store, const char *from, const char *until, struct arena *arena,
                       struct error *error) {
    struct scope scope = {.lower = from != NULL, .upper = true};
    for (size_t i = 0; i < store->change.mappings[FORWARD].count; i++) {
        const struct flow *flow = &store->flows[FORWARD][i];
        TEXT query = {0};
        TEXT sql = {0};
        sync_query(&query, &pg_dialect, flow, &scope, IMAGE_STORED);
        sync_fill(&sql, &pg_dialect, flow, text_get(&query));
        if (!run_range(store, text_get(&sql), from, until, arena, error)) return false;
    }
    return true;
}

/* Key by key, where some row of the chunk fails: those that do go to quarantine. */
static bool copy_carefully(struct postgres_store *store, const char *from, const char *until, struct arena *arena,
                           struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "SELECT %s(ARRAY(SELECT ROW(", pg_own(store, "note_each"));
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_addf(&sql, ")::%s FROM (", pg_noted_type(store));
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
    text_add(&sql, ") ORDER BY 1), true)");
    return run_range(store, text_get(&sql), from, until, arena, error);
}

/* Should the server crash, the last chunks are copied again: cursor and rows are lost together, so nobody need wait for the
 * disk, and no application waits behind us for it. */
static bool chunk_begin(struct postgres_store *store, struct error *error) {
    return pg_script(store->db, "BEGIN; " PG_GIVE_WAY "; SET LOCAL synchronous_commit = off; SET LOCAL "
                               "statement_timeout = '" CHUNK_WAIT "'", NULL, error);
}

/* The lease of the whole goes on while its holder copies. */
static bool lease_goes_on(struct postgres_store *store, int64_t token, struct error *error) {
    int64_t now = clock_wall_ms();
    if (token == 0 || now - store->leased_ms < LEASE_MS / 4) return true;
    if (!store->sql.base.ops->lease_renew(&store->sql.base, store->change.name, now + LEASE_MS, token, error)) return false;
    store->leased_ms = now;
    return true;
}

/* *ret_held false: the range is no longer ours, and nothing was written. */
static bool chunk_commit(struct postgres_store *store, int64_t token, const char *until, bool carefully, struct chunk *chunk,
                         bool *ret_held, struct arena *arena, struct error *error) {
    struct store *base = &store->sql.base;
    const char *from = store->range.cursor;
    bool done = strcmp(until, store->range.until) == 0;
    double began = clock_ms();
    bool ok = chunk_begin(store, error) && pg_range_move(store, until, chunk->rows, done, ret_held, error) &&
              lease_goes_on(store, token, error);
    if (ok && *ret_held) {
        ok = carefully ? copy_carefully(store, from, until, arena, error) : copy_range(store, from, until, arena, error);
        if (ok) FAILPOINT("backfill chunk, uncommitted");
        ok = ok && base->ops->commit(base, error);
    }
    if (!ok || !*ret_held) base->ops->rollback(base);
    chunk->hold_ms = clock_ms() - began;
    if (!ok && error->code == ERROR_BUSY) error->code = ERROR_OVERTIME; /* a smaller one, after a rest */
    if (!ok || !*ret_held) return ok;
    if (done) {
        pg_range_let_go(store);
    } else {
        store->range.cursor = arena_copy(store->range.arena, until);
        store->range.rows_left -= chunk->rows;
    }
    return true;
}

static bool copy_chunk(struct postgres_store *store, int64_t token, struct chunk *chunk, struct arena *arena, struct error *error) {
    const char *upper = NULL, *from = store->range.cursor;
    bool held = true;
    if (!pg_row_bytes(store, error)) return false;
    if (chunk->rows > store->chunk_rows_max) chunk->rows = store->chunk_rows_max;
    bool rest = chunk->rows >= store->range.rows_left; /* of the range: it need not be searched for an end */
    if (!rest && !pg_key_after(store, SIDE_OLD, from, store->range.until, chunk->rows, arena, &upper, error)) return false;
    const char *until = upper == NULL ? store->range.until : upper;
    /* The range's last rows are what is left of its estimate, so that progress comes to the whole, and no further. */
    if (upper == NULL || chunk->rows > store->range.rows_left) chunk->rows = store->range.rows_left;
    bool ok = chunk_commit(store, token, until, false, chunk, &held, arena, error);
    if (!ok && error->code == ERROR_ROWS) ok = chunk_commit(store, token, until, true, chunk, &held, arena, error);
    if (!held) {
        pg_range_let_go(store);
        chunk->rows = 0;
    }
    return ok;
}

/* --- transactions older than the capture ------------------------------------------------------------------------- */

#define DRAIN_MS 60000.0
#define DRAIN_LOOK_MS 10.0

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

/* Waits for those that run now: who had no trigger to run, or another one. */
bool pg_older_end(struct postgres_store *store, struct error *error) {
    struct arena *arena = arena_new();
    const char *values[] = {NULL};
    double began = clock_ms();
    bool ok = true;
    while (ok) {
        RESULT *left = NULL;
        ok = pg_query(store->db, running, NULL, values, 1, &left, error);
        if (!ok || PQntuples(left) == 0) break;
        if (values[0] == NULL) values[0] = listed(left, 0, arena);
        if (interrupt_requested()) {
            ok = error_set(error, ERROR_INTERRUPTED, "stopped while it waited for older transactions");
        } else if (clock_ms() - began > DRAIN_MS) {
            ok = error_set(error, ERROR_BUSY,
                           "transactions older than the capture still run after %.0f s (pid %s): end them, see "
                           "pg_stat_activity, and run the same command again", DRAIN_MS / 1000, listed(left, 1, arena));
        } else {
            clock_sleep_ms(DRAIN_LOOK_MS);
        }
    }
    arena_free(arena);
    return ok;
}

/* A helper waits for the holder of the lease to make the ranges. */
bool pg_ranges_begin(struct postgres_store *store, int64_t token, struct error *error) {
    if (token != 0) return pg_older_end(store, error) && pg_ranges_make(store, token, error);
    clock_sleep_ms(ELSEWHERE_MS);
    return true;
}

bool postgres_backfill_open(struct store *base, struct error *error) {
    (void)base, (void)error;
    return true; /* the ranges are made by the first chunk, when older transactions have ended and nobody waits for a lock */
}

bool postgres_backfill_chunk(struct store *base, int64_t token, struct chunk *chunk, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    enum ranges_left state = RANGES_HELD;
    if (store->range.arena == NULL && !pg_range_take(store, &state, error)) return false;
    if (state == RANGES_HELD) {
        struct arena *arena = arena_new();
        bool ok = copy_chunk(store, token, chunk, arena, error);
        arena_free(arena);
        return ok;
    }
    chunk->rows = 0;
    chunk->hold_ms = 0;
    chunk->done = state == RANGES_DONE;
    if (state == RANGES_UNMADE) return pg_ranges_begin(store, token, error);
    if (state == RANGES_ELSEWHERE) clock_sleep_ms(ELSEWHERE_MS);
    return true;
}
