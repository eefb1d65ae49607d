/* What can be proved before the start, and the plan. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "store/sql/report.h"
#include "store/sqlite/half.h"

/* Tables of a side that this store has. */
static size_t tables_of(const struct sqlite_store *store, int side) {
    return houses(store->standing.housed, (enum side)side) ? store->change.shapes[side].count : 0;
}

/* --- keys ----------------------------------------------------------------------------------------------------- */

/* Is a range of the key found through an index? SQLite's own plan says. */
static bool key_is_indexed(sqlite3 *db, const struct bound_table *table, bool *ret, struct error *error) {
    struct scope scope = {.lower = true, .upper = true};
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool row = false;
    text_add(&sql, "EXPLAIN QUERY PLAN SELECT 1 FROM ");
    sqlite_quote(&sql, table->table->name);
    text_add(&sql, " WHERE ");
    sync_scope(&sql, &sqlite_dialect, &scope, NULL, &table->table->key);
    if (!statement_prepare(db, text_get(&sql), NULL, &statement, error) || !statement_step(statement, &row, error)) {
        return false;
    }
    *ret = row && strncmp((const char *)sqlite3_column_text(statement, 3), "SEARCH", 6) == 0;
    return true;
}

static bool is_text_type(const char *type) {
    return strcasestr(type, "CHAR") != NULL || strcasestr(type, "TEXT") != NULL || strcasestr(type, "CLOB") != NULL;
}

/* Keys must order and compare alike on every table, or a range would not mean the same entities everywhere. */
static void check_key_types(struct sqlite_store *store, struct check_report *report) {
    const struct bound_table *reference = &store->tables[store->half == NULL ? SIDE_OLD : store->half->side][0];
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < tables_of(store, side); i++) {
            const struct bound_table *table = &store->tables[side][i];
            for (size_t k = 0; k < store->key_count; k++) {
                const char *type = "", *collation = "", *type_0 = "", *collation_0 = "";
                const char *name = table->table->key.items[k], *name_0 = reference->table->key.items[k];
                sqlite3_table_column_metadata(store->copy, "main", table->table->name, name, &type, &collation, NULL, NULL,
                                              NULL);
                sqlite3_table_column_metadata(store->copy, "main", reference->table->name, name_0, &type_0, &collation_0,
                                              NULL, NULL, NULL);
                if (type == NULL) type = "";
                if (type_0 == NULL) type_0 = "";
                if (strcasecmp(collation, collation_0) != 0) {
                    report_say(report, CHECK_REFUSAL, "key: %s.%s has collation %s, %s.%s has %s; the same key would not be equal on "
                        "both sides. Declare the same COLLATE", table->table->name, name, collation,
                        reference->table->name, name_0, collation_0);
                } else if (is_text_type(type) != is_text_type(type_0)) {
                    report_say(report, CHECK_REFUSAL, "key: %s.%s is %s, %s.%s is %s; keys would order differently on the two sides. "
                        "Declare the same type", table->table->name, name, *type ? type : "untyped",
                        reference->table->name, name_0, *type_0 ? type_0 : "untyped");
                }
            }
        }
    }
}

/* In a trigger, NEW and OLD are rows: a table of that name could not be told from them. */
static void check_names(struct sqlite_store *store, struct check_report *report) {
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < tables_of(store, side); i++) {
            const char *name = store->change.shapes[side].tables[i].name;
            if (strcasecmp(name, "new") != 0 && strcasecmp(name, "old") != 0) continue;
            report_say(report, CHECK_REFUSAL, "table %s: SQLite's triggers call the rows that they see NEW and OLD, and could not tell it "
                "from them. Rename it first", name);
        }
    }
}

