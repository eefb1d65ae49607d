/* What the triggers of a leader's table run, once a statement.
 *
 * First the quick ways (single.c, bulk.c), where an entity is one row on both sides; then, for all else and for what they
 * left, the careful way:
 *
 *   midflight_keys := the keys that the statement wrote
 *   where keys changed, the followers' rows move along
 *   SELECT both images of every flow INTO midflight_now_1, midflight_was_1, ...
 *   PERFORM midflight_m_forward_apply(midflight_keys, midflight_now_1, midflight_was_1, ...)
 *   EXCEPTION: midflight_m_forward_each(midflight_keys)
 *
 * What reads the transition tables is planned once a session while few rows are written, and each time (EXECUTE) for many:
 * PL/pgSQL keeps the plan of a session's first statement, and a plan made for one row runs nested loops over 100,000. */
#include <string.h>

#include "store/postgres/program.h"

#define TAG "$midflight_many$"

static const char *event_name(enum event event) {
    return event == EVENT_INSERT ? "insert" : event == EVENT_UPDATE ? "update" : event == EVENT_DELETE ? "delete" : "truncate";
}

void pg_add_differ(struct text *text, const struct bound_table *table, const char *before, const char *after,
                   const struct names *names) {
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        TEXT left = {0};
        TEXT right = {0};
        text_addf(&left, "%s.", before);
        pg_quote(&left, name);
        text_addf(&right, "%s.", after);
        pg_quote(&right, name);
        text_add(text, i > 0 ? " OR " : "(");
        pg_dialect.differs(text, text_get(&left), text_get(&right), sync_column(table, name));
    }
    text_add(text, ")");
}

struct names pg_read_columns(const struct capture *capture) {
    struct postgres_store *store = capture->store;
    struct names all = {0};
    for (size_t k = 0; k < capture->table->table->key.count; k++) {
        names_add(store->bound, &all, capture->table->table->key.items[k]);
    }
    for (size_t i = 0; i < store->change.mappings[capture->direction].count; i++) {
        const struct names *reads = &store->flows[capture->direction][i].reads[capture->leader];
        for (size_t c = 0; c < reads->count; c++) {
            if (!names_have(&all, reads->items[c])) names_add(store->bound, &all, reads->items[c]);
        }
    }
    return all;
}

/* A SELECT over transition tables: as it stands for few rows, EXECUTEd for many. The keys, if it reads any, are those of
 * midflight_keys, which the one knows by their name and the other as $1. */
static void add_select(struct text *text, const char *few, const char *many, const char *into) {
    text_addf(text, "  IF midflight_many THEN\n  EXECUTE " TAG "%s" TAG "\n    INTO %s USING midflight_keys;\n  ELSE\n  %s\n    "
                    "INTO %s;\n  END IF;\n", many, into, few, into);
}

/* --- the keys --------------------------------------------------------------------------------------------------- */

/* The key before and the key after, of each pair that differs in what is read: VALUES (o."id"), (n."id") */
static void add_both_keys(struct text *text, const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    struct names reads = pg_read_columns(capture);
    text_add(text, "SELECT midflight_k.* FROM " PG_PAIRS " CROSS JOIN LATERAL (VALUES (");
    sync_names(text, &pg_dialect, "midflight_o", &capture->table->table->key);
    text_add(text, "), (");
    sync_names(text, &pg_dialect, "midflight_n", &capture->table->table->key);
    text_add(text, ")) AS midflight_k (");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_add(text, ") WHERE ");
    pg_add_differ(text, capture->table, "midflight_o", "midflight_n", &reads);
}

/* The written keys, as a SELECT of k1, ..., kn. */
static void add_written(struct text *text, const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    if (capture->event == EVENT_UPDATE) {
        add_both_keys(text, capture);
        return;
    }
    if (capture->event != EVENT_NONE) {
        text_add(text, "SELECT ");
        pg_add_as_key(text, store, NULL, &capture->table->table->key);
        text_add(text, capture->event == EVENT_INSERT ? " FROM midflight_new" : " FROM midflight_old");
        return;
    }
    for (size_t i = 0; i < store->change.mappings[capture->direction].count; i++) { /* TRUNCATE: whatever the followers hold */
        const struct bound_table *target = store->flows[capture->direction][i].target;
        text_add(text, i > 0 ? " UNION ALL SELECT " : "SELECT ");
        pg_add_as_key(text, store, NULL, &target->table->key);
        text_addf(text, " FROM %s", pg_relation(store, target));
    }
}

