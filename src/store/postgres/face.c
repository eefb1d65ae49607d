/* Faces: entities as documents, read from one side's tables and written there. store/sql/face.h has the statements; every one that
 * is the same for all entities is planned once a connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#include "base/clock.h"
#include "store/postgres/state.h"
#include "store/sql/face.h"
#include "store/sql/ledger.h"

enum value_kind { VALUE_NUMBER, VALUE_TRUTH, VALUE_TEXT };

struct face_column {
    const char *head; /* {"id":  or  ,"name": */
    size_t head_length;
    enum value_kind kind;
};

/* How the rows of one table of a face are read; sql NULL: no query yields any. */
struct reading {
    const char *sql;
    const char *table;
    struct face_column *columns;
    size_t count;
};

/* By shape and by the side that it is read from, made when first asked for; in the bound arena. */
struct pg_faces {
    struct reading *readings[2][2];
    const char *outbox_name;
    bool outbox; /* it was seen to be there */
};

static struct pg_faces *faces_of(struct postgres_store *store) {
    if (store->faces != NULL) return store->faces;
    store->faces = arena_alloc(store->bound, sizeof *store->faces);
    store->faces->outbox_name = pg_own(store, "outbox");
    return store->faces;
}

/* --- transactions of our own ------------------------------------------------------------------------------------- */

static bool is_idle(const struct postgres_store *store) {
    return PQtransactionStatus(store->db) == PQTRANS_IDLE;
}

/* *ret_own: it was begun here, for several statements that are to be one. */
static bool begin_own(struct postgres_store *store, bool wanted, const char *begin, bool *ret_own, struct error *error) {
    *ret_own = wanted && is_idle(store);
    return !*ret_own || pg_script(store->db, begin, NULL, error);
}

static bool end_own(struct postgres_store *store, bool own, bool ok, struct error *error) {
    struct store *base = &store->sql.base;
    if (!own) return ok;
    ok = ok && base->ops->commit(base, error);
    if (!ok) base->ops->rollback(base);
    return ok;
}

#define BEGIN_VIEW "BEGIN ISOLATION LEVEL REPEATABLE READ"

bool postgres_view_begin(struct store *base, bool writes, struct error *error) {
    (void)writes;
    return pg_script(postgres_store_of(base)->db, BEGIN_VIEW, NULL, error);
}

/* Held by every call that goes by the stage, and by whoever changes it. A row's lock would not do: those who share it come and go, and
 * never wait for one who wants it alone. */
#define STAGE_LOCK "(hashtext('midflight stage ' || $1), 0)"

/* The stage stays until the end of the transaction. The lock on the row holds up nobody; with it the row is read as it is once we have
 * the other. */
bool postgres_ledger_pin(struct store *base, const char *name, struct record *ret, bool *ret_found, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    RESULT *result = NULL;
    if (!pg_query_often(store->db,
                        "SELECT stage, epoch, digest FROM midflight.midflight_migration WHERE name = $1 AND pg_advisory_xact_lock_shared"
                        STAGE_LOCK " IS NOT NULL FOR KEY SHARE", &name, 1, &store->prepared, store->arena, &result, error)) {
        return false;
    }
    *ret_found = PQntuples(result) > 0;
    if (!*ret_found) return true;
    snprintf(ret->name, sizeof ret->name, "%s", name);
    snprintf(ret->stage, sizeof ret->stage, "%s", PQgetvalue(result, 0, 0));
    ret->epoch = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    snprintf(ret->digest, sizeof ret->digest, "%s", PQgetvalue(result, 0, 2));
    return true;
}

struct stage_lock {
    struct postgres_store *store;
    const char *name;
};

static bool lock_stage(void *context, struct error *error) {
    struct stage_lock *lock = context;
    return pg_query(lock->store->db, "SELECT pg_advisory_xact_lock" STAGE_LOCK, NULL, &lock->name, 1, NULL, error);
}

/* A call that holds the stage may wait for tables that we hold: then there is no time for rests. Else nobody waits before the stage is
 * ours alone. */
