/* Late: what is built after the copy, because copying into a table that has it takes several times as long: the indexes, unique
 * constraints and foreign keys of the new tables.
 *
 * They are made as the definition says, read from the catalog, dropped while the tables are empty, and remembered in
 * midflight_late, each with the statements that make it again. What something else depends on stays, and so do exclusion
 * constraints. (A partitioned index is written ON ONLY by the server, which would leave it invalid.) After the copy:
 *   1  whatever does not bar a row of one entity because of another's: each in a transaction of its own;
 *   2  an index on the key, where there is none by then, for as long as the outbox is drained into tables that lack one;
 *   3  unique sets over several entities. While keys wait in the outbox the new tables are a mixture of moments, in which a
 *      value that moved from one entity to another may stand twice. So the outbox is drained to one snapshot, and they are
 *      built in that transaction;
 *   4  foreign keys, NOT VALID and then validated.
 * Rows that a constraint does not allow are taken off again, and their entities put in quarantine, by name. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"
#include "store/postgres/state.h"

/* --- putting off -------------------------------------------------------------------------------------------------- */

/* Of the tables $1: what to drop, and what makes it again, comments and marks included. Foreign keys first, as they lean on
 * unique constraints; then in the order in which they were made, the primary key's before all. */
static const char candidates[] =
    "WITH t AS (SELECT c.oid, c.relkind, '\"' || replace(n.nspname, '\"', '\"\"') || '\".\"' || replace(c.relname, '\"', '\"\"') || '\"' AS "
    "name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::regclass[])), "
    "u AS (SELECT i.indexrelid, array_agg(a.attname ORDER BY k.place) AS columns FROM pg_index i, unnest(i.indkey[0:i.indnkeyatts "
    "- 1]) WITH ORDINALITY AS k(number, place) JOIN pg_attribute a ON a.attnum = k.number WHERE a.attrelid = i.indrelid AND "
    "i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL GROUP BY i.indexrelid), "
    "extra AS (SELECT i.indexrelid, CASE WHEN i.indisclustered THEN format('; ALTER TABLE %s CLUSTER ON %I', t.name, c.relname) ELSE '' "
    "END || CASE WHEN i.indisreplident THEN format('; ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', t.name, c.relname) ELSE '' END || "
    "coalesce((SELECT string_agg(format('; ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', c.oid::regclass, a.attnum, "
    "a.attstattarget), '') FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= 0), '') || coalesce(format('; COMMENT ON "
    "INDEX %s IS %L', c.oid::regclass, obj_description(c.oid, 'pg_class')), '') AS ddl, coalesce((SELECT spcname FROM "
    "pg_tablespace WHERE oid = c.reltablespace), '') AS space FROM pg_index i JOIN t ON t.oid = i.indrelid JOIN pg_class c ON c.oid = "
    "i.indexrelid) "
    "SELECT * FROM (SELECT 'foreign key' AS kind, t.name AS target, k.conname AS name, format('ALTER TABLE %s DROP CONSTRAINT %I', t.name, k.conname) "
    "AS removal, format('ALTER TABLE %s ADD CONSTRAINT %I %s', t.name, k.conname, pg_get_constraintdef(k.oid)) || "
    "CASE WHEN k.convalidated THEN ' NOT VALID' ELSE '' END || coalesce(format('; COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, "
    "t.name, obj_description(k.oid, 'pg_constraint')), '') AS ddl, '' AS space, k.convalidated AS main, NULL::name[] AS columns, k.oid AS place "
    "FROM pg_constraint k JOIN t ON t.oid = k.conrelid WHERE k.contype = 'f' AND k.conparentid = 0 AND t.relkind = 'r' "
    "UNION ALL SELECT CASE WHEN i.indisunique THEN 'unique' ELSE 'index' END, t.name, c.relname, CASE WHEN k.oid IS NULL THEN "
    "format('DROP INDEX %s', c.oid::regclass) ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', t.name, k.conname) END, CASE WHEN k.oid IS "
    "NULL THEN regexp_replace(pg_get_indexdef(c.oid), ' ON ONLY ', ' ON ') ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', t.name, k.conname, "
    "pg_get_constraintdef(k.oid)) || CASE WHEN c.reloptions IS NULL THEN '' WHEN k.condeferrable THEN format('; ALTER INDEX %s SET (%s)', c.oid::regclass, "
    "array_to_string(c.reloptions, ', ')) ELSE format(' WITH (%s)', array_to_string(c.reloptions, ', ')) END "
    "|| coalesce(format('; COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, t.name, obj_description(k.oid, 'pg_constraint')), '') END || "
    "e.ddl, e.space, i.indisprimary, u.columns, c.oid FROM pg_index i JOIN t ON t.oid = i.indrelid JOIN pg_class c ON c.oid = "
    "i.indexrelid JOIN extra e ON e.indexrelid = i.indexrelid LEFT JOIN u ON u.indexrelid = i.indexrelid LEFT JOIN pg_constraint k ON "
    "k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x') WHERE coalesce(k.contype, 'p') <> 'x' AND "
    "i.indisvalid) AS c ORDER BY kind <> 'foreign key', main DESC, place";

