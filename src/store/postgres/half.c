/* One side of a move between two stores: binding it, and who may write it.
 *
 * In the schema midflight, in the migration's name:
 *   midflight_m_outbox          a table: k1, ..., kn, and when the key was noted
 *   midflight_m_overflow        a table: when the outbox reached its limit, and nothing more was noted; noting: it has room again, and
 *                               what went unnoticed is looked for
 *   midflight_m_old_customers_* what the triggers run: they note the keys that a statement wrote
 *   midflight_m_old_refuse      what the triggers run that let nobody write but midflight
 *
 * The new side has all of that before it holds a row, and a side that opens or closes only has another function put in the place of
 * the one that refuses: nobody's lock is waited for, neither a reader's nor the server's own upkeep. */
#include "store/postgres/half.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/clock.h"
#include "store/postgres/catalog.h"
#include "store/sql/catalog.h"
#include "store/sql/ledger.h"
#include "store/sql/report.h"

/* --- binding ---------------------------------------------------------------------------------------------------- */

static const struct table *table_named(const struct shape *shape, const char *name) {
    for (size_t i = 0; i < shape->count; i++) {
        if (strcmp(shape->tables[i].name, name) == 0) return &shape->tables[i];
    }
    return NULL;
}

static void describe(struct postgres_store *store, const struct flow *flow, struct cargo *ret) {
    *ret = (struct cargo){.table = flow->target->table->name, .columns = flow->yielded};
    for (size_t i = 0; i < flow->target->column_count; i++) names_add(store->bound, &ret->types, flow->target->columns[i].declared);
}

bool pg_half_bind(struct postgres_store *store, struct error *error) {
    enum direction direction = pg_leads(store);
    enum side side = pg_home(store);
    const struct mapping *mapping = &store->change.mappings[direction];
    struct manifest *manifest = &store->half->manifests[direction];
    store->flows[direction] = ARENA_ARRAY(store->bound, struct flow, mapping->count);
    *manifest = (struct manifest){"postgresql", ARENA_ARRAY(store->bound, struct cargo, mapping->count), mapping->count};
    for (size_t i = 0; i < mapping->count; i++) {
        const struct table *table = table_named(&store->change.shapes[follower_of(direction)], mapping->queries[i].table);
        struct flow *flow = &store->flows[direction][i];
        if (!pg_catalog_yield(store->db, &mapping->queries[i], direction, store->tables[side], store->change.shapes[side].count, table,
                              store->bound, flow, error)) {
            return false;
        }
        describe(store, flow, &manifest->cargoes[i]);
    }
    return true;
}

bool postgres_ship_manifest(struct store *base, enum direction direction, struct manifest *ret, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    (void)error;
    *ret = store->half->manifests[direction];
    return true;
}

/* --- temporary tables ------------------------------------------------------------------------------------------- */

const char *pg_key_columns(struct postgres_store *store) {
    const struct bound_table *first = &store->tables[pg_home(store)][0];
    TEXT columns = {0};
    for (size_t i = 0; i < store->key.count; i++) {
        text_addf(&columns, "%s%s %s", i > 0 ? ", " : "", store->key.items[i],
                  sync_column(first, first->table->key.items[i])->declared);
    }
    return arena_copy(store->bound, text_get(&columns));
}

/* Named by what they are like, so that a migration that is bound anew finds those of its session. */
bool pg_stage(struct postgres_store *store, const char *label, const char *columns, const char **ret, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "%s %s: %s", store->change.name, label, columns);
    unsigned long long digest = XXH3_64bits(text_get(&sql), sql.length);
    const char *name = arena_format(store->bound, "pg_temp.midflight_%016llx", digest);
    bool lasting = PQtransactionStatus(store->db) == PQTRANS_IDLE;
    *ret = name;
    if (names_have(&store->stages, name)) return true;
    text_clear(&sql);
    text_addf(&sql, "CREATE TEMPORARY TABLE IF NOT EXISTS %s (%s) ON COMMIT DELETE ROWS", name, columns);
    if (!pg_script(store->db, text_get(&sql), NULL, error)) return false;
    if (lasting) names_add(store->arena, &store->stages, arena_copy(store->arena, name));
    return true;
}

