/* The empty copy on which PostgreSQL itself carries out the change: made in midflight's schema, changed there, and moved beside the
 * live table. Everything is run in bind's transaction, which is undone, and kept as a script that does it again. */
#include "store/postgres/copy.h"

#include <stdlib.h>
#include <string.h>

#include "store/postgres/clause.h"

/* --- the copy --------------------------------------------------------------------------------------------------- */

static const char schema_there[] =
    "DO $$ BEGIN IF to_regnamespace('midflight') IS NULL THEN CREATE SCHEMA midflight; END IF; END $$;\n";

/* Statements that make the copy of table $1 in midflight's schema, in their order. A foreign key is stood for by a CHECK of its
 * name over its columns, which is always true: so the change can rename and drop it, and no other table is touched. Only of a
 * partitioned table it has to be there from the start: PostgreSQL could add it later with everybody waiting alone. */
static const char copy_statements[] =
    "WITH t AS (SELECT c.*, format('midflight.%I', c.relname) AS copy FROM pg_class c WHERE c.oid = $1::regclass), "
    "k AS (SELECT k.*, t.copy, contype = 'f' AND conparentid = 0 AND relkind = 'r' AS stood_for FROM pg_constraint k JOIN t "
    "ON k.conrelid = t.oid) "
    "SELECT statement FROM ("
    "SELECT 1 AS rank, 0::oid AS place, format('CREATE %sTABLE %s (LIKE %s INCLUDING ALL EXCLUDING INDEXES EXCLUDING "
    "STATISTICS)%s%s%s%s', CASE relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, copy, oid::regclass, CASE relkind WHEN "
    "'p' THEN ' PARTITION BY ' || pg_get_partkeydef(oid) ELSE '' END, (SELECT ' USING ' || quote_ident(amname) FROM pg_am "
    "WHERE pg_am.oid = relam), (SELECT ' WITH (' || string_agg(o, ', ') || ')' FROM (SELECT unnest(reloptions) UNION ALL "
    "SELECT 'toast.' || unnest(s.reloptions) FROM pg_class s WHERE s.oid = reltoastrelid) AS options (o)), (SELECT ' "
    "TABLESPACE ' || quote_ident(spcname) FROM pg_tablespace s WHERE s.oid = reltablespace)) AS statement FROM t "
    "UNION ALL SELECT 2, 0, format('COMMENT ON TABLE %s IS %L', copy, obj_description(oid, 'pg_class')) FROM t WHERE "
    "obj_description(oid, 'pg_class') IS NOT NULL "
    "UNION ALL SELECT 2, 1, format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', copy) FROM t WHERE relrowsecurity "
    "UNION ALL SELECT 2, 2, format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', copy) FROM t WHERE relforcerowsecurity "
    "UNION ALL SELECT 2, 3, format('ALTER TABLE %s REPLICA IDENTITY %s', copy, CASE relreplident WHEN 'f' THEN 'FULL' ELSE "
    "'NOTHING' END) FROM t WHERE relreplident IN ('f', 'n') "
    "UNION ALL SELECT 3, a.attnum::int::oid, format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS %s', copy, attname, "
    "attstattarget) FROM t JOIN pg_attribute a ON a.attrelid = t.oid WHERE attnum > 0 AND NOT attisdropped AND attstattarget "
    ">= 0 "
    "UNION ALL SELECT 3, a.attnum::int::oid, format('ALTER TABLE %s ALTER COLUMN %I SET (%s)', copy, attname, "
    "array_to_string(attoptions, ', ')) FROM t JOIN pg_attribute a ON a.attrelid = t.oid WHERE attnum > 0 AND NOT "
    "attisdropped AND attoptions IS NOT NULL "
    "UNION ALL SELECT 4, k.oid, format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (num_nulls(%s) >= 0)', copy, conname, (SELECT "
    "string_agg(quote_ident(attname), ', ') FROM pg_attribute a WHERE a.attrelid = k.conrelid AND attnum = ANY (conkey))) "
    "FROM k WHERE stood_for "
    "UNION ALL SELECT 5, 0, format('COMMENT ON CONSTRAINT %I ON %s IS %L', conname, copy, 'midflight foreign key ' || "
    "conname) FROM k WHERE stood_for "
    "UNION ALL SELECT 4, k.oid, format('ALTER TABLE %s ADD CONSTRAINT %I %s', copy, conname, pg_get_constraintdef(k.oid)) "
    "FROM k WHERE contype = 'f' AND conparentid = 0 AND NOT stood_for "
    ") AS statements ORDER BY rank, place";

