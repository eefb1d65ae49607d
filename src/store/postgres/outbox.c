/* The outbox: keys that the side that leads changed, and the other one has not got yet. Within one database it is the old side's, while
 * the copy runs; and for good, of whichever side leads, where sync: outbox says so.
 *
 * From the start to the end of the copy the old side's triggers only note the keys that a statement wrote: that is cheap for
 * the application, and the new tables need no index to be synced by. In the schema midflight, in the migration's name:
 *   midflight_m_outbox           a table: k1, ..., kn; its row type is the type of a key here, or midflight_m_key, for good
 *   midflight_m_note_settle      syncs keys whole: deletes what the new tables hold of them, and fills in what the query yields
 *   midflight_m_note_each        the same key by key: those that fail go to quarantine
 *   midflight_m_forward_drain    takes rows from the outbox and settles their keys, in one transaction
 *   midflight_m_old_customers_*  what the triggers run, until capture_on puts the syncing functions in their place
 *
 * A drain reads outbox and old side in one snapshot, and deletes exactly the rows that it read: its state is no older than
 * what it clears, whatever the order in which keys came. Until the triggers sync it locks nothing of the old side, since
 * nobody but midflight writes the new one. Afterwards it syncs as a repair does, locks first; where the outbox is for good nobody
 * ever writes the side that follows, and no lock is taken. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"
#include "store/postgres/half.h"
#include "store/postgres/program.h"

/* So few keys are left to the exact drain. */
#define FEW_KEYS 200
/* Keys of one transaction; after the triggers sync, fewer, as their rows are locked. */
#define DRAIN_ROWS 5000
#define DRAIN_ROWS_LOCKED 500
/* An outbox of this size is looked through for keys that it has more than once. */
#define COMPACT_BYTES (32 << 20) /* bytes */

const char *pg_noted_type(const struct postgres_store *store) {
    return pg_own(store, store->change.outbox ? "key" : "outbox");
}

/* --- the functions ------------------------------------------------------------------------------------------------ */

static void add_settling(struct text *text, const struct postgres_store *store) {
    struct scope scope = pg_keys_scope(store);
    const struct flow *flows = store->flows[FORWARD];
    size_t count = store->change.mappings[FORWARD].count;
    text_add(text, "BEGIN\n  IF NOT midflight_fresh THEN\n");
    for (size_t i = count; i-- > 0;) {
        text_add(text, "  DELETE FROM ");
        pg_dialect.table(text, flows[i].target);
        text_add(text, " WHERE ");
        sync_scope(text, &pg_dialect, &scope, NULL, &flows[i].target->table->key);
        text_add(text, ";\n");
    }
    text_add(text, "  END IF;\n");
    for (size_t i = 0; i < count; i++) {
        TEXT query = {0};
        sync_query(&query, &pg_dialect, &flows[i], &scope, IMAGE_STORED);
        sync_fill(text, &pg_dialect, &flows[i], text_get(&query));
    }
}

static void add_settle(struct text *text, const struct postgres_store *store) {
    pg_add_function(text, store, pg_own(store, "note_settle"),
                     arena_format(store->bound, "midflight_keys %s[], midflight_fresh boolean", pg_noted_type(store)), "void");
    add_settling(text, store);
    pg_end_function(text);
}

static void add_each(struct text *text, const struct postgres_store *store) {
    pg_add_function(text, store, pg_own(store, "note_each"),
                     arena_format(store->bound, "midflight_keys %s[], midflight_fresh boolean", pg_noted_type(store)), "void");
    text_addf(text, "DECLARE\n  midflight_key %s;\nBEGIN\n  FOREACH midflight_key IN ARRAY midflight_keys LOOP\n  BEGIN\n"
                    "    PERFORM %s(ARRAY[midflight_key], midflight_fresh);\n    ",
              pg_noted_type(store), pg_own(store, "note_settle"));
    pg_add_forget(text, store, FORWARD, "midflight_key");
    text_add(text, "  EXCEPTION WHEN OTHERS THEN\n    ");
    pg_add_find(text, store, FORWARD, "midflight_key");
    text_add(text, "  END;\n  END LOOP;\n");
    pg_end_function(text);
}

