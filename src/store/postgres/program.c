/* The functions that keep the follower in agreement within the writer's own transaction, in PL/pgSQL.
 *
 * In the schema midflight, in the migration's name (here m, direction forward, follower people, old table customers):
 *   midflight_m_key                   a type: the key's columns, k1, ..., kn
 *   midflight_m_forward_row_people    a type: a row that the query yields
 *   midflight_m_forward_apply         compares what the queries yield now with what they yielded, and writes the difference
 *   midflight_m_forward_sync          sync(forward, keys), whole
 *   midflight_m_forward_each          the same key by key: those that fail go to quarantine
 *   midflight_m_forward_park          the followers of some keys let go of their unique values
 *   midflight_m_old_customers_insert, _update, _delete, _truncate   what the triggers of that table run (statement.c)
 *
 * Triggers run once a statement, over all rows that it wrote: the image before is the table as it stands, without the new
 * rows and with the old ones. Both images are read in one statement, so in one snapshot.
 *
 * Three ways lead to the same end. Where an entity is one row on both sides, one row goes by scalars (single.c) and many go by
 * one statement a flow (bulk.c); both look at what they have written, and leave whatever does not agree by then to the careful
 * way, which is the one described here and serves everything: keys, both images as arrays, apply. Its statements are planned
 * once a session while keys are few (plan_cache_mode), and each time where they are many.
 *
 * Loops: while a direction syncs, the setting midflight.syncing bears its name, for this transaction alone; the other
 * direction's triggers stand back. An error undoes the setting together with the writes.
 *
 * Who comes second: under READ COMMITTED every statement of a function has a snapshot of its own. The followers of an
 * entity that several leader rows make up are locked first, so that the queries then see what the writer before
 * committed. Where there was no follower row to lock, an INSERT waits for the other writer and then yields to it; the
 * comparison that ends apply finds what is missing, and syncs the entity whole. Locks are taken leader first, then follower, in
 * the order of keys: writers of one side never deadlock over one entity, writers of opposite sides can (side.c rules that out).
 *
 * What fails (a cast, a constraint of the follower's) undoes the sync alone: its keys are tried one by one, and those
 * that fail again are recorded. What is nobody's fault (a deadlock, a lost lock, a full disk) is the application's to
 * retry, and passes through.
 *
 * Pairs: the rows of an UPDATE before and after are paired by the key where it is unique and the same keys are on both sides;
 * by their order in the two transition tables only where keys changed, as nothing else tells then which row became which.
 * PostgreSQL fills both tables row by row, and does not promise it; were it otherwise, values that nobody maps would move with
 * the wrong key, and everything else would still agree. */
#include "store/postgres/program.h"

const char *pg_part(const struct postgres_store *store, enum direction direction, const char *rest) {
    return pg_own(store, arena_format(store->bound, "%s_%s", direction_name(direction), rest));
}

const char *pg_refusal(const struct postgres_store *store, enum side side) {
    return pg_own(store, arena_format(store->bound, "%s_refuse", side_name(side)));
}

const char *pg_refusal_trigger(const struct postgres_store *store, enum side side, const struct bound_table *table) {
    return pg_own_name(store, arena_format(store->bound, "%s_refuse_%s", side_name(side), table->table->name));
}

const char *pg_row_type(const struct postgres_store *store, enum direction direction, const struct flow *flow) {
    return pg_own(store, arena_format(store->bound, "%s_row_%s", direction_name(direction), flow->target->table->name));
}

const char *pg_now_of(const struct postgres_store *store, size_t flow) {
    return arena_format(store->bound, "unnest(midflight_now_%zu)", flow + 1);
}

static const char *was_of(const struct postgres_store *store, size_t flow) {
    return arena_format(store->bound, "unnest(midflight_was_%zu)", flow + 1);
}

struct scope pg_keys_scope(const struct postgres_store *store) {
    return (struct scope){.set = "unnest(midflight_keys)", .row_key = &store->key};
}

const char *pg_guard(const struct postgres_store *store, enum direction direction) {
    return arena_format(store->bound, "%s %s", store->change.name, direction_name(direction));
}

bool pg_is_alone(const struct postgres_store *store, enum direction direction) {
    enum side side = leader_of(direction);
    return store->change.shapes[side].count == 1 && store->tables[side][0].sole;
}

const char *pg_relation(const struct postgres_store *store, const struct bound_table *table) {
    TEXT text = {0};
    pg_dialect.table(&text, table);
    return arena_copy(store->bound, text_get(&text));
}

