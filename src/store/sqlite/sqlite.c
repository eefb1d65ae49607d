#include "store/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/sql/ledger.h"
#include "store/sqlite/half.h"

/* Pages that the write-ahead log may hold before we copy them into the file ourselves. Where there is time, well below
 * SQLite's own 1000, at which it would be some commit of the application's that has to do it; else as late as can be, since
 * a page that many chunks change is better copied once. */
#define LOG_PAGES_RESTING 600
#define LOG_PAGES 16000

/* Threads that serve would queue for the one lock under which SQLite counts its memory. */
static void own_process(void) {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* --- sql_connection over sqlite3 ------------------------------------------------------------------------------ */

static struct sqlite_store *store_of(struct sql_connection *connection) {
    return (struct sqlite_store *)((char *)connection - offsetof(struct sqlite_store, sql.connection));
}

static void bind_value(sqlite3_stmt *statement, int index, const struct sql_value *value) {
    switch (value->kind) {
    case SQL_NULL:
        sqlite3_bind_null(statement, index);
        break;
    case SQL_INTEGER:
        sqlite3_bind_int64(statement, index, value->integer);
        break;
    case SQL_TEXT:
        sqlite3_bind_text(statement, index, value->text, -1, SQLITE_STATIC);
        break;
    }
}

static bool connection_run(struct sql_connection *connection, const char *sql, const struct sql_value *binds,
                           size_t count, sql_visit *visit, void *context, int64_t *ret_changed, struct error *error) {
    sqlite3 *db = store_of(connection)->db;
    STATEMENT *statement = NULL;
    struct sql_value columns[32] = {0};
    if (!statement_prepare(db, sql, NULL, &statement, error)) return false;
    for (size_t i = 0; i < count; i++) bind_value(statement, (int)i + 1, &binds[i]);
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (!row || visit == NULL) continue;
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            bool number = sqlite3_column_type(statement, i) == SQLITE_INTEGER;
            columns[i] = number ? sql_integer(sqlite3_column_int64(statement, i))
                                : sql_text((const char *)sqlite3_column_text(statement, i));
        }
        if (!visit(context, columns, error)) return false;
    }
    if (ret_changed != NULL) *ret_changed = sqlite3_changes64(db);
    return true;
}

static bool connection_run_script(struct sql_connection *connection, const char *sql, struct error *error) {
    return connection_script(store_of(connection)->db, sql, NULL, error);
}

/* --- opening and binding -------------------------------------------------------------------------------------- */

static void unbind(struct sqlite_store *store) {
    face_forget(store);
    half_free(store);
    chunk_statements_free(store);
    swap_forget(store);
    for (int direction = 0; direction < 2; direction++) statement_finalize(&store->sync[direction]);
    sqlite3_close(store->copy);
    store->copy = NULL;
    arena_free(store->bound);
    store->bound = NULL;
}

static void sqlite_close(struct store *base) {
    struct sqlite_store *store = sqlite_store_of(base);
    unbind(store);
    sqlite3_close(store->db);
    arena_free(store->arena);
    free(store);
}

static int note_log(void *context, sqlite3 *db, const char *schema, int pages) {
    (void)db, (void)schema;
    struct sqlite_store *store = context;
    store->log_pages = pages;
    return SQLITE_OK;
}

static bool sqlite_open(const char *address, struct store **ret, struct error *error) {
    struct sqlite_store *store = calloc(1, sizeof *store);
    if (store == NULL) abort();
    store->sql.base.ops = &sqlite_ops;
    store->sql.connection = (struct sql_connection){connection_run, connection_run_script};
    store->arena = arena_new();
    if (!connection_open(address, &store->sql.base.wait_until_ms, &store->db, &store->sql.base.name, store->arena, error)) {
        sqlite_close(&store->sql.base);
        return false;
    }
    sqlite3_wal_hook(store->db, note_log, store); /* instead of SQLite's automatic checkpoint; see sqlite_tidy */
    *ret = &store->sql.base;
    return true;
}

static const char *physical_name(const struct sqlite_store *store, enum side side, const char *name) {
    if (!store->standing.swapped || store->change.alter_table == NULL) return name;
    return side == SIDE_OLD ? alter_old_name(store->bound, store->change.alter_table) : store->change.alter_table;
}

