/* What goes out to another store: the keys of a parcel, and what the queries yield for them, read in one snapshot.
 *
 * A snapshot is a read transaction: with a write-ahead log it holds nobody up. Keys that are not a range stand in a temporary
 * table, which belongs to the connection and is written within that very transaction. Of the outbox exactly the rows that were
 * read are deleted, by their ids, in a transaction of its own afterwards. */
#include "store/sqlite/half.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "store/sql/ledger.h"

/* How much is put together before it is passed on. */
#define SHIP_BYTES (128 << 10) /* bytes */

bool sqlite_ship_manifest(struct store *base, enum direction direction, struct manifest *ret, struct error *error) {
    struct half *half = sqlite_store_of(base)->half;
    (void)error;
    (void)direction;
    *ret = half->manifest;
    return true;
}

/* --- the range of the copy ------------------------------------------------------------------------------------------- */

bool sqlite_range_take(struct store *base, int64_t token, struct claim *ret, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct position position = {0};
    if (!position_read(store, &position, error)) return false;
    *ret = (struct claim){.place = position.done ? 0 : 1, .token = token, .done = position.done};
    store->half->claim = position.done ? 0 : token;
    position_free(&position);
    return true;
}

/* Is the key after that of the cursor? In the guard's own order, which is that of the keys. */
static bool is_behind(struct sqlite_store *store, const char *cursor, bool *ret, struct error *error) {
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    text_add(&sql, "SELECT 1 FROM ");
    own_add(&sql, store, "guard");
    text_add(&sql, " WHERE k1 IS NULL OR (");
    sync_names(&sql, &sqlite_dialect, NULL, &store->key);
    text_add(&sql, ") < (");
    for (size_t i = 0; i < store->key_count; i++) text_addf(&sql, "%s?%zu", i > 0 ? ", " : "", i + 1);
    text_add(&sql, ")");
    return statement_prepare(store->db, text_get(&sql), NULL, &statement, error) &&
           key_bind(statement, 1, cursor, store->key_count, error) && statement_step(statement, ret, error);
}

bool sqlite_range_resume(struct store *base, const char *cursor, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct position position = {0};
    bool behind = false;
    int64_t rows = 0;
    if (!base->ops->begin(base, error)) return false;
    bool ok = position_read(store, &position, error) && is_behind(store, cursor, &behind, error);
    if (ok && behind) {
        ok = rows_in(store, SIDE_OLD, position.cursor, cursor, &rows, error) && position_write(store, cursor, false, error) &&
             sql_rows_advance(base, store->change.name, store->half->claim, rows, error);
    }
    ok = ok && base->ops->commit(base, error);
    if (!ok) base->ops->rollback(base);
    position_free(&position);
    return ok;
}

/* --- which keys ------------------------------------------------------------------------------------------------------ */

static char *copy_text(const char *text) {
    return text == NULL ? NULL : strdup(text);
}

/* The last key after `from` and not after `bound`, malloc'ed; NULL: there is none. */
static bool last_key(struct sqlite_store *store, const char *from, const char *bound, char **ret, struct error *error) {
    struct scope scope = range_of(from, bound);
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool row = false;
    text_add(&sql, "SELECT ");
    key_text_expression(&sql, NULL, &store->key);
    text_add(&sql, " FROM (");
    for (size_t i = 0; i < half_table_count(store); i++) {
        const struct bound_table *table = &half_tables(store)[i];
        text_add(&sql, i > 0 ? " UNION ALL SELECT * FROM (SELECT " : "SELECT * FROM (SELECT ");
        for (size_t k = 0; k < store->key_count; k++) {
            if (k > 0) text_add(&sql, ", ");
            sqlite_quote(&sql, table->table->key.items[k]);
            text_addf(&sql, " AS %s", store->key.items[k]);
        }
        text_add(&sql, " FROM ");
        sqlite_quote(&sql, table->physical);
        text_add(&sql, " WHERE ");
        sync_scope(&sql, &sqlite_dialect, &scope, NULL, &table->table->key);
        for (size_t k = 0; k < store->key_count; k++) {
            text_add(&sql, k > 0 ? ", " : " ORDER BY ");
            sqlite_quote(&sql, table->table->key.items[k]);
            text_add(&sql, " DESC");
        }
        text_add(&sql, " LIMIT 1)");
    }
    text_add(&sql, ")");
    for (size_t k = 0; k < store->key_count; k++) text_addf(&sql, "%s%s DESC", k > 0 ? ", " : " ORDER BY ", store->key.items[k]);
    text_add(&sql, " LIMIT 1");
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error) ||
        !range_bind(store, statement, from, bound, error) || !statement_step(statement, &row, error)) {
        return false;
    }
    *ret = row ? copy_text((const char *)sqlite3_column_text(statement, 0)) : NULL;
    return true;
}

