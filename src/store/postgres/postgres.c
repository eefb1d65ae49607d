#include "store/postgres/postgres.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "store/postgres/alter.h"
#include "store/postgres/bouncer.h"
#include "store/postgres/catalog.h"
#include "store/postgres/half.h"
#include "store/sql/ledger.h"

/* --- sql_connection over libpq -------------------------------------------------------------------------------- */

#define COLUMNS_MAX 32

static struct postgres_store *store_of(struct sql_connection *connection) {
    return (struct postgres_store *)((char *)connection - offsetof(struct postgres_store, sql.connection));
}

/* ?3 -> $3 */
static void add_numbered(struct text *text, const char *sql) {
    for (; *sql != '\0'; sql++) text_add_n(text, *sql == '?' ? "$" : sql, 1);
}

static bool is_integer(const PGresult *result, int column) {
    Oid type = PQftype(result, column);
    return type == 20 || type == 21 || type == 23; /* int8, int2, int4: fixed in PostgreSQL's pg_type.dat */
}

static bool connection_run(struct sql_connection *connection, const char *sql, const struct sql_value *binds,
                           size_t count, sql_visit *visit, void *context, int64_t *ret_changed, struct error *error) {
    TEXT numbered = {0};
    RESULT *result = NULL;
    char integers[COLUMNS_MAX][24];
    const char *values[COLUMNS_MAX];
    add_numbered(&numbered, sql);
    for (size_t i = 0; i < count; i++) {
        snprintf(integers[i], sizeof integers[i], "%lld", (long long)binds[i].integer);
        values[i] = binds[i].kind == SQL_NULL ? NULL : binds[i].kind == SQL_TEXT ? binds[i].text : integers[i];
    }
    if (!pg_query(store_of(connection)->db, text_get(&numbered), NULL, values, count, &result, error)) return false;
    for (int row = 0; visit != NULL && row < PQntuples(result); row++) {
        struct sql_value columns[COLUMNS_MAX] = {0};
        for (int i = 0; i < PQnfields(result); i++) {
            const char *text = result_text(result, row, i);
            columns[i] = text != NULL && is_integer(result, i) ? sql_integer(strtoll(text, NULL, 10)) : sql_text(text);
        }
        if (!visit(context, columns, error)) return false;
    }
    if (ret_changed != NULL) *ret_changed = strtoll(PQcmdTuples(result), NULL, 10);
    return true;
}

static bool connection_script(struct sql_connection *connection, const char *sql, struct error *error) {
    return pg_script(store_of(connection)->db, sql, NULL, error);
}

/* --- opening and binding -------------------------------------------------------------------------------------- */

static void postgres_close(struct store *base) {
    struct postgres_store *store = postgres_store_of(base);
    pg_range_let_go(store);
    bouncer_free(store->bouncer);
    if (store->half != NULL) pg_shipment_forget(store);
    PQfinish(store->db);
    arena_free(store->bound);
    arena_free(store->arena);
    free(store);
}

static bool postgres_open(const char *address, struct store **ret, struct error *error) {
    struct postgres_store *store = calloc(1, sizeof *store);
    if (store == NULL) abort();
    store->sql.base.ops = &postgres_ops;
    store->sql.connection = (struct sql_connection){connection_run, connection_script};
    store->arena = arena_new();
    store->bound = arena_new();
    if (!pg_open(address, &store->db, &store->sql.base.name, store->arena, error)) {
        store->db = NULL;
        postgres_close(&store->sql.base);
        return false;
    }
    *ret = &store->sql.base;
    return true;
}

static bool bind_tables(struct postgres_store *store, enum side side, struct error *error) {
    const struct shape *shape = &store->change.shapes[side];
    const char *late = side == SIDE_NEW && store->standing.made ? store->change.name : NULL;
    store->tables[side] = ARENA_ARRAY(store->bound, struct bound_table, shape->count);
    for (size_t i = 0; i < shape->count; i++) {
        struct bound_table *table = &store->tables[side][i];
        if (pg_catalog_table(store->db, &shape->tables[i], late, store->bound, table, error)) continue;
        if (!store->standing.names_only || error->code != ERROR_DEFINITION) {
            return error_prefix(error, "%s shape", side_name(side));
        }
        *table = (struct bound_table){.table = &shape->tables[i], .physical = shape->tables[i].name};
    }
    return true;
}

