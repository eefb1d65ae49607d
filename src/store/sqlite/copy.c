/* Copies of a live schema, without rows: what is tried there touches nothing. */
#include "store/sqlite/catalog.h"

bool catalog_open(sqlite3 **ret, struct error *error) {
    if (sqlite3_open(":memory:", ret) != SQLITE_OK) return error_from(*ret, NULL, error);
    return connection_script(*ret, "PRAGMA legacy_alter_table = ON", NULL, error);
}

/* What does not stand on its own (the shadow tables of a virtual table, say) is left out: whatever a migration names is
 * looked up, and missed, later. */
bool catalog_copy_objects(sqlite3 *live, sqlite3 *copy, const char *type, struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(live,
                           "SELECT sql FROM sqlite_schema WHERE type = ?1 AND sql IS NOT NULL "
                           "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'midflight\\_%' ESCAPE '\\' "
                           "ORDER BY rowid",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, type, -1, SQLITE_STATIC);
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (row) (void)sqlite3_exec(copy, (const char *)sqlite3_column_text(statement, 0), NULL, NULL, NULL);
    }
    return true;
}

bool catalog_rename(sqlite3 *db, const char *from, const char *to, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "ALTER TABLE ");
    sqlite_quote(&sql, from);
    text_add(&sql, " RENAME TO ");
    sqlite_quote(&sql, to);
    return connection_script(db, text_get(&sql), NULL, error);
}

static bool copy_schema(sqlite3 *live, sqlite3 *copy, const struct change *change, struct standing standing,
                        struct error *error) {
    struct arena *arena = arena_new();
    bool ok = catalog_copy_objects(live, copy, "table", error) && catalog_copy_objects(live, copy, "index", error);
    if (ok && standing.swapped && change->alter_table != NULL) {
        ok = catalog_rename(copy, change->alter_table, alter_new_name(arena, change->alter_table), error) &&
             catalog_rename(copy, alter_old_name(arena, change->alter_table), change->alter_table, error);
        ok = ok || standing.names_only; /* one of the two may be retired already */
    }
    ok = ok && catalog_copy_objects(live, copy, "view", error) && catalog_copy_objects(live, copy, "trigger", error);
    arena_free(arena);
    return ok;
}

/* Runs a script whose statements may have been run before: those that fail are passed over. */
static void run_leniently(sqlite3 *db, const char *script) {
    while (script != NULL && *script != '\0') {
        sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v2(db, script, -1, &statement, &script) == SQLITE_OK) sqlite3_step(statement);
        sqlite3_finalize(statement);
    }
}

void catalog_strict(sqlite3 *db, bool strict) {
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, !strict, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, !strict, NULL);
}

bool catalog_make(sqlite3 *copy, const struct change *change, struct error *error) {
    catalog_strict(copy, true);
    bool ok = connection_script(copy, change->create, "new.create", error) &&
              (change->index == NULL || connection_script(copy, change->index, "new.index", error));
    catalog_strict(copy, false);
    if (ok) return true;
    if (error->code == ERROR_ROWS) error->code = ERROR_DEFINITION;
    return false;
}

bool catalog_copy(sqlite3 *live, const struct change *change, struct standing standing, sqlite3 **ret,
                  struct error *error) {
    sqlite3 *copy = NULL;
    bool ok = catalog_open(&copy, error) && copy_schema(live, copy, change, standing, error);
    if (ok && !standing.made) {
        ok = catalog_make(copy, change, error);
    } else if (ok) {
        run_leniently(copy, change->index); /* indexes still to be built count: what is unique must be known early */
    }
    if (!ok) {
        sqlite3_close(copy);
        return false;
    }
    *ret = copy;
    return true;
}
