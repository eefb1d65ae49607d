/* Capture, on and off: the functions (program.c) and triggers, and what remembers that they are there. */
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/clock.h"
#include "store/postgres/state.h"

/* What PostgreSQL keeps of a name, less its terminator. */
#define NAME_BYTES 63

const char *pg_own_name(const struct postgres_store *store, const char *rest) {
    const char *name = arena_format(store->bound, "midflight_%s_%s", store->change.name, rest);
    if (strlen(name) <= NAME_BYTES) return name;
    return arena_format(store->bound, "%.46s_%016llx", name, (unsigned long long)XXH3_64bits(name, strlen(name)));
}

const char *pg_own(const struct postgres_store *store, const char *rest) {
    TEXT text = {0};
    text_add(&text, "midflight.");
    pg_quote(&text, pg_own_name(store, rest));
    return arena_copy(store->bound, text_get(&text));
}

/* What is in the catalog in our schema and in our name, or is a trigger of ours. Triggers first: functions go after. */
static const char objects_now[] =
    "SELECT 'TRIGGER' AS kind, quote_ident(t.tgname) AS name, t.tgrelid::regclass::text AS target, "
    "md5(pg_get_triggerdef(t.oid) || t.tgenabled::text) AS digest, t.tgname AS bare, 1 AS rank "
    "FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgname LIKE 'midflight\\_%' "
    "UNION ALL SELECT 'FUNCTION', p.oid::regprocedure::text, '', md5(p.prosrc), p.proname, 2 FROM pg_proc p WHERE "
    "p.pronamespace = 'midflight'::regnamespace "
    "UNION ALL SELECT 'TABLE', c.oid::regclass::text, '', '', c.relname, 4 FROM pg_class c WHERE c.relnamespace = "
    "'midflight'::regnamespace AND c.relkind = 'r' "
    "UNION ALL SELECT 'TYPE', t.oid::regtype::text, '', '', t.typname, 3 FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid "
    "WHERE t.typnamespace = 'midflight'::regnamespace AND c.relkind = 'c' ";

bool pg_enter_objects(struct postgres_store *store, struct error *error) {
    TEXT sql = {0};
    const char *values[] = {store->change.name, pg_own_name(store, "")};
    text_addf(&sql,
              "INSERT INTO midflight.midflight_object (migration, kind, name, target, digest) SELECT $1, kind, name, target, digest FROM "
              "(%s) AS o WHERE starts_with(o.bare, $2) OR left(o.bare, 46) = left($2, 46) AND length($2) > 46 ORDER BY rank "
              "ON CONFLICT (migration, kind, name, target) DO UPDATE SET digest = excluded.digest", objects_now);
    return pg_query(store->db, text_get(&sql), NULL, values, 2, NULL, error);
}

static void add_forget(struct text *text, const struct postgres_store *store, const char *table) {
    text_addf(text, "DELETE FROM midflight.%s WHERE migration = ", table);
    pg_quote_text(text, store->change.name);
    text_add(text, ";\n");
}

/* Statements that drop what was entered: triggers, whatever their tables are called by now, then the functions that they run, then
 * types. */
static bool add_drops(struct postgres_store *store, struct text *drops, struct error *error) {
    RESULT *found = NULL;
    const char *values[] = {store->change.name};
    if (!pg_query(store->db,
                  "SELECT o.kind, o.name, t.tgrelid::regclass FROM midflight.midflight_object o LEFT JOIN pg_trigger t ON o.kind = "
                  "'TRIGGER' AND quote_ident(t.tgname) = o.name WHERE o.migration = $1 AND (o.kind <> 'TRIGGER' OR t.oid IS NOT "
                  "NULL) ORDER BY array_position(ARRAY['TRIGGER', 'FUNCTION', 'TYPE', 'TABLE'], o.kind), o.place DESC",
                  NULL, values, 1, &found, error)) {
        return false;
    }
    for (int i = 0; i < PQntuples(found); i++) {
        const char *target = PQgetvalue(found, i, 2);
        text_addf(drops, "DROP %s IF EXISTS %s%s%s;\n", PQgetvalue(found, i, 0), PQgetvalue(found, i, 1),
                  *target == '\0' ? "" : " ON ", target);
    }
    add_forget(drops, store, "midflight_object");
    add_forget(drops, store, "midflight_range");
    add_forget(drops, store, "midflight_late");
    return true;
}

