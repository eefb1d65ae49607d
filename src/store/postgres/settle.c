/* What follows an exchange, while everybody works on: foreign keys are checked, and materialized views are built over the table
 * that has the name now. Until then those hold what they held, and a REFRESH reads the table that follows. */
#include "store/postgres/dependants.h"

#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"

/* --- foreign keys ----------------------------------------------------------------------------------------------- */

static bool forget(struct postgres_store *store, const char *kind, const char *name, const char *text, struct error *error) {
    const char *values[] = {store->change.name, kind, name, text};
    return pg_query(store->db,
                    "DELETE FROM midflight.midflight_kept WHERE migration = $1 AND kind = $2 AND name = $3 AND ($4::text IS NULL OR "
                    "text = $4)", NULL, values, 4, NULL, error);
}

static const char unchecked[] =
    "SELECT m.name, m.text, format('ALTER TABLE %s VALIDATE CONSTRAINT %I', m.name, m.text), EXISTS (SELECT 1 FROM "
    "pg_constraint k WHERE k.conrelid = to_regclass(m.name) AND k.conname = m.text AND NOT k.convalidated) FROM "
    "midflight.midflight_kept m WHERE m.migration = $1::text AND m.kind = 'validate' ORDER BY m.place";

/* Each takes no lock that a writer would wait for. */
static bool check_foreign_keys(struct postgres_store *store, struct error *error) {
    RESULT *rows = NULL;
    if (!pg_query(store->db, unchecked, NULL, &store->change.name, 1, &rows, error)) return false;
    for (int row = 0; row < PQntuples(rows); row++) {
        const char *table = PQgetvalue(rows, row, 0), *constraint = PQgetvalue(rows, row, 1);
        bool wanted = *PQgetvalue(rows, row, 3) == 't';
        if (wanted && !pg_script(store->db, PQgetvalue(rows, row, 2), NULL, error)) {
            return error_prefix(error, "foreign key %s of %s could not be checked again after the cut-over (mend the rows, then run "
                                       "the same command again)", constraint, table);
        }
        FAILPOINT("settle, foreign key");
        if (!forget(store, "validate", table, constraint, error)) return false;
    }
    return true;
}

/* --- materialized views ----------------------------------------------------------------------------------------- */

/* $1: the view, $2: its definition as it is to be. Statements that make it anew under an interim name, with its indexes. */
static const char build_anew[] =
    "WITH c AS (SELECT c.*, n.nspname, " INTERIM("c.relname", "new")
    " AS interim FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1::text)), x AS (SELECT "
    "i.*, ic.relname AS index, " INTERIM("ic.relname", "new") " AS interim_index, c.interim, c.nspname, c.oid AS owner FROM c JOIN "
    "pg_index i ON i.indrelid = c.oid JOIN pg_class ic ON ic.oid = i.indexrelid) "
    "SELECT statement FROM (SELECT 1 AS rank, 0::oid AS place, format('DROP MATERIALIZED VIEW IF EXISTS %I.%I', nspname, "
    "interim) AS statement FROM c "
    "UNION ALL SELECT 2, 0, format('CREATE MATERIALIZED VIEW %I.%I%s%s%s AS %s WITH %sDATA', nspname, interim, (SELECT ' "
    "USING ' || quote_ident(amname) FROM pg_am WHERE pg_am.oid = relam), ' WITH (' || array_to_string(reloptions, ', ') || "
    "')', (SELECT ' TABLESPACE ' || quote_ident(spcname) FROM pg_tablespace s WHERE s.oid = reltablespace), $2::text, CASE "
    "WHEN relispopulated THEN '' ELSE 'NO ' END) FROM c "
    "UNION ALL SELECT 3, indexrelid, format('CREATE %sINDEX %I ON %I.%I%s', CASE WHEN indisunique THEN 'UNIQUE ' ELSE '' "
    "END, interim_index, nspname, interim, substr(pg_get_indexdef(indexrelid), "
    "length(split_part(pg_get_indexdef(indexrelid), format(' %s USING ', owner::regclass), 1) || format(' %s', "
    "owner::regclass)) + 1)) FROM x "
    "UNION ALL SELECT 4, indexrelid, format('COMMENT ON INDEX %I.%I IS %L', nspname, interim_index, "
    "obj_description(indexrelid, 'pg_class')) FROM x WHERE obj_description(indexrelid, 'pg_class') IS NOT NULL "
    "UNION ALL SELECT 4, indexrelid, format('ALTER MATERIALIZED VIEW %I.%I CLUSTER ON %I', nspname, interim, interim_index) "
    "FROM x WHERE indisclustered "
    "UNION ALL SELECT 5, 0, format('COMMENT ON MATERIALIZED VIEW %I.%I IS %L', nspname, interim, obj_description(oid, "
    "'pg_class')) FROM c WHERE obj_description(oid, 'pg_class') IS NOT NULL "
    "UNION ALL SELECT 5, attnum::int::oid, format('COMMENT ON COLUMN %I.%I.%I IS %L', nspname, interim, attname, "
    "col_description(c.oid, attnum)) FROM c JOIN pg_attribute a ON attrelid = c.oid WHERE attnum > 0 AND "
    "col_description(c.oid, attnum) IS NOT NULL "
    "UNION ALL SELECT 5, attnum::int::oid, format('ALTER MATERIALIZED VIEW %I.%I ALTER COLUMN %I SET STATISTICS %s', "
    "nspname, interim, attname, attstattarget) FROM c JOIN pg_attribute a ON attrelid = c.oid WHERE attnum > 0 AND "
    "attstattarget >= 0 "
    ") AS statements ORDER BY rank, place";

