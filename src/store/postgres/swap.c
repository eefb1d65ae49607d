/* The cut-over of the short form: two tables exchange names, and what goes with the name goes from one to the other (dependants.c,
 * views.c). All of it is the catalog's work, in one transaction: no row is read. What takes longer comes before it (the indexes)
 * or after it (settle.c).
 *
 * For the time of the reading the bearer's columns are called as the waiting table's: whatever names a column then says its new
 * name, as after ALTER TABLE ... RENAME COLUMN. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/postgres/dependants.h"

static bool whole_name(struct postgres_store *store, const char *name, const char **ret, struct error *error) {
    RESULT *result = NULL;
    const char *values[] = {store->alter->schema, name};
    if (!pg_query(store->db, "SELECT format('%I.%I', $1::text, $2::text)", NULL, values, 2, &result, error)) return false;
    *ret = arena_copy(store->bound, PQgetvalue(result, 0, 0));
    return true;
}

static bool exchange_of(struct postgres_store *store, bool back, struct exchange *ret, struct error *error) {
    *ret = (struct exchange){.back = back, .suffix = side_name(back ? SIDE_NEW : SIDE_OLD)};
    ret->aside_name = pg_alter_waiting_name(store, back ? SIDE_NEW : SIDE_OLD);
    return whole_name(store, store->change.alter_table, &ret->bearer, error) &&
           whole_name(store, pg_alter_waiting_name(store, back ? SIDE_OLD : SIDE_NEW), &ret->waiting, error) &&
           whole_name(store, ret->aside_name, &ret->aside, error);
}

/* --- locks ------------------------------------------------------------------------------------------------------ */

/* Both tables, and those at the other end of their foreign keys, of which triggers are taken. Where another role owns one it is
 * locked when its turn comes. */
static const char tables_locked[] =
    "SELECT 'LOCK TABLE ' || string_agg(oid::regclass::text, ', ' ORDER BY oid) || ' IN ACCESS EXCLUSIVE MODE' FROM pg_class "
    "c WHERE oid IN ($1::regclass, $2::regclass) OR pg_has_role(relowner, 'USAGE') AND oid IN (SELECT confrelid FROM "
    "pg_constraint WHERE contype = 'f' AND conrelid IN ($1::regclass, $2::regclass) UNION ALL SELECT conrelid FROM "
    "pg_constraint WHERE contype = 'f' AND confrelid IN ($1::regclass, $2::regclass))";

static bool lock(struct postgres_store *store, const struct exchange *exchange, int tries, struct error *error) {
    RESULT *result = NULL;
    const char *values[] = {exchange->bearer, exchange->waiting};
    return pg_tables_free(store, tries, true, error) && pg_query(store->db, tables_locked, NULL, values, 2, &result, error) &&
           pg_script(store->db, PQgetvalue(result, 0, 0), NULL, error);
}

/* --- columns ---------------------------------------------------------------------------------------------------- */

static void rename_column(struct text *sql, const char *table, const char *from, const char *to) {
    text_addf(sql, "ALTER TABLE %s RENAME COLUMN ", table);
    pg_quote(sql, from);
    text_add(sql, " TO ");
    pg_quote(sql, to);
    text_add(sql, ";\n");
}

/* Every column whose name changes goes over a name that nobody has: two may exchange theirs. A column that is on one side alone
 * and has a name that is needed stays there meanwhile. */