static void add_keys(struct text *text, const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    TEXT keys = {0};
    text_add(&keys, "SELECT ARRAY(SELECT DISTINCT ROW(");
    sync_names(&keys, &pg_dialect, NULL, &store->key);
    text_addf(&keys, ")::%s FROM (", pg_own(store, "key"));
    add_written(&keys, capture);
    text_add(&keys, ") AS midflight_w WHERE ");
    for (size_t i = 0; i < store->key.count; i++) {
        text_addf(&keys, "%s%s IS NOT NULL", i > 0 ? " AND " : "", store->key.items[i]);
    }
    text_add(&keys, " ORDER BY 1)");
    add_select(text, text_get(&keys), text_get(&keys), "midflight_keys");
    text_add(text, "  IF cardinality(midflight_keys) = 0 THEN " PG_REST_DONE " END IF;\n");
}

/* A NULL in the key names no entity: such a row cannot follow, and is not let go unnoticed. */
static void add_keyless(struct text *text, const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    const struct names *key = &capture->table->table->key;
    bool nullable = false;
    for (size_t i = 0; i < key->count; i++) nullable = nullable || !sync_column(capture->table, key->items[i])->not_null;
    if (!nullable || (capture->event != EVENT_INSERT && capture->event != EVENT_UPDATE)) return;
    text_add(text, "  INSERT INTO midflight.midflight_finding (migration, kind, entity_key, reason, at_ms) SELECT DISTINCT ");
    pg_quote_text(text, store->change.name);
    text_addf(text, ", 'quarantine %s', ", direction_name(capture->direction));
    pg_key_text(text, NULL, key);
    text_add(text, ", 'a row was written whose key is NULL: it belongs to no entity', " PG_NOW_MS "\n    FROM midflight_new WHERE ");
    for (size_t i = 0; i < key->count; i++) {
        if (i > 0) text_add(text, " OR ");
        pg_quote(text, key->items[i]);
        text_add(text, " IS NULL");
    }
    text_add(text, "\n    ON CONFLICT (migration, kind, entity_key) DO NOTHING;\n");
}

/* Few rows or many? None is nothing to do. */
static void add_rows(struct text *text, const struct capture *capture) {
    text_addf(text, "  midflight_rows := (SELECT count(*) FROM (SELECT FROM %s LIMIT " PG_FEW " + 1) AS midflight_w);\n"
                    "  IF midflight_rows = 0 THEN " PG_REST_DONE " END IF;\n  midflight_many := midflight_rows > " PG_FEW ";\n",
              capture->event == EVENT_DELETE ? "midflight_old" : "midflight_new");
}

/* --- the careful way ---------------------------------------------------------------------------------------------- */

/* A row of the pairs whose key changed: (SELECT o.k1 AS f1, n.k1 AS t1 ...) AS midflight_m, from and to. */
static void add_moves(struct text *text, const struct capture *capture) {
    const struct names *key = &capture->table->table->key;
    text_add(text, "(SELECT ");
    for (size_t i = 0; i < key->count; i++) {
        text_addf(text, "%smidflight_o.", i > 0 ? ", " : "");
        pg_quote(text, key->items[i]);
        text_addf(text, " AS f%zu, midflight_n.", i + 1);
        pg_quote(text, key->items[i]);
        text_addf(text, " AS t%zu", i + 1);
    }
    text_add(text, " FROM " PG_PAIRS " WHERE ");
    pg_add_differ(text, capture->table, "midflight_o", "midflight_n", key);
    text_add(text, ")");
}

/* prefix.letter1, prefix.letter2, ... */
static struct names lettered(const struct capture *capture, char letter) {
    struct names names = {0};
    for (size_t i = 0; i < capture->store->key.count; i++) {
        names_add(capture->store->bound, &names, arena_format(capture->store->bound, "%c%zu", letter, i + 1));
    }
    return names;
}

static void add_row_of_key(struct text *text, const struct capture *capture, const char *prefix, const struct names *names) {
    text_add(text, "ROW(");
    sync_names(text, &pg_dialect, prefix, names);
    text_addf(text, ")::%s", pg_own(capture->store, "key"));
}

