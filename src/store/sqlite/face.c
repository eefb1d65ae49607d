/* Faces: entities as documents, read from one side's tables and written there. store/sql/face.h has the statements; those used
 * lately stay prepared.
 *
 * A value is written by its own type, and the column says little: an integer is a number without a fraction, a real one with it,
 * text a string, a blob "\x6869". What the column would not give back so is tagged: a blob in a column that is to hold something
 * else, a text that looks like bytes where bytes may be, or is no UTF-8. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/utf8.h"
#include "store/sql/face.h"
#include "store/sql/ledger.h"
#include "store/sqlite/state.h"

/* JSON has no infinity: this is read as one by SQLite's own shell too. */
#define INFINITE "9e999"

/* Statements that stay prepared; each takes some 5 kB. */
#define KEPT_MAX 64

/* What stands in the JSON before a value, and what kind of column it is. */
struct face_column {
    const char *head; /* {"id":  or  ,"name": */
    size_t head_length;
    bool truth;     /* declared BOOLEAN: 0 and 1 are false and true */
    bool loose;     /* keeps blobs and texts as they come */
    bool elsewhere; /* another store's column: of it nothing is known */
};

/* How the rows of one table of a face are read; sql NULL: no query yields any. */
struct reading {
    const char *sql;
    uint64_t digest; /* of it */
    const char *table;
    struct face_column *columns;
    size_t count;
    bool sole; /* no entity has more than one */
};

struct kept {
    uint64_t digest;
    sqlite3_stmt *statement;
};

struct faces {
    struct reading *readings[2][2]; /* by shape, and by the side that it is read from */
    struct kept kept[KEPT_MAX];
    size_t next; /* the oldest, to be replaced */
};

static struct faces *faces_of(struct sqlite_store *store) {
    if (store->faces == NULL) store->faces = arena_alloc(store->bound, sizeof *store->faces);
    return store->faces;
}

void face_forget(struct sqlite_store *store) {
    for (size_t i = 0; store->faces != NULL && i < KEPT_MAX; i++) sqlite3_finalize(store->faces->kept[i].statement);
    store->faces = NULL;
}

/* *ret is ours until it is replaced; reset it when done. */
static bool keep_digested(struct sqlite_store *store, const char *sql, uint64_t digest, sqlite3_stmt **ret, struct error *error) {
    struct faces *faces = faces_of(store);
    for (size_t i = 0; i < KEPT_MAX; i++) {
        struct kept *kept = &faces->kept[i];
        if (kept->digest != digest || kept->statement == NULL || strcmp(sqlite3_sql(kept->statement), sql) != 0) continue;
        *ret = kept->statement;
        return true;
    }
    sqlite3_stmt *statement = NULL;
    if (!statement_prepare_kept(store->db, sql, &statement, error)) return false;
    struct kept *kept = &faces->kept[faces->next++ % KEPT_MAX];
    sqlite3_finalize(kept->statement);
    *kept = (struct kept){digest, statement};
    *ret = statement;
    return true;
}

static bool keep(struct sqlite_store *store, const char *sql, size_t length, sqlite3_stmt **ret, struct error *error) {
    return keep_digested(store, sql, XXH3_64bits(sql, length), ret, error);
}

/* --- transactions ------------------------------------------------------------------------------------------------ */

static bool is_idle(const struct sqlite_store *store) {
    return sqlite3_get_autocommit(store->db) != 0;
}

static bool begin_own(struct sqlite_store *store, bool wanted, const char *begin, bool *ret_own, struct error *error) {
    *ret_own = wanted && is_idle(store);
    return !*ret_own || connection_script(store->db, begin, NULL, error);
}

static bool end_own(struct sqlite_store *store, bool own, bool ok, struct error *error) {
    struct store *base = &store->sql.base;
    if (!own) return ok;
    ok = ok && base->ops->commit(base, error);
    if (!ok) base->ops->rollback(base);
    return ok;
}