bool postgres_ledger_move(struct store *base, const char *name, const struct move *move, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct stage_lock lock = {store, name};
    bool holds = base->held_since_ms > 0;
    bool ok = holds ? lock_stage(&lock, error) : pg_patiently(store->db, lock_stage, &lock, "calls through proxies hold the stage", error);
    if (!holds) base->held_since_ms = clock_ms();
    return ok && sql_ledger_move(base, name, move, error);
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

static enum value_kind kind_of(const char *declared) {
    static const char *const numbers[] = {"smallint", "integer", "bigint", "oid", "real", "double precision"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(declared, numbers[i]) == 0) return VALUE_NUMBER;
    }
    return strcmp(declared, "boolean") == 0 ? VALUE_TRUTH : VALUE_TEXT;
}

/* What the rows have, by name. The types of a shape that another store has are those that the query gives its columns: see
 * kind_by_oid. */
static void name_column(struct postgres_store *store, struct reading *reading, size_t place, const char *name, const char *declared) {
    TEXT head = {0};
    text_add(&head, place == 0 ? "{" : ",");
    json_add_string(&head, name, strlen(name));
    text_add(&head, ":");
    reading->columns[place] = (struct face_column){arena_copy(store->bound, text_get(&head)), head.length, kind_of(declared)};
}

static void read_straight(struct postgres_store *store, struct reading *reading, const struct bound_table *table) {
    TEXT sql = {0};
    face_select(&sql, &pg_dialect, table);
    reading->sql = arena_copy(store->bound, text_get(&sql));
    reading->table = table->table->name;
    reading->count = table->column_count;
    reading->columns = ARENA_ARRAY(store->bound, struct face_column, reading->count);
    for (size_t c = 0; c < reading->count; c++) name_column(store, reading, c, table->columns[c].name, table->columns[c].declared);
}

static void name_flow(struct postgres_store *store, struct reading *reading, const struct flow *flow) {
    reading->table = flow->target->table->name;
    reading->count = flow->yielded.count;
    reading->columns = ARENA_ARRAY(store->bound, struct face_column, reading->count);
    for (size_t c = 0; c < reading->count; c++) {
        const struct column *column = sync_column(flow->target, flow->yielded.items[c]);
        name_column(store, reading, c, flow->yielded.items[c], column == NULL || column->declared == NULL ? "" : column->declared);
    }
}

static const struct flow *flow_to(const struct postgres_store *store, enum direction direction, const char *table) {
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        if (strcmp(store->change.mappings[direction].queries[i].table, table) == 0) return &store->flows[direction][i];
    }
    return NULL;
}

static void read_view(struct postgres_store *store, struct reading *reading, const struct flow *flow) {
    TEXT sql = {0};
    if (flow == NULL) return;
    face_view(&sql, &pg_dialect, flow);
    reading->sql = arena_copy(store->bound, text_get(&sql));
    name_flow(store, reading, flow);
}

static const struct reading *readings_of(struct postgres_store *store, struct face face) {
    struct reading **place = &faces_of(store)->readings[face.shape][face.from];
    const struct shape *shape = &store->change.shapes[face.shape];
    if (*place != NULL) return *place;
    struct reading *readings = ARENA_ARRAY(store->bound, struct reading, shape->count);
    for (size_t i = 0; i < shape->count; i++) {
        if (face.shape == face.from) {
            read_straight(store, &readings[i], &store->tables[face.shape][i]);
        } else {
            read_view(store, &readings[i], flow_to(store, led_by(face.from), shape->tables[i].name));
        }
    }
    *place = readings;
    return readings;
}

/* By the type that a column of a result has, for types that no catalog of ours told: fixed in PostgreSQL's pg_type.dat. */
static enum value_kind kind_by_oid(Oid type) {
    switch (type) {
    case 16:
        return VALUE_TRUTH;
    case 20:
    case 21:
    case 23:
    case 26:
    case 700:
    case 701:
        return VALUE_NUMBER;
    default:
        return VALUE_TEXT;
    }
}

static void add_value(struct text *text, enum value_kind kind, const char *value, size_t length) {
    bool number = kind == VALUE_NUMBER && (*value == '-' ? value[1] : *value) <= '9'; /* not NaN, not Infinity */
    if (number) {
        text_add_n(text, value, length);
    } else if (kind == VALUE_TRUTH) {
        text_add(text, *value == 't' ? "true" : "false");
    } else {
        json_add_string(text, value, length);
    }
}