/* The same for its partitions. */
static const char copy_partitions[] =
    "SELECT format('CREATE %sTABLE midflight.%I PARTITION OF midflight.%I %s%s%s%s', CASE c.relpersistence WHEN 'u' THEN "
    "'UNLOGGED ' ELSE '' END, c.relname, p.relname, pg_get_expr(c.relpartbound, c.oid), CASE c.relkind WHEN 'p' THEN ' "
    "PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END, ' WITH (' || array_to_string(c.reloptions, ', ') || ')', "
    "(SELECT ' TABLESPACE ' || quote_ident(spcname) FROM pg_tablespace s WHERE s.oid = c.reltablespace)) FROM "
    "pg_partition_tree($1::regclass) t JOIN pg_class c ON c.oid = t.relid JOIN pg_class p ON p.oid = t.parentrelid WHERE "
    "t.level > 0 ORDER BY t.level, c.oid";

/* The same for its indexes and statistics. */
static const char copy_indexes[] =
    "WITH t AS (SELECT c.*, format('midflight.%I', c.relname) AS copy FROM pg_class c WHERE c.oid = $1::regclass), "
    "x AS (SELECT i.*, ic.relname, ic.reloptions AS options, t.copy, t.oid AS owner, k.oid AS constraint, k.conname, "
    "format('midflight.%I', ic.relname) AS index FROM pg_index i JOIN t ON i.indrelid = t.oid JOIN pg_class ic ON ic.oid = "
    "i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') AND k.conrelid = "
    "t.oid) "
    "SELECT statement FROM ("
    "SELECT 5 AS rank, indexrelid AS place, CASE WHEN conname IS NOT NULL THEN format('ALTER TABLE %s ADD CONSTRAINT %I %s', "
    "copy, conname, pg_get_constraintdef(x.constraint)) ELSE format('CREATE %sINDEX %I ON %s%s', CASE WHEN indisunique THEN "
    "'UNIQUE ' ELSE '' END, relname, copy, substr(pg_get_indexdef(indexrelid), "
    "length(split_part(pg_get_indexdef(indexrelid), format(' %s USING ', x.owner::regclass), 1) || format(' %s', "
    "x.owner::regclass)) + 1)) END AS statement FROM x "
    "UNION ALL SELECT 6, indexrelid, format('ALTER INDEX %s SET (%s)', index, array_to_string(options, ', ')) FROM x WHERE "
    "conname IS NOT NULL AND options IS NOT NULL "
    "UNION ALL SELECT 6, indexrelid, format('COMMENT ON INDEX %s IS %L', index, obj_description(indexrelid, 'pg_class')) "
    "FROM x WHERE obj_description(indexrelid, 'pg_class') IS NOT NULL "
    "UNION ALL SELECT 6, x.constraint, format('COMMENT ON CONSTRAINT %I ON %s IS %L', conname, copy, "
    "obj_description(x.constraint, 'pg_constraint')) FROM x WHERE obj_description(x.constraint, 'pg_constraint') IS NOT NULL "
    "UNION ALL SELECT 6, indexrelid, format('ALTER TABLE %s CLUSTER ON %I', copy, relname) FROM x WHERE indisclustered "
    "UNION ALL SELECT 6, indexrelid, format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', copy, relname) FROM x WHERE "
    "indisreplident "
    "UNION ALL SELECT 6, indexrelid, format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', index, attnum, "
    "attstattarget) FROM x JOIN pg_attribute a ON a.attrelid = indexrelid WHERE attstattarget >= 0 "
    "UNION ALL SELECT 6, indexrelid, format('ALTER INDEX %s SET TABLESPACE %I', index, spcname) FROM x JOIN pg_class ic ON "
    "ic.oid = indexrelid JOIN pg_tablespace s ON s.oid = ic.reltablespace "
    "UNION ALL SELECT 7, s.oid, format('CREATE STATISTICS midflight.%I%s FROM %s', stxname, substr(left(d.def, "
    "-length(format(' FROM %s', t.oid::regclass))), length(format('CREATE STATISTICS %I.%I', n.nspname, stxname)) + 1), "
    "copy) FROM t JOIN pg_statistic_ext s ON s.stxrelid = t.oid JOIN pg_namespace n ON n.oid = s.stxnamespace, "
    "pg_get_statisticsobjdef(s.oid) AS d (def) "
    "UNION ALL SELECT 8, s.oid, format('ALTER STATISTICS midflight.%I SET STATISTICS %s', stxname, stxstattarget) FROM t "
    "JOIN pg_statistic_ext s ON s.stxrelid = t.oid WHERE stxstattarget >= 0 "
    "UNION ALL SELECT 8, s.oid, format('COMMENT ON STATISTICS midflight.%I IS %L', stxname, obj_description(s.oid, "
    "'pg_statistic_ext')) FROM t JOIN pg_statistic_ext s ON s.stxrelid = t.oid WHERE obj_description(s.oid, "
    "'pg_statistic_ext') IS NOT NULL "
    ") AS statements ORDER BY rank, place";

