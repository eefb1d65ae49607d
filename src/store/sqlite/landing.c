/* What has arrived is written: all of it or nothing, with the range's cursor, under the token that allows it. And compared.
 *
 * Nothing is left out in silence: where a constraint refuses a row the whole parcel is undone, and the engine tries its keys. */
#include "store/sqlite/half.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "store/sql/ledger.h"

enum write { WRITE_PARK, WRITE_DELETE, WRITE_UPDATE, WRITE_INSERT, WRITE_FILL };

/* The longest text of a row in a report. */
#define ROW_TEXT_MAX 600

static struct scope landed_scope(const struct sqlite_store *store) {
    return (struct scope){.set = LANDED_KEYS, .row_key = &store->key};
}

/* A value of another type than the column insists on is SQLite's to refuse. */
static void fits_always(struct text *text, const char *value, const struct column *column) {
    (void)text, (void)value, (void)column;
}

static struct dialect landing_dialect(void) {
    struct dialect dialect = sqlite_dialect;
    dialect.skip_refused = "";
    dialect.fits = fits_always;
    return dialect;
}

static void add_write(struct text *sql, const struct sqlite_store *store, const struct arrival *arrival, enum write write) {
    struct dialect dialect = landing_dialect();
    struct scope scope = landed_scope(store);
    switch (write) {
    case WRITE_PARK:
        sync_park(sql, &dialect, &arrival->flow, &scope);
        break;
    case WRITE_DELETE:
        sync_delete(sql, &dialect, &arrival->flow, &scope, arrival->held);
        break;
    case WRITE_UPDATE:
        sync_update(sql, &dialect, &arrival->flow, arrival->held, NULL, false);
        break;
    case WRITE_INSERT:
        sync_insert(sql, &dialect, &arrival->flow, arrival->held, NULL, false);
        break;
    case WRITE_FILL:
        sync_fill(sql, &dialect, &arrival->flow, arrival->held);
        break;
    }
}

static bool write_run(struct sqlite_store *store, struct arrival *arrival, enum write write, struct error *error) {
    sqlite3_stmt **statement = &arrival->writes[write];
    if (*statement == NULL) {
        TEXT sql = {0};
        add_write(&sql, store, arrival, write);
        if (sql.length == 0) return true; /* there is nothing to do */
        if (!statement_prepare(store->db, text_get(&sql), NULL, statement, error)) return false;
    }
    return statement_run(*statement, error) || error_prefix(error, "table %s", arrival->flow.target->table->name);
}

/* Which of the fresh rows it was that SQLite refused, found by trying each: its key goes before the message. */
static void name_refused(struct sqlite_store *store, const struct arrival *arrival, struct error *error) {
    TEXT sql = {0};
    STATEMENT *fill = NULL;
    STATEMENT *rows = NULL;
    struct error failure = {0};
    TEXT one = {0};
    text_addf(&one, "(SELECT * FROM %s WHERE rowid = ?1)", arrival->held);
    struct dialect dialect = landing_dialect();
    sync_fill(&sql, &dialect, &arrival->flow, text_get(&one));
    if (!statement_prepare(store->db, text_get(&sql), NULL, &fill, &failure)) return;
    text_clear(&sql);
    text_add(&sql, "SELECT rowid, ");
    key_text_expression(&sql, NULL, &arrival->flow.target->table->key);
    text_addf(&sql, " FROM %s", arrival->held);
    if (!statement_prepare(store->db, text_get(&sql), NULL, &rows, &failure)) return;
    for (bool row = true; row;) {
        if (!statement_step(rows, &row, &failure) || !row) return;
        sqlite3_bind_int64(fill, 1, sqlite3_column_int64(rows, 0));
        if (statement_run(fill, &failure)) continue;
        *error = failure;
        (void)error_prefix(error, "table %s, key %s", arrival->flow.target->table->name, (const char *)sqlite3_column_text(rows, 1));
        return;
    }
}