/* --- pieces --------------------------------------------------------------------------------------------------- */

void pg_add_function(struct text *text, const struct postgres_store *store, const char *name, const char *parameters,
                     const char *returns) {
    text_addf(text,
              "CREATE OR REPLACE FUNCTION %s(%s) RETURNS %s LANGUAGE plpgsql SECURITY DEFINER SET search_path = %s\nAS $midflight$\n"
              "#variable_conflict use_column\n",
              name, parameters, returns, store->path);
}

void pg_end_function(struct text *text) {
    text_add(text, "END\n$midflight$;\n");
}

void pg_add_guard(struct text *text, const struct postgres_store *store, enum direction direction) {
    text_add(text, "  midflight_guard := set_config('midflight.syncing', ");
    pg_quote_text(text, pg_guard(store, direction));
    text_add(text, ", true);\n");
}

void pg_add_as_key(struct text *text, const struct postgres_store *store, const char *prefix,
                   const struct names *key) {
    for (size_t i = 0; i < key->count; i++) {
        text_addf(text, "%s%s%s", i > 0 ? ", " : "", prefix == NULL ? "" : prefix, prefix == NULL ? "" : ".");
        pg_quote(text, key->items[i]);
        text_addf(text, " AS %s", store->key.items[i]);
    }
}

/* ARRAY(SELECT ROW(columns)::type FROM <rows> AS midflight_r) */
static void add_array(struct text *text, const char *type, const struct names *columns, const char *rows) {
    text_add(text, "ARRAY(SELECT ROW(");
    sync_names(text, &pg_dialect, NULL, columns);
    text_addf(text, ")::%s FROM %s AS midflight_r)", type, rows);
}

const char *pg_query_of(const struct postgres_store *store, const struct flow *flow, const struct scope *scope, struct image image) {
    TEXT query = {0};
    sync_query(&query, &pg_dialect, flow, scope, image);
    return arena_copy(store->bound, text_get(&query));
}

const char *pg_held_of(const struct postgres_store *store, const struct flow *flow, const struct scope *scope) {
    TEXT held = {0};
    text_add(&held, "(SELECT * FROM ");
    pg_dialect.table(&held, flow->target);
    text_add(&held, " WHERE ");
    sync_scope(&held, &pg_dialect, scope, NULL, &flow->target->table->key);
    text_add(&held, ")");
    return arena_copy(store->bound, text_get(&held));
}

void pg_add_images(struct text *text, const struct postgres_store *store, enum direction direction, const struct scope *scope,
                   struct image image) {
    text_add(text, "SELECT ");
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        const struct flow *flow = &store->flows[direction][i];
        const char *type = pg_row_type(store, direction, flow);
        bool idle = image.event != EVENT_NONE && flow->reads[image.leader].count == 0;
        if (i > 0) text_add(text, ",\n    ");
        if (idle) {
            text_addf(text, "NULL::%s[], NULL::%s[]", type, type);
        } else {
            add_array(text, type, &flow->yielded, pg_query_of(store, flow, scope, IMAGE_STORED));
            text_add(text, ",\n    ");
            add_array(text, type, &flow->yielded,
                      image.event == EVENT_NONE ? pg_held_of(store, flow, scope) : pg_query_of(store, flow, scope, image));
        }
    }
}

/* What the queries yield now of the keys, and what the followers hold. */
static void add_images_stored(struct text *text, const struct postgres_store *store, enum direction direction) {
    struct scope scope = pg_keys_scope(store);
    text_add(text, "  ");
    pg_add_images(text, store, direction, &scope, IMAGE_STORED);
    text_add(text, "\n    INTO ");
    pg_add_holders(text, store, direction, ", ", true);
    text_add(text, ";\n");
}

void pg_add_holders(struct text *text, const struct postgres_store *store, enum direction direction,
                    const char *separator, bool call) {
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        const char *type = pg_row_type(store, direction, &store->flows[direction][i]);
        if (i > 0) text_add(text, separator);
        if (call) {
            text_addf(text, "midflight_now_%zu, midflight_was_%zu", i + 1, i + 1);
        } else {
            text_addf(text, "midflight_now_%zu %s[]%smidflight_was_%zu %s[]", i + 1, type, separator, i + 1, type);
        }
    }
}