/* The log is copied into the file by SQLite itself, as in any application. */
bool sqlite_serve(struct store *base, struct error *error) {
    sqlite3 *db = sqlite_store_of(base)->db;
    sqlite3_wal_autocheckpoint(db, 1000);
    return connection_script(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", NULL, error);
}

bool sqlite_view_begin(struct store *base, bool writes, struct error *error) {
    return writes ? base->ops->begin(base, error) : connection_script(sqlite_store_of(base)->db, "BEGIN", NULL, error);
}

/* Whoever writes has the only right to; whoever reads sees one moment's state. */
bool sqlite_ledger_pin(struct store *base, const char *name, struct record *ret, bool *ret_found, struct error *error) {
    return sql_ledger_stand(base, name, ret, ret_found, error);
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

/* Queries read the tables themselves, by a name that no shadow bears: the views may not be there yet. */
static void add_source(struct text *text, const struct bound_table *table) {
    text_add(text, "main.");
    sqlite_quote(text, table->physical);
}

static struct dialect face_dialect(void) {
    struct dialect dialect = sqlite_dialect;
    dialect.source = add_source;
    return dialect;
}

static void name_column(struct sqlite_store *store, struct reading *reading, size_t place, enum side shape, const char *name,
                        const struct column *column) {
    TEXT head = {0};
    const char *declared = column == NULL || column->declared == NULL ? "" : column->declared;
    text_add(&head, place == 0 ? "{" : ",");
    json_add_string(&head, name, strlen(name));
    text_add(&head, ":");
    reading->columns[place] = (struct face_column){.head = arena_copy(store->bound, text_get(&head)), .head_length = head.length,
                                                   .truth = strncasecmp(declared, "BOOL", 4) == 0,
                                                   .loose = column != NULL && column->loose,
                                                   .elsewhere = !houses(store->standing.housed, shape)};
}

static void set_sql(struct sqlite_store *store, struct reading *reading, const struct text *sql) {
    reading->sql = arena_copy(store->bound, text_get(sql));
    reading->digest = XXH3_64bits(reading->sql, sql->length);
}

static void read_straight(struct sqlite_store *store, struct reading *reading, enum side shape, const struct bound_table *table) {
    struct dialect dialect = face_dialect();
    TEXT sql = {0};
    face_select(&sql, &dialect, table);
    set_sql(store, reading, &sql);
    reading->table = table->table->name;
    reading->sole = table->sole;
    reading->count = table->column_count;
    reading->columns = ARENA_ARRAY(store->bound, struct face_column, reading->count);
    for (size_t c = 0; c < reading->count; c++) name_column(store, reading, c, shape, table->columns[c].name, &table->columns[c]);
}

static void name_flow(struct sqlite_store *store, struct arena *arena, struct reading *reading, enum side shape, const struct flow *flow) {
    reading->table = flow->target->table->name;
    reading->count = flow->yielded.count;
    reading->columns = ARENA_ARRAY(arena, struct face_column, reading->count);
    for (size_t c = 0; c < reading->count; c++) {
        name_column(store, reading, c, shape, flow->yielded.items[c], sync_column(flow->target, flow->yielded.items[c]));
    }
}

static const struct flow *flow_to(const struct sqlite_store *store, enum direction direction, const char *table) {
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        if (strcmp(store->change.mappings[direction].queries[i].table, table) == 0) return &store->flows[direction][i];
    }
    return NULL;
}

static void read_view(struct sqlite_store *store, struct reading *reading, enum side shape, const struct flow *flow) {
    struct dialect dialect = face_dialect();
    TEXT sql = {0};
    if (flow == NULL) return;
    face_view(&sql, &dialect, flow);
    set_sql(store, reading, &sql);
    name_flow(store, store->bound, reading, shape, flow);
}

static const struct reading *readings_of(struct sqlite_store *store, struct face face) {
    struct reading **place = &faces_of(store)->readings[face.shape][face.from];
    const struct shape *shape = &store->change.shapes[face.shape];
    if (*place != NULL) return *place;
    struct reading *readings = ARENA_ARRAY(store->bound, struct reading, shape->count);
    for (size_t i = 0; i < shape->count; i++) {
        if (face.shape == face.from) {
            read_straight(store, &readings[i], face.shape, &store->tables[face.shape][i]);
        } else {
            read_view(store, &readings[i], face.shape, flow_to(store, led_by(face.from), shape->tables[i].name));
        }
    }
    *place = readings;
    return readings;
}

/* With a fraction or an exponent, and so many digits as it takes to read it back the same. */
static void add_real(struct text *text, double value) {
    char number[40];
    if (isinf(value)) {
        text_add(text, value > 0 ? INFINITE : "-" INFINITE);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, value);
        if (strtod(number, NULL) == value) break;
    }
    text_add(text, number);
    if (strpbrk(number, ".e") == NULL) text_add(text, ".0");
}

