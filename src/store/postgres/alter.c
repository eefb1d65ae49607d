/* The short form, made long. PostgreSQL itself makes the new table: in midflight's schema an empty copy gets the name of the
 * live table, and the names of all that belongs to it; the change is run on that copy as the user wrote it; then the copy moves
 * beside the live table, under interim names. Its indexes, but for the key's, are made after the rows are in it.
 *
 * Triggers, rules and foreign keys belong to the table that bears the name: they come with it, at the exchange (swap.c). */
#include "store/postgres/alter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "store/postgres/catalog.h"
#include "store/postgres/clause.h"

const char *pg_alter_waiting_name(const struct postgres_store *store, enum side side) {
    const char *table = store->change.alter_table;
    if (strlen(table) <= 58) return arena_format(store->bound, "_%s_%s", table, side_name(side));
    return arena_format(store->bound, "_%.36s_%016" PRIx64 "_%s", table, (uint64_t)XXH3_64bits(table, strlen(table)), side_name(side));
}

bool pg_alter_whole_names(struct postgres_store *store, struct error *error) {
    return pg_script(store->db, "SET LOCAL search_path = pg_catalog", NULL, error);
}

bool pg_alter_own_names(struct postgres_store *store, struct error *error) {
    return pg_script(store->db, store->alter->path, NULL, error);
}

bool pg_alter_rows(struct postgres_store *store, const char *sql, const char *const *values, size_t count, PGresult **ret, struct error *error) {
    return pg_query_often(store->db, sql, values, count, &store->prepared, store->arena, ret, error);
}

/* --- the copy --------------------------------------------------------------------------------------------------- */

static const char schema_there[] =
    "DO $$ BEGIN IF to_regnamespace('midflight') IS NULL THEN CREATE SCHEMA midflight; END IF; END $$;\n";

/* Statements that make the copy of table $1 in midflight's schema, in their order. A foreign key is stood for by a CHECK of its
 * name over its columns, which is always true: so the change can rename and drop it, and no other table is touched. Only of a
 * partitioned table it has to be there from the start: PostgreSQL could add it later with everybody waiting alone. */
static const char copy_statements[] =
    "WITH t AS (SELECT c.*, format('midflight.%I', c.relname) AS copy FROM pg_class c WHERE c.oid = $1::regclass), "
    "k AS (SELECT k.*, t.copy, contype = 'f' AND conparentid = 0 AND relkind = 'r' AS stood_for FROM pg_constraint k JOIN t ON k.conrelid = t.oid) "
    "SELECT statement FROM ("
    "SELECT 1 AS rank, 0::oid AS place, format('CREATE %sTABLE %s (LIKE %s INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS)%s%s%s%s', "
    "CASE relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, copy, oid::regclass, "
    "CASE relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(oid) ELSE '' END, "
    "(SELECT ' USING ' || quote_ident(amname) FROM pg_am WHERE pg_am.oid = relam), "
    "(SELECT ' WITH (' || string_agg(o, ', ') || ')' FROM (SELECT unnest(reloptions) UNION ALL SELECT 'toast.' || unnest(s.reloptions) FROM "
    "pg_class s WHERE s.oid = reltoastrelid) AS options (o)), "
    "(SELECT ' TABLESPACE ' || quote_ident(spcname) FROM pg_tablespace s WHERE s.oid = reltablespace)) AS statement FROM t "
    "UNION ALL SELECT 2, 0, format('COMMENT ON TABLE %s IS %L', copy, obj_description(oid, 'pg_class')) FROM t WHERE "
    "obj_description(oid, 'pg_class') IS NOT NULL "
    "UNION ALL SELECT 2, 1, format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', copy) FROM t WHERE relrowsecurity "
    "UNION ALL SELECT 2, 2, format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', copy) FROM t WHERE relforcerowsecurity "
    "UNION ALL SELECT 2, 3, format('ALTER TABLE %s REPLICA IDENTITY %s', copy, CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END) "
    "FROM t WHERE relreplident IN ('f', 'n') "
    "UNION ALL SELECT 3, a.attnum::int::oid, format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS %s', copy, attname, attstattarget) FROM t "
    "JOIN pg_attribute a ON a.attrelid = t.oid WHERE attnum > 0 AND NOT attisdropped AND attstattarget >= 0 "
    "UNION ALL SELECT 3, a.attnum::int::oid, format('ALTER TABLE %s ALTER COLUMN %I SET (%s)', copy, attname, array_to_string(attoptions, ', ')) "
    "FROM t JOIN pg_attribute a ON a.attrelid = t.oid WHERE attnum > 0 AND NOT attisdropped AND attoptions IS NOT NULL "
    "UNION ALL SELECT 4, k.oid, format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (num_nulls(%s) >= 0)', copy, conname, (SELECT "
    "string_agg(quote_ident(attname), ', ') FROM pg_attribute a WHERE a.attrelid = k.conrelid AND attnum = ANY (conkey))) FROM k WHERE stood_for "
    "UNION ALL SELECT 5, 0, format('COMMENT ON CONSTRAINT %I ON %s IS %L', conname, copy, 'midflight foreign key ' || conname) FROM k WHERE stood_for "
    "UNION ALL SELECT 4, k.oid, format('ALTER TABLE %s ADD CONSTRAINT %I %s', copy, conname, pg_get_constraintdef(k.oid)) FROM k WHERE contype = 'f' AND "
    "conparentid = 0 AND NOT stood_for "
    ") AS statements ORDER BY rank, place";