/* Is the table (still, already) there? */
static bool is_there(struct postgres_store *store, const struct bound_table *table, bool *ret, struct error *error) {
    TEXT name = {0};
    const char *there = NULL;
    pg_dialect.table(&name, table);
    if (!pg_text(store->db, "SELECT to_regclass($1)::text", text_get(&name), store->bound, &there, error)) return false;
    *ret = there != NULL;
    return true;
}

/* Has it a trigger of the migration's? */
static bool is_captured(struct postgres_store *store, const struct bound_table *table, bool *ret, struct error *error) {
    TEXT name = {0};
    RESULT *found = NULL;
    pg_dialect.table(&name, table);
    const char *values[] = {store->change.name, text_get(&name)};
    if (!pg_query(store->db,
                  "SELECT 1 FROM pg_trigger t JOIN midflight.midflight_object o ON o.kind = 'TRIGGER' AND o.name = quote_ident(t.tgname) "
                  "WHERE o.migration = $1 AND t.tgrelid = to_regclass($2) LIMIT 1", NULL, values, 2, &found, error)) {
        return false;
    }
    *ret = PQntuples(found) > 0;
    return true;
}

static bool list_tables(struct postgres_store *store, enum side side, struct text *list, struct error *error) {
    if (!houses(store->standing.housed, side)) return true;
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        bool there = store->half != NULL && store->standing.made && !store->standing.names_only;
        if (!there && !is_there(store, table, &there, error)) return false;
        if (!there) continue;
        text_add(list, list->length == 0 ? "LOCK TABLE " : ", ");
        pg_dialect.table(list, table);
    }
    return true;
}

/* CREATE TRIGGER takes this lock as well, and holds it until the commit: whoever wrote before has ended by then, and
 * whoever writes after runs the triggers. */
#define LOCK_CAPTURE "SHARE ROW EXCLUSIVE"
/* DROP TRIGGER takes the strongest. */
#define LOCK_RELEASE "ACCESS EXCLUSIVE"

struct locks {
    struct postgres_store *store;
    const char *sql; /* empty: there is nothing to lock */
    const char *turned; /* the same in the other order; NULL: there is one */
    int tries;
    bool release;    /* of capture: the sequences as well */
    bool drop;       /* the old tables are about to go */
    const char *then; /* what is to be done under them, NULL: nothing. Others may hold what it takes besides, and want what we hold */
};

/* Who has had one of the tables for so long will hardly let go of it while we wait, and whoever came meanwhile would wait behind us. */
#define HELD_LONG_MS 20.0
/* At so many tries; where there is always one that takes long, they are asked for all the same at those that are left. */
#define LOOKS 100

/* Transactions that have one of the tables, as an array; `among`: of these alone, NULL: all. */
static bool list_holders(struct postgres_store *store, bool readers, const char *among, const char **ret, struct error *error) {
    RESULT *found = NULL;
    const char *values[] = {houses(store->standing.housed, SIDE_OLD) ? pg_table_names(store, SIDE_OLD) : "{}",
                            houses(store->standing.housed, SIDE_NEW) ? pg_table_names(store, SIDE_NEW) : "{}", readers ? "true" : "false", among};
    if (!pg_query(store->db,
                  "SELECT array_agg(DISTINCT virtualtransaction) FROM pg_locks WHERE locktype = 'relation' AND granted AND pid <> "
                  "pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND relation IN "
                  "(SELECT to_regclass(name) FROM unnest($1::text[] || $2::text[]) AS name) AND ($3::boolean OR mode NOT IN "
                  "('AccessShareLock', 'RowShareLock')) AND ($4::text[] IS NULL OR virtualtransaction = ANY ($4::text[]))",
                  NULL, values, 4, &found, error)) {
        return false;
    }
    *ret = PQgetisnull(found, 0, 0) ? NULL : arena_copy(store->bound, PQgetvalue(found, 0, 0));
    return true;
}

bool pg_tables_free(struct postgres_store *store, int tries, bool readers, struct error *error) {
    const char *before = NULL, *still = NULL;
    if (tries > LOOKS) return true;
    if (!list_holders(store, readers, NULL, &before, error)) return false;
    if (before == NULL) return true;
    clock_sleep_ms(HELD_LONG_MS);
    if (!list_holders(store, readers, before, &still, error)) return false;
    return still == NULL || error_set(error, ERROR_BUSY, "PostgreSQL: a transaction that uses them goes on");
}

/* Old tables that will be dropped let go of those that they refer to: DROP TABLE would want the strongest lock on these. */
static bool let_go(struct postgres_store *store, struct error *error) {
    const char *drops = NULL;
    return pg_referring(store, SIDE_OLD, &drops, error) && (drops == NULL || pg_script(store->db, drops, NULL, error));
}

