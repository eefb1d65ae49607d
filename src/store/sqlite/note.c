/* The triggers that note which keys were written, for a side that another follows by an outbox.
 *
 *   midflight_m_old_customers_note_insert, _update, _delete   the row's key; of an update that changes it, both; of one
 *                                                             that changes nothing which the queries read, none
 *   ..._note_insert_before, ..._note_update_before            the keys of rows that a REPLACE may displace by a unique index:
 *                                                             of those it tells no trigger, unless recursive_triggers is on
 *   ..._note_insert_keyless, ..._note_update_keyless          a row with NULL in its key goes to quarantine
 *
 * A key too many does no harm: it is looked at and found to be as it should. The triggers call nothing but what a connection
 * with trusted_schema = OFF may call, and name no schema, so that the file may be attached under any name. The outbox has no
 * constraint that a conflict clause of the application's could turn against it.
 *
 * Ids grow for ever, as the row with the highest one is never deleted (see take_noted in ship.c): an id that was read once
 * names the same row for good, and AUTOINCREMENT's write to a second table is saved.
 *
 * At the limit, estimated by the span of the ids, a row in midflight_m_overflow says that from then on nothing was noted. The
 * application's write does not fail. */
#include "store/sqlite/half.h"

#include <inttypes.h>
#include <string.h>

#define NOW_MS "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"

struct note {
    const struct sqlite_store *store;
    enum side side;
    const char *into; /* "outbox", or "held" */
    const struct bound_table *table;
    struct text sql;
    struct error *error;
};

static const char *note_name(const struct note *note, const char *rest) {
    const struct sqlite_store *store = note->store;
    return own_name(store, arena_format(store->bound, "%s_%s_note_%s", side_name(note->side), note->table->table->name, rest));
}

/* CREATE TRIGGER "midflight_m_old_customers_note_insert" AFTER INSERT ON "customers" */
static void note_head(struct note *note, const char *name, const char *when) {
    text_clear(&note->sql);
    text_add(&note->sql, "CREATE TRIGGER ");
    sqlite_quote(&note->sql, note_name(note, name));
    text_addf(&note->sql, " %s ON ", when);
    sqlite_quote(&note->sql, note->table->physical);
}

static bool is_held(const struct note *note) {
    return strcmp(note->into, "held") == 0;
}

/* WHEN, if there is a condition: `more` is to follow. What we write ourselves is not held. */
static void note_when(struct note *note, bool more) {
    if (more || is_held(note)) text_add(&note->sql, "\nWHEN ");
    if (!is_held(note)) return;
    text_add(&note->sql, "(SELECT ");
    if (note->store->half == NULL) {
        text_addf(&note->sql, "NOT (midflight_g.%s IS julianday('now')) AND ", direction_name(led_by(note->side) == FORWARD ? BACKWARD : FORWARD));
    }
    text_add(&note->sql, "midflight_g.done <> 2 FROM ");
    own_add(&note->sql, note->store, "guard");
    text_addf(&note->sql, " AS midflight_g)%s", more ? " AND " : "");
}

static bool note_create(struct note *note, const char *name) {
    text_add(&note->sql, "END");
    return connection_script(note->store->db, text_get(&note->sql), name, note->error);
}

/* NEW."a" IS NOT NULL AND ..., of those key columns that may be */
static void add_has_key(struct note *note, const char *row) {
    const struct names *key = &note->table->table->key;
    for (size_t i = 0; i < key->count; i++) {
        if (sync_column(note->table, key->items[i])->not_null) continue;
        text_addf(&note->sql, " AND %s.", row);
        sqlite_quote(&note->sql, key->items[i]);
        text_add(&note->sql, " IS NOT NULL");
    }
}

static bool has_limit(const struct note *note) {
    return !is_held(note) && note->store->change.outbox_bytes_max > 0;
}