/* Drops one, if nothing depends on it; then it is remembered. */
static bool put_off(struct postgres_store *store, const PGresult *found, int row, struct error *error) {
    struct error kept;
    const char *values[] = {store->change.name, PQgetvalue(found, row, 0), PQgetvalue(found, row, 1), PQgetvalue(found, row, 2),
                            PQgetvalue(found, row, 4), PQgetvalue(found, row, 5), PQgetvalue(found, row, 6), result_text(found, row, 7)};
    if (!pg_script(store->db, "SAVEPOINT late", NULL, error)) return false;
    if (!pg_script(store->db, PQgetvalue(found, row, 3), NULL, &kept)) return pg_script(store->db, "ROLLBACK TO late", NULL, error);
    return pg_script(store->db, "RELEASE late", NULL, error) &&
           pg_query(store->db, "INSERT INTO midflight.midflight_late (migration, kind, target, name, ddl, space, main, columns) VALUES "
                               "($1, $2, $3, $4, $5, $6, $7, $8)", NULL, values, 8, NULL, error);
}

bool pg_late_put_off(struct postgres_store *store, struct error *error) {
    RESULT *found = NULL;
    const char *values[] = {pg_table_names(store, SIDE_NEW)};
    if (!pg_query(store->db, candidates, NULL, values, 1, &found, error)) return false;
    for (int i = 0; i < PQntuples(found); i++) {
        if (!put_off(store, found, i, error)) return false;
    }
    return true;
}

bool pg_late_uniques(PGconn *db, const char *migration, const char *schema, const char *table, PGresult **ret,
                     struct error *error) {
    const char *values[] = {migration, schema, table};
    return pg_query(db,
                    "SELECT l.place, c.name FROM midflight.midflight_late l, unnest(l.columns) WITH ORDINALITY AS c(name, place) WHERE "
                    "l.migration = $1 AND l.target::regclass = (quote_ident($2) || '.' || quote_ident($3))::regclass "
                    "ORDER BY l.main DESC, l.place, c.place", NULL, values, 3, ret, error);
}

/* --- rows that a constraint does not allow ------------------------------------------------------------------------- */

/* A new table by its whole name. */
static const struct bound_table *table_of(const struct postgres_store *store, const char *target) {
    for (size_t i = 0; i < store->change.shapes[SIDE_NEW].count; i++) {
        TEXT name = {0};
        pg_dialect.table(&name, &store->tables[SIDE_NEW][i]);
        if (strcmp(text_get(&name), target) == 0) return &store->tables[SIDE_NEW][i];
    }
    return NULL;
}

