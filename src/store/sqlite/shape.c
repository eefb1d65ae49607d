/* Shapes: making the new one, taking either away. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "store/sqlite/catalog.h"
#include "store/sqlite/state.h"

/* The DDL of a table without its name, which the swap exchanges. */
static const char *ddl_body(const char *sql) {
    const char *open = strchr(sql, '(');
    return open == NULL ? sql : open;
}

/* The DDL of a table; where the swap rewrote it, as it was before. */
static void add_original(struct text *sql, const struct sqlite_store *store) {
    text_add(sql, "SELECT ");
    if (store->standing.swapped && store->change.alter_table != NULL) {
        text_add(sql, "coalesce(");
        kept_original(sql, store);
        text_add(sql, ", s.sql)");
    } else {
        text_add(sql, "s.sql");
    }
    text_add(sql, " FROM sqlite_schema AS s WHERE s.type = 'table' AND lower(s.name) = lower(?1)");
}

bool sqlite_schema_digest(struct store *base, char ret[24], struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    add_original(&sql, store);
    XXH3_state_t *state = XXH3_createState();
    XXH3_64bits_reset(state);
    STATEMENT *statement = NULL;
    bool ok = statement_prepare(store->db, text_get(&sql), NULL, &statement, error);
    for (size_t i = 0; ok && i < store->change.shapes[SIDE_OLD].count; i++) {
        bool row = false;
        sqlite3_bind_text(statement, 1, store->tables[SIDE_OLD][i].physical, -1, SQLITE_STATIC);
        ok = statement_step(statement, &row, error);
        if (ok && row) {
            const char *body = ddl_body((const char *)sqlite3_column_text(statement, 0));
            XXH3_64bits_update(state, body, strlen(body) + 1);
        }
        sqlite3_reset(statement);
    }
    if (ok) snprintf(ret, 24, "%016" PRIx64, (uint64_t)XXH3_64bits_digest(state));
    XXH3_freeState(state);
    return ok;
}

/* --- making --------------------------------------------------------------------------------------------------- */

/* What new.create makes, so that a rollback takes away that and nothing else. */
static bool remember_made(struct sqlite_store *store, const char *script, const char *what, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "CREATE TABLE IF NOT EXISTS ");
    own_add(&sql, store, "made");
    text_add(&sql, " (type TEXT NOT NULL, name TEXT NOT NULL);\n"
                   "CREATE TEMP TABLE midflight_before AS SELECT type, name FROM main.sqlite_schema;\n");
    if (!connection_script(store->db, text_get(&sql), NULL, error) ||
        !connection_script(store->db, script, what, error)) {
        return false;
    }
    text_clear(&sql);
    text_add(&sql, "INSERT INTO ");
    own_add(&sql, store, "made");
    text_add(&sql, " SELECT type, name FROM main.sqlite_schema WHERE (type, name) NOT IN (SELECT type, name FROM "
                   "midflight_before) AND sql IS NOT NULL ORDER BY rowid;\nDROP TABLE temp.midflight_before");
    return connection_script(store->db, text_get(&sql), NULL, error);
}

bool sqlite_shape_make(struct store *base, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    return remember_made(store, store->change.create, "new.create", error);
}

bool sqlite_shape_index(struct store *base, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    if (store->change.index == NULL) return true;
    if (remember_made(store, store->change.index, "new.index", error)) return true;
    return error->code == ERROR_ROWS
               ? error_prefix(error, "an index of the new shape cannot be built over the rows that are there (mend the "
                                     "rows on the old side, then run the same command again)")
               : false;
}

/* --- taking away ---------------------------------------------------------------------------------------------- */

/* Drops what new.create made, of one type (NULL: every type), last made first. */
static bool drop_made(struct sqlite_store *store, const char *type, struct error *error) {
    TEXT sql = {0};
    TEXT drops = {0};
    STATEMENT *statement = NULL;
    int64_t known;
    text_add(&sql, "SELECT count(*) FROM sqlite_schema WHERE name = ");
    sqlite_quote_text(&sql, own_name(store, "made"));
    if (!connection_integer(store->db, text_get(&sql), &known, error)) return false;
    if (known == 0) return true;
    text_clear(&sql);
    text_add(&sql, "SELECT type, name FROM ");
    own_add(&sql, store, "made");
    text_add(&sql, " WHERE ?1 IS NULL OR type = ?1 ORDER BY rowid DESC");
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error)) return false;
    sqlite3_bind_text(statement, 1, type, -1, SQLITE_STATIC);
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (!row) break;
        text_addf(&drops, "DROP %s IF EXISTS ", (const char *)sqlite3_column_text(statement, 0));
        sqlite_quote(&drops, (const char *)sqlite3_column_text(statement, 1));
        text_add(&drops, ";\n");
    }
    sqlite3_reset(statement);
    return connection_script(store->db, text_get(&drops), NULL, error);
}

