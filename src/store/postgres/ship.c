/* Shipping: what the queries yield for the keys of a parcel, read in one snapshot and sent as it comes.
 *
 * A parcel is a scope of the leader's rows: two bounds, or the keys in a temporary table. What it takes from the outbox is listed by
 * the place of each row and the transaction that wrote it, which no later row of that place has: exactly those rows go when the parcel
 * has landed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "store/postgres/half.h"

/* Where others hold what is left of the ranges. */
#define ELSEWHERE_MS 20.0
/* A snapshot holds no row lock, and waits for as long as the other side takes. A midflight that froze must not keep it for ever. */
#define SNAPSHOT_IDLE "'10min'"

/* --- ranges ------------------------------------------------------------------------------------------------------ */

bool postgres_range_take(struct store *base, int64_t token, struct claim *ret, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    enum ranges_left state = RANGES_HELD;
    *ret = (struct claim){0};
    if (store->range.arena == NULL && !pg_range_take(store, &state, error)) return false;
    if (state == RANGES_HELD) *ret = (struct claim){.place = store->range.place + 1, .token = store->range.token};
    ret->done = state == RANGES_DONE;
    if (state == RANGES_UNMADE) return pg_ranges_begin(store, token, error);
    if (state == RANGES_ELSEWHERE) clock_sleep_ms(ELSEWHERE_MS);
    return true;
}

/* Keys compare as the table's columns do: SELECT (k1) > ($2) FROM (SELECT "id" FROM customers WHERE false UNION ALL SELECT $1) */
static bool is_further(struct postgres_store *store, const char *key, const char *than, bool *ret, struct error *error) {
    const struct bound_table *table = &store->tables[SIDE_OLD][0];
    const char *values[2 * KEY_COLUMNS_MAX];
    size_t count = store->key.count;
    TEXT sql = {0};
    RESULT *found = NULL;
    text_add(&sql, "SELECT (");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_add(&sql, ") > (");
    for (size_t i = 0; i < count; i++) text_addf(&sql, "%s$%zu", i > 0 ? ", " : "", count + i + 1);
    text_add(&sql, ") FROM (SELECT ");
    sync_names(&sql, &pg_dialect, NULL, &table->table->key);
    text_addf(&sql, " FROM %s WHERE false UNION ALL SELECT ", pg_relation(store, table));
    for (size_t i = 0; i < count; i++) text_addf(&sql, "%s$%zu", i > 0 ? ", " : "", i + 1);
    text_add(&sql, ") AS midflight_c (");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_add(&sql, ")");
    if (!pg_key_values(key, values, count, store->bound, error) || !pg_key_values(than, values + count, count, store->bound, error) ||
        !pg_query(store->db, text_get(&sql), NULL, values, 2 * count, &found, error)) {
        return false;
    }
    *ret = *PQgetvalue(found, 0, 0) == 't';
    return true;
}

static bool lost_range(struct postgres_store *store, struct error *error) {
    pg_range_let_go(store);
    return error_set(error, ERROR_HELD, "%s: a range of migration %s was taken over by another midflight, as this one was silent for too "
                     "long; look at `midflight status`", store->sql.base.name, store->change.name);
}

static bool move_range(struct postgres_store *store, const char *cursor, int64_t rows, bool done, struct error *error) {
    bool held = false;
    if (!pg_range_move(store, cursor, rows, done, &held, error)) return false;
    if (!held) return lost_range(store, error);
    if (done) {
        pg_range_let_go(store);
        return true;
    }
    store->range.cursor = arena_copy(store->range.arena, cursor);
    store->range.rows_left -= rows;
    return true;
}

bool postgres_range_resume(struct store *base, const char *cursor, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const struct shipment *last = &store->half->shipment;
    bool further = true;
    if (store->range.cursor != NULL && !is_further(store, cursor, store->range.cursor, &further, error)) return false;
    if (!further) return true;
    bool known = last->kind == PARCEL_RANGE && last->until != NULL && strcmp(last->until, cursor) == 0;
    return move_range(store, cursor, known ? last->rows : 0, false, error);
}

