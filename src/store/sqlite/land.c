/* What comes in from another store: rows into temporary tables, and from there to where they belong.
 *
 * While a parcel arrives nothing here is locked: its rows are kept in the connection's own temporary tables, of the types that the
 * columns have. land_close then takes the writer's lock, looks at the token, writes, and commits (landing.c), so that the other
 * users of the file wait for that alone. */
#include "store/sqlite/half.h"

#include <stdlib.h>
#include <string.h>

#include "store/sql/catalog.h"
#include "store/sql/ledger.h"
#include "store/sql/report.h"

/* --- what is to be expected ------------------------------------------------------------------------------------------- */

/* INSERT INTO temp.t VALUES (?1, ...) */
static bool hold_prepare(struct sqlite_store *store, const char *table, size_t columns, sqlite3_stmt **ret, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "INSERT OR IGNORE INTO %s VALUES (", table);
    for (size_t i = 0; i < columns; i++) text_addf(&sql, "%s?%zu", i > 0 ? ", " : "", i + 1);
    text_add(&sql, ")");
    return *ret != NULL || statement_prepare(store->db, text_get(&sql), NULL, ret, error);
}

/* The temporary table, its columns as the target's. */
static bool held_create(struct sqlite_store *store, const struct arrival *arrival, struct error *error) {
    TEXT sql = {0};
    const struct flow *flow = &arrival->flow;
    text_addf(&sql, "CREATE TABLE IF NOT EXISTS %s (", arrival->held);
    for (size_t i = 0; i < flow->yielded.count; i++) {
        const struct column *column = sync_column(flow->target, flow->yielded.items[i]);
        if (i > 0) text_add(&sql, ", ");
        sqlite_quote(&sql, column->name);
        text_addf(&sql, " %s COLLATE ", column->declared);
        sqlite_quote(&sql, column->collation);
    }
    text_add(&sql, ")");
    return connection_script(store->db, text_get(&sql), NULL, error);
}

static const struct bound_table *target_of(const struct sqlite_store *store, const char *name) {
    for (size_t i = 0; i < half_table_count(store); i++) {
        if (strcmp(half_tables(store)[i].table->name, name) == 0) return &half_tables(store)[i];
    }
    return NULL;
}

/* A refusal in the report, if there is one, else an error. */
static bool misfit(struct check_report *report, const char *what, const char *column, const char *type, const char *why, struct error *error) {
    const char *of = *type == '\0' ? "something" : type;
    if (report == NULL) {
        return error_set(error, ERROR_DEFINITION, "%s yields %s for column %s: %s", what, of, column, why);
    }
    report_say(report, CHECK_REFUSAL, "%s yields %s for column %s: %s", what, of, column, why);
    return true;
}

static bool expect_types(struct sqlite_store *store, struct arrival *arrival, const struct cargo *cargo, const char *what, bool raw,
                         struct check_report *report, struct error *error) {
    const struct flow *flow = &arrival->flow;
    arrival->intakes = ARENA_ARRAY(store->bound, struct intake, flow->yielded.count);
    for (size_t i = 0; i < flow->yielded.count; i++) {
        const char *name = flow->yielded.items[i], *type = cargo->types.items[i];
        arrival->intakes[i] = intake_of(sync_column(flow->target, name), raw ? "" : type);
        const char *why = intake_misfit(&arrival->intakes[i], names_have(&flow->target->table->key, name), raw ? "" : type);
        if (why != NULL && !misfit(report, what, name, type, why, error)) return false;
    }
    return true;
}

static bool expect_one(struct sqlite_store *store, struct arrival *arrival, const struct cargo *cargo, size_t number, bool raw,
                       struct check_report *report, struct error *error) {
    enum direction direction = store->half->in;
    const char *what = arena_format(store->bound, "%s.%s", direction_name(direction), cargo->table);
    struct flow flow = {.target = target_of(store, cargo->table)};
    for (size_t i = 0; i < cargo->columns.count; i++) {
        if (!sql_flow_yield(&flow, what, cargo->columns.items[i], store->bound, error)) return false;
    }
    if (!sql_flow_finish(&flow, what, store->bound, error)) return false;
    arrival->flow = flow;
    arrival->held = arena_format(store->bound, "temp.midflight_held_%zu", number + 1);
    if (report != NULL) {
        report_missing(report, &arrival->flow, direction);
        report_unmapped(report, &arrival->flow, direction);
    }
    return expect_types(store, arrival, cargo, what, raw, report, error);
}

bool sqlite_land_expect(struct store *base, enum direction direction, struct manifest *manifest, struct check_report *report,
                        struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct half *half = store->half;
    bool raw = manifest->raw != NULL && strcmp(manifest->raw, STREAM_RAW) == 0;
    (void)direction;
    half_free_arrivals(half);
    half->arrivals = ARENA_ARRAY(store->bound, struct arrival, manifest->count);
    manifest->apart = true;
    for (size_t i = 0; i < manifest->count; i++) {
        TEXT drop = {0};
        if (!expect_one(store, &half->arrivals[i], &manifest->cargoes[i], i, raw, report, error)) return false;
        /* one of an earlier binding may have had other columns */
        text_addf(&drop, "DROP TABLE IF EXISTS %s", half->arrivals[i].held);
        if (!connection_script(store->db, text_get(&drop), NULL, error)) return false;
        manifest->cargoes[i].raw = raw;
        manifest->apart = manifest->apart && sql_flow_is_apart(&half->arrivals[i].flow);
        half->arrival_count = i + 1;
    }
    return true;
}

/* --- arriving --------------------------------------------------------------------------------------------------------- */