static const struct bound_table *find_table(const struct postgres_store *store, enum side side, const char *name) {
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        if (strcmp(store->change.shapes[side].tables[i].name, name) == 0) return &store->tables[side][i];
    }
    return NULL;
}

static bool bind_flows(struct postgres_store *store, enum direction direction, struct error *error) {
    const struct mapping *mapping = &store->change.mappings[direction];
    enum side leader = leader_of(direction);
    store->flows[direction] = ARENA_ARRAY(store->bound, struct flow, mapping->count);
    for (size_t i = 0; i < mapping->count; i++) {
        if (!pg_catalog_flow(store->db, &mapping->queries[i], direction, store->tables[leader],
                             store->change.shapes[leader].count,
                             find_table(store, follower_of(direction), mapping->queries[i].table), store->bound,
                             &store->flows[direction][i], error)) {
            return false;
        }
    }
    return true;
}

static bool run_ddl(struct postgres_store *store, const char *ddl, const char *what, struct error *error) {
    if (ddl == NULL || pg_script(store->db, ddl, what, error)) return true;
    if (error->code == ERROR_SCHEMA || error->code == ERROR_ROWS) error->code = ERROR_DEFINITION;
    return false;
}

static bool make_new(void *context, struct error *error) {
    struct postgres_store *store = context;
    return run_ddl(store, store->change.create, "new.create", error) && run_ddl(store, store->change.index, "new.index", error);
}

/* k1, ..., kn */
static void name_key(struct postgres_store *store) {
    for (size_t i = 0; i < store->change.shapes[SIDE_OLD].tables[0].key.count; i++) {
        names_add(store->bound, &store->key, arena_format(store->bound, "k%zu", i + 1));
    }
}

/* One side is here, and the other in another store. */
static bool bind_half(struct postgres_store *store, struct error *error) {
    bool unmade = store->standing.housed == HOUSES_NEW && !store->standing.made && !store->standing.names_only;
    name_key(store);
    return (!unmade || pg_patiently(store->db, make_new, store, "what the new shape refers to could not be locked", error)) &&
           bind_tables(store, pg_home(store), error) && (store->standing.names_only || pg_half_bind(store, error));
}

/* As long as the new shape does not exist it is made for a moment, in a transaction that is undone. */
static bool bind_all(struct postgres_store *store, struct error *error) {
    if (store->half != NULL) return bind_half(store, error);
    bool unmade = !store->standing.made && !store->standing.names_only;
    if (store->change.alter_table != NULL && !pg_alter_bind(store, error)) return false;
    name_key(store);
    return bind_tables(store, SIDE_OLD, error) &&
           (!unmade || pg_patiently(store->db, make_new, store, "what the new shape refers to could not be locked", error)) &&
           bind_tables(store, SIDE_NEW, error) &&
           (store->standing.names_only || (bind_flows(store, FORWARD, error) && bind_flows(store, BACKWARD, error)));
}

/* Transactions that all connections of this process have committed: what is counted beyond is others'. */
static atomic_llong own_transactions;

void pg_count_own(void) {
    atomic_fetch_add(&own_transactions, 1);
}

