/* Capture, on and off: the tables and views that triggers need, and the triggers themselves (trigger.c). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/sqlite/half.h"

const char *own_name(const struct sqlite_store *store, const char *rest) {
    return arena_format(store->bound, "midflight_%s_%s", store->change.name, rest);
}

void own_add(struct text *text, const struct sqlite_store *store, const char *rest) {
    sqlite_quote(text, own_name(store, rest));
}

const char *sync_view(const struct sqlite_store *store, enum direction direction) {
    return own_name(store, direction_name(direction));
}

static void add_numbered(struct text *text, const char *letter, size_t count) {
    for (size_t i = 0; i < count; i++) text_addf(text, ", %s%zu", letter, i + 1);
}

/* An outbox, and how much of it is too much. */
static bool create_outbox(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    int64_t row_bytes = 0;
    if (!half_row_bytes(store, &row_bytes, error)) return false;
    text_add(&sql, "UPDATE ");
    own_add(&sql, store, "guard");
    text_addf(&sql, " SET row_bytes = %" PRId64 ";\n", row_bytes);
    half_add_outbox(&sql, store);
    return connection_script(store->db, text_get(&sql), NULL, error);
}

static bool create_tables(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    size_t identity = 1;
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < store->change.shapes[side].count; i++) {
            if (store->tables[side][i].identity.count > identity) identity = store->tables[side][i].identity.count;
        }
    }
    text_add(&sql, "CREATE TABLE IF NOT EXISTS ");
    own_add(&sql, store, "guard");
    text_add(&sql, " (forward REAL NOT NULL DEFAULT 0, backward REAL NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 1");
    if (store->change.outbox) text_add(&sql, ", row_bytes INTEGER");
    add_numbered(&sql, "k", store->key_count);
    add_numbered(&sql, "h", store->key_count);
    add_numbered(&sql, "f", store->key_count);
    add_numbered(&sql, "b", store->key_count);
    text_add(&sql, ");\nINSERT INTO ");
    own_add(&sql, store, "guard");
    text_add(&sql, " (done) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM ");
    own_add(&sql, store, "guard");
    text_add(&sql, ");\nCREATE TABLE IF NOT EXISTS ");
    own_add(&sql, store, "displaced");
    text_add(&sql, " (table_name TEXT NOT NULL, at REAL NOT NULL");
    add_numbered(&sql, "p", identity);
    add_numbered(&sql, "k", store->key_count);
    text_add(&sql, ");\nCREATE TABLE IF NOT EXISTS ");
    own_add(&sql, store, "object");
    text_add(&sql, " (type TEXT NOT NULL, name TEXT NOT NULL, sql TEXT NOT NULL);\n");
    return connection_script(store->db, text_get(&sql), NULL, error) && (!store->change.outbox || create_outbox(store, error));
}

/* "c" TYPE COLLATE x: as the target has it, so that a value is converted and compared here as it will be there */
static void add_like(struct text *text, const struct bound_table *table, const char *name) {
    const struct column *column = sync_column(table, name);
    sqlite_quote(text, name);
    text_addf(text, " %s COLLATE ", column->declared);
    sqlite_quote(text, column->collation);
}

static void add_holder(struct text *text, const char *name, const char *first, const struct bound_table *table,
                       const struct names *columns) {
    text_add(text, "CREATE TABLE IF NOT EXISTS ");
    sqlite_quote(text, name);
    text_addf(text, " (%s", first == NULL ? "" : first);
    for (size_t i = 0; i < columns->count; i++) {
        if (i > 0 || first != NULL) text_add(text, ", ");
        add_like(text, table, columns->items[i]);
    }
    text_add(text, ");\n");
}

