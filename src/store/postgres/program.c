/* The functions that keep the follower in agreement within the writer's own transaction, in PL/pgSQL.
 *
 * In the schema midflight, in the migration's name (here m, direction forward, follower people, old table customers):
 *   midflight_m_key                   a type: the key's columns, k1, ..., kn
 *   midflight_m_forward_people        a type: a row that the query yields
 *   midflight_m_forward_apply         compares what the queries yield now with what they yielded, and writes the difference
 *   midflight_m_forward_sync          sync(forward, keys), whole
 *   midflight_m_forward_each          the same key by key: those that fail go to quarantine
 *   midflight_m_forward_park          the followers of some keys let go of their unique values
 *   midflight_m_old_customers_insert, _update, _delete, _truncate   what the triggers of that table run
 *
 * Triggers run once a statement, over all rows that it wrote: the image before is the table as it stands, without the new
 * rows and with the old ones. Both images are read in one statement, so in one snapshot.
 *
 * Loops: while a direction syncs, the setting midflight.syncing bears its name, for this transaction alone; the other
 * direction's triggers stand back. An error undoes the setting together with the writes.
 *
 * Who comes second: under READ COMMITTED every statement of a function has a snapshot of its own. The followers of an
 * entity that several leader rows make up are locked first, so that the queries then see what the writer before
 * committed. Where there was no follower row to lock, an INSERT waits for the other writer and then yields to it; the
 * comparison that ends apply finds what is missing, and syncs the entity whole.
 *
 * What fails (a cast, a constraint of the follower's) undoes the sync alone: its keys are tried one by one, and those
 * that fail again are recorded. What is nobody's fault (a deadlock, a lost lock, a full disk) is the application's to
 * retry, and passes through. */
#include <string.h>

#include "store/postgres/state.h"

#define NOW_MS "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

static enum direction other_of(enum direction direction) {
    return direction == FORWARD ? BACKWARD : FORWARD;
}

static const char *part(const struct postgres_store *store, enum direction direction, const char *rest) {
    return pg_own(store, arena_format(store->bound, "%s_%s", direction_name(direction), rest));
}

static const char *row_type(const struct postgres_store *store, enum direction direction, const struct flow *flow) {
    return pg_own(store, arena_format(store->bound, "%s_row_%s", direction_name(direction), flow->target->table->name));
}