bool pg_stage_counted(struct postgres_store *store, const char *stage, struct error *error) {
    /* A merge would read the target from its beginning; and its pages are near each other, as the keys are. How many rows there are is all
     * that the plan goes by: a small sample tells. */
    return pg_script(store->db, arena_format(store->bound, "SET LOCAL enable_hashjoin TO DEFAULT; SET LOCAL enable_mergejoin = off; SET LOCAL "
                                             "random_page_cost = 1; SET LOCAL default_statistics_target = 1; ANALYZE %s", stage), NULL, error);
}

/* --- who may write ---------------------------------------------------------------------------------------------- */

/* What an application is told that writes here. */
static void add_refusal(struct text *text, const struct postgres_store *store, enum side side) {
    TEXT rest = {0};
    text_addf(&rest, side == SIDE_OLD ? " has moved to %s (migration %s): write there"
                                      : " is kept as a copy of what is in %s (migration %s), and takes no writes: write there",
              sql_elsewhere(&store->change, store->standing.elsewhere, side, store->bound), store->change.name);
    text_add(text, "  IF current_setting('midflight.syncing', true) = ");
    pg_quote_text(text, pg_guard(store, side == SIDE_OLD ? BACKWARD : FORWARD));
    text_add(text, " THEN RETURN NULL; END IF;\n  RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = "
                   "'midflight: table ' || TG_TABLE_NAME || ");
    pg_quote_text(text, text_get(&rest));
    text_add(text, ";\n");
}

/* One object of those that pg_enter_objects enters: while clients wait it would look for all of them too long. */
static void add_entry(struct text *text, const struct postgres_store *store, const char *object) {
    text_add(text, "INSERT INTO midflight.midflight_object (migration, kind, name, target, digest) SELECT ");
    pg_quote_text(text, store->change.name);
    text_addf(text, ", %s", object);
}

#define ENTERED_BEFORE "\n  ON CONFLICT (migration, kind, name, target) DO UPDATE SET digest = excluded.digest;\n"

/* The new side opens while clients wait, after the old one has closed for good: a crash of the server that undoes it undoes whatever was
 * written there since as well, and the next command opens it again. */
static bool make_refusal(struct postgres_store *store, enum side side, bool open, struct error *error) {
    bool opens_new = open && side == SIDE_NEW && store->half != NULL;
    TEXT sql = {0};
    if (opens_new) text_add(&sql, "SET LOCAL synchronous_commit = off;\n");
    text_addf(&sql, "CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $midflight$\nBEGIN\n", pg_refusal(store, side));
    if (open) {
        text_add(&sql, "  RETURN NULL;\n");
    } else {
        add_refusal(&sql, store, side);
    }
    text_add(&sql, "END\n$midflight$;\n");
    add_entry(&sql, store, "'FUNCTION', p.oid::regprocedure::text, '', md5(p.prosrc) FROM pg_proc AS p WHERE p.oid = ");
    pg_quote_text(&sql, arena_format(store->bound, "%s()", pg_refusal(store, side)));
    text_add(&sql, "::regprocedure" ENTERED_BEFORE);
    return pg_script(store->db, text_get(&sql), NULL, error);
}

bool pg_half_open(struct postgres_store *store, enum side side, struct error *error) {
    return make_refusal(store, side, true, error);
}