static bool empty_held(struct sqlite_store *store, struct error *error) {
    const struct half *half = store->half;
    TEXT sql = {0};
    if (!half_temporary(store, error)) return false;
    for (size_t i = 0; i < half->arrival_count; i++) {
        if (!held_create(store, &half->arrivals[i], error)) return false;
        text_addf(&sql, "DELETE FROM %s;\n", half->arrivals[i].held);
    }
    text_add(&sql, "DELETE FROM " LANDED_KEYS);
    return connection_script(store->db, text_get(&sql), NULL, error);
}

/* The right to write, looked at before anything is carried; what counts is the look in the transaction that writes. */
static bool check_token(struct sqlite_store *store, const struct parcel *parcel, int64_t token, struct error *error) {
    char *cursor = NULL;
    if (parcel->landing == LAND_COMPARE || parcel->place == 0 || parcel->joins) return true;
    bool ok = sql_landing_find(&store->sql.base, store->change.name, parcel->place, token, &cursor, error);
    free(cursor);
    return ok;
}

bool sqlite_land_open(struct store *base, const struct parcel *parcel, int64_t token, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct half *half = store->half;
    if (!check_token(store, parcel, token, error) || !empty_held(store, error)) return false;
    half->parcel = *parcel;
    half->token = token;
    half->landing = true;
    /* one transaction for all that is put into the temporary tables; of the file it holds nothing */
    return connection_script(store->db, parcel->joins ? "SAVEPOINT midflight_landing" : "BEGIN", NULL, error);
}

/* As it was before the rehearsal's parcel. */
static void undo_joined(struct sqlite_store *store) {
    (void)sqlite3_exec(store->db, "ROLLBACK TO midflight_landing; RELEASE midflight_landing", NULL, NULL, NULL);
}

/* Names the row by the columns of its key, as they arrived. */
static void add_arrived_key(struct text *text, const struct sqlite_store *store, const struct field *fields) {
    const struct arrival *arrival = store->half->arrival;
    bool first = true;
    const struct names *key = arrival == NULL ? NULL : &arrival->flow.target->table->key;
    size_t count = arrival == NULL ? store->key_count : arrival->flow.yielded.count;
    for (size_t i = 0; i < count; i++) {
        const struct field *field = &fields[i];
        if (key != NULL && !names_have(key, arrival->flow.yielded.items[i])) continue;
        if (!first) text_add(text, ",");
        first = false;
        if (field->kind == FIELD_INTEGER) {
            text_addf(text, "%lld", (long long)field->integer);
        } else if (field->kind == FIELD_NULL || field->kind == FIELD_REAL) {
            text_add(text, "NULL");
        } else {
            text_add_n(text, field->data, field->size > 200 ? 200 : field->size);
        }
    }
}

static bool take_row(void *context, const struct field *fields, struct error *error) {
    struct sqlite_store *store = context;
    const struct arrival *arrival = store->half->arrival;
    sqlite3_stmt *hold = arrival == NULL ? store->half->hold_key : arrival->hold;
    const struct intake *intakes = arrival == NULL ? store->half->key_intakes : arrival->intakes;
    size_t count = arrival == NULL ? store->key_count : arrival->flow.yielded.count;
    for (size_t i = 0; i < count; i++) {
        const char *why = intake_bind(hold, (int)i + 1, &intakes[i], &fields[i]);
        if (why == NULL) continue;
        TEXT key = {0};
        add_arrived_key(&key, store, fields);
        return error_set(error, ERROR_ROWS, "%s: table %s, key %s, column %s: %s", store->sql.base.name,
                         arrival == NULL ? half_tables(store)->table->name : arrival->flow.target->table->name, text_get(&key),
                         intakes[i].column->name, why);
    }
    return statement_run(hold, error);
}

bool sqlite_land_begin(struct store *base, size_t stream, bool raw, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct half *half = store->half;
    struct arrival *arrival = stream == 0 ? NULL : &half->arrivals[stream - 1];
    size_t columns = arrival == NULL ? store->key_count : arrival->flow.yielded.count;
    half->arrival = arrival;
    stream_reset(&half->reader);
    half->reader = (struct stream_reader){.columns = columns, .raw = raw, .visit = take_row, .context = store};
    half->reader.fields = ARENA_ARRAY(store->bound, struct field, columns);
    return arrival == NULL ? hold_prepare(store, LANDED_KEYS, columns, &half->hold_key, error)
                           : hold_prepare(store, arrival->held, columns, &arrival->hold, error);
}

bool sqlite_land_data(struct store *base, const char *data, size_t size, struct error *error) {
    return stream_feed(&sqlite_store_of(base)->half->reader, data, size, error);
}

bool sqlite_land_end(struct store *base, struct error *error) {
    return stream_end(&sqlite_store_of(base)->half->reader, error);
}

void sqlite_land_abandon(struct store *base) {
    struct half *half = sqlite_store_of(base)->half;
    if (!half->landing) return;
    half->landing = false;
    if (half->parcel.joins) {
        undo_joined(sqlite_store_of(base));
        return;
    }
    base->ops->rollback(base);
}

bool sqlite_land_close(struct store *base, bool keep, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct half *half = store->half;
    bool write = half->parcel.landing == LAND_WRITE;
    if (half->parcel.joins) {
        half->landing = false;
        bool ok = landing_write_rows(store, error);
        if (ok && keep) return connection_script(store->db, "RELEASE midflight_landing", NULL, error);
        undo_joined(store);
        return ok;
    }
    /* the temporary tables' rows are to stay: a rollback would undo them as well */
    if (!connection_script(store->db, "COMMIT", NULL, error)) return false;
    half->landing = false;
    return !write || landing_write(store, keep, error);
}
