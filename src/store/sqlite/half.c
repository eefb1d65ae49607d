/* One side of a migration between two stores: binding it, what follows its writes, and who may write it.
 *
 * In the database, in the migration's name (here m, old side, table customers):
 *   midflight_m_guard        one row: how far the copy is; done = 2 lets our own writes pass where others are refused
 *   midflight_m_outbox       keys that were written and have not reached the other store (see note.c)
 *   midflight_m_overflow     a row once the outbox has reached its limit; noting: it has room again, and what went unnoticed is looked for
 *   midflight_m_object       what of ours there has to be
 *   midflight_m_old_customers_note_*, or ..._refuse_*   the triggers
 *
 * A commit that the other store then relies on must not be lost with the power: synchronous is FULL here, not NORMAL. */
#include "store/sqlite/half.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/sql/ledger.h"

/* --- binding ------------------------------------------------------------------------------------------------------ */

static const struct table *shape_table(const struct shape *shape, const char *name) {
    for (size_t i = 0; i < shape->count; i++) {
        if (strcmp(shape->tables[i].name, name) == 0) return &shape->tables[i];
    }
    return NULL;
}

/* Where the follower's key is among the columns that a flow yields. */
static bool find_key(struct sqlite_store *store, const struct flow *flow, const int **ret, struct error *error) {
    const struct half *half = store->half;
    const struct table *table = shape_table(&store->change.shapes[follower_of(half->out)], flow->target->table->name);
    int *places = ARENA_ARRAY(store->bound, int, store->key_count);
    for (size_t k = 0; k < store->key_count; k++) {
        places[k] = -1;
        for (size_t i = 0; i < flow->yielded.count; i++) {
            if (sqlite3_stricmp(flow->yielded.items[i], table->key.items[k]) == 0) places[k] = (int)i;
        }
        if (places[k] >= 0) continue;
        return error_set(error, ERROR_DEFINITION, "%s.%s does not yield %s, a key column of table %s: add it", direction_name(half->out),
                         table->name, table->key.items[k], table->name);
    }
    *ret = places;
    return true;
}

static bool bind_out(struct sqlite_store *store, struct error *error) {
    struct half *half = store->half;
    const struct mapping *mapping = &store->change.mappings[half->out];
    store->flows[half->out] = ARENA_ARRAY(store->bound, struct flow, mapping->count);
    half->shipping = ARENA_ARRAY(store->bound, struct shipping, mapping->count);
    half->manifest = (struct manifest){STREAM_RAW, ARENA_ARRAY(store->bound, struct cargo, mapping->count), mapping->count};
    for (size_t i = 0; i < mapping->count; i++) {
        struct flow *flow = &store->flows[half->out][i];
        struct cargo *cargo = &half->manifest.cargoes[i];
        if (!catalog_flow(store->copy, &mapping->queries[i], half->out, half_tables(store), half_table_count(store), NULL, store->bound,
                          flow, error) ||
            !find_key(store, flow, &half->shipping[i].key, error)) {
            return false;
        }
        cargo->table = mapping->queries[i].table;
        for (size_t c = 0; c < flow->yielded.count; c++) {
            names_add(store->bound, &cargo->columns, flow->yielded.items[c]);
            names_add(store->bound, &cargo->types, flow->target->columns[c].declared);
        }
    }
    return true;
}

static void bind_key_intakes(struct sqlite_store *store) {
    const struct bound_table *first = half_tables(store);
    struct intake *intakes = ARENA_ARRAY(store->bound, struct intake, store->key_count);
    for (size_t i = 0; i < store->key_count; i++) {
        const struct column *column = sync_column(first, first->table->key.items[i]);
        if (column != NULL) intakes[i] = intake_of(column, "");
    }
    store->half->key_intakes = intakes;
}

bool half_bind(struct sqlite_store *store, struct error *error) {
    bool old = store->standing.housed == HOUSES_OLD, ignored;
    struct half *half = arena_alloc(store->bound, sizeof *half);
    *half = (struct half){.side = old ? SIDE_OLD : SIDE_NEW, .out = old ? FORWARD : BACKWARD, .in = old ? BACKWARD : FORWARD};
    store->half = half;
    struct standing standing = store->standing;
    if (old) { /* the new shape's DDL is the other store's */
        store->change.create = store->change.index = NULL;
        standing.made = true;
    }
    if (!sqlite_others_write(&store->sql.base, &ignored, error) ||
        (sqlite3_get_autocommit(store->db) != 0 && !connection_script(store->db, "PRAGMA synchronous = FULL", NULL, error)) ||
        !catalog_copy(store->db, &store->change, standing, &store->copy, error) || !bind_tables(store, half->side, error)) {
        return false;
    }
    bind_key_intakes(store);
    return standing.names_only || bind_out(store, error);
}