/* The next chunk of the copy: its last key, and how many rows of the leader's it covers. */
static bool open_range(struct sqlite_store *store, struct parcel *parcel, struct error *error) {
    struct shipment *shipment = &store->half->shipment;
    struct position position = {0};
    char *upper = NULL;
    bool ok = position_read(store, &position, error);
    if (ok && position.until == NULL) ok = error_set(error, ERROR_STORE, "%s: there is no range to copy: run the same command again", store->sql.base.name);
    ok = ok && key_after(store, SIDE_OLD, position.cursor, position.until, parcel->rows, &upper, error);
    if (ok) {
        parcel->done = upper == NULL;
        shipment->from = copy_text(position.cursor);
        shipment->until = upper == NULL ? copy_text(position.until) : upper;
        parcel->place = 1;
        parcel->token = store->half->claim;
    }
    if (ok && (parcel->done || half_table_count(store) > 1)) {
        ok = rows_in(store, SIDE_OLD, shipment->from, shipment->until, &parcel->rows, error);
    }
    position_free(&position);
    return ok;
}

static bool open_span(struct sqlite_store *store, struct parcel *parcel, struct error *error) {
    struct shipment *shipment = &store->half->shipment;
    enum side side = store->half->side;
    shipment->from = copy_text(parcel->cursor);
    if (!key_after(store, side, parcel->cursor, parcel->bound, parcel->rows, &shipment->until, error)) return false;
    parcel->done = shipment->until == NULL;
    if (parcel->done && !last_key(store, parcel->cursor, parcel->bound, &shipment->until, error)) return false;
    if (shipment->until != NULL) return rows_in(store, side, shipment->from, shipment->until, &parcel->rows, error);
    parcel->rows = 0;
    return true;
}

/* INSERT OR IGNORE INTO the shipped keys SELECT keys of the outbox's rows that were read */
static bool keys_of_taken(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "INSERT OR IGNORE INTO " SHIPPED_KEYS " SELECT ");
    sync_names(&sql, &sqlite_dialect, NULL, &store->key);
    text_add(&sql, " FROM ");
    own_add(&sql, store, "outbox");
    text_add(&sql, " WHERE id IN (SELECT id FROM " TAKEN_ROWS ")");
    for (size_t i = 0; i < store->key_count; i++) text_addf(&sql, " AND %s IS NOT NULL", store->key.items[i]);
    return connection_script(store->db, text_get(&sql), NULL, error);
}

/* The outbox's first rows of a range, with the one without a key that keeps the ids growing. */
static bool take_noted(struct sqlite_store *store, const struct parcel *parcel, struct error *error) {
    struct scope scope = range_of(parcel->cursor, parcel->bound);
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    text_add(&sql, "INSERT INTO " TAKEN_ROWS " SELECT id, at FROM ");
    own_add(&sql, store, "outbox");
    text_add(&sql, " WHERE ");
    sync_scope(&sql, &sqlite_dialect, &scope, NULL, &store->key);
    text_add(&sql, " OR k1 IS NULL ORDER BY id");
    if (parcel->rows < INT64_MAX) text_addf(&sql, " LIMIT %" PRId64, parcel->rows);
    return statement_prepare(store->db, text_get(&sql), NULL, &statement, error) &&
           range_bind(store, statement, parcel->cursor, parcel->bound, error) && statement_run(statement, error);
}