static bool check_keys(struct sqlite_store *store, struct check_report *report, struct error *error) {
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < tables_of(store, side); i++) {
            const struct bound_table *table = &store->tables[side][i];
            bool indexed;
            if (!key_is_indexed(store->copy, table, &indexed, error)) return false;
            if (!indexed) {
                TEXT columns = {0};
                sync_names(&columns, &sqlite_dialect, NULL, &table->table->key);
                report_say(report, CHECK_REFUSAL, "key: table %s has no index that begins with its key: every write would read the "
                    "whole table. CREATE INDEX ... ON %s (%s)", table->table->name, table->table->name, text_get(&columns));
            }
            for (size_t k = 0; k < store->key_count && side == SIDE_OLD; k++) {
                const char *name = table->table->key.items[k];
                if (sync_column(table, name)->not_null) continue;
                TEXT sql = {0};
                int64_t nulls;
                text_add(&sql, "SELECT EXISTS (SELECT 1 FROM ");
                sqlite_quote(&sql, table->physical);
                text_add(&sql, " WHERE ");
                sqlite_quote(&sql, name);
                text_add(&sql, " IS NULL)");
                if (!connection_integer(store->db, text_get(&sql), &nulls, error)) return false;
                if (nulls != 0) {
                    report_say(report, CHECK_REFUSAL, "key: some rows of %s have NULL in %s: they belong to no entity. Give them a "
                        "value or delete them", table->table->name, name);
                }
            }
        }
    }
    check_key_types(store, report);
    return true;
}

/* --- columns -------------------------------------------------------------------------------------------------- */

/* What a view may not use for a connection that does not trust the schema: SQLite itself says, of a view like ours. */
static void check_trust(struct sqlite_store *store, struct check_report *report, enum direction direction,
                        const struct flow *flow) {
    TEXT sql = {0};
    sqlite3_stmt *statement = NULL;
    text_addf(&sql, "CREATE VIEW midflight_trust AS SELECT * FROM (%s\n)", flow->sql);
    (void)sqlite3_exec(store->copy, text_get(&sql), NULL, NULL, NULL);
    (void)sqlite3_exec(store->copy, "PRAGMA trusted_schema = OFF", NULL, NULL, NULL);
    if (sqlite3_prepare_v2(store->copy, "SELECT * FROM midflight_trust", -1, &statement, NULL) != SQLITE_OK) {
        report_say(report, CHECK_WARNING, "%s.%s: %s, for a connection that sets PRAGMA trusted_schema = OFF: its writes would fail while "
            "the migration runs. Leave the setting on in the application, or write the query without that function",
            direction_name(direction), flow->target->table->name, sqlite3_errmsg(store->copy));
    }
    sqlite3_finalize(statement);
    (void)sqlite3_exec(store->copy, "PRAGMA trusted_schema = ON; DROP VIEW midflight_trust", NULL, NULL, NULL);
}

static void check_columns(struct sqlite_store *store, struct check_report *report, enum direction direction) {
    for (size_t f = 0; f < store->change.mappings[direction].count; f++) {
        const struct flow *flow = &store->flows[direction][f];
        report_missing(report, flow, direction);
        if (flow->target->strict) {
            report_say(report, CHECK_WARNING, "table %s may refuse a row for reasons of its own (a CHECK, a trigger, a partial index): the entity "
                "goes to quarantine, but an application's statement with OR ABORT, OR FAIL, OR ROLLBACK or OR REPLACE fails",
                flow->target->table->name);
        }
        report_unmapped(report, flow, direction);
        for (size_t o = 0; o < flow->others.count; o++) {
            STATEMENT *statement = NULL;
            bool row = false;
            struct error ignored;
            if (statement_prepare(store->copy, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?1)",
                                  NULL, &statement, &ignored)) {
                sqlite3_bind_text(statement, 1, flow->others.items[o], -1, SQLITE_STATIC);
                if (!statement_step(statement, &row, &ignored)) row = false;
            }
            if (!row) continue;
            report_other(report, flow, direction, flow->others.items[o]);
        }
        check_trust(store, report, direction, flow);
    }
}

/* --- other people's triggers ---------------------------------------------------------------------------------- */

struct watch {
    struct sqlite_store *store;
    struct check_report *report;
    const struct bound_table *table;
};

/* Is it a column of either shape that some query reads? column NULL: is it a table that one reads? */
static bool column_is_read(const struct sqlite_store *store, const char *table, const char *column) {
    for (enum direction direction = FORWARD; direction <= BACKWARD; direction++) {
        const struct shape *shape = &store->change.shapes[leader_of(direction)];
        for (size_t f = 0; f < store->change.mappings[direction].count; f++) {
            for (size_t i = 0; i < shape->count; i++) {
                if (strcasecmp(shape->tables[i].name, table) != 0) continue;
                if (column == NULL || names_have(&store->flows[direction][f].reads[i], column)) return true;
            }
        }
    }
    return false;
}