void pg_add_apply(struct text *text, const struct postgres_store *store, enum direction direction) {
    text_addf(text, "  PERFORM %s(midflight_keys, ", pg_part(store, direction, "apply"));
    pg_add_holders(text, store, direction, ", ", true);
    text_add(text, ");\n");
}

void pg_add_lock(struct text *text, const struct postgres_store *store, enum side side, const struct scope *scope, const char *strength) {
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        text_addf(text, "  PERFORM 1 FROM %s WHERE ", pg_relation(store, table));
        sync_scope(text, &pg_dialect, scope, NULL, &table->table->key);
        text_add(text, " ORDER BY ");
        sync_names(text, &pg_dialect, NULL, &table->identity);
        text_addf(text, " FOR %s;\n", strength);
    }
}

/* migration = 'm' AND kind = 'quarantine forward' */
static void add_finding_of(struct text *text, const struct postgres_store *store, enum direction direction) {
    text_add(text, "migration = ");
    pg_quote_text(text, store->change.name);
    text_addf(text, " AND kind = 'quarantine %s'", direction_name(direction));
}

void pg_add_forget(struct text *text, const struct postgres_store *store, enum direction direction, const char *key) {
    TEXT entity = {0};
    pg_key_text(&entity, key, &store->key);
    text_add(text, "DELETE FROM midflight.midflight_finding WHERE ");
    add_finding_of(text, store, direction);
    text_addf(text, " AND entity_key = %s;\n", text_get(&entity));
}

void pg_add_find(struct text *text, const struct postgres_store *store, enum direction direction, const char *key) {
    TEXT entity = {0};
    pg_key_text(&entity, key, &store->key);
    text_add(text, "IF " PG_PASSING " THEN RAISE; END IF;\n"
                   "    INSERT INTO midflight.midflight_finding (migration, kind, entity_key, reason, at_ms) VALUES (");
    pg_quote_text(text, store->change.name);
    text_addf(text, ", 'quarantine %s', %s, SQLERRM, " PG_NOW_MS ")\n      ON CONFLICT (migration, kind, entity_key) DO UPDATE "
                    "SET reason = excluded.reason, at_ms = excluded.at_ms;\n", direction_name(direction), text_get(&entity));
}

/* --- types ---------------------------------------------------------------------------------------------------- */

static void add_type(struct text *text, const char *name, const struct bound_table *table, const struct names *columns,
                     const struct names *called) {
    text_addf(text, "CREATE TYPE %s AS (", name);
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *column = sync_column(table, columns->items[i]);
        if (i > 0) text_add(text, ", ");
        pg_quote(text, called->items[i]);
        text_addf(text, " %s", column->declared);
    }
    text_add(text, ");\n");
}

void pg_add_key_type(struct text *text, const struct postgres_store *store) {
    const struct bound_table *first = &store->tables[SIDE_OLD][0];
    add_type(text, pg_own(store, "key"), first, &first->table->key, &store->key);
}

/* Where an outbox is for good the key's type is as old as that. */
static void add_types(struct text *text, const struct postgres_store *store) {
    if (!store->change.outbox) pg_add_key_type(text, store);
    for (enum direction direction = FORWARD; direction <= BACKWARD; direction++) {
        for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
            const struct flow *flow = &store->flows[direction][i];
            add_type(text, pg_row_type(store, direction, flow), flow->target, &flow->yielded, &flow->yielded);
        }
    }
}

/* --- apply, sync, each, park ------------------------------------------------------------------------------------ */

/* A condition: the followers of the keys are not all that now holds, and nothing else. */
static void add_apart(struct text *text, const struct postgres_store *store, enum direction direction) {
    struct scope scope = pg_keys_scope(store);
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        text_add(text, i > 0 ? " OR EXISTS (" : "EXISTS (");
        sync_different(text, &pg_dialect, &store->flows[direction][i], &scope, pg_query_of(store, &store->flows[direction][i], &scope, IMAGE_STORED));
        text_add(text, ")");
    }
}