static bool open_outbox(struct sqlite_store *store, struct parcel *parcel, struct error *error) {
    TEXT sql = {0};
    int64_t taken = 0, keyless = 0;
    if (!take_noted(store, parcel, error) || !keys_of_taken(store, error) ||
        !connection_integer(store->db, "SELECT count(*) FROM " TAKEN_ROWS, &taken, error)) {
        return false;
    }
    text_add(&sql, "SELECT count(*) FROM " TAKEN_ROWS " JOIN ");
    own_add(&sql, store, "outbox");
    text_add(&sql, " USING (id) WHERE k1 IS NULL");
    if (!connection_integer(store->db, text_get(&sql), &keyless, error)) return false;
    parcel->done = taken < parcel->rows;
    parcel->rows = taken - keyless;
    return true;
}

/* A NULL in a key names no entity; as long as there is such a row, it stays in quarantine. */
static bool no_keyless(struct sqlite_store *store, struct error *error) {
    for (size_t i = 0; i < half_table_count(store); i++) {
        const struct bound_table *table = &half_tables(store)[i];
        TEXT sql = {0};
        int64_t any = 0;
        text_add(&sql, "SELECT EXISTS (SELECT 1 FROM ");
        sqlite_quote(&sql, table->physical);
        for (size_t k = 0; k < store->key_count; k++) {
            text_add(&sql, k > 0 ? " OR " : " WHERE ");
            sqlite_quote(&sql, table->table->key.items[k]);
            text_add(&sql, " IS NULL");
        }
        text_add(&sql, ")");
        if (!connection_integer(store->db, text_get(&sql), &any, error)) return false;
        if (any == 0) continue;
        return error_set(error, ERROR_ROWS, "%s: table %s has a row whose key is NULL: it belongs to no entity. Give it a key, or delete it",
                         store->sql.base.name, table->table->name);
    }
    return true;
}

static bool take_named(struct sqlite_store *store, const struct names *keys, struct error *error) {
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool keyless = false;
    text_add(&sql, "INSERT OR IGNORE INTO " SHIPPED_KEYS " VALUES (");
    for (size_t i = 0; i < store->key_count; i++) text_addf(&sql, "%s?%zu", i > 0 ? ", " : "", i + 1);
    text_add(&sql, ")");
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error)) return false;
    for (size_t i = 0; i < keys->count; i++) {
        if (!half_key_bind(store, statement, keys->items[i], error) || !statement_run(statement, error)) return false;
        keyless = keyless || strncmp(keys->items[i], "NULL", 4) == 0 || strstr(keys->items[i], ",NULL") != NULL;
    }
    return !keyless || no_keyless(store, error);
}

static bool outbox_exists(struct sqlite_store *store, bool *ret, struct error *error) {
    TEXT sql = {0};
    int64_t known = 0;
    text_add(&sql, "SELECT count(*) FROM sqlite_schema WHERE name = ");
    sqlite_quote_text(&sql, own_name(store, "outbox"));
    if (!connection_integer(store->db, text_get(&sql), &known, error)) return false;
    *ret = known > 0;
    return true;
}

/* <what> WHERE (k1, ...) IN (SELECT k1, ... FROM <keys>) */
static bool run_on_keys(struct sqlite_store *store, const char *what, const char *keys, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "%s WHERE ", what);
    half_add_among(&sql, store, &store->key, keys);
    return connection_script(store->db, text_get(&sql), NULL, error);
}

static bool open_keys(struct sqlite_store *store, struct parcel *parcel, struct error *error) {
    const char *outbox = arena_format(store->bound, "\"%s\"", own_name(store, "outbox"));
    bool exists = false;
    if (!take_named(store, parcel->keys, error)) return false;
    if (!parcel->clears && !parcel->settled) return true;
    if (!outbox_exists(store, &exists, error)) return false;
    if (!exists) return true;
    if (parcel->settled) return run_on_keys(store, "DELETE FROM " SHIPPED_KEYS, outbox, error);
    return run_on_keys(store, arena_format(store->bound, "INSERT INTO " TAKEN_ROWS " SELECT id, at FROM %s", outbox), SHIPPED_KEYS, error);
}

