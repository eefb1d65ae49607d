/* Backfill: the range from the cursor on, a chunk at a time, each in one transaction with its cursor.
 *
 * Reads and writes of a chunk happen under the writer's lock, so nothing can come between them. A chunk that takes
 * longer than it may is interrupted and undone; the engine then asks for a smaller one. A chunk in which something is
 * refused is done carefully; see careful.c. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "store/sql/ledger.h"
#include "store/sqlite/state.h"

bool sqlite_rows_count(struct store *base, int64_t *ret, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    text_add(&sql, "SELECT count(*) FROM ");
    sqlite_quote(&sql, store->tables[SIDE_OLD][0].physical);
    return connection_integer(store->db, text_get(&sql), ret, error);
}

/* SELECT "k" FROM (each leader table's highest key) ORDER BY 1 DESC LIMIT 1 */
static void add_highest(struct text *text, const struct sqlite_store *store) {
    for (size_t i = 0; i < store->change.shapes[SIDE_OLD].count; i++) {
        const struct bound_table *table = &store->tables[SIDE_OLD][i];
        text_add(text, i > 0 ? " UNION ALL SELECT * FROM (SELECT " : "SELECT * FROM (SELECT ");
        sync_names(text, &sqlite_dialect, NULL, &table->table->key);
        text_add(text, " FROM ");
        sqlite_quote(text, table->physical);
        text_add(text, " ORDER BY ");
        for (size_t k = 0; k < table->table->key.count; k++) {
            if (k > 0) text_add(text, ", ");
            sqlite_quote(text, table->table->key.items[k]);
            text_add(text, " DESC");
        }
        text_add(text, " LIMIT 1)");
    }
    text_add(text, " ORDER BY ");
    for (size_t k = 0; k < store->key_count; k++) text_addf(text, "%s%zu DESC", k > 0 ? ", " : "", k + 1);
    text_add(text, " LIMIT 1");
}

static void add_letters(struct text *text, const char *letter, size_t count) {
    for (size_t i = 0; i < count; i++) text_addf(text, "%s%s%zu", i > 0 ? ", " : "", letter, i + 1);
}

bool sqlite_backfill_open(struct store *base, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    text_add(&sql, "UPDATE ");
    own_add(&sql, store, "guard");
    text_add(&sql, " SET done = 0, (");
    add_letters(&sql, "h", store->key_count);
    text_add(&sql, ") = (");
    add_highest(&sql, store);
    text_add(&sql, ");\nUPDATE ");
    own_add(&sql, store, "guard");
    text_add(&sql, " SET done = 1 WHERE h1 IS NULL");
    return connection_script(store->db, text_get(&sql), NULL, error);
}

void position_free(struct position *position) {
    free(position->cursor);
    free(position->until);
}

static char *text_column(sqlite3_stmt *statement, int column) {
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text == NULL ? NULL : strdup(text);
}

bool position_read(struct sqlite_store *store, struct position *ret, struct error *error) {
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool row = false;
    text_add(&sql, "SELECT done, CASE WHEN k1 IS NOT NULL THEN ");
    key_text_expression(&sql, NULL, &store->key);
    text_add(&sql, " END, ");
    key_text_expression(&sql, NULL, &store->until);
    text_add(&sql, " FROM ");
    own_add(&sql, store, "guard");
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error) ||
        !statement_step(statement, &row, error)) {
        return false;
    }
    if (!row) {
        return error_set(error, ERROR_SCHEMA, "%s: midflight's own table was emptied: `midflight rollback`, then start again",
                         store->sql.base.name);
    }
    *ret = (struct position){sqlite3_column_int(statement, 0) != 0, text_column(statement, 1), text_column(statement, 2)};
    return true;
}

bool position_write(struct sqlite_store *store, const char *cursor, bool done, struct error *error) {
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    text_add(&sql, "UPDATE ");
    own_add(&sql, store, "guard");
    text_addf(&sql, " SET done = %d", done);
    for (size_t i = 0; i < store->key_count; i++) text_addf(&sql, ", k%zu = ?%zu", i + 1, i + 1);
    return statement_prepare(store->db, text_get(&sql), NULL, &statement, error) &&
           key_bind(statement, 1, cursor, store->key_count, error) && statement_run(statement, error);
}

void chunk_statements_free(struct sqlite_store *store) {
    for (int lower = 0; lower < 2; lower++) {
        if (store->chunks[lower] == NULL) continue;
        for (size_t i = 0; i < store->change.mappings[FORWARD].count; i++) {
            struct chunk_statements *statements = &store->chunks[lower][i];
            sqlite3_finalize(statements->any);
            sqlite3_finalize(statements->fill);
            for (int s = 0; s < 3; s++) sqlite3_finalize(statements->sync[s]);
            sqlite3_finalize(statements->different);
        }
        store->chunks[lower] = NULL;
    }
}

/* An empty statement (nothing is carried, so nothing to update) stays NULL and is passed over. */
static bool prepare_text(struct sqlite_store *store, struct text *text, sqlite3_stmt **ret, struct error *error) {
    bool ok = text->length == 0 || statement_prepare(store->db, text_get(text), NULL, ret, error);
    text_clear(text);
    return ok;
}