/* SET "id" = prefix."t1", ... */
static void add_set_key(struct text *text, const struct flow *flow, const char *prefix, const struct names *names) {
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0) text_add(text, ", ");
        pg_quote(text, flow->target->table->key.items[i]);
        text_addf(text, " = %s.", prefix);
        pg_quote(text, names->items[i]);
    }
}

/* Moves the followers' rows of an entity to its new key, so that what nobody maps moves with them: where the place is
 * free, and, unless the entity is one leader row, nothing of it stayed behind. */
static void add_carry(struct text *text, const struct capture *capture, const struct flow *flow) {
    const char *target = pg_relation(capture->store, flow->target);
    struct names from = lettered(capture, 'f'), to = lettered(capture, 't');
    struct scope before = {.row = "midflight_m", .row_key = &from}, after = {.row = "midflight_m", .row_key = &to};
    TEXT name = {0};
    pg_quote(&name, flow->target->physical);
    text_addf(text, "    EXECUTE " TAG "WITH midflight_moved AS (UPDATE %s SET ", target);
    add_set_key(text, flow, "midflight_m", &to);
    text_add(text, " FROM ");
    add_moves(text, capture);
    text_add(text, " AS midflight_m\n      WHERE ");
    sync_scope(text, &pg_dialect, &before, text_get(&name), &flow->target->table->key);
    text_addf(text, "\n      AND NOT EXISTS (SELECT 1 FROM %s AS midflight_t WHERE ", target);
    sync_scope(text, &pg_dialect, &after, "midflight_t", &flow->target->table->key);
    text_add(text, ")");
    if (!pg_is_alone(capture->store, capture->direction)) {
        text_addf(text, "\n      AND NOT EXISTS (SELECT 1 FROM %s AS midflight_l WHERE ", pg_relation(capture->store, capture->table));
        sync_scope(text, &pg_dialect, &before, "midflight_l", &capture->table->table->key);
        text_add(text, ")");
    }
    text_add(text, "\n      RETURNING ");
    add_row_of_key(text, capture, "midflight_m", &from);
    text_add(text, " AS midflight_k) SELECT array_agg(midflight_k) FROM midflight_moved" TAG " INTO midflight_carried;\n");
}

/* The rest of those whose new place is, or was, another's of them: they wait at keys that nobody has until all have left. An
 * entity made of several leader rows stays where one of them does, so that only one that is a single row can be in
 * another's way. */
static void add_park(struct text *text, const struct capture *capture, const struct flow *flow) {
    const struct names *key = &flow->target->table->key;
    struct names from = lettered(capture, 'f'), to = lettered(capture, 't'), parked = lettered(capture, 'p');
    struct scope before = {.row = "midflight_m", .row_key = &from};
    TEXT name = {0};
    pg_quote(&name, flow->target->physical);
    text_add(text, "    EXECUTE " TAG "WITH midflight_moves AS MATERIALIZED ");
    add_moves(text, capture);
    text_add(text, ", midflight_m AS MATERIALIZED (SELECT *, ");
    for (size_t i = 0; i < key->count; i++) {
        text_addf(text, "%s", i > 0 ? ", " : "");
        if (i == 0) {
            pg_dialect.unlike(text, sync_column(flow->target, key->items[i]), "t1");
        } else {
            text_addf(text, "t%zu", i + 1);
        }
        text_addf(text, " AS p%zu", i + 1);
    }
    text_add(text, "\n      FROM midflight_moves WHERE ");
    add_row_of_key(text, capture, NULL, &from);
    text_add(text, " <> ALL (coalesce($1, '{}')) AND (");
    sync_names(text, &pg_dialect, NULL, &to);
    text_add(text, ") IN (SELECT ");
    sync_names(text, &pg_dialect, NULL, &from);
    text_addf(text, " FROM midflight_moves)),\n      midflight_moved AS (UPDATE %s SET ", pg_relation(capture->store, flow->target));
    add_set_key(text, flow, "midflight_m", &parked);
    text_add(text, " FROM midflight_m WHERE ");
    sync_scope(text, &pg_dialect, &before, text_get(&name), key);
    text_add(text, "\n      RETURNING ");
    add_row_of_key(text, capture, "midflight_m", &parked);
    text_add(text, " AS midflight_p, ");
    add_row_of_key(text, capture, "midflight_m", &to);
    text_add(text, " AS midflight_t) SELECT array_agg(midflight_p), array_agg(midflight_t) FROM midflight_moved" TAG "\n      INTO "
                   "midflight_from, midflight_to USING midflight_carried;\n");
}

