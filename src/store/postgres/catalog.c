#include "store/postgres/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "store/postgres/state.h"
#include "store/sql/catalog.h"

static bool is_true(const PGresult *result, int row, int column) {
    return strcmp(PQgetvalue(result, row, column), "t") == 0;
}

/* --- tables --------------------------------------------------------------------------------------------------- */

/* Triggers, and what becomes of a table in the end, are its owner's affair. */
static bool check_rights(const char *name, const PGresult *result, struct error *error) {
    const char *role = PQgetvalue(result, 0, 4);
    if (!is_true(result, 0, 2)) {
        return error_set(error, ERROR_REFUSED, "role %s does not own table %s: connect as its owner, or as a member of the role "
                                               "that owns it", role, name);
    }
    if (!is_true(result, 0, 3)) return true;
    return error_set(error, ERROR_REFUSED, "table %s forces row security upon its owner, and may hide rows from role %s: connect "
                                           "as a role with BYPASSRLS, or ALTER TABLE %s NO FORCE ROW LEVEL SECURITY", name, role, name);
}

/* The schema in which the search path finds the table. */
static bool read_schema(PGconn *db, const char *name, struct arena *arena, struct bound_table *table,
                        struct error *error) {
    RESULT *result = NULL;
    if (!pg_query(db,
                  "SELECT n.nspname, c.relkind, pg_has_role(c.relowner, 'USAGE'), c.relrowsecurity AND c.relforcerowsecurity AND "
                  "NOT r.rolbypassrls AND NOT r.rolsuper, current_user, c.relhasrules FROM pg_class c JOIN pg_namespace n ON n.oid = "
                  "c.relnamespace JOIN pg_roles r ON r.rolname = current_user "
                  "WHERE c.relname = $1 AND pg_table_is_visible(c.oid)",
                  NULL, &name, 1, &result, error)) {
        return false;
    }
    if (PQntuples(result) == 0) {
        return error_set(error, ERROR_DEFINITION, "there is no table %s on the search path: name one that exists", name);
    }
    table->schema = arena_copy(arena, PQgetvalue(result, 0, 0));
    table->ruled = is_true(result, 0, 5);
    const char *kind = PQgetvalue(result, 0, 1);
    if (*kind == 'r' || *kind == 'p') return check_rights(name, result, error);
    return error_set(error, ERROR_DEFINITION,
                     "%s is a %s: PostgreSQL runs no row triggers for it, so writes could not be followed. Name the tables "
                     "behind it", name, *kind == 'v' ? "view" : *kind == 'f' ? "foreign table" : "materialized view");
}

/* A cast to varchar(10) would cut silently what an assignment refuses: such types are named without their length. */
static bool read_columns(PGconn *db, const char *name, struct arena *arena, struct bound_table *table,
                         struct error *error) {
    RESULT *result = NULL;
    const char *values[] = {name, table->schema};
    if (!pg_query(db,
                  "SELECT a.attname, format_type(a.atttypid, CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype, "
                  "'bit'::regtype, 'varbit'::regtype) THEN -1 ELSE a.atttypmod END), a.attnotnull, "
                  "a.atthasdef OR a.attidentity <> '', a.attgenerated <> '', "
                  "a.atttypid IN ('numeric'::regtype, 'real'::regtype, 'double precision'::regtype, 'interval'::regtype, "
                  "'bpchar'::regtype) OR t.typname = 'citext' OR NOT coalesce(l.collisdeterministic, true) "
                  "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
                  "JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation l ON l.oid = a.attcollation "
                  "WHERE c.relname = $1 AND n.nspname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
                  NULL, values, 2, &result, error)) {
        return false;
    }
    table->column_count = (size_t)PQntuples(result);
    table->columns = ARENA_ARRAY(arena, struct column, table->column_count);
    for (int i = 0; i < PQntuples(result); i++) {
        table->columns[i] = (struct column){.name = arena_copy(arena, PQgetvalue(result, i, 0)),
                                            .declared = arena_copy(arena, PQgetvalue(result, i, 1)),
                                            .not_null = is_true(result, i, 2),
                                            .has_default = is_true(result, i, 3),
                                            .generated = is_true(result, i, 4),
                                            .folded = is_true(result, i, 5)};
    }
    return true;
}