/* What the delta left undone: the keys that agree in neither direction, told by queries over what there is now. */
static void add_settle(struct text *text, const struct postgres_store *store, enum direction direction) {
    struct scope scope = pg_keys_scope(store);
    text_add(text, "  IF ");
    add_apart(text, store, direction);
    text_add(text, " THEN\n  midflight_keys := ARRAY(SELECT ROW(");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_addf(text, ")::%s FROM (SELECT * FROM (", pg_own(store, "key"));
    for (enum direction way = FORWARD; way <= BACKWARD; way++) {
        if (!pg_has_way(store, way)) continue;
        if (way == BACKWARD) text_add(text, ") AS midflight_f INTERSECT SELECT * FROM (");
        for (size_t i = 0; i < store->change.mappings[way].count; i++) {
            const struct flow *flow = &store->flows[way][i];
            text_add(text, i > 0 ? " UNION ALL SELECT * FROM (" : "SELECT * FROM (");
            sync_different(text, &pg_dialect, flow, &scope, pg_query_of(store, flow, &scope, IMAGE_STORED));
            text_add(text, ") AS midflight_w");
        }
    }
    text_add(text, ") AS midflight_b) AS midflight_apart (");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_add(text, ") ORDER BY 1);\n");
    add_images_stored(text, store, direction);
    for (size_t i = store->change.mappings[direction].count; i-- > 0;) {
        sync_delete(text, &pg_dialect, &store->flows[direction][i], &scope, pg_now_of(store, i));
    }
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        sync_update(text, &pg_dialect, &store->flows[direction][i], pg_now_of(store, i), NULL, false);
        sync_insert(text, &pg_dialect, &store->flows[direction][i], pg_now_of(store, i), NULL, false);
    }
    text_add(text, "  END IF;\n");
}

/* A deferred foreign key of a follower's would fail the application's COMMIT, where nobody could catch it: it is looked at
 * here, and put off again for what the application itself writes. */
bool pg_add_deferred(struct text *text, struct postgres_store *store, enum direction direction, struct error *error) {
    TEXT names = {0};
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        RESULT *found = NULL;
        const char *values[] = {pg_relation(store, store->flows[direction][i].target)};
        if (!pg_query(store->db,
                      "SELECT quote_ident(n.nspname) || '.' || quote_ident(k.conname) FROM pg_constraint k JOIN pg_namespace n ON "
                      "n.oid = k.connamespace WHERE k.conrelid = $1::regclass AND k.contype = 'f' AND k.condeferred", NULL, values, 1,
                      &found, error)) {
            return false;
        }
        for (int row = 0; row < PQntuples(found); row++) {
            text_addf(&names, "%s%s", names.length > 0 ? ", " : "", PQgetvalue(found, row, 0));
        }
    }
    if (names.length == 0) return true;
    text_addf(text, "  SET CONSTRAINTS %s IMMEDIATE;\n  SET CONSTRAINTS %s DEFERRED;\n", text_get(&names), text_get(&names));
    return true;
}

/* A flow that yields what it yielded, in the same order, has nothing to write. */
void pg_add_if_changed(struct text *text, size_t flow) {
    text_addf(text, "  IF record_image_ne(ROW(midflight_now_%zu), ROW(midflight_was_%zu)) THEN\n", flow + 1, flow + 1);
}

/* What was there and is no more; what was is first read anew from the follower, where the flow's rows are not told apart. */
static void add_gone(struct text *text, const struct postgres_store *store, enum direction direction, size_t i) {
    const struct flow *flow = &store->flows[direction][i];
    struct scope scope = pg_keys_scope(store);
    pg_add_if_changed(text, i);
    if (!flow->target->sole) {
        TEXT recalled = {0};
        text_add(&recalled, "(");
        sync_recall(&recalled, &pg_dialect, flow, &scope, pg_now_of(store, i), was_of(store, i));
        text_add(&recalled, ")");
        text_addf(text, "  midflight_was_%zu := midflight_was_%zu || ", i + 1, i + 1);
        add_array(text, pg_row_type(store, direction, flow), &flow->yielded, text_get(&recalled));
        text_add(text, ";\n");
    }
    sync_delete_gone(text, &pg_dialect, flow, pg_now_of(store, i), was_of(store, i));
    text_add(text, "  END IF;\n");
}

static void add_apply(struct text *text, const struct postgres_store *store, enum direction direction, const char *deferred) {
    TEXT parameters = {0};
    const struct flow *flows = store->flows[direction];
    size_t count = store->change.mappings[direction].count;
    text_addf(&parameters, "midflight_keys %s[], ", pg_own(store, "key"));
    pg_add_holders(&parameters, store, direction, ", ", false);
    pg_add_function(text, store, pg_part(store, direction, "apply"), text_get(&parameters), "void");
    text_add(text, "BEGIN\n");
    for (size_t i = count; i-- > 0;) add_gone(text, store, direction, i);
    for (size_t i = 0; i < count; i++) {
        pg_add_if_changed(text, i);
        sync_update(text, &pg_dialect, &flows[i], pg_now_of(store, i), was_of(store, i), false);
        sync_insert(text, &pg_dialect, &flows[i], pg_now_of(store, i), was_of(store, i), false);
        text_add(text, "  END IF;\n");
    }
    add_settle(text, store, direction);
    text_add(text, deferred);
    pg_end_function(text);
}