static bool fill_all(struct sqlite_store *store, struct error *error) {
    struct half *half = store->half;
    for (size_t i = 0; i < half->arrival_count; i++) {
        if (write_run(store, &half->arrivals[i], WRITE_FILL, error)) continue;
        if (error->code == ERROR_ROWS) name_refused(store, &half->arrivals[i], error); /* all of this is undone */
        return false;
    }
    return true;
}

static bool sync_all(struct sqlite_store *store, struct error *error) {
    struct half *half = store->half;
    size_t count = half->arrival_count;
    for (size_t i = 0; half->parcel.park && i < count; i++) {
        struct error failure;
        if (write_run(store, &half->arrivals[i], WRITE_PARK, &failure)) continue;
        if (failure.code == ERROR_ROWS) continue; /* another constraint forbids it: the statement is undone, and they stay as they are */
        *error = failure;
        return false;
    }
    for (size_t i = count; i-- > 0;) {
        if (!write_run(store, &half->arrivals[i], WRITE_DELETE, error)) return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!write_run(store, &half->arrivals[i], WRITE_UPDATE, error) || !write_run(store, &half->arrivals[i], WRITE_INSERT, error)) return false;
    }
    return true;
}

/* The right to write is looked at in the transaction that writes, and the cursor moves with the rows. */
static bool check_right(struct sqlite_store *store, struct error *error) {
    const struct half *half = store->half;
    struct store *base = &store->sql.base;
    char *cursor = NULL;
    if (half->parcel.place == 0) return sql_lease_renew(base, store->change.name, clock_wall_ms() + LEASE_MS, half->token, error);
    bool ok = sql_landing_find(base, store->change.name, half->parcel.place, half->token, &cursor, error);
    free(cursor);
    return ok;
}

static bool move_cursor(struct sqlite_store *store, struct error *error) {
    const struct parcel *parcel = &store->half->parcel;
    return parcel->place == 0 || parcel->until == NULL ||
           sql_landing_move(&store->sql.base, store->change.name, parcel->place, store->half->token, parcel->until, error);
}

/* DELETE FROM <relation> WHERE (k1, ...) IN (SELECT k1, ... FROM the keys that are held); */
static void add_leave_out(struct text *sql, struct sqlite_store *store, const char *relation, const struct names *key) {
    text_addf(sql, "DELETE FROM %s WHERE ", relation);
    half_add_among(sql, store, key, arena_format(store->bound, "\"%s\"", own_name(store, "held")));
    text_add(sql, ";\n");
}

/* What is held on the old side stays as it is. Whoever would write there waits for us. */
static bool leave_out_held(struct sqlite_store *store, struct error *error) {
    const struct half *half = store->half;
    TEXT sql = {0};
    if (!store->change.hold || half->side != SIDE_OLD) return true;
    for (size_t i = 0; i < half->arrival_count; i++) {
        add_leave_out(&sql, store, half->arrivals[i].held, &half->arrivals[i].flow.target->table->key);
    }
    add_leave_out(&sql, store, LANDED_KEYS, &store->key);
    return connection_script(store->db, text_get(&sql), NULL, error);
}

bool landing_write_rows(struct sqlite_store *store, struct error *error) {
    bool fresh = store->half->parcel.fresh || store->half->parcel.kind == PARCEL_RANGE;
    return leave_out_held(store, error) && guard_pass(store, true, error) && (fresh ? fill_all(store, error) : sync_all(store, error)) && guard_pass(store, false, error);
}

bool landing_write(struct sqlite_store *store, bool keep, struct error *error) {
    struct store *base = &store->sql.base;
    if (!base->ops->begin(base, error)) return false;
    bool ok = check_right(store, error) && landing_write_rows(store, error) && move_cursor(store, error);
    if (ok) FAILPOINT("landed, uncommitted");
    if (ok && keep && base->ops->commit(base, error)) return true;
    base->ops->rollback(base);
    return ok && !keep;
}

/* --- comparing -------------------------------------------------------------------------------------------------------- */