static bool run_locks(void *context, struct error *error) {
    struct locks *locks = context;
    struct postgres_store *store = locks->store;
    const char *sql = locks->tries++ % 2 == 1 && locks->turned != NULL ? locks->turned : locks->sql;
    if (*sql != '\0' && !pg_tables_free(store, locks->tries, locks->release, error)) return false;
    double asked = clock_ms();
    if (!pg_script(store->db, sql, NULL, error) || (locks->drop && !let_go(store, error)) ||
        (locks->release && !pg_numbers_join(store, error)) || (locks->then != NULL && !pg_script(store->db, locks->then, NULL, error))) {
        return false;
    }
    if (store->sql.base.held_since_ms == 0) store->sql.base.held_since_ms = asked;
    return true;
}

/* All of them or none: whoever holds one and wants another must not meet us in between. The transaction stays good when a try
 * fails. */
static bool lock_patiently(struct postgres_store *store, struct text *list, const char *mode, struct locks locks,
                           struct error *error) {
    if (list->length > 0) text_addf(list, " IN %s MODE", mode);
    locks.store = store;
    locks.sql = text_get(list);
    return pg_patiently(store->db, run_locks, &locks, "the tables could not be locked", error);
}

/* Clients wait at a pooler: there is no time to look who has the tables, nor for a second try: they go on first. */
static bool lock_at_once(struct postgres_store *store, const char *list, struct error *error) {
    double asked = clock_ms();
    const char *sql = arena_format(store->bound, PG_BEGIN_PATIENCE "; %s IN " LOCK_CAPTURE " MODE; " PG_END_PATIENCE, list);
    struct error undone;
    if (pg_script(store->db, sql, NULL, error)) {
        store->sql.base.held_since_ms = asked;
        return true;
    }
    if (error->code == ERROR_BUSY && !pg_script(store->db, PG_UNDO_PATIENCE, NULL, &undone)) *error = undone;
    return false;
}

bool pg_lock_for_capture(struct postgres_store *store, enum side side, struct error *error) {
    TEXT list = {0};
    if (!list_tables(store, side, &list, error)) return false;
    if (list.length > 0 && store->sql.base.wait_until_ms > 0) return lock_at_once(store, text_get(&list), error);
    return lock_patiently(store, &list, LOCK_CAPTURE, (struct locks){0}, error);
}

/* Where triggers note keys by now, their functions alone are replaced: whoever runs the one before goes on to note, and is waited
 * for when the outbox is drained. */
static bool is_noted(struct postgres_store *store, enum side side, bool *ret, struct error *error) {
    const char *table = NULL;
    *ret = false;
    if (side != SIDE_OLD) return true;
    if (!pg_text(store->db, "SELECT to_regclass($1)::text", pg_own(store, "outbox"), store->bound, &table, error)) return false;
    *ret = table != NULL;
    return true;
}

/* A side's tables, as long as one of them has triggers of ours, or is to have the one that closes it: when the side that stays
 * has been let go, nobody there need wait for us again while the other is taken away. */
static bool list_captured(struct postgres_store *store, enum side side, const enum side *closing, struct text *list, struct error *error) {
    bool any = closing != NULL && *closing == side;
    if (!houses(store->standing.housed, side)) return true;
    for (size_t i = 0; !any && i < store->change.shapes[side].count; i++) {
        if (!is_captured(store, &store->tables[side][i], &any, error)) return false;
    }
    return !any || list_tables(store, side, list, error);
}

/* Does what drops triggers, and closes a side (NULL: none), under the locks it needs: `drop`, and the old tables go soon after.
 * Whoever writes one side goes on to the other: if we held that already and waited for the first, each try would end in a
 * deadlock. Who writes which side is not known, so that the tries take the sides in turns: the new one first, then the old one. */
static bool release_by(struct postgres_store *store, const struct text *sql, const enum side *closing, bool drop, struct error *error) {
    TEXT list = {0};
    TEXT turned = {0};
    struct locks locks = {.release = true, .drop = drop, .then = text_get(sql)};
    if (!pg_numbers_pass(store, error) || !list_captured(store, SIDE_NEW, closing, &list, error) ||
        !list_captured(store, SIDE_OLD, closing, &list, error) || !list_captured(store, SIDE_OLD, closing, &turned, error) ||
        !list_captured(store, SIDE_NEW, closing, &turned, error)) {
        return false;
    }
    if (turned.length > 0) {
        text_add(&turned, " IN " LOCK_RELEASE " MODE");
        locks.turned = text_get(&turned);
    }
    return lock_patiently(store, &list, LOCK_RELEASE, locks, error);
}