/* Rows (which, column) in the order of both. */
static void take_uniques(const PGresult *result, struct arena *arena, struct bound_table *table) {
    for (int i = 0; i < PQntuples(result); i++) {
        bool first = i == 0 || strcmp(PQgetvalue(result, i, 0), PQgetvalue(result, i - 1, 0)) != 0;
        if (first) table->unique_count++;
        names_add(arena, &table->uniques[table->unique_count - 1], arena_copy(arena, PQgetvalue(result, i, 1)));
    }
}

/* Every plain unique index, the primary key's first: not partial, not over expressions, not deferrable. */
static bool read_uniques(PGconn *db, const char *name, const char *migration, struct arena *arena, struct bound_table *table,
                         struct error *error) {
    RESULT *result = NULL;
    RESULT *late = NULL;
    const char *values[] = {name, table->schema};
    if (!pg_query(db,
                  "SELECT i.indexrelid, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
                  "JOIN pg_namespace n ON n.oid = c.relnamespace, "
                  "unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k(number, place) "
                  "JOIN pg_attribute a ON a.attnum = k.number "
                  "WHERE c.relname = $1 AND n.nspname = $2 AND a.attrelid = c.oid AND i.indisunique AND i.indisvalid "
                  "AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL "
                  "ORDER BY i.indisprimary DESC, i.indexrelid, k.place",
                  NULL, values, 2, &result, error)) {
        return false;
    }
    if (migration != NULL && !pg_late_uniques(db, migration, table->schema, name, &late, error)) return false;
    table->uniques = ARENA_ARRAY(arena, struct names, (size_t)(PQntuples(result) + PQntuples(late)));
    take_uniques(late, arena, table); /* the primary key's, if it is one of them, is the first */
    take_uniques(result, arena, table);
    return true;
}

/* Says of a table without identity that it has one which does not count. */
static bool deferrable_fail(PGconn *db, const struct bound_table *table, struct arena *arena, struct error *error) {
    const char *found = NULL;
    struct error ignored; /* the table's own fault is to be told */
    TEXT name = {0};
    pg_dialect.table(&name, table);
    if (!pg_text(db, "SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'u') AND condeferrable",
                 text_get(&name), arena, &found, &ignored) || found == NULL) {
        return false;
    }
    return error_set(error, ERROR_DEFINITION,
                     "table %s: its constraint %s is DEFERRABLE, so two rows may bear one key for a while and could not be told "
                     "apart: make it NOT DEFERRABLE, or add a unique index", table->physical, found);
}

bool pg_catalog_table(PGconn *db, const struct table *table, const char *migration, struct arena *arena,
                      struct bound_table *ret, struct error *error) {
    struct bound_table bound = {.table = table, .physical = table->name};
    if (!read_schema(db, table->name, arena, &bound, error) || !read_columns(db, table->name, arena, &bound, error) ||
        !read_uniques(db, table->name, migration, arena, &bound, error)) {
        return false;
    }
    if (!sql_table_finish(&bound, error)) return deferrable_fail(db, &bound, arena, error);
    *ret = bound;
    return true;
}

/* --- flows ---------------------------------------------------------------------------------------------------- */

/* The query without the semicolon and what is blank after it: it will stand in parentheses. */
static const char *trimmed(const char *sql, struct arena *arena) {
    size_t length = strlen(sql);
    while (length > 0 && strchr("; \t\r\n", sql[length - 1]) != NULL) length--;
    return arena_copy_n(arena, sql, length);
}

