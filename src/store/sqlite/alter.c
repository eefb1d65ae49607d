/* The short form, made long: SQLite itself rewrites the DDL, on an empty copy of the table. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "store/sqlite/catalog.h"

const char *alter_new_name(struct arena *arena, const char *table) {
    return arena_format(arena, "_%s_new", table);
}
const char *alter_old_name(struct arena *arena, const char *table) {
    return arena_format(arena, "_%s_old", table);
}
const char *alter_index_name(struct arena *arena, const char *index) {
    return arena_format(arena, "_%s_new", index);
}

static bool read_names(sqlite3 *db, const char *table, bool writable, struct arena *arena, struct names *ret,
                       struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(db, "SELECT name, hidden FROM pragma_table_xinfo(?1) ORDER BY cid", NULL, &statement,
                           error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    *ret = (struct names){0};
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (row && !(writable && sqlite3_column_int(statement, 1) != 0)) {
            names_add(arena, ret, arena_copy(arena, (const char *)sqlite3_column_text(statement, 0)));
        }
    }
    return true;
}

bool catalog_sql(sqlite3 *db, const char *table, struct arena *arena, const char **ret, struct error *error) {
    STATEMENT *statement = NULL;
    bool row = false;
    if (!statement_prepare(db, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?1)", NULL,
                           &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    if (!statement_step(statement, &row, error)) return false;
    if (!row) return error_set(error, ERROR_DEFINITION, "alter: there is no table %s: name one that exists", table);
    *ret = arena_copy(arena, (const char *)sqlite3_column_text(statement, 0));
    return true;
}

static bool is_create(const char *change) {
    while (isspace((unsigned char)*change)) change++;
    return strncasecmp(change, "CREATE", 6) == 0;
}

static void pair_by_name(const struct names *old, const struct names *new, struct pairs *pairs) {
    pairs->count = 0;
    for (size_t i = 0; i < new->count; i++) {
        const char *from = NULL;
        for (size_t j = 0; j < old->count; j++) {
            if (strcasecmp(old->items[j], new->items[i]) == 0) from = old->items[j];
        }
        pairs->items[pairs->count++] = (struct pair){from, new->items[i]};
    }
}

/* The length of the clause at `text`, up to a comma outside of parentheses and quotes. */
static size_t clause_length(const char *text) {
    int depth = 0;
    char quote = '\0';
    size_t i = 0;
    for (; text[i] != '\0'; i++) {
        char c = text[i];
        if (quote != '\0') {
            if (c == quote) quote = '\0';
        } else if (c == '\'' || c == '"' || c == '`') {
            quote = c;
        } else if (c == '[') {
            quote = ']';
        } else if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth--;
        } else if (depth == 0 && (c == ',' || c == ';')) {
            break;
        }
    }
    return i;
}

/* What one clause did to the list of columns: a rename keeps their number, and the place tells which. */
static void follow_columns(struct pairs *pairs, const struct names *now) {
    struct pairs next = {.count = now->count};
    for (size_t i = 0; i < now->count; i++) {
        next.items[i] = (struct pair){NULL, now->items[i]};
        if (now->count == pairs->count) {
            next.items[i].from = pairs->items[i].from;
            continue;
        }
        for (size_t j = 0; j < pairs->count; j++) {
            if (strcasecmp(pairs->items[j].to, now->items[i]) == 0) next.items[i].from = pairs->items[j].from;
        }
    }
    *pairs = next;
}

static bool apply_clause(sqlite3 *db, const struct change *alter, const char *table, const char *clause,
                         struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "ALTER TABLE ");
    sqlite_quote(&sql, table);
    text_addf(&sql, " %s", clause);
    if (sqlite3_exec(db, text_get(&sql), NULL, NULL, NULL) == SQLITE_OK) return true;
    return error_set(error, ERROR_DEFINITION,
                     "alter.change: SQLite's own ALTER TABLE refuses %s of table %s: %s. Change or drop first what it names; "
                     "for what is neither ADD, DROP nor RENAME COLUMN give `change` the whole new CREATE TABLE %s (...)",
                     clause, alter->alter_table, sqlite3_errmsg(db), alter->alter_table);
}

