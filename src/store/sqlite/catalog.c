#include "store/sqlite/catalog.h"

#include <string.h>
#include <strings.h>

#include "store/sql/catalog.h"

/* SQLite's rules of affinity (datatype3.html, 3.1): only a column without one keeps values of any type as they come. */
static bool type_is_loose(const char *type, bool strict) {
    if (strict) return strcasecmp(type, "ANY") == 0;
    return (*type == '\0' || strcasestr(type, "BLOB") != NULL) && strcasestr(type, "INT") == NULL;
}

/* What typeof() says of the only values that a column of a STRICT table holds, NULL aside. */
static const char *strict_type(const char *type) {
    if (strncasecmp(type, "INT", 3) == 0) return "integer";
    if (strcasecmp(type, "REAL") == 0) return "real";
    if (strcasecmp(type, "TEXT") == 0) return "text";
    return strcasecmp(type, "BLOB") == 0 ? "blob" : NULL;
}

static const char *copy_column(struct arena *arena, sqlite3_stmt *statement, int column) {
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text == NULL ? "" : arena_copy(arena, text);
}

struct kind {
    const char *type;
    bool without_rowid, strict;
};

static bool read_kind(sqlite3 *db, const char *name, struct arena *arena, struct kind *ret, struct error *error) {
    STATEMENT *statement = NULL;
    bool row = false;
    if (!statement_prepare(db, "SELECT type, wr, strict FROM pragma_table_list(?1) WHERE schema = 'main'", NULL,
                           &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    if (!statement_step(statement, &row, error)) return false;
    if (!row) return error_set(error, ERROR_DEFINITION, "there is no table %s: name one that exists", name);
    *ret = (struct kind){copy_column(arena, statement, 0), sqlite3_column_int(statement, 1) != 0,
                         sqlite3_column_int(statement, 2) != 0};
    if (strcmp(ret->type, "table") == 0) return true;
    return error_set(error, ERROR_DEFINITION,
                     "%s is a %s: SQLite runs no triggers for its rows, so writes could not be followed. Name the "
                     "tables behind it",
                     name, strcmp(ret->type, "virtual") == 0 ? "virtual table" : ret->type);
}

/* Columns in order; the primary key's into `primary`, in its order. */
static bool read_columns(sqlite3 *db, const char *name, struct kind kind, struct arena *arena, struct bound_table *table,
                         struct names *primary, struct error *error) {
    STATEMENT *statement = NULL;
    bool row = false;
    if (!statement_prepare(db,
                           "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden, count(*) OVER (), "
                           "sum(pk > 0) OVER () FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    const char *keyed[64] = {0};
    int keyed_count = 0;
    while (true) {
        if (!statement_step(statement, &row, error)) return false;
        if (!row) break;
        if (table->columns == NULL) {
            table->columns = ARENA_ARRAY(arena, struct column, (size_t)sqlite3_column_int(statement, 6));
            keyed_count = sqlite3_column_int(statement, 7);
        }
        struct column *column = &table->columns[table->column_count++];
        const char *type = copy_column(arena, statement, 1);
        int pk = sqlite3_column_int(statement, 4);
        bool rowid = pk > 0 && keyed_count == 1 && !kind.without_rowid && strcasecmp(type, "INTEGER") == 0;
        column->name = copy_column(arena, statement, 0);
        column->not_null = sqlite3_column_int(statement, 2) != 0 || rowid || (pk > 0 && kind.without_rowid);
        column->has_default = sqlite3_column_int(statement, 3) != 0 || rowid;
        column->generated = sqlite3_column_int(statement, 5) >= 2;
        column->loose = type_is_loose(type, kind.strict);
        if (kind.strict) column->type = strict_type(type);
        const char *collation = "BINARY";
        sqlite3_table_column_metadata(db, "main", name, column->name, NULL, &collation, NULL, NULL, NULL);
        column->declared = type;
        column->collation = arena_copy(arena, collation);
        column->folded = strcasecmp(collation, "BINARY") != 0;
        if (pk > 0 && pk <= 64) keyed[pk - 1] = column->name;
    }
    for (size_t i = 0; i < 64 && keyed[i] != NULL; i++) names_add(arena, primary, keyed[i]);
    return true;
}

/* Every plain unique index: not partial, not over expressions. */
static bool read_uniques(sqlite3 *db, const char *name, struct arena *arena, struct bound_table *table,
                         const struct names *primary, struct error *error) {
    STATEMENT *statement = NULL;
    bool row = false;
    if (!statement_prepare(db,
                           "SELECT l.name, x.name, l.partial, x.cid FROM pragma_index_list(?1) l, "
                           "pragma_index_xinfo(l.name) x WHERE l.\"unique\" AND x.key ORDER BY l.seq, x.seqno",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    table->uniques = ARENA_ARRAY(arena, struct names, 66);
    if (primary->count > 0) table->uniques[table->unique_count++] = *primary;
    const char *index = NULL;
    bool plain = true;
    struct names columns = {0};
    while (true) {
        if (!statement_step(statement, &row, error)) return false;
        if (row && (sqlite3_column_int(statement, 2) != 0 || sqlite3_column_int(statement, 3) < 0)) table->strict = true;
        if (!row || index == NULL || strcmp(index, (const char *)sqlite3_column_text(statement, 0)) != 0) {
            if (index != NULL && plain && table->unique_count < 66) table->uniques[table->unique_count++] = columns;
            if (!row) return true;
            index = copy_column(arena, statement, 0);
            columns = (struct names){0};
            plain = true;
        }
        if (sqlite3_column_int(statement, 2) != 0 || sqlite3_column_int(statement, 3) < 0) plain = false;
        if (plain) names_add(arena, &columns, copy_column(arena, statement, 1));
    }
}

/* A CHECK, or a trigger of the table's own, may refuse a row for reasons that only it knows. */
static bool read_strictness(sqlite3 *db, const char *name, bool *ret, struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(db,
                           "SELECT 1 FROM sqlite_schema WHERE lower(tbl_name) = lower(?1) AND (type = 'trigger' OR type = "
                           "'table' AND sql LIKE '%CHECK%')",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    return statement_step(statement, ret, error);
}

bool catalog_table(sqlite3 *db, const struct table *table, struct arena *arena, struct bound_table *ret,
                   struct error *error) {
    struct kind kind = {0};
    bool constrained = false;
    struct names primary = {0};
    struct bound_table bound = {.table = table, .physical = table->name, .source = table->name};
    if (!read_kind(db, table->name, arena, &kind, error) ||
        !read_columns(db, table->name, kind, arena, &bound, &primary, error) ||
        !read_uniques(db, table->name, arena, &bound, &primary, error) ||
        !read_strictness(db, table->name, &constrained, error)) {
        return false;
    }
    bound.strict = bound.strict || constrained;
    if (!sql_table_finish(&bound, error)) return false;
    *ret = bound;
    return true;
}

/* --- flows ---------------------------------------------------------------------------------------------------- */

struct reading {
    const struct bound_table *leaders;
    size_t leader_count;
    struct names *reads; /* by leader */
    struct names others;
    struct arena *arena;
};

static int note_read(void *context, int action, const char *table, const char *column, const char *database,
                     const char *trigger) {
    (void)database, (void)trigger;
    struct reading *reading = context;
    if (action != SQLITE_READ || table == NULL || column == NULL) return SQLITE_OK;
    bool leader = false;
    for (size_t i = 0; i < reading->leader_count; i++) {
        if (strcasecmp(reading->leaders[i].table->name, table) != 0) continue;
        leader = true;
        const struct column *known = sync_column(&reading->leaders[i], column);
        if (known != NULL && !names_have(&reading->reads[i], known->name)) {
            names_add(reading->arena, &reading->reads[i], known->name);
        }
        /* "SELECT count(*) FROM t" reads t but none of its columns: follow all of it. */
        if (*column == '\0') {
            for (size_t c = 0; c < reading->leaders[i].column_count; c++) {
                const char *name = reading->leaders[i].columns[c].name;
                if (!names_have(&reading->reads[i], name)) names_add(reading->arena, &reading->reads[i], name);
            }
        }
    }
    if (!leader && !names_have(&reading->others, table)) {
        names_add(reading->arena, &reading->others, arena_copy(reading->arena, table));
    }
    return SQLITE_OK;
}

static bool take_columns(sqlite3_stmt *statement, const char *what, struct flow *flow, struct arena *arena,
                         struct error *error) {
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        const char *name = sqlite3_column_name(statement, i), *colon = strrchr(name, ':');
        /* SQLite numbers a name that comes again: "email:1". */
        if (sync_column(flow->target, name) == NULL && colon != NULL) {
            const char *first = arena_copy_n(arena, name, (size_t)(colon - name));
            if (sync_column(flow->target, first) != NULL) name = first;
        }
        if (!sql_flow_yield(flow, what, name, arena, error)) return false;
    }
    return true;
}

/* SQLite takes "a word" that no column is called for a text, in silence: a name that is misspelt. The word of a view that the query
 * reads is the view's own matter. */
static bool check_words(sqlite3 *db, const char *sql, const char *what, struct error *error) {
    static const char unknown[] = "no such column: ";
    sqlite3_stmt *statement = NULL;
    TEXT word = {0};
    catalog_strict(db, true);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        const char *message = sqlite3_errmsg(db), *name = message + strlen(unknown);
        if (strncmp(message, unknown, strlen(unknown)) == 0 && *name != '"') {
            sqlite_quote(&word, name);
        } else if (strncmp(message, unknown, strlen(unknown)) == 0) { /* later versions of SQLite quote it, and say more */
            text_add_n(&word, name, (size_t)(strrchr(name, '"') + 1 - name));
        }
    }
    sqlite3_finalize(statement);
    catalog_strict(db, false);
    if (word.length == 0 || strstr(sql, text_get(&word)) == NULL) return true;
    return error_set(error, ERROR_DEFINITION, "%s: %s is no column of what it reads, and SQLite would take it for a text, in silence: mend the "
                     "name, or put it in single quotes if a text is meant", what, text_get(&word));
}

/* The one statement in a query's text, without the semicolon and whatever follows it. */
static bool only_statement(sqlite3 *db, const char *sql, const char *what, struct arena *arena, const char **ret,
                           struct error *error) {
    sqlite3_stmt *statement = NULL;
    const char *tail = sql;
    int status = sqlite3_prepare_v2(db, sql, -1, &statement, &tail);
    sqlite3_finalize(statement);
    if (status != SQLITE_OK) {
        error_from(db, what, error);
        error->code = ERROR_DEFINITION;
        return false;
    }
    size_t length = (size_t)(tail - sql);
    while (length > 0 && strchr("; \t\r\n", sql[length - 1]) != NULL) length--;
    statement = NULL;
    status = sqlite3_prepare_v2(db, tail, -1, &statement, NULL);
    bool more = status != SQLITE_OK || statement != NULL;
    sqlite3_finalize(statement);
    if (more) {
        error_set(error, ERROR_DEFINITION, "%s: there is more than one statement: give one SELECT", what);
        return false;
    }
    *ret = arena_copy_n(arena, sql, length);
    return true;
}

/* What stands in for a target that another store has: the columns that the query yields, of the types that it gives them. */
static const struct bound_table *target_elsewhere(sqlite3_stmt *statement, const struct query *query, struct arena *arena) {
    struct bound_table *target = arena_alloc(arena, sizeof *target);
    struct table *table = arena_alloc(arena, sizeof *table);
    table->name = query->table;
    *target = (struct bound_table){.table = table, .physical = query->table, .source = query->table};
    target->column_count = (size_t)sqlite3_column_count(statement);
    target->columns = ARENA_ARRAY(arena, struct column, target->column_count);
    for (size_t i = 0; i < target->column_count; i++) {
        const char *declared = sqlite3_column_decltype(statement, (int)i);
        target->columns[i] = (struct column){.name = arena_copy(arena, sqlite3_column_name(statement, (int)i)),
                                             .declared = declared == NULL ? "" : arena_copy(arena, declared), .collation = "BINARY"};
    }
    return target;
}

bool catalog_flow(sqlite3 *db, const struct query *query, enum direction direction, const struct bound_table *leaders,
                  size_t leader_count, const struct bound_table *target, struct arena *arena, struct flow *ret,
                  struct error *error) {
    const char *what = arena_format(arena, "%s.%s", direction_name(direction), query->table);
    struct names *reads = ARENA_ARRAY(arena, struct names, leader_count);
    struct reading reading = {.leaders = leaders, .leader_count = leader_count, .reads = reads, .arena = arena};
    TEXT sql = {0};
    const char *only = NULL;
    STATEMENT *statement = NULL;
    if (!only_statement(db, query->sql, what, arena, &only, error) || !check_words(db, only, what, error)) return false;
    text_addf(&sql, "SELECT * FROM (%s\n)", only);
    sqlite3_set_authorizer(db, note_read, &reading);
    bool prepared = statement_prepare(db, text_get(&sql), what, &statement, error);
    sqlite3_set_authorizer(db, NULL, NULL);
    if (!prepared) return false;

    struct flow flow = {.target = target == NULL ? target_elsewhere(statement, query, arena) : target, .leaders = leaders, .leader_count = leader_count, .sql = only,
                        .reads = reads, .others = reading.others};
    if (sqlite3_bind_parameter_count(statement) > 0) {
        return error_set(error, ERROR_DEFINITION, "%s has a parameter (%s): there is nobody to give it a value", what,
                         sqlite3_bind_parameter_name(statement, 1) == NULL ? "?" : sqlite3_bind_parameter_name(statement, 1));
    }
    if (!take_columns(statement, what, &flow, arena, error) ||
        (target != NULL && !sql_flow_finish(&flow, what, arena, error))) {
        return false;
    }
    *ret = flow;
    return true;
}