static const char *now_of(const struct postgres_store *store, size_t flow) {
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

/* Is the entity one row of one leader table? Then that row is its lock, and its image needs no other. */
static bool is_alone(const struct postgres_store *store, enum direction direction) {
    enum side side = leader_of(direction);
    return store->change.shapes[side].count == 1 && store->tables[side][0].sole;
}

static const char *relation(const struct postgres_store *store, const struct bound_table *table) {
    TEXT text = {0};
    pg_dialect.table(&text, table);
    return arena_copy(store->bound, text_get(&text));
}

/* --- pieces --------------------------------------------------------------------------------------------------- */

void pg_function_open(struct text *text, const struct postgres_store *store, const char *name, const char *parameters,
                      const char *returns) {
    text_addf(text,
              "CREATE OR REPLACE FUNCTION %s(%s) RETURNS %s LANGUAGE plpgsql SECURITY DEFINER SET search_path = %s\nAS $midflight$\n"
              "#variable_conflict use_column\n",
              name, parameters, returns, store->path);
}

bool pg_function_make(struct postgres_store *store, struct text *text, struct error *error) {
    text_add(text, "END\n$midflight$");
    bool ok = pg_script(store->db, text_get(text), NULL, error);
    text_clear(text);
    return ok;
}

static void add_set_guard(struct text *text, const struct postgres_store *store, enum direction direction) {
    text_add(text, "  PERFORM set_config('midflight.syncing', ");
    pg_quote_text(text, pg_guard(store, direction));
    text_add(text, ", true);\n");
}

#define RESTORE_GUARD "  PERFORM set_config('midflight.syncing', coalesce(midflight_before, ''), true);\n"

/* "customer_id" AS k1, ... */
static void add_as_key(struct text *text, const struct postgres_store *store, const char *prefix,
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

static const char *query_of(const struct postgres_store *store, const struct flow *flow, struct image image) {
    TEXT query = {0};
    struct scope scope = pg_keys_scope(store);
    sync_query(&query, &pg_dialect, flow, &scope, image);
    return arena_copy(store->bound, text_get(&query));
}

/* The follower's rows of the keys, as a relation. */
static const char *held_of(const struct postgres_store *store, const struct flow *flow) {
    TEXT held = {0};
    struct scope scope = pg_keys_scope(store);
    text_add(&held, "(SELECT * FROM ");
    pg_dialect.table(&held, flow->target);
    text_add(&held, " WHERE ");
    sync_scope(&held, &pg_dialect, &scope, NULL, &flow->target->table->key);
    text_add(&held, ")");
    return arena_copy(store->bound, text_get(&held));
}

/* Both images of every flow, read in one statement. EVENT_NONE: what was is what the follower holds. A flow that does not
 * read the leader that was written yields nothing. */
static void add_images(struct text *text, const struct postgres_store *store, enum direction direction,
                       struct image image) {
    TEXT into = {0};
    text_add(text, "  SELECT ");
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        const struct flow *flow = &store->flows[direction][i];
        const char *type = row_type(store, direction, flow);
        bool idle = image.event != EVENT_NONE && flow->reads[image.leader].count == 0;
        if (i > 0) text_add(text, ",\n    ");
        if (idle) {
            text_addf(text, "NULL::%s[], NULL::%s[]", type, type);
        } else {
            add_array(text, type, &flow->yielded, query_of(store, flow, IMAGE_STORED));
            text_add(text, ",\n    ");
            add_array(text, type, &flow->yielded, image.event == EVENT_NONE ? held_of(store, flow) : query_of(store, flow, image));
        }
        text_addf(&into, "%smidflight_now_%zu, midflight_was_%zu", i > 0 ? ", " : "", i + 1, i + 1);
    }
    text_addf(text, "\n    INTO %s;\n", text_get(&into));
}

/* The declarations of now and was, or, with `call`, their names as arguments. */
static void add_holders(struct text *text, const struct postgres_store *store, enum direction direction,
                        const char *separator, bool call) {
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        const char *type = row_type(store, direction, &store->flows[direction][i]);
        if (i > 0) text_add(text, separator);
        if (call) {
            text_addf(text, "midflight_now_%zu, midflight_was_%zu", i + 1, i + 1);
        } else {
            text_addf(text, "midflight_now_%zu %s[]%smidflight_was_%zu %s[]", i + 1, type, separator, i + 1, type);
        }
    }
}

static void add_apply_call(struct text *text, const struct postgres_store *store, enum direction direction) {
    text_addf(text, "  PERFORM %s(midflight_keys, ", part(store, direction, "apply"));
    add_holders(text, store, direction, ", ", true);
    text_add(text, ");\n");
}