/* Runs the clauses on `table`, and follows what becomes of its columns. */
static bool apply_clauses(sqlite3 *db, const struct change *alter, const char *table, struct arena *arena,
                          struct pairs *pairs, struct error *error) {
    const char *change = alter->alter_change;
    struct names now;
    if (!read_names(db, table, false, arena, &now, error)) return false;
    pair_by_name(&now, &now, pairs);
    while (*change != '\0') {
        change += strspn(change, " \t\r\n");
        size_t length = clause_length(change);
        const char *clause = arena_copy_n(arena, change, length);
        change += length + (change[length] != '\0');
        if (length == 0) continue;
        if (!apply_clause(db, alter, table, clause, error) || !read_names(db, table, false, arena, &now, error)) return false;
        follow_columns(pairs, &now);
    }
    return true;
}

bool alter_apply(sqlite3 *copy, const struct change *alter, struct arena *arena, struct pairs *ret,
                 struct error *error) {
    ret->count = 0;
    if (is_create(alter->alter_change)) return true;
    return connection_script(copy, "PRAGMA legacy_alter_table = OFF", NULL, error) &&
           apply_clauses(copy, alter, alter->alter_table, arena, ret, error) &&
           connection_script(copy, "PRAGMA legacy_alter_table = ON", NULL, error);
}

/* The clauses among everything there is, under the names that the user knows: SQLite then says what is in their way. */
static bool try_clauses(sqlite3 *live, const struct change *alter, struct arena *arena, struct pairs *pairs,
                        struct error *error) {
    static const char *const types[] = {"table", "index", "view", "trigger"};
    sqlite3 *copy = NULL;
    bool ok = catalog_open(&copy, error);
    for (size_t i = 0; ok && i < sizeof types / sizeof *types; i++) ok = catalog_copy_objects(live, copy, types[i], error);
    ok = ok && alter_apply(copy, alter, arena, pairs, error);
    sqlite3_close(copy);
    return ok;
}

/* Leaves in `db` the old table under its name, the new one with its indexes beside it, and in `pairs` how their columns
 * relate. The clauses run after the indexes are made: SQLite then renames columns in those too. */
static bool make_both(sqlite3 *db, const struct change *alter, const char *old_sql, const char *indexes,
                      const char *new_name, struct arena *arena, struct pairs *pairs, struct error *error) {
    const char *name = alter->alter_table;
    struct names old, new;
    if (!read_names(db, name, false, arena, &old, error)) return false;
    if (is_create(alter->alter_change)) {
        if (!catalog_rename(db, name, "midflight_kept", error) ||
            !connection_script(db, alter->alter_change, "alter.change", error)) {
            error->code = ERROR_DEFINITION;
            return false;
        }
        return read_names(db, name, false, arena, &new, error) &&
               (new.count > 0 || error_set(error, ERROR_DEFINITION, "alter.change: it does not create table %s", name)) &&
               (pair_by_name(&old, &new, pairs), true) && catalog_rename(db, name, new_name, error) &&
               catalog_rename(db, "midflight_kept", name, error) && connection_script(db, indexes, "alter", error);
    }
    return catalog_rename(db, name, new_name, error) && connection_script(db, old_sql, "alter", error) &&
           connection_script(db, indexes, "alter", error) &&
           apply_clauses(db, alter, new_name, arena, pairs, error);
}

/* "CREATE UNIQUE INDEX by_email ON customers(email)" -> the same over the new table under the interim name. SQLite
 * stores the statement as typed from the name on, so the table's name is the first word after ON. */