/* A trigger that answers our sync with a write of its own to either shape would make the two differ. */
static int note_write(void *context, int action, const char *table, const char *column, const char *database,
                      const char *trigger) {
    (void)database;
    struct watch *watch = context;
    if (trigger == NULL || table == NULL) return SQLITE_OK;
    if (action != SQLITE_INSERT && action != SQLITE_UPDATE && action != SQLITE_DELETE) return SQLITE_OK;
    if (!column_is_read(watch->store, table, action == SQLITE_UPDATE ? column : NULL)) return SQLITE_OK;
    report_say(watch->report, CHECK_REFUSAL,
        "trigger %s (fired by writes to %s) writes %s%s%s itself: when midflight carries a row over to it, the trigger would "
        "change what was carried. Leave that column out of the queries, or drop the trigger for the time being",
        trigger, watch->table->table->name, table, action == SQLITE_UPDATE ? "." : "",
        action == SQLITE_UPDATE ? column : "");
    return SQLITE_OK;
}

static void watch_statement(struct watch *watch, const char *sql) {
    sqlite3_stmt *statement = NULL;
    sqlite3_set_authorizer(watch->store->copy, note_write, watch);
    (void)sqlite3_prepare_v2(watch->store->copy, sql, -1, &statement, NULL);
    sqlite3_set_authorizer(watch->store->copy, NULL, NULL);
    sqlite3_finalize(statement);
}

static void check_triggers(struct sqlite_store *store, struct check_report *report, enum side side) {
    for (size_t i = 0; i < tables_of(store, (int)side); i++) {
        struct watch watch = {store, report, &store->tables[side][i]};
        TEXT sql = {0};
        text_add(&sql, "DELETE FROM ");
        sqlite_quote(&sql, watch.table->table->name);
        watch_statement(&watch, text_get(&sql));
        text_clear(&sql);
        text_add(&sql, "INSERT INTO ");
        sqlite_quote(&sql, watch.table->table->name);
        text_add(&sql, " DEFAULT VALUES");
        watch_statement(&watch, text_get(&sql));
        text_clear(&sql);
        text_add(&sql, "UPDATE ");
        sqlite_quote(&sql, watch.table->table->name);
        text_add(&sql, " SET ");
        bool first = true;
        for (size_t c = 0; c < watch.table->column_count; c++) {
            if (watch.table->columns[c].generated) continue;
            if (!first) text_add(&sql, ", ");
            first = false;
            sqlite_quote(&sql, watch.table->columns[c].name);
            text_add(&sql, " = ");
            sqlite_quote(&sql, watch.table->columns[c].name);
        }
        watch_statement(&watch, text_get(&sql));
    }
}

/* Triggers of another migration on our tables: the two would not know of each other's swap or retirement. */
static bool check_neighbours(struct sqlite_store *store, struct check_report *report, struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(store->db,
                           "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'midflight\\_%' ESCAPE '\\' "
                           "AND lower(tbl_name) = lower(?1) AND substr(name, 1, length(?2)) <> ?2 LIMIT 1",
                           NULL, &statement, error)) {
        return false;
    }
    for (size_t i = 0; i < tables_of(store, SIDE_OLD); i++) {
        bool row = false;
        sqlite3_bind_text(statement, 1, store->tables[SIDE_OLD][i].physical, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, own_name(store, ""), -1, SQLITE_STATIC);
        if (!statement_step(statement, &row, error)) return false;
        if (row) {
            report_say(report, CHECK_REFUSAL, "table %s is part of another migration that is under way (trigger %s): finish that one, or "
                "roll it back, first", store->tables[SIDE_OLD][i].table->name,
                (const char *)sqlite3_column_text(statement, 0));
        }
        sqlite3_reset(statement);
    }
    return true;
}

/* --- foreign keys, indexes, the file -------------------------------------------------------------------------- */

static bool in_shape(const struct shape *shape, const char *name) {
    for (size_t i = 0; i < shape->count; i++) {
        if (strcasecmp(shape->tables[i].name, name) == 0) return true;
    }
    return false;
}