static bool read_renames(struct postgres_store *store, const struct exchange *exchange, struct text *forth, struct text *back,
                         struct error *error) {
    static const char renamed[] =
        "SELECT o.attname, m.later FROM pg_attribute o LEFT JOIN (SELECT CASE WHEN $3::boolean THEN text ELSE name END AS "
        "now, CASE WHEN $3::boolean THEN name ELSE text END AS later FROM midflight.midflight_kept WHERE migration = "
        "$2::text AND kind = 'pair') AS m ON m.now = o.attname WHERE o.attrelid = $1::regclass AND o.attnum > 0 AND NOT "
        "o.attisdropped AND (m.later <> o.attname OR m.later IS NULL AND o.attname IN (SELECT CASE WHEN $3::boolean THEN "
        "name ELSE text END FROM midflight.midflight_kept WHERE migration = $2::text AND kind = 'pair')) ORDER BY o.attnum";
    RESULT *rows = NULL;
    const char *values[] = {exchange->bearer, store->change.name, exchange->back ? "true" : "false"};
    if (!pg_alter_rows(store, renamed, values, 3, &rows, error)) return false;
    for (int pass = 0; pass < 2; pass++) {
        for (int row = 0; row < PQntuples(rows); row++) {
            const char *now = PQgetvalue(rows, row, 0), *later = result_text(rows, row, 1);
            const char *between = arena_format(store->bound, "midflight_column_%d", row);
            if (pass == 0) rename_column(forth, exchange->bearer, now, between);
            if (pass == 1 && later != NULL) rename_column(forth, exchange->bearer, between, later);
            if (pass == 0 && later != NULL) rename_column(back, exchange->aside, later, between);
            if (pass == 1) rename_column(back, exchange->aside, between, now);
        }
    }
    return true;
}

/* --- names ------------------------------------------------------------------------------------------------------ */

/* Indexes, statistics and partitions of a table: their names are the schema's, so both sides cannot bear one. $3: the suffix
 * of the bearer's interim names. */
#define NAMED(table)                                                                                                 \
    "SELECT c.oid, format('%s %s', CASE WHEN c.relkind IN ('i', 'I') THEN 'INDEX' ELSE 'TABLE' END, c.oid::regclass) AS thing, "        \
    "c.relname AS name FROM pg_class c WHERE c.oid IN (SELECT relid FROM pg_partition_tree(" table ") WHERE level > 0) OR c.oid IN "  \
    "(SELECT indexrelid FROM pg_index WHERE indrelid = " table " OR indrelid IN (SELECT relid FROM pg_partition_tree(" table "))) "   \
    "UNION ALL SELECT s.oid, format('STATISTICS %I.%I', n.nspname, stxname), stxname FROM pg_statistic_ext s JOIN pg_namespace n ON " \
    "n.oid = stxnamespace WHERE stxrelid = " table

static const char renamed_things[] =
    "WITH b AS (" NAMED("$1::regclass") "), w AS (" NAMED("$2::regclass") "), "
    "n AS (SELECT w.*, coalesce((SELECT text FROM midflight.midflight_kept k WHERE k.migration = $4::text AND k.kind = "
    "'name' AND k.name = w.name), CASE WHEN w.name ~ '^_.*_(old|new)$' THEN substr(w.name, 2, length(w.name) - 5) WHEN "
    "w.name ~ '^_.*_new_' THEN regexp_replace(w.name, '^_(.*)_new_', '\\1_') END) AS later FROM w) "
    "SELECT statement FROM ("
    "SELECT 1 AS rank, oid, format('ALTER %s RENAME TO %I', thing, " INTERIM("name", "' || $3::text || '") ") AS statement FROM b "
    "UNION ALL SELECT 2, oid, format('INSERT INTO midflight.midflight_kept (migration, kind, name, text) VALUES (%L, "
    "''name'', %L, %L) ON CONFLICT DO NOTHING', $4::text, "
    INTERIM("name", "' || $3::text || '") ", name) FROM b "
    "UNION ALL SELECT 3, oid, format('ALTER %s RENAME TO %I', thing, later) FROM n WHERE later IS NOT NULL AND later <> name "
    ") AS statements ORDER BY rank, oid";