void half_free_arrivals(struct half *half) {
    for (size_t i = 0; i < half->arrival_count; i++) {
        struct arrival *arrival = &half->arrivals[i];
        sqlite3_finalize(arrival->hold);
        for (size_t s = 0; s < sizeof arrival->writes / sizeof *arrival->writes; s++) sqlite3_finalize(arrival->writes[s]);
        sqlite3_finalize(arrival->different);
    }
    half->arrival_count = 0;
}

void half_free(struct sqlite_store *store) {
    struct half *half = store->half;
    if (half == NULL) return;
    for (size_t i = 0; half->shipping != NULL && i < half->manifest.count; i++) {
        for (int r = 0; r < REACH_COUNT; r++) sqlite3_finalize(half->shipping[i].queries[r]);
    }
    half_free_arrivals(half);
    statement_finalize(&half->hold_key);
    stream_reset(&half->reader);
    free(half->shipment.from);
    free(half->shipment.until);
    store->half = NULL;
}

/* --- what the database holds -------------------------------------------------------------------------------------- */

void half_key_columns(struct text *text, const struct sqlite_store *store) {
    const struct bound_table *first = outbox_tables(store);
    for (size_t i = 0; i < store->key_count; i++) {
        const struct column *column = sync_column(first, first->table->key.items[i]);
        text_addf(text, "%s%s", i > 0 ? ", " : "", store->key.items[i]);
        if (column == NULL) continue; /* the table is not there any more */
        text_addf(text, " %s COLLATE ", column->declared);
        sqlite_quote(text, column->collation);
    }
}

bool half_temporary(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    static const char *const keys[] = {SHIPPED_KEYS, LANDED_KEYS};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        text_addf(&sql, "CREATE TABLE IF NOT EXISTS %s (", keys[i]);
        half_key_columns(&sql, store);
        text_add(&sql, ", UNIQUE (");
        sync_names(&sql, &sqlite_dialect, NULL, &store->key);
        text_add(&sql, "));\n");
    }
    text_add(&sql, "CREATE TABLE IF NOT EXISTS " TAKEN_ROWS " (id INTEGER PRIMARY KEY, at INTEGER)");
    return connection_script(store->db, text_get(&sql), NULL, error);
}

/* \x00ff, as another store writes a key of bytes, is one here where the column is declared to hold such. */
bool half_key_bind(struct sqlite_store *store, sqlite3_stmt *statement, const char *key, struct error *error) {
    if (!key_bind(statement, 1, key, store->key_count, error)) return false;
    const struct intake *intake = store->half->key_intakes;
    bool bytes = store->key_count == 1 && intake->affinity == AFFINITY_NONE && *intake->column->declared != '\0';
    size_t length = strlen(key);
    if (!bytes || strncmp(key, "'\\x", 3) != 0 || length < 4) return true;
    struct field field = {.kind = FIELD_WRITTEN, .data = key + 1, .size = length - 2};
    (void)intake_bind(statement, 1, intake, &field);
    return true;
}

static void add_numbered(struct text *text, const char *letter, size_t count) {
    for (size_t i = 0; i < count; i++) text_addf(text, ", %s%zu", letter, i + 1);
}

/* What an outbox row takes: its key's text, and what SQLite needs besides. */
#define ROW_BYTES 16
#define SAMPLE "1000"

bool half_row_bytes(struct sqlite_store *store, int64_t *ret, struct error *error) {
    const struct bound_table *first = outbox_tables(store);
    TEXT sql = {0};
    *ret = ROW_BYTES;
    if (first->identity.count == 0) return true; /* it is not there any more */
    text_addf(&sql, "SELECT %d + coalesce(CAST(avg(n) AS INTEGER), 8) FROM (SELECT length(", ROW_BYTES);
    for (size_t i = 0; i < store->key_count; i++) {
        text_add(&sql, i > 0 ? ") + length(" : "");
        sqlite_quote(&sql, first->table->key.items[i]);
    }
    text_add(&sql, ") AS n FROM ");
    sqlite_quote(&sql, first->physical);
    text_add(&sql, " LIMIT " SAMPLE ")");
    return connection_integer(store->db, text_get(&sql), ret, error);
}