/* INSERT INTO "midflight_m_overflow" ... WHERE the outbox is full and that is not said yet: before anything is noted. */
static void add_limit(struct note *note) {
    struct text *sql = &note->sql;
    if (!has_limit(note)) return;
    text_add(sql, "  INSERT INTO ");
    own_add(sql, note->store, "overflow");
    text_add(sql, " (at) SELECT " NOW_MS " WHERE (SELECT max(id) FROM ");
    own_add(sql, note->store, "outbox");
    text_add(sql, ") - (SELECT min(id) FROM ");
    own_add(sql, note->store, "outbox");
    text_addf(sql, ") > (SELECT %" PRId64 " / g.row_bytes FROM ", note->store->change.outbox_bytes_max);
    own_add(sql, note->store, "guard");
    text_add(sql, " AS g) AND NOT EXISTS (SELECT 1 FROM ");
    own_add(sql, note->store, "overflow");
    text_add(sql, " WHERE noting = 0);\n");
}

/* INSERT INTO "midflight_m_outbox" (k1, at) SELECT NEW."id", now WHERE 1, to be followed by conditions */
static void add_note(struct note *note, const char *row) {
    struct text *sql = &note->sql;
    text_add(sql, "  INSERT INTO ");
    own_add(sql, note->store, note->into);
    text_add(sql, " (");
    sync_names(sql, &sqlite_dialect, NULL, &note->store->key);
    text_add(sql, ", at) SELECT ");
    sync_names(sql, &sqlite_dialect, row, &note->table->table->key);
    text_add(sql, ", " NOW_MS " WHERE 1");
    if (has_limit(note)) {
        text_add(sql, " AND NOT EXISTS (SELECT 1 FROM ");
        own_add(sql, note->store, "overflow");
        text_add(sql, " WHERE noting = 0)");
    }
    add_has_key(note, row);
}

/* (OLD."a" is not NEW."a" OR ...), value for value */
static void add_differ(struct note *note, const struct names *names) {
    text_add(&note->sql, "(");
    for (size_t i = 0; i < names->count; i++) {
        TEXT old = {0};
        TEXT new = {0};
        text_add(&old, "OLD.");
        sqlite_quote(&old, names->items[i]);
        text_add(&new, "NEW.");
        sqlite_quote(&new, names->items[i]);
        if (i > 0) text_add(&note->sql, " OR ");
        sqlite_dialect.differs(&note->sql, text_get(&old), text_get(&new), sync_column(note->table, names->items[i]));
    }
    text_add(&note->sql, ")");
}

/* AFTER UPDATE OF "a", "b": SQLite does not even compile the trigger into other updates. An INTEGER PRIMARY KEY may be set by one
 * of its other names, and a computed column changes with columns that we do not know. */
static const char *update_of(const struct note *note, const char *when, const struct names *columns) {
    TEXT text = {0};
    text_addf(&text, "%s UPDATE OF ", when);
    for (size_t i = 0; i < columns->count; i++) {
        if (sync_column(note->table, columns->items[i])->generated) return arena_format(note->store->bound, "%s UPDATE", when);
        if (i > 0) text_add(&text, ", ");
        sqlite_quote(&text, columns->items[i]);
    }
    text_add(&text, ", rowid, oid, _rowid_");
    return arena_copy(note->store->bound, text_get(&text));
}

static bool create_row(struct note *note, const char *event, const char *name, const char *row) {
    note_head(note, name, arena_format(note->store->bound, "AFTER %s", event));
    note_when(note, false);
    text_add(&note->sql, "\nBEGIN\n");
    add_limit(note);
    add_note(note, row);
    text_add(&note->sql, ";\n");
    return note_create(note, name);
}

static bool create_update(struct note *note, const struct names *reads) {
    note_head(note, "update", update_of(note, "AFTER", reads));
    note_when(note, true);
    add_differ(note, reads);
    text_add(&note->sql, "\nBEGIN\n");
    add_limit(note);
    add_note(note, "NEW");
    text_add(&note->sql, ";\n");
    add_note(note, "OLD");
    text_add(&note->sql, " AND ");
    add_differ(note, &note->table->table->key);
    text_add(&note->sql, ";\n");
    return note_create(note, "update");
}