/* Every transaction that writes takes the next number. */
static bool watch_begin(struct postgres_store *store, struct error *error) {
    store->watch = (struct watch){.at_ms = clock_ms(), .own = atomic_load(&own_transactions)};
    return pg_integer(store->db, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint", &store->watch.number, error);
}

/* What functions of ours resolve names by, whoever calls them: the schemas of our path that there are. Each more would make every
 * captured write dearer. */
static bool read_path(struct postgres_store *store, struct error *error) {
    return pg_text(store->db,
                   "SELECT coalesce(string_agg(quote_ident(name), ', ' ORDER BY place) || ', ', '') || 'pg_temp' FROM "
                   "unnest(current_schemas(false)) WITH ORDINALITY AS s (name, place) WHERE name NOT IN ('midflight', 'pg_temp') AND "
                   "name NOT LIKE 'pg_temp_%'", NULL, store->bound, &store->path, error);
}

static bool postgres_bind(struct store *base, const struct change *change, struct standing standing,
                          struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    bool inside = PQtransactionStatus(store->db) == PQTRANS_INTRANS;
    if (store->half != NULL) pg_shipment_forget(store);
    arena_free(store->bound);
    store->bound = arena_new();
    store->standing = standing;
    store->change = *change;
    store->alter = NULL;
    store->faces = NULL;
    store->half = standing.housed == HOUSES_BOTH ? NULL : ARENA_ARRAY(store->bound, struct half, 1);
    store->tables[SIDE_OLD] = store->tables[SIDE_NEW] = NULL;
    store->flows[FORWARD] = store->flows[BACKWARD] = NULL;
    store->key = (struct names){0};
    if (!read_path(store, error) || !pg_script(store->db, inside ? "SAVEPOINT bind" : "BEGIN", NULL, error)) {
        return false;
    }
    bool ok = bind_all(store, error) && watch_begin(store, error);
    struct error undo;
    if (!pg_script(store->db, inside ? "ROLLBACK TO bind" : "ROLLBACK", NULL, &undo) && ok) {
        *error = undo;
        return false;
    }
    return ok;
}

/* --- transactions --------------------------------------------------------------------------------------------- */

static bool postgres_begin(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    if (store->half != NULL) store->half->closing = (struct closing){false};
    base->held_since_ms = 0;
    return pg_script(store->db, "BEGIN", NULL, error);
}

/* COMMIT of a failed transaction succeeds, as a rollback. */
static bool postgres_commit_ask(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    if (PQtransactionStatus(store->db) == PQTRANS_INERROR) {
        return error_set(error, ERROR_STORE, "PostgreSQL: the transaction failed before its commit, and is undone: run the same "
                                             "command again");
    }
    pg_count_own();
    return pg_ask(store->db, "COMMIT", error);
}

static bool postgres_committed(struct store *base, struct error *error) {
    return pg_answered(postgres_store_of(base)->db, error);
}

static bool postgres_commit(struct store *base, struct error *error) {
    return postgres_commit_ask(base, error) && postgres_committed(base, error);
}

static void postgres_rollback(struct store *base) {
    struct postgres_store *store = postgres_store_of(base);
    /* A transaction whose connection is lost is undone by the server. */
    if (PQtransactionStatus(store->db) != PQTRANS_IDLE) PQclear(PQexec(store->db, "ROLLBACK"));
}

bool pg_begin_leased(struct postgres_store *store, int64_t token, struct error *error) {
    struct store *base = &store->sql.base;
    return base->ops->begin(base, error) &&
           base->ops->lease_renew(base, store->change.name, clock_wall_ms() + LEASE_MS, token, error);
}

bool pg_end(struct postgres_store *store, bool ok, struct error *error) {
    struct store *base = &store->sql.base;
    ok = ok && base->ops->commit(base, error);
    if (!ok) base->ops->rollback(base);
    return ok;
}

/* --- others ------------------------------------------------------------------------------------------------------ */

/* How long others are watched before something is said of them, the first time and later, and how many transactions are somebody
 * at work, at least and a second: the server's own upkeep is fewer, and so are those of ours that are under way at either look. */
#define WATCH_FIRST_MS 10.0
#define WATCH_MS 200.0
#define OTHERS_LEAST 3.0
#define OTHERS_A_SECOND 20.0

static bool postgres_others_write(struct store *base, bool *ret, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct watch *watch = &store->watch;
    double passed = clock_ms() - watch->at_ms;
    if (passed >= (watch->looked ? WATCH_MS : WATCH_FIRST_MS)) {
        struct watch before = *watch;
        if (!watch_begin(store, error)) return false;
        double others = (double)(watch->number - before.number - (watch->own - before.own));
        watch->looked = true;
        watch->others = before.at_ms > 0 && others > fmax(OTHERS_LEAST, OTHERS_A_SECOND * passed / 1000);
    }
    *ret = watch->others;
    return true;
}

/* A transaction that writes a word to the log, and no row that anybody might wait for. */
static bool postgres_pulse(struct store *base, double *ret_ms, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    RESULT *ignored = NULL;
    double began = clock_ms();
    if (!pg_query_often(store->db, "SELECT pg_logical_emit_message(true, 'midflight', '')", NULL, 0, &store->prepared, store->arena, &ignored,
                        error)) {
        return false;
    }
    pg_count_own();
    *ret_ms = clock_ms() - began;
    return true;
}

/* Standbys that are so far behind are waited for, for so long at a time. What they are behind by is shown to members of
 * pg_monitor alone. */
#define LAG_BYTES_MAX (64 << 20)
#define LAG_LOOK_MS 1000
#define LAG_WAIT_MS 30000.0
/* How often the outbox is looked at while copying. */
#define COMPACT_MS 10000

static bool postgres_tidy(struct store *base, bool rest, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    int64_t now = clock_wall_ms(), behind = 0;
    (void)rest;
    if (store->range.arena != NULL && now - store->compacted_ms > COMPACT_MS) {
        store->compacted_ms = now;
        if (!pg_outbox_compact(store, error)) return false;
    }
    if (now - store->lag_looked_ms < LAG_LOOK_MS) return true;
    for (double began = clock_ms(); clock_ms() - began < LAG_WAIT_MS && !interrupt_requested(); clock_sleep_ms(100)) {
        if (!pg_integer(store->db, "SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), 0)::bigint FROM "
                                   "pg_stat_replication", &behind, error)) {
            return false;
        }
        if (behind < LAG_BYTES_MAX) break;
    }
    store->lag_looked_ms = clock_wall_ms();
    return true;
}

/* --- the ledger ----------------------------------------------------------------------------------------------- */

static bool postgres_ledger_exists(struct store *base, bool *ret, struct error *error) {
    int64_t count;
    if (!pg_integer(postgres_store_of(base)->db, "SELECT (to_regclass('midflight.midflight_migration') IS NOT NULL)::int", &count,
                    error)) {
        return false;
    }
    *ret = count > 0;
    return true;
}

/* Beside the ledger: what midflight made, to be found again whatever its names were shortened to, with a digest of how it
 * was; what new.create made; what the short form's exchange and its way back need; how far the backfill is (range.c); what is built after it (late.c); and the sequences that
 * are to give each number once (sequence.c). */
static const char own_tables[] =
    "CREATE TABLE IF NOT EXISTS midflight_object (migration varchar(64) NOT NULL, place bigserial, kind text NOT NULL, "
    "name text NOT NULL, target text NOT NULL, digest text NOT NULL, PRIMARY KEY (migration, kind, name, target));"
    "CREATE TABLE IF NOT EXISTS midflight_made (migration varchar(64) NOT NULL, place bigserial, kind text NOT NULL, "
    "name text NOT NULL, PRIMARY KEY (migration, kind, name));"
    "CREATE TABLE IF NOT EXISTS midflight_range (migration varchar(64) NOT NULL, place integer NOT NULL, token bigint NOT NULL DEFAULT "
    "0, owner integer, lease_until_ms bigint NOT NULL DEFAULT 0, lower_key text, upper_key text, cursor_key text, rows_total bigint NOT "
    "NULL, rows_done bigint NOT NULL DEFAULT 0, done boolean NOT NULL, PRIMARY KEY (migration, place)) WITH (fillfactor = 50);"
    "CREATE SEQUENCE IF NOT EXISTS midflight_token;"
    "CREATE TABLE IF NOT EXISTS midflight_late (migration varchar(64) NOT NULL, place bigserial PRIMARY KEY, kind text NOT NULL, "
    "target text NOT NULL, name text NOT NULL, ddl text NOT NULL, space text NOT NULL, main boolean NOT NULL, columns name[]);"
    "CREATE TABLE IF NOT EXISTS midflight_kept (migration varchar(64) NOT NULL, place bigserial, kind text NOT NULL, name text NOT NULL, "
    "text text NOT NULL);"
    "CREATE UNIQUE INDEX IF NOT EXISTS midflight_kept_key ON midflight_kept (migration, kind, name, md5(text));"
    "CREATE TABLE IF NOT EXISTS midflight_sequence (migration varchar(64) NOT NULL, name text NOT NULL, leader text, "
    "step bigint NOT NULL, of_table text NOT NULL, of_column text NOT NULL, PRIMARY KEY (migration, name))";

/* Rows of the outbox that are counted at the most: it is to be small. */
#define OUTBOX_COUNTED_MAX 1000000

/* While the backfill runs its ranges say how far it is. */
static bool postgres_ledger_find(struct store *base, const char *name, struct record *ret, bool *ret_found, struct error *error) {
    PGconn *db = postgres_store_of(base)->db;
    RESULT *more = NULL;
    RESULT *counted = NULL;
    const char *values[] = {name};
    TEXT count = {0};
    if (!sql_ledger_find(base, name, ret, ret_found, error)) return false;
    if (!*ret_found) return true;
    if (!pg_query(db, "SELECT (SELECT coalesce(sum(rows_done), 0) FROM midflight.midflight_range WHERE migration = $1), (SELECT name FROM "
                      "midflight.midflight_object WHERE migration = $1 AND kind = 'TABLE' AND EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = "
                      "to_regclass(name) AND attname = 'k1') AND NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(name) AND attname = "
                      "'who'))", NULL, values, 1, &more, error)) {
        return false;
    }
    ret->rows_done += strtoll(PQgetvalue(more, 0, 0), NULL, 10);
    if (PQgetisnull(more, 0, 1)) return true;
    text_addf(&count, "SELECT count(*) FROM (SELECT 1 FROM %s LIMIT %d) AS o", PQgetvalue(more, 0, 1), OUTBOX_COUNTED_MAX);
    if (!pg_query(db, text_get(&count), NULL, NULL, 0, &counted, error)) return false;
    ret->outbox = strtoll(PQgetvalue(counted, 0, 0), NULL, 10);
    return true;
}

/* In a schema of its own. Two that create it at once would fail over each other: they queue. */
static bool postgres_ledger_create(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const char *path = NULL;
    TEXT back = {0};
    if (!pg_text(store->db, "SELECT current_setting('search_path') FROM pg_advisory_xact_lock(7596552)", NULL, store->bound, &path,
                 error)) {
        return false;
    }
    text_addf(&back, "SET LOCAL search_path = %s", path);
    return pg_script(store->db,
                     "DO $$ BEGIN IF to_regnamespace('midflight') IS NULL THEN CREATE SCHEMA midflight; END IF; END $$; "
                     "SET LOCAL search_path = midflight",
                     NULL, error) &&
           sql_ledger_create(base, error) && pg_script(store->db, own_tables, NULL, error) &&
           pg_script(store->db, text_get(&back), NULL, error);
}

const struct store_ops postgres_ops = {
    .scheme = "postgresql",
    .hold_ms_max = 50, /* of nobody: how long a chunk takes */
    .notes_copy = true,
    .workers = 2,
    .open = postgres_open,
    .close = postgres_close,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .commit_ask = postgres_commit_ask,
    .committed = postgres_committed,
    .rollback = postgres_rollback,
    .ledger_exists = postgres_ledger_exists,
    .ledger_create = postgres_ledger_create,
    .ledger_find = postgres_ledger_find,
    .ledger_definition = sql_ledger_definition,
    .ledger_add = sql_ledger_add,
    .ledger_move = postgres_ledger_move,
    .ledger_set = sql_ledger_set,
    .ledger_moves = sql_ledger_moves,
    .ledger_step = sql_ledger_step,
    .ledger_mark = sql_ledger_mark,
    .ledger_unmark = sql_ledger_unmark,
    .ledger_forget = sql_ledger_forget,
    .ledger_leave = sql_ledger_leave,
    .ledger_stay = postgres_ledger_stay,
    .ledger_remember = sql_ledger_remember,
    .ledger_findings = sql_ledger_findings,
    .finding_add = sql_finding_add,
    .finding_known = sql_finding_known,
    .finding_drop = sql_finding_drop,
    .findings_clear = sql_findings_clear,
    .lease_take = postgres_lease_take,
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
    .lease_follow = postgres_lease_follow,
    .ship_manifest = postgres_ship_manifest,
    .land_expect = postgres_land_expect,
    .range_take = postgres_range_take,
    .range_resume = postgres_range_resume,
    .land_claim = postgres_land_claim,
    .oust = postgres_oust,
    .ship_open = postgres_ship_open,
    .ship = postgres_ship,
    .ship_close = postgres_ship_close,
    .ship_keys = postgres_ship_keys,
    .land_open = postgres_land_open,
    .land_begin = postgres_land_begin,
    .land_data = postgres_land_data,
    .land_end = postgres_land_end,
    .land_close = postgres_land_close,
    .land_abandon = postgres_land_abandon,
    .land_differ = postgres_land_differ,
    .land_absent = postgres_land_absent,
    .backlog = postgres_backlog,
    .outbox_tidy = postgres_outbox_tidy,
    .outbox_reopen = postgres_outbox_reopen,
    .outbox_mend = postgres_outbox_mend,
    .outbox_middle = postgres_outbox_middle,
    .hold = postgres_hold,
    .clients_check = postgres_clients_check,
    .clients_find = postgres_clients_find,
    .clients_ready = postgres_clients_ready,
    .clients_hold = postgres_clients_hold,
    .clients_turn = postgres_clients_turn,
    .clients_release = postgres_clients_release,
    .clients_keep = postgres_clients_keep,
    .bind = postgres_bind,
    .check = postgres_check,
    .schema_digest = postgres_schema_digest,
    .shape_make = postgres_shape_make,
    .shape_empty = postgres_shape_empty,
    .shape_drop = postgres_shape_drop,
    .shape_retire = postgres_shape_retire,
    .swap_rehearse = postgres_swap_rehearse,
    .swap = postgres_swap,
    .swap_settle = postgres_swap_settle,
    .divide = postgres_divide,
    .rows_count = postgres_rows_count,
    .capture_note = postgres_capture_note,
    .capture_on = postgres_capture_on,
    .capture_refuse = postgres_capture_refuse,
    .capture_ready = postgres_capture_ready,
    .capture_hold = postgres_capture_hold,
    .held = postgres_held,
    .held_release = postgres_held_release,
    .capture_close = postgres_capture_close,
    .capture_off = postgres_capture_off,
    .capture_intact = postgres_capture_intact,
    .backfill_open = postgres_backfill_open,
    .backfill_chunk = postgres_backfill_chunk,
    .backfill_close = postgres_backfill_close,
    .drain = postgres_drain,
    .inspect = postgres_inspect,
    .sync = postgres_sync,
    .park = postgres_park,
    .rehearse = postgres_rehearse,
    .others_write = postgres_others_write,
    .pulse = postgres_pulse,
    .face_key = postgres_face_key,
    .face_single = postgres_face_single,
    .face_get = postgres_face_get,
    .face_translate = postgres_face_translate,
    .face_lock = postgres_face_lock,
    .face_put = postgres_face_put,
    .face_delete = postgres_face_delete,
    .face_list = postgres_face_list,
    .face_waits = postgres_face_waits,
    .face_want = postgres_face_want,
    .view_begin = postgres_view_begin,
    .ledger_pin = postgres_ledger_pin,
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
    .tidy = postgres_tidy,
};