/* Which columns of which tables a view reads; attname is NULL where it reads a table without naming a column. */
static const char depends[] =
    "SELECT DISTINCT c.relname, n.nspname, a.attname FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid AND d.classid = "
    "'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass JOIN pg_class c ON c.oid = d.refobjid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = "
    "d.refobjsubid AND d.refobjsubid > 0 WHERE r.ev_class = 'pg_temp.midflight_probe'::regclass AND d.refobjid <> r.ev_class";

static bool probe(PGconn *db, const char *with, const char *sql, const char *what, PGresult **ret,
                  struct error *error) {
    TEXT view = {0};
    text_addf(&view, "CREATE TEMPORARY VIEW midflight_probe AS %sSELECT * FROM (%s\n) AS midflight_query", with, sql);
    /* As one statement with no values: libpq's protocol takes no second one. */
    if (!pg_query(db, text_get(&view), what, NULL, 0, NULL, error)) {
        if (error->code == ERROR_SCHEMA || error->code == ERROR_ROWS) error->code = ERROR_DEFINITION;
        return false;
    }
    return pg_query(db, depends, NULL, NULL, 0, ret, error);
}

static bool is_table(const struct bound_table *table, const PGresult *result, int row) {
    return strcmp(table->physical, PQgetvalue(result, row, 0)) == 0 && strcmp(table->schema, PQgetvalue(result, row, 1)) == 0;
}

typedef bool take_flow(PGconn *db, const char *what, struct flow *flow, struct arena *arena, struct error *error);

static void note_read(struct flow *flow, struct names *reads, const PGresult *result, int row, struct arena *arena) {
    const char *column = result_text(result, row, 2);
    for (size_t i = 0; i < flow->leader_count; i++) {
        const struct bound_table *leader = &flow->leaders[i];
        if (!is_table(leader, result, row)) continue;
        /* "SELECT count(*) FROM t" reads t but none of its columns: follow all of it. */
        for (size_t c = 0; c < leader->column_count; c++) {
            const char *name = leader->columns[c].name;
            if ((column == NULL || strcmp(column, name) == 0) && !names_have(&reads[i], name)) names_add(arena, &reads[i], name);
        }
        return;
    }
    names_add(arena, &flow->others, arena_copy(arena, PQgetvalue(result, row, 0)));
}

/* WITH "customers" AS (SELECT NULL::bigint AS "id", ...): a query that reads a leader past these names it by its schema. */
static bool refuse_whole_names(PGconn *db, const struct flow *flow, const char *what, struct error *error) {
    TEXT with = {0};
    RESULT *result = NULL;
    for (size_t i = 0; i < flow->leader_count; i++) {
        text_add(&with, i == 0 ? "WITH " : ", ");
        pg_quote(&with, flow->leaders[i].physical);
        text_add(&with, " AS (SELECT ");
        for (size_t c = 0; c < flow->leaders[i].column_count; c++) {
            text_addf(&with, "%sNULL::%s AS ", c > 0 ? ", " : "", flow->leaders[i].columns[c].declared);
            pg_quote(&with, flow->leaders[i].columns[c].name);
        }
        text_add(&with, ")");
    }
    text_add(&with, " ");
    if (!pg_script(db, "DROP VIEW IF EXISTS pg_temp.midflight_probe", NULL, error) ||
        !probe(db, text_get(&with), flow->sql, what, &result, error)) {
        return false;
    }
    for (int row = 0; row < PQntuples(result); row++) {
        for (size_t i = 0; i < flow->leader_count; i++) {
            if (!is_table(&flow->leaders[i], result, row)) continue;
            return error_set(error, ERROR_DEFINITION, "%s names table %s with its schema, or reads it through a view: write "
                             "%s alone, so that the query can be put to single entities", what, flow->leaders[i].physical,
                             flow->leaders[i].physical);
        }
    }
    return true;
}