/* --- what a parcel holds ----------------------------------------------------------------------------------------- */

/* Literals of a key's values, for a statement that takes no binds. */
static bool add_literals(struct postgres_store *store, const char *key, const char **ret, struct error *error) {
    struct arena *arena = store->half->shipment.arena;
    if (!pg_key_values(key, ret, store->key.count, arena, error)) return false;
    for (size_t i = 0; i < store->key.count; i++) {
        TEXT literal = {0};
        if (ret[i] == NULL) {
            text_add(&literal, "NULL");
        } else {
            pg_quote_text(&literal, ret[i]);
        }
        ret[i] = arena_copy(arena, text_get(&literal));
    }
    return true;
}

/* After `from` (NULL: from the beginning), up to and with `until` (NULL: to the end). */
static bool between(struct postgres_store *store, const char *from, const char *until, struct error *error) {
    struct shipment *shipment = &store->half->shipment;
    const char **values = ARENA_ARRAY(shipment->arena, const char *, 2 * store->key.count);
    shipment->scope = (struct scope){.lower = from != NULL, .upper = until != NULL, .values = values};
    shipment->until = until == NULL ? NULL : arena_copy(shipment->arena, until);
    return (from == NULL || add_literals(store, from, values, error)) &&
           (until == NULL || add_literals(store, until, values + (from == NULL ? 0 : store->key.count), error));
}

static bool open_range(struct postgres_store *store, struct parcel *parcel, struct error *error) {
    const struct range *range = &store->range;
    const char *upper = NULL;
    if (range->arena == NULL) return lost_range(store, error);
    if (!pg_row_bytes(store, error)) return false;
    if (parcel->rows > store->chunk_rows_max) parcel->rows = store->chunk_rows_max;
    bool empty = range->cursor != NULL && strcmp(range->cursor, range->until) == 0;
    bool rest = empty || parcel->rows >= range->rows_left;
    if (!rest && !pg_key_after(store, SIDE_OLD, range->cursor, range->until, parcel->rows, store->half->shipment.arena, &upper, error)) {
        return false;
    }
    const char *until = upper == NULL ? range->until : upper;
    if (upper == NULL || parcel->rows > range->rows_left) parcel->rows = range->rows_left;
    parcel->done = strcmp(until, range->until) == 0;
    if (empty) parcel->rows = 0;
    parcel->place = range->place + 1;
    parcel->token = range->token;
    return between(store, range->cursor, until, error);
}

/* Rows of the side's first table in the shipment's scope. */
static bool count_rows(struct postgres_store *store, int64_t *ret, struct error *error) {
    const struct bound_table *table = &store->tables[pg_home(store)][0];
    TEXT sql = {0};
    text_addf(&sql, "SELECT count(*) FROM %s WHERE ", pg_relation(store, table));
    sync_scope(&sql, &pg_dialect, &store->half->shipment.scope, NULL, &table->table->key);
    return pg_integer(store->db, text_get(&sql), ret, error);
}

static bool open_span(struct postgres_store *store, struct parcel *parcel, struct error *error) {
    const char *upper = NULL;
    if (!pg_key_after(store, pg_home(store), parcel->cursor, parcel->bound, parcel->rows, store->half->shipment.arena, &upper, error) ||
        !between(store, parcel->cursor, upper == NULL ? parcel->bound : upper, error)) {
        return false;
    }
    parcel->done = upper == NULL;
    return upper != NULL || count_rows(store, &parcel->rows, error);
}

/* --- keys -------------------------------------------------------------------------------------------------------- */

struct tables {
    const char *keys, *claims; /* the temporary ones */
};

static bool make_tables(struct postgres_store *store, struct tables *ret, struct error *error) {
    const char *columns = pg_key_columns(store);
    return pg_stage(store, "shipped keys", columns, &ret->keys, error) &&
           pg_stage(store, "shipped claims", arena_format(store->bound, "place tid, writer xid, %s", columns), &ret->claims, error);
}