/* It takes the place of the one that there is: a moment's work. */
static const char take_place[] =
    "WITH c AS (SELECT c.*, n.nspname, " INTERIM("c.relname", "new") " AS interim, " INTERIM("c.relname", "old")
    " AS aside FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1::text)), x AS (SELECT "
    "ic.oid, ic.relname AS index, " INTERIM("ic.relname", "new") " AS interim, " INTERIM("ic.relname", "old") " AS aside, "
    "nspname FROM c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class ic ON ic.oid = i.indexrelid) "
    "SELECT statement FROM (SELECT 1 AS rank, format('ALTER MATERIALIZED VIEW %I.%I RENAME TO %I', nspname, relname, aside) "
    "AS statement FROM c "
    "UNION ALL SELECT 2, format('ALTER MATERIALIZED VIEW %I.%I RENAME TO %I', nspname, interim, relname) FROM c "
    "UNION ALL SELECT 3, format('ALTER INDEX %I.%I RENAME TO %I', nspname, index, aside) FROM x "
    "UNION ALL SELECT 4, format('ALTER INDEX %I.%I RENAME TO %I', nspname, interim, index) FROM x "
    "UNION ALL SELECT 5, format('ALTER MATERIALIZED VIEW %I.%I OWNER TO %I', nspname, relname, pg_get_userbyid(relowner)) "
    "FROM c WHERE pg_get_userbyid(relowner) <> current_user) AS statements ORDER BY rank";

static bool join_rows(struct postgres_store *store, const char *query, const char *const *values, size_t count, struct text *ret,
                      struct error *error) {
    RESULT *rows = NULL;
    if (!pg_query(store->db, query, NULL, values, count, &rows, error)) return false;
    for (int row = 0; row < PQntuples(rows); row++) text_addf(ret, "%s;\n", PQgetvalue(rows, row, 0));
    return true;
}

static bool is_there(struct postgres_store *store, const char *view, bool *ret, struct error *error) {
    const char *found = NULL;
    if (!pg_text(store->db, "SELECT to_regclass($1)::text", view, store->bound, &found, error)) return false;
    *ret = found != NULL;
    return true;
}

/* [own] */
static bool run_alone(struct postgres_store *store, bool ok, const char *script, struct error *error) {
    struct store *base = &store->sql.base;
    ok = ok && pg_script(store->db, script, NULL, error) && base->ops->commit(base, error);
    if (!ok) base->ops->rollback(base);
    return ok;
}