/* Locks a side's rows of the keys, in one order. */
static void add_lock(struct text *text, const struct postgres_store *store, enum side side, const char *strength) {
    struct scope scope = pg_keys_scope(store);
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        text_addf(text, "  PERFORM 1 FROM %s WHERE ", relation(store, table));
        sync_scope(text, &pg_dialect, &scope, NULL, &table->table->key);
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
    text_addf(text, ", 'quarantine %s', %s, SQLERRM, " NOW_MS ")\n      ON CONFLICT (migration, kind, entity_key) DO UPDATE "
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

static bool create_types(struct postgres_store *store, struct error *error) {
    TEXT sql = {0};
    const struct bound_table *first = &store->tables[SIDE_OLD][0];
    add_type(&sql, pg_own(store, "key"), first, &first->table->key, &store->key);
    for (enum direction direction = FORWARD; direction <= BACKWARD; direction++) {
        for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
            const struct flow *flow = &store->flows[direction][i];
            add_type(&sql, row_type(store, direction, flow), flow->target, &flow->yielded, &flow->yielded);
        }
    }
    return pg_script(store->db, text_get(&sql), NULL, error);
}

/* --- apply, sync, each, park ------------------------------------------------------------------------------------ */

/* A condition: the followers of the keys are not all that now holds, and nothing else. */
static void add_apart(struct text *text, const struct postgres_store *store, enum direction direction) {
    struct scope scope = pg_keys_scope(store);
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        text_add(text, i > 0 ? " OR EXISTS (" : "EXISTS (");
        sync_different(text, &pg_dialect, &store->flows[direction][i], &scope, query_of(store, &store->flows[direction][i], IMAGE_STORED));
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
            sync_different(text, &pg_dialect, flow, &scope, query_of(store, flow, IMAGE_STORED));
            text_add(text, ") AS midflight_w");
        }
    }
    text_add(text, ") AS midflight_b) AS midflight_apart (");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_add(text, ") ORDER BY 1);\n");
    add_images(text, store, direction, IMAGE_STORED);
    for (size_t i = store->change.mappings[direction].count; i-- > 0;) {
        sync_delete(text, &pg_dialect, &store->flows[direction][i], &scope, now_of(store, i));
    }
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        sync_update(text, &pg_dialect, &store->flows[direction][i], now_of(store, i), NULL, false);
        sync_insert(text, &pg_dialect, &store->flows[direction][i], now_of(store, i), NULL, false);
    }
    text_add(text, "  END IF;\n");
}

/* A deferred foreign key of a follower's would fail the application's COMMIT, where nobody could catch it: it is looked at
 * here, and put off again for what the application itself writes. */
static bool add_deferred(struct text *text, struct postgres_store *store, enum direction direction, struct error *error) {
    TEXT names = {0};
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        RESULT *found = NULL;
        const char *values[] = {relation(store, store->flows[direction][i].target)};
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

static bool create_apply(struct postgres_store *store, enum direction direction, struct error *error) {
    TEXT sql = {0};
    TEXT parameters = {0};
    struct scope scope = pg_keys_scope(store);
    const struct flow *flows = store->flows[direction];
    size_t count = store->change.mappings[direction].count;
    text_addf(&parameters, "midflight_keys %s[], ", pg_own(store, "key"));
    add_holders(&parameters, store, direction, ", ", false);
    pg_function_open(&sql, store, part(store, direction, "apply"), text_get(&parameters), "void");
    text_add(&sql, "BEGIN\n");
    for (size_t i = count; i-- > 0;) {
        if (!flows[i].target->sole) {
            TEXT recalled = {0};
            text_add(&recalled, "(");
            sync_recall(&recalled, &pg_dialect, &flows[i], &scope, now_of(store, i), was_of(store, i));
            text_add(&recalled, ")");
            text_addf(&sql, "  midflight_was_%zu := midflight_was_%zu || ", i + 1, i + 1);
            add_array(&sql, row_type(store, direction, &flows[i]), &flows[i].yielded, text_get(&recalled));
            text_add(&sql, ";\n");
        }
        sync_delete_gone(&sql, &pg_dialect, &flows[i], now_of(store, i), was_of(store, i));
    }
    for (size_t i = 0; i < count; i++) {
        sync_update(&sql, &pg_dialect, &flows[i], now_of(store, i), was_of(store, i), false);
        sync_insert(&sql, &pg_dialect, &flows[i], now_of(store, i), was_of(store, i), false);
    }
    add_settle(&sql, store, direction);
    return add_deferred(&sql, store, direction, error) && pg_function_make(store, &sql, error);
}

static bool create_sync(struct postgres_store *store, enum direction direction, struct error *error) {
    TEXT sql = {0};
    pg_function_open(&sql, store, part(store, direction, "sync"),
                 arena_format(store->bound, "midflight_keys %s[]", pg_own(store, "key")), "void");
    text_add(&sql, "DECLARE\n  ");
    add_holders(&sql, store, direction, ";\n  ", false);
    text_add(&sql, ";\nBEGIN\n");
    add_lock(&sql, store, leader_of(direction), "SHARE");
    add_lock(&sql, store, follower_of(direction), "NO KEY UPDATE");
    add_images(&sql, store, direction, IMAGE_STORED);
    add_apply_call(&sql, store, direction);
    return pg_function_make(store, &sql, error);
}

static bool create_each(struct postgres_store *store, enum direction direction, struct error *error) {
    TEXT sql = {0};
    pg_function_open(&sql, store, part(store, direction, "each"),
                 arena_format(store->bound, "midflight_keys %s[]", pg_own(store, "key")), "void");
    text_addf(&sql, "DECLARE\n  midflight_key %s;\n  midflight_before text := current_setting('midflight.syncing', true);\n"
                    "BEGIN\n", pg_own(store, "key"));
    add_set_guard(&sql, store, direction);
    text_addf(&sql, "  FOREACH midflight_key IN ARRAY midflight_keys LOOP\n  BEGIN\n    PERFORM %s(ARRAY[midflight_key]);\n    ",
              part(store, direction, "sync"));
    pg_add_forget(&sql, store, direction, "midflight_key");
    text_add(&sql, "  EXCEPTION WHEN OTHERS THEN\n    ");
    pg_add_find(&sql, store, direction, "midflight_key");
    text_add(&sql, "  END;\n  END LOOP;\n" RESTORE_GUARD);
    return pg_function_make(store, &sql, error);
}

static bool create_park(struct postgres_store *store, enum direction direction, struct error *error) {
    TEXT sql = {0};
    struct scope scope = pg_keys_scope(store);
    pg_function_open(&sql, store, part(store, direction, "park"),
                 arena_format(store->bound, "midflight_keys %s[]", pg_own(store, "key")), "void");
    text_add(&sql, "DECLARE\n  midflight_before text := current_setting('midflight.syncing', true);\nBEGIN\n");
    add_set_guard(&sql, store, direction);
    text_add(&sql, "  BEGIN\n  NULL;\n");
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        sync_park(&sql, &pg_dialect, &store->flows[direction][i], &scope);
    }
    text_add(&sql, "  EXCEPTION WHEN OTHERS THEN\n    IF " PG_PASSING " THEN RAISE; END IF;\n  END;\n" RESTORE_GUARD);
    return pg_function_make(store, &sql, error);
}

