/* The cut-over of the short form: two tables exchange names, and what names one of their columns is rewritten.
 *
 * SQLite rewrites it, as its own ALTER TABLE would, but in a rehearsal: a copy of the schema as the exchange will leave
 * it. The texts that differ there go into the live schema in the transaction of the exchange. None of them says how a
 * row is stored: of a view and a trigger there is nothing but the text, and of another table it is a foreign key's. */
#include <string.h>

#include "store/sqlite/catalog.h"
#include "store/sqlite/state.h"

/* The two tables of an exchange: `bearer` has the name, `waiting` gets it, and `aside` is what the bearer is called then. */
struct exchange {
    const char *bearer, *waiting, *aside;
};

static struct exchange exchange_of(const struct change *change, bool back, struct arena *arena) {
    const char *table = change->alter_table;
    const char *new = alter_new_name(arena, table), *old = alter_old_name(arena, table);
    return back ? (struct exchange){table, old, new} : (struct exchange){table, new, old};
}

/* The triggers on one table: their DDL is kept, and they are dropped. */
static bool lift_triggers(sqlite3 *db, const char *table, struct text *ret_sql, struct error *error) {
    TEXT drops = {0};
    STATEMENT *statement = NULL;
    if (!statement_prepare(db,
                           "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?1) "
                           "ORDER BY rowid",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (!row) break;
        text_addf(ret_sql, "%s;\n", (const char *)sqlite3_column_text(statement, 1));
        text_add(&drops, "DROP TRIGGER ");
        sqlite_quote(&drops, (const char *)sqlite3_column_text(statement, 0));
        text_add(&drops, ";\n");
    }
    sqlite3_reset(statement);
    return connection_script(db, text_get(&drops), NULL, error);
}

/* --- the rehearsal -------------------------------------------------------------------------------------------- */

/* The live schema, with the bearer's table in it twice: under its own name, and as `aside`. */
static bool copy_twice(sqlite3 *live, sqlite3 *copy, const struct exchange *exchange, struct arena *arena,
                       struct error *error) {
    const char *sql = NULL;
    return catalog_copy_objects(live, copy, "table", error) &&
           catalog_sql(copy, exchange->bearer, arena, &sql, error) &&
           catalog_rename(copy, exchange->bearer, exchange->aside, error) && connection_script(copy, sql, NULL, error) &&
           catalog_copy_objects(live, copy, "index", error) && catalog_copy_objects(live, copy, "view", error) &&
           catalog_copy_objects(live, copy, "trigger", error);
}

/* The waiting table takes the place of the bearer, whose table there is still as `aside`. */
static bool take_place(sqlite3 *copy, const struct exchange *exchange, struct error *error) {
    TEXT triggers = {0};
    TEXT drop = {0};
    text_add(&drop, "DROP TABLE ");
    sqlite_quote(&drop, exchange->bearer);
    return lift_triggers(copy, exchange->bearer, &triggers, error) && connection_script(copy, text_get(&drop), NULL, error) &&
           catalog_rename(copy, exchange->waiting, exchange->bearer, error) &&
           (triggers.length == 0 || connection_script(copy, text_get(&triggers), NULL, error));
}

static bool remember_texts(sqlite3 *copy, struct error *error) {
    return connection_script(copy, "CREATE TEMP TABLE midflight_before AS SELECT type, name, sql FROM main.sqlite_schema",
                             NULL, error);
}

typedef bool text_visit(void *context, const char *type, const char *name, const char *sql, struct error *error);

/* Visits what the rehearsal rewrote. The indexes that name the column are the table's own: the new table has them. */
static bool rewritten_each(sqlite3 *copy, text_visit *visit, void *context, struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(copy,
                           "SELECT a.type, a.name, a.sql FROM main.sqlite_schema a LEFT JOIN temp.midflight_before b USING "
                           "(type, name) WHERE a.type <> 'index' AND a.sql IS NOT b.sql ORDER BY a.rowid",
                           NULL, &statement, error)) {
        return false;
    }
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (row && !visit(context, (const char *)sqlite3_column_text(statement, 0),
                          (const char *)sqlite3_column_text(statement, 1),
                          (const char *)sqlite3_column_text(statement, 2), error)) {
            return false;
        }
    }
    return true;
}