static bool attach_refusal(struct postgres_store *store, enum side side, const struct bound_table *table, struct error *error) {
    TEXT sql = {0};
    RESULT *tables = NULL;
    const char *trigger = pg_refusal_trigger(store, side, table);
    if (!pg_tables_of(store, table, trigger, &tables, error)) return false;
    for (int i = 0; i < PQntuples(tables); i++) {
        text_add(&sql, "CREATE TRIGGER ");
        pg_quote(&sql, trigger);
        text_addf(&sql, " BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s();\n",
                  PQgetvalue(tables, i, 0), pg_refusal(store, side));
        add_entry(&sql, store, "'TRIGGER', quote_ident(t.tgname), t.tgrelid::regclass::text, md5(pg_get_triggerdef(t.oid) || t.tgenabled::text) "
                               "FROM pg_trigger AS t WHERE t.tgname = ");
        pg_quote_text(&sql, trigger);
        text_add(&sql, " AND t.tgrelid = ");
        pg_quote_text(&sql, PQgetvalue(tables, i, 0));
        text_add(&sql, "::regclass" ENTERED_BEFORE);
    }
    return pg_script(store->db, text_get(&sql), NULL, error);
}

static bool exists(struct postgres_store *store, const char *relation, bool *ret, struct error *error) {
    const char *there = NULL;
    if (!pg_text(store->db, "SELECT to_regclass($1)::text", relation, store->bound, &there, error)) return false;
    *ret = there != NULL;
    return true;
}

/* In one database both sides fill one outbox, one after the other: the new side's triggers come with its refusal. */
static bool has_notes(struct postgres_store *store, enum side side, bool outbox, bool *ret, struct error *error) {
    const char *there = NULL;
    *ret = outbox;
    if (store->half != NULL || side == SIDE_OLD || !outbox) return true;
    if (!pg_text(store->db, "SELECT to_regproc($1)::text", pg_refusal(store, side), store->bound, &there, error)) return false;
    *ret = there != NULL;
    return true;
}

/* The outbox and the triggers that fill it, where they are not there yet; *ret: they were not. */
static bool make_notes(struct postgres_store *store, enum side side, bool *ret, struct error *error) {
    bool outbox = false, noted = false;
    *ret = false;
    if (!exists(store, pg_own(store, "outbox"), &outbox, error) || !has_notes(store, side, outbox, &noted, error)) return false;
    if (noted) return true;
    *ret = true;
    return (outbox || pg_outbox_make(store, error)) && pg_note_functions(store, side, error) && pg_lock_for_capture(store, side, error) &&
           pg_capture_triggers(store, side, error);
}

/* It is this side's turn to give numbers: at the start they are entered, later they go on after what the other side gave. In one database
 * they part when the new shape is made. */
static bool take_numbers(struct postgres_store *store, enum side side, struct error *error) {
    bool later = side == SIDE_NEW;
    if (!later && store->half == NULL) return true;
    if (!later && !exists(store, pg_own(store, "outbox"), &later, error)) return false;
    return later ? pg_numbers_pass(store, error) : pg_numbers_part(store, error);
}

bool pg_half_note(struct postgres_store *store, enum side side, struct error *error) {
    bool made = false;
    return take_numbers(store, side, error) &&
           make_notes(store, side, &made, error) && make_refusal(store, side, true, error) && (!made || pg_enter_objects(store, error));
}

/* So that the server knows the statement when the tables are locked. */
static bool ask_beforehand(struct postgres_store *store, enum side side, struct error *error) {
    const struct bound_table *first = &store->tables[side][0];
    RESULT *ignored = NULL;
    return pg_tables_of(store, first, pg_refusal_trigger(store, side, first), &ignored, error);
}

/* What the triggers run that refuse is there before the tables are locked. */
static bool make_ready(struct postgres_store *store, enum side side, struct error *error) {
    bool made = false, notes = store->half != NULL || side == SIDE_NEW;
    return (!notes || !pg_has_way(store, led_by(side)) || make_notes(store, side, &made, error)) &&
           make_refusal(store, side, false, error) && (!made || pg_enter_objects(store, error));
}