/* An index made since the start is on the old table alone, and with the name the new one would lose what it ensures. */
static bool indexes_met(struct postgres_store *store, const struct exchange *exchange, struct error *error) {
    static const char missed[] =
        "SELECT c.relname, " INTERIM("c.relname", "new")
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1::regclass AND NOT EXISTS "
        "(SELECT 1 FROM midflight.midflight_kept k WHERE k.migration = $3::text AND k.kind = 'removed index' AND k.name = "
        "c.relname) AND NOT EXISTS (SELECT 1 FROM pg_index "
        "j JOIN pg_class d ON d.oid = j.indexrelid WHERE j.indrelid = $2::regclass AND (d.relname = " INTERIM("c.relname", "new")
        " OR EXISTS (SELECT 1 FROM "
        "midflight.midflight_kept k WHERE k.migration = $3::text AND k.kind = 'name' AND k.name = d.relname AND k.text = "
        "c.relname)))";
    RESULT *rows = NULL;
    const char *values[] = {exchange->bearer, exchange->waiting, store->change.name};
    if (exchange->back || !pg_alter_rows(store, missed, values, 3, &rows, error)) return exchange->back;
    if (PQntuples(rows) == 0) return true;
    return error_set(error, ERROR_REFUSED,
                     "index %s of table %s was made since the start: make the same on %s, by the name %s, or drop it",
                     PQgetvalue(rows, 0, 0), exchange->bearer, exchange->waiting, PQgetvalue(rows, 0, 1));
}

static bool rename_things(struct postgres_store *store, const struct exchange *exchange, struct text *ret, struct error *error) {
    RESULT *rows = NULL;
    const char *values[] = {exchange->bearer, exchange->waiting, exchange->suffix, store->change.name};
    if (!pg_alter_rows(store, renamed_things, values, 4, &rows, error)) return false;
    for (int row = 0; row < PQntuples(rows); row++) text_addf(ret, "%s;\n", PQgetvalue(rows, row, 0));
    text_addf(ret, "ALTER TABLE %s RENAME TO ", exchange->bearer);
    pg_quote(ret, exchange->aside_name);
    text_addf(ret, ";\nALTER TABLE %s RENAME TO ", exchange->waiting);
    pg_quote(ret, store->change.alter_table);
    text_add(ret, ";\n");
    return true;
}

/* The interim names are for the next migration of the table. */
bool pg_swap_retire(struct postgres_store *store, struct error *error) {
    static const char retired_things[] =
        "WITH b AS (" NAMED("to_regclass($1)")
        ") SELECT format('ALTER %s RENAME TO %I', thing, CASE WHEN octet_length(k.text) <= 55 THEN k.text || '_retired' ELSE "
        "'midflight_' || md5(k.text) || '_retired' END) FROM b JOIN midflight.midflight_kept k ON k.migration = $2 AND "
        "k.kind = 'name' AND k.name = b.name";
    RESULT *rows = NULL;
    TEXT table = {0};
    pg_dialect.table(&table, &store->tables[SIDE_OLD][0]);
    const char *values[] = {text_get(&table), store->change.name};
    if (!pg_query(store->db, retired_things, NULL, values, 2, &rows, error)) return false;
    for (int row = 0; row < PQntuples(rows); row++) {
        if (!pg_script(store->db, PQgetvalue(rows, row, 0), NULL, error)) return false;
    }
    return true;
}

/* --- the exchange ----------------------------------------------------------------------------------------------- */

/* Materialized views are built over the table that has the name now when nobody waits for it. */
static bool note_views(struct postgres_store *store, const struct views *views, struct error *error) {
    const char *name = store->change.name;
    if (!pg_query(store->db, "DELETE FROM midflight.midflight_kept WHERE migration = $1 AND kind = 'view'", NULL, &name, 1, NULL,
                  error)) {
        return false;
    }
    for (size_t i = 0; i < views->count; i++) {
        const struct view *view = &views->items[i];
        const char *values[] = {name, view->name, view->definition};
        if (view->stored && view->direct &&
            !pg_query(store->db, "INSERT INTO midflight.midflight_kept (migration, kind, name, text) VALUES ($1, 'view', $2, $3)", NULL,
                      values, 3, NULL, error)) {
            return false;
        }
    }
    return true;
}

struct plan {
    struct text forth, back; /* the columns' names */
    struct text names;
    struct moves moves;
    struct views views;
};

static void plan_free(struct plan *plan) {
    struct text *texts[] = {&plan->forth, &plan->back, &plan->names};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) text_free(texts[i]);
}