/* The same for its partitions. */
static const char copy_partitions[] =
    "SELECT format('CREATE %sTABLE midflight.%I PARTITION OF midflight.%I %s%s%s%s', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, c.relname, p.relname, "
    "pg_get_expr(c.relpartbound, c.oid), CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END, ' WITH (' || array_to_string(c.reloptions, "
    "', ') || ')', (SELECT ' TABLESPACE ' || quote_ident(spcname) FROM pg_tablespace s WHERE s.oid = c.reltablespace)) FROM pg_partition_tree($1::regclass) t JOIN "
    "pg_class c ON c.oid = t.relid JOIN pg_class p ON p.oid = t.parentrelid WHERE t.level > 0 ORDER BY t.level, c.oid";

/* The same for its indexes and statistics. */
static const char copy_indexes[] =
    "WITH t AS (SELECT c.*, format('midflight.%I', c.relname) AS copy FROM pg_class c WHERE c.oid = $1::regclass), "
    "x AS (SELECT i.*, ic.relname, ic.reloptions AS options, t.copy, t.oid AS owner, k.oid AS constraint, k.conname, "
    "format('midflight.%I', ic.relname) AS index FROM pg_index i JOIN t ON i.indrelid = t.oid JOIN pg_class ic ON ic.oid = i.indexrelid "
    "LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') AND k.conrelid = t.oid) "
    "SELECT statement FROM ("
    "SELECT 5 AS rank, indexrelid AS place, CASE WHEN conname IS NOT NULL THEN format('ALTER TABLE %s ADD CONSTRAINT %I %s', copy, conname, "
    "pg_get_constraintdef(x.constraint)) ELSE format('CREATE %sINDEX %I ON %s%s', CASE WHEN indisunique THEN 'UNIQUE ' ELSE '' END, relname, copy, "
    "substr(pg_get_indexdef(indexrelid), length(split_part(pg_get_indexdef(indexrelid), format(' %s USING ', x.owner::regclass), 1) || "
    "format(' %s', x.owner::regclass)) + 1)) END AS statement FROM x "
    "UNION ALL SELECT 6, indexrelid, format('ALTER INDEX %s SET (%s)', index, array_to_string(options, ', ')) FROM x WHERE conname IS NOT NULL AND "
    "options IS NOT NULL "
    "UNION ALL SELECT 6, indexrelid, format('COMMENT ON INDEX %s IS %L', index, obj_description(indexrelid, 'pg_class')) FROM x WHERE "
    "obj_description(indexrelid, 'pg_class') IS NOT NULL "
    "UNION ALL SELECT 6, x.constraint, format('COMMENT ON CONSTRAINT %I ON %s IS %L', conname, copy, obj_description(x.constraint, 'pg_constraint')) "
    "FROM x WHERE obj_description(x.constraint, 'pg_constraint') IS NOT NULL "
    "UNION ALL SELECT 6, indexrelid, format('ALTER TABLE %s CLUSTER ON %I', copy, relname) FROM x WHERE indisclustered "
    "UNION ALL SELECT 6, indexrelid, format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', copy, relname) FROM x WHERE indisreplident "
    "UNION ALL SELECT 6, indexrelid, format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', index, attnum, attstattarget) FROM x JOIN "
    "pg_attribute a ON a.attrelid = indexrelid WHERE attstattarget >= 0 "
    "UNION ALL SELECT 6, indexrelid, format('ALTER INDEX %s SET TABLESPACE %I', index, spcname) FROM x JOIN pg_class ic ON ic.oid = indexrelid JOIN "
    "pg_tablespace s ON s.oid = ic.reltablespace "
    "UNION ALL SELECT 7, s.oid, format('CREATE STATISTICS midflight.%I%s FROM %s', stxname, substr(left(d.def, -length(format(' FROM %s', "
    "t.oid::regclass))), length(format('CREATE STATISTICS %I.%I', n.nspname, stxname)) + 1), copy) FROM t JOIN pg_statistic_ext s ON s.stxrelid = "
    "t.oid JOIN pg_namespace n ON n.oid = s.stxnamespace, pg_get_statisticsobjdef(s.oid) AS d (def) "
    "UNION ALL SELECT 8, s.oid, format('ALTER STATISTICS midflight.%I SET STATISTICS %s', stxname, stxstattarget) FROM t JOIN pg_statistic_ext s ON "
    "s.stxrelid = t.oid WHERE stxstattarget >= 0 "
    "UNION ALL SELECT 8, s.oid, format('COMMENT ON STATISTICS midflight.%I IS %L', stxname, obj_description(s.oid, 'pg_statistic_ext')) FROM t JOIN "
    "pg_statistic_ext s ON s.stxrelid = t.oid WHERE obj_description(s.oid, 'pg_statistic_ext') IS NOT NULL "
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
                     "alter.change: %s: what the expression after USING makes of column %s, only you know how to undo. Write a cast of "
                     "the column and nothing else, or the migration in the long form, with a forward and a backward query",
                     clause->text, clause->column);
}

