/* Verification: the same queries, compared with the follower's rows instead of written to them.
 *
 * An entity agrees if new = forward(old) or old = backward(new). Each step reads one snapshot, and both sides change in one
 * transaction, so a difference seen is a difference.
 *
 * A step asks first whether anything in its range differs, and mostly nothing does; then which entities differ in both
 * directions. Where the query of some entity fails, the range is halved until few are left, and those are taken one by one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/postgres/state.h"

/* The longest text of a row in a report. */
#define ROW_TEXT_MAX 600

/* Differences that one step tells of at most: where there are more, it ends there, and the next goes on. */
#define TOLD_MAX 1000
/* So few rows are no longer halved. */
#define EACH_ROWS 32

/* A rehearsal holds its locks for so long at a time, and rests so long after it where others write. */
#define REHEARSAL_MS 3.0
#define REHEARSAL_REST_MS 10.0
/* It gives way to whoever is at work on its entities, and tries again so often. */
#define REHEARSAL_TRIES 100

static bool key_query(struct postgres_store *store, const char *sql, const char *key, PGresult **ret,
                      struct error *error) {
    const char *values[KEY_COLUMNS_MAX];
    return pg_key_values(key, values, store->key.count, store->bound, error) &&
           pg_query(store->db, sql, NULL, values, store->key.count, ret, error);
}

/* A query that may fail leaves the snapshot usable; *ret_failed: it did, and says so in `failure`. */
static bool key_query_safely(struct postgres_store *store, const char *sql, const char *key, PGresult **ret,
                             bool *ret_failed, struct error *failure, struct error *error) {
    if (!pg_script(store->db, "SAVEPOINT entity", NULL, error)) return false;
    *ret_failed = !key_query(store, sql, key, ret, failure);
    if (*ret_failed && failure->code != ERROR_ROWS) {
        *error = *failure;
        return false;
    }
    return pg_script(store->db, *ret_failed ? "ROLLBACK TO entity" : "RELEASE entity", NULL, error);
}

static bool differs_at(struct postgres_store *store, const struct flow *flow, const char *key, bool *ret,
                       struct error *error) {
    struct scope scope = {.exact = true};
    struct error failure;
    TEXT sql = {0};
    RESULT *rows = NULL;
    bool failed;
    pg_add_different(&sql, flow, &scope, NULL);
    if (!key_query_safely(store, text_get(&sql), key, &rows, &failed, &failure, error)) return false;
    *ret = failed || PQntuples(rows) > 0;
    return true;
}

/* --- one entity ------------------------------------------------------------------------------------------------- */

/* One side's rows of an entity, sorted, on one line; NULL when there are none. */
static bool rows_text(struct postgres_store *store, const struct flow *flow, const char *key, bool expected,
                      struct arena *arena, const char **ret, struct error *error) {
    struct scope scope = {.exact = true};
    struct error failure;
    TEXT sql = {0};
    RESULT *rows = NULL;
    bool failed;
    text_add(&sql, "SELECT string_agg(");
    pg_add_row_text(&sql, flow);
    text_add(&sql, ", ' ' ORDER BY ");
    sync_names(&sql, &pg_dialect, NULL, &flow->match);
    text_add(&sql, ") FROM ");
    if (expected) {
        sync_query(&sql, &pg_dialect, flow, &scope, IMAGE_STORED);
        text_add(&sql, " AS midflight_r");
    } else {
        pg_dialect.table(&sql, flow->target);
        text_add(&sql, " WHERE ");
        sync_scope(&sql, &pg_dialect, &scope, NULL, &flow->target->table->key);
    }
    if (!key_query_safely(store, text_get(&sql), key, &rows, &failed, &failure, error)) return false;
    const char *text = failed ? arena_format(arena, "the query fails: %s", failure.message) : result_text(rows, 0, 0);
    *ret = text == NULL ? NULL : arena_format(arena, "%.*s%s", ROW_TEXT_MAX, text, strlen(text) > ROW_TEXT_MAX ? " ..." : "");
    return true;
}

struct judge {
    struct postgres_store *store;
    enum direction direction;
    difference_visit *visit;
    void *context;
    struct arena *arena; /* lives as long as the step */
    size_t told;         /* differences of the step */
};

