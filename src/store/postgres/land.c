/* Landing: what the other store ships, written or compared here in one transaction, under a token that is looked at before its commit,
 * when nobody can raise it any more, and when it is opened, unless writers wait.
 *
 * What is new here goes straight into its table by COPY. Anything else comes into temporary tables, one for the keys and one a query,
 * and the very statements run from there that sync within one database. A commit is durable before anything leaves the outbox for it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "store/postgres/half.h"
#include "store/sql/catalog.h"
#include "store/sql/ledger.h"

/* Rows go to the server by so many bytes at once: each message of a COPY has its price. */
#define PUT_BYTES ((size_t)64 << 10)
/* The longest text of a row that a difference tells of. */
#define ROW_TEXT_MAX 600

static const char *key_stage(struct postgres_store *store, struct error *error) {
    const char *name = NULL;
    return pg_stage(store, "landed keys", pg_key_columns(store), &name, error) ? name : NULL;
}

static bool make_stages(struct postgres_store *store, enum direction direction, bool joins, struct error *error) {
    const char *keys = key_stage(store, error);
    TEXT empty = {0};
    if (keys == NULL) return false;
    text_addf(&empty, "TRUNCATE %s", keys);
    for (size_t i = 0; store->half->streams[direction] != NULL && i < store->change.mappings[direction].count; i++) {
        struct stream *stream = &store->half->streams[direction][i];
        const char *label = arena_format(store->bound, "landed %s %zu", direction_name(direction), i + 1);
        if (!pg_stage(store, label, stream->columns, &stream->stage, error)) return false;
        text_addf(&empty, ", %s", stream->stage);
    }
    if (!store->half->stale && !joins) return true;
    store->half->stale = false;
    return pg_script(store->db, text_get(&empty), NULL, error);
}

/* --- opening ----------------------------------------------------------------------------------------------------- */

/* A lock is waited for until the writers who wait for us must go on. */
static void add_patience(struct text *text, double until_ms) {
    double left_ms = until_ms - clock_ms();
    if (until_ms > 0) text_addf(text, "SET LOCAL lock_timeout = '%.0fms'; ", left_ms < 1 ? 1 : left_ms);
}

/* What writes holds the lock by which a later holder of the token finds its session. */
static bool begin(struct postgres_store *store, const struct parcel *parcel, bool writes, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "%s; ", parcel->joins ? "SAVEPOINT midflight_landing" : "BEGIN");
    add_patience(&sql, store->sql.base.wait_until_ms);
    if (parcel->stays) text_add(&sql, "SET LOCAL synchronous_commit = off; ");
    if (!parcel->fresh && parcel->landing != LAND_COMPARE) text_add(&sql, PG_LOOK_UP "; ");
    text_add(&sql, PG_CANONICAL "; SELECT set_config('midflight.syncing', ");
    pg_quote_text(&sql, pg_guard(store, parcel->direction));
    text_add(&sql, ", true)");
    if (writes) {
        text_add(&sql, "; ");
        pg_add_place_lock(&sql, store->change.name, parcel->place);
    }
    return pg_script(store->db, text_get(&sql), NULL, error);
}

static bool is_current(struct postgres_store *store, const struct parcel *parcel, int64_t token, struct error *error) {
    const char *values[] = {store->change.name, arena_format(store->bound, "%" PRId64, token),
                            arena_format(store->bound, "%" PRId64, parcel->place)};
    RESULT *found = NULL;
    if (!pg_query_often(store->db,
                        "SELECT 1 WHERE CASE WHEN $3::bigint > 0 THEN EXISTS (SELECT 1 FROM midflight.midflight_landing WHERE migration = $1 AND "
                        "place = $3::bigint AND token = $2::bigint) ELSE EXISTS (SELECT 1 FROM midflight.midflight_migration WHERE name = $1 AND "
                        "token = $2::bigint) END", values, 3, &store->prepared, store->arena, &found, error)) {
        return false;
    }
    if (PQntuples(found) > 0) return true;
    return error_set(error, ERROR_HELD, "%s: migration %s was taken over or rolled back by another midflight; this one wrote nothing more: "
                     "look at `midflight status`", store->sql.base.name, store->change.name);
}