/* The exchange gives the new column what the live one has then. */
static bool no_identity(const char *what, struct error *error) {
    return error_set(error, ERROR_DEFINITION, "alter.change: %s: the numbers of an identity are no part of the short form: change them by ALTER TABLE itself, which "
                                              "takes a moment", what);
}

/* The casts belong to the column, whatever it is called later. */
static bool note_casts(struct postgres_store *store, const char *copy, const struct clause *clause, const char **casts, size_t count,
                       struct error *error) {
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
        if (clause->restarts) return no_identity(clause->text, error);
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
    text_addf(&text, "SET LOCAL search_path = midflight, %s;\n%s;\n%s;\n", path + 2, store->change.alter_change, store->alter->path);
    text_add(script, text_get(&text));
    return pg_script(store->db, text_get(&text), "alter.change", error) || change_failed(error);
}

/* --- the columns ------------------------------------------------------------------------------------------------ */

/* Columns of the copy by number: the n-th live one of the old table is the copy's n-th, whatever the change calls it. $3: by
 * name instead, as the change makes the whole table anew. */
static const char column_pairs[] =
    "WITH o AS (SELECT attname, row_number() OVER (ORDER BY attnum) AS number, attgenerated, attidentity FROM pg_attribute WHERE attrelid = "
    "$1::regclass AND attnum > 0 AND NOT attisdropped), n AS (SELECT attname, attnum AS number, attgenerated, attidentity FROM pg_attribute WHERE "
    "attrelid = $2::regclass AND attnum > 0 AND NOT attisdropped) "
    "SELECT o.attname, n.attname, o.number, o.attidentity <> '' AND n.attidentity <> '', o.attgenerated <> '', n.attgenerated <> '', o.attidentity <> '' AND "
    "n.attidentity <> '' AND NOT $3::boolean AND (SELECT (o.attidentity, q.seqstart, q.seqincrement, q.seqcache, q.seqcycle) IS DISTINCT FROM (n.attidentity, r.seqstart, "
    "r.seqincrement, r.seqcache, r.seqcycle) FROM pg_sequence q, pg_sequence r WHERE q.seqrelid = pg_get_serial_sequence($1::text, o.attname)::regclass AND r.seqrelid = "
    "pg_get_serial_sequence($2::text, n.attname)::regclass) FROM o JOIN n ON CASE WHEN $3::boolean THEN o.attname = n.attname ELSE o.number = n.number END ORDER BY "
    "n.number";

static void keep(struct text *text, const struct postgres_store *store, const char *kind, const char *name, const char *value) {
    text_add(text, text->length == 0 ? "INSERT INTO midflight.midflight_kept (migration, kind, name, text) VALUES (" : ",\n(");
    pg_quote_text(text, store->change.name);
    text_addf(text, ", '%s', ", kind);
    pg_quote_text(text, name);
    text_add(text, ", ");
    pg_quote_text(text, value);
    text_add(text, ")");
}