static bool create_holders(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    for (enum direction direction = FORWARD; direction <= BACKWARD; direction++) {
        for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
            const struct flow *flow = &store->flows[direction][i];
            struct names all = {0};
            for (size_t c = 0; c < flow->target->column_count; c++) {
                names_add(store->bound, &all, flow->target->columns[c].name);
            }
            add_holder(&sql, now_table(store, direction, flow), NULL, flow->target, &flow->yielded);
            add_holder(&sql, was_table(store, direction, flow), NULL, flow->target, &flow->yielded);
            add_holder(&sql, stash_table(store, direction, flow), "midflight_at REAL", flow->target, &all);
        }
    }
    return connection_script(store->db, text_get(&sql), NULL, error);
}

/* CREATE VIEW name (columns) AS SELECT columns FROM table */
static void add_view(struct text *text, const char *name, const struct names *columns, const char *table) {
    text_add(text, "DROP VIEW IF EXISTS ");
    sqlite_quote(text, name);
    text_add(text, ";\nCREATE VIEW ");
    sqlite_quote(text, name);
    text_add(text, " (");
    sync_names(text, &sqlite_dialect, NULL, columns);
    text_add(text, ") AS SELECT ");
    sync_names(text, &sqlite_dialect, NULL, columns);
    text_add(text, " FROM ");
    sqlite_quote(text, table);
    text_add(text, ";\n");
}

static bool create_views(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < store->change.shapes[side].count; i++) {
            const struct bound_table *table = &store->tables[side][i];
            struct names columns = {0};
            for (size_t c = 0; c < table->column_count; c++) names_add(store->bound, &columns, table->columns[c].name);
            add_view(&sql, table->source, &columns, table->physical);
        }
    }
    for (enum direction direction = FORWARD; direction <= BACKWARD; direction++) {
        if (!has_way(store, direction)) continue;
        const char *views[] = {sync_view(store, direction), apply_view(store, direction),
                               settle_view(store, direction), whole_view(store, direction),
                               park_view(store, direction)};
        for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
            add_view(&sql, views[i], &store->key, own_name(store, "guard"));
        }
    }
    return connection_script(store->db, text_get(&sql), NULL, error);
}

bool drop_own(struct sqlite_store *store, const char *type, const char *rest, struct error *error) {
    TEXT drops = {0};
    const char *prefix = own_name(store, rest);
    STATEMENT *statement = NULL;
    if (!statement_prepare(store->db,
                           "SELECT name FROM sqlite_schema WHERE type = ?1 AND substr(name, 1, length(?2)) = ?2", NULL,
                           &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, type, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, prefix, -1, SQLITE_STATIC);
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        if (!row) break;
        text_addf(&drops, "DROP %s ", type);
        sqlite_quote(&drops, (const char *)sqlite3_column_text(statement, 0));
        text_add(&drops, ";\n");
    }
    sqlite3_reset(statement);
    return connection_script(store->db, text_get(&drops), NULL, error);
}

bool remember_own(struct sqlite_store *store, struct error *error) {
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    text_add(&sql, "DELETE FROM ");
    own_add(&sql, store, "object");
    if (!connection_script(store->db, text_get(&sql), NULL, error)) return false;
    text_clear(&sql);
    text_add(&sql, "INSERT INTO ");
    own_add(&sql, store, "object");
    text_add(&sql, " SELECT type, name, sql FROM sqlite_schema WHERE substr(name, 1, length(?1)) = ?1 AND sql IS NOT NULL");
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error)) return false;
    sqlite3_bind_text(statement, 1, own_name(store, ""), -1, SQLITE_STATIC);
    return statement_run(statement, error);
}

bool capture_lift(struct sqlite_store *store, struct error *error) {
    return drop_own(store, "trigger", "", error) && drop_own(store, "view", "", error);
}

static const char *side_prefix(const struct sqlite_store *store, enum side side) {
    return arena_format(store->bound, "%s_", side_name(side));
}

bool capture_helpers(struct sqlite_store *store, struct error *error) {
    return create_tables(store, error) && create_holders(store, error) && create_views(store, error) &&
           trigger_sync(store, FORWARD, error) && trigger_sync(store, BACKWARD, error);
}