bool bind_tables(struct sqlite_store *store, enum side side, struct error *error) {
    const struct shape *shape = &store->change.shapes[side];
    store->tables[side] = ARENA_ARRAY(store->bound, struct bound_table, shape->count);
    for (size_t i = 0; i < shape->count; i++) {
        struct bound_table *table = &store->tables[side][i];
        if (!catalog_table(store->copy, &shape->tables[i], store->bound, table, error)) {
            if (!store->standing.names_only) return error_prefix(error, "%s shape", side_name(side));
            *table = (struct bound_table){.table = &shape->tables[i]};
        }
        table->physical = physical_name(store, side, shape->tables[i].name);
        table->source = own_name(store, arena_format(store->bound, "%s_%s", side_name(side), shape->tables[i].name));
    }
    return true;
}

static const struct bound_table *find_table(const struct sqlite_store *store, enum side side, const char *name) {
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        if (strcmp(store->change.shapes[side].tables[i].name, name) == 0) return &store->tables[side][i];
    }
    return NULL;
}

static bool bind_flows(struct sqlite_store *store, enum direction direction, struct error *error) {
    const struct mapping *mapping = &store->change.mappings[direction];
    store->flows[direction] = ARENA_ARRAY(store->bound, struct flow, mapping->count);
    for (size_t i = 0; i < mapping->count; i++) {
        if (!catalog_flow(store->copy, &mapping->queries[i], direction, store->tables[leader_of(direction)],
                          store->change.shapes[leader_of(direction)].count,
                          find_table(store, follower_of(direction), mapping->queries[i].table), store->bound,
                          &store->flows[direction][i], error)) {
            return false;
        }
    }
    return true;
}

/* Makes the short form long. */
static bool bind_alter(struct sqlite_store *store, struct error *error) {
    struct change alter = store->change;
    if (!alter_as_stored(store->db, &alter, store->bound, error)) return false;
    if (catalog_alter(store->db, &alter, store->standing, store->bound, &store->change, error)) return true;
    if (!store->standing.names_only) return false;
    catalog_alter_names(&alter, store->bound, &store->change);
    return true;
}

static bool sqlite_bind(struct store *base, const struct change *change, struct standing standing,
                        struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    unbind(store);
    store->bound = arena_new();
    store->standing = standing;
    store->change = *change;
    if (change->alter_table != NULL && !bind_alter(store, error)) return false;
    store->key_count = store->change.shapes[SIDE_OLD].tables[0].key.count;
    store->key = store->until = (struct names){0};
    for (size_t i = 0; i < store->key_count; i++) {
        names_add(store->bound, &store->key, arena_format(store->bound, "k%zu", i + 1));
        names_add(store->bound, &store->until, arena_format(store->bound, "h%zu", i + 1));
    }
    bool ignored;
    if (standing.housed != HOUSES_BOTH) return half_bind(store, error);
    return sqlite_others_write(base, &ignored, error) && catalog_copy(store->db, &store->change, standing, &store->copy, error) &&
           bind_tables(store, SIDE_OLD, error) && bind_tables(store, SIDE_NEW, error) &&
           (standing.names_only || (bind_flows(store, FORWARD, error) && bind_flows(store, BACKWARD, error)));
}

/* --- transactions --------------------------------------------------------------------------------------------- */

static bool sqlite_begin(struct store *base, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    if (!connection_script(store->db, "BEGIN IMMEDIATE", NULL, error)) return false;
    store->began_ms = clock_ms();
    base->held_since_ms = 0;
    return true;
}

static bool sqlite_commit(struct store *base, struct error *error) {
    return connection_script(sqlite_store_of(base)->db, "COMMIT", NULL, error);
}

