/* Views that read a table whose name goes to another one. A view's columns keep their types, as a rule: then CREATE OR REPLACE
 * points it to the other table, and whatever reads the view, or has rights on it, is not touched. Where a type changes the view is
 * made anew, and so is what reads it. */
#include "store/postgres/dependants.h"

#include <stdlib.h>
#include <string.h>

static const char reading_views[] =
    "WITH RECURSIVE d AS (SELECT DISTINCT r.ev_class AS reader, d.refobjid AS read FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class c ON c.oid = "
    "r.ev_class WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class AND r.rulename = '_RETURN'), "
    "v AS (SELECT reader, 1 AS level FROM d WHERE read = $1::regclass UNION SELECT d.reader, v.level + 1 FROM v JOIN d ON d.read = v.reader) "
    "SELECT c.oid, c.oid::regclass::text, c.relkind = 'm', bool_or(EXISTS (SELECT 1 FROM d WHERE d.reader = c.oid AND d.read = $1::regclass)), "
    "concat(c.oid::regclass::text, ' WITH (' || (SELECT string_agg(format('%I = %L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), "
    "', ') FROM unnest(c.reloptions) o) || ')'), rtrim(pg_get_viewdef(c.oid), ';') FROM v JOIN pg_class c ON c.oid = v.reader GROUP BY c.oid, c.relkind, "
    "c.reloptions ORDER BY max(v.level), c.oid";

/* What CREATE VIEW does not say. */
static const char view_dress[] =
    "SELECT statement FROM (SELECT 1 AS rank, format('ALTER VIEW %s OWNER TO %I', c.oid::regclass, pg_get_userbyid(relowner)) AS statement FROM pg_class c WHERE oid "
    "= $1::regclass AND pg_get_userbyid(relowner) <> current_user "
    "UNION ALL SELECT 2, CASE WHEN objsubid = 0 THEN format('COMMENT ON VIEW %s IS %L', objoid::regclass, description) ELSE format('COMMENT ON COLUMN %s.%I IS %L', "
    "objoid::regclass, attname, description) END FROM pg_description LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND objsubid > 0 WHERE objoid = "
    "$1::regclass AND classoid = 'pg_class'::regclass "
    "UNION ALL SELECT 3, format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', adrelid::regclass, attname, pg_get_expr(adbin, adrelid)) FROM pg_attrdef JOIN "
    "pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE adrelid = $1::regclass "
    "UNION ALL SELECT 4, pg_get_ruledef(oid) FROM pg_rewrite WHERE ev_class = $1::regclass AND rulename <> '_RETURN' "
    "UNION ALL SELECT 5, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal "
    ") AS statements ORDER BY rank";

static bool read_dress(struct postgres_store *store, struct view *view, struct error *error) {
    RESULT *rows = NULL;
    struct names statements = {0};
    if (!pg_alter_rows(store, view_dress, &view->name, 1, &rows, error)) return false;
    for (int row = 0; row < PQntuples(rows); row++) names_add(store->bound, &statements, arena_copy(store->bound, PQgetvalue(rows, row, 0)));
    if (!pg_dependants_rights(store, view->name, view->name, view->name, &statements, error)) return false;
    view->dress = pg_dependants_script(store, &statements);
    return true;
}

bool pg_views_read(struct postgres_store *store, const struct exchange *exchange, struct views *ret, struct error *error) {
    RESULT *rows = NULL;
    if (!pg_alter_rows(store, reading_views, &exchange->bearer, 1, &rows, error)) return false;
    *ret = (struct views){ARENA_ARRAY(store->bound, struct view, (size_t)PQntuples(rows) + 1), (size_t)PQntuples(rows)};
    for (int row = 0; row < PQntuples(rows); row++) {
        struct view *view = &ret->items[row];
        *view = (struct view){.oid = (unsigned)strtoul(PQgetvalue(rows, row, 0), NULL, 10),
                              .name = arena_copy(store->bound, PQgetvalue(rows, row, 1)),
                              .stored = *PQgetvalue(rows, row, 2) == 't',
                              .direct = *PQgetvalue(rows, row, 3) == 't',
                              .definition = arena_copy(store->bound, PQgetvalue(rows, row, 5))};
        view->create = arena_format(store->bound, "%s AS %s", PQgetvalue(rows, row, 4), view->definition);
        if (!view->stored && !read_dress(store, view, error)) return false;
    }
    return true;
}

/* Does it read one that was made anew, by its oid of before? */
static bool reads_moved(struct postgres_store *store, const struct views *views, const struct view *view, bool *ret, struct error *error) {
    TEXT sql = {0};
    int64_t found = 0;
    for (size_t i = 0; i < views->count; i++) {
        if (views->items[i].moved) text_addf(&sql, "%s%u", sql.length == 0 ? "" : ", ", views->items[i].oid);
    }
    *ret = false;
    if (sql.length == 0) return true;
    const char *query = arena_format(store->bound,
                                     "SELECT count(*) FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid WHERE r.ev_class = %u AND d.classid = "
                                     "'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid IN (%s)",
                                     view->oid, text_get(&sql));
    if (!pg_integer(store->db, query, &found, error)) return false;
    *ret = found > 0;
    return true;
}

#define ASIDE "midflight_aside_%u"

/* Under another name until nothing reads it any more. */
static bool make_anew(struct postgres_store *store, struct view *view, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "ALTER VIEW %s RENAME TO " ASIDE ";\nCREATE VIEW %s;\n%s", view->name, view->oid, view->create, view->dress);
    view->moved = true;
    return pg_script(store->db, text_get(&sql), NULL, error) || error_prefix(error, "view %s", view->name);
}

static bool redirect(struct postgres_store *store, struct view *view, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "SAVEPOINT view;\nCREATE OR REPLACE VIEW %s", view->create);
    if (pg_script(store->db, text_get(&sql), NULL, error)) return pg_script(store->db, "RELEASE view", NULL, error);
    struct error undo;
    if (error->code != ERROR_SCHEMA || !pg_script(store->db, "ROLLBACK TO view", NULL, &undo)) return error_prefix(error, "view %s", view->name);
    return make_anew(store, view, error);
}

static bool drop_aside(struct postgres_store *store, const struct views *views, struct error *error) {
    for (size_t i = views->count; i-- > 0;) {
        const struct view *view = &views->items[i];
        TEXT sql = {0};
        if (!view->moved) continue;
        text_addf(&sql, "DO $midflight$ BEGIN EXECUTE 'DROP VIEW ' || %u::regclass; END $midflight$", view->oid);
        if (!pg_script(store->db, text_get(&sql), NULL, error)) {
            return error_prefix(error, "view %s, of which a column changes its type, is used by something that cannot be made anew (drop "
                                       "that for the time being)", view->name);
        }
    }
    return true;
}

bool pg_views_redirect(struct postgres_store *store, struct views *views, struct error *error) {
    for (size_t i = 0; i < views->count; i++) {
        struct view *view = &views->items[i];
        bool anew = false;
        if (!reads_moved(store, views, view, &anew, error)) return false;
        if (view->stored) {
            if (!anew) continue;
            return error_set(error, ERROR_REFUSED, "materialized view %s reads a view of which a column changes its type: drop it for the "
                             "time being, and create it again afterwards", view->name);
        }
        if (anew ? !make_anew(store, view, error) : view->direct && !redirect(store, view, error)) return false;
    }
    return drop_aside(store, views, error);
}