static bool agrees_otherwise(struct judge *judge, const char *key, bool *ret, struct error *error) {
    struct postgres_store *store = judge->store;
    enum direction other = judge->direction == FORWARD ? BACKWARD : FORWARD;
    bool agrees = pg_has_way(store, other);
    for (size_t i = 0; agrees && i < store->change.mappings[other].count; i++) {
        bool different;
        if (!differs_at(store, &store->flows[other][i], key, &different, error)) return false;
        agrees = !different;
    }
    *ret = agrees;
    return true;
}

/* Tells of an entity once, by the first of its tables that differs. */
static bool tell(struct judge *judge, size_t flow_number, const char *key, struct error *error) {
    const struct flow *flow = &judge->store->flows[judge->direction][flow_number];
    struct difference difference = {.key = key, .table = flow->target->table->name};
    judge->told++;
    return rows_text(judge->store, flow, key, true, judge->arena, &difference.expected, error) &&
           rows_text(judge->store, flow, key, false, judge->arena, &difference.found, error) &&
           (!judge->store->change.outbox || pg_outbox_holds(judge->store, key, &difference.noted, error)) &&
           judge->visit(judge->context, &difference, error);
}

/* Where the query of some entities fails. */
static bool inspect_entity(struct judge *judge, const char *key, struct error *error) {
    for (size_t i = 0; i < judge->store->change.mappings[judge->direction].count; i++) {
        bool different, agrees;
        if (!differs_at(judge->store, &judge->store->flows[judge->direction][i], key, &different, error)) return false;
        if (!different) continue;
        if (!agrees_otherwise(judge, key, &agrees, error)) return false;
        return agrees || tell(judge, i, key, error);
    }
    return true;
}

/* SELECT the distinct keys of a range, of both sides, in order. */
static void add_keys(struct text *text, const struct postgres_store *store, const struct scope *scope) {
    text_add(text, "SELECT ");
    pg_key_text(text, NULL, &store->key);
    text_add(text, " FROM (");
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < store->change.shapes[side].count; i++) {
            const struct bound_table *table = &store->tables[side][i];
            text_add(text, side > 0 || i > 0 ? " UNION SELECT " : "SELECT ");
            sync_names(text, &pg_dialect, NULL, &table->table->key);
            text_add(text, " FROM ");
            pg_dialect.table(text, table);
            text_add(text, " WHERE ");
            sync_scope(text, &pg_dialect, scope, NULL, &table->table->key);
        }
    }
    text_add(text, ") AS midflight_k (");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_add(text, ") ORDER BY ");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_addf(text, " LIMIT %d", TOLD_MAX);
}

/* As far as a step came: `until` (NULL: to the end), or, where there was more than a step may tell of, less far. */
struct stretch {
    const char *from, *until;
};

/* There was more than fits: the step ends at the last key of it. */
static void stop_at(struct judge *judge, const PGresult *keys, struct stretch *stretch) {
    if (PQntuples(keys) == TOLD_MAX) stretch->until = arena_copy(judge->arena, PQgetvalue(keys, TOLD_MAX - 1, 0));
}

static bool inspect_each(struct judge *judge, struct stretch *stretch, struct error *error) {
    struct postgres_store *store = judge->store;
    struct scope scope = {.lower = stretch->from != NULL, .upper = stretch->until != NULL};
    const char *values[2 * KEY_COLUMNS_MAX];
    size_t count;
    TEXT sql = {0};
    RESULT *keys = NULL;
    add_keys(&sql, store, &scope);
    if (!pg_range_values(store, stretch->from, stretch->until, judge->arena, values, &count, error) ||
        !pg_query(store->db, text_get(&sql), NULL, values, count, &keys, error)) {
        return false;
    }
    for (int i = 0; i < PQntuples(keys); i++) {
        if (!inspect_entity(judge, PQgetvalue(keys, i, 0), error)) return false;
    }
    stop_at(judge, keys, stretch);
    return true;
}

