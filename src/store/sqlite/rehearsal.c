/* The rehearsal: real rows, on a copy. Entities are copied in batches into the in-memory copy of the schema, carried
 * forward there by the very statements of the migration, and carried backward for comparison: the live database is
 * only read. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "store/sql/ledger.h"
#include "store/sqlite/catalog.h"
#include "store/sqlite/state.h"

/* A batch is so many rows, and about so many bytes. */
#define ROWS_FIRST 20
#define ROWS_MAX 1000
#define BATCH_BYTES 4e6
/* A table of neither shape that a query reads is copied whole, up to so many rows. */
#define OTHER_ROWS_MAX 100000
/* Of the entities of a batch, one in so many is looked at alone. */
#define LOCALITY_EVERY 50
/* Entities listed as broken. */
#define BROKEN_MAX 20

/* --- comparing JSON as values --------------------------------------------------------------------------------- */

static json_t *json_of(sqlite3_value *value) {
    const char *text = sqlite3_value_type(value) == SQLITE_TEXT ? (const char *)sqlite3_value_text(value) : NULL;
    return text != NULL && (*text == '{' || *text == '[') ? json_loads(text, 0, NULL) : NULL;
}

/* midflight_differs(a, b): as IS NOT, but two texts that are JSON objects or arrays are compared as values. */
static void differs_function(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    json_t *left = json_of(values[0]), *right = left == NULL ? NULL : json_of(values[1]);
    sqlite3_result_int(context, left == NULL || right == NULL || !json_equal(left, right));
    json_decref(left);
    json_decref(right);
}

static void lenient_differs(struct text *text, const char *left, const char *right, const struct column *column) {
    text_add(text, "((");
    sqlite_dialect.differs(text, left, right, column);
    text_addf(text, ") AND midflight_differs(%s, %s))", left, right);
}

static const struct dialect *lenient_dialect(void) {
    static struct dialect dialect;
    dialect = sqlite_dialect;
    dialect.differs = lenient_differs;
    return &dialect;
}

/* --- copying rows --------------------------------------------------------------------------------------------- */

struct rehearsal {
    struct sqlite_store copy; /* the store as if it were the copy */
    struct sqlite_store *live;
    struct check_report *report;
    int64_t rows, batch_rows; /* copied in all; the size of the next batch */
    int64_t copied;           /* rows of this batch */
    double forward_ms;
    int64_t new_bytes;
};

static void add_writable(struct text *text, const struct bound_table *table) {
    bool first = true;
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].generated) continue;
        if (!first) text_add(text, ", ");
        first = false;
        sqlite_quote(text, table->columns[i].name);
    }
}

static bool copy_rows(sqlite3_stmt *from, sqlite3_stmt *to, int64_t *rows, struct error *error) {
    for (bool row = true; row;) {
        if (!statement_step(from, &row, error)) return false;
        if (!row) break;
        for (int i = 0; i < sqlite3_column_count(from); i++) sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
        if (!statement_run(to, error)) return false;
        (*rows)++;
    }
    return true;
}

static void add_placeholders(struct text *text, int count) {
    text_add(text, " VALUES (");
    for (int i = 0; i < count; i++) text_add(text, i > 0 ? ", ?" : "?");
    text_add(text, ")");
}

static bool copy_table(struct rehearsal *rehearsal, const struct bound_table *table, const char *from,
                       const char *until, int64_t *rows, struct error *error) {
    struct scope scope = range_of(from, until);
    TEXT sql = {0};
    STATEMENT *read = NULL;
    STATEMENT *write = NULL;
    text_add(&sql, "SELECT ");
    add_writable(&sql, table);
    text_add(&sql, " FROM ");
    sqlite_quote(&sql, table->physical);
    text_add(&sql, " WHERE ");
    sync_scope(&sql, &sqlite_dialect, &scope, NULL, &table->table->key);
    if (!statement_prepare(rehearsal->live->db, text_get(&sql), NULL, &read, error) ||
        !range_bind(rehearsal->live, read, from, until, error)) {
        return false;
    }
    text_clear(&sql);
    text_add(&sql, "INSERT INTO ");
    sqlite_quote(&sql, table->table->name);
    text_add(&sql, " (");
    add_writable(&sql, table);
    text_add(&sql, ")");
    add_placeholders(&sql, sqlite3_column_count(read));
    return statement_prepare(rehearsal->copy.db, text_get(&sql), NULL, &write, error) &&
           copy_rows(read, write, rows, error);
}