static void add_sync(struct text *text, const struct postgres_store *store, enum direction direction) {
    pg_add_function(text, store, pg_part(store, direction, "sync"),
                 arena_format(store->bound, "midflight_keys %s[]", pg_own(store, "key")), "void");
    text_add(text, "DECLARE\n  ");
    pg_add_holders(text, store, direction, ";\n  ", false);
    text_add(text, ";\nBEGIN\n");
    if (!store->change.outbox) { /* else nobody writes the follower beside us, and what the leader's writers do is noted */
        struct scope keys = pg_keys_scope(store);
        pg_add_side_lock(text, store, leader_of(direction));
        pg_add_lock(text, store, leader_of(direction), &keys, "SHARE");
        pg_add_lock(text, store, follower_of(direction), &keys, "NO KEY UPDATE");
    }
    add_images_stored(text, store, direction);
    pg_add_apply(text, store, direction);
    pg_end_function(text);
}

static void add_each(struct text *text, const struct postgres_store *store, enum direction direction) {
    pg_add_function(text, store, pg_part(store, direction, "each"),
                 arena_format(store->bound, "midflight_keys %s[]", pg_own(store, "key")), "void");
    text_addf(text, "DECLARE\n  midflight_key %s;\n  midflight_before text := current_setting('midflight.syncing', true);\n"
                    PG_GUARDED "BEGIN\n", pg_own(store, "key"));
    pg_add_guard(text, store, direction);
    text_addf(text, "  FOREACH midflight_key IN ARRAY midflight_keys LOOP\n  BEGIN\n    PERFORM %s(ARRAY[midflight_key]);\n    ",
              pg_part(store, direction, "sync"));
    pg_add_forget(text, store, direction, "midflight_key");
    text_add(text, "  EXCEPTION WHEN OTHERS THEN\n    ");
    pg_add_find(text, store, direction, "midflight_key");
    text_add(text, "  END;\n  END LOOP;\n" PG_RESTORE_GUARD);
    pg_end_function(text);
}

static void add_park(struct text *text, const struct postgres_store *store, enum direction direction) {
    struct scope scope = pg_keys_scope(store);
    pg_add_function(text, store, pg_part(store, direction, "park"),
                 arena_format(store->bound, "midflight_keys %s[]", pg_own(store, "key")), "void");
    text_add(text, "DECLARE\n  midflight_before text := current_setting('midflight.syncing', true);\n" PG_GUARDED "BEGIN\n");
    pg_add_guard(text, store, direction);
    text_add(text, "  BEGIN\n  NULL;\n");
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        sync_park(text, &pg_dialect, &store->flows[direction][i], &scope);
    }
    text_add(text, "  EXCEPTION WHEN OTHERS THEN\n    IF " PG_PASSING " THEN RAISE; END IF;\n  END;\n" PG_RESTORE_GUARD);
    pg_end_function(text);
}

static bool are_there(struct postgres_store *store, bool *ret, struct error *error) {
    const char *there = NULL;
    if (!pg_text(store->db, "SELECT to_regproc($1)::text", pg_part(store, FORWARD, "apply"), store->bound, &there, error)) return false;
    *ret = there != NULL;
    return true;
}

bool pg_programs(struct postgres_store *store, struct error *error) {
    TEXT sql = {0};
    bool there = false;
    if (!are_there(store, &there, error)) return false;
    if (there) return true;
    add_types(&sql, store);
    for (enum direction direction = FORWARD; direction <= BACKWARD; direction++) {
        TEXT deferred = {0};
        if (!pg_has_way(store, direction)) continue;
        if (!pg_add_deferred(&deferred, store, direction, error)) return false;
        add_apply(&sql, store, direction, text_get(&deferred));
        add_sync(&sql, store, direction);
        add_each(&sql, store, direction);
        add_park(&sql, store, direction);
    }
    return pg_script(store->db, text_get(&sql), NULL, error) && pg_side_table(store, error);
}