static bool take_columns(PGconn *db, const char *what, struct flow *flow, struct arena *arena, struct error *error) {
    RESULT *result = NULL;
    if (!pg_query(db,
                  "SELECT attname FROM pg_attribute WHERE attrelid = 'pg_temp.midflight_probe'::regclass AND attnum > 0 "
                  "ORDER BY attnum", NULL, NULL, 0, &result, error)) {
        return false;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        if (!sql_flow_yield(flow, what, PQgetvalue(result, i, 0), arena, error)) return false;
    }
    return true;
}

/* What the query reads and yields: `take` says what its columns are. */
static bool read_flow(PGconn *db, const char *what, struct flow *flow, struct names *reads, take_flow *take, struct arena *arena,
                      struct error *error) {
    RESULT *result = NULL;
    flow->reads = reads;
    if (!pg_script(db, "DROP VIEW IF EXISTS pg_temp.midflight_probe", NULL, error) || !probe(db, "", flow->sql, what, &result, error)) {
        return false;
    }
    for (int row = 0; row < PQntuples(result); row++) note_read(flow, reads, result, row, arena);
    return take(db, what, flow, arena, error) && refuse_whole_names(db, flow, what, error);
}

static bool take_target(PGconn *db, const char *what, struct flow *flow, struct arena *arena, struct error *error) {
    return take_columns(db, what, flow, arena, error) && sql_flow_finish(flow, what, arena, error);
}

/* The target is made of what is yielded. */
static bool take_yield(PGconn *db, const char *what, struct flow *flow, struct arena *arena, struct error *error) {
    struct bound_table *target = ARENA_ARRAY(arena, struct bound_table, 1);
    RESULT *result = NULL;
    (void)what;
    if (!pg_query(db,
                  "SELECT attname, CASE WHEN typtype = 'd' THEN format_type(typbasetype, typtypmod) ELSE format_type(atttypid, atttypmod) END "
                  "FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid WHERE attrelid = 'pg_temp.midflight_probe'::regclass AND attnum > 0 "
                  "ORDER BY attnum", NULL, NULL, 0, &result, error)) {
        return false;
    }
    *target = *flow->target;
    target->column_count = (size_t)PQntuples(result);
    target->columns = ARENA_ARRAY(arena, struct column, target->column_count);
    for (int i = 0; i < PQntuples(result); i++) {
        target->columns[i] = (struct column){.name = arena_copy(arena, PQgetvalue(result, i, 0)),
                                             .declared = arena_copy(arena, PQgetvalue(result, i, 1))};
        names_add(arena, &flow->yielded, target->columns[i].name);
    }
    flow->target = target;
    return true;
}

bool pg_catalog_flow(PGconn *db, const struct query *query, enum direction direction, const struct bound_table *leaders,
                     size_t leader_count, const struct bound_table *target, struct arena *arena, struct flow *ret,
                     struct error *error) {
    const char *what = arena_format(arena, "%s.%s", direction_name(direction), query->table);
    struct flow flow = {.target = target, .leaders = leaders, .leader_count = leader_count, .sql = trimmed(query->sql, arena)};
    if (!read_flow(db, what, &flow, ARENA_ARRAY(arena, struct names, leader_count), take_target, arena, error)) return false;
    *ret = flow;
    return true;
}

bool pg_catalog_yield(PGconn *db, const struct query *query, enum direction direction, const struct bound_table *leaders,
                      size_t leader_count, const struct table *table, struct arena *arena, struct flow *ret, struct error *error) {
    const char *what = arena_format(arena, "%s.%s", direction_name(direction), query->table);
    const struct bound_table target = {.table = table, .physical = table->name};
    struct flow flow = {.target = &target, .leaders = leaders, .leader_count = leader_count, .sql = trimmed(query->sql, arena)};
    if (!read_flow(db, what, &flow, ARENA_ARRAY(arena, struct names, leader_count), take_yield, arena, error)) return false;
    *ret = flow;
    return true;
}