/* From where they wait to their new keys. */
static void add_unpark(struct text *text, const struct capture *capture, const struct flow *flow) {
    struct names from = lettered(capture, 'f'), to = lettered(capture, 't');
    struct scope before = {.row = "midflight_m", .row_key = &from};
    TEXT name = {0};
    pg_quote(&name, flow->target->physical);
    text_addf(text, "    UPDATE %s SET ", pg_relation(capture->store, flow->target));
    add_set_key(text, flow, "midflight_m", &to);
    text_add(text, "\n      FROM ROWS FROM (unnest(midflight_from), unnest(midflight_to)) AS midflight_m (");
    sync_names(text, &pg_dialect, NULL, &from);
    text_add(text, ", ");
    sync_names(text, &pg_dialect, NULL, &to);
    text_add(text, ") WHERE ");
    sync_scope(text, &pg_dialect, &before, text_get(&name), &flow->target->table->key);
    text_add(text, ";\n");
}

/* Did a key change? Then the followers' rows go first. */
static void add_rekey(struct text *text, const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    TEXT changed = {0};
    /* no EXISTS: for that PostgreSQL chooses a plan that is fast if the first pairs differ, and endless if none does */
    text_add(&changed, "SELECT coalesce(bool_or(");
    pg_add_differ(&changed, capture->table, "midflight_o", "midflight_n", &capture->table->table->key);
    text_add(&changed, "), false) FROM " PG_PAIRS);
    add_select(text, text_get(&changed), text_get(&changed), "midflight_rekeyed");
    text_add(text, "  IF midflight_rekeyed THEN\n");
    for (size_t i = 0; i < store->change.mappings[capture->direction].count; i++) {
        const struct flow *flow = &store->flows[capture->direction][i];
        if (flow->reads[capture->leader].count == 0) continue;
        add_carry(text, capture, flow);
        if (!pg_is_alone(store, capture->direction)) continue;
        add_park(text, capture, flow);
        add_unpark(text, capture, flow);
    }
    text_add(text, "  END IF;\n");
}

/* Both images of what was written, in one snapshot. */
static void add_images(struct text *text, const struct capture *capture, enum event event) {
    const struct postgres_store *store = capture->store;
    struct image image = {.event = event, .leader = capture->leader, .new_rows = "midflight_new",
                          .rows = event == EVENT_REKEY ? PG_PAIRS : "midflight_old AS midflight_o"};
    struct scope few_keys = pg_keys_scope(store), many_keys = {.set = "unnest($1)", .row_key = &store->key};
    TEXT few = {0};
    TEXT many = {0};
    TEXT into = {0};
    pg_add_images(&few, store, capture->direction, &few_keys, image);
    image.once = true;
    pg_add_images(&many, store, capture->direction, &many_keys, image);
    pg_add_holders(&into, store, capture->direction, ", ", true);
    add_select(text, text_get(&few), text_get(&many), text_get(&into));
}

/* The delta of what was written to an entity that is one row: if keys changed, as if the rows had always borne their new
 * ones, which by now the followers' rows bear as well. */
static void add_delta_alone(struct text *text, const struct capture *capture) {
    if (capture->event == EVENT_UPDATE) {
        text_add(text, "  IF midflight_rekeyed THEN\n");
        add_images(text, capture, EVENT_REKEY);
        text_add(text, "  ELSE\n");
    }
    add_images(text, capture, capture->event);
    if (capture->event == EVENT_UPDATE) text_add(text, "  END IF;\n");
    pg_add_apply(text, capture->store, capture->direction);
}

/* The keys at once of entities that are several rows: a query that looks for each into all rows of all takes the square of
 * their number. */
#define BATCH "500"