static void sqlite_rollback(struct store *base) {
    sqlite3 *db = sqlite_store_of(base)->db;
    if (sqlite3_get_autocommit(db) == 0) (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

static bool sqlite_tidy(struct store *base, bool rest, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    (void)error;
    if (store->log_pages < (rest ? LOG_PAGES_RESTING : LOG_PAGES)) return true;
    /* A checkpoint that others keep from finishing is no failure: the next one goes on from there. */
    sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return true;
}

static bool sqlite_ledger_exists(struct store *base, bool *ret, struct error *error) {
    int64_t count;
    if (!connection_integer(sqlite_store_of(base)->db,
                            "SELECT count(*) FROM sqlite_schema WHERE name = 'midflight_migration'", &count, error)) {
        return false;
    }
    *ret = count > 0;
    return true;
}

const struct store_ops sqlite_ops = {
    .scheme = "sqlite",
    .hold_ms_max = 10,
    .workers = 1, /* one writer */
    .own_process = own_process, .open = sqlite_open,
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .ledger_exists = sqlite_ledger_exists,
    .ledger_create = sql_ledger_create,
    .ledger_find = sql_ledger_find,
    .ledger_definition = sql_ledger_definition,
    .ledger_add = sql_ledger_add,
    .ledger_move = sql_ledger_move,
    .ledger_set = sql_ledger_set,
    .ledger_moves = sql_ledger_moves,
    .ledger_step = sql_ledger_step,
    .ledger_mark = sql_ledger_mark,
    .ledger_unmark = sql_ledger_unmark,
    .ledger_forget = sql_ledger_forget,
    .ledger_leave = sql_ledger_leave,
    .ledger_stay = sqlite_ledger_stay,
    .ledger_remember = sql_ledger_remember,
    .ledger_findings = sql_ledger_findings,
    .finding_add = sql_finding_add,
    .finding_known = sql_finding_known,
    .finding_drop = sql_finding_drop,
    .findings_clear = sql_findings_clear,
    .lease_take = sql_lease_take,
    .lease_renew = sql_lease_renew,
    .lease_release = sql_lease_release,
    .lease_resume = sql_lease_resume,
    .lease_floor = sql_lease_floor,
    .lease_raise = sql_lease_raise,
    .drain_open = sql_drain_open,
    .drain_take = sql_drain_take,
    .drain_return = sql_drain_return,
    .drain_split = sql_drain_split,
    .drain_recall = sql_drain_recall,
    .drain_want = sql_drain_want,
    .drain_look = sql_drain_look,
    .lease_follow = sql_lease_follow,
    .land_claim = sql_land_claim,
    .bind = sqlite_bind,
    .check = sqlite_check,
    .schema_digest = sqlite_schema_digest,
    .shape_make = sqlite_shape_make,
    .shape_index = sqlite_shape_index,
    .shape_empty = sqlite_shape_empty,
    .shape_drop = sqlite_shape_drop,
    .shape_retire = sqlite_shape_retire,
    .swap_rehearse = sqlite_swap_rehearse,
    .swap = sqlite_swap,
    .rows_count = sqlite_rows_count,
    .capture_note = sqlite_capture_note,
    .capture_on = sqlite_capture_on,
    .capture_refuse = sqlite_capture_refuse,
    .capture_hold = sqlite_capture_hold,
    .held = sqlite_held,
    .held_release = sqlite_held_release,
    .capture_close = sqlite_capture_close,
    .capture_off = sqlite_capture_off,
    .capture_intact = sqlite_capture_intact,
    .backfill_open = sqlite_backfill_open,
    .backfill_chunk = sqlite_backfill_chunk,
    .inspect = sqlite_inspect,
    .sync = sqlite_sync,
    .park = sqlite_park,
    .drain = sqlite_drain,
    .rehearse = sqlite_rehearse,
    .others_write = sqlite_others_write,
    .serve = sqlite_serve,
    .face_key = sqlite_face_key,
    .face_single = sqlite_face_single,
    .face_get = sqlite_face_get,
    .face_translate = sqlite_face_translate,
    .face_lock = sqlite_face_lock,
    .face_put = sqlite_face_put,
    .face_delete = sqlite_face_delete,
    .face_list = sqlite_face_list,
    .face_waits = sqlite_face_waits,
    .face_want = sqlite_face_want,
    .view_begin = sqlite_view_begin,
    .ledger_pin = sqlite_ledger_pin,
    .ledger_stand = sql_ledger_stand,
    .node_enter = sql_node_enter,
    .node_confirm = sql_node_confirm,
    .node_leave = sql_node_leave,
    .nodes = sql_nodes,
    .rollout_get = sql_rollout_get,
    .rollout_announce = sql_rollout_announce,
    .rollout_set = sql_rollout_set,
    .mismatch_add = sql_mismatch_add,
    .mismatches = sql_mismatches,
    .ship_manifest = sqlite_ship_manifest,
    .land_expect = sqlite_land_expect,
    .range_take = sqlite_range_take,
    .range_resume = sqlite_range_resume,
    .ship_open = sqlite_ship_open,
    .ship = sqlite_ship,
    .ship_close = sqlite_ship_close,
    .ship_keys = sqlite_ship_keys,
    .land_open = sqlite_land_open,
    .land_begin = sqlite_land_begin,
    .land_data = sqlite_land_data,
    .land_end = sqlite_land_end,
    .land_close = sqlite_land_close,
    .land_abandon = sqlite_land_abandon,
    .land_differ = sqlite_land_differ,
    .land_absent = sqlite_land_absent,
    .backlog = sqlite_backlog,
    .outbox_reopen = sqlite_outbox_reopen,
    .outbox_mend = sqlite_outbox_mend,
    .outbox_middle = sqlite_outbox_middle,
    .hold = sqlite_hold,
    .tidy = sqlite_tidy,
};