static bool check_references(struct sqlite_store *store, struct check_report *report, struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(store->copy,
                           "SELECT m.name, f.\"table\", f.\"from\" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f "
                           "WHERE m.type = 'table'",
                           NULL, &statement, error)) {
        return false;
    }
    const struct shape *old = &store->change.shapes[SIDE_OLD], *new = &store->change.shapes[SIDE_NEW];
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (!row) break;
        const char *child = (const char *)sqlite3_column_text(statement, 0);
        const char *parent = (const char *)sqlite3_column_text(statement, 1);
        const char *column = (const char *)sqlite3_column_text(statement, 2);
        if (in_shape(old, child) && !in_shape(old, parent) && store->change.retire != RETIRE_DROP) {
            report_say(report, CHECK_WARNING, "table %s refers to %s (%s), and goes on to when it is retired: its rows then stand in "
                "the way of an application that deletes from %s with foreign_keys = ON. `retire: drop` avoids that", child,
                parent, column, parent);
        }
        if (store->change.alter_table != NULL) continue; /* names, and so references, stay */
        if (in_shape(old, parent) && !in_shape(old, child) && !in_shape(new, child)) {
            report_say(report, store->change.retire == RETIRE_DROP ? CHECK_REFUSAL : CHECK_WARNING,
                "table %s refers to %s (%s), which finishing %s: %s", child, parent, column,
                store->change.retire == RETIRE_DROP ? "drops" : "retires",
                store->change.retire == RETIRE_DROP ? "set `retire: rename`, or point it to the new shape first"
                                                    : "the reference goes on to the retired table");
        }
        if (in_shape(new, child) && in_shape(new, parent)) {
            const struct bound_table *table = NULL;
            for (size_t i = 0; i < new->count; i++) {
                if (strcasecmp(new->tables[i].name, child) == 0) table = &store->tables[SIDE_NEW][i];
            }
            if (table != NULL && !names_have(&table->table->key, column)) {
                report_say(report, CHECK_WARNING, "%s.%s refers to another entity of %s: until the backfill has passed that one, a write "
                    "by a connection with foreign_keys = ON may fail. Add the reference after finishing, or start while such "
                    "writes rest", child, column, parent);
            }
        }
    }
    return true;
}

static bool check_file(struct sqlite_store *store, struct check_report *report, struct error *error) {
    if (sqlite3_db_readonly(store->db, "main") == 1) {
        report_say(report, CHECK_REFUSAL, "%s can only be read: give this user the right to write it and its folder",
            store->sql.base.name);
    }
    STATEMENT *statement = NULL;
    bool row = false;
    if (!statement_prepare(store->db, "PRAGMA journal_mode", NULL, &statement, error) ||
        !statement_step(statement, &row, error)) {
        return false;
    }
    if (row && sqlite3_stricmp((const char *)sqlite3_column_text(statement, 0), "wal") != 0) {
        report_say(report, CHECK_WARNING, "%s is not in WAL mode: readers wait for each chunk's commit, and a chunk for the readers. "
            "PRAGMA journal_mode = WAL avoids that", store->sql.base.name);
    }
    return true;
}

static bool check_retired(struct sqlite_store *store, struct check_report *report, struct error *error) {
    if (store->change.retire != RETIRE_RENAME) return true;
    for (size_t i = 0; i < store->change.shapes[SIDE_OLD].count; i++) {
        TEXT sql = {0};
        int64_t taken;
        text_add(&sql, "SELECT count(*) FROM sqlite_schema WHERE lower(name) = lower(");
        sqlite_quote_text(&sql, store->change.shapes[SIDE_OLD].tables[i].name);
        text_add(&sql, " || '_retired')");
        if (!connection_integer(store->db, text_get(&sql), &taken, error)) return false;
        if (taken > 0) {
            report_say(report, CHECK_REFUSAL, "finishing would retire %s as %s_retired, and that name is taken: drop or rename it, or set "
                "`retire:` to drop or keep", store->change.shapes[SIDE_OLD].tables[i].name,
                store->change.shapes[SIDE_OLD].tables[i].name);
        }
    }
    return true;
}

/* --- the short form ------------------------------------------------------------------------------------------- */

struct rewritten {
    struct arena *arena;
    struct names statements;
};