static bool clear_keys(struct sqlite_store *store, struct error *error) {
    return half_temporary(store, error) &&
           connection_script(store->db, "DELETE FROM " SHIPPED_KEYS "; DELETE FROM " TAKEN_ROWS, NULL, error);
}

static bool open_kind(struct sqlite_store *store, struct parcel *parcel, struct error *error) {
    switch (parcel->kind) {
    case PARCEL_RANGE:
        return open_range(store, parcel, error);
    case PARCEL_SPAN:
        return open_span(store, parcel, error);
    case PARCEL_OUTBOX:
        return clear_keys(store, error) && open_outbox(store, parcel, error);
    case PARCEL_KEYS:
        break;
    }
    return clear_keys(store, error) && open_keys(store, parcel, error);
}

static void end_reading(struct sqlite_store *store) {
    struct shipment *shipment = &store->half->shipment;
    /* the temporary tables' rows are to stay: a rollback would undo them as well */
    if (shipment->own && sqlite3_get_autocommit(store->db) == 0 && sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    shipment->open = false;
}

bool sqlite_ship_open(struct store *base, struct parcel *parcel, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct shipment *shipment = &store->half->shipment;
    free(shipment->from);
    free(shipment->until);
    *shipment = (struct shipment){.open = true, .own = !parcel->within};
    if (shipment->own && !connection_script(store->db, "BEGIN", NULL, error)) return false;
    if (!open_kind(store, parcel, error)) {
        end_reading(store);
        return false;
    }
    bool range = parcel->kind == PARCEL_RANGE || parcel->kind == PARCEL_SPAN;
    if (range) parcel->until = shipment->until;
    shipment->parcel = *parcel;
    return true;
}

/* --- giving it out ---------------------------------------------------------------------------------------------------- */

static enum reach reach_of(const struct shipment *shipment) {
    if (shipment->parcel.kind == PARCEL_OUTBOX || shipment->parcel.kind == PARCEL_KEYS) return REACH_SET;
    return shipment->from == NULL ? REACH_UNTIL : REACH_BETWEEN;
}

/* main."customers": no table that shadows it bears such a name */
static void whole_source(struct text *text, const struct bound_table *table) {
    text_add(text, "main.");
    sqlite_quote(text, table->physical);
}

static bool query_prepare(struct sqlite_store *store, size_t number, enum reach reach, sqlite3_stmt **ret, struct error *error) {
    sqlite3_stmt **statement = &store->half->shipping[number].queries[reach];
    if (*statement == NULL) {
        struct dialect dialect = sqlite_dialect;
        struct scope scope = {.lower = reach == REACH_BETWEEN, .upper = reach != REACH_SET};
        TEXT sql = {0};
        TEXT query = {0};
        dialect.source = whole_source;
        if (reach == REACH_SET) scope = (struct scope){.set = SHIPPED_KEYS, .row_key = &store->key};
        sync_query(&query, &dialect, &store->flows[store->half->out][number], &scope, IMAGE_STORED);
        text_addf(&sql, "SELECT * FROM %s", text_get(&query));
        if (!statement_prepare(store->db, text_get(&sql), NULL, statement, error)) return false;
    }
    *ret = *statement;
    return true;
}

/* SELECT DISTINCT k1, ... in order: of the set, or of the range in every table of the side */
static void keys_query(struct text *sql, const struct sqlite_store *store) {
    const struct shipment *shipment = &store->half->shipment;
    if (reach_of(shipment) == REACH_SET) {
        text_add(sql, "SELECT * FROM " SHIPPED_KEYS);
        return;
    }
    struct scope scope = range_of(shipment->from, shipment->until);
    for (size_t i = 0; i < half_table_count(store); i++) {
        const struct bound_table *table = &half_tables(store)[i];
        text_add(sql, i > 0 ? " UNION SELECT " : "SELECT DISTINCT ");
        for (size_t k = 0; k < store->key_count; k++) {
            if (k > 0) text_add(sql, ", ");
            sqlite_quote(sql, table->table->key.items[k]);
            text_addf(sql, " AS %s", store->key.items[k]);
        }
        text_add(sql, " FROM ");
        sqlite_quote(sql, table->physical);
        text_add(sql, " WHERE ");
        sync_scope(sql, &sqlite_dialect, &scope, NULL, &table->table->key);
    }
    for (size_t k = 0; k < store->key_count; k++) text_addf(sql, "%s%zu", k > 0 ? ", " : " ORDER BY ", k + 1);
}

static bool reach_bind(struct sqlite_store *store, sqlite3_stmt *statement, struct error *error) {
    const struct shipment *shipment = &store->half->shipment;
    return reach_of(shipment) == REACH_SET || range_bind(store, statement, shipment->from, shipment->until, error);
}

/* The key of the statement's row, for a message. */
static void row_key(struct text *text, const struct sqlite_store *store, sqlite3_stmt *statement, const int *places) {
    for (size_t k = 0; k < store->key_count; k++) {
        int place = places == NULL ? (int)k : places[k];
        const char *value = (const char *)sqlite3_column_text(statement, place);
        text_addf(text, "%s%s", k > 0 ? "," : "", value == NULL ? "NULL" : value);
    }
}

/* What a stream is made of. */
struct outflow {
    const char *table;
    const int *key;
    bool raw;
    const bool *bytes; /* of its cargo */
    ship_sink *sink;
    void *context;
};

static bool refuse_value(struct sqlite_store *store, sqlite3_stmt *statement, const struct outflow *outflow, int column, const char *why,
                         struct error *error) {
    TEXT key = {0};
    row_key(&key, store, statement, outflow->key);
    return error_set(error, ERROR_ROWS, "%s: %s, key %s: %s %s", store->sql.base.name, outflow->table, text_get(&key),
                     sqlite3_column_name(statement, column), why);
}

/* As text a blob looks like a text that spells one. */
static bool check_kinds(struct sqlite_store *store, sqlite3_stmt *statement, const struct outflow *outflow, struct error *error) {
    for (int i = 0; outflow->bytes != NULL && i < sqlite3_data_count(statement); i++) {
        int type = sqlite3_column_type(statement, i);
        if (type == SQLITE_NULL || (type == SQLITE_BLOB) == outflow->bytes[i]) continue;
        return refuse_value(store, statement, outflow, i, outflow->bytes[i] ? "is no BLOB, and the column there holds bytes: yield it as one"
                                                                            : "is a BLOB, and the column there holds none: yield a text", error);
    }
    return true;
}

static bool give_out(struct sqlite_store *store, sqlite3_stmt *statement, const struct outflow *outflow, struct error *error) {
    TEXT text = {0};
    for (bool row = true; row;) {
        int column;
        if (!statement_step(statement, &row, error) || (row && !check_kinds(store, statement, outflow, error))) return false;
        if (row && !stream_write(&text, statement, outflow->raw, &column)) {
            return refuse_value(store, statement, outflow, column, "is a text with a NUL byte, which does not pass between these stores: take "
                                "it out, or yield it as a BLOB", error);
        }
        if (text.length < SHIP_BYTES && (row || text.length == 0)) continue;
        if (!outflow->sink(outflow->context, text.data, text.length, error)) return false;
        text_clear(&text);
    }
    return true;
}

static bool ship_nothing(const struct shipment *shipment) {
    return reach_of(shipment) != REACH_SET && shipment->until == NULL;
}

static bool ship_key_stream(struct sqlite_store *store, const struct outflow *outflow, struct error *error) {
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    keys_query(&sql, store);
    return statement_prepare(store->db, text_get(&sql), NULL, &statement, error) && reach_bind(store, statement, error) &&
           give_out(store, statement, outflow, error);
}

bool sqlite_ship(struct store *base, size_t stream, bool raw, ship_sink *sink, void *context, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct outflow outflow = {.table = half_tables(store)->table->name, .raw = raw, .sink = sink, .context = context};
    sqlite3_stmt *statement;
    if (ship_nothing(&store->half->shipment)) return true;
    if (stream == 0) return ship_key_stream(store, &outflow, error);
    size_t number = stream - 1;
    outflow.table = store->half->manifest.cargoes[number].table;
    outflow.bytes = raw ? NULL : store->half->manifest.cargoes[number].bytes;
    outflow.key = store->half->shipping[number].key;
    if (!query_prepare(store, number, reach_of(&store->half->shipment), &statement, error) ||
        !reach_bind(store, statement, error)) {
        return false;
    }
    bool ok = give_out(store, statement, &outflow, error);
    sqlite3_reset(statement);
    return ok || error_prefix(error, "%s.%s", direction_name(store->half->out), outflow.table);
}

bool sqlite_ship_keys(struct store *base, key_visit *visit, void *context, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    if (ship_nothing(&store->half->shipment)) return true;
    text_add(&sql, "SELECT ");
    key_text_expression(&sql, NULL, &store->key);
    text_add(&sql, " FROM (");
    keys_query(&sql, store);
    text_add(&sql, ")");
    return statement_prepare(store->db, text_get(&sql), NULL, &statement, error) && reach_bind(store, statement, error) &&
           keys_visit(statement, visit, context, error);
}

/* --- the end of it ------------------------------------------------------------------------------------------------------ */

/* Exactly what was read: another outbox, after a rollback and a new start, has the same ids, and not at that time. The row with the
 * highest id loses its key instead, so that no later one is given its id. */
#define IS_TAKEN "id IN (SELECT id FROM " TAKEN_ROWS ") AND at IS (SELECT midflight_t.at FROM " TAKEN_ROWS " AS midflight_t WHERE midflight_t.id = %s.id)"

static bool clear_noted(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    const char *outbox = arena_format(store->bound, "\"%s\"", own_name(store, "outbox"));
    text_addf(&sql, "DELETE FROM %s WHERE " IS_TAKEN " AND id < (SELECT max(id) FROM %s);\nUPDATE %s SET ", outbox, outbox, outbox, outbox);
    for (size_t i = 0; i < store->key_count; i++) text_addf(&sql, "%s%s = NULL", i > 0 ? ", " : "", store->key.items[i]);
    text_addf(&sql, " WHERE id = (SELECT max(id) FROM %s) AND " IS_TAKEN, outbox, outbox);
    return connection_script(store->db, text_get(&sql), NULL, error);
}

static bool move_range(struct sqlite_store *store, const struct parcel *parcel, struct error *error) {
    return position_write(store, store->half->shipment.until, parcel->done, error) &&
           sql_rows_advance(&store->sql.base, store->change.name, store->half->claim, parcel->rows, error);
}

static bool settle(struct sqlite_store *store, const struct shipment *shipment, struct error *error) {
    struct store *base = &store->sql.base;
    const struct parcel *parcel = &shipment->parcel;
    if (!shipment->own) return clear_noted(store, error);
    if (!base->ops->begin(base, error)) return false;
    bool ok = parcel->kind == PARCEL_RANGE ? move_range(store, parcel, error) : clear_noted(store, error);
    if (ok) FAILPOINT("parcel settled, uncommitted");
    ok = ok && base->ops->commit(base, error);
    if (!ok) base->ops->rollback(base);
    return ok;
}

bool sqlite_ship_close(struct store *base, bool landed, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    const struct shipment *shipment = &store->half->shipment;
    const struct parcel *parcel = &shipment->parcel;
    bool was_open = shipment->open;
    if (was_open) end_reading(store);
    if (!was_open || !landed) return true;
    bool takes = (parcel->kind == PARCEL_OUTBOX && parcel->rows > 0) || (parcel->kind == PARCEL_KEYS && parcel->clears);
    return (parcel->kind != PARCEL_RANGE && !takes) || settle(store, shipment, error);
}