static bool inspect_whole(struct judge *judge, struct stretch *stretch, struct error *error) {
    RESULT *keys = NULL;
    bool any;
    if (!pg_any_different(judge->store, judge->direction, stretch->from, stretch->until, judge->arena, &any, error)) return false;
    if (!any) return true;
    if (!pg_diverged(judge->store, judge->direction, stretch->from, stretch->until, TOLD_MAX, judge->arena, &keys, error)) return false;
    for (int i = 0; i < PQntuples(keys); i++) {
        if (!tell(judge, (size_t)strtoul(PQgetvalue(keys, i, 1), NULL, 10), PQgetvalue(keys, i, 0), error)) return false;
    }
    stop_at(judge, keys, stretch);
    return true;
}

static bool inspect_range(struct judge *judge, struct stretch *stretch, int64_t rows, struct error *error);

/* Some query failed in it: each half by itself. */
static bool inspect_halves(struct judge *judge, struct stretch *stretch, int64_t rows, struct error *error) {
    struct postgres_store *store = judge->store;
    const char *middle = NULL;
    if (rows > EACH_ROWS && !pg_key_after(store, SIDE_OLD, stretch->from, stretch->until, rows / 2, judge->arena, &middle, error)) {
        return false;
    }
    if (middle == NULL) return inspect_each(judge, stretch, error);
    struct stretch left = {stretch->from, middle}, right = {middle, stretch->until};
    if (!inspect_range(judge, &left, rows / 2, error)) return false;
    if (judge->told >= TOLD_MAX || strcmp(left.until, middle) != 0) {
        stretch->until = left.until;
        return true;
    }
    if (!inspect_range(judge, &right, rows - rows / 2, error)) return false;
    stretch->until = right.until;
    return true;
}

static bool inspect_range(struct judge *judge, struct stretch *stretch, int64_t rows, struct error *error) {
    struct error failure;
    struct postgres_store *store = judge->store;
    if (!pg_script(store->db, "SAVEPOINT range", NULL, error)) return false;
    if (inspect_whole(judge, stretch, &failure)) return true; /* the savepoint goes with the transaction */
    if (failure.code == ERROR_ROWS) {
        return pg_script(store->db, "ROLLBACK TO range; RELEASE range", NULL, error) && inspect_halves(judge, stretch, rows, error);
    }
    *error = failure;
    return false;
}

/* The sides of a step fit into memory, whatever the planner makes of them; a step is too short for a compiler. It locks no row, and
 * may be silent for as long as whoever reads the differences takes to read them. */
#define STEP_SETTINGS \
    "SET LOCAL work_mem = '32MB'; SET LOCAL jit = off; " \
    "SET LOCAL idle_in_transaction_session_timeout = 0"

/* One step in its transaction; *ret_cursor: as far as it came, NULL: to the end. */
static bool inspect_step(struct judge *judge, struct inspection *inspection, const char **ret_cursor, struct error *error) {
    struct postgres_store *store = judge->store;
    const char *upper = NULL;
    if (!inspection->rest && !pg_key_after(store, SIDE_OLD, inspection->cursor, inspection->until, inspection->rows, judge->arena, &upper, error)) {
        return false;
    }
    const char *until = upper == NULL ? inspection->until : upper;
    struct stretch stretch = {inspection->cursor, until};
    if (!inspection->skip && !inspect_range(judge, &stretch, inspection->rows, error)) return false;
    bool cut = stretch.until != until;
    *ret_cursor = upper == NULL && !cut ? NULL : stretch.until;
    return (upper != NULL && !cut) ||
           pg_rows_in(store, inspection->cursor, stretch.until, judge->arena, &inspection->rows, error);
}