static void add_text(struct text *text, const struct face_column *column, const char *data, size_t length) {
    bool like_bytes = column->loose && !column->elsewhere && length >= 2 && data[0] == '\\' && data[1] == 'x';
    if (like_bytes || !utf8_is(data, length)) {
        document_add_tagged(text, "text", data, length);
    } else {
        json_add_string(text, data, length);
    }
}

static void add_value(struct text *text, const struct face_column *column, sqlite3_stmt *statement, int place) {
    switch (sqlite3_column_type(statement, place)) {
    case SQLITE_INTEGER: {
        int64_t value = sqlite3_column_int64(statement, place);
        if (column->truth && (value == 0 || value == 1)) {
            text_add(text, value == 1 ? "true" : "false");
        } else {
            text_add_integer(text, value);
        }
        break;
    }
    case SQLITE_FLOAT:
        add_real(text, sqlite3_column_double(statement, place));
        break;
    case SQLITE_TEXT: {
        const char *data = (const char *)sqlite3_column_text(statement, place);
        add_text(text, column, data, (size_t)sqlite3_column_bytes(statement, place));
        break;
    }
    case SQLITE_BLOB: {
        const void *data = sqlite3_column_blob(statement, place);
        size_t length = (size_t)sqlite3_column_bytes(statement, place);
        if (column->loose || column->elsewhere) {
            document_add_bytes(text, data, length);
        } else {
            document_add_tagged(text, "bytes", data, length);
        }
        break;
    }
    default:
        text_add_n(text, "null", 4);
        break;
    }
}

static void add_row(struct text *text, const struct reading *reading, sqlite3_stmt *statement) {
    for (size_t c = 0; c < reading->count; c++) {
        text_add_n(text, reading->columns[c].head, reading->columns[c].head_length);
        add_value(text, &reading->columns[c], statement, (int)c);
    }
    text_add_n(text, "}", 1);
}

/* Rows of one table. */
static bool add_rows(struct text *text, const struct reading *reading, sqlite3_stmt *statement, bool single, const char *key,
                     bool *found, struct error *error) {
    if ((size_t)sqlite3_column_count(statement) != reading->count) {
        return error_set(error, ERROR_SCHEMA, "table %s was altered meanwhile: make the same call again", reading->table);
    }
    int rows = 0;
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (!row) break;
        if (single && rows > 0) {
            return error_set(error, ERROR_ROWS, "the query of table %s yields several rows for entity %s, where the table holds one: "
                             "mend the rows that it reads", reading->table, key);
        }
        if (rows++ > 0) text_add(text, ",");
        add_row(text, reading, statement);
        if (reading->sole) break;
    }
    *found = *found || rows > 0;
    return true;
}

/* One table's part of a document. */
static bool add_part(struct text *text, const struct reading *reading, sqlite3_stmt *statement, bool single, bool first, const char *key,
                     bool *found, struct error *error) {
    if (!single) {
        text_add(text, first ? "{" : ",");
        json_add_string(text, reading->table, strlen(reading->table));
        text_add(text, ":[");
    }
    bool ok = add_rows(text, reading, statement, single, key, found, error);
    sqlite3_reset(statement);
    if (!single) text_add(text, "]");
    return ok;
}

/* Ends the document, or takes it back if there is no such entity. */
static void finish_document(struct text *text, size_t before, bool single, bool empty, bool found) {
    if (!single) text_add(text, empty ? "{}" : "}");
    if (found || text->data == NULL) return;
    text->length = before;
    text->data[before] = '\0';
}

