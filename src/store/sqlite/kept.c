/* What the way back from the swap needs, in two tables: the texts of the schema as they were, and the renamed columns. */
#include <string.h>

#include "store/sqlite/catalog.h"
#include "store/sqlite/state.h"

static bool run(struct sqlite_store *store, const struct text *sql, struct error *error) {
    return connection_script(store->db, text_get(sql), NULL, error);
}

/* CREATE TABLE midflight_m_text: what an object said before the swap, and under which name (later) it says what
 * (later_sql) after it. Of the new table and its indexes nothing: they are made, and taken away, by the migration. */
static void add_texts(struct text *sql, const struct sqlite_store *store, const char *old, const char *new) {
    text_add(sql, "CREATE TABLE ");
    own_add(sql, store, "text");
    text_add(sql, " (type TEXT NOT NULL, name TEXT NOT NULL, sql TEXT NOT NULL, later TEXT NOT NULL, later_sql TEXT);\n"
                  "INSERT INTO ");
    own_add(sql, store, "text");
    text_add(sql, " SELECT type, name, sql, CASE WHEN type NOT IN ('table', 'index') OR tbl_name <> ");
    sqlite_quote_text(sql, store->change.alter_table);
    text_add(sql, " THEN name WHEN type = 'table' THEN ");
    sqlite_quote_text(sql, old);
    text_add(sql, " ELSE '_' || name || '_old' END, NULL FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE "
                  "'midflight\\_%' ESCAPE '\\' AND tbl_name <> ");
    sqlite_quote_text(sql, new);
    text_add(sql, ";\n");
}

/* CREATE TABLE midflight_m_renamed: the columns that the change gives other names. */
static void add_renamed(struct text *sql, const struct sqlite_store *store, const struct pairs *pairs) {
    text_add(sql, "CREATE TABLE ");
    own_add(sql, store, "renamed");
    text_add(sql, " (old TEXT NOT NULL, new TEXT NOT NULL);\n");
    for (size_t i = 0; i < pairs->count; i++) {
        if (pairs->items[i].from == NULL || strcmp(pairs->items[i].from, pairs->items[i].to) == 0) continue;
        text_add(sql, "INSERT INTO ");
        own_add(sql, store, "renamed");
        text_add(sql, " VALUES (");
        sqlite_quote_text(sql, pairs->items[i].from);
        text_add(sql, ", ");
        sqlite_quote_text(sql, pairs->items[i].to);
        text_add(sql, ");\n");
    }
}

bool kept_before(struct sqlite_store *store, const struct pairs *pairs, struct error *error) {
    const char *table = store->change.alter_table;
    TEXT sql = {0};
    add_texts(&sql, store, alter_old_name(store->bound, table), alter_new_name(store->bound, table));
    add_renamed(&sql, store, pairs);
    return run(store, &sql, error);
}

bool kept_after(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "UPDATE ");
    own_add(&sql, store, "text");
    text_add(&sql, " AS t SET later_sql = s.sql FROM sqlite_schema AS s WHERE s.type = t.type AND s.name = t.later");
    return run(store, &sql, error);
}

void kept_original(struct text *sql, const struct sqlite_store *store) {
    text_add(sql, "(SELECT t.sql FROM ");
    own_add(sql, store, "text");
    text_add(sql, " AS t WHERE t.type = s.type AND t.later = s.name AND t.later_sql = s.sql)");
}

bool kept_part(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "DELETE FROM ");
    own_add(&sql, store, "text");
    text_add(&sql, " WHERE rowid NOT IN (SELECT t.rowid FROM sqlite_schema s JOIN ");
    own_add(&sql, store, "text");
    text_add(&sql, " AS t ON s.type = t.type AND s.name = t.later AND s.sql = t.later_sql)");
    return run(store, &sql, error);
}

bool kept_restore(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "UPDATE sqlite_schema AS s SET sql = t.sql FROM ");
    own_add(&sql, store, "text");
    text_add(&sql, " AS t WHERE t.type = s.type AND t.name = s.name");
    return run(store, &sql, error);
}

static void add_rename(struct text *sql, const char *table, const char *from, const char *to) {
    text_add(sql, "ALTER TABLE ");
    sqlite_quote(sql, table);
    text_add(sql, " RENAME COLUMN ");
    sqlite_quote(sql, from);
    text_add(sql, " TO ");
    sqlite_quote(sql, to);
    text_add(sql, ";\n");
}

/* By way of names that are nobody's: two columns may have exchanged theirs. */
bool kept_renames(struct sqlite_store *store, struct text *ret, struct error *error) {
    const char *table = store->change.alter_table;
    TEXT select = {0};
    TEXT last = {0};
    STATEMENT *statement = NULL;
    text_add(&select, "SELECT old, new, 'midflight_' || rowid FROM ");
    own_add(&select, store, "renamed");
    if (!statement_prepare(store->db, text_get(&select), NULL, &statement, error)) return false;
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (!row) break;
        const char *interim = (const char *)sqlite3_column_text(statement, 2);
        add_rename(ret, table, (const char *)sqlite3_column_text(statement, 1), interim);
        add_rename(&last, table, interim, (const char *)sqlite3_column_text(statement, 0));
    }
    text_add(ret, text_get(&last));
    return true;
}

bool kept_drop(struct sqlite_store *store, struct error *error) {
    static const char *const tables[] = {"text", "renamed"};
    TEXT sql = {0};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        text_add(&sql, "DROP TABLE IF EXISTS ");
        own_add(&sql, store, tables[i]);
        text_add(&sql, ";\n");
    }
    return run(store, &sql, error);
}
