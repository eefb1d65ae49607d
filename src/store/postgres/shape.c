/* Shapes: making the new one, taking either away. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "store/postgres/alter.h"

const char *pg_table_names(const struct postgres_store *store, enum side side) {
    TEXT list = {0};
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        TEXT name = {0};
        pg_dialect.table(&name, &store->tables[side][i]);
        text_add(&list, i > 0 ? ",\"" : "{\"");
        for (const char *c = text_get(&name); *c != '\0'; c++) text_addf(&list, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
        text_add(&list, "\"");
    }
    text_add(&list, "}");
    return arena_copy(store->bound, text_get(&list));
}

/* Columns with their types, and constraints, of one table. */
static const char table_text[] =
    "SELECT string_agg(line, '; ' ORDER BY line) FROM (SELECT 'column ' || attname || ' ' || format_type(atttypid, atttypmod) || "
    "CASE WHEN attnotnull THEN ' not null' ELSE '' END || attgenerated::text || attidentity::text AS line FROM pg_attribute "
    "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped UNION ALL SELECT 'constraint ' || "
    "pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass($1)) AS lines";

/* The same of the short form's old table, which gives its foreign keys, triggers and numbers away at the exchange. */
static const char altered_text[] =
    "SELECT string_agg(line, '; ' ORDER BY line) FROM (SELECT 'column ' || attname || ' ' || format_type(atttypid, atttypmod) || "
    "CASE WHEN attnotnull THEN ' not null' ELSE '' END || attgenerated::text AS line FROM pg_attribute "
    "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped UNION ALL SELECT 'constraint ' || "
    "pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype NOT IN ('f', 't')) AS lines";

bool postgres_schema_digest(struct store *base, char ret[24], struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    XXH3_state_t *state = XXH3_createState();
    XXH3_64bits_reset(state);
    bool ok = true;
    for (size_t i = 0; ok && i < store->change.shapes[SIDE_OLD].count; i++) {
        TEXT name = {0};
        const char *text = NULL;
        pg_dialect.table(&name, &store->tables[SIDE_OLD][i]);
        ok = pg_text(store->db, store->alter != NULL ? altered_text : table_text, text_get(&name), store->bound, &text, error);
        if (ok && text != NULL) XXH3_64bits_update(state, text, strlen(text) + 1);
    }
    if (ok) snprintf(ret, 24, "%016" PRIx64, (uint64_t)XXH3_64bits_digest(state));
    XXH3_freeState(state);
    return ok;
}

/* --- making ----------------------------------------------------------------------------------------------------- */

/* Everything that a script may make and a DROP takes away by itself; what belongs to a table goes with it. */
static const char objects_there[] =
    "SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'i' THEN "
    "'INDEX' WHEN 'I' THEN 'INDEX' ELSE 'TABLE' END AS kind, c.oid::regclass::text AS name, c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', "
    "'m', 'S', 'i', 'I') AND c.relpersistence <> 't' AND NOT c.relispartition AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.classid "
    "= 'pg_class'::regclass AND d.deptype IN ('i', 'a') AND c.relkind = 'S') AND NOT EXISTS (SELECT 1 FROM pg_constraint k "
    "WHERE k.conindid = c.oid) AND c.relnamespace::regnamespace::text NOT IN ('pg_toast', 'pg_catalog') "
    "UNION ALL SELECT 'FUNCTION', p.oid::regprocedure::text, p.oid FROM pg_proc p WHERE p.prokind = 'f' AND "
    "p.pronamespace <> 'pg_catalog'::regnamespace "
    "UNION ALL SELECT CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, t.oid::regtype::text, t.oid FROM pg_type t LEFT "
    "JOIN pg_class c ON c.oid = t.typrelid WHERE (t.typtype IN ('e', 'd') OR t.typtype = 'c' AND c.relkind = 'c') AND "
    "t.typnamespace <> 'pg_catalog'::regnamespace "
    "UNION ALL SELECT 'SCHEMA', n.oid::regnamespace::text, n.oid FROM pg_namespace n";

/* Runs a script of the definition's and enters what it makes, so that a rollback takes away that and nothing else. */
static bool make(struct postgres_store *store, const char *script, const char *what, struct error *error) {
    TEXT before = {0};
    TEXT enter = {0};
    const char *values[] = {store->change.name};
    text_addf(&before, "CREATE TEMPORARY TABLE midflight_before ON COMMIT DROP AS %s", objects_there);
    text_addf(&enter,
              "INSERT INTO midflight.midflight_made (migration, kind, name) SELECT $1, kind, name FROM (%s) AS o WHERE NOT EXISTS "
              "(SELECT 1 FROM midflight_before AS b WHERE b.kind = o.kind AND b.oid = o.oid) AND o.name NOT LIKE "
              "'%%midflight_before' ORDER BY o.oid ON CONFLICT DO NOTHING", objects_there);
    return pg_script(store->db, text_get(&before), NULL, error) && pg_script(store->db, script, what, error) &&
           pg_query(store->db, text_get(&enter), NULL, values, 1, NULL, error) &&
           pg_script(store->db, "DROP TABLE pg_temp.midflight_before", NULL, error);
}