/* The same of entities made of several rows: their followers are locked first. */
static void add_delta_together(struct text *text, const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    const char *sync = pg_part(store, capture->direction, "sync");
    text_add(text, "  FOR midflight_place IN 1 .. cardinality(midflight_all) BY " BATCH " LOOP\n"
                   "  midflight_keys := midflight_all[midflight_place : midflight_place + " BATCH " - 1];\n");
    if (capture->event == EVENT_NONE) {
        text_addf(text, "  PERFORM %s(midflight_keys);\n  END LOOP;\n", sync);
        return;
    }
    struct scope keys = pg_keys_scope(store);
    pg_add_lock(text, store, follower_of(capture->direction), &keys, "NO KEY UPDATE");
    if (capture->event == EVENT_UPDATE) {
        text_addf(text, "  IF midflight_rekeyed THEN\n  PERFORM %s(midflight_keys);\n  ELSE\n", sync);
    }
    add_images(text, capture, capture->event);
    pg_add_apply(text, store, capture->direction);
    text_add(text, capture->event == EVENT_UPDATE ? "  END IF;\n  END LOOP;\n" : "  END LOOP;\n");
}

/* The delta of the statement, or what stands in for it. */
static void add_delta(struct text *text, const struct capture *capture) {
    if (capture->event == EVENT_UPDATE) add_rekey(text, capture);
    if (!pg_is_alone(capture->store, capture->direction)) {
        add_delta_together(text, capture);
    } else if (capture->event == EVENT_NONE) {
        text_addf(text, "  PERFORM %s(midflight_keys);\n", pg_part(capture->store, capture->direction, "sync"));
    } else {
        add_delta_alone(text, capture);
    }
}

void pg_add_attempt(struct text *text, const struct capture *capture, const char *body) {
    pg_add_guard(text, capture->store, capture->direction);
    text_addf(text, "  BEGIN\n%s  EXCEPTION WHEN OTHERS THEN\n    IF " PG_PASSING " THEN RAISE; END IF;\n    midflight_settled := "
                    "false;\n  END;\n" PG_RESTORE_GUARD "  IF midflight_settled THEN " PG_REST_DONE " END IF;\n", body);
}

/* Plans are made for as many keys as there are, or, for few, once a session. */
#define PLAN_MANY "  midflight_guard := set_config('plan_cache_mode', 'force_custom_plan', true);\n"
#define PLAN_FEW "  midflight_guard := set_config('plan_cache_mode', 'force_generic_plan', true);\n"

static void add_careful(struct text *text, const struct capture *capture) {
    add_keyless(text, capture);
    add_keys(text, capture);
    text_add(text, "  midflight_all := midflight_keys;\n  IF midflight_many THEN\n  " PLAN_MANY "  END IF;\n");
    pg_add_guard(text, capture->store, capture->direction);
    text_add(text, "  BEGIN\n");
    add_delta(text, capture);
    text_addf(text, "  EXCEPTION WHEN OTHERS THEN\n    IF " PG_PASSING " THEN RAISE; END IF;\n  " PLAN_FEW
                    "    PERFORM %s(midflight_all);\n  END;\n" PG_RESTORE_GUARD,
              pg_part(capture->store, capture->direction, "each"));
}

/* --- functions and triggers --------------------------------------------------------------------------------------- */

static void add_declarations(struct text *text, const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    const char *key = pg_own(store, "key");
    text_addf(text, "DECLARE\n  midflight_keys %s[];\n  midflight_all %s[];\n  midflight_before text := "
                    "current_setting('midflight.syncing', true);\n" PG_GUARDED "  midflight_plans text;\n  midflight_jit text;\n", key, key);
    if (capture->event == EVENT_NONE) {
        text_add(text, "  midflight_many boolean := true;\n");
        return;
    }
    text_add(text, "  midflight_rows bigint;\n  midflight_many boolean;\n  ");
    pg_add_holders(text, store, capture->direction, ";\n  ", false);
    text_add(text, ";\n");
    if (capture->event == EVENT_UPDATE) {
        text_addf(text, "  midflight_rekeyed boolean;\n  midflight_carried %s[];\n  midflight_from %s[];\n  midflight_to %s[];\n", key, key, key);
    }
    text_add(text, "  midflight_settled boolean;\n");
    if (pg_is_plain(capture)) {
        text_add(text, "  midflight_counts bigint[];\n  midflight_count bigint;\n  midflight_row record;\n");
    } else {
        pg_add_listed(text, capture);
    }
}

#define SYNCING "pg_catalog.current_setting('midflight.syncing', true)"

/* What the other direction's sync writes is not captured. The function says so itself: a trigger's WHEN is read from its text and
 * compiled for every statement, which takes longer than all that this costs. It names all by the schema, as not every function here
 * has a search_path of its own. */