/* Runs each statement that a query yields, and adds it to a script. */
static bool run_each(struct postgres_store *store, const char *query, const char *const *values, size_t count, struct text *script,
                     struct error *error) {
    RESULT *rows = NULL;
    TEXT text = {0};
    if (!pg_alter_whole_names(store, error) || !pg_query(store->db, query, NULL, values, count, &rows, error) ||
        !pg_alter_own_names(store, error)) {
        return false;
    }
    for (int i = 0; i < PQntuples(rows); i++) text_addf(&text, "%s;\n", PQgetvalue(rows, i, 0));
    text_add(script, text_get(&text));
    return pg_script(store->db, text_get(&text), NULL, error);
}

/* --- the change ------------------------------------------------------------------------------------------------- */

static bool change_failed(struct error *error) {
    if (error->code == ERROR_SCHEMA || error->code == ERROR_ROWS) error->code = ERROR_DEFINITION;
    return false;
}

/* One statement, and no more than one: libpq's protocol for values takes no second one. */
static bool run_change(struct postgres_store *store, const char *statement, struct text *script, struct error *error) {
    text_addf(script, "%s;\n", statement);
    return pg_query(store->db, statement, "alter.change", NULL, 0, NULL, error) || change_failed(error);
}

static bool no_way_back(const struct clause *clause, struct error *error) {
    return error_set(error, ERROR_DEFINITION,
                     "alter.change: %s: what the expression after USING makes of column %s, only you know how to undo. Write "
                     "a cast of "
                     "the column and nothing else, or the migration in the long form, with a forward and a backward query",
                     clause->text, clause->column);
}

/* The exchange gives the new column what the live one has then. */
bool pg_copy_no_identity(const char *what, struct error *error) {
    return error_set(error, ERROR_DEFINITION, "alter.change: %s: the numbers of an identity are no part of the short form: change "
                                              "them by ALTER TABLE itself, which takes a moment", what);
}