/* --- what a REPLACE displaces --------------------------------------------------------------------------------------- */

/* A unique index by which a row of another key may be displaced: the columns that both rows then have in common. Of a partial
 * index they are all; of one over expressions those that are columns, if any are. */
struct rivalry {
    struct names columns;
};

static bool covers_key(const struct note *note, const struct names *unique) {
    for (size_t i = 0; i < note->table->table->key.count; i++) {
        if (!names_have(unique, note->table->table->key.items[i])) return false;
    }
    return true;
}

static bool same_names(const struct names *left, const struct names *right) {
    bool same = left->count == right->count;
    for (size_t i = 0; same && i < left->count; i++) same = names_have(right, left->items[i]);
    return same;
}

static void keep_rivalry(const struct note *note, const struct names *columns, struct rivalry *list, size_t *count) {
    for (size_t i = 0; i < *count; i++) {
        if (same_names(&list[i].columns, columns)) return;
    }
    if (columns->count > 0 && *count < 64 && !covers_key(note, columns)) list[(*count)++].columns = *columns;
}

static bool read_rivalries(struct note *note, struct rivalry list[64], size_t *ret_count, struct error *error) {
    STATEMENT *statement = NULL;
    struct names columns = {0};
    const char *index = NULL;
    if (!statement_prepare(note->store->copy,
                           "SELECT l.name, x.name FROM pragma_index_list(?1) l, pragma_index_xinfo(l.name) x WHERE l.\"unique\" AND x.key "
                           "ORDER BY l.seq, x.seqno",
                           NULL, &statement, error)) {
        return false;
    }
    sqlite3_bind_text(statement, 1, note->table->table->name, -1, SQLITE_STATIC);
    /* an INTEGER PRIMARY KEY has no index: every unique set that the catalog knows comes first */
    for (size_t i = 0; i < note->table->unique_count; i++) keep_rivalry(note, &note->table->uniques[i], list, ret_count);
    for (bool row = true; row;) {
        if (!statement_step(statement, &row, error)) return false;
        const char *name = row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
        if (index != NULL && (name == NULL || strcmp(index, name) != 0)) {
            keep_rivalry(note, &columns, list, ret_count);
            columns = (struct names){0};
        }
        if (name == NULL) break;
        index = arena_copy(note->store->bound, name);
        const char *column = (const char *)sqlite3_column_text(statement, 1);
        if (column != NULL) names_add(note->store->bound, &columns, arena_copy(note->store->bound, column));
    }
    return true;
}

/* "customers" AS midflight_d WHERE it holds what one of the unique indexes wants for NEW */
static void add_rivals(struct note *note, const char *columns, const struct rivalry *list, size_t count, bool update) {
    struct text *sql = &note->sql;
    for (size_t i = 0; i < count; i++) {
        text_addf(sql, "%sSELECT %s FROM ", i > 0 ? "\n    UNION ALL " : "", columns);
        sqlite_quote(sql, note->table->physical);
        text_add(sql, " AS midflight_d WHERE ");
        struct scope scope = {.row = "NEW", .row_key = &list[i].columns};
        sync_scope(sql, &sqlite_dialect, &scope, "midflight_d", &list[i].columns);
        if (!update) continue;
        text_add(sql, " AND NOT (");
        struct scope itself = {.row = "OLD", .row_key = &note->table->identity};
        sync_scope(sql, &sqlite_dialect, &itself, "midflight_d", &note->table->identity);
        text_add(sql, ")");
    }
}