/* What a query reads beside the shapes; too large a table makes the rehearsal impossible, which is said. */
static bool copy_other(struct rehearsal *rehearsal, const char *name, bool *ret_possible, struct error *error) {
    TEXT sql = {0};
    STATEMENT *read = NULL;
    STATEMENT *write = NULL;
    int64_t rows = 0;
    text_add(&sql, "SELECT * FROM main.");
    sqlite_quote(&sql, name);
    text_addf(&sql, " LIMIT %d", OTHER_ROWS_MAX + 1);
    if (sqlite3_prepare_v2(rehearsal->live->db, text_get(&sql), -1, &read, NULL) != SQLITE_OK) return true;
    text_clear(&sql);
    text_add(&sql, "INSERT OR IGNORE INTO main.");
    sqlite_quote(&sql, name);
    add_placeholders(&sql, sqlite3_column_count(read));
    if (sqlite3_prepare_v2(rehearsal->copy.db, text_get(&sql), -1, &write, NULL) != SQLITE_OK) return true;
    if (!copy_rows(read, write, &rows, error)) return false;
    if (rows > OTHER_ROWS_MAX) *ret_possible = false;
    return true;
}

static bool copy_others(struct rehearsal *rehearsal, bool *ret_possible, struct error *error) {
    *ret_possible = true;
    for (enum direction direction = FORWARD; direction <= BACKWARD; direction++) {
        for (size_t i = 0; i < rehearsal->live->change.mappings[direction].count; i++) {
            const struct names *others = &rehearsal->live->flows[direction][i].others;
            for (size_t o = 0; o < others->count; o++) {
                if (!copy_other(rehearsal, others->items[o], ret_possible, error)) return false;
            }
        }
    }
    return true;
}

/* --- forward and back ----------------------------------------------------------------------------------------- */

static void broken(struct rehearsal *rehearsal, const char *key, const char *table, const char *expected,
                   const char *found) {
    struct difference difference = {key, table, expected, found};
    if (rehearsal->report->broken_count++ < BROKEN_MAX && rehearsal->report->broken != NULL) {
        rehearsal->report->broken(rehearsal->report->context, &difference);
    }
}

static void refuse(struct rehearsal *rehearsal, const char *text) {
    struct check_note note = {CHECK_REFUSAL, text};
    if (rehearsal->report->refusals++ < BROKEN_MAX && rehearsal->report->note != NULL) {
        rehearsal->report->note(rehearsal->report->context, &note);
    }
}

static bool forward_entity(void *context, const char *key, struct error *error) {
    struct rehearsal *rehearsal = context;
    struct error failure = {0};
    (void)error;
    if (sqlite_sync(&rehearsal->copy.sql.base, FORWARD, key, &failure)) return true;
    /* SQLite has no way to catch this in a trigger: the application's own write would fail. */
    char text[1400];
    snprintf(text, sizeof text, "forward fails for entity %s (%.900s): an application's write to it would fail too. Mend the row, or "
             "the query (json_valid(), CAST, coalesce())", key, failure.message);
    refuse(rehearsal, text);
    return true;
}

static bool refused_entity(void *context, const struct finding *finding) {
    broken(context, finding->key, "forward", "a row", finding->text);
    return true;
}

/* --- is the query a matter of one entity? --------------------------------------------------------------------- */

struct bypass {
    const struct flow *flow;
    const char *table; /* found: read past its shadow */
};

/* SQLite names the view, or the FROM term, on whose behalf a column is read: our source views, for all that goes through
 * the shadows. */
static int note_bypass(void *context, int action, const char *table, const char *column, const char *database,
                       const char *on_behalf) {
    (void)column, (void)database;
    struct bypass *bypass = context;
    if (action != SQLITE_READ || table == NULL) return SQLITE_OK;
    for (size_t i = 0; i < bypass->flow->leader_count; i++) {
        const struct bound_table *leader = &bypass->flow->leaders[i];
        if (sqlite3_stricmp(leader->table->name, table) != 0) continue;
        if (on_behalf == NULL || sqlite3_stricmp(on_behalf, leader->source) != 0) bypass->table = leader->table->name;
    }
    return SQLITE_OK;
}