bool pg_programs(struct postgres_store *store, struct error *error) {
    if (!create_types(store, error)) return false;
    for (enum direction direction = FORWARD; direction <= BACKWARD; direction++) {
        if (!pg_has_way(store, direction)) continue;
        if (!create_apply(store, direction, error) || !create_sync(store, direction, error) ||
            !create_each(store, direction, error) || !create_park(store, direction, error)) {
            return false;
        }
    }
    return true;
}

/* --- capture ---------------------------------------------------------------------------------------------------- */

/* The rows of an UPDATE, before and after: both transition tables list them in one order. */
#define PAIRS                                                                                                          \
    "(SELECT row_number() OVER () AS midflight_i, * FROM midflight_old) AS midflight_o JOIN "                          \
    "(SELECT row_number() OVER () AS midflight_i, * FROM midflight_new) AS midflight_n USING (midflight_i)"

struct capture {
    struct postgres_store *store;
    enum direction direction;
    size_t leader;
    const struct bound_table *table;
    enum event event; /* EVENT_NONE: TRUNCATE */
};

static const char *event_name(enum event event) {
    return event == EVENT_INSERT ? "insert" : event == EVENT_UPDATE ? "update" : event == EVENT_DELETE ? "delete" : "truncate";
}

/* A condition: the rows of a pair differ in some of these columns. */
static void add_differ(struct text *text, const struct names *names) {
    text_add(text, "record_image_ne(ROW(");
    sync_names(text, &pg_dialect, "midflight_o", names);
    text_add(text, "), ROW(");
    sync_names(text, &pg_dialect, "midflight_n", names);
    text_add(text, "))");
}