/* The casts belong to the column, whatever it is called later. */
static bool note_casts(struct postgres_store *store, const char *copy, const struct clause *clause, const char **casts,
                       size_t count, struct error *error) {
    const char *number = NULL;
    TEXT sql = {0};
    if (clause->column == NULL) return true;
    if (clause->casts == NULL) return no_way_back(clause, error);
    text_add(&sql, "SELECT attnum FROM pg_attribute WHERE attrelid = $1::regclass AND NOT attisdropped AND attname = ");
    pg_quote_text(&sql, clause->column);
    if (!pg_text(store->db, text_get(&sql), copy, store->bound, &number, error)) return false;
    size_t place = number == NULL ? 0 : strtoul(number, NULL, 10);
    if (place > 0 && place <= count) casts[place - 1] = clause->casts;
    return true;
}

/* ALTER TABLE copy <clauses>: together, but for RENAME, which PostgreSQL takes alone. */
static bool run_clauses(struct postgres_store *store, const char *copy, const char **casts, size_t count, struct text *script,
                        struct error *error) {
    struct clauses clauses = pg_clause_split(store->change.alter_change, store->bound);
    TEXT statement = {0};
    for (size_t i = 0; i < clauses.count; i++) {
        const struct clause *clause = &clauses.items[i];
        if (clause->restarts) return pg_copy_no_identity(clause->text, error);
        bool first = i == 0 || clause->alone || clauses.items[i - 1].alone;
        if (first && statement.length > 0 && !run_change(store, text_get(&statement), script, error)) return false;
        if (first) {
            text_clear(&statement);
            text_addf(&statement, "ALTER TABLE %s ", copy);
        }
        text_addf(&statement, "%s%s", first ? "" : ", ", clause->text);
        if (!note_casts(store, copy, clause, casts, count, error)) return false;
    }
    return statement.length == 0 || run_change(store, text_get(&statement), script, error);
}

/* CREATE TABLE customers (...), in midflight's schema, with the partitions that come with it. */
static bool run_create(struct postgres_store *store, struct text *script, struct error *error) {
    TEXT text = {0};
    const char *path = strstr(store->alter->path, "= ");
    text_addf(&text, "SET LOCAL search_path = midflight, %s;\n%s;\n%s;\n", path + 2, store->change.alter_change,
              store->alter->path);
    text_add(script, text_get(&text));
    return pg_script(store->db, text_get(&text), "alter.change", error) || change_failed(error);
}

static bool there(struct postgres_store *store, const char *table, bool *ret, struct error *error) {
    const char *found = NULL;
    if (!pg_text(store->db, "SELECT to_regclass($1)::text", table, store->bound, &found, error)) return false;
    *ret = found != NULL;
    return true;
}

/* The copy, changed. */
bool pg_copy_make(struct postgres_store *store, const char *old, const char *copy, const char **casts, size_t columns,
                      struct text *script, struct error *error) {
    bool made;
    text_add(script, schema_there);
    if (!pg_script(store->db, text_get(script), NULL, error) ||
        !pg_script(store->db, PG_GIVE_WAY, NULL, error)) {
        return false;
    }
    if (pg_clause_is_create(store->change.alter_change)) {
        if (!run_create(store, script, error) || !there(store, copy, &made, error)) return false;
        return made || error_set(error, ERROR_DEFINITION, "alter.change: it does not create table %s", store->change.alter_table);
    }
    const char *values[] = {old};
    return run_each(store, copy_statements, values, 1, script, error) &&
           run_each(store, copy_partitions, values, 1, script, error) && run_each(store, copy_indexes, values, 1, script, error) &&
           run_clauses(store, copy, casts, columns, script, error) &&
           there(store, copy, &made, error) &&
           (made || error_set(error, ERROR_DEFINITION, "alter.change: the table keeps its name and its schema: leave RENAME TO and "
                                                       "SET SCHEMA out"));
}

/* --- from the copy to the new table ----------------------------------------------------------------------------- */