/* "email"::text AS "mail" */
static void list_column(struct text *list, const char *from, const char *casts, const char *to) {
    if (list->length > 0) text_add(list, ", ");
    pg_quote(list, from);
    text_addf(list, "%s AS ", casts == NULL ? "" : casts);
    pg_quote(list, to);
}

static bool is_true(const PGresult *result, int row, int column) {
    return *PQgetvalue(result, row, column) == 't';
}

static bool read_pairs(struct postgres_store *store, const char *old, const char *copy, const char *const *casts, struct text *kept,
                       struct names *identities, struct error *error) {
    struct alter *alter = store->alter;
    RESULT *rows = NULL;
    TEXT forward = {0};
    TEXT backward = {0};
    struct text *lists[] = {&forward, &backward};
    const char *values[] = {old, copy, pg_clause_is_create(store->change.alter_change) ? "true" : "false"};
    if (!pg_query(store->db, column_pairs, NULL, values, 3, &rows, error)) return false;
    alter->count = (size_t)PQntuples(rows);
    alter->pairs = ARENA_ARRAY(store->bound, struct pair, alter->count + 1);
    for (int i = 0; i < PQntuples(rows); i++) {
        struct pair *pair = &alter->pairs[i];
        pair->old = arena_copy(store->bound, PQgetvalue(rows, i, 0));
        pair->new = arena_copy(store->bound, PQgetvalue(rows, i, 1));
        keep(kept, store, "pair", pair->old, pair->new);
        if (!is_true(rows, i, 5)) list_column(lists[FORWARD], pair->old, casts[strtoul(PQgetvalue(rows, i, 2), NULL, 10) - 1], pair->new);
        if (!is_true(rows, i, 4)) list_column(lists[BACKWARD], pair->new, NULL, pair->old);
        if (is_true(rows, i, 6)) return no_identity(pair->new, error);
        if (!is_true(rows, i, 3)) continue;
        names_add(store->bound, identities, pair->new);
        keep(kept, store, "identity", pair->old, pair->new);
    }
    for (int i = 0; i < 2; i++) {
        alter->lists[i] = arena_copy(store->bound, text_get(lists[i]));
        keep(kept, store, "list", direction_name(i), alter->lists[i]);
    }
    return true;
}

/* The entity's key is the old table's identity, under the names that the change gives it. */
static bool read_key(struct postgres_store *store, const struct bound_table *old, struct text *kept, struct error *error) {
    struct alter *alter = store->alter;
    for (size_t k = 0; k < old->identity.count; k++) {
        const char *name = old->identity.items[k], *later = NULL;
        for (size_t i = 0; i < alter->count; i++) {
            if (strcmp(alter->pairs[i].old, name) == 0) later = alter->pairs[i].new;
        }
        if (later == NULL) {
            return error_set(error, ERROR_DEFINITION, "alter.change: it takes away %s, a column of %s's key: keep it, or write the "
                             "migration in the long form", name, store->change.alter_table);
        }
        names_add(store->bound, &alter->keys[SIDE_OLD], name);
        names_add(store->bound, &alter->keys[SIDE_NEW], later);
        keep(kept, store, "key", name, later);
    }
    return true;
}

/* --- from the copy to the new table ----------------------------------------------------------------------------- */