static void add_stand_back(struct text *text, const struct capture *capture, const char *syncing) {
    text_addf(text, "  IF %s OPERATOR(pg_catalog.=) ", syncing);
    pg_quote_text(text, pg_guard(capture->store, other_of(capture->direction)));
    text_add(text, " THEN RETURN NULL; END IF;\n");
}

static void add_trigger(struct text *text, const struct capture *capture, const char *name, const char *table) {
    text_add(text, "CREATE TRIGGER ");
    pg_quote(text, pg_own_name(capture->store, name));
    /* Where the followers are in another store, only the table itself can say whom a TRUNCATE concerns. */
    bool before = capture->event == EVENT_NONE && capture->store->standing.housed != HOUSES_BOTH;
    text_addf(text, " %s %s ON %s", before ? "BEFORE" : "AFTER", event_name(capture->event), table);
    if (capture->event != EVENT_NONE) text_add(text, " REFERENCING");
    if ((capture->event == EVENT_UPDATE && !capture->light) || capture->event == EVENT_DELETE) text_add(text, " OLD TABLE AS midflight_old");
    if (capture->event == EVENT_UPDATE || capture->event == EVENT_INSERT) text_add(text, " NEW TABLE AS midflight_new");
    text_addf(text, " FOR EACH STATEMENT EXECUTE FUNCTION %s();\n", pg_own(capture->store, name));
}

/* A statement runs the triggers of the table that it names: so each partition, and each table that inherits, has its own. */
bool pg_tables_of(struct postgres_store *store, const struct bound_table *table, const char *trigger, PGresult **ret, struct error *error) {
    const char *values[] = {pg_relation(store, table), trigger};
    return pg_query_often(store->db,
                          "WITH RECURSIVE midflight_t (id) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN "
                          "midflight_t t ON i.inhparent = t.id) SELECT id::regclass::text FROM midflight_t WHERE NOT EXISTS (SELECT 1 FROM "
                          "pg_trigger WHERE tgrelid = id AND tgname = $2)", values, 2, &store->prepared, store->arena, ret, error);
}

/* A plan is made once a session, whatever its first values; and never compiled, which takes longer than it runs. The single row's
 * quick way does without: its plans read one row by its key, and to set and restore a setting takes as long as one of them. */
static void add_rest(struct text *text, const struct capture *capture) {
    text_add(text, "  midflight_plans := current_setting('plan_cache_mode');\n  midflight_jit := current_setting('jit');\n" PLAN_FEW
                   "  midflight_guard := set_config('jit', 'off', true);\n  <<" PG_REST ">>\n  BEGIN\n");
    if (capture->event != EVENT_NONE) add_rows(text, capture);
    if (pg_is_plain(capture)) pg_add_bulk(text, capture);
    add_careful(text, capture);
    text_add(text, "  END;\n  midflight_guard := set_config('plan_cache_mode', midflight_plans, true);\n"
                   "  midflight_guard := set_config('jit', midflight_jit, true);\n  RETURN NULL;\n");
}

static const char *capture_name(const struct capture *capture) {
    return arena_format(capture->store->bound, "%s_%s_%s", side_name(leader_of(capture->direction)), capture->table->table->name,
                        event_name(capture->event));
}

/* A function that names everything by its schema, so that it needs no search_path of its own, which takes longer than to note a key. */
static void add_light_function(struct text *text, const struct capture *capture, const char *name) {
    text_addf(text, "CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER\nAS $midflight$\n#variable_conflict "
                    "use_column\nBEGIN\n", pg_own(capture->store, name));
}

static void add_light_insert(struct text *text, const struct capture *capture, const char *into) {
    if (strcmp(into, "outbox") == 0) pg_add_limit(text, capture->store);
    text_addf(text, "  INSERT INTO %s (", pg_own(capture->store, into));
    sync_names(text, &pg_dialect, NULL, &capture->store->key);
    text_add(text, ") ");
}

/* Does a key change only where a statement names it? Not where the table's own triggers, or its generated columns, may change it. */
static bool is_said(const struct capture *capture, bool *ret, struct error *error) {
    const char *table = pg_relation(capture->store, capture->table);
    RESULT *others = NULL;
    /* tgtype: BEFORE UPDATE ... FOR EACH ROW */
    if (!pg_query(capture->store->db,
                  "SELECT 1 FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal AND tgtype & 19 = 19 UNION ALL SELECT 1 FROM "
                  "pg_attribute WHERE attrelid = $1::regclass AND attgenerated <> '' LIMIT 1", NULL, &table, 1, &others, error)) {
        return false;
    }
    *ret = PQntuples(others) == 0;
    return true;
}