static bool make_new(void *context, struct error *error) {
    struct postgres_store *store = context;
    if (store->alter != NULL && !pg_script(store->db, store->alter->keep, NULL, error)) return false;
    return make(store, store->change.create, store->alter != NULL ? "alter" : "new.create", error) &&
           (store->change.index == NULL || make(store, store->change.index, "new.index", error)) && pg_numbers_part(store, error) &&
           pg_late_put_off(store, error);
}

/* A foreign key to a table of the application's stops its writers until the commit, so it is not waited for with others
 * behind us. */
bool postgres_shape_make(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    return pg_patiently(store->db, make_new, store, "the new shape could not be made: what it refers to could not be locked",
                        error);
}

/* --- taking away ------------------------------------------------------------------------------------------------ */

static bool drop_made(void *context, struct error *error) {
    struct postgres_store *store = context;
    TEXT drops = {0};
    RESULT *made = NULL;
    const char *values[] = {store->change.name};
    if (!pg_query(store->db, "SELECT kind, name FROM midflight.midflight_made WHERE migration = $1 ORDER BY place DESC", NULL, values,
                  1, &made, error)) {
        return false;
    }
    for (int i = 0; i < PQntuples(made); i++) {
        text_addf(&drops, "DROP %s IF EXISTS %s;\n", PQgetvalue(made, i, 0), PQgetvalue(made, i, 1));
    }
    return pg_script(store->db, text_get(&drops), NULL, error);
}

static bool forget_made(struct postgres_store *store, struct error *error) {
    const char *values[] = {store->change.name};
    return pg_query(store->db, "DELETE FROM midflight.midflight_made WHERE migration = $1", NULL, values, 1, NULL, error) &&
           pg_query(store->db, "DELETE FROM midflight.midflight_kept WHERE migration = $1", NULL, values, 1, NULL, error);
}

/* PostgreSQL drops a full table at once: nothing need be emptied. */
bool postgres_shape_empty(struct store *base, enum side side, struct chunk *chunk, struct error *error) {
    (void)base, (void)side, (void)error;
    chunk->rows = 0;
    chunk->hold_ms = 0;
    chunk->done = true;
    return true;
}

static bool drop_tables(struct postgres_store *store, enum side side, struct error *error) {
    TEXT sql = {0};
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        if (!pg_numbers_keep(store, &store->tables[side][i], error)) return false;
        text_add(&sql, i == 0 ? "DROP TABLE IF EXISTS " : ", ");
        pg_dialect.table(&sql, &store->tables[side][i]);
    }
    return pg_script(store->db, text_get(&sql), NULL, error);
}

bool postgres_shape_drop(struct store *base, enum side side, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    if (side == SIDE_OLD) return drop_tables(store, side, error);
    return pg_patiently(store->db, drop_made, store, "the new shape could not be dropped, as it or what it refers to is in use", error) &&
           forget_made(store, error);
}

static bool rename_retired(struct postgres_store *store, struct error *error) {
    TEXT sql = {0};
    for (size_t i = 0; i < store->change.shapes[SIDE_OLD].count; i++) {
        const struct bound_table *table = &store->tables[SIDE_OLD][i];
        text_add(&sql, "ALTER TABLE IF EXISTS ");
        pg_dialect.table(&sql, table);
        text_add(&sql, " RENAME TO ");
        pg_quote(&sql, arena_format(store->bound, "%s_retired", store->alter != NULL ? store->change.alter_table : table->table->name));
        text_add(&sql, ";\n");
    }
    return pg_script(store->db, text_get(&sql), NULL, error) ||
           error_prefix(error, "the old tables cannot be retired as ..._retired (mend this, or set `retire: keep`, and run "
                               "the same command again)");
}

/* The old table's defaults draw from the new one's sequences, and a partitioned one has its foreign keys still: nobody could drop
 * those sequences, or delete what its rows refer to, while it is there. */
static bool let_go(struct postgres_store *store, struct error *error) {
    TEXT name = {0};
    TEXT sql = {0};
    RESULT *rows = NULL;
    pg_dialect.table(&name, &store->tables[SIDE_OLD][0]);
    const char *values[] = {text_get(&name)};
    if (!pg_query(store->db,
                  "SELECT DISTINCT format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT;', adrelid::regclass, attname) FROM pg_attrdef f JOIN pg_attribute ON "
                  "attrelid = adrelid AND attnum = adnum JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = "
                  "'pg_class'::regclass JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' WHERE adrelid = to_regclass($1) UNION ALL SELECT format('ALTER TABLE %s DROP "
                  "CONSTRAINT %I;', conrelid::regclass, conname) FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype = 'f' AND conparentid = 0",
                  NULL, values, 1, &rows, error)) {
        return false;
    }
    for (int i = 0; i < PQntuples(rows); i++) text_add(&sql, PQgetvalue(rows, i, 0));
    return pg_script(store->db, text_get(&sql), NULL, error);
}

bool postgres_shape_retire(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    if (store->alter != NULL && (!let_go(store, error) || (store->change.retire == RETIRE_RENAME && !pg_swap_retire(store, error)))) return false;
    if (!forget_made(store, error)) return false;
    switch (store->change.retire) {
    case RETIRE_RENAME:
        return rename_retired(store, error);
    case RETIRE_DROP:
        return drop_tables(store, SIDE_OLD, error);
    case RETIRE_KEEP:
        break;
    }
    return true;
}