static bool create_before(struct note *note, const struct rivalry *list, size_t count, bool update) {
    const char *name = update ? "update_before" : "insert_before";
    struct text *sql = &note->sql;
    note_head(note, name, update ? "BEFORE UPDATE" : "BEFORE INSERT");
    note_when(note, true);
    text_add(sql, "EXISTS (");
    add_rivals(note, "1", list, count, update);
    text_add(sql, ")\nBEGIN\n");
    add_limit(note);
    TEXT columns = {0};
    sync_names(&columns, &sqlite_dialect, "midflight_d", &note->table->table->key);
    text_add(sql, "  INSERT INTO ");
    own_add(sql, note->store, note->into);
    text_add(sql, " (");
    sync_names(sql, &sqlite_dialect, NULL, &note->store->key);
    text_add(sql, ", at) SELECT *, " NOW_MS " FROM (");
    add_rivals(note, text_get(&columns), list, count, update);
    text_add(sql, ")");
    if (has_limit(note)) {
        text_add(sql, " WHERE NOT EXISTS (SELECT 1 FROM ");
        own_add(sql, note->store, "overflow");
        text_add(sql, " WHERE noting = 0)");
    }
    text_add(sql, ";\n");
    return note_create(note, name);
}

/* --- rows without a key --------------------------------------------------------------------------------------------- */

static bool create_keyless(struct note *note, const char *event, const char *name) {
    const struct names *key = &note->table->table->key;
    const struct sqlite_store *store = note->store;
    struct text *sql = &note->sql;
    bool nullable = false;
    note_head(note, name, arena_format(store->bound, "AFTER %s", event));
    text_add(sql, "\nWHEN ");
    for (size_t i = 0; i < key->count; i++) {
        if (!sync_column(note->table, key->items[i])->not_null) nullable = true;
        text_add(sql, i > 0 ? " OR NEW." : "NEW.");
        sqlite_quote(sql, key->items[i]);
        text_add(sql, " IS NULL");
    }
    if (!nullable) return true;
    text_add(sql, "\nBEGIN\n  DELETE FROM midflight_finding WHERE ");
    TEXT of = {0};
    text_add(&of, "migration = ");
    sqlite_quote_text(&of, store->change.name);
    text_addf(&of, " AND kind = 'quarantine %s' AND entity_key = ", direction_name(led_by(note->side)));
    key_text_expression(&of, "NEW", key);
    text_addf(sql, "%s;\n  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms) SELECT ", text_get(&of));
    sqlite_quote_text(sql, store->change.name);
    text_addf(sql, ", 'quarantine %s', ", direction_name(led_by(note->side)));
    key_text_expression(sql, "NEW", key);
    text_add(sql, ", 'a row was written whose key is NULL: it belongs to no entity', " NOW_MS ";\n");
    return note_create(note, name);
}

/* --- all of them ------------------------------------------------------------------------------------------------------ */

/* Every column of the table that some query reads, and its key. */
static struct names read_columns(const struct sqlite_store *store, enum side side, size_t table) {
    struct names all = {0};
    enum direction direction = led_by(side);
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        const struct names *reads = &store->flows[direction][i].reads[table];
        for (size_t c = 0; c < reads->count; c++) {
            if (!names_have(&all, reads->items[c])) names_add(store->bound, &all, reads->items[c]);
        }
    }
    const struct names *key = &store->tables[side][table].table->key;
    for (size_t c = 0; all.count > 0 && c < key->count; c++) {
        if (!names_have(&all, key->items[c])) names_add(store->bound, &all, key->items[c]);
    }
    return all;
}

static bool create_all(struct note *note, const struct names *reads) {
    struct rivalry list[64];
    size_t count = 0;
    if (!read_rivalries(note, list, &count, note->error)) return false;
    return create_row(note, "INSERT", "insert", "NEW") && create_update(note, reads) && create_row(note, "DELETE", "delete", "OLD") &&
           (is_held(note) || (create_keyless(note, "INSERT", "insert_keyless") && create_keyless(note, "UPDATE", "update_keyless"))) &&
           (count == 0 || (create_before(note, list, count, false) && create_before(note, list, count, true)));
}

bool note_triggers(const struct sqlite_store *store, enum side side, const char *into, size_t table, struct error *error) {
    struct names reads = read_columns(store, side, table);
    struct note note = {.store = store, .side = side, .into = into, .table = &store->tables[side][table], .error = error};
    if (reads.count == 0) return true;
    bool ok = create_all(&note, &reads);
    text_free(&note.sql);
    return ok;
}