bool postgres_land_open(struct store *base, const struct parcel *parcel, int64_t token, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct arrival *landing = &store->half->landing;
    if (!make_stages(store, parcel->direction, parcel->joins, error)) return false;
    *landing = (struct arrival){.parcel = *parcel, .open = true, .token = token};
    bool writes = !parcel->joins && parcel->landing != LAND_COMPARE;
    bool ok = begin(store, parcel, writes, error) && (!writes || parcel->within || is_current(store, parcel, token, error));
    if (!ok) postgres_land_abandon(base);
    return ok;
}

void postgres_land_abandon(struct store *base) {
    struct postgres_store *store = postgres_store_of(base);
    struct arrival *landing = &store->half->landing;
    if (!landing->open) return;
    landing->open = false;
    store->half->stale = true;
    /* Should it fail to go back to the savepoint, the rehearsal cannot go on either. */
    pg_abandon(store->db, landing->parcel.joins ? "ROLLBACK TO midflight_landing; RELEASE midflight_landing" : "ROLLBACK");
}

/* --- streams ----------------------------------------------------------------------------------------------------- */

static struct stream *stream_of(const struct postgres_store *store, size_t number) {
    return &store->half->streams[store->half->landing.parcel.direction][number - 1];
}

/* Nothing of its keys is here, every value fits as it is, and no rule stands before the table. */
static bool is_straight(const struct postgres_store *store, const struct stream *stream) {
    const struct arrival *landing = &store->half->landing;
    return landing->parcel.fresh && landing->parcel.landing == LAND_WRITE && stream->misfits == NULL && !stream->flow->target->ruled;
}

static const char *whose(struct postgres_store *store, const struct stream *stream) {
    return stream == NULL ? store->sql.base.name : arena_format(store->bound, "%s: table %s", store->sql.base.name, stream->flow->target->table->name);
}

bool postgres_land_begin(struct store *base, size_t number, bool raw, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct arrival *landing = &store->half->landing;
    TEXT sql = {0};
    landing->stream = number == 0 ? NULL : stream_of(store, number);
    store->half->put_size = 0;
    text_add(&sql, "COPY ");
    if (number == 0) {
        const char *stage = key_stage(store, error);
        if (stage == NULL) return false;
        text_addf(&sql, "%s (", stage);
        sync_names(&sql, &pg_dialect, NULL, &store->key);
        text_add(&sql, ")");
    } else {
        const char *into = is_straight(store, landing->stream) ? pg_relation(store, landing->stream->flow->target) : landing->stream->stage;
        text_addf(&sql, "%s (%s)", into, landing->stream->yielded);
    }
    text_add(&sql, raw ? " FROM STDIN (FORMAT binary)" : " FROM STDIN");
    return pg_copy_begin(store->db, text_get(&sql), whose(store, landing->stream), error);
}

static bool put_rest(struct postgres_store *store, struct error *error) {
    size_t size = store->half->put_size;
    store->half->put_size = 0;
    return size == 0 || pg_copy_put(store->db, store->half->put, size, error);
}

bool postgres_land_data(struct store *base, const char *data, size_t size, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct half *half = store->half;
    if (half->put == NULL) half->put = ARENA_ARRAY(store->bound, char, PUT_BYTES);
    if (half->put_size + size > PUT_BYTES && !put_rest(store, error)) return false;
    if (size > PUT_BYTES) return pg_copy_put(store->db, data, size, error);
    memcpy(half->put + half->put_size, data, size);
    half->put_size += size;
    return true;
}

/* A value that would be rounded, cut or shifted. */
static bool check_misfits(struct postgres_store *store, const struct stream *stream, struct error *error) {
    const char *found = NULL;
    TEXT sql = {0};
    if (stream->misfits == NULL) return true;
    text_addf(&sql, "SELECT midflight_m FROM (SELECT %s AS midflight_m FROM %s) AS midflight_m WHERE midflight_m IS NOT NULL LIMIT 1",
              stream->misfits, stream->stage);
    if (!pg_text(store->db, text_get(&sql), NULL, store->bound, &found, error)) return false;
    return found == NULL || error_set(error, ERROR_ROWS, "%s", found);
}