bool chunk_prepare(struct sqlite_store *store, bool lower, struct error *error) {
    if (store->chunks[lower] != NULL) return true;
    size_t count = store->change.mappings[FORWARD].count;
    struct scope scope = {.lower = lower, .upper = true};
    TEXT text = {0};
    store->chunks[lower] = ARENA_ARRAY(store->bound, struct chunk_statements, count);
    for (size_t i = 0; i < count; i++) {
        const struct flow *flow = &store->flows[FORWARD][i];
        struct chunk_statements *statements = &store->chunks[lower][i];
        text_add(&text, "SELECT EXISTS (SELECT 1 FROM ");
        sqlite_quote(&text, flow->target->physical);
        text_add(&text, " WHERE ");
        sync_scope(&text, &sqlite_dialect, &scope, NULL, &flow->target->table->key);
        text_add(&text, ")");
        if (!prepare_text(store, &text, &statements->any, error)) return false;
        TEXT query = {0};
        sync_query(&query, &sqlite_dialect, flow, &scope, IMAGE_STORED);
        const char *now = text_get(&query);
        sync_fill(&text, &sqlite_dialect, flow, now);
        if (!prepare_text(store, &text, &statements->fill, error)) return false;
        sync_delete(&text, &sqlite_dialect, flow, &scope, now);
        if (!prepare_text(store, &text, &statements->sync[0], error)) return false;
        sync_update(&text, &sqlite_dialect, flow, now, NULL, false);
        if (!prepare_text(store, &text, &statements->sync[1], error)) return false;
        sync_insert(&text, &sqlite_dialect, flow, now, NULL, false);
        if (!prepare_text(store, &text, &statements->sync[2], error) ||
            !different_prepare(store, flow, &scope, &statements->different, error)) {
            return false;
        }
    }
    return true;
}

bool range_run(struct sqlite_store *store, sqlite3_stmt *statement, const char *from, const char *until,
               struct error *error) {
    return statement == NULL || (range_bind(store, statement, from, until, error) && statement_run(statement, error));
}

static bool range_empty(struct sqlite_store *store, const char *from, const char *until, bool *ret, struct error *error) {
    *ret = true;
    for (size_t i = 0; *ret && i < store->change.mappings[FORWARD].count; i++) {
        sqlite3_stmt *any = store->chunks[from != NULL][i].any;
        bool row = false;
        if (!range_bind(store, any, from, until, error) || !statement_step(any, &row, error)) return false;
        *ret = sqlite3_column_int(any, 0) == 0;
        sqlite3_reset(any);
    }
    return true;
}

static bool fill_range(struct sqlite_store *store, const char *from, const char *until, struct error *error) {
    for (size_t i = 0; i < store->change.mappings[FORWARD].count; i++) {
        if (!range_run(store, store->chunks[from != NULL][i].fill, from, until, error)) return false;
    }
    return true;
}

/* SQLite asks this every thousand steps of its virtual machine. */
static int past_deadline(void *context) {
    const double *deadline = context;
    return clock_ms() > *deadline;
}

bool sqlite_others_write(struct store *base, bool *ret, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    int64_t version;
    if (!connection_integer(store->db, "PRAGMA data_version", &version, error)) return false;
    *ret = store->data_version != 0 && version != store->data_version;
    store->data_version = version;
    return true;
}

/* Plain where nothing is there yet and nothing was refused lately. */
static bool copy_range(struct sqlite_store *store, const char *from, const char *until, int64_t rows, struct error *error) {
    bool plain = false;
    if (!store->refused && !range_empty(store, from, until, &plain, error)) return false;
    if (!plain) return copy_carefully(store, from, until, rows, error);
    if (fill_range(store, from, until, error)) return true;
    store->refused = error->code == ERROR_ROWS;
    return false;
}

/* The transaction of one chunk. */
static bool chunk_commit(struct sqlite_store *store, int64_t token, const struct position *position, const char *until,
                         struct chunk *chunk, struct error *error) {
    if (!store->sql.base.ops->begin(&store->sql.base, error)) return false;
    double began = clock_ms(), deadline = began + chunk->hold_ms_max;
    if (chunk->rows > 1) sqlite3_progress_handler(store->db, 1000, past_deadline, &deadline);
    bool ok = copy_range(store, position->cursor, until, chunk->rows, error);
    sqlite3_progress_handler(store->db, 0, NULL, NULL);
    bool done = strcmp(until, position->until) == 0;
    ok = ok && position_write(store, until, done, error) &&
         sql_rows_advance(&store->sql.base, store->change.name, token, chunk->rows, error);
    if (ok) FAILPOINT("backfill chunk, uncommitted");
    ok = ok && store->sql.base.ops->commit(&store->sql.base, error);
    if (!ok) store->sql.base.ops->rollback(&store->sql.base);
    chunk->hold_ms = clock_ms() - began;
    chunk->done = ok && done;
    return ok;
}

bool sqlite_backfill_chunk(struct store *base, int64_t token, struct chunk *chunk, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct position position = {0};
    char *upper = NULL;
    bool ok = position_read(store, &position, error);
    if (ok && position.done) {
        position_free(&position);
        chunk->rows = 0;
        chunk->done = true;
        return true;
    }
    ok = ok && key_after(store, SIDE_OLD, position.cursor, position.until, chunk->rows, &upper, error) &&
         chunk_prepare(store, position.cursor != NULL, error);
    const char *until = upper == NULL ? position.until : upper;
    if (ok && (upper == NULL || store->change.shapes[SIDE_OLD].count > 1)) {
        ok = rows_in(store, SIDE_OLD, position.cursor, until, &chunk->rows, error);
    }
    if (ok) {
        bool refused = store->refused;
        ok = chunk_commit(store, token, &position, until, chunk, error);
        if (!ok && error->code == ERROR_ROWS && !refused && store->refused) {
            ok = chunk_commit(store, token, &position, until, chunk, error);
        }
    }
    free(upper);
    position_free(&position);
    return ok;
}