static bool run_counted(struct postgres_store *store, const char *sql, int64_t *ret, struct error *error) {
    RESULT *result = NULL;
    if (!pg_query(store->db, sql, NULL, NULL, 0, &result, error)) return false;
    *ret = strtoll(PQcmdTuples(result), NULL, 10);
    return true;
}

/* INSERT INTO claims SELECT ctid, xmin, k1, ... FROM outbox ... */
static bool claim(struct postgres_store *store, const struct tables *tables, const char *which, int64_t *ret, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "INSERT INTO %s SELECT ctid, xmin, ", tables->claims);
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_addf(&sql, " FROM %s %s", pg_own(store, "outbox"), which);
    store->half->shipment.claims = true;
    return run_counted(store, text_get(&sql), ret, error);
}

/* The keys of a parcel are in the temporary table. */
static bool keys_known(struct postgres_store *store, const struct tables *tables, int64_t count, struct error *error) {
    store->half->shipment.scope = (struct scope){.set = tables->keys, .joined = true, .row_key = &store->key};
    return count <= PG_LOOK_UP_MAX || pg_stage_counted(store, tables->keys, error);
}

/* All that it holds, which stays there: nothing is to be taken from it later. */
static bool open_whole(struct postgres_store *store, const struct tables *tables, struct parcel *parcel, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "INSERT INTO %s SELECT DISTINCT ", tables->keys);
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_addf(&sql, " FROM %s", pg_own(store, "outbox"));
    if (!run_counted(store, text_get(&sql), &parcel->rows, error)) return false;
    parcel->done = true;
    return keys_known(store, tables, parcel->rows, error);
}

static bool open_outbox(struct postgres_store *store, const struct tables *tables, struct parcel *parcel, struct error *error) {
    int64_t claimed, count;
    TEXT which = {0};
    TEXT sql = {0};
    if (!between(store, parcel->cursor, parcel->bound, error)) return false;
    text_add(&which, "WHERE ");
    sync_scope(&which, &pg_dialect, &store->half->shipment.scope, NULL, &store->key);
    text_addf(&which, " LIMIT %" PRId64, parcel->rows);
    store->half->shipment.until = NULL;
    if (!claim(store, tables, text_get(&which), &claimed, error)) return false;
    text_addf(&sql, "INSERT INTO %s SELECT DISTINCT ", tables->keys);
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_addf(&sql, " FROM %s", tables->claims);
    if (!run_counted(store, text_get(&sql), &count, error)) return false;
    parcel->done = claimed < parcel->rows;
    parcel->rows = claimed;
    return keys_known(store, tables, count, error);
}

/* SELECT DISTINCT * FROM (VALUES ...), as what the columns are */
static bool list_keys(struct postgres_store *store, const struct tables *tables, const struct names *keys, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "INSERT INTO %s VALUES ", tables->keys);
    for (size_t i = 0; i < keys->count; i++) {
        const char *values[KEY_COLUMNS_MAX];
        if (!add_literals(store, keys->items[i], values, error)) return false;
        text_add(&sql, i > 0 ? ", (" : "(");
        for (size_t k = 0; k < store->key.count; k++) text_addf(&sql, "%s%s", k > 0 ? ", " : "", values[k]);
        text_add(&sql, ")");
    }
    return keys->count == 0 || pg_script(store->db, text_get(&sql), NULL, error);
}

/* WHERE (k1, ...) IN (SELECT k1, ... FROM relation) */
static void add_which(struct text *text, const struct postgres_store *store, const char *relation) {
    text_add(text, "WHERE (");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_add(text, ") IN (SELECT ");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_addf(text, " FROM %s)", relation);
}

static bool claim_keys(struct postgres_store *store, const struct tables *tables, struct error *error) {
    int64_t claimed;
    TEXT which = {0};
    add_which(&which, store, tables->keys);
    return claim(store, tables, text_get(&which), &claimed, error);
}

static bool leave_out_noted(struct postgres_store *store, const struct tables *tables, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "DELETE FROM %s ", tables->keys);
    add_which(&sql, store, pg_own(store, "outbox"));
    return pg_script(store->db, text_get(&sql), NULL, error);
}