/* SELECT DISTINCT ROW(k1, ...)::<type> FROM <relation> ORDER BY 1; `held`: without the keys that are held */
static void add_keys(struct text *text, const struct postgres_store *store, const char *type, const char *relation, bool held) {
    text_add(text, "SELECT DISTINCT ROW(");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_addf(text, ")::%s FROM %s", type, relation);
    if (held) {
        text_add(text, " WHERE (");
        sync_names(text, &pg_dialect, NULL, &store->key);
        text_add(text, ") NOT IN (SELECT ");
        sync_names(text, &pg_dialect, NULL, &store->key);
        text_addf(text, " FROM %s)", pg_own(store, "held"));
    }
    text_add(text, " ORDER BY 1");
}

/* PERFORM <function>(ARRAY(the keys)) */
static void add_call(struct text *text, const struct postgres_store *store, enum direction direction, const char *function) {
    text_addf(text, "    PERFORM %s(ARRAY(", pg_part(store, direction, function));
    add_keys(text, store, pg_own(store, "key"), "unnest(midflight_keys)", false);
    text_add(text, "));\n");
}

/* What syncs midflight_keys when the triggers sync, or nobody else writes the follower, after `before` (NULL: nothing); and what does
 * while the copy runs, which goes forward. */
static void add_followed(struct text *text, const struct postgres_store *store, enum direction direction, const char *before,
                         const char *followed, const char *noted) {
    if (direction == FORWARD) text_add(text, "    IF midflight_followed THEN\n");
    if (before != NULL) add_call(text, store, direction, before);
    add_call(text, store, direction, followed);
    if (direction == FORWARD) text_addf(text, "    ELSE\n      PERFORM %s(midflight_keys, false);\n    END IF;\n", pg_own(store, noted));
}

static void add_forget_all(struct text *text, const struct postgres_store *store, enum direction direction) {
    text_add(text, "    IF EXISTS (SELECT 1 FROM midflight.midflight_finding WHERE migration = ");
    pg_quote_text(text, store->change.name);
    text_add(text, ") THEN\n      FOREACH midflight_key IN ARRAY midflight_keys LOOP\n        ");
    pg_add_forget(text, store, direction, "midflight_key");
    text_add(text, "      END LOOP;\n    END IF;\n");
}

#define NOT_THE_DATA "  EXCEPTION WHEN OTHERS THEN\n    IF " PG_PASSING " THEN RAISE; END IF;\n"

/* What is refused may wait for an entity that is still in the outbox: it goes there once more, unless nothing else is there. */
static void add_again(struct text *text, const struct postgres_store *store, enum direction direction) {
    const char *outbox = pg_own(store, "outbox");
    TEXT entity = {0};
    pg_key_text(&entity, NULL, &store->key);
    text_addf(text, "    IF EXISTS (SELECT 1 FROM %s) THEN\n      WITH midflight_apart AS (DELETE FROM midflight.midflight_finding WHERE "
                    "migration = ", outbox);
    pg_quote_text(text, store->change.name);
    text_addf(text, " AND kind = 'quarantine %s' AND entity_key IN (SELECT %s FROM unnest(midflight_keys)) RETURNING entity_key)\n"
                    "        INSERT INTO %s (", direction_name(direction), text_get(&entity), outbox);
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_add(text, ") SELECT ");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_addf(text, " FROM unnest(midflight_keys) WHERE %s IN (SELECT entity_key FROM midflight_apart);\n    END IF;\n", text_get(&entity));
}

/* Entities may exchange unique values: they let go of them, and are synced once more, before each is tried alone. */
static void add_exchange(struct text *text, const struct postgres_store *store, enum direction direction) {
    text_add(text, "  BEGIN\n");
    add_followed(text, store, direction, "park", "sync", "note_each");
    add_forget_all(text, store, direction);
    text_add(text, NOT_THE_DATA);
    add_call(text, store, direction, "each");
    add_again(text, store, direction);
    text_add(text, "  END;\n");
}