bool postgres_capture_ready(struct store *base, enum side side, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    if (store->half == NULL) return true;
    return store->half->closing.ready = make_ready(store, side, error) && ask_beforehand(store, side, error);
}

bool pg_half_refuse(struct postgres_store *store, enum side side, struct error *error) {
    struct closing so_far = store->half == NULL ? (struct closing){false} : store->half->closing;
    if ((!so_far.ready && !make_ready(store, side, error)) || (!so_far.held && !pg_lock_for_capture(store, side, error))) return false;
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        if (!attach_refusal(store, side, &store->tables[side][i], error)) return false;
    }
    return true;
}

/* --- the fence -------------------------------------------------------------------------------------------------- */

bool pg_name_holders(struct postgres_store *store, enum side side, bool rows, const char *what, struct error *error) {
    RESULT *holders = NULL;
    struct error failure;
    const char *values[] = {pg_table_names(store, side), rows ? "{AccessShareLock}" : "{AccessShareLock,RowShareLock}"};
    if (!pg_query(store->db,
                  "SELECT string_agg(DISTINCT format('pid %s (%s%s, for %s s)', a.pid, CASE WHEN a.application_name = '' THEN '' ELSE "
                  "a.application_name || ', ' END, coalesce(a.state, a.backend_type), extract(epoch FROM clock_timestamp() - "
                  "coalesce(a.xact_start, a.state_change))::bigint), ', ') FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE "
                  "l.relation = ANY ($1::regclass[]) AND l.granted AND l.pid <> pg_backend_pid() AND l.mode <> ALL "
                  "($2::text[])", NULL, values, 2, &holders, &failure)) {
        *error = failure;
        return false;
    }
    const char *who = result_text(holders, 0, 0);
    return error_prefix(error, "%s, for %s", what, who == NULL ? "somebody who is done by now" : who);
}

bool postgres_hold(struct store *base, enum side side, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    bool held = pg_lock_for_capture(store, side, error);
    if (store->half != NULL) store->half->closing.held = held;
    if (held) return true;
    if (error->code != ERROR_BUSY) return false;
    return pg_name_holders(store, side, false, arena_format(store->bound, "the writers of the %s side could not be held", side_name(side)), error);
}

/* --- leases ----------------------------------------------------------------------------------------------------- */

#define PLACE_MAX INT64_C(4294967295) /* the second number of a lock */

/* Whoever ships or lands holds a lock of this name, by which its session is found: 0 stands for the migration, a number for that range. */
void pg_add_place_lock(struct text *text, const char *name, int64_t place) {
    text_add(text, "SELECT pg_advisory_xact_lock_shared(hashtext('midflight ' || ");
    pg_quote_text(text, name);
    text_addf(text, "), %" PRId64 ")", place);
}

/* A session that goes by an older token may be asleep in the middle of it: it could never commit, but would keep its locks and its
 * snapshot. While its client reads nothing of what it ships, or sends nothing of what lands, no timeout of the server's ends it. */
static bool end_sessions(struct postgres_store *store, const char *name, int64_t first, int64_t last, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.database = "
                   "(SELECT oid FROM pg_database WHERE datname = current_database()) AND l.pid <> pg_backend_pid() AND "
                   "l.classid::bigint = (hashtext('midflight ' || ");
    pg_quote_text(&sql, name);
    text_addf(&sql, ")::bigint & 4294967295) AND l.objid::bigint BETWEEN %" PRId64 " AND %" PRId64, first, last);
    RESULT *ignored = NULL;
    return pg_query(store->db, text_get(&sql), NULL, NULL, 0, &ignored, error);
}

/* With the migration's lease the ranges of its drain end. */
static bool end_leased(struct postgres_store *store, const char *name, struct error *error) {
    return end_sessions(store, name, 0, 0, error) && end_sessions(store, name, DRAIN_PLACE, PLACE_MAX, error);
}