bool postgres_inspect(struct store *base, struct inspection *inspection, difference_visit *visit, void *context,
                      struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const char *cursor = NULL;
    if (!pg_script(store->db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " STEP_SETTINGS, NULL, error)) return false;
    struct judge judge = {store, inspection->direction, visit, context, arena_new(), 0};
    bool ok = inspection->key == NULL ? inspect_step(&judge, inspection, &cursor, error)
                                      : inspect_entity(&judge, inspection->key, error);
    base->ops->rollback(base); /* it read only */
    if (ok && inspection->key == NULL) {
        free(inspection->cursor);
        inspection->cursor = cursor == NULL ? NULL : strdup(cursor);
        inspection->done = cursor == NULL;
    }
    arena_free(judge.arena);
    return ok;
}

/* --- syncing one entity ------------------------------------------------------------------------------------------ */

/* $1::type AS k1, ... */
static void add_key_values(struct text *text, const struct postgres_store *store) {
    const struct bound_table *first = &store->tables[SIDE_OLD][0];
    for (size_t i = 0; i < store->key.count; i++) {
        text_addf(text, "%s$%zu::%s AS %s", i > 0 ? ", " : "", i + 1, sync_column(first, first->table->key.items[i])->declared,
                  store->key.items[i]);
    }
}

/* SELECT function(ARRAY[ROW(k1, ...)::key]) FROM (SELECT $1::type AS k1, ...), in a transaction that gives way. */
static bool call(struct postgres_store *store, const char *function, const char *key, struct error *error) {
    TEXT sql = {0};
    RESULT *ignored = NULL;
    text_addf(&sql, "SELECT %s(ARRAY[ROW(", function);
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_addf(&sql, ")::%s]) FROM (SELECT ", pg_own(store, "key"));
    add_key_values(&sql, store);
    text_add(&sql, ") AS midflight_k");
    if (key_query(store, text_get(&sql), key, &ignored, error)) return true;
    if (error->code == ERROR_BUSY) error->code = ERROR_OVERTIME; /* again, after a rest */
    return false;
}

static bool call_each(struct postgres_store *store, enum direction direction, const char *key, struct error *error) {
    return call(store, pg_own(store, arena_format(store->bound, "%s_each", direction_name(direction))), key, error);
}

/* A session of another time zone may have written the same key otherwise: what is found of it now is listed as we write it. */
static bool forget_spelling(struct postgres_store *store, enum direction direction, const char *key, struct error *error) {
    TEXT sql = {0};
    RESULT *ignored = NULL;
    text_addf(&sql, "DELETE FROM midflight.midflight_finding WHERE kind = 'quarantine %s' AND migration = ", direction_name(direction));
    pg_quote_text(&sql, store->change.name);
    text_add(&sql, " AND entity_key = ");
    pg_quote_text(&sql, key);
    text_add(&sql, " AND entity_key <> (SELECT ");
    pg_key_text(&sql, NULL, &store->key);
    text_add(&sql, " FROM (SELECT ");
    add_key_values(&sql, store);
    text_add(&sql, ") AS midflight_k)");
    return key_query(store, text_get(&sql), key, &ignored, error);
}

/* The finding of rows without a key goes when there are none any more. */
static bool release_keyless(struct postgres_store *store, enum direction direction, const char *key,
                            struct error *error) {
    TEXT sql = {0};
    const char *values[] = {store->change.name, key};
    enum side side = leader_of(direction);
    text_addf(&sql, "DELETE FROM midflight.midflight_finding WHERE migration = $1 AND kind = 'quarantine %s' AND entity_key = $2",
              direction_name(direction));
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        text_add(&sql, " AND NOT EXISTS (SELECT 1 FROM ");
        pg_dialect.table(&sql, table);
        text_add(&sql, " WHERE ");
        for (size_t k = 0; k < store->key.count; k++) {
            if (k > 0) text_add(&sql, " OR ");
            pg_quote(&sql, table->table->key.items[k]);
            text_add(&sql, " IS NULL");
        }
        text_add(&sql, ")");
    }
    return pg_query(store->db, text_get(&sql), NULL, values, 2, NULL, error);
}

static bool key_is_null(struct postgres_store *store, const char *key, bool *ret, struct error *error) {
    const char *values[KEY_COLUMNS_MAX];
    *ret = false;
    if (!pg_key_values(key, values, store->key.count, store->bound, error)) return false;
    for (size_t i = 0; i < store->key.count; i++) *ret = *ret || values[i] == NULL;
    return true;
}

bool postgres_sync(struct store *base, enum direction direction, const char *key, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    bool null;
    if (!key_is_null(store, key, &null, error)) return false;
    if (null) return release_keyless(store, direction, key, error);
    return pg_script(store->db, PG_GIVE_WAY, NULL, error) && call_each(store, direction, key, error) &&
           forget_spelling(store, direction, key, error);
}

bool postgres_park(struct store *base, enum direction direction, const char *key, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    bool null;
    if (!key_is_null(store, key, &null, error)) return false;
    return null || (pg_script(store->db, PG_GIVE_WAY, NULL, error) &&
                    call(store, pg_own(store, arena_format(store->bound, "%s_park", direction_name(direction))), key, error));
}

/* --- rehearsing the way back ---------------------------------------------------------------------------------- */

static bool findings(struct postgres_store *store, int64_t *ret, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "SELECT count(*) FROM midflight.midflight_finding WHERE kind = 'quarantine backward' AND migration = ");
    pg_quote_text(&sql, store->change.name);
    return pg_integer(store->db, text_get(&sql), ret, error);
}