static void add_drain(struct text *text, const struct postgres_store *store, enum direction direction) {
    const char *outbox = pg_own(store, "outbox"), *type = pg_noted_type(store);
    bool lasting = store->change.outbox;
    pg_add_function(text, store, pg_part(store, direction, "drain"), "midflight_rows bigint, midflight_followed boolean", "bigint");
    text_addf(text, "DECLARE\n  midflight_keys %s[];\n  midflight_key %s;\n  midflight_count bigint;\n%sBEGIN\n", type, type,
              lasting ? "  midflight_before text := current_setting('midflight.syncing', true);\n" PG_GUARDED : "");
    text_addf(text, "  WITH midflight_gone AS (DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %s LIMIT midflight_rows)) "
                    "RETURNING *)\n    SELECT (SELECT count(*) FROM midflight_gone), ARRAY(", outbox, outbox);
    add_keys(text, store, type, "midflight_gone", direction == BACKWARD && store->change.hold);
    text_add(text, ")\n    INTO midflight_count, midflight_keys;\n  IF midflight_count = 0 THEN RETURN 0; END IF;\n");
    if (lasting) pg_add_guard(text, store, direction);
    text_add(text, "  BEGIN\n");
    add_followed(text, store, direction, NULL, "sync", "note_settle");
    add_forget_all(text, store, direction);
    text_add(text, NOT_THE_DATA);
    if (lasting) {
        add_exchange(text, store, direction);
    } else {
        add_followed(text, store, direction, NULL, "each", "note_each");
    }
    text_addf(text, "  END;\n%s  RETURN midflight_count;\n", lasting ? PG_RESTORE_GUARD : "");
    pg_end_function(text);
}

/* k1 bigint, ... */
static void add_key_columns(struct text *text, const struct postgres_store *store) {
    const struct bound_table *first = &store->tables[pg_home(store)][0];
    for (size_t i = 0; i < store->key.count; i++) {
        const struct column *column = sync_column(first, first->table->key.items[i]);
        text_addf(text, "%s%s %s", i > 0 ? ", " : "", store->key.items[i], column->declared);
        if (column->collation != NULL) text_addf(text, " COLLATE %s", column->collation);
    }
}

static void add_table(struct text *text, const struct postgres_store *store) {
    text_addf(text, "CREATE TABLE %s (", pg_own(store, "outbox"));
    add_key_columns(text, store);
    text_add(text, ");\n");
}

/* --- for good ----------------------------------------------------------------------------------------------------- */

bool pg_outbox_make(struct postgres_store *store, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "CREATE TABLE %s (", pg_own(store, "outbox"));
    add_key_columns(&sql, store);
    text_addf(&sql, ", noted timestamptz NOT NULL DEFAULT clock_timestamp());\nCREATE TABLE %s (since timestamptz NOT NULL, noting boolean NOT NULL DEFAULT false)",
              pg_own(store, "overflow"));
    if (store->change.hold) {
        text_addf(&sql, ";\nCREATE TABLE %s (", pg_own(store, "held"));
        add_key_columns(&sql, store);
        text_add(&sql, ", noted timestamptz NOT NULL DEFAULT clock_timestamp(), who text NOT NULL DEFAULT concat_ws(', ', session_user, "
                       "nullif(current_setting('application_name'), '')))");
    }
    return pg_script(store->db, text_get(&sql), NULL, error);
}

/* Once it has overflowed the side is no longer followed, whatever becomes of the outbox; the application goes on writing. */
void pg_add_limit(struct text *text, const struct postgres_store *store) {
    const char *overflow = pg_own(store, "overflow");
    if (store->change.outbox_bytes_max <= 0) return;
    text_add(text, "  IF pg_catalog.pg_relation_size(");
    pg_quote_text(text, pg_own(store, "outbox"));
    text_addf(text, ") OPERATOR(pg_catalog.>=) %" PRId64 " THEN\n    INSERT INTO %s SELECT pg_catalog.clock_timestamp() WHERE NOT EXISTS (SELECT 1 "
                    "FROM %s WHERE NOT noting);\n"
                    "    RETURN NULL;\n  END IF;\n", store->change.outbox_bytes_max, overflow, overflow);
}

static bool outbox_bytes(struct postgres_store *store, int64_t *ret, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "SELECT coalesce(pg_relation_size(to_regclass(");
    pg_quote_text(&sql, pg_own(store, "outbox"));
    text_add(&sql, ")), 0)");
    return pg_integer(store->db, text_get(&sql), ret, error);
}

/* It is vacuumed when it is twice as large as the last time, and so much more. */
#define TIDY_BYTES (1 << 20) /* bytes */

static bool vacuum(struct postgres_store *store, struct error *error) {
    return pg_script(store->db, arena_format(store->bound, "VACUUM %s", pg_own(store, "outbox")), NULL, error);
}

bool postgres_outbox_tidy(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    int64_t bytes = 0;
    if (!outbox_bytes(store, &bytes, error)) return false;
    if (bytes < 2 * store->outbox_bytes + TIDY_BYTES) return true;
    return vacuum(store, error) && outbox_bytes(store, &store->outbox_bytes, error);
}