/* SELECT the keys of rows of which another, of a lower key, holds the same unique values. */
static void add_doubles(struct text *text, const struct bound_table *table, const struct names *columns) {
    text_add(text, "SELECT ");
    sync_names(text, &pg_dialect, NULL, &table->table->key);
    text_add(text, " FROM (SELECT *, row_number() OVER (PARTITION BY ");
    sync_names(text, &pg_dialect, NULL, columns);
    text_add(text, " ORDER BY ");
    sync_names(text, &pg_dialect, NULL, &table->table->key);
    text_add(text, ") AS midflight_n FROM ");
    pg_dialect.table(text, table);
    text_add(text, " WHERE (");
    sync_names(text, &pg_dialect, NULL, columns);
    text_add(text, ") IS NOT NULL) AS midflight_d WHERE midflight_n > 1");
}

/* SELECT the keys of rows whose foreign key finds nothing. */
static bool add_orphans(struct postgres_store *store, struct text *text, const struct bound_table *table, const char *name,
                        struct error *error) {
    TEXT target = {0};
    RESULT *found = NULL;
    pg_dialect.table(&target, table);
    const char *values[] = {text_get(&target), name};
    if (!pg_query(store->db,
                  "SELECT k.confrelid::regclass, string_agg(format('midflight_r.%I = midflight_t.%I', f.attname, c.attname), ' AND '), "
                  "string_agg(format('midflight_t.%I IS NOT NULL', c.attname), ' AND ') FROM pg_constraint k, unnest(k.conkey, k.confkey) AS "
                  "n(own, other) JOIN pg_attribute c ON c.attnum = n.own JOIN pg_attribute f ON f.attnum = n.other WHERE c.attrelid = "
                  "k.conrelid AND f.attrelid = k.confrelid AND k.conrelid = $1::regclass AND k.conname = $2 GROUP BY k.oid, k.confrelid",
                  NULL, values, 2, &found, error)) {
        return false;
    }
    if (PQntuples(found) == 0) {
        return error_set(error, ERROR_SCHEMA, "foreign key %s of table %s was dropped while its rows were looked at: run the same command again",
                         name, text_get(&target));
    }
    text_add(text, "SELECT ");
    sync_names(text, &pg_dialect, "midflight_t", &table->table->key);
    text_addf(text, " FROM %s AS midflight_t WHERE %s AND NOT EXISTS (SELECT 1 FROM %s AS midflight_r WHERE %s)", text_get(&target),
              PQgetvalue(found, 0, 2), PQgetvalue(found, 0, 0), PQgetvalue(found, 0, 1));
    return true;
}

/* Takes the entities that `keys` selects off every new table, and enters them in quarantine with the reason. */
static bool quarantine(struct postgres_store *store, const char *keys, const char *reason, struct error *error) {
    TEXT enter = {0};
    const char *values[] = {store->change.name, reason};
    text_add(&enter, "INSERT INTO midflight.midflight_finding (migration, kind, entity_key, reason, at_ms) SELECT DISTINCT $1, "
                     "'quarantine forward', ");
    pg_key_text(&enter, NULL, &store->key);
    text_addf(&enter, ", $2, " PG_NOW_MS " FROM midflight_apart ON CONFLICT (migration, kind, "
                      "entity_key) DO UPDATE SET reason = excluded.reason");
    TEXT gather = {0};
    text_add(&gather, "CREATE TEMPORARY TABLE midflight_apart (");
    sync_names(&gather, &pg_dialect, NULL, &store->key);
    text_addf(&gather, ") ON COMMIT DROP AS %s", keys);
    /* Between two stores the second pass misses them, and keeps the list. */
    if (!pg_script(store->db, text_get(&gather), NULL, error) ||
        (store->half == NULL && !pg_query(store->db, text_get(&enter), NULL, values, 2, NULL, error))) {
        return false;
    }
    struct scope scope = {.set = "midflight_apart", .row_key = &store->key};
    for (size_t i = 0; i < store->change.shapes[SIDE_NEW].count; i++) {
        const struct bound_table *table = &store->tables[SIDE_NEW][i];
        TEXT removal = {0};
        text_add(&removal, "DELETE FROM ");
        pg_dialect.table(&removal, table);
        text_add(&removal, " WHERE ");
        sync_scope(&removal, &pg_dialect, &scope, NULL, &table->table->key);
        if (!pg_script(store->db, text_get(&removal), NULL, error)) return false;
    }
    return pg_script(store->db, "DROP TABLE pg_temp.midflight_apart", NULL, error);
}