static bool read_face(struct sqlite_store *store, struct face face, const char *key, struct text *ret, bool *ret_found,
                      struct error *error) {
    const struct reading *readings = readings_of(store, face);
    size_t before = ret->length;
    bool found = false, first = true;
    for (size_t i = 0; i < store->change.shapes[face.shape].count; i++) {
        sqlite3_stmt *statement = NULL;
        if (readings[i].sql == NULL) continue;
        if (!keep_digested(store, readings[i].sql, readings[i].digest, &statement, error) ||
            !key_bind(statement, 1, key, store->key_count, error) ||
            !add_part(ret, &readings[i], statement, face.single, first, key, &found, error)) {
            return false;
        }
        first = false;
    }
    finish_document(ret, before, face.single, first, found);
    *ret_found = found;
    return true;
}

bool sqlite_face_get(struct store *base, struct face face, const char *key, struct text *ret, bool *ret_found, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    bool own;
    return begin_own(store, store->change.shapes[face.shape].count > 1, "BEGIN", &own, error) &&
           end_own(store, own, read_face(store, face, key, ret, ret_found, error), error);
}

bool sqlite_face_single(struct store *base, enum side side) {
    struct sqlite_store *store = sqlite_store_of(base);
    return document_is_single(store->tables[side], store->change.shapes[side].count);
}

/* --- binding ---------------------------------------------------------------------------------------------------- */

static bool bind_number(sqlite3_stmt *statement, int index, const struct json *value, const char *column, struct error *error) {
    if (!json_is_whole(value)) {
        double real = strtod(value->text, NULL);
        bool infinite = strcmp(value->text, INFINITE) == 0 || strcmp(value->text, "-" INFINITE) == 0;
        if (isinf(real) && !infinite) {
            return error_set(error, ERROR_USAGE, "column %s: %s is larger than any floating point number. If infinity is meant, write "
                             INFINITE, column, value->text);
        }
        sqlite3_bind_double(statement, index, real);
        return true;
    }
    errno = 0;
    long long number = strtoll(value->text, NULL, 10);
    if (errno == ERANGE) {
        return error_set(error, ERROR_USAGE, "column %s: %s is no 64-bit integer, and SQLite has no larger ones: write it as a string",
                         column, value->text);
    }
    sqlite3_bind_int64(statement, index, number);
    return true;
}

static bool bind_string(sqlite3_stmt *statement, int index, const struct json *value, const struct column *column) {
    TEXT bytes = {0};
    if (column->loose && document_bytes(value->text, value->length, &bytes)) {
        sqlite3_bind_blob(statement, index, text_get(&bytes), (int)bytes.length, SQLITE_TRANSIENT);
    } else {
        sqlite3_bind_text(statement, index, value->text, (int)value->length, SQLITE_STATIC);
    }
    return true;
}

static bool bind_tagged(sqlite3_stmt *statement, int index, const struct json *value, const char *column, struct error *error) {
    TEXT held = {0};
    bool is_text;
    if (!document_tagged(value, column, &is_text, &held, error)) return false;
    if (is_text) {
        sqlite3_bind_text(statement, index, text_get(&held), (int)held.length, SQLITE_TRANSIENT);
    } else {
        sqlite3_bind_blob(statement, index, text_get(&held), (int)held.length, SQLITE_TRANSIENT);
    }
    return true;
}

static bool bind_value(sqlite3_stmt *statement, int index, const struct face_bind *bind, struct error *error) {
    const struct json *value = bind->value;
    switch (value->kind) {
    case JSON_NULL:
        sqlite3_bind_null(statement, index);
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        sqlite3_bind_int(statement, index, value->kind == JSON_TRUE);
        return true;
    case JSON_NUMBER:
        return bind_number(statement, index, value, bind->column->name, error);
    case JSON_STRING:
        return bind_string(statement, index, value, bind->column);
    case JSON_LIST:
    case JSON_OBJECT:
        break;
    }
    return bind_tagged(statement, index, value, bind->column->name, error);
}