static bool build(struct postgres_store *store, const char *view, const char *definition, struct error *error) {
    struct store *base = &store->sql.base;
    const char *values[] = {view, definition};
    TEXT script = {0};
    if (!base->ops->begin(base, error)) return false;
    bool ok = pg_alter_whole_names(store, error) && join_rows(store, build_anew, values, 2, &script, error) &&
              pg_alter_own_names(store, error);
    return run_alone(store, ok, text_get(&script), error);
}

/* With what reads it, which then reads the other. */
static bool replace(struct postgres_store *store, const char *view, struct error *error) {
    struct exchange names = {.bearer = view};
    struct views views;
    struct names rights = {0};
    TEXT script = {0};
    TEXT drop = {0};
    const char *oid = NULL;
    bool ok = pg_alter_whole_names(store, error) && pg_script(store->db, PG_GIVE_WAY, NULL, error) &&
              pg_text(store->db, "SELECT to_regclass($1)::oid", view, store->bound, &oid, error) &&
              pg_views_read(store, &names, &views, error) && join_rows(store, take_place, &view, 1, &script, error) &&
              pg_dependants_rights(store, view, view, view, &rights, error) &&
              pg_alter_own_names(store, error) && pg_script(store->db, text_get(&script), NULL, error) &&
              pg_script(store->db, pg_dependants_script(store, &rights), NULL, error) && pg_views_redirect(store, &views, error);
    if (!ok) return false;
    text_addf(&drop, "DO $midflight$ BEGIN EXECUTE 'DROP MATERIALIZED VIEW ' || %s::regclass; END $midflight$", oid);
    return pg_script(store->db, text_get(&drop), NULL, error) && forget(store, "view", view, NULL, error);
}

#define REPLACE_TRIES 150
#define REPLACE_REST_MS 200

static bool replace_patiently(struct postgres_store *store, const char *view, struct error *error) {
    struct store *base = &store->sql.base;
    for (int tries = 0;; tries++) {
        if (!base->ops->begin(base, error)) return false;
        if (run_alone(store, replace(store, view, error), "", error)) return true;
        if (error->code != ERROR_BUSY || tries == REPLACE_TRIES) return error_prefix(error, "materialized view %s", view);
        clock_sleep_ms(REPLACE_REST_MS);
    }
}

static bool build_views(struct postgres_store *store, struct error *error) {
    RESULT *rows = NULL;
    if (!pg_query(store->db,
                  "SELECT name, text FROM midflight.midflight_kept WHERE migration = $1 AND kind = 'view' ORDER BY place", NULL,
                  &store->change.name, 1, &rows, error)) {
        return false;
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        const char *view = PQgetvalue(rows, row, 0);
        bool there;
        if (!is_there(store, view, &there, error)) return false;
        if (!there) { /* somebody has dropped it */
            if (!forget(store, "view", view, NULL, error)) return false;
            continue;
        }
        if (!build(store, view, PQgetvalue(rows, row, 1), error)) return error_prefix(error, "materialized view %s", view);
        FAILPOINT("settle, view built");
        if (!replace_patiently(store, view, error)) return false;
        FAILPOINT("settle, view");
    }
    return true;
}

/* What a settling that was cut short had built: the next exchange begins without it. */
bool pg_settle_clear(struct postgres_store *store, struct error *error) {
    static const char half_done[] =
        "SELECT format('DROP MATERIALIZED VIEW IF EXISTS %I.%I', nspname, " INTERIM("c.relname", "new")
        ") FROM midflight.midflight_kept k JOIN pg_class c ON c.oid = to_regclass(k.name) JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE k.migration = $1 AND k.kind = 'view'";
    TEXT script = {0};
    return join_rows(store, half_done, &store->change.name, 1, &script, error) &&
           pg_script(store->db, text_get(&script), NULL, error);
}

bool postgres_swap_settle(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    return check_foreign_keys(store, error) && build_views(store, error);
}