static bool add_index(struct text *text, const char *sql, const char *index, const char *new_table, struct arena *arena,
                      struct error *error) {
    const char *open = NULL;
    for (const char *c = sql; *c != '\0' && open == NULL; c++) {
        if (*c == '(') open = c;
        if (*c == '"' || *c == '\'' || *c == '`') c = strchr(c + 1, *c);
        if (c == NULL) break;
        if (*c == '[') c = strchr(c, ']');
        if (c == NULL) break;
    }
    if (open == NULL) return error_set(error, ERROR_SCHEMA, "index %s: its DDL is not understood: %s", index, sql);
    text_addf(text, "CREATE %sINDEX ", strncasecmp(sql, "CREATE UNIQUE", 13) == 0 ? "UNIQUE " : "");
    sqlite_quote(text, alter_index_name(arena, index));
    text_add(text, " ON ");
    sqlite_quote(text, new_table);
    text_addf(text, " %s;\n", open);
    return true;
}

/* DDL that makes, over the new table, the indexes that the live table has. */
static bool copy_indexes(sqlite3 *live, const char *physical_old, const char *new_table, struct arena *arena,
                         struct text *ret, struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(live,
                           "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND "
                           "lower(tbl_name) = lower(?1) ORDER BY rowid",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, physical_old, -1, SQLITE_STATIC);
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (row && !add_index(ret, (const char *)sqlite3_column_text(statement, 1),
                              (const char *)sqlite3_column_text(statement, 0), new_table, arena, error)) {
            return false;
        }
    }
    return true;
}