/* `locked`: the columns can be renamed for it, so that what is read is as it is to be. */
static bool read_plan(struct postgres_store *store, const struct exchange *exchange, bool locked, struct plan *plan,
                      struct error *error) {
    return pg_alter_whole_names(store, error) &&
           pg_script(store->db, "SET LOCAL plan_cache_mode = force_generic_plan", NULL, error) &&
           indexes_met(store, exchange, error) && read_renames(store, exchange, &plan->forth, &plan->back, error) &&
           (!locked || pg_script(store->db, text_get(&plan->forth), NULL, error)) &&
           pg_dependants_read(store, exchange, &plan->moves, error) && pg_views_read(store, exchange, &plan->views, error) &&
           rename_things(store, exchange, &plan->names, error) && pg_alter_own_names(store, error);
}

/* All at once; `each`: one by one, to say which does not fit. */
static bool run_moves(struct postgres_store *store, const struct names *statements, bool each, struct error *error) {
    if (!each) return pg_script(store->db, pg_dependants_script(store, statements), NULL, error);
    for (size_t i = 0; i < statements->count; i++) {
        if (!pg_script(store->db, statements->items[i], NULL, error)) return error_prefix(error, "%.200s", statements->items[i]);
    }
    return true;
}

/* Bodies of functions are not looked at: ALTER TABLE does not look at them either. */
static bool carry_out(struct postgres_store *store, struct plan *plan, bool each, struct error *error) {
    return pg_script(store->db, "SET LOCAL check_function_bodies = off", NULL, error) &&
           run_moves(store, &plan->moves.before, each, error) &&
           pg_script(store->db, text_get(&plan->names), NULL, error) && run_moves(store, &plan->moves.after, each, error) &&
           pg_views_redirect(store, &plan->views, error) && run_moves(store, &plan->moves.last, each, error) &&
           pg_script(store->db, text_get(&plan->back), NULL, error) &&
           note_views(store, &plan->views, error);
}

struct attempt {
    struct postgres_store *store;
    struct exchange exchange;
    int tries;
    bool each; /* one statement at a time, to say which does not fit */
};

/* Other locks that it takes are waited for no longer than the first. */
static bool try_exchange(void *context, struct error *error) {
    struct attempt *attempt = context;
    struct postgres_store *store = attempt->store;
    struct plan plan = {0};
    store->sql.base.held_since_ms = 0;
    if (!lock(store, &attempt->exchange, ++attempt->tries, error)) return false;
    store->sql.base.held_since_ms = clock_ms();
    bool ok = postgres_capture_off(&store->sql.base, error) &&
              pg_script(store->db, PG_GIVE_WAY, NULL, error) && pg_settle_clear(store, error) &&
              read_plan(store, &attempt->exchange, true, &plan, error) && carry_out(store, &plan, attempt->each, error);
    plan_free(&plan);
    return ok;
}

bool postgres_swap(struct store *base, bool back, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct attempt attempt = {.store = store};
    if (!exchange_of(store, back, &attempt.exchange, error) ||
        !pg_patiently(store->db, try_exchange, &attempt, "the tables could not be locked for the exchange of their names", error)) {
        return false;
    }
    return true;
}

/* What is to move is read once beforehand: then PostgreSQL has planned our queries when it is read while everybody waits. */
bool postgres_swap_rehearse(struct store *base, bool back, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct exchange exchange;
    struct plan plan = {0};
    if (!base->ops->begin(base, error)) return false;
    bool ok = exchange_of(store, back, &exchange, error) && read_plan(store, &exchange, false, &plan, error);
    base->ops->rollback(base);
    plan_free(&plan);
    return ok;
}

bool pg_swap_try(struct postgres_store *store, struct error *error) {
    struct attempt attempt = {.store = store, .each = true};
    struct plan plan = {0};
    bool ok = exchange_of(store, false, &attempt.exchange, error) && read_plan(store, &attempt.exchange, false, &plan, error) &&
              pg_script(store->db, PG_GIVE_WAY, NULL, error) && try_exchange(&attempt, error);
    plan_free(&plan);
    return ok;
}