/* The server gives room back where nobody looks at the end of the table: that may take a moment. */
#define ROOM_TRIES 20
#define ROOM_REST_MS 200

/* Who wrote before there was room, and was not noted, has ended: the comparison sees what it wrote. */
bool postgres_outbox_reopen(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    int64_t bytes = 0;
    const char *mark = arena_format(store->bound, "UPDATE %s SET noting = true", pg_own(store, "overflow"));
    for (int tries = 0; tries < ROOM_TRIES; tries++) {
        if (!vacuum(store, error) || !pg_script(store->db, mark, NULL, error) || !outbox_bytes(store, &bytes, error)) return false;
        /* It only grows meanwhile: what came after the mark was noted. */
        if (bytes < store->change.outbox_bytes_max || store->change.outbox_bytes_max <= 0) return pg_older_end(store, error);
        clock_sleep_ms(ROOM_REST_MS);
    }
    return error_set(error, ERROR_BUSY, "%s: the outbox of migration %s still takes %" PRId64 " bytes, and outbox_max is %" PRId64 ": a "
                     "transaction that is older than what was drained keeps it so, see pg_stat_activity; end it and run the same command "
                     "again", store->sql.base.name, store->change.name, bytes, store->change.outbox_bytes_max);
}

bool postgres_outbox_mend(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    return pg_script(store->db, arena_format(store->bound, "DELETE FROM %s WHERE noting", pg_own(store, "overflow")), NULL, error);
}

/* Keys that are counted at the most. */
#define COUNTED_MAX "1000000"

bool postgres_backlog(struct store *base, struct backlog *ret, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const char *outbox = pg_own(store, "outbox"), *there = NULL;
    TEXT sql = {0};
    RESULT *found = NULL;
    if (!pg_text(store->db, "SELECT to_regclass($1)::text", outbox, store->bound, &there, error)) return false;
    *ret = (struct backlog){0};
    if (there == NULL) return true;
    text_addf(&sql, "SELECT (SELECT count(*) FROM (SELECT 1 FROM %s LIMIT " COUNTED_MAX ") AS o), pg_relation_size(", outbox);
    pg_quote_text(&sql, outbox);
    text_addf(&sql, "), (SELECT (extract(epoch FROM min(noted)) * 1000)::bigint FROM (SELECT noted FROM %s LIMIT " COUNTED_MAX
                    ") AS o), EXISTS (SELECT 1 FROM %s)", outbox, pg_own(store, "overflow"));
    if (!pg_query_often(store->db, text_get(&sql), NULL, 0, &store->prepared, store->arena, &found, error)) return false;
    *ret = (struct backlog){.keys = strtoll(PQgetvalue(found, 0, 0), NULL, 10), .bytes = strtoll(PQgetvalue(found, 0, 1), NULL, 10),
                            .oldest_ms = PQgetisnull(found, 0, 2) ? 0 : strtoll(PQgetvalue(found, 0, 2), NULL, 10),
                            .overflowed = *PQgetvalue(found, 0, 3) == 't'};
    return true;
}

/* SELECT k FROM (SELECT k1, k1 AS text k, its number n, their count c, the rows r) WHERE n = c / 2 AND r >= ... */
bool postgres_outbox_middle(struct store *base, const struct drain_range *range, int64_t rows, char **ret, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    const char *values[2 * KEY_COLUMNS_MAX];
    size_t count = 0;
    struct scope scope = {.lower = range->lower != NULL, .upper = range->upper != NULL};
    TEXT sql = {0};
    RESULT *found = NULL;
    text_add(&sql, "WITH noted AS (SELECT ");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_addf(&sql, " FROM %s WHERE ", pg_own(store, "outbox"));
    sync_scope(&sql, &pg_dialect, &scope, NULL, &store->key);
    text_addf(&sql, " LIMIT %" PRId64 "), numbered AS (SELECT *, row_number() OVER (ORDER BY ", rows);
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_add(&sql, ") AS n, count(*) OVER () AS c FROM (SELECT DISTINCT * FROM noted) AS d) SELECT ");
    pg_key_text(&sql, NULL, &store->key);
    text_addf(&sql, " FROM numbered WHERE n = c / 2 AND (SELECT count(*) FROM noted) >= %" PRId64, rows);
    struct arena *arena = arena_new();
    bool ok = pg_range_values(store, range->lower, range->upper, arena, values, &count, error) &&
              pg_query(store->db, text_get(&sql), NULL, values, count, &found, error);
    if (ok) *ret = PQntuples(found) == 0 ? NULL : strdup(PQgetvalue(found, 0, 0));
    arena_free(arena);
    return ok;
}