static bool open_keys(struct postgres_store *store, const struct tables *tables, struct parcel *parcel, struct error *error) {
    return list_keys(store, tables, parcel->keys, error) && (!parcel->clears || claim_keys(store, tables, error)) &&
           (!parcel->settled || leave_out_noted(store, tables, error)) && pg_script(store->db, PG_LOOK_UP, NULL, error) &&
           keys_known(store, tables, (int64_t)parcel->keys->count, error);
}

/* --- opening ----------------------------------------------------------------------------------------------------- */

static bool read_parcel(struct postgres_store *store, const struct tables *tables, struct parcel *parcel, struct error *error) {
    switch (parcel->kind) {
    case PARCEL_RANGE:
        return open_range(store, parcel, error);
    case PARCEL_SPAN:
        return open_span(store, parcel, error);
    case PARCEL_OUTBOX:
        return parcel->stays ? open_whole(store, tables, parcel, error) : open_outbox(store, tables, parcel, error);
    case PARCEL_KEYS:
        return open_keys(store, tables, parcel, error);
    }
    return true;
}

/* A savepoint in the transaction under way, or a snapshot of its own. What it deletes in the end may be lost in a crash of the server,
 * and is then carried over once more. Listed keys are looked for in the outbox first, which takes a hash. */
static bool begin(struct postgres_store *store, const struct parcel *parcel, struct error *error) {
    int64_t place = parcel->kind == PARCEL_RANGE ? store->range.place + 1 : parcel->place;
    TEXT sql = {0};
    text_add(&sql, parcel->within ? "SAVEPOINT midflight_parcel; " PG_CANONICAL "; "
                                  : "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL synchronous_commit = off; SET LOCAL "
                                    "idle_in_transaction_session_timeout = " SNAPSHOT_IDLE "; " PG_CANONICAL "; ");
    if (parcel->kind == PARCEL_OUTBOX) text_add(&sql, PG_LOOK_UP "; ");
    pg_add_place_lock(&sql, store->change.name, place);
    return pg_script(store->db, text_get(&sql), NULL, error);
}

void pg_shipment_forget(struct postgres_store *store) {
    struct shipment *shipment = &store->half->shipment;
    arena_free(shipment->arena);
    *shipment = (struct shipment){0};
}

/* As it was before the parcel. */
static void undo(struct postgres_store *store) {
    if (!store->half->shipment.within) {
        pg_abandon(store->db, "ROLLBACK");
        return;
    }
    /* Should it fail, the transaction cannot be committed either. */
    PQclear(PQexec(store->db, "ROLLBACK TO midflight_parcel; RELEASE midflight_parcel"));
}

bool postgres_ship_open(struct store *base, struct parcel *parcel, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct shipment *shipment = &store->half->shipment;
    struct tables tables = {0};
    pg_shipment_forget(store);
    *shipment = (struct shipment){.arena = arena_new(), .kind = parcel->kind, .direction = parcel->direction, .within = parcel->within};
    if (!make_tables(store, &tables, error) || !begin(store, parcel, error)) return false;
    if (!read_parcel(store, &tables, parcel, error)) {
        undo(store);
        return false;
    }
    shipment->open = true;
    shipment->rows = parcel->rows;
    shipment->done = parcel->done;
    if (parcel->kind != PARCEL_KEYS) parcel->until = shipment->until;
    return true;
}

/* --- shipping ---------------------------------------------------------------------------------------------------- */

/* SELECT the keys, each once, under the names of the key. */
static void add_keys(struct text *text, struct postgres_store *store) {
    const struct scope *scope = &store->half->shipment.scope;
    enum side side = pg_home(store);
    if (scope->set != NULL) {
        text_add(text, "SELECT DISTINCT ");
        sync_names(text, &pg_dialect, NULL, &store->key);
        text_addf(text, " FROM %s", scope->set);
        return;
    }
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        text_add(text, i > 0 ? " UNION SELECT " : store->change.shapes[side].count > 1 || table->sole ? "SELECT " : "SELECT DISTINCT ");
        pg_add_as_key(text, store, NULL, &table->table->key);
        text_addf(text, " FROM %s WHERE ", pg_relation(store, table));
        sync_scope(text, &pg_dialect, scope, NULL, &table->table->key);
    }
}

