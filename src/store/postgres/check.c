/* What can be proved before the start, and the plan. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/postgres/alter.h"
#include "store/postgres/clause.h"
#include "store/postgres/half.h"
#include "store/sql/report.h"

/* Entities listed as broken. */
#define BROKEN_MAX 20

/* --- keys ----------------------------------------------------------------------------------------------------- */

bool pg_key_is_indexed(struct postgres_store *store, const struct bound_table *table, bool *ret,
                           struct error *error) {
    TEXT name = {0};
    const struct names *key = &table->table->key;
    const char *found = NULL;
    TEXT sql = {0};
    pg_dialect.table(&name, table);
    text_addf(&sql, "SELECT 1 FROM pg_index i WHERE i.indrelid = $1::regclass AND i.indisvalid AND i.indpred IS NULL AND "
                    "i.indnkeyatts >= %zu", key->count);
    for (size_t k = 0; k < key->count; k++) {
        text_addf(&sql, " AND (SELECT attname FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = i.indkey[%zu]) = ", k);
        pg_quote_text(&sql, key->items[k]);
    }
    if (!pg_text(store->db, text_get(&sql), text_get(&name), store->bound, &found, error)) return false;
    *ret = found != NULL;
    return true;
}

static bool check_nulls(struct postgres_store *store, const struct bound_table *table, struct check_report *report,
                        struct error *error) {
    for (size_t k = 0; k < table->table->key.count; k++) {
        const char *name = table->table->key.items[k];
        TEXT sql = {0};
        int64_t nulls;
        if (sync_column(table, name)->not_null) continue;
        text_add(&sql, "SELECT count(*) FROM (SELECT 1 FROM ");
        pg_dialect.table(&sql, table);
        text_add(&sql, " WHERE ");
        pg_quote(&sql, name);
        text_add(&sql, " IS NULL LIMIT 1) AS n");
        if (!pg_integer(store->db, text_get(&sql), &nulls, error)) return false;
        if (nulls > 0) {
            report_say(report, CHECK_REFUSAL, "key: some rows of %s have NULL in %s: they belong to no entity. Give them a value or "
                "delete them", table->table->name, name);
        }
    }
    return true;
}

static bool is_integer(const struct column *column) {
    return strcmp(column->declared, "bigint") == 0 || strcmp(column->declared, "integer") == 0 ||
           strcmp(column->declared, "smallint") == 0;
}

/* A range must mean the same entities on every table. */
static void check_key_types(struct postgres_store *store, const struct bound_table *table, struct check_report *report) {
    const struct bound_table *first = &store->tables[pg_home(store)][0];
    for (size_t k = 0; k < store->key.count; k++) {
        const struct column *column = sync_column(table, table->table->key.items[k]);
        const struct column *reference = sync_column(first, first->table->key.items[k]);
        if (strcmp(column->declared, reference->declared) == 0 || (is_integer(column) && is_integer(reference))) continue;
        report_say(report, CHECK_REFUSAL, "key: %s.%s is %s, %s.%s is %s: keys could not be compared. Declare the same type",
            table->table->name, column->name, column->declared, first->table->name, reference->name, reference->declared);
    }
}

static bool check_index(struct postgres_store *store, const struct bound_table *table, const char *statement,
                        struct check_report *report, struct error *error) {
    bool indexed = true;
    if (!pg_key_is_indexed(store, table, &indexed, error)) return false;
    if (indexed) return true;
    TEXT columns = {0};
    sync_names(&columns, &pg_dialect, NULL, &table->table->key);
    report_say(report, CHECK_REFUSAL, "key: table %s has no index that begins with its key: every write would read the whole table. "
               "%s ... ON %s (%s)", table->table->name, statement, table->table->name, text_get(&columns));
    return true;
}

/* In one database the new tables do not exist yet: their indexes are looked at in the rehearsal. */
static bool check_keys(struct postgres_store *store, struct check_report *report, struct error *error) {
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < store->change.shapes[side].count; i++) {
            const struct bound_table *table = &store->tables[side][i];
            check_key_types(store, table, report);
            if (side == SIDE_NEW) continue;
            if (!check_index(store, table, "CREATE INDEX CONCURRENTLY", report, error) || !check_nulls(store, table, report, error)) {
                return false;
            }
        }
    }
    return true;
}