static void add_row(struct text *text, const struct reading *reading, const PGresult *result, int row) {
    for (size_t c = 0; c < reading->count; c++) {
        const struct face_column *column = &reading->columns[c];
        int place = (int)c;
        text_add_n(text, column->head, column->head_length);
        if (PQgetisnull(result, row, place)) {
            text_add_n(text, "null", 4);
        } else {
            enum value_kind kind = column->kind == VALUE_TEXT ? kind_by_oid(PQftype(result, place)) : column->kind;
            add_value(text, kind, PQgetvalue(result, row, place), (size_t)PQgetlength(result, row, place));
        }
    }
    text_add_n(text, "}", 1);
}

static bool one_row_only(const char *table, const PGresult *result, const char *key, struct error *error) {
    return PQntuples(result) <= 1 ||
           error_set(error, ERROR_ROWS, "the query of table %s yields %d rows for entity %s, where the table holds one: mend the rows "
                     "that it reads", table, PQntuples(result), key);
}

/* One table's part of a document. */
static bool add_part(struct text *text, const struct reading *reading, const PGresult *result, bool single, bool first, const char *key,
                     bool *found, struct error *error) {
    int rows = PQntuples(result);
    *found = *found || rows > 0;
    if (single) {
        if (!one_row_only(reading->table, result, key, error)) return false;
        if (rows == 1) add_row(text, reading, result, 0);
        return true;
    }
    text_add(text, first ? "{" : ",");
    json_add_string(text, reading->table, strlen(reading->table));
    text_add(text, ":[");
    for (int row = 0; row < rows; row++) {
        if (row > 0) text_add(text, ",");
        add_row(text, reading, result, row);
    }
    text_add(text, "]");
    return true;
}

static bool read_face(struct postgres_store *store, struct face face, const char *key, const char *const *values, struct text *ret,
                      bool *ret_found, struct error *error) {
    const struct reading *readings = readings_of(store, face);
    size_t before = ret->length;
    bool found = false, first = true;
    for (size_t i = 0; i < store->change.shapes[face.shape].count; i++) {
        RESULT *result = NULL;
        if (readings[i].sql == NULL) continue;
        if (!pg_query_often(store->db, readings[i].sql, values, store->key.count, &store->prepared, store->arena, &result, error) ||
            !add_part(ret, &readings[i], result, face.single, first, key, &found, error)) {
            return false;
        }
        first = false;
    }
    if (!face.single) text_add(ret, first ? "{}" : "}");
    if (!found && ret->data != NULL) {
        ret->length = before;
        ret->data[before] = '\0';
    }
    *ret_found = found;
    return true;
}

bool postgres_face_get(struct store *base, struct face face, const char *key, struct text *ret, bool *ret_found, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const char *values[KEY_COLUMNS_MAX];
    struct arena *arena = arena_new();
    bool own = false;
    bool ok = pg_key_values(key, values, store->key.count, arena, error) &&
              begin_own(store, store->change.shapes[face.shape].count > 1, BEGIN_VIEW, &own, error);
    ok = end_own(store, own, ok && read_face(store, face, key, values, ret, ret_found, error), error);
    arena_free(arena);
    return ok;
}

bool postgres_face_single(struct store *base, enum side side) {
    struct postgres_store *store = postgres_store_of(base);
    return document_is_single(store->tables[side], store->change.shapes[side].count);
}

static bool is_integer(const struct postgres_store *store, size_t place) {
    enum side side = store->standing.housed == HOUSES_NEW ? SIDE_NEW : SIDE_OLD;
    const struct bound_table *table = &store->tables[side][0];
    const struct column *column = sync_column(table, table->table->key.items[place]);
    return strcmp(column->declared, "bigint") == 0 || strcmp(column->declared, "integer") == 0 ||
           strcmp(column->declared, "smallint") == 0;
}

bool postgres_face_key(struct store *base, const char *key, struct text *ret, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const char *values[KEY_COLUMNS_MAX];
    struct arena *arena = arena_new();
    bool ok = pg_key_values(key, values, store->key.count, arena, error);
    for (size_t i = 0; ok && i < store->key.count; i++) {
        if (i > 0) text_add(ret, ",");
        if (values[i] == NULL) {
            ok = error_set(error, ERROR_USAGE, "key %s: an entity's key has no NULL in it", key);
        } else if (is_integer(store, i)) {
            char *end;
            long long number = strtoll(values[i], &end, 10);
            if (*end != '\0' || end == values[i]) {
                ok = error_set(error, ERROR_USAGE, "key %s: its column holds integers", key);
            }
            text_addf(ret, "%lld", number);
        } else {
            pg_quote_text(ret, values[i]);
        }
    }
    arena_free(arena);
    return ok;
}