void half_add_among(struct text *sql, const struct sqlite_store *store, const struct names *key, const char *relation) {
    text_add(sql, "(");
    sync_names(sql, &sqlite_dialect, NULL, key);
    text_add(sql, ") IN (SELECT ");
    sync_names(sql, &sqlite_dialect, NULL, &store->key);
    text_addf(sql, " FROM %s)", relation);
}

void half_add_outbox(struct text *sql, const struct sqlite_store *store) {
    text_add(sql, "CREATE TABLE IF NOT EXISTS ");
    own_add(sql, store, "outbox");
    text_add(sql, " (id INTEGER PRIMARY KEY, ");
    half_key_columns(sql, store);
    text_add(sql, ", at INTEGER);\nCREATE TABLE IF NOT EXISTS ");
    if (store->change.hold) {
        own_add(sql, store, "held");
        text_add(sql, " (id INTEGER PRIMARY KEY, ");
        half_key_columns(sql, store);
        text_add(sql, ", at INTEGER);\nCREATE TABLE IF NOT EXISTS ");
    }
    own_add(sql, store, "overflow");
    text_add(sql, " (at INTEGER NOT NULL, noting INTEGER NOT NULL DEFAULT 0);\n");
}

static bool create_tables(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    int64_t row_bytes;
    if (!half_row_bytes(store, &row_bytes, error)) return false;
    text_add(&sql, "CREATE TABLE IF NOT EXISTS ");
    own_add(&sql, store, "guard");
    text_add(&sql, " (done INTEGER NOT NULL DEFAULT 1, row_bytes INTEGER NOT NULL");
    add_numbered(&sql, "k", store->key_count);
    add_numbered(&sql, "h", store->key_count);
    text_add(&sql, ");\nINSERT INTO ");
    own_add(&sql, store, "guard");
    text_addf(&sql, " (row_bytes) SELECT %" PRId64 " WHERE NOT EXISTS (SELECT 1 FROM ", row_bytes);
    own_add(&sql, store, "guard");
    text_add(&sql, ");\n");
    half_add_outbox(&sql, store);
    text_add(&sql, "CREATE TABLE IF NOT EXISTS ");
    own_add(&sql, store, "object");
    text_add(&sql, " (type TEXT NOT NULL, name TEXT NOT NULL, sql TEXT NOT NULL)");
    return connection_script(store->db, text_get(&sql), NULL, error);
}

/* --- who may write, and what is noted ------------------------------------------------------------------------------ */

static bool prepare(struct sqlite_store *store, struct error *error) {
    return create_tables(store, error) && drop_own(store, "trigger", "", error);
}

bool half_note(struct sqlite_store *store, const char *into, struct error *error) {
    if (!prepare(store, error)) return false;
    for (size_t i = 0; i < half_table_count(store); i++) {
        if (!note_triggers(store, store->half->side, into, i, error)) return false;
    }
    return remember_own(store, error);
}

static void add_refusal(struct text *sql, const struct sqlite_store *store, const struct bound_table *table, const char *event) {
    TEXT message = {0};
    const char *side = side_name(store->half->side);
    text_addf(&message, "midflight: table %s has moved to %s (migration %s): write there", table->table->name, store->standing.elsewhere,
              store->change.name);
    if (store->half->side == SIDE_NEW) {
        text_clear(&message);
        text_addf(&message, "midflight: table %s is still filled from %s (migration %s): write there", table->table->name,
                  store->standing.elsewhere, store->change.name);
    }
    text_add(sql, "CREATE TRIGGER ");
    own_add(sql, store, arena_format(store->bound, "%s_%s_refuse_%s", side, table->table->name, event));
    text_addf(sql, " BEFORE %s ON ", event);
    sqlite_quote(sql, table->physical);
    text_add(sql, "\nWHEN (SELECT midflight_g.done FROM ");
    own_add(sql, store, "guard");
    text_add(sql, " AS midflight_g) IS NOT 2\nBEGIN\n  SELECT RAISE(ABORT, ");
    sqlite_quote_text(sql, text_get(&message));
    text_add(sql, ");\nEND;\n");
}

bool half_refuse(struct sqlite_store *store, struct error *error) {
    static const char *const events[] = {"INSERT", "UPDATE", "DELETE"};
    TEXT sql = {0};
    if (!prepare(store, error)) return false;
    for (size_t i = 0; i < half_table_count(store); i++) {
        const struct bound_table *table = &half_tables(store)[i];
        if (table->identity.count == 0) continue; /* it is not there any more */
        for (size_t e = 0; e < sizeof events / sizeof *events; e++) add_refusal(&sql, store, table, events[e]);
    }
    return connection_script(store->db, text_get(&sql), NULL, error) && remember_own(store, error);
}