bool postgres_lease_follow(struct store *base, const char *name, const char *owner, int64_t token, struct error *error) {
    return sql_lease_follow(base, name, owner, token, error) && end_leased(postgres_store_of(base), name, error);
}

bool postgres_lease_take(struct store *base, const char *name, const char *owner, int64_t until_ms, int64_t token, struct error *error) {
    return sql_lease_take(base, name, owner, until_ms, token, error) && end_leased(postgres_store_of(base), name, error);
}

bool postgres_land_claim(struct store *base, const char *name, const struct claim *claim, char **ret, struct error *error) {
    return sql_land_claim(base, name, claim, ret, error) && postgres_oust(base, name, claim->place, error);
}

bool postgres_oust(struct store *base, const char *name, int64_t place, struct error *error) {
    return end_sessions(postgres_store_of(base), name, place, place == 0 ? PLACE_MAX : place, error);
}

/* What was made belongs to the application from now on. */
bool postgres_ledger_stay(struct store *base, const char *name, const char *stage, int64_t epoch, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    return sql_ledger_stay(base, name, stage, epoch, error) &&
           pg_query(store->db, "DELETE FROM midflight.midflight_made WHERE migration = $1", NULL, &name, 1, NULL, error);
}

/* --- check ------------------------------------------------------------------------------------------------------ */

static void plan(struct postgres_store *store, struct check_report *report) {
    static const struct check_step old[] = {
        {"Initializing", "CREATE TRIGGER ... on the old tables, which notes keys", "SHARE ROW EXCLUSIVE for an instant: writers wait, "
                                                                                  "readers do not"},
        {"Running", "COPY ... TO STDOUT, range by range", "ACCESS SHARE on the old tables: nobody waits"},
        {"Awaiting Finalization", "LOCK TABLE: the old tables; the rest of the outbox is carried over; they refuse writes",
         "SHARE ROW EXCLUSIVE for pause_max at most: writers wait, readers do not"},
        {"Finishing", "DROP TRIGGER ...; the old tables retire", "ACCESS EXCLUSIVE for an instant on the old tables"},
    };
    static const struct check_step new[] = {
        {"Initializing", "new.create and new.index; CREATE TRIGGER ... which refuses writes", "ACCESS EXCLUSIVE on the new tables alone"},
        {"Running", "COPY ... FROM STDIN, into tables without indexes; CREATE INDEX ...", "the new tables alone"},
        {"Awaiting Finalization", "CREATE OR REPLACE FUNCTION: the new tables take writes, and note keys", "none of theirs: nobody waits"},
        {"Finishing", "DROP TRIGGER ... on the new tables", "ACCESS EXCLUSIVE for an instant on the new tables"},
    };
    const struct check_step *steps = pg_home(store) == SIDE_OLD ? old : new;
    for (size_t i = 0; report->step != NULL && i < sizeof old / sizeof *old; i++) report->step(report->context, &steps[i]);
}

/* What the queries read besides; what they yield is looked at where it lands. */
static void check_others(struct postgres_store *store, struct check_report *report) {
    enum direction direction = pg_leads(store);
    for (size_t f = 0; f < store->change.mappings[direction].count; f++) {
        const struct flow *flow = &store->flows[direction][f];
        for (size_t i = 0; i < flow->others.count; i++) report_other(report, flow, direction, flow->others.items[i]);
    }
}

bool pg_half_check(struct postgres_store *store, struct check_report *report, struct error *error) {
    enum side side = pg_home(store);
    bool made = side == SIDE_NEW && PQtransactionStatus(store->db) == PQTRANS_INTRANS; /* for a moment, without its indexes */
    if (made && !pg_late_build_all(store, error)) return false;
    if (!pg_check_keys(store, side, report, error)) return false;
    check_others(store, report);
    plan(store, report);
    if (side == SIDE_NEW) return pg_ties_of_new(store, report, error);
    return pg_ties_of_old(store, report, error) && postgres_rows_count(&store->sql.base, &report->forecast.rows, error);
}