/* --- building ----------------------------------------------------------------------------------------------------- */

struct late {
    const char *place, *kind, *name, *ddl, *space;
    const struct bound_table *table;
    struct names columns; /* of a plain unique set; else none */
    bool main;            /* a primary key, or a foreign key that is to be validated */
    bool within;          /* it contains the key: one entity's rows alone can break it */
};

static const char *copied(const PGresult *result, int row, int column, struct arena *arena) {
    return arena_copy(arena, PQgetvalue(result, row, column));
}

/* Rows (place, column). */
static void take_columns(struct postgres_store *store, const PGresult *columns, struct arena *arena, struct late *late) {
    for (int i = 0; i < PQntuples(columns); i++) {
        if (strcmp(PQgetvalue(columns, i, 0), late->place) == 0) names_add(arena, &late->columns, copied(columns, i, 1, arena));
    }
    late->within = late->columns.count > 0;
    for (size_t k = 0; k < store->key.count; k++) {
        late->within = late->within && names_have(&late->columns, late->table->table->key.items[k]);
    }
}

/* Those that are left, in their order. */
static bool read_late(struct postgres_store *store, struct arena *arena, struct late **ret, size_t *ret_count, struct error *error) {
    RESULT *found = NULL;
    RESULT *columns = NULL;
    const char *values[] = {store->change.name};
    if (!pg_query(store->db, "SELECT place, kind, name, ddl, space, target, main FROM midflight.midflight_late WHERE migration = $1 ORDER BY "
                             "kind = 'foreign key', main DESC, place", NULL, values, 1, &found, error) ||
        !pg_query(store->db, "SELECT l.place, c.name FROM midflight.midflight_late l, unnest(l.columns) WITH ORDINALITY AS c(name, number) "
                             "WHERE l.migration = $1 ORDER BY l.place, c.number", NULL, values, 1, &columns, error)) {
        return false;
    }
    *ret_count = (size_t)PQntuples(found);
    *ret = ARENA_ARRAY(arena, struct late, *ret_count);
    for (int i = 0; i < PQntuples(found); i++) {
        struct late *late = &(*ret)[i];
        *late = (struct late){.place = copied(found, i, 0, arena), .kind = copied(found, i, 1, arena), .name = copied(found, i, 2, arena),
                              .ddl = copied(found, i, 3, arena), .space = copied(found, i, 4, arena), .main = *PQgetvalue(found, i, 6) == 't',
                              .table = table_of(store, PQgetvalue(found, i, 5))};
        if (late->table == NULL) {
            error_set(error, ERROR_SCHEMA, "table %s is none of the new shape's any more: `midflight rollback`, then start again",
                      PQgetvalue(found, i, 5));
            return false;
        }
        take_columns(store, columns, arena, late);
    }
    return true;
}

/* How long the server's own upkeep may take to end when it was told to. */
#define UPKEEP_MS "1000"

static bool forget(struct postgres_store *store, const struct late *late, struct error *error) {
    return pg_query(store->db, "DELETE FROM midflight.midflight_late WHERE place = $1", NULL, &late->place, 1, NULL, error);
}

/* Does the server's own upkeep look through the table? That gives way by itself, to who waits until the server looks for a deadlock. Such a
 * session has no role, and of others' sessions everybody may see as much. */
static void add_outwait_upkeep(struct text *text, const struct late *late) {
    TEXT name = {0};
    pg_dialect.table(&name, late->table);
    text_add(text, "SELECT set_config('lock_timeout', (extract(epoch FROM current_setting('deadlock_timeout')::interval) * 1000 + "
                   UPKEEP_MS ")::bigint || 'ms', true) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE a.usesysid IS NULL AND "
                   "l.mode = 'ShareUpdateExclusiveLock' AND l.relation = ");
    pg_quote_text(text, text_get(&name));
    text_add(text, "::regclass");
}