/* At the end of a migration it is no longer of use to know what new.create made. */
bool sqlite_ledger_stay(struct store *base, const char *name, const char *stage, int64_t epoch, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    text_add(&sql, "DROP TABLE IF EXISTS ");
    own_add(&sql, store, "made");
    return connection_script(store->db, text_get(&sql), NULL, error) && sql_ledger_stay(base, name, stage, epoch, error);
}

/* --- the fence, and what waits ------------------------------------------------------------------------------------- */

/* BEGIN IMMEDIATE has it already. */
bool sqlite_hold(struct store *base, enum side side, struct error *error) {
    (void)side, (void)error;
    base->held_since_ms = sqlite_store_of(base)->began_ms;
    return true;
}

/* So many are counted; of more it is enough to know about how many there are. */
#define COUNTED "20000"

bool sqlite_backlog(struct store *base, struct backlog *ret, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool row = false;
    int64_t known;
    text_add(&sql, "SELECT count(*) FROM sqlite_schema WHERE name = ");
    sqlite_quote_text(&sql, own_name(store, "outbox"));
    if (!connection_integer(store->db, text_get(&sql), &known, error)) return false;
    *ret = (struct backlog){0};
    if (known == 0) return true;
    const char *outbox = arena_format(store->bound, "\"%s\"", own_name(store, "outbox"));
    text_clear(&sql);
    text_addf(&sql, "WITH o (low, high) AS (SELECT (SELECT min(id) FROM %s), (SELECT max(id) FROM %s))\n", outbox, outbox);
    text_addf(&sql, "SELECT CASE WHEN high - low < " COUNTED " THEN (SELECT count(k1) FROM %s) ELSE high - low + 1 END, ", outbox);
    text_addf(&sql, "(SELECT at FROM %s WHERE k1 IS NOT NULL ORDER BY id LIMIT 1), (SELECT row_bytes FROM ", outbox);
    own_add(&sql, store, "guard");
    text_add(&sql, "), EXISTS (SELECT 1 FROM ");
    own_add(&sql, store, "overflow");
    text_add(&sql, ") FROM o");
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error) || !statement_step(statement, &row, error)) return false;
    ret->keys = sqlite3_column_int64(statement, 0);
    ret->oldest_ms = ret->keys > 0 ? sqlite3_column_int64(statement, 1) : 0;
    ret->bytes = ret->keys * sqlite3_column_int64(statement, 2);
    ret->overflowed = sqlite3_column_int(statement, 3) != 0;
    return true;
}

static bool overflow_run(struct sqlite_store *store, const char *before, const char *after, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, before);
    own_add(&sql, store, "overflow");
    text_add(&sql, after);
    return connection_script(store->db, text_get(&sql), NULL, error);
}

bool sqlite_outbox_reopen(struct store *base, struct error *error) {
    return overflow_run(sqlite_store_of(base), "UPDATE ", " SET noting = 1", error);
}

bool sqlite_outbox_mend(struct store *base, struct error *error) {
    return overflow_run(sqlite_store_of(base), "DELETE FROM ", " WHERE noting = 1", error);
}

bool sqlite_outbox_middle(struct store *base, const struct drain_range *range, int64_t rows, char **ret, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct scope scope = range_of(range->lower, range->upper);
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool row = false;
    text_add(&sql, "WITH noted AS (SELECT ");
    sync_names(&sql, &sqlite_dialect, NULL, &store->key);
    text_add(&sql, " FROM ");
    own_add(&sql, store, "outbox");
    text_add(&sql, " WHERE k1 IS NOT NULL AND ");
    sync_scope(&sql, &sqlite_dialect, &scope, NULL, &store->key);
    text_addf(&sql, " LIMIT %" PRId64 "), numbered AS (SELECT *, row_number() OVER (ORDER BY ", rows);
    sync_names(&sql, &sqlite_dialect, NULL, &store->key);
    text_add(&sql, ") AS n, count(*) OVER () AS c FROM (SELECT DISTINCT * FROM noted)) SELECT ");
    key_text_expression(&sql, NULL, &store->key);
    text_addf(&sql, " FROM numbered WHERE n = c / 2 AND (SELECT count(*) FROM noted) >= %" PRId64, rows);
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error) ||
        !range_bind(store, statement, range->lower, range->upper, error) || !statement_step(statement, &row, error)) {
        return false;
    }
    *ret = row ? strdup((const char *)sqlite3_column_text(statement, 0)) : NULL;
    return true;
}