static bool check_bypass(struct rehearsal *rehearsal, enum direction direction, struct error *error) {
    struct scope everything = {0};
    for (size_t i = 0; i < rehearsal->copy.change.mappings[direction].count; i++) {
        const struct flow *flow = &rehearsal->copy.flows[direction][i];
        struct bypass bypass = {.flow = flow};
        TEXT sql = {0};
        STATEMENT *statement = NULL;
        text_add(&sql, "SELECT * FROM ");
        sync_query(&sql, &sqlite_dialect, flow, &everything, IMAGE_STORED);
        sqlite3_set_authorizer(rehearsal->copy.db, note_bypass, &bypass);
        bool ok = statement_prepare(rehearsal->copy.db, text_get(&sql), "the query", &statement, error);
        sqlite3_set_authorizer(rehearsal->copy.db, NULL, NULL);
        if (!ok) return false;
        if (bypass.table == NULL) continue;
        char text[400];
        snprintf(text, sizeof text, "%s.%.100s reads table %.100s past midflight, which has to show it one entity at a time: name it without "
                 "its schema, and give a WITH of your own another name", direction_name(direction), flow->target->table->name, bypass.table);
        refuse(rehearsal, text);
    }
    return true;
}

/* The rows of an entity must be the same whether the query sees it alone or among others. */
struct locality {
    struct rehearsal *rehearsal;
    const struct flow *flow;
    int64_t seen;
};

static bool local_entity(void *context, const char *key, struct error *error) {
    struct locality *locality = context;
    struct sqlite_store *copy = &locality->rehearsal->copy;
    struct scope scope = {.exact = true};
    TEXT query = {0};
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool different = false;
    int64_t place = ++locality->seen, count = locality->rehearsal->copied;
    if (count > LOCALITY_EVERY && place % LOCALITY_EVERY != 0 && place != count) return true;
    sync_query(&query, &sqlite_dialect, locality->flow, &scope, IMAGE_STORED);
    sync_different(&sql, &sqlite_dialect, locality->flow, &scope, text_get(&query));
    if (!statement_prepare(copy->db, text_get(&sql), NULL, &statement, error) ||
        !key_bind(statement, 1, key, copy->key_count, error) || !statement_step(statement, &different, error)) {
        return false;
    }
    if (!different) return true;
    char text[500];
    snprintf(text, sizeof text, "forward.%.100s yields other rows for entity %.100s alone than among others (LIMIT, an aggregate without "
             "GROUP BY, a window, a count of everything, random()?): its rows must depend on that entity only",
             locality->flow->target->table->name, key);
    refuse(locality->rehearsal, text);
    return error_set(error, ERROR_REFUSED, "told");
}

static bool check_locality(struct rehearsal *rehearsal, struct error *error) {
    struct error told = {0};
    for (size_t i = 0; i < rehearsal->copy.change.mappings[FORWARD].count; i++) {
        struct locality locality = {rehearsal, &rehearsal->copy.flows[FORWARD][i], 0};
        if (keys_each(&rehearsal->copy, NULL, NULL, -1, local_entity, &locality, &told)) continue;
        if (told.code == ERROR_REFUSED) continue;
        *error = told;
        return false;
    }
    return true;
}

static bool forward_batch(struct rehearsal *rehearsal, struct error *error) {
    struct sqlite_store *copy = &rehearsal->copy;
    struct scope everything = {0};
    bool ok = true;
    double began = clock_ms();
    for (size_t i = 0; ok && i < copy->change.mappings[FORWARD].count; i++) {
        TEXT sql = {0};
        TEXT query = {0};
        sync_query(&query, &sqlite_dialect, &copy->flows[FORWARD][i], &everything, IMAGE_STORED);
        sync_fill(&sql, &sqlite_dialect, &copy->flows[FORWARD][i], text_get(&query));
        ok = connection_script(copy->db, text_get(&sql), NULL, error);
    }
    rehearsal->forward_ms += clock_ms() - began;
    if (ok) return check_locality(rehearsal, error);
    if (error->code != ERROR_ROWS) return false;
    return keys_each(copy, NULL, NULL, -1, forward_entity, rehearsal, error) &&
           sql_ledger_findings(&copy->sql.base, copy->change.name, QUARANTINE_FORWARD, refused_entity, rehearsal, error);
}