/* What is compared is joined from both sides, which looking up one by one is no help to. */
static bool plan_keys(struct postgres_store *store, int64_t rows, struct error *error) {
    const char *stage = key_stage(store, error);
    if (stage == NULL) return false;
    store->half->landing.few = rows <= PG_LOOK_UP_MAX;
    return (store->half->landing.few && store->half->landing.parcel.landing != LAND_COMPARE) || pg_stage_counted(store, stage, error);
}

bool postgres_land_end(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct arrival *landing = &store->half->landing;
    const struct stream *stream = landing->stream;
    int64_t rows = 0;
    if (!put_rest(store, error) || !pg_copy_end(store->db, whose(store, stream), &rows, error)) return false;
    if (stream == NULL) return plan_keys(store, rows, error);
    landing->few = landing->few && rows <= PG_LOOK_UP_MAX;
    if (is_straight(store, stream)) return true;
    return (check_misfits(store, stream, error) || error_prefix(error, "%s", whose(store, stream))) &&
           ((landing->parcel.landing == LAND_WRITE && rows <= PG_LOOK_UP_MAX) || pg_stage_counted(store, stream->stage, error));
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

/* (k1, ...) IN (SELECT k1, ... FROM the keys that are held), for names of a key */
static void add_is_held(struct text *text, const struct postgres_store *store, const struct names *key) {
    text_add(text, "(");
    sync_names(text, &pg_dialect, NULL, key);
    text_add(text, ") IN (SELECT ");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_addf(text, " FROM %s)", pg_own(store, "held"));
}

/* What is held on the old side stays as it is. */
static bool leaves_out_held(const struct postgres_store *store) {
    return store->change.hold && pg_home(store) == SIDE_OLD && store->half->landing.parcel.landing == LAND_WRITE;
}

/* What came, as a relation of the target's columns. */
static const char *now_of(struct postgres_store *store, const struct stream *stream) {
    const char *all = stream->now == NULL ? stream->stage : arena_format(store->bound, "(SELECT %s FROM %s)", stream->now, stream->stage);
    TEXT held = {0};
    if (!leaves_out_held(store)) return all;
    add_is_held(&held, store, &stream->flow->target->table->key);
    return arena_format(store->bound, "(SELECT * FROM %s AS midflight_a WHERE NOT (%s))", all, text_get(&held));
}

static bool run(struct postgres_store *store, const struct text *sql, const struct stream *stream, struct error *error) {
    if (sql->length == 0 || pg_script(store->db, text_get(sql), NULL, error)) return true;
    return error_prefix(error, "%s", whose(store, stream));
}

/* Those that write few rows look them up one by one, whatever the rows are: they are planned once a connection, and what one table
 * has of them in a row goes to the server together. */
struct batch {
    const struct stream *stream;
    struct text sql; /* EXECUTE ...; EXECUTE ...; */
};

#define BATCH __attribute__((cleanup(batch_free))) struct batch

static void batch_free(struct batch *batch) {
    text_free(&batch->sql);
}

static bool batch_run(struct postgres_store *store, struct batch *batch, struct error *error) {
    bool ok = run(store, &batch->sql, batch->stream, error);
    text_clear(&batch->sql);
    return ok;
}

static bool batch_add(struct postgres_store *store, struct batch *batch, const struct text *sql, const struct stream *stream,
                      struct error *error) {
    char name[PG_PREPARED_NAME];
    if (!store->half->landing.few) return run(store, sql, stream, error);
    if (sql->length == 0) return true;
    if (batch->stream != stream && !batch_run(store, batch, error)) return false;
    batch->stream = stream;
    if (!pg_prepare(store->db, text_get(sql), &store->prepared, store->arena, name, error)) {
        return error_prefix(error, "%s", whose(store, stream));
    }
    text_addf(&batch->sql, "EXECUTE %s; ", name);
    return true;
}

static struct scope scope_of(struct postgres_store *store, const char *keys) {
    return (struct scope){.set = keys, .row_key = &store->key};
}

/* Where another constraint forbids it they stay as they are. */
static bool park(struct postgres_store *store, const struct scope *scope, enum direction direction, struct error *error) {
    struct error failure;
    TEXT sql = {0};
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        sync_park(&sql, &pg_dialect, &store->flows[direction][i], scope);
    }
    if (sql.length == 0) return true;
    if (!pg_script(store->db, "SAVEPOINT park", NULL, error)) return false;
    if (pg_script(store->db, text_get(&sql), NULL, &failure)) return pg_script(store->db, "RELEASE park", NULL, error);
    if (failure.code == ERROR_ROWS) return pg_script(store->db, "ROLLBACK TO park; RELEASE park", NULL, error);
    *error = failure;
    return false;
}