/* Texts are borrowed until the statement is reset. */
static bool prepare_bound(struct sqlite_store *store, const struct text *sql, const struct face_binds *binds, sqlite3_stmt **ret,
                          struct error *error) {
    int most = sqlite3_limit(store->db, SQLITE_LIMIT_VARIABLE_NUMBER, -1);
    if (binds->count > (size_t)most) {
        return error_set(error, ERROR_USAGE, "the document has more than %d values: SQLite takes no more at once", most);
    }
    if (!keep(store, text_get(sql), sql->length, ret, error)) return false;
    for (size_t i = 0; i < binds->count; i++) {
        if (!bind_value(*ret, (int)i + 1, &binds->items[i], error)) return false;
    }
    return true;
}

/* *ret_changed may be NULL. */
static bool run_bound(struct sqlite_store *store, const struct text *sql, const struct face_binds *binds, int64_t *ret_changed,
                      struct error *error) {
    sqlite3_stmt *statement = NULL;
    bool ok = prepare_bound(store, sql, binds, &statement, error) && statement_run(statement, error);
    if (statement != NULL) sqlite3_clear_bindings(statement);
    if (ok && ret_changed != NULL) *ret_changed = sqlite3_changes64(store->db);
    return ok;
}

/* --- keys and lists ------------------------------------------------------------------------------------------------ */

/* A whole number as SQLite writes it: no blank, no plus, no zero in front, and none too large. */
static bool is_spelled(const struct json *value) {
    if (value->kind != JSON_STRING && value->kind != JSON_NUMBER) return false;
    const char *digits = value->text + (*value->text == '-');
    size_t count = strspn(digits, "0123456789");
    return digits[count] == '\0' && count > 0 && count <= 18 && (*digits != '0' || value->length == 1);
}

/* A text that is no whole number stays one: CAST would make 1 of '1 OR 1=1', another entity's key. */
static const char whole_value[] =
    " FROM (SELECT CASE WHEN (typeof(?1) <> 'text' OR (?1 GLOB '[-+0-9]*' AND ?1 GLOB '*[0-9]*' AND substr(?1, 2) NOT GLOB '*[^0-9]*')) "
    "AND CAST(?1 AS INTEGER) = ?1 + 0 THEN CAST(?1 AS INTEGER) ELSE ?1 END AS k)";

/* As SQLite would write it: the value goes through the affinity of its column. */
static bool spell(struct sqlite_store *store, const struct column *column, const struct json *value, struct arena *arena, struct text *ret,
                  struct error *error) {
    bool whole = column->declared != NULL && strcasestr(column->declared, "INT") != NULL, row = false;
    struct names name = {.items = (const char *[]){"k"}, .count = 1};
    struct face_bind bind = {column, value};
    struct face_binds binds = {arena, &bind, 1, 1};
    sqlite3_stmt *statement = NULL;
    TEXT sql = {0};
    if (whole && is_spelled(value)) {
        text_add_n(ret, value->text, value->length);
        return true;
    }
    text_add(&sql, "SELECT ");
    key_text_expression(&sql, NULL, &name);
    text_add(&sql, whole ? whole_value : " FROM (SELECT ?1 AS k)");
    bool ok = prepare_bound(store, &sql, &binds, &statement, error) && statement_step(statement, &row, error);
    if (ok) text_add(ret, (const char *)sqlite3_column_text(statement, 0));
    if (statement != NULL) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
    return ok;
}

bool sqlite_face_key(struct store *base, const char *key, struct text *ret, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    enum side side = store->standing.housed == HOUSES_NEW ? SIDE_NEW : SIDE_OLD;
    const struct table *table = &store->change.shapes[side].tables[0];
    struct arena *arena = arena_new();
    const struct json **values = NULL;
    bool ok = document_key(key, store->key_count, arena, &values, error);
    for (size_t i = 0; ok && i < store->key_count; i++) {
        if (i > 0) text_add(ret, ",");
        ok = spell(store, sync_column(&store->tables[side][0], table->key.items[i]), values[i], arena, ret, error);
    }
    arena_free(arena);
    return ok;
}