/* --- listing ---------------------------------------------------------------------------------------------------- */

/* Keys of the next page. */
static bool page_of(struct postgres_store *store, enum side side, const char *after, int64_t limit, struct arena *arena, PGresult **ret,
                    struct error *error) {
    TEXT sql = {0};
    const char *values[KEY_COLUMNS_MAX];
    if (after != NULL && !pg_key_values(after, values, store->key.count, arena, error)) return false;
    text_add(&sql, "SELECT ");
    pg_key_text(&sql, NULL, &store->key);
    text_add(&sql, " FROM (");
    face_keys(&sql, &pg_dialect, store->tables[side], store->change.shapes[side].count, &store->key, after != NULL, limit);
    text_add(&sql, ") AS midflight_k");
    return pg_query(store->db, text_get(&sql), NULL, values, after == NULL ? 0 : store->key.count, ret, error);
}

/* Entities that the query yields nothing for are passed over. *ret_cursor: the last key that was looked at; NULL: there are no more. */
static bool list_page(struct postgres_store *store, struct face face, const char *after, int64_t *left, document_visit *visit,
                      void *context, struct arena *arena, const char **ret_cursor, struct error *error) {
    RESULT *keys = NULL;
    int64_t wanted = *left;
    if (!page_of(store, face.from, after, wanted, arena, &keys, error)) return false;
    for (int i = 0; i < PQntuples(keys); i++) {
        const char *key = PQgetvalue(keys, i, 0);
        TEXT document = {0};
        bool found;
        if (!postgres_face_get(&store->sql.base, face, key, &document, &found, error)) return false;
        if (!found) continue;
        --*left;
        if (!visit(context, key, text_get(&document), error)) return false;
    }
    bool more = PQntuples(keys) == wanted && *left > 0;
    *ret_cursor = more ? arena_copy(arena, PQgetvalue(keys, PQntuples(keys) - 1, 0)) : NULL;
    return true;
}

bool postgres_face_list(struct store *base, struct face face, const char *after, int64_t limit, document_visit *visit, void *context,
                        struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct arena *arena = arena_new();
    bool own = false, ok = begin_own(store, true, BEGIN_VIEW, &own, error);
    const char *cursor = after;
    for (bool more = limit > 0; ok && more; more = cursor != NULL) {
        ok = list_page(store, face, cursor, &limit, visit, context, arena, &cursor, error);
    }
    ok = end_own(store, own, ok, error);
    arena_free(arena);
    return ok;
}

/* --- binding ---------------------------------------------------------------------------------------------------- */

/* PostgreSQL reads every type from text. */
static bool value_text(const struct face_bind *bind, struct arena *arena, const char **ret, struct error *error) {
    const struct json *value = bind->value;
    const char *name = bind->column->name;
    switch (value->kind) {
    case JSON_NULL:
        *ret = NULL;
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        *ret = value->kind == JSON_TRUE ? "true" : "false";
        return true;
    case JSON_NUMBER:
    case JSON_STRING:
        *ret = value->text;
        if (strlen(value->text) == value->length) return true;
        return error_set(error, ERROR_USAGE, "column %s: PostgreSQL keeps no text with \\u0000 in it", name);
    case JSON_LIST:
    case JSON_OBJECT:
        break;
    }
    TEXT held = {0};
    bool is_text;
    if (!document_tagged(value, name, &is_text, &held, error)) return false;
    if (!is_text) {
        *ret = value->first->text; /* as bytea reads it */
        return true;
    }
    *ret = arena_copy_n(arena, text_get(&held), held.length);
    return strlen(*ret) == held.length || error_set(error, ERROR_USAGE, "column %s: PostgreSQL keeps no text with \\u0000 in it", name);
}

/* PostgreSQL takes so many values with one statement. */
#define BINDS_MAX 65535