/* An identity column shares the live table's numbers until the exchange gives it the sequence itself. */
bool pg_copy_share_numbers(struct postgres_store *store, const char *old, const char *copy, const struct names *identities,
                          struct text *script, struct error *error) {
    TEXT text = {0};
    for (size_t i = 0; i < identities->count; i++) {
        const char *column = identities->items[i], *source = NULL, *sequence = NULL;
        for (size_t p = 0; p < store->alter->count; p++) {
            if (strcmp(store->alter->pairs[p].new, column) == 0) source = store->alter->pairs[p].old;
        }
        TEXT sql = {0};
        text_add(&sql, "SELECT pg_get_serial_sequence($1, ");
        pg_quote_text(&sql, source);
        text_add(&sql, ")");
        if (!pg_text(store->db, text_get(&sql), old, store->bound, &sequence, error)) return false;
        text_addf(&text, "ALTER TABLE %s ALTER COLUMN ", copy);
        pg_quote(&text, column);
        text_add(&text, " DROP IDENTITY, ALTER COLUMN ");
        pg_quote(&text, column);
        text_add(&text, " SET DEFAULT nextval(");
        pg_quote_text(&text, sequence);
        text_add(&text, ");\n");
    }
    text_add(script, text_get(&text));
    return pg_script(store->db, text_get(&text), NULL, error);
}

/* Statements that move the copy $1 with all it has into schema $2, as $3, owned by $4, without what stood for foreign keys. */
static const char move_statements[] =
    PG_COPY_INDEXES
    ", parts AS (SELECT c.relname, format('%I.%I', 'midflight', c.relname) AS here, to_regclass(format('%I.%I', $2::text, "
    "c.relname)) IS NOT NULL AS taken, "
    INTERIM("c.relname", "new")
    " AS interim, p.level FROM pg_partition_tree($1::regclass) p JOIN pg_class c ON c.oid = p.relid WHERE p.level > 0) "
    "SELECT statement FROM ("
    "SELECT 1 AS rank, oid AS place, format('ALTER TABLE %s DROP CONSTRAINT %I', $1::text, conname) AS statement FROM "
    "pg_constraint WHERE conrelid = $1::regclass AND contype = 'c' AND obj_description(oid, 'pg_constraint') LIKE 'midflight "
    "foreign key %' OR conrelid = $1::regclass AND contype = 'f' AND confrelid = conrelid "
    "UNION ALL SELECT 3, indexrelid, format('ALTER INDEX midflight.%I RENAME TO %I', relname, interim) FROM x "
    "UNION ALL SELECT 4, s.oid, format('ALTER STATISTICS midflight.%I RENAME TO %I', stxname, " INTERIM("stxname", "new")
    ") FROM pg_statistic_ext s WHERE "
    "stxrelid = $1::regclass "
    "UNION ALL SELECT 5, s.oid, format('ALTER STATISTICS midflight.%I SET SCHEMA %I', " INTERIM("stxname", "new")
    ", $2::text) FROM pg_statistic_ext s WHERE "
    "stxrelid = $1::regclass "
    "UNION ALL SELECT 6, 0, format('ALTER TABLE %s RENAME TO %I', here, interim) FROM parts WHERE taken "
    "UNION ALL SELECT 7, 0, format('ALTER TABLE midflight.%I SET SCHEMA %I', CASE WHEN taken THEN interim ELSE relname END, "
    "$2::text) FROM parts "
    "UNION ALL SELECT 8, 0, format('ALTER TABLE %s RENAME TO %I', $1::text, $3::text) "
    "UNION ALL SELECT 9, 0, format('ALTER TABLE midflight.%I SET SCHEMA %I', $3::text, $2::text) "
    "UNION ALL SELECT 10, 0, format('ALTER TABLE %I.%I OWNER TO %I', $2::text, $3::text, $4::text) WHERE $4::text <> "
    "current_user "
    ") AS statements ORDER BY rank, place";

bool pg_copy_move(struct postgres_store *store, const char *copy, const char *name, const char *owner, struct text *script,
                  struct error *error) {
    const char *values[] = {copy, store->alter->schema, name, owner};
    return run_each(store, move_statements, values, 4, script, error);
}