struct listing {
    struct sqlite_store *store;
    struct face face;
    int64_t left;
    document_visit *visit;
    void *context;
    struct arena *arena;
    const char *last;
    int64_t seen;
};

static bool list_one(void *context, const char *key, struct error *error) {
    struct listing *listing = context;
    TEXT document = {0};
    bool found;
    listing->seen++;
    listing->last = arena_copy(listing->arena, key);
    if (!read_face(listing->store, listing->face, key, &document, &found, error)) return false;
    if (!found) return true; /* the query yields nothing for it */
    listing->left--;
    return listing->visit(listing->context, key, text_get(&document), error);
}

static bool list_page(struct listing *listing, const char *after, bool *ret_more, struct error *error) {
    struct sqlite_store *store = listing->store;
    struct dialect dialect = face_dialect();
    TEXT sql = {0};
    sqlite3_stmt *statement = NULL;
    int64_t wanted = listing->left;
    text_add(&sql, "SELECT ");
    key_text_expression(&sql, NULL, &store->key);
    text_add(&sql, " FROM (");
    face_keys(&sql, &dialect, store->tables[listing->face.from], store->change.shapes[listing->face.from].count, &store->key,
              after != NULL, wanted);
    text_add(&sql, ")");
    listing->seen = 0;
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error)) return false;
    bool ok = range_bind(store, statement, after, NULL, error) && keys_visit(statement, list_one, listing, error);
    statement_finalize(&statement);
    *ret_more = listing->seen == wanted && listing->left > 0;
    return ok;
}

bool sqlite_face_list(struct store *base, struct face face, const char *after, int64_t limit, document_visit *visit, void *context,
                      struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct listing listing = {store, face, limit, visit, context, arena_new(), after, 0};
    bool own = false, ok = begin_own(store, true, "BEGIN", &own, error);
    for (bool more = limit > 0; ok && more;) ok = list_page(&listing, listing.last, &more, error);
    ok = end_own(store, own, ok, error);
    arena_free(listing.arena);
    return ok;
}

/* --- translating ------------------------------------------------------------------------------------------------ */

static void add_typed(struct text *text, const struct column *column) {
    if (column->folded) text_addf(text, " COLLATE %s", column->collation);
}

static bool translate(struct sqlite_store *store, enum direction direction, bool single, const char *key,
                      const struct document_part *parts, struct arena *arena, struct text *ret, bool *ret_found, struct error *error) {
    const struct shape *shape = &store->change.shapes[follower_of(direction)];
    struct dialect dialect = face_dialect();
    size_t before = ret->length;
    bool found = false, first = true;
    for (size_t i = 0; i < shape->count; i++) {
        const struct flow *flow = flow_to(store, direction, shape->tables[i].name);
        struct face_binds binds = {.arena = arena};
        struct reading reading = {0};
        sqlite3_stmt *statement = NULL;
        TEXT sql = {0};
        if (flow == NULL) continue;
        name_flow(store, arena, &reading, follower_of(direction), flow);
        face_translate_query(&sql, &dialect, flow, parts, add_typed, &binds);
        if (!prepare_bound(store, &sql, &binds, &statement, error) ||
            !add_part(ret, &reading, statement, single, first, key, &found, error)) {
            return false;
        }
        sqlite3_clear_bindings(statement);
        first = false;
    }
    finish_document(ret, before, single, first, found);
    *ret_found = found;
    return true;
}