/* An identity column shares the live table's numbers until the exchange gives it the sequence itself. */
static bool share_numbers(struct postgres_store *store, const char *old, const char *copy, const struct names *identities,
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

/* The indexes of the copy $1: those that the copying of rows needs ($2: any key, where there is no primary key) stay. */
#define COPY_INDEXES                                                                                                                    \
    "WITH t AS (SELECT c.* FROM pg_class c WHERE c.oid = $1::regclass), x AS (SELECT i.*, ic.relname, ic.reltablespace, ic.reloptions, "  \
    "k.oid AS constraint, k.contype, k.condeferrable, k.condeferred, t.relkind AS kind, i.indisprimary OR i.indisunique AND i.indpred IS NULL AND "     \
    "i.indexprs IS NULL AND i.indimmediate AND NOT EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = t.oid AND p.indisprimary) AS stays, "   \
    INTERIM("ic.relname", "new") " AS interim FROM pg_index i JOIN t ON i.indrelid = t.oid JOIN pg_class ic ON ic.oid = i.indexrelid LEFT "    \
    "JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') AND k.conrelid = t.oid) "

/* Statements that make the copy's other indexes on the new table $2, which is the copy $1 later. */
static const char later_indexes[] =
    COPY_INDEXES
    "SELECT statement FROM (SELECT indexrelid, 1 AS rank, format('SET LOCAL default_tablespace = %L', (SELECT spcname FROM pg_tablespace s WHERE s.oid = "
    "x.reltablespace)) AS statement FROM x WHERE NOT stays AND reltablespace <> 0 "
    "UNION ALL SELECT indexrelid, 2, format('CREATE %sINDEX %I ON %s%s', CASE WHEN indisunique THEN 'UNIQUE ' ELSE '' END, interim, $2::text, d.tail) FROM x, "
    "LATERAL (SELECT substr(pg_get_indexdef(indexrelid), length(split_part(pg_get_indexdef(indexrelid), format(' %s USING ', $1::text), 1) || format(' %s', "
    "$1::text)) + 1)) AS d (tail) WHERE NOT stays AND (x.constraint IS NULL OR contype IN ('p', 'u') AND kind = 'r') "
    "UNION ALL SELECT indexrelid, 3, CASE WHEN contype IN ('p', 'u') AND kind = 'r' THEN format('ALTER TABLE %s ADD CONSTRAINT %I %s USING INDEX %I%s', "
    "$2::text, interim, CASE contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END, interim, CASE WHEN condeferred THEN ' DEFERRABLE INITIALLY DEFERRED' WHEN "
    "condeferrable THEN ' DEFERRABLE' ELSE '' END) ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', $2::text, interim, "
    "pg_get_constraintdef(x.constraint)) END FROM x WHERE NOT stays AND x.constraint IS NOT NULL "
    "UNION ALL SELECT indexrelid, 4, 'SET LOCAL default_tablespace = DEFAULT' FROM x WHERE NOT stays AND reltablespace <> 0 "
    "UNION ALL SELECT indexrelid, 5, format('ALTER INDEX %I.%I SET (%s)', $3::text, interim, array_to_string(reloptions, ', ')) FROM x WHERE NOT stays AND "
    "reloptions IS NOT NULL AND x.constraint IS NOT NULL "
    "UNION ALL SELECT indexrelid, 5, format('COMMENT ON INDEX %I.%I IS %L', $3::text, interim, obj_description(indexrelid, 'pg_class')) FROM x WHERE NOT stays "
    "AND obj_description(indexrelid, 'pg_class') IS NOT NULL "
    "UNION ALL SELECT indexrelid, 5, format('COMMENT ON CONSTRAINT %I ON %s IS %L', interim, $2::text, obj_description(x.constraint, 'pg_constraint')) FROM x "
    "WHERE NOT stays AND obj_description(x.constraint, 'pg_constraint') IS NOT NULL "
    "UNION ALL SELECT indexrelid, 5, format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', $3::text, interim, attnum, attstattarget) FROM x JOIN "
    "pg_attribute a ON a.attrelid = indexrelid WHERE NOT stays AND attstattarget >= 0 "
    "UNION ALL SELECT indexrelid, 6, format('ALTER TABLE %s CLUSTER ON %I', $2::text, interim) FROM x WHERE NOT stays AND indisclustered "
    "UNION ALL SELECT indexrelid, 6, format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', $2::text, interim) FROM x WHERE NOT stays AND indisreplident "
    ") AS statements ORDER BY indexrelid, rank";

/* Statements that move the copy $1 with all it has into schema $2, as $3, owned by $4; and take away what is made later. */
static const char move_statements[] =
    COPY_INDEXES
    ", parts AS (SELECT c.relname, format('%I.%I', 'midflight', c.relname) AS here, to_regclass(format('%I.%I', $2::text, c.relname)) IS NOT NULL AS taken, "
    INTERIM("c.relname", "new") " AS interim, p.level FROM pg_partition_tree($1::regclass) p JOIN pg_class c ON c.oid = p.relid WHERE p.level > 0) "
    "SELECT statement FROM ("
    "SELECT 1 AS rank, oid AS place, format('ALTER TABLE %s DROP CONSTRAINT %I', $1::text, conname) AS statement FROM pg_constraint WHERE conrelid = "
    "$1::regclass AND contype = 'c' AND obj_description(oid, 'pg_constraint') LIKE 'midflight foreign key %' OR conrelid = $1::regclass AND contype = 'f' AND confrelid = "
    "conrelid "
    "UNION ALL SELECT 2, indexrelid, CASE WHEN x.constraint IS NULL THEN format('DROP INDEX midflight.%I', relname) ELSE format('ALTER TABLE %s DROP "
    "CONSTRAINT %I', $1::text, relname) END FROM x WHERE NOT stays "
    "UNION ALL SELECT 3, indexrelid, format('ALTER INDEX midflight.%I RENAME TO %I', relname, interim) FROM x WHERE stays "
    "UNION ALL SELECT 3, ic.oid, format('ALTER INDEX midflight.%I RENAME TO %I', ic.relname, " INTERIM("ic.relname", "new") ") FROM x JOIN pg_partition_tree(x.indexrelid) "
    "p ON p.level > 0 JOIN pg_class ic ON ic.oid = p.relid WHERE stays "
    "UNION ALL SELECT 4, s.oid, format('ALTER STATISTICS midflight.%I RENAME TO %I', stxname, " INTERIM("stxname", "new") ") FROM pg_statistic_ext s WHERE "
    "stxrelid = $1::regclass "
    "UNION ALL SELECT 5, s.oid, format('ALTER STATISTICS midflight.%I SET SCHEMA %I', " INTERIM("stxname", "new") ", $2::text) FROM pg_statistic_ext s WHERE "
    "stxrelid = $1::regclass "
    "UNION ALL SELECT 6, 0, format('ALTER TABLE %s RENAME TO %I', here, interim) FROM parts WHERE taken "
    "UNION ALL SELECT 7, 0, format('ALTER TABLE midflight.%I SET SCHEMA %I', CASE WHEN taken THEN interim ELSE relname END, $2::text) FROM parts "
    "UNION ALL SELECT 8, 0, format('ALTER TABLE %s RENAME TO %I', $1::text, $3::text) "
    "UNION ALL SELECT 9, 0, format('ALTER TABLE midflight.%I SET SCHEMA %I', $3::text, $2::text) "
    "UNION ALL SELECT 10, 0, format('ALTER TABLE %I.%I OWNER TO %I', $2::text, $3::text, $4::text) WHERE $4::text <> current_user "
    ") AS statements ORDER BY rank, place";

/* The names that the new side's things get at the exchange, by those that they bear until then. */
static const char interim_names[] =
    COPY_INDEXES
    "SELECT 'name', interim, relname FROM x UNION ALL SELECT 'name', " INTERIM("stxname", "new") ", stxname FROM pg_statistic_ext WHERE stxrelid = $1::regclass "
    "UNION ALL SELECT 'name', " INTERIM("c.relname", "new") ", c.relname FROM pg_partition_tree($1::regclass) p JOIN pg_class c ON c.oid = p.relid WHERE p.level > 0 "
    "UNION ALL SELECT 'name', " INTERIM("ic.relname", "new") ", ic.relname FROM x JOIN pg_partition_tree(x.indexrelid) p ON p.level > 0 JOIN pg_class ic ON ic.oid = p.relid "
    "WHERE stays "
    "UNION ALL SELECT 'removed index', c.relname, '' FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $2::regclass AND NOT EXISTS "
    "(SELECT 1 FROM x WHERE x.relname = c.relname) "
    "UNION ALL SELECT 'removed foreign key', conname, '' FROM pg_constraint o WHERE conrelid = $2::regclass AND contype = 'f' AND NOT EXISTS (SELECT 1 FROM "
    "pg_constraint k WHERE k.conrelid = $1::regclass AND obj_description(k.oid, 'pg_constraint') = 'midflight foreign key ' || o.conname) "
    "UNION ALL SELECT 'row security', CASE WHEN o.relrowsecurity THEN 'removed' ELSE 'added' END, '' FROM pg_class o JOIN pg_class n ON o.relrowsecurity <> "
    "n.relrowsecurity WHERE o.oid = $2::regclass AND n.oid = $1::regclass "
    /* Foreign keys that the change left, by the names that it gave them; and those that it makes, of the table to itself. */
    "UNION ALL SELECT 'foreign key', substr(obj_description(oid, 'pg_constraint'), length('midflight foreign key ') + 1), conname FROM pg_constraint WHERE "
    "conrelid = $1::regclass AND contype = 'c' AND obj_description(oid, 'pg_constraint') LIKE 'midflight foreign key %' "
    "UNION ALL SELECT 'added foreign key', conname, '' FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'f' "
    "UNION ALL SELECT 'own foreign key', conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'f' AND "
    "confrelid = conrelid";

static bool keep_names(struct postgres_store *store, const char *old, const char *copy, struct text *kept, struct error *error) {
    RESULT *rows = NULL;
    const char *values[] = {copy, old};
    if (!pg_query(store->db, interim_names, NULL, values, 2, &rows, error)) return false;
    for (int i = 0; i < PQntuples(rows); i++) {
        const char *kind = PQgetvalue(rows, i, 0);
        /* Who may read which row is no part of a CREATE TABLE. */
        if (strcmp(kind, "row security") == 0 && pg_clause_is_create(store->change.alter_change)) continue;
        keep(kept, store, kind, PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2));
    }
    return true;
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

static bool there(struct postgres_store *store, const char *table, bool *ret, struct error *error) {
    const char *found = NULL;
    if (!pg_text(store->db, "SELECT to_regclass($1)::text", table, store->bound, &found, error)) return false;
    *ret = found != NULL;
    return true;
}

/* The copy, changed. */
static bool make_copy(struct postgres_store *store, const char *old, const char *copy, const char **casts, size_t columns,
                      struct text *script, struct error *error) {
    bool made;
    text_add(script, schema_there);
    if (!pg_script(store->db, text_get(script), NULL, error) || !pg_script(store->db, "SET LOCAL lock_timeout = '100ms'", NULL, error)) return false;
    if (pg_clause_is_create(store->change.alter_change)) {
        if (!run_create(store, script, error) || !there(store, copy, &made, error)) return false;
        return made || error_set(error, ERROR_DEFINITION, "alter.change: it does not create table %s", store->change.alter_table);
    }
    const char *values[] = {old};
    return run_each(store, copy_statements, values, 1, script, error) && run_each(store, copy_partitions, values, 1, script, error) &&
           run_each(store, copy_indexes, values, 1, script, error) && run_clauses(store, copy, casts, columns, script, error) &&
           there(store, copy, &made, error) &&
           (made || error_set(error, ERROR_DEFINITION, "alter.change: the table keeps its name and its schema: leave RENAME TO and "
                                                       "SET SCHEMA out"));
}

/* What makes the indexes later, in one script. */
static bool read_indexes(struct postgres_store *store, const char *copy, const char *waiting, struct error *error) {
    RESULT *rows = NULL;
    TEXT text = {0};
    const char *values[] = {copy, waiting, store->alter->schema};
    if (!pg_alter_whole_names(store, error) || !pg_query(store->db, later_indexes, NULL, values, 3, &rows, error) ||
        !pg_alter_own_names(store, error)) {
        return false;
    }
    for (int i = 0; i < PQntuples(rows); i++) text_addf(&text, "%s;\n", PQgetvalue(rows, i, 0));
    store->alter->index = PQntuples(rows) == 0 ? NULL : arena_copy(store->bound, text_get(&text));
    return true;
}

static bool whole_name(struct postgres_store *store, const char *schema, const char *name, const char **ret, struct error *error) {
    RESULT *result = NULL;
    const char *values[] = {schema, name};
    if (!pg_query(store->db, "SELECT format('%I.%I', $1::text, $2::text)", NULL, values, 2, &result, error)) return false;
    *ret = arena_copy(store->bound, PQgetvalue(result, 0, 0));
    return true;
}

static bool describe(struct postgres_store *store, const struct bound_table *table, struct text *script, struct text *kept,
                     struct error *error) {
    struct alter *alter = store->alter;
    const char *old = NULL, *copy = NULL, *waiting = NULL, *owner = NULL;
    const char **casts = ARENA_ARRAY(store->bound, const char *, table->column_count + 1);
    const char *waits = pg_alter_waiting_name(store, SIDE_NEW);
    struct names identities = {0};
    if (!whole_name(store, alter->schema, table->physical, &old, error) ||
        !whole_name(store, "midflight", table->physical, &copy, error) ||
        !whole_name(store, alter->schema, waits, &waiting, error) ||
        !pg_text(store->db, "SELECT relowner::regrole::text FROM pg_class WHERE oid = $1::regclass", old, store->bound, &owner, error) ||
        !make_copy(store, old, copy, casts, table->column_count, script, error) ||
        !read_pairs(store, old, copy, casts, kept, &identities, error) || !read_key(store, table, kept, error) ||
        !share_numbers(store, old, copy, &identities, script, error) || !keep_names(store, old, copy, kept, error) ||
        !read_indexes(store, copy, waiting, error)) {
        return false;
    }
    const char *values[] = {copy, alter->schema, waits, owner};
    return run_each(store, move_statements, values, 4, script, error);
}

/* Tried in a transaction that is undone. */
static bool derive(struct postgres_store *store, struct error *error) {
    struct alter *alter = store->alter;
    struct table table = {.name = store->change.alter_table};
    struct bound_table bound;
    TEXT script = {0};
    TEXT kept = {0};
    if (!pg_catalog_table(store->db, &table, NULL, store->bound, &bound, error)) return error_prefix(error, "alter");
    alter->schema = bound.schema;
    if (!pg_script(store->db, "SAVEPOINT alter", NULL, error) || !describe(store, &bound, &script, &kept, error) ||
        !pg_script(store->db, "ROLLBACK TO alter", NULL, error)) {
        return false;
    }
    keep(&kept, store, "schema", "", alter->schema);
    if (alter->index != NULL) keep(&kept, store, "index", "", alter->index);
    alter->create = arena_copy(store->bound, text_get(&script));
    alter->keep = arena_copy(store->bound, text_get(&kept));
    return true;
}

static void take_kept(struct postgres_store *store, const char *kind, const char *name, const char *text) {
    struct alter *alter = store->alter;
    if (strcmp(kind, "pair") == 0) alter->pairs[alter->count++] = (struct pair){name, text};
    if (strcmp(kind, "key") == 0) names_add(store->bound, &alter->keys[SIDE_OLD], name), names_add(store->bound, &alter->keys[SIDE_NEW], text);
    if (strcmp(kind, "list") == 0) alter->lists[strcmp(name, direction_name(FORWARD)) == 0 ? FORWARD : BACKWARD] = text;
    if (strcmp(kind, "schema") == 0) alter->schema = text;
    if (strcmp(kind, "index") == 0) alter->index = text;
}

/* As it was when the new table was made. */
static bool recall(struct postgres_store *store, struct error *error) {
    RESULT *rows = NULL;
    const char *values[] = {store->change.name};
    if (!pg_query(store->db, "SELECT kind, name, text FROM midflight.midflight_kept WHERE migration = $1::text ORDER BY place", NULL, values, 1,
                  &rows, error)) {
        return false;
    }
    store->alter->pairs = ARENA_ARRAY(store->bound, struct pair, (size_t)PQntuples(rows) + 1);
    for (int i = 0; i < PQntuples(rows); i++) {
        take_kept(store, PQgetvalue(rows, i, 0), arena_copy(store->bound, PQgetvalue(rows, i, 1)),
                  arena_copy(store->bound, PQgetvalue(rows, i, 2)));
    }
    return true;
}

static void set_shapes(struct postgres_store *store) {
    const char *table = store->change.alter_table;
    const char *names[] = {store->standing.swapped ? pg_alter_waiting_name(store, SIDE_OLD) : table,
                           store->standing.swapped ? table : pg_alter_waiting_name(store, SIDE_NEW)};
    for (int side = 0; side < 2; side++) {
        struct table *one = ARENA_ARRAY(store->bound, struct table, 1);
        *one = (struct table){names[side], store->alter->keys[side]};
        store->change.shapes[side] = (struct shape){one, 1};
    }
}

/* SELECT "id" AS "id", ... FROM "customers" */
static void set_mappings(struct postgres_store *store) {
    for (int direction = 0; direction < 2; direction++) {
        TEXT sql = {0};
        text_addf(&sql, "SELECT %s FROM ", store->alter->lists[direction]);
        pg_quote(&sql, store->change.shapes[leader_of(direction)].tables[0].name);
        struct query *query = ARENA_ARRAY(store->bound, struct query, 1);
        *query = (struct query){store->change.shapes[follower_of(direction)].tables[0].name, arena_copy(store->bound, text_get(&sql))};
        store->change.mappings[direction] = (struct mapping){query, 1};
    }
}

bool pg_alter_bind(struct postgres_store *store, struct error *error) {
    struct alter *alter = store->alter = ARENA_ARRAY(store->bound, struct alter, 1);
    const char *path = NULL;
    if (!pg_text(store->db, "SELECT 'SET LOCAL search_path = ' || current_setting('search_path')", NULL, store->bound, &path, error)) return false;
    alter->path = path;
    if (store->standing.made ? !recall(store, error) : !store->standing.names_only && !derive(store, error)) return false;
    if (store->standing.names_only) memset(alter->keys, 0, sizeof alter->keys);
    set_shapes(store);
    if (store->standing.names_only) return true;
    set_mappings(store);
    store->change.create = alter->create;
    store->change.index = alter->index;
    return true;
}