/* Sides that take writes in turns are turned while writers wait: what both need is there by then. */
static bool helpers_there(struct sqlite_store *store, bool *ret, struct error *error) {
    TEXT sql = {0};
    int64_t triggers = 0;
    *ret = false;
    if (!store->change.outbox) return true;
    text_add(&sql, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name GLOB ");
    sqlite_quote_text(&sql, own_name(store, "new_*"));
    if (!connection_integer(store->db, text_get(&sql), &triggers, error)) return false;
    *ret = triggers > 0;
    return true;
}

static bool prepare_side(struct sqlite_store *store, enum side side, struct error *error) {
    bool there;
    return helpers_there(store, &there, error) && (there || capture_helpers(store, error)) &&
           drop_own(store, "trigger", side_prefix(store, side), error);
}

static bool install(struct store *base, enum side side, bool (*make)(const struct trigger *trigger),
                    struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    if (!prepare_side(store, side, error)) return false;
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        struct trigger trigger = {store, led_by(side), i, &sql, error};
        if (!make(&trigger)) return false;
    }
    return remember_own(store, error);
}

/* AUTOINCREMENT on the new side goes on where the old side's had got to, also past rows that are gone. */
static bool raise_sequence(struct sqlite_store *store, const char *old, const char *new, struct error *error) {
    static const char *const statements[] = {
        "UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM sqlite_sequence WHERE name IN (?1, ?2)) WHERE name = ?2",
        "INSERT INTO sqlite_sequence (name, seq) SELECT ?2, seq FROM sqlite_sequence WHERE name = ?1 AND NOT EXISTS (SELECT 1 "
        "FROM sqlite_sequence WHERE name = ?2) AND EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?2 AND "
        "sql LIKE '%AUTOINCREMENT%')",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        STATEMENT *statement = NULL;
        if (!statement_prepare(store->db, statements[i], NULL, &statement, error)) return false;
        sqlite3_bind_text(statement, 1, old, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, new, -1, SQLITE_STATIC);
        if (!statement_run(statement, error)) return false;
    }
    return true;
}

static bool raise_sequences(struct sqlite_store *store, struct error *error) {
    int64_t known;
    if (!connection_integer(store->db, "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'", &known, error)) {
        return false;
    }
    for (size_t n = 0; known > 0 && n < store->change.shapes[SIDE_NEW].count; n++) {
        const struct bound_table *new = &store->tables[SIDE_NEW][n];
        for (size_t o = 0; new->sole && o < store->change.shapes[SIDE_OLD].count; o++) {
            const struct bound_table *old = &store->tables[SIDE_OLD][o];
            if (old->sole && !raise_sequence(store, old->physical, new->physical, error)) return false;
        }
    }
    return true;
}

bool sqlite_capture_on(struct store *base, enum side side, struct error *error) {
    return install(base, side, trigger_capture, error) &&
           (side == SIDE_OLD || raise_sequences(sqlite_store_of(base), error));
}

static bool trigger_note(const struct trigger *trigger) {
    return note_triggers(trigger->store, leader_of(trigger->direction), "outbox", trigger->leader, trigger->error);
}

static bool trigger_hold(const struct trigger *trigger) {
    return note_triggers(trigger->store, leader_of(trigger->direction), "held", trigger->leader, trigger->error);
}

bool sqlite_capture_hold(struct store *base, enum side side, struct error *error) {
    if (sqlite_store_of(base)->half != NULL) return half_note(sqlite_store_of(base), "held", error);
    return install(base, side, trigger_hold, error);
}

/* In one database only where the outbox is for good. */
bool sqlite_capture_note(struct store *base, enum side side, struct error *error) {
    if (sqlite_store_of(base)->half != NULL) return half_note(sqlite_store_of(base), "outbox", error);
    return install(base, side, trigger_note, error) &&
           (side == SIDE_OLD || raise_sequences(sqlite_store_of(base), error));
}