/* A trigger of columns costs the statements that do not name them next to nothing. */
static bool add_rekey_trigger(struct text *text, const struct capture *capture, const char *name, struct error *error) {
    bool said;
    if (!is_said(capture, &said, error)) return false;
    text_add(text, "CREATE TRIGGER ");
    pg_quote(text, pg_own_name(capture->store, name));
    text_add(text, " AFTER UPDATE ");
    if (said) {
        text_add(text, "OF ");
        sync_names(text, &pg_dialect, NULL, &capture->table->table->key);
    }
    text_addf(text, " ON %s FOR EACH ROW WHEN (", pg_relation(capture->store, capture->table));
    pg_add_differ(text, capture->table, "OLD", "NEW", &capture->table->table->key);
    text_addf(text, ") EXECUTE FUNCTION %s();\n", pg_own(capture->store, name));
    return true;
}

static const char *rekey_name(const struct capture *capture) {
    return arena_format(capture->store->bound, "%s_%s_rekey", side_name(leader_of(capture->direction)), capture->table->table->name);
}

/* What it wrote is in one transition table; the key that an UPDATE took from a row is noted by itself. */
static void add_light(const struct capture *capture, const char *into, struct text *text) {
    const struct names *key = &capture->table->table->key;
    add_light_function(text, capture, capture_name(capture));
    add_stand_back(text, capture, SYNCING);
    add_light_insert(text, capture, into);
    text_add(text, capture->table->sole ? "SELECT " : "SELECT DISTINCT ");
    sync_names(text, &pg_dialect, NULL, key);
    text_addf(text, " FROM %s;\n  RETURN NULL;\n", capture->event == EVENT_DELETE ? "midflight_old" : "midflight_new");
    pg_end_function(text);
    if (capture->event != EVENT_UPDATE) return;
    add_light_function(text, capture, rekey_name(capture));
    add_stand_back(text, capture, SYNCING);
    add_light_insert(text, capture, into);
    text_add(text, "VALUES (");
    sync_names(text, &pg_dialect, "OLD", key);
    text_add(text, ");\n  RETURN NULL;\n");
    pg_end_function(text);
}

/* Is it enough to look at the rows of a statement from one side? Not where a row may move from one table to another, which is a DELETE
 * for row triggers; nor where a key may be NULL. */
static bool is_light(const struct capture *capture, bool *ret, struct error *error) {
    const struct names *key = &capture->table->table->key;
    RESULT *related = NULL;
    const char *table = pg_relation(capture->store, capture->table);
    *ret = false;
    if (!capture->store->change.outbox || capture->event == EVENT_NONE) return true;
    for (size_t i = 0; i < key->count; i++) {
        if (!sync_column(capture->table, key->items[i])->not_null) return true;
    }
    if (!pg_query(capture->store->db, "SELECT 1 FROM pg_inherits WHERE $1::regclass IN (inhparent, inhrelid) LIMIT 1", NULL, &table, 1, &related,
                  error)) {
        return false;
    }
    *ret = PQntuples(related) == 0;
    return true;
}

/* The keys that a statement wrote, into the outbox (outbox.c) or among those held: of an UPDATE those before and after. */
static void add_full_note(const struct capture *capture, const char *into, struct text *text) {
    struct postgres_store *store = capture->store;
    const struct names *key = &capture->table->table->key;
    bool apart = store->standing.housed != HOUSES_BOTH;
    pg_add_function(text, store, pg_own(store, capture_name(capture)), "", "trigger");
    text_add(text, "BEGIN\n");
    add_stand_back(text, capture, SYNCING);
    if (store->change.outbox && strcmp(into, "outbox") == 0) pg_add_limit(text, store);
    add_keyless(text, capture);
    text_addf(text, "  INSERT INTO %s (", pg_own(store, into));
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_add(text, store->change.outbox && capture->event != EVENT_UPDATE ? ") SELECT DISTINCT * FROM (" : ") SELECT * FROM (");
    if (capture->event == EVENT_UPDATE) {
        text_add(text, "SELECT ");
        pg_add_as_key(text, store, NULL, key);
        text_add(text, " FROM midflight_old UNION SELECT ");
        pg_add_as_key(text, store, NULL, key);
        text_add(text, " FROM midflight_new");
    } else if (capture->event == EVENT_NONE && apart) { /* it is about to be emptied */
        text_add(text, "SELECT ");
        pg_add_as_key(text, store, NULL, key);
        text_addf(text, " FROM %s", pg_relation(store, capture->table));
    } else {
        add_written(text, capture);
    }
    text_add(text, ") AS midflight_w WHERE ");
    for (size_t i = 0; i < store->key.count; i++) text_addf(text, "%s%s IS NOT NULL", i > 0 ? " AND " : "", store->key.items[i]);
    text_add(text, ";\n  RETURN NULL;\n");
    pg_end_function(text);
}