bool postgres_ship(struct store *base, size_t stream, bool raw, ship_sink *sink, void *context, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const struct shipment *shipment = &store->half->shipment;
    const char *what = NULL;
    TEXT sql = {0};
    text_add(&sql, "COPY ");
    if (stream == 0) {
        text_add(&sql, "(");
        add_keys(&sql, store);
        text_add(&sql, ")");
    } else {
        const struct flow *flow = &store->flows[shipment->direction][stream - 1];
        what = arena_format(shipment->arena, "%s: %s.%s", base->name, direction_name(shipment->direction), flow->target->table->name);
        sync_query(&sql, &pg_dialect, flow, &shipment->scope, IMAGE_STORED);
    }
    text_add(&sql, raw ? " TO STDOUT (FORMAT binary)" : " TO STDOUT");
    return pg_copy_out(store->db, text_get(&sql), what, sink, context, error);
}

bool postgres_ship_keys(struct store *base, key_visit *visit, void *context, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    TEXT sql = {0};
    RESULT *keys = NULL;
    text_add(&sql, "SELECT ");
    pg_key_text(&sql, NULL, &store->key);
    text_add(&sql, " FROM (");
    add_keys(&sql, store);
    text_add(&sql, ") AS midflight_k ORDER BY ");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    if (!pg_query(store->db, text_get(&sql), NULL, NULL, 0, &keys, error)) return false;
    for (int i = 0; i < PQntuples(keys); i++) {
        if (!visit(context, PQgetvalue(keys, i, 0), error)) return false;
    }
    return true;
}

/* --- closing ----------------------------------------------------------------------------------------------------- */

static bool clear_outbox(struct postgres_store *store, struct error *error) {
    struct tables tables;
    TEXT sql = {0};
    if (!store->half->shipment.claims) return true;
    if (!make_tables(store, &tables, error)) return false;
    /* Few keys may have been noted thousands of times: PG_LOOK_UP spoke of the keys. */
    text_add(&sql, "SET LOCAL enable_hashjoin TO DEFAULT; ");
    text_addf(&sql, "DELETE FROM %s AS o WHERE ctid = ANY (ARRAY(SELECT place FROM %s)) AND EXISTS (SELECT 1 FROM %s AS c WHERE c.place = "
                    "o.ctid AND c.writer = o.xmin)", pg_own(store, "outbox"), tables.claims, tables.claims);
    return pg_script(store->db, text_get(&sql), NULL, error);
}

/* From here on it holds rows that others may want, and must not be silent for as long as a snapshot may. */
static bool take_effect(struct postgres_store *store, struct error *error) {
    struct shipment *shipment = &store->half->shipment;
    if (!shipment->within && !pg_script(store->db, "SET LOCAL idle_in_transaction_session_timeout = " PG_SILENCE, NULL, error)) return false;
    if (shipment->kind == PARCEL_RANGE) return move_range(store, shipment->until, shipment->rows, shipment->done, error);
    return clear_outbox(store, error);
}

/* Where somebody else has taken a row from the outbox meanwhile (it is kept small, outbox.c) all of the parcel's stay, and are carried
 * over once more. */
static bool is_harmless(const struct postgres_store *store, const struct error *error) {
    return error->code == ERROR_BUSY && store->half->shipment.kind != PARCEL_RANGE && !store->half->shipment.within;
}

bool postgres_ship_close(struct store *base, bool landed, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct shipment *shipment = &store->half->shipment;
    struct error failure;
    if (!shipment->open) return true;
    bool ok = true;
    if (!landed) {
        undo(store);
    } else if (!take_effect(store, &failure)) {
        undo(store);
        ok = is_harmless(store, &failure);
        if (!ok) *error = failure;
    } else {
        FAILPOINT("parcel shipped, uncommitted");
        ok = pg_script(store->db, shipment->within ? "RELEASE midflight_parcel" : "COMMIT", NULL, error);
        pg_count_own();
    }
    shipment->open = false;
    return ok;
}