static bool same_key(void *context, const struct finding *finding) {
    const char **key = context;
    if (*key != NULL && strcmp(*key, finding->key) == 0) *key = NULL;
    return true;
}

/* What was refused on the way forward was told then, and cannot come back. */
static bool broken_entity(void *context, const char *key, struct error *error) {
    struct rehearsal *rehearsal = context;
    const char *sought = key;
    if (!sql_ledger_findings(&rehearsal->copy.sql.base, rehearsal->copy.change.name, QUARANTINE_FORWARD, same_key, &sought,
                             error)) {
        return false;
    }
    if (sought == NULL) return true;
    broken(context, key, "backward", "the row as it is", "another after forward and backward");
    return true;
}

static bool backward_batch(struct rehearsal *rehearsal, struct error *error) {
    struct sqlite_store *copy = &rehearsal->copy;
    struct scope everything = {0};
    for (size_t i = 0; i < copy->change.mappings[BACKWARD].count; i++) {
        TEXT sql = {0};
        STATEMENT *statement = NULL;
        TEXT query = {0};
        sync_query(&query, &sqlite_dialect, &copy->flows[BACKWARD][i], &everything, IMAGE_STORED);
        keys_head(&sql, copy);
        sync_different(&sql, lenient_dialect(), &copy->flows[BACKWARD][i], &everything, text_get(&query));
        keys_tail(&sql, copy, -1);
        if (!statement_prepare(copy->db, text_get(&sql), NULL, &statement, error)) return false;
        if (keys_visit(statement, broken_entity, rehearsal, error)) continue;
        if (error->code != ERROR_ROWS) return false;
        broken(rehearsal, "(several)", copy->flows[BACKWARD][i].target->table->name, "a row", error->message);
    }
    return true;
}

static bool empty_copy(struct rehearsal *rehearsal, struct error *error) {
    TEXT sql = {0};
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < rehearsal->copy.change.shapes[side].count; i++) {
            text_add(&sql, "DELETE FROM ");
            sqlite_quote(&sql, rehearsal->copy.tables[side][i].physical);
            text_add(&sql, ";\n");
        }
    }
    text_add(&sql, "DELETE FROM midflight_finding");
    return connection_script(rehearsal->copy.db, text_get(&sql), NULL, error);
}

static bool used_bytes(sqlite3 *db, int64_t *ret, struct error *error) {
    return connection_integer(db,
                              "SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p, "
                              "pragma_freelist_count f, pragma_page_size s",
                              ret, error);
}

static bool batch(struct rehearsal *rehearsal, const char *from, const char *until, struct error *error) {
    int64_t empty = 0, before = 0, after = 0;
    bool ok = used_bytes(rehearsal->copy.db, &empty, error);
    for (size_t i = 0; ok && i < rehearsal->live->change.shapes[SIDE_OLD].count; i++) {
        int64_t rows = 0;
        ok = copy_table(rehearsal, &rehearsal->live->tables[SIDE_OLD][i], from, until, &rows, error);
        if (i == 0) rehearsal->copied = rows;
    }
    ok = ok && used_bytes(rehearsal->copy.db, &before, error) && forward_batch(rehearsal, error) &&
         used_bytes(rehearsal->copy.db, &after, error) && backward_batch(rehearsal, error);
    rehearsal->rows += rehearsal->copied;
    rehearsal->new_bytes += after - before;
    double fit = BATCH_BYTES * (double)rehearsal->copied / (double)(before - empty > 0 ? before - empty : 1);
    if (fit > (double)rehearsal->batch_rows * 4) fit = (double)rehearsal->batch_rows * 4;
    rehearsal->batch_rows = fit < 1 ? 1 : fit > ROWS_MAX ? ROWS_MAX : (int64_t)fit;
    return ok && empty_copy(rehearsal, error);
}