bool sqlite_face_translate(struct store *base, enum direction direction, bool single, const char *key, const char *current,
                             const char *document, struct text *ret, bool *ret_found, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    enum side side = leader_of(direction);
    struct arena *arena = arena_new();
    struct document_part *parts = NULL;
    struct face_leader leader = {.tables = store->tables[side], .count = store->change.shapes[side].count, .side = side,
                                 .flows = store->flows[direction], .flow_count = store->change.mappings[direction].count,
                                 .key_count = store->key_count};
    bool ok = face_parts(&leader, key, document, current, arena, &parts, error) &&
              translate(store, direction, single, key, parts, arena, ret, ret_found, error);
    arena_free(arena);
    return ok;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* The transaction has the one right to write. */
bool sqlite_face_lock(struct store *base, enum side side, const char *key, bool *ret_held, struct error *error) {
    (void)base, (void)side, (void)key, (void)error;
    *ret_held = true;
    return true;
}

/* A row that does not name all that a new one must have is updated, else inserted. */
static bool put_slowly(struct sqlite_store *store, const struct bound_table *table, const struct document_row *row,
                       struct arena *arena, struct error *error) {
    struct dialect dialect = face_dialect();
    struct face_binds binds = {.arena = arena};
    struct face_binds inserted = {.arena = arena};
    TEXT update = {0};
    TEXT insert = {0};
    int64_t changed = 0;
    if (face_update(&update, &dialect, table, row, &binds)) {
        if (!run_bound(store, &update, &binds, &changed, error)) return false;
        if (changed > 0) return true;
    }
    face_insert(&insert, &dialect, table, row, MEETING_UPDATES, &inserted);
    return run_bound(store, &insert, &inserted, NULL, error);
}

static bool put_row(struct sqlite_store *store, const struct bound_table *table, const struct document_row *row, bool fresh,
                    const char *key, struct arena *arena, struct error *error) {
    struct dialect dialect = face_dialect();
    struct face_binds binds = {.arena = arena};
    TEXT sql = {0};
    int64_t changed = 0;
    bool matched = face_matched(table, row);
    if (!fresh && matched && !face_insertable(table, row)) return put_slowly(store, table, row, arena, error);
    face_insert(&sql, &dialect, table, row, !matched ? MEETING_FAILS : fresh ? MEETING_SKIPS : MEETING_UPDATES, &binds);
    if (!run_bound(store, &sql, &binds, &changed, error)) return false;
    if (!fresh || changed > 0) return true;
    return error_set(error, ERROR_CONFLICT, "entity %s is there already", key);
}

static bool prune(struct sqlite_store *store, const struct bound_table *table, const struct json *const *key,
                  const struct document_part *part, struct arena *arena, int64_t *gone, struct error *error) {
    struct dialect dialect = face_dialect();
    struct face_binds binds = {.arena = arena};
    TEXT sql = {0};
    int64_t changed = 0;
    face_prune(&sql, &dialect, table, key, part, &binds);
    if (!run_bound(store, &sql, &binds, &changed, error)) return false;
    *gone += changed;
    return true;
}

static bool put_all(struct sqlite_store *store, enum side side, const char *key, const struct json *const *values,
                    const struct document_part *parts, bool single, bool fresh, struct arena *arena, struct error *error) {
    size_t count = store->change.shapes[side].count;
    const struct bound_table *tables = store->tables[side];
    int64_t ignored = 0;
    bool there = false;
    if (!single && fresh) {
        TEXT document = {0};
        struct face face = {side, side, false};
        if (!read_face(store, face, key, &document, &there, error)) return false;
    }
    if (there) return error_set(error, ERROR_CONFLICT, "entity %s is there already", key);
    for (size_t i = count; !single && i-- > 0;) {
        if (!prune(store, &tables[i], values, &parts[i], arena, &ignored, error)) return false;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t r = 0; r < parts[i].count; r++) {
            if (!put_row(store, &tables[i], &parts[i].rows[r], single && fresh, key, arena, error)) return false;
        }
    }
    return true;
}

bool sqlite_face_put(struct store *base, enum side side, const char *key, const char *document, bool fresh, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    const struct bound_table *tables = store->tables[side];
    size_t count = store->change.shapes[side].count;
    bool single = document_is_single(tables, count), own = false;
    struct arena *arena = arena_new();
    struct document_part *parts = NULL;
    const struct json **values = NULL;
    bool ok = document_key(key, store->key_count, arena, &values, error) &&
              document_read(tables, count, single, values, document, arena, &parts, error);
    /* One statement does it where the entity is one row that names what a new one must have. */
    bool at_once = ok && single && (fresh || (face_matched(tables, parts->rows) && face_insertable(tables, parts->rows)));
    ok = ok && begin_own(store, !at_once, "BEGIN IMMEDIATE", &own, error);
    ok = ok && put_all(store, side, key, values, parts, single, fresh, arena, error);
    ok = end_own(store, own, ok, error);
    arena_free(arena);
    return ok;
}