/* While others write the build keeps to one processor, as what it would gain they would lose; and sorts in no more memory than it takes
 * to merge the runs at once, which is faster on one processor, as a run fits into its cache, and writes the log less in bursts, which
 * everybody's commit waits for. A merge of PostgreSQL's takes 256 kB a run, so it is the root of the table's size times that. */
static bool build_gently(struct postgres_store *store, const struct late *late, struct error *error) {
    TEXT name = {0};
    RESULT *ignored = NULL;
    pg_dialect.table(&name, late->table);
    const char *values[] = {text_get(&name)};
    return pg_script(store->db, "SET LOCAL max_parallel_maintenance_workers = 0", NULL, error) &&
           pg_query(store->db, "SELECT set_config('maintenance_work_mem', least(pg_size_bytes(current_setting('maintenance_work_mem')), "
                               "greatest(8 << 20, sqrt(262144.0 * sum(pg_relation_size(relid))))::bigint) / 1024 || 'kB', true) " PG_FROM_PARTS,
                    NULL, values, 1, &ignored, error);
}

/* Who reads the new tables already may be in the way: it is he who goes on. */
static bool prepare(struct postgres_store *store, const struct late *late, struct error *error) {
    bool others = false;
    TEXT sql = {0};
    if (!store->sql.base.ops->others_write(&store->sql.base, &others, error)) return false;
    text_add(&sql, PG_GIVE_WAY "; ");
    add_outwait_upkeep(&sql, late);
    text_add(&sql, "; SET LOCAL default_tablespace = ");
    pg_quote_text(&sql, late->space);
    return pg_script(store->db, text_get(&sql), NULL, error) && (!others || build_gently(store, late, error));
}

/* Builds a unique set, or an index. Entities that it does not allow go to quarantine, and it is built over the rest. [tx] */
static bool build(struct postgres_store *store, const struct late *late, struct error *error) {
    struct error failure;
    TEXT keys = {0};
    if (!prepare(store, late, error) || !pg_script(store->db, "SAVEPOINT build", NULL, error)) return false;
    if (pg_script(store->db, late->ddl, NULL, &failure)) return forget(store, late, error);
    if (failure.code != ERROR_ROWS || late->columns.count == 0) {
        *error = failure;
        return error_prefix(error, "%s %s of the new shape cannot be built%s", late->kind, late->name, failure.code != ERROR_ROWS ? "" :
                            " over the rows that are there (mend the rows on the old side, then run the same command again)");
    }
    if (!pg_script(store->db, "ROLLBACK TO build", NULL, error)) return false;
    add_doubles(&keys, late->table, &late->columns);
    return quarantine(store, text_get(&keys), failure.message, error) &&
           (pg_script(store->db, late->ddl, NULL, error) || error_prefix(error, "%s %s", late->kind, late->name)) &&
           forget(store, late, error);
}

bool pg_late_build_all(struct postgres_store *store, struct error *error) {
    struct arena *arena = arena_new();
    struct late *lates = NULL;
    size_t count = 0;
    bool ok = read_late(store, arena, &lates, &count, error);
    for (size_t i = 0; ok && i < count; i++) ok = build(store, &lates[i], error);
    arena_free(arena);
    return ok;
}

static bool end_build(struct postgres_store *store, bool ok, struct error *error) {
    if (pg_end(store, ok, error)) return true;
    if (error->code == ERROR_BUSY) error->code = ERROR_OVERTIME; /* again, after a rest */
    return false;
}

/* In a transaction of its own. */
static bool build_alone(struct postgres_store *store, int64_t token, const struct late *late, struct error *error) {
    if (interrupt_requested()) return error_set(error, ERROR_INTERRUPTED, "stopped before index %s was built", late->name);
    bool ok = pg_begin_leased(store, token, error) && build(store, late, error);
    if (ok) FAILPOINT("late index, uncommitted");
    ok = end_build(store, ok, error);
    if (ok) FAILPOINT("late index");
    return ok;
}