/* An index made since the start is on the old table alone, and with the name the new one would lose what it ensures. */
static bool indexes_met(sqlite3 *copy, const struct exchange *exchange, struct error *error) {
    STATEMENT *statement = NULL;
    bool row = false;
    if (!statement_prepare(copy,
                           "SELECT name, '_' || name || '_new' AS wanted FROM sqlite_schema WHERE type = 'index' AND sql IS "
                           "NOT NULL AND tbl_name = ?1 AND wanted NOT IN (SELECT name FROM sqlite_schema WHERE type = "
                           "'index' AND tbl_name = ?2)",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, exchange->bearer, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, exchange->waiting, -1, SQLITE_STATIC);
    if (!statement_step(statement, &row, error)) return false;
    return !row || error_set(error, ERROR_REFUSED,
                             "index %s of table %s was made since the start: make the same on %s, by the name %s, or drop it",
                             (const char *)sqlite3_column_text(statement, 0), exchange->bearer, exchange->waiting,
                             (const char *)sqlite3_column_text(statement, 1));
}

/* The change is made to the table under its own name, so that SQLite rewrites all that names it; then the new table,
 * made already and the same, takes its place. */
static bool rehearse_change(struct sqlite_store *store, const struct exchange *exchange, sqlite3 *copy,
                            struct pairs *pairs, struct error *error) {
    const struct change *change = &store->change;
    if (!copy_twice(store->db, copy, exchange, store->bound, error) ||
        !(store->standing.made || catalog_make(copy, change, error)) || !fit_before(copy, error) ||
        !remember_texts(copy, error)) {
        return false;
    }
    if (!alter_apply(copy, change, store->bound, pairs, error)) {
        error->code = ERROR_REFUSED; /* the definition was found good: what is in its way has come since */
        return false;
    }
    return indexes_met(copy, exchange, error) && take_place(copy, exchange, error) && fit_after(copy, error);
}

/* Where the old names cannot be given back, since a column that was added took one, what the application wrote since
 * the cut-over stays as it wrote it: a rollback waits for nobody. */
static bool rehearse_undo(struct sqlite_store *store, const struct exchange *exchange, sqlite3 *copy,
                          struct error *error) {
    TEXT script = {0};
    text_add(&script, "PRAGMA legacy_alter_table = OFF; BEGIN;\n");
    if (!copy_twice(store->db, copy, exchange, store->bound, error) || !remember_texts(copy, error) ||
        !kept_renames(store, &script, error)) {
        return false;
    }
    text_add(&script, "COMMIT");
    if (sqlite3_exec(copy, text_get(&script), NULL, NULL, NULL) != SQLITE_OK) {
        (void)sqlite3_exec(copy, "ROLLBACK", NULL, NULL, NULL);
    }
    return connection_script(copy, "PRAGMA legacy_alter_table = ON", NULL, error) && take_place(copy, exchange, error);
}

void swap_forget(struct sqlite_store *store) {
    sqlite3_close(store->rehearsed.copy);
    store->rehearsed = (struct rehearsed){0};
}

static bool schema_version(struct sqlite_store *store, int64_t *ret, struct error *error) {
    return connection_integer(store->db, "PRAGMA schema_version", ret, error);
}

/* Read first: if the schema changes while it is copied, the version is no longer that of the exchange. */
bool sqlite_swap_rehearse(struct store *base, bool back, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct exchange exchange = exchange_of(&store->change, back, store->bound);
    swap_forget(store);
    struct rehearsed *rehearsed = &store->rehearsed;
    rehearsed->pairs = ARENA_ARRAY(store->bound, struct pairs, 1);
    return schema_version(store, &rehearsed->version, error) && catalog_open(&rehearsed->copy, error) &&
           (back ? rehearse_undo(store, &exchange, rehearsed->copy, error)
                 : rehearse_change(store, &exchange, rehearsed->copy, rehearsed->pairs, error));
}

struct listing {
    const struct exchange *exchange;
    rewritten_visit *visit;
    void *context;
};

static bool list_rewritten(void *context, const char *type, const char *name, const char *sql, struct error *error) {
    const struct listing *listing = context;
    (void)type, (void)error;
    if (strcmp(name, listing->exchange->bearer) != 0 && strcmp(name, listing->exchange->aside) != 0) {
        listing->visit(listing->context, sql);
    }
    return true;
}

bool swap_list(struct sqlite_store *store, rewritten_visit *visit, void *context, struct error *error) {
    struct exchange exchange = exchange_of(&store->change, false, store->bound);
    struct listing listing = {&exchange, visit, context};
    return sqlite_swap_rehearse(&store->sql.base, false, error) &&
           rewritten_each(store->rehearsed.copy, list_rewritten, &listing, error);
}

/* --- the exchange --------------------------------------------------------------------------------------------- */

/* SQLite cannot rename an index. Its name stands in the schema only, so the schema is edited, as its makers describe
 * for changes that leave the file's content alone (lang_altertable.html, section 7). */
static bool rename_index(struct sqlite_store *store, const char *from, const char *to, struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(store->db,
                           "UPDATE sqlite_schema SET name = ?2, sql = substr(sql, 1, instr(upper(sql), 'INDEX ') + 5) || "
                           "'\"' || replace(?2, '\"', '\"\"') || '\" ON \"' || replace(tbl_name, '\"', '\"\"') || '\" ' || "
                           "substr(sql, instr(sql, '(')) WHERE type = 'index' AND name = ?1",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, from, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, to, -1, SQLITE_STATIC);
    return statement_run(statement, error);
}

/* The indexes that the application made on the table that bears the name before the exchange. */
static bool index_names(struct sqlite_store *store, const char *table, struct names *ret, struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(store->db,
                           "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND "
                           "lower(tbl_name) = lower(?1)",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (row) names_add(store->bound, ret, arena_copy(store->bound, (const char *)sqlite3_column_text(statement, 0)));
    }
    return true;
}

/* An index with an interim name belongs to the table that waits; those of the bearer of the name are exchanged. */
static bool exchange_indexes(struct sqlite_store *store, const struct names *names, bool back, struct error *error) {
    bool ok = true;
    for (size_t i = 0; ok && i < names->count; i++) {
        const char *name = names->items[i];
        const char *old = alter_old_name(store->bound, name), *new = alter_index_name(store->bound, name);
        ok = back ? rename_index(store, name, new, error) && rename_index(store, old, name, error)
                  : rename_index(store, name, old, error) && rename_index(store, new, name, error);
    }
    return ok;
}

/* AUTOINCREMENT goes on where the other side had got to. */
static bool raise_sequence(struct sqlite_store *store, const struct exchange *exchange, struct error *error) {
    int64_t known;
    if (!connection_integer(store->db, "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'", &known,
                            error)) {
        return false;
    }
    if (known == 0) return true;
    STATEMENT *statement = NULL;
    if (!statement_prepare(store->db,
                           "UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM sqlite_sequence WHERE name IN (?1, "
                           "?2)) WHERE name IN (?1, ?2)",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, exchange->bearer, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, exchange->aside, -1, SQLITE_STATIC);
    return statement_run(statement, error);
}

static bool bring_text(void *context, const char *type, const char *name, const char *sql, struct error *error) {
    sqlite3_stmt *statement = context;
    sqlite3_bind_text(statement, 1, type, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, sql, -1, SQLITE_STATIC);
    return statement_run(statement, error);
}

/* The texts cross in a table, so that the schema, which has no index, is gone through once. */
static bool bring_texts(struct sqlite_store *store, sqlite3 *copy, struct error *error) {
    STATEMENT *statement = NULL;
    return connection_script(store->db, "CREATE TEMP TABLE midflight_text (type, name, sql)", NULL, error) &&
           statement_prepare(store->db, "INSERT INTO temp.midflight_text VALUES (?1, ?2, ?3)", NULL, &statement, error) &&
           rewritten_each(copy, bring_text, statement, error) &&
           connection_script(store->db, "UPDATE main.sqlite_schema AS s SET sql = t.sql FROM temp.midflight_text AS t WHERE "
                                        "t.type = s.type AND t.name = s.name; DROP TABLE temp.midflight_text", NULL, error);
}

/* RESET reads the schema anew in this connection; what else the transaction did to the schema tells the others to. */
static bool schema_closed(struct sqlite_store *store, bool ok, struct error *error) {
    struct error ignored;
    return connection_script(store->db, "PRAGMA writable_schema = RESET", NULL, ok ? error : &ignored) && ok;
}

static bool exchange_tables(struct sqlite_store *store, const struct exchange *exchange, struct error *error) {
    TEXT triggers = {0};
    return capture_lift(store, error) && lift_triggers(store->db, exchange->bearer, &triggers, error) &&
           catalog_rename(store->db, exchange->bearer, exchange->aside, error) &&
           catalog_rename(store->db, exchange->waiting, exchange->bearer, error) &&
           raise_sequence(store, exchange, error) &&
           (triggers.length == 0 || connection_script(store->db, text_get(&triggers), NULL, error));
}

/* Ends with the live schema's texts those of the rehearsal `copy`. */
static bool exchange_all(struct sqlite_store *store, const struct exchange *exchange, sqlite3 *copy, bool back,
                         struct error *error) {
    struct names indexes = {0};
    if (!index_names(store, exchange->bearer, &indexes, error) || !exchange_tables(store, exchange, error)) return false;
    bool ok = connection_script(store->db, "PRAGMA writable_schema = ON", NULL, error) &&
              exchange_indexes(store, &indexes, back, error) && bring_texts(store, copy, error) &&
              (!back || kept_restore(store, error));
    return schema_closed(store, ok, error);
}

static bool swap_forth(struct sqlite_store *store, struct error *error) {
    struct exchange exchange = exchange_of(&store->change, false, store->bound);
    return kept_before(store, store->rehearsed.pairs, error) &&
           exchange_all(store, &exchange, store->rehearsed.copy, false, error) && kept_after(store, error);
}

static bool swap_back(struct sqlite_store *store, struct error *error) {
    struct exchange exchange = exchange_of(&store->change, true, store->bound);
    return kept_part(store, error) && exchange_all(store, &exchange, store->rehearsed.copy, true, error) &&
           kept_drop(store, error);
}

/* What the old table said before the exchange; NULL where somebody has changed it since. */
static bool original_text(struct sqlite_store *store, const char *old, const char **ret, struct error *error) {
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool row = false;
    text_add(&sql, "SELECT ");
    kept_original(&sql, store);
    text_add(&sql, " FROM sqlite_schema AS s WHERE s.type = 'table' AND s.name = ?1");
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error)) return false;
    sqlite3_bind_text(statement, 1, old, -1, SQLITE_STATIC);
    if (!statement_step(statement, &row, error)) return false;
    const char *text = row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    *ret = text == NULL ? NULL : arena_copy(store->bound, text);
    return true;
}