bool postgres_capture_on(struct store *base, enum side side, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    bool noted = false;
    if (side == SIDE_NEW && !pg_numbers_pass(store, error)) return false;
    if (!is_noted(store, side, &noted, error) || !pg_programs(store, error) || !pg_capture_functions(store, side, error)) {
        return false;
    }
    return (noted || (pg_lock_for_capture(store, side, error) && pg_side_capture(store, side, error))) &&
           pg_capture_triggers(store, side, error) && pg_enter_objects(store, error);
}

/* Statements that make triggers which let nobody write, but who says so in midflight.syncing. */
static bool add_refusal(struct postgres_store *store, enum side side, const char *message, struct text *text, struct error *error) {
    const char *name = pg_refusal(store, side);
    text_addf(text, "CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $midflight$\nBEGIN\n"
                    "  IF current_setting('midflight.syncing', true) = ", name);
    pg_quote_text(text, pg_guard(store, side == SIDE_OLD ? BACKWARD : FORWARD));
    text_add(text, " THEN RETURN NULL; END IF;\n  RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = "
                   "format(");
    pg_quote_text(text, message);
    text_add(text, ", TG_TABLE_NAME);\nEND\n$midflight$;\n");
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        bool there;
        if (!is_there(store, table, &there, error)) return false;
        if (!there) continue;
        text_add(text, "CREATE TRIGGER ");
        pg_quote(text, pg_refusal_trigger(store, side, table));
        text_add(text, " BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ");
        pg_dialect.table(text, table);
        text_addf(text, " FOR EACH STATEMENT EXECUTE FUNCTION %s();\n", name);
    }
    return true;
}

bool postgres_capture_refuse(struct store *base, enum side side, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    TEXT sql = {0};
    bool first = store->half == NULL && side == SIDE_NEW; /* what syncs is made where the copy has ended */
    if (store->change.outbox) {
        return (!first || pg_programs(store, error)) && pg_half_refuse(store, side, error) && (!first || pg_enter_objects(store, error));
    }
    const char *message = arena_format(store->bound, "midflight: table %%s takes no writes now: migration %s has no way %s. Write the "
                                                     "%s shape''s tables", store->change.name,
                                       side == SIDE_OLD ? "to go on from the old side" : "backward", side == SIDE_OLD ? "new" : "old");
    return add_refusal(store, side, message, &sql, error) && pg_lock_for_capture(store, side, error) &&
           pg_script(store->db, text_get(&sql), NULL, error) && pg_enter_objects(store, error);
}

/* What is to be done is read first, as everybody waits while it is done. */
bool postgres_capture_close(struct store *base, enum side side, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    TEXT sql = {0};
    bool drop = side == SIDE_OLD && store->change.retire == RETIRE_DROP;
    const char *message = arena_format(store->bound, "midflight: table %%s is being taken away by migration %s: write the %s "
                                                     "shape''s tables", store->change.name, side == SIDE_OLD ? "new" : "old");
    return add_drops(store, &sql, error) && add_refusal(store, side, message, &sql, error) &&
           release_by(store, &sql, &side, drop, error) && pg_enter_objects(store, error);
}

bool postgres_capture_off(struct store *base, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    TEXT sql = {0};
    return add_drops(store, &sql, error) && release_by(store, &sql, NULL, false, error) &&
           (store->half == NULL || pg_ranges_close(store, error));
}

bool postgres_capture_intact(struct store *base, char *ret_missing, size_t size, struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    TEXT sql = {0};
    RESULT *missing = NULL;
    const char *values[] = {store->change.name};
    text_addf(&sql,
              "SELECT lower(m.kind) || ' ' || m.name || CASE WHEN m.target = '' THEN '' ELSE ' of ' || m.target END FROM "
              "midflight.midflight_object m LEFT JOIN (%s) AS o ON o.kind = m.kind AND o.name = m.name AND o.target = m.target "
              "WHERE m.migration = $1 AND o.digest IS DISTINCT FROM m.digest ORDER BY m.place LIMIT 1", objects_now);
    if (!pg_query(store->db, text_get(&sql), NULL, values, 1, &missing, error)) return false;
    snprintf(ret_missing, size, "%s", PQntuples(missing) == 0 ? "" : PQgetvalue(missing, 0, 0));
    return true;
}