struct reference {
    struct postgres_store *store;
    const char *ddl;
};

static bool refer(void *context, struct error *error) {
    struct reference *reference = context;
    return pg_script(reference->store->db, reference->ddl, NULL, error);
}

/* "ALTER TABLE <new table> <what> <name>" */
static void add_alter(struct text *text, const struct late *late, const char *what) {
    text_add(text, "ALTER TABLE ");
    pg_dialect.table(text, late->table);
    text_addf(text, " %s ", what);
    pg_quote(text, late->name);
}

/* Makes a foreign key that is not looked through: its tables are locked for an instant. A try before a crash may have made it. */
static bool make_reference(struct postgres_store *store, int64_t token, const struct late *late, struct error *error) {
    TEXT ddl = {0};
    add_alter(&ddl, late, "DROP CONSTRAINT IF EXISTS");
    text_addf(&ddl, "; %s", late->ddl);
    struct reference reference = {store, text_get(&ddl)};
    bool ok = pg_begin_leased(store, token, error) &&
              pg_patiently(store->db, refer, &reference, "a foreign key of the new shape could not be made: its tables could not be locked",
                           error);
    return pg_end(store, ok, error);
}

/* It holds for what is written since; what was there is looked at beside the writers. Orphans go to quarantine. */
static bool validate_reference(struct postgres_store *store, const struct late *late, struct error *error) {
    struct store *base = &store->sql.base;
    struct error failure;
    TEXT validation = {0};
    TEXT keys = {0};
    add_alter(&validation, late, "VALIDATE CONSTRAINT");
    if (pg_script(store->db, text_get(&validation), NULL, &failure)) return true;
    if (failure.code != ERROR_ROWS) {
        *error = failure;
        return false;
    }
    bool ok = base->ops->begin(base, error) && add_orphans(store, &keys, late->table, late->name, error) &&
              quarantine(store, text_get(&keys), failure.message, error);
    return pg_end(store, ok, error) && pg_script(store->db, text_get(&validation), NULL, error);
}

static bool add_reference(struct postgres_store *store, int64_t token, const struct late *late, struct error *error) {
    if (!make_reference(store, token, late, error)) return false;
    FAILPOINT("late foreign key");
    return (!late->main || validate_reference(store, late, error)) && forget(store, late, error);
}

/* --- closing ------------------------------------------------------------------------------------------------------ */

static bool is_reference(const struct late *late) {
    return strcmp(late->kind, "foreign key") == 0;
}

/* The outbox is drained by key: an index for it that lasts as long as that. */
static bool prop_up(struct postgres_store *store, bool up, struct error *error) {
    for (size_t i = 0; i < store->change.shapes[SIDE_NEW].count; i++) {
        const struct bound_table *table = &store->tables[SIDE_NEW][i];
        const char *name = pg_own_name(store, arena_format(store->bound, "late_%s", table->table->name));
        TEXT sql = {0};
        bool indexed = false;
        if (up && !pg_key_is_indexed(store, table, &indexed, error)) return false;
        if (indexed) continue;
        text_add(&sql, up ? "CREATE INDEX IF NOT EXISTS " : "DROP INDEX IF EXISTS ");
        if (!up) {
            pg_quote(&sql, table->schema);
            text_add(&sql, ".");
        }
        pg_quote(&sql, name);
        if (up) {
            text_add(&sql, " ON ");
            pg_dialect.table(&sql, table);
            text_add(&sql, " (");
            sync_names(&sql, &pg_dialect, NULL, &table->table->key);
            text_add(&sql, ")");
        }
        if (!pg_script(store->db, text_get(&sql), NULL, error)) return false;
    }
    return true;
}