/* Two migrations at once over one table would follow each other's half-made work. */
static bool check_neighbours(struct postgres_store *store, enum side side, struct check_report *report, struct error *error) {
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        TEXT name = {0};
        const char *other = NULL;
        TEXT sql = {0};
        pg_dialect.table(&name, &store->tables[side][i]);
        text_add(&sql, "SELECT o.migration FROM midflight.midflight_object o JOIN pg_trigger t ON o.kind = 'TRIGGER' AND "
                       "quote_ident(t.tgname) = o.name WHERE t.tgrelid = $1::regclass AND o.migration <> ");
        pg_quote_text(&sql, store->change.name);
        bool known;
        if (!store->sql.base.ops->ledger_exists(&store->sql.base, &known, error)) return false;
        if (!known) return true;
        if (!pg_text(store->db, text_get(&sql), text_get(&name), store->bound, &other, error)) return false;
        if (other == NULL) continue;
        report_say(report, CHECK_REFUSAL, "another migration, %s, is changing table %s: let it finish or roll it back first", other,
            store->tables[side][i].table->name);
    }
    return true;
}

bool pg_check_keys(struct postgres_store *store, enum side side, struct check_report *report, struct error *error) {
    const char *statement = side == SIDE_OLD ? "CREATE INDEX CONCURRENTLY" : "Put into new.create: CREATE INDEX";
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        check_key_types(store, table, report);
        if (!check_index(store, table, statement, report, error) || !check_nulls(store, table, report, error)) return false;
    }
    return check_neighbours(store, side, report, error);
}

/* --- the round trip --------------------------------------------------------------------------------------------- */

/* The new tables as forward would fill them: each is its query, with NULL for what nobody maps. */
static struct bound_table *forwarded(struct postgres_store *store) {
    size_t count = store->change.shapes[SIDE_NEW].count;
    struct bound_table *tables = ARENA_ARRAY(store->bound, struct bound_table, count);
    struct scope everything = {0};
    for (size_t i = 0; i < count; i++) {
        const struct bound_table *table = &store->tables[SIDE_NEW][i];
        TEXT source = {0};
        const struct flow *flow = NULL;
        for (size_t f = 0; f < store->change.mappings[FORWARD].count; f++) {
            if (store->flows[FORWARD][f].target == table) flow = &store->flows[FORWARD][f];
        }
        text_add(&source, "(SELECT ");
        for (size_t c = 0; c < table->column_count; c++) {
            const struct column *column = &table->columns[c];
            if (c > 0) text_add(&source, ", ");
            if (flow != NULL && names_have(&flow->yielded, column->name)) {
                text_add(&source, "midflight_f.");
                pg_quote(&source, column->name);
            } else {
                text_addf(&source, "NULL::%s AS ", column->declared);
                pg_quote(&source, column->name);
            }
        }
        if (flow != NULL) {
            text_add(&source, " FROM ");
            sync_query(&source, &pg_dialect, flow, &everything, IMAGE_STORED);
            text_add(&source, " AS midflight_f)");
        } else {
            text_add(&source, " WHERE false)");
        }
        tables[i] = *table;
        tables[i].source = arena_copy(store->bound, text_get(&source));
    }
    return tables;
}

struct broken {
    struct check_report *report;
    const char *table;
};

static bool broken_entity(void *context, const char *key, struct error *error) {
    (void)error;
    struct broken *broken = context;
    struct difference difference = {.key = key, .table = broken->table, .expected = "the row as it is",
                                    .found = "another after forward and backward"};
    if (broken->report->broken_count++ < BROKEN_MAX && broken->report->broken != NULL) {
        broken->report->broken(broken->report->context, &difference);
    }
    return true;
}

/* backward(forward(x)) = x, told by one query over the real rows of a range: nothing is written for it. */
static bool check_round_trip(struct postgres_store *store, struct bound_table *tables, const char *from, const char *until,
                             struct check_report *report, struct error *error) {
    for (size_t i = 0; i < store->change.mappings[BACKWARD].count; i++) {
        struct flow flow = store->flows[BACKWARD][i];
        struct broken broken = {report, flow.target->table->name};
        struct error failure;
        flow.leaders = tables;
        if (pg_different(store, &flow, from, until, broken_entity, &broken, &failure)) continue;
        if (failure.code != ERROR_ROWS) {
            *error = failure;
            return false;
        }
        report_say(report, CHECK_WARNING, "the round trip fails for some row (%s): its entity will be in quarantine until it is mended",
            failure.message);
    }
    return true;
}

