/* Does the schema hold together? Asked of a copy, before a change and after it: what did not work before is none of ours. */
#include "store/sqlite/catalog.h"

/* SQLite reads every view and trigger anew when a table is renamed, and says which one does not fit. */
static bool views_fit(sqlite3 *copy, const char *when, struct error *error) {
    if (sqlite3_exec(copy, "PRAGMA legacy_alter_table = OFF; CREATE TABLE midflight_probe (a); ALTER TABLE midflight_probe "
                           "RENAME TO midflight_probed; DROP TABLE midflight_probed; PRAGMA legacy_alter_table = ON",
                     NULL, NULL, NULL) == SQLITE_OK) {
        return true;
    }
    return error_set(error, ERROR_REFUSED, "%s a view or trigger does not work (SQLite: %s): change it, or drop it for the "
                     "time being", when, sqlite3_errmsg(copy));
}

/* For each table and view that has triggers, a statement of each kind: SQLite compiles the triggers with it. That finds
 * the names of columns that a trigger writes, which a rename does not look at. */
static const char WRITES[] =
    "WITH t (name, quoted, triggers, settings) AS (SELECT m.tbl_name, printf('\"%w\"', m.tbl_name), group_concat(m.name, "
    "', '), (SELECT group_concat(printf('\"%w\" = \"%w\"', c.name, c.name), ', ') FROM pragma_table_xinfo(m.tbl_name) c "
    "WHERE c.hidden = 0) FROM (SELECT name, tbl_name FROM main.sqlite_schema WHERE type = 'trigger' ORDER BY name) m GROUP BY "
    "m.tbl_name) "
    "SELECT printf('INSERT INTO %s, which fires %s,', name, triggers), printf('INSERT INTO %s DEFAULT VALUES', quoted) FROM t "
    "UNION ALL SELECT printf('UPDATE %s, which fires %s,', name, triggers), printf('UPDATE %s SET %s', quoted, settings) FROM t "
    "UNION ALL SELECT printf('DELETE FROM %s, which fires %s,', name, triggers), printf('DELETE FROM %s', quoted) FROM t "
    "UNION ALL SELECT 'a write that a foreign key checks', 'PRAGMA foreign_key_check'";

typedef bool broken_visit(sqlite3 *copy, const char *what, const char *reason, struct error *error);

static bool broken_each(sqlite3 *copy, broken_visit *visit, struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(copy, WRITES, NULL, &statement, error)) return false;
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (!row) break;
        STATEMENT *tried = NULL;
        int status = sqlite3_prepare_v2(copy, (const char *)sqlite3_column_text(statement, 1), -1, &tried, NULL);
        if (status == SQLITE_OK && sqlite3_stmt_readonly(tried) != 0) status = sqlite3_step(tried);
        if (status == SQLITE_OK || status == SQLITE_ROW || status == SQLITE_DONE) continue;
        TEXT reason = {0};
        text_add(&reason, sqlite3_errmsg(copy));
        if (!visit(copy, (const char *)sqlite3_column_text(statement, 0), text_get(&reason), error)) return false;
    }
    return true;
}

static bool note_broken(sqlite3 *copy, const char *what, const char *reason, struct error *error) {
    STATEMENT *statement = NULL;
    (void)reason;
    if (!statement_prepare(copy, "INSERT INTO temp.midflight_broken VALUES (?1)", NULL, &statement, error)) return false;
    sqlite3_bind_text(statement, 1, what, -1, SQLITE_STATIC);
    return statement_run(statement, error);
}

static bool refuse_broken(sqlite3 *copy, const char *what, const char *reason, struct error *error) {
    STATEMENT *statement = NULL;
    bool known = false;
    if (!statement_prepare(copy, "SELECT 1 FROM temp.midflight_broken WHERE what = ?1", NULL, &statement, error)) return false;
    sqlite3_bind_text(statement, 1, what, -1, SQLITE_STATIC);
    if (!statement_step(statement, &known, error)) return false;
    return known || error_set(error, ERROR_REFUSED,
                              "after the cut-over %s would fail (SQLite: %s): it needs what the new table does not have. "
                              "Change the trigger or foreign key first, or keep the column and its uniqueness", what, reason);
}

bool fit_before(sqlite3 *copy, struct error *error) {
    return views_fit(copy, "as the schema is now,", error) &&
           connection_script(copy, "CREATE TEMP TABLE midflight_broken (what TEXT)", NULL, error) &&
           broken_each(copy, note_broken, error);
}

bool fit_after(sqlite3 *copy, struct error *error) {
    return views_fit(copy, "after the cut-over", error) && broken_each(copy, refuse_broken, error);
}
