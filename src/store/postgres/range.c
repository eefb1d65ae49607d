/* Ranges of the backfill: key intervals that workers take, each with a lease, a fencing token and a cursor.
 *
 * A range belongs to whoever holds its token, until the lease has run out or the session that took it is gone. A chunk moves
 * the cursor in the transaction that writes the chunk's rows, by the token: who comes too late writes nothing. Tokens come
 * from one sequence for all migrations, so a token of a migration that was rolled back is never valid again. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "store/postgres/state.h"

/* A chunk ends with its range, so ranges are large, and yet as many as keep a crew busy to the end: so many rows in each, unless that
 * makes too few of them; then no fewer than these. */
#define RANGES_MAX 128
#define RANGE_ROWS 32768
#define RANGES_FEW 16
#define RANGE_ROWS_MIN 1024
/* A table is taken to hold as many rows a page as when it was last analyzed; one that never was, so many. */
#define PAGE_ROWS "50"
/* Pages of the table that are looked into for each key to divide it by: enough for parts of about one size. */
#define SAMPLE_PAGES 8
/* A chunk's share of the table is no more than this, whatever its time says. */
#define CHUNK_BYTES_MAX (8 << 20)

/* --- dividing -------------------------------------------------------------------------------------------------- */

/* The highest key of each old table. An index gives that at once, but not NULLS LAST, which is left out where there are none. */
static void add_highest_of_old(struct text *text, const struct postgres_store *store) {
    for (size_t i = 0; i < store->change.shapes[SIDE_OLD].count; i++) {
        const struct bound_table *table = &store->tables[SIDE_OLD][i];
        text_add(text, i > 0 ? " UNION ALL (SELECT " : "(SELECT ");
        sync_names(text, &pg_dialect, NULL, &table->table->key);
        text_add(text, " FROM ");
        pg_dialect.table(text, table);
        text_add(text, " ORDER BY ");
        for (size_t k = 0; k < store->key.count; k++) {
            if (k > 0) text_add(text, ", ");
            pg_quote(text, table->table->key.items[k]);
            text_add(text, sync_column(table, table->table->key.items[k])->not_null ? " DESC" : " DESC NULLS LAST");
        }
        text_add(text, " LIMIT 1)");
    }
}

/* The highest key of the old side now: what comes later is captured. NULL: there is none. */
static bool highest(struct postgres_store *store, struct arena *arena, const char **ret, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "SELECT ");
    pg_key_text(&sql, NULL, &store->key);
    text_add(&sql, " FROM (");
    add_highest_of_old(&sql, store);
    text_add(&sql, ") AS midflight_h (");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_add(&sql, ") ORDER BY ");
    for (size_t k = 0; k < store->key.count; k++) text_addf(&sql, "%s%s DESC NULLS LAST", k > 0 ? ", " : "", store->key.items[k]);
    text_add(&sql, " LIMIT 1");
    return pg_text(store->db, text_get(&sql), NULL, arena, ret, error);
}

/* How many ranges for so many rows, and no more than `most`. */
static double ranges_of(double rows, double most) {
    double ranges = fmin(rows / RANGE_ROWS_MIN, fmax(rows / RANGE_ROWS, RANGES_FEW));
    return fmax(fmin(ranges, most), 1);
}

/* Keys that divide the first old table evenly, by a sample of its pages, all below the highest:
 *
 *   WITH sample AS (SELECT DISTINCT "id" AS k1 FROM "customers" TABLESAMPLE SYSTEM (3.4) WHERE ("id") < ($1)),
 *        numbered AS (SELECT *, row_number() OVER (ORDER BY k1) AS n, count(*) OVER () AS c FROM sample)
 *   SELECT <k1 as text> FROM numbered WHERE n * 64 / c > (n - 1) * 64 / c AND n < c ORDER BY n */