/* In the transaction of one snapshot in which no key waits. */
static bool build_across(struct postgres_store *store, int64_t token, const struct late *lates, size_t count, struct error *error) {
    struct store *base = &store->sql.base;
    bool ok = pg_drain_exactly(store, error);
    for (size_t i = 0; ok && i < count; i++) {
        if (!is_reference(&lates[i])) ok = build(store, &lates[i], error);
    }
    ok = ok && pg_ranges_close(store, error) &&
         base->ops->lease_renew(base, store->change.name, clock_wall_ms() + LEASE_MS, token, error);
    if (ok) FAILPOINT("late unique, uncommitted");
    ok = end_build(store, ok, error);
    if (ok) FAILPOINT("late unique");
    return ok;
}

/* A first look, for the planner: the server takes a closer one by itself. */
static bool analyze(struct postgres_store *store, struct error *error) {
    for (size_t i = 0; i < store->change.shapes[SIDE_NEW].count; i++) {
        TEXT sql = {0};
        text_add(&sql, "SET default_statistics_target = 10; ANALYZE ");
        pg_dialect.table(&sql, &store->tables[SIDE_NEW][i]);
        text_add(&sql, "; RESET default_statistics_target");
        if (!pg_script(store->db, text_get(&sql), NULL, error)) return false;
    }
    return true;
}

static bool build_within(struct postgres_store *store, int64_t token, const struct late *lates, size_t count, struct error *error) {
    for (size_t i = 0; i < count; i++) {
        bool alone = !is_reference(&lates[i]) && (lates[i].within || strcmp(lates[i].kind, "index") == 0);
        if (alone && !build_alone(store, token, &lates[i], error)) return false;
    }
    return true;
}

static bool add_references(struct postgres_store *store, int64_t token, const struct late *lates, size_t count, struct error *error) {
    for (size_t i = 0; i < count; i++) {
        if (is_reference(&lates[i]) && !add_reference(store, token, &lates[i], error)) return false;
    }
    return prop_up(store, false, error) && analyze(store, error);
}

static bool close_all(struct postgres_store *store, int64_t token, struct arena *arena, struct error *error) {
    struct late *lates = NULL;
    size_t count = 0;
    return read_late(store, arena, &lates, &count, error) && build_within(store, token, lates, count, error) &&
           prop_up(store, true, error) && pg_drain_most(store, token, error) && read_late(store, arena, &lates, &count, error) &&
           build_across(store, token, lates, count, error) && add_references(store, token, lates, count, error);
}

/* --- between two stores ------------------------------------------------------------------------------------------- */

/* The parcel after which all entities are of one moment has landed. */
#define ACROSS "late unique sets"

bool pg_late_is_across(struct postgres_store *store, bool *ret, struct error *error) {
    return store->sql.base.ops->ledger_step(&store->sql.base, store->change.name, ACROSS, ret, error);
}

bool pg_late_across(struct postgres_store *store, struct error *error) {
    struct store *base = &store->sql.base;
    struct arena *arena = arena_new();
    struct late *lates = NULL;
    size_t count = 0;
    bool done = false;
    bool ok = pg_late_is_across(store, &done, error) &&
              (done || base->ops->ledger_mark(base, store->change.name, ACROSS, error)) &&
              read_late(store, arena, &lates, &count, error);
    for (size_t i = 0; ok && i < count; i++) {
        if (!is_reference(&lates[i])) ok = build(store, &lates[i], error);
    }
    arena_free(arena);
    return ok;
}

/* It is called before the outbox is drained and, for what is left, after it. */
static bool close_half(struct postgres_store *store, int64_t token, struct arena *arena, struct error *error) {
    struct late *lates = NULL;
    size_t count = 0;
    bool across = false;
    if (!pg_late_is_across(store, &across, error) ||
        !read_late(store, arena, &lates, &count, error)) {
        return false;
    }
    if (across) return add_references(store, token, lates, count, error);
    return build_within(store, token, lates, count, error) && prop_up(store, true, error) && analyze(store, error);
}

bool postgres_backfill_close(struct store *base, int64_t token, struct error *error) {
    struct arena *arena = arena_new();
    struct postgres_store *store = postgres_store_of(base);
    bool ok = store->half != NULL ? close_half(store, token, arena, error) : close_all(store, token, arena, error);
    arena_free(arena);
    return ok;
}