bool sqlite_capture_refuse(struct store *base, enum side side, struct error *error) {
    if (sqlite_store_of(base)->half != NULL) return half_refuse(sqlite_store_of(base), error);
    return install(base, side, trigger_refuse, error);
}

bool sqlite_capture_off(struct store *base, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    return drop_own(store, "trigger", "", error) && drop_own(store, "view", "", error) &&
           drop_own(store, "table", "forward_", error) && drop_own(store, "table", "backward_", error) &&
           drop_own(store, "table", "guard", error) && drop_own(store, "table", "displaced", error) &&
           drop_own(store, "table", "object", error) && drop_own(store, "table", "outbox", error) &&
           drop_own(store, "table", "overflow", error) && drop_own(store, "table", "held", error);
}

/* A closed side lets through what is written while the guard says 2; that is ever only said within a transaction. */
bool guard_pass(struct sqlite_store *store, bool ours, struct error *error) {
    TEXT sql = {0};
    int64_t known;
    text_add(&sql, "SELECT count(*) FROM sqlite_schema WHERE name = ");
    sqlite_quote_text(&sql, own_name(store, "guard"));
    if (!connection_integer(store->db, text_get(&sql), &known, error)) return false;
    if (known == 0) return true;
    text_clear(&sql);
    text_add(&sql, "UPDATE ");
    own_add(&sql, store, "guard");
    text_addf(&sql, " SET done = %d", ours ? 2 : 1);
    return connection_script(store->db, text_get(&sql), NULL, error);
}

bool sqlite_capture_close(struct store *base, enum side side, struct error *error) {
    static const char *const events[] = {"INSERT", "UPDATE", "DELETE"};
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    TEXT message = {0};
    if (!sqlite_capture_off(base, error)) return false;
    if (store->half != NULL) return store->half->side != side || half_refuse(store, error);
    if (!create_tables(store, error)) return false;
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        /* It is not there yet, or not any more. */
        if (table->identity.count == 0 || (side == SIDE_NEW && !store->standing.made)) continue;
        text_clear(&message);
        text_addf(&message, "midflight: table %s is being taken away by migration %s: write the %s shape's tables",
                  table->table->name, store->change.name, side == SIDE_OLD ? "new" : "old");
        for (size_t e = 0; e < sizeof events / sizeof *events; e++) {
            text_add(&sql, "CREATE TRIGGER ");
            own_add(&sql, store, arena_format(store->bound, "closed_%s_%s", table->table->name, events[e]));
            text_addf(&sql, " BEFORE %s ON ", events[e]);
            sqlite_quote(&sql, table->physical);
            text_add(&sql, " WHEN (SELECT g.done FROM ");
            own_add(&sql, store, "guard");
            text_add(&sql, " AS g) <> 2\nBEGIN SELECT RAISE(ABORT, ");
            sqlite_quote_text(&sql, text_get(&message));
            text_add(&sql, "); END;\n");
        }
    }
    return connection_script(store->db, text_get(&sql), NULL, error);
}

bool sqlite_capture_intact(struct store *base, char *ret_missing, size_t size, struct error *error) {
    struct sqlite_store *store = sqlite_store_of(base);
    TEXT sql = {0};
    text_add(&sql, "SELECT o.type || ' ' || o.name FROM ");
    own_add(&sql, store, "object");
    text_add(&sql, " AS o WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema AS s WHERE s.type = o.type AND s.name = o.name "
                   "AND s.sql = o.sql) LIMIT 1");
    STATEMENT *statement = NULL;
    bool row = false;
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error) ||
        !statement_step(statement, &row, error)) {
        return false;
    }
    snprintf(ret_missing, size, "%s", row ? (const char *)sqlite3_column_text(statement, 0) : "");
    return true;
}