/* The new side has what the old one took, and it takes no more. */
static bool catch_up(struct store *base, struct error *error) {
    struct chunk all = {.rows = INT64_MAX};
    return base->ops->hold(base, SIDE_OLD, error) && base->ops->drain(base, FORWARD, 0, &all, error);
}

static bool rehearse_keys(struct postgres_store *store, const struct names *keys, bool alone, size_t *done, struct error *error) {
    struct store *base = &store->sql.base;
    int64_t before = 0, after = 0;
    if (!base->ops->begin(base, error)) return false;
    double began = clock_ms();
    bool ok = (!alone || catch_up(base, error)) && pg_script(store->db, PG_GIVE_WAY, NULL, error) && findings(store, &before, error);
    while (ok && *done < keys->count && (alone || clock_ms() - began < REHEARSAL_MS)) {
        const char *key = keys->items[(*done)++];
        bool null = false;
        ok = key_is_null(store, key, &null, error);
        if (!ok || null) continue;
        ok = (call_each(store, BACKWARD, key, error) || error_prefix(error, "the way back of entity %s fails", key)) &&
             findings(store, &after, error);
        if (ok && after > before) ok = error_set(error, ERROR_GATE, "the way back: the old shape refuses entity %s", key);
    }
    base->ops->rollback(base);
    return ok;
}

struct choice {
    struct arena *arena;
    struct names keys;
};

static bool choose(void *context, const char *key, struct error *error) {
    (void)error;
    struct choice *choice = context;
    names_add(choice->arena, &choice->keys, arena_copy(choice->arena, key));
    return true;
}

/* So many keys, far from one another. A large table is not read through for them: a sample of its pages tells them. */
static bool choose_keys(struct postgres_store *store, int64_t entities, struct choice *choice, struct error *error) {
    struct store *base = &store->sql.base;
    int64_t rows = 0;
    const char *cursor = NULL;
    if (!postgres_divide(base, entities + 1, choose, choice, error)) return false;
    if ((int64_t)choice->keys.count >= entities / 2) return true;
    choice->keys.count = 0;
    if (!postgres_rows_count(base, &rows, error)) return false;
    while ((int64_t)choice->keys.count < entities) {
        if (!pg_key_after(store, SIDE_NEW, cursor, NULL, rows / entities + 1, store->bound, &cursor, error)) return false;
        if (cursor == NULL) break;
        names_add(store->bound, &choice->keys, cursor);
    }
    return true;
}

bool postgres_rehearse(struct store *base, int64_t entities, bool alone, int64_t *ret_done, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct choice choice = {.arena = store->bound};
    bool others = false;
    bool ok = choose_keys(store, entities, &choice, error) && base->ops->others_write(base, &others, error);
    size_t done = 0;
    for (int tries = 0; ok && done < choice.keys.count;) {
        size_t before = done;
        ok = rehearse_keys(store, &choice.keys, alone, &done, error);
        if (!ok && error->code == ERROR_OVERTIME && tries++ < REHEARSAL_TRIES) { /* somebody is at work on them */
            done = before;
            ok = others = true;
        }
        if (others) clock_sleep_ms(REHEARSAL_REST_MS);
    }
    *ret_done = (int64_t)done;
    return ok;
}