/* --- capture ------------------------------------------------------------------------------------------------------ */

/* What syncs the keys that are noted, in one database. */
static void add_functions(struct text *text, const struct postgres_store *store) {
    add_settle(text, store);
    add_each(text, store);
    add_drain(text, store, FORWARD);
    if (store->change.outbox && pg_has_way(store, BACKWARD)) add_drain(text, store, BACKWARD);
}

/* What is noted for good; in one database the keys of both sides, one after the other. */
static bool note_for_good(struct postgres_store *store, enum side side, struct error *error) {
    const char *there = NULL;
    TEXT sql = {0};
    if (store->half == NULL) {
        if (!pg_text(store->db, "SELECT to_regclass($1)::text", pg_own(store, "outbox"), store->bound, &there, error)) return false;
        if (there == NULL) {
            pg_add_key_type(&sql, store);
            add_functions(&sql, store);
            if (!pg_script(store->db, text_get(&sql), NULL, error)) return false;
        }
    }
    return pg_half_note(store, side, error);
}

bool postgres_capture_note(struct store *base, enum side side, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    TEXT sql = {0};
    if (store->change.outbox) return note_for_good(store, side, error); /* else the old one notes, while the copy runs */
    add_table(&sql, store);
    add_functions(&sql, store);
    return pg_script(store->db, text_get(&sql), NULL, error) && pg_side_table(store, error) && pg_note_functions(store, SIDE_OLD, error) &&
           pg_lock_for_capture(store, SIDE_OLD, error) && pg_side_capture(store, SIDE_OLD, error) &&
           pg_capture_triggers(store, SIDE_OLD, error) && pg_enter_objects(store, error);
}

/* --- keeping it small --------------------------------------------------------------------------------------------- */

/* [tx] One connection at a time: *ret_ours false where another is at it. */
static bool is_ours(struct postgres_store *store, bool *ret_ours, struct error *error) {
    int64_t locked = 0;
    TEXT sql = {0};
    text_add(&sql, "SELECT pg_try_advisory_xact_lock(7596552, hashtext(");
    pg_quote_text(&sql, store->change.name);
    text_add(&sql, "))::integer");
    if (!pg_integer(store->db, text_get(&sql), &locked, error)) return false;
    *ret_ours = locked != 0;
    return true;
}

/* What the same keys leave again and again while a long copy runs: one row of each is enough. */
bool pg_outbox_compact(struct postgres_store *store, struct error *error) {
    struct store *base = &store->sql.base;
    const char *outbox = pg_own(store, "outbox");
    int64_t large = 0;
    bool ours = false;
    TEXT size = {0};
    TEXT sql = {0};
    text_add(&size, "SELECT (coalesce(pg_relation_size(to_regclass(");
    pg_quote_text(&size, outbox);
    text_addf(&size, ")), 0) > %d)::integer", COMPACT_BYTES);
    if (!pg_integer(store->db, text_get(&size), &large, error)) return false;
    if (large == 0) return true;
    text_addf(&sql, "DELETE FROM %s WHERE ctid IN (SELECT ctid FROM (SELECT ctid, row_number() OVER (PARTITION BY ", outbox);
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_addf(&sql, ") AS n FROM %s) AS midflight_o WHERE n > 1)", outbox);
    bool ok = base->ops->begin(base, error) && is_ours(store, &ours, error) &&
              (!ours || pg_script(store->db, text_get(&sql), NULL, error));
    return pg_end(store, ok, error);
}

/* --- draining ----------------------------------------------------------------------------------------------------- */

static bool drain_rows(struct postgres_store *store, enum direction direction, int64_t rows, bool followed, int64_t *ret,
                       struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "SELECT %s(%" PRId64 ", %s)", pg_part(store, direction, "drain"), rows, followed ? "true" : "false");
    return pg_integer(store->db, text_get(&sql), ret, error);
}

static bool begin_exactly(struct postgres_store *store, struct error *error) {
    return pg_script(store->db, "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL synchronous_commit = off", NULL, error);
}