static bool batches(struct rehearsal *rehearsal, struct error *error) {
    char *cursor = NULL;
    bool ok = true, more = true;
    double sample = rehearsal->report->sample;
    for (int64_t step = 0; ok && more; step++) {
        char *upper = NULL;
        bool skip = step > 0 && sample < 1 &&
                    (int64_t)((double)step * sample) == (int64_t)((double)(step - 1) * sample);
        ok = key_after(rehearsal->live, SIDE_OLD, cursor, NULL, rehearsal->batch_rows, &upper, error);
        more = upper != NULL;
        if (ok && !skip) ok = batch(rehearsal, cursor, upper, error);
        free(cursor);
        cursor = upper;
    }
    free(cursor);
    return ok;
}

static bool drop_triggers(sqlite3 *db, struct error *error) {
    TEXT drops = {0};
    STATEMENT *statement = NULL;
    if (!statement_prepare(db, "SELECT name FROM sqlite_schema WHERE type = 'trigger'", NULL, &statement, error)) return false;
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (!row) break;
        text_add(&drops, "DROP TRIGGER ");
        sqlite_quote(&drops, (const char *)sqlite3_column_text(statement, 0));
        text_add(&drops, ";\n");
    }
    sqlite3_reset(statement);
    return connection_script(db, text_get(&drops), NULL, error);
}

/* Room on the disk for the new shape and for the log of writing it. */
static void check_disk(struct rehearsal *rehearsal, int64_t bytes) {
    struct statvfs status;
    const char *file = sqlite3_db_filename(rehearsal->live->db, "main");
    if (statvfs(file, &status) != 0) return;
    int64_t room = (int64_t)status.f_bavail * (int64_t)status.f_frsize;
    if (room > bytes + bytes / 4) return;
    char text[600];
    snprintf(text, sizeof text, "the new shape will take about %" PRId64 " MiB more, and the disk of %.400s has %" PRId64
             " MiB left: make room first", bytes >> 20, file, room >> 20);
    refuse(rehearsal, text);
}

static bool forecast(struct rehearsal *rehearsal, struct error *error) {
    struct forecast *forecast = &rehearsal->report->forecast;
    if (!sqlite_rows_count(&rehearsal->live->sql.base, &forecast->rows, error)) return false;
    forecast->entities_tried = rehearsal->rows;
    if (rehearsal->rows == 0) return true;
    double share = (double)forecast->rows / (double)rehearsal->rows;
    /* In memory the same statements take about half the time that they take on a file with its log. */
    forecast->backfill_s = rehearsal->forward_ms * share * 2 / 1000;
    forecast->disk_bytes = (int64_t)((double)rehearsal->new_bytes * share);
    check_disk(rehearsal, forecast->disk_bytes);
    return true;
}

static bool rehearse(struct rehearsal *rehearsal, struct error *error) {
    struct sqlite_store *copy = &rehearsal->copy;
    bool possible;
    if (!drop_triggers(copy->db, error) || !sql_ledger_create(&copy->sql.base, error) || !capture_helpers(copy, error) ||
        !copy_others(rehearsal, &possible, error)) {
        return false;
    }
    if (!possible) {
        struct check_note note = {CHECK_WARNING, "a query reads a large table that is in neither shape: the round trip was not tried"};
        if (rehearsal->report->note != NULL) rehearsal->report->note(rehearsal->report->context, &note);
        return true;
    }
    return check_bypass(rehearsal, FORWARD, error) && check_bypass(rehearsal, BACKWARD, error) &&
           batches(rehearsal, error) && forecast(rehearsal, error);
}

bool check_rehearse(struct sqlite_store *store, struct check_report *report, struct error *error) {
    struct rehearsal rehearsal = {.copy = *store, .live = store, .report = report, .batch_rows = ROWS_FIRST};
    rehearsal.copy.db = store->copy;
    rehearsal.copy.sql.base.name = "the rehearsal's copy";
    sqlite3_create_function(store->copy, "midflight_differs", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                            differs_function, NULL, NULL);
    /* The copy's own statements, not the store's. */
    for (int direction = 0; direction < 2; direction++) rehearsal.copy.sync[direction] = NULL;
    bool ok = rehearse(&rehearsal, error);
    for (int direction = 0; direction < 2; direction++) statement_finalize(&rehearsal.copy.sync[direction]);
    return ok;
}