/* The new table's indexes as the change left them: one script; NULL where there are none. */
static bool read_indexes(sqlite3 *db, const char *new_table, struct arena *arena, const char **ret,
                         struct error *error) {
    STATEMENT *statement = NULL;
    bool row = false;
    if (!statement_prepare(db,
                           "SELECT group_concat(sql || ';', char(10)) FROM sqlite_schema WHERE type = 'index' AND sql IS "
                           "NOT NULL AND lower(tbl_name) = lower(?1)",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, new_table, -1, SQLITE_STATIC);
    if (!statement_step(statement, &row, error)) return false;
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    *ret = text == NULL ? NULL : arena_copy(arena, text);
    return true;
}

/* SELECT "from" AS "to", ... FROM "table", leaving out what the target computes itself. */
static const char *select_pairs(const struct pairs *pairs, bool back, const char *from_table,
                                const struct names *writable, struct arena *arena) {
    TEXT sql = {0};
    for (size_t i = 0; i < pairs->count; i++) {
        const char *from = back ? pairs->items[i].to : pairs->items[i].from;
        const char *to = back ? pairs->items[i].from : pairs->items[i].to;
        if (from == NULL || to == NULL || !names_have(writable, to)) continue;
        text_add(&sql, sql.length == 0 ? "SELECT " : ", ");
        sqlite_quote(&sql, from);
        text_add(&sql, " AS ");
        sqlite_quote(&sql, to);
    }
    text_add(&sql, " FROM ");
    sqlite_quote(&sql, from_table);
    return arena_copy(arena, text_get(&sql));
}

static void set_shape(struct shape *shape, const char *name, struct names key, struct arena *arena) {
    shape->count = 1;
    shape->tables = ARENA_ARRAY(arena, struct table, 1);
    shape->tables[0] = (struct table){name, key};
}

static void set_mapping(struct mapping *mapping, const char *table, const char *sql, struct arena *arena) {
    mapping->count = 1;
    mapping->queries = ARENA_ARRAY(arena, struct query, 1);
    mapping->queries[0] = (struct query){table, sql};
}

static bool describe(sqlite3 *db, const struct change *alter, const char *new_name, const struct pairs *pairs,
                     struct arena *arena, struct change *ret, struct error *error) {
    const char *name = alter->alter_table;
    struct names old_writable, new_writable, old_key, new_key = {0};
    struct bound_table bound;
    struct table table = {.name = name};
    if (!read_names(db, name, true, arena, &old_writable, error) ||
        !read_names(db, new_name, true, arena, &new_writable, error) ||
        !catalog_table(db, &table, arena, &bound, error)) {
        return false;
    }
    old_key = bound.identity;
    for (size_t i = 0; i < old_key.count; i++) {
        for (size_t j = 0; j < pairs->count; j++) {
            const char *from = pairs->items[j].from;
            if (from != NULL && strcasecmp(from, old_key.items[i]) == 0) names_add(arena, &new_key, pairs->items[j].to);
        }
    }
    if (new_key.count != old_key.count) {
        return error_set(error, ERROR_DEFINITION, "alter.change: it takes away a column of %s's key: keep it, or "
                         "write the migration in the long form", name);
    }
    set_shape(&ret->shapes[SIDE_OLD], name, old_key, arena);
    set_shape(&ret->shapes[SIDE_NEW], new_name, new_key, arena);
    set_mapping(&ret->mappings[FORWARD], new_name, select_pairs(pairs, false, name, &new_writable, arena), arena);
    set_mapping(&ret->mappings[BACKWARD], name, select_pairs(pairs, true, new_name, &old_writable, arena), arena);
    return catalog_sql(db, new_name, arena, &ret->create, error);
}

bool alter_as_stored(sqlite3 *live, struct change *alter, struct arena *arena, struct error *error) {
    STATEMENT *statement = NULL;
    bool row = false;
    if (!statement_prepare(live, "SELECT name FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?1)", NULL,
                           &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, alter->alter_table, -1, SQLITE_STATIC);
    if (!statement_step(statement, &row, error)) return false;
    if (row) alter->alter_table = arena_copy(arena, (const char *)sqlite3_column_text(statement, 0));
    return true;
}

void catalog_alter_names(const struct change *alter, struct arena *arena, struct change *ret) {
    *ret = *alter;
    set_shape(&ret->shapes[SIDE_OLD], alter->alter_table, (struct names){0}, arena);
    set_shape(&ret->shapes[SIDE_NEW], alter_new_name(arena, alter->alter_table), (struct names){0}, arena);
}

/* Leaves in `db` the old table alone, under the name that it had before the swap. */
static bool make_old(sqlite3 *live, sqlite3 *db, const struct change *alter, struct standing standing,
                     struct arena *arena, const char **ret_sql, struct error *error) {
    const char *name = alter->alter_table, *physical = standing.swapped ? alter_old_name(arena, name) : name;
    return catalog_sql(live, physical, arena, ret_sql, error) && connection_script(db, *ret_sql, "alter", error) &&
           (!standing.swapped || (catalog_rename(db, physical, name, error) && catalog_sql(db, name, arena, ret_sql, error)));
}

bool catalog_alter(sqlite3 *live, const struct change *alter, struct standing standing, struct arena *arena,
                   struct change *ret, struct error *error) {
    const char *new_name = alter_new_name(arena, alter->alter_table), *old_sql = NULL;
    struct pairs *pairs = ARENA_ARRAY(arena, struct pairs, 1);
    sqlite3 *db = NULL;
    struct change change = *alter;
    TEXT indexes = {0};
    /* Between the swap and the end the old table's indexes bear interim names: nothing is to be made any more. */
    bool ok = catalog_open(&db, error) && make_old(live, db, alter, standing, arena, &old_sql, error) &&
              (standing.made || try_clauses(live, alter, arena, pairs, error)) &&
              (standing.swapped || copy_indexes(live, alter->alter_table, new_name, arena, &indexes, error)) &&
              make_both(db, alter, old_sql, text_get(&indexes), new_name, arena, pairs, error) &&
              describe(db, alter, new_name, pairs, arena, &change, error) &&
              read_indexes(db, new_name, arena, &change.index, error);
    sqlite3_close(db);
    if (ok) *ret = change;
    return ok;
}