bool sqlite_face_delete(struct store *base, enum side side, const char *key, bool *ret_found, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    const struct bound_table *tables = store->tables[side];
    size_t count = store->change.shapes[side].count;
    struct arena *arena = arena_new();
    const struct json **values = NULL;
    bool own = false;
    int64_t gone = 0;
    bool ok = document_key(key, store->key_count, arena, &values, error) && begin_own(store, count > 1, "BEGIN IMMEDIATE", &own, error);
    for (size_t i = count; ok && i-- > 0;) ok = prune(store, &tables[i], values, NULL, arena, &gone, error);
    ok = end_own(store, own, ok, error);
    *ret_found = gone > 0;
    arena_free(arena);
    return ok;
}

/* --- what is not on the other side yet ---------------------------------------------------------------------------- */

static bool has_own(struct sqlite_store *store, const char *rest, bool *ret, struct error *error) {
    static const char sql[] = "SELECT 1 FROM sqlite_schema WHERE name = ?1";
    sqlite3_stmt *statement = NULL;
    TEXT name = {0};
    text_addf(&name, "midflight_%s_%s", store->change.name, rest);
    if (!keep(store, sql, sizeof sql - 1, &statement, error)) return false;
    sqlite3_bind_text(statement, 1, text_get(&name), (int)name.length, SQLITE_TRANSIENT);
    bool ok = statement_step(statement, ret, error);
    sqlite3_reset(statement);
    return ok;
}

static void add_outbox(struct text *text, const struct sqlite_store *store) {
    TEXT name = {0};
    text_addf(&name, "midflight_%s_outbox", store->change.name);
    sqlite_quote(text, text_get(&name));
}

static bool in_outbox(struct sqlite_store *store, const char *key, bool *ret, struct error *error) {
    TEXT sql = {0};
    sqlite3_stmt *statement = NULL;
    struct scope scope = {.exact = true};
    text_add(&sql, "SELECT 1 FROM ");
    add_outbox(&sql, store);
    text_add(&sql, " WHERE ");
    sync_scope(&sql, &sqlite_dialect, &scope, NULL, &store->key);
    text_add(&sql, " LIMIT 1");
    if (!keep(store, text_get(&sql), sql.length, &statement, error) || !key_bind(statement, 1, key, store->key_count, error)) return false;
    bool ok = statement_step(statement, ret, error);
    sqlite3_reset(statement);
    return ok;
}

bool outbox_holds(struct sqlite_store *store, const char *key, bool *ret, struct error *error) {
    bool noted = false;
    *ret = false;
    return has_own(store, "outbox", &noted, error) && (!noted || in_outbox(store, key, ret, error));
}

bool sqlite_face_waits(struct store *base, enum direction direction, const char *key, bool *ret, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    enum finding_kind kind = quarantine_of(direction);
    if (!sql_finding_known(base, store->change.name, kind, key, ret, error)) return false;
    return *ret || !store->change.outbox || outbox_holds(store, key, ret, error);
}

/* With both sides here an entity is synced at once. */
bool sqlite_face_want(struct store *base, const char *key, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    bool noted = false;
    if (store->standing.housed == HOUSES_BOTH) return sqlite_sync(base, FORWARD, key, error);
    if (!has_own(store, "outbox", &noted, error)) return false;
    if (!noted) return true;
    TEXT sql = {0};
    sqlite3_stmt *statement = NULL;
    text_add(&sql, "INSERT INTO ");
    add_outbox(&sql, store);
    text_add(&sql, " (");
    sync_names(&sql, &sqlite_dialect, NULL, &store->key);
    text_add(&sql, ") VALUES (");
    for (size_t i = 0; i < store->key_count; i++) text_addf(&sql, "%s?%zu", i > 0 ? ", " : "", i + 1);
    text_add(&sql, ")");
    return keep(store, text_get(&sql), sql.length, &statement, error) && key_bind(statement, 1, key, store->key_count, error) &&
           statement_run(statement, error);
}