static bool divide(struct postgres_store *store, const char *until, int64_t parts, struct arena *arena, PGresult **ret,
                   struct error *error) {
    const struct bound_table *table = &store->tables[SIDE_OLD][0];
    const struct names *key = &table->table->key;
    const char *values[KEY_COLUMNS_MAX];
    TEXT name = {0};
    TEXT sql = {0};
    RESULT *size = NULL;
    pg_dialect.table(&name, table);
    const char *which[] = {text_get(&name)};
    if (!pg_query(store->db, "SELECT coalesce(sum(pg_relation_size(relid) / 8192), 0), coalesce(sum(pg_relation_size(relid) / 8192 * CASE WHEN "
                             "reltuples > 0 AND relpages > 0 THEN reltuples / relpages ELSE " PAGE_ROWS " END), 0)::bigint " PG_FROM_PARTS, NULL,
                  which, 1, &size, error)) {
        return false;
    }
    double pages = strtod(PQgetvalue(size, 0, 0), NULL), rows = strtod(PQgetvalue(size, 0, 1), NULL);
    double ranges = ranges_of(rows, (double)parts);
    double looked = (double)parts * SAMPLE_PAGES, percent = pages <= looked ? 100 : 100 * looked / pages;
    text_add(&sql, "WITH sample AS (SELECT DISTINCT ");
    for (size_t k = 0; k < key->count; k++) {
        if (k > 0) text_add(&sql, ", ");
        pg_quote(&sql, key->items[k]);
        text_addf(&sql, " AS %s", store->key.items[k]);
    }
    text_addf(&sql, " FROM %s TABLESAMPLE SYSTEM (%f) WHERE (", text_get(&name), percent);
    sync_names(&sql, &pg_dialect, NULL, key);
    text_add(&sql, ") < (");
    for (size_t k = 0; k < key->count; k++) text_addf(&sql, "%s$%zu", k > 0 ? ", " : "", k + 1);
    text_add(&sql, ")), numbered AS (SELECT *, row_number() OVER (ORDER BY ");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_add(&sql, ") AS n, count(*) OVER () AS c FROM sample) SELECT ");
    pg_key_text(&sql, NULL, &store->key);
    text_addf(&sql, " FROM numbered WHERE n * %.0f / c > (n - 1) * %.0f / c AND n < c ORDER BY n", ranges, ranges);
    return pg_key_values(until, values, key->count, arena, error) &&
           pg_query(store->db, text_get(&sql), NULL, values, key->count, ret, error);
}

bool postgres_divide(struct store *base, int64_t parts, key_visit *visit, void *context, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    struct arena *arena = arena_new();
    const char *until = NULL;
    RESULT *between = NULL;
    bool ok = highest(store, arena, &until, error) && (until == NULL || divide(store, until, parts, arena, &between, error));
    for (int i = 0; ok && between != NULL && i < PQntuples(between); i++) ok = visit(context, PQgetvalue(between, i, 0), error);
    arena_free(arena);
    return ok;
}

/* Of `count` ranges: each is taken to hold the same share of the rows, so that all of them together are all the rows. */
static bool add_range(struct postgres_store *store, int place, int count, const char *lower, const char *upper, struct error *error) {
    char number[24], of[24];
    snprintf(number, sizeof number, "%d", place);
    snprintf(of, sizeof of, "%d", count);
    const char *values[] = {store->change.name, number, lower, upper, of};
    return pg_query(store->db, "INSERT INTO midflight.midflight_range (migration, place, lower_key, upper_key, done, rows_total) SELECT $1::text, "
                               "$2::integer, $3, $4, $4::text IS NULL, rows_total * ($2::integer + 1) / $5::integer - rows_total * "
                               "$2::integer / $5::integer FROM midflight.midflight_migration WHERE name = $1::text", NULL, values, 5, NULL,
                    error);
}

static bool add_ranges(struct postgres_store *store, struct arena *arena, struct error *error) {
    const char *until = NULL, *lower = NULL, *there = NULL;
    RESULT *between = NULL;
    if (!pg_text(store->db, "SELECT 1 FROM midflight.midflight_range WHERE migration = $1 LIMIT 1", store->change.name, arena, &there,
                 error)) {
        return false;
    }
    if (there != NULL) return true; /* another of the crew was faster */
    if (!highest(store, arena, &until, error)) return false;
    int count = 0;
    if (until != NULL) {
        if (!divide(store, until, RANGES_MAX, arena, &between, error)) return false;
        count = PQntuples(between);
    }
    for (int i = 0; i < count; i++) {
        const char *upper = PQgetvalue(between, i, 0);
        if (!add_range(store, i, count + 1, lower, upper, error)) return false;
        lower = upper;
    }
    return add_range(store, count, count + 1, lower, until, error);
}

bool pg_ranges_make(struct postgres_store *store, int64_t token, struct error *error) {
    struct arena *arena = arena_new();
    bool ok = pg_begin_leased(store, token, error) && add_ranges(store, arena, error);
    ok = pg_end(store, ok, error);
    arena_free(arena);
    return ok;
}

/* --- taking ---------------------------------------------------------------------------------------------------- */

static const char take[] =
    "UPDATE midflight.midflight_range SET token = nextval('midflight.midflight_token'), owner = pg_backend_pid(), lease_until_ms = "
    PG_NOW_MS " + $2::bigint WHERE (migration, place) = (SELECT migration, place FROM midflight.midflight_range r WHERE migration = $1 AND "
    "NOT done AND (owner IS NULL OR lease_until_ms < " PG_NOW_MS " OR NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = "
    "r.owner)) ORDER BY place LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING place, token, coalesce(cursor_key, lower_key), upper_key, rows_total - rows_done";

static const char left[] =
    "SELECT count(*), count(*) FILTER (WHERE NOT done), EXISTS (SELECT 1 FROM midflight.midflight_migration WHERE name = $1 AND stage = "
    "'Running') FROM midflight.midflight_range WHERE migration = $1";