/* Dropping a full table would hold the writers for as long as it takes to free its pages: empty it in steps first. */
bool sqlite_shape_empty(struct store *base, enum side side, struct chunk *chunk, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    int64_t removed = 0;
    if (!base->ops->begin(base, error)) return false;
    double began = clock_ms();
    bool ok = (side == SIDE_OLD || drop_made(store, "trigger", error)) && guard_pass(store, true, error) &&
              sqlite_others_write(base, &chunk->others_write, error);
    for (size_t i = 0; ok && i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        if (table->identity.count == 0) continue; /* it is not there any more */
        TEXT sql = {0};
        STATEMENT *statement = NULL;
        text_add(&sql, "DELETE FROM ");
        sqlite_quote(&sql, table->physical);
        text_add(&sql, " WHERE (");
        sync_names(&sql, &sqlite_dialect, NULL, &table->identity);
        text_add(&sql, ") IN (SELECT ");
        sync_names(&sql, &sqlite_dialect, NULL, &table->identity);
        text_add(&sql, " FROM ");
        sqlite_quote(&sql, table->physical);
        text_addf(&sql, " LIMIT %" PRId64 ")", chunk->rows);
        ok = statement_prepare(store->db, text_get(&sql), NULL, &statement, error);
        ok = ok && statement_run(statement, error);
        if (ok) removed += sqlite3_changes(store->db);
    }
    ok = ok && guard_pass(store, false, error);
    if (ok) FAILPOINT("empty, chunk, uncommitted");
    ok = ok && base->ops->commit(base, error);
    if (!ok) {
        base->ops->rollback(base);
        return false;
    }
    chunk->hold_ms = clock_ms() - began;
    chunk->rows = removed;
    chunk->done = removed == 0;
    return true;
}

static bool drop_tables(struct sqlite_store *store, enum side side, struct error *error) {
    TEXT sql = {0};
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        text_add(&sql, "DROP TABLE IF EXISTS ");
        sqlite_quote(&sql, store->tables[side][i].physical);
        text_add(&sql, ";\n");
    }
    return connection_script(store->db, text_get(&sql), NULL, error);
}

bool sqlite_shape_drop(struct store *base, enum side side, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    if (side == SIDE_OLD) return drop_tables(store, side, error);
    TEXT sql = {0};
    text_add(&sql, "DROP TABLE IF EXISTS ");
    own_add(&sql, store, "made");
    return drop_made(store, NULL, error) && connection_script(store->db, text_get(&sql), NULL, error);
}

static bool cannot_retire(const struct bound_table *table, const char *retired, struct error *error) {
    return error_prefix(error, "table %s cannot be retired as %s (mend this, or set `retire: keep`, and run the same "
                               "command again)", table->physical, retired);
}

/* The short form's: nothing but the table itself ever named it by the name that it bears. */
static bool retire_swapped(struct sqlite_store *store, struct error *error) {
    const struct bound_table *table = &store->tables[SIDE_OLD][0];
    const char *retired = store->change.retire == RETIRE_KEEP ? table->physical
                                                              : arena_format(store->bound, "%s_retired", table->table->name);
    return swap_retire(store, retired, error) || cannot_retire(table, retired, error);
}

static bool rename_retired(struct sqlite_store *store, struct error *error) {
    struct arena *arena = arena_new();
    /* Views and foreign keys elsewhere go on naming the rows they named: they follow the rename. */
    bool ok = connection_script(store->db, "PRAGMA legacy_alter_table = OFF", NULL, error);
    for (size_t i = 0; ok && i < store->change.shapes[SIDE_OLD].count; i++) {
        const struct bound_table *table = &store->tables[SIDE_OLD][i];
        const char *retired = arena_format(arena, "%s_retired", table->table->name);
        ok = catalog_rename(store->db, table->physical, retired, error) || cannot_retire(table, retired, error);
    }
    (void)sqlite3_exec(store->db, "PRAGMA legacy_alter_table = ON", NULL, NULL, NULL);
    arena_free(arena);
    return ok;
}

static bool retire_tables(struct sqlite_store *store, struct error *error) {
    switch (store->change.retire) {
    case RETIRE_DROP:
        return drop_tables(store, SIDE_OLD, error);
    case RETIRE_RENAME:
        return store->change.alter_table != NULL ? retire_swapped(store, error) : rename_retired(store, error);
    case RETIRE_KEEP:
        break;
    }
    return store->change.alter_table == NULL || retire_swapped(store, error);
}

bool sqlite_shape_retire(struct store *base, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    text_add(&sql, "DROP TABLE IF EXISTS ");
    own_add(&sql, store, "made");
    return retire_tables(store, error) && kept_drop(store, error) && connection_script(store->db, text_get(&sql), NULL, error);
}