static bool note(const struct capture *capture, const char *into, struct text *text, struct error *error) {
    bool light;
    if (!is_light(capture, &light, error)) return false;
    if (light) {
        add_light(capture, into, text);
    } else {
        add_full_note(capture, into, text);
    }
    return true;
}

static bool add_note(const struct capture *capture, struct text *text, struct error *error) {
    return note(capture, "outbox", text, error);
}

static bool add_hold(const struct capture *capture, struct text *text, struct error *error) {
    return note(capture, "held", text, error);
}

static bool add_capture(const struct capture *capture, struct text *text, struct error *error) {
    struct postgres_store *store = capture->store;
    (void)error;
    pg_add_function(text, store, pg_own(store, capture_name(capture)), "", "trigger");
    add_declarations(text, capture);
    text_add(text, "BEGIN\n");
    add_stand_back(text, capture, "midflight_before");
    if (capture->event != EVENT_NONE) pg_add_single(text, capture);
    add_rest(text, capture);
    pg_end_function(text);
    return true;
}

/* Statements that make the trigger where it is not there already: that one runs the function by its name, whatever it does by now. */
static bool add_triggers(const struct capture *capture, struct text *text, struct error *error) {
    const char *name = capture_name(capture);
    struct capture made = *capture;
    RESULT *tables = NULL;
    if (!is_light(capture, &made.light, error) ||
        !pg_tables_of(capture->store, capture->table, pg_own_name(capture->store, name), &tables, error)) {
        return false;
    }
    for (int i = 0; i < PQntuples(tables); i++) {
        add_trigger(text, &made, name, PQgetvalue(tables, i, 0));
        if (made.light && capture->event == EVENT_UPDATE && !add_rekey_trigger(text, capture, rekey_name(capture), error)) return false;
    }
    return true;
}

typedef bool capture_maker(const struct capture *capture, struct text *text, struct error *error);

static bool is_read(const struct postgres_store *store, enum direction direction, size_t leader) {
    bool read = false;
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        read = read || store->flows[direction][i].reads[leader].count > 0;
    }
    return read;
}

/* What `make` says of every event of a side's tables, in one script. */
static bool run_each(struct postgres_store *store, enum side side, capture_maker *make, struct error *error) {
    static const enum event events[] = {EVENT_INSERT, EVENT_UPDATE, EVENT_DELETE, EVENT_NONE};
    enum direction direction = led_by(side);
    TEXT sql = {0};
    TEXT deferred = {0};
    if (make == add_capture && !pg_add_deferred(&deferred, store, direction, error)) return false;
    for (size_t leader = 0; leader < store->change.shapes[side].count; leader++) {
        for (size_t i = 0; is_read(store, direction, leader) && i < sizeof events / sizeof *events; i++) {
            struct capture capture = {store, direction, leader, &store->tables[side][leader], events[i], text_get(&deferred), false};
            if (!make(&capture, &sql, error)) return false;
        }
    }
    return pg_script(store->db, text_get(&sql), NULL, error);
}

bool pg_capture_functions(struct postgres_store *store, enum side side, struct error *error) {
    return run_each(store, side, add_capture, error);
}

bool pg_note_functions(struct postgres_store *store, enum side side, struct error *error) {
    return run_each(store, side, add_note, error);
}

bool pg_capture_triggers(struct postgres_store *store, enum side side, struct error *error) {
    return run_each(store, side, add_triggers, error);
}

bool pg_hold_functions(struct postgres_store *store, enum side side, struct error *error) {
    return run_each(store, side, add_hold, error);
}