/* One transaction, while the copy runs (`followed` false) or after. */
static bool drain_once(struct postgres_store *store, enum direction direction, int64_t token, int64_t rows, bool followed, int64_t *ret,
                       struct error *error) {
    struct store *base = &store->sql.base;
    bool ok = (followed && !store->change.outbox ? pg_script(store->db, "BEGIN; " PG_GIVE_WAY, NULL, error) : begin_exactly(store, error)) &&
              base->ops->lease_renew(base, store->change.name, clock_wall_ms() + LEASE_MS, token, error) &&
              drain_rows(store, direction, rows, followed, ret, error);
    if (ok) FAILPOINT("drain, uncommitted");
    return pg_end(store, ok, error);
}

/* Whoever writes all the time is not chased: what comes in the meantime is the exact drain's, and in the end the triggers'. */
bool pg_drain_most(struct postgres_store *store, int64_t token, struct error *error) {
    int64_t waiting = 0, drained = DRAIN_ROWS;
    TEXT sql = {0};
    text_addf(&sql, "SELECT count(*) FROM %s", pg_own(store, "outbox"));
    if (!pg_integer(store->db, text_get(&sql), &waiting, error)) return false;
    for (; waiting > FEW_KEYS && drained == DRAIN_ROWS; waiting -= drained) {
        if (interrupt_requested()) return error_set(error, ERROR_INTERRUPTED, "stopped in the middle of: drain");
        if (!drain_once(store, FORWARD, token, DRAIN_ROWS, false, &drained, error)) return false;
    }
    return true;
}

bool pg_drain_exactly(struct postgres_store *store, struct error *error) {
    int64_t drained = 0;
    return begin_exactly(store, error) && drain_rows(store, FORWARD, INT64_MAX, false, &drained, error);
}

/* A transaction that is older than the sync triggers may still be noting; where the outbox is for good they all do. */
static bool older_end(struct postgres_store *store, struct error *error) {
    if (!store->change.outbox && !store->older_ended && !pg_older_end(store, error)) return false;
    store->older_ended = true;
    return true;
}

bool postgres_drain(struct store *base, enum direction direction, int64_t token, struct chunk *chunk, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    int64_t most = store->change.outbox ? DRAIN_ROWS : DRAIN_ROWS_LOCKED, drained = 0;
    if (token == 0) return drain_rows(store, direction, chunk->rows, true, &chunk->rows, error);
    if (!older_end(store, error)) return false;
    if (chunk->rows > most) chunk->rows = most;
    double began = clock_ms();
    if (!drain_once(store, direction, token, chunk->rows, true, &drained, error)) {
        chunk->hold_ms = clock_ms() - began;
        if (error->code == ERROR_BUSY) error->code = ERROR_OVERTIME; /* fewer, after a rest */
        return false;
    }
    chunk->done = drained < chunk->rows;
    chunk->rows = drained;
    chunk->hold_ms = clock_ms() - began;
    return true;
}

/* --- what is held ------------------------------------------------------------------------------------------------- */

/* The triggers that noted keys for the other side are there: what they run keeps them from now on, for which nobody has to wait. */
bool postgres_capture_hold(struct store *base, enum side side, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    return pg_hold_functions(store, side, error) && pg_half_open(store, side, error) && pg_enter_objects(store, error);
}

bool postgres_held(struct store *base, finding_visit *visit, void *context, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    TEXT sql = {0};
    RESULT *found = NULL;
    text_add(&sql, "SELECT ");
    pg_key_text(&sql, NULL, &store->key);
    text_addf(&sql, ", 'written on the old side after the cut-over, by ' || string_agg(DISTINCT who, '; '), (extract(epoch FROM max(noted)) * "
                    "1000)::bigint FROM %s GROUP BY 1 ORDER BY 3, 1", pg_own(store, "held"));
    if (!pg_query(store->db, text_get(&sql), NULL, NULL, 0, &found, error)) return false;
    for (int i = 0; i < PQntuples(found); i++) {
        struct finding finding = {.key = PQgetvalue(found, i, 0), .text = PQgetvalue(found, i, 1), .at_ms = strtoll(PQgetvalue(found, i, 2), NULL, 10)};
        if (!visit(context, &finding)) break;
    }
    return true;
}

bool postgres_held_release(struct store *base, const char *key, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    TEXT sql = {0};
    text_addf(&sql, "DELETE FROM %s WHERE ", pg_own(store, "held"));
    pg_key_text(&sql, NULL, &store->key);
    text_add(&sql, " = $1");
    return pg_query(store->db, text_get(&sql), NULL, &key, 1, NULL, error);
}