/* A sample is taken at so many places, evenly far from one another. */
#define SAMPLE_PLACES 10

/* Of all rows, or of a few at each of some places: one query over everything takes as long as the copy. */
static bool check_round_trips(struct postgres_store *store, struct check_report *report, struct error *error) {
    struct bound_table *tables = forwarded(store);
    int64_t rows = report->forecast.rows, apart = rows / SAMPLE_PLACES, at_once = (int64_t)((double)apart * report->sample);
    const char *from = NULL, *until = NULL;
    if (report->sample >= 1 || at_once < 1) return check_round_trip(store, tables, NULL, NULL, report, error);
    report->forecast.entities_tried = 0;
    for (int place = 0; place < SAMPLE_PLACES; place++) {
        if (!pg_key_after(store, SIDE_OLD, from, NULL, at_once, store->bound, &until, error)) return false;
        if (!check_round_trip(store, tables, from, until, report, error)) return false;
        if (until == NULL) break;
        report->forecast.entities_tried += at_once;
        if (!pg_key_after(store, SIDE_OLD, from, NULL, apart, store->bound, &from, error)) return false;
        if (from == NULL) break;
    }
    return true;
}

/* --- the plan -------------------------------------------------------------------------------------------------- */

static void step(struct check_report *report, const char *stage, const char *statement, const char *lock) {
    struct check_step one = {stage, statement, lock};
    if (report->step != NULL) report->step(report->context, &one);
}

/* What the short form runs in place of new.create. */
static const char *alter_plan(const struct postgres_store *store) {
    return arena_format(store->bound, "%s %s, on an empty copy that becomes %s",
                        pg_clause_is_create(store->change.alter_change) ? "" : "ALTER TABLE", store->change.alter_change,
                        store->tables[SIDE_NEW][0].physical);
}

/* What is learned of the new tables while they are there for a moment. */
struct glimpse {
    const char *referred[2];  /* by side: what their foreign keys refer to; NULL: nothing */
    const char *sequences;    /* of both sides, that are to count beside one another; NULL: none */
};

static void plan_old(struct postgres_store *store, const struct glimpse *glimpse, struct check_report *report) {
    const char *create = store->alter == NULL ? store->change.create : alter_plan(store);
    TEXT made = {0};
    text_add(&made, "ACCESS EXCLUSIVE on the new tables alone");
    if (glimpse->referred[SIDE_NEW] != NULL) {
        text_addf(&made, "; SHARE ROW EXCLUSIVE for an instant on %s, which they refer to: writers wait, readers do not",
                  glimpse->referred[SIDE_NEW]);
    }
    step(report, "Initializing", create, text_get(&made));
    if (glimpse->sequences != NULL) {
        step(report, "Initializing", arena_format(store->bound, "ALTER SEQUENCE %s INCREMENT BY ...", glimpse->sequences),
             "SHARE ROW EXCLUSIVE for an instant on the sequences: who wants a number waits");
    }
    for (size_t i = 0; i < store->change.shapes[SIDE_OLD].count; i++) {
        TEXT trigger = {0};
        text_addf(&trigger, "CREATE TRIGGER ... AFTER INSERT, UPDATE, DELETE, TRUNCATE ON %s", store->tables[SIDE_OLD][i].physical);
        step(report, "Initializing", text_get(&trigger), "SHARE ROW EXCLUSIVE for an instant: writers wait, readers do not");
    }
}