/* Until the unique sets over several entities are there nothing else tells such rows apart: what came takes the place of what was. */
static bool is_loose(struct postgres_store *store, const struct parcel *parcel, bool *ret, struct error *error) {
    bool across = true;
    for (size_t i = 0; across && parcel->direction == FORWARD && i < store->change.mappings[FORWARD].count; i++) {
        if (!sql_flow_is_apart(stream_of(store, i + 1)->flow) && !pg_late_is_across(store, &across, error)) return false;
    }
    *ret = !across;
    return true;
}

static bool write_anew(struct postgres_store *store, const struct parcel *parcel, const struct scope *scope, struct error *error) {
    size_t count = store->change.mappings[parcel->direction].count;
    TEXT sql = {0};
    for (size_t i = count; i-- > 0;) {
        const struct bound_table *target = stream_of(store, i + 1)->flow->target;
        text_addf(&sql, "DELETE FROM %s WHERE ", pg_relation(store, target));
        sync_scope(&sql, &pg_dialect, scope, NULL, &target->table->key);
        text_add(&sql, ";\n");
    }
    if (!run(store, &sql, stream_of(store, 1), error)) return false;
    for (size_t i = 0; i < count; i++) {
        struct stream *stream = stream_of(store, i + 1);
        text_clear(&sql);
        sync_fill(&sql, &pg_dialect, stream->flow, now_of(store, stream));
        if (!run(store, &sql, stream, error)) return false;
    }
    return true;
}

static bool leave_out_held(struct postgres_store *store, const char *keys, struct error *error) {
    TEXT sql = {0};
    if (!leaves_out_held(store)) return true;
    text_addf(&sql, "DELETE FROM %s WHERE ", keys);
    add_is_held(&sql, store, &store->key);
    return pg_script(store->db, text_get(&sql), NULL, error);
}

/* Somebody may have committed such a write since we looked, and we may have written over it: all of ours is undone then. */
static bool wrote_over_none(struct postgres_store *store, const char *keys, struct error *error) {
    TEXT sql = {0};
    RESULT *found = NULL;
    if (!leaves_out_held(store)) return true;
    text_addf(&sql, "SELECT 1 FROM %s WHERE ", keys);
    add_is_held(&sql, store, &store->key);
    text_add(&sql, " LIMIT 1");
    if (!pg_query(store->db, text_get(&sql), NULL, NULL, 0, &found, error)) return false;
    return PQntuples(found) == 0 || error_set(error, ERROR_BUSY, "%s: an entity that was to be carried over was written on the old side in "
                                              "that very moment: run the same command again", store->sql.base.name);
}

static bool write_synced(struct postgres_store *store, const struct parcel *parcel, struct error *error) {
    const char *keys = key_stage(store, error);
    size_t count = store->change.mappings[parcel->direction].count;
    BATCH batch = {0};
    if (keys == NULL || !leave_out_held(store, keys, error)) return false;
    struct scope scope = scope_of(store, keys);
    bool loose = false;
    if (!is_loose(store, parcel, &loose, error)) return false;
    if (loose) return write_anew(store, parcel, &scope, error);
    if (parcel->park && !park(store, &scope, parcel->direction, error)) return false;
    for (size_t i = count; i-- > 0;) {
        struct stream *stream = stream_of(store, i + 1);
        TEXT sql = {0};
        sync_delete(&sql, &pg_dialect, stream->flow, &scope, now_of(store, stream));
        if (!batch_add(store, &batch, &sql, stream, error)) return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct stream *stream = stream_of(store, i + 1);
        TEXT sql = {0};
        sync_update(&sql, &pg_dialect, stream->flow, now_of(store, stream), NULL, false);
        if (!batch_add(store, &batch, &sql, stream, error)) return false;
        text_clear(&sql);
        sync_insert(&sql, &pg_dialect, stream->flow, now_of(store, stream), NULL, false);
        if (!batch_add(store, &batch, &sql, stream, error)) return false;
    }
    return batch_run(store, &batch, error) && wrote_over_none(store, keys, error);
}