/* Rows of one entity, of what has arrived or of the table itself, sorted, on one line; "" when there are none. */
static bool rows_text(struct sqlite_store *store, const struct flow *flow, const char *relation, const char *key, struct text *ret,
                      struct error *error) {
    struct scope scope = {.exact = true};
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool row = false;
    text_add(&sql, "SELECT group_concat(line, ' ') FROM (");
    add_row_text(&sql, flow);
    text_addf(&sql, "%s WHERE ", relation);
    sync_scope(&sql, &sqlite_dialect, &scope, NULL, &flow->target->table->key);
    text_add(&sql, " ORDER BY 1)");
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error) || !key_bind(statement, 1, key, store->key_count, error) ||
        !statement_step(statement, &row, error)) {
        return false;
    }
    const char *line = (const char *)sqlite3_column_text(statement, 0);
    if (line == NULL) return true;
    size_t length = strlen(line);
    text_add_n(ret, line, length > ROW_TEXT_MAX ? ROW_TEXT_MAX : length);
    if (length > ROW_TEXT_MAX) text_add(ret, " ...");
    return true;
}

struct teller {
    struct sqlite_store *store;
    const struct arrival *arrival;
    difference_visit *visit;
    void *context;
};

static bool tell(void *context, const char *key, struct error *error) {
    const struct teller *teller = context;
    const struct flow *flow = &teller->arrival->flow;
    TEXT target = {0};
    TEXT expected = {0};
    TEXT found = {0};
    sqlite_quote(&target, flow->target->physical);
    if (!rows_text(teller->store, flow, teller->arrival->held, key, &expected, error) ||
        !rows_text(teller->store, flow, text_get(&target), key, &found, error)) {
        return false;
    }
    struct difference difference = {.key = key, .table = flow->target->table->name,
                                    .expected = expected.length > 0 ? text_get(&expected) : NULL,
                                    .found = found.length > 0 ? text_get(&found) : NULL};
    return teller->visit(teller->context, &difference, error);
}

static bool differ_prepare(struct sqlite_store *store, struct arrival *arrival, struct error *error) {
    TEXT sql = {0};
    struct scope scope = landed_scope(store);
    if (arrival->different != NULL) return true;
    keys_head(&sql, store);
    sync_different(&sql, &sqlite_dialect, &arrival->flow, &scope, arrival->held);
    keys_tail(&sql, store, -1);
    return statement_prepare(store->db, text_get(&sql), NULL, &arrival->different, error);
}

bool sqlite_land_differ(struct store *base, difference_visit *visit, void *context, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    for (size_t i = 0; i < store->half->arrival_count; i++) {
        struct teller teller = {store, &store->half->arrivals[i], visit, context};
        if (!differ_prepare(store, &store->half->arrivals[i], error) ||
            !keys_visit(teller.arrival->different, tell, &teller, error)) {
            return false;
        }
    }
    return true;
}

bool sqlite_land_absent(struct store *base, key_visit *visit, void *context, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    keys_head(&sql, store);
    text_add(&sql, "SELECT ");
    sync_names(&sql, &sqlite_dialect, NULL, &store->key);
    text_add(&sql, " FROM " LANDED_KEYS " AS midflight_k WHERE 1");
    for (size_t i = 0; i < half_table_count(store); i++) {
        const struct bound_table *table = &half_tables(store)[i];
        struct scope scope = {.row = "midflight_k", .row_key = &store->key};
        text_add(&sql, " AND NOT EXISTS (SELECT 1 FROM ");
        sqlite_quote(&sql, table->physical);
        text_add(&sql, " AS midflight_t WHERE ");
        sync_scope(&sql, &sqlite_dialect, &scope, "midflight_t", &table->table->key);
        text_add(&sql, ")");
    }
    keys_tail(&sql, store, -1);
    return statement_prepare(store->db, text_get(&sql), NULL, &statement, error) && keys_visit(statement, visit, context, error);
}