static void plan_copy(struct postgres_store *store, const struct glimpse *glimpse, struct check_report *report) {
    step(report, "Running", "INSERT ... SELECT, chunk by chunk, into tables without indexes", "ROW EXCLUSIVE on the new tables, ACCESS "
         "SHARE on the old ones: nobody waits");
    step(report, "Running", "CREATE INDEX ...; ALTER TABLE ... ADD CONSTRAINT: whatever the new tables have", "SHARE and ACCESS EXCLUSIVE "
         "on the new tables alone");
    if (glimpse->referred[SIDE_NEW] != NULL) {
        step(report, "Running", "ALTER TABLE ... ADD FOREIGN KEY ... NOT VALID; ALTER TABLE ... VALIDATE CONSTRAINT",
             arena_format(store->bound, "SHARE ROW EXCLUSIVE for an instant on %s, then ROW SHARE", glimpse->referred[SIDE_NEW]));
    }
    if (!store->change.outbox) step(report, "Running", "CREATE OR REPLACE FUNCTION: what the old tables' triggers run", "none of theirs: nobody waits");
    step(report, "Running", pg_has_way(store, BACKWARD) && !store->change.outbox ? "CREATE TRIGGER ... on the new tables"
                                                        : "CREATE TRIGGER ... on the new tables, which refuses writes",
         "SHARE ROW EXCLUSIVE on the new tables alone");
    if (store->change.side_lock) {
        step(report, "Running", "LOCK TABLE midflight's own, by each statement that writes",
             "ROW EXCLUSIVE by writers of the old side, SHARE by writers of the new one: each side waits for the other's commits");
    }
}

static void plan_end(struct postgres_store *store, const struct glimpse *glimpse, struct check_report *report) {
    if (store->alter != NULL) {
        step(report, "Awaiting Finalization", "ALTER TABLE ... RENAME, and what goes with the name",
             "ACCESS EXCLUSIVE on both tables and on those at the other end of their foreign keys: all at once or none, waited for 50 ms "
             "at a time");
        step(report, "Awaiting Finalization", "ALTER TABLE ... VALIDATE CONSTRAINT; CREATE MATERIALIZED VIEW",
             "SHARE UPDATE EXCLUSIVE, ROW SHARE and ACCESS SHARE: nobody waits");
    } else if (store->change.outbox) {
        step(report, "Awaiting Finalization", "LOCK TABLE: the old tables; the outbox is drained to empty; CREATE OR REPLACE FUNCTION: the new "
             "tables take writes, and note keys; the old ones refuse or hold them",
             "SHARE ROW EXCLUSIVE on the old tables for pause_max at most: writers wait, readers do not");
    } else {
        step(report, "Awaiting Finalization", "UPDATE midflight_migration SET stage = ...", "one row of midflight's own");
    }
    if (!pg_has_way(store, BACKWARD)) {
        step(report, "Awaiting Finalization", "DROP TRIGGER ... on both sides; CREATE TRIGGER ... on the old tables, which refuses writes",
             "ACCESS EXCLUSIVE for an instant on both sides, in the transaction of the cut-over");
    }
    bool drop = store->change.retire == RETIRE_DROP;
    if (drop && glimpse->referred[SIDE_OLD] != NULL) {
        step(report, "Finishing", "ALTER TABLE ... DROP CONSTRAINT: the old tables' foreign keys",
             arena_format(store->bound, "ACCESS EXCLUSIVE for an instant on %s, which they refer to", glimpse->referred[SIDE_OLD]));
    }
    step(report, "Finishing", drop                                       ? "DROP TRIGGER ...; DROP TABLE: the old tables"
                              : store->change.retire == RETIRE_RENAME ? "DROP TRIGGER ...; ALTER TABLE ... RENAME TO ..._retired: the old tables"
                                                                        : "DROP TRIGGER ...; the old tables stay",
         "ACCESS EXCLUSIVE for an instant on both sides");
}

static void plan(struct postgres_store *store, const struct glimpse *glimpse, struct check_report *report) {
    plan_old(store, glimpse, report);
    plan_copy(store, glimpse, report);
    plan_end(store, glimpse, report);
}

/* --- the forecast ---------------------------------------------------------------------------------------------- */

#define REHEARSAL_ROWS 2000

static bool make_new(void *context, struct error *error) {
    struct postgres_store *store = context;
    return pg_script(store->db, store->change.create, "new.create", error);
}