static void keep_rewritten(void *context, const char *sql) {
    struct rewritten *rewritten = context;
    names_add(rewritten->arena, &rewritten->statements, arena_copy(rewritten->arena, sql));
}

/* The swap, tried on a copy: what it rewrites, and whether all that names the table then still works. */
static bool check_swap(struct sqlite_store *store, struct check_report *report, struct rewritten *rewritten,
                       struct error *error) {
    if (store->change.alter_table == NULL) return true;
    const char *old = alter_old_name(store->bound, store->change.alter_table);
    STATEMENT *statement = NULL;
    bool taken = false;
    if (!statement_prepare(store->db, "SELECT 1 FROM sqlite_schema WHERE lower(name) = lower(?1)", NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, old, -1, SQLITE_STATIC);
    if (!statement_step(statement, &taken, error)) return false;
    if (taken) {
        report_say(report, CHECK_REFUSAL, "the cut-over would call the old table %s, and that name is taken: rename or drop it", old);
        return true;
    }
    if (swap_list(store, keep_rewritten, rewritten, error)) return true;
    if (error->code != ERROR_REFUSED) return false;
    report_say(report, CHECK_REFUSAL, "%s", error->message);
    return true;
}

/* --- the plan ------------------------------------------------------------------------------------------------- */

static void plan(struct sqlite_store *store, struct check_report *report, const struct names *rewritten) {
    if (report->step == NULL) return;
    bool outbox = store->change.outbox;
    const char *back = has_way(store, BACKWARD) && !outbox ? "triggers on the new tables: writes there follow to the old"
                                                           : "triggers on the new tables: writes there are refused";
    const char *end = store->change.alter_table != NULL ? "the two tables exchange names"
                      : outbox                          ? "the outbox is drained to empty; the new side's triggers note keys, the old side's refuse or "
                                                          "hold writes"
                                                        : "the new side leads: an entry in the ledger";
    const struct check_step steps[] = {
        {"Initializing", store->change.create, "writers wait for one short transaction"},
        {"Initializing", outbox ? "triggers on the old tables that note keys" : "triggers on the old tables", "writers wait for one short transaction"},
        {"Running", "backfill, chunk by chunk", "writers wait for at most hold_max at a time"},
        {"Running", store->change.index == NULL ? "no index to build" : store->change.index,
         "writers wait for the build; made before the backfill where it would take longer than pause_max"},
        {"Running", back, "writers wait for one short transaction"},
        {"Running", "the second pass: compare the whole", "none"},
        {"Awaiting Finalization", end, outbox ? "writers wait for at most pause_max" : "writers wait for one short transaction"},
    };
    const struct check_step finishing = {
        "Finishing", store->change.retire == RETIRE_DROP     ? "the triggers go; the old tables are emptied in steps, dropped"
                      : store->change.retire == RETIRE_RENAME ? "the triggers go; the old tables are renamed ..._retired"
                                                              : "the triggers go; the old tables stay, and what is "
                                                                "still written to them reaches the new ones no more",
         "writers wait for one short transaction"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) report->step(report->context, &steps[i]);
    for (size_t i = 0; i < rewritten->count; i++) {
        const struct check_step step = {"Awaiting Finalization", rewritten->items[i], "none: in that same transaction"};
        report->step(report->context, &step);
    }
    report->step(report->context, &finishing);
}

/* --- one side, the other being in another store ------------------------------------------------------------------ */

/* Equal keys are equal bytes to the other store. */
static void check_key_collations(struct sqlite_store *store, struct check_report *report) {
    for (size_t i = 0; i < half_table_count(store); i++) {
        const struct bound_table *table = &half_tables(store)[i];
        for (size_t k = 0; k < store->key_count; k++) {
            const struct column *column = sync_column(table, table->table->key.items[k]);
            if (*column->declared == '\0') {
                report_say(report, CHECK_REFUSAL, "key: %s.%s is declared without a type: 1 and '1' would be two keys here and one in the other "
                    "store. Declare a type", table->table->name, column->name);
            }
            if (!column->folded) continue;
            report_say(report, CHECK_REFUSAL, "key: %s.%s has collation %s: keys that are equal here would not be so in the other store. Take a "
                "key with collation BINARY", table->table->name, column->name, column->collation);
        }
    }
}

/* What a REPLACE displaces is looked for by the columns of unique indexes; an expression has none. */
static bool check_expressions(struct sqlite_store *store, struct check_report *report, struct error *error) {
    STATEMENT *statement = NULL;
    if (!statement_prepare(store->copy,
                           "SELECT l.name FROM pragma_index_list(?1) l WHERE l.\"unique\" AND NOT EXISTS (SELECT 1 FROM pragma_index_xinfo(l.name) x "
                           "WHERE x.key AND x.cid >= 0)",
                           NULL, &statement, error)) {
        return false;
    }
    for (size_t i = 0; i < half_table_count(store); i++) {
        sqlite3_bind_text(statement, 1, half_tables(store)[i].table->name, -1, SQLITE_STATIC);
        for (bool row = true; row;) {
            if (!statement_step(statement, &row, error)) return false;
            if (!row) break;
            report_say(report, CHECK_WARNING, "table %s: index %s is unique over expressions alone: what an INSERT OR REPLACE displaces by it "
                "SQLite tells nobody, unless the application sets PRAGMA recursive_triggers = ON. `midflight verify` finds such rows",
                half_tables(store)[i].table->name, (const char *)sqlite3_column_text(statement, 0));
        }
        sqlite3_reset(statement);
    }
    return true;
}

static void plan_half(struct sqlite_store *store, struct check_report *report) {
    static const struct check_step old[] = {
        {"Initializing", "triggers on the old tables that note keys", "writers wait for one short transaction"},
        {"Running", "the copy reads, chunk by chunk", "none: with a write-ahead log readers hold nobody up"},
        {"Awaiting Finalization", "the old side takes no more writes, the outbox is drained to empty", "writers wait for at most pause_max"},
    };
    const struct check_step new[] = {
        {"Initializing", store->change.create, "writers wait for one short transaction"},
        {"Initializing", "the new tables take no writes but midflight's", "writers wait for one short transaction"},
        {"Running", "the copy writes, chunk by chunk", "writers wait for at most hold_max at a time"},
        {"Running", store->change.index == NULL ? "no index to build" : store->change.index, "writers wait for the build"},
        {"Awaiting Finalization", "triggers on the new tables that note keys", "writers wait for one short transaction"},
    };
    bool is_old = store->half->side == SIDE_OLD;
    const struct check_step *steps = is_old ? old : new;
    size_t count = is_old ? sizeof old / sizeof *old : sizeof new / sizeof *new;
    for (size_t i = 0; report->step != NULL && i < count; i++) report->step(report->context, &steps[i]);
}

static bool check_half(struct sqlite_store *store, struct check_report *report, struct error *error) {
    if (!check_file(store, report, error) || !check_keys(store, report, error) || !check_neighbours(store, report, error) ||
        !check_expressions(store, report, error)) {
        return false;
    }
    check_key_collations(store, report);
    if (store->half->side == SIDE_OLD && !check_retired(store, report, error)) return false;
    plan_half(store, report);
    return true;
}

bool sqlite_check(struct store *base, struct check_report *report, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    struct rewritten rewritten = {.arena = store->bound};
    if (store->half != NULL) return check_half(store, report, error);
    report->refusals = report->broken_count = 0;
    if (!has_way(store, BACKWARD)) {
        report_say(report, CHECK_WARNING, "there is no `backward`: until the cut-over the new tables take no writes but midflight's, "
            "after it the old ones take none, and there is no way back");
    }
    if (store->change.side_lock) {
        report_say(report, CHECK_WARNING, "side_lock changes nothing here: SQLite has one writer at a time, so that no two deadlock");
    }
    if (!check_file(store, report, error) || !check_keys(store, report, error) ||
        !check_neighbours(store, report, error) || !check_references(store, report, error) ||
        !check_retired(store, report, error)) {
        return false;
    }
    if (!check_swap(store, report, &rewritten, error)) return false;
    check_names(store, report);
    check_columns(store, report, FORWARD);
    check_columns(store, report, BACKWARD);
    if (has_way(store, BACKWARD)) check_triggers(store, report, SIDE_OLD);
    check_triggers(store, report, SIDE_NEW);
    plan(store, report, &rewritten.statements);
    return report->refusals > 0 || check_rehearse(store, report, error);
}