/* `often`: the statement is the same for other entities. */
static bool run_bound(struct postgres_store *store, const char *sql, const struct face_binds *binds, bool often, PGresult **ret,
                      struct error *error) {
    const char **values = ARENA_ARRAY(binds->arena, const char *, binds->count + 1);
    if (binds->count > BINDS_MAX) {
        return error_set(error, ERROR_USAGE, "the document has more than %d values: PostgreSQL takes no more at once", BINDS_MAX);
    }
    for (size_t i = 0; i < binds->count; i++) {
        if (!value_text(&binds->items[i], binds->arena, &values[i], error)) return false;
    }
    return often ? pg_query_often(store->db, sql, values, binds->count, &store->prepared, store->arena, ret, error)
                 : pg_query(store->db, sql, NULL, values, binds->count, ret, error);
}

/* --- translating ------------------------------------------------------------------------------------------------ */

static void add_typed(struct text *text, const struct column *column) {
    text_addf(text, "::%s", column->declared);
}

static bool few_rows(const struct document_part *parts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (parts[i].count > 1) return false;
    }
    return true;
}

static bool translate(struct postgres_store *store, enum direction direction, bool single, const char *key,
                      const struct document_part *parts, struct arena *arena, struct text *ret, bool *ret_found, struct error *error) {
    const struct shape *shape = &store->change.shapes[follower_of(direction)];
    size_t before = ret->length, leaders = store->change.shapes[leader_of(direction)].count;
    bool found = false, first = true;
    for (size_t i = 0; i < shape->count; i++) {
        const struct flow *flow = flow_to(store, direction, shape->tables[i].name);
        struct face_binds binds = {.arena = arena};
        struct reading reading = {0};
        RESULT *result = NULL;
        TEXT sql = {0};
        if (flow == NULL) continue;
        name_flow(store, &reading, flow);
        face_translate_query(&sql, &pg_dialect, flow, parts, add_typed, &binds);
        if (!run_bound(store, text_get(&sql), &binds, few_rows(parts, leaders), &result, error) ||
            !add_part(ret, &reading, result, single, first, key, &found, error)) {
            return false;
        }
        first = false;
    }
    if (!single) text_add(ret, first ? "{}" : "}");
    if (!found && ret->data != NULL) {
        ret->length = before;
        ret->data[before] = '\0';
    }
    *ret_found = found;
    return true;
}