/* What it said at first, under another name: SQLite makes its references to itself follow the name. */
static bool named_again(sqlite3 *copy, const char *original, const char *table, const char *name, struct arena *arena,
                        const char **ret, struct error *error) {
    return connection_script(copy, original, NULL, error) &&
           connection_script(copy, "PRAGMA legacy_alter_table = OFF", NULL, error) &&
           catalog_rename(copy, table, name, error) && catalog_sql(copy, name, arena, ret, error);
}

static bool write_text(struct sqlite_store *store, const char *table, const char *sql, struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(store->db, "UPDATE sqlite_schema SET sql = ?2 WHERE type = 'table' AND name = ?1", NULL,
                           &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, sql, -1, SQLITE_STATIC);
    return statement_run(statement, error);
}

/* While it was followed, its references to itself were to the table that has its name now. If they went on like that,
 * its rows, which nobody changes any more, would keep the application from deleting those that they refer to. */
static bool refer_to_itself(struct sqlite_store *store, const char *original, const char *name, struct error *error) {
    sqlite3 *copy = NULL;
    const char *sql = NULL;
    bool ok = catalog_open(&copy, error) &&
              named_again(copy, original, store->change.alter_table, name, store->bound, &sql, error) &&
              connection_script(store->db, "PRAGMA writable_schema = ON", NULL, error) &&
              write_text(store, name, sql, error);
    sqlite3_close(copy);
    return schema_closed(store, ok, error);
}

bool swap_retire(struct sqlite_store *store, const char *name, struct error *error) {
    const char *old = alter_old_name(store->bound, store->change.alter_table), *original = NULL;
    if (!original_text(store, old, &original, error)) return false;
    if (strcmp(old, name) != 0 && !catalog_rename(store->db, old, name, error)) return false;
    return original == NULL || refer_to_itself(store, original, name, error);
}

bool sqlite_swap(struct store *base, bool back, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    int64_t version;
    if (!schema_version(store, &version, error)) return false;
    bool rehearsed = store->rehearsed.copy != NULL && store->rehearsed.version == version;
    return (rehearsed || sqlite_swap_rehearse(base, back, error)) && (back ? swap_back(store, error) : swap_forth(store, error));
}