/* The columns of the leader that any flow reads, and its key. */
static struct names read_columns(const struct capture *capture) {
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

/* The written keys, as a SELECT of k1, ..., kn. */
static void add_written(struct text *text, const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    const struct names *key = &capture->table->table->key;
    switch (capture->event) {
    case EVENT_INSERT:
        text_add(text, "SELECT ");
        add_as_key(text, store, NULL, key);
        text_add(text, " FROM midflight_new");
        return;
    case EVENT_DELETE:
        text_add(text, "SELECT ");
        add_as_key(text, store, NULL, key);
        text_add(text, " FROM midflight_old");
        return;
    case EVENT_UPDATE: {
        struct names reads = read_columns(capture);
        for (int side = 0; side < 2; side++) {
            text_add(text, side == 0 ? "SELECT " : " UNION ALL SELECT ");
            add_as_key(text, store, side == 0 ? "midflight_o" : "midflight_n", key);
            text_add(text, " FROM " PAIRS " WHERE ");
            add_differ(text, &reads);
        }
        return;
    }
    default: /* TRUNCATE: whatever the followers hold */
        for (size_t i = 0; i < store->change.mappings[capture->direction].count; i++) {
            const struct bound_table *target = store->flows[capture->direction][i].target;
            text_add(text, i > 0 ? " UNION ALL SELECT " : "SELECT ");
            add_as_key(text, store, NULL, &target->table->key);
            text_addf(text, " FROM %s", relation(store, target));
        }
    }
}

static void add_keys(struct text *text, const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    text_add(text, "  midflight_keys := ARRAY(SELECT DISTINCT ROW(");
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_addf(text, ")::%s FROM (", pg_own(store, "key"));
    add_written(text, capture);
    text_add(text, ") AS midflight_w WHERE ");
    for (size_t i = 0; i < store->key.count; i++) {
        text_addf(text, "%s%s IS NOT NULL", i > 0 ? " AND " : "", store->key.items[i]);
    }
    text_add(text, " ORDER BY 1);\n");
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
    text_add(text, ", 'a row was written whose key is NULL: it belongs to no entity', " NOW_MS "\n    FROM midflight_new WHERE ");
    for (size_t i = 0; i < key->count; i++) {
        if (i > 0) text_add(text, " OR ");
        pg_quote(text, key->items[i]);
        text_add(text, " IS NULL");
    }
    text_add(text, "\n    ON CONFLICT (migration, kind, entity_key) DO NOTHING;\n");
}

/* Moves the followers' rows of an entity to its new key, so that what nobody maps moves with them: where the place is
 * free, and, unless the entity is one leader row, nothing of it stayed behind. One free place makes another: again,
 * until there is none. */
static void add_carry(struct text *text, const struct capture *capture, const struct flow *flow) {
    const struct postgres_store *store = capture->store;
    const struct names *target_key = &flow->target->table->key, *key = &capture->table->table->key;
    const char *target = relation(store, flow->target);
    struct scope before = {.row = "midflight_o", .row_key = key}, after = {.row = "midflight_n", .row_key = key};
    TEXT name = {0};
    pg_quote(&name, flow->target->physical);
    text_addf(text, "    midflight_carried := '{}';\n    LOOP\n    WITH midflight_moved AS (UPDATE %s SET ", target);
    for (size_t i = 0; i < key->count; i++) {
        if (i > 0) text_add(text, ", ");
        pg_quote(text, target_key->items[i]);
        text_add(text, " = midflight_n.");
        pg_quote(text, key->items[i]);
    }
    text_add(text, " FROM " PAIRS "\n      WHERE ");
    sync_scope(text, &pg_dialect, &before, text_get(&name), target_key);
    text_add(text, " AND ");
    add_differ(text, key);
    text_add(text, " AND ROW(");
    sync_names(text, &pg_dialect, "midflight_o", key);
    text_addf(text, ")::%s <> ALL (midflight_carried)\n      AND NOT EXISTS (SELECT 1 FROM %s AS midflight_t WHERE ",
              pg_own(store, "key"), target);
    sync_scope(text, &pg_dialect, &after, "midflight_t", target_key);
    text_add(text, ")");
    if (!is_alone(store, capture->direction)) {
        text_addf(text, "\n      AND NOT EXISTS (SELECT 1 FROM %s AS midflight_l WHERE ", relation(store, capture->table));
        sync_scope(text, &pg_dialect, &before, "midflight_l", key);
        text_add(text, ")");
    }
    text_addf(text, "\n      RETURNING ROW(");
    sync_names(text, &pg_dialect, "midflight_o", key);
    text_addf(text, ")::%s AS midflight_k) SELECT array_agg(midflight_k) INTO midflight_some FROM midflight_moved;\n"
                    "    EXIT WHEN midflight_some IS NULL;\n    midflight_carried := midflight_carried || midflight_some;\n"
                    "    END LOOP;\n", pg_own(store, "key"));
}

/* The delta of the statement, or what stands in for it. */
static void add_delta(struct text *text, const struct capture *capture) {
    struct postgres_store *store = capture->store;
    bool alone = is_alone(store, capture->direction);
    struct image image = {.event = capture->event, .leader = capture->leader, .new_rows = "midflight_new",
                          .rows = capture->event == EVENT_UPDATE ? PAIRS : "midflight_old AS midflight_o"};
    if (capture->event == EVENT_NONE) {
        text_addf(text, "    PERFORM %s(midflight_keys);\n", part(store, capture->direction, "sync"));
        return;
    }
    if (capture->event == EVENT_UPDATE) {
        text_add(text, "    midflight_rekeyed := EXISTS (SELECT 1 FROM " PAIRS " WHERE ");
        add_differ(text, &capture->table->table->key);
        text_add(text, ");\n    IF midflight_rekeyed THEN\n");
        for (size_t i = 0; i < store->change.mappings[capture->direction].count; i++) {
            const struct flow *flow = &store->flows[capture->direction][i];
            if (flow->reads[capture->leader].count > 0) add_carry(text, capture, flow);
        }
        text_add(text, "    END IF;\n");
        if (alone) image.event = EVENT_REKEY; /* as if the rows had always borne their new keys, which most have */
    }
    if (!alone) {
        add_lock(text, store, follower_of(capture->direction), "NO KEY UPDATE");
        if (capture->event == EVENT_UPDATE) {
            text_addf(text, "    IF midflight_rekeyed THEN\n    PERFORM %s(midflight_keys);\n    ELSE\n",
                      part(store, capture->direction, "sync"));
        }
    }
    add_images(text, store, capture->direction, image);
    add_apply_call(text, store, capture->direction);
    if (!alone && capture->event == EVENT_UPDATE) text_add(text, "    END IF;\n");
}

static void add_trigger(struct text *text, const struct capture *capture, const char *name, const char *table) {
    text_add(text, "CREATE TRIGGER ");
    pg_quote(text, pg_own_name(capture->store, name));
    text_addf(text, " AFTER %s ON %s", event_name(capture->event), table);
    if (capture->event != EVENT_NONE) text_add(text, " REFERENCING");
    if (capture->event == EVENT_UPDATE || capture->event == EVENT_DELETE) text_add(text, " OLD TABLE AS midflight_old");
    if (capture->event == EVENT_UPDATE || capture->event == EVENT_INSERT) text_add(text, " NEW TABLE AS midflight_new");
    text_addf(text, " FOR EACH STATEMENT EXECUTE FUNCTION %s();\n", pg_own(capture->store, name));
}

/* A statement runs the triggers of the table that it names: so each partition, and each table that inherits, has its own. Those
 * that are there already run the function by its name, whatever it does by now. */
static bool attach(const struct capture *capture, const char *name, struct error *error) {
    TEXT sql = {0};
    RESULT *tables = NULL;
    const char *values[] = {relation(capture->store, capture->table), pg_own_name(capture->store, name)};
    if (!pg_query(capture->store->db,
                  "WITH RECURSIVE midflight_t (id) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN "
                  "midflight_t t ON i.inhparent = t.id) SELECT id::regclass::text FROM midflight_t WHERE NOT EXISTS (SELECT 1 FROM "
                  "pg_trigger WHERE tgrelid = id AND tgname = $2)", NULL, values, 2, &tables, error)) {
        return false;
    }
    for (int i = 0; i < PQntuples(tables); i++) add_trigger(&sql, capture, name, PQgetvalue(tables, i, 0));
    return pg_script(capture->store->db, text_get(&sql), NULL, error);
}

static const char *capture_name(const struct capture *capture) {
    return arena_format(capture->store->bound, "%s_%s_%s", side_name(leader_of(capture->direction)), capture->table->table->name,
                        event_name(capture->event));
}

/* The keys that a statement wrote, into the outbox: of an UPDATE those before and after. */
static bool create_note(const struct capture *capture, struct error *error) {
    struct postgres_store *store = capture->store;
    const struct names *key = &capture->table->table->key;
    TEXT sql = {0};
    pg_function_open(&sql, store, pg_own(store, capture_name(capture)), "", "trigger");
    text_add(&sql, "BEGIN\n");
    add_keyless(&sql, capture);
    text_addf(&sql, "  INSERT INTO %s SELECT * FROM (", pg_own(store, "outbox"));
    if (capture->event == EVENT_UPDATE) {
        text_add(&sql, "SELECT ");
        add_as_key(&sql, store, NULL, key);
        text_add(&sql, " FROM midflight_old UNION SELECT ");
        add_as_key(&sql, store, NULL, key);
        text_add(&sql, " FROM midflight_new");
    } else {
        add_written(&sql, capture);
    }
    text_add(&sql, ") AS midflight_w WHERE ");
    for (size_t i = 0; i < store->key.count; i++) text_addf(&sql, "%s%s IS NOT NULL", i > 0 ? " AND " : "", store->key.items[i]);
    text_add(&sql, ";\n  RETURN NULL;\n");
    return pg_function_make(store, &sql, error) && attach(capture, capture_name(capture), error);
}

static bool create_capture(const struct capture *capture, struct error *error) {
    struct postgres_store *store = capture->store;
    TEXT sql = {0};
    const char *name = capture_name(capture);
    pg_function_open(&sql, store, pg_own(store, name), "", "trigger");
    text_addf(&sql, "DECLARE\n  midflight_keys %s[];\n  midflight_before text := current_setting('midflight.syncing', true);\n"
                    "  midflight_rekeyed boolean;\n  midflight_carried %s[];\n  midflight_some %s[];\n  ",
              pg_own(store, "key"), pg_own(store, "key"), pg_own(store, "key"));
    add_holders(&sql, store, capture->direction, ";\n  ", false);
    text_add(&sql, ";\nBEGIN\n  IF midflight_before = ");
    pg_quote_text(&sql, pg_guard(store, other_of(capture->direction)));
    text_add(&sql, " THEN RETURN NULL; END IF;\n");
    add_keyless(&sql, capture);
    add_keys(&sql, capture);
    text_add(&sql, "  IF cardinality(midflight_keys) = 0 THEN RETURN NULL; END IF;\n");
    add_set_guard(&sql, store, capture->direction);
    text_add(&sql, "  BEGIN\n");
    add_delta(&sql, capture);
    text_addf(&sql, "  EXCEPTION WHEN OTHERS THEN\n    IF " PG_PASSING " THEN RAISE; END IF;\n    PERFORM %s(midflight_keys);\n"
                    "  END;\n" RESTORE_GUARD "  RETURN NULL;\n", part(store, capture->direction, "each"));
    if (!pg_function_make(store, &sql, error)) return false;

    return attach(capture, name, error);
}

static bool capture_table(struct postgres_store *store, enum direction direction, size_t leader,
                          bool create(const struct capture *capture, struct error *error), struct error *error) {
    static const enum event events[] = {EVENT_INSERT, EVENT_UPDATE, EVENT_DELETE, EVENT_NONE};
    bool read = false;
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        read = read || store->flows[direction][i].reads[leader].count > 0;
    }
    for (size_t i = 0; read && i < sizeof events / sizeof *events; i++) {
        struct capture capture = {store, direction, leader, &store->tables[leader_of(direction)][leader], events[i]};
        if (!create(&capture, error)) return false;
    }
    return true;
}

bool pg_capture_table(struct postgres_store *store, enum direction direction, size_t leader, struct error *error) {
    return capture_table(store, direction, leader, create_capture, error);
}

bool pg_note_table(struct postgres_store *store, size_t leader, struct error *error) {
    return capture_table(store, FORWARD, leader, create_note, error);
}