bool postgres_face_translate(struct store *base, enum direction direction, bool single, const char *key, const char *current,
                             const char *document, struct text *ret, bool *ret_found, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    enum side side = leader_of(direction);
    struct arena *arena = arena_new();
    struct document_part *parts = NULL;
    struct face_leader leader = {.tables = store->tables[side], .count = store->change.shapes[side].count, .side = side,
                                 .flows = store->flows[direction], .flow_count = store->change.mappings[direction].count,
                                 .key_count = store->key.count};
    bool ok = face_parts(&leader, key, document, current, arena, &parts, error) &&
              translate(store, direction, single, key, parts, arena, ret, ret_found, error);
    arena_free(arena);
    return ok;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* Entities of several rows: those who go through a proxy queue by key, also for one that is not there yet; others by its rows. */
static bool lock_key(struct postgres_store *store, const char *key, struct error *error) {
    TEXT name = {0};
    char number[24];
    const char *values[] = {number};
    text_addf(&name, "%s %s", store->change.name, key);
    snprintf(number, sizeof number, "%lld", (long long)XXH3_64bits(text_get(&name), name.length));
    return pg_query_often(store->db, "SELECT pg_advisory_xact_lock($1::bigint)", values, 1, &store->prepared, store->arena, NULL, error);
}

bool postgres_face_lock(struct store *base, enum side side, const char *key, bool *ret_held, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const char *values[KEY_COLUMNS_MAX];
    struct arena *arena = arena_new();
    bool ok = lock_key(store, key, error) && pg_key_values(key, values, store->key.count, arena, error);
    *ret_held = false;
    for (size_t i = 0; ok && i < store->change.shapes[side].count; i++) {
        RESULT *rows = NULL;
        TEXT sql = {0};
        face_select(&sql, &pg_dialect, &store->tables[side][i]);
        text_add(&sql, " FOR NO KEY UPDATE");
        ok = pg_query_often(store->db, text_get(&sql), values, store->key.count, &store->prepared, store->arena, &rows, error);
        *ret_held = *ret_held || (ok && PQntuples(rows) > 0);
    }
    arena_free(arena);
    return ok;
}

static int64_t changed(const PGresult *result) {
    return strtoll(PQcmdTuples((PGresult *)result), NULL, 10);
}

/* A row that does not name all that a new one must have, or whose table bears no ON CONFLICT, is updated, else inserted. */
static bool put_slowly(struct postgres_store *store, const struct bound_table *table, const struct document_row *row,
                       struct arena *arena, struct error *error) {
    struct face_binds binds = {.arena = arena};
    struct face_binds inserted = {.arena = arena};
    RESULT *result = NULL;
    TEXT update = {0};
    TEXT insert = {0};
    if (face_update(&update, &pg_dialect, table, row, &binds)) {
        if (!run_bound(store, text_get(&update), &binds, true, &result, error)) return false;
        if (changed(result) > 0) return true;
    }
    face_insert(&insert, &pg_dialect, table, row, table->ruled ? MEETING_FAILS : MEETING_UPDATES, &inserted);
    return run_bound(store, text_get(&insert), &inserted, true, NULL, error);
}

static bool put_row(struct postgres_store *store, const struct bound_table *table, const struct document_row *row, bool fresh,
                    const char *key, struct arena *arena, struct error *error) {
    struct face_binds binds = {.arena = arena};
    RESULT *result = NULL;
    TEXT sql = {0};
    bool matched = face_matched(table, row);
    if (!fresh && matched && (table->ruled || !face_insertable(table, row))) return put_slowly(store, table, row, arena, error);
    enum meeting meeting = !matched || table->ruled ? MEETING_FAILS : fresh ? MEETING_SKIPS : MEETING_UPDATES;
    face_insert(&sql, &pg_dialect, table, row, meeting, &binds);
    if (!run_bound(store, text_get(&sql), &binds, true, &result, error)) return false;
    if (!fresh || changed(result) > 0) return true;
    return error_set(error, ERROR_CONFLICT, "entity %s is there already", key);
}

static bool prune(struct postgres_store *store, const struct bound_table *table, const struct json *const *key,
                  const struct document_part *part, struct arena *arena, int64_t *gone, struct error *error) {
    struct face_binds binds = {.arena = arena};
    RESULT *result = NULL;
    TEXT sql = {0};
    face_prune(&sql, &pg_dialect, table, key, part, &binds);
    if (!run_bound(store, text_get(&sql), &binds, part == NULL, &result, error)) return false;
    *gone += changed(result);
    return true;
}

static bool is_there(struct postgres_store *store, enum side side, const char *key, bool *ret, struct error *error) {
    struct face face = {side, side, postgres_face_single(&store->sql.base, side)};
    TEXT ignored = {0};
    return postgres_face_get(&store->sql.base, face, key, &ignored, ret, error);
}

static bool put_all(struct postgres_store *store, enum side side, const char *key, const struct json *const *values,
                    const struct document_part *parts, bool single, bool fresh, struct arena *arena, struct error *error) {
    size_t count = store->change.shapes[side].count;
    const struct bound_table *tables = store->tables[side];
    int64_t ignored = 0;
    bool there = false;
    if (!single && !lock_key(store, key, error)) return false;
    if (!single && fresh && !is_there(store, side, key, &there, error)) return false;
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

/* One statement does it where the entity is one row that names what a new one must have. */
static bool is_one_statement(const struct bound_table *table, const struct document_part *part, bool single, bool fresh) {
    return single && (fresh || (!table->ruled && face_matched(table, part->rows) && face_insertable(table, part->rows)));
}

bool postgres_face_put(struct store *base, enum side side, const char *key, const char *document, bool fresh, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const struct bound_table *tables = store->tables[side];
    size_t count = store->change.shapes[side].count;
    bool single = document_is_single(tables, count), own = false;
    struct arena *arena = arena_new();
    struct document_part *parts = NULL;
    const struct json **values = NULL;
    bool ok = document_key(key, store->key.count, arena, &values, error) &&
              document_read(tables, count, single, values, document, arena, &parts, error) &&
              begin_own(store, !is_one_statement(tables, parts, single, fresh), "BEGIN", &own, error);
    ok = ok && put_all(store, side, key, values, parts, single, fresh, arena, error);
    ok = end_own(store, own, ok, error);
    if (ok) pg_count_own();
    arena_free(arena);
    return ok;
}

bool postgres_face_delete(struct store *base, enum side side, const char *key, bool *ret_found, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const struct bound_table *tables = store->tables[side];
    size_t count = store->change.shapes[side].count;
    struct arena *arena = arena_new();
    const struct json **values = NULL;
    bool single = document_is_single(tables, count), own = false;
    int64_t gone = 0;
    bool ok = document_key(key, store->key.count, arena, &values, error) && begin_own(store, !single, "BEGIN", &own, error) &&
              (single || lock_key(store, key, error));
    for (size_t i = count; ok && i-- > 0;) ok = prune(store, &tables[i], values, NULL, arena, &gone, error);
    ok = end_own(store, own, ok, error);
    *ret_found = gone > 0;
    arena_free(arena);
    return ok;
}

/* --- what is not on the other side yet ---------------------------------------------------------------------------- */

static bool has_outbox(struct postgres_store *store, bool *ret, struct error *error) {
    struct pg_faces *faces = faces_of(store);
    RESULT *result = NULL;
    const char *values[] = {faces->outbox_name};
    if (!faces->outbox) {
        if (!pg_query_often(store->db, "SELECT to_regclass($1)", values, 1, &store->prepared, store->arena, &result, error)) return false;
        faces->outbox = !PQgetisnull(result, 0, 0);
    }
    *ret = faces->outbox;
    return true;
}

/* $1::bigint, ... */
static void add_key_binds(struct text *text, const struct postgres_store *store) {
    enum side side = store->standing.housed == HOUSES_NEW ? SIDE_NEW : SIDE_OLD;
    const struct bound_table *table = &store->tables[side][0];
    for (size_t i = 0; i < store->key.count; i++) {
        text_addf(text, "%s$%zu::%s", i > 0 ? ", " : "", i + 1, sync_column(table, table->table->key.items[i])->declared);
    }
}

static bool in_outbox(struct postgres_store *store, const char *key, bool *ret, struct error *error) {
    const char *values[KEY_COLUMNS_MAX];
    struct arena *arena = arena_new();
    RESULT *result = NULL;
    TEXT sql = {0};
    text_addf(&sql, "SELECT EXISTS (SELECT 1 FROM %s WHERE (", faces_of(store)->outbox_name);
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_add(&sql, ") = (");
    add_key_binds(&sql, store);
    text_add(&sql, "))");
    bool ok = pg_key_values(key, values, store->key.count, arena, error) &&
              pg_query_often(store->db, text_get(&sql), values, store->key.count, &store->prepared, store->arena, &result, error);
    if (ok) *ret = *PQgetvalue(result, 0, 0) == 't';
    arena_free(arena);
    return ok;
}

bool pg_outbox_holds(struct postgres_store *store, const char *key, bool *ret, struct error *error) {
    bool noted = false;
    *ret = false;
    return has_outbox(store, &noted, error) && (!noted || in_outbox(store, key, ret, error));
}

bool postgres_face_waits(struct store *base, enum direction direction, const char *key, bool *ret, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    RESULT *result = NULL;
    const char *values[] = {store->change.name, direction == FORWARD ? "quarantine forward" : "quarantine backward", key};
    if (!pg_query_often(store->db, "SELECT 1 FROM midflight.midflight_finding WHERE migration = $1 AND kind = $2 AND entity_key = $3",
                        values, 3, &store->prepared, store->arena, &result, error)) {
        return false;
    }
    *ret = PQntuples(result) > 0;
    if (*ret || (!store->change.outbox && direction == BACKWARD)) return true;
    return pg_outbox_holds(store, key, ret, error);
}

/* Where triggers sync, or nothing is copied, there is nothing to want. */
bool postgres_face_want(struct store *base, const char *key, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const char *values[KEY_COLUMNS_MAX];
    struct arena *arena = arena_new();
    TEXT sql = {0};
    bool noted = false;
    bool ok = has_outbox(store, &noted, error) && pg_key_values(key, values, store->key.count, arena, error);
    if (ok && noted) {
        text_addf(&sql, "INSERT INTO %s (", faces_of(store)->outbox_name);
        sync_names(&sql, &pg_dialect, NULL, &store->key);
        text_add(&sql, ") VALUES (");
        add_key_binds(&sql, store);
        text_add(&sql, ")");
        ok = pg_query_often(store->db, text_get(&sql), values, store->key.count, &store->prepared, store->arena, NULL, error);
    }
    arena_free(arena);
    return ok;
}