/* Fills the new tables with the first entities. */
static bool fill(struct postgres_store *store, const char *until, struct forecast *forecast, struct error *error) {
    struct scope scope = {.upper = until != NULL};
    const char *values[KEY_COLUMNS_MAX];
    size_t count;
    if (!pg_range_values(store, NULL, until, store->bound, values, &count, error)) return false;
    double began = clock_ms();
    for (size_t i = 0; i < store->change.mappings[FORWARD].count; i++) {
        const struct flow *flow = &store->flows[FORWARD][i];
        TEXT query = {0};
        TEXT sql = {0};
        TEXT name = {0};
        const char *bytes = NULL;
        sync_query(&query, &pg_dialect, flow, &scope, IMAGE_STORED);
        sync_insert(&sql, &pg_dialect, flow, text_get(&query), NULL, false);
        pg_dialect.table(&name, flow->target);
        if (!pg_query(store->db, text_get(&sql), NULL, values, count, NULL, error) ||
            !pg_text(store->db, "SELECT pg_total_relation_size($1::regclass)", text_get(&name), store->bound, &bytes, error)) {
            return false;
        }
        forecast->disk_bytes += strtoll(bytes, NULL, 10);
    }
    forecast->backfill_s = (clock_ms() - began) / 1000;
    return true;
}

static bool look(struct postgres_store *store, struct glimpse *glimpse, struct check_report *report, struct error *error) {
    for (size_t i = 0; i < store->change.shapes[SIDE_NEW].count; i++) {
        if (!check_index(store, &store->tables[SIDE_NEW][i], "Put into new.create: CREATE INDEX", report, error)) return false;
    }
    /* The short form takes along what is tied to its table, and says itself what does not fit. */
    if (store->alter == NULL && (!pg_check_types(store, FORWARD, report, error) || !pg_check_types(store, BACKWARD, report, error) ||
                                 !pg_ties_of_new(store, report, error))) {
        return false;
    }
    return pg_referred(store, SIDE_NEW, &glimpse->referred[SIDE_NEW], error) &&
           pg_numbers_beside(store, &glimpse->sequences, report, error);
}

/* Makes the new shape, looks at it, and fills it with the first entities, in a transaction that is undone. */
static bool rehearse(struct postgres_store *store, const char *until, struct glimpse *glimpse, struct check_report *report,
                     struct error *error) {
    struct store *base = &store->sql.base;
    struct error failure = {0};
    if (!base->ops->begin(base, error)) return false;
    bool ok = pg_patiently(store->db, make_new, store, "what the new shape refers to could not be locked", &failure) &&
              look(store, glimpse, report, &failure) &&
              (report->forecast.rows == 0 || fill(store, until, &report->forecast, &failure));
    base->ops->rollback(base);
    if (ok || failure.code == ERROR_ROWS) return true; /* what rows fail, the round trip says */
    *error = failure;
    return false;
}

static bool forecast(struct postgres_store *store, struct glimpse *glimpse, struct check_report *report, struct error *error) {
    struct forecast *forecast = &report->forecast;
    const char *until = NULL;
    if (!pg_key_after(store, SIDE_OLD, NULL, NULL, REHEARSAL_ROWS, store->bound, &until, error)) return false;
    if (store->standing.made) return true;
    if (!rehearse(store, until, glimpse, report, error)) return false;
    double share = until == NULL ? 1 : (double)forecast->rows / REHEARSAL_ROWS;
    forecast->backfill_s *= share;
    forecast->disk_bytes = (int64_t)((double)forecast->disk_bytes * share);
    return true;
}

bool postgres_check(struct store *base, struct check_report *report, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct glimpse glimpse = {0};
    if (store->half != NULL) return pg_half_check(store, report, error);
    if (!check_keys(store, report, error) || !check_neighbours(store, SIDE_OLD, report, error) ||
        (store->alter == NULL && !pg_ties_of_old(store, report, error)) ||
        (report->forecast.rows == 0 && !postgres_rows_count(base, &report->forecast.rows, error))) {
        return false;
    }
    report->forecast.entities_tried = report->forecast.rows;
    pg_check_columns(store, FORWARD, report);
    pg_check_columns(store, BACKWARD, report);
    if (store->alter != NULL && !store->standing.made && !pg_fit_check(store, report, error)) return false;
    if (pg_has_way(store, BACKWARD) && !check_round_trips(store, report, error)) return false;
    if (!pg_referred(store, SIDE_OLD, &glimpse.referred[SIDE_OLD], error) || !forecast(store, &glimpse, report, error)) return false;
    plan(store, &glimpse, report);
    return true;
}