static void hold(struct postgres_store *store, const PGresult *taken) {
    struct arena *arena = arena_new();
    const char *cursor = result_text(taken, 0, 2);
    store->range = (struct range){.arena = arena, .place = strtoll(PQgetvalue(taken, 0, 0), NULL, 10),
                                  .token = strtoll(PQgetvalue(taken, 0, 1), NULL, 10),
                                  .cursor = cursor == NULL ? NULL : arena_copy(arena, cursor),
                                  .until = arena_copy(arena, PQgetvalue(taken, 0, 3)),
                                  .rows_left = strtoll(PQgetvalue(taken, 0, 4), NULL, 10)};
}

void pg_range_let_go(struct postgres_store *store) {
    arena_free(store->range.arena);
    store->range = (struct range){0};
}

bool pg_range_take(struct postgres_store *store, enum ranges_left *ret, struct error *error) {
    char lease[24];
    RESULT *taken = NULL;
    RESULT *counted = NULL;
    snprintf(lease, sizeof lease, "%d", LEASE_MS);
    const char *values[] = {store->change.name, lease};
    if (!pg_query_often(store->db, take, values, 2, &store->prepared, store->arena, &taken, error)) return false;
    pg_count_own();
    if (PQntuples(taken) > 0) {
        hold(store, taken);
        *ret = RANGES_HELD;
        return true;
    }
    if (!pg_query(store->db, left, NULL, values, 1, &counted, error)) return false;
    if (*PQgetvalue(counted, 0, 2) != 't') {
        return error_set(error, ERROR_HELD, "migration %s is no longer being copied: another midflight moved it on, or rolled it back; "
                                            "look at `midflight status`", store->change.name);
    }
    bool made = strcmp(PQgetvalue(counted, 0, 0), "0") != 0, some = strcmp(PQgetvalue(counted, 0, 1), "0") != 0;
    *ret = !made ? RANGES_UNMADE : some ? RANGES_ELSEWHERE : RANGES_DONE;
    return true;
}

bool pg_range_move(struct postgres_store *store, const char *cursor, int64_t rows, bool done, bool *ret_held, struct error *error) {
    char place[24], token[24], count[24], lease[24];
    RESULT *moved = NULL;
    snprintf(place, sizeof place, "%" PRId64, store->range.place);
    snprintf(token, sizeof token, "%" PRId64, store->range.token);
    snprintf(count, sizeof count, "%" PRId64, rows);
    snprintf(lease, sizeof lease, "%d", LEASE_MS);
    const char *values[] = {store->change.name, place, token, cursor, count, done ? "t" : "f", lease};
    if (!pg_query_often(store->db,
                        "UPDATE midflight.midflight_range SET cursor_key = $4::text, rows_done = rows_done + $5::bigint, done = "
                        "$6::boolean, lease_until_ms = " PG_NOW_MS " + $7::bigint WHERE migration = $1 AND place = $2::integer AND token = "
                        "$3::bigint AND EXISTS (SELECT 1 FROM midflight.midflight_migration WHERE name = $1 AND stage = 'Running')",
                        values, 7, &store->prepared, store->arena, &moved, error)) {
        return false;
    }
    *ret_held = strcmp(PQcmdTuples(moved), "1") == 0;
    return true;
}

bool pg_ranges_close(struct postgres_store *store, struct error *error) {
    const char *values[] = {store->change.name};
    return pg_query(store->db, "UPDATE midflight.midflight_migration SET rows_done = rows_done + coalesce((SELECT sum(rows_done) FROM "
                               "midflight.midflight_range WHERE migration = $1), 0) WHERE name = $1", NULL, values, 1, NULL, error) &&
           pg_query(store->db, "DELETE FROM midflight.midflight_range WHERE migration = $1", NULL, values, 1, NULL, error);
}

/* By the rows that were counted at the start: what the server says it knows is nothing until it has looked at the table. */
bool pg_row_bytes(struct postgres_store *store, struct error *error) {
    TEXT name = {0};
    RESULT *found = NULL;
    if (store->chunk_rows_max > 0) return true;
    pg_dialect.table(&name, &store->tables[SIDE_OLD][0]);
    const char *values[] = {text_get(&name), store->change.name};
    if (!pg_query(store->db, "SELECT (SELECT sum(pg_relation_size(relid)) " PG_FROM_PARTS ")::bigint / greatest(rows_total, 1) FROM "
                             "midflight.midflight_migration WHERE name = $2", NULL, values, 2, &found, error)) {
        return false;
    }
    int64_t each = PQntuples(found) == 0 ? 0 : strtoll(PQgetvalue(found, 0, 0), NULL, 10);
    store->chunk_rows_max = CHUNK_BYTES_MAX / (each < 64 ? 64 : each);
    if (store->chunk_rows_max < 1) store->chunk_rows_max = 1;
    return true;
}