static bool write_fresh(struct postgres_store *store, const struct parcel *parcel, struct error *error) {
    for (size_t i = 0; i < store->change.mappings[parcel->direction].count; i++) {
        struct stream *stream = stream_of(store, i + 1);
        TEXT sql = {0};
        if (is_straight(store, stream)) continue;
        sync_fill(&sql, &pg_dialect, stream->flow, now_of(store, stream));
        if (!run(store, &sql, stream, error)) return false;
    }
    return true;
}

/* Who comes with an older token finds out here at the latest, and has written nothing. */
static bool prove(struct postgres_store *store, const struct arrival *landing, struct error *error) {
    struct store *base = &store->sql.base;
    const struct parcel *parcel = &landing->parcel;
    if (parcel->place == 0) return sql_lease_renew(base, store->change.name, clock_wall_ms() + LEASE_MS, landing->token, error);
    return parcel->until == NULL ? sql_landing_stand(base, store->change.name, parcel->place, landing->token, error)
                                 : sql_landing_move(base, store->change.name, parcel->place, landing->token, parcel->until, error);
}

static bool write_all(struct postgres_store *store, struct error *error) {
    const struct arrival *landing = &store->half->landing;
    const struct parcel *parcel = &landing->parcel;
    if (parcel->landing == LAND_COMPARE) return true;
    return (parcel->fresh ? write_fresh(store, parcel, error) : write_synced(store, parcel, error)) &&
           (!parcel->closes || pg_late_across(store, error)) &&
           (pg_script(store->db, "SET CONSTRAINTS ALL IMMEDIATE", NULL, error) || error_prefix(error, "%s", store->sql.base.name)) &&
           (parcel->joins || prove(store, landing, error));
}

/* What only compares has written nothing but its stages, which a commit empties. */
static bool keep_landed(struct postgres_store *store, const struct parcel *parcel, struct error *error) {
    if (parcel->landing == LAND_COMPARE) return pg_script(store->db, "SET LOCAL synchronous_commit = off; COMMIT", NULL, error);
    if (parcel->joins) return pg_script(store->db, "RELEASE midflight_landing", NULL, error);
    FAILPOINT("parcel written, uncommitted");
    return parcel->stays ? store->sql.base.ops->commit_ask(&store->sql.base, error) : pg_end(store, true, error);
}

/* What is only tried is tried among writers. */
bool postgres_land_close(struct store *base, bool keep, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct arrival *landing = &store->half->landing;
    bool keeps = keep || landing->parcel.landing == LAND_COMPARE;
    bool ok = (keep || pg_script(store->db, PG_GIVE_WAY, NULL, error)) && write_all(store, error);
    if (ok && keeps) {
        ok = keep_landed(store, &landing->parcel, error);
        landing->open = !ok;
        return ok;
    }
    postgres_land_abandon(base);
    if (ok || keep || error->code != ERROR_BUSY) return ok;
    return pg_name_holders(store, pg_home(store), true, "rows that it was to be tried on are held", error);
}

/* --- comparing --------------------------------------------------------------------------------------------------- */

/* <name> AS (SELECT k1, ..., the rows of those entities that differ, on one line FROM relation) */
static void add_lines(struct text *text, const struct postgres_store *store, const struct flow *flow, const char *relation, const char *name) {
    text_addf(text, "%s AS (SELECT ", name);
    pg_add_as_key(text, store, NULL, &flow->target->table->key);
    text_add(text, ", string_agg(");
    pg_add_row_text(text, flow);
    text_add(text, ", ' ' ORDER BY ");
    sync_names(text, &pg_dialect, NULL, &flow->match);
    text_addf(text, ") AS line FROM %s AS midflight_r WHERE (", relation);
    sync_names(text, &pg_dialect, NULL, &flow->target->table->key);
    text_add(text, ") IN (SELECT ");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_add(text, " FROM midflight_d) GROUP BY ");
    sync_names(text, &pg_dialect, NULL, &flow->target->table->key);
    text_add(text, ")");
}

/* WITH midflight_d AS (the keys that differ), midflight_e AS (what is expected of them), midflight_f AS (what is found)
 *   SELECT key, midflight_e.line, midflight_f.line FROM midflight_d LEFT JOIN midflight_e ... LEFT JOIN midflight_f ... */
static bool select_different(struct postgres_store *store, struct stream *stream, const char *keys, PGresult **ret, struct error *error) {
    struct scope scope = scope_of(store, keys);
    const char *now = now_of(store, stream);
    TEXT sql = {0};
    TEXT using = {0};
    sync_names(&using, &pg_dialect, NULL, &store->key);
    text_add(&sql, "WITH midflight_d AS MATERIALIZED (SELECT DISTINCT * FROM (");
    pg_add_different(&sql, stream->flow, &scope, now);
    text_addf(&sql, ") AS midflight_w (%s)),\n", text_get(&using));
    add_lines(&sql, store, stream->flow, now, "midflight_e");
    text_add(&sql, ",\n");
    add_lines(&sql, store, stream->flow, pg_relation(store, stream->flow->target), "midflight_f");
    text_add(&sql, "\nSELECT ");
    pg_key_text(&sql, "midflight_d", &store->key);
    text_addf(&sql, ", midflight_e.line, midflight_f.line FROM midflight_d LEFT JOIN midflight_e USING (%s) LEFT JOIN midflight_f USING (%s) "
                    "ORDER BY ", text_get(&using), text_get(&using));
    sync_names(&sql, &pg_dialect, "midflight_d", &store->key);
    return pg_query(store->db, text_get(&sql), NULL, NULL, 0, ret, error) || error_prefix(error, "%s", whose(store, stream));
}

/* As much of a row as a report has room for. */
static const char *shortened(struct postgres_store *store, const char *text) {
    if (text == NULL || strlen(text) <= ROW_TEXT_MAX) return text;
    return arena_format(store->bound, "%.*s ...", ROW_TEXT_MAX, text);
}

bool postgres_land_differ(struct store *base, difference_visit *visit, void *context, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const char *keys = key_stage(store, error);
    if (keys == NULL) return false;
    for (size_t i = 0; i < store->change.mappings[store->half->landing.parcel.direction].count; i++) {
        struct stream *stream = stream_of(store, i + 1);
        RESULT *found = NULL;
        if (!select_different(store, stream, keys, &found, error)) return false;
        for (int row = 0; row < PQntuples(found); row++) {
            struct difference difference = {.key = PQgetvalue(found, row, 0), .table = stream->flow->target->table->name,
                                            .expected = shortened(store, result_text(found, row, 1)),
                                            .found = shortened(store, result_text(found, row, 2))};
            if (!visit(context, &difference, error)) return false;
        }
    }
    return true;
}

bool postgres_land_absent(struct store *base, key_visit *visit, void *context, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    enum side side = pg_home(store);
    const char *keys = key_stage(store, error);
    TEXT sql = {0};
    RESULT *found = NULL;
    if (keys == NULL) return false;
    text_add(&sql, "SELECT ");
    pg_key_text(&sql, "midflight_k", &store->key);
    text_addf(&sql, " FROM %s AS midflight_k WHERE ", keys);
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        struct scope scope = {.row = "midflight_k", .row_key = &store->key};
        text_addf(&sql, "%sNOT EXISTS (SELECT 1 FROM %s AS midflight_t WHERE ", i > 0 ? " AND " : "", pg_relation(store, table));
        sync_scope(&sql, &pg_dialect, &scope, "midflight_t", &table->table->key);
        text_add(&sql, ")");
    }
    text_add(&sql, " ORDER BY ");
    sync_names(&sql, &pg_dialect, "midflight_k", &store->key);
    if (!pg_query(store->db, text_get(&sql), NULL, NULL, 0, &found, error)) return false;
    for (int row = 0; row < PQntuples(found); row++) {
        if (!visit(context, PQgetvalue(found, row, 0), error)) return false;
    }
    return true;
}
